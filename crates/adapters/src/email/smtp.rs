use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use doorward_domain::email::{EmailMessage, MailError, Mailer};
use doorward_domain::{BoxError, Clock, ErrorChain, Secret};
use lettre::address::AddressError;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::content::Content;
use super::relay::{Relay, RelayError};

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The mail server's address.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The sender's address.
    #[error("`{0}` is not a sender: write `Example <noreply@example.com>` or an address alone")]
    From(String, #[source] AddressError),
    /// The address for answers.
    #[error("`{0}` is not an address for answers: write `Example <help@example.com>` or an address alone")]
    ReplyTo(String, #[source] AddressError),
    /// There is no tokio runtime to send on.
    #[error("emails can be sent from within a tokio runtime only")]
    NoRuntime(#[from] tokio::runtime::TryCurrentError),
}

/// Hands emails to a mail server.
pub struct SmtpMailer {
    /// Always there, but while it is dropped.
    transport: Option<AsyncSmtpTransport<Tokio1Executor>>,
    runtime: Handle,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    clock: Arc<dyn Clock>,
}

/// How long the server may take to accept the connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long it may take for all of an email. The library itself waits for answers for ever.
const SEND: Duration = Duration::from_secs(30);
/// How long a connection waits for the next email.
const IDLE: Duration = Duration::from_secs(30);
const MOST_CONNECTIONS: u32 = 4;

impl SmtpMailer {
    /// A mailer that hands emails to the mail server at this URL, `smtps://user:password@host:port` or `smtp://…`, with
    /// `?tls=required`, `opportunistic` or `none`. The sender is `Example <noreply@example.com>` or the address alone; the name
    /// signs the emails. Answers go to `reply_to`, if it is not the sender.
    ///
    /// Does not connect: the server may be away for a while.
    pub fn new(
        url: &Secret<String>,
        from: &str,
        reply_to: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SmtpError> {
        let mailbox = |text: &str| text.trim().parse::<Mailbox>();
        let from = mailbox(from).map_err(|error| SmtpError::From(from.to_owned(), error))?;
        let reply_to = match reply_to {
            Some(text) => Some(mailbox(text).map_err(|error| SmtpError::ReplyTo(text.to_owned(), error))?),
            None => None,
        };
        let runtime = Handle::try_current()?;
        let transport = Relay::parse(url)?
            .transport()?
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(CONNECT))
            .pool_config(PoolConfig::new().max_size(MOST_CONNECTIONS).idle_timeout(IDLE))
            .build();
        Ok(Self {
            transport: Some(transport),
            runtime,
            from,
            reply_to,
            clock,
        })
    }

    fn message(&self, id: &str, email: &EmailMessage) -> Result<Message, BoxError> {
        let content = Content::of(email, self.from.name.as_deref())?;
        let to: Address = email.to.as_str().parse()?;
        let mut builder = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::from(self.clock.now()))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(content.subject);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        Ok(match content.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(content.text, html))?,
            None => builder.singlepart(SinglePart::plain(content.text))?,
        })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, id: &str, email: &EmailMessage) -> Result<(), MailError> {
        let message = self.message(id, email).map_err(MailError::Permanent)?;
        let Some(transport) = &self.transport else {
            unreachable!("the transport is taken by `drop` only");
        };
        match timeout(SEND, transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error)),
            Err(elapsed) => Err(MailError::Temporary(elapsed.into())),
        }
    }
}

impl Drop for SmtpMailer {
    /// The pool of connections says goodbye on the runtime, and panics without one.
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        drop(self.transport.take());
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Whether trying again may help, and what to tell the operator.
fn judge(error: &Error) -> MailError {
    // "Authenticate first" and "wrong credentials" are about our settings: once they are mended the email can go.
    let ours = error
        .status()
        .is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
    if error.is_permanent() && !ours {
        MailError::Permanent(describe(error))
    } else {
        MailError::Temporary(describe(error))
    }
}

/// The error in words. What the server says may quote the email, so an answer with a link in it is cut to its number
/// (SK-1).
fn describe(error: &Error) -> BoxError {
    let text = ErrorChain(error).to_string();
    match error.status() {
        Some(code) if text.contains("://") => format!("the mail server answered {code}").into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests;

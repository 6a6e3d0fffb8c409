use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use doorward_domain::email::{EmailMessage, MailError, Mailer};
use doorward_domain::{BoxError, Clock, ErrorChain, Secret};
use lettre::address::{AddressError, Envelope};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use tokio::time::{Instant, timeout};

use super::content::Content;
use super::relay::{Relay, RelayError, Route};

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
}

/// Hands emails to a mail server.
///
/// The library has a transport with a pool of connections. It does not tell at which command the server refused, and thereby not
/// whether the server refused the email or us. So the commands are here.
pub struct SmtpMailer {
    route: Route,
    /// The connection of the email before.
    kept: Mutex<Option<Kept>>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    clock: Arc<dyn Clock>,
}

/// A connection that waits for the next email.
struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// How far sending came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Greeting, encryption, authentication, sender: about us.
    Session,
    /// Recipient and content: about the email.
    Email,
}

/// How long the server may take to accept the connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long it may take for all of an email. The library itself waits for answers for ever.
const SEND: Duration = Duration::from_secs(30);
/// How long it may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long a connection waits for the next email.
const IDLE: Duration = Duration::from_secs(30);

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
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self {
            route: Relay::parse(url)?.route(hello)?,
            kept: Mutex::default(),
            from,
            reply_to,
            clock,
        })
    }

    async fn transmit(&self, message: &Message, stage: &mut Stage) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        let outcome = speak(&mut connection, message.envelope(), &message.formatted(), stage).await;
        if outcome.is_ok() {
            let since = Instant::now();
            *self.kept() = Some(Kept { connection, since });
        } else {
            // Whether the server answers the goodbye is its own affair.
            drop(timeout(GOODBYE, connection.abort()).await);
        }
        outcome
    }

    /// The connection of the email before, if the server still listens there, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        let kept = self.kept().take();
        if let Some(Kept {
            mut connection,
            since,
        }) = kept
            && since.elapsed() < IDLE
            && connection.test_connected().await
        {
            return Ok(connection);
        }
        self.route.connect(CONNECT).await
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut stage = Stage::Session;
        match timeout(SEND, self.transmit(&message, &mut stage)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(judge(stage, &error)),
            Err(elapsed) if stage == Stage::Session => Err(MailError::NoRelay(elapsed.into())),
            Err(elapsed) => Err(MailError::Temporary(elapsed.into())),
        }
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// One email on an open connection.
async fn speak(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    email: &[u8],
    stage: &mut Stage,
) -> Result<(), Error> {
    let mut parameters = Vec::new();
    let addresses = envelope.from().into_iter().chain(envelope.to());
    let server = connection.server_info();
    if !addresses.clone().all(|address| address.to_string().is_ascii())
        && server.supports_feature(Extension::SmtpUtfEight)
    {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !email.is_ascii() && server.supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection
        .command(Mail::new(envelope.from().cloned(), parameters))
        .await?;
    *stage = Stage::Email;
    for recipient in envelope.to() {
        connection
            .command(Rcpt::new(recipient.clone(), Vec::new()))
            .await?;
    }
    connection.command(Data).await?;
    connection.message(email).await.map(drop)
}

/// Whether trying again may help, and what to tell the operator.
///
/// What the server says before it hears of the recipient is about us and our settings: no email can go until they are mended, and
/// none is lost. So is "closing the channel" at any time.
fn judge(stage: Stage, error: &Error) -> MailError {
    let code = error.status().map(u16::from);
    if stage == Stage::Session || code == Some(421) {
        MailError::NoRelay(describe(error))
    } else if error.is_permanent() && !is_about_us(code, error) {
        MailError::Permanent(describe(error))
    } else {
        MailError::Temporary(describe(error))
    }
}

/// Whether a refusal of the recipient or of the content means us: "authenticate first", "wrong credentials", "relay access denied".
/// Only this email waits, for a relay may quote what another server said of this one recipient.
fn is_about_us(code: Option<u16>, error: &Error) -> bool {
    let says_relay = || ErrorChain(error).to_string().to_lowercase().contains("relay");
    matches!(code, Some(530 | 534 | 535 | 538)) || says_relay()
}

/// The error in words. What the server says may quote the email, so an answer with a link or an address in it is cut to its
/// number (SK-1).
fn describe(error: &Error) -> BoxError {
    let text = ErrorChain(error).to_string();
    match error.status() {
        Some(code) if text.contains("://") || text.contains('@') => {
            format!("the mail server answered {code}").into()
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests;

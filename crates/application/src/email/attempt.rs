//! One attempt to send an email: it may be interrupted, and a mailer that panics has merely failed.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use doorward_domain::email::{EmailMessage, MailError, Mailer};

/// How an attempt ended.
pub(super) enum Attempt {
    /// The mailer answered.
    Answered(Result<(), MailError>),
    /// The server stops.
    Interrupted,
}

#[derive(Debug, thiserror::Error)]
#[error("the mailer panicked: {0}")]
struct Panicked(String);

/// Sends the email, unless `stop` comes first.
pub(super) async fn attempt(
    mailer: &dyn Mailer,
    id: &str,
    message: &EmailMessage,
    stop: impl Future<Output = ()>,
) -> Attempt {
    let mut sending = pin!(async { mailer.send(id, message).await });
    let mut stop = pin!(stop);
    poll_fn(|context| {
        // The future is not polled again after a panic, so that nobody sees what it left behind.
        match catch_unwind(AssertUnwindSafe(|| sending.as_mut().poll(context))) {
            Ok(Poll::Ready(answer)) => return Poll::Ready(Attempt::Answered(answer)),
            Ok(Poll::Pending) => {}
            Err(payload) => {
                let cause = Box::new(Panicked(words(&*payload)));
                return Poll::Ready(Attempt::Answered(Err(MailError::Temporary(cause))));
            }
        }
        stop.as_mut().poll(context).map(|()| Attempt::Interrupted)
    })
    .await
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}

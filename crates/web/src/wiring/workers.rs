//! What goes on in the background: emails are sent, and what has run out is removed.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use doorward_application::Context;
use doorward_application::email::DeliverMail;
use doorward_application::purge_expired::PurgeExpired;
use doorward_domain::email::Mailer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the outbox is looked into while nothing waits in it.
const OUTBOX_PAUSE: Duration = Duration::from_millis(200);
/// How long the outbox is left alone after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);
/// How often expired rows are removed.
const SWEEP_PAUSE: Duration = Duration::from_mins(10);

/// The background work of a server.
pub(super) struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Begins it on the present thread's runtime.
    pub(super) fn start(context: &Context, mailer: Arc<dyn Mailer>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let deliver = DeliverMail::new(context.clone(), mailer);
        let purge_expired = PurgeExpired::new(context.clone());
        let tasks = vec![
            rt::spawn(send_emails(deliver, stopping.clone())),
            rt::spawn(remove_expired(purge_expired, stopping)),
        ];
        Self { stop, tasks }
    }

    /// Ends it: an email on its way is finished, those after it are left to others at once (RE-9).
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "background work ended early");
            }
        }
    }
}

async fn send_emails(deliver: DeliverMail, mut stopping: watch::Receiver<bool>) {
    let stop = stopping.clone();
    while !*stopping.borrow() {
        let pause = match deliver.run(|| *stop.borrow()).await {
            Ok(0) => OUTBOX_PAUSE,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read");
                STORE_PAUSE
            }
        };
        wait(pause, &mut stopping).await;
    }
}

async fn remove_expired(purge_expired: PurgeExpired, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match purge_expired.run().await {
            Ok(swept) if swept.is_full() => continue,
            Ok(swept) => tracing::debug!(?swept, "expired rows removed"),
            Err(error) => tracing::warn!(%error, "expired rows cannot be removed"),
        }
        wait(SWEEP_PAUSE, &mut stopping).await;
    }
}

/// Waits for the pause to be over or the server to stop.
async fn wait(pause: Duration, stopping: &mut watch::Receiver<bool>) {
    // Either way the caller looks at the flag next; a closed channel is a stopping server, too.
    drop(tokio::time::timeout(pause, stopping.changed()).await);
}

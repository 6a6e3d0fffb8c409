//! What goes on in the background: emails are sent, and the workers of modules run.

use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use actix_web::rt;
use actix_web::web::Data;
use doorward_application::email::{DeliverMail, Delivery, pause_after_failures};
use doorward_application::{Context, Progress, Worker};
use doorward_domain::email::Mailer;
use doorward_domain::metrics::{Observation, WorkOutcome};
use doorward_domain::{Actor, ErrorChain};
use futures_util::future::join_all;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::system::Readiness;

/// What the worker that sends emails is called, in logs and as an actor.
pub(super) const MAIL: &str = "mail";
/// How often the outbox is looked into while nothing waits in it.
const OUTBOX_PAUSE: Duration = Duration::from_millis(200);
/// How long the outbox is left alone after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);
/// How long work that died is left alone.
const RESTART_PAUSE: Duration = Duration::from_secs(5);
/// After so many deaths in a row the server says that it is not ready (RE-15).
const BROKEN: u32 = 3;
/// Work that lived so long is sound again.
const STEADY: Duration = Duration::from_mins(1);
/// How long a worker may take to end when the server stops.
const WORK_GRACE: Duration = Duration::from_secs(5);
/// How long an email on its way may take when the server stops.
const SEND_GRACE: Duration = Duration::from_secs(1);

/// The background work of a server.
pub(super) struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// The workers of modules, and what tells that each has ended.
    ends: Vec<(&'static str, oneshot::Receiver<()>)>,
}

impl Workers {
    /// Begins it: emails on the present thread's runtime, the workers of modules on a thread of their own.
    pub(super) fn start(
        context: &Context,
        mailer: Arc<dyn Mailer>,
        workers: Vec<Arc<dyn Worker>>,
        readiness: Data<Readiness>,
    ) -> io::Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let deliver = DeliverMail::new(context.clone(), mailer);
        let supervision = |worker: &'static str| Supervision {
            worker,
            stopping: stopping.clone(),
            pause: RESTART_PAUSE,
            readiness: readiness.clone(),
            context: context.clone(),
        };
        let send = {
            let (context, stopping) = (context.clone(), stopping.clone());
            supervision(MAIL).of(move || send_emails(context.clone(), deliver.clone(), stopping.clone()))
        };
        let tasks = vec![rt::spawn(send)];
        let mut ends = Vec::new();
        let work = workers.into_iter().map(|worker| {
            let (context, stopping) = (context.clone(), stopping.clone());
            let (end, ended) = oneshot::channel();
            ends.push((worker.name(), ended));
            let supervision = supervision(worker.name());
            async move {
                let begin = || work(worker.clone(), context.clone(), stopping.clone());
                supervision.of(begin).await;
                // Nobody waits any more if the server stopped at once.
                let _ = end.send(());
            }
        });
        let work: Vec<_> = work.collect();
        let begin = move || match rt::Runtime::new() {
            Ok(runtime) => {
                runtime.block_on(join_all(work));
            }
            Err(error) => {
                tracing::error!(%error, "the workers of modules cannot be started");
                readiness.note("workers", true);
            }
        };
        // A thread apart from the one that delivers emails and listens for signals.
        thread::Builder::new()
            .name("doorward-workers".to_owned())
            .spawn(begin)?;
        Ok(Self { stop, tasks, ends })
    }

    /// Ends it: an email on its way has a moment to arrive, those after it are left to others at once (RE-9). So has what a worker
    /// of a module is doing.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "background work ended early");
            }
        }
        for (worker, end) in self.ends {
            if tokio::time::timeout(WORK_GRACE, end).await.is_err() {
                tracing::warn!(worker, "background work does not end and is given up");
            }
        }
    }
}

/// Who looks after work.
struct Supervision {
    worker: &'static str,
    stopping: watch::Receiver<bool>,
    pause: Duration,
    readiness: Data<Readiness>,
    context: Context,
}

impl Supervision {
    /// Does the work until it ends by itself. Work that dies of a panic is begun again after the pause. If it dies again and
    /// again, the server is not ready until it lives for a while.
    async fn of<W: Future<Output = ()> + 'static>(mut self, work: impl Fn() -> W) {
        let mut deaths = 0;
        loop {
            // A task of its own, so that a panic ends it and nothing else.
            let mut task = rt::spawn(work());
            let outcome = tokio::select! {
                outcome = &mut task => outcome,
                () = tokio::time::sleep(STEADY) => {
                    deaths = 0;
                    self.readiness.note(self.worker, false);
                    task.await
                }
            };
            let Err(error) = outcome else { return };
            deaths += 1;
            note(&self.context, self.worker, WorkOutcome::Died);
            self.readiness.note(self.worker, deaths >= BROKEN);
            let worker = self.worker;
            tracing::error!(worker, %error, deaths, "background work died and is begun again");
            wait(self.pause, &mut self.stopping).await;
            if *self.stopping.borrow() {
                return;
            }
        }
    }
}

async fn send_emails(context: Context, deliver: DeliverMail, mut stopping: watch::Receiver<bool>) {
    let mut failures = 0;
    while !*stopping.borrow() {
        let request = context.internal_request(Actor::System(MAIL));
        let outcome = deliver.run(&request, grace_over(stopping.clone())).await;
        note_end(&context, MAIL, outcome.is_ok());
        let pause = match outcome {
            Ok(Delivery::Nothing) => OUTBOX_PAUSE,
            Ok(Delivery::Tried) => {
                failures = 0;
                continue;
            }
            Ok(Delivery::NoRelay) => {
                failures += 1;
                pause_after_failures(failures)
            }
            // The database may be closed already.
            Err(_) if *stopping.borrow() => return,
            Err(error) => {
                tracing::warn!(error = %ErrorChain(&error), "the outbox cannot be read");
                STORE_PAUSE
            }
        };
        wait(pause, &mut stopping).await;
    }
}

/// What a worker of a module does until the server stops.
async fn work(worker: Arc<dyn Worker>, context: Context, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let request = context.internal_request(Actor::System(worker.name()));
        let outcome = worker.run(&request).await;
        note_end(&context, worker.name(), outcome.is_ok());
        match outcome {
            Ok(Progress::More) => {
                // Others on this thread have their turn, also if the work never waits.
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Progress::Done) => {}
            Err(error) => {
                tracing::warn!(worker = worker.name(), error = %ErrorChain(&*error), "background work failed");
            }
        }
        wait(worker.pause(), &mut stopping).await;
    }
}

fn note_end(context: &Context, worker: &'static str, is_done: bool) {
    let outcome = if is_done {
        WorkOutcome::Done(context.now())
    } else {
        WorkOutcome::Failed
    };
    note(context, worker, outcome);
}

fn note(context: &Context, worker: &'static str, outcome: WorkOutcome) {
    context.observe(Observation::Work { worker, outcome });
}

/// Ready when the server stops and an email on its way had its moment.
async fn grace_over(mut stopping: watch::Receiver<bool>) {
    // A closed channel is a stopping server, too.
    drop(stopping.wait_for(|stop| *stop).await);
    tokio::time::sleep(SEND_GRACE).await;
}

/// Waits for the pause to be over or the server to stop.
async fn wait(pause: Duration, stopping: &mut watch::Receiver<bool>) {
    // Either way the caller looks at the flag next; a closed channel is a stopping server, too.
    drop(tokio::time::timeout(pause, stopping.changed()).await);
}

#[cfg(test)]
mod tests;

//! What goes on in the background: emails are sent, and the workers of modules run.

use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use actix_web::rt;
use doorward_application::email::DeliverMail;
use doorward_application::{Context, Progress, Worker};
use doorward_domain::email::Mailer;
use doorward_domain::{Actor, ErrorChain};
use futures_util::future::join_all;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// What the worker that sends emails is called, in logs and as an actor.
const MAIL: &str = "mail";
/// How often the outbox is looked into while nothing waits in it.
const OUTBOX_PAUSE: Duration = Duration::from_millis(200);
/// How long the outbox is left alone after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);
/// How long work that died is left alone.
const RESTART_PAUSE: Duration = Duration::from_secs(5);
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
    ) -> io::Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let deliver = DeliverMail::new(context.clone(), mailer);
        let send = {
            let (context, stopping) = (context.clone(), stopping.clone());
            supervised(MAIL, stopping.clone(), RESTART_PAUSE, move || {
                send_emails(context.clone(), deliver.clone(), stopping.clone())
            })
        };
        let tasks = vec![rt::spawn(send)];
        let mut ends = Vec::new();
        let work = workers.into_iter().map(|worker| {
            let (context, stopping) = (context.clone(), stopping.clone());
            let (end, ended) = oneshot::channel();
            ends.push((worker.name(), ended));
            async move {
                let begin = || work(worker.clone(), context.clone(), stopping.clone());
                supervised(worker.name(), stopping.clone(), RESTART_PAUSE, begin).await;
                // Nobody waits any more if the server stopped at once.
                let _ = end.send(());
            }
        });
        let work: Vec<_> = work.collect();
        // A thread apart from the one that delivers emails and listens for signals.
        thread::Builder::new()
            .name("doorward-workers".to_owned())
            .spawn(move || rt::Runtime::new().map(|runtime| runtime.block_on(join_all(work))))?;
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

/// Does the work until it ends by itself. Work that dies of a panic is begun again after the pause.
async fn supervised<W: Future<Output = ()> + 'static>(
    worker: &'static str,
    mut stopping: watch::Receiver<bool>,
    pause: Duration,
    work: impl Fn() -> W,
) {
    // A task of its own, so that a panic ends it and nothing else.
    while let Err(error) = rt::spawn(work()).await {
        tracing::error!(worker, %error, "background work died and is begun again");
        wait(pause, &mut stopping).await;
        if *stopping.borrow() {
            return;
        }
    }
}

async fn send_emails(context: Context, deliver: DeliverMail, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let request = context.internal_request(Actor::System(MAIL));
        let pause = match deliver.run(&request, grace_over(stopping.clone())).await {
            Ok(false) => OUTBOX_PAUSE,
            Ok(true) => continue,
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
        match worker.run(&request).await {
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
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use async_trait::async_trait;
    use doorward_adapters::email::TerminalMailer;
    use doorward_application::settings::{Preset, Settings};
    use doorward_domain::redirect::Origin;
    use doorward_domain::{BoxError, RequestContext};
    use tokio::sync::mpsc;

    use super::*;

    #[actix_web::test]
    async fn re_10_work_that_dies_is_begun_again() {
        let (_stop, stopping) = watch::channel(false);
        let begun = Rc::new(Cell::new(0));
        let count = begun.clone();
        supervised("test", stopping, Duration::ZERO, move || {
            let count = count.clone();
            async move {
                count.set(count.get() + 1);
                assert_eq!(count.get(), 3, "a panic of the work");
            }
        })
        .await;
        assert_eq!(begun.get(), 3);
    }

    /// Works in two parts and rests; says what it did.
    struct Counting(mpsc::UnboundedSender<String>);

    #[async_trait]
    impl Worker for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn pause(&self) -> Duration {
            Duration::MAX
        }

        async fn run(&self, request: &RequestContext) -> Result<Progress, BoxError> {
            let Actor::System(name) = request.actor else {
                return Err("another actor".into());
            };
            self.0.send(name.to_owned())?;
            Ok(Progress::More)
        }
    }

    #[actix_web::test]
    async fn re_9_a_worker_of_a_module_works_as_the_system_until_the_server_stops() {
        let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
        let (context, ..) = doorward_testing::in_memory_context(settings);
        let (sender, mut done) = mpsc::unbounded_channel();
        let worker: Arc<dyn Worker> = Arc::new(Counting(sender));
        let workers = Workers::start(&context, Arc::new(TerminalMailer::stdout()), vec![worker]).unwrap();
        for _ in 0..2 {
            assert_eq!(done.recv().await.as_deref(), Some("counting"));
        }
        workers.stop().await;
        while done.recv().await.is_some() {}
    }

    #[actix_web::test]
    async fn re_9_work_that_died_does_not_keep_a_server_that_stops() {
        let (_stop, stopping) = watch::channel(true);
        supervised("test", stopping, Duration::ZERO, || async {
            panic!("a panic of the work")
        })
        .await;
    }
}

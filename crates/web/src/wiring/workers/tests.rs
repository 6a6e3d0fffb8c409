use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use doorward_adapters::email::TerminalMailer;
use doorward_adapters::memory::MemoryStore;
use doorward_application::Ports;
use doorward_application::settings::{Preset, Settings};
use doorward_domain::metrics::{Metrics, NoMetrics};
use doorward_domain::redirect::Origin;
use doorward_domain::{BoxError, RequestContext};
use tokio::sync::mpsc;

use super::*;

fn readiness() -> Data<Readiness> {
    let store = Arc::new(MemoryStore::default());
    Data::new(Readiness::new(store, Arc::default()))
}

fn supervision(stopping: watch::Receiver<bool>, readiness: &Data<Readiness>) -> Supervision {
    Supervision {
        worker: "test",
        stopping,
        pause: Duration::ZERO,
        readiness: readiness.clone(),
        context: context(Arc::new(NoMetrics)),
    }
}

fn context(metrics: Arc<dyn Metrics>) -> Context {
    let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
    let (ports, ..) = doorward_testing::in_memory_ports();
    Context::new(Ports { metrics, ..ports }, settings)
}

#[actix_web::test]
async fn re_10_work_that_dies_is_begun_again() {
    let (_stop, stopping) = watch::channel(false);
    let begun = Rc::new(Cell::new(0));
    let count = begun.clone();
    let work = move || {
        let count = count.clone();
        async move {
            count.set(count.get() + 1);
            assert_eq!(count.get(), 3, "a panic of the work");
        }
    };
    supervision(stopping, &readiness()).of(work).await;
    assert_eq!(begun.get(), 3);
}

#[actix_web::test]
async fn re_15_a_server_whose_work_dies_again_and_again_is_not_ready() {
    let (_stop, stopping) = watch::channel(false);
    let readiness = readiness();
    for (deaths, is_ready) in [(2, true), (3, false)] {
        let begun = Rc::new(Cell::new(0));
        let work = move || {
            let begun = begun.clone();
            async move {
                begun.set(begun.get() + 1);
                assert!(begun.get() > deaths, "a panic of the work");
            }
        };
        supervision(stopping.clone(), &readiness).of(work).await;
        assert_eq!(readiness.is_ready().await, is_ready, "after {deaths} deaths");
    }
    readiness.note("test", false);
    assert!(readiness.is_ready().await);
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
    let context = context(Arc::new(NoMetrics));
    let (sender, mut done) = mpsc::unbounded_channel();
    let worker: Arc<dyn Worker> = Arc::new(Counting(sender));
    let mailer = Arc::new(TerminalMailer::stdout());
    let workers = Workers::start(&context, mailer, vec![worker], readiness()).unwrap();
    for _ in 0..2 {
        assert_eq!(done.recv().await.as_deref(), Some("counting"));
    }
    workers.stop().await;
    while done.recv().await.is_some() {}
}

#[actix_web::test]
async fn re_9_work_that_died_does_not_keep_a_server_that_stops() {
    let (_stop, stopping) = watch::channel(true);
    let work = || async { panic!("a panic of the work") };
    supervision(stopping, &readiness()).of(work).await;
}

/// Tells what it is told.
struct Telling(mpsc::UnboundedSender<Observation>);

impl Metrics for Telling {
    fn observe(&self, observation: Observation) {
        // Nobody listens any more at the end of the test.
        let _ = self.0.send(observation);
    }
}

/// Succeeds, then fails, then dies, and begins again.
#[derive(Default)]
struct Moody(AtomicUsize);

#[async_trait]
impl Worker for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    async fn run(&self, _: &RequestContext) -> Result<Progress, BoxError> {
        match self.0.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => Ok(Progress::Done),
            1 => Err("a failure of the work".into()),
            _ => panic!("a panic of the work"),
        }
    }
}

#[actix_web::test]
async fn what_work_comes_to_is_reported() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let context = context(Arc::new(Telling(sender)));
    let (stop, stopping) = watch::channel(false);
    let worker: Arc<dyn Worker> = Arc::new(Moody::default());
    let supervision = Supervision {
        worker: "moody",
        stopping: stopping.clone(),
        pause: Duration::ZERO,
        readiness: readiness(),
        context: context.clone(),
    };
    let now = context.now();
    let task = rt::spawn(supervision.of(move || work(worker.clone(), context.clone(), stopping.clone())));
    let expected = [
        WorkOutcome::Done(now),
        WorkOutcome::Failed,
        WorkOutcome::Died,
        WorkOutcome::Done(now),
    ];
    for outcome in expected {
        let worker = "moody";
        assert_eq!(told.recv().await, Some(Observation::Work { worker, outcome }));
    }
    stop.send_replace(true);
    task.await.unwrap();
}

#[actix_web::test]
async fn the_worker_that_sends_emails_reports_as_well() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let context = context(Arc::new(Telling(sender)));
    let mailer = Arc::new(TerminalMailer::stdout());
    let workers = Workers::start(&context, mailer, Vec::new(), readiness()).unwrap();
    let outcome = WorkOutcome::Done(context.now());
    let worker = MAIL;
    assert_eq!(told.recv().await, Some(Observation::Work { worker, outcome }));
    workers.stop().await;
}

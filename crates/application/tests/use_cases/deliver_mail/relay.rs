//! A relay that is away for a while, and an email that kills the server.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::email::{DeliverMail, Delivery, pause_after_failures};
use doorward_domain::Clock;
use doorward_domain::email::{EmailMessage, MailError, Mailer, OutboxMessage};
use doorward_testing::{FixedClock, samples};
use futures_util::FutureExt;
use samples::at;

use super::super::hardened;
use super::{LEASE, sealed};

/// A relay that comes and goes.
#[derive(Default)]
struct Relay {
    is_there: AtomicBool,
    sent: Mutex<Vec<String>>,
}

#[async_trait]
impl Mailer for Relay {
    async fn send(&self, id: &str, _: &EmailMessage) -> Result<(), MailError> {
        if !self.is_there.load(Ordering::Relaxed) {
            return Err(MailError::NoRelay("refused".into()));
        }
        self.sent.lock().unwrap().push(id.to_owned());
        Ok(())
    }
}

/// A store in memory with these emails in it, and a mailer for them.
async fn waiting(emails: &[OutboxMessage], mailer: Arc<dyn Mailer>) -> (DeliverMail, Arc<FixedClock>) {
    let (context, _, clock) = doorward_testing::in_memory_context(hardened());
    for email in emails {
        context.ports.store.outbox().push(email).await.unwrap();
    }
    (DeliverMail::new(context, mailer), clock)
}

#[tokio::test]
async fn re_10_what_a_lost_relay_kept_back_is_sent_within_a_minute_of_its_return() {
    let sealed = sealed().await;
    let emails: Vec<_> = (0..20)
        .map(|number| OutboxMessage {
            id: format!("email-{number}"),
            ..sealed.clone()
        })
        .collect();
    let relay = Arc::new(Relay::default());
    let (deliver, clock) = waiting(&emails, relay.clone()).await;
    let run = async || deliver.run(&samples::request(), pending()).await.unwrap();
    let (begin, mut failures) = (clock.now(), 0);
    while clock.now() < begin + TimeDelta::hours(5) {
        match run().await {
            Delivery::NoRelay => {
                failures += 1;
                clock.advance(TimeDelta::from_std(pause_after_failures(failures)).unwrap());
            }
            Delivery::Nothing => clock.advance(TimeDelta::seconds(1)),
            Delivery::Tried => panic!("without a relay"),
        }
    }
    relay.is_there.store(true, Ordering::Relaxed);
    let back = clock.now();
    clock.advance(TimeDelta::from_std(pause_after_failures(failures)).unwrap());
    while relay.sent.lock().unwrap().len() < emails.len() {
        if run().await == Delivery::Nothing {
            clock.advance(TimeDelta::seconds(1));
        }
        assert!(clock.now() <= back + TimeDelta::seconds(60));
    }
    assert_eq!(run().await, Delivery::Nothing);
}

#[test]
fn re_10_a_lost_relay_is_asked_ever_less_often() {
    let pauses = [1, 2, 3, 5, 6, 7, 1000, u32::MAX].map(|failures| pause_after_failures(failures).as_secs());
    assert_eq!(pauses, [1, 2, 4, 16, 30, 30, 30, 30]);
}

#[tokio::test]
async fn re_10_without_a_relay_for_a_day_an_email_is_given_up() {
    let message = OutboxMessage {
        created_at: at(-24 * 3600 + 20),
        ..sealed().await
    };
    let (deliver, clock) = waiting(&[message], Arc::new(Relay::default())).await;
    let run = async || deliver.run(&samples::request(), pending()).await.unwrap();
    assert_eq!(run().await, Delivery::NoRelay);
    clock.advance(TimeDelta::hours(2));
    assert_eq!(run().await, Delivery::Nothing);
}

/// The server dies of an email: nobody reschedules it, only its lease runs out.
#[tokio::test]
async fn re_10_an_email_that_kills_the_server_is_not_tried_for_ever() {
    struct Killer(AtomicU32);
    #[async_trait]
    impl Mailer for Killer {
        async fn send(&self, _: &str, _: &EmailMessage) -> Result<(), MailError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            pending().await
        }
    }
    let killer = Arc::new(Killer(AtomicU32::new(0)));
    let (deliver, clock) = waiting(&[sealed().await], killer.clone()).await;
    for _ in 0..100 {
        let request = samples::request();
        // What dies is dropped where it is.
        let dies = deliver.run(&request, pending()).now_or_never();
        assert!(dies.is_none_or(|delivery| delivery.is_ok()));
        clock.advance(TimeDelta::seconds(LEASE));
    }
    assert_eq!(killer.0.load(Ordering::Relaxed), 50);
    let left = deliver.run(&samples::request(), pending()).await.unwrap();
    assert_eq!(left, Delivery::Nothing);
}

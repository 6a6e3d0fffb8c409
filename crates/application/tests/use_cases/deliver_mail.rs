use std::future::{pending, ready};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::Context;
use doorward_application::email::{DeliverMail, Delivery, OutboxWriter, Written};
use doorward_domain::email::{
    CustomEmail, EmailKind, EmailMessage, MailError, Mailer, MockMailer, OutboxMessage,
};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Changed, Removed, Secret, Store};
use doorward_testing::{Commits, FixedClock, Mocks, TestDatabase, samples};
use samples::at;
use serde_json::json;

use super::hardened;

mod relay;

/// When a lease ends that begins now, in seconds.
const LEASE: i64 = 300;
const LINK: &str = "http://127.0.0.1:3000/verify?token=hush";

/// An email as it lies in the outbox: sealed by a context with the same secret.
async fn sealed() -> OutboxMessage {
    sealed_as(EmailKind::VerifyEmail).await
}

async fn sealed_as(kind: EmailKind) -> OutboxMessage {
    let kept = Arc::new(Mutex::new(None));
    let mut mocks = Mocks::default();
    mocks.store.transactions = 1;
    let keep = kept.clone();
    mocks.store.outbox.expect_push().once().returning(move |message| {
        *keep.lock().unwrap() = Some(message.clone());
        Ok(())
    });
    let (context, _) = mocks.context(hardened());
    let tx = context.store().begin(&samples::request()).await.unwrap();
    let email = EmailMessage {
        kind,
        to: Email::parse("ada@example.test").unwrap(),
        name: UserName::parse("Ada").unwrap(),
        link: Secret::new(LINK.to_owned()),
    };
    let written = OutboxWriter::new(context.clone()).write(&*tx, &email).await;
    assert_eq!(written.unwrap(), Written::Queued);
    let message = kept.lock().unwrap().clone().unwrap();
    assert!(!message.sealed.contains("hush"), "TK-2");
    message
}

/// The store leases the message and counts an attempt.
fn claiming(mocks: &mut Mocks, message: &OutboxMessage) {
    let message = OutboxMessage {
        attempts: message.attempts + 1,
        ..message.clone()
    };
    // One to claim it, one to write what became of it.
    mocks.store.transactions = 2;
    let claim = mocks.store.outbox.expect_claim().once();
    claim
        .withf(|now, lease, limit| *lease - *now == TimeDelta::minutes(5) && *limit == 1)
        .returning(move |_, _, _| Ok(vec![message.clone()]));
}

fn removed(mocks: &mut Mocks, message: &OutboxMessage) {
    let id = message.id.clone();
    mocks
        .store
        .outbox
        .expect_remove()
        .once()
        .withf(move |removed, lease| removed == id && *lease == at(LEASE))
        .returning(|_, _| Ok(Removed::Removed));
}

fn context(mocks: Mocks) -> Context {
    mocks.context(hardened()).0
}

#[tokio::test]
async fn a_letter_is_sent_and_forgotten() {
    let message = sealed().await;
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    removed(&mut mocks, &message);
    let mut mailer = MockMailer::new();
    let id = message.id.clone();
    mailer
        .expect_send()
        .once()
        .withf(move |sent, email| {
            sent == id && email.link.expose() == LINK && email.to.as_str() == "ada@example.test"
        })
        .returning(|_, _| Ok(()));
    let delivery = DeliverMail::new(context(mocks), Arc::new(mailer))
        .run(&samples::request(), pending())
        .await
        .unwrap();
    assert_eq!(delivery, Delivery::Tried);
}

#[tokio::test]
async fn every_kind_travels_through_the_outbox() {
    let custom =
        |html| CustomEmail::new("acme.invitation", "You are invited", "Come in: hush", html).unwrap();
    let customs = [None, Some("<p>hush</p>")].map(|html| EmailKind::Custom(custom(html)));
    for kind in EmailKind::samples().into_iter().chain(customs) {
        let message = sealed_as(kind.clone()).await;
        let mut mocks = Mocks::default();
        claiming(&mut mocks, &message);
        removed(&mut mocks, &message);
        let mut mailer = MockMailer::new();
        mailer
            .expect_send()
            .once()
            .withf(move |_, email| email.kind == kind && email.name.as_str() == "Ada")
            .returning(|_, _| Ok(()));
        let deliver = DeliverMail::new(context(mocks), Arc::new(mailer));
        let delivery = deliver.run(&samples::request(), pending()).await.unwrap();
        assert_eq!(delivery, Delivery::Tried);
    }
}

/// In this form servers of other versions read it and leave what they do not know: see `what_cannot_be_read_waits_for_a_server_that_can`.
#[tokio::test]
async fn emails_rest_in_the_form_of_earlier_versions() {
    let (context, _) = Mocks::default().context(hardened());
    let new_email = Email::parse("new@example.test").unwrap();
    let invitation = CustomEmail::new("acme.invitation", "Come", "In", None).unwrap();
    for (kind, stored) in [
        (EmailKind::VerifyEmail, json!("verify_email")),
        (
            EmailKind::ConfirmEmailChange { new_email },
            json!({ "confirm_email_change": { "new_email": "new@example.test" } }),
        ),
        (
            EmailKind::Custom(invitation),
            json!({ "custom": { "kind": "acme.invitation", "subject": "Come", "text": "In" } }),
        ),
    ] {
        let plain = context.ports.sealer.open(&sealed_as(kind).await.sealed).unwrap();
        let envelope: serde_json::Value = serde_json::from_slice(plain.expose()).unwrap();
        let whole = json!({ "kind": stored, "to": "ada@example.test", "name": "Ada", "link": LINK });
        assert_eq!(envelope, whole);
    }
}

#[tokio::test]
async fn re_10_what_fails_for_now_is_tried_again_ever_later_for_a_day() {
    for (attempts, pause) in [(0, 1), (1, 2), (5, 32), (11, 2048), (12, 3600), (40, 3600)] {
        let message = OutboxMessage {
            attempts,
            ..sealed().await
        };
        let mut mocks = Mocks::default();
        claiming(&mut mocks, &message);
        let again = mocks.store.outbox.expect_reschedule().once();
        again
            .withf(move |_, lease, count, due| {
                *lease == at(LEASE) && *count == attempts + 1 && *due == at(pause)
            })
            .returning(|_, _, _, _| Ok(Changed::Applied));
        let mut mailer = MockMailer::new();
        mailer
            .expect_send()
            .once()
            .returning(|_, _| Err(MailError::Temporary("busy".into())));
        let delivery = DeliverMail::new(context(mocks), Arc::new(mailer))
            .run(&samples::request(), pending())
            .await
            .unwrap();
        assert_eq!(delivery, Delivery::Tried);
    }
    let message = OutboxMessage {
        attempts: 30,
        created_at: at(-23 * 3600 - 1),
        ..sealed().await
    };
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    removed(&mut mocks, &message);
    let mut mailer = MockMailer::new();
    mailer
        .expect_send()
        .once()
        .returning(|_, _| Err(MailError::Temporary("busy".into())));
    let delivery = DeliverMail::new(context(mocks), Arc::new(mailer))
        .run(&samples::request(), pending())
        .await
        .unwrap();
    assert_eq!(delivery, Delivery::Tried);
}

fn postponed(mocks: &mut Mocks, message: &OutboxMessage, attempts: u32, due: i64) {
    let id = message.id.clone();
    let again = mocks.store.outbox.expect_reschedule().once();
    again
        .withf(move |postponed, lease, count, due_at| {
            postponed == id && *lease == at(LEASE) && *count == attempts && *due_at == at(due)
        })
        .returning(|_, _, _, _| Ok(Changed::Applied));
}

#[tokio::test]
async fn what_is_refused_for_good_is_dropped() {
    let message = sealed().await;
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    removed(&mut mocks, &message);
    let mut mailer = MockMailer::new();
    mailer
        .expect_send()
        .once()
        .returning(|_, _| Err(MailError::Permanent("no such mailbox".into())));
    let delivery = DeliverMail::new(context(mocks), Arc::new(mailer))
        .run(&samples::request(), pending())
        .await
        .unwrap();
    assert_eq!(delivery, Delivery::Tried);
}

/// Two versions, or two secrets, on one database: what the other server wrote is left to it, for a day.
#[tokio::test]
async fn what_cannot_be_read_waits_for_a_server_that_can() {
    let message = sealed().await;
    let (present, _) = Mocks::default().context(hardened());
    let [unknown, injected] = [
        r#"{"kind":{"from_module":{"text":"Hello"}},"to":"ada@example.test","name":"Ada","link":""}"#,
        r#"{"kind":{"custom":{"kind":"a","subject":"a\r\nBcc: x","text":"b"}},"to":"ada@example.test","name":"Ada","link":""}"#,
    ];
    let newer = r#"{"kind":"sign_in_from_new_device","to":"ada@example.test","name":"Ada","link":"","at":7}"#;
    for unreadable in [
        "of another secret".to_owned(),
        "v2.AAAA".to_owned(),
        present.ports.sealer.seal(newer.as_bytes()),
        present.ports.sealer.seal(unknown.as_bytes()),
        present.ports.sealer.seal(injected.as_bytes()),
    ] {
        let foreign = OutboxMessage {
            sealed: unreadable,
            ..message.clone()
        };
        let mut mocks = Mocks::default();
        claiming(&mut mocks, &foreign);
        postponed(&mut mocks, &foreign, 1, 1);
        let deliver = DeliverMail::new(context(mocks), Arc::new(MockMailer::new()));
        let delivery = deliver.run(&samples::request(), pending()).await.unwrap();
        assert_eq!(delivery, Delivery::Tried);

        let old = OutboxMessage {
            created_at: at(-24 * 3600),
            ..foreign
        };
        let mut mocks = Mocks::default();
        claiming(&mut mocks, &old);
        removed(&mut mocks, &old);
        let deliver = DeliverMail::new(context(mocks), Arc::new(MockMailer::new()));
        let delivery = deliver.run(&samples::request(), pending()).await.unwrap();
        assert_eq!(delivery, Delivery::Tried);
    }
}

#[tokio::test]
async fn re_10_a_mailer_that_panics_has_failed_for_now() {
    let message = sealed().await;
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    postponed(&mut mocks, &message, 1, 1);
    let mut mailer = MockMailer::new();
    mailer
        .expect_send()
        .once()
        .returning(|_, _| panic!("a bug of the mailer"));
    let delivery = DeliverMail::new(context(mocks), Arc::new(mailer))
        .run(&samples::request(), pending())
        .await
        .unwrap();
    assert_eq!(delivery, Delivery::Tried);
}

struct SilentMailer;

#[async_trait]
impl Mailer for SilentMailer {
    async fn send(&self, _: &str, _: &EmailMessage) -> Result<(), MailError> {
        pending().await
    }
}

#[tokio::test]
async fn re_9_a_stopping_server_gives_the_letter_on_its_way_back() {
    let message = sealed().await;
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    let (attempts, due_at) = (message.attempts, message.due_at);
    let back = mocks.store.outbox.expect_reschedule().once();
    back.withf(move |_, lease, count, due| *lease == at(LEASE) && *count == attempts && *due == due_at)
        .returning(|_, _, _, _| Ok(Changed::Applied));
    let delivery = DeliverMail::new(context(mocks), Arc::new(SilentMailer))
        .run(&samples::request(), ready(()))
        .await
        .unwrap();
    assert_eq!(delivery, Delivery::Tried);
}

/// The mail server took longer than the lease, and another worker has the email: what it holds is left alone.
#[tokio::test]
async fn re_10_a_worker_whose_lease_ran_out_decides_nothing() {
    let message = sealed().await;
    for answer in [Ok(()), Err(())] {
        let mut mocks = Mocks::default();
        claiming(&mut mocks, &message);
        let outbox = &mut mocks.store.outbox;
        if answer.is_ok() {
            let remove = outbox.expect_remove().once();
            remove.returning(|_, _| Ok(Removed::AlreadyGone));
        } else {
            let reschedule = outbox.expect_reschedule().once();
            reschedule.returning(|_, _, _, _| Ok(Changed::Stale));
        }
        let mut mailer = MockMailer::new();
        mailer
            .expect_send()
            .once()
            .returning(move |_, _| answer.map_err(|()| MailError::Temporary("busy".into())));
        let (context, commits) = mocks.context(hardened());
        let delivery = DeliverMail::new(context, Arc::new(mailer))
            .run(&samples::request(), pending())
            .await
            .unwrap();
        assert_eq!(delivery, Delivery::Tried);
        assert_eq!(commits.count(), 1, "the claim");
    }
}

/// At least once: a worker that dies between sending and forgetting leaves the email to another.
#[tokio::test]
async fn re_10_a_letter_survives_the_worker_that_had_it() {
    let database = TestDatabase::sqlite();
    let store = database.store().await;
    let message = sealed().await;
    doorward_domain::Repositories::outbox(&store)
        .push(&message)
        .await
        .unwrap();
    let claimed = doorward_domain::Repositories::outbox(&store)
        .claim(at(0), at(300), 1)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    drop(store);
    let store: Arc<dyn Store> = Arc::new(database.store().await);
    let clock = Arc::new(FixedClock::default());
    let mut mailer = MockMailer::new();
    mailer.expect_send().once().returning(|_, _| Ok(()));
    let (mocked, _) = Mocks::default().context_with(hardened(), Arc::new(Commits::default()), clock.clone());
    let ports = doorward_application::Ports {
        store,
        ..mocked.ports.clone()
    };
    let deliver = DeliverMail::new(Context::new(ports, hardened()), Arc::new(mailer));
    let run = async || deliver.run(&samples::request(), pending()).await.unwrap();
    assert_eq!(run().await, Delivery::Nothing, "while the lease runs");
    clock.advance(TimeDelta::seconds(300));
    assert_eq!(run().await, Delivery::Tried);
    assert_eq!(run().await, Delivery::Nothing);
}

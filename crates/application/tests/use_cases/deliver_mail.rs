use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use doorward_application::Context;
use doorward_application::email::{DeliverMail, OutboxWriter};
use doorward_domain::email::{EmailKind, EmailMessage, MailError, MockMailer, OutboxMessage};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Secret, Store};
use doorward_testing::{Commits, FixedClock, Mocks, TestDatabase, samples};
use samples::at;

use super::hardened;

const LINK: &str = "http://127.0.0.1:3000/verify?token=hush";

/// An email as it lies in the outbox: sealed by a context with the same secret.
async fn sealed() -> OutboxMessage {
    let kept = Arc::new(Mutex::new(None));
    let mut mocks = Mocks::default();
    mocks.store.transactions = 1;
    let keep = kept.clone();
    mocks.store.outbox.expect_push().once().returning(move |message| {
        *keep.lock().unwrap() = Some(message.clone());
        Ok(())
    });
    let (context, _) = mocks.context(hardened());
    let tx = context.store().begin().await.unwrap();
    let email = EmailMessage {
        kind: EmailKind::VerifyEmail,
        to: Email::parse("ada@example.test").unwrap(),
        name: UserName::parse("Ada").unwrap(),
        link: Secret::new(LINK.to_owned()),
    };
    OutboxWriter::new(context.clone())
        .write(&*tx, &email)
        .await
        .unwrap();
    let message = kept.lock().unwrap().clone().unwrap();
    assert!(!message.sealed.contains("hush"), "TK-2");
    message
}

fn claiming(mocks: &mut Mocks, message: &OutboxMessage) {
    let message = message.clone();
    let claim = mocks.store.outbox.expect_claim().once();
    claim
        .withf(|now, lease, _| *lease - *now == TimeDelta::minutes(5))
        .returning(move |_, _, _| Ok(vec![message.clone()]));
}

fn removed(mocks: &mut Mocks, message: &OutboxMessage) {
    let id = message.id.clone();
    mocks
        .store
        .outbox
        .expect_remove()
        .once()
        .withf(move |removed| removed == id)
        .returning(|_| Ok(()));
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
    assert_eq!(
        DeliverMail::new(context(mocks), Arc::new(mailer))
            .run(|| false)
            .await
            .unwrap(),
        1
    );
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
            .withf(move |_, count, due| *count == attempts + 1 && *due == at(pause))
            .returning(|_, _, _| Ok(()));
        let mut mailer = MockMailer::new();
        mailer
            .expect_send()
            .once()
            .returning(|_, _| Err(MailError::Temporary("busy".into())));
        DeliverMail::new(context(mocks), Arc::new(mailer))
            .run(|| false)
            .await
            .unwrap();
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
    DeliverMail::new(context(mocks), Arc::new(mailer))
        .run(|| false)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_refused_for_good_or_cannot_be_read_is_dropped() {
    let message = sealed().await;
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    removed(&mut mocks, &message);
    let mut mailer = MockMailer::new();
    mailer
        .expect_send()
        .once()
        .returning(|_, _| Err(MailError::Permanent("no such mailbox".into())));
    DeliverMail::new(context(mocks), Arc::new(mailer))
        .run(|| false)
        .await
        .unwrap();

    let foreign = OutboxMessage {
        sealed: "of another secret".to_owned(),
        ..message
    };
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &foreign);
    removed(&mut mocks, &foreign);
    DeliverMail::new(context(mocks), Arc::new(MockMailer::new()))
        .run(|| false)
        .await
        .unwrap();
}

#[tokio::test]
async fn re_9_a_stopping_server_gives_its_letters_back() {
    let message = sealed().await;
    let mut mocks = Mocks::default();
    claiming(&mut mocks, &message);
    let (attempts, due_at) = (message.attempts, message.due_at);
    let back = mocks.store.outbox.expect_reschedule().once();
    back.withf(move |_, count, due| *count == attempts && *due == due_at)
        .returning(|_, _, _| Ok(()));
    DeliverMail::new(context(mocks), Arc::new(MockMailer::new()))
        .run(|| true)
        .await
        .unwrap();
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
    assert_eq!(deliver.run(|| false).await.unwrap(), 0, "while the lease runs");
    clock.advance(TimeDelta::seconds(300));
    assert_eq!(deliver.run(|| false).await.unwrap(), 1);
    assert_eq!(deliver.run(|| false).await.unwrap(), 0);
}

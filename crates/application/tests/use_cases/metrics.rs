//! What use-cases report to those who watch the server.

use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_adapters::cache::MemorySessionCache;
use doorward_application::email::{DeliverMail, OutboxWriter};
use doorward_application::hooks::{Hook, HookError, Rejection};
use doorward_application::password::{SignIn, SignInInput, SignInName};
use doorward_application::session::{ReadSession, Refresh};
use doorward_application::settings::Settings;
use doorward_application::sign_in::{Challenge, SecondFactor};
use doorward_application::verification::{SendVerificationEmail, VerifyEmail, VerifyEmailInput};
use doorward_application::{Context, Ports};
use doorward_domain::email::{EmailKind, EmailMessage, MailError, MockMailer};
use doorward_domain::metrics::{EmailOutcome, Limit, Metrics, Observation, SessionSource, SignInOutcome};
use doorward_domain::password::{HashError, MockPasswordHasher, Password};
use doorward_domain::session::{Authentication, Lifetime, Session};
use doorward_domain::user::{Ban, User, UserName};
use doorward_domain::{Locked, Repositories, Secret, StoreError, Transaction};
use doorward_testing::{FaultyStore, PASSWORD, samples};

use super::world::{remembered, token};
use super::{World, hardened};

/// Keeps what it is told.
#[derive(Default)]
struct Watcher(Mutex<Vec<Observation>>);

impl Metrics for Watcher {
    fn observe(&self, observation: Observation) {
        self.0.lock().unwrap().push(observation);
    }
}

impl Watcher {
    fn take(&self) -> Vec<Observation> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// How the sign-ins ended that it was told of.
    fn sign_ins(&self) -> Vec<SignInOutcome> {
        let outcome = |it| match it {
            Observation::SignIn(outcome) => Some(outcome),
            _ => None,
        };
        self.take().into_iter().filter_map(outcome).collect()
    }
}

fn watched(settings: Settings, change: impl FnOnce(&mut Ports)) -> (World, Arc<Watcher>) {
    let watcher = Arc::new(Watcher::default());
    let world = World::with(settings, |ports| {
        ports.metrics = watcher.clone();
        change(ports);
    });
    (world, watcher)
}

/// Refuses everybody.
struct Nobody;

#[async_trait]
impl Hook for Nobody {
    async fn before_commit(&self, _: &dyn Transaction, _: &User) -> Result<(), HookError> {
        Err(Rejection {
            code: "NOBODY",
            message: "Nobody signs in here".into(),
        }
        .into())
    }
}

/// Asks everybody for a code.
struct AskForCode;

#[async_trait]
impl SecondFactor for AskForCode {
    async fn challenge(
        &self,
        _: &dyn Transaction,
        _: &Locked<User>,
        _: &Authentication,
    ) -> Result<Option<Challenge>, StoreError> {
        Ok(Some(Challenge {
            methods: vec!["code".to_owned()],
        }))
    }
}

#[tokio::test]
async fn the_outcome_of_a_sign_in_is_reported_once() {
    let (world, watcher) = watched(hardened(), |_| {});
    let ada = world.add_user("ada").await;
    world.sign_in(&ada, PASSWORD).await.unwrap();
    assert_eq!(watcher.sign_ins(), [SignInOutcome::Issued]);
    for _ in 0..10 {
        assert!(world.sign_in(&ada, "wrong").await.is_err());
    }
    assert_eq!(watcher.sign_ins(), [SignInOutcome::WrongCredentials; 10]);
    assert!(world.sign_in(&ada, PASSWORD).await.is_err());
    assert_eq!(
        watcher.take(),
        [
            Observation::LimitReached(Limit::PasswordAttempts),
            Observation::SignIn(SignInOutcome::TooManyAttempts)
        ]
    );
    assert!(world.sign_in(&samples::user("nobody"), "wrong").await.is_err());
    assert_eq!(watcher.sign_ins(), [SignInOutcome::WrongCredentials]);
}

#[tokio::test]
async fn a_sign_in_with_the_right_password_that_is_denied_is_reported_with_the_reason() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    let (world, watcher) = watched(settings, |_| {});
    let ada = world.add_user("ada").await;
    assert!(world.sign_in(&ada, PASSWORD).await.is_err());
    assert_eq!(watcher.sign_ins(), [SignInOutcome::EmailNotVerified]);

    let (world, watcher) = watched(hardened(), |_| {});
    let banned = User {
        ban: Ban::of("spam".to_owned(), None),
        ..samples::user("bob")
    };
    let banned = world.add(banned).await;
    assert!(world.sign_in(&banned, PASSWORD).await.is_err());
    assert_eq!(watcher.sign_ins(), [SignInOutcome::Banned]);

    let (world, watcher) = watched(hardened(), |ports| ports.hooks.sign_in.push(Arc::new(Nobody)));
    let ada = world.add_user("ada").await;
    assert!(world.sign_in(&ada, PASSWORD).await.is_err());
    assert_eq!(watcher.sign_ins(), [SignInOutcome::RefusedByHook]);
}

#[tokio::test]
async fn a_sign_in_that_asks_for_a_second_factor_is_reported_as_that() {
    let (world, watcher) = watched(hardened(), |ports| {
        ports.second_factors.push(Arc::new(AskForCode));
    });
    let ada = world.add_user("ada").await;
    let input = SignInInput {
        name: SignInName::Email(ada.email),
        password: Password::new(PASSWORD),
        callback: None,
        session: remembered(),
    };
    let sign_in = SignIn::new(world.context.clone());
    sign_in.run(&samples::request(), input).await.unwrap();
    assert_eq!(watcher.sign_ins(), [SignInOutcome::Challenged]);
}

#[tokio::test]
async fn a_sign_in_that_could_not_be_decided_is_reported_as_busy_or_failed() {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Err(HashError::Busy));
    let (world, watcher) = watched(hardened(), |ports| ports.hasher = Arc::new(hasher));
    let ada = world.add_user("ada").await;
    assert!(world.sign_in(&ada, PASSWORD).await.is_err());
    assert_eq!(watcher.sign_ins(), [SignInOutcome::Busy]);

    // Whatever write fails, the sign-in is reported once, and not as one that gave a session.
    for number in 1.. {
        let (world, watcher) = watched(hardened(), |_| {});
        let ada = world.add_user("ada").await;
        let store = Arc::new(FaultyStore::new(world.store.clone(), number));
        let ports = Ports {
            store: store.clone(),
            ..world.context.ports.clone()
        };
        let faulty = World {
            context: Context::new(ports, hardened()),
            store: world.store.clone(),
            clock: world.clock.clone(),
        };
        let outcome = faulty.sign_in(&ada, PASSWORD).await;
        if !store.has_failed() {
            assert!(outcome.is_ok() && number > 6);
            assert_eq!(watcher.sign_ins(), [SignInOutcome::Issued]);
            return;
        }
        assert_eq!(watcher.sign_ins(), [SignInOutcome::Failed], "write {number}");
    }
}

#[tokio::test]
async fn refusals_that_are_not_recorded_one_by_one_are_reported() {
    let (world, watcher) = watched(hardened(), |_| {});
    for number in 0..25 {
        let nobody = samples::user(&format!("nobody{number}"));
        assert!(world.sign_in(&nobody, "wrong").await.is_err());
    }
    let omitted = Observation::LimitReached(Limit::RecordedRefusals);
    let count = watcher.take().into_iter().filter(|it| *it == omitted).count();
    assert_eq!(count, 5, "of one client 20 are recorded");
}

fn email() -> EmailMessage {
    EmailMessage {
        kind: EmailKind::VerifyEmail,
        to: samples::email("ada"),
        name: UserName::parse("Ada").unwrap(),
        link: Secret::new("http://127.0.0.1:3000/verify?token=hush".to_owned()),
    }
}

async fn write(world: &World) {
    let tx = world.context.store().begin(&samples::request()).await.unwrap();
    let writer = OutboxWriter::new(world.context.clone());
    let _ = writer.write(&*tx, &email()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn emails_beyond_the_limit_of_a_recipient_are_reported() {
    let (world, watcher) = watched(hardened(), |_| {});
    for _ in 0..5 {
        write(&world).await;
    }
    assert_eq!(watcher.take(), []);
    write(&world).await;
    assert_eq!(
        watcher.take(),
        [Observation::LimitReached(Limit::EmailsToRecipient)]
    );
}

#[tokio::test]
async fn what_became_of_an_email_is_reported() {
    type Answer = fn() -> Result<(), MailError>;
    let refused: Answer = || Err(MailError::Permanent("no".into()));
    let later: Answer = || Err(MailError::Temporary("full".into()));
    let away: Answer = || Err(MailError::NoRelay("gone".into()));
    let (soon, too_late) = (TimeDelta::zero(), TimeDelta::hours(25));
    for (answer, wait, outcome) in [
        ((|| Ok(())) as Answer, soon, EmailOutcome::Sent),
        (refused, soon, EmailOutcome::Refused),
        (later, soon, EmailOutcome::Postponed),
        (later, too_late, EmailOutcome::GivenUp),
        (away, soon, EmailOutcome::NoRelay),
        (away, too_late, EmailOutcome::GivenUp),
    ] {
        let (world, watcher) = watched(hardened(), |_| {});
        write(&world).await;
        world.clock.advance(wait);
        let mut mailer = MockMailer::new();
        mailer.expect_send().once().returning(move |_, _| answer());
        let deliver = DeliverMail::new(world.context.clone(), Arc::new(mailer));
        let _ = deliver.run(&samples::request(), pending()).await.unwrap();
        assert_eq!(watcher.take(), [Observation::Email(outcome)]);
    }
}

#[tokio::test]
async fn it_is_reported_where_a_session_was_read_from() {
    let cache = Arc::new(MemorySessionCache::new(std::time::Duration::from_hours(1)));
    let (world, watcher) = watched(hardened(), |ports| ports.session_cache = cache);
    let ada = world.add_user("ada").await;
    // Not due to be extended, which only the store could do.
    let session = Session {
        lifetime: Some(Lifetime::BrowserSession),
        ..samples::session(&ada, "alpha")
    };
    world.store.sessions().insert(&session).await.unwrap();
    let read = ReadSession::new(world.context.clone());
    let request = samples::request();
    for source in [SessionSource::Store, SessionSource::Cache] {
        let found = read.run_cached(&request, token("alpha"), Refresh::Never).await;
        assert!(found.unwrap().is_some());
        assert_eq!(watcher.take(), [Observation::SessionRead(source)]);
    }
    let found = read.run(&request, token("alpha"), Refresh::Never).await;
    assert!(found.unwrap().is_some());
    let observed = Observation::SessionRead(SessionSource::StoreOnly);
    assert_eq!(watcher.take(), [observed]);
}

/// A link that signs in is a sign-in, too.
#[tokio::test]
async fn a_sign_in_by_a_link_is_reported() {
    let mut settings = hardened();
    settings.email_verification.send_verification_email = true;
    settings.email_verification.auto_sign_in_after_verification = true;
    let (world, watcher) = watched(settings, |_| {});
    let ada = world.add_user("ada").await;
    SendVerificationEmail::new(world.context.clone())
        .for_anybody(&samples::request(), &ada.email, None, None)
        .await
        .unwrap();
    let input = VerifyEmailInput {
        token: &world.mailed_token().await,
        callback: None,
        device: None,
    };
    VerifyEmail::new(world.context.clone())
        .run(&samples::request(), input)
        .await
        .unwrap();
    assert_eq!(watcher.sign_ins(), [SignInOutcome::Issued]);
}

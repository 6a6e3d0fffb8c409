use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use doorward_application::hooks::{Hook, HookError};
use doorward_application::password::{SignUp, SignUpError, SignUpInput};
use doorward_application::settings::Settings;
use doorward_domain::email::EmailKind;
use doorward_domain::password::{HashError, MockCommonPasswords, Password, PasswordHash, PasswordProblem};
use doorward_domain::session::{AuthMethod, TokenStorage};
use doorward_domain::user::{Email, User, UserName};
use doorward_domain::{Constraint, Locked, StoreError, Transaction};
use doorward_testing::{Commits, FixedClock, Mocks, PASSWORD, PlainHasher, samples};

use super::world::remembered;
use super::{World, compatible, hardened, out_of_reach};

fn input(password: &str) -> SignUpInput {
    SignUpInput {
        name: UserName::parse("Ada").unwrap(),
        email: Email::parse("ada@example.test").unwrap(),
        password: Password::new(password),
        image: None,
        username: None,
        extra: std::collections::BTreeMap::new(),
        callback: None,
        session: remembered(),
    }
}

fn hashing(mocks: &mut Mocks) {
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Ok(PasswordHash::from_stored("hash")));
}

/// Expects one user, account and session.
fn writing(mocks: &mut Mocks) {
    mocks.store.transactions = 1;
    mocks.store.users.expect_insert().once().returning(|_| Ok(()));
    mocks
        .store
        .users
        .expect_lock()
        .returning(|_| Ok(Some(Locked::by_store(samples::user("ada")))));
    mocks
        .store
        .users
        .expect_has_second_factor()
        .returning(|_| Ok(false));
    mocks.store.accounts.expect_insert().once().returning(|_| Ok(()));
    mocks.store.sessions.expect_insert().once().returning(|_| Ok(()));
    mocks.store.sessions.expect_trim().returning(|_, _| Ok(0));
}

/// Notes under its name when it is called.
struct Noting(&'static str, Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Hook for Noting {
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        let sessions = tx.sessions().list_all(&user.id).await?.len();
        self.1
            .lock()
            .unwrap()
            .push(format!("before {}, sessions: {sessions}", self.0));
        Ok(())
    }

    async fn after_commit(&self, _: &User) {
        self.1.lock().unwrap().push(format!("after {}", self.0));
    }
}

#[tokio::test]
async fn somebody_signs_up_before_they_sign_in() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let world = World::with(hardened(), |ports| {
        let noting = |name| Arc::new(Noting(name, calls.clone()));
        ports.hooks.sign_in.push(noting("sign-in"));
        ports.hooks.sign_up.push(noting("sign-up"));
    });
    SignUp::new(world.context.clone())
        .run(&samples::request(), input(PASSWORD))
        .await
        .unwrap();
    assert_eq!(
        *calls.lock().unwrap(),
        [
            "before sign-up, sessions: 0",
            "before sign-in, sessions: 1",
            "after sign-up",
            "after sign-in"
        ]
    );
}

#[tokio::test]
async fn a_sign_up_adds_a_user_an_account_and_a_session() {
    let world = World::new(hardened());
    let signed_up = SignUp::new(world.context.clone())
        .run(&samples::request(), input(PASSWORD))
        .await
        .unwrap();
    let opened = signed_up.opened.unwrap();
    let snapshot = world.snapshot();
    assert_eq!(snapshot.users, std::slice::from_ref(&signed_up.user));
    assert!(!signed_up.user.email_verified);
    let id = signed_up.user.id.as_str();
    assert_eq!(
        world.hash(id).as_deref(),
        Some(PlainHasher::hash_of(PASSWORD).expose())
    );
    assert_eq!(snapshot.accounts.len(), 1);
    assert_eq!(snapshot.sessions, std::slice::from_ref(&opened.session));
    assert_eq!(opened.session.user_id, signed_up.user.id);
    assert_eq!(opened.session.token.storage(), TokenStorage::Digest, "TK-2");
    assert_eq!(opened.session.authentication.methods, [AuthMethod::Password]);
    assert_eq!(world.events(id), ["user.signed_up", "session.issued"]);
}

#[tokio::test]
async fn hashing_is_before_the_transaction() {
    let (mut mocks, commits) = (Mocks::default(), Arc::new(Commits::default()));
    let seen = commits.clone();
    mocks.hasher.expect_hash().once().returning(move |_| {
        assert!(!seen.is_open(), "slow work belongs before the transaction");
        Ok(PasswordHash::from_stored("hash"))
    });
    writing(&mut mocks);
    let (context, commits) = mocks.context_with(hardened(), commits, Arc::new(FixedClock::default()));
    let outcome = SignUp::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn re_1_what_was_not_committed_is_not_acknowledged() {
    let mut mocks = Mocks::default();
    hashing(&mut mocks);
    writing(&mut mocks);
    mocks.store.commits_fail = true;
    let (context, _) = mocks.context(hardened());
    let outcome = SignUp::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignUpError::Store(StoreError::Unavailable(_)))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn en_4_an_address_that_has_to_be_verified_is_mailed_and_opens_no_session_before() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    settings.email_verification.send_verification_email = true;
    let world = World::new(settings);
    let signed_up = SignUp::new(world.context.clone())
        .run(&samples::request(), input(PASSWORD))
        .await
        .unwrap();
    assert!(signed_up.opened.is_none());
    let snapshot = world.snapshot();
    assert_eq!(snapshot.sessions, []);
    assert_eq!(snapshot.verifications.len(), 1);
    assert!(!snapshot.outbox[0].message.sealed.contains("ada"), "TK-2: sealed");
    let emails = world.emails().await;
    assert_eq!(emails.len(), 1);
    assert_eq!(
        (&emails[0].kind, &emails[0].to),
        (&EmailKind::VerifyEmail, &signed_up.user.email)
    );
}

#[tokio::test]
async fn a_taken_address_is_told_where_a_session_would_tell_it_anyway() {
    let world = World::new(compatible());
    world.add_user("ada").await;
    let before = world.snapshot();
    let outcome = SignUp::new(world.context.clone())
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(matches!(outcome, Err(SignUpError::EmailTaken)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

/// Of two at once, the unique index decides: the store is mocked.
#[tokio::test]
async fn re_3_an_address_taken_meanwhile_is_told_in_the_same_way() {
    let mut mocks = Mocks::default();
    hashing(&mut mocks);
    mocks.store.transactions = 1;
    let taken = |_: &doorward_domain::user::User| Err(StoreError::Conflict(Constraint::UserEmail));
    mocks.store.users.expect_insert().once().returning(taken);
    let (context, commits) = mocks.context(compatible());
    let outcome = SignUp::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(matches!(outcome, Err(SignUpError::EmailTaken)), "{outcome:?}");
    assert_eq!(commits.count(), 0);
}

#[tokio::test]
async fn en_2_where_nothing_else_tells_it_a_taken_address_is_not_told_and_its_owner_is() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    for emails_of_this_try in [1, 0] {
        let signed_up = SignUp::new(world.context.clone())
            .run(&samples::request(), input(PASSWORD))
            .await
            .unwrap();
        assert!(signed_up.opened.is_none());
        assert_ne!(signed_up.user.id, ada.id);
        assert_eq!(world.snapshot().users, std::slice::from_ref(&ada));
        let emails = world.emails().await;
        assert_eq!(emails.len(), emails_of_this_try, "EN-5: one an hour");
        assert!(
            emails
                .iter()
                .all(|email| email.kind == EmailKind::SignUpAttempt && email.to == ada.email)
        );
    }
    world.clock.advance(chrono::TimeDelta::hours(1));
    SignUp::new(world.context.clone())
        .run(&samples::request(), input(PASSWORD))
        .await
        .unwrap();
    assert_eq!(world.emails().await.len(), 1);
}

#[tokio::test]
async fn what_is_refused_costs_no_hash_and_touches_nothing() {
    let disabled = |change: fn(&mut Settings)| {
        let mut settings = hardened();
        change(&mut settings);
        settings
    };
    for settings in [
        disabled(|settings| settings.email_and_password.enabled = false),
        disabled(|settings| settings.email_and_password.disable_sign_up = true),
    ] {
        let (context, _) = Mocks::default().context(settings);
        let outcome = SignUp::new(context)
            .run(&samples::request(), input(PASSWORD))
            .await;
        assert!(matches!(outcome, Err(SignUpError::Disabled)), "{outcome:?}");
    }
    for (password, problem) in [
        ("1234567", PasswordProblem::TooShort),
        (&*"x".repeat(129), PasswordProblem::TooLong),
        ("well known", PasswordProblem::TooCommon),
    ] {
        let mut common = MockCommonPasswords::new();
        common
            .expect_contains()
            .returning(|password| password == "well known");
        let mocks = Mocks {
            common_passwords: Some(common),
            ..Mocks::default()
        };
        let (context, _) = mocks.context(hardened());
        let outcome = SignUp::new(context)
            .run(&samples::request(), input(password))
            .await;
        assert!(
            matches!(outcome, Err(SignUpError::Password(found)) if found == problem),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn re_8_a_full_queue_is_told_and_touches_nothing() {
    let mut mocks = Mocks::default();
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Err(HashError::Busy));
    let (context, _) = mocks.context(hardened());
    let outcome = SignUp::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignUpError::Hash(HashError::Busy))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_store_that_fails_midway_leaves_nothing() {
    let mut mocks = Mocks::default();
    hashing(&mut mocks);
    mocks.store.transactions = 1;
    mocks.store.users.expect_insert().once().returning(|_| Ok(()));
    mocks
        .store
        .accounts
        .expect_insert()
        .once()
        .returning(|_| Err(out_of_reach()));
    let (context, commits) = mocks.context(hardened());
    let outcome = SignUp::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(outcome.is_err());
    assert_eq!(commits.count(), 0);
}

use std::sync::Arc;

use doorward_application::password::{SignIn, SignInError, SignInInput, SignInName};
use doorward_application::sign_in::SessionRequest;
use doorward_domain::email::EmailKind;
use doorward_domain::password::{HashError, MockPasswordHasher, Password, Verdict};
use doorward_domain::user::{Email, User};
use doorward_domain::{Locked, Repositories};
use doorward_testing::{Mocks, PASSWORD, PlainHasher, samples};

use super::world::{remembered, token};
use super::{World, compatible, hardened};

fn input(password: &str) -> SignInInput {
    SignInInput {
        name: SignInName::Email(Email::parse("ada@example.test").unwrap()),
        password: Password::new(password),
        callback: None,
        session: remembered(),
    }
}

fn verdict(mocks: &mut Mocks, verdict: Verdict) {
    mocks
        .hasher
        .expect_verify()
        .once()
        .returning(move |_, _| Ok(verdict));
}

/// Ada is found by her address.
fn found(mocks: &mut Mocks) {
    mocks
        .store
        .users
        .expect_find_by_email()
        .returning(|_| Ok(Some(samples::user("ada"))));
}

#[tokio::test]
async fn en_3_an_unknown_user_costs_a_comparison_like_a_known_one() {
    let mut mocks = Mocks::default();
    mocks
        .store
        .users
        .expect_find_by_email()
        .once()
        .returning(|_| Ok(None));
    mocks
        .hasher
        .expect_verify()
        .once()
        .withf(|_, hash| hash.is_none())
        .returning(|_, _| Ok(Verdict::Mismatch));
    mocks.store.transactions = 2;
    let (context, commits) = mocks.context(hardened());
    let outcome = SignIn::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
    assert_eq!(commits.count(), 2, "the attempt and the failure");
}

#[tokio::test]
async fn a_user_without_a_password_is_like_an_unknown_one_whatever_the_hasher_says() {
    let mut mocks = Mocks::default();
    found(&mut mocks);
    mocks
        .store
        .accounts
        .expect_find_credential()
        .once()
        .returning(|_| Ok(None));
    verdict(&mut mocks, Verdict::Match);
    mocks.store.transactions = 2;
    let (context, _) = mocks.context(hardened());
    let outcome = SignIn::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_wrong_password_issues_nothing() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let before = world.snapshot();
    let outcome = world.sign_in(&ada, "wrong").await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
    let mut after = world.snapshot();
    let events = std::mem::take(&mut after.audit_events);
    assert_eq!(events.len(), 1, "the failure is recorded");
    assert_eq!(after.budgets.len(), 1, "RL-4: it is counted");
    after.budgets.clear();
    assert!(after == before);
}

#[tokio::test]
async fn the_right_password_issues_a_session() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let issued = world.sign_in(&ada, PASSWORD).await.unwrap();
    assert_eq!(issued.session.user_id, ada.id);
    assert_eq!(issued.session.expires_at, samples::at(7 * 24 * 3600));
    assert_eq!(world.snapshot().sessions, [issued.session]);
}

#[tokio::test]
async fn se_3_the_browser_s_former_session_ends_with_the_sign_in() {
    for (settings, ends) in [(hardened(), true), (compatible(), false)] {
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        world.signed_in(&ada, "former").await;
        world.signed_in(&ada, "elsewhere").await;
        let previous = Some(token("former"));
        let input = SignInInput {
            session: SessionRequest {
                previous,
                ..remembered()
            },
            ..input(PASSWORD)
        };
        SignIn::new(world.context.clone())
            .run(&samples::request(), input)
            .await
            .unwrap();
        let left = world.session_ids();
        assert_eq!(!left.contains(&"session-former".to_owned()), ends);
        assert!(left.contains(&"session-elsewhere".to_owned()));
    }
}

#[tokio::test]
async fn pw_3_an_outdated_hash_is_replaced() {
    let world = World::new(hardened());
    let ada = samples::user("ada");
    world.store.users().insert(&ada).await.unwrap();
    let old = PlainHasher::outdated_hash_of(PASSWORD);
    let credential = samples::credential(&ada, old.expose());
    world.store.accounts().insert(&credential).await.unwrap();
    world.sign_in(&ada, PASSWORD).await.unwrap();
    let new = PlainHasher::hash_of(PASSWORD);
    assert_eq!(world.hash("ada").as_deref(), Some(new.expose()));
    assert_eq!(world.events("ada"), ["password.rehashed", "session.issued"]);
}

#[tokio::test]
async fn under_better_auth_an_outdated_hash_stays() {
    let world = World::new(compatible());
    let ada = samples::user("ada");
    world.store.users().insert(&ada).await.unwrap();
    let old = PlainHasher::outdated_hash_of(PASSWORD);
    let credential = samples::credential(&ada, old.expose());
    world.store.accounts().insert(&credential).await.unwrap();
    world.sign_in(&ada, PASSWORD).await.unwrap();
    assert_eq!(world.hash("ada").as_deref(), Some(old.expose()));
    assert_eq!(world.events("ada"), ["session.issued"]);
}

#[tokio::test]
async fn pw_3_a_hash_that_cannot_be_replaced_keeps_nobody_out() {
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify()
        .once()
        .returning(|_, _| Ok(Verdict::MatchOutdated));
    hasher.expect_hash().once().returning(|_| Err(HashError::Busy));
    let world = World::with(hardened(), |ports| ports.hasher = Arc::new(hasher));
    let ada = world.add_user("ada").await;
    let before = world.hash("ada");
    assert!(world.sign_in(&ada, PASSWORD).await.is_ok());
    assert_eq!(world.hash("ada"), before);
}

#[tokio::test]
async fn se_7_no_session_follows_a_password_that_was_reset_meanwhile() {
    let mut mocks = Mocks::default();
    found(&mut mocks);
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .returning(|_| Ok(Some(Locked::by_store(samples::user("ada")))));
    let mut reads = ["old", "reset", "reset"].into_iter();
    mocks
        .store
        .accounts
        .expect_find_credential()
        .times(3)
        .returning(move |_| {
            Ok(reads
                .next()
                .map(|hash| samples::credential(&samples::user("ada"), hash)))
        });
    mocks.hasher.expect_verify().times(2).returning(|_, hash| {
        let is_old = hash.is_some_and(|hash| hash.expose() == "old");
        Ok(if is_old { Verdict::Match } else { Verdict::Mismatch })
    });
    mocks.store.transactions = 3;
    let (context, commits) = mocks.context(hardened());
    let outcome = SignIn::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
    assert_eq!(commits.count(), 2, "the attempt and the failure");
}

#[tokio::test]
async fn a_user_deleted_meanwhile_is_not_let_in() {
    let mut mocks = Mocks::default();
    found(&mut mocks);
    let credential = samples::credential(&samples::user("ada"), "hash");
    mocks
        .store
        .accounts
        .expect_find_credential()
        .returning(move |_| Ok(Some(credential.clone())));
    verdict(&mut mocks, Verdict::Match);
    mocks.store.transactions = 2;
    mocks.store.users.expect_lock().once().returning(|_| Ok(None));
    let (context, _) = mocks.context(hardened());
    let outcome = SignIn::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
}

/// The column that Better Auth's plugin leaves behind is not in memory, so the store is mocked.
#[tokio::test]
async fn who_enrolled_a_second_factor_elsewhere_is_refused_and_gets_no_session() {
    let mut mocks = Mocks::default();
    found(&mut mocks);
    let credential = samples::credential(&samples::user("ada"), "hash");
    mocks
        .store
        .accounts
        .expect_find_credential()
        .returning(move |_| Ok(Some(credential.clone())));
    verdict(&mut mocks, Verdict::Match);
    mocks.store.transactions = 2;
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .returning(|_| Ok(Some(Locked::by_store(samples::user("ada")))));
    mocks
        .store
        .users
        .expect_has_second_factor()
        .once()
        .returning(|_| Ok(true));
    let (context, commits) = mocks.context(hardened());
    let outcome = SignIn::new(context)
        .run(&samples::request(), input(PASSWORD))
        .await;
    assert!(
        matches!(outcome, Err(SignInError::SecondFactorUnavailable)),
        "{outcome:?}"
    );
    assert_eq!(
        commits.count(),
        2,
        "the attempt is counted and the refusal recorded"
    );
}

#[tokio::test]
async fn en_4_an_unverified_address_is_told_to_who_knows_the_password_only() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    for (password, told) in [(PASSWORD, true), ("wrong", false)] {
        let world = World::new(settings.clone());
        let ada = world.add_user("ada").await;
        let outcome = world.sign_in(&ada, password).await;
        assert_eq!(
            matches!(outcome, Err(SignInError::EmailNotVerified)),
            told,
            "{outcome:?}"
        );
        assert_eq!(world.snapshot().sessions, []);
        let recorded = if told { "session.denied" } else { "session.failed" };
        assert_eq!(world.events("ada"), [recorded]);
    }
}

#[tokio::test]
async fn a_refused_sign_in_mails_the_link_again_where_that_is_wanted() {
    let mut settings = compatible();
    settings.email_and_password.require_email_verification = true;
    settings.email_verification.send_verification_email = true;
    settings.email_verification.send_on_sign_in = true;
    let world = World::new(settings);
    let ada: User = world.add_user("ada").await;
    let outcome = world.sign_in(&ada, PASSWORD).await;
    assert!(
        matches!(outcome, Err(SignInError::EmailNotVerified)),
        "{outcome:?}"
    );
    let emails = world.emails().await;
    assert_eq!(emails.len(), 1);
    assert_eq!(
        (&emails[0].kind, &emails[0].to),
        (&EmailKind::VerifyEmail, &ada.email)
    );
}

#[tokio::test]
async fn pw_5_an_overlong_password_costs_nothing() {
    for (settings, hidden) in [(hardened(), true), (compatible(), false)] {
        let mut mocks = Mocks::default();
        // That it was refused is recorded, and nothing else is done.
        mocks.store.transactions = 1;
        let (context, _) = mocks.context(settings);
        let outcome = SignIn::new(context)
            .run(&samples::request(), input(&"x".repeat(129)))
            .await;
        assert_eq!(
            matches!(outcome, Err(SignInError::InvalidCredentials)),
            hidden,
            "{outcome:?}"
        );
        assert_eq!(
            matches!(outcome, Err(SignInError::PasswordTooLong)),
            !hidden,
            "{outcome:?}"
        );
    }
}

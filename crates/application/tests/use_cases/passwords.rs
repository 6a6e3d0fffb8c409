use doorward_application::password::{
    ChangePassword, ChangePasswordError, ChangePasswordInput, ResetPassword, ResetPasswordError,
};
use doorward_domain::password::{Password, PasswordHash, PasswordProblem, Verdict};
use doorward_domain::session::{AuthMethod, Lifetime};
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{Changed, Locked, Repositories};
use doorward_testing::{Mocks, PASSWORD, PlainHasher, samples};
use mockall::Sequence;

use super::{World, compatible, hardened};

const NEW: &str = "another staple of horses";

fn change(revoke_other_sessions: bool) -> ChangePasswordInput {
    ChangePasswordInput {
        current: Password::new(PASSWORD),
        new: Password::new(NEW),
        revoke_other_sessions,
        lifetime: Lifetime::Remembered,
    }
}

fn new_hash() -> String {
    PlainHasher::hash_of(NEW).expose().to_owned()
}

#[tokio::test]
async fn se_4_the_caller_gets_a_new_session_with_the_change() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    world.signed_in(&ada, "elsewhere").await;
    let link = link("reset");
    world.store.verifications().insert(&link).await.unwrap();

    let changed = ChangePassword::new(world.context.clone())
        .run(&request, change(false))
        .await
        .unwrap();

    let opened = changed.opened.unwrap();
    assert_ne!(opened.token.expose(), "alpha");
    assert_eq!(opened.session.authentication.methods, [AuthMethod::Password]);
    assert_eq!(
        world.session_ids(),
        [opened.session.id.to_string(), "session-elsewhere".to_owned()]
    );
    assert_eq!(world.hash("ada"), Some(new_hash()));
    assert_eq!(world.links(), [], "TK-5");
    assert_eq!(world.events("ada"), ["session.rotated", "password.changed"]);
}

#[tokio::test]
async fn all_other_sessions_end_where_that_is_asked_for() {
    let world = World::new(compatible());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    world.signed_in(&ada, "elsewhere").await;
    let changed = ChangePassword::new(world.context.clone())
        .run(&request, change(true))
        .await
        .unwrap();
    assert_eq!(
        world.session_ids(),
        [changed.opened.unwrap().session.id.to_string()]
    );
}

#[tokio::test]
async fn of_two_changes_by_the_same_password_the_later_is_refused() {
    let mut mocks = Mocks::default();
    let credential = samples::credential(&samples::user("ada"), "old");
    mocks
        .store
        .accounts
        .expect_find_credential()
        .once()
        .returning(move |_| Ok(Some(credential.clone())));
    mocks
        .hasher
        .expect_verify()
        .once()
        .returning(|_, _| Ok(Verdict::Match));
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Ok(PasswordHash::from_stored("new")));
    mocks.store.transactions = 3;
    mocks
        .store
        .users
        .expect_lock_with_administrators()
        .once()
        .returning(|_, _| Ok(vec![Locked::by_store(samples::user("ada"))]));
    mocks.store.sessions.expect_lock().once().returning(|_| {
        let session = samples::session(&samples::user("ada"), "request");
        Ok(Some(Locked::by_store(session)))
    });
    mocks
        .store
        .accounts
        .expect_replace_password()
        .once()
        .returning(|_, _, _, _| Ok(Changed::Stale));
    let (context, commits) = mocks.context(hardened());
    let request = samples::request_by(&samples::user("ada"));
    let outcome = ChangePassword::new(context).run(&request, change(false)).await;
    assert!(matches!(outcome, Err(ChangePasswordError::Wrong)), "{outcome:?}");
    assert_eq!(commits.count(), 2, "those of the attempt");
}

fn link(token: &str) -> Verification {
    samples::verification(
        &samples::key(Purpose::ResetPassword, token),
        &samples::user("ada"),
    )
}

#[tokio::test]
async fn se_7_a_reset_uses_the_link_up_and_ends_all_sessions_at_once() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    world.signed_in(&ada, "alpha").await;
    world.signed_in(&ada, "elsewhere").await;
    for token in ["alpha", "another"] {
        world.store.verifications().insert(&link(token)).await.unwrap();
    }
    let reset = ResetPassword::new(world.context.clone());
    reset
        .run(&samples::request(), "alpha", &Password::new(NEW))
        .await
        .unwrap();
    assert_eq!(world.hash("ada"), Some(new_hash()));
    assert_eq!(world.session_ids(), [""; 0]);
    assert_eq!(world.links(), [], "the other link neither");
    assert_eq!(world.events("ada"), ["password.reset"]);

    let before = world.snapshot();
    for token in ["alpha", "another"] {
        let outcome = reset
            .run(&samples::request(), token, &Password::new(PASSWORD))
            .await;
        assert!(
            matches!(outcome, Err(ResetPasswordError::InvalidToken)),
            "{outcome:?}"
        );
    }
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn tk_3_of_two_uses_of_a_link_the_later_changes_nothing() {
    // Whoever cancels links has locked the user. In another order they and a reset would wait for each other.
    let mut order = Sequence::new();
    let mut mocks = Mocks::default();
    mocks
        .store
        .verifications
        .expect_find()
        .once()
        .returning(|_| Ok(Some(link("alpha"))));
    mocks
        .store
        .users
        .expect_find()
        .once()
        .returning(|_| Ok(Some(samples::user("ada"))));
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Ok(PasswordHash::from_stored("new")));
    mocks.store.transactions = 1;
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .in_sequence(&mut order)
        .returning(|_| Ok(Some(Locked::by_store(samples::user("ada")))));
    mocks
        .store
        .verifications
        .expect_consume()
        .once()
        .in_sequence(&mut order)
        .returning(|_, _| Ok(None));
    let (context, commits) = mocks.context(hardened());
    let outcome = ResetPassword::new(context)
        .run(&samples::request(), "alpha", &Password::new(NEW))
        .await;
    assert!(
        matches!(outcome, Err(ResetPasswordError::InvalidToken)),
        "{outcome:?}"
    );
    assert_eq!(commits.count(), 0);
}

#[tokio::test]
async fn a_refused_password_leaves_the_link_as_it_is() {
    let (context, _) = Mocks::default().context(hardened());
    let outcome = ResetPassword::new(context)
        .run(&samples::request(), "alpha", &Password::new("short"))
        .await;
    assert!(
        matches!(
            outcome,
            Err(ResetPasswordError::Password(PasswordProblem::TooShort))
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn tk_4_an_expired_link_costs_no_hash() {
    let mut mocks = Mocks::default();
    let expired = Verification {
        expires_at: samples::now(),
        ..link("alpha")
    };
    mocks
        .store
        .verifications
        .expect_find()
        .once()
        .returning(move |_| Ok(Some(expired.clone())));
    let (context, _) = mocks.context(hardened());
    let outcome = ResetPassword::new(context)
        .run(&samples::request(), "alpha", &Password::new(NEW))
        .await;
    assert!(
        matches!(outcome, Err(ResetPasswordError::InvalidToken)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn somebody_who_signs_in_otherwise_gets_a_password_by_a_reset() {
    let world = World::new(compatible());
    let ada = samples::user("ada");
    world.store.users().insert(&ada).await.unwrap();
    let linked = samples::linked(&ada, "github");
    world.store.accounts().insert(&linked).await.unwrap();
    let left_by_better_auth = Verification {
        user_id: None,
        ..link("alpha")
    };
    world
        .store
        .verifications()
        .insert(&left_by_better_auth)
        .await
        .unwrap();
    ResetPassword::new(world.context.clone())
        .run(&samples::request(), "alpha", &Password::new(NEW))
        .await
        .unwrap();
    assert_eq!(world.hash("ada"), Some(new_hash()));
    assert!(world.sign_in(&ada, NEW).await.is_ok());
}

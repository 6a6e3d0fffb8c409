use doorward_application::password::{
    ChangePassword, ChangePasswordError, ChangePasswordInput, ResetPassword, ResetPasswordError,
};
use doorward_application::session::CurrentSession;
use doorward_domain::password::{Password, PasswordHash, PasswordProblem, Verdict};
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::verification::{Purpose, Verification};
use doorward_testing::{Mocks, PASSWORD, samples};

use super::{client, compatible, hardened};

const NEW: &str = "another staple of horses";

fn caller() -> CurrentSession {
    let user = samples::user("ada");
    CurrentSession {
        session: samples::session(&user, "alpha"),
        user,
        token: SessionToken::parse("alpha").unwrap(),
        refreshed: false,
        needs_refresh: false,
    }
}

fn change(caller: &CurrentSession, revoke_other_sessions: bool) -> ChangePasswordInput<'_> {
    ChangePasswordInput {
        caller,
        current: Password::new(PASSWORD),
        new: Password::new(NEW),
        revoke_other_sessions,
        lifetime: Lifetime::Remembered,
        client: client(),
    }
}

fn knows_the_password(mocks: &mut Mocks) {
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
    mocks.store.transactions = 1;
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .returning(|_| Ok(Some(samples::user("ada"))));
}

#[tokio::test]
async fn se_4_the_caller_gets_a_new_session_in_the_transaction_of_the_change() {
    let mut mocks = Mocks::default();
    knows_the_password(&mut mocks);
    mocks
        .store
        .accounts
        .expect_replace_password()
        .once()
        .returning(|_, _, _, _| Ok(true));
    let cancelled = mocks.store.verifications.expect_cancel().once();
    cancelled
        .withf(|_, purposes| purposes.contains(&Purpose::ResetPassword))
        .returning(|_, _| Ok(1));
    mocks
        .store
        .sessions
        .expect_delete()
        .once()
        .withf(|id| id.as_str() == "session-alpha")
        .returning(|_| Ok(true));
    mocks.store.sessions.expect_insert().once().returning(|_| Ok(()));
    mocks.store.sessions.expect_trim().returning(|_, _| Ok(0));
    let (context, commits) = mocks.context(hardened());
    let caller = caller();
    let changed = ChangePassword::new(context)
        .run(change(&caller, false))
        .await
        .unwrap();
    assert_ne!(changed.opened.unwrap().token.expose(), "alpha");
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn all_other_sessions_end_where_that_is_asked_for() {
    let mut mocks = Mocks::default();
    knows_the_password(&mut mocks);
    mocks
        .store
        .accounts
        .expect_replace_password()
        .once()
        .returning(|_, _, _, _| Ok(true));
    let ended = mocks.store.sessions.expect_delete_all().once();
    ended.withf(|_, keep| keep.is_none()).returning(|_, _| Ok(3));
    mocks.store.sessions.expect_insert().once().returning(|_| Ok(()));
    let (context, _) = mocks.context(compatible());
    let caller = caller();
    assert!(
        ChangePassword::new(context)
            .run(change(&caller, true))
            .await
            .unwrap()
            .opened
            .is_some()
    );
}

#[tokio::test]
async fn of_two_changes_by_the_same_password_the_later_is_refused() {
    let mut mocks = Mocks::default();
    knows_the_password(&mut mocks);
    mocks
        .store
        .accounts
        .expect_replace_password()
        .once()
        .returning(|_, _, _, _| Ok(false));
    let (context, commits) = mocks.context(hardened());
    let caller = caller();
    let outcome = ChangePassword::new(context).run(change(&caller, false)).await;
    assert!(matches!(outcome, Err(ChangePasswordError::Wrong)), "{outcome:?}");
    assert_eq!(commits.count(), 0);
}

fn link(token: &str) -> Verification {
    samples::verification(
        &samples::key(Purpose::ResetPassword, token),
        &samples::user("ada"),
    )
}

#[tokio::test]
async fn se_7_a_reset_uses_the_link_up_and_ends_all_sessions_at_once() {
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
        .verifications
        .expect_consume()
        .once()
        .returning(|_, _| Ok(Some(link("alpha"))));
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .returning(|_| Ok(Some(samples::user("ada"))));
    mocks
        .store
        .accounts
        .expect_set_password()
        .once()
        .returning(|_, _, _| Ok(true));
    mocks
        .store
        .sessions
        .expect_delete_all()
        .once()
        .withf(|_, keep| keep.is_none())
        .returning(|_, _| Ok(2));
    mocks
        .store
        .verifications
        .expect_cancel()
        .once()
        .returning(|_, _| Ok(1));
    let (context, commits) = mocks.context(hardened());
    ResetPassword::new(context)
        .run("alpha", &Password::new(NEW))
        .await
        .unwrap();
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn tk_3_of_two_uses_of_a_link_the_later_changes_nothing() {
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
        .verifications
        .expect_consume()
        .once()
        .returning(|_, _| Ok(None));
    let (context, commits) = mocks.context(hardened());
    let outcome = ResetPassword::new(context)
        .run("alpha", &Password::new(NEW))
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
        .run("alpha", &Password::new("short"))
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
        .run("alpha", &Password::new(NEW))
        .await;
    assert!(
        matches!(outcome, Err(ResetPasswordError::InvalidToken)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn somebody_who_signs_in_otherwise_gets_a_password_by_a_reset() {
    let mut mocks = Mocks::default();
    let left = Verification {
        user_id: None,
        ..link("alpha")
    };
    let found = left.clone();
    mocks
        .store
        .verifications
        .expect_find()
        .once()
        .returning(move |_| Ok(Some(found.clone())));
    mocks
        .store
        .users
        .expect_find()
        .once()
        .withf(|id| id.as_str() == "ada")
        .returning(|_| Ok(Some(samples::user("ada"))));
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Ok(PasswordHash::from_stored("new")));
    mocks.store.transactions = 1;
    mocks
        .store
        .verifications
        .expect_consume()
        .once()
        .returning(move |_, _| Ok(Some(left.clone())));
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .returning(|_| Ok(Some(samples::user("ada"))));
    mocks
        .store
        .accounts
        .expect_set_password()
        .once()
        .returning(|_, _, _| Ok(false));
    mocks
        .store
        .accounts
        .expect_insert()
        .once()
        .withf(|account| account.account_id == "ada")
        .returning(|_| Ok(()));
    let (context, commits) = mocks.context(compatible());
    ResetPassword::new(context)
        .run("alpha", &Password::new(NEW))
        .await
        .unwrap();
    assert_eq!(commits.count(), 1);
}

use doorward_application::session::CurrentSession;
use doorward_application::settings::{DeletionMode, Settings};
use doorward_application::user::{DeleteUser, DeleteUserError, DeleteUserInput, Deletion};
use doorward_domain::password::{Password, Verdict};
use doorward_domain::session::{Session, SessionToken};
use doorward_domain::verification::Purpose;
use doorward_testing::{Mocks, PASSWORD, samples};
use samples::at;

use super::hardened;

fn caller(signed_in_at: i64) -> CurrentSession {
    let user = samples::user("ada");
    CurrentSession {
        session: Session {
            created_at: at(signed_in_at),
            ..samples::session(&user, "alpha")
        },
        user,
        token: SessionToken::parse("alpha").unwrap(),
        refreshed: false,
        needs_refresh: false,
    }
}

fn enabled() -> Settings {
    let mut settings = hardened();
    settings.delete_user.enabled = true;
    settings
}

const fn wish(caller: &CurrentSession) -> DeleteUserInput<'_> {
    DeleteUserInput {
        caller,
        password: None,
        token: None,
        callback: None,
    }
}

fn everything_ends(mocks: &mut Mocks) {
    mocks.store.transactions = 1;
    mocks
        .store
        .sessions
        .expect_delete_all()
        .once()
        .withf(|_, keep| keep.is_none())
        .returning(|_, _| Ok(1));
    mocks.store.verifications.expect_cancel().returning(|_, _| Ok(0));
}

#[tokio::test]
async fn a_deletion_that_can_be_undone_hides_the_user_and_ends_all_sessions() {
    let mut mocks = Mocks::default();
    everything_ends(&mut mocks);
    mocks
        .store
        .users
        .expect_soft_delete()
        .once()
        .returning(|_, _| Ok(true));
    let (context, commits) = mocks.context(enabled());
    let caller = caller(0);
    assert_eq!(
        DeleteUser::new(context).run(wish(&caller)).await.unwrap(),
        Deletion::Done
    );
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn a_deletion_that_cannot_removes_the_user() {
    let mut settings = enabled();
    settings.delete_user.mode = DeletionMode::Hard;
    let mut mocks = Mocks::default();
    mocks.store.transactions = 1;
    mocks.store.sessions.expect_delete_all().returning(|_, _| Ok(1));
    mocks.store.verifications.expect_cancel().returning(|_, _| Ok(0));
    mocks.store.users.expect_delete().once().returning(|_| Ok(true));
    let (context, commits) = mocks.context(settings);
    let caller = caller(0);
    assert_eq!(
        DeleteUser::new(context).run(wish(&caller)).await.unwrap(),
        Deletion::Done
    );
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn pw_9_a_session_that_is_not_fresh_needs_the_password() {
    let (context, _) = Mocks::default().context(enabled());
    let stale = caller(-24 * 3600);
    let outcome = DeleteUser::new(context).run(wish(&stale)).await;
    assert!(matches!(outcome, Err(DeleteUserError::NotFresh)), "{outcome:?}");

    let mut mocks = Mocks::default();
    let credential = samples::credential(&stale.user, "hash");
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
    everything_ends(&mut mocks);
    mocks
        .store
        .users
        .expect_soft_delete()
        .once()
        .returning(|_, _| Ok(true));
    let (context, _) = mocks.context(enabled());
    let input = DeleteUserInput {
        password: Some(Password::new(PASSWORD)),
        ..wish(&stale)
    };
    assert_eq!(DeleteUser::new(context).run(input).await.unwrap(), Deletion::Done);
}

#[tokio::test]
async fn a_wrong_password_deletes_nobody_however_fresh_the_session() {
    let mut mocks = Mocks::default();
    let caller = caller(0);
    let credential = samples::credential(&caller.user, "hash");
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
        .returning(|_, _| Ok(Verdict::Mismatch));
    let (context, _) = mocks.context(enabled());
    let input = DeleteUserInput {
        password: Some(Password::new("wrong")),
        ..wish(&caller)
    };
    let outcome = DeleteUser::new(context).run(input).await;
    assert!(
        matches!(outcome, Err(DeleteUserError::WrongPassword)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn tk_6_somebody_else_s_link_deletes_nobody_and_stays_good() {
    let mut mocks = Mocks::default();
    mocks.store.transactions = 1;
    let foreign = samples::verification(
        &samples::key(Purpose::DeleteAccount, "link"),
        &samples::user("grace"),
    );
    mocks
        .store
        .verifications
        .expect_consume()
        .once()
        .returning(move |_, _| Ok(Some(foreign.clone())));
    let (context, commits) = mocks.context(enabled());
    let caller = caller(0);
    let outcome = DeleteUser::new(context)
        .run(DeleteUserInput {
            token: Some("link"),
            ..wish(&caller)
        })
        .await;
    assert!(
        matches!(outcome, Err(DeleteUserError::InvalidToken)),
        "{outcome:?}"
    );
    assert_eq!(
        commits.count(),
        0,
        "the transaction that took the link is dropped"
    );
}

#[tokio::test]
async fn where_a_letter_asks_first_nothing_is_deleted() {
    let mut settings = enabled();
    settings.delete_user.send_delete_account_verification = true;
    let mut mocks = Mocks::default();
    mocks.store.transactions = 1;
    mocks
        .store
        .verifications
        .expect_insert()
        .once()
        .returning(|_| Ok(()));
    mocks.store.outbox.expect_push().once().returning(|_| Ok(()));
    let (context, commits) = mocks.context(settings);
    let caller = caller(0);
    assert_eq!(
        DeleteUser::new(context).run(wish(&caller)).await.unwrap(),
        Deletion::Asked
    );
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn it_is_off_unless_it_is_switched_on() {
    let (context, _) = Mocks::default().context(hardened());
    let caller = caller(0);
    let outcome = DeleteUser::new(context).run(wish(&caller)).await;
    assert!(matches!(outcome, Err(DeleteUserError::Disabled)), "{outcome:?}");
}

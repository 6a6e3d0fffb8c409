use doorward_application::session::{ReadSession, Refresh};
use doorward_domain::session::{Session, SessionToken, TokenStorage};
use doorward_testing::{Mocks, samples};
use samples::at;

use super::{compatible, hardened, out_of_reach};

const DAY: i64 = 24 * 3600;

fn token() -> SessionToken {
    SessionToken::parse("alpha").unwrap()
}

fn found(mocks: &mut Mocks, session: Session) {
    let user = samples::user("ada");
    mocks
        .store
        .sessions
        .expect_find_with_user()
        .once()
        .returning(move |_| Ok(Some((session.clone(), user.clone()))));
}

fn session(ends: i64, storage: TokenStorage) -> Session {
    Session {
        expires_at: at(ends),
        created_at: at(ends - 7 * DAY),
        ..samples::session_stored(&samples::user("ada"), "alpha", storage)
    }
}

#[tokio::test]
async fn a_session_that_ended_is_removed_and_nobody_is_signed_in() {
    let mut mocks = Mocks::default();
    found(&mut mocks, session(0, TokenStorage::Digest));
    mocks
        .store
        .sessions
        .expect_delete()
        .once()
        .returning(|_| Ok(true));
    let (context, _) = mocks.context(hardened());
    assert!(
        ReadSession::new(context)
            .run(token(), Refresh::IfDue)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_young_session_is_only_read() {
    let mut mocks = Mocks::default();
    found(&mut mocks, session(6 * DAY + 1, TokenStorage::Digest));
    let (context, _) = mocks.context(hardened());
    let current = ReadSession::new(context)
        .run(token(), Refresh::IfDue)
        .await
        .unwrap()
        .unwrap();
    assert!(!current.refreshed && !current.needs_refresh);
}

#[tokio::test]
async fn a_session_in_use_is_extended_when_it_is_due() {
    let mut mocks = Mocks::default();
    found(&mut mocks, session(6 * DAY, TokenStorage::Digest));
    let extend = mocks.store.sessions.expect_extend().once();
    extend
        .withf(|_, from, to, _| (*from, *to) == (at(6 * DAY), at(7 * DAY)))
        .returning(|_, _, _, _| Ok(true));
    let (context, _) = mocks.context(hardened());
    let current = ReadSession::new(context)
        .run(token(), Refresh::IfDue)
        .await
        .unwrap()
        .unwrap();
    assert!(current.refreshed && !current.needs_refresh);
    assert_eq!(current.session.expires_at, at(7 * DAY));
}

#[tokio::test]
async fn reading_alone_says_that_it_is_due() {
    let mut mocks = Mocks::default();
    found(&mut mocks, session(6 * DAY, TokenStorage::Digest));
    let (context, _) = mocks.context(hardened());
    let current = ReadSession::new(context)
        .run(token(), Refresh::Never)
        .await
        .unwrap()
        .unwrap();
    assert!(!current.refreshed && current.needs_refresh);
}

#[tokio::test]
async fn se_5_a_refresh_that_came_too_late_changes_nothing() {
    let mut mocks = Mocks::default();
    found(&mut mocks, session(6 * DAY, TokenStorage::Digest));
    mocks
        .store
        .sessions
        .expect_extend()
        .once()
        .returning(|_, _, _, _| Ok(false));
    let (context, _) = mocks.context(hardened());
    let current = ReadSession::new(context)
        .run(token(), Refresh::IfDue)
        .await
        .unwrap()
        .unwrap();
    assert!(!current.refreshed);
    assert_eq!(current.session.expires_at, at(6 * DAY));
}

#[tokio::test]
async fn tk_2_a_token_that_rests_in_clear_is_rewritten_and_the_other_way_round() {
    for (settings, from, to) in [
        (hardened(), TokenStorage::Plaintext, TokenStorage::Digest),
        (compatible(), TokenStorage::Digest, TokenStorage::Plaintext),
    ] {
        let mut mocks = Mocks::default();
        found(&mut mocks, session(7 * DAY, from));
        let rewrite = mocks.store.sessions.expect_rewrite_token().once();
        rewrite
            .withf(move |_, _, stored, _| stored.storage() == to)
            .returning(|_, _, _, _| Ok(true));
        let (context, _) = mocks.context(settings);
        let current = ReadSession::new(context)
            .run(token(), Refresh::IfDue)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(current.session.token.storage(), to);
        assert_eq!(current.session.imported_at, Some(at(0)));
    }
}

#[tokio::test]
async fn a_store_out_of_reach_is_no_signed_out_user() {
    let mut mocks = Mocks::default();
    mocks
        .store
        .sessions
        .expect_find_with_user()
        .once()
        .returning(|_| Err(out_of_reach()));
    let (context, _) = mocks.context(hardened());
    assert!(
        ReadSession::new(context)
            .run(token(), Refresh::IfDue)
            .await
            .is_err()
    );
}

use std::pin::pin;
use std::sync::Arc;
use std::task::{self, Poll, Waker};

use chrono::{DateTime, Utc};
use doorward_adapters::memory::MemoryStore;
use doorward_application::Context;
use doorward_application::session::{ReadSession, Refresh};
use doorward_domain::session::{ActiveSession, Session, TokenStorage};
use doorward_domain::{Changed, Clock, Repositories, SessionId};
use doorward_testing::{Mocks, in_memory_ports, samples};
use samples::at;

use super::world::token;
use super::{World, compatible, hardened, out_of_reach};

const DAY: i64 = 24 * 3600;

fn session(ends: i64, storage: TokenStorage) -> Session {
    Session {
        expires_at: at(ends),
        created_at: at(ends - 7 * DAY),
        ..samples::session_stored(&samples::user("ada"), "alpha", storage)
    }
}

/// A world in which this session of Ada's is stored.
async fn world(session: Session) -> World {
    let world = World::new(hardened());
    world.add_user("ada").await;
    world.store.sessions().insert(&session).await.unwrap();
    world
}

async fn read(world: &World, refresh: Refresh) -> Option<ActiveSession> {
    ReadSession::new(world.context.clone())
        .run(&samples::request(), token("alpha"), refresh)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_session_that_ended_is_removed_and_nobody_is_signed_in() {
    let world = world(session(-5, TokenStorage::Digest)).await;
    assert!(read(&world, Refresh::IfDue).await.is_none());
    assert_eq!(world.snapshot().sessions, []);
}

/// As Better Auth does: whoever presents its token has its row removed.
#[tokio::test]
async fn a_session_is_removed_when_it_is_read_at_the_moment_it_ends() {
    let world = world(session(0, TokenStorage::Digest)).await;
    assert!(read(&world, Refresh::IfDue).await.is_none());
    assert_eq!(world.snapshot().sessions, []);
}

/// Shows the moment at which the session has ended, to a reader who found it before another request extended it.
#[derive(Debug)]
struct LateClock(Arc<MemoryStore>);

impl Clock for LateClock {
    fn now(&self) -> DateTime<Utc> {
        let id = SessionId::from_stored("session-alpha");
        let sessions = self.0.sessions();
        let extend = pin!(sessions.extend(&id, at(-5), at(7 * DAY), at(-6)));
        let extended = extend.poll(&mut task::Context::from_waker(Waker::noop()));
        assert!(matches!(extended, Poll::Ready(Ok(_))), "{extended:?}");
        at(0)
    }
}

#[tokio::test]
async fn a_session_that_was_extended_at_its_last_moment_stays() {
    let (mut ports, store, clock) = in_memory_ports();
    ports.clock = Arc::new(LateClock(store.clone()));
    let context = Context::new(ports, hardened());
    let world = World {
        context,
        store,
        clock,
    };
    world.add_user("ada").await;
    let session = session(-5, TokenStorage::Digest);
    world.store.sessions().insert(&session).await.unwrap();
    assert!(
        read(&world, Refresh::IfDue).await.is_none(),
        "it had ended when it was read"
    );
    let extended = Session {
        expires_at: at(7 * DAY),
        updated_at: at(-6),
        ..session
    };
    assert_eq!(world.snapshot().sessions, [extended]);
    assert!(read(&world, Refresh::IfDue).await.is_some());
}

#[tokio::test]
async fn a_young_session_is_only_read() {
    let world = world(session(6 * DAY + 1, TokenStorage::Digest)).await;
    let before = world.snapshot();
    let current = read(&world, Refresh::IfDue).await.unwrap();
    assert!(!current.refreshed && !current.needs_refresh);
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn a_session_in_use_is_extended_when_it_is_due() {
    let world = world(session(6 * DAY, TokenStorage::Digest)).await;
    let current = read(&world, Refresh::IfDue).await.unwrap();
    assert!(current.refreshed && !current.needs_refresh);
    assert_eq!(current.session.expires_at, at(7 * DAY));
    assert_eq!(world.snapshot().sessions, [current.session]);
}

#[tokio::test]
async fn reading_alone_says_that_it_is_due() {
    let world = world(session(6 * DAY, TokenStorage::Digest)).await;
    let before = world.snapshot();
    let current = read(&world, Refresh::Never).await.unwrap();
    assert!(!current.refreshed && current.needs_refresh);
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn se_5_a_refresh_that_came_too_late_changes_nothing() {
    let mut mocks = Mocks::default();
    let found = (session(6 * DAY, TokenStorage::Digest), samples::user("ada"));
    mocks
        .store
        .sessions
        .expect_find_with_user()
        .once()
        .returning(move |_| Ok(Some(found.clone())));
    mocks.store.transactions = 1;
    mocks
        .store
        .sessions
        .expect_extend()
        .once()
        .returning(|_, _, _, _| Ok(Changed::Stale));
    let (context, commits) = mocks.context(hardened());
    let current = ReadSession::new(context)
        .run(&samples::request(), token("alpha"), Refresh::IfDue)
        .await
        .unwrap()
        .unwrap();
    assert!(!current.refreshed);
    assert_eq!(current.session.expires_at, at(6 * DAY));
    assert_eq!(commits.count(), 0);
}

#[tokio::test]
async fn tk_2_a_token_that_rests_in_clear_is_rewritten_and_the_other_way_round() {
    for (settings, from, to) in [
        (hardened(), TokenStorage::Plaintext, TokenStorage::Digest),
        (compatible(), TokenStorage::Digest, TokenStorage::Plaintext),
    ] {
        let world = World::new(settings);
        world.add_user("ada").await;
        let stored = session(7 * DAY, from);
        world.store.sessions().insert(&stored).await.unwrap();
        let current = read(&world, Refresh::IfDue).await.unwrap();
        assert_eq!(current.session.token.storage(), to);
        assert_eq!(current.session.imported_at, Some(at(0)));
        let kept = &world.snapshot().sessions[0];
        assert_eq!(
            (&kept.token, kept.imported_at),
            (&current.session.token, Some(at(0)))
        );
        assert!(read(&world, Refresh::IfDue).await.is_some());
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
            .run(&samples::request(), token("alpha"), Refresh::IfDue)
            .await
            .is_err()
    );
}

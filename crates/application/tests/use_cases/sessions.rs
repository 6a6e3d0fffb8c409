//! One's own sessions and accounts, and what has run out.

use chrono::TimeDelta;
use doorward_application::RequestError;
use doorward_application::account::{UnlinkAccount, UnlinkError};
use doorward_application::purge_expired::{PurgeExpired, Purged};
use doorward_application::session::{ListSessions, RevokeSession, RevokeSessions, SignOut, UpdateSession};
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetKind, Decision, RequestLimit, Spending};
use doorward_domain::session::{Session, SessionHandle};
use doorward_domain::user::User;
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{AccountId, Repositories, RequestContext};
use doorward_testing::samples;
use samples::at;

use super::world::token;
use super::{World, hardened};

/// Ada's session and one elsewhere, one of Grace's, and one in which Ada impersonates Grace.
async fn world() -> (World, RequestContext) {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let grace = world.add_user("grace").await;
    world.signed_in(&ada, "elsewhere").await;
    world.signed_in(&grace, "grace").await;
    let impersonation = Session {
        impersonated_by: Some(ada.id.clone()),
        ..samples::session(&grace, "impersonation")
    };
    world.with_session(&grace, impersonation, "impersonation").await;
    let request = world.signed_in(&ada, "alpha").await;
    (world, request)
}

#[tokio::test]
async fn ac_1_a_session_is_revoked_by_its_id_or_token_and_only_by_its_user() {
    for (handle, ended) in [
        ("session-elsewhere", true),
        ("elsewhere", true),
        ("session-grace", false),
        ("grace", false),
        ("session-impersonation", false),
        ("unknown", false),
    ] {
        let (world, request) = world().await;
        let before = world.snapshot();
        let outcome = RevokeSession::new(world.context.clone())
            .run(&request, &SessionHandle::new(handle))
            .await
            .unwrap();
        assert_eq!(outcome.is_some(), ended, "{handle}");
        assert_eq!(world.snapshot() != before, ended, "{handle}");
        if ended {
            assert!(!world.session_ids().contains(&"session-elsewhere".to_owned()));
            assert_eq!(world.events("ada"), ["session.revoked"]);
        }
    }
}

#[tokio::test]
async fn se_6_all_sessions_end_but_the_one_to_keep_and_impersonations_with_them() {
    let (world, request) = world().await;
    let keep = request.signed_in().unwrap().session.id.clone();
    let revoke = RevokeSessions::new(world.context.clone());
    revoke.run(&request, Some(&keep)).await.unwrap();
    assert_eq!(world.session_ids(), ["session-alpha", "session-grace"]);
    revoke.run(&request, None).await.unwrap();
    assert_eq!(world.session_ids(), ["session-grace"]);
    assert_eq!(
        world.events("ada"),
        ["session.all_revoked", "session.all_revoked"]
    );
}

#[tokio::test]
async fn who_signs_out_leaves_nothing_behind() {
    let (world, request) = world().await;
    let sign_out = SignOut::new(world.context.clone());
    let before = world.snapshot();
    sign_out.run(&request, None, None).await.unwrap();
    sign_out
        .run(&request, Some(&token("unknown")), None)
        .await
        .unwrap();
    assert!(world.snapshot() == before);
    sign_out
        .run(&request, Some(&token("impersonation")), Some(&token("alpha")))
        .await
        .unwrap();
    assert_eq!(world.session_ids(), ["session-elsewhere", "session-grace"]);
    assert_eq!(world.events("ada"), ["session.signed_out"]);
    assert_eq!(world.events("grace"), ["session.signed_out"]);
}

#[tokio::test]
async fn ac_6_nobody_s_list_shows_who_impersonates_them() {
    let (world, _) = world().await;
    let request = samples::request_with(
        &samples::session(&samples::user("grace"), "grace"),
        &samples::user("grace"),
        "grace",
    );
    let listed = ListSessions::new(world.context.clone())
        .run(&request)
        .await
        .unwrap();
    let ids: Vec<_> = listed.iter().map(|listed| listed.session.id.as_str()).collect();
    assert_eq!(ids, ["session-grace"]);
    assert_eq!(listed[0].handle, "grace", "the caller's own token");
}

#[tokio::test]
async fn se_5_a_session_that_is_gone_is_not_changed() {
    let (world, request) = world().await;
    let update = UpdateSession::new(world.context.clone());
    let nothing = std::collections::BTreeMap::new();
    update.run(&request, &nothing).await.unwrap();
    let ended = world
        .store
        .sessions()
        .delete(&request.signed_in().unwrap().session.id)
        .await;
    assert!(ended.unwrap().is_removed());
    let before = world.snapshot();
    assert!(matches!(
        update.run(&request, &nothing).await,
        Err(RequestError::NotSignedIn(_))
    ));
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn al_4_the_last_account_stays_unless_that_is_allowed() {
    for allowed in [false, true] {
        let mut settings = hardened();
        settings.account.allow_unlinking_all = allowed;
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        let grace = world.add_user("grace").await;
        for user in [&ada, &grace] {
            let account = samples::linked(user, "github");
            world.store.accounts().insert(&account).await.unwrap();
        }
        let request = world.signed_in(&ada, "ada").await;
        let unlink = UnlinkAccount::new(world.context.clone());
        let before = world.snapshot();
        for foreign in ["github-grace", "unknown"] {
            let outcome = unlink.run(&request, &AccountId::from_stored(foreign)).await;
            assert!(matches!(outcome, Err(UnlinkError::Unknown)), "{outcome:?}");
        }
        assert!(world.snapshot() == before, "AC-1");
        let github = AccountId::from_stored("github-ada");
        unlink.run(&request, &github).await.unwrap();
        let before = world.snapshot();
        assert_eq!(before.accounts.len(), 3);
        let last = AccountId::from_stored("credential-ada");
        let outcome = unlink.run(&request, &last).await;
        if allowed {
            assert!(outcome.is_ok(), "{outcome:?}");
            assert_eq!(world.snapshot().accounts.len(), 2);
        } else {
            assert!(matches!(outcome, Err(UnlinkError::WasLast)), "{outcome:?}");
            assert!(world.snapshot() == before);
        }
    }
}

fn link(name: &str, ends: i64) -> Verification {
    let key = samples::key(Purpose::ResetPassword, name);
    Verification {
        expires_at: at(ends),
        ..samples::verification(&key, &samples::user("ada"))
    }
}

#[tokio::test]
async fn dt_2_a_purge_removes_what_ran_out_and_nothing_else() {
    const DAY: i64 = 24 * 3600;
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    for (name, ends) in [("expired", -6), ("live", 1)] {
        let session = Session {
            expires_at: at(ends),
            ..samples::session(&ada, name)
        };
        world.store.sessions().insert(&session).await.unwrap();
        world
            .store
            .verifications()
            .insert(&link(name, ends))
            .await
            .unwrap();
    }
    for (name, days) in [("kept", 29), ("due", 31)] {
        let user: User = samples::user(name).deleted(at(-days * DAY));
        world.add(user).await;
    }
    let limit = RequestLimit {
        max: 1,
        window: TimeDelta::days(1),
    };
    let budget = Budget::per(1, TimeDelta::days(1));
    for second in [-2 * DAY, -1] {
        let (key, moment) = (second.to_string(), at(second));
        let limiter = &world.context.ports.rate_limiter;
        assert_eq!(limiter.take(&key, limit, moment).await, Decision::Allowed);
        let key = BudgetKey::new(BudgetKind::new("test"), &key);
        let spending = world.store.budgets().spend(&key, &budget, moment).await;
        assert_eq!(spending.unwrap(), Spending::Granted { used: 1 });
    }
    let purged = PurgeExpired::new(world.context.clone())
        .run(&samples::request())
        .await
        .unwrap();
    let expected = Purged {
        devices: 0,
        sessions: 1,
        verifications: 1,
        users: 1,
        events: 0,
        budgets: 1,
        rate_limits: 1,
    };
    assert_eq!(purged, expected);
    assert!(!purged.is_full());
    let left = world.snapshot();
    assert_eq!(world.session_ids(), ["session-live"]);
    assert_eq!(left.verifications, [link("live", 1)]);
    let users: Vec<_> = left.users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(users, ["ada", "kept"]);
    let accounts: Vec<_> = left
        .accounts
        .iter()
        .map(|account| account.user_id.as_str())
        .collect();
    assert_eq!(accounts, ["ada", "kept"]);
}

#[tokio::test]
async fn dt_2_one_purge_removes_one_batch_and_says_that_there_may_be_more() {
    let world = World::new(hardened());
    world.add_user("ada").await;
    for number in 0..=PurgeExpired::BATCH {
        let row = link(&format!("link-{number}"), -6);
        world.store.verifications().insert(&row).await.unwrap();
    }
    let purge = PurgeExpired::new(world.context.clone());
    let first = purge.run(&samples::request()).await.unwrap();
    assert_eq!(
        (first.verifications, first.is_full()),
        (PurgeExpired::BATCH, true)
    );
    let second = purge.run(&samples::request()).await.unwrap();
    assert_eq!((second.verifications, second.is_full()), (1, false));
    assert_eq!(world.snapshot().verifications, []);
}

#[tokio::test]
async fn re_16_a_fast_clock_removes_nothing_that_is_valid_to_a_slow_one() {
    let world = World::new(hardened());
    world.add_user("ada").await;
    let row = link("just expired", -5);
    world.store.verifications().insert(&row).await.unwrap();
    let purge = PurgeExpired::new(world.context.clone());
    assert_eq!(purge.run(&samples::request()).await.unwrap(), Purged::default());
    world.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(purge.run(&samples::request()).await.unwrap().verifications, 1);
}

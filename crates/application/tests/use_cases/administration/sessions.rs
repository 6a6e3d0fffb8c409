//! Impersonations, and sessions of others.

use doorward_application::access::{AdminError, Impersonate, StopError, StopImpersonating, UserSessions};
use doorward_domain::session::{Lifetime, Session, SessionHandle};
use doorward_domain::user::Ban;
use doorward_domain::user::User;
use doorward_testing::samples;
use samples::at;

use super::super::World;
use super::super::world::token;
use super::{add, id, settings, signed_in};

#[tokio::test]
async fn ac_6_an_impersonation_is_marked_and_the_administrator_s_own_session_stays() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    add(&world, "grace", "user").await;
    let begun = Impersonate::new(world.context.clone())
        .run(&ada, &id("grace"))
        .await
        .unwrap();
    let session = &begun.opened.session;
    assert_eq!(session.user_id, id("grace"));
    assert_eq!(session.impersonated_by, Some(id("ada")));
    assert_eq!(session.expires_at, at(3600));
    assert_eq!(session.lifetime, Some(Lifetime::BrowserSession));
    assert_eq!(world.session_ids().len(), 2);
    assert_eq!(world.events("grace"), ["impersonation.started"]);
}

#[tokio::test]
async fn ac_6_administrators_and_the_banned_are_not_impersonated() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    add(&world, "root", "admin").await;
    let banned = User {
        ban: Ban::of("spam".to_owned(), None),
        ..samples::user("banned")
    };
    world.add(banned).await;
    let before = world.snapshot();
    let impersonate = Impersonate::new(world.context.clone());
    let outcome = impersonate.run(&ada, &id("root")).await;
    assert!(
        matches!(outcome, Err(AdminError::ImpersonateAdministrator)),
        "{outcome:?}"
    );
    let outcome = impersonate.run(&ada, &id("banned")).await;
    assert!(matches!(outcome, Err(AdminError::Banned)), "{outcome:?}");
    let outcome = impersonate.run(&ada, &id("nobody")).await;
    assert!(matches!(outcome, Err(AdminError::UserNotFound)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn an_impersonation_ends_only_into_a_session_of_the_administrator() {
    let world = World::new(settings());
    signed_in(&world, "ada", "admin").await;
    signed_in(&world, "root", "admin").await;
    let grace = add(&world, "grace", "user").await;
    world.signed_in(&grace, "grace").await;
    let session = Session {
        impersonated_by: Some(id("ada")),
        ..samples::session(&grace, "impersonation")
    };
    let request = world.with_session(&grace, session, "impersonation").await;
    let expired = Session {
        expires_at: at(0),
        ..samples::session(&samples::user("ada"), "expired")
    };
    world
        .with_session(&samples::user("ada"), expired, "expired")
        .await;
    let before = world.snapshot();
    let stop = StopImpersonating::new(world.context.clone());
    for left in ["root", "grace", "impersonation", "expired", "unknown"] {
        let outcome = stop.run(&request, Some(token(left)), Lifetime::Remembered).await;
        assert!(
            matches!(outcome, Err(StopError::SessionGone)),
            "{left} {outcome:?}"
        );
    }
    let outcome = stop.run(&request, None, Lifetime::Remembered).await;
    assert!(matches!(outcome, Err(StopError::SessionGone)), "{outcome:?}");
    let own = samples::request_by(&samples::user("ada"));
    let outcome = stop.run(&own, Some(token("ada")), Lifetime::Remembered).await;
    assert!(matches!(outcome, Err(StopError::NotImpersonating)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn sessions_of_others_are_listed_and_revoked() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    let grace = add(&world, "grace", "user").await;
    for name in ["one", "two", "three"] {
        world.signed_in(&grace, name).await;
    }
    let sessions = UserSessions::new(world.context.clone());
    let listed = sessions.list(&ada, &grace.id).await.unwrap();
    let mut handles: Vec<_> = listed.into_iter().map(|listed| listed.handle).collect();
    handles.sort();
    assert_eq!(
        handles,
        ["session-one", "session-three", "session-two"],
        "TK-2: no tokens"
    );
    sessions
        .revoke(&ada, &SessionHandle::new("session-one"))
        .await
        .unwrap();
    assert_eq!(
        world.session_ids(),
        ["session-ada", "session-three", "session-two"]
    );
    let before = world.snapshot();
    sessions
        .revoke(&ada, &SessionHandle::new("unknown"))
        .await
        .unwrap();
    assert!(world.snapshot() == before, "no event either");
    sessions.revoke_all(&ada, &grace.id).await.unwrap();
    assert_eq!(world.session_ids(), ["session-ada"]);
    assert_eq!(
        world.events("grace"),
        ["session.listed", "session.revoked", "session.all_revoked"]
    );
}

//! Sessions that follow others: rotated, impersonating, restored.

use std::sync::Arc;

use async_trait::async_trait;
use doorward_application::access::{Impersonate, StopImpersonating};
use doorward_application::hooks::{Hook, HookError, Rejection};
use doorward_application::password::{ChangePassword, ChangePasswordError, ChangePasswordInput};
use doorward_application::sign_in::{Rotation, SessionIssuer, SignInDenied};
use doorward_domain::password::Password;
use doorward_domain::session::{AuthMethod, Authentication, Lifetime, Session};
use doorward_domain::user::User;
use doorward_domain::user::{Ban, RoleList};
use doorward_domain::{Repositories, RequestContext, Store, Transaction};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::world::token;
use super::{World, hardened};

const DAY: i64 = 24 * 3600;

/// A session whose user proved who they are that many days ago.
fn proven(user: &User, days: i64, name: &str) -> Session {
    Session {
        authentication: Authentication::by(AuthMethod::EmailLink, at(-days * DAY)),
        lifetime: Some(Lifetime::Remembered),
        ..samples::session(user, name)
    }
}

async fn rotate(world: &World, old: &Session, proof: Option<Authentication>) -> Rotation {
    let request = samples::request();
    let tx = world.store.begin(&request).await.unwrap();
    let user = tx.users().lock(&old.user_id).await.unwrap().unwrap();
    let rotation = SessionIssuer::new(world.context.clone())
        .rotate(&request, &*tx, &user, old, proof, Lifetime::Remembered)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    rotation
}

#[tokio::test]
async fn se_8_a_rotated_session_keeps_its_proof_and_ages_with_it() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let old = proven(&ada, 29, "old");
    world.store.sessions().insert(&old).await.unwrap();
    let Rotation::Rotated(issued) = rotate(&world, &old, None).await else {
        panic!("the session is there");
    };
    assert_eq!(issued.session.authentication, old.authentication);
    assert_eq!(issued.session.expires_at, at(DAY), "30 days after the proof");
    assert_eq!(world.snapshot().sessions, std::slice::from_ref(&issued.session));

    let proof = Authentication::by(AuthMethod::Password, at(0));
    let Rotation::Rotated(anew) = rotate(&world, &issued.session, Some(proof.clone())).await else {
        panic!("the session is there");
    };
    assert_eq!(anew.session.authentication, proof);
    assert_eq!(anew.session.expires_at, at(7 * DAY));
}

#[tokio::test]
async fn se_5_a_session_that_was_revoked_is_not_replaced() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let before = world.snapshot();
    let rotation = rotate(&world, &samples::session(&ada, "revoked"), None).await;
    assert!(matches!(rotation, Rotation::Gone), "{rotation:?}");
    assert!(world.snapshot() == before);

    let request = samples::request_with(&samples::session(&ada, "revoked"), &ada, "revoked");
    let input = ChangePasswordInput {
        current: Password::new(PASSWORD),
        new: Password::new("another staple of horses"),
        revoke_other_sessions: false,
        lifetime: Lifetime::Remembered,
    };
    let outcome = ChangePassword::new(world.context.clone())
        .run(&request, input)
        .await;
    assert!(
        matches!(outcome, Err(ChangePasswordError::NotSignedIn(_))),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before, "the password neither");
}

#[tokio::test]
async fn who_may_not_come_in_gets_no_new_session_for_the_old_one() {
    let world = World::new(hardened());
    let ada = world
        .add(User {
            ban: Ban::of("spam".to_owned(), None),
            ..samples::user("ada")
        })
        .await;
    let old = proven(&ada, 0, "old");
    world.store.sessions().insert(&old).await.unwrap();
    let rotation = rotate(&world, &old, None).await;
    assert!(
        matches!(rotation, Rotation::Denied(SignInDenied::Banned)),
        "{rotation:?}"
    );
    assert_eq!(world.snapshot().sessions, []);
}

/// Verification is asked of those who sign in; whoever is signed in already stays so.
#[tokio::test]
async fn a_rotation_does_not_ask_for_a_verified_address() {
    for revoke_other_sessions in [false, true] {
        let mut settings = hardened();
        settings.email_and_password.require_email_verification = true;
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        assert!(!ada.email_verified);
        let request = world.signed_in(&ada, "alpha").await;
        let input = ChangePasswordInput {
            current: Password::new(PASSWORD),
            new: Password::new("another staple of horses"),
            revoke_other_sessions,
            lifetime: Lifetime::Remembered,
        };
        let changed = ChangePassword::new(world.context.clone())
            .run(&request, input)
            .await
            .unwrap();
        let opened = changed.opened.map(|issued| issued.session);
        assert!(opened.is_some(), "the browser stays signed in");
        assert_eq!(world.snapshot().sessions, Vec::from_iter(opened));
    }
}

/// An administrator whose proof is 29 days old impersonates Grace.
async fn impersonating(world: &World) -> (RequestContext, Session) {
    world.add_user("grace").await;
    let ada = world
        .add(User {
            role: Some(RoleList::from_stored("admin")),
            ..samples::user("ada")
        })
        .await;
    let own = proven(&ada, 29, "own");
    let request = world.with_session(&ada, own.clone(), "own").await;
    let impersonating = Impersonate::new(world.context.clone())
        .run(&request, &samples::user("grace").id)
        .await
        .unwrap();
    let opened = impersonating.opened;
    let request = samples::request_with(&opened.session, &impersonating.user, opened.token.expose());
    (request, own)
}

#[tokio::test]
async fn se_8_pw_9_impersonating_and_coming_back_makes_no_session_fresh_or_young() {
    let mut settings = hardened();
    settings.admin.enabled = true;
    let policy = settings.session.clone();
    let world = World::new(settings);
    let (request, own) = impersonating(&world).await;
    let session = &request.signed_in().unwrap().session;
    assert_eq!(session.authentication, own.authentication);
    assert!(!policy.is_fresh(session, at(0)));
    assert_eq!(session.expires_at, at(3600));

    let stopped = StopImpersonating::new(world.context.clone())
        .run(&request, Some(token("own")), Lifetime::Remembered)
        .await
        .unwrap();
    let back = stopped.opened.session;
    assert_ne!(back.id, own.id, "SE-4");
    assert_eq!(back.authentication, own.authentication);
    assert_eq!(back.expires_at, at(DAY), "30 days after the proof");
    assert!(!policy.is_fresh(&back, at(0)));
    assert_eq!(world.snapshot().sessions, [back]);
}

/// The row says that the session is remembered; a cookie that says otherwise does not count.
#[tokio::test]
async fn se_8_the_lifetime_of_a_restored_session_is_that_of_its_row() {
    for rotates in [true, false] {
        let mut settings = hardened();
        settings.admin.enabled = true;
        settings.security.rotate_session_after_impersonation = rotates;
        let world = World::new(settings);
        let (request, own) = impersonating(&world).await;
        assert_eq!(own.lifetime, Some(Lifetime::Remembered));
        let stopped = StopImpersonating::new(world.context.clone())
            .run(&request, Some(token("own")), Lifetime::BrowserSession)
            .await
            .unwrap();
        assert_eq!(
            stopped.opened.lifetime,
            Lifetime::Remembered,
            "rotates: {rotates}"
        );
    }
}

/// Neither an unverified address nor anything else that denies a sign-in is called a ban.
#[tokio::test]
async fn an_unverified_user_is_impersonated() {
    let mut settings = hardened();
    settings.admin.enabled = true;
    settings.email_and_password.require_email_verification = true;
    let world = World::new(settings);
    let (request, _) = impersonating(&world).await;
    assert!(!request.signed_in().unwrap().user.email_verified);
    let subject = request.signed_in().unwrap().user.id.as_str();
    assert!(
        world
            .events(subject)
            .contains(&"impersonation.started".to_owned())
    );
}

#[tokio::test]
async fn an_impersonation_ends_nobody_s_session_and_runs_no_sign_in_hook() {
    let mut settings = hardened();
    settings.admin.enabled = true;
    settings.session.max_per_user = Some(1);
    let world = World::with(settings, |ports| ports.hooks.sign_in.push(Arc::new(Nobody)));
    let (request, own) = impersonating(&world).await;
    let grace = samples::user("grace");
    world.signed_in(&grace, "grace").await;
    Impersonate::new(world.context.clone())
        .run(&samples::request_with(&own, &ada_of(&own), "own"), &grace.id)
        .await
        .unwrap();
    let left = world.session_ids();
    assert!(left.contains(&"session-grace".to_owned()) && left.contains(&"session-own".to_owned()));
    assert!(left.contains(&request.signed_in().unwrap().session.id.to_string()));
}

/// Refuses every sign-in.
struct Nobody;

#[async_trait]
impl Hook for Nobody {
    async fn before_commit(&self, _: &dyn Transaction, _: &User) -> Result<(), HookError> {
        Err(Rejection {
            code: "NOBODY",
            message: "Nobody".into(),
        }
        .into())
    }
}

fn ada_of(session: &Session) -> User {
    User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user(session.user_id.as_str())
    }
}

//! What is recorded: who did what to whom, if and only if it was done.

use doorward_application::access::{AdminUpdateUser, BanInput};
use doorward_application::hooks::{Hook, HookError, Rejection};
use doorward_application::password::{ChangePassword, ChangePasswordInput};
use doorward_application::profile::{DeleteUser, DeleteUserError, DeleteUserInput, UpdateUser};
use doorward_domain::audit::AuditEvent;
use doorward_domain::password::Password;
use doorward_domain::session::{Lifetime, Session};
use doorward_domain::user::RoleList;
use doorward_domain::user::{ProfileChange, User, UserName};
use doorward_domain::{Actor, Client, RequestContext, RequestId, SessionId, Transaction, UserId};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::{World, hardened};

const NEW: &str = "another staple of horses";

fn rename() -> ProfileChange {
    ProfileChange {
        name: Some(UserName::from_stored("Countess")),
        ..ProfileChange::default()
    }
}

fn facts(event: &AuditEvent) -> (&str, Option<&str>, Option<&str>, Option<&str>, Option<&str>) {
    (
        &event.actor_kind,
        event.actor_id.as_deref(),
        event.session_id.as_ref().map(SessionId::as_str),
        event.impersonated_by.as_ref().map(UserId::as_str),
        event.subject_id.as_ref().map(UserId::as_str),
    )
}

#[tokio::test]
async fn an_event_says_who_acted_on_whom_and_from_where() {
    let mut settings = hardened();
    settings.admin.enabled = true;
    let world = World::new(settings);
    let ada = world
        .add(User {
            role: Some(RoleList::from_stored("admin")),
            ..samples::user("ada")
        })
        .await;
    let grace = world.add_user("grace").await;
    let client = Client::new("192.0.2.9".to_owned(), "browser");
    let actor = world.signed_in(&ada, "alpha").await.actor;
    let request = RequestContext::new(actor, client, RequestId::new("r-1"), at(5));
    let input = BanInput {
        user: grace.id.clone(),
        reason: None,
        duration: None,
    };
    AdminUpdateUser::new(world.context.clone())
        .ban(&request, input)
        .await
        .unwrap();
    let events = world.snapshot().audit_events;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        facts(event),
        ("user", Some("ada"), Some("session-alpha"), None, Some("grace"))
    );
    assert_eq!(
        (event.kind.as_str(), event.outcome.as_str(), event.at),
        ("user.banned", "success", at(5))
    );
    assert_eq!(
        (event.request_id.as_str(), event.id.as_str()),
        ("r-1", "r-1-0000")
    );
    assert_eq!(
        (event.ip_address.as_deref(), event.user_agent.as_deref()),
        (Some("192.0.2.9"), Some("browser"))
    );
}

#[tokio::test]
async fn an_event_names_the_administrator_behind_an_impersonated_user() {
    let world = World::new(hardened());
    let grace = world.add_user("grace").await;
    let administrator = User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user("ada")
    };
    world.add(administrator).await;
    let session = Session {
        impersonated_by: Some(UserId::from_stored("ada")),
        ..samples::session(&grace, "impersonation")
    };
    let request = world.with_session(&grace, session, "impersonation").await;
    UpdateUser::new(world.context.clone())
        .run(&request, &rename())
        .await
        .unwrap();
    assert_eq!(
        facts(&world.snapshot().audit_events[0]),
        (
            "user",
            Some("grace"),
            Some("session-impersonation"),
            Some("ada"),
            Some("grace")
        )
    );
}

#[tokio::test]
async fn an_event_names_commands_and_says_when_nobody_is_known() {
    let mut settings = hardened();
    settings.admin.enabled = true;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let request = samples::request().with_actor(Actor::Operator("users ban"));
    let input = BanInput {
        user: ada.id.clone(),
        reason: None,
        duration: None,
    };
    AdminUpdateUser::new(world.context.clone())
        .ban(&request, input)
        .await
        .unwrap();
    let refused = world.sign_in(&ada, PASSWORD).await;
    assert!(refused.is_err());
    let events = world.snapshot().audit_events;
    assert_eq!(
        facts(&events[0]),
        ("operator", Some("users ban"), None, None, Some("ada"))
    );
    assert_eq!(facts(&events[1]), ("anonymous", None, None, None, Some("ada")));
    assert_eq!(
        (events[1].kind.as_str(), events[1].outcome.as_str()),
        ("session.denied", "denied")
    );
}

#[tokio::test]
async fn the_events_of_a_request_sort_by_their_ids() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    let input = ChangePasswordInput {
        current: Password::new(PASSWORD),
        new: Password::new(NEW),
        revoke_other_sessions: false,
        lifetime: Lifetime::Remembered,
    };
    UpdateUser::new(world.context.clone())
        .run(&request, &rename())
        .await
        .unwrap();
    ChangePassword::new(world.context.clone())
        .run(&request, input)
        .await
        .unwrap();
    let events = world.snapshot().audit_events;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["user.updated", "session.rotated", "password.changed"]);
    assert!(events.is_sorted_by(|a, b| a.id < b.id), "{events:?}");
    assert!(events.iter().all(|event| event.request_id == request.id.as_str()));
}

/// AU-2: neither passwords nor hashes, tokens or addresses.
#[tokio::test]
async fn au_2_no_event_holds_a_secret_or_an_address() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    assert!(world.sign_in(&ada, PASSWORD).await.is_err());
    let input = ChangePasswordInput {
        current: Password::new(PASSWORD),
        new: Password::new(NEW),
        revoke_other_sessions: true,
        lifetime: Lifetime::Remembered,
    };
    ChangePassword::new(world.context.clone())
        .run(&request, input)
        .await
        .unwrap();
    let events = world.snapshot().audit_events;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["session.denied", "session.rotated", "password.changed"]);
    let text = format!("{events:?}");
    for secret in [PASSWORD, NEW, "plain:", "\"alpha\"", ada.email.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// Writes, then refuses.
struct Refusing;

#[async_trait::async_trait]
impl Hook for Refusing {
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        use doorward_domain::audit::{Event, EventKind};
        tx.record(Event::of(EventKind::UserUpdated, &user.id)).await?;
        Err(Rejection {
            code: "NO",
            message: "No".into(),
        }
        .into())
    }
}

#[tokio::test]
async fn what_was_not_committed_is_not_recorded() {
    let mut settings = hardened();
    settings.delete_user.enabled = true;
    let world = World::with(settings, |ports| {
        ports.hooks.deletion.push(std::sync::Arc::new(Refusing));
    });
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    let input = DeleteUserInput {
        password: None,
        token: None,
        callback: None,
    };
    let outcome = DeleteUser::new(world.context.clone()).run(&request, input).await;
    assert!(
        matches!(outcome, Err(DeleteUserError::Rejected(_))),
        "{outcome:?}"
    );
    assert_eq!(world.snapshot().audit_events, []);
}

//! What a caller may do is decided on the caller's locked row, not on what was read with the session.

use doorward_application::access::{
    AdminCreateUser, AdminDeleteUser, AdminError, AdminUpdateUser, Impersonate, RestoreUser, RoleInput,
    SetUserPassword, UserSessions,
};
use doorward_domain::password::Password;
use doorward_domain::session::SessionHandle;
use doorward_domain::user::{Ban, UserChange};
use doorward_domain::{Repositories, RequestContext};
use doorward_testing::samples::at;

use super::super::World;
use super::{add, ban, id, new_user, operator, role, settings, signed_in};

/// What an administrator does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Create,
    Update,
    PromoteOneself,
    Ban,
    UnbanOneself,
    Delete,
    Restore,
    SetPassword,
    Impersonate,
    RevokeSession,
    RevokeSessions,
}

impl Act {
    const ALL: [Self; 11] = [
        Self::Create,
        Self::Update,
        Self::PromoteOneself,
        Self::Ban,
        Self::UnbanOneself,
        Self::Delete,
        Self::Restore,
        Self::SetPassword,
        Self::Impersonate,
        Self::RevokeSession,
        Self::RevokeSessions,
    ];

    async fn run(self, world: &World, request: &RequestContext) -> Result<(), AdminError> {
        let context = world.context.clone();
        let grace = id("grace");
        match self {
            Self::Create => AdminCreateUser::new(context)
                .run(request, new_user(UserChange::default()))
                .await
                .map(drop),
            Self::Update => {
                let change = UserChange {
                    email_verified: Some(false),
                    ..UserChange::default()
                };
                let update = AdminUpdateUser::new(context);
                update.run(request, &grace, change).await.map(drop)
            }
            Self::PromoteOneself => {
                let input = RoleInput {
                    user: id("ada"),
                    role: role("admin"),
                };
                let update = AdminUpdateUser::new(context);
                update.set_role(request, input).await.map(drop)
            }
            Self::Ban => AdminUpdateUser::new(context)
                .ban(request, ban("grace"))
                .await
                .map(drop),
            Self::UnbanOneself => AdminUpdateUser::new(context)
                .unban(request, &id("ada"))
                .await
                .map(drop),
            Self::Delete => AdminDeleteUser::new(context).run(request, &grace).await,
            Self::Restore => RestoreUser::new(context)
                .run(request, &id("deleted"))
                .await
                .map(drop),
            Self::SetPassword => {
                let password = Password::new("another staple of horses");
                SetUserPassword::new(context).run(request, &grace, password).await
            }
            Self::Impersonate => Impersonate::new(context).run(request, &grace).await.map(drop),
            Self::RevokeSession => {
                let handle = SessionHandle::new("session-grace");
                UserSessions::new(context).revoke(request, &handle).await
            }
            Self::RevokeSessions => UserSessions::new(context).revoke_all(request, &grace).await,
        }
    }
}

/// Ada and Root, who administer; Grace, signed in; and a user who is deleted.
async fn world(keep_last: bool) -> (World, RequestContext) {
    let mut settings = settings();
    settings.security.keep_last_administrator = keep_last;
    let world = World::new(settings);
    add(&world, "root", "admin").await;
    signed_in(&world, "grace", "user").await;
    let deleted = add(&world, "deleted", "user").await;
    let removed = world.store.users().soft_delete(&deleted.id, at(0)).await.unwrap();
    assert!(removed.is_removed());
    let ada = signed_in(&world, "ada", "admin").await;
    (world, ada)
}

#[tokio::test]
async fn an_administrator_does_all_of_this() {
    for keep_last in [false, true] {
        for act in Act::ALL {
            let (world, ada) = world(keep_last).await;
            let before = world.snapshot();
            act.run(&world, &ada).await.unwrap();
            assert!(world.snapshot() != before, "{act:?}");
        }
    }
}

#[tokio::test]
async fn ac_2_a_caller_who_was_demoted_meanwhile_administers_nobody() {
    for keep_last in [false, true] {
        for act in Act::ALL {
            let (world, ada) = world(keep_last).await;
            let input = RoleInput {
                user: id("ada"),
                role: role("user"),
            };
            let update = AdminUpdateUser::new(world.context.clone());
            update.set_role(&operator(), input).await.unwrap();
            let before = world.snapshot();
            let outcome = act.run(&world, &ada).await;
            assert!(
                matches!(outcome, Err(AdminError::NotPermitted(_))),
                "{act:?} {outcome:?}"
            );
            assert!(world.snapshot() == before, "{act:?}");
        }
    }
}

#[tokio::test]
async fn se_6_a_caller_who_was_banned_or_deleted_or_whose_session_ended_meanwhile_administers_nobody() {
    for keep_last in [false, true] {
        for act in Act::ALL {
            for end in 0..3 {
                let (world, ada) = world(keep_last).await;
                let context = world.context.clone();
                match end {
                    0 => drop(
                        AdminUpdateUser::new(context)
                            .ban(&operator(), ban("ada"))
                            .await
                            .unwrap(),
                    ),
                    1 => AdminDeleteUser::new(context)
                        .run(&operator(), &id("ada"))
                        .await
                        .unwrap(),
                    _ => UserSessions::new(context)
                        .revoke_all(&operator(), &id("ada"))
                        .await
                        .unwrap(),
                }
                let before = world.snapshot();
                let outcome = act.run(&world, &ada).await;
                assert!(
                    matches!(outcome, Err(AdminError::NotSignedIn(_))),
                    "{act:?} {end} {outcome:?}"
                );
                assert!(world.snapshot() == before, "{act:?} {end}");
            }
        }
    }
}

/// A ban written past the server ends no session. It counts all the same.
#[tokio::test]
async fn a_caller_who_is_banned_and_still_has_a_session_administers_nobody() {
    for act in Act::ALL {
        let (world, ada) = world(true).await;
        let change = UserChange {
            ban: Ban::of("spam".to_owned(), None).into(),
            ..UserChange::default()
        };
        let users = world.store.users();
        users.update(&id("ada"), &change, at(0)).await.unwrap().unwrap();
        let before = world.snapshot();
        let outcome = act.run(&world, &ada).await;
        assert!(
            matches!(outcome, Err(AdminError::NotPermitted(_))),
            "{act:?} {outcome:?}"
        );
        assert!(world.snapshot() == before, "{act:?}");
    }
}

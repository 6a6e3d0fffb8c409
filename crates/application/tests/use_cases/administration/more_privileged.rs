//! Nobody changes somebody who may do more than they, and nobody grants more than they have.

use std::collections::BTreeMap;

use doorward_application::access::{
    AdminCreateUser, AdminDeleteUser, AdminError, AdminUpdateUser, Impersonate, RestoreUser, RoleInput,
    SendPasswordReset, SetUserPassword, UserSessions,
};
use doorward_application::settings::Settings;
use doorward_domain::access::{AccessPolicy, Permission, permissions};
use doorward_domain::password::Password;
use doorward_domain::session::SessionHandle;
use doorward_domain::user::Administrators;
use doorward_domain::user::{Email, UserChange, UserName};
use doorward_domain::{Repositories, RequestContext};
use doorward_testing::samples;
use proptest::prelude::*;
use samples::at;

use super::super::World;
use super::{add, ban, id, new_user, role, settings, signed_in};

/// A permission of the team's own, which support has not.
const PAY: Permission = Permission::new("invoice", "pay");

fn policy() -> AccessPolicy {
    let mut support: Vec<_> = permissions::user::ALL.to_vec();
    support.extend_from_slice(permissions::session::ALL);
    support.retain(|permission| *permission != permissions::user::IMPERSONATE_ADMINS);
    AccessPolicy::builder()
        .declare([PAY])
        .role("support", support)
        .role("auditor", [permissions::user::LIST, permissions::user::GET])
        .role("payer", [PAY])
        .administrators(Administrators {
            roles: vec!["admin".to_owned()],
            users: vec![id("listed")],
        })
        .build()
        .unwrap()
}

fn with_policy(protects: bool) -> Settings {
    let mut settings = settings();
    settings.access = policy();
    settings.security.protect_more_privileged = protects;
    settings.email_and_password.send_reset_password = true;
    settings
}

/// Everything an administrator does to somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Rename,
    ChangeEmail,
    SetRole,
    Ban,
    Unban,
    Delete,
    Restore,
    SetPassword,
    SendPasswordReset,
    RevokeSession,
    RevokeSessions,
    Impersonate,
}

impl Act {
    const ALL: [Self; 12] = [
        Self::Rename,
        Self::ChangeEmail,
        Self::SetRole,
        Self::Ban,
        Self::Unban,
        Self::Delete,
        Self::Restore,
        Self::SetPassword,
        Self::SendPasswordReset,
        Self::RevokeSession,
        Self::RevokeSessions,
        Self::Impersonate,
    ];

    async fn run(self, world: &World, request: &RequestContext, name: &str) -> Result<(), AdminError> {
        let context = world.context.clone();
        let update = AdminUpdateUser::new(context.clone());
        let user = id(name);
        match self {
            Self::Rename => {
                let mut change = UserChange::default();
                change.profile.name = Some(UserName::from_stored("Renamed"));
                update.run(request, &user, change).await.map(drop)
            }
            Self::ChangeEmail => {
                let change = UserChange {
                    email: Some(Email::parse("moved@example.test").unwrap()),
                    ..UserChange::default()
                };
                update.run(request, &user, change).await.map(drop)
            }
            Self::SetRole => {
                let role = role("user");
                update.set_role(request, RoleInput { user, role }).await.map(drop)
            }
            Self::Ban => update.ban(request, ban(name)).await.map(drop),
            Self::Unban => update.unban(request, &user).await.map(drop),
            Self::Delete => AdminDeleteUser::new(context).run(request, &user).await,
            Self::Restore => RestoreUser::new(context).run(request, &user).await.map(drop),
            Self::SetPassword => {
                let password = Password::new("another staple of horses");
                SetUserPassword::new(context).run(request, &user, password).await
            }
            Self::SendPasswordReset => SendPasswordReset::new(context).run(request, &user, None).await,
            Self::RevokeSession => {
                let handle = SessionHandle::new(format!("session-{name}"));
                UserSessions::new(context).revoke(request, &handle).await
            }
            Self::RevokeSessions => UserSessions::new(context).revoke_all(request, &user).await,
            Self::Impersonate => Impersonate::new(context).run(request, &user).await.map(drop),
        }
    }
}

async fn attempt(settings: Settings, caller: &str, target: &str, act: Act) -> (Result<(), AdminError>, bool) {
    let world = World::new(settings);
    add(&world, "root", "admin").await;
    let request = signed_in(&world, "caller", caller).await;
    let name = if target == "listed" { "listed" } else { "target" };
    let of = if target == "listed" { "user" } else { target };
    signed_in(&world, name, of).await;
    if act == Act::Restore {
        let removed = world.store.users().soft_delete(&id(name), at(0)).await;
        assert!(removed.unwrap().is_removed());
    }
    let before = world.snapshot();
    let outcome = act.run(&world, &request, name).await;
    (outcome, world.snapshot() != before)
}

#[tokio::test]
async fn nobody_does_anything_to_somebody_who_may_do_more() {
    for caller in ["support", "admin"] {
        for target in [
            "user",
            "auditor",
            "support",
            "payer",
            "user,payer",
            "admin",
            "listed",
        ] {
            let administers = matches!(target, "admin" | "listed");
            let covered = caller == "admin" || !(administers || target.contains("payer"));
            for act in Act::ALL {
                let (outcome, changed) = attempt(with_policy(true), caller, target, act).await;
                let case = format!("{caller} {act:?} {target} {outcome:?}");
                let may = covered && !(act == Act::Impersonate && administers);
                assert_eq!(outcome.is_ok(), may, "{case}");
                assert_eq!(changed, may, "{case}");
                if !covered {
                    assert!(matches!(outcome, Err(AdminError::NotPermitted(_))), "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn where_nobody_is_protected_the_permission_is_enough() {
    for target in ["user", "payer", "admin", "listed"] {
        for act in Act::ALL {
            let (outcome, changed) = attempt(with_policy(false), "support", target, act).await;
            let administers = matches!(target, "admin" | "listed");
            let may = !(act == Act::Impersonate && administers);
            assert_eq!(outcome.is_ok(), may, "{act:?} {target} {outcome:?}");
            assert_eq!(changed, may, "{act:?} {target}");
        }
    }
}

#[tokio::test]
async fn nobody_grants_more_than_they_have() {
    for protects in [true, false] {
        for (granted, has) in [
            ("user", true),
            ("auditor", true),
            ("support,auditor", true),
            ("payer", false),
            ("admin", false),
            ("user,admin", false),
        ] {
            let world = World::new(with_policy(protects));
            let request = signed_in(&world, "caller", "support").await;
            add(&world, "target", "user").await;
            let before = world.snapshot();
            let change = UserChange {
                role: Some(role(granted)),
                ..UserChange::default()
            };
            let update = AdminUpdateUser::new(world.context.clone());
            let create = AdminCreateUser::new(world.context.clone());
            let input = |user| RoleInput {
                user,
                role: role(granted),
            };
            let outcomes = [
                create.run(&request, new_user(change.clone())).await,
                update.run(&request, &id("target"), change).await,
                update.set_role(&request, input(id("target"))).await,
                update.set_role(&request, input(id("caller"))).await,
            ];
            let may = has || !protects;
            for outcome in &outcomes[..3] {
                assert_eq!(outcome.is_ok(), may, "{granted} {outcome:?}");
            }
            assert_eq!(outcomes[3].is_ok(), may, "{granted}: neither to themselves");
            assert_eq!(world.snapshot() != before, may, "{granted}");
        }
    }
}

/// Any role of the policy, any list of them, and texts that are no role.
fn roles() -> impl Strategy<Value = String> {
    let role = prop_oneof![
        Just("a"),
        Just("b"),
        Just("c"),
        Just("d"),
        Just("admin"),
        Just("user"),
        Just("nobody-declared"),
        Just(""),
    ];
    prop::collection::vec(role, 0..4).prop_map(|roles| roles.join(","))
}

/// Four roles of random permissions.
fn policies() -> impl Strategy<Value = AccessPolicy> {
    let all = permissions::user::ALL;
    let granted = prop::collection::vec(prop::sample::subsequence(all, 0..=all.len()), 4);
    granted.prop_map(|granted| {
        let named: BTreeMap<_, _> = ["a", "b", "c", "d"].into_iter().zip(granted).collect();
        let builder = named
            .into_iter()
            .fold(AccessPolicy::builder(), |builder, (name, granted)| {
                builder.role(name, granted)
            });
        builder.build().unwrap()
    })
}

fn of(roles: &str) -> doorward_domain::user::User {
    let mut user = samples::user("somebody");
    user.role = Some(role(roles));
    user
}

proptest! {
    #[test]
    fn equals_cover_each_other(policy in policies(), roles in roles()) {
        prop_assert!(policy.covers(&of(&roles), &of(&roles)));
    }

    #[test]
    fn an_administrator_covers_everybody_and_only_administrators_cover_one(policy in policies(), roles in roles()) {
        prop_assert!(policy.covers(&of("admin"), &of(&roles)));
        let administers = roles.split(',').any(|role| role == "admin");
        prop_assert_eq!(policy.covers(&of(&roles), &of("admin")), administers);
        prop_assert!(policy.may_grant(&of("admin"), &role(&roles)));
    }

    #[test]
    fn whom_somebody_covers_covers_nobody_beyond(
        policy in policies(), a in roles(), b in roles(), c in roles()
    ) {
        if policy.covers(&of(&a), &of(&b)) && policy.covers(&of(&b), &of(&c)) {
            prop_assert!(policy.covers(&of(&a), &of(&c)));
        }
    }

    #[test]
    fn another_role_takes_no_power_away(
        policy in policies(), a in roles(), b in roles(), more in "a|b|c|d|admin|user"
    ) {
        let richer = format!("{a},{more}");
        // Whoever has no role has the one by default, and only as long as they have no other.
        prop_assume!(!a.is_empty());
        if policy.covers(&of(&a), &of(&b)) {
            prop_assert!(policy.covers(&of(&richer), &of(&b)));
        }
        if policy.may_grant(&of(&a), &role(&b)) {
            prop_assert!(policy.may_grant(&of(&richer), &role(&b)));
        }
        if policy.covers(&of(&b), &of(&richer)) {
            prop_assert!(policy.covers(&of(&b), &of(&a)));
        }
    }

    /// What may be granted is what is covered once it is granted: nobody makes a user whom they could not change.
    #[test]
    fn granting_makes_nobody_whom_the_granter_does_not_cover(policy in policies(), a in roles(), b in roles()) {
        if policy.may_grant(&of(&a), &role(&b)) {
            prop_assert!(policy.covers(&of(&a), &of(&b)));
        }
        for permission in permissions::user::ALL {
            if policy.covers(&of(&a), &of(&b)) && policy.permits(&of(&b), permission) {
                let administers = policy.is_administrator(&of(&a));
                prop_assert!(administers || policy.permits(&of(&a), permission));
            }
        }
    }
}

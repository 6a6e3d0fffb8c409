//! Administrators, and whom they may change what about.

mod demoted;
mod last_administrator;
mod more_privileged;
mod sessions;

use chrono::TimeDelta;
use doorward_application::access::{
    AdminCreateUser, AdminCreateUserInput, AdminDeleteUser, AdminError, AdminUpdateUser, BanInput,
    CheckPermission, ListUsers, RestoreUser, RoleInput, SetUp, SetUpError, SetUpInput, SetUserPassword,
};
use doorward_application::settings::Settings;
use doorward_domain::access::permissions;
use doorward_domain::password::Password;
use doorward_domain::session::Session;
use doorward_domain::user::RoleList;
use doorward_domain::user::{Email, User, UserChange, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{Actor, Repositories, RequestContext, Secret, UserId};
use doorward_testing::{PASSWORD, PlainHasher, samples};
use samples::at;

use super::{World, hardened};

fn settings() -> Settings {
    let mut settings = hardened();
    settings.admin.enabled = true;
    settings
}

fn id(name: &str) -> UserId {
    UserId::from_stored(name)
}

fn role(role: &str) -> RoleList {
    RoleList::from_stored(role)
}

/// Adds the sample user of that name with this role and a verified address.
async fn add(world: &World, name: &str, of: &str) -> User {
    let user = User {
        role: Some(role(of)),
        email_verified: true,
        ..samples::user(name)
    };
    world.add(user).await
}

/// The same, signed in.
async fn signed_in(world: &World, name: &str, of: &str) -> RequestContext {
    let user = add(world, name, of).await;
    world.signed_in(&user, name).await
}

fn operator() -> RequestContext {
    samples::request().with_actor(Actor::Operator("users"))
}

fn ban(user: &str) -> BanInput {
    BanInput {
        user: id(user),
        reason: None,
        duration: None,
    }
}

fn new_user(more: UserChange) -> AdminCreateUserInput {
    AdminCreateUserInput {
        name: UserName::from_stored("New"),
        email: Email::parse("new@example.test").unwrap(),
        password: Some(Password::new(PASSWORD)),
        more,
    }
}

/// A link for setting a new password, mailed to the user.
async fn mail_link(world: &World, user: &User) {
    let key = samples::key(Purpose::ResetPassword, "link");
    let row = samples::verification(&key, user);
    world.store.verifications().insert(&row).await.unwrap();
}

#[tokio::test]
async fn ac_2_nobody_administers_without_a_permission_of_their_own() {
    let world = World::new(settings());
    let ada = add(&world, "ada", "admin").await;
    add(&world, "grace", "user").await;
    let grace = world.signed_in(&samples::user("grace"), "grace").await;
    let impersonation = Session {
        impersonated_by: Some(id("root")),
        ..samples::session(&ada, "impersonation")
    };
    let impersonated = world.with_session(&ada, impersonation, "impersonation").await;
    let before = world.snapshot();
    for request in [samples::request(), grace, impersonated] {
        let context = world.context.clone();
        let outcomes = [
            AdminCreateUser::new(context.clone())
                .run(&request, new_user(UserChange::default()))
                .await
                .err(),
            AdminUpdateUser::new(context.clone())
                .ban(&request, ban("ada"))
                .await
                .err(),
            AdminDeleteUser::new(context.clone())
                .run(&request, &id("ada"))
                .await
                .err(),
            ListUsers::new(context.clone())
                .get(&request, &id("ada"))
                .await
                .err(),
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Some(AdminError::NotPermitted(_))),
                "{outcome:?}"
            );
        }
        assert!(!CheckPermission::new(context).run(&request, &[permissions::user::LIST]));
    }
    assert!(world.snapshot() == before);
    let found = ListUsers::new(world.context.clone())
        .get(&operator(), &id("ada"))
        .await;
    assert!(found.is_ok(), "who runs a command may do everything");
}

#[tokio::test]
async fn each_kind_of_field_asks_for_a_permission_of_its_own() {
    let mut settings = settings();
    settings.access = doorward_domain::access::AccessPolicy::builder()
        .role("clerk", [permissions::user::UPDATE, permissions::user::CREATE])
        .build()
        .unwrap();
    let world = World::new(settings);
    let clerk = signed_in(&world, "clerk", "clerk").await;
    add(&world, "grace", "user").await;
    let before = world.snapshot();
    let change = UserChange::default;
    for (change, missing) in [
        (
            UserChange {
                role: Some(role("user")),
                ..change()
            },
            permissions::user::SET_ROLE,
        ),
        (
            UserChange {
                email_verified: Some(true),
                ..change()
            },
            permissions::user::SET_EMAIL,
        ),
        (
            UserChange {
                ban: doorward_domain::user::Ban::none().into(),
                ..change()
            },
            permissions::user::BAN,
        ),
    ] {
        let update = AdminUpdateUser::new(world.context.clone());
        let outcome = update.run(&clerk, &id("grace"), change.clone()).await;
        assert!(
            matches!(&outcome, Err(AdminError::NotPermitted(permission)) if *permission == missing),
            "{outcome:?}"
        );
        let create = AdminCreateUser::new(world.context.clone());
        let outcome = create.run(&clerk, new_user(change)).await;
        assert!(
            matches!(&outcome, Err(AdminError::NotPermitted(permission)) if *permission == missing),
            "{outcome:?}"
        );
    }
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn a_user_is_added_with_what_the_administrator_says() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    let more = UserChange {
        role: Some(role("admin")),
        email_verified: Some(true),
        ..UserChange::default()
    };
    let create = AdminCreateUser::new(world.context.clone());
    let added = create.run(&ada, new_user(more)).await.unwrap();
    assert_eq!(world.user(added.id.as_str()), Some(added.clone()));
    assert!(added.email_verified && added.role == Some(role("admin")));
    assert!(world.sign_in(&added, PASSWORD).await.is_ok());

    let before = world.snapshot();
    let outcome = create.run(&ada, new_user(UserChange::default())).await;
    assert!(matches!(outcome, Err(AdminError::EmailTaken)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn se_6_a_ban_ends_sessions_links_and_impersonations() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    let grace = add(&world, "grace", "admin").await;
    world.signed_in(&grace, "grace").await;
    mail_link(&world, &grace).await;
    let victim = add(&world, "victim", "user").await;
    let impersonation = Session {
        impersonated_by: Some(grace.id.clone()),
        ..samples::session(&victim, "impersonation")
    };
    world.with_session(&victim, impersonation, "impersonation").await;

    let banned = AdminUpdateUser::new(world.context.clone())
        .ban(
            &ada,
            BanInput {
                duration: Some(TimeDelta::seconds(60)),
                ..ban("grace")
            },
        )
        .await
        .unwrap();

    assert_eq!(banned.ban.reason.as_deref(), Some("No reason"));
    assert_eq!(banned.ban.expires_at, Some(at(60)));
    assert_eq!(world.session_ids(), ["session-ada"]);
    assert_eq!(world.links(), []);
    assert_eq!(world.events("grace"), ["user.banned"]);
    assert!(world.sign_in(&grace, PASSWORD).await.is_err());
}

#[tokio::test]
async fn nobody_bans_or_removes_themselves() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    add(&world, "root", "admin").await;
    let before = world.snapshot();
    let outcome = AdminUpdateUser::new(world.context.clone())
        .ban(&ada, ban("ada"))
        .await;
    assert!(matches!(outcome, Err(AdminError::BanOneself)), "{outcome:?}");
    let outcome = AdminDeleteUser::new(world.context.clone())
        .run(&ada, &id("ada"))
        .await;
    assert!(matches!(outcome, Err(AdminError::RemoveOneself)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn tk_5_an_address_that_an_administrator_changes_is_unverified_and_older_links_are_void() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    let grace = add(&world, "grace", "user").await;
    mail_link(&world, &grace).await;
    let change = UserChange {
        email: Some(Email::parse("new@example.test").unwrap()),
        ..UserChange::default()
    };
    let changed = AdminUpdateUser::new(world.context.clone())
        .run(&ada, &grace.id, change)
        .await
        .unwrap();
    assert!(!changed.email_verified);
    assert_eq!(world.links(), []);
    assert_eq!(world.events("grace"), ["user.updated", "email.changed"]);
}

#[tokio::test]
async fn pw_12_a_password_set_by_an_administrator_ends_all_sessions_but_their_own() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    let grace = samples::user("grace");
    world.store.users().insert(&grace).await.unwrap();
    world.signed_in(&grace, "grace").await;
    mail_link(&world, &grace).await;
    world.signed_in(&samples::user("ada"), "elsewhere").await;
    let new = "another staple of horses";
    for name in ["grace", "ada"] {
        SetUserPassword::new(world.context.clone())
            .run(&ada, &id(name), Password::new(new))
            .await
            .unwrap();
        assert_eq!(
            world.hash(name).as_deref(),
            Some(PlainHasher::hash_of(new).expose())
        );
        assert_eq!(world.events(name), ["password.set"]);
    }
    assert_eq!(world.session_ids(), ["session-ada"]);
    assert_eq!(world.links(), []);
}

#[tokio::test]
async fn who_was_removed_is_restored_unless_somebody_has_the_address() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    let grace = add(&world, "grace", "user").await;
    let restore = RestoreUser::new(world.context.clone());
    for (name, message) in [
        ("grace", "the user is not deleted"),
        ("x", "there is no such user"),
    ] {
        let outcome = restore.run(&ada, &id(name)).await;
        assert_eq!(outcome.unwrap_err().to_string(), message);
    }
    AdminDeleteUser::new(world.context.clone())
        .run(&ada, &grace.id)
        .await
        .unwrap();
    assert_eq!(restore.run(&ada, &grace.id).await.unwrap().email, grace.email);
    assert!(world.sign_in(&grace, PASSWORD).await.is_ok());

    AdminDeleteUser::new(world.context.clone())
        .run(&ada, &grace.id)
        .await
        .unwrap();
    let other = User {
        email: grace.email.clone(),
        ..samples::user("other")
    };
    world.store.users().insert(&other).await.unwrap();
    let before = world.snapshot();
    let outcome = restore.run(&ada, &grace.id).await;
    assert!(matches!(outcome, Err(AdminError::EmailTaken)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn ac_7_roles_that_nobody_declared_are_refused() {
    let world = World::new(settings());
    let ada = signed_in(&world, "ada", "admin").await;
    add(&world, "grace", "user").await;
    let before = world.snapshot();
    let input = RoleInput {
        user: id("grace"),
        role: role("user,nobody-declared"),
    };
    let outcome = AdminUpdateUser::new(world.context.clone())
        .set_role(&ada, input)
        .await;
    assert!(matches!(outcome, Err(AdminError::UnknownRole)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn ac_8_the_first_administrator_is_made_once_by_who_knows_the_secret() {
    let mut settings = settings();
    settings.admin.setup_token = Some(Secret::new("set-up".to_owned()));
    let world = World::new(settings);
    let input = |token: &str, name: &str| SetUpInput {
        token: Secret::new(token.to_owned()),
        name: UserName::from_stored("Root"),
        email: samples::email(name),
        password: Password::new(PASSWORD),
    };
    let set_up = SetUp::new(world.context.clone());
    let request = samples::request();
    let outcome = set_up.run(&request, input("guess", "root")).await;
    assert!(matches!(outcome, Err(SetUpError::WrongToken)), "{outcome:?}");
    assert_eq!(world.snapshot().users, []);

    let root = set_up.run(&request, input("set-up", "root")).await.unwrap();
    assert!(root.email_verified && root.role == Some(role("admin")));
    assert_eq!(world.events(root.id.as_str()), ["user.created"]);

    // Not even when nobody administers any more: the secret was used.
    let mut demoted = world.snapshot().users.remove(0);
    demoted.role = Some(role("user"));
    let change = UserChange {
        role: demoted.role,
        ..UserChange::default()
    };
    world
        .store
        .users()
        .update(&root.id, &change, at(0))
        .await
        .unwrap();
    let before = world.snapshot();
    let outcome = set_up.run(&request, input("set-up", "other")).await;
    assert!(matches!(outcome, Err(SetUpError::Closed)), "{outcome:?}");
    assert!(world.snapshot() == before);
}

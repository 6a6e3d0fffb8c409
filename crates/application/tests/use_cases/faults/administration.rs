//! What administrators and operators do to others.

use doorward_application::access::CreateUser;
use doorward_application::access::{
    AdminCreateUser, AdminCreateUserInput, AdminDeleteUser, AdminUpdateUser, BanInput, Impersonate,
    RestoreUser, RoleInput, SendPasswordReset, SetUp, SetUpInput, SetUserPassword, StopImpersonating,
    UserSessions,
};
use doorward_domain::password::Password;
use doorward_domain::session::{Lifetime, Session, SessionHandle};
use doorward_domain::user::{Ban, Email, RoleList, User, UserChange, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{Repositories, RequestContext, Secret, UserId};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::super::World;
use super::super::world::token;
use super::{all_or_nothing, settings};

fn new_email() -> Email {
    Email::parse("new@example.test").unwrap()
}

fn grace() -> UserId {
    UserId::from_stored("grace")
}

/// An administrator who asks, another one, and Grace with a session and a link.
async fn administrator(world: &World) -> RequestContext {
    administrator_over(world, samples::user("grace")).await
}

async fn administrator_over(world: &World, grace: User) -> RequestContext {
    let grace = world.add(grace).await;
    world.signed_in(&grace, "grace").await;
    let key = samples::key(Purpose::ResetPassword, "reset");
    let link = samples::verification(&key, &grace);
    world.store.verifications().insert(&link).await.unwrap();
    let admin = |id| User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user(id)
    };
    world.add(admin("root")).await;
    let ada = world.add(admin("ada")).await;
    world.signed_in(&ada, "alpha").await
}

#[tokio::test]
async fn adding_a_user() {
    all_or_nothing(settings(), administrator, async |context, request| {
        let input = AdminCreateUserInput {
            name: UserName::parse("New").unwrap(),
            email: new_email(),
            password: Some(Password::new(PASSWORD)),
            more: UserChange::default(),
        };
        AdminCreateUser::new(context).run(request, input).await?;
        Ok(())
    })
    .await;
    all_or_nothing(
        settings(),
        async |_: &World| (),
        async |context, ()| {
            CreateUser::new(context)
                .run(
                    &samples::request(),
                    UserName::parse("New").unwrap(),
                    new_email(),
                    Password::new(PASSWORD),
                    true,
                )
                .await?;
            Ok(())
        },
    )
    .await;
}

#[tokio::test]
async fn setting_up() {
    all_or_nothing(
        settings(),
        async |_: &World| (),
        async |context, ()| {
            let input = SetUpInput {
                token: Secret::new("set-up".to_owned()),
                name: UserName::parse("New").unwrap(),
                email: new_email(),
                password: Password::new(PASSWORD),
            };
            SetUp::new(context).run(&samples::request(), input).await?;
            Ok(())
        },
    )
    .await;
}

#[tokio::test]
async fn changing_a_user() {
    all_or_nothing(settings(), administrator, async |context, request| {
        let change = UserChange {
            email: Some(new_email()),
            role: Some(RoleList::from_stored("admin")),
            ..UserChange::default()
        };
        AdminUpdateUser::new(context)
            .run(request, &grace(), change)
            .await?;
        Ok(())
    })
    .await;
    all_or_nothing(settings(), administrator, async |context, request| {
        let input = RoleInput {
            user: grace(),
            role: RoleList::from_stored("admin"),
        };
        AdminUpdateUser::new(context).set_role(request, input).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn banning_a_user_and_lifting_it() {
    all_or_nothing(settings(), administrator, async |context, request| {
        let input = BanInput {
            user: grace(),
            reason: None,
            duration: None,
        };
        AdminUpdateUser::new(context).ban(request, input).await?;
        Ok(())
    })
    .await;
    let banned = async |world: &World| {
        let grace = User {
            ban: Ban::of("spam".to_owned(), None),
            ..samples::user("grace")
        };
        administrator_over(world, grace).await
    };
    all_or_nothing(settings(), banned, async |context, request| {
        AdminUpdateUser::new(context).unban(request, &grace()).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn removing_a_user_and_restoring_them() {
    all_or_nothing(settings(), administrator, async |context, request| {
        AdminDeleteUser::new(context).run(request, &grace()).await?;
        Ok(())
    })
    .await;
    let removed = async |world: &World| {
        let request = administrator(world).await;
        AdminDeleteUser::new(world.context.clone())
            .run(&request, &grace())
            .await
            .unwrap();
        request
    };
    all_or_nothing(settings(), removed, async |context, request| {
        RestoreUser::new(context).run(request, &grace()).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn setting_a_password() {
    all_or_nothing(settings(), administrator, async |context, request| {
        SetUserPassword::new(context)
            .run(request, &grace(), Password::new("another staple of horses"))
            .await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn sending_a_password_reset() {
    all_or_nothing(settings(), administrator, async |context, request| {
        SendPasswordReset::new(context)
            .run(request, &grace(), None)
            .await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn revoking_sessions() {
    all_or_nothing(settings(), administrator, async |context, request| {
        let handle = SessionHandle::new("session-grace");
        UserSessions::new(context).revoke(request, &handle).await?;
        Ok(())
    })
    .await;
    all_or_nothing(settings(), administrator, async |context, request| {
        UserSessions::new(context).revoke_all(request, &grace()).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn impersonating() {
    all_or_nothing(settings(), administrator, async |context, request| {
        Impersonate::new(context).run(request, &grace()).await?;
        Ok(())
    })
    .await;
    let impersonating = async |world: &World| {
        let request = administrator(world).await;
        let ada = request.signed_in().unwrap().user.id.clone();
        let session = Session {
            impersonated_by: Some(ada),
            expires_at: at(3600),
            ..samples::session(&samples::user("grace"), "impersonation")
        };
        world
            .with_session(&samples::user("grace"), session, "impersonation")
            .await
    };
    all_or_nothing(settings(), impersonating, async |context, request| {
        StopImpersonating::new(context)
            .run(request, Some(token("alpha")), Lifetime::Remembered)
            .await?;
        Ok(())
    })
    .await;
}

//! What people do to themselves.

use doorward_application::account::UnlinkAccount;
use doorward_application::password::{
    ChangePassword, ChangePasswordInput, RequestPasswordReset, ResetPassword, SignIn, SignInError,
    SignInInput, SignInName, SignUp, SignUpInput,
};
use doorward_application::profile::{ChangeEmail, DeleteUser, DeleteUserInput, UpdateUser};
use doorward_application::session::{
    ReadSession, Refresh, RevokeSession, RevokeSessions, SignOut, UpdateSession,
};
use doorward_application::settings::DeletionMode;
use doorward_application::sign_in::SessionRequest;
use doorward_application::verification::{SendVerificationEmail, VerifyEmail, VerifyEmailInput};
use doorward_domain::email::EmailKind;
use doorward_domain::password::Password;
use doorward_domain::session::{Lifetime, Session, SessionHandle};
use doorward_domain::user::{Ban, Email, ProfileChange, User, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{AccountId, Repositories, RequestContext};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::super::World;
use super::super::world::{remembered, token};
use super::{all_or_nothing, later, mailed, settings};

const NEW: &str = "another staple of horses";

fn new_email() -> Email {
    Email::parse("new@example.test").unwrap()
}

fn sign_up() -> SignUpInput {
    SignUpInput {
        name: UserName::parse("Ada").unwrap(),
        email: samples::email("ada"),
        password: Password::new(PASSWORD),
        image: None,
        username: None,
        extra: std::collections::BTreeMap::new(),
        callback: None,
        session: remembered(),
    }
}

/// Ada with a session of hers, another elsewhere, a reset link and a second account.
async fn ada(world: &World) -> RequestContext {
    ada_with(world, samples::user("ada")).await
}

async fn verified_ada(world: &World) -> RequestContext {
    let user = User {
        email_verified: true,
        ..samples::user("ada")
    };
    ada_with(world, user).await
}

async fn ada_with(world: &World, user: User) -> RequestContext {
    let ada = world.add(user).await;
    world
        .store
        .accounts()
        .insert(&samples::linked(&ada, "github"))
        .await
        .unwrap();
    let key = samples::key(Purpose::ResetPassword, "reset");
    let link = samples::verification(&key, &ada);
    world.store.verifications().insert(&link).await.unwrap();
    world.signed_in(&ada, "elsewhere").await;
    world.signed_in(&ada, "alpha").await
}

#[tokio::test]
async fn signing_up() {
    all_or_nothing(
        settings(),
        async |_: &World| (),
        async |context, ()| {
            SignUp::new(context).run(&samples::request(), sign_up()).await?;
            Ok(())
        },
    )
    .await;
    let mut mailing = settings();
    mailing.email_and_password.require_email_verification = true;
    all_or_nothing(
        mailing.clone(),
        async |_: &World| (),
        async |context, ()| {
            SignUp::new(context).run(&samples::request(), sign_up()).await?;
            Ok(())
        },
    )
    .await;
    // With an address that is taken: its owner hears of it.
    all_or_nothing(mailing, ada, async |context, _| {
        SignUp::new(context).run(&samples::request(), sign_up()).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn signing_in() {
    let input = || SignInInput {
        name: SignInName::Email(samples::email("ada")),
        password: Password::new(PASSWORD),
        callback: None,
        session: SessionRequest {
            previous: Some(token("alpha")),
            ..remembered()
        },
    };
    let once_banned = async |world: &World| {
        let user = User {
            ban: Ban::of("spam".to_owned(), Some(at(-1))),
            ..samples::user("ada")
        };
        ada_with(world, user).await
    };
    all_or_nothing(settings(), once_banned, async |context, _| {
        SignIn::new(context).run(&samples::request(), input()).await?;
        Ok(())
    })
    .await;

    let mut mailing = settings();
    mailing.email_and_password.require_email_verification = true;
    mailing.email_verification.send_on_sign_in = true;
    all_or_nothing(mailing, ada, async |context, _| {
        match SignIn::new(context).run(&samples::request(), input()).await {
            Err(SignInError::EmailNotVerified) => Ok(()),
            outcome => Err(format!("{outcome:?}").into()),
        }
    })
    .await;
}

#[tokio::test]
async fn changing_the_password() {
    for revoke_other_sessions in [false, true] {
        all_or_nothing(settings(), ada, async |context, request| {
            let input = ChangePasswordInput {
                current: Password::new(PASSWORD),
                new: Password::new(NEW),
                revoke_other_sessions,
                lifetime: Lifetime::Remembered,
            };
            ChangePassword::new(context).run(request, input).await?;
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn resetting_the_password() {
    all_or_nothing(settings(), ada, async |context, _| {
        RequestPasswordReset::new(context)
            .run(&samples::request(), &samples::email("ada"), None, None)
            .await?;
        Ok(())
    })
    .await;
    all_or_nothing(settings(), ada, async |context, _| {
        ResetPassword::new(context)
            .run(&samples::request(), "reset", &Password::new(NEW))
            .await?;
        Ok(())
    })
    .await;
    let without_password = async |world: &World| {
        let ada = samples::user("ada");
        world.store.users().insert(&ada).await.unwrap();
        let key = samples::key(Purpose::ResetPassword, "reset");
        let link = samples::verification(&key, &ada);
        world.store.verifications().insert(&link).await.unwrap();
    };
    all_or_nothing(settings(), without_password, async |context, ()| {
        ResetPassword::new(context)
            .run(&samples::request(), "reset", &Password::new(NEW))
            .await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn verifying_the_address() {
    all_or_nothing(settings(), ada, async |context, request| {
        SendVerificationEmail::new(context)
            .for_user(request, &samples::email("ada"), None)
            .await?;
        Ok(())
    })
    .await;

    let mut signing_in = settings();
    signing_in.email_verification.auto_sign_in_after_verification = true;
    let mailed_to_ada = async |world: &World| {
        let request = ada(world).await;
        SendVerificationEmail::new(world.context.clone())
            .for_user(&request, &samples::email("ada"), None)
            .await
            .unwrap();
        mailed(world, &EmailKind::VerifyEmail).await
    };
    all_or_nothing(signing_in, mailed_to_ada, async |context, token| {
        let input = VerifyEmailInput {
            token,
            callback: None,
            device: None,
        };
        VerifyEmail::new(context).run(&samples::request(), input).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn changing_the_address_at_once() {
    let mut at_once = settings();
    at_once.change_email.update_email_without_verification = true;
    all_or_nothing(at_once, ada, async |context, request| {
        ChangeEmail::new(context).run(request, new_email(), None).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn changing_the_address_by_links() {
    let mut asking = settings();
    asking.change_email.send_change_email_confirmation = true;
    all_or_nothing(asking.clone(), verified_ada, async |context, request| {
        ChangeEmail::new(context).run(request, new_email(), None).await?;
        Ok(())
    })
    .await;

    let follow = async |context, (request, token): &(RequestContext, String)| {
        let input = VerifyEmailInput {
            token,
            callback: None,
            device: None,
        };
        VerifyEmail::new(context).run(request, input).await?;
        Ok(())
    };
    let asked = async |world: &World| {
        let request = verified_ada(world).await;
        ChangeEmail::new(world.context.clone())
            .run(&request, new_email(), None)
            .await
            .unwrap();
        let kind = EmailKind::ConfirmEmailChange {
            new_email: new_email(),
        };
        (request, mailed(world, &kind).await)
    };
    all_or_nothing(asking.clone(), asked, follow).await;
    let confirmed = async |world: &World| {
        let (request, token) = asked(world).await;
        follow(world.context.clone(), &(request.clone(), token))
            .await
            .unwrap();
        (request, mailed(world, &EmailKind::VerifyNewEmail).await)
    };
    all_or_nothing(asking, confirmed, follow).await;
}

#[tokio::test]
async fn deleting_oneself() {
    let input = || DeleteUserInput {
        password: None,
        token: None,
        callback: None,
    };
    for mode in [DeletionMode::Soft, DeletionMode::Hard] {
        let mut settings = settings();
        settings.delete_user.mode = mode;
        all_or_nothing(settings, ada, async |context, request| {
            DeleteUser::new(context).run(request, input()).await?;
            Ok(())
        })
        .await;
    }
    let mut asking = settings();
    asking.delete_user.send_delete_account_verification = true;
    all_or_nothing(asking.clone(), ada, async |context, request| {
        DeleteUser::new(context).run(request, input()).await?;
        Ok(())
    })
    .await;
    let asked = async |world: &World| {
        let request = ada(world).await;
        DeleteUser::new(world.context.clone())
            .run(&request, input())
            .await
            .unwrap();
        (request, mailed(world, &EmailKind::DeleteAccount).await)
    };
    all_or_nothing(asking, asked, async |context, (request, token)| {
        DeleteUser::new(context).confirm(request, token).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn ending_sessions() {
    all_or_nothing(settings(), ada, async |context, request| {
        let handle = SessionHandle::new("session-elsewhere");
        RevokeSession::new(context).run(request, &handle).await?;
        Ok(())
    })
    .await;
    all_or_nothing(settings(), ada, async |context, request| {
        RevokeSessions::new(context).run(request, None).await?;
        Ok(())
    })
    .await;
    all_or_nothing(settings(), ada, async |context, request| {
        let (held, left) = (token("alpha"), token("elsewhere"));
        SignOut::new(context)
            .run(request, Some(&held), Some(&left))
            .await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn changing_a_session() {
    all_or_nothing(
        settings(),
        async |world: &World| {
            let request = ada(world).await;
            later(world);
            request
        },
        async |context, request| {
            let changes = std::collections::BTreeMap::new();
            UpdateSession::new(context).run(request, &changes).await?;
            Ok(())
        },
    )
    .await;
}

#[tokio::test]
async fn reading_a_session() {
    for seconds in [-5, 6 * 24 * 3600] {
        let due = async |world: &World| {
            let ada = world.add_user("ada").await;
            let session = Session {
                expires_at: at(seconds),
                ..samples::session(&ada, "alpha")
            };
            world.store.sessions().insert(&session).await.unwrap();
        };
        // No event is recorded: begin, write, commit.
        all_or_nothing(settings(), due, async |context, ()| {
            ReadSession::new(context)
                .run(&samples::request(), token("alpha"), Refresh::IfDue)
                .await?;
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn changing_the_profile() {
    all_or_nothing(settings(), ada, async |context, request| {
        let change = ProfileChange {
            name: Some(UserName::parse("Countess").unwrap()),
            ..ProfileChange::default()
        };
        UpdateUser::new(context).run(request, &change).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn unlinking_an_account() {
    all_or_nothing(settings(), ada, async |context, request| {
        let account = AccountId::from_stored("github-ada");
        UnlinkAccount::new(context).run(request, &account).await?;
        Ok(())
    })
    .await;
}

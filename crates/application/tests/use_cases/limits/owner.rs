//! What the owner of an account keeps while others guess its password (RL-5), and how many emails they get (RL-7).

use chrono::TimeDelta;
use doorward_application::access::SetUserPassword;
use doorward_application::password::{
    RequestPasswordReset, ResetPassword, SignIn, SignInError, SignInInput, VerifyPassword,
    VerifyPasswordError,
};
use doorward_application::settings::Settings;
use doorward_application::sign_in::{SessionRequest, SignedIn};
use doorward_application::verification::SendVerificationEmail;
use doorward_domain::access::AccessPolicy;
use doorward_domain::device::DeviceToken;
use doorward_domain::email::EmailKind;
use doorward_domain::password::Password;
use doorward_domain::session::Session;
use doorward_domain::user::{RoleList, User};
use doorward_testing::{PASSWORD, samples};

use super::super::world::{remembered, token_of};
use super::super::{World, compatible, hardened};
use super::{NEW, add_countess, by_email, by_username, fail, guess, guess_by, pass};

/// The token of the reset link that was mailed last.
async fn reset_token(world: &World) -> String {
    let emails = world.emails().await;
    let email = emails
        .iter()
        .rfind(|email| email.kind == EmailKind::ResetPassword);
    token_of(email.unwrap())
}

async fn ask_for_reset(world: &World, id: &str) {
    RequestPasswordReset::new(world.context.clone())
        .run(&samples::request(), &samples::email(id), None, None)
        .await
        .unwrap();
}

fn with_mail() -> Settings {
    let mut settings = hardened();
    settings.email_and_password.send_reset_password = true;
    settings.email_verification.send_verification_email = true;
    settings
}

#[tokio::test]
async fn rl_5_a_mailed_reset_works_while_the_account_is_blocked_and_lifts_the_block() {
    let mut settings = with_mail();
    settings.email_and_password.revoke_sessions_on_password_reset = false;
    let world = World::new(settings);
    let ada = add_countess(&world).await;
    let request = world.signed_in(&ada, "alpha").await;
    fail(&world, &by_email("ada"), 100).await;
    fail(&world, &by_username("countess"), 100).await;
    let verify = VerifyPassword::new(world.context.clone());
    for _ in 0..10 {
        let outcome = verify.run(&request, &Password::new("wrong")).await;
        assert!(matches!(outcome, Err(VerifyPasswordError::Wrong)), "{outcome:?}");
    }
    assert!(guess(&world, "ada", PASSWORD).await.is_err());

    ask_for_reset(&world, "ada").await;
    let token = reset_token(&world).await;
    ResetPassword::new(world.context.clone())
        .run(&samples::request(), &token, &Password::new(NEW))
        .await
        .unwrap();
    assert_eq!(guess(&world, "ada", NEW).await, Ok(true));
    assert_eq!(guess_by(&world, by_username("countess"), NEW).await, Ok(true));
    assert!(
        verify.run(&request, &Password::new(NEW)).await.is_ok(),
        "the session went on"
    );
}

#[tokio::test]
async fn rl_5_a_reset_that_is_not_completed_lifts_nothing() {
    let world = World::new(with_mail());
    world.add_user("ada").await;
    fail(&world, &by_email("ada"), 100).await;
    ask_for_reset(&world, "ada").await;
    let token = reset_token(&world).await;
    let outcome = ResetPassword::new(world.context.clone())
        .run(&samples::request(), &token, &Password::new("short"))
        .await;
    assert!(outcome.is_err());
    assert!(guess(&world, "ada", PASSWORD).await.is_err());
}

#[tokio::test]
async fn rl_5_a_password_that_an_administrator_sets_lifts_the_block() {
    let mut settings = hardened();
    settings.admin.enabled = true;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let admin = User {
        role: Some(RoleList::from_stored(AccessPolicy::ADMIN)),
        ..samples::user("admin")
    };
    let admin = world.add(admin).await;
    fail(&world, &by_email("ada"), 100).await;
    let session = Session {
        expires_at: world.context.now() + TimeDelta::days(1),
        ..samples::session(&admin, "admin")
    };
    let request = world.with_session(&admin, session, "admin").await;
    SetUserPassword::new(world.context.clone())
        .run(&request, &ada.id, Password::new(NEW))
        .await
        .unwrap();
    assert_eq!(guess(&world, "ada", NEW).await, Ok(true));
}

#[tokio::test]
async fn rl_7_a_recipient_gets_five_emails_of_a_kind_an_hour() {
    let world = World::new(with_mail());
    let ada = User {
        email_verified: false,
        ..samples::user("ada")
    };
    world.add(ada).await;
    let verification = SendVerificationEmail::new(world.context.clone());
    for _ in 0..8 {
        ask_for_reset(&world, "ada").await;
        pass(&world, 60);
    }
    let emails = world.emails().await;
    assert_eq!(emails.len(), 5);
    // Another kind.
    for _ in 0..8 {
        verification
            .for_anybody(&samples::request(), &samples::email("ada"), None, None)
            .await
            .unwrap();
    }
    assert_eq!(world.emails().await.len(), 5);
    // Another recipient.
    world.add_user("bob").await;
    ask_for_reset(&world, "bob").await;
    assert_eq!(world.emails().await.len(), 1);
    pass(&world, 52 * 60);
    ask_for_reset(&world, "ada").await;
    assert_eq!(world.emails().await.len(), 1, "an hour after the first");
}

/// Whoever knows an address can ask for emails to it. They must not use up those of its owner.
#[tokio::test]
async fn rl_5_strangers_do_not_use_up_the_emails_of_the_owner() {
    let world = World::new(with_mail());
    let ada = User {
        email_verified: false,
        ..samples::user("ada")
    };
    let ada = world.add(ada).await;
    let request = world.signed_in(&ada, "alpha").await;
    let known = sign_in_at(&world, "ada", PASSWORD, None).await.unwrap();
    world.add_user("grace").await;
    let of_grace = sign_in_at(&world, "grace", PASSWORD, None).await.unwrap();
    world.emails().await;
    let (reset, verification) = (
        RequestPasswordReset::new(world.context.clone()),
        SendVerificationEmail::new(world.context.clone()),
    );
    let (email, anybody) = (samples::email("ada"), samples::request());
    let ask = async |device: Option<&DeviceToken>| {
        for _ in 0..8 {
            reset.run(&anybody, &email, device, None).await.unwrap();
            verification
                .for_anybody(&anybody, &email, device, None)
                .await
                .unwrap();
        }
    };
    ask(None).await;
    assert_eq!(world.emails().await.len(), 10);
    ask(of_grace.as_ref()).await;
    assert_eq!(world.emails().await.len(), 0, "a device that another user knows");
    for _ in 0..2 {
        verification.for_user(&request, &email, None).await.unwrap();
    }
    assert_eq!(world.emails().await.len(), 2, "signed in");
    ask(known.as_ref()).await;
    assert_eq!(
        world.emails().await.len(),
        5 + 3,
        "from a known device; the owner has a limit, too"
    );
}

#[tokio::test]
async fn rl_7_asking_too_often_does_not_cancel_the_link_that_was_mailed() {
    let world = World::new(with_mail());
    world.add_user("ada").await;
    for _ in 0..5 {
        ask_for_reset(&world, "ada").await;
    }
    let token = reset_token(&world).await;
    let before = world.snapshot();
    ask_for_reset(&world, "ada").await;
    assert!(world.snapshot() == before, "nothing is written");
    let reset = ResetPassword::new(world.context.clone());
    assert!(reset.check(&token).await.unwrap());
}

#[tokio::test]
async fn rl_7_the_number_is_an_option_and_better_auth_has_no_limit() {
    let mut fewer = with_mail();
    fewer.security.max_emails_per_hour = Some(2);
    let mut none = compatible();
    none.email_and_password.send_reset_password = true;
    for (settings, expected) in [(fewer, 2), (none, 8)] {
        let world = World::new(settings);
        world.add_user("ada").await;
        for _ in 0..8 {
            ask_for_reset(&world, "ada").await;
        }
        assert_eq!(world.emails().await.len(), expected);
    }
}

#[tokio::test]
async fn rl_5_a_device_that_signed_in_before_has_an_allowance_of_its_own() {
    let world = World::new(hardened());
    world.add_user("ada").await;
    world.add_user("grace").await;
    let known = sign_in_at(&world, "ada", PASSWORD, None).await.unwrap();
    let of_grace = sign_in_at(&world, "grace", PASSWORD, None).await.unwrap();
    fail(&world, &by_email("ada"), 100).await;
    assert!(sign_in_at(&world, "ada", PASSWORD, None).await.is_err());
    assert!(
        sign_in_at(&world, "ada", PASSWORD, of_grace).await.is_err(),
        "a device that another user knows"
    );
    assert!(sign_in_at(&world, "ada", PASSWORD, known.clone()).await.is_ok());
    for _ in 0..10 {
        let outcome = sign_in_at(&world, "ada", "wrong", known.clone()).await;
        assert!(
            matches!(outcome, Err(SignInError::InvalidCredentials)),
            "{outcome:?}"
        );
    }
    let outcome = sign_in_at(&world, "ada", PASSWORD, known).await;
    assert!(
        matches!(outcome, Err(SignInError::TooManyAttempts(_))),
        "it has a limit, too: {outcome:?}"
    );
}

/// Signs in with a browser that presents this token, and answers the one it has afterwards.
async fn sign_in_at(
    world: &World,
    id: &str,
    password: &str,
    device: Option<DeviceToken>,
) -> Result<Option<DeviceToken>, SignInError> {
    let input = SignInInput {
        name: by_email(id),
        password: Password::new(password),
        callback: None,
        session: SessionRequest {
            device,
            ..remembered()
        },
    };
    let signed_in = SignIn::new(world.context.clone())
        .run(&samples::request(), input)
        .await?;
    match signed_in {
        SignedIn::Issued { opened, .. } => Ok(opened.device),
        SignedIn::Challenged(challenge) => panic!("{challenge:?}"),
    }
}

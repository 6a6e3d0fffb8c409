use chrono::TimeDelta;
use doorward_application::password::ResetPassword;
use doorward_application::profile::{ChangeEmail, ChangeEmailError, EmailChanged};
use doorward_application::settings::Settings;
use doorward_application::verification::{
    SendVerificationEmail, SendVerificationError, Verified, VerifyEmail, VerifyEmailError, VerifyEmailInput,
};
use doorward_domain::email::EmailKind;
use doorward_domain::password::Password;
use doorward_domain::session::{Authentication, Session};
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{EmailClaims, Purpose};
use doorward_domain::{Repositories, RequestContext};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::world::token_of;
use super::{World, compatible, hardened};

fn mailing(mut settings: Settings) -> Settings {
    settings.email_verification.send_verification_email = true;
    settings.change_email.enabled = true;
    settings
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

async fn verify(world: &World, request: &RequestContext, token: &str) -> Result<Verified, VerifyEmailError> {
    let input = VerifyEmailInput {
        token,
        callback: None,
        device: None,
    };
    VerifyEmail::new(world.context.clone()).run(request, input).await
}

/// The token of a link that verifies this user's address.
async fn asked(world: &World, user: &User) -> String {
    SendVerificationEmail::new(world.context.clone())
        .for_anybody(&samples::request(), &user.email, None, None)
        .await
        .unwrap();
    world.mailed_token().await
}

fn verified(id: &str) -> User {
    User {
        email_verified: true,
        ..samples::user(id)
    }
}

#[tokio::test]
async fn en_1_nobody_learns_from_asking_for_a_link_whose_address_it_is() {
    let world = World::new(mailing(hardened()));
    world.add(verified("verified")).await;
    let before = world.snapshot();
    let send = SendVerificationEmail::new(world.context.clone());
    for address in ["verified@example.test", "nobody@example.test"] {
        let outcome = send
            .for_anybody(&samples::request(), &email(address), None, None)
            .await;
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn who_is_signed_in_asks_for_their_own_unverified_address() {
    let world = World::new(mailing(hardened()));
    let ada = world.add_user("ada").await;
    let grace = world.add(verified("grace")).await;
    let send = SendVerificationEmail::new(world.context.clone());
    let by_ada = world.signed_in(&ada, "ada").await;
    let by_grace = world.signed_in(&grace, "grace").await;
    let before = world.snapshot();
    let request = by_ada.clone();
    let outcome = send.for_user(&request, &grace.email, None).await;
    assert!(
        matches!(outcome, Err(SendVerificationError::Mismatch)),
        "{outcome:?}"
    );
    let outcome = send.for_user(&by_grace, &grace.email, None).await;
    assert!(
        matches!(outcome, Err(SendVerificationError::AlreadyVerified)),
        "{outcome:?}"
    );
    let outcome = send.for_user(&samples::request(), &ada.email, None).await;
    assert!(
        matches!(outcome, Err(SendVerificationError::NotSignedIn(_))),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before);
    send.for_user(&request, &ada.email, None).await.unwrap();
    assert_eq!(world.emails().await[0].to, ada.email);
}

#[tokio::test]
async fn tk_3_a_link_verifies_once_and_may_be_followed_again() {
    for settings in [mailing(hardened()), mailing(compatible())] {
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        let token = asked(&world, &ada).await;
        let outcome = verify(&world, &samples::request(), &token).await.unwrap();
        assert!(matches!(outcome, Verified::Address { opened: None, .. }));
        assert!(world.user("ada").unwrap().email_verified);
        let before = world.snapshot();
        let outcome = verify(&world, &samples::request(), &token).await.unwrap();
        assert!(matches!(outcome, Verified::Address { opened: None, .. }));
        assert!(world.snapshot() == before);
    }
}

#[tokio::test]
async fn tk_3_a_link_that_was_used_does_not_verify_a_second_time() {
    let world = World::new(mailing(hardened()));
    let ada = world.add_user("ada").await;
    let token = asked(&world, &ada).await;
    verify(&world, &samples::request(), &token).await.unwrap();
    let change = doorward_domain::user::UserChange {
        email_verified: Some(false),
        ..Default::default()
    };
    world.store.users().update(&ada.id, &change, at(0)).await.unwrap();
    let before = world.snapshot();
    let outcome = verify(&world, &samples::request(), &token).await;
    assert!(
        matches!(outcome, Err(VerifyEmailError::InvalidToken)),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn tk_4_a_link_expires() {
    for settings in [mailing(hardened()), mailing(compatible())] {
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        let token = asked(&world, &ada).await;
        world.clock.advance(TimeDelta::hours(1) + TimeDelta::seconds(1));
        let before = world.snapshot();
        let outcome = verify(&world, &samples::request(), &token).await;
        assert!(
            matches!(outcome, Err(VerifyEmailError::TokenExpired)),
            "{outcome:?}"
        );
        assert!(world.snapshot() == before);
    }
}

#[tokio::test]
async fn what_is_no_link_changes_nothing() {
    let world = World::new(mailing(hardened()));
    world.add_user("ada").await;
    let before = world.snapshot();
    for token in ["", "unknown", "a.b.c", "a\0"] {
        let outcome = verify(&world, &samples::request(), token).await;
        assert!(
            matches!(outcome, Err(VerifyEmailError::InvalidToken)),
            "{outcome:?}"
        );
    }
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn following_a_link_signs_in_where_that_is_wanted_and_who_is_not_signed_in_already() {
    for (wanted, already, signs_in) in [(true, false, true), (true, true, false), (false, false, false)] {
        let mut settings = mailing(hardened());
        settings.email_verification.auto_sign_in_after_verification = wanted;
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        let token = asked(&world, &ada).await;
        let request = if already {
            world.signed_in(&ada, "ada").await
        } else {
            samples::request()
        };
        match verify(&world, &request, &token).await.unwrap() {
            Verified::Address { opened, .. } => assert_eq!(opened.is_some(), signs_in),
            verified => panic!("{verified:?}"),
        }
        assert_eq!(world.snapshot().sessions.len(), usize::from(signs_in || already));
    }
}

async fn ask(world: &World, request: &RequestContext, to: &str) -> Result<EmailChanged, ChangeEmailError> {
    ChangeEmail::new(world.context.clone())
        .run(request, email(to), None)
        .await
}

#[tokio::test]
async fn pw_9_what_may_not_be_changed_stays() {
    let world = World::new(mailing(hardened()));
    let ada = world.add(verified("ada")).await;
    let stale = Session {
        authentication: Authentication::unknown(at(-24 * 3600)),
        ..samples::session(&ada, "stale")
    };
    let stale = world.with_session(&ada, stale, "stale").await;
    let by_ada = world.signed_in(&ada, "ada").await;
    let before = world.snapshot();
    let outcome = ask(&world, &stale, "new@example.test").await;
    assert!(matches!(outcome, Err(ChangeEmailError::NotFresh)), "{outcome:?}");
    let outcome = ask(&world, &by_ada, ada.email.as_str()).await;
    assert!(matches!(outcome, Err(ChangeEmailError::Same)), "{outcome:?}");
    let outcome = ask(&world, &samples::request(), "new@example.test").await;
    assert!(
        matches!(outcome, Err(ChangeEmailError::NotSignedIn(_))),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before);
    for (enabled, mails) in [(false, true), (true, false)] {
        let mut settings = mailing(hardened());
        settings.change_email.enabled = enabled;
        settings.email_verification.send_verification_email = mails;
        let world = World::new(settings);
        let ada = world.add(verified("ada")).await;
        let by_ada = world.signed_in(&ada, "ada").await;
        let outcome = ask(&world, &by_ada, "new@example.test").await;
        assert!(
            matches!(
                outcome,
                Err(ChangeEmailError::Disabled | ChangeEmailError::MailNotEnabled)
            ),
            "{outcome:?}"
        );
        assert_eq!(world.snapshot().users, [ada]);
    }
}

#[tokio::test]
async fn en_2_a_taken_address_is_asked_for_like_a_free_one_and_nobody_is_mailed() {
    for at_once in [false, true] {
        let mut settings = mailing(hardened());
        settings.change_email.update_email_without_verification = at_once;
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        let grace = world.add_user("grace").await;
        let by_ada = world.signed_in(&ada, "ada").await;
        let before = world.snapshot();
        let outcome = ask(&world, &by_ada, grace.email.as_str()).await;
        assert!(matches!(outcome, Ok(EmailChanged::Asked)), "{outcome:?}");
        assert!(world.snapshot() == before);
    }
}

#[tokio::test]
async fn an_address_changes_when_the_old_one_agreed_and_the_new_one_is_shown() {
    for settings in [mailing(hardened()), mailing(compatible())] {
        let mut settings = settings;
        settings.change_email.send_change_email_confirmation = true;
        let world = World::new(settings);
        let ada = world.add(verified("ada")).await;
        let request = world.signed_in(&ada, "ada").await;
        ask(&world, &request, "new@example.test").await.unwrap();
        let first = world.emails().await.remove(0);
        assert_eq!(first.to, ada.email);
        let outcome = verify(&world, &request, &token_of(&first)).await;
        assert!(matches!(outcome, Ok(Verified::ChangeConfirmed)), "{outcome:?}");
        assert_eq!(world.user("ada").unwrap().email, ada.email);

        let second = world.emails().await.remove(0);
        assert_eq!(
            (&second.kind, second.to.as_str()),
            (&EmailKind::VerifyNewEmail, "new@example.test")
        );
        let outcome = verify(&world, &request, &token_of(&second)).await;
        assert!(
            matches!(outcome, Ok(Verified::AddressChanged { .. })),
            "{outcome:?}"
        );
        let now = world.user("ada").unwrap();
        assert!(now.email_verified && now.email == email("new@example.test"));
        assert_eq!(
            world.events("ada"),
            [
                "email.change_requested",
                "email.change_requested",
                "email.changed"
            ]
        );
    }
}

#[tokio::test]
async fn tk_6_somebody_else_s_link_changes_nothing() {
    let world = World::new(mailing(hardened()));
    let ada = world.add(verified("ada")).await;
    let grace = world.add(verified("grace")).await;
    ask(&world, &world.signed_in(&ada, "ada").await, "new@example.test")
        .await
        .unwrap();
    let token = world.mailed_token().await;
    let by_grace = world.signed_in(&grace, "grace").await;
    let before = world.snapshot();
    let outcome = verify(&world, &by_grace, &token).await;
    assert!(
        matches!(outcome, Err(VerifyEmailError::InvalidUser)),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before);
}

#[tokio::test]
async fn re_3_an_address_that_somebody_took_meanwhile_stays_theirs() {
    let world = World::new(mailing(hardened()));
    let ada = world.add(verified("ada")).await;
    ask(&world, &world.signed_in(&ada, "ada").await, "grace@example.test")
        .await
        .unwrap();
    let token = world.mailed_token().await;
    world.add_user("grace").await;
    let before = world.snapshot();
    let outcome = verify(&world, &samples::request(), &token).await;
    assert!(
        matches!(outcome, Err(VerifyEmailError::InvalidToken)),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before);
}

/// What was mailed to the old address opens nothing once the user has another one.
#[tokio::test]
async fn tk_5_a_change_of_address_voids_what_was_mailed_before() {
    let mut settings = mailing(hardened());
    settings.change_email.update_email_without_verification = true;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let key = samples::key(Purpose::ResetPassword, "reset");
    let link = samples::verification(&key, &ada);
    world.store.verifications().insert(&link).await.unwrap();
    let old = asked(&world, &ada).await;
    let outcome = ask(&world, &world.signed_in(&ada, "ada").await, "new@example.test").await;
    assert!(matches!(outcome, Ok(EmailChanged::AtOnce(_))), "{outcome:?}");
    let now = world.user("ada").unwrap();
    assert!(!now.email_verified && now.email == email("new@example.test"));

    let before = world.snapshot();
    let outcome = ResetPassword::new(world.context.clone())
        .run(&samples::request(), "reset", &Password::new(PASSWORD))
        .await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(verify(&world, &samples::request(), &old).await.is_err());
    assert!(world.snapshot() == before);
    let new = world.mailed_token().await;
    assert!(verify(&world, &samples::request(), &new).await.is_ok());
    assert!(world.user("ada").unwrap().email_verified);
}

/// Sets another password by a link that was mailed to the user, which cancels all others.
async fn reset(world: &World, user: &User) {
    let key = samples::key(Purpose::ResetPassword, "reset");
    let link = samples::verification(&key, user);
    world.store.verifications().insert(&link).await.unwrap();
    ResetPassword::new(world.context.clone())
        .run(&samples::request(), "reset", &Password::new("nine green bottles"))
        .await
        .unwrap();
}

/// A signed link says in whole seconds when it was made. Those of the second in which links are cancelled are void, unless they
/// were made after it.
#[tokio::test]
async fn tk_5_a_signed_link_is_void_if_it_was_made_before_links_were_cancelled() {
    let mut settings = mailing(compatible());
    settings.security.cancel_older_links = true;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let older = asked(&world, &ada).await;
    for _ in 0..2 {
        world.clock.advance(TimeDelta::milliseconds(300));
        reset(&world, &ada).await;
    }
    let marks = world.snapshot().verifications.into_iter();
    let marks = marks.filter(|row| row.identifier.starts_with(Purpose::LinksCancelled.prefix()));
    assert_eq!(marks.count(), 1, "one a user");
    let before = world.snapshot();
    let outcome = verify(&world, &samples::request(), &older).await;
    assert!(
        matches!(outcome, Err(VerifyEmailError::InvalidToken)),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before);
    let newer = asked(&world, &ada).await;
    assert!(verify(&world, &samples::request(), &newer).await.is_ok());
}

/// The mark that voids a signed link is kept for a year, so no link is honoured for longer.
#[tokio::test]
async fn tk_5_no_signed_link_outlives_the_mark_that_would_void_it() {
    for (settings, days, honoured) in [
        (mailing(hardened()), 364, true),
        (mailing(hardened()), 365, false),
        (mailing(compatible()), 365, true),
    ] {
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        let token = world.context.ports.email_tokens.sign(&EmailClaims {
            email: ada.email.clone(),
            user_id: Some(ada.id.clone()),
            change: None,
            issued_at: at(-days * 24 * 3600),
            expires_at: at(60),
        });
        let outcome = verify(&world, &samples::request(), &token).await;
        assert_eq!(outcome.is_ok(), honoured, "{days} {outcome:?}");
    }
}

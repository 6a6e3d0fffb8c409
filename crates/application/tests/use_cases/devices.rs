//! Known devices: which browsers a sign-in marks, and what makes a user forget them.

use chrono::TimeDelta;
use doorward_application::device::KnownDevices;
use doorward_application::password::{
    ChangePassword, ChangePasswordInput, ResetPassword, SignIn, SignInInput, SignInName, SignUp, SignUpInput,
};
use doorward_application::purge_expired::PurgeExpired;
use doorward_application::sign_in::{IssuedSession, SessionRequest, SignedIn};
use doorward_domain::device::{Device, DeviceToken};
use doorward_domain::password::Password;
use doorward_domain::session::Lifetime;
use doorward_domain::user::{User, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{CLOCK_SKEW, Repositories};
use doorward_testing::{PASSWORD, samples};

use super::world::remembered;
use super::{World, compatible, hardened};

fn browser(letter: char) -> DeviceToken {
    DeviceToken::parse(&letter.to_string().repeat(32)).unwrap()
}

/// Signs the user in with a browser that presents this token.
async fn sign_in(
    world: &World,
    user: &User,
    device: Option<DeviceToken>,
    lifetime: Lifetime,
) -> IssuedSession {
    let input = SignInInput {
        name: SignInName::Email(user.email.clone()),
        password: Password::new(PASSWORD),
        callback: None,
        session: SessionRequest {
            lifetime,
            device,
            ..remembered()
        },
    };
    let context = world.context.clone();
    match SignIn::new(context)
        .run(&samples::request(), input)
        .await
        .unwrap()
    {
        SignedIn::Issued { opened, .. } => opened,
        SignedIn::Challenged(challenge) => panic!("{challenge:?}"),
    }
}

async fn knows(world: &World, user: &User, device: Option<&DeviceToken>) -> bool {
    let devices = KnownDevices::new(world.context.clone());
    devices.is_known(&user.id, device).await.unwrap()
}

#[tokio::test]
async fn rl_5_a_browser_is_known_once_a_user_signed_in_there() {
    let world = World::new(hardened());
    let (ada, grace) = (world.add_user("ada").await, world.add_user("grace").await);
    let first = sign_in(&world, &ada, None, Lifetime::Remembered).await;
    let device = first.device.unwrap();
    assert!(knows(&world, &ada, Some(&device)).await);
    assert!(!knows(&world, &grace, Some(&device)).await, "to its user only");
    assert!(!knows(&world, &ada, None).await);
    let again = sign_in(&world, &grace, Some(device.clone()), Lifetime::Remembered).await;
    assert_eq!(
        again.device.unwrap().expose(),
        device.expose(),
        "a browser has one token"
    );
    assert!(knows(&world, &grace, Some(&device)).await);
    assert_eq!(world.snapshot().devices.len(), 2);
}

#[tokio::test]
async fn tk_2_the_token_of_a_browser_rests_as_a_digest() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let opened = sign_in(&world, &ada, None, Lifetime::Remembered).await;
    let token = opened.device.unwrap();
    let stored = world.snapshot().devices.remove(0).digest;
    assert_eq!(stored, token.digest());
    assert!(!stored.as_str().contains(token.expose()));
}

#[tokio::test]
async fn a_browser_that_is_to_forget_the_session_is_not_remembered() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    for presented in [None, Some(browser('a'))] {
        let opened = sign_in(&world, &ada, presented, Lifetime::BrowserSession).await;
        assert!(opened.device.is_none());
        assert!(world.snapshot().devices.is_empty());
    }
    sign_in(&world, &ada, Some(browser('a')), Lifetime::Remembered).await;
    world.clock.advance(TimeDelta::days(1));
    let opened = sign_in(&world, &ada, Some(browser('a')), Lifetime::BrowserSession).await;
    assert!(opened.device.is_some(), "one that is known stays known");
    assert_eq!(world.snapshot().devices[0].last_seen, samples::at(24 * 3600));
}

#[tokio::test]
async fn signing_up_gives_no_token_and_marks_a_browser_that_has_one() {
    for (presented, marked) in [(None, 0), (Some(browser('a')), 1)] {
        let world = World::new(hardened());
        let input = SignUpInput {
            name: UserName::from_stored("Ada"),
            email: samples::email("ada"),
            password: Password::new(PASSWORD),
            image: None,
            username: None,
            extra: std::collections::BTreeMap::new(),
            callback: None,
            session: SessionRequest {
                device: presented.clone(),
                ..remembered()
            },
        };
        let context = world.context.clone();
        let signed_up = SignUp::new(context).run(&samples::request(), input).await;
        let opened = signed_up.unwrap().opened.unwrap();
        assert_eq!(opened.device.is_some(), presented.is_some());
        assert_eq!(world.snapshot().devices.len(), marked);
    }
}

#[tokio::test]
async fn a_device_that_is_not_seen_for_half_a_year_is_forgotten() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    sign_in(&world, &ada, Some(browser('a')), Lifetime::Remembered).await;
    world.clock.advance(Device::KNOWN_FOR);
    assert!(knows(&world, &ada, Some(&browser('a'))).await);
    world.clock.advance(TimeDelta::milliseconds(1));
    assert!(!knows(&world, &ada, Some(&browser('a'))).await);
    world.clock.advance(CLOCK_SKEW);
    let purge = PurgeExpired::new(world.context.clone());
    assert_eq!(purge.run(&samples::request()).await.unwrap().devices, 1);
    assert!(world.snapshot().devices.is_empty());
}

#[tokio::test]
async fn a_user_knows_the_last_twenty_devices() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    for letter in 'a'..='u' {
        sign_in(&world, &ada, Some(browser(letter)), Lifetime::Remembered).await;
        world.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(world.snapshot().devices.len(), 20);
    assert!(!knows(&world, &ada, Some(&browser('a'))).await);
    assert!(knows(&world, &ada, Some(&browser('b'))).await);
}

#[tokio::test]
async fn a_reset_forgets_the_devices() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    sign_in(&world, &ada, Some(browser('a')), Lifetime::Remembered).await;
    let key = samples::key(Purpose::ResetPassword, "reset");
    let row = samples::verification(&key, &ada);
    world.store.verifications().insert(&row).await.unwrap();
    ResetPassword::new(world.context.clone())
        .run(
            &samples::request(),
            "reset",
            &Password::new("another long passphrase"),
        )
        .await
        .unwrap();
    assert!(!knows(&world, &ada, Some(&browser('a'))).await);
}

#[tokio::test]
async fn a_change_of_password_forgets_the_devices_with_the_other_sessions() {
    for revoke_other_sessions in [false, true] {
        let world = World::new(hardened());
        let ada = world.add_user("ada").await;
        sign_in(&world, &ada, Some(browser('a')), Lifetime::Remembered).await;
        let request = world.signed_in(&ada, "alpha").await;
        let input = ChangePasswordInput {
            current: Password::new(PASSWORD),
            new: Password::new("another long passphrase"),
            revoke_other_sessions,
            lifetime: Lifetime::Remembered,
        };
        let change = ChangePassword::new(world.context.clone());
        change.run(&request, input).await.unwrap();
        let known = knows(&world, &ada, Some(&browser('a'))).await;
        assert_eq!(known, !revoke_other_sessions);
    }
}

#[tokio::test]
async fn nothing_is_kept_where_devices_are_not_known() {
    let world = World::new(compatible());
    let ada = world.add_user("ada").await;
    let opened = sign_in(&world, &ada, Some(browser('a')), Lifetime::Remembered).await;
    assert!(opened.device.is_none());
    assert!(world.snapshot().devices.is_empty());
    assert!(!knows(&world, &ada, Some(&browser('a'))).await);
}

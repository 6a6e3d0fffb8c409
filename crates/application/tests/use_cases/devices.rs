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
    let again = sign_in(&world, &ada, Some(device.clone()), Lifetime::Remembered).await;
    assert_eq!(again.device.unwrap().expose(), device.expose());
    assert_eq!(world.snapshot().devices.len(), 1);
}

/// Somebody else may have put it there, and would have a known device of the user.
#[tokio::test]
async fn rl_5_a_token_that_the_user_does_not_know_is_not_adopted() {
    let world = World::new(hardened());
    let (ada, grace) = (world.add_user("ada").await, world.add_user("grace").await);
    let of_grace = sign_in(&world, &grace, None, Lifetime::Remembered).await.device;
    for planted in [of_grace.unwrap(), browser('a')] {
        let opened = sign_in(&world, &ada, Some(planted.clone()), Lifetime::Remembered).await;
        let given = opened.device.unwrap();
        assert_ne!(given.expose(), planted.expose());
        assert!(knows(&world, &ada, Some(&given)).await);
        assert!(!knows(&world, &ada, Some(&planted)).await);
    }
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
    let known = sign_in(&world, &ada, None, Lifetime::Remembered).await.device;
    world.clock.advance(TimeDelta::days(1));
    let opened = sign_in(&world, &ada, known, Lifetime::BrowserSession).await;
    assert!(opened.device.is_some(), "one that is known stays known");
    assert_eq!(world.snapshot().devices[0].last_seen, samples::at(24 * 3600));
}

#[tokio::test]
async fn rl_5_the_browser_of_a_sign_up_is_known() {
    for (lifetime, is_known) in [(Lifetime::Remembered, true), (Lifetime::BrowserSession, false)] {
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
                lifetime,
                ..remembered()
            },
        };
        let context = world.context.clone();
        let signed_up = SignUp::new(context)
            .run(&samples::request(), input)
            .await
            .unwrap();
        let device = signed_up.opened.unwrap().device;
        assert_eq!(device.is_some(), is_known);
        assert_eq!(knows(&world, &signed_up.user, device.as_ref()).await, is_known);
    }
}

#[tokio::test]
async fn a_device_that_is_not_seen_for_half_a_year_is_forgotten() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let device = sign_in(&world, &ada, None, Lifetime::Remembered).await.device;
    world.clock.advance(Device::KNOWN_FOR);
    assert!(knows(&world, &ada, device.as_ref()).await);
    world.clock.advance(TimeDelta::milliseconds(1));
    assert!(!knows(&world, &ada, device.as_ref()).await);
    world.clock.advance(CLOCK_SKEW);
    let purge = PurgeExpired::new(world.context.clone());
    assert_eq!(purge.run(&samples::request()).await.unwrap().devices, 1);
    assert!(world.snapshot().devices.is_empty());
}

#[tokio::test]
async fn a_user_knows_the_last_twenty_devices() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let mut devices = Vec::new();
    for _ in 0..21 {
        devices.push(sign_in(&world, &ada, None, Lifetime::Remembered).await.device);
        world.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(world.snapshot().devices.len(), 20);
    assert!(!knows(&world, &ada, devices[0].as_ref()).await);
    assert!(knows(&world, &ada, devices[1].as_ref()).await);
}

#[tokio::test]
async fn rl_5_a_reset_forgets_the_devices_but_the_one_it_is_done_with() {
    for settings in [hardened(), compatible()] {
        let world = World::new(settings);
        let keeps = world.context.settings.security.known_devices;
        let ada = world.add_user("ada").await;
        let before = sign_in(&world, &ada, None, Lifetime::Remembered).await.device;
        let key = samples::key(Purpose::ResetPassword, "reset");
        let row = samples::verification(&key, &ada);
        world.store.verifications().insert(&row).await.unwrap();
        let device = ResetPassword::new(world.context.clone())
            .run(
                &samples::request(),
                "reset",
                &Password::new("another long passphrase"),
            )
            .await
            .unwrap();
        assert!(!knows(&world, &ada, before.as_ref()).await);
        assert_eq!(device.is_some(), keeps);
        assert_eq!(knows(&world, &ada, device.as_ref()).await, keeps);
        assert_eq!(world.snapshot().devices.len(), usize::from(keeps));
    }
}

#[tokio::test]
async fn rl_5_a_change_of_password_forgets_the_other_devices_with_the_other_sessions() {
    for (revoke_other_sessions, lifetime, left) in [
        (false, Lifetime::Remembered, 1),
        (true, Lifetime::Remembered, 1),
        (true, Lifetime::BrowserSession, 0),
    ] {
        let world = World::new(hardened());
        let ada = world.add_user("ada").await;
        let before = sign_in(&world, &ada, None, Lifetime::Remembered).await.device;
        let request = world.signed_in(&ada, "alpha").await;
        let input = ChangePasswordInput {
            current: Password::new(PASSWORD),
            new: Password::new("another long passphrase"),
            revoke_other_sessions,
            lifetime,
        };
        let change = ChangePassword::new(world.context.clone());
        let changed = change.run(&request, input).await.unwrap();
        let known = knows(&world, &ada, before.as_ref()).await;
        assert_eq!(known, !revoke_other_sessions);
        let device = changed.opened.and_then(|opened| opened.device);
        let is_new = revoke_other_sessions && left == 1;
        assert_eq!(device.is_some(), is_new);
        assert_eq!(knows(&world, &ada, device.as_ref()).await, is_new);
        assert_eq!(world.snapshot().devices.len(), left);
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

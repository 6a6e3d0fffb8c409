//! What the owner of an account is told by email (ML-3).

use doorward_application::access::{
    AdminDeleteUser, AdminUpdateUser, Impersonate, RestoreUser, SetUserPassword,
};
use doorward_application::account::UnlinkAccount;
use doorward_application::password::{
    ChangePassword, ChangePasswordInput, ResetPassword, SignIn, SignInInput, SignInName,
};
use doorward_application::profile::{ChangeEmail, DeleteUser, DeleteUserInput, EmailChanged};
use doorward_application::settings::Settings;
use doorward_application::sign_in::{SessionRequest, SignedIn};
use doorward_application::verification::{Verified, VerifyEmail, VerifyEmailInput};
use doorward_domain::device::DeviceToken;
use doorward_domain::email::EmailKind;
use doorward_domain::password::Password;
use doorward_domain::session::Lifetime;
use doorward_domain::user::{RoleList, User, UserChange};
use doorward_domain::verification::Purpose;
use doorward_domain::{Client, Repositories, RequestContext};
use doorward_testing::{PASSWORD, samples};

use super::world::{remembered, token_of};
use super::{World, compatible, hardened};

const NEW_PASSWORD: &str = "another long passphrase";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0";

fn settings() -> Settings {
    enabled(hardened())
}

fn enabled(mut settings: Settings) -> Settings {
    settings.admin.enabled = true;
    settings.change_email.enabled = true;
    settings.delete_user.enabled = true;
    settings.email_verification.send_verification_email = true;
    settings
}

async fn add(world: &World, id: &str) -> User {
    let user = User {
        email_verified: true,
        ..samples::user(id)
    };
    world.add(user).await
}

/// The request, as it comes from a browser.
fn from_browser(mut request: RequestContext) -> RequestContext {
    request.client = Client::new("192.0.2.7".to_owned(), FIREFOX);
    request
}

async fn by_administrator(world: &World) -> RequestContext {
    let root = User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user("root")
    };
    let root = world.add(root).await;
    from_browser(world.signed_in(&root, "root").await)
}

/// To whom, which kind, and what it says of the act, for each email that waits.
async fn told(world: &World) -> Vec<(String, &'static str, String)> {
    let emails = world.emails().await.into_iter();
    emails
        .map(|email| {
            let (kind, fields) = email.kind.to_stored();
            let circumstances = fields.into_iter().find(|(name, _)| *name == "circumstances");
            let circumstances = circumstances.map(|(_, value)| value).unwrap_or_default();
            assert!(!email.link.expose().contains("token"), "{kind}");
            (email.to.to_string(), kind, circumstances)
        })
        .collect()
}

fn by_owner() -> String {
    "2 January 2026, 03:04 UTC\nowner\n192.0.2.7\nFirefox on Linux".to_owned()
}

fn by(who: &str) -> String {
    format!("2 January 2026, 03:04 UTC\n{who}\n\n")
}

fn one(to: &str, kind: &'static str, circumstances: String) -> Vec<(String, &'static str, String)> {
    Vec::from([(to.to_owned(), kind, circumstances)])
}

async fn change_password(world: &World, request: &RequestContext) {
    let input = ChangePasswordInput {
        current: Password::new(PASSWORD),
        new: Password::new(NEW_PASSWORD),
        revoke_other_sessions: false,
        lifetime: Lifetime::Remembered,
    };
    let change = ChangePassword::new(world.context.clone());
    change.run(request, input).await.unwrap();
}

#[tokio::test]
async fn ml_3_a_changed_password_is_told() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let request = from_browser(world.signed_in(&ada, "alpha").await);
    change_password(&world, &request).await;
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "password_changed", by_owner())
    );
}

#[tokio::test]
async fn ml_3_an_unverified_address_is_not_told_from_where() {
    let world = World::new(settings());
    let ada = world.add_user("ada").await;
    let request = from_browser(world.signed_in(&ada, "alpha").await);
    change_password(&world, &request).await;
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "password_changed", by("owner"))
    );
}

#[tokio::test]
async fn ml_3_a_reset_password_is_told() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let row = samples::verification(&samples::key(Purpose::ResetPassword, "reset"), &ada);
    world.store.verifications().insert(&row).await.unwrap();
    ResetPassword::new(world.context.clone())
        .run(
            &from_browser(samples::request()),
            "reset",
            &Password::new(NEW_PASSWORD),
        )
        .await
        .unwrap();
    let expected = by_owner().replace("owner", "link");
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "password_changed", expected)
    );
}

#[tokio::test]
async fn ml_3_a_password_that_an_administrator_sets_is_told_and_not_from_where() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let request = by_administrator(&world).await;
    SetUserPassword::new(world.context.clone())
        .run(&request, &ada.id, Password::new(NEW_PASSWORD))
        .await
        .unwrap();
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "password_changed", by("administrator"))
    );
}

#[tokio::test]
async fn ml_3_the_old_address_is_told_of_a_change_that_the_new_one_confirmed() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let request = from_browser(world.signed_in(&ada, "alpha").await);
    let change = ChangeEmail::new(world.context.clone());
    let asked = change.run(&request, samples::email("new"), None).await.unwrap();
    assert!(matches!(asked, EmailChanged::Asked));
    let link = world.emails().await.remove(0);
    assert_eq!(link.to, samples::email("new"));
    let token = token_of(&link);
    let input = VerifyEmailInput {
        token: &token,
        callback: None,
        device: None,
    };
    let verified = VerifyEmail::new(world.context.clone()).run(&request, input).await;
    assert!(matches!(verified.unwrap(), Verified::AddressChanged { .. }));
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "email_changed", by_owner())
    );
}

#[tokio::test]
async fn ml_3_the_old_address_is_told_of_a_change_at_once() {
    let mut settings = settings();
    settings.change_email.update_email_without_verification = true;
    settings.email_verification.send_verification_email = false;
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let request = from_browser(world.signed_in(&ada, "alpha").await);
    let change = ChangeEmail::new(world.context.clone());
    let changed = change.run(&request, samples::email("new"), None).await.unwrap();
    assert!(matches!(changed, EmailChanged::AtOnce(_)));
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "email_changed", by("owner"))
    );
}

#[tokio::test]
async fn ml_3_the_old_address_is_told_of_a_change_by_an_administrator() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let request = by_administrator(&world).await;
    let update = AdminUpdateUser::new(world.context.clone());
    for email in [samples::email("new"), samples::email("new")] {
        let change = UserChange {
            email: Some(email),
            ..UserChange::default()
        };
        update.run(&request, &ada.id, change).await.unwrap();
    }
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "email_changed", by("administrator")),
        "once: the second was none"
    );
}

#[tokio::test]
async fn ml_3_a_removed_way_to_sign_in_is_told() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let github = samples::linked(&ada, "github");
    world.store.accounts().insert(&github).await.unwrap();
    let request = from_browser(world.signed_in(&ada, "alpha").await);
    let unlink = UnlinkAccount::new(world.context.clone());
    unlink.run(&request, &github.id).await.unwrap();
    let email = world.emails().await.remove(0);
    let EmailKind::AccountUnlinked {
        method,
        circumstances,
    } = email.kind
    else {
        panic!("{:?}", email.kind);
    };
    assert_eq!((method.name(), circumstances.to_string()), ("github", by_owner()));
}

#[tokio::test]
async fn ml_3_an_impersonation_is_told() {
    for is_told in [true, false] {
        let mut settings = settings();
        settings.security.mail_impersonation = is_told;
        let world = World::new(settings);
        let ada = add(&world, "ada").await;
        let request = by_administrator(&world).await;
        let impersonate = Impersonate::new(world.context.clone());
        impersonate.run(&request, &ada.id).await.unwrap();
        let expected = one("ada@example.test", "impersonation_started", by("administrator"));
        assert_eq!(told(&world).await, if is_told { expected } else { Vec::new() });
    }
}

#[tokio::test]
async fn ml_3_a_deletion_is_told_to_the_address_the_user_had() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let request = from_browser(world.signed_in(&ada, "alpha").await);
    let input = DeleteUserInput {
        password: Some(Password::new(PASSWORD)),
        token: None,
        callback: None,
    };
    DeleteUser::new(world.context.clone())
        .run(&request, input)
        .await
        .unwrap();
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "user_deleted", by_owner())
    );
}

#[tokio::test]
async fn ml_3_deletion_and_restoring_by_an_administrator_are_told() {
    let world = World::new(settings());
    let ada = add(&world, "ada").await;
    let request = by_administrator(&world).await;
    let context = || world.context.clone();
    AdminDeleteUser::new(context())
        .run(&request, &ada.id)
        .await
        .unwrap();
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "user_deleted", by("administrator"))
    );
    RestoreUser::new(context()).run(&request, &ada.id).await.unwrap();
    assert_eq!(
        told(&world).await,
        one("ada@example.test", "user_restored", by("administrator"))
    );
}

/// Signs in with a browser that presents this token, and answers the one it has afterwards.
async fn sign_in(
    world: &World,
    user: &User,
    device: Option<DeviceToken>,
    lifetime: Lifetime,
) -> Option<DeviceToken> {
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
    let request = from_browser(samples::request());
    match SignIn::new(world.context.clone())
        .run(&request, input)
        .await
        .unwrap()
    {
        SignedIn::Issued { opened, .. } => opened.device,
        SignedIn::Challenged(challenge) => panic!("{challenge:?}"),
    }
}

#[tokio::test]
async fn a_sign_in_with_a_new_browser_is_told_where_that_is_wanted() {
    for (mut settings, wanted) in [
        (settings(), true),
        (settings(), false),
        (enabled(compatible()), true),
    ] {
        settings.security.mail_new_device = wanted;
        let is_told = wanted && settings.security.known_devices;
        let world = World::new(settings);
        let ada = add(&world, "ada").await;
        let mut device = None;
        for _ in 0..2 {
            device = sign_in(&world, &ada, device, Lifetime::Remembered).await;
            assert_eq!(told(&world).await, [], "the first one, and one that is known");
        }
        for lifetime in [Lifetime::BrowserSession, Lifetime::Remembered] {
            device = sign_in(&world, &ada, None, lifetime).await;
            let expected = one("ada@example.test", "new_device", by_owner().replace("owner", ""));
            assert_eq!(told(&world).await, if is_told { expected } else { Vec::new() });
        }
        sign_in(&world, &ada, device, Lifetime::Remembered).await;
        assert_eq!(told(&world).await, []);
    }
}

#[tokio::test]
async fn nothing_is_told_where_it_is_switched_off() {
    let mut off = settings();
    off.security.mail_owner = false;
    for settings in [off, enabled(compatible())] {
        let world = World::new(settings);
        let ada = add(&world, "ada").await;
        let request = world.signed_in(&ada, "alpha").await;
        change_password(&world, &request).await;
        let request = by_administrator(&world).await;
        Impersonate::new(world.context.clone())
            .run(&request, &ada.id)
            .await
            .unwrap();
        AdminDeleteUser::new(world.context.clone())
            .run(&request, &ada.id)
            .await
            .unwrap();
        assert_eq!(told(&world).await, []);
    }
}

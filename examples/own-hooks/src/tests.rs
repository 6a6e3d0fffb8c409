use std::sync::Arc;
use std::sync::atomic::Ordering;

use doorward_application::Context;
use doorward_application::hooks::{Hook, HookList};
use doorward_application::password::{SignUp, SignUpError, SignUpInput};
use doorward_application::settings::{Preset, Settings};
use doorward_application::sign_in::SessionRequest;
use doorward_domain::password::Password;
use doorward_domain::redirect::Origin;
use doorward_domain::session::Lifetime;
use doorward_domain::user::{Email, UserName};
use doorward_testing::{PASSWORD, TestApp, in_memory_ports, samples};
use serde_json::json;

use crate::hooks::{ColleaguesOnly, Doorbell, NoticePeriod};

fn list(hook: Arc<dyn Hook>) -> HookList {
    let mut list = HookList::default();
    list.push(hook);
    list
}

fn colleagues() -> HookList {
    list(Arc::new(ColleaguesOnly {
        domain: "example.test".to_owned(),
    }))
}

/// The use-case alone, over a store in memory.
#[tokio::test]
async fn a_stranger_is_refused_before_the_commit() {
    let settings = Settings::of(Preset::Hardened, Origin::loopback(3000), "/api/auth".to_owned());
    let (mut ports, store, _) = in_memory_ports();
    ports.hooks.sign_up = colleagues();
    let before = store.snapshot();

    let outcome = SignUp::new(Context::new(ports, settings))
        .run(&samples::request(), stranger())
        .await;

    assert!(matches!(outcome, Err(SignUpError::Rejected(rejection)) if rejection.code == "NOT_A_COLLEAGUE"));
    assert!(store.snapshot() == before, "nothing of a refused sign-up is kept");
}

fn stranger() -> SignUpInput {
    SignUpInput {
        name: UserName::parse("Eve").unwrap(),
        email: Email::parse("eve@elsewhere.test").unwrap(),
        password: Password::new(PASSWORD),
        image: None,
        username: None,
        extra: std::collections::BTreeMap::new(),
        callback: None,
        session: SessionRequest {
            lifetime: Lifetime::Remembered,
            previous: None,
            device: None,
        },
    }
}

/// The whole server over HTTP, with a store in memory.
#[test]
fn a_stranger_reads_why_and_is_not_there() {
    let app = TestApp::with(Preset::Hardened, |setup| setup.hooks.sign_up = colleagues());
    let eve = json!({ "name": "Eve", "email": "eve@elsewhere.test", "password": PASSWORD });
    let answer = app.browser().post("/sign-up/email", &eve);
    assert_eq!((answer.status, answer.code().as_str()), (403, "NOT_A_COLLEAGUE"));
    assert_eq!(
        app.browser().post("/sign-in/email", &eve).code(),
        "INVALID_EMAIL_OR_PASSWORD"
    );
    drop(app.signed_up("ada@example.test"));
}

/// Signing up signs in, too: a sign-in hook runs on every way in.
#[test]
fn the_bell_rings_for_those_who_came_in() {
    let bell = Arc::new(Doorbell::default());
    let app = TestApp::with(Preset::Hardened, |setup| setup.hooks.sign_in = list(bell.clone()));
    drop(app.signed_up("ada@example.test"));
    for password in [PASSWORD, "wrong password"] {
        app.browser().post(
            "/sign-in/email",
            &json!({ "email": "ada@example.test", "password": password }),
        );
    }
    assert_eq!(bell.rung.load(Ordering::Relaxed), 2);
}

#[test]
fn who_is_signed_in_elsewhere_does_not_leave() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.hooks.deletion = list(Arc::new(NoticePeriod));
    });
    let mut ada = app.signed_up("ada@example.test");
    let sign_in = json!({ "email": "ada@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/email", &sign_in).status, 200);
    let leave = json!({ "password": PASSWORD });
    assert_eq!(ada.post("/delete-user", &leave).code(), "STILL_SIGNED_IN");
    assert_eq!(ada.post("/revoke-other-sessions", &json!({})).status, 200);
    assert_eq!(ada.post("/delete-user", &leave).status, 200);
}

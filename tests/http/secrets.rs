//! Servers with several secrets on one store: what one signed and sealed the others verify and open.

use std::sync::Arc;

use chrono::TimeDelta;
use doorward_application::settings::Preset;
use doorward_domain::{Keyring, Secret, Store};
use doorward_testing::{Browser, PASSWORD, SECRET, TestApp};
use doorward_web::cookie_cache::Strategy;
use serde_json::json;

const NEW: &str = "2:another-test-secret-of-no-importance-9876543210";
const TOKEN: &str = "better-auth.session_token";

fn keys(entries: &[&str]) -> Keyring {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| Secret::new((*entry).to_owned()))
        .collect();
    Keyring::parse(&entries).unwrap()
}

/// Servers on one store: with the old secret, with the new one before it, and with the new one alone.
struct Servers {
    old: TestApp,
    both: TestApp,
    new: TestApp,
}

impl Servers {
    fn start(preset: Preset, strategy: Option<Strategy>) -> Self {
        let own = format!("1:{SECRET}");
        let start = |entries: &[&str], store: Option<Arc<dyn Store>>| {
            TestApp::with(preset, |setup| {
                setup.keys = keys(entries);
                setup.http.cookie_cache.enabled = strategy.is_some();
                setup.http.cookie_cache.strategy = strategy.unwrap_or_default();
                setup.store = store.unwrap_or_else(|| setup.store.clone());
                setup.settings.email_verification.send_on_sign_up = Some(true);
            })
        };
        let old = start(&[&own], None);
        let store = old.store.clone();
        Self {
            both: start(&[NEW, &own], Some(store.clone())),
            new: start(&[NEW], Some(store)),
            old,
        }
    }

    fn advance(&self, time: TimeDelta) {
        for app in [&self.old, &self.both, &self.new] {
            app.clock.advance(time);
        }
    }
}

/// The same browser, on a page of that server.
fn at(app: &TestApp, browser: &Browser) -> Browser {
    let mut browser = browser.clone();
    browser.turn_to(app.address());
    browser.origin = app.browser().origin;
    browser
}

fn is_signed_in(app: &TestApp, browser: &Browser) -> bool {
    let answer = at(app, browser).get("/get-session");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text != "null"
}

#[test]
fn kr_2_a_session_of_the_old_secret_goes_on_and_is_signed_anew_when_it_is_extended() {
    let servers = Servers::start(Preset::Hardened, None);
    let browser = servers.old.signed_up("ada@example.test");
    assert!(is_signed_in(&servers.both, &browser));
    assert!(!is_signed_in(&servers.new, &browser), "KR-1");
    let mut later = at(&servers.both, &browser);
    later.get("/get-session");
    assert_eq!(later.cookies[TOKEN], browser.cookies[TOKEN], "it is not due");
    servers.advance(TimeDelta::hours(25));
    later.get("/get-session");
    assert_ne!(later.cookies[TOKEN], browser.cookies[TOKEN]);
    for (app, is_known) in [(&servers.old, false), (&servers.both, true), (&servers.new, true)] {
        assert_eq!(is_signed_in(app, &later), is_known);
    }
    // Both cookies are of one session.
    assert!(is_signed_in(&servers.both, &browser));
}

#[test]
fn kr_2_how_long_to_stay_and_who_was_left_is_known_from_cookies_of_the_old_secret() {
    let servers = Servers::start(Preset::Hardened, None);
    drop(servers.old.signed_up("ada@example.test"));
    let mut passing = servers.old.browser();
    let body = json!({ "email": "ada@example.test", "password": PASSWORD, "rememberMe": false });
    assert_eq!(passing.post("/sign-in/email", &body).status, 200);
    let mut passing = at(&servers.both, &passing);
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "another password entirely" });
    let changed = passing.post("/change-password", &body);
    assert_eq!(changed.status, 200, "{}", changed.text);
    let cookies = changed.set_cookies();
    let token = cookies.iter().find(|cookie| cookie.starts_with(TOKEN)).unwrap();
    assert!(!token.contains("Max-Age"), "it ends with the browser: {token}");
    assert!(is_signed_in(&servers.new, &passing), "it was signed anew");

    let mut admin = servers.old.administrator();
    let id = servers.old.id_of("ada@example.test").to_string();
    let started = admin.post("/admin/impersonate-user", &json!({ "userId": id }));
    assert_eq!(started.status, 200, "{}", started.text);
    let mut admin = at(&servers.both, &admin);
    let stopped = admin.post("/admin/stop-impersonating", &json!({}));
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    assert!(is_signed_in(&servers.new, &admin));
}

#[test]
fn kr_2_a_cached_session_of_the_old_secret_is_believed() {
    for strategy in [Strategy::Compact, Strategy::Jwt, Strategy::Jwe] {
        let servers = Servers::start(Preset::Hardened, Some(strategy));
        let mut browser = servers.old.signed_up("ada@example.test");
        browser.get("/get-session");
        // The session is gone, and only the cache says that it was.
        let mut elsewhere = browser.clone();
        assert_eq!(elsewhere.post("/sign-out", &json!({})).status, 200);
        assert!(is_signed_in(&servers.both, &browser), "{strategy:?}");
        assert!(!is_signed_in(&servers.new, &browser), "KR-1 {strategy:?}");
        servers.advance(TimeDelta::minutes(6));
        assert!(!is_signed_in(&servers.both, &browser), "SE-5 {strategy:?}");
    }
}

#[test]
fn kr_2_emails_and_links_of_the_old_secret_are_sent_and_followed() {
    for preset in [Preset::Hardened, Preset::BetterAuth] {
        let servers = Servers::start(preset, None);
        drop(servers.old.signed_up("ada@example.test"));
        let emails = servers.both.sent_emails();
        assert_eq!(emails.len(), 1, "{preset:?}");
        let link = emails[0].link.expose();
        let path = link.split("/api/auth").nth(1).unwrap();
        let mut browser = servers.both.browser();
        let answer = browser.get(path);
        assert!(
            !answer.header("location").contains("error"),
            "{preset:?} {}",
            answer.text
        );
        let id = servers.old.id_of("ada@example.test");
        let user = servers.old.wait(servers.old.store.users().find(&id));
        assert!(user.unwrap().unwrap().email_verified, "{preset:?}");
    }
}

#[test]
fn kr_2_bearer_tokens_of_the_old_secret_count() {
    let own = format!("1:{SECRET}");
    let start = |entries: &[&str], store: Option<Arc<dyn Store>>| {
        TestApp::with(Preset::Hardened, |setup| {
            setup.keys = keys(entries);
            setup.http.bearer.enabled = true;
            setup.http.bearer.require_signature = true;
            setup.store = store.unwrap_or_else(|| setup.store.clone());
        })
    };
    let old = start(&[&own], None);
    let (both, new) = (
        start(&[NEW, &own], Some(old.store.clone())),
        start(&[NEW], Some(old.store.clone())),
    );
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    let signed = old.browser().post("/sign-up/email", &body);
    let token = signed.header("set-auth-token").to_owned();
    let asks = |app: &TestApp| {
        let mut browser = app.browser();
        let header = ("authorization".to_owned(), format!("Bearer {token}"));
        browser.headers.push(header);
        browser.get("/get-session").text != "null"
    };
    assert!(asks(&old) && asks(&both));
    assert!(!asks(&new), "KR-1");
}

//! Who may do what: every route, tried by everybody.

use std::collections::BTreeSet;

use doorward_domain::access::AccessPolicy;
use doorward_domain::user::{RoleList, UserChange};
use doorward_domain::{Clock, UserId};
use doorward_testing::{Backend, Browser, PASSWORD, Response, TestApp};
use serde_json::{Value, json};

use crate::documentation::{concrete, operations};

/// What a route answers to nobody, to an ordinary user, to an administrator, and to an administrator who impersonates
/// another user. `EVE` is the id of a third user, `eve@example.test` stands for their address and `new@example.test` for one
/// that nobody has. A route without a row fails the test, and so does a row without a route.
const EXPECTED: &[(&str, &str, [u16; 4])] = &[
    // For those who look after others.
    (
        "GET /admin/explain?userId=EVE&permission=user:list",
        "",
        [401, 403, 200, 403],
    ),
    ("GET /admin/export-user?userId=EVE", "", [401, 403, 200, 403]),
    ("GET /admin/get-user?id=EVE", "", [401, 403, 200, 403]),
    ("GET /admin/list-events", "", [401, 403, 200, 403]),
    ("GET /admin/list-users", "", [401, 403, 200, 403]),
    (
        "POST /admin/ban-user",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/create-user",
        r#"{"name": "New", "email": "new@example.test", "role": "user"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/impersonate-user",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/list-user-sessions",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/remove-user",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/restore-user",
        r#"{"userId": "EVE"}"#,
        [401, 403, 400, 403],
    ),
    (
        "POST /admin/revoke-user-session",
        r#"{"sessionToken": "x"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/revoke-user-sessions",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/set-role",
        r#"{"userId": "EVE", "role": "admin"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/send-password-reset",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/set-user-password",
        r#"{"userId": "EVE", "newPassword": "nine green bottles"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/unban-user",
        r#"{"userId": "EVE"}"#,
        [401, 403, 200, 403],
    ),
    (
        "POST /admin/update-user",
        r#"{"userId": "EVE", "data": {"name": "Evelyn"}}"#,
        [401, 403, 200, 403],
    ),
    // For whoever is signed in.
    (
        "POST /admin/has-permission",
        r#"{"permissions": {"user": ["list"]}}"#,
        [401, 200, 200, 200],
    ),
    ("POST /admin/stop-impersonating", "{}", [401, 400, 400, 200]),
    ("GET /export-user", "", [401, 200, 200, 403]),
    ("GET /list-accounts", "", [401, 200, 200, 200]),
    ("GET /list-events", "", [401, 200, 200, 403]),
    ("GET /list-sessions", "", [401, 200, 200, 200]),
    (
        "POST /change-email",
        r#"{"newEmail": "new@example.test"}"#,
        [401, 200, 200, 403],
    ),
    (
        "POST /change-password",
        r#"{"currentPassword": "PASSWORD", "newPassword": "nine green bottles"}"#,
        [401, 200, 200, 403],
    ),
    // The last administrator stays.
    ("POST /delete-user", "{}", [401, 200, 400, 403]),
    ("GET /delete-user/callback?token=x", "", [404, 404, 404, 403]),
    ("POST /revoke-other-sessions", "{}", [401, 200, 200, 403]),
    ("POST /revoke-session", r#"{"token": "x"}"#, [401, 200, 200, 403]),
    ("POST /revoke-sessions", "{}", [401, 200, 200, 403]),
    (
        "POST /unlink-account",
        r#"{"accountId": "x"}"#,
        [401, 400, 400, 403],
    ),
    ("POST /update-session", "{}", [401, 400, 400, 403]),
    (
        "POST /update-user",
        r#"{"name": "Countess"}"#,
        [401, 200, 200, 200],
    ),
    (
        "POST /verify-password",
        r#"{"password": "PASSWORD"}"#,
        [401, 200, 200, 403],
    ),
    // For everybody.
    (
        "POST /admin/set-up",
        r#"{"token": "x", "name": "", "email": "new@example.test", "password": "nine green bottles"}"#,
        [403, 403, 403, 403],
    ),
    ("GET /docs", "", [200, 200, 200, 200]),
    ("GET /docs/{asset}", "", [200, 200, 200, 200]),
    ("GET /error", "", [302, 302, 302, 302]),
    ("GET /get-session", "", [200, 200, 200, 200]),
    ("POST /get-session", "{}", [405, 405, 405, 405]),
    ("GET /ok", "", [200, 200, 200, 200]),
    ("GET /open-api/generate-schema", "", [200, 200, 200, 200]),
    ("GET /reference", "", [200, 200, 200, 200]),
    (
        "POST /request-password-reset",
        r#"{"email": "eve@example.test"}"#,
        [200, 200, 200, 200],
    ),
    (
        "POST /reset-password",
        r#"{"newPassword": "nine green bottles", "token": "x"}"#,
        [400, 400, 400, 400],
    ),
    (
        "GET /reset-password/{token}?callbackURL=/",
        "",
        [302, 302, 302, 302],
    ),
    (
        "POST /send-verification-email",
        r#"{"email": "eve@example.test"}"#,
        [200, 400, 400, 400],
    ),
    ("GET /session", "", [200, 200, 200, 200]),
    (
        "POST /sign-in/email",
        r#"{"email": "eve@example.test", "password": "PASSWORD"}"#,
        [200, 200, 200, 200],
    ),
    ("POST /sign-out", "{}", [200, 200, 200, 200]),
    (
        "POST /sign-up/email",
        r#"{"name": "New", "email": "new@example.test", "password": "nine green bottles"}"#,
        [200, 200, 200, 200],
    ),
    (
        "POST /is-username-available",
        r#"{"username": "countess"}"#,
        [200, 200, 200, 200],
    ),
    (
        "POST /sign-in/username",
        r#"{"username": "nobody", "password": "PASSWORD"}"#,
        [401, 401, 401, 401],
    ),
    ("GET /verify-email?token=x", "", [401, 401, 401, 401]),
    ("POST /verify-email", r#"{"token": "x"}"#, [401, 401, 401, 401]),
    ("GET /healthz", "", [200, 200, 200, 200]),
    ("GET /readyz", "", [200, 200, 200, 200]),
];

/// Method, path with the base path, and what follows the path.
fn parts(route: &str) -> (&str, String, &str) {
    let (method, rest) = route.split_once(' ').unwrap();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let outside = ["/healthz", "/readyz"].contains(&path);
    let base = if outside { "" } else { "/api/auth" };
    (method, format!("{base}{path}"), query)
}

/// Users nobody has tried anything on, and the browser of whoever tries a route. They share the application with those of
/// earlier attempts, so each has an address of its own.
struct Attempt {
    browser: Browser,
    eve: UserId,
    eves_address: String,
    /// An address that nobody has.
    free_address: String,
    /// Eve's session token, what the store keeps of it, and the hash of her password.
    eves_secrets: [String; 3],
}

/// Makes attempts in one application.
struct Attempts {
    app: TestApp,
    made: u32,
    /// Those of the last attempt who may administer now.
    administrators: Vec<UserId>,
}

impl Attempts {
    fn on(backend: Backend) -> Self {
        Self {
            app: TestApp::on(backend),
            made: 0,
            administrators: Vec::new(),
        }
    }

    fn by(&mut self, who: &str) -> Attempt {
        self.made += 1;
        let (app, number) = (&self.app, self.made);
        // Whoever administers does it alone.
        for former in self.administrators.drain(..) {
            let change = UserChange {
                role: Some(RoleList::from_stored(AccessPolicy::USER)),
                ..UserChange::default()
            };
            // A route may have removed them, so that there is nobody to change.
            let users = app.store.users();
            drop(app.wait(users.update(&former, &change, app.clock.now())).unwrap());
        }
        let address = |name: &str| format!("{name}-{number}@example.test");
        let eves_address = address("eve");
        let eves_browser = app.signed_up(&eves_address);
        let eve = app.id_of(&eves_address);
        let eves_secrets = secrets(app, &eves_browser, &eve);
        let browser = match who {
            "nobody" => app.browser(),
            "a user" => app.signed_up(&address("ada")),
            _ => {
                let mut browser = app.signed_up_as(&address("admin"), AccessPolicy::ADMIN);
                // A route may make Eve one, too.
                self.administrators = vec![app.id_of(&address("admin")), eve.clone()];
                if who == "an impersonator" {
                    drop(app.signed_up(&address("grace")));
                    let body = json!({ "userId": app.id_of(&address("grace")).as_str() });
                    let answer = browser.post("/admin/impersonate-user", &body);
                    assert_eq!(answer.status, 200, "{}", answer.text);
                }
                browser
            }
        };
        Attempt {
            browser,
            eve,
            eves_address,
            free_address: address("new"),
            eves_secrets,
        }
    }
}

/// The token of the session this browser has, what the store keeps of it, and the hash of the user's password.
fn secrets(app: &TestApp, browser: &Browser, user: &UserId) -> [String; 3] {
    let cookie = &browser.cookies["better-auth.session_token"];
    let (token, _) = cookie.split_once('.').unwrap();
    let sessions = app.wait(app.store.sessions().list_all(user)).unwrap();
    let account = app.wait(app.store.accounts().find_credential(user)).unwrap();
    let hash = account.unwrap().password.unwrap();
    [
        token.to_owned(),
        sessions[0].token.as_str().to_owned(),
        hash.expose().to_owned(),
    ]
}

#[test]
fn every_route_has_a_row() {
    let mut documented: BTreeSet<_> = operations(&TestApp::start()).into_iter().collect();
    for (route, ..) in EXPECTED {
        let (method, path, _) = parts(route);
        assert!(
            documented.remove(&(path, method.to_owned())),
            "{route} is not documented"
        );
    }
    assert!(documented.is_empty(), "routes without a row: {documented:?}");
}

fn ac_2_every_route_is_tried_by_everybody(backend: Backend) {
    try_every_route(backend, |route, who, expected, answer, _| {
        assert_eq!(answer.status, expected, "{route} as {who}: {}", answer.text);
        if answer.status == 403 && who == "a user" {
            let body: Value = answer.json();
            assert!(
                body["code"].is_string() && body["message"].is_string(),
                "{route}: {body}"
            );
        }
    });
}

doorward_testing::on_every_backend!(ac_2_every_route_is_tried_by_everybody);

#[test]
fn dt_1_no_answer_has_a_password_hash_or_a_token_of_somebody_else() {
    try_every_route(Backend::Memory, |route, who, _, answer, eves_secrets| {
        let headers = answer
            .headers
            .values()
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        for text in headers.chain([answer.text.as_str().into()]) {
            for secret in eves_secrets
                .iter()
                .map(String::as_str)
                .chain(["$argon2", "sha256:"])
            {
                assert!(!text.contains(secret), "{route} as {who}: {text}");
            }
        }
    });
}

/// Tries every route as everybody; `look` gets the route, who tried it, the expected status, the answer, and secrets of another
/// user.
fn try_every_route(backend: Backend, look: impl Fn(&str, &str, u16, &Response, &[String; 3])) {
    let everybody = ["nobody", "a user", "an administrator", "an impersonator"];
    // A database for each attempt would take minutes.
    let mut attempts = Attempts::on(backend);
    for (column, who) in everybody.into_iter().enumerate() {
        let mut attempt = None;
        for (route, body, expected) in EXPECTED {
            let Attempt {
                browser,
                eve,
                eves_address,
                free_address,
                eves_secrets,
            } = attempt.get_or_insert_with(|| attempts.by(who));
            let (method, path, query) = parts(route);
            let fill = |text: &str| {
                text.replace("eve@example.test", eves_address)
                    .replace("new@example.test", free_address)
                    .replace("EVE", eve.as_str())
                    .replace("PASSWORD", PASSWORD)
            };
            let target = match query {
                "" => concrete(&path),
                query => format!("{}?{}", concrete(&path), fill(query)),
            };
            let content_type = (method == "POST").then_some("application/json");
            let answer = browser.send(method, &target, content_type, fill(body).as_bytes());
            look(route, who, expected[column], &answer, eves_secrets);
            // Reading and a refusal change nothing, so the next route is tried by and on the same users.
            if method == "POST" && answer.status < 300 {
                attempt = None;
            }
        }
    }
}

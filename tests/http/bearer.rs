//! The session token in the `Authorization` header.

use doorward_application::settings::Preset;
use doorward_testing::{Browser, PASSWORD, TestApp};
use doorward_web::configuration::BearerSettings;
use serde_json::{Value, json};

fn app(require_signature: bool) -> TestApp {
    TestApp::with(Preset::Hardened, |setup| {
        setup.http.bearer = BearerSettings {
            enabled: true,
            require_signature,
        };
    })
}

/// A client without cookies that sends this header.
fn client(app: &TestApp, authorization: &str) -> Browser {
    let mut client = app.browser();
    client.origin = None;
    client
        .headers
        .push(("authorization".to_owned(), authorization.to_owned()));
    client
}

/// The signed and the bare token of somebody who signed up.
fn tokens(app: &TestApp) -> (String, String) {
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    let answer = app.browser().post("/sign-up/email", &body);
    assert_eq!(answer.header("access-control-expose-headers"), "set-auth-token");
    let bare = answer.json()["token"].as_str().unwrap().to_owned();
    (answer.header("set-auth-token").to_owned(), bare)
}

fn is_let_in(app: &TestApp, authorization: &str) -> bool {
    client(app, authorization).get("/get-session").json() != Value::Null
}

#[test]
fn a_token_counts_signed_or_bare() {
    let app = app(false);
    let (signed, bare) = tokens(&app);
    let encoded = signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for authorization in [
        format!("Bearer {signed}"),
        format!("bearer {encoded}"),
        format!("BEARER {bare}"),
    ] {
        assert!(is_let_in(&app, &authorization), "{authorization}");
    }
    let change = client(&app, &format!("Bearer {bare}")).post("/update-user", &json!({ "name": "Countess" }));
    assert_eq!(change.status, 200, "{}", change.text);
    let sign_out = client(&app, &format!("Bearer {signed}")).post("/sign-out", &json!({}));
    assert_eq!((sign_out.status, sign_out.header("set-auth-token")), (200, ""));
    assert!(!is_let_in(&app, &format!("Bearer {bare}")));
}

#[test]
fn se_2_anything_else_is_ignored() {
    let app = app(false);
    let (signed, bare) = tokens(&app);
    let (token, signature) = signed.split_once('.').unwrap();
    let forged = format!("{token}.{}", signature.chars().rev().collect::<String>());
    for authorization in [
        format!("Basic {bare}"),
        bare.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {forged}"),
        format!("Bearer {bare}x"),
        format!("Bearer x{signed}"),
        format!("Bearer {bare}."),
    ] {
        assert!(!is_let_in(&app, &authorization), "{authorization}");
    }
    let rows = app
        .wait(app.store.sessions().list_all(&app.id_of("ada@example.test")))
        .unwrap();
    let stored = rows[0].token.as_str();
    assert!(!is_let_in(&app, &format!("Bearer {stored}")), "TK-2");
}

#[test]
fn a_bare_token_does_not_count_where_the_signature_is_required() {
    let app = app(true);
    let (signed, bare) = tokens(&app);
    assert!(is_let_in(&app, &format!("Bearer {signed}")));
    assert!(!is_let_in(&app, &format!("Bearer {bare}")));
}

#[test]
fn cs_1_a_cookie_beside_the_header_needs_an_origin() {
    let app = app(false);
    let (_, bare) = tokens(&app);
    let mut client = client(&app, &format!("Bearer {bare}"));
    client.cookies.insert("theme".to_owned(), "dark".to_owned());
    let answer = client.post("/update-user", &json!({ "name": "Countess" }));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, "MISSING_OR_NULL_ORIGIN")
    );
}

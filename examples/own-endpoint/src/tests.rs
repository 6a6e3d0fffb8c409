use std::sync::Arc;

use doorward_application::settings::Preset;
use doorward_testing::TestApp;
use serde_json::{Value, json};

use crate::notes::Notes;

fn app() -> TestApp {
    TestApp::with(Preset::Hardened, |setup| {
        setup.modules.push(Arc::new(Notes::default()));
    })
}

#[test]
fn everybody_has_notes_of_their_own() {
    let app = app();
    let (mut ada, mut eve) = (
        app.signed_up("ada@example.test"),
        app.signed_up("eve@example.test"),
    );
    assert_eq!(
        ada.post("/notes", &json!({ "text": "tea" })).json(),
        json!({ "notes": ["tea"] })
    );
    assert_eq!(eve.get("/notes").json(), json!({ "notes": [] }));
    assert_eq!(app.browser().get("/notes").code(), "UNAUTHORIZED");
}

#[test]
fn bad_notes_are_refused_with_a_stable_code() {
    let app = app();
    let mut ada = app.signed_up("ada@example.test");
    for body in [
        json!({}),
        json!({ "text": "" }),
        json!({ "text": 7 }),
        json!({ "text": "x".repeat(201) }),
    ] {
        let answer = ada.post("/notes", &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "VALIDATION_ERROR"),
            "{body}"
        );
    }
    for _ in 0..3 {
        assert_eq!(ada.post("/notes", &json!({ "text": "tea" })).status, 200);
    }
    let answer = ada.post("/notes", &json!({ "text": "more tea" }));
    assert_eq!((answer.status, answer.code().as_str()), (409, "TOO_MANY_NOTES"));
}

#[test]
fn the_feature_is_documented_beside_the_shipped_ones() {
    let app = app();
    assert_ne!(app.document()["paths"]["/api/auth/notes"]["post"], Value::Null);
}

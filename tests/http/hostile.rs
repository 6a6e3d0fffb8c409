//! Requests nobody sends by accident: each gets an answer below 500, and none changes anything it should not.

mod dice;
mod generator;
mod oddities;
mod operations;
mod siege;
mod wire;

use doorward_testing::{PASSWORD, TestApp};
use serde_json::json;

const JSON: Option<&str> = Some("application/json");

/// What it is, content type, body, and the status and code of the answer.
type Case = (&'static str, Option<&'static str>, Vec<u8>, u16, &'static str);

#[test]
fn cs_3_in_1_malformed_bodies_get_a_stable_code_and_change_nothing() {
    let app = TestApp::start();
    let path = "/api/auth/sign-up/email";
    let good = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD });
    let deep = format!(r#"{{"name":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let long = |field: &str, length: usize| {
        let mut body = good.clone();
        body[field] = json!("x".repeat(length));
        body.to_string().into_bytes()
    };
    let cases: Vec<Case> = vec![
        ("not JSON", JSON, b"{\"name\":".to_vec(), 400, "BAD_REQUEST"),
        ("two values", JSON, b"{} {}".to_vec(), 400, "BAD_REQUEST"),
        (
            "invalid UTF-8",
            JSON,
            b"{\"name\":\"\xff\xfe\"}".to_vec(),
            400,
            "BAD_REQUEST",
        ),
        (
            "a lone surrogate",
            JSON,
            br#"{"name":"\ud800"}"#.to_vec(),
            400,
            "BAD_REQUEST",
        ),
        ("IN-2: too deep", JSON, deep.into_bytes(), 400, "BAD_REQUEST"),
        (
            "IN-2: too large",
            JSON,
            vec![b' '; 300 * 1024],
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        ("a list", JSON, b"[]".to_vec(), 400, "VALIDATION_ERROR"),
        ("nothing", JSON, b"".to_vec(), 400, "VALIDATION_ERROR"),
        (
            "no content type",
            None,
            good.to_string().into_bytes(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "another content type",
            Some("text/plain"),
            good.to_string().into_bytes(),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "IN-5: NUL",
            JSON,
            json!({ "name": "a\0b", "email": "ada@example.test", "password": PASSWORD })
                .to_string()
                .into_bytes(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "IN-3: long name",
            JSON,
            long("name", 257),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "IN-3: long address",
            JSON,
            long("email", 300),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "PW-5: long password",
            JSON,
            long("password", 129),
            400,
            "PASSWORD_TOO_LONG",
        ),
        (
            "wrong type",
            JSON,
            br#"{"name":1,"email":["a@b.co"],"password":{}}"#.to_vec(),
            400,
            "VALIDATION_ERROR",
        ),
    ];
    for (what, content_type, body, status, code) in cases {
        let answer = app.browser().send("POST", path, content_type, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{what}: {}",
            answer.text
        );
        assert!(answer.set_cookies().is_empty(), "{what}");
    }
    let answer = app.browser().post("/sign-in/email", &good);
    assert_eq!(answer.code(), "INVALID_EMAIL_OR_PASSWORD", "nobody was signed up");
}

#[test]
fn in_2_compressed_bodies_are_refused() {
    let app = TestApp::start();
    let mut browser = app.browser();
    browser
        .headers
        .push(("content-encoding".to_owned(), "gzip".to_owned()));
    let answer = browser.post("/sign-in/email", &json!({ "email": "a@b.co", "password": "x" }));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (415, "UNSUPPORTED_MEDIA_TYPE")
    );
}

#[test]
fn in_4_addresses_that_differ_by_case_are_one() {
    let app = TestApp::start();
    drop(app.signed_up("Ada@Example.TEST"));
    let body = json!({ "email": "aDA@example.test", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-in/email", &body).status, 200);
    let again = json!({ "name": "Ada", "email": "ADA@EXAMPLE.TEST", "password": PASSWORD });
    assert_eq!(app.browser().post("/sign-up/email", &again).status, 422);
}

#[test]
fn ac_3_fields_nobody_asked_for_make_nobody_more_than_they_are() {
    let app = TestApp::start();
    let mut browser = app.browser();
    let body = json!({ "name": "Ada", "email": "ada@example.test", "password": PASSWORD, "id": "chosen",
        "emailVerified": true, "banned": true, "Role": "admin", "roles": ["admin"], "impersonatedBy": "x", "createdAt": "2000-01-01T00:00:00Z", "__proto__": { "role": "admin" } });
    let answer = browser.post("/sign-up/email", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let user = &answer.json()["user"];
    assert_ne!(user["id"], "chosen");
    assert_eq!(user["emailVerified"], false);
    assert_ne!(user["createdAt"], "2000-01-01T00:00:00Z");
    assert_eq!((&user["role"], &user["banned"]), (&json!("user"), &json!(false)));
    let update = json!({ "name": "Ada L.", "emailVerified": true, "id": "chosen", "deletedAt": null, "ROLE": "admin" });
    assert_eq!(browser.post("/update-user", &update).status, 200);
    for (field, value) in [
        ("role", json!("admin")),
        ("role", json!(["admin"])),
        ("banReason", json!("none")),
        ("banExpires", json!("2000-01-01T00:00:00Z")),
    ] {
        let mut body = json!({ "name": "Eve", "email": "eve@example.test", "password": PASSWORD });
        body[field] = value.clone();
        let refused = app.browser().post("/sign-up/email", &body);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "FIELD_NOT_ALLOWED"),
            "{field}"
        );
        let refused = browser.post("/update-user", &json!({ "name": "Root", field: value }));
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "FIELD_NOT_ALLOWED"),
            "{field}"
        );
    }
    let now = browser.get("/get-session").json();
    assert_eq!(
        (
            &now["user"]["emailVerified"],
            &now["user"]["id"],
            &now["user"]["role"],
            &now["user"]["name"]
        ),
        (&json!(false), &user["id"], &json!("user"), &json!("Ada L."))
    );
}

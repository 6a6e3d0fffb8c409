use std::sync::Arc;

use doorward_application::settings::Preset;
use doorward_domain::access::AccessPolicy;
use doorward_testing::TestApp;
use serde_json::json;

use crate::{access, invoices};

fn app() -> TestApp {
    TestApp::with(Preset::Hardened, |setup| {
        setup.settings.access = access::declare(AccessPolicy::builder())
            .build()
            .expect("a policy");
        setup.modules.push(Arc::new(invoices::Invoices));
    })
}

#[test]
fn each_role_gets_as_far_as_it_permits() {
    let app = app();
    for (role, read, approve) in [
        ("user", 403, 403),
        ("clerk", 200, 403),
        ("accountant", 200, 200),
        ("user,accountant", 200, 200),
        ("admin", 200, 403),
    ] {
        let mut caller = app.signed_up_as(&format!("{}@example.test", role.replace(',', ".")), role);
        assert_eq!(caller.get("/invoices/open").status, read, "{role}");
        let answer = caller.post("/invoices/17/approve", &json!({}));
        assert_eq!(answer.status, approve, "{role}: {}", answer.text);
        if approve == 403 {
            assert_eq!(answer.code(), "FORBIDDEN");
        }
    }
    assert_eq!(app.browser().get("/invoices/open").status, 401);
    assert_eq!(app.browser().post("/invoices/17/approve", &json!({})).status, 401);
}

#[test]
fn a_role_taken_away_is_gone_with_the_next_request() {
    let app = app();
    let mut clerk = app.signed_up_as("clerk@example.test", "clerk");
    assert_eq!(clerk.get("/invoices/open").status, 200);
    let body = json!({ "userId": app.id_of("clerk@example.test").as_str(), "role": "user" });
    assert_eq!(app.administrator().post("/admin/set-role", &body).status, 200);
    assert_eq!(clerk.get("/invoices/open").status, 403);
}

#[test]
fn everybody_is_greeted() {
    let app = app();
    assert_eq!(app.browser().get("/greeting").text, "Hello!");
    assert_eq!(
        app.signed_up("ada@example.test").get("/greeting").text,
        "Hello, Ada!"
    );
}

//! What is served is documented, and what is documented is served.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::{HttpResponse, get, web};
use doorward_application::Context;
use doorward_application::settings::Preset;
use doorward_testing::TestApp;
use doorward_web::Module;
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

/// All operations the document has: path and method.
pub(crate) fn operations(app: &TestApp) -> Vec<(String, String)> {
    let mut operations = Vec::new();
    for (path, item) in app.document()["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            if METHODS.contains(&method.as_str()) {
                operations.push((path.clone(), method));
            }
        }
    }
    assert!(operations.len() > 25, "{operations:?}");
    operations
}

/// The path with something in place of its parameters.
pub(crate) fn concrete(path: &str) -> String {
    path.replace("{token}", "anything")
        .replace("{asset}", "swagger-ui.css")
}

#[test]
fn every_documented_route_answers() {
    let app = TestApp::start();
    for (path, method) in operations(&app) {
        let body = if method == "POST" { "{}" } else { "" };
        let content_type = (method == "POST").then_some("application/json");
        let answer = app
            .browser()
            .send(&method, &concrete(&path), content_type, body.as_bytes());
        assert!(answer.status < 500, "{method} {path}: {}", answer.text);
        assert_ne!(answer.status, 404, "{method} {path}: {}", answer.text);
        let declared = &app.document()["paths"][&path][method.to_lowercase()]["responses"];
        let everywhere = ["400", "401", "403", "413", "415", "500", "503"];
        let status = answer.status.to_string();
        let known = declared.get(&status).is_some() || everywhere.contains(&status.as_str());
        assert!(
            known,
            "{method} {path} answers {status}, which is not documented: {declared}"
        );
    }
}

#[test]
fn no_two_operations_have_one_id() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.admin.enabled = true;
        setup.settings.username.enabled = true;
    });
    let mut ids = HashSet::new();
    for (path, method) in operations(&app) {
        let operation = &app.document()["paths"][&path][method.to_lowercase()];
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{method} {path}: {id} is another's, too");
    }
    assert!(ids.contains("postUpdateUser") && ids.contains("postAdminUpdateUser"));
}

#[test]
fn cs_4_every_other_method_and_path_is_unknown() {
    let app = TestApp::start();
    let operations = operations(&app);
    for (path, _) in &operations {
        for method in METHODS {
            if !operations.contains(&(path.clone(), method.to_owned())) {
                let answer = app.browser().send(method, &concrete(path), None, b"");
                assert_eq!(
                    (answer.status, answer.text.as_str()),
                    (404, ""),
                    "{method} {path}"
                );
            }
        }
    }
    for path in [
        "/",
        "/api",
        "/api/auth",
        "/api/auth/",
        "/api/auth/sign-in",
        "/api/auth/ok/",
        "/api/auth//ok",
        "/API/auth/ok",
    ] {
        let answer = app.browser().send("GET", path, None, b"");
        assert_eq!((answer.status, answer.text.as_str()), (404, ""), "{path}");
    }
}

#[test]
fn a_file_that_the_reference_does_not_have_is_not_found() {
    let app = TestApp::start();
    for name in ["unknown.js", "index.html"] {
        let answer = app.browser().get(&format!("/docs/{name}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "NOT_FOUND"),
            "{name}"
        );
    }
}

struct Secretive;

#[get("/undocumented")]
async fn hidden() -> HttpResponse {
    HttpResponse::Ok().body("hidden")
}

impl Module for Secretive {
    fn id(&self) -> &'static str {
        "secretive"
    }

    fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
        config.map(|config| {
            config.service(hidden);
            config.route("/routed", web::get().to(|| async { "hidden" }))
        });
    }
}

#[test]
fn a_route_without_documentation_is_not_served() {
    let app = TestApp::with(Preset::Hardened, |setup| setup.modules.push(Arc::new(Secretive)));
    for path in ["/undocumented", "/routed"] {
        let answer = app.browser().get(path);
        assert_eq!((answer.status, answer.text.as_str()), (404, ""), "{path}");
    }
}

#[test]
fn a_disabled_path_is_unknown() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.http.disabled_paths.push("/sign-up/email".to_owned());
    });
    let body =
        serde_json::json!({ "name": "Ada", "email": "ada@example.test", "password": "nine green bottles" });
    assert_eq!(app.browser().post("/sign-up/email", &body).status, 404);
    assert_eq!(app.browser().post("/sign-in/email", &body).status, 401);
}

#[test]
fn the_reference_asks_no_other_host() {
    let app = TestApp::start();
    for path in ["/docs", "/reference"] {
        let page = app.browser().get(path);
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html"));
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && !policy.contains("http"),
            "{policy}"
        );
        for attribute in ["src=\"", "href=\""] {
            for reference in page.text.split(attribute).skip(1) {
                let reference = reference.split('"').next().unwrap();
                assert!(!reference.contains("//"), "{path} asks for {reference}");
                assert_eq!(
                    app.browser()
                        .send("GET", &resolve(path, reference), None, b"")
                        .status,
                    200,
                    "{reference}"
                );
            }
        }
    }
    let schema: Value = app.browser().get("/open-api/generate-schema").json();
    assert_eq!(&schema, app.document());
    assert!(schema["openapi"].as_str().unwrap().starts_with("3.1"));
}

fn resolve(page: &str, reference: &str) -> String {
    if reference.starts_with('/') {
        return reference.to_owned();
    }
    let page = format!("/api/auth{page}");
    format!(
        "{}/{}",
        page.rsplit_once('/').unwrap().0,
        reference.trim_start_matches("./")
    )
}

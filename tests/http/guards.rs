//! Guards of routes that are not ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{HttpResponse, get};
use async_trait::async_trait;
use doorward_adapters::memory::MemoryStore;
use doorward_application::Context;
use doorward_application::settings::{Preset, Settings};
use doorward_domain::access::{AccessPolicy, Permission};
use doorward_domain::fields::{FieldKind, FieldName, FieldSpec};
use doorward_domain::session::SessionRepository;
use doorward_domain::{
    ForwardRepositories, Keyring, Repositories, RequestContext, Secret, Store, StoreError, Transaction,
};
use doorward_testing::TestApp;
use doorward_web::access::{Authorized, CurrentUser, RequirePermission, RequireRole, Requires};
use doorward_web::configuration::HttpSettings;
use doorward_web::wiring::{AppFactory, modules};
use doorward_web::{CurrentSession, EvenImpersonated, Fresh, Module};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::administration::{EVE, refused};

doorward_domain::resource! {
    /// What accountants work on.
    pub(crate) mod invoice = "invoice" {
        READ = "read",
        APPROVE = "approve",
    }
}

struct ApproveInvoice;

impl Requires for ApproveInvoice {
    const PERMISSION: Permission = invoice::APPROVE;
}

/// Approves.
#[utoipa::path(responses((status = 200, description = "Approved")))]
#[get("/approve")]
async fn approve(
    caller: Authorized<ApproveInvoice>,
    again: CurrentUser,
    maybe: Option<CurrentUser>,
) -> HttpResponse {
    assert!(caller.user.id == again.id && maybe.is_some_and(|user| user.id == again.id));
    HttpResponse::Ok().body(caller.user.name.to_string())
}

/// Approves what costs a lot.
#[utoipa::path(responses((status = 200, description = "Approved")))]
#[get("/approve-dear")]
async fn approve_dear(_: Fresh<Authorized<ApproveInvoice>>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// For one role.
#[utoipa::path(responses((status = 200, description = "In")))]
#[get("/in")]
async fn inside() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// For whoever is signed in.
#[utoipa::path(responses((status = 200, description = "Theirs")))]
#[get("/user")]
async fn own_user(user: CurrentUser) -> HttpResponse {
    HttpResponse::Ok().body(user.email.to_string())
}

/// For whoever is signed in.
#[utoipa::path(responses((status = 200, description = "Theirs")))]
#[get("/session")]
async fn own_session(session: CurrentSession) -> HttpResponse {
    HttpResponse::Ok().body(session.user.email.to_string())
}

/// For whoever is signed in, somebody who impersonates them included.
#[utoipa::path(responses((status = 200, description = "Theirs or not")))]
#[get("/seen")]
async fn seen(EvenImpersonated(user): EvenImpersonated<CurrentUser>) -> HttpResponse {
    HttpResponse::Ok().body(user.email.to_string())
}

struct Invoices;

impl Module for Invoices {
    fn id(&self) -> &'static str {
        "invoices"
    }

    fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
        let readable = utoipa_actix_web::scope("/invoices").wrap(RequirePermission::new(invoice::READ));
        let club = utoipa_actix_web::scope("/club").wrap(RequireRole::new("clerk"));
        let own = utoipa_actix_web::scope("/own");
        config
            .service(own.service(own_user).service(own_session).service(seen))
            .service(readable.service(approve).service(approve_dear))
            .service(club.service(inside));
    }
}

fn policy() -> AccessPolicy {
    let builder = AccessPolicy::builder().declare(invoice::ALL.iter().cloned());
    let builder = builder.role("clerk", [invoice::READ]);
    builder
        .role("accountant", invoice::ALL.iter().cloned())
        .build()
        .unwrap()
}

/// Counts how often a repository is asked for.
#[derive(Default)]
struct Counted {
    store: MemoryStore,
    sessions: AtomicUsize,
    others: AtomicUsize,
}

impl ForwardRepositories for Counted {
    fn behind(&self) -> &dyn Repositories {
        self.others.fetch_add(1, Ordering::SeqCst);
        &self.store
    }

    fn sessions(&self) -> &dyn SessionRepository {
        self.sessions.fetch_add(1, Ordering::SeqCst);
        self.store.sessions()
    }
}

#[async_trait]
impl Store for Counted {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        self.others.fetch_add(1, Ordering::SeqCst);
        self.store.begin(request).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

#[test]
fn a_permission_check_costs_no_query_beyond_the_session_read() {
    let counted = Arc::new(Counted::default());
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.access = policy();
        setup.modules.push(Arc::new(Invoices));
        setup.store = counted.clone();
    });
    let mut accountant = app.signed_up_as("ada@example.test", "user,accountant");
    counted.sessions.store(0, Ordering::SeqCst);
    counted.others.store(0, Ordering::SeqCst);
    let answer = accountant.get("/invoices/approve");
    assert_eq!((answer.status, answer.text.as_str()), (200, "Ada"));
    let asked = (
        counted.sessions.load(Ordering::SeqCst),
        counted.others.load(Ordering::SeqCst),
    );
    assert_eq!(
        asked,
        (1, 0),
        "one middleware and three extractors read the session once"
    );
}

#[test]
fn what_costs_a_lot_needs_a_fresh_session_as_well() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.access = policy();
        setup.modules.push(Arc::new(Invoices));
    });
    let (mut clerk, mut accountant) = (
        app.signed_up_as("clerk@example.test", "clerk"),
        app.signed_up_as("accountant@example.test", "accountant"),
    );
    assert_eq!(accountant.get("/invoices/approve-dear").status, 200);
    app.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(accountant.get("/invoices/approve").status, 200);
    refused(
        &accountant.get("/invoices/approve-dear"),
        403,
        "SESSION_NOT_FRESH",
    );
    refused(&clerk.get("/invoices/approve-dear"), 403, "FORBIDDEN");
}

/// A handler of a team's own that says nothing about impersonation refuses it.
#[test]
fn ac_6_routes_of_a_team_refuse_an_impersonation_unless_they_say_otherwise() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.modules.push(Arc::new(Invoices));
    });
    let mut eve = app.signed_up(EVE);
    let mut admin = app.administrator();
    let body = json!({ "userId": app.id_of(EVE).as_str() });
    assert_eq!(admin.post("/admin/impersonate-user", &body).status, 200);
    for path in ["/own/user", "/own/session"] {
        assert_eq!(eve.get(path).text, EVE, "{path}");
        refused(&admin.get(path), 403, "IMPERSONATION_FORBIDS");
        refused(&app.browser().get(path), 401, "UNAUTHORIZED");
    }
    assert_eq!(
        (eve.get("/own/seen").text, admin.get("/own/seen").text),
        (EVE.to_owned(), EVE.to_owned())
    );
}

/// Whoever puts a server together from ports of their own gets the same checks as the binary.
#[test]
fn ac_6_no_server_is_made_of_settings_that_endanger_users() {
    type Case = (&'static str, fn(&mut Settings));
    let cases: [Case; 5] = [
        ("admin.impersonation_session_duration", |settings| {
            settings.admin.impersonation_session_duration = chrono::TimeDelta::days(7);
        }),
        ("admin.setup_token", |settings| {
            settings.admin.setup_token = Some(Secret::new("abcdefghijklmnopqrstuvwxyzabcdef".to_owned()));
        }),
        ("user.additional_fields", |settings| {
            settings.user_fields = vec![text_field("role")];
        }),
        ("user.additional_fields", |settings| {
            settings.user_fields = vec![text_field("emailVerified")];
        }),
        ("session.additional_fields", |settings| {
            settings.session_fields = vec![text_field("userId")];
        }),
    ];
    let app = TestApp::start();
    let ports = &app.context.ports;
    let make = |settings: Settings, secret: &str| {
        let http = HttpSettings::of(Preset::Hardened);
        let modules = modules(&settings, Vec::new()).unwrap();
        let context = modules.context(ports.clone(), settings).unwrap();
        let made = AppFactory::new(
            &context,
            &http,
            &Keyring::single(Secret::new(secret.to_owned())),
            modules,
        );
        made.err().map(|error| error.to_string())
    };
    let secret = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";
    assert_eq!(make(app.context.settings.clone(), secret), None);
    let told = |option: &str, error: Option<String>| {
        assert!(
            error.as_ref().is_some_and(|error| error.contains(option)),
            "{option}: {error:?}"
        );
    };
    told("secret", make(app.context.settings.clone(), "short"));
    for (option, change) in cases {
        let mut settings = app.context.settings.clone();
        change(&mut settings);
        told(option, make(settings, secret));
    }
}

fn text_field(name: &str) -> FieldSpec {
    FieldSpec {
        name: FieldName::parse(name).unwrap(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        input: true,
        returned: true,
    }
}

#[test]
fn nobody_and_the_wrong_somebody_are_told_apart() {
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.access = policy();
        setup.modules.push(Arc::new(Invoices));
    });
    for path in ["/invoices/approve", "/club/in"] {
        refused(&app.browser().get(path), 401, "UNAUTHORIZED");
        refused(
            &app.signed_up(&format!("user{}@example.test", path.len()))
                .get(path),
            403,
            "FORBIDDEN",
        );
    }
    let mut clerk = app.signed_up_as("clerk@example.test", "clerk");
    refused(&clerk.get("/invoices/approve"), 403, "FORBIDDEN");
    assert_eq!(clerk.get("/club/in").status, 200);

    // AC-6: in an accountant's place an administrator has not their rights.
    let mut admin = app.administrator();
    drop(app.signed_up_as("accountant@example.test", "accountant"));
    let id = app.id_of("accountant@example.test");
    let body = json!({ "userId": id.as_str() });
    assert_eq!(admin.post("/admin/impersonate-user", &body).status, 200);
    refused(&admin.get("/invoices/approve"), 403, "FORBIDDEN");
}

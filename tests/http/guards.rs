//! Guards of routes that are not ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{HttpResponse, get};
use async_trait::async_trait;
use doorward_adapters::memory::MemoryStore;
use doorward_application::Context;
use doorward_application::settings::Preset;
use doorward_domain::access::{AccessPolicy, Permission};
use doorward_domain::session::SessionRepository;
use doorward_domain::{ForwardRepositories, Repositories, RequestContext, Store, StoreError, Transaction};
use doorward_testing::TestApp;
use doorward_web::access::{Authorized, CurrentUser, RequirePermission, RequireRole, Requires};
use doorward_web::{Fresh, Module};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::administration::refused;

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

struct Invoices;

impl Module for Invoices {
    fn id(&self) -> &'static str {
        "invoices"
    }

    fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
        let readable = utoipa_actix_web::scope("/invoices").wrap(RequirePermission::new(invoice::READ));
        let club = utoipa_actix_web::scope("/club").wrap(RequireRole::new("clerk"));
        config
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

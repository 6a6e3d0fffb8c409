//! Routes that say who may call them: the one file that a new guarded endpoint touches.

use actix_web::{HttpResponse, get, post, web};
use doorward_application::Context;
use doorward_domain::access::Permission;
use doorward_web::Module;
use doorward_web::access::{Authorized, CurrentUser, RequirePermission, Requires};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::invoice;

/// What a handler asks for that approves invoices.
pub(crate) struct ApproveInvoice;

impl Requires for ApproveInvoice {
    const PERMISSION: Permission = invoice::APPROVE;
}

/// Approves an invoice.
#[utoipa::path(tag = "invoices", params(("number" = u32, Path, description = "Which")),
    responses((status = 200, description = "Approved")))]
#[post("/{number}/approve")]
async fn approve(caller: Authorized<ApproveInvoice>, number: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok().body(format!("{} approved invoice {number}", caller.user.name))
}

/// The numbers of the open invoices.
#[utoipa::path(tag = "invoices", responses((status = 200, description = "Numbers", body = [u32])))]
#[get("/open")]
async fn open() -> HttpResponse {
    HttpResponse::Ok().json([17, 23])
}

/// A greeting for everybody.
#[utoipa::path(tag = "invoices", responses((status = 200, description = "A greeting")))]
#[get("/greeting")]
async fn greeting(caller: Option<CurrentUser>) -> String {
    caller.map_or_else(|| "Hello!".to_owned(), |user| format!("Hello, {}!", user.name))
}

/// The routes, registered like those Doorward ships.
pub(crate) struct Invoices;

impl Module for Invoices {
    fn id(&self) -> &'static str {
        "invoices"
    }

    fn routes(&self, _: &Context, config: &mut ServiceConfig<'_>) {
        let invoices = utoipa_actix_web::scope("/invoices")
            .wrap(RequirePermission::new(invoice::READ))
            .service(open)
            .service(approve);
        config.service(invoices).service(greeting);
    }
}

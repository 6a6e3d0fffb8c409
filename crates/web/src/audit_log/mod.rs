//! Reading the audit log over HTTP: one's own events, and for administrators all of them.

mod cursor;
mod reply;

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_application::audit_log::{ListEvents, ListOwnEvents, MAX_PAGE, PageRequest, SealEvents};
use doorward_application::{Context, Worker};
use doorward_domain::access::{Permission, permissions};
use doorward_domain::audit::{EventFilter, EventOrder, Outcome};
use doorward_domain::{UserId, parse_moment};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::response::{ErrorReply, json};
use crate::session::extract::{AdminSession, CurrentSession};
use crate::{Module, Query};
use reply::{EventsReply, OwnEventsReply};

/// Events in an answer to somebody who says no number.
const STANDARD_PAGE: u64 = 100;

/// The audit log.
pub(crate) struct AuditLogModule;

impl Module for AuditLogModule {
    fn id(&self) -> &'static str {
        "audit_log"
    }

    fn permissions(&self) -> Vec<Permission> {
        permissions::audit_log::ALL.to_vec()
    }

    fn workers(&self, context: &Context) -> Vec<Arc<dyn Worker>> {
        vec![Arc::new(SealEvents::new(context.clone()))]
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(ListOwnEvents::new(context.clone())))
            .service(list_own_events);
        if context.settings.admin.enabled {
            config
                .app_data(Data::new(ListEvents::new(context.clone())))
                .service(list_events);
        }
    }
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
struct OwnEventsQuery {
    /// Events in the answer: 100 unless said otherwise, 1000 at most.
    #[schema(nullable = false)]
    limit: Option<String>,
    /// The `nextCursor` of the answer before.
    #[schema(nullable = false)]
    cursor: Option<String>,
}

/// What happened to the caller's user, newest first: sign-ins, failed ones too, and whatever was changed, by the user or by an
/// administrator.
#[utoipa::path(tag = "audit_log", params(OwnEventsQuery),
    responses((status = 200, description = "Events, newest first", body = OwnEventsReply),
              (status = 400, description = "Such a page cannot be asked for", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 403, description = "An administrator impersonates the user", body = ErrorReply)))]
#[get("/list-events")]
async fn list_own_events(
    query: Query<OwnEventsQuery>,
    caller: CurrentSession,
    list: Data<ListOwnEvents>,
) -> Result<HttpResponse, ApiError> {
    let page = page(query.0.limit.as_deref(), query.0.cursor.as_deref())?;
    let page = list.run(caller.request(), page).await?;
    Ok(json(&OwnEventsReply::from(page)))
}

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// To whom it happened: the id of a user, removed ones too.
    #[schema(nullable = false)]
    user_id: Option<String>,
    /// Who did it: the id of a user, or the name of a command or worker.
    #[schema(nullable = false)]
    actor_id: Option<String>,
    /// What happened, such as `session.issued`.
    #[schema(nullable = false)]
    kind: Option<String>,
    /// `success` or `denied`.
    #[schema(nullable = false)]
    outcome: Option<String>,
    /// The earliest moment, such as `2026-01-02` or `2026-01-02T03:04:05Z`.
    #[schema(nullable = false)]
    since: Option<String>,
    /// The first moment that is too late.
    #[schema(nullable = false)]
    until: Option<String>,
    /// Events in the answer: 100 unless said otherwise, 1000 at most.
    #[schema(nullable = false)]
    limit: Option<String>,
    /// The `nextCursor` of the answer before.
    #[schema(nullable = false)]
    cursor: Option<String>,
}

/// Audit events, newest first. Needs `audit-log:read`. Reading them is recorded as well.
#[utoipa::path(tag = "audit_log", params(EventsQuery),
    responses((status = 200, description = "Events, newest first", body = EventsReply),
              (status = 400, description = "Such a page cannot be asked for", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply)))]
#[get("/admin/list-events")]
async fn list_events(
    query: Query<EventsQuery>,
    caller: AdminSession,
    list: Data<ListEvents>,
) -> Result<HttpResponse, ApiError> {
    let page = page(query.0.limit.as_deref(), query.0.cursor.as_deref())?;
    let page = list.run(caller.request(), filter(query.0)?, page).await?;
    Ok(json(&EventsReply::from(page)))
}

fn page(limit: Option<&str>, cursor: Option<&str>) -> Result<PageRequest, ApiError> {
    let limit = limit.map_or(Ok(STANDARD_PAGE), |text| {
        let number = text.parse().ok().filter(|number| (1..=MAX_PAGE).contains(number));
        number.ok_or_else(|| {
            refused(
                "limit",
                &format!("it must be a whole number from 1 to {MAX_PAGE}"),
            )
        })
    })?;
    let after = cursor.filter(|cursor| !cursor.is_empty()).map(|cursor| {
        cursor::decode(cursor).ok_or_else(|| refused("cursor", "it is not from a list of events"))
    });
    Ok(PageRequest {
        order: EventOrder::NewestFirst,
        after: after.transpose()?,
        limit,
    })
}

fn filter(query: EventsQuery) -> Result<EventFilter, ApiError> {
    let outcome = query
        .outcome
        .map(|name| Outcome::named(&name).ok_or_else(|| refused("outcome", "it must be success or denied")));
    let moment = |parameter: &'static str, text: Option<String>| {
        let moment = text.map(|text| {
            parse_moment(&text).ok_or_else(|| refused(parameter, "it must be a day or a moment in ISO 8601"))
        });
        moment.transpose()
    };
    Ok(EventFilter {
        subject: query.user_id.map(UserId::from_stored),
        actor: query.actor_id,
        kind: query.kind,
        outcome: outcome.transpose()?,
        since: moment("since", query.since)?,
        until: moment("until", query.until)?,
    })
}

fn refused(parameter: &str, why: &str) -> ApiError {
    VALIDATION_ERROR.with_message(format!("[query.{parameter}] Invalid value: {why}"))
}

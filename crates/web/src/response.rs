//! Answers that several rooms give.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::Instant;
use utoipa::ToSchema;

/// `{"status": true}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusReply {
    /// Always true: failures are errors.
    pub(crate) status: bool,
}

impl StatusReply {
    pub(crate) const DONE: Self = Self { status: true };
}

/// `{"success": true}`
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuccessReply {
    /// Always true: failures are errors.
    pub(crate) success: bool,
}

impl SuccessReply {
    pub(crate) const DONE: Self = Self { success: true };
}

/// An error answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorReply {
    /// What people read.
    pub(crate) message: String,
    /// What programs go by; absent from a few answers.
    pub(crate) code: Option<String>,
}

/// 200 with a JSON body.
pub(crate) fn json(body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(text) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(text),
        Err(error) => HttpResponse::from_error(crate::ApiError::Internal(Box::new(error))),
    }
}

/// 302 with an empty body.
pub(crate) fn redirect(location: &str) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, location)).finish()
}

/// Dates on the wire: ISO 8601 in UTC with milliseconds and `Z`, as JavaScript writes them.
pub(crate) mod wire_date {
    use super::{DateTime, Deserialize, Deserializer, SecondsFormat, Serializer, Utc};

    pub(crate) fn serialize<S: Serializer>(date: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&date.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::deserialize(deserializer)
    }
}

/// A date on the wire.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct WireDate(#[serde(with = "wire_date")] pub(crate) DateTime<Utc>);

/// Waits until `floor` has passed since `started`, so that the time an answer takes tells nothing (EN-3).
pub(crate) async fn not_before(started: Instant, floor: TimeDelta) {
    tokio::time::sleep_until(started + floor.to_std().unwrap_or_default()).await;
}

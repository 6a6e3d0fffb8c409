//! What happens to every request before a handler sees it, and to every answer after.
//!
//! In the protocol's order: may the client ask again, is there such an operation, is the body of a known type and well-formed, may the request
//! come from there, and may it lead there. Because this is decided for all operations at once, no handler can forget it.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap,
    HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError, web};
use doorward_domain::has_control_characters;
use futures_util::{FutureExt, StreamExt};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tracing_actix_web::RequestId;

use crate::body::ParsedBody;
use crate::connections::Exchange;
use crate::cookies::ResponseCookies;
use crate::error::ApiError;
use crate::error::codes::{
    BAD_REQUEST, PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, VALIDATION_ERROR,
};
use crate::measure::Measurement;
use crate::state::{AppState, Route, Routes};
use crate::throttle::{Deferred, afterwards, throttle};
use crate::{bearer, json, query};

/// How long a body may take to arrive (RE-13).
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one may go on arriving when the server stops (RE-9).
const BODY_GRACE: Duration = Duration::from_secs(2);
/// How long an answer may take (RE-8), whatever it waits for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const FORM: &str = "application/x-www-form-urlencoded";

/// The middleware around everything.
pub(crate) async fn request_guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = request.app_data::<web::Data<AppState>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let mut measurement = Measurement::begin(state.meter.get(), request.method());
    let outcome = guard(&state, request, next, &mut measurement).await;
    measurement.end(&outcome);
    outcome
}

async fn guard(
    state: &AppState,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    measurement: &mut Measurement,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let cookies = ResponseCookies::of(request.request());
    let id = request.extensions().get::<RequestId>().copied();
    let exchange = Exchange::begin(&state.connections, request.request());
    let pattern = request.match_pattern();
    if let Some(pattern) = pattern
        .as_deref()
        .filter(|it| Routes::is_exact(it, request.path_as_sent()))
    {
        measurement.is_for(pattern);
    }
    let deferred = match check_request(state, &mut request, pattern.as_deref()).await {
        Ok(deferred) => deferred,
        Err(error) => {
            let mut response = request.into_response(error.error_response());
            finish_response(state, &cookies, id, response.response_mut());
            return Ok(response);
        }
    };
    if let Some(exchange) = &exchange {
        exchange.serve();
    }
    let refused = |problem: &'static str, error: ApiError| {
        let mut response = error.error_response();
        finish_response(state, &cookies, id, &mut response);
        InternalError::from_response(problem, response).into()
    };
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    let outcome = match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            let error = ApiError::Internal("a handler panicked".into());
            return Err(refused("panic", error));
        }
        Err(elapsed) => {
            let error = ApiError::Unavailable(elapsed.into());
            return Err(refused("timeout", error));
        }
    };
    let mut response = outcome?.map_into_boxed_body();
    if let Some(deferred) = deferred
        && let Err(error) = in_time(afterwards(state, response.request(), deferred)).await
    {
        response = response.into_response(error.error_response());
    }
    finish_response(state, &cookies, id, response.response_mut());
    Ok(response)
}

/// Waits for who counts requests, but not longer than for an answer.
async fn in_time<T>(counted: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let counted = tokio::time::timeout(ANSWER_TIMEOUT, counted).await;
    counted.unwrap_or_else(|elapsed| Err(ApiError::Unavailable(elapsed.into())))
}

async fn check_request(
    state: &AppState,
    request: &mut ServiceRequest,
    pattern: Option<&str>,
) -> Result<Option<Deferred>, ApiError> {
    if state.routes().is_disabled(request.path_as_sent()) {
        return Err(ApiError::Plain(404, "Not Found"));
    }
    let deferred = in_time(throttle(state, request, pattern)).await?;
    let pattern = pattern.ok_or(ApiError::Empty(404))?;
    let route = state
        .routes()
        .find(request.method(), pattern, request.path_as_sent())
        .ok_or(ApiError::Empty(404))?;
    let query = check_target(request)?;
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(deferred);
    }
    let body = read_body(state, request, route).await?;
    state.redirects.check_origin(request.headers())?;
    state.redirects.check_fields(body.as_ref(), &query)?;
    request.extensions_mut().insert(ParsedBody(body));
    Ok(deferred)
}

trait AsSent {
    fn path_as_sent(&self) -> &str;
}

impl AsSent for ServiceRequest {
    /// The path before any decoding.
    fn path_as_sent(&self) -> &str {
        self.uri().path()
    }
}

/// No control characters in path or query, encoded or not (IN-5), and nothing that is not text. Answers the query.
fn check_target(request: &ServiceRequest) -> Result<Value, ApiError> {
    for (part, text) in [
        ("path", request.path_as_sent()),
        ("query", request.query_string()),
    ] {
        let decoded = percent_decode_str(text).decode_utf8();
        if !decoded.is_ok_and(|decoded| !has_control_characters(&decoded)) {
            return Err(VALIDATION_ERROR.with_message(format!("[{part}] Invalid string: not plain text")));
        }
    }
    Ok(query::parse(request.query_string().as_bytes()))
}

async fn read_body(
    state: &AppState,
    request: &mut ServiceRequest,
    route: &Route,
) -> Result<Option<Value>, ApiError> {
    let stopped = async {
        state.connections.stopped().await;
        tokio::time::sleep(BODY_GRACE).await;
    };
    let bytes = read_in_time(state.max_body_bytes, request, stopped).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if request
        .headers()
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        return Err(UNSUPPORTED_MEDIA_TYPE.with_message("Content-Encoding is not allowed"));
    }
    let media_type = media_type(request.headers(), route)?;
    if media_type == FORM {
        // A repeated field is a list in here, which no text field takes.
        return Ok(Some(query::parse(&bytes)));
    }
    json::parse(&bytes).map(Some).map_err(|_| BAD_REQUEST.into())
}

fn media_type(headers: &HeaderMap, route: &Route) -> Result<String, ApiError> {
    let given = headers
        .get(CONTENT_TYPE)
        .map_or("", |value| value.to_str().unwrap_or("invalid"));
    let essence = given
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if route.body_types.contains(&essence) {
        return Ok(essence);
    }
    let mut allowed = route.body_types.clone();
    allowed.sort_unstable_by_key(|kind| kind != FORM);
    let allowed = allowed.join(", ");
    Err(UNSUPPORTED_MEDIA_TYPE.with_message(if given.is_empty() {
        format!("Content-Type is required. Allowed types: {allowed}")
    } else {
        format!("Content-Type \"{given}\" is not allowed. Allowed types: {allowed}")
    }))
}

async fn read_in_time(
    max: usize,
    request: &mut ServiceRequest,
    stopped: impl Future<Output = ()>,
) -> Result<Vec<u8>, ApiError> {
    tokio::select! {
        biased;
        bytes = read_bytes(max, request) => bytes,
        () = tokio::time::sleep(BODY_TIMEOUT) => Err(REQUEST_TIMEOUT.into()),
        () = stopped => Err(REQUEST_TIMEOUT.into()),
    }
}

/// The body, unless it is larger than allowed (IN-2). One that says so beforehand is not read at all.
async fn read_bytes(max: usize, request: &mut ServiceRequest) -> Result<Vec<u8>, ApiError> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        return Err(PAYLOAD_TOO_LARGE.into());
    }
    let mut payload: Payload = request.take_payload();
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BAD_REQUEST.with_message("The request body could not be read"))?;
        if bytes.len() + chunk.len() > max {
            return Err(PAYLOAD_TOO_LARGE.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Headers every answer has (HD-1 to HD-3, SE-9), and the cookies that were collected.
fn finish_response(
    state: &AppState,
    cookies: &ResponseCookies,
    id: Option<RequestId>,
    response: &mut HttpResponse,
) {
    bearer::hand_out(state, cookies, response.headers_mut());
    for cookie in cookies.take() {
        // Cookies are made of base64, percent-encoding and checked configuration; none fails here.
        if let Err(error) = response.add_cookie(&cookie) {
            tracing::error!(%error, "cookie not set");
        }
    }
    let is_unread = matches!(response.status().as_u16(), 408 | 413);
    if is_unread || state.connections.is_stopping() {
        response
            .head_mut()
            .set_connection_type(actix_web::http::ConnectionType::Close);
    }
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(REFERRER_POLICY, "no-referrer");
    default(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    default(CACHE_CONTROL, "no-store");
    if state.https {
        default(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use actix_web::test::TestRequest;
    use futures_util::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn re_13_a_body_that_does_not_arrive_is_not_waited_for() {
        let mut request = TestRequest::post().to_srv_request();
        request.set_payload(Payload::Stream {
            payload: Box::pin(stream::pending()),
        });
        let error = read_in_time(10, &mut request, pending()).await.unwrap_err();
        assert_eq!(error.to_string(), "REQUEST_TIMEOUT");
    }

    #[tokio::test(start_paused = true)]
    async fn re_8_who_counts_requests_is_not_waited_for_without_end() {
        let error = in_time(pending::<Result<(), ApiError>>()).await.unwrap_err();
        assert!(matches!(error, ApiError::Unavailable(_)), "{error}");
    }

    #[tokio::test]
    async fn re_9_a_server_that_stops_waits_for_no_body() {
        let mut request = TestRequest::post().to_srv_request();
        request.set_payload(Payload::Stream {
            payload: Box::pin(stream::pending()),
        });
        let error = read_in_time(10, &mut request, ready(())).await.unwrap_err();
        assert_eq!(error.to_string(), "REQUEST_TIMEOUT");
    }
}

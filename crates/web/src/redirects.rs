//! Which requests may come from where, and where they may lead.

use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, ORIGIN, REFERER};
use doorward_domain::redirect::{Origin, RedirectTarget, TrustedOrigins};
use serde_json::Value;

use crate::error::codes::{
    CROSS_SITE_NAVIGATION_LOGIN_BLOCKED, INVALID_CALLBACK_URL, INVALID_ERROR_CALLBACK_URL,
    INVALID_NEW_USER_CALLBACK_URL, INVALID_ORIGIN, INVALID_REDIRECT_URL, MISSING_OR_NULL_ORIGIN,
};
use crate::error::{ApiError, ErrorCode};

/// The rules about origins and redirects (CS-1, CS-5, CS-6).
#[derive(Clone, Debug)]
pub(crate) struct Redirects {
    trusted: TrustedOrigins,
    base: Origin,
}

struct Field {
    name: &'static str,
    label: &'static str,
    code: ErrorCode,
}

const FIELDS: [Field; 4] = [
    Field {
        name: "callbackURL",
        label: "callbackURL",
        code: INVALID_CALLBACK_URL,
    },
    Field {
        name: "redirectTo",
        label: "redirectURL",
        code: INVALID_REDIRECT_URL,
    },
    Field {
        name: "errorCallbackURL",
        label: "errorCallbackURL",
        code: INVALID_ERROR_CALLBACK_URL,
    },
    Field {
        name: "newUserCallbackURL",
        label: "newUserCallbackURL",
        code: INVALID_NEW_USER_CALLBACK_URL,
    },
];

impl Redirects {
    pub(crate) const fn new(trusted: TrustedOrigins, base: Origin) -> Self {
        Self { trusted, base }
    }

    /// The origin of the base URL.
    pub(crate) const fn base(&self) -> &Origin {
        &self.base
    }

    /// A request that may change something and has a cookie must come from a trusted origin.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if headers.contains_key(COOKIE) {
            self.require_origin(headers)
        } else {
            Ok(())
        }
    }

    /// Signing in or up without a cookie: another site must not do it in the user's name. Browsers say where a
    /// request comes from in `Sec-Fetch-*` (W3C Fetch Metadata).
    pub(crate) fn check_first_login(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if headers.contains_key(COOKIE) {
            return self.require_origin(headers);
        }
        let said = |name: &'static str| {
            text(headers, &HeaderName::from_static(name)).filter(|value| !value.trim().is_empty())
        };
        let (site, mode) = (said("sec-fetch-site"), said("sec-fetch-mode"));
        if site == Some("cross-site") && mode == Some("navigate") {
            return Err(CROSS_SITE_NAVIGATION_LOGIN_BLOCKED.into());
        }
        let from_browser = site.or(mode).or_else(|| said("sec-fetch-dest")).is_some();
        let has = |name: HeaderName| text(headers, &name).is_some_and(|value| !value.is_empty());
        if from_browser || has(ORIGIN) || has(REFERER) {
            self.require_origin(headers)?;
        }
        Ok(())
    }

    fn require_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let given = |name| text(headers, &name).filter(|value| !value.is_empty());
        match given(ORIGIN).or_else(|| given(REFERER)) {
            None | Some("null") => Err(MISSING_OR_NULL_ORIGIN.into()),
            Some(value) if self.trusted.trusts_header(value) => Ok(()),
            Some(_) => Err(INVALID_ORIGIN.into()),
        }
    }

    /// Every field that may redirect, in a body (and `callbackURL` in the query), whether the endpoint uses it or not.
    pub(crate) fn check_fields(&self, body: Option<&Value>, query: &Value) -> Result<(), ApiError> {
        for field in &FIELDS {
            let in_body = body
                .and_then(|body| body.get(field.name))
                .filter(|value| is_set(value));
            let value = in_body.or_else(|| query.get(field.name).filter(|_| field.name == "callbackURL"));
            match value {
                Some(Value::String(target)) if !target.is_empty() => {
                    self.target(target).map_err(|_| ApiError::from(field.code))?;
                }
                None | Some(Value::String(_)) => {}
                Some(_) => {
                    return Err(ApiError::Uncoded(
                        400,
                        format!("Invalid {}: expected a string", field.label).into(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Where a `callbackURL` leads; empty is as if absent.
    pub(crate) fn callback(&self, raw: Option<&str>) -> Result<Option<RedirectTarget>, ApiError> {
        raw.filter(|raw| !raw.is_empty())
            .map(|raw| self.target(raw))
            .transpose()
    }

    fn target(&self, raw: &str) -> Result<RedirectTarget, ApiError> {
        RedirectTarget::parse(raw, &self.trusted).map_err(|_| INVALID_CALLBACK_URL.into())
    }
}

/// What JavaScript would call truthy: the protocol ignores the rest.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("invalid"))
}

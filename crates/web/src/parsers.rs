//! What reads bodies, queries and cookies, for tests that give it arbitrary bytes. Only with the feature `parsers`.

use actix_web::http::header::HeaderMap;
use doorward_domain::Keyring;
use serde_json::Value;

use crate::cookies::{CookieSigner, RequestCookies};

/// A body of JSON; none where it is malformed.
#[must_use]
pub fn json(text: &[u8]) -> Option<Value> {
    crate::json::parse(text).ok()
}

/// A form, or a query.
#[must_use]
pub fn form(text: &[u8]) -> Value {
    crate::query::parse(text)
}

/// The cookies of a request, in their order.
#[must_use]
pub fn cookies(headers: &HeaderMap) -> Vec<(&str, &str)> {
    RequestCookies::of(headers).iter().collect()
}

/// The cookie of this name that counts.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    RequestCookies::of(headers).get(name)
}

/// A signed value, as it stands in a cookie.
#[must_use]
pub fn sign(keys: &Keyring, value: &str) -> String {
    CookieSigner::new(keys).sign(value)
}

/// The value in a signed cookie; none where the signature is wrong.
#[must_use]
pub fn verify(keys: &Keyring, cookie: &str) -> Option<String> {
    CookieSigner::new(keys).verify(cookie)
}

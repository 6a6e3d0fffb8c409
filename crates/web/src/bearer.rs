//! The session token in the `Authorization` header (RFC 6750), for clients that keep no cookies.

use actix_web::http::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue,
};
use percent_encoding::percent_decode_str;

use crate::AppState;
use crate::cookies::{ResponseCookies, SESSION_TOKEN};

const SCHEME: &str = "bearer";
const SET_AUTH_TOKEN: HeaderName = HeaderName::from_static("set-auth-token");

/// The token in the header, if its signature is right.
pub(crate) fn signed(state: &AppState, headers: &HeaderMap) -> Option<String> {
    let credentials = credentials(headers).filter(|_| state.bearer.enabled)?;
    state.signer.verify(credentials)
}

fn credentials(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| credentials.trim())
}

/// The token in the header, signed or, where that is allowed, bare. Anything else is as good as no header.
pub(crate) fn presented(state: &AppState, headers: &HeaderMap) -> Option<String> {
    if !state.bearer.enabled {
        return None;
    }
    let credentials = credentials(headers)?;
    if let Some(token) = state.signer.verify(credentials) {
        return Some(token);
    }
    // A dot parts a token from its signature, which was wrong.
    let bare = !state.bearer.require_signature && !credentials.contains('.');
    bare.then(|| credentials.to_owned())
}

/// Hands the token of a session cookie that is set to clients that cannot read cookies.
pub(crate) fn hand_out(state: &AppState, cookies: &ResponseCookies, headers: &mut HeaderMap) {
    let name = state.style.name(SESSION_TOKEN);
    let Some(cookie) = cookies
        .value_of(&name)
        .filter(|value| state.bearer.enabled && !value.is_empty())
    else {
        return;
    };
    let signed = percent_decode_str(&cookie).decode_utf8_lossy().into_owned();
    if let Ok(value) = HeaderValue::from_str(&signed) {
        headers.insert(SET_AUTH_TOKEN, value);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_name(SET_AUTH_TOKEN),
        );
    }
}

//! Cookies: reading, signing and writing them as Better Auth does.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::http::header::{COOKIE, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use doorward_domain::redirect::encode_uri_component;
use doorward_domain::{Keyring, Secret};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;

/// The cookie that holds the session token.
pub(crate) const SESSION_TOKEN: &str = "session_token";

/// Signs the values of cookies: `value.signature`, the signature being HMAC-SHA-256 in padded base64 (SE-2).
///
/// The current secret signs. A signature names no key in Better Auth's format, so it is compared under each of them (KR-2).
#[derive(Clone)]
pub(crate) struct CookieSigner {
    current: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

impl CookieSigner {
    pub(crate) fn new(keys: &Keyring) -> Self {
        Self {
            current: hmac_sha256(&keys.current().secret),
            others: keys.others().iter().map(|key| hmac_sha256(&key.secret)).collect(),
        }
    }

    /// A signer whose cookies no signer of another purpose takes, nor does it take theirs. Its keys are derived from the secrets.
    pub(crate) fn of_purpose(keys: &Keyring, purpose: &str) -> Self {
        let derived = |secret: &Secret<String>| {
            let mut key = [0; 32];
            #[expect(
                clippy::expect_used,
                reason = "HKDF-SHA-256 gives up to 8160 bytes (RFC 5869)"
            )]
            Hkdf::<Sha256>::new(None, secret.expose().as_bytes())
                .expand(purpose.as_bytes(), &mut key)
                .expect("32 bytes");
            hmac_of(&key)
        };
        Self {
            current: derived(&keys.current().secret),
            others: keys.others().iter().map(|key| derived(&key.secret)).collect(),
        }
    }

    /// The cookie's value, percent-encoded.
    pub(crate) fn sign(&self, value: &str) -> String {
        let mut mac = self.current.clone();
        mac.update(value.as_bytes());
        encode_uri_component(&format!(
            "{value}.{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    }

    /// The value, if the signature is right.
    pub(crate) fn verify(&self, cookie: &str) -> Option<String> {
        let signed = decode(cookie)?;
        let (value, signature) = signed.rsplit_once('.')?;
        let signature = STANDARD.decode(signature).ok()?;
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        let is_right = |key: &Hmac<Sha256>| {
            let mac = key.clone().chain_update(value.as_bytes());
            mac.verify_slice(&signature).is_ok()
        };
        keys.any(is_right).then(|| value.to_owned())
    }
}

/// HMAC-SHA-256 under a secret.
pub(crate) fn hmac_sha256(secret: &Secret<String>) -> Hmac<Sha256> {
    hmac_of(secret.expose().as_bytes())
}

fn hmac_of(key: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::new_from_slice(key);
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    mac.expect("a key of any length")
}

/// Takes the percent-encoding off, which is optional.
fn decode(cookie: &str) -> Option<Cow<'_, str>> {
    if cookie.contains('%') {
        percent_decode_str(cookie).decode_utf8().ok()
    } else {
        Some(Cow::Borrowed(cookie))
    }
}

/// Names and attributes all our cookies share.
#[derive(Clone, Debug)]
pub(crate) struct CookieStyle {
    prefix: String,
    secure: bool,
    domain: Option<String>,
}

impl CookieStyle {
    pub(crate) fn new(prefix: &str, secure: bool, domain: Option<String>) -> Self {
        let prefix = if secure {
            format!("__Secure-{prefix}.")
        } else {
            format!("{prefix}.")
        };
        Self {
            prefix,
            secure,
            domain,
        }
    }

    /// The full name of one of our cookies.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A cookie under its full name; without `max_age` it goes when the browser closes (SE-1).
    pub(crate) fn build(
        &self,
        full_name: String,
        value: String,
        max_age: Option<TimeDelta>,
    ) -> Cookie<'static> {
        let mut cookie = Cookie::build(full_name, value)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure);
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.clone());
        }
        if let Some(age) = max_age {
            cookie = cookie.max_age(Duration::seconds(age.num_seconds()));
        }
        cookie.finish()
    }

    /// What tells a browser to forget a cookie.
    pub(crate) fn expired(&self, full_name: String) -> Cookie<'static> {
        self.build(full_name, String::new(), Some(TimeDelta::zero()))
    }

    /// How long the attributes of a cookie are in a header.
    pub(crate) fn attributes_length(&self, max_age: Option<TimeDelta>) -> usize {
        self.build(String::new(), String::new(), max_age)
            .to_string()
            .len()
    }
}

/// The cookies a request came with: the first of each name counts.
pub(crate) struct RequestCookies<'a>(&'a HeaderMap);

impl<'a> RequestCookies<'a> {
    pub(crate) const fn of(headers: &'a HeaderMap) -> Self {
        Self(headers)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let lines = self.0.get_all(COOKIE).filter_map(|line| line.to_str().ok());
        let pairs = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

/// The cookies the answer will set. Whoever handles the request adds to them; the last of a name counts.
#[derive(Clone, Default)]
pub(crate) struct ResponseCookies {
    set: Rc<RefCell<Vec<Cookie<'static>>>>,
    /// Those that are cleared before others are set.
    cleared: Rc<RefCell<Vec<Cookie<'static>>>>,
}

impl ResponseCookies {
    pub(crate) fn set(&self, cookie: Cookie<'static>) {
        let mut cookies = self.set.borrow_mut();
        cookies.retain(|other| other.name() != cookie.name());
        cookies.push(cookie);
    }

    /// Clears a cookie, whether it is set anew afterwards or not.
    pub(crate) fn clear_first(&self, expired: Cookie<'static>) {
        let mut cleared = self.cleared.borrow_mut();
        if !cleared.contains(&expired) {
            cleared.push(expired);
        }
    }

    /// Takes back what was set by these names.
    pub(crate) fn withdraw(&self, is_meant: impl Fn(&str) -> bool) {
        self.set.borrow_mut().retain(|cookie| !is_meant(cookie.name()));
    }

    /// What the cookie of this name will hold, if it is set.
    pub(crate) fn value_of(&self, name: &str) -> Option<String> {
        let cookies = self.set.borrow();
        cookies
            .iter()
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    }

    pub(crate) fn take(&self) -> Vec<Cookie<'static>> {
        let set = self.set.take();
        let mut cookies = self.cleared.take();
        // What is set to the same is not set twice.
        cookies.retain(|cleared| !set.contains(cleared));
        cookies.extend(set);
        cookies
    }
}

impl FromRequest for ResponseCookies {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

impl ResponseCookies {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        if let Some(cookies) = extensions.get::<Self>() {
            return cookies.clone();
        }
        let cookies = Self::default();
        extensions.insert(cookies.clone());
        cookies
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const SECRET: &str = "contract-secret-for-tests-only-0123456789";

    fn signer() -> CookieSigner {
        CookieSigner::new(&Keyring::single(Secret::new(SECRET.into())))
    }

    fn signer_of(keys: &[&str]) -> CookieSigner {
        let keys: Vec<_> = keys.iter().map(|key| Secret::new((*key).to_owned())).collect();
        CookieSigner::new(&Keyring::parse(&keys).unwrap())
    }

    #[test]
    fn kr_2_any_key_verifies_and_the_first_signs() {
        let own = format!("1:{SECRET}");
        let old = signer().sign("abc");
        let new = signer_of(&["2:another"]).sign("abc");
        for (keys, signed) in [(["2:another", &own], &new), ([&own, "2:another"], &old)] {
            let both = signer_of(&keys);
            assert_eq!(both.sign("abc"), *signed, "{keys:?}");
            for known in [&old, &new] {
                assert_eq!(both.verify(known).as_deref(), Some("abc"), "{keys:?}");
            }
            assert_eq!(both.verify(&signer_of(&["3:a third"]).sign("abc")), None);
        }
        assert_eq!(signer_of(&["2:another"]).verify(&old), None, "KR-1");
    }

    #[test]
    fn se_2_the_signature_covers_every_byte() {
        let signed = signer().sign("abc.def");
        assert_eq!(signer().verify(&signed).as_deref(), Some("abc.def"));
        let clear = signed.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        assert_eq!(signer().verify(&clear).as_deref(), Some("abc.def"));
        for at in 0..clear.len() {
            let mut bytes = clear.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                signer().verify(std::str::from_utf8(&bytes).unwrap()),
                None,
                "byte {at}"
            );
        }
        let foreign = signer_of(&["1:some other secret"]);
        for text in [
            "",
            ".",
            "abc",
            "abc.",
            "abc.AAAA",
            "%",
            "%zz.%",
            &foreign.sign("abc.def"),
            &format!("x.{signed}"),
        ] {
            assert_eq!(signer().verify(text), None, "{text}");
        }
    }

    #[test]
    fn se_2_a_signature_for_one_purpose_is_none_for_another() {
        let keys = Keyring::single(Secret::new(SECRET.into()));
        let purposes = ["a", "b"].map(|purpose| CookieSigner::of_purpose(&keys, purpose));
        let [a, b] = &purposes;
        let general = CookieSigner::new(&keys);
        assert_eq!(a.verify(&a.sign("abc")), Some("abc".to_owned()));
        for (signed, others) in [(a, [b, &general]), (&general, [a, b])] {
            let cookie = signed.sign("abc");
            assert!(others.iter().all(|other| other.verify(&cookie).is_none()));
        }
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; b=\"2\";a=3"));
        headers.append(COOKIE, HeaderValue::from_static("c=x=y; nothing"));
        let cookies = RequestCookies::of(&headers);
        assert_eq!(
            [
                cookies.get("a"),
                cookies.get("b"),
                cookies.get("c"),
                cookies.get("nothing")
            ],
            [Some("1"), Some("2"), Some("x=y"), None]
        );
    }

    #[test]
    fn se_1_cookies_are_kept_from_scripts_and_other_sites() {
        let style = CookieStyle::new("better-auth", true, None);
        let cookie = style
            .build(style.name("session_token"), "v".into(), Some(TimeDelta::days(7)))
            .to_string();
        assert_eq!(
            cookie,
            "__Secure-better-auth.session_token=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800"
        );
    }
}

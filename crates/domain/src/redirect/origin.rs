use std::fmt;
use std::net::IpAddr;

use url::Url;

use crate::has_control_characters;

/// Scheme, host and port: who sent a request, or where a URL leads.
///
/// The custom scheme of a native application (`myapp://callback`) counts as an origin, too; its host may be
/// empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    /// The effective port; none where the scheme has no default and none was given.
    port: Option<u16>,
}

/// The text names no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// It is not an absolute URL, or not written the way a browser would.
    #[error("is not an absolute URL with a plain host")]
    Malformed,
    /// Its scheme runs code, embeds data, or cannot lead to an application.
    #[error("has a scheme that cannot be trusted")]
    Scheme,
    /// A base URL is http or https and has neither user name, query nor fragment.
    #[error("is not an http or https URL without user name, query and fragment")]
    NotBase,
}

impl Origin {
    /// This machine, over http.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self {
            scheme: "http".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: Some(port),
        }
    }

    /// The origin of the server's own base URL, which an operator wrote: every spelling is accepted.
    pub fn from_base_url(raw: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(raw).map_err(|_| InvalidOrigin::Malformed)?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain || !is_web(url.scheme()) {
            return Err(InvalidOrigin::NotBase);
        }
        Self::of_parsed(&url).ok_or(InvalidOrigin::Malformed)
    }

    /// The origin in an `Origin` or `Referer` header. `null` is none.
    pub fn from_header(value: &str) -> Result<Self, InvalidOrigin> {
        Self::of_url(value)
    }

    /// The origin of an untrusted URL. Parsers repair much (tabs, backslashes, full-width letters, a single slash) and differ in
    /// what they repair, so only what needs no repair is accepted.
    pub(super) fn of_url(raw: &str) -> Result<Self, InvalidOrigin> {
        if has_control_characters(raw) {
            return Err(InvalidOrigin::Malformed);
        }
        let (scheme, rest) = raw.split_once(':').ok_or(InvalidOrigin::Malformed)?;
        let scheme = scheme.to_ascii_lowercase();
        let authority = match rest.strip_prefix("//") {
            Some(rest) => &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())],
            None if rest.starts_with('/') && !is_web(&scheme) => "",
            None => return Err(InvalidOrigin::Malformed),
        };
        if !is_trustable_scheme(&scheme) {
            return Err(InvalidOrigin::Scheme);
        }
        let written = Self::of_authority(scheme, authority).ok_or(InvalidOrigin::Malformed)?;
        let parsed = Url::parse(raw).ok().as_ref().and_then(Self::of_parsed);
        if parsed.as_ref() == Some(&written) {
            Ok(written)
        } else {
            Err(InvalidOrigin::Malformed)
        }
    }

    /// Scheme and authority as they stand, nothing decoded.
    pub(super) fn of_authority(scheme: String, authority: &str) -> Option<Self> {
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        let may_be_empty = !is_web(&scheme) && port.is_none();
        if !(is_plain_host(&host) || host.is_empty() && may_be_empty) {
            return None;
        }
        let port = port.or(default_port(&scheme));
        Some(Self { scheme, host, port })
    }

    fn of_parsed(url: &Url) -> Option<Self> {
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        // Nothing listens there, and no browser sends it.
        if url.port() == Some(0) {
            return None;
        }
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        if is_web(url.scheme()) && !is_plain_host(&host) {
            return None;
        }
        Some(Self {
            scheme: url.scheme().to_owned(),
            host,
            port: url.port_or_known_default(),
        })
    }

    /// The scheme, in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether the host is this machine: `localhost`, a name below it, or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || address
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The host, in lower case and as it is on the wire; IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own if none was given; none for a custom scheme without one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether cookies to it travel encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    pub(super) fn is_web(&self) -> bool {
        is_web(&self.scheme)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if self.port != default_port(&self.scheme) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

pub(super) fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// http, https, or a scheme an application may have registered: not one that a browser itself acts on.
pub(super) fn is_trustable_scheme(scheme: &str) -> bool {
    const OF_THE_BROWSER: [&str; 18] = [
        "about",
        "blob",
        "cid",
        "content",
        "data",
        "feed",
        "file",
        "filesystem",
        "ftp",
        "intent",
        "jar",
        "javascript",
        "mailto",
        "vbscript",
        "view-source",
        "ws",
        "wss",
        "wyciwyg",
    ];
    let named = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    named && !OF_THE_BROWSER.contains(&scheme)
}

/// Splits `host[:port]`; the port is given in plain digits or not at all.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let name_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[name_end..].find(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = (&authority[..name_end + colon], &authority[name_end + colon + 1..]);
            let plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
            Some((host, Some(port.parse().ok().filter(|_| plain)?)))
        }
    }
}

/// Labels of letters, digits, `-` and `_`, none of them empty, or an IPv6 address in brackets.
fn is_plain_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_other_hosts() {
        let is_loopback = |url: &str| Origin::from_base_url(url).unwrap().is_loopback();
        for url in [
            "http://localhost:1",
            "https://a.localhost",
            "http://127.8.0.1",
            "http://[::1]:8080",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://localhost.test",
            "http://notlocalhost",
            "http://128.0.0.1",
            "http://[::2]",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn base_urls_are_reduced_to_their_origin() {
        for (raw, origin) in [
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://Example.TEST:443/api/auth", "https://example.test"),
            ("http://example.test:443/", "http://example.test:443"),
            ("https://bücher.test", "https://xn--bcher-kva.test"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(Origin::from_base_url(raw).unwrap().to_string(), origin, "{raw}");
        }
        for raw in [
            "",
            "/x",
            "localhost:3000",
            "myapp://x",
            "ftp://a.test",
            "https://u@a.test",
            "https://a.test?x",
            "https://a..b/",
            "https://a.test:0",
        ] {
            assert!(Origin::from_base_url(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn headers_are_reduced_to_their_origin() {
        for (value, origin) in [
            ("https://app.example.test", "https://app.example.test"),
            (
                "https://APP.example.test:443/page?q#f",
                "https://app.example.test",
            ),
            ("http://10.0.0.1:3000", "http://10.0.0.1:3000"),
            ("http://[::1]", "http://[::1]"),
            ("myapp://", "myapp://"),
            ("chrome-extension://abcdef/page", "chrome-extension://abcdef"),
            ("tauri://localhost:1420", "tauri://localhost:1420"),
        ] {
            assert_eq!(Origin::from_header(value).unwrap().to_string(), origin, "{value}");
        }
    }

    #[test]
    fn cs_1_what_browsers_do_not_write_is_no_origin() {
        for value in [
            "",
            "null",
            "*",
            "app.example.test",
            "//app.example.test",
            "https:",
            "https:app.test",
            "https:/app.test",
            "https:\\\\app.test",
            "https://",
            "https:///app.test",
            "https://app.test\\@evil.test",
            "https://user@app.test",
            "https://:@app.test",
            "https://@app.test",
            "https://app.test:",
            "https://app.test:0443",
            "https://app.test:99999",
            "https://app.test:443:443",
            "https://app.test.",
            "https://.app.test",
            "https://app..test",
            "https://app.test,https://b.test",
            "https://app.test https://b.test",
            "https://app%2etest",
            "https://app。test",
            "https://ａpp.test",
            "https://bücher.test",
            "https://app.te\u{ad}st",
            "https://a\tpp.test",
            "https://app.test\n",
            " https://app.test",
            "http://0x7f.0.0.1",
            "http://2130706433",
            "http://127.1",
            "http://[::ffff:7f00:0001]",
            "javascript://app.test/",
            "data://app.test",
            "file://app.test/",
            "blob:https://app.test/1",
            "about://app.test",
            "filesystem:https://app.test/",
            "my app://x",
            "1app://x",
            "myapp://user@x",
            "myapp://a%2fb",
        ] {
            assert!(Origin::from_header(value).is_err(), "{value:?}");
        }
    }
}

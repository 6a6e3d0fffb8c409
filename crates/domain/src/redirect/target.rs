use url::form_urlencoded;

use super::encode::encode_unless;
use super::{Origin, TrustedOrigins, encode_uri_component};

/// Where a browser may be sent: a path on this server's origin, or a URL of a trusted origin (CS-6).
///
/// Kept is the text as it was given, so that what was checked is what is sent (CS-7). Spaces and letters
/// outside ASCII are the exception: they are percent-encoded, as a browser would do, and so the text always
/// fits into a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectTarget {
    text: String,
    /// None for a path.
    origin: Option<Origin>,
}

/// The target is not trusted, or parsers would read it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither a plain path nor a URL of a trusted origin")]
pub struct UntrustedRedirect;

impl RedirectTarget {
    /// Checks an untrusted target.
    pub fn parse(raw: &str, trusted: &TrustedOrigins) -> Result<Self, UntrustedRedirect> {
        let target = Self::read(raw)?;
        if target.origin.as_ref().is_none_or(|origin| trusted.trusts(origin)) {
            Ok(target)
        } else {
            Err(UntrustedRedirect)
        }
    }

    fn read(raw: &str) -> Result<Self, UntrustedRedirect> {
        if raw.contains(|letter: char| letter.is_control() || letter == '\\') {
            return Err(UntrustedRedirect);
        }
        let text = encode_unless(raw, |byte| byte.is_ascii_graphic());
        let origin = if text.starts_with('/') {
            if !is_plain_path(path_of(&text)) {
                return Err(UntrustedRedirect);
            }
            None
        } else {
            Some(Origin::of_url(&text).map_err(|_| UntrustedRedirect)?)
        };
        Ok(Self { text, origin })
    }

    /// The target, ready to be a `Location`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same target with a parameter in its query, before any fragment. It replaces those of the same name, so that the
    /// author of the target cannot put another value before ours.
    #[must_use]
    pub fn with_param(&self, name: &str, value: &str) -> Self {
        let (address, fragment) = match self.text.split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (self.text.as_str(), None),
        };
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let added = format!("{}={}", encode_uri_component(name), encode_uri_component(value));
        let pairs: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_named(pair, name))
            .chain([added.as_str()])
            .collect();
        let mut text = format!("{path}?{}", pairs.join("&"));
        if let Some(fragment) = fragment {
            text.push('#');
            text.push_str(fragment);
        }
        // An encoded parameter cannot lead elsewhere; were it to, the target goes without it.
        match Self::read(&text) {
            Ok(extended) if extended.origin == self.origin => extended,
            _ => self.clone(),
        }
    }

    /// The target as an absolute URL: a path gets the origin of the base URL.
    #[must_use]
    pub fn absolute(&self, base: &Origin) -> String {
        match self.origin {
            None => format!("{base}{}", self.text),
            Some(_) => self.text.clone(),
        }
    }
}

fn path_of(text: &str) -> &str {
    &text[..text.find(['?', '#']).unwrap_or(text.len())]
}

fn is_named(pair: &str, name: &str) -> bool {
    form_urlencoded::parse(pair.as_bytes()).any(|(found, _)| found == name)
}

/// Whether all parsers read the path alike: no empty segments (`//host`), no dot segments that a proxy may
/// resolve into some, and no slash, backslash or control character that a router may decode, however often it
/// was encoded.
fn is_plain_path(path: &str) -> bool {
    // No legitimate path is encoded more often than this.
    const ROUNDS: usize = 4;
    let mut path = path.as_bytes().to_vec();
    for _ in 0..ROUNDS {
        match decoded(&path) {
            Some(same) if same == path => return has_plain_segments(&path),
            Some(less) => path = less,
            None => return false,
        }
    }
    false
}

/// The path with its percent-encoding taken off once; none if that brings a separator or control character to
/// light.
fn decoded(path: &[u8]) -> Option<Vec<u8>> {
    let hex = |at: usize| path.get(at).and_then(|&digit| char::from(digit).to_digit(16));
    let mut plain = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        let pair = hex(at + 1).zip(hex(at + 2)).filter(|_| byte == b'%');
        match pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(b'/' | b'\\' | 0..0x20 | 0x7f) => return None,
            Some(hidden) => plain.push(hidden),
            None => plain.push(byte),
        }
        at += if pair.is_some() { 3 } else { 1 };
    }
    Some(plain)
}

fn has_plain_segments(path: &[u8]) -> bool {
    let is_dots = |segment: &[u8]| {
        // `..;x` is `..` to servers that know path parameters.
        let name = segment.split(|&byte| byte == b';').next();
        matches!(name, Some(b"." | b".."))
    };
    !path.windows(2).any(|pair| pair == b"//") && !path.split(|&byte| byte == b'/').any(is_dots)
}

#[cfg(test)]
mod tests;

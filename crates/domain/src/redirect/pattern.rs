use url::Host;

use super::Origin;
use super::credentials::without_credentials;
use super::origin::{default_port, is_trustable_scheme, is_web, split_port};
use super::shared_suffix::is_shared_by_strangers;

/// One entry of the list of trusted origins.
///
/// | Pattern | Trusts |
/// | --- | --- |
/// | `https://app.test`, `http://localhost:3000` | this origin |
/// | `app.test`, `localhost:3000` | this host, by http and https |
/// | `https://*.app.test` | its subdomains at any depth, but not itself |
/// | `*.app.test` | the same by http and https |
/// | `http://10.0.*.*`, `10.*` | IPv4 addresses of this form |
/// | `myapp://` | everything of this custom scheme |
/// | `chrome-extension://id`, `myapp://host/cb` | this host of this custom scheme |
/// | `exp://192.168.*.*:*/*` | IPv4 addresses of this form, at any port, of this custom scheme |
///
/// Without a port, the scheme's own is meant. Trust is in whole origins: http and https patterns have no path, and that of a
/// custom scheme, all of which belongs to one application, does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    /// None stands for http and https.
    scheme: Option<String>,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PortPattern {
    /// Any port or none; of custom schemes only.
    Any,
    /// This one; none stands for the scheme's own.
    Exact(Option<u16>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    /// Any host and any port; of custom schemes only.
    Any,
    Exact(String),
    /// Subdomains of this, which starts with a dot.
    Below(String),
    /// One entry per octet; a missing one is a wildcard.
    Ipv4([Option<u8>; 4]),
}

/// A pattern that cannot be used, and why. Operators read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("trusted origin {pattern:?} {problem}")]
pub struct InvalidPattern {
    pattern: String,
    problem: &'static str,
}

impl OriginPattern {
    /// Reads a pattern. One that matches domains of others is refused (CS-2).
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        Self::read(text).map_err(|problem| InvalidPattern {
            pattern: without_credentials(text),
            problem,
        })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.contains(|letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return Err("contains white space, a control character or a backslash");
        }
        // `myapp:/` is how the URLs of an application begin that have no host.
        let (scheme, rest) = match text
            .split_once("://")
            .or_else(|| Some((text.strip_suffix(":/")?, "")))
        {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        if scheme.as_deref().is_some_and(|scheme| scheme.contains('*')) {
            return Err("has a wildcard in its scheme; leave the scheme out to mean http and https");
        }
        if !scheme.as_deref().is_none_or(is_trustable_scheme) {
            return Err("has a scheme that cannot be trusted");
        }
        let (authority, path) = authority_and_path(rest)?;
        match scheme {
            Some(scheme) if !is_web(&scheme) => custom(scheme, authority),
            _ if !path.is_empty() => Err("contains a path; trust is in whole origins"),
            scheme => web(scheme, authority),
        }
    }

    /// Whether the pattern matches the origin.
    #[must_use]
    pub fn matches(&self, origin: &Origin) -> bool {
        let scheme = match &self.scheme {
            Some(scheme) => scheme == origin.scheme(),
            None => origin.is_web(),
        };
        let port = match self.port {
            PortPattern::Any => true,
            PortPattern::Exact(port) => port.or(default_port(origin.scheme())) == origin.port(),
        };
        scheme
            && match &self.host {
                HostPattern::Any => true,
                HostPattern::Exact(host) => port && host == origin.host(),
                HostPattern::Below(parent) => port && origin.host().ends_with(parent),
                HostPattern::Ipv4(octets) => port && is_address_like(origin.host(), *octets),
            }
    }
}

/// What follows the scheme, provided that it is nothing but a host and a port, and a path without its slash.
fn authority_and_path(rest: &str) -> Result<(&str, &str), &'static str> {
    if rest.contains('@') {
        return Err("contains a user name");
    }
    if rest.contains('?') {
        return Err("contains a query; `?` is not a wildcard here");
    }
    if rest.contains('#') {
        return Err("contains a fragment");
    }
    Ok(rest.split_once('/').unwrap_or((rest, "")))
}

fn custom(scheme: String, authority: &str) -> Result<OriginPattern, &'static str> {
    let (host, any_port) = match authority.strip_suffix(":*") {
        Some(host) => (host, true),
        None => (authority, false),
    };
    if host.contains('*') {
        return custom_address(scheme, host, any_port);
    }
    let origin = Origin::of_authority(scheme, host).ok_or("has a host or port that cannot be read")?;
    Ok(OriginPattern {
        host: match origin.host() {
            "" => HostPattern::Any,
            host => HostPattern::Exact(host.to_owned()),
        },
        port: if any_port {
            PortPattern::Any
        } else {
            PortPattern::Exact(origin.port())
        },
        scheme: Some(origin.scheme().to_owned()),
    })
}

/// Addresses of a custom scheme, such as those at which Expo serves an application that is being developed.
fn custom_address(scheme: String, host: &str, any_port: bool) -> Result<OriginPattern, &'static str> {
    let (host, port) = split_port(host).ok_or("has a port that is not a number")?;
    let is_address = |byte: u8| byte.is_ascii_digit() || b".*".contains(&byte);
    if !host.bytes().all(is_address) {
        return Err("has a wildcard after a custom scheme; `scheme://` alone trusts all of it");
    }
    Ok(OriginPattern {
        scheme: Some(scheme),
        host: HostPattern::Ipv4(octets(host)?),
        port: if any_port {
            PortPattern::Any
        } else {
            PortPattern::Exact(port)
        },
    })
}

fn web(scheme: Option<String>, authority: &str) -> Result<OriginPattern, &'static str> {
    let (host, port) =
        split_port(authority).ok_or("has a port that is not a number; it takes no wildcard")?;
    let host = if !host.contains('*') {
        HostPattern::Exact(plain_host(host)?)
    } else if host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".*".contains(&byte))
    {
        HostPattern::Ipv4(octets(host)?)
    } else {
        HostPattern::Below(parent(host)?)
    };
    Ok(OriginPattern {
        scheme,
        host,
        port: PortPattern::Exact(port),
    })
}

fn plain_host(host: &str) -> Result<String, &'static str> {
    const UNREADABLE: &str = "has a host that cannot be read";
    let host = Host::parse(host).map_err(|_| UNREADABLE)?.to_string();
    // Whether every label is plain is Origin's to say.
    let origin = Origin::of_authority("http".to_owned(), &host).ok_or(UNREADABLE)?;
    Ok(origin.host().to_owned())
}

/// The parent domain of `*.parent`, with its leading dot.
fn parent(host: &str) -> Result<String, &'static str> {
    let Some(parent) = host.strip_prefix("*.").filter(|rest| !rest.contains('*')) else {
        return Err(
            "has a wildcard that is not the first label; only `*.` at the start of a host is possible",
        );
    };
    if parent.is_empty() {
        return Err("trusts every host");
    }
    let parent = plain_host(parent)?;
    if is_shared_by_strangers(&parent) {
        return Err("trusts every site under a name that strangers register under");
    }
    Ok(format!(".{parent}"))
}

/// Octets of an IPv4 pattern. A wildcard at the end stands for all that are missing.
fn octets(host: &str) -> Result<[Option<u8>; 4], &'static str> {
    const FORM: &str = "is not of the form 10.0.*.*: four octets, the first a number, or fewer ending in `*`";
    let parts: Vec<&str> = host.split('.').collect();
    if parts.iter().all(|&part| part == "*" || part.is_empty()) {
        return Err("trusts every host");
    }
    let complete = parts.len() == 4 || parts.len() < 4 && parts.last() == Some(&"*");
    if !complete || parts[0] == "*" {
        return Err(FORM);
    }
    let mut octets = [None; 4];
    for (octet, part) in octets.iter_mut().zip(parts) {
        if part != "*" {
            let number: u8 = part.parse().map_err(|_| FORM)?;
            if number.to_string() != part {
                return Err(FORM);
            }
            *octet = Some(number);
        }
    }
    Ok(octets)
}

fn is_address_like(host: &str, octets: [Option<u8>; 4]) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| {
        octets
            .into_iter()
            .zip(address.octets())
            .all(|(wanted, octet)| wanted.is_none_or(|wanted| wanted == octet))
    })
}

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use url::{Host, Url};

use super::is_public;

/// An address to which the server may send requests (IN-6): one of https that is not of a private network, or one of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingUrl {
    url: Url,
    is_loopback: bool,
}

/// Why no request may be sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOutgoingUrl {
    /// It is no URL with a host.
    #[error("is not a URL with a host")]
    Form,
    /// It has a name or a password in it, a query or a fragment.
    #[error("has credentials, a query or a fragment in it")]
    Extra,
    /// The scheme is another than https, and it is not of this machine.
    #[error("is not https")]
    Insecure,
    /// The host is an address of a private network.
    #[error("is an address that is not public")]
    Private,
}

impl OutgoingUrl {
    /// What an operator configured.
    pub fn parse(text: &str) -> Result<Self, InvalidOutgoingUrl> {
        let url = Url::parse(text).map_err(|_| InvalidOutgoingUrl::Form)?;
        let host = url.host().ok_or(InvalidOutgoingUrl::Form)?;
        let is_loopback = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let address: Option<IpAddr> = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if has_credentials || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidOutgoingUrl::Extra);
        }
        if url.scheme() != "https" && !(is_loopback && url.scheme() == "http") {
            return Err(InvalidOutgoingUrl::Insecure);
        }
        if !is_loopback && address.is_some_and(|address| !is_public(address)) {
            return Err(InvalidOutgoingUrl::Private);
        }
        Ok(Self { url, is_loopback })
    }

    /// The URL of something in this directory. The name is a path segment.
    #[must_use]
    pub fn join(&self, segment: &str) -> Url {
        let mut url = self.url.clone();
        // A URL with a host can have a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(segment);
        }
        url
    }

    /// Whether it is of this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.is_loopback
    }
}

#[cfg(test)]
mod tests {
    use super::InvalidOutgoingUrl::{Extra, Form, Insecure, Private};
    use super::*;

    #[test]
    fn in_6_https_or_this_machine() {
        for (text, is_loopback) in [
            ("https://api.example.com/range/", false),
            ("https://1.1.1.1", false),
            ("https://[2606:4700::6810:1]/", false),
            ("http://127.0.0.1:8080/range", true),
            ("http://[::1]:8080/", true),
            ("http://localhost:8080/", true),
            ("https://localhost/", true),
        ] {
            let url = OutgoingUrl::parse(text).unwrap();
            assert_eq!(url.is_loopback(), is_loopback, "{text}");
        }
        for (text, problem) in [
            ("range", Form),
            ("data:text/plain,x", Form),
            ("https://u:hunter2@api.example.com/", Extra),
            ("https://api.example.com/?x", Extra),
            ("http://api.example.com/", Insecure),
            ("ftp://127.0.0.1/", Insecure),
            ("https://10.0.0.1/", Private),
            ("https://169.254.169.254/", Private),
            ("https://[::ffff:10.0.0.1]/", Private),
            ("https://[::ffff:127.0.0.1]/", Private),
            ("https://0xa9.0xfe.43518/", Private),
        ] {
            assert_eq!(OutgoingUrl::parse(text).unwrap_err(), problem, "{text}");
        }
    }

    #[test]
    fn a_name_is_added_to_the_path() {
        for base in ["https://api.example.com/range", "https://api.example.com/range/"] {
            let url = OutgoingUrl::parse(base).unwrap();
            assert_eq!(url.join("ABCDE").as_str(), "https://api.example.com/range/ABCDE");
            assert_eq!(
                url.join("../x?y").as_str(),
                "https://api.example.com/range/..%2Fx%3Fy"
            );
        }
    }
}

use std::net::IpAddr;
use std::time::Duration;

use doorward_domain::Secret;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use url::Url;

/// A mail server to hand emails to, from an address such as `smtps://user:password@mail.example.com`.
pub(super) struct Relay {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS, or nothing is sent.
    Required,
    /// STARTTLS if the server offers it.
    Opportunistic,
    /// In clear.
    None,
}

/// What is wrong with the address of the mail server. Does not repeat it: it has a password in it.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// It is no URL.
    #[error("the address of the mail server is not a URL such as smtps://user:password@mail.example.com")]
    NotUrl(#[from] url::ParseError),
    /// It is a URL of something else.
    #[error("the address of the mail server starts with `{0}:`; it must start with `smtp://` or `smtps://`")]
    Scheme(String),
    /// It names no host.
    #[error("the address of the mail server names no host")]
    NoHost,
    /// It has a path.
    #[error("the address of the mail server must end after host and port; only `?tls=` may follow")]
    Path,
    /// It has an option nobody knows.
    #[error("the address of the mail server has the unknown option `{0}`; there is only `tls`")]
    Option(String),
    /// It asks for security nobody knows.
    #[error("`tls={0}` is unknown; use `required`, `opportunistic` or `none`")]
    Tls(String),
    /// It asks for two things at once.
    #[error("`smtps://` always uses TLS; for `tls={0}` write `smtp://`")]
    Contradiction(String),
    /// Emails with tokens in them would travel in clear (ML-4).
    #[error("`tls=none` is for a mail server on this machine; emails to `{0}` would travel unencrypted")]
    Unencrypted(String),
    /// User name or password are encoded wrongly.
    #[error("user name or password of the mail server are not percent-encoded UTF-8")]
    Credentials,
    /// The host name cannot be checked against a certificate.
    #[error("TLS to the mail server cannot be set up")]
    Setup(#[source] lettre::transport::smtp::Error),
}

impl Relay {
    /// Understands the address of a mail server.
    ///
    /// `smtps://` is TLS from the start, port 465. `smtp://` is STARTTLS, port 587, and refuses to go on without, except
    /// to this machine, where plain text will do (ML-4). `?tls=required`, `opportunistic` or `none` decides otherwise.
    pub(super) fn parse(address: &Secret<String>) -> Result<Self, RelayError> {
        let url = Url::parse(address.expose())?;
        if !matches!(url.scheme(), "smtp" | "smtps") {
            return Err(RelayError::Scheme(url.scheme().to_owned()));
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(RelayError::NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(RelayError::Path);
        }
        let wish = wished_security(&url)?;
        let (security, port) = match (url.scheme(), wish) {
            ("smtps", None | Some(Security::Required)) => (Security::Wrapped, 465),
            ("smtps", Some(other)) => return Err(RelayError::Contradiction(other.name().to_owned())),
            (_, None) if is_loopback(&host) => (Security::None, 587),
            (_, None) => (Security::Required, 587),
            (_, Some(Security::None)) if !is_loopback(&host) => return Err(RelayError::Unencrypted(host)),
            (_, Some(wish)) => (wish, 587),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            security,
            credentials: credentials(&url)?,
        })
    }

    /// How to get there, for a client of this name.
    pub(super) fn route(self, hello: ClientId) -> Result<Route, RelayError> {
        let tls = |host: &String| TlsParameters::new(host.clone()).map_err(RelayError::Setup);
        let tls = match self.security {
            Security::Wrapped => Tls::Wrapper(tls(&self.host)?),
            Security::Required => Tls::Required(tls(&self.host)?),
            Security::Opportunistic => Tls::Opportunistic(tls(&self.host)?),
            Security::None => Tls::None,
        };
        Ok(Route {
            host: self.host,
            port: self.port,
            tls,
            credentials: self.credentials,
            hello,
        })
    }
}

/// The way to a mail server.
pub(super) struct Route {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
}

impl Route {
    /// Connects, encrypts and authenticates.
    pub(super) async fn connect(&self, timeout: Duration) -> Result<AsyncSmtpConnection, Error> {
        let wrapped = match &self.tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let server = (&*self.host, self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(timeout), &self.hello, wrapped, None).await?;
        let upgrade = match &self.tls {
            Tls::Required(parameters) => Some(parameters),
            Tls::Opportunistic(parameters) if connection.can_starttls() => Some(parameters),
            _ => None,
        };
        if let Some(parameters) = upgrade {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

impl Security {
    const fn name(self) -> &'static str {
        match self {
            Self::Wrapped | Self::Required => "required",
            Self::Opportunistic => "opportunistic",
            Self::None => "none",
        }
    }
}

fn wished_security(url: &Url) -> Result<Option<Security>, RelayError> {
    let mut wish = None;
    for (name, value) in url.query_pairs() {
        if name != "tls" {
            return Err(RelayError::Option(name.into_owned()));
        }
        wish = Some(match &*value {
            "required" => Security::Required,
            "opportunistic" => Security::Opportunistic,
            "none" => Security::None,
            _ => return Err(RelayError::Tls(value.into_owned())),
        });
    }
    Ok(wish)
}

fn credentials(url: &Url) -> Result<Option<Credentials>, RelayError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user = percent_decoded(url.username()).ok_or(RelayError::Credentials)?;
    let password = percent_decoded(url.password().unwrap_or_default()).ok_or(RelayError::Credentials)?;
    Ok(Some(Credentials::new(user, password)))
}

/// None if a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.as_bytes().split_at_checked(2)?;
        let mut byte = [0];
        hex::decode_to_slice(digits, &mut byte).ok()?;
        bytes.extend(byte);
        bytes.extend(rest);
    }
    String::from_utf8(bytes).ok()
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>().map(|address| address.to_canonical());
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;

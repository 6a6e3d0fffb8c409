use std::net::SocketAddr;
use std::time::Duration;

use doorward_domain::BoxError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio::net::lookup_host;
use url::Url;

use super::{OutgoingUrl, is_public};

/// The longest that any request takes.
const LONGEST: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const LARGEST: usize = 1024 * 1024;
/// How long a connection without requests is kept.
const KEPT: Duration = Duration::from_secs(30);

/// Sends requests to one place (IN-6): by https, directly and not by a proxy, following no redirect, to no address of a private
/// network, for five seconds at most, reading at most 1 MiB.
#[derive(Clone, Debug)]
pub struct OutgoingClient {
    client: reqwest::Client,
    place: OutgoingUrl,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Nobody was reached, or the answer did not come in time.
    #[error("no answer")]
    Unreachable(#[source] BoxError),
    /// The answer is another than 200. Redirects are not followed.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// The answer is larger than any that is read.
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
}

impl From<reqwest::Error> for OutgoingError {
    fn from(error: reqwest::Error) -> Self {
        // What was asked for may be somebody's secret.
        Self::Unreachable(error.without_url().into())
    }
}

impl OutgoingClient {
    /// A client for this place, whose requests take that long at most.
    pub fn new(place: OutgoingUrl, timeout: Duration) -> Result<Self, OutgoingError> {
        let timeout = timeout.min(LONGEST);
        let client = reqwest::Client::builder()
            .user_agent("doorward")
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!place.is_loopback())
            .dns_resolver(Resolver {
                is_loopback: place.is_loopback(),
            })
            .connect_timeout(timeout)
            .timeout(timeout)
            .pool_idle_timeout(KEPT)
            .build()?;
        Ok(Self { client, place })
    }

    /// `GET` of something in this place, with these headers.
    pub async fn get(
        &self,
        segment: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Vec<u8>, OutgoingError> {
        self.fetch(self.place.join(segment), headers).await
    }

    async fn fetch(
        &self,
        url: Url,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Vec<u8>, OutgoingError> {
        let mut request = self.client.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send().await?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(OutgoingError::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                return Err(OutgoingError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Asks the operating system, and takes no address of a private network. What is connected to is what was judged.
struct Resolver {
    is_loopback: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_loopback = self.is_loopback;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            permitted(found, is_loopback)
        })
    }
}

fn permitted(found: impl Iterator<Item = SocketAddr>, is_loopback: bool) -> Result<Addrs, BoxError> {
    let is_permitted = |address: &SocketAddr| {
        if is_loopback {
            address.ip().is_loopback()
        } else {
            is_public(address.ip())
        }
    };
    let permitted: Vec<_> = found.filter(is_permitted).collect();
    if permitted.is_empty() {
        return Err("the name leads to no public address".into());
    }
    Ok(Box::new(permitted.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn in_6_a_name_that_leads_into_a_private_network_leads_nowhere() {
        let localhost = || "localhost".parse().unwrap();
        let refused = Resolver { is_loopback: false }.resolve(localhost()).await;
        assert!(refused.is_err());
        let mut own = Resolver { is_loopback: true }.resolve(localhost()).await.unwrap();
        assert!(own.next().unwrap().ip().is_loopback());

        let addresses = |text: &[&str]| -> Vec<SocketAddr> {
            text.iter()
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
                .collect()
        };
        let mixed = addresses(&["10.0.0.1", "1.1.1.1", "::ffff:10.0.0.1", "fe80::1"]);
        let left: Vec<_> = permitted(mixed.into_iter(), false).unwrap().collect();
        assert_eq!(left, addresses(&["1.1.1.1"]));
        let public = addresses(&["1.1.1.1"]);
        assert!(
            permitted(public.into_iter(), true).is_err(),
            "this machine is this machine"
        );
    }
}

use std::time::Duration;

use async_trait::async_trait;
use doorward_domain::Secret;
use doorward_domain::password::{BreachCheckUnavailable, BreachedPasswords, Password};
use sha1::{Digest, Sha1};

use crate::outgoing::{OutgoingClient, OutgoingError, OutgoingUrl};

/// How many digits of the digest are told to the service.
const PREFIX: usize = 5;
/// How many digits a SHA-1 digest has.
const DIGITS: usize = 40;

/// Asks a service with the range query of Have I Been Pwned (PW-8).
///
/// The service learns the first five hexadecimal digits of the password's SHA-1 digest, and answers all digests that begin with
/// them, each as `REST:COUNT`. With `Add-Padding` some have the count 0 and stand for nothing, so that the length of the answer
/// tells nobody what was asked.
#[derive(Clone, Debug)]
pub struct RangeQuery {
    client: OutgoingClient,
}

/// The service answered with something else than a list of digests.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not a list of digests")]
struct NotAList;

impl RangeQuery {
    /// How long somebody who chooses a password waits for the service.
    pub const TIMEOUT: Duration = Duration::from_secs(1);

    /// Asks below this URL, and waits for that long.
    pub fn new(url: OutgoingUrl, timeout: Duration) -> Result<Self, OutgoingError> {
        Ok(Self {
            client: OutgoingClient::new(url, timeout)?,
        })
    }
}

#[async_trait]
impl BreachedPasswords for RangeQuery {
    async fn contains(&self, password: &Password) -> Result<bool, BreachCheckUnavailable> {
        let digest = Secret::new(hex::encode_upper(Sha1::digest(password.expose())));
        let (prefix, rest) = digest.expose().split_at(PREFIX);
        let answer = self.client.get(prefix, &[("add-padding", "true")]).await;
        let answer = answer.map_err(|error| BreachCheckUnavailable(error.into()))?;
        is_listed(&answer, rest).map_err(|error| BreachCheckUnavailable(error.into()))
    }
}

/// Whether a list has this rest of a digest. The whole of it has to be a list: half an answer must not pass for a no.
fn is_listed(list: &[u8], rest: &str) -> Result<bool, NotAList> {
    let list = str::from_utf8(list).map_err(|_| NotAList)?;
    let mut is_listed = None;
    for line in list.lines() {
        let (listed, count) = line.split_once(':').ok_or(NotAList)?;
        let count: u64 = count.trim().parse().map_err(|_| NotAList)?;
        if listed.len() != DIGITS - PREFIX || !listed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAList);
        }
        let is_it = count > 0 && listed.eq_ignore_ascii_case(rest);
        is_listed = Some(is_listed.unwrap_or(false) || is_it);
    }
    is_listed.ok_or(NotAList)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
    const OTHER: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";

    #[test]
    fn pw_8_a_list_is_read_whole() {
        for (list, is_it) in [
            (format!("{OTHER}:2\r\n{REST}:10437277\r\n"), true),
            (format!("{}:1", REST.to_lowercase()), true),
            (format!("{REST}:0\r\n{OTHER}:2"), false),
            (format!("{OTHER}:2"), false),
        ] {
            assert_eq!(is_listed(list.as_bytes(), REST).unwrap(), is_it, "{list}");
        }
        for garbage in [
            String::new(),
            "<html>busy</html>".to_owned(),
            format!("{REST}:1\n\n"),
            format!("{REST}:many"),
            REST.to_owned(),
            format!("{OTHER}:2\n{}:1", &REST[1..]),
            format!("{OTHER}:2\nX{}:1", &REST[1..]),
        ] {
            assert!(is_listed(garbage.as_bytes(), REST).is_err(), "{garbage}");
        }
        assert!(is_listed(&[0xff, 0xfe], REST).is_err());
    }
}

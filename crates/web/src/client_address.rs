//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use doorward_application::settings::Preset;
use ipnet::{IpNet, Ipv4Net};

/// `[advanced.ip_address]`
#[derive(Clone, Debug)]
pub struct ClientAddressSettings {
    /// The headers in which proxies name the client's address, tried in this order.
    pub headers: Vec<String>,
    /// Addresses or networks of proxies whose headers are believed.
    pub trusted_proxies: Vec<String>,
    /// Whether the headers count whoever sent them, and the peer never does, as in Better Auth. Otherwise they count only if
    /// a trusted proxy sent them.
    pub believe_any_peer: bool,
    /// How many bits of an IPv6 address count: what is stored and counted is the network.
    pub ipv6_subnet: u32,
}

impl ClientAddressSettings {
    /// The defaults of a preset: where hardened the peer is believed, and nobody else.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        Self {
            headers: vec!["x-forwarded-for".to_owned()],
            trusted_proxies: Vec::new(),
            believe_any_peer: preset == Preset::BetterAuth,
            ipv6_subnet: 64,
        }
    }
}

/// Whose word is taken for where a request comes from (RL-2).
///
/// The answer ends up in the session and in the keys of rate limits, so that who can choose it can hide, or
/// make somebody else's quota run out.
#[derive(Clone, Debug)]
pub struct ClientAddressPolicy {
    headers: Vec<HeaderName>,
    trusted_proxies: Vec<IpNet>,
    believe_any_peer: bool,
    ipv6_subnet: u32,
}

/// A setting of the policy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClientAddressPolicy {
    /// Not the name of a header.
    #[error("{0:?} is not the name of a header")]
    Header(String),
    /// Neither an address nor a network such as `10.0.0.0/8`.
    #[error("trusted proxy {0:?} is neither an IP address nor a network like 10.0.0.0/8")]
    Proxy(String),
    /// Not a length of a prefix that providers hand out.
    #[error("ipv6_subnet is {0}, and not between 32 and 128")]
    Subnet(u32),
}

impl ClientAddressPolicy {
    /// The policy of these settings. Names that no header can have and networks that are none are refused.
    pub fn new(settings: &ClientAddressSettings) -> Result<Self, InvalidClientAddressPolicy> {
        let header = |name: &String| {
            name.parse()
                .map_err(|_| InvalidClientAddressPolicy::Header(name.clone()))
        };
        let proxy =
            |text: &String| network(text).ok_or_else(|| InvalidClientAddressPolicy::Proxy(text.clone()));
        if !(32..=128).contains(&settings.ipv6_subnet) {
            return Err(InvalidClientAddressPolicy::Subnet(settings.ipv6_subnet));
        }
        Ok(Self {
            headers: settings.headers.iter().map(header).collect::<Result<_, _>>()?,
            trusted_proxies: settings
                .trusted_proxies
                .iter()
                .map(proxy)
                .collect::<Result<_, _>>()?,
            believe_any_peer: settings.believe_any_peer,
            ipv6_subnet: settings.ipv6_subnet,
        })
    }

    /// The client's address as it is stored and counted: IPv4 as usual, IPv6 as its network in full form
    /// (RL-3). Empty where nobody trustworthy names one, so that all such clients are counted together.
    #[must_use]
    pub fn resolve(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> String {
        let address = if self.believe_any_peer {
            self.forwarded(headers)
        } else {
            self.vouched_for(peer, headers)
        };
        address
            .map(|address| group(address, self.ipv6_subnet))
            .unwrap_or_default()
    }

    /// What Better Auth believes: one header with one address or, if proxies are known, the last hop before
    /// them.
    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let bare = |hop: &str| hop.parse().ok().map(unmapped);
        self.headers.iter().find_map(|name| {
            let list = list(headers, name)?;
            if self.trusted_proxies.is_empty() && hops(&list).count() != 1 {
                return None;
            }
            self.last_before_proxies(&list, bare)
                .filter(|&address| !self.is_proxy(address))
        })
    }

    /// The peer or, if that is a trusted proxy, the last hop before all trusted proxies. The first header
    /// that is there decides, whatever it says: another one may be the client's own.
    fn vouched_for(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = unmapped(peer?);
        let present = |name: &&HeaderName| headers.contains_key(*name);
        match self.headers.iter().find(present) {
            Some(name) if self.is_proxy(peer) => {
                self.last_before_proxies(&list(headers, name)?, address_of_hop)
            }
            _ => Some(peer),
        }
    }

    /// The last hop that is no proxy, or the farthest, if all are. None if one cannot be read before that.
    fn last_before_proxies(&self, list: &str, read: impl Fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
        let mut address = None;
        for hop in hops(list).rev() {
            address = read(hop);
            if !address.is_some_and(|address| self.is_proxy(address)) {
                break;
            }
        }
        address
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// All values of the header in one list, as HTTP allows to read them. None if it is absent or not text.
fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Option<Vec<&str>> = headers.get_all(name).map(|value| value.to_str().ok()).collect();
    values
        .filter(|values| !values.is_empty())
        .map(|values| values.join(","))
}

fn hops(list: &str) -> impl DoubleEndedIterator<Item = &str> {
    list.split(',').map(str::trim).filter(|hop| !hop.is_empty())
}

/// An address as proxies write it: alone, in brackets, or with a port. IPv6 with a port must be in brackets.
fn address_of_hop(hop: &str) -> Option<IpAddr> {
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok();
    hop.parse()
        .ok()
        .or_else(|| in_brackets().map(IpAddr::V6))
        .or_else(|| with_port().map(|address| address.ip()))
        .map(unmapped)
}

/// IPv4 dressed as IPv6 is IPv4.
fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn group(address: IpAddr, ipv6_subnet: u32) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let rest = u128::MAX.checked_shr(ipv6_subnet).unwrap_or_default();
            let network = Ipv6Addr::from(address.to_bits() & !rest);
            let segments = network.segments().map(|segment| format!("{segment:04x}"));
            segments.join(":")
        }
    }
}

fn network(text: &str) -> Option<IpNet> {
    const MAPPED: u8 = 96;
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok()?,
    };
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(mapped), IpAddr::V4(address)) => {
            let prefix = mapped.prefix_len().checked_sub(MAPPED)?;
            Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
        }
        _ => Some(network),
    }
}

#[cfg(test)]
mod tests;

use actix_web::http::header::HeaderValue;
use proptest::prelude::*;

use super::*;

fn policy(proxies: &[&str], believe_any_peer: bool) -> ClientAddressPolicy {
    policy_of(&["x-forwarded-for"], proxies, believe_any_peer)
}

fn policy_of(headers: &[&str], proxies: &[&str], believe_any_peer: bool) -> ClientAddressPolicy {
    ClientAddressPolicy::new(&settings(headers, proxies, believe_any_peer)).unwrap()
}

fn settings(headers: &[&str], proxies: &[&str], believe_any_peer: bool) -> ClientAddressSettings {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    ClientAddressSettings {
        headers: owned(headers),
        trusted_proxies: owned(proxies),
        believe_any_peer,
        ipv6_subnet: 64,
    }
}

/// The policy where nothing is configured.
fn hardened() -> ClientAddressPolicy {
    ClientAddressPolicy::new(&ClientAddressSettings::of(Preset::Hardened)).unwrap()
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        map.append(HeaderName::from_static(name), value);
    }
    map
}

fn resolved(policy: &ClientAddressPolicy, peer: &str, forwarded_for: &str) -> String {
    policy.resolve(peer.parse().ok(), &headers(&[("x-forwarded-for", forwarded_for)]))
}

const UNREADABLE: [&str; 27] = [
    "",
    " ",
    ",",
    "unknown",
    "_hidden",
    "localhost",
    "client.example.test",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4/32",
    "1.2.3.4 5.6.7.8",
    "1.2.3.4;5.6.7.8",
    "\"1.2.3.4\"",
    "for=1.2.3.4",
    "16909060",
    "-1.2.3.4",
    "1.2.3.4%00",
    "2001:db8::1::2",
    "2001:db8:::1",
    "fe80::1%eth0",
    "2001:db8::12345",
    "::ffff:1.2.3.256",
    "[2001:db8::1",
    "é",
];

#[test]
fn better_auth_believes_a_single_address_whoever_sends_it() {
    let policy = policy(&[], true);
    for (value, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("  203.0.113.7 ", "203.0.113.7"),
        (",203.0.113.7,", "203.0.113.7"),
        ("2001:DB8:1:2:3:4:5:6", "2001:0db8:0001:0002:0000:0000:0000:0000"),
        ("2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0000"),
        ("::1", "0000:0000:0000:0000:0000:0000:0000:0000"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:0201", "192.0.2.1"),
        ("203.0.113.7, 198.51.100.1", ""),
        ("203.0.113.7:80", ""),
        ("[2001:db8::1]", ""),
    ] {
        assert_eq!(resolved(&policy, "192.0.2.99", value), expected, "{value}");
    }
    for value in UNREADABLE {
        assert_eq!(resolved(&policy, "192.0.2.99", value), "", "{value}");
    }
    assert_eq!(policy.resolve("192.0.2.99".parse().ok(), &HeaderMap::new()), "");
    let twice = headers(&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")]);
    assert_eq!(policy.resolve(None, &twice), "");
}

#[test]
fn better_auth_reads_the_list_from_the_right_if_it_knows_the_proxies() {
    let policy = policy(&["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.1"], true);
    for (value, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (
            "1.1.1.1, 203.0.113.7, ::ffff:10.0.0.1, 2001:db8:ffff::1, 192.0.2.1",
            "203.0.113.7",
        ),
        ("1.1.1.1, unknown, 10.0.0.1", ""),
        ("unknown, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        ("1.1.1.1, 10.0.0.1:80", ""),
        ("10.0.0.2, 10.0.0.1", ""),
    ] {
        assert_eq!(resolved(&policy, "192.0.2.99", value), expected, "{value}");
    }
}

#[test]
fn headers_are_tried_in_their_order() {
    let policy = policy_of(&["x-client-ip", "x-forwarded-for"], &[], true);
    let both = |first, second| headers(&[("x-forwarded-for", second), ("x-client-ip", first)]);
    assert_eq!(policy.resolve(None, &both("1.1.1.1", "2.2.2.2")), "1.1.1.1");
    assert_eq!(
        policy.resolve(None, &both("1.1.1.1, 3.3.3.3", "2.2.2.2")),
        "2.2.2.2"
    );
    assert_eq!(policy.resolve(None, &both("garbage", "2.2.2.2")), "2.2.2.2");
}

#[test]
fn rl_2_the_client_is_the_peer() {
    for policy in [hardened(), policy(&[], false), policy(&["10.0.0.0/8"], false)] {
        for value in UNREADABLE.into_iter().chain(["1.1.1.1", "10.0.0.1", "127.0.0.1"]) {
            assert_eq!(resolved(&policy, "203.0.113.7", value), "203.0.113.7", "{value}");
            assert_eq!(resolved(&policy, "no peer", value), "", "{value}");
        }
    }
}

#[test]
fn rl_3_addresses_are_unwrapped_and_those_of_ipv6_are_grouped() {
    let policy = hardened();
    for mapped in [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "::FFFF:cb00:7107",
        "0:0:0:0:0:ffff:203.0.113.7",
    ] {
        assert_eq!(resolved(&policy, mapped, "1.1.1.1"), "203.0.113.7", "{mapped}");
    }
    for one_network in ["2001:db8::5", "2001:DB8::", "2001:db8:0:0:ffff::1"] {
        assert_eq!(
            resolved(&policy, one_network, ""),
            "2001:0db8:0000:0000:0000:0000:0000:0000",
            "{one_network}"
        );
    }
    assert_ne!(
        resolved(&policy, "2001:db8:0:1::5", ""),
        resolved(&policy, "2001:db8::5", "")
    );
}

#[test]
fn rl_2_a_trusted_proxy_names_the_client() {
    let policy = policy(&["10.0.0.0/8", "::1"], false);
    for (value, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, 203.0.113.7, 10.0.0.2, ::1", "203.0.113.7"),
        ("garbage, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
        ("203.0.113.7:50123", "203.0.113.7"),
        ("[2001:db8::5]:50123", "2001:0db8:0000:0000:0000:0000:0000:0000"),
        ("[2001:db8::5]", "2001:0db8:0000:0000:0000:0000:0000:0000"),
        ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
        // Not an address and a port: only brackets could say so.
        ("2001:db8:0:7::5:5012", "2001:0db8:0000:0007:0000:0000:0000:0000"),
    ] {
        for peer in ["10.0.0.1", "::ffff:10.0.0.1", "::1"] {
            assert_eq!(resolved(&policy, peer, value), expected, "{value}");
        }
    }
}

#[test]
fn rl_2_what_a_proxy_cannot_name_shares_one_bucket() {
    let policy = policy(&["10.0.0.0/8"], false);
    for value in UNREADABLE {
        assert_eq!(resolved(&policy, "10.0.0.1", value), "", "{value}");
        assert_eq!(
            resolved(&policy, "10.0.0.1", &format!("1.1.1.1, x{value}")),
            "",
            "{value}"
        );
    }
    assert_eq!(
        policy.resolve("10.0.0.1".parse().ok(), &HeaderMap::new()),
        "10.0.0.1"
    );
    let mut binary = HeaderMap::new();
    let value = HeaderValue::from_bytes(b"1.1.1.1, \xff").unwrap();
    binary.insert(HeaderName::from_static("x-forwarded-for"), value);
    assert_eq!(policy.resolve("10.0.0.1".parse().ok(), &binary), "");
}

#[test]
fn rl_2_a_second_header_is_not_asked_once_the_first_has_spoken() {
    let policy = policy_of(&["x-real-ip", "x-forwarded-for"], &["10.0.0.0/8"], false);
    let peer = "10.0.0.1".parse().ok();
    let both = headers(&[("x-forwarded-for", "2.2.2.2"), ("x-real-ip", "garbage")]);
    assert_eq!(policy.resolve(peer, &both), "");
    assert_eq!(
        policy.resolve(peer, &headers(&[("x-forwarded-for", "2.2.2.2")])),
        "2.2.2.2"
    );
}

#[test]
fn several_lines_of_a_header_are_one_list() {
    let policy = policy(&["10.0.0.0/8"], false);
    let lines = headers(&[
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-for", "2.2.2.2, 10.0.0.3"),
    ]);
    assert_eq!(policy.resolve("10.0.0.1".parse().ok(), &lines), "2.2.2.2");
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let new = |header: &str, proxy: &str| ClientAddressPolicy::new(&settings(&[header], &[proxy], true));
    for proxy in [
        "10.0.0.1",
        "10.0.0.0/8",
        "::1",
        "2001:db8::/32",
        "::ffff:10.0.0.0/104",
        "::ffff:10.0.0.1",
    ] {
        assert!(new("X-Client-IP", proxy).is_ok(), "{proxy}");
    }
    for proxy in [
        "",
        "*",
        "proxy.test",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0/8",
        "::ffff:10.0.0.0/8",
    ] {
        assert_eq!(
            new("x-client-ip", proxy).unwrap_err(),
            InvalidClientAddressPolicy::Proxy(proxy.to_owned())
        );
    }
    assert_eq!(
        new("x client", "::1").unwrap_err(),
        InvalidClientAddressPolicy::Header("x client".to_owned())
    );
    let mapped = policy(&["::ffff:10.0.0.0/104"], false);
    assert_eq!(resolved(&mapped, "10.9.9.9", "1.1.1.1"), "1.1.1.1");
    assert_eq!(resolved(&mapped, "11.9.9.9", "1.1.1.1"), "11.9.9.9");
}

proptest! {
    #[test]
    fn rl_2_a_stranger_cannot_choose(value in "[ -~]*|[0-9a-f:., \\[\\]]*", believe in any::<bool>()) {
        let lines = headers(&[("x-forwarded-for", &value)]);
        let peer = "203.0.113.7".parse().ok();
        prop_assert_eq!(policy(&["10.0.0.0/8"], false).resolve(peer, &lines), "203.0.113.7");
        let address = policy(&["10.0.0.0/8"], believe).resolve("10.0.0.1".parse().ok(), &lines);
        prop_assert!(address.is_empty() || address.parse::<IpAddr>().is_ok(), "{}", address);
    }
}

#[test]
fn rl_3_the_size_of_an_ipv6_network_is_an_option() {
    let of = |ipv6_subnet| {
        let settings = ClientAddressSettings {
            ipv6_subnet,
            ..ClientAddressSettings::of(Preset::Hardened)
        };
        ClientAddressPolicy::new(&settings)
    };
    for (bits, expected) in [
        (32, "2001:0db8:0000:0000:0000:0000:0000:0000"),
        (48, "2001:0db8:1111:0000:0000:0000:0000:0000"),
        (56, "2001:0db8:1111:2200:0000:0000:0000:0000"),
        (64, "2001:0db8:1111:2222:0000:0000:0000:0000"),
        (128, "2001:0db8:1111:2222:3333:4444:5555:6666"),
    ] {
        let peer = "2001:db8:1111:2222:3333:4444:5555:6666".parse().ok();
        let policy = of(bits).unwrap();
        assert_eq!(policy.resolve(peer, &HeaderMap::new()), expected, "{bits}");
        assert_eq!(
            policy.resolve("192.0.2.1".parse().ok(), &HeaderMap::new()),
            "192.0.2.1"
        );
    }
    for bits in [0, 31, 129] {
        assert_eq!(of(bits).unwrap_err(), InvalidClientAddressPolicy::Subnet(bits));
    }
}

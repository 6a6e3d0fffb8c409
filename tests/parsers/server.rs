//! Headers, bodies and stored hashes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use doorward_adapters::password::parsers::ParsedHash;
use doorward_domain::account::PasswordHash;
use doorward_domain::password::{HashFamily, HashForm};
use doorward_domain::{Keyring, Secret};
use doorward_web::client_address::{ClientAddressPolicy, ClientAddressSettings};
use doorward_web::parsers;
use serde_json::Value;
use url::form_urlencoded;

use super::{Target, text};

pub(crate) const TARGETS: [Target; 5] = [
    ("client_address", client_address),
    ("cookie", cookie),
    ("form", form),
    ("hash", hash),
    ("json", json),
];

/// The answer is empty, or an address that stands for itself: as a header, or as the peer.
fn client_address(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let Ok(value) = HeaderValue::from_bytes(rest) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(HeaderName::from_static("x-forwarded-for"), value);
    let peer = if choice & 1 == 0 {
        IpAddr::from(Ipv4Addr::new(10, 0, 0, 1))
    } else {
        IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, 6))
    };
    let settings = ClientAddressSettings {
        headers: vec!["x-forwarded-for".to_owned()],
        trusted_proxies: if choice & 2 == 0 {
            Vec::new()
        } else {
            vec!["10.0.0.0/8".to_owned(), "2001:db8:ffff::/48".to_owned()]
        },
        believe_any_peer: choice & 4 != 0,
        ipv6_subnet: if choice & 8 == 0 { 64 } else { 128 },
    };
    let policy = ClientAddressPolicy::new(&settings).expect("settings that fit");
    let resolved = policy.resolve(Some(peer), &headers);
    let nothing = HeaderMap::new();
    let direct = policy.resolve(Some(peer), &nothing);
    if !settings.believe_any_peer && (settings.trusted_proxies.is_empty() || peer.is_ipv6()) {
        assert_eq!(resolved, direct, "a peer that is no proxy names nobody else");
    }
    if resolved.is_empty() {
        assert!(
            settings.believe_any_peer || !settings.trusted_proxies.is_empty(),
            "the peer is known"
        );
        return;
    }
    let address: IpAddr = resolved.parse().expect("an address");
    let plain = ClientAddressPolicy::new(&ClientAddressSettings {
        trusted_proxies: Vec::new(),
        believe_any_peer: false,
        ..settings
    });
    let plain = plain.expect("settings that fit");
    assert_eq!(
        plain.resolve(Some(address), &nothing),
        resolved,
        "it stands for itself"
    );
}

/// The first cookie of a name counts; a signature covers the whole value, and nobody makes one without the key.
fn cookie(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
        }
    }
    let keys = Keyring::single(Secret::new("0123456789abcdef0123456789abcdef".to_owned()));
    for (name, value) in parsers::cookies(&headers) {
        assert!(
            !name.contains([';', '=']) && !value.contains(';'),
            "{name}={value}"
        );
        let first = parsers::cookies(&headers)
            .into_iter()
            .find(|(other, _)| *other == name);
        assert_eq!(parsers::cookie(&headers, name), first.map(|(_, value)| value));
        // Whoever fuzzes does not have the key.
        assert_eq!(parsers::verify(&keys, value), None, "{value}");
        let signed = parsers::sign(&keys, value);
        assert!(
            signed
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b";,\"\\".contains(&byte)),
            "{signed}"
        );
        assert_eq!(parsers::verify(&keys, &signed).as_deref(), Some(value));
        assert_eq!(parsers::verify(&keys, &format!("x{signed}")), None);
        let mut again = HeaderMap::new();
        let pair = HeaderValue::from_str(&format!("a={signed}; b=c"));
        again.append(COOKIE, pair.expect("a signed value fits into a header"));
        assert_eq!(parsers::cookie(&again, "a"), Some(signed.as_str()));
    }
}

/// No pair is lost, repeated names become lists, and what is printed again is read as the same.
fn form(data: &[u8]) {
    let Value::Object(object) = parsers::form(data) else {
        panic!("a form is an object");
    };
    let mut printed = form_urlencoded::Serializer::new(String::new());
    let mut pairs = 0;
    for (name, value) in &object {
        let values = match value {
            Value::Array(list) => {
                assert!(list.len() > 1, "{name}");
                list.as_slice()
            }
            value => std::slice::from_ref(value),
        };
        for value in values {
            printed.append_pair(name, value.as_str().expect("a form holds text"));
            pairs += 1;
        }
    }
    assert_eq!(form_urlencoded::parse(data).count(), pairs);
    assert_eq!(parsers::form(printed.finish().as_bytes()), Value::Object(object));
}

/// What is accepted has a known form of bounded work, and is never the hash of two passwords.
fn hash(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Some(hash) = ParsedHash::parse(text) else {
        return;
    };
    let form = HashForm::of(&PasswordHash::from_stored(text)).expect("what is accepted has a form");
    let (cheap, bound) = match form.family {
        // Kibibytes times passes.
        HashFamily::Argon2 => (256, 1 << 25),
        HashFamily::Bcrypt => (16, 1 << 14),
        HashFamily::Pbkdf2 => (200, 6_000_000),
        // One known cost, too high to be computed for each input.
        HashFamily::Scrypt => (0, 1),
    };
    assert!(form.weight <= bound, "{form:?}");
    if form.weight <= cheap {
        let matches = |password: &[u8]| hash.matches(password).expect("a cheap hash can be computed");
        assert!(
            !(matches(b"one password") && matches(b"another password")),
            "{text}"
        );
    }
}

/// What is accepted is what any reader reads, bounded in depth and without a second meaning: printed, it parses to the same.
fn json(data: &[u8]) {
    let Some(value) = parsers::json(data) else {
        return;
    };
    assert!(depth(&value) <= 32);
    let other: Value = serde_json::from_slice(data).expect("other readers take it, too");
    assert_eq!(value, other);
    let printed = value.to_string();
    let again = parsers::json(printed.as_bytes()).expect("what was printed is accepted");
    assert!(is_close(&again, &value), "{printed}");
    // Reading rounds some numbers by a bit, but the second time there is nothing left to round in the text.
    assert_eq!(keys(&again), keys(&value));
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or_default(),
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(keys).sum(),
        Value::Object(object) => object.len() + object.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

/// The same, except for the last bits of fractions, which `serde_json` does not promise to read exactly.
fn is_close(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other
                || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other))
                    if (one - other).abs() <= one.abs() * 1e-14)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_close(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|((name, one), (other_name, other))| name == other_name && is_close(one, other))
        }
        _ => one == other,
    }
}

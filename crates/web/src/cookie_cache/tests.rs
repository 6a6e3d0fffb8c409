use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward_domain::Secret;
use proptest::prelude::{Just, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use serde_json::json;

use super::vectors::{COMPACT, JWE, JWT, NOW_MS, SECRET, SESSION, USER};
use super::*;

const ALL: [(Strategy, &str); 3] = [
    (Strategy::Compact, COMPACT),
    (Strategy::Jwt, JWT),
    (Strategy::Jwe, JWE),
];
const MAX_AGE: TimeDelta = TimeDelta::seconds(300);

/// Counts, so that no two values are alike.
struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
    }
}

fn keys(entries: &[&str]) -> Keyring {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| Secret::new((*entry).to_owned()))
        .collect();
    Keyring::parse(&entries).unwrap()
}

fn codec(strategy: Strategy) -> CookieCacheCodec {
    CookieCacheCodec::new(strategy, &keys(&[&format!("1:{SECRET}")]), "1")
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(NOW_MS).unwrap()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn sealed(codec: &CookieCacheCodec, session: &Value, user: &Value) -> String {
    let entropy = Counting(0.into());
    codec.seal(session, user, now(), MAX_AGE, &entropy)
}

/// As JavaScript sees it, for which 1 and 1.0 are the same and a big integer is a double.
fn as_javascript(value: &Value) -> String {
    javascript::stringify(value)
}

#[test]
fn cookies_of_better_auth_are_read() {
    for (strategy, cookie) in ALL {
        let cached = codec(strategy).open(cookie, now()).expect("opens");
        assert_eq!(
            as_javascript(&cached.session),
            as_javascript(&value(SESSION)),
            "{strategy:?}"
        );
        assert_eq!(
            as_javascript(&cached.user),
            as_javascript(&value(USER)),
            "{strategy:?}"
        );
        assert_eq!(cached.updated_at_ms, NOW_MS);
    }
}

#[test]
fn the_compact_form_is_that_of_better_auth_to_the_byte() {
    let sealed = sealed(&codec(Strategy::Compact), &value(SESSION), &value(USER));
    assert_eq!(sealed, COMPACT);
}

#[test]
fn tokens_have_the_headers_and_claims_of_better_auth() {
    let jwt = sealed(&codec(Strategy::Jwt), &value(SESSION), &value(USER));
    assert_eq!(jwt.split('.').next(), JWT.split('.').next());
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(jwt.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Map<String, Value> = serde_json::from_slice(&claims).unwrap();
    let keys: Vec<_> = claims.keys().map(String::as_str).collect();
    assert_eq!(keys, ["session", "user", "updatedAt", "version", "iat", "exp"]);
    assert_eq!(claims["iat"], NOW_MS / 1000);
    assert_eq!(claims["exp"], NOW_MS / 1000 + 300);

    let jwe = sealed(&codec(Strategy::Jwe), &value(SESSION), &value(USER));
    assert_eq!(jwe.split('.').next(), JWE.split('.').next());
    let Form::Jwe(form) = codec(Strategy::Jwe).form else {
        unreachable!()
    };
    let id = form.open(&jwe).unwrap().claims["jti"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(id, "00070e15-1c23-4a31-b83f-464d545b6269");
}

#[test]
fn what_was_sealed_is_opened_until_it_expires() {
    for (strategy, _) in ALL {
        let codec = codec(strategy);
        let cookie = sealed(&codec, &value(SESSION), &value(USER));
        assert_eq!(codec.open(&cookie, now()).unwrap().session, value(SESSION));
        let last = now() + MAX_AGE - TimeDelta::seconds(1);
        assert!(codec.open(&cookie, last).is_some(), "{strategy:?}");
        assert_eq!(codec.open(&cookie, now() + MAX_AGE), None, "{strategy:?}");
    }
}

#[test]
fn the_end_of_the_session_ends_its_cache() {
    for (strategy, _) in ALL {
        let codec = codec(strategy);
        let opened = |expires_at: Value| {
            let session = json!({ "token": "t", "expiresAt": expires_at });
            codec.open(&sealed(&codec, &session, &json!({})), now())
        };
        assert!(opened(json!("2026-09-21T14:13:20.124Z")).is_some());
        for expires_at in [
            json!("2026-09-21T14:13:20.123Z"),
            json!("soon"),
            json!(null),
            json!(9e15),
        ] {
            assert_eq!(opened(expires_at), None, "{strategy:?}");
        }
    }
}

#[test]
fn se_10_another_version_or_secret_is_not_believed() {
    for (strategy, cookie) in ALL {
        let other_version = CookieCacheCodec::new(strategy, &keys(&[&format!("1:{SECRET}")]), "2");
        assert_eq!(other_version.open(cookie, now()), None, "{strategy:?}");
        let other_secret = CookieCacheCodec::new(strategy, &keys(&[&format!("1:{SECRET}!")]), "1");
        assert_eq!(other_secret.open(cookie, now()), None, "{strategy:?}");
        for (other, cookie) in ALL.into_iter().filter(|(other, _)| *other != strategy) {
            assert_eq!(
                codec(strategy).open(cookie, now()),
                None,
                "{strategy:?} {other:?}"
            );
        }
    }
}

#[test]
fn kr_2_any_key_opens_and_the_first_seals() {
    let own = format!("1:{SECRET}");
    for (strategy, cookie) in ALL {
        let codec = |entries: &[&str]| CookieCacheCodec::new(strategy, &keys(entries), "1");
        for entries in [[&*own, "2:new"], ["2:new", &own]] {
            let both = codec(&entries);
            assert!(both.open(cookie, now()).is_some(), "{strategy:?} {entries:?}");
            let sealed = sealed(&both, &value(SESSION), &value(USER));
            assert!(
                codec(&entries[..1]).open(&sealed, now()).is_some(),
                "{strategy:?}"
            );
            assert_eq!(codec(&entries[1..]).open(&sealed, now()), None, "{strategy:?}");
        }
        assert_eq!(codec(&["2:new"]).open(cookie, now()), None, "KR-1 {strategy:?}");
    }
}

#[test]
fn se_10_every_letter_counts() {
    for (strategy, cookie) in ALL {
        let codec = codec(strategy);
        for position in 0..cookie.len() {
            let mut altered = cookie.as_bytes().to_vec();
            altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(codec.open(&altered, now()), None, "{strategy:?} {position}");
            assert_eq!(
                codec.open(&cookie[..position], now()),
                None,
                "{strategy:?} {position}"
            );
        }
        for altered in [
            format!("{cookie}A"),
            format!("{cookie}="),
            format!("{cookie}."),
            format!(" {cookie}"),
        ] {
            assert_eq!(codec.open(&altered, now()), None, "{strategy:?}");
        }
    }
}

#[test]
fn tk_7_the_algorithm_is_not_the_tokens_choice() {
    let with_header = |cookie: &str, header: &str| {
        let (_, rest) = cookie.split_once('.').unwrap();
        format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header))
    };
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"dir"}"#,
        r#"{"typ":"JWT"}"#,
        "{}",
        "[]",
    ] {
        assert_eq!(
            codec(Strategy::Jwt).open(&with_header(JWT, header), now()),
            None,
            "{header}"
        );
    }
    let unsigned = JWT.rsplit_once('.').unwrap().0;
    let unsigned = with_header(&format!("{unsigned}."), r#"{"alg":"none"}"#);
    assert_eq!(codec(Strategy::Jwt).open(&unsigned, now()), None);
    for header in [
        r#"{"alg":"dir","enc":"A256GCM"}"#,
        r#"{"alg":"A256KW","enc":"A256CBC-HS512"}"#,
        r#"{"alg":"dir","enc":"A256CBC-HS512","zip":"DEF"}"#,
        r#"{"alg":"dir","enc":"A256CBC-HS512","crit":["x"]}"#,
        r#"{"alg":"dir","enc":"A256CBC-HS512","kid":"another"}"#,
        "null",
    ] {
        assert_eq!(
            codec(Strategy::Jwe).open(&with_header(JWE, header), now()),
            None,
            "{header}"
        );
    }
}

/// The signature is good; what it signs is not.
#[test]
fn authentic_nonsense_is_not_believed() {
    let (session, user) = (value(SESSION), value(USER));
    let expiry = NOW_MS / 1000 + 60;
    let whole = json!({ "session": session, "user": user, "updatedAt": NOW_MS, "exp": expiry });
    for (strategy, _) in ALL {
        let codec = codec(strategy);
        let opened = |claims: &Value| {
            let claims = claims.as_object().unwrap().clone();
            let cookie = match &codec.form {
                Form::Compact(form) => form.seal(claims, NOW_MS + 60_000),
                Form::Jwt(form) => form.seal(&claims),
                Form::Jwe(form) => form.seal(claims, &Counting(0.into())),
            };
            codec.open(&cookie, now())
        };
        assert!(opened(&whole).is_some(), "without a version it is the first");
        let mut versionless = whole.clone();
        versionless["version"] = json!("");
        assert!(opened(&versionless).is_some());
        for (key, nonsense) in [
            ("session", json!(null)),
            ("session", json!([])),
            ("user", json!("ada")),
            ("updatedAt", json!("now")),
            ("version", json!(1)),
            ("version", json!("10")),
        ] {
            let mut claims = whole.clone();
            claims[key] = nonsense;
            assert_eq!(opened(&claims), None, "{strategy:?} {key}");
            claims.as_object_mut().unwrap().remove(key);
            assert!(
                key == "version" || opened(&claims).is_none(),
                "{strategy:?} {key}"
            );
        }
        for nonsense in [
            json!("9999999999"),
            json!(i64::MAX),
            json!(1e300),
            json!(-1),
            json!(null),
        ] {
            let mut claims = whole.clone();
            claims["exp"] = nonsense;
            assert!(
                strategy == Strategy::Compact || opened(&claims).is_none(),
                "{strategy:?}"
            );
        }
    }
}

#[test]
fn compact_cookies_are_cut_in_one_way_only() {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(COMPACT).unwrap()).unwrap();
    let codec = codec(Strategy::Compact);
    for (from, to) in [
        (r#""expiresAt":1790000300123"#, r#""expiresAt":+1790000300123"#),
        (r#""expiresAt":1790000300123"#, r#""expiresAt":1790000300123.0"#),
        (r#""expiresAt":1790000300123"#, r#""expiresAt": 1790000300123"#),
        (
            r#""expiresAt":1790000300123"#,
            r#""expiresAt":1790000300123,"expiresAt":1790000300123"#,
        ),
        (
            r#""expiresAt":1790000300123"#,
            r#""expiresAt":99999999999999999999"#,
        ),
        (r#""expiresAt":1790000300123"#, r#""expiresAt":"#),
        (r#"{"session":{"#, r#"{"session": {"#),
        (r#""}"#, r#"","x":""}"#),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text);
        assert_eq!(
            codec.open(&BASE64_URL_SAFE_NO_PAD.encode(altered), now()),
            None,
            "{to}"
        );
    }
}

fn json_values() -> impl proptest::strategy::Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_sealed_is_opened(extra in json_values()) {
        let mut user = value(USER);
        user["big"] = json!(null);
        user["extra"] = extra;
        for (strategy, _) in ALL {
            let codec = codec(strategy);
            let cookie = sealed(&codec, &value(SESSION), &user);
            let cached = codec.open(&cookie, now());
            prop_assert_eq!(as_javascript(&cached.unwrap().user), as_javascript(&user));
            prop_assert!(cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        }
    }

    #[test]
    fn strangers_cookies_are_nothing(cookie in "[ -~]*|\\PC*|[A-Za-z0-9_-]*|([A-Za-z0-9_-]*\\.){2,5}") {
        for (strategy, _) in ALL {
            prop_assert_eq!(codec(strategy).open(&cookie, now()), None);
            prop_assert_eq!(codec(strategy).open(&BASE64_URL_SAFE_NO_PAD.encode(&cookie), now()), None);
        }
    }
}

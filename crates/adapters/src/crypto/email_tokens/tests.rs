use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use doorward_domain::Secret;
use serde_json::json;

use super::*;

const SECRET: &str = "a secret of at least 32 characters";
const ISSUED: i64 = 1_700_000_000;

// Made with Node: HMAC-SHA-256 over the base64url of header and claims.
const VERIFICATION: &str = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QiLCJ1c2VySWQiOiJ1MSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ.R4mRvmO3LaTABMl-t1Duh7zT4xLkeY__7Pf8zFonA40";
const CHANGE: &str = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QiLCJ1cGRhdGVUbyI6ImNvdW50ZXNzQGV4YW1wbGUudGVzdCIsInJlcXVlc3RUeXBlIjoiY2hhbmdlLWVtYWlsLXZlcmlmaWNhdGlvbiIsInVzZXJJZCI6InUxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9.l3JwOjTVjfESMMtxLuZyvQl2pQlNy87PIiHsgkVOxwU";
const HS512: &str = "eyJhbGciOiJIUzUxMiJ9.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QiLCJ1c2VySWQiOiJ1MSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ.Z-y_gnxgl6kquiHOU7VMgBFiJigzfVOIg5IG2Ztjxbst12ZNn_tfiRRW0tRpMQWFqHLraezDGdr6T9KpQxPezA";
const NONE: &str = "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QiLCJ1c2VySWQiOiJ1MSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ.";

fn codec() -> JwtEmailTokens {
    codec_of(&[&format!("1:{SECRET}")])
}

fn codec_of(keys: &[&str]) -> JwtEmailTokens {
    let keys: Vec<_> = keys.iter().map(|key| Secret::new((*key).to_owned())).collect();
    JwtEmailTokens::new(&Keyring::parse(&keys).unwrap())
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_secs(seconds).unwrap()
}

fn claims(change: Option<EmailChange>) -> EmailClaims {
    EmailClaims {
        email: Email::parse("ada@example.test").unwrap(),
        user_id: Some(UserId::from_stored("u1")),
        change,
        issued_at: at(ISSUED),
        expires_at: at(ISSUED + 3600),
    }
}

fn change(step: EmailChangeStep) -> EmailChange {
    EmailChange {
        to: Email::parse("countess@example.test").unwrap(),
        step,
    }
}

/// A token with any claims, properly signed.
fn signed(claims: &Value) -> String {
    let codec = codec();
    jsonwebtoken::encode(&codec.header, claims, &codec.signing).unwrap()
}

fn read(token: &str) -> Result<EmailClaims, EmailTokenError> {
    codec().read(token, at(ISSUED))
}

#[test]
fn tokens_are_byte_for_byte_those_of_better_auth() {
    assert_eq!(codec().sign(&claims(None)), VERIFICATION);
    assert_eq!(
        codec().sign(&claims(Some(change(EmailChangeStep::Verification)))),
        CHANGE
    );
}

#[test]
fn what_was_signed_can_be_read() {
    for step in [
        None,
        Some(EmailChangeStep::Confirmation),
        Some(EmailChangeStep::Verification),
    ] {
        let claims = claims(step.map(change));
        assert_eq!(read(&codec().sign(&claims)), Ok(claims));
    }
    let anonymous = EmailClaims {
        user_id: None,
        ..claims(None)
    };
    assert_eq!(read(&codec().sign(&anonymous)), Ok(anonymous));
}

#[test]
fn tk_4_a_token_expires_to_the_second_by_the_clock_it_is_given() {
    assert!(codec().read(VERIFICATION, at(ISSUED + 3599)).is_ok());
    assert_eq!(
        codec().read(VERIFICATION, at(ISSUED + 3600)),
        Err(EmailTokenError::Expired)
    );
    assert_eq!(
        codec().read(VERIFICATION, at(ISSUED + 7200)),
        Err(EmailTokenError::Expired)
    );
}

#[test]
fn tk_7_the_token_does_not_choose_the_algorithm() {
    let (_, claims) = VERIFICATION.split_once('.').unwrap();
    let claims = claims.split('.').next().unwrap();
    let rs256 = format!(
        "{}.{claims}.AAAA",
        BASE64_URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256"}"#)
    );
    for token in [HS512, NONE, &rs256] {
        assert_eq!(read(token), Err(EmailTokenError::Invalid), "{token}");
    }
}

#[test]
fn tk_7_a_wrong_signature_is_invalid_even_if_expired() {
    let late = at(ISSUED + 7200);
    let stranger = codec_of(&["1:another secret"]);
    assert_eq!(stranger.read(VERIFICATION, late), Err(EmailTokenError::Invalid));
    let mut altered = VERIFICATION.to_owned();
    altered.replace_range(25..26, "f");
    assert_eq!(codec().read(&altered, late), Err(EmailTokenError::Invalid));
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "héllo.wörld.x",
        VERIFICATION.rsplit_once('.').unwrap().0,
    ] {
        assert_eq!(read(token), Err(EmailTokenError::Invalid), "{token}");
    }
}

#[test]
fn claims_of_another_form_are_invalid() {
    let good = json!({ "email": "ada@example.test", "iat": ISSUED, "exp": ISSUED + 60 });
    assert!(read(&signed(&good)).is_ok());
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let mut without_end = good.clone();
    without_end.as_object_mut().unwrap().remove("exp");
    let mut half_a_change = with("requestType", json!("change-email-verification"));
    assert_eq!(read(&signed(&half_a_change)), Err(EmailTokenError::Invalid));
    half_a_change["updateTo"] = json!("countess@example.test");
    assert!(read(&signed(&half_a_change)).is_ok());
    for claims in [
        without_end,
        with("exp", json!("1700000060")),
        with("exp", json!(i64::MAX)),
        with("email", json!("not an address")),
        with("email", json!(7)),
        with("userId", json!(7)),
        with("updateTo", json!("countess@example.test")),
        with("requestType", json!("change-everything")),
        json!([1]),
        json!("text"),
    ] {
        assert_eq!(read(&signed(&claims)), Err(EmailTokenError::Invalid), "{claims}");
    }
}

#[test]
fn expiry_is_judged_before_form() {
    let claims = json!({ "email": "not an address", "iat": 0, "exp": 1 });
    assert_eq!(read(&signed(&claims)), Err(EmailTokenError::Expired));
}

#[test]
fn addresses_are_folded() {
    let claims = json!({ "email": "Ada@Example.TEST", "iat": ISSUED, "exp": ISSUED + 60 });
    assert_eq!(read(&signed(&claims)).unwrap().email.as_str(), "ada@example.test");
}

#[test]
fn sk_2_the_key_is_not_printed() {
    assert_eq!(format!("{:?}", codec()), "JwtEmailTokens { .. }");
}

#[test]
fn kr_2_any_key_verifies_and_the_first_signs() {
    let own = format!("1:{SECRET}");
    let now = at(ISSUED + 60);
    for keys in [
        &[&*own][..],
        &[&own, "2:another secret"],
        &["2:another secret", &own],
        &["3:a third", "2:another secret", &own],
    ] {
        let codec = codec_of(keys);
        assert!(codec.read(VERIFICATION, now).is_ok(), "{keys:?}");
        let signed = codec.sign(&claims(None));
        assert!(codec_of(&keys[..1]).read(&signed, now).is_ok(), "{keys:?}");
        assert!(codec_of(&["1:a stranger"]).read(&signed, now).is_err());
    }
    let removed = codec_of(&["2:another secret"]);
    assert_eq!(removed.read(VERIFICATION, now), Err(EmailTokenError::Invalid));
}

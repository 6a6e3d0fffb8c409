use super::*;

fn parse(address: &str) -> Result<Relay, RelayError> {
    Relay::parse(&Secret::new(address.to_owned()))
}

fn parsed(address: &str) -> (String, u16, Security) {
    let relay = parse(address).unwrap();
    (relay.host, relay.port, relay.security)
}

fn refusal(address: &str) -> String {
    parse(address).err().unwrap().to_string()
}

#[test]
fn ml_4_tls_is_required_unless_the_relay_is_on_this_machine() {
    for (address, expected) in [
        (
            "smtps://mail.example.com",
            ("mail.example.com", 465, Security::Wrapped),
        ),
        (
            "smtps://mail.example.com:2465/",
            ("mail.example.com", 2465, Security::Wrapped),
        ),
        (
            "smtps://127.0.0.1?tls=required",
            ("127.0.0.1", 465, Security::Wrapped),
        ),
        (
            "smtp://mail.example.com",
            ("mail.example.com", 587, Security::Required),
        ),
        ("smtp://10.0.0.1:25", ("10.0.0.1", 25, Security::Required)),
        (
            "smtp://127.0.0.1.example.com",
            ("127.0.0.1.example.com", 587, Security::Required),
        ),
        (
            "smtp://localhost.example.com",
            ("localhost.example.com", 587, Security::Required),
        ),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, Security::None)),
        ("smtp://127.255.0.9", ("127.255.0.9", 587, Security::None)),
        ("smtp://[::1]:25", ("::1", 25, Security::None)),
        (
            "smtp://[::ffff:127.0.0.1]:25",
            ("::ffff:7f00:1", 25, Security::None),
        ),
        ("smtp://LOCALHOST", ("LOCALHOST", 587, Security::None)),
        ("smtp://localhost?tls=none", ("localhost", 587, Security::None)),
        (
            "smtp://localhost?tls=required",
            ("localhost", 587, Security::Required),
        ),
        (
            "smtp://mail.example.com?tls=opportunistic",
            ("mail.example.com", 587, Security::Opportunistic),
        ),
    ] {
        let (host, port, security) = parsed(address);
        assert_eq!((&*host, port, security), expected, "{address}");
    }
}

#[test]
fn ml_4_no_letter_travels_in_clear_over_a_network() {
    let message = refusal("smtp://mail.example.com?tls=none");
    assert!(
        message.contains("mail.example.com") && message.contains("unencrypted"),
        "{message}"
    );
    assert!(refusal("smtps://127.0.0.1?tls=none").contains("write `smtp://`"));
}

#[test]
fn mistakes_are_named() {
    for (address, part) in [
        ("mail.example.com", "not a URL"),
        ("mail.example.com:587", "`mail.example.com:`"),
        ("", "not a URL"),
        ("https://mail.example.com", "`https:`"),
        ("smtp:", "no host"),
        ("smtp:///path", "no host"),
        ("smtp://mail.example.com/path", "must end"),
        ("smtp://mail.example.com#x", "must end"),
        ("smtp://mail.example.com?starttls=1", "`starttls`"),
        ("smtp://mail.example.com?tls=maybe", "`tls=maybe`"),
        ("smtp://a%zz@mail.example.com", "percent-encoded"),
        ("smtp://a:%ff@mail.example.com", "percent-encoded"),
        ("smtp://a:b%4@mail.example.com", "percent-encoded"),
    ] {
        let message = refusal(address);
        assert!(message.contains(part), "{address}: {message}");
    }
}

#[test]
fn sk_1_no_mistake_repeats_the_password() {
    for address in [
        "smtp://user:hunter2@mail.example.com/path",
        "smtp://user:hunter2@mail.example.com?tls=none",
        "http://user:hunter2@mail.example.com",
        "smtp://user:hunter2%zz@mail.example.com",
        "smtp://user:hunter2@mail.example.com:port",
    ] {
        let error = parse(address).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn credentials_are_percent_decoded() {
    let relay = parse("smtps://ada%40example.com:p%C3%A4ss%20%2B+&=word@mail.example.com").unwrap();
    let expected = Credentials::new("ada@example.com".to_owned(), "päss ++&=word".to_owned());
    assert!(relay.credentials == Some(expected));
    assert!(parse("smtps://mail.example.com").unwrap().credentials.is_none());
}

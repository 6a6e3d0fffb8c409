use proptest::prelude::*;
use url::Url;

use super::*;

const BASE: &str = "https://auth.example.test";

fn trusted() -> TrustedOrigins {
    let patterns = [
        "https://app.example.test",
        "https://*.wild.example.test",
        "*.bare.example.test",
        "myapp://",
        "http://10.0.*.*",
    ];
    TrustedOrigins::new(&base(), &patterns.map(String::from)).unwrap()
}

fn base() -> Origin {
    Origin::from_base_url(BASE).unwrap()
}

fn target(raw: &str) -> RedirectTarget {
    RedirectTarget::parse(raw, &trusted()).expect(raw)
}

#[test]
fn paths_and_trusted_urls_are_kept_as_given() {
    for raw in [
        "/",
        "/a/b?c=d#e",
        "/a%20b",
        "/a/",
        "/?x",
        "/#x",
        "/a?next=//b&c=..\u{2f}..",
        "/a?b=%2f%5c%0a",
        "/.well-known/x",
        "/a..b/...",
        "/@user/a:b;c=d",
        "/100%25",
        "/a%zz",
        "https://auth.example.test/x",
        "https://app.example.test",
        "https://app.example.test/x?y",
        "https://app.example.test?y",
        "https://app.example.test#y",
        "https://app.example.test:443/a//b/../c%2Fd",
        "HTTPS://App.Example.Test/X",
        "https://a.wild.example.test/x",
        "http://b.a.bare.example.test/x",
        "http://10.0.1.2/x",
        "myapp://callback",
        "myapp://callback/a?b#c",
        "myapp:/callback",
        "myapp:///callback",
        "MyApp://callback",
    ] {
        assert_eq!(target(raw).as_str(), raw);
    }
}

#[test]
fn what_a_header_cannot_hold_is_encoded() {
    assert_eq!(
        target("/größe/a b?q=é#ü").as_str(),
        "/gr%C3%B6%C3%9Fe/a%20b?q=%C3%A9#%C3%BC"
    );
    assert_eq!(target("/／evil.test").as_str(), "/%EF%BC%8Fevil.test");
    assert_eq!(target("/ ").as_str(), "/%20");
}

/// `e.test` is the stranger, `app.example.test` the friend.
const REFUSED: &[&str] = &[
    // Empty, and paths that are none.
    "",
    " ",
    "dashboard",
    "e.test",
    "./e",
    "../e",
    "?a",
    "#a",
    ";//e.test",
    "%2f%2fe.test",
    "%2Fe.test",
    // Two slashes, in all their disguises.
    "//e.test",
    "///e.test",
    "////e.test",
    "//",
    "//app.example.test/x",
    "//auth.example.test",
    "/\\e.test",
    "\\\\e.test",
    "\\/e.test",
    "\\e.test",
    "//\\e.test",
    "/\\/e.test",
    "/x\\y",
    "/x?\\e.test",
    "/x#\\e.test",
    "/\t/e.test",
    "/\n/e.test",
    "/\r/e.test",
    "/\r\n/e.test",
    "\t//e.test",
    "\n//e.test",
    " //e.test",
    "\u{a0}//e.test",
    "\u{feff}//e.test",
    "\u{2028}//e.test",
    "\u{3000}//e.test",
    "\0//e.test",
    "/\0/e.test",
    "/\u{1f}/e.test",
    "/\u{7f}/e.test",
    "/\u{85}/e.test",
    "/%2fe.test",
    "/%2Fe.test",
    "/%5ce.test",
    "/%5Ce.test",
    "/%2f%2fe.test",
    "/%252fe.test",
    "/%25252fe.test",
    "/%255ce.test",
    "/%25%32%66e.test",
    "/%25%32%35%32%66e.test",
    "/%2525252525252561",
    "/x%2fe.test",
    "/x%5ce.test",
    "/%09/e.test",
    "/%0d%0aLocation:%20//e.test",
    "/%0D%0A",
    "/%00/e.test",
    "/%250a",
    "/%7f",
    // Segments that vanish.
    "/.//e.test",
    "/./e.test",
    "/..//e.test",
    "/../e.test",
    "/x/..//e.test",
    "/x/../y",
    "/x/..",
    "/x/.",
    "/x//e.test",
    "/x//",
    "/%2e//e.test",
    "/%2e%2e/e.test",
    "/.%2e/e.test",
    "/%2E./e.test",
    "/%252e%252e/e.test",
    "/x/%2e%2e",
    "/..;/e.test",
    "/.;x/e.test",
    "/x/..?y",
    // Absolute in a form only some parsers take.
    "https:e.test",
    "https:/e.test",
    "https:///e.test",
    "https:\\\\e.test",
    "https:app.example.test",
    "https:/app.example.test",
    "https:///app.example.test",
    "https:\\\\app.example.test",
    "https:/\\app.example.test",
    "https//app.example.test",
    "https:",
    "https://",
    "https://?app.example.test",
    "ht\ttps://app.example.test",
    "https://app.example.test\n",
    "https://app.example.test/\r\nSet-Cookie: a=b",
    "https://app.exam\tple.test",
    " https://app.example.test",
    "\u{1}https://app.example.test",
    "https ://app.example.test",
    "https://app.example.test /x",
    // Other schemes.
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    " javascript:alert(1)",
    "javascript://app.example.test/%0aalert(1)",
    "javascript:/x",
    "JAVASCRIPT&colon;alert(1)",
    "data:text/html,x",
    "DATA:text/html;base64,eA==",
    "data://app.example.test",
    "vbscript:msgbox",
    "VbScript:x",
    "file:///etc/passwd",
    "file://app.example.test/x",
    "blob:https://app.example.test/1",
    "filesystem:https://app.example.test/x",
    "view-source:https://app.example.test",
    "about:blank",
    "ftp://app.example.test",
    "ws://app.example.test",
    "wss://app.example.test",
    "mailto:a@e.test",
    "tel:1",
    "intent://e.test#Intent;end",
    "otherapp://callback",
    "otherapp:/callback",
    "myapp:callback",
    "myapp:",
    "myapp://user@callback",
    "myapp://call back",
    "myapp://e.test\\x",
    "myappx://callback",
    // A friend in the wrong place.
    "https://app.example.test@e.test",
    "https://app.example.test:443@e.test",
    "https://app.example.test%40e.test",
    "https://app.example.test&@e.test",
    "https://e.test\\@app.example.test",
    "https://e.test@app.example.test",
    "https://user:secret@app.example.test",
    "https://@app.example.test",
    "https://:@app.example.test",
    "https://app.example.test.e.test",
    "https://app.example.test.",
    "https://app.example.test:8443",
    "https://app.example.test:80",
    "https://app.example.test:",
    "https://app.example.test:0443",
    "https://app.example.test:443x",
    "https://auth.example.test:8443/",
    "http://app.example.test",
    "http://auth.example.test",
    "http://app.example.test:443",
    "https://e.test/.app.example.test",
    "https://e.test/.wild.example.test",
    "https://e.test?.app.example.test",
    "https://e.test?.wild.example.test",
    "https://e.test#.app.example.test",
    "https://e.test#.wild.example.test",
    "https://e.test\\.wild.example.test",
    "https://e.test:443#.wild.example.test",
    "https://evilapp.example.test",
    "https://evilwild.example.test",
    "https://wild.example.test",
    "https://.wild.example.test",
    "https://a..wild.example.test",
    "https://-@a.wild.example.test",
    "https://a.wild.example.test:8443",
    "http://a.wild.example.test",
    "https://a.wild.example.test.e.test",
    "https://example.test",
    "http://10.0.e.test",
    "http://10.0.0.1.e.test",
    "http://10.1.0.1",
    "http://167772161",
    "http://0x0a.0.0.1",
    "http://012.0.0.1",
    "http://10.0.1",
    "http://[::ffff:10.0.0.1]/",
    // Hosts that need repair.
    "https://app\u{3002}example\u{3002}test",
    "https://e.test\u{3002}wild.example.test",
    "https://a\u{ff0e}wild.example.test",
    "https://a\u{ff61}wild.example.test",
    "https://e.test\u{ff0f}.wild.example.test",
    "https://e.test\u{ff0f}app.example.test",
    "https:\u{ff0f}\u{ff0f}app.example.test",
    "\u{ff0f}\u{ff0f}e.test",
    "https://e.test\u{ff1f}.wild.example.test",
    "https://e.test\u{ff03}.wild.example.test",
    "https://e.test\u{2048}.wild.example.test",
    "https://e.test\u{ff20}a.wild.example.test",
    "https://\u{ff41}pp.example.test",
    "https://app.exam\u{ad}ple.test",
    "https://app.exam\u{200b}ple.test",
    "https://app%2eexample%2etest",
    "https://app.example.test%00.e.test",
    "https://app.example.test%2fe.test",
    "https://e.test%2f.wild.example.test",
    "https://e.test%5c.wild.example.test",
    "https://a,b.wild.example.test",
    "https://a!b.wild.example.test",
    "https://[app.example.test]/",
    "https://*.wild.example.test",
];

#[test]
fn cs_6_everything_else_is_refused() {
    let trusted = trusted();
    for raw in REFUSED {
        assert!(RedirectTarget::parse(raw, &trusted).is_err(), "{raw:?}");
    }
}

#[test]
fn parameters_go_into_the_query() {
    for (raw, expected) in [
        ("/reset", "/reset?token=T%26%23"),
        ("/reset?", "/reset?token=T%26%23"),
        ("/reset?lang=en", "/reset?lang=en&token=T%26%23"),
        ("/reset?lang=en&", "/reset?lang=en&token=T%26%23"),
        ("/reset?lang=en#top", "/reset?lang=en&token=T%26%23#top"),
        ("/reset#top?x", "/reset?token=T%26%23#top?x"),
        ("/reset?a=?b", "/reset?a=?b&token=T%26%23"),
        (
            "https://app.example.test",
            "https://app.example.test?token=T%26%23",
        ),
        ("myapp://callback#x", "myapp://callback?token=T%26%23#x"),
    ] {
        assert_eq!(target(raw).with_param("token", "T&#").as_str(), expected);
    }
}

#[test]
fn a_parameter_of_the_same_name_is_replaced() {
    let target = target("/reset?token=theirs&a=1&to%6ben=theirs&tokens=2&token");
    assert_eq!(
        target.with_param("token", "ours").as_str(),
        "/reset?a=1&tokens=2&token=ours"
    );
}

#[test]
fn paths_become_absolute_on_the_base_origin() {
    assert_eq!(
        target("/reset?lang=en")
            .with_param("token", "T")
            .absolute(&base()),
        "https://auth.example.test/reset?lang=en&token=T"
    );
    assert_eq!(
        target("https://app.example.test/x").absolute(&base()),
        "https://app.example.test/x"
    );
}

/// Where the URL standard's own parser ends up.
fn lands_well(target: &RedirectTarget) -> bool {
    let landed = Url::parse(BASE).unwrap().join(target.as_str()).unwrap();
    let relative = target.as_str().starts_with('/');
    let origin = landed.origin().ascii_serialization();
    if relative {
        origin == BASE && target.absolute(&base()).starts_with(BASE)
    } else {
        let host = landed.host_str().unwrap_or_default();
        origin == BASE
            || origin == "https://app.example.test"
            || landed.scheme() == "https" && landed.port().is_none() && host.ends_with(".wild.example.test")
            || landed.scheme().starts_with("http")
                && landed.port().is_none()
                && host.ends_with(".bare.example.test")
            || landed.scheme() == "http"
                && landed.port().is_none()
                && host.starts_with("10.0.")
                && host.parse::<std::net::Ipv4Addr>().is_ok()
            || landed.scheme() == "myapp"
    }
}

/// Bits that redirect attacks are made of, so that random strings come near the border.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "/", "//", "\\", ":", "@", "?", "#", ".", "..", "%2f", "%5C", "%2e", "%25", "%", ";",
            "&", "=", "\t", "\n", "\r", "\0", " ",
            "\u{3002}", "\u{ff0f}", "\u{ff0e}", "\u{ad}", "\u{feff}", "[", "]", ":443", ":80", "é",
        ]),
        4 => prop::sample::select(vec![
            "https:", "http:", "https://", "http://", "HTTPS://", "javascript:", "data:", "myapp:", "myapp://",
            "file://",
            "app.example.test", "a.wild.example.test", ".wild.example.test", "x.bare.example.test",
            "auth.example.test", "e.test", "10.0.0.1", "10.0.",
        ]),
        1 => prop::sample::select(vec!["a", "x", "0", "-", "_", "*", ",", "!", "token=1"]),
    ];
    let pieces = prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat());
    let start = prop::sample::select(vec![
        "",
        "",
        "/",
        "https://",
        "https://app.example.test",
        "https://a.wild.example.test",
        "myapp://",
    ]);
    prop_oneof![8 => (start, pieces).prop_map(|(start, rest)| format!("{start}{rest}")), 1 => any::<String>()]
}

proptest! {
    // 4096 cases, and more with PROPTEST_CASES.
    #![proptest_config(ProptestConfig::with_cases(16 * ProptestConfig::default().cases))]

    #[test]
    fn cs_6_whatever_is_taken_lands_on_a_trusted_origin(raw in hostile()) {
        if let Ok(target) = RedirectTarget::parse(&raw, &trusted()) {
            prop_assert!(target.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(lands_well(&target), "{}", target.as_str());
            prop_assert_eq!(RedirectTarget::parse(target.as_str(), &trusted()).unwrap(), target);
        }
    }

    #[test]
    fn cs_7_parameters_neither_get_lost_nor_lead_elsewhere(
        raw in hostile(),
        name in any::<String>(),
        value in any::<String>(),
    ) {
        if let Ok(target) = RedirectTarget::parse(&raw, &trusted()) {
            let extended = target.with_param(&name, &value);
            prop_assert!(lands_well(&extended), "{}", extended.as_str());
            prop_assert_eq!(RedirectTarget::parse(extended.as_str(), &trusted()).unwrap(), extended.clone());
            let url = Url::parse(BASE).unwrap().join(extended.as_str()).unwrap();
            let found: Vec<_> = url.query_pairs().filter(|(found, _)| *found == name).collect();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(&*found[0].1, value.as_str());
        }
    }
}

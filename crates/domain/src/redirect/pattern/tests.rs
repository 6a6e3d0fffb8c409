use super::*;

fn matches(pattern: &str, origin: &str) -> bool {
    let pattern = OriginPattern::parse(pattern).unwrap();
    Origin::from_header(origin).is_ok_and(|origin| pattern.matches(&origin))
}

fn problem(pattern: &str) -> &'static str {
    OriginPattern::parse(pattern).expect_err(pattern).problem
}

#[test]
fn the_contracts_table() {
    for (pattern, yes, no) in [
        (
            "https://app.example.test",
            &["https://app.example.test", "https://APP.example.test:443"][..],
            &[
                "http://app.example.test",
                "https://app.example.test:8443",
                "https://x.app.example.test",
                "https://app.example.test.evil.test",
                "https://example.test",
                "myapp://app.example.test",
                "null",
            ][..],
        ),
        (
            "https://*.wild.example.test",
            &["https://a.wild.example.test", "https://a.b.wild.example.test"],
            &[
                "https://wild.example.test",
                "http://a.wild.example.test",
                "https://a.wild.example.test:8443",
                "https://a.wild.example.test.evil.test",
                "https://awild.example.test",
                "https://.wild.example.test",
                "https://evil.test/.wild.example.test",
                "https://evil.test?.wild.example.test",
                "https://evil.test#.wild.example.test",
                "https://evil.test\\.wild.example.test",
                "https://evil.test@a.wild.example.test",
                "https://evil.test:443.wild.example.test",
                "https://evil.test。wild.example.test",
                "https://a%2ewild.example.test",
            ],
        ),
        (
            "*.bare.example.test",
            &[
                "https://a.bare.example.test",
                "http://a.bare.example.test",
                "http://a.b.bare.example.test",
            ],
            &[
                "http://bare.example.test",
                "http://a.bare.example.test:81",
                "myapp://a.bare.example.test",
            ],
        ),
        (
            "http://10.0.*.*",
            &["http://10.0.0.1", "http://10.0.255.254"],
            &[
                "http://10.1.0.1",
                "https://10.0.0.1",
                "http://10.0.0.1:8080",
                "http://10.0.evil.test",
                "http://10.0.0.1.evil.test",
                "http://10.0.1",
                "http://10.0.0.01",
            ],
        ),
        (
            "myapp://",
            &["myapp://", "myapp://callback", "MyApp://a:1/b"],
            &["otherapp://callback", "https://myapp"],
        ),
    ] {
        for origin in yes {
            assert!(matches(pattern, origin), "{pattern} {origin}");
        }
        for origin in no {
            assert!(!matches(pattern, origin), "{pattern} {origin}");
        }
    }
}

#[test]
fn further_forms() {
    for (pattern, origin) in [
        ("http://localhost:3000/", "http://localhost:3000"),
        ("localhost:3000", "https://localhost:3000"),
        ("app.test", "http://app.test"),
        ("http://*.localhost:3000", "http://tenant.localhost:3000"),
        ("https://*.app.test:8443", "https://a.app.test:8443"),
        ("HTTPS://*.App.Test", "https://a.app.test"),
        ("https://*.bücher.test", "https://a.xn--bcher-kva.test"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("192.168.*", "https://192.168.7.9"),
        ("http://10.*.0.1:99", "http://10.77.0.1:99"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("tauri://localhost", "tauri://localhost"),
    ] {
        assert!(matches(pattern, origin), "{pattern} {origin}");
    }
    for (pattern, origin) in [
        ("exp://192.168.*.*:*/*", "exp://192.168.7.9:8081/--/path"),
        ("exp://10.0.0.*:*/*", "exp://10.0.0.7:19000"),
        ("exp://10.0.0.*:8081", "exp://10.0.0.7:8081"),
        ("exp://192.168.*.*", "exp://192.168.7.9"),
        ("exp://localhost:*", "exp://localhost:8081"),
        ("myapp:/", "myapp:/callback"),
        ("myapp:/", "myapp://callback"),
        ("myapp://host/cb", "myapp://host"),
    ] {
        assert!(matches(pattern, origin), "{pattern} {origin}");
    }
    for (pattern, origin) in [
        ("exp://192.168.*.*:*/*", "exp://192.169.7.9:8081"),
        ("exp://192.168.*.*:*/*", "exp://192.168.7.9.evil.test:8081"),
        ("exp://192.168.*.*:*/*", "http://192.168.7.9:8081"),
        ("exp://192.168.*.*", "exp://192.168.7.9:8081"),
        ("myapp:/", "otherapp:/callback"),
        ("myapp://host/cb", "myapp://other/cb"),
    ] {
        assert!(!matches(pattern, origin), "{pattern} {origin}");
    }
    assert!(!matches("chrome-extension://abcdef", "chrome-extension://abcdeg"));
    assert!(!matches("192.168.*", "http://193.168.7.9"));
    assert!(!matches("app.test", "myapp://app.test"));
}

#[test]
fn cs_2_patterns_that_trust_strangers_are_refused() {
    for pattern in [
        "*",
        "*.*",
        "*.*.*.*",
        "https://*",
        "http://*:3000",
        "https://*.",
        "*.",
    ] {
        assert!(
            problem(pattern).contains("every host") || problem(pattern).contains("first label"),
            "{pattern}"
        );
    }
    for pattern in [
        "*.com",
        "https://*.test",
        "*.co.uk",
        "https://*.com.au",
        "https://*.vercel.app",
        "*.GitHub.io",
        "https://*.xn--p1ai",
    ] {
        assert!(problem(pattern).contains("strangers"), "{pattern}");
    }
}

#[test]
fn patterns_that_are_no_origins_are_refused() {
    for (pattern, word) in [
        ("", "empty"),
        (" https://app.test", "white space"),
        ("https://app.test\\x", "backslash"),
        ("https://app.test/api", "path"),
        ("https://app.test//", "path"),
        ("https://user@app.test", "user name"),
        ("https://app.test?x", "query"),
        ("https://app.test/#x", "fragment"),
        ("http://localhost:*", "port"),
        ("http://localhost:99999", "port"),
        ("http://localhost:", "port"),
        ("https://my-*.app.test", "first label"),
        ("https://a.*.app.test", "first label"),
        ("https://*.*.app.test", "first label"),
        ("*app.test", "first label"),
        ("https://**.app.test", "first label"),
        ("*://app.test", "scheme"),
        ("javascript://", "scheme"),
        ("data://", "scheme"),
        ("my app://", "white space"),
        ("://app.test", "scheme"),
        ("exp://*.example.test", "custom scheme"),
        ("exp://*.*.*.*:*/*", "every host"),
        ("exp://192.168.*:x/*", "port"),
        ("http://192.168.*.*:*/*", "path"),
        ("http:/", "host"),
        ("javascript:/", "scheme"),
        ("*.0.0.1", "form"),
        ("300.*", "form"),
        ("010.*", "form"),
        ("10.*.1", "form"),
        ("*.a1.5", "host"),
        ("https://app..test", "host"),
        ("https://a_b!.test", "host"),
        ("https://", "host"),
    ] {
        assert!(
            problem(pattern).contains(word),
            "{pattern:?} {:?}",
            problem(pattern)
        );
    }
    let error = OriginPattern::parse("https://app.test/api").unwrap_err();
    assert_eq!(
        error.to_string(),
        "trusted origin \"https://app.test/api\" contains a path; trust is in whole origins"
    );
}

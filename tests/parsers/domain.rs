//! Addresses, times, origins and redirects.

use chrono::SecondsFormat;
use doorward_domain::redirect::{Origin, OriginPattern, RedirectTarget, TrustedOrigins};
use doorward_domain::user::Email;
use doorward_domain::{moment_of_millis, parse_moment};
use url::Url;

use super::{Target, text};

pub(crate) const TARGETS: [Target; 4] = [
    ("date", date),
    ("email", email),
    ("origin", origin),
    ("redirect", redirect),
];

/// A time prints as it parses, has a year of four digits, and sorts as text like in time.
fn date(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Some(moment) = parse_moment(text) else { return };
    let printed = moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    assert_eq!(printed.find('-'), Some(4), "{printed}");
    assert_eq!(parse_moment(&printed), Some(moment), "{text}: {printed}");
    let millis = moment.to_rfc3339_opts(SecondsFormat::Millis, true);
    assert_eq!(millis.len(), "2020-01-02T03:04:05.678Z".len(), "{millis}");
    let kept = moment_of_millis(moment.timestamp_millis()).expect("milliseconds of a time are a time");
    assert!(
        (moment - kept).num_milliseconds() == 0 && kept <= moment,
        "{printed}"
    );
    let later = kept + chrono::TimeDelta::milliseconds(1);
    let later = later.to_rfc3339_opts(SecondsFormat::Millis, true);
    assert!(later.len() > millis.len() || later > millis, "{millis} {later}");
}

/// Canonical addresses are fixed points; whatever the case was, it is one address.
fn email(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let parsed = Email::parse(text);
    assert_eq!(Email::parse(&text.to_ascii_uppercase()), parsed);
    let Ok(email) = parsed else { return };
    assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
    assert!(email.as_str().eq_ignore_ascii_case(text));
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"@._'+-".contains(&byte);
    assert!(email.as_str().bytes().all(allowed), "{email}");
    assert_eq!(email.as_str().matches('@').count(), 1, "{email}");
    assert!(email.as_str().len() <= 254);
    let domain = email.as_str().rsplit('@').next().unwrap_or_default();
    // Whether a label in Punycode means something is for mail servers to say.
    if !domain.split('.').any(|label| label.starts_with("xn--")) {
        let url = Url::parse(&format!("https://{domain}/")).expect("the domain is that of a URL");
        assert_eq!(url.host_str(), Some(domain), "{email}");
    }
}

/// What is accepted is the origin that a browser would find there; printed, it is the same again.
fn origin(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(origin) = Origin::from_header(text) {
        let printed = origin.to_string();
        assert_eq!(Origin::from_header(&printed), Ok(origin.clone()), "{printed}");
        is_what_a_browser_reads(&origin, text);
    }
    if let Ok(base) = Origin::from_base_url(text) {
        assert_eq!(Origin::from_header(&base.to_string()), Ok(base), "{text}");
    }
    if let Ok(pattern) = OriginPattern::parse(text)
        && !text.contains(['*', '?'])
        && let Ok(origin) = Origin::from_header(text)
    {
        assert!(pattern.matches(&origin), "{text}");
    }
}

fn is_what_a_browser_reads(origin: &Origin, text: &str) {
    let url = Url::parse(text).expect("an URL");
    assert_eq!(url.scheme(), origin.scheme(), "{text}");
    let host = url.host_str().unwrap_or_default();
    assert!(host.eq_ignore_ascii_case(origin.host()), "{text}: {host}");
    assert_eq!(url.port_or_known_default(), origin.port(), "{text}");
    assert!(url.username().is_empty() && url.password().is_none(), "{text}");
}

/// A browser on a page of the server that follows an accepted target ends at the server, or at an origin on the list.
fn redirect(data: &[u8]) {
    const OWN: &str = "https://auth.example.test";
    const TRUSTED: [&str; 3] = ["https://app.example.test", "http://localhost:3000", "myapp://"];
    let Some(text) = text(data) else { return };
    let own = Origin::from_base_url(OWN).expect("a base URL");
    let trusted = TrustedOrigins::new(&own, &TRUSTED.map(str::to_owned)).expect("patterns");
    let Ok(target) = RedirectTarget::parse(text, &trusted) else {
        return;
    };
    stays_within(target.as_str(), OWN, &TRUSTED);
    assert_eq!(
        RedirectTarget::parse(target.as_str(), &trusted),
        Ok(target.clone())
    );
    let added = target.with_param("error", "a b&c#d");
    stays_within(added.as_str(), OWN, &TRUSTED);
    let query = Url::parse(OWN)
        .expect("a URL")
        .join(added.as_str())
        .expect("a URL");
    let values: Vec<_> = query.query_pairs().filter(|(name, _)| name == "error").collect();
    assert_eq!(values.len(), 1, "{added:?}");
    assert_eq!(values[0].1, "a b&c#d");
    assert_eq!(added.with_param("error", "a b&c#d"), added);
}

fn stays_within(target: &str, own: &str, trusted: &[&str]) {
    assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{target}");
    let url = Url::parse(own).expect("a URL").join(target).expect("a URL");
    let allowed = std::iter::once(&own).chain(trusted).any(|allowed| {
        let allowed = Url::parse(allowed).expect("a URL");
        let any_host = allowed.host_str().is_none();
        url.scheme() == allowed.scheme()
            && (any_host
                || url.host_str() == allowed.host_str()
                    && url.port_or_known_default() == allowed.port_or_known_default())
    });
    assert!(allowed, "{target} leads to {url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{target}");
}

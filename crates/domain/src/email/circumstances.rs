use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::{RequestFacts, UserId};

/// Who did something to an account, as its owner reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActedBy {
    /// Somebody who is signed in as the owner.
    Owner,
    /// Nobody who is signed in: whoever followed a link out of an email.
    Link,
    /// Another user with the right to it, also one who impersonates the owner.
    Administrator,
    /// An operator of the server, or the server itself.
    Operator,
}

/// When something was done to an account, by whom and from where (ML-3): what is stored of it with an email to the owner.
///
/// Everything in it is of few known forms. The texts of a request are not among them: whoever sends one could have the
/// server mail words and links of their choice (ML-2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circumstances {
    at: String,
    by: Option<ActedBy>,
    ip_address: Option<IpAddr>,
    browser: Option<String>,
}

impl ActedBy {
    const ALL: [Self; 4] = [Self::Owner, Self::Link, Self::Administrator, Self::Operator];

    /// Who acts on this user in a request.
    #[must_use]
    pub fn of(request: &RequestFacts, user: &UserId) -> Self {
        match (request.actor_kind, &request.actor_id) {
            ("anonymous", _) => Self::Link,
            ("user", Some(id)) if id == user.as_str() && request.impersonated_by.is_none() => Self::Owner,
            ("user", _) => Self::Administrator,
            _ => Self::Operator,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Link => "link",
            Self::Administrator => "administrator",
            Self::Operator => "operator",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Owner => "you, or somebody who is signed in as you",
            Self::Link => "whoever followed a link from an e-mail",
            Self::Administrator => "an administrator",
            Self::Operator => "those who run the server",
        }
    }

    /// Whether the client of the request is one that the owner may know of.
    const fn shows_client(self) -> bool {
        matches!(self, Self::Owner | Self::Link)
    }
}

impl Circumstances {
    /// Those of an act on this user. The client is named if the owner did it, or may have.
    #[must_use]
    pub fn of_act(request: &RequestFacts, user: &UserId) -> Self {
        let by = ActedBy::of(request, user);
        let mut circumstances = Self::of_sign_in(request);
        circumstances.by = Some(by);
        if by.shows_client() {
            circumstances
        } else {
            circumstances.without_client()
        }
    }

    /// Those of a sign-in.
    #[must_use]
    pub fn of_sign_in(request: &RequestFacts) -> Self {
        Self {
            at: words_of(request.at),
            by: None,
            ip_address: request.client.ip_address.parse().ok(),
            browser: browser_of(&request.client.user_agent),
        }
    }

    /// The same without where it was done from, for an address that may be another person's.
    #[must_use]
    pub fn without_client(self) -> Self {
        Self {
            ip_address: None,
            browser: None,
            ..self
        }
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn from_stored(text: impl AsRef<str>) -> Self {
        let mut lines = text.as_ref().lines();
        let at = lines.next().unwrap_or_default().to_owned();
        let by = lines.next().unwrap_or_default();
        let ip_address = lines.next().unwrap_or_default();
        let browser = lines.next().unwrap_or_default();
        Self {
            at,
            by: ActedBy::ALL.into_iter().find(|known| known.name() == by),
            ip_address: ip_address.parse().ok(),
            browser: (!browser.is_empty()).then(|| browser.to_owned()),
        }
    }

    /// What is known, each with what it is.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let by = self.by.map(|by| by.words().to_owned());
        let ip_address = self.ip_address.map(|address| address.to_string());
        let all = [
            ("Time", Some(self.at.clone())),
            ("Done by", by),
            ("Network address", ip_address),
            ("Browser", self.browser.clone()),
        ];
        let known = all.into_iter();
        known.filter_map(|(label, value)| Some((label, value?))).collect()
    }
}

/// One line for each field; an empty one for what is not known.
impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.by.map(ActedBy::name).unwrap_or_default();
        let ip_address = self.ip_address.map(|address| address.to_string());
        let ip_address = ip_address.unwrap_or_default();
        let browser = self.browser.as_deref().unwrap_or_default();
        write!(f, "{}\n{by}\n{ip_address}\n{browser}", self.at)
    }
}

fn words_of(moment: DateTime<Utc>) -> String {
    moment.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// What `User-Agent` headers of browsers contain, and what each is called. The first that is there counts: most name others, too.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// The browser in words of ours, never in those of the header. None if no known one is in it.
fn browser_of(user_agent: &str) -> Option<String> {
    let find = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(part, _)| user_agent.contains(part));
        found.map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(name), None) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => None,
    }
}

/// A way to sign in, as its owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInMethod(String);

impl SignInMethod {
    /// The id of the provider as the account has it.
    pub fn from_stored(provider: impl Into<String>) -> Self {
        Self(provider.into())
    }

    /// What it is called. An id that is not one of a configuration is not shown.
    #[must_use]
    pub fn name(&self) -> &str {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match self.0.as_str() {
            "credential" => "a password",
            name if (1..=30).contains(&name.len()) && name.bytes().all(is_plain) => name,
            _ => "another service",
        }
    }
}

impl fmt::Display for SignInMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Client, RequestContext, RequestId};

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0";

    fn request(actor: Actor, user_agent: &str) -> RequestFacts {
        let client = Client::new("192.0.2.7".to_owned(), user_agent);
        let at = DateTime::from_timestamp_millis(1_767_323_045_678).unwrap();
        RequestContext::new(actor, client, RequestId::new("r"), at).facts()
    }

    fn lines(circumstances: &Circumstances) -> Vec<String> {
        let lines = circumstances.lines().into_iter();
        lines.map(|(label, value)| format!("{label}: {value}")).collect()
    }

    #[test]
    fn ml_3_the_owner_reads_when_by_whom_and_from_where() {
        let ada = UserId::from_stored("ada");
        let by_link = Circumstances::of_act(&request(Actor::Anonymous, FIREFOX), &ada);
        assert_eq!(
            lines(&by_link),
            [
                "Time: 2 January 2026, 03:04 UTC",
                "Done by: whoever followed a link from an e-mail",
                "Network address: 192.0.2.7",
                "Browser: Firefox on Linux",
            ]
        );
        assert_eq!(lines(&by_link.without_client()).len(), 2);
        let by_operator = Circumstances::of_act(&request(Actor::Operator("x"), FIREFOX), &ada);
        assert_eq!(
            lines(&by_operator),
            [
                "Time: 2 January 2026, 03:04 UTC",
                "Done by: those who run the server"
            ]
        );
        let sign_in = Circumstances::of_sign_in(&request(Actor::Anonymous, ""));
        assert_eq!(
            lines(&sign_in),
            ["Time: 2 January 2026, 03:04 UTC", "Network address: 192.0.2.7"]
        );
    }

    #[test]
    fn who_acts_as_somebody_else_is_an_administrator() {
        let ada = UserId::from_stored("ada");
        let mut facts = request(Actor::Anonymous, "");
        facts.actor_kind = "user";
        facts.actor_id = Some("ada".to_owned());
        assert_eq!(ActedBy::of(&facts, &ada), ActedBy::Owner);
        facts.impersonated_by = Some(UserId::from_stored("root"));
        assert_eq!(ActedBy::of(&facts, &ada), ActedBy::Administrator);
        facts.impersonated_by = None;
        facts.actor_id = Some("root".to_owned());
        assert_eq!(ActedBy::of(&facts, &ada), ActedBy::Administrator);
    }

    #[test]
    fn what_is_stored_comes_back() {
        let ada = UserId::from_stored("ada");
        for actor in [Actor::Anonymous, Actor::Operator("x")] {
            for user_agent in ["", FIREFOX] {
                let facts = request(actor.clone(), user_agent);
                for one in [
                    Circumstances::of_act(&facts, &ada),
                    Circumstances::of_sign_in(&facts),
                ] {
                    assert_eq!(Circumstances::from_stored(one.to_string()), one);
                }
            }
        }
        let empty = Circumstances::from_stored("");
        assert_eq!(Circumstances::from_stored(empty.to_string()), empty);
    }

    #[test]
    fn ml_2_no_word_of_a_request_is_mailed() {
        let words = "Visit evil.example and win: https://evil.example/prize";
        let mut facts = request(Actor::Anonymous, words);
        "evil.example".clone_into(&mut facts.client.ip_address);
        assert_eq!(
            lines(&Circumstances::of_sign_in(&facts)),
            ["Time: 2 January 2026, 03:04 UTC"]
        );
        for provider in ["https://evil.example", "evil.example", "", &"x".repeat(31)] {
            assert_eq!(SignInMethod::from_stored(provider).name(), "another service");
        }
        assert_eq!(SignInMethod::from_stored("credential").name(), "a password");
        assert_eq!(SignInMethod::from_stored("github").name(), "github");
    }

    #[test]
    fn browsers_are_called_by_their_names() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        let edge = format!("{chrome} Edg/140.0.0.0");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
        for (user_agent, name) in [
            (FIREFOX, Some("Firefox on Linux")),
            (chrome, Some("Chrome on Windows")),
            (&*edge, Some("Edge on Windows")),
            (safari, Some("Safari on iPhone")),
            ("okhttp/4.12 Android", Some("Android")),
            ("curl/8.5.0", None),
        ] {
            assert_eq!(browser_of(user_agent).as_deref(), name, "{user_agent}");
        }
    }
}

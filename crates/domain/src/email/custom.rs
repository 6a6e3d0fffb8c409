use std::fmt;

use crate::Secret;
use crate::text::{self, InvalidText};

/// An email that a module wrote itself, from the subject to the last line.
///
/// It may carry a token: texts are wiped when dropped and never printed.
#[derive(Clone)]
pub struct CustomEmail {
    kind: String,
    subject: String,
    text: Secret<String>,
    html: Option<Secret<String>>,
}

/// What is wrong with an email of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCustomEmail {
    /// The kind is no name.
    #[error("the kind is not 1 to {} letters, digits, `_`, `-` and `.`", text::NAME_MAX)]
    Kind,
    /// The subject.
    #[error("the subject {0}")]
    Subject(#[source] InvalidText),
    /// There is no subject.
    #[error("the subject is empty")]
    NoSubject,
    /// The text.
    #[error("the text {0}")]
    Text(#[source] InvalidText),
    /// There is no text.
    #[error("the text is empty")]
    NoText,
    /// The HTML.
    #[error("the HTML {0}")]
    Html(#[source] InvalidText),
}

impl CustomEmail {
    /// The most characters of a subject.
    pub const MAX_SUBJECT: usize = 256;
    /// The most characters of the text, and of the HTML.
    pub const MAX_BODY: usize = 64 * 1024;

    /// An email of this kind, such as `organization.invitation`. Subject and text must not be blank. The subject is one line.
    /// Neither may have control characters; texts may have tabs and line breaks.
    pub fn new(
        kind: &str,
        subject: &str,
        text: &str,
        html: Option<&str>,
    ) -> Result<Self, InvalidCustomEmail> {
        if !text::is_name(kind) {
            return Err(InvalidCustomEmail::Kind);
        }
        check(subject, Self::MAX_SUBJECT, &[]).map_err(InvalidCustomEmail::Subject)?;
        check(text, Self::MAX_BODY, &LINES).map_err(InvalidCustomEmail::Text)?;
        if let Some(html) = html {
            check(html, Self::MAX_BODY, &LINES).map_err(InvalidCustomEmail::Html)?;
        }
        if subject.trim().is_empty() {
            return Err(InvalidCustomEmail::NoSubject);
        }
        if text.trim().is_empty() {
            return Err(InvalidCustomEmail::NoText);
        }
        Ok(Self {
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            text: Secret::new(text.to_owned()),
            html: html.map(|html| Secret::new(html.to_owned())),
        })
    }

    /// What the module calls this kind of email.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// The same as HTML, if it is written as HTML, too.
    #[must_use]
    pub const fn html(&self) -> Option<&Secret<String>> {
        self.html.as_ref()
    }
}

const LINES: [char; 3] = ['\n', '\r', '\t'];

/// Refuses all control characters (C1 as well: terminals obey them) but those, what else breaks lines, and what is too long.
fn check(text: &str, max: usize, allowed: &[char]) -> Result<(), InvalidText> {
    let is_refused =
        |it: char| (it.is_control() || matches!(it, '\u{2028}' | '\u{2029}')) && !allowed.contains(&it);
    if text.contains(is_refused) {
        return Err(InvalidText::ControlCharacter);
    }
    if text.chars().count() > max {
        return Err(InvalidText::TooLong { max });
    }
    Ok(())
}

impl PartialEq for CustomEmail {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            kind,
            subject,
            text,
            html,
        } = self;
        *kind == other.kind
            && *subject == other.subject
            && text.expose() == other.text.expose()
            && html.as_ref().map(Secret::expose) == other.html.as_ref().map(Secret::expose)
    }
}

impl Eq for CustomEmail {}

impl fmt::Debug for CustomEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomEmail")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kind: &str, subject: &str, text: &str, html: Option<&str>) -> Result<(), InvalidCustomEmail> {
        CustomEmail::new(kind, subject, text, html).map(drop)
    }

    #[test]
    fn an_email_of_a_module_is_bounded() {
        let controls = InvalidText::ControlCharacter;
        assert_eq!(with("a.b", "Zoë", "Hello\r\n\tyou", Some("<p>\n</p>")), Ok(()));
        for kind in ["", "a b", "a\n", &"a".repeat(65)] {
            assert_eq!(
                with(kind, "s", "t", None),
                Err(InvalidCustomEmail::Kind),
                "{kind}"
            );
        }
        for subject in [
            "a\r\nBcc: x",
            "a\nb",
            "a\tb",
            "\0",
            "\u{7f}",
            "\u{85}",
            "\u{9b}",
            "\u{2028}",
        ] {
            let refused = Err(InvalidCustomEmail::Subject(controls));
            assert_eq!(with("a", subject, "t", None), refused, "{subject:?}");
        }
        for body in ["\0", "\u{1b}[2J", "\u{9b}2J"] {
            assert_eq!(
                with("a", "s", body, None),
                Err(InvalidCustomEmail::Text(controls))
            );
            assert_eq!(
                with("a", "s", "t", Some(body)),
                Err(InvalidCustomEmail::Html(controls))
            );
        }
        let max = CustomEmail::MAX_BODY;
        let (fits, long) = ("ä".repeat(max), "ä".repeat(max + 1));
        assert_eq!(with("a", &"ä".repeat(256), &fits, Some(&fits)), Ok(()));
        let long_subject = with("a", &"ä".repeat(257), "t", None);
        assert_eq!(
            long_subject,
            Err(InvalidCustomEmail::Subject(InvalidText::TooLong { max: 256 }))
        );
        let too_long = InvalidText::TooLong { max };
        assert_eq!(
            with("a", "s", &long, None),
            Err(InvalidCustomEmail::Text(too_long))
        );
        assert_eq!(
            with("a", "s", "t", Some(&long)),
            Err(InvalidCustomEmail::Html(too_long))
        );
        assert_eq!(with("a", " ", "t", None), Err(InvalidCustomEmail::NoSubject));
        assert_eq!(with("a", "s", "\n", None), Err(InvalidCustomEmail::NoText));
    }

    #[test]
    fn sk_1_an_email_of_a_module_is_not_printed() {
        let email = CustomEmail::new("a", "hush", "hush", Some("hush")).unwrap();
        assert!(!format!("{email:?}").contains("hush"));
    }
}

use askama::Template;
use doorward_domain::email::{EmailKind, EmailMessage};
use doorward_domain::user::UserName;

/// What an email says.
///
/// It has a link with a token in it: no `Debug`, and no place in a log (SK-1).
pub(super) struct Content {
    pub(super) subject: &'static str,
    pub(super) text: String,
    pub(super) html: String,
}

/// `layout.txt` includes the template of the kind. The link is the first URL in it.
#[derive(Template)]
#[template(path = "layout.txt")]
struct TextTemplate<'a> {
    kind: &'a EmailKind,
    name: Option<&'a str>,
    link: &'a str,
    signature: Option<&'a str>,
}

/// `layout.html` includes the template of the kind. Whatever is put in is escaped, for the name ends in `.html` (ML-2).
#[derive(Template)]
#[template(path = "layout.html")]
struct HtmlTemplate<'a> {
    subject: &'a str,
    kind: &'a EmailKind,
    name: Option<&'a str>,
    link: &'a str,
    signature: Option<&'a str>,
}

impl Content {
    /// Writes the email. `signature` is who it is from, if that has a name.
    pub(super) fn of(message: &EmailMessage, signature: Option<&str>) -> Result<Self, askama::Error> {
        let (kind, link) = (&message.kind, message.link.expose().as_str());
        let name = presentable(&message.name);
        let (name, subject) = (name.as_deref(), subject(kind));
        Ok(Self {
            subject,
            text: TextTemplate {
                kind,
                name,
                link,
                signature,
            }
            .render()?,
            html: HtmlTemplate {
                subject,
                kind,
                name,
                link,
                signature,
            }
            .render()?,
        })
    }
}

const fn subject(kind: &EmailKind) -> &'static str {
    match kind {
        EmailKind::VerifyEmail => "Confirm your e-mail address",
        EmailKind::ConfirmEmailChange { .. } => "Approve the change of your e-mail address",
        EmailKind::VerifyNewEmail => "Confirm your new e-mail address",
        EmailKind::ResetPassword => "Set a new password",
        EmailKind::DeleteAccount => "Confirm that your account is to be deleted",
        EmailKind::SignUpAttempt => "You already have an account",
    }
}

const LONGEST_NAME: usize = 64;

/// The name as an email may say it; none if it is empty or an advertisement (ML-2).
///
/// Anyone can sign up with another person's address and choose the name. The email must not contain a link of theirs.
fn presentable(name: &UserName) -> Option<String> {
    let name = name.as_str().trim();
    let strange = name.chars().any(is_invisible) || name.split_whitespace().any(looks_like_link);
    if name.is_empty() || strange {
        return None;
    }
    let mut shown: String = name.chars().take(LONGEST_NAME).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    Some(shown)
}

/// Characters that end the line or turn the direction of writing.
fn is_invisible(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What mail programs make a link of: `scheme://…`, an address, `host.domain` with anything after it.
fn looks_like_link(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let top = host
        .trim_end_matches(|character: char| !character.is_alphanumeric())
        .rsplit_once('.');
    word.contains("://")
        || word.contains('@')
        || word.to_ascii_lowercase().contains("www.")
        || top.is_some_and(|(_, label)| label.chars().count() > 1)
}

#[cfg(test)]
mod tests;

use doorward_domain::email::{Circumstances, EmailKind, EmailMessage, SignInMethod};
use doorward_domain::user::{Email, UserName};

/// What an email says.
///
/// It has a link with a token in it: no `Debug`, and no place in a log (SK-1).
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) text: String,
    /// Always there but for what a module wrote as text only.
    pub(super) html: Option<String>,
}

/// What the templates of all kinds say.
struct Common<'a> {
    subject: &'a str,
    name: Option<&'a str>,
    /// The first URL in the text.
    link: &'a str,
    signature: Option<&'a str>,
}

/// Makes the function that writes an email of any kind with a template, from one list: the kind with its fields, its subject
/// and its templates. Whatever is put into HTML is escaped, for the name of the template ends in `.html` (ML-2).
macro_rules! templates {
    ($( $kind:ident $({ $($field:ident: $type:ty),+ })? = $subject:literal, $text:literal, $html:literal; )+) => {
        fn write(message: &EmailMessage, signature: Option<&str>) -> Result<Content, askama::Error> {
            let name = presentable(&message.name);
            let (name, link) = (name.as_deref(), message.link.expose().as_str());
            match &message.kind {
                $( EmailKind::$kind $({ $($field),+ })? => {
                    #[derive(askama::Template)]
                    #[template(path = $text)]
                    struct Text<'a> {
                        common: Common<'a>,
                        $($( $field: &'a $type, )+)?
                    }
                    #[derive(askama::Template)]
                    #[template(path = $html)]
                    struct Html<'a> {
                        common: Common<'a>,
                        $($( $field: &'a $type, )+)?
                    }
                    let common = || Common { subject: $subject, name, link, signature };
                    let text = Text { common: common(), $($($field),+)? };
                    let html = Html { common: common(), $($($field),+)? };
                    Ok(Content {
                        subject: $subject.to_owned(),
                        text: askama::Template::render(&text)?,
                        html: Some(askama::Template::render(&html)?),
                    })
                } )+
                EmailKind::Custom(email) => Ok(Content {
                    subject: email.subject().to_owned(),
                    text: email.text().expose().clone(),
                    html: email.html().map(|html| html.expose().clone()),
                }),
            }
        }
    };
}

templates! {
    VerifyEmail = "Confirm your e-mail address", "verify_email.txt", "verify_email.html";
    ConfirmEmailChange { new_email: Email } = "Approve the change of your e-mail address",
        "confirm_email_change.txt", "confirm_email_change.html";
    VerifyNewEmail = "Confirm your new e-mail address", "verify_new_email.txt", "verify_new_email.html";
    ResetPassword = "Set a new password", "reset_password.txt", "reset_password.html";
    DeleteAccount = "Confirm that your account is to be deleted", "delete_account.txt", "delete_account.html";
    SignUpAttempt = "You already have an account", "sign_up_attempt.txt", "sign_up_attempt.html";
    PasswordChanged { circumstances: Circumstances } = "Your password was changed",
        "password_changed.txt", "password_changed.html";
    EmailChanged { circumstances: Circumstances } = "The e-mail address of your account was changed",
        "email_changed.txt", "email_changed.html";
    AccountUnlinked { method: SignInMethod, circumstances: Circumstances } = "A way to sign in to your account was removed",
        "account_unlinked.txt", "account_unlinked.html";
    ImpersonationStarted { circumstances: Circumstances } = "An administrator is acting in your account",
        "impersonation_started.txt", "impersonation_started.html";
    UserDeleted { circumstances: Circumstances } = "Your account was deleted",
        "user_deleted.txt", "user_deleted.html";
    UserRestored { circumstances: Circumstances } = "Your account was restored",
        "user_restored.txt", "user_restored.html";
    NewDevice { circumstances: Circumstances } = "New sign-in to your account",
        "new_device.txt", "new_device.html";
}

impl Content {
    /// Writes the email. `signature` is who it is from, if that has a name; a module's email is signed by the module.
    pub(super) fn of(message: &EmailMessage, signature: Option<&str>) -> Result<Self, askama::Error> {
        write(message, signature)
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

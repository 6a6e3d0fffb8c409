//! A letter as it rests in the outbox: JSON, sealed.

use doorward_domain::mail::{Letter, LetterKind};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Sealer, Secret};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Envelope {
    kind: Kind,
    to: String,
    name: String,
    link: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    VerifyEmail,
    ConfirmEmailChange { new_email: String },
    VerifyNewEmail,
    ResetPassword,
    DeleteAccount,
    SignUpAttempt,
}

/// The outbox holds something that is no letter of ours: sealed with another secret, or by a newer version.
#[derive(Debug, thiserror::Error)]
#[error("the letter cannot be read")]
pub(super) struct Unreadable;

pub(super) fn seal(letter: &Letter, sealer: &dyn Sealer) -> String {
    let kind = match &letter.kind {
        LetterKind::VerifyEmail => Kind::VerifyEmail,
        LetterKind::ConfirmEmailChange { new_email } => Kind::ConfirmEmailChange {
            new_email: new_email.to_string(),
        },
        LetterKind::VerifyNewEmail => Kind::VerifyNewEmail,
        LetterKind::ResetPassword => Kind::ResetPassword,
        LetterKind::DeleteAccount => Kind::DeleteAccount,
        LetterKind::SignUpAttempt => Kind::SignUpAttempt,
    };
    let envelope = Envelope {
        kind,
        to: letter.to.to_string(),
        name: letter.name.to_string(),
        link: letter.link.expose().clone(),
    };
    let plain = Secret::new(serde_json::json!(envelope).to_string());
    sealer.seal(plain.expose().as_bytes())
}

pub(super) fn open(text: &str, sealer: &dyn Sealer) -> Result<Letter, Unreadable> {
    let plain = sealer.open(text).map_err(|_| Unreadable)?;
    let envelope: Envelope = serde_json::from_slice(plain.expose()).map_err(|_| Unreadable)?;
    let kind = match envelope.kind {
        Kind::VerifyEmail => LetterKind::VerifyEmail,
        Kind::ConfirmEmailChange { new_email } => LetterKind::ConfirmEmailChange {
            new_email: Email::from_stored(new_email),
        },
        Kind::VerifyNewEmail => LetterKind::VerifyNewEmail,
        Kind::ResetPassword => LetterKind::ResetPassword,
        Kind::DeleteAccount => LetterKind::DeleteAccount,
        Kind::SignUpAttempt => LetterKind::SignUpAttempt,
    };
    Ok(Letter {
        kind,
        to: Email::from_stored(envelope.to),
        name: UserName::from_stored(envelope.name),
        link: Secret::new(envelope.link),
    })
}

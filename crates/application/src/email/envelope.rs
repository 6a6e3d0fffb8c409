//! An email as it rests in the outbox: JSON, sealed.

use doorward_domain::email::{EmailKind, EmailMessage};
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

/// The outbox holds something that is no email of ours: sealed with another secret, or by a newer version.
#[derive(Debug, thiserror::Error)]
#[error("the email cannot be read: it was sealed with another secret, or by a newer version")]
pub(super) struct Unreadable;

pub(super) fn seal(message: &EmailMessage, sealer: &dyn Sealer) -> String {
    let kind = match &message.kind {
        EmailKind::VerifyEmail => Kind::VerifyEmail,
        EmailKind::ConfirmEmailChange { new_email } => Kind::ConfirmEmailChange {
            new_email: new_email.to_string(),
        },
        EmailKind::VerifyNewEmail => Kind::VerifyNewEmail,
        EmailKind::ResetPassword => Kind::ResetPassword,
        EmailKind::DeleteAccount => Kind::DeleteAccount,
        EmailKind::SignUpAttempt => Kind::SignUpAttempt,
    };
    let envelope = Envelope {
        kind,
        to: message.to.to_string(),
        name: message.name.to_string(),
        link: message.link.expose().clone(),
    };
    let plain = Secret::new(serde_json::json!(envelope).to_string());
    sealer.seal(plain.expose().as_bytes())
}

pub(super) fn open(text: &str, sealer: &dyn Sealer) -> Result<EmailMessage, Unreadable> {
    let plain = sealer.open(text).map_err(|_| Unreadable)?;
    let envelope: Envelope = serde_json::from_slice(plain.expose()).map_err(|_| Unreadable)?;
    let kind = match envelope.kind {
        Kind::VerifyEmail => EmailKind::VerifyEmail,
        Kind::ConfirmEmailChange { new_email } => EmailKind::ConfirmEmailChange {
            new_email: Email::from_stored(new_email),
        },
        Kind::VerifyNewEmail => EmailKind::VerifyNewEmail,
        Kind::ResetPassword => EmailKind::ResetPassword,
        Kind::DeleteAccount => EmailKind::DeleteAccount,
        Kind::SignUpAttempt => EmailKind::SignUpAttempt,
    };
    Ok(EmailMessage {
        kind,
        to: Email::from_stored(envelope.to),
        name: UserName::from_stored(envelope.name),
        link: Secret::new(envelope.link),
    })
}

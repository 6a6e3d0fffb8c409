//! Claims of a verification link as a `verification` row stores them.

use chrono::{DateTime, Utc};
use doorward_domain::session::TokenStorage;
use doorward_domain::user::{Email, User};
use doorward_domain::verification::{EmailChange, EmailChangeStep, EmailClaims, Verification};
use doorward_domain::{Locked, UserId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<StoredChange>,
    issued_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredChange {
    to: String,
    step: Step,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Step {
    Confirmation,
    Verification,
}

pub(super) fn to_value(claims: &EmailClaims) -> String {
    let stored = Stored {
        email: claims.email.to_string(),
        user_id: claims.user_id.as_ref().map(ToString::to_string),
        change: claims.change.as_ref().map(|change| StoredChange {
            to: change.to.to_string(),
            step: match change.step {
                EmailChangeStep::Confirmation => Step::Confirmation,
                EmailChangeStep::Verification => Step::Verification,
            },
        }),
        issued_at: claims.issued_at,
    };
    serde_json::json!(stored).to_string()
}

pub(super) fn from_row(row: &Verification) -> Option<EmailClaims> {
    let stored: Stored = serde_json::from_str(&row.value).ok()?;
    Some(EmailClaims {
        email: Email::from_stored(stored.email),
        user_id: stored.user_id.map(UserId::from_stored),
        change: stored.change.map(|change| EmailChange {
            to: Email::from_stored(change.to),
            step: match change.step {
                Step::Confirmation => EmailChangeStep::Confirmation,
                Step::Verification => EmailChangeStep::Verification,
            },
        }),
        issued_at: stored.issued_at,
        expires_at: row.expires_at,
    })
}

/// The user, and the address the link was sent to: it is invalid once the user has another address (TK-5, TK-6).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredBinding {
    user_id: String,
    email: String,
}

/// The user of a mailed link, and the address it is bound to; none in rows of Better Auth, whose value is the user's id.
pub(crate) struct Binding {
    pub(crate) user_id: UserId,
    pub(crate) email: Option<Email>,
}

impl Binding {
    /// The value of a row for this user. Where Better Auth has to read it, it is the user's id and no more.
    pub(crate) fn value(user: &User, storage: TokenStorage) -> String {
        match storage {
            TokenStorage::Plaintext => user.id.to_string(),
            TokenStorage::Digest => {
                let stored = StoredBinding {
                    user_id: user.id.to_string(),
                    email: user.email.to_string(),
                };
                serde_json::json!(stored).to_string()
            }
        }
    }

    /// What a row says.
    pub(crate) fn of(row: Verification) -> Self {
        let (value, owner) = (row.value, row.user_id);
        match serde_json::from_str::<StoredBinding>(&value) {
            Ok(stored) => Self {
                user_id: UserId::from_stored(stored.user_id),
                email: Some(Email::from_stored(stored.email)),
            },
            Err(_) => Self {
                user_id: owner.unwrap_or_else(|| UserId::from_stored(value)),
                email: None,
            },
        }
    }

    /// Whether the link still fits its user.
    pub(crate) fn fits(&self, user: &Locked<User>) -> bool {
        self.user_id == user.id && self.email.as_ref().is_none_or(|email| *email == user.email)
    }
}

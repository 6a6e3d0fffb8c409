//! Claims of a verification link as they rest in a `verification` row.

use chrono::{DateTime, Utc};
use doorward_domain::UserId;
use doorward_domain::user::Email;
use doorward_domain::verification::{EmailChange, EmailChangeStep, EmailClaims, Verification};
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

//! An email as it rests in the outbox: JSON, sealed.

use std::collections::BTreeMap;

use doorward_domain::email::{EmailKind, EmailMessage, OutboxMessage};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Sealer, Secret};
use serde::{Deserialize, Serialize};

use crate::Context;

#[derive(Serialize, Deserialize)]
struct Envelope {
    kind: Kind,
    to: String,
    name: String,
    link: String,
}

/// The name of the kind, alone or with what belongs to it: `"verify_email"`, `{"confirm_email_change":{"new_email":"…"}}`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kind {
    Name(String),
    WithFields(BTreeMap<String, BTreeMap<String, String>>),
}

/// The outbox holds something that is no email of ours: sealed with another secret, or by a newer version.
#[derive(Debug, thiserror::Error)]
#[error("the email cannot be read: it was sealed with another secret, or by a newer version")]
pub(super) struct Unreadable;

pub(super) fn seal(message: &EmailMessage, sealer: &dyn Sealer) -> String {
    let EmailMessage { kind, to, name, link } = message;
    let envelope = Envelope {
        kind: Kind::of(kind),
        to: to.to_string(),
        name: name.to_string(),
        link: link.expose().clone(),
    };
    let plain = Secret::new(serde_json::json!(envelope).to_string());
    sealer.seal(plain.expose().as_bytes())
}

pub(super) fn open(text: &str, sealer: &dyn Sealer) -> Result<EmailMessage, Unreadable> {
    let plain = sealer.open(text).map_err(|_| Unreadable)?;
    let Envelope { kind, to, name, link } = serde_json::from_slice(plain.expose()).map_err(|_| Unreadable)?;
    Ok(EmailMessage {
        kind: kind.read().ok_or(Unreadable)?,
        to: Email::from_stored(to),
        name: UserName::from_stored(name),
        link: Secret::new(link),
    })
}

/// An email that waits, if it was sealed with the present secret by a version no newer than this.
pub(crate) fn open_waiting(waiting: &OutboxMessage, context: &Context) -> Option<EmailMessage> {
    open(&waiting.sealed, &*context.ports.sealer).ok()
}

impl Kind {
    fn of(kind: &EmailKind) -> Self {
        let (name, fields) = kind.to_stored();
        if fields.is_empty() {
            return Self::Name(name.to_owned());
        }
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self::WithFields(BTreeMap::from([(name.to_owned(), fields.collect())]))
    }

    fn read(self) -> Option<EmailKind> {
        let (name, fields) = match self {
            Self::Name(name) => (name, BTreeMap::new()),
            Self::WithFields(kinds) => kinds.into_iter().next()?,
        };
        EmailKind::from_stored(&name, |field| fields.get(field).cloned())
    }
}

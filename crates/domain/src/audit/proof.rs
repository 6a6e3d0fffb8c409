//! What shows that an audit event is as the server wrote it, also when what is personal in it was erased.

use sha2::{Digest, Sha256};

use super::AuditEvent;
use crate::signer::{SignatureCheck, Signer};
use crate::{SessionId, UserId};

/// What shows that an event is as the server wrote it. It is written with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventProof {
    /// Without it nobody can find out by trying what the commitment is about. It is erased with what is personal in the event.
    pub salt: Option<String>,
    /// A digest of the salt, client address, user agent and details. It stays when they are erased, and tells nothing of them then.
    pub commitment: String,
    /// The server's signature of the event, with the commitment in place of what is personal. None for an event that an earlier
    /// version wrote.
    pub signature: Option<String>,
}

/// A text of fields that no other fields have: each is written with its length.
#[derive(Clone, Debug)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// A message about this. What is signed as one thing is no signature of another.
    pub(super) fn about(what: &str) -> Self {
        Self(Vec::new()).with(Some(what))
    }

    pub(super) fn with(mut self, field: Option<&str>) -> Self {
        match field {
            None => self.0.push(0),
            Some(text) => {
                self.0.push(1);
                self.0.extend((text.len() as u64).to_be_bytes());
                self.0.extend(text.as_bytes());
            }
        }
        self
    }

    pub(super) fn number(self, number: i64) -> Self {
        self.with(Some(&number.to_string()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl EventProof {
    /// The proof of a new event.
    pub(super) fn new(event: &AuditEvent, signer: &dyn Signer) -> Self {
        let mut proof = Self::unsigned(event, signer);
        let message = event.message("audit event v1", &proof.commitment);
        proof.signature = Some(signer.sign(message.bytes()));
        proof
    }

    /// What can be proved of an event that was written without a proof.
    pub(super) fn unsigned(event: &AuditEvent, signer: &dyn Signer) -> Self {
        let salt = signer.salt();
        Self {
            commitment: event.commitment(&salt),
            salt: Some(salt),
            signature: None,
        }
    }
}

impl AuditEvent {
    /// The digest of what is personal in it.
    fn commitment(&self, salt: &str) -> String {
        let message = Message::about("audit event personal v1")
            .with(Some(salt))
            .with(self.ip_address.as_deref())
            .with(self.user_agent.as_deref())
            .with(self.details.as_deref());
        hex::encode(Sha256::digest(message.bytes()))
    }

    /// All of it but what is personal, for which the commitment stands.
    pub(super) fn message(&self, what: &str, commitment: &str) -> Message {
        Message::about(what)
            .with(Some(&self.id))
            .with(Some(&self.kind))
            .number(self.at.timestamp_micros())
            .with(Some(&self.actor_kind))
            .with(self.actor_id.as_deref())
            .with(self.session_id.as_ref().map(SessionId::as_str))
            .with(self.impersonated_by.as_ref().map(UserId::as_str))
            .with(self.subject_id.as_ref().map(UserId::as_str))
            .with(Some(&self.request_id))
            .with(Some(&self.outcome))
            .with(Some(commitment))
    }

    /// Whether what is personal in it was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.salt.is_none())
    }

    /// Whether what is personal in it is what was written, or was erased altogether.
    pub(super) fn has_own_personal_data(&self) -> bool {
        let Some(proof) = &self.proof else {
            return false;
        };
        match &proof.salt {
            Some(salt) => self.commitment(salt) == proof.commitment,
            None => self.ip_address.is_none() && self.user_agent.is_none() && self.details.is_none(),
        }
    }

    /// Whether the server wrote it like this.
    pub(super) fn check_signature(&self, signer: &dyn Signer) -> SignatureCheck {
        match &self.proof {
            Some(EventProof {
                commitment,
                signature: Some(signature),
                ..
            }) => {
                let message = self.message("audit event v1", commitment);
                signer.check(message.bytes(), signature)
            }
            _ => SignatureCheck::Invalid,
        }
    }
}

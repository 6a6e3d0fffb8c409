//! How an event is signed and recognised, also when what is personal in it was erased.

use sha2::{Digest, Sha256};

use super::proof::{EventProof, Message};
use super::{AuditEvent, Flaw};
use crate::signer::{SignatureCheck, Signer};
use crate::{SessionId, UserId};

/// What a signature of an event is about.
const SIGNED: &str = "audit event v1";

impl AuditEvent {
    /// The same event, signed.
    pub(super) fn signed_by(self, signer: &dyn Signer) -> Self {
        let mut proof = self.unsigned_proof(signer);
        let message = self.message(SIGNED, &proof.commitment);
        proof.signature = Some(signer.sign(message.bytes()));
        Self {
            proof: Some(proof),
            ..self
        }
    }

    /// What can be proved of an event that was written without a proof.
    pub(super) fn unsigned_proof(&self, signer: &dyn Signer) -> EventProof {
        let salt = signer.salt();
        EventProof {
            commitment: self.commitment(&salt),
            salt: Some(salt),
            signature: None,
        }
    }

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

    /// What is wrong with its proof. That it has none, or no signature, is nothing wrong.
    #[must_use]
    pub fn flaw_of_proof(&self, signer: &dyn Signer) -> Option<Flaw> {
        let proof = self.proof.as_ref()?;
        let check = match &proof.signature {
            Some(_) => self.check_signature(signer),
            None => SignatureCheck::Valid,
        };
        match check {
            SignatureCheck::OtherKey => Some(Flaw::OtherKey),
            SignatureCheck::Valid if self.has_own_personal_data() => None,
            SignatureCheck::Valid | SignatureCheck::Invalid => Some(Flaw::Altered),
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
                let message = self.message(SIGNED, commitment);
                signer.check(message.bytes(), signature)
            }
            _ => SignatureCheck::Invalid,
        }
    }
}

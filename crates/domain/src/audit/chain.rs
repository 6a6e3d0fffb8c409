//! The chain of audit events: each seal is over the event and the seal before it, so that nothing between two seals can be changed,
//! removed or inserted without the server's key.

use super::AuditEvent;
use super::proof::{EventProof, Message};
use crate::signer::{SignatureCheck, Signer};

/// An event that has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// The event.
    pub event: AuditEvent,
    /// Its number. The first event of a log has number 1, and none is left out.
    pub seq: i64,
    /// The signature of the event, its number and the seal before.
    pub seal: String,
}

/// A place in the chain: the number and the seal of an event, or the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The number; 0 at the beginning.
    pub seq: i64,
    /// The seal.
    pub seal: String,
}

/// Between which places the chain reaches. There is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Behind which the log begins: the last event whose retention is over.
    pub begin: Link,
    /// Up to which events are sealed.
    pub end: Link,
    /// Up to which number events may lack a signature, because an earlier version wrote them. None while those are being sealed.
    pub unsigned_until: Option<i64>,
    /// The signature of all that.
    pub signature: String,
}

/// What is wrong with an event, or with the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Events are missing.
    #[error("is missing")]
    Removed,
    /// Something that belongs to the event is not what was written.
    #[error("was altered")]
    Altered,
    /// The event was not written by the server.
    #[error("was inserted: the server did not write it")]
    Inserted,
    /// It was sealed with another key, so that nothing can be said of it.
    #[error("was sealed with another key: is the secret another one?")]
    OtherKey,
}

impl Chain {
    /// A chain without events.
    #[must_use]
    pub fn empty(signer: &dyn Signer) -> Self {
        let seal = signer.sign(Message::about("audit chain begin v1").bytes());
        let begin = Link { seq: 0, seal };
        Self {
            end: begin.clone(),
            begin,
            unsigned_until: None,
            signature: String::new(),
        }
        .signed(signer)
    }

    fn message(&self) -> Message {
        let until = self.unsigned_until.map(|seq| seq.to_string());
        Message::about("audit chain v1")
            .number(self.begin.seq)
            .with(Some(&self.begin.seal))
            .number(self.end.seq)
            .with(Some(&self.end.seal))
            .with(until.as_deref())
    }

    fn signed(mut self, signer: &dyn Signer) -> Self {
        self.signature = signer.sign(self.message().bytes());
        self
    }

    /// The next event of the chain. One without a proof gets what can be proved of it now.
    #[must_use]
    pub fn seal(&self, mut event: AuditEvent, signer: &dyn Signer) -> SealedEvent {
        let proof = event.proof.take().unwrap_or_else(|| event.unsigned_proof(signer));
        let seq = self.end.seq + 1;
        let message = seal_message(&event, &proof, seq, &self.end.seal);
        SealedEvent {
            event: AuditEvent {
                proof: Some(proof),
                ..event
            },
            seq,
            seal: signer.sign(message.bytes()),
        }
    }

    /// The same chain, which reaches up to this event.
    #[must_use]
    pub fn up_to(mut self, event: &SealedEvent, signer: &dyn Signer) -> Self {
        self.end = event.link();
        self.signed(signer)
    }

    /// The same chain, from which the events up to this place were removed.
    #[must_use]
    pub fn behind(mut self, place: Link, signer: &dyn Signer) -> Self {
        self.begin = place;
        self.signed(signer)
    }

    /// The same chain, in which every event that is sealed from now on must have a signature.
    #[must_use]
    pub fn all_signed_from_here(mut self, signer: &dyn Signer) -> Self {
        self.unsigned_until = Some(self.end.seq);
        self.signed(signer)
    }

    /// The same chain, with a signature that does not hold, so that nobody goes on with it.
    #[must_use]
    pub fn stopped(mut self, signer: &dyn Signer) -> Self {
        self.signature = signer.sign(Message::about("audit chain stopped v1").bytes());
        self
    }

    /// Whether the server wrote the chain like this.
    pub fn check(&self, signer: &dyn Signer) -> Result<(), Flaw> {
        flaw_of(
            signer.check(self.message().bytes(), &self.signature),
            Flaw::Altered,
        )
    }

    /// Whether this event follows that place, and is as the server wrote it.
    pub fn check_event(&self, after: &Link, event: &SealedEvent, signer: &dyn Signer) -> Result<(), Flaw> {
        let expected = after.seq + 1;
        if event.seq != expected {
            return Err(if event.seq > expected {
                Flaw::Removed
            } else {
                Flaw::Inserted
            });
        }
        let Some(proof) = &event.event.proof else {
            return Err(Flaw::Altered);
        };
        let message = seal_message(&event.event, proof, event.seq, &after.seal);
        flaw_of(signer.check(message.bytes(), &event.seal), Flaw::Altered)?;
        if !event.event.has_own_personal_data() {
            return Err(Flaw::Altered);
        }
        let may_lack = self.unsigned_until.is_none_or(|until| event.seq <= until);
        if proof.signature.is_none() && may_lack {
            return Ok(());
        }
        flaw_of(event.event.check_signature(signer), Flaw::Inserted)
    }
}

impl SealedEvent {
    /// Its place in the chain.
    #[must_use]
    pub fn link(&self) -> Link {
        Link {
            seq: self.seq,
            seal: self.seal.clone(),
        }
    }
}

fn seal_message(event: &AuditEvent, proof: &EventProof, seq: i64, before: &str) -> Message {
    event
        .message("audit event sealed v1", &proof.commitment)
        .with(proof.signature.as_deref())
        .number(seq)
        .with(Some(before))
}

const fn flaw_of(check: SignatureCheck, flaw: Flaw) -> Result<(), Flaw> {
    match check {
        SignatureCheck::Valid => Ok(()),
        SignatureCheck::Invalid => Err(flaw),
        SignatureCheck::OtherKey => Err(Flaw::OtherKey),
    }
}

#[cfg(test)]
mod tests;

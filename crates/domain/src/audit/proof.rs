//! What shows that an audit event is as the server wrote it, also when what is personal in it was erased.

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

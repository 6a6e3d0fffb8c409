use chrono::{DateTime, TimeDelta, Utc};

use crate::UserId;
use crate::entropy::Entropy;
use crate::id::mint_id;
use crate::session::TokenStorage;
use crate::verification::VerificationKey;

/// The row of a single-use token that was sent by email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Unique. Usually random; derived from the token where a second row for it must be refused.
    pub id: String,
    /// Purpose and token, see [`VerificationKey::identifier`].
    pub identifier: String,
    /// The claims of the token; for Better Auth's purposes the user's id.
    pub value: String,
    /// Whose token it is; absent in imported rows, where `value` says it.
    pub user_id: Option<UserId>,
    /// When the token expires.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Verification {
    /// A verification of this token, made now.
    pub fn new(
        key: &VerificationKey,
        storage: TokenStorage,
        user_id: UserId,
        value: String,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Self {
        Self {
            id: mint_id(now, entropy),
            identifier: key.identifier(storage),
            value,
            user_id: Some(user_id),
            expires_at: now + lifetime,
            created_at: now,
        }
    }

    /// A row that can exist only once: `id` and `identifier` are the same text, so the primary key refuses a second.
    #[must_use]
    pub fn unique(
        identifier: String,
        value: String,
        user_id: Option<UserId>,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: identifier.clone(),
            identifier,
            value,
            user_id,
            expires_at,
            created_at: now,
        }
    }
}

use chrono::{DateTime, TimeDelta, Utc};

use crate::entropy::Entropy;
use crate::id::mint_id;
use crate::{TokenDigest, UserId};

/// A browser in which a user has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Unique.
    pub id: String,
    /// Who signed in there.
    pub user_id: UserId,
    /// The digest of the browser's token. Other users of the browser have it as well.
    pub digest: TokenDigest,
    /// When the user signed in there first.
    pub first_seen: DateTime<Utc>,
    /// When the user signed in there last.
    pub last_seen: DateTime<Utc>,
}

impl Device {
    /// How long a device stays known after the last sign-in there.
    pub const KNOWN_FOR: TimeDelta = TimeDelta::days(180);
    /// So many devices of a user are known; those seen before them are forgotten.
    pub const MOST_PER_USER: u64 = 20;

    /// A browser in which the user signs in now.
    pub fn new(user_id: UserId, digest: TokenDigest, now: DateTime<Utc>, entropy: &dyn Entropy) -> Self {
        Self {
            id: mint_id(now, entropy),
            user_id,
            digest,
            first_seen: now,
            last_seen: now,
        }
    }
}

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::session::TokenStorage;
use doorward_domain::user::Username;
use doorward_domain::verification::{OneTimeToken, Purpose, Verification, VerificationKey};
use doorward_domain::{Inserted, StoreError, Transaction, UserId};

use crate::Context;

/// Holds usernames that sign-ups asked for whose address was taken: such a sign-up is answered as if it had made a user, and
/// a user would have the name from then on (EN-2).
#[derive(Clone, Debug)]
pub(crate) struct UsernameHolds {
    context: Context,
}

impl UsernameHolds {
    /// How long a name is held. Whoever waits as long for each address learns nothing that a sign-up notice has not told its
    /// owner long before.
    const HELD_FOR: TimeDelta = TimeDelta::days(30);

    pub(crate) const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Holds the name. Of two at once, one does.
    pub(crate) async fn hold(
        &self,
        tx: &dyn Transaction,
        username: &Username,
        owner: &UserId,
    ) -> Result<Inserted, StoreError> {
        let Some(key) = key(username) else {
            return Ok(Inserted::Inserted);
        };
        let now = self.context.now();
        let identifier = key.identifier(TokenStorage::Digest);
        let until = now + Self::HELD_FOR;
        let row = Verification::unique(identifier, owner.to_string(), Some(owner.clone()), until, now);
        tx.verifications().insert_unless_live(&row, now).await
    }

    /// Whether the name is held against anybody.
    pub(crate) async fn is_held(&self, username: &Username) -> Result<bool, StoreError> {
        let Some(key) = self.kept_key(username) else {
            return Ok(false);
        };
        let row = self.context.store().verifications().find(&key).await?;
        Ok(blocks(row.as_ref(), self.context.now(), None))
    }

    /// Whether the name is held against this user, or against one who does not exist yet. It is not held against the owner of
    /// the address that was taken.
    pub(crate) async fn is_held_against(
        &self,
        tx: &dyn Transaction,
        username: &Username,
        user: Option<&UserId>,
    ) -> Result<bool, StoreError> {
        let Some(key) = self.kept_key(username) else {
            return Ok(false);
        };
        let row = tx.verifications().find(&key).await?;
        Ok(blocks(row.as_ref(), self.context.now(), user))
    }

    fn kept_key(&self, username: &Username) -> Option<VerificationKey> {
        key(username).filter(|_| self.context.settings.security.hold_usernames)
    }
}

fn key(username: &Username) -> Option<VerificationKey> {
    let name = OneTimeToken::parse(username.as_str())?;
    Some(VerificationKey::new(Purpose::UsernameHold, name))
}

fn blocks(row: Option<&Verification>, now: DateTime<Utc>, user: Option<&UserId>) -> bool {
    row.is_some_and(|row| row.expires_at > now && (user.is_none() || row.user_id.as_ref() != user))
}

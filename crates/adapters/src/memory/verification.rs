use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::verification::{Purpose, Verification, VerificationKey, VerificationRepository};
use doorward_domain::{Constraint, Inserted, StoreError, UserId};

use super::store::{Access, MemoryRepositories, purge_expired, remove};

/// Whether a row is the user's. Rows of Better Auth name them as the value.
fn theirs(user: &UserId) -> impl Fn(&Verification) -> bool {
    move |row| match &row.user_id {
        Some(owner) => owner == user,
        None => row.value == user.as_str(),
    }
}

#[async_trait]
impl<A: Access> VerificationRepository for MemoryRepositories<A> {
    async fn insert(&self, verification: &Verification) -> Result<(), StoreError> {
        self.write(|tables| {
            if tables.verifications.iter().any(|row| row.id == verification.id) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            tables.verifications.push(verification.clone());
            Ok(())
        })
        .await
    }

    async fn insert_unless_live(
        &self,
        verification: &Verification,
        now: DateTime<Utc>,
    ) -> Result<Inserted, StoreError> {
        Ok(self
            .write(|tables| {
                if tables
                    .verifications
                    .iter()
                    .any(|row| row.id == verification.id && row.expires_at > now)
                {
                    return Inserted::AlreadyThere;
                }
                remove(&mut tables.verifications, |row| row.id == verification.id);
                tables.verifications.push(verification.clone());
                Inserted::Inserted
            })
            .await)
    }

    async fn find(&self, key: &VerificationKey) -> Result<Option<Verification>, StoreError> {
        let names = key.identifiers();
        Ok(self.read(|tables| {
            let found = tables
                .verifications
                .iter()
                .filter(|row| names.contains(&row.identifier));
            found.max_by_key(|row| row.expires_at).cloned()
        }))
    }

    async fn consume(
        &self,
        key: &VerificationKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Verification>, StoreError> {
        let names = key.identifiers();
        let is_meant = |row: &Verification| names.contains(&row.identifier) && row.expires_at > now;
        Ok(self
            .write(|tables| {
                let found = tables.verifications.iter().find(|row| is_meant(row)).cloned();
                remove(&mut tables.verifications, is_meant);
                found
            })
            .await)
    }

    async fn cancel(&self, user: &UserId, purposes: &[Purpose]) -> Result<u64, StoreError> {
        let is_theirs = theirs(user);
        let is_meant = |row: &Verification| {
            purposes
                .iter()
                .any(|purpose| row.identifier.starts_with(purpose.prefix()))
        };
        Ok(self
            .write(|tables| remove(&mut tables.verifications, |row| is_theirs(row) && is_meant(row)))
            .await)
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Verification>, StoreError> {
        let is_theirs = theirs(user);
        let mut rows: Vec<_> = self.read(|tables| {
            let rows = tables.verifications.iter().filter(|row| is_theirs(row));
            rows.cloned().collect()
        });
        rows.sort_by(|one, other| (one.expires_at, &one.id).cmp(&(other.expires_at, &other.id)));
        Ok(rows)
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| purge_expired(&mut tables.verifications, limit, |row| row.expires_at < now))
            .await)
    }
}

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::user::{Email, ProfileChange, User, UserRepository};
use doorward_domain::{Constraint, StoreError, UserId};

use super::store::{Access, MemoryRepositories, Tables, remove};

impl Tables {
    fn present(&self, id: &UserId) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.id == *id && user.deleted_at.is_none())
    }

    fn present_mut(&mut self, id: &UserId) -> Option<&mut User> {
        self.users
            .iter_mut()
            .find(|user| user.id == *id && user.deleted_at.is_none())
    }

    /// What the unique index on the address says to this user having it.
    fn check_email(&self, email: &Email, owner: &UserId) -> Result<(), StoreError> {
        let taken = self
            .users
            .iter()
            .any(|user| user.email == *email && user.id != *owner);
        if taken {
            Err(StoreError::Conflict(Constraint::UserEmail))
        } else {
            Ok(())
        }
    }

    fn remove_user(&mut self, id: &UserId) -> bool {
        remove(&mut self.verifications, |row| {
            row.user_id.as_ref() == Some(id) || row.value == id.as_str()
        });
        remove(&mut self.sessions, |session| session.user_id == *id);
        remove(&mut self.accounts, |account| account.user_id == *id);
        remove(&mut self.users, |user| user.id == *id) > 0
    }
}

#[async_trait]
impl<A: Access> UserRepository for MemoryRepositories<A> {
    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        self.write(|tables| {
            if tables.users.iter().any(|other| other.id == user.id) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            tables.check_email(&user.email, &user.id)?;
            tables.users.push(user.clone());
            Ok(())
        })
        .await
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        Ok(self.read(|tables| tables.present(id).cloned()))
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let is_meant = |user: &&User| user.email == *email && user.deleted_at.is_none();
        Ok(self.read(|tables| tables.users.iter().find(is_meant).cloned()))
    }

    async fn lock(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        // One transaction at a time: there is nobody to lock out.
        Ok(self.read(|tables| tables.present(id).cloned()))
    }

    async fn update_profile(
        &self,
        id: &UserId,
        change: &ProfileChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        Ok(self
            .write(|tables| {
                let user = tables.present_mut(id)?;
                if let Some(name) = &change.name {
                    user.name = name.clone();
                }
                if let Some(image) = &change.image {
                    user.image.clone_from(image);
                }
                user.updated_at = now;
                Some(user.clone())
            })
            .await)
    }

    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let change = |tables: &mut Tables| {
            let user = tables
                .present_mut(id)
                .filter(|user| user.email == *email && !user.email_verified)?;
            user.email_verified = true;
            user.updated_at = now;
            Some(())
        };
        Ok(self.write(change).await.is_some())
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.write(|tables| {
            if tables.present(id).is_none_or(|user| user.email != *from) {
                return Ok(false);
            }
            tables.check_email(to, id)?;
            if let Some(user) = tables.present_mut(id) {
                user.email = to.clone();
                user.email_verified = verified;
                user.updated_at = now;
            }
            Ok(true)
        })
        .await
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let change = |tables: &mut Tables| {
            let user = tables.present_mut(id)?;
            *user = user.clone().deleted(now);
            Some(())
        };
        Ok(self.write(change).await.is_some())
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write(|tables| {
            let deleted = tables
                .users
                .iter()
                .find(|user| user.id == *id && user.deleted_at.is_some());
            let Some(email) = deleted.and_then(|user| user.deleted_email.clone()) else {
                return Ok(false);
            };
            tables.check_email(&email, id)?;
            if let Some(user) = tables.users.iter_mut().find(|user| user.id == *id) {
                user.email = email;
                user.deleted_email = None;
                user.deleted_at = None;
                user.updated_at = now;
            }
            Ok(true)
        })
        .await
    }

    async fn delete(&self, id: &UserId) -> Result<bool, StoreError> {
        Ok(self.write(|tables| tables.remove_user(id)).await)
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| {
                let due = tables
                    .users
                    .iter()
                    .filter(|user| user.deleted_at.is_some_and(|moment| moment < before));
                let ids: Vec<_> = due
                    .map(|user| user.id.clone())
                    .zip(0..limit)
                    .map(|(id, _)| id)
                    .collect();
                ids.into_iter().map(|id| u64::from(tables.remove_user(&id))).sum()
            })
            .await)
    }
}

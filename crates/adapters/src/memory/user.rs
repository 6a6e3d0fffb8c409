use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::user::{
    Administrators, Cursor, Email, Page, User, UserChange, UserPage, UserQuery, UserRepository, Username,
};
use doorward_domain::{Changed, Constraint, Locked, Removed, StoreError, UserId};

use super::store::{Access, MemoryRepositories, remove};
use super::tables::Tables;

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

    /// What the unique index on the username says to this user having it.
    fn check_username(&self, username: Option<&Username>, owner: &UserId) -> Result<(), StoreError> {
        let is_taken =
            |user: &User| username.is_some() && user.username.as_ref() == username && user.id != *owner;
        if self.users.iter().any(is_taken) {
            Err(StoreError::Conflict(Constraint::Username))
        } else {
            Ok(())
        }
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

    /// Those who are there and meant, in the order of their ids.
    fn lock_any(&self, is_meant: impl Fn(&User) -> bool) -> Vec<Locked<User>> {
        let meant = |user: &&User| user.deleted_at.is_none() && is_meant(user);
        let mut users: Vec<_> = self.users.iter().filter(meant).cloned().collect();
        users.sort_by(|a, b| a.id.cmp(&b.id));
        users.into_iter().map(Locked::by_store).collect()
    }

    fn remove_user(&mut self, id: &UserId) -> bool {
        remove(&mut self.verifications, |row| {
            row.user_id.as_ref() == Some(id) || row.value == id.as_str()
        });
        remove(&mut self.sessions, |session| {
            session.user_id == *id || session.impersonated_by.as_ref() == Some(id)
        });
        remove(&mut self.accounts, |account| account.user_id == *id);
        self.erase_personal_data(id);
        remove(&mut self.devices, |device| device.user_id == *id);
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
            tables.check_username(user.username.as_ref(), &user.id)?;
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

    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError> {
        let is_meant = |user: &&User| user.username.as_ref() == Some(username) && user.deleted_at.is_none();
        Ok(self.read(|tables| tables.users.iter().find(is_meant).cloned()))
    }

    async fn lock(&self, id: &UserId) -> Result<Option<Locked<User>>, StoreError> {
        // One transaction at a time: a row lock is not needed.
        Ok(self.read(|tables| tables.present(id).cloned().map(Locked::by_store)))
    }

    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        Ok(self.read(|tables| tables.users.iter().find(|user| user.id == *id).cloned()))
    }

    async fn lock_with_administrators(
        &self,
        ids: &[UserId],
        who: &Administrators,
    ) -> Result<Vec<Locked<User>>, StoreError> {
        Ok(self.read(|tables| tables.lock_any(|user| ids.contains(&user.id) || who.include(user))))
    }

    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<Locked<User>>, StoreError> {
        Ok(self.read(|tables| tables.lock_any(|user| who.include(user))))
    }

    async fn has_second_factor(&self, _: &UserId) -> Result<bool, StoreError> {
        // Only Better Auth enrols a second factor, and it never writes here.
        Ok(false)
    }

    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        let mut found: Vec<_> = self.read(|tables| {
            let matching = tables.users.iter().filter(|user| query.matches(user));
            matching.cloned().collect()
        });
        let place = |user: &User| (query.order.by.of(user), user.id.as_str().to_owned());
        found.sort_by_key(place);
        if query.order.descending {
            found.reverse();
        }
        let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let is_after = |user: &User, last: &Cursor| {
            let last = (Some(last.key.clone()), last.id.as_str().to_owned());
            if query.order.descending {
                place(user) < last
            } else {
                place(user) > last
            }
        };
        Ok(match &query.slice {
            Page::Offset(offset) => {
                let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
                UserPage {
                    users: found.into_iter().skip(offset).take(limit).collect(),
                    total: Some(total),
                }
            }
            Page::After(last) => {
                let rest = found
                    .into_iter()
                    .filter(|user| last.as_ref().is_none_or(|last| is_after(user, last)));
                UserPage {
                    users: rest.take(limit).collect(),
                    total: None,
                }
            }
        })
    }

    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        self.write(|tables| {
            if tables.present(id).is_none() {
                return Ok(None);
            }
            if let Some(email) = &change.email {
                tables.check_email(email, id)?;
            }
            let chosen = change.profile.username.as_ref();
            let chosen = chosen.and_then(|chosen| chosen.username.as_ref());
            tables.check_username(chosen, id)?;
            let user = tables.present_mut(id);
            Ok(user.map(|user| {
                *user = change.applied_to(user.clone(), now);
                user.clone()
            }))
        })
        .await
    }

    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let change = |tables: &mut Tables| {
            let user = tables
                .present_mut(id)
                .filter(|user| user.email == *email && !user.email_verified)?;
            user.email_verified = true;
            user.updated_at = now;
            Some(())
        };
        Ok(Changed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        self.write(|tables| {
            if tables.present(id).is_none_or(|user| user.email != *from) {
                return Ok(Changed::Stale);
            }
            tables.check_email(to, id)?;
            if let Some(user) = tables.present_mut(id) {
                user.email = to.clone();
                user.email_verified = verified;
                user.updated_at = now;
            }
            Ok(Changed::Applied)
        })
        .await
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<Removed, StoreError> {
        let change = |tables: &mut Tables| {
            let user = tables.present_mut(id)?;
            *user = user.clone().deleted(now);
            Some(())
        };
        Ok(Removed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        self.write(|tables| {
            let deleted = tables
                .users
                .iter()
                .find(|user| user.id == *id && user.deleted_at.is_some());
            let Some(email) = deleted.and_then(|user| user.deleted_email.clone()) else {
                return Ok(Changed::Stale);
            };
            tables.check_email(&email, id)?;
            let username = deleted.and_then(|user| user.deleted_username.clone());
            let username = username.filter(|username| tables.check_username(Some(username), id).is_ok());
            if let Some(user) = tables.users.iter_mut().find(|user| user.id == *id) {
                user.email = email;
                user.deleted_email = None;
                user.username = username;
                user.deleted_username = None;
                user.deleted_at = None;
                user.updated_at = now;
            }
            Ok(Changed::Applied)
        })
        .await
    }

    async fn delete(&self, id: &UserId) -> Result<Removed, StoreError> {
        let removed = self.write(|tables| tables.remove_user(id)).await;
        Ok(Removed::by_count(u64::from(removed)))
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<UserId>, StoreError> {
        Ok(self
            .write(|tables| {
                let due = tables
                    .users
                    .iter()
                    .filter(|user| user.deleted_at.is_some_and(|moment| moment < before))
                    .filter(|user| user.deleted_email.is_some());
                let ids: Vec<_> = due
                    .map(|user| user.id.clone())
                    .zip(0..limit)
                    .map(|(id, _)| id)
                    .collect();
                ids.into_iter().filter(|id| tables.remove_user(id)).collect()
            })
            .await)
    }
}

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::fields::{self, FieldChanges};
use doorward_domain::session::{
    Session, SessionHandle, SessionRepository, SessionToken, StoredToken, TokenStorage,
};
use doorward_domain::user::User;
use doorward_domain::{Changed, Constraint, Locked, Removed, SessionId, StoreError, UserId};

use super::store::{Access, MemoryRepositories, purge_expired, remove};
use super::tables::Tables;

/// Both forms in which a token may be stored.
fn forms(token: &SessionToken) -> [StoredToken; 2] {
    [TokenStorage::Digest, TokenStorage::Plaintext].map(|form| token.stored(form))
}

impl Tables {
    /// Oldest first.
    fn sessions_of(&self, user: &UserId, is_meant: impl Fn(&Session) -> bool) -> Vec<Session> {
        let is_theirs = |session: &&Session| session.user_id == *user && is_meant(session);
        let mut sessions: Vec<_> = self.sessions.iter().filter(is_theirs).cloned().collect();
        sessions.sort_by(|a, b| (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str())));
        sessions
    }

    fn named(&self, handle: &SessionHandle, is_meant: impl Fn(&Session) -> bool) -> Option<&Session> {
        let tokens = SessionToken::parse(handle.as_str())
            .map(|token| forms(&token))
            .ok();
        let is_named = |session: &Session| {
            let tokens = tokens.as_ref();
            session.id.as_str() == handle.as_str()
                || tokens.is_some_and(|tokens| tokens.contains(&session.token))
        };
        self.sessions
            .iter()
            .find(|session| is_meant(session) && is_named(session))
    }

    fn delete_named(
        &mut self,
        handle: &SessionHandle,
        is_meant: impl Fn(&Session) -> bool,
    ) -> Option<SessionId> {
        let id = self.named(handle, is_meant)?.id.clone();
        remove(&mut self.sessions, |session| session.id == id);
        Some(id)
    }

    fn session_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == *id)
    }
}

#[async_trait]
impl<A: Access> SessionRepository for MemoryRepositories<A> {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        self.write(|tables| {
            let is_same = |other: &Session| other.id == session.id || other.token == session.token;
            if tables.sessions.iter().any(is_same) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            if !tables.users.iter().any(|user| user.id == session.user_id) {
                return Err(StoreError::Failed("a session needs a user".into()));
            }
            tables.sessions.push(session.clone());
            Ok(())
        })
        .await
    }

    async fn find_with_user(&self, token: &SessionToken) -> Result<Option<(Session, User)>, StoreError> {
        let forms = forms(token);
        Ok(self.read(|tables| {
            let session = tables
                .sessions
                .iter()
                .find(|session| forms.contains(&session.token))?;
            let is_theirs = |user: &&User| user.id == session.user_id && user.deleted_at.is_none();
            let user = tables.users.iter().find(is_theirs)?;
            Some((session.clone(), user.clone()))
        }))
    }

    async fn lock(&self, id: &SessionId) -> Result<Option<Locked<Session>>, StoreError> {
        // One transaction at a time: a row lock is not needed.
        let found = |tables: &Tables| tables.sessions.iter().find(|session| session.id == *id).cloned();
        Ok(self.read(found).map(Locked::by_store))
    }

    async fn rewrite_token(
        &self,
        id: &SessionId,
        from: &StoredToken,
        to: &StoredToken,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let change = |tables: &mut Tables| {
            let session = tables.session_mut(id).filter(|session| session.token == *from)?;
            session.token = to.clone();
            session.imported_at.get_or_insert(now);
            Some(())
        };
        Ok(Changed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn extend(
        &self,
        id: &SessionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let change = |tables: &mut Tables| {
            let session = tables
                .session_mut(id)
                .filter(|session| session.expires_at == from)?;
            session.expires_at = to;
            session.updated_at = now;
            Some(())
        };
        Ok(Changed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn update_extra(
        &self,
        id: &SessionId,
        changes: &FieldChanges,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let change = |tables: &mut Tables| {
            let session = tables.session_mut(id)?;
            fields::apply(changes, &mut session.extra);
            session.updated_at = now;
            Some(())
        };
        Ok(Changed::by_count(self.write(change).await.map_or(0, |()| 1)))
    }

    async fn list_live(&self, user: &UserId, now: DateTime<Utc>) -> Result<Vec<Session>, StoreError> {
        Ok(self.read(|tables| tables.sessions_of(user, |session| session.is_live(now))))
    }

    async fn list_all(&self, user: &UserId) -> Result<Vec<Session>, StoreError> {
        Ok(self.read(|tables| tables.sessions_of(user, |_| true)))
    }

    async fn list_impersonations(&self, administrator: &UserId) -> Result<Vec<Session>, StoreError> {
        let mut sessions: Vec<_> = self.read(|tables| {
            let sessions = tables.sessions.iter();
            let theirs = sessions.filter(|session| session.impersonated_by.as_ref() == Some(administrator));
            theirs.cloned().collect()
        });
        sessions.sort_by(|one, other| {
            (one.created_at, one.id.as_str()).cmp(&(other.created_at, other.id.as_str()))
        });
        Ok(sessions)
    }

    async fn delete(&self, id: &SessionId) -> Result<Removed, StoreError> {
        let delete = |tables: &mut Tables| remove(&mut tables.sessions, |session| session.id == *id);
        Ok(Removed::by_count(self.write(delete).await))
    }

    async fn delete_unless_extended(
        &self,
        id: &SessionId,
        expires_at: DateTime<Utc>,
    ) -> Result<Removed, StoreError> {
        let is_meant = |session: &Session| session.id == *id && session.expires_at == expires_at;
        let delete = |tables: &mut Tables| remove(&mut tables.sessions, is_meant);
        Ok(Removed::by_count(self.write(delete).await))
    }

    async fn delete_by_handle(
        &self,
        user: &UserId,
        handle: &SessionHandle,
    ) -> Result<Option<SessionId>, StoreError> {
        let is_theirs = |session: &Session| session.user_id == *user;
        Ok(self.write(|tables| tables.delete_named(handle, is_theirs)).await)
    }

    async fn find_by_handle(&self, handle: &SessionHandle) -> Result<Option<Session>, StoreError> {
        Ok(self.read(|tables| tables.named(handle, |_| true).cloned()))
    }

    async fn delete_all<'a>(&self, user: &UserId, keep: Option<&'a SessionId>) -> Result<u64, StoreError> {
        let is_theirs =
            |session: &Session| session.user_id == *user || session.impersonated_by.as_ref() == Some(user);
        let goes = |session: &Session| is_theirs(session) && keep != Some(&session.id);
        Ok(self.write(|tables| remove(&mut tables.sessions, goes)).await)
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| {
                let mut theirs: Vec<_> = tables
                    .sessions
                    .iter()
                    .filter(|session| session.user_id == *user)
                    .cloned()
                    .collect();
                theirs.sort_by(|a, b| (b.created_at, b.id.as_str()).cmp(&(a.created_at, a.id.as_str())));
                let stay = usize::try_from(keep).unwrap_or(usize::MAX);
                let oldest = theirs.get(stay..).unwrap_or_default();
                remove(&mut tables.sessions, |session| oldest.contains(session))
            })
            .await)
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| purge_expired(&mut tables.sessions, limit, |session| session.expires_at < now))
            .await)
    }
}

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::fields::FieldChanges;
use doorward_domain::session::{
    Lifetime, Session, SessionHandle, SessionRepository, SessionToken, StoredToken, TokenStorage,
};
use doorward_domain::user::User;
use doorward_domain::{Changed, Locked, Removed, SessionId, StoreError, UserId};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Func, LockType, Query, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DeleteMany, EntityTrait, IdenStatic as _, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationTrait, SelectA, SelectB, Set, UpdateMany,
};

use super::SeaRepositories;
use super::error::store_error;
use super::read::decode;
use super::row::session_row::{ActiveModel, Column, Entity, Relation};
use super::row::user_row;

impl<C: ConnectionTrait> SeaRepositories<C> {
    async fn update_session(&self, update: UpdateMany<Entity>) -> Result<Changed, StoreError> {
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }

    async fn delete_named(
        &self,
        handle: &SessionHandle,
        among: DeleteMany<Entity>,
    ) -> Result<Option<SessionId>, StoreError> {
        let delete = among.filter(named(handle)).exec_with_returning(&self.connection);
        let rows = delete.await.map_err(store_error)?;
        Ok(rows.into_iter().next().map(|row| SessionId::from_stored(row.id)))
    }

    /// Whether the session still expires at this moment. No `=`: an end that others wrote may have another form, which as text
    /// comes before ours of the same millisecond.
    fn expires_at(&self, moment: DateTime<Utc>) -> Condition {
        Condition::all()
            .add(Column::ExpiresAt.gt(self.at(moment - TimeDelta::milliseconds(1))))
            .add(Column::ExpiresAt.lte(self.at(moment)))
    }

    /// The sessions of which this is true, oldest first.
    async fn sessions_with(&self, condition: SimpleExpr) -> Result<Vec<Session>, StoreError> {
        let select = Entity::find().filter(condition);
        let oldest_first = select.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
        let rows = self.rows(oldest_first).await?;
        self.fill_sessions(rows.into_iter().map(Session::from).collect())
            .await
    }

    async fn delete_sessions(&self, delete: DeleteMany<Entity>) -> Result<u64, StoreError> {
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

/// The session of this id or token.
fn named(handle: &SessionHandle) -> Condition {
    Condition::any()
        .add(Column::Id.eq(handle.as_str()))
        .add(Column::Token.is_in(forms(handle.as_str())))
}

/// Both forms a token may rest in. What is written like a digest is no token, so it is looked for as such only.
fn forms(presented: &str) -> Vec<String> {
    SessionToken::parse(presented).map_or_else(
        |_| Vec::new(),
        |token| {
            [TokenStorage::Digest, TokenStorage::Plaintext]
                .map(|form| token.stored(form).as_str().to_owned())
                .into()
        },
    )
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> SessionRepository for SeaRepositories<C> {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(session.id.to_string()),
            user_id: Set(session.user_id.to_string()),
            token: Set(session.token.as_str().to_owned()),
            expires_at: Set(self.at(session.expires_at)),
            created_at: Set(self.at(session.created_at)),
            updated_at: Set(Some(self.at(session.updated_at))),
            ip_address: Set(session.ip_address.clone()),
            user_agent: Set(session.user_agent.clone()),
            impersonated_by: Set(session.impersonated_by.as_ref().map(ToString::to_string)),
            imported_at: Set(session.imported_at.map(|moment| self.at(moment))),
            amr: Set(session.authentication.stored_methods()),
            authenticated_at: Set(Some(self.at(session.authentication.at))),
            browser_session: Set(session
                .lifetime
                .map(|lifetime| lifetime == Lifetime::BrowserSession)),
        };
        self.insert_row("session", &row, &session.extra).await
    }

    async fn find_with_user(&self, token: &SessionToken) -> Result<Option<(Session, User)>, StoreError> {
        let both = Entity::find()
            .join(JoinType::InnerJoin, Relation::User.def())
            .filter(Column::Token.is_in(forms(token.expose())))
            .filter(user_row::Column::DeletedAt.is_null())
            .limit(1)
            .select_also(user_row::Entity);
        let Some(row) = self.raw_row(&both).await? else {
            return Ok(None);
        };
        let session = decode::<Entity>(&row, SelectA.as_str())?;
        let user = decode::<user_row::Entity>(&row, SelectB.as_str())?;
        let session = self.fill_sessions(vec![session.into()]).await?.pop();
        Ok(session.zip(self.fill_user(Some(user.into())).await?))
    }

    async fn lock(&self, id: &SessionId) -> Result<Option<Locked<Session>>, StoreError> {
        let mut select = Entity::find_by_id(id.as_str());
        if self.is_postgres() {
            // SQLite has one writer at a time: the transaction itself is the lock.
            select = select.lock(LockType::Update);
        }
        let row = select.one(&self.connection).await.map_err(store_error)?;
        let session = row.map(Session::from).into_iter().collect();
        Ok(self.fill_sessions(session).await?.pop().map(Locked::by_store))
    }

    async fn rewrite_token(
        &self,
        id: &SessionId,
        from: &StoredToken,
        to: &StoredToken,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let unless_noted: SimpleExpr =
            Func::coalesce([Expr::col(Column::ImportedAt), Expr::value(self.at(now))]).into();
        let update = Entity::update_many()
            .col_expr(Column::Token, Expr::value(to.as_str()))
            .col_expr(Column::ImportedAt, unless_noted)
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::Token.eq(from.as_str()));
        self.update_session(update).await
    }

    async fn extend(
        &self,
        id: &SessionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::ExpiresAt, Expr::value(self.at(to)))
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(Column::Id.eq(id.as_str()))
            .filter(self.expires_at(from));
        self.update_session(update).await
    }

    async fn update_extra(
        &self,
        id: &SessionId,
        changes: &FieldChanges,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(Column::Id.eq(id.as_str()));
        self.update_session(self.writing_extra(update, changes)).await
    }

    async fn list_live(&self, user: &UserId, now: DateTime<Utc>) -> Result<Vec<Session>, StoreError> {
        let theirs = Column::UserId.eq(user.as_str());
        self.sessions_with(theirs.and(Column::ExpiresAt.gt(self.at(now))))
            .await
    }

    async fn list_all(&self, user: &UserId) -> Result<Vec<Session>, StoreError> {
        self.sessions_with(Column::UserId.eq(user.as_str())).await
    }

    async fn list_impersonations(&self, administrator: &UserId) -> Result<Vec<Session>, StoreError> {
        self.sessions_with(Column::ImpersonatedBy.eq(administrator.as_str()))
            .await
    }

    async fn delete(&self, id: &SessionId) -> Result<Removed, StoreError> {
        let one = Entity::delete_many().filter(Column::Id.eq(id.as_str()));
        Ok(Removed::by_count(self.delete_sessions(one).await?))
    }

    async fn delete_unless_extended(
        &self,
        id: &SessionId,
        expires_at: DateTime<Utc>,
    ) -> Result<Removed, StoreError> {
        let one = Entity::delete_many()
            .filter(Column::Id.eq(id.as_str()))
            .filter(self.expires_at(expires_at));
        Ok(Removed::by_count(self.delete_sessions(one).await?))
    }

    async fn delete_by_handle(
        &self,
        user: &UserId,
        handle: &SessionHandle,
    ) -> Result<Option<SessionId>, StoreError> {
        self.delete_named(
            handle,
            Entity::delete_many().filter(Column::UserId.eq(user.as_str())),
        )
        .await
    }

    async fn find_by_handle(&self, handle: &SessionHandle) -> Result<Option<Session>, StoreError> {
        let select = Entity::find().filter(named(handle));
        let row = select.one(&self.connection).await.map_err(store_error)?;
        let session = row.map(Session::from).into_iter().collect();
        Ok(self.fill_sessions(session).await?.pop())
    }

    async fn delete_all<'a>(&self, user: &UserId, keep: Option<&'a SessionId>) -> Result<u64, StoreError> {
        // An impersonation belongs to two users: it ends with all sessions of the administrator, too (SE-6, AC-6).
        let theirs = Condition::any()
            .add(Column::UserId.eq(user.as_str()))
            .add(Column::ImpersonatedBy.eq(user.as_str()));
        let mut delete = Entity::delete_many().filter(theirs);
        if let Some(keep) = keep {
            delete = delete.filter(Column::Id.ne(keep.as_str()));
        }
        self.delete_sessions(delete).await
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Result<u64, StoreError> {
        let newest = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::UserId.eq(user.as_str()))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(keep)
            .into_query();
        let rest = Column::Id.not_in_subquery(newest);
        self.delete_sessions(
            Entity::delete_many()
                .filter(Column::UserId.eq(user.as_str()))
                .filter(rest),
        )
        .await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let ended = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::ExpiresAt.lt(self.at(now)))
            .and_where(self.is_understood(Column::ExpiresAt))
            .limit(limit)
            .to_owned();
        self.delete_sessions(Entity::delete_many().filter(Column::Id.in_subquery(ended)))
            .await
    }
}

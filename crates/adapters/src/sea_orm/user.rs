use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::user::{
    Administrators, Email, User, UserChange, UserPage, UserQuery, UserRepository, Username,
};
use doorward_domain::{Changed, Locked, Removed, StoreError, UserId};
use sea_orm::sea_query::{Condition, Expr, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, TransactionTrait, UpdateMany,
};

use super::SeaRepositories;
use super::error::store_error;
use super::row::user_row::{Column, Entity, row_of, written_by};

/// A user who is there, that is, not deleted.
fn present(id: &UserId) -> Condition {
    Condition::all()
        .add(Column::Id.eq(id.as_str()))
        .add(Column::DeletedAt.is_null())
}

/// Whether the role may be among those in the column: alone, first, last or in between. `LIKE` finds more than these, for `_`
/// is any letter to it, and on SQLite so is another case: who asks has to look again.
fn has_role(role: &str) -> Condition {
    Condition::any()
        .add(Column::Role.eq(role))
        .add(Column::Role.starts_with(format!("{role},")))
        .add(Column::Role.ends_with(format!(",{role}")))
        .add(Column::Role.contains(format!(",{role},")))
}

fn administering(who: &Administrators) -> Condition {
    let listed = Column::Id.is_in(who.users.iter().map(UserId::as_str));
    let with_listed = Condition::any().add(listed);
    who.roles
        .iter()
        .fold(with_listed, |any, role| any.add(has_role(role)))
}

fn find(id: &UserId) -> Select<Entity> {
    Entity::find().filter(present(id))
}

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// The user a query finds.
    async fn one(&self, select: Select<Entity>) -> Result<Option<User>, StoreError> {
        let row = self.row(select).await?;
        self.fill_user(row.map(User::from)).await
    }

    /// Those of these users who are there, locked one after the other.
    async fn lock_any(
        &self,
        any: Condition,
        is_meant: impl Fn(&User) -> bool,
    ) -> Result<Vec<Locked<User>>, StoreError> {
        let mut select = Entity::find().filter(Column::DeletedAt.is_null()).filter(any);
        if self.is_postgres() {
            // In one order, so that two who lock several of them do not wait for each other.
            select = select.order_by_asc(Column::Id).lock(LockType::Update);
        }
        let found = self.rows(select).await?.into_iter().map(User::from);
        let users = self.fill_users(found.filter(is_meant).collect()).await?;
        Ok(users.into_iter().map(Locked::by_store).collect())
    }

    async fn update_user(&self, update: UpdateMany<Entity>) -> Result<Changed, StoreError> {
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }
}

#[async_trait]
impl<C> UserRepository for SeaRepositories<C>
where
    C: ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction> + Send + Sync + 'static,
{
    async fn insert(&self, user: &User) -> Result<(), StoreError> {
        let row = row_of(user, |moment| self.at(moment));
        self.insert_row("user", &row, &user.extra).await
    }

    async fn find(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.one(find(id)).await
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let select = Entity::find()
            .filter(Column::Email.eq(email.as_str()))
            .filter(Column::DeletedAt.is_null());
        self.one(select).await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, StoreError> {
        let select = Entity::find()
            .filter(Column::Username.eq(username.as_str()))
            .filter(Column::DeletedAt.is_null());
        self.one(select).await
    }

    async fn lock(&self, id: &UserId) -> Result<Option<Locked<User>>, StoreError> {
        // SQLite has one writer at a time: the transaction itself is the lock.
        let select = if self.is_postgres() {
            find(id).lock(LockType::Update)
        } else {
            find(id)
        };
        Ok(self.one(select).await?.map(Locked::by_store))
    }

    async fn find_with_deleted(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.one(Entity::find_by_id(id.as_str())).await
    }

    async fn lock_with_administrators(
        &self,
        ids: &[UserId],
        who: &Administrators,
    ) -> Result<Vec<Locked<User>>, StoreError> {
        let any = administering(who).add(Column::Id.is_in(ids.iter().map(UserId::as_str)));
        self.lock_any(any, |user| ids.contains(&user.id) || who.include(user))
            .await
    }

    async fn lock_administrators(&self, who: &Administrators) -> Result<Vec<Locked<User>>, StoreError> {
        self.lock_any(administering(who), |user| who.include(user)).await
    }

    async fn has_second_factor(&self, id: &UserId) -> Result<bool, StoreError> {
        self.is_enrolled(id).await
    }

    async fn list(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        self.list_users(query).await
    }

    async fn update(
        &self,
        id: &UserId,
        change: &UserChange,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(present(id));
        let written = written_by(change, |moment| self.at(moment));
        let update = written
            .into_iter()
            .fold(update, |update, (column, value)| update.col_expr(column, value));
        let update = self.writing_extra(update, &change.profile.extra);
        let rows = update
            .exec_with_returning(&self.connection)
            .await
            .map_err(store_error)?;
        self.fill_user(rows.into_iter().next().map(User::from)).await
    }

    async fn mark_email_verified(
        &self,
        id: &UserId,
        email: &Email,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::EmailVerified, Expr::value(true))
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(present(id))
            .filter(Column::Email.eq(email.as_str()))
            .filter(Column::EmailVerified.eq(false));
        self.update_user(update).await
    }

    async fn change_email(
        &self,
        id: &UserId,
        from: &Email,
        to: &Email,
        verified: bool,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Email, Expr::value(to.as_str()))
            .col_expr(Column::EmailVerified, Expr::value(verified))
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(present(id))
            .filter(Column::Email.eq(from.as_str()));
        self.update_user(update).await
    }

    async fn soft_delete(&self, id: &UserId, now: DateTime<Utc>) -> Result<Removed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::DeletedEmail, Expr::col(Column::Email))
            .col_expr(Column::Email, Expr::value(Email::tombstone(id).as_str()))
            .col_expr(Column::DeletedAt, Expr::value(self.at(now)))
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(present(id));
        let update = if self.has_extra_user_column("username") {
            update
        } else {
            update
                .col_expr(Column::DeletedUsername, Expr::col(Column::Username))
                .col_expr(Column::Username, Expr::value(Option::<String>::None))
        };
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Removed::by_count(outcome.rows_affected))
    }

    async fn restore(&self, id: &UserId, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Email, Expr::col(Column::DeletedEmail))
            .col_expr(Column::DeletedEmail, Expr::value(Option::<String>::None))
            .col_expr(Column::DeletedAt, Expr::cust("NULL"))
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::DeletedAt.is_not_null())
            .filter(Column::DeletedEmail.is_not_null());
        let update = if self.has_extra_user_column("username") {
            update
        } else {
            // No username, or one that was taken meanwhile: the user is restored without one.
            let free = r#"CASE WHEN EXISTS (SELECT 1 FROM "user" AS other WHERE other."username" = "user"."deletedUsername")
                THEN NULL ELSE "deletedUsername" END"#;
            update
                .col_expr(Column::Username, Expr::cust(free))
                .col_expr(Column::DeletedUsername, Expr::value(Option::<String>::None))
        };
        self.update_user(update).await
    }

    async fn delete(&self, id: &UserId) -> Result<Removed, StoreError> {
        let mut user = Entity::find().filter(Column::Id.eq(id.as_str()));
        if self.is_postgres() {
            user = user.lock(LockType::Update);
        }
        let removed = self.delete_users(user).await.map_err(store_error)?;
        Ok(Removed::by_count(removed))
    }

    async fn purge_deleted(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<UserId>, StoreError> {
        self.purge_users(before, limit).await
    }
}

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::verification::{Purpose, Verification, VerificationKey, VerificationRepository};
use doorward_domain::{Inserted, StoreError, UserId};
use sea_orm::sea_query::{Condition, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::SeaRepositories;
use super::error::store_error;
use super::row::verification_row::{ActiveModel, Column, Entity};

impl<C: ConnectionTrait> SeaRepositories<C> {
    fn verification_row(&self, verification: &Verification) -> ActiveModel {
        ActiveModel {
            id: Set(verification.id.clone()),
            identifier: Set(verification.identifier.clone()),
            value: Set(verification.value.clone()),
            user_id: Set(verification.user_id.as_ref().map(ToString::to_string)),
            expires_at: Set(self.at(verification.expires_at)),
            created_at: Set(Some(self.at(verification.created_at))),
            updated_at: Set(Some(self.at(verification.created_at))),
        }
    }
}

/// The rows of a user. Those of Better Auth name them as the value.
fn theirs(user: &UserId) -> Condition {
    let legacy = Condition::all()
        .add(Column::UserId.is_null())
        .add(Column::Value.eq(user.as_str()));
    Condition::any().add(Column::UserId.eq(user.as_str())).add(legacy)
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> VerificationRepository for SeaRepositories<C> {
    async fn insert(&self, verification: &Verification) -> Result<(), StoreError> {
        let insert = Entity::insert(self.verification_row(verification));
        insert
            .exec_without_returning(&self.connection)
            .await
            .map(drop)
            .map_err(store_error)
    }

    async fn insert_unless_live(
        &self,
        verification: &Verification,
        now: DateTime<Utc>,
    ) -> Result<Inserted, StoreError> {
        // One statement: a conflict that is an error would spoil the transaction on PostgreSQL.
        let replace_expired = OnConflict::column(Column::Id)
            .update_columns([
                Column::Value,
                Column::UserId,
                Column::ExpiresAt,
                Column::CreatedAt,
                Column::UpdatedAt,
            ])
            .action_and_where(Column::ExpiresAt.lte(self.at(now)))
            .to_owned();
        let insert = Entity::insert(self.verification_row(verification)).on_conflict(replace_expired);
        let rows = insert
            .exec_without_returning(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(Inserted::by_count(rows))
    }

    async fn find(&self, key: &VerificationKey) -> Result<Option<Verification>, StoreError> {
        let select = Entity::find()
            .filter(Column::Identifier.is_in(key.identifiers()))
            .order_by_desc(Column::ExpiresAt);
        Ok(self.row(select).await?.map(Verification::from))
    }

    async fn consume(
        &self,
        key: &VerificationKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Verification>, StoreError> {
        let delete = Entity::delete_many()
            .filter(Column::Identifier.is_in(key.identifiers()))
            .filter(Column::ExpiresAt.gt(self.at(now)));
        let rows = delete
            .exec_with_returning(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(rows.into_iter().next().map(Verification::from))
    }

    async fn cancel(&self, user: &UserId, purposes: &[Purpose]) -> Result<u64, StoreError> {
        let meant = purposes.iter().fold(Condition::any(), |any, purpose| {
            any.add(Column::Identifier.starts_with(purpose.prefix()))
        });
        let delete = Entity::delete_many().filter(theirs(user)).filter(meant);
        Ok(delete
            .exec(&self.connection)
            .await
            .map_err(store_error)?
            .rows_affected)
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Verification>, StoreError> {
        let select = Entity::find()
            .filter(theirs(user))
            .order_by_asc(Column::ExpiresAt)
            .order_by_asc(Column::Id);
        let rows = self.rows(select).await?;
        Ok(rows.into_iter().map(Verification::from).collect())
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let expired = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::ExpiresAt.lt(self.at(now)))
            .and_where(self.is_understood(Column::ExpiresAt))
            .limit(limit)
            .to_owned();
        let delete = Entity::delete_many().filter(Column::Id.in_subquery(expired));
        Ok(delete
            .exec(&self.connection)
            .await
            .map_err(store_error)?
            .rows_affected)
    }
}

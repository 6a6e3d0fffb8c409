use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::device::{Device, DeviceRepository};
use doorward_domain::{Inserted, StoreError, TokenDigest, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict, Order, Query};
use sea_orm::{QueryOrder, Set};

use super::SeaRepositories;
use super::error::store_error;
use super::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_device", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    pub digest: String,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Device {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            user_id: UserId::from_stored(row.user_id),
            digest: TokenDigest::from_stored(row.digest),
            first_seen: row.first_seen.moment(),
            last_seen: row.last_seen.moment(),
        }
    }
}

impl<C: ConnectionTrait + Send + Sync + 'static> SeaRepositories<C> {
    async fn remove_devices(&self, which: sea_orm::DeleteMany<Entity>) -> Result<u64, StoreError> {
        let outcome = which.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> DeviceRepository for SeaRepositories<C> {
    async fn is_known(
        &self,
        user: &UserId,
        device: &TokenDigest,
        since: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let select = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Digest.eq(device.as_str()))
            .filter(Column::LastSeen.gte(self.at(since)));
        Ok(self.row(select).await?.is_some())
    }

    async fn mark(&self, device: &Device) -> Result<Inserted, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::LastSeen, Expr::value(self.at(device.last_seen)))
            .filter(Column::UserId.eq(device.user_id.as_str()))
            .filter(Column::Digest.eq(device.digest.as_str()));
        let seen = update.exec(&self.connection).await.map_err(store_error)?;
        if seen.rows_affected > 0 {
            return Ok(Inserted::AlreadyThere);
        }
        let row = ActiveModel {
            id: Set(device.id.clone()),
            user_id: Set(device.user_id.to_string()),
            digest: Set(device.digest.as_str().to_owned()),
            first_seen: Set(self.at(device.first_seen)),
            last_seen: Set(self.at(device.last_seen)),
        };
        // Another request of the same browser may have been faster.
        let known = OnConflict::columns([Column::UserId, Column::Digest])
            .do_nothing()
            .to_owned();
        let rows = Entity::insert(row)
            .on_conflict(known)
            .exec_without_returning(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(Inserted::by_count(rows))
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Device>, StoreError> {
        let select = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .order_by_desc(Column::LastSeen)
            .order_by_desc(Column::Id);
        Ok(self.rows(select).await?.into_iter().map(Device::from).collect())
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Result<u64, StoreError> {
        let kept = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::UserId.eq(user.as_str()))
            .order_by(Column::LastSeen, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .limit(keep)
            .to_owned();
        let older = Entity::delete_many()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::Id.not_in_subquery(kept));
        self.remove_devices(older).await
    }

    async fn forget(&self, user: &UserId) -> Result<u64, StoreError> {
        let all = Entity::delete_many().filter(Column::UserId.eq(user.as_str()));
        self.remove_devices(all).await
    }

    async fn purge_unseen(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let unseen = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::LastSeen.lt(self.at(before)))
            .and_where(self.is_understood(Column::LastSeen))
            .limit(limit)
            .to_owned();
        self.remove_devices(Entity::delete_many().filter(Column::Id.in_subquery(unseen)))
            .await
    }
}

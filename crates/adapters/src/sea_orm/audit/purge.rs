//! The end of the retention of audit events.

use chrono::{DateTime, Utc};
use doorward_domain::StoreError;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter};

use super::{Column, Entity};
use crate::sea_orm::SeaRepositories;
use crate::sea_orm::error::store_error;

impl<C: ConnectionTrait> SeaRepositories<C> {
    pub(super) async fn purge_events(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let due = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::At.lt(self.at(before)))
            .and_where(self.is_understood(Column::At))
            .order_by(Column::At, Order::Asc)
            .limit(limit)
            .take();
        let delete = Entity::delete_many().filter(Column::Id.in_subquery(due));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

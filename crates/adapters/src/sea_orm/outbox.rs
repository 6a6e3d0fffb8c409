use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::email::{Backlog, OutboxMessage, OutboxRepository};
use doorward_domain::{Changed, Removed, StoreError};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType};
use sea_orm::{ExprTrait, QueryOrder, QuerySelect, Set};

use super::SeaRepositories;
use super::error::store_error;
use super::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_outbox", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub sealed: String,
    pub attempts: i32,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub lease_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for OutboxMessage {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            sealed: row.sealed,
            attempts: u32::try_from(row.attempts).unwrap_or_default(),
            due_at: row.due_at.moment(),
            created_at: row.created_at.moment(),
        }
    }
}

/// Attempts as the column holds them.
fn attempts(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> OutboxRepository for SeaRepositories<C> {
    async fn push(&self, message: &OutboxMessage) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(message.id.clone()),
            sealed: Set(message.sealed.clone()),
            attempts: Set(attempts(message.attempts)),
            due_at: Set(self.at(message.due_at)),
            created_at: Set(self.at(message.created_at)),
            lease_until: Set(None),
        };
        Entity::insert(row)
            .exec_without_returning(&self.connection)
            .await
            .map(drop)
            .map_err(store_error)
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let free = Condition::any()
            .add(Column::LeaseUntil.is_null())
            .add(Column::LeaseUntil.lte(self.at(now)));
        let free = Condition::all().add(Column::DueAt.lte(self.at(now))).add(free);
        // In two statements: PostgreSQL may run a subquery with a limit more than once, and lock other rows each time.
        let mut due = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(free.clone())
            .order_by_asc(Column::DueAt)
            .limit(limit);
        if self.is_postgres() {
            due = due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let ids = due.into_tuple::<String>().all(&self.connection).await;
        let ids = ids.map_err(store_error)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let update = Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(self.at(lease_until)))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.is_in(ids))
            .filter(free);
        let mut rows = update
            .exec_with_returning(&self.connection)
            .await
            .map_err(store_error)?;
        rows.sort_by_key(|row| row.due_at.moment());
        Ok(rows.into_iter().map(OutboxMessage::from).collect())
    }

    async fn list(&self, after: Option<String>, limit: u64) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut select = Entity::find().order_by_asc(Column::Id).limit(limit);
        if let Some(after) = after {
            select = select.filter(Column::Id.gt(after));
        }
        let rows = select.all(&self.connection).await.map_err(store_error)?;
        Ok(rows.into_iter().map(OutboxMessage::from).collect())
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let select = Entity::find()
            .select_only()
            .column_as(Column::Id.count(), "waiting")
            .column_as(Column::CreatedAt.min(), "oldest");
        let row = select
            .into_tuple::<(i64, Option<Timestamp>)>()
            .one(&self.connection)
            .await;
        let (waiting, oldest) = row.map_err(store_error)?.unwrap_or_default();
        Ok(Backlog {
            waiting: u64::try_from(waiting).unwrap_or_default(),
            oldest: oldest.map(Timestamp::moment),
        })
    }

    async fn remove(&self, id: &str, lease_until: DateTime<Utc>) -> Result<Removed, StoreError> {
        let delete = Entity::delete_many()
            .filter(Column::Id.eq(id))
            .filter(Column::LeaseUntil.eq(self.at(lease_until)));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(Removed::by_count(outcome.rows_affected))
    }

    async fn reschedule(
        &self,
        id: &str,
        lease_until: DateTime<Utc>,
        count: u32,
        due_at: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(attempts(count)))
            .col_expr(Column::DueAt, Expr::value(self.at(due_at)))
            .col_expr(Column::LeaseUntil, Expr::cust("NULL"))
            .filter(Column::Id.eq(id))
            .filter(Column::LeaseUntil.eq(self.at(lease_until)));
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }
}

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::rate_limit::{Decision, LONGEST_WINDOW, RateLimiter, RequestLimit};
use doorward_domain::{Entropy, ErrorChain, StoreError, mint_id, moment_of_millis};
use sea_orm::TransactionOptions;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, Condition, Expr, ExprTrait, InsertStatement, OnConflict, Query};

use super::SeaStore;
use super::error::store_error;
use super::watched::Watched;
use crate::memory::MemoryRateLimiter;

/// Better Auth's table.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rateLimit", rename_all = "camelCase")]
#[expect(unreachable_pub, reason = "what the derive makes beside it is public")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub key: String,
    pub count: i32,
    /// Milliseconds since 1970.
    pub last_request: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
#[expect(unreachable_pub, reason = "the derive of the entity names it in public")]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A rate limiter on Better Auth's table `rateLimit`, which all servers of a database share.
///
/// While the database is out of reach each server counts by itself, in memory (RL-9).
pub struct SeaRateLimiter {
    connection: Watched<DatabaseConnection>,
    entropy: Arc<dyn Entropy>,
    local: MemoryRateLimiter,
    /// Until when the database is left alone, in milliseconds since 1970.
    away_until: AtomicI64,
}

impl SeaRateLimiter {
    /// How long the database is left alone after it failed.
    const PAUSE: TimeDelta = TimeDelta::seconds(1);

    /// A limiter on the database of a store.
    #[must_use]
    pub fn new(store: &SeaStore, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            connection: store.watched().clone(),
            entropy,
            local: MemoryRateLimiter::new(),
            away_until: AtomicI64::new(i64::MIN),
        }
    }

    fn is_away(&self, now: DateTime<Utc>) -> bool {
        let until = self.away_until.load(Ordering::Relaxed);
        let left = until.saturating_sub(now.timestamp_millis());
        // A clock that was set back must not keep the database away.
        left > 0 && left <= Self::PAUSE.num_milliseconds()
    }

    /// Whether the table can be used as it is: counts once and takes it back.
    pub async fn check(&self) -> Result<(), StoreError> {
        let limit = RequestLimit {
            max: 1,
            window: LONGEST_WINDOW,
        };
        let insert = self.insert("", limit, DateTime::UNIX_EPOCH);
        let transaction = self
            .connection
            .begin(TransactionOptions::default())
            .await
            .map_err(store_error)?;
        look(&transaction).await?;
        transaction.execute(&insert).await.map_err(store_error)?;
        transaction.rollback().await.map_err(store_error)
    }

    /// How many rows the statement changed.
    async fn execute(&self, insert: &InsertStatement) -> Result<u64, StoreError> {
        let outcome = self.connection.execute(insert).await.map_err(store_error);
        match outcome {
            Ok(outcome) => Ok(outcome.rows_affected()),
            Err(StoreError::Unavailable(cause)) => Err(StoreError::Unavailable(cause)),
            Err(_) => {
                let transaction = self
                    .connection
                    .begin(TransactionOptions::default())
                    .await
                    .map_err(store_error)?;
                look(&transaction).await?;
                let outcome = transaction.execute(insert).await.map_err(store_error)?;
                transaction.commit().await.map_err(store_error)?;
                Ok(outcome.rows_affected())
            }
        }
    }

    /// The rule of [`RequestLimit::decide`], as one statement. It changes no row if the request is blocked.
    fn insert(&self, key: &str, limit: RequestLimit, now: DateTime<Utc>) -> InsertStatement {
        let (millis, window) = (now.timestamp_millis(), limit.window.num_milliseconds());
        let present = |column: Column| Expr::col((Entity, column));
        let is_recent = || {
            Condition::all()
                .add(present(Column::LastRequest).gt(millis - window))
                .add(present(Column::LastRequest).lt(millis + window))
        };
        let count = CaseStatement::new()
            .case(is_recent(), present(Column::Count).add(1))
            .finally(1);
        let max = i32::try_from(limit.max).unwrap_or(i32::MAX);
        let may = Condition::any()
            .add(present(Column::Count).lt(max))
            .add(is_recent().not());
        let one_more = OnConflict::column(Column::Key)
            .value(Column::Count, count)
            .value(Column::LastRequest, millis)
            .action_cond_where(may)
            .to_owned();
        Query::insert()
            .into_table(Entity)
            .columns([Column::Id, Column::Key, Column::Count, Column::LastRequest])
            .values_panic([
                mint_id(now, &*self.entropy).into(),
                key.into(),
                1.into(),
                millis.into(),
            ])
            .on_conflict(one_more)
            .to_owned()
    }

    async fn count(
        &self,
        key: &str,
        limit: RequestLimit,
        now: DateTime<Utc>,
    ) -> Result<Decision, StoreError> {
        let insert = self.insert(key, limit, now);
        if self.execute(&insert).await? > 0 {
            return Ok(Decision::Allowed);
        }
        // Blocked. For how long is read apart: it decides nothing.
        let last = Query::select()
            .column(Column::LastRequest)
            .from(Entity)
            .and_where(Column::Key.eq(key))
            .to_owned();
        let row = self.connection.query_one(&last).await.map_err(store_error)?;
        let last = row
            .map(|row| row.try_get::<i64>("", "lastRequest"))
            .transpose()
            .map_err(store_error)?;
        let last = last.and_then(moment_of_millis).unwrap_or(now);
        Ok(limit.blocked(last, now))
    }
}

/// Reads from the table. A connection of SQLite that was open before the migration built an index learns of it by that: before,
/// it refuses `ON CONFLICT`.
async fn look(connection: &impl ConnectionTrait) -> Result<(), StoreError> {
    let any = Query::select()
        .column(Column::Key)
        .from(Entity)
        .limit(1)
        .to_owned();
    connection.query_one(&any).await.map(drop).map_err(store_error)
}

#[async_trait]
impl RateLimiter for SeaRateLimiter {
    async fn take(&self, key: &str, limit: RequestLimit, now: DateTime<Utc>) -> Decision {
        if self.is_away(now) {
            return self.local.take(key, limit, now).await;
        }
        match self.count(key, limit, now).await {
            Ok(decision) => decision,
            Err(error) => {
                tracing::warn!(error = %ErrorChain(&error), "rate limits are counted in memory");
                let until = now + Self::PAUSE;
                self.away_until.store(until.timestamp_millis(), Ordering::Relaxed);
                self.local.take(key, limit, now).await
            }
        }
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let old = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::LastRequest.lt(before.timestamp_millis()))
            .limit(limit)
            .to_owned();
        let delete = Entity::delete_many().filter(Column::Id.in_subquery(old));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

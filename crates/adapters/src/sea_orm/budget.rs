use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetRepository, PeriodStart, Spending, Spent};
use doorward_domain::{Changed, Removed, StoreError};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, Condition, Expr, ExprTrait, OnConflict, Query, SimpleExpr};

use super::SeaRepositories;
use super::error::store_error;
use super::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_budget", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub owner: String,
    pub used: i32,
    pub not_before: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Spent {
    fn from(row: Model) -> Self {
        Self {
            used: u32::try_from(row.used).unwrap_or_default(),
            not_before: row.not_before.moment(),
            expires_at: row.expires_at.moment(),
        }
    }
}

/// A number of times as the column holds it.
fn times(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A column of the row that is there. Its bare name could be that of the new one as well.
fn present(column: Column) -> Expr {
    Expr::col((Entity, column))
}

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// When the next is granted after `used`, which is an expression.
    fn not_before(&self, used: impl Fn() -> SimpleExpr, budget: &Budget, now: DateTime<Utc>) -> SimpleExpr {
        let mut steps = budget.steps().into_iter().map(|(from, delay)| {
            let holds = used().gte(times(from));
            (holds, Expr::value(self.at(now + delay)))
        });
        let now = Expr::value(self.at(now));
        let Some((holds, until)) = steps.next() else {
            return now;
        };
        let first = CaseStatement::new().case(holds, until);
        let all = steps.fold(first, |cases, (holds, until)| cases.case(holds, until));
        all.finally(now).into()
    }

    /// What a conflict makes of the row that is there: the rule of [`Budget::spend`], as one statement.
    fn spend_on(&self, full: Spent, budget: &Budget, now: DateTime<Utc>) -> OnConflict {
        let is_over = || present(Column::ExpiresAt).lte(self.at(now));
        let one_more = || present(Column::Used).add(1);
        let anew = |then: SimpleExpr, otherwise: SimpleExpr| -> SimpleExpr {
            CaseStatement::new()
                .case(is_over(), then)
                .finally(otherwise)
                .into()
        };
        let expires_at = Expr::value(self.at(full.expires_at));
        let goes_on = match budget.starts {
            PeriodStart::First => present(Column::ExpiresAt),
            PeriodStart::Last => expires_at.clone(),
        };
        let may = Condition::any().add(is_over()).add(
            Condition::all()
                .add(present(Column::Used).lt(times(budget.max)))
                .add(present(Column::NotBefore).lte(self.at(now))),
        );
        OnConflict::column(Column::Id)
            .value(Column::Used, anew(Expr::value(1), one_more()))
            .value(
                Column::NotBefore,
                anew(
                    Expr::value(self.at(full.not_before)),
                    self.not_before(one_more, budget, now),
                ),
            )
            .value(Column::ExpiresAt, anew(expires_at, goes_on))
            .action_cond_where(may)
            .to_owned()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> BudgetRepository for SeaRepositories<C> {
    async fn spend(
        &self,
        key: &BudgetKey,
        budget: &Budget,
        now: DateTime<Utc>,
    ) -> Result<Spending, StoreError> {
        let retry_after = match budget.spend(None, now) {
            Ok(full) => {
                let statement = Query::insert()
                    .into_table(Entity)
                    .columns([
                        Column::Id,
                        Column::Owner,
                        Column::Used,
                        Column::NotBefore,
                        Column::ExpiresAt,
                    ])
                    .values_panic([
                        key.id().into(),
                        key.owner().into(),
                        times(full.used).into(),
                        Expr::value(self.at(full.not_before)),
                        Expr::value(self.at(full.expires_at)),
                    ])
                    .on_conflict(self.spend_on(full, budget, now))
                    .returning_col(Column::Used)
                    .to_owned();
                let row = self.connection.query_one(&statement).await.map_err(store_error)?;
                if let Some(row) = row {
                    let used: i32 = row.try_get("", "used").map_err(store_error)?;
                    return Ok(Spending::Granted {
                        used: u32::try_from(used).unwrap_or_default(),
                    });
                }
                // Refused. How long to wait is read apart: it decides nothing.
                let found = self.row(Entity::find_by_id(key.id())).await?;
                found.map_or(budget.period, |row| budget.wait(&row.into(), now))
            }
            Err(retry_after) => retry_after,
        };
        Ok(Spending::Refused { retry_after })
    }

    async fn refund(&self, key: &BudgetKey, used: u32, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        // The last one takes the row with it.
        let delete = Entity::delete_many()
            .filter(Column::Id.eq(key.id()))
            .filter(Column::Used.lte(1));
        let deleted = delete.exec(&self.connection).await.map_err(store_error)?;
        if deleted.rows_affected > 0 {
            return Ok(Changed::Applied);
        }
        let wait = CaseStatement::new()
            .case(present(Column::Used).eq(times(used)), Expr::value(self.at(now)))
            .finally(present(Column::NotBefore));
        let update = Entity::update_many()
            .col_expr(Column::NotBefore, wait.into())
            .col_expr(Column::Used, present(Column::Used).sub(1))
            .filter(Column::Id.eq(key.id()));
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }

    async fn reset(&self, key: &BudgetKey) -> Result<Removed, StoreError> {
        let delete = Entity::delete_many().filter(Column::Id.eq(key.id()));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(Removed::by_count(outcome.rows_affected))
    }

    async fn reset_all(&self, key: &BudgetKey) -> Result<u64, StoreError> {
        let delete = Entity::delete_many().filter(Column::Owner.eq(key.owner()));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let expired = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::ExpiresAt.lte(self.at(now)))
            .limit(limit)
            .to_owned();
        let delete = Entity::delete_many().filter(Column::Id.in_subquery(expired));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::rate_limit::{Budget, BudgetKey, BudgetRepository, Spending, Spent};
use doorward_domain::{Changed, Removed, StoreError};

use super::store::{Access, MemoryRepositories, purge_expired, remove};
use super::tables::SpentBudget;

#[async_trait]
impl<A: Access> BudgetRepository for MemoryRepositories<A> {
    async fn spend(
        &self,
        key: &BudgetKey,
        budget: &Budget,
        now: DateTime<Utc>,
    ) -> Result<Spending, StoreError> {
        Ok(self
            .write(|tables| {
                let mut rows = tables.budgets.iter_mut();
                let row = rows.find(|row| row.key == *key);
                let spent = match budget.spend(row.as_deref().map(|row| &row.spent), now) {
                    Ok(spent) => spent,
                    Err(retry_after) => return Spending::Refused { retry_after },
                };
                match row {
                    Some(row) => row.spent = spent,
                    None => tables.budgets.push(SpentBudget {
                        key: key.clone(),
                        spent,
                    }),
                }
                Spending::Granted { used: spent.used }
            })
            .await)
    }

    async fn refund(&self, key: &BudgetKey, used: u32, now: DateTime<Utc>) -> Result<Changed, StoreError> {
        Ok(self
            .write(|tables| {
                let position = tables.budgets.iter().position(|row| row.key == *key);
                let Some(position) = position else {
                    return Changed::Stale;
                };
                let spent = &mut tables.budgets[position].spent;
                if spent.used <= 1 {
                    tables.budgets.remove(position);
                    return Changed::Applied;
                }
                let Spent { not_before, .. } = *spent;
                spent.not_before = if spent.used == used { now } else { not_before };
                spent.used -= 1;
                Changed::Applied
            })
            .await)
    }

    async fn reset(&self, key: &BudgetKey) -> Result<Removed, StoreError> {
        let removed = self
            .write(|tables| remove(&mut tables.budgets, |row| row.key == *key))
            .await;
        Ok(Removed::by_count(removed))
    }

    async fn reset_all(&self, key: &BudgetKey) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| remove(&mut tables.budgets, |row| row.key.owner() == key.owner()))
            .await)
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| purge_expired(&mut tables.budgets, limit, |row| row.spent.expires_at <= now))
            .await)
    }
}

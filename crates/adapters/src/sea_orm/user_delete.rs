//! The end of users: with all that is theirs, at once or when their time to be restored is over.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use doorward_domain::{StoreError, UserId};
use sea_orm::sea_query::{Condition, LockBehavior, LockType};
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement, TransactionTrait,
};

use super::SeaRepositories;
use super::audit;
use super::device;
use super::error::{is_held, refusal, store_error};
use super::row::user_row::{Column, Entity};
use super::row::{account_row, session_row, verification_row};

/// The tables of SQLite whose rows refer to users, but those that are emptied with the user.
const REFERRERS: &str = r#"SELECT DISTINCT m."name" FROM sqlite_master m, pragma_foreign_key_list(m."name") f
    WHERE m."type" = 'table' AND f."table" = 'user' AND m."name" NOT IN ('session', 'account', 'doorward_device')"#;

/// How many users are remembered at most as told of.
const MOST_TOLD: usize = 10_000;

impl<C: ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction>> SeaRepositories<C> {
    /// Removes these users and all that is theirs, also where an imported schema does not cascade (DT-2).
    ///
    /// All or nothing, also without a transaction around it; and from the moment they are found nobody can restore them.
    pub(super) async fn delete_users(&self, which: Select<Entity>) -> Result<u64, DbErr> {
        let tx = self.begin_part().await?;
        let ids = which.select_only().column(Column::Id).into_tuple::<String>();
        let ids = ids.all(&tx).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let theirs = Condition::any()
            .add(verification_row::Column::UserId.is_in(&ids))
            .add(verification_row::Column::Value.is_in(&ids));
        let verifications = verification_row::Entity::delete_many().filter(theirs);
        verifications.exec(&tx).await?;
        let sessions = session_row::Entity::delete_many().filter(session_row::Column::UserId.is_in(&ids));
        sessions.exec(&tx).await?;
        let accounts = account_row::Entity::delete_many().filter(account_row::Column::UserId.is_in(&ids));
        accounts.exec(&tx).await?;
        audit::erase_personal_data(&tx, &ids).await?;
        let devices = device::Entity::delete_many().filter(device::Column::UserId.is_in(&ids));
        devices.exec(&tx).await?;
        let users = Entity::delete_many().filter(Column::Id.is_in(&ids));
        let users = users.exec(&tx).await?;
        tx.commit().await?;
        self.traces.leave();
        Ok(users.rows_affected)
    }

    /// Removes users whose time to be restored is over, each alone: one whom a row of others holds does not keep the rest.
    ///
    /// Only those whom Doorward deleted: it keeps their address in `deletedEmail`. A `deletedAt` that a team fills itself says
    /// nothing of what may be removed.
    pub(super) async fn purge_users(
        &self,
        before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let due = Entity::find()
            .filter(Column::DeletedAt.lt(self.at(before)))
            .filter(self.is_understood(Column::DeletedAt))
            .filter(Column::DeletedEmail.is_not_null());
        self.traces.sweep();
        let (mut purged, mut last) = (Vec::new(), None::<String>);
        loop {
            let wanted = limit.saturating_sub(u64::try_from(purged.len()).unwrap_or(u64::MAX));
            if wanted == 0 {
                break;
            }
            let mut page = due.clone().select_only().column(Column::Id);
            if let Some(last) = &last {
                page = page.filter(Column::Id.gt(last.as_str()));
            }
            let page = page.order_by_asc(Column::Id).limit(wanted);
            let ids = page.into_tuple::<String>().all(&self.connection).await;
            let ids = ids.map_err(store_error)?;
            if ids.is_empty() {
                break;
            }
            for id in &ids {
                let mut user = due.clone().filter(Column::Id.eq(id));
                if self.is_postgres() {
                    // A user whom another transaction restores or purges now is skipped.
                    user = user.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
                }
                match self.delete_users(user).await {
                    Ok(0) => {}
                    Ok(_) => purged.push(UserId::from_stored(id.as_str())),
                    Err(error) if is_held(&error) => self.tell_of_held(id, &error).await,
                    Err(error) => return Err(store_error(error)),
                }
            }
            last = ids.into_iter().next_back();
        }
        Ok(purged)
    }

    /// Once of each user. PostgreSQL names the table in its message; of SQLite it has to be found out.
    async fn tell_of_held(&self, user: &str, error: &DbErr) {
        if !self.is_told_first(user) {
            return;
        }
        let mut tables = Vec::<String>::new();
        if !self.is_postgres() {
            let statement = Statement::from_string(self.connection.get_database_backend(), REFERRERS);
            let rows = self.connection.query_all_raw(statement).await.unwrap_or_default();
            tables = rows.iter().flat_map(|row| row.try_get_by_index(0)).collect();
        }
        tracing::warn!(
            user,
            error = refusal(error).map(DatabaseError::message),
            ?tables,
            "a deleted user is kept, for rows of another table refer to the user; remove those rows, or let the reference cascade"
        );
    }

    fn is_told_first(&self, user: &str) -> bool {
        let mut told = self.told_of_held.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        told.insert(user.to_owned())
    }
}

use doorward_domain::{StoreError, UserId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::sync::OnceCell;

use super::SeaRepositories;
use super::error::store_error;

/// Whether the table `user` has the column of Better Auth's two-factor plugin. Asked once.
#[derive(Debug, Default)]
pub(super) struct TwoFactorColumn(OnceCell<bool>);

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// Whether the user enrolled a second factor; false where no such column exists.
    pub(super) async fn is_enrolled(&self, id: &UserId) -> Result<bool, StoreError> {
        let known = self.two_factor.0.get_or_try_init(|| self.has_two_factor_column());
        if !*known.await? {
            return Ok(false);
        }
        let backend = self.connection.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => r#"SELECT 1 FROM "user" WHERE "id" = $1 AND "twoFactorEnabled""#,
            _ => r#"SELECT 1 FROM "user" WHERE "id" = ? AND "twoFactorEnabled""#,
        };
        let statement = Statement::from_sql_and_values(backend, sql, [id.as_str().into()]);
        let row = self
            .connection
            .query_one_raw(statement)
            .await
            .map_err(store_error)?;
        Ok(row.is_some())
    }

    async fn has_two_factor_column(&self) -> Result<bool, StoreError> {
        let backend = self.connection.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => {
                "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() \
                 AND table_name = 'user' AND column_name = 'twoFactorEnabled'"
            }
            _ => "SELECT 1 FROM pragma_table_info('user') WHERE name = 'twoFactorEnabled'",
        };
        let statement = Statement::from_string(backend, sql);
        let row = self
            .connection
            .query_one_raw(statement)
            .await
            .map_err(store_error)?;
        Ok(row.is_some())
    }
}

use doorward_domain::{StoreError, UserId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::SeaRepositories;
use super::error::store_error;
use super::schema::has_column;

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// Whether the user enrolled a second factor; false where no such column exists.
    pub(super) async fn is_enrolled(&self, id: &UserId) -> Result<bool, StoreError> {
        let look = || has_column(&self.connection, "user", "twoFactorEnabled");
        let has = self.two_factor.get_or_try_init(look).await.map_err(store_error)?;
        if !*has {
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
}

use doorward_domain::{StoreError, UserId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::SeaRepositories;
use super::error::store_error;
use super::schema::{SECOND_FACTOR_IS_ON, has_column};

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// Whether the user enrolled a second factor; false where no such column exists.
    ///
    /// The column is looked for each time: Better Auth, running beside, may add it at any time.
    pub(super) async fn is_enrolled(&self, id: &UserId) -> Result<bool, StoreError> {
        let has = has_column(&self.connection, "user", "twoFactorEnabled").await;
        if !has.map_err(store_error)? {
            return Ok(false);
        }
        let backend = self.connection.get_database_backend();
        let parameter = match backend {
            DbBackend::Postgres => "$1",
            _ => "?",
        };
        let sql = format!(r#"SELECT 1 FROM "user" WHERE "id" = {parameter} AND {SECOND_FACTOR_IS_ON}"#);
        let statement = Statement::from_sql_and_values(backend, sql, [id.as_str().into()]);
        let row = self
            .connection
            .query_one_raw(statement)
            .await
            .map_err(store_error)?;
        Ok(row.is_some())
    }
}

//! Rows read one by one, so that one that cannot be read is an error with a name and never an absent row.

use doorward_domain::{Inconsistent, StoreError};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult as _, QueryResult, QuerySelect, QueryTrait, Select,
};

use super::SeaRepositories;
use super::error::store_error;

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// All rows that a query finds.
    pub(super) async fn rows<E: EntityTrait>(&self, select: Select<E>) -> Result<Vec<E::Model>, StoreError> {
        let statement = select.build(self.connection.get_database_backend());
        let rows = self
            .connection
            .query_all_raw(statement)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| decode::<E>(row, "")).collect()
    }

    /// The first row that a query finds.
    pub(super) async fn row<E: EntityTrait>(
        &self,
        select: Select<E>,
    ) -> Result<Option<E::Model>, StoreError> {
        let row = self.raw_row(&select.limit(1)).await?;
        row.map(|row| decode::<E>(&row, "")).transpose()
    }

    /// The first row that a query finds, not yet decoded. The query has to end after it, by `LIMIT`.
    pub(super) async fn raw_row(
        &self,
        select: &(impl QueryTrait + Sync),
    ) -> Result<Option<QueryResult>, StoreError> {
        let statement = select.build(self.connection.get_database_backend());
        self.connection
            .query_one_raw(statement)
            .await
            .map_err(store_error)
    }
}

/// Reads a row whose columns have this prefix. Not `select_also` or `find_also_related` of sea-orm: there, whatever is wrong
/// with the second entity makes it absent.
pub(super) fn decode<E: EntityTrait>(row: &QueryResult, prefix: &str) -> Result<E::Model, StoreError> {
    E::Model::from_query_result(row, prefix).map_err(|error| {
        let id = row.try_get::<String>(prefix, "id");
        StoreError::Failed(Box::new(Inconsistent {
            table: E::default().table_name(),
            column: column_of(&error, prefix),
            id: id.unwrap_or_else(|_| "?".to_owned()),
            source: Box::new(error),
        }))
    })
}

/// The column that the error is about. Both sea-orm and the driver put its name in quotes.
fn column_of(error: &DbErr, prefix: &str) -> String {
    let text = error.to_string();
    let name = text.split(['"', '\'']).nth(1).unwrap_or("?");
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

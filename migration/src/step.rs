use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;

use crate::schema::Schema;

/// A step of the schema, forward only.
///
/// On PostgreSQL each of its statements is committed by itself, and the process may die between any two of them: what is there
/// already must be no obstacle when the step is taken again.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    /// By which the book knows it.
    fn name(&self) -> &'static str;

    /// Takes it.
    async fn up(&self, schema: &Schema) -> Result<(), DbErr>;
}

//! The table, as a migration into the server's own database.

use async_trait::async_trait;
use doorward_migration::sea_orm_migration::sea_orm::DbErr;
use doorward_migration::sea_orm_migration::sea_orm::sea_query::{ColumnDef, Table};
use doorward_migration::sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// Makes the table of patients.
pub(crate) struct MakePatients;

impl MigrationName for MakePatients {
    fn name(&self) -> &'static str {
        "patients"
    }
}

#[async_trait]
impl MigrationTrait for MakePatients {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().take();
        let table = Table::create()
            .table("clinic_patient")
            .col(text("id").not_null().primary_key())
            .col(text("name").not_null())
            .col(text("email").not_null())
            .col(text("doctor_id"))
            .col(ColumnDef::new("discharged_at").big_integer())
            .take();
        manager.create_table(table).await
    }
}

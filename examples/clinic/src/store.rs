//! The port answered: patients in the server's database, in the transaction of the use-case.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_adapters::sea_orm::SeaTransaction;
use doorward_domain::user::Email;
use doorward_domain::{Changed, Locked, StoreError, Transaction, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, QuerySelect, QueryTrait, Set};

use crate::patient::{Patient, Patients};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "clinic_patient")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: String,
        pub(super) name: String,
        pub(super) email: String,
        pub(super) doctor_id: Option<String>,
        /// Milliseconds since 1970, which both databases compare and keep alike.
        pub(super) discharged_at: Option<i64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Patients in the database.
pub(crate) struct SeaPatients;

fn connection(tx: &dyn Transaction) -> Result<&DatabaseTransaction, StoreError> {
    SeaTransaction::of(tx).ok_or_else(|| StoreError::Failed("patients need the shipped store".into()))
}

fn failed(error: DbErr) -> StoreError {
    StoreError::Failed(error.into())
}

#[async_trait]
impl Patients for SeaPatients {
    async fn insert(&self, tx: &dyn Transaction, patient: &Patient) -> Result<(), StoreError> {
        let Patient {
            id,
            name,
            email,
            doctor,
            discharged_at,
        } = patient.clone();
        let row = row::ActiveModel {
            id: Set(id),
            name: Set(name),
            email: Set(email.to_string()),
            doctor_id: Set(doctor.map(|doctor| doctor.to_string())),
            discharged_at: Set(discharged_at.map(|at| at.timestamp_millis())),
        };
        let insert = row::Entity::insert(row).exec_without_returning(connection(tx)?);
        insert.await.map_err(failed).map(drop)
    }

    async fn lock(&self, tx: &dyn Transaction, id: &str) -> Result<Option<Locked<Patient>>, StoreError> {
        // SQLite has one writer at a time, so that the whole transaction is a lock there.
        let query = row::Entity::find_by_id(id).lock_exclusive();
        let found = query.one(connection(tx)?).await.map_err(failed)?;
        Ok(found.map(|row| {
            let row::Model {
                id,
                name,
                email,
                doctor_id,
                discharged_at,
            } = row;
            Locked::by_store(Patient {
                id,
                name,
                email: Email::from_stored(email),
                doctor: doctor_id.map(UserId::from_stored),
                discharged_at: discharged_at.and_then(DateTime::from_timestamp_millis),
            })
        }))
    }

    async fn discharge(
        &self,
        tx: &dyn Transaction,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = row::Entity::update_many()
            .col_expr(row::Column::DischargedAt, Expr::value(at.timestamp_millis()))
            .filter(row::Column::Id.eq(id))
            .filter(row::Column::DischargedAt.is_null());
        let done = update.exec(connection(tx)?).await.map_err(failed)?;
        Ok(Changed::by_count(done.rows_affected))
    }

    async fn release(&self, tx: &dyn Transaction, doctor: &UserId) -> Result<(), StoreError> {
        let update = row::Entity::update_many()
            .col_expr(row::Column::DoctorId, Expr::value(None::<String>))
            .filter(row::Column::DoctorId.eq(doctor.as_str()));
        update.exec(connection(tx)?).await.map_err(failed).map(drop)
    }

    async fn forget(
        &self,
        tx: &dyn Transaction,
        before: DateTime<Utc>,
        most: u64,
    ) -> Result<u64, StoreError> {
        let query = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .filter(row::Column::DischargedAt.lt(before.timestamp_millis()))
            .limit(most)
            .into_query();
        let delete = row::Entity::delete_many().filter(row::Column::Id.in_subquery(query));
        let done = delete.exec(connection(tx)?).await.map_err(failed)?;
        Ok(done.rows_affected)
    }
}

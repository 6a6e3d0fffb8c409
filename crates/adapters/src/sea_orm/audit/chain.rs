//! The chain of sealed events on a database.

use chrono::{DateTime, Utc};
use doorward_domain::audit::{AuditEvent, Chain, EventProof, Link, SealedEvent};
use doorward_domain::{Changed, Inconsistent, Inserted, Locked, StoreError};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{QueryOrder, QuerySelect, QueryTrait as _, Set};

use super::{Column as EventColumn, Entity as Events, Model as EventModel};
use crate::sea_orm::SeaRepositories;
use crate::sea_orm::error::store_error;

/// The id of the only row.
const CHAIN: &str = "chain";

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_audit_chain", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub begin_seq: i64,
    pub begin_seal: String,
    pub end_seq: i64,
    pub end_seal: String,
    pub unsigned_until: Option<i64>,
    pub signature: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Chain {
    fn from(row: Model) -> Self {
        Self {
            begin: Link {
                seq: row.begin_seq,
                seal: row.begin_seal,
            },
            end: Link {
                seq: row.end_seq,
                seal: row.end_seal,
            },
            unsigned_until: row.unsigned_until,
            signature: row.signature,
        }
    }
}

impl From<&Chain> for ActiveModel {
    fn from(chain: &Chain) -> Self {
        let chain = chain.clone();
        Self {
            id: Set(CHAIN.to_owned()),
            begin_seq: Set(chain.begin.seq),
            begin_seal: Set(chain.begin.seal),
            end_seq: Set(chain.end.seq),
            end_seal: Set(chain.end.seal),
            unsigned_until: Set(chain.unsigned_until),
            signature: Set(chain.signature),
        }
    }
}

impl<C: ConnectionTrait> SeaRepositories<C> {
    pub(super) async fn chain(&self) -> Result<Option<Chain>, StoreError> {
        let row = self.row(Entity::find_by_id(CHAIN)).await?;
        Ok(row.map(Chain::from))
    }

    pub(super) async fn locked_chain(&self) -> Result<Option<Locked<Chain>>, StoreError> {
        let mut select = Entity::find_by_id(CHAIN);
        if self.is_postgres() {
            select = select.lock(LockType::Update);
        }
        let row = self.row(select).await?;
        Ok(row.map(|row| Locked::by_store(row.into())))
    }

    pub(super) async fn add_chain(&self, chain: &Chain) -> Result<Inserted, StoreError> {
        let insert = Entity::insert(ActiveModel::from(chain))
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned());
        let rows = insert
            .exec_without_returning(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(Inserted::by_count(rows))
    }

    pub(super) async fn change_chain(&self, from: &Chain, to: &Chain) -> Result<Changed, StoreError> {
        let update = Entity::update_many()
            .set(ActiveModel::from(to))
            .filter(Column::Id.eq(CHAIN))
            .filter(Column::Signature.eq(from.signature.as_str()));
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }

    pub(super) async fn unsealed(&self, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let mut select = Events::find()
            .filter(EventColumn::Seq.is_null())
            .order_by_asc(EventColumn::At)
            .order_by_asc(self.event_id())
            .limit(limit);
        if self.is_postgres() {
            // An event from which something is erased now is sealed next time.
            select = select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let rows = self.rows(select).await?;
        Ok(rows.into_iter().map(AuditEvent::from).collect())
    }

    pub(super) async fn seal_event(&self, event: &SealedEvent) -> Result<Changed, StoreError> {
        let proof = event.event.proof.as_ref();
        let salt = proof.and_then(|proof| proof.salt.clone());
        let commitment = proof.map(|proof| proof.commitment.clone());
        let update = Events::update_many()
            .col_expr(EventColumn::Seq, Expr::value(event.seq))
            .col_expr(EventColumn::Seal, Expr::value(event.seal.as_str()))
            .col_expr(EventColumn::Salt, Expr::value(salt))
            .col_expr(EventColumn::Commitment, Expr::value(commitment))
            .filter(EventColumn::Id.eq(event.event.id.as_str()))
            .filter(EventColumn::Seq.is_null());
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }

    pub(super) async fn sealed(&self, after: i64, limit: u64) -> Result<Vec<SealedEvent>, StoreError> {
        let select = Events::find()
            .filter(EventColumn::Seq.gt(after))
            .order_by_asc(EventColumn::Seq)
            .limit(limit);
        let rows = self.rows(select).await?;
        rows.into_iter().map(sealed_event).collect()
    }

    pub(super) async fn first_unsealed(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let select = Events::find()
            .filter(EventColumn::Seq.is_null())
            .order_by_asc(EventColumn::At)
            .order_by_asc(self.event_id());
        Ok(self.row(select).await?.map(|row| row.at.moment()))
    }

    pub(super) async fn number_of_unsealed(&self) -> Result<u64, StoreError> {
        Events::find()
            .filter(EventColumn::Seq.is_null())
            .count(&self.connection)
            .await
            .map_err(store_error)
    }

    pub(super) async fn remove_sealed(&self, seq: i64) -> Result<u64, StoreError> {
        let delete = Events::delete_many().filter(EventColumn::Seq.lte(seq));
        let outcome = delete.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

impl<C: ConnectionTrait> SeaRepositories<C> {
    pub(super) async fn take_proof(&self, id: &str) -> Result<Changed, StoreError> {
        let nothing = || Expr::value(None::<String>);
        let update = Events::update_many()
            .col_expr(EventColumn::Salt, nothing())
            .col_expr(EventColumn::Commitment, nothing())
            .col_expr(EventColumn::Signature, nothing())
            .filter(EventColumn::Id.eq(id));
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }

    pub(super) async fn take_seals(&self, limit: u64) -> Result<u64, StoreError> {
        let first = Events::find()
            .select_only()
            .column(EventColumn::Seq)
            .filter(EventColumn::Seq.is_not_null())
            .order_by_asc(EventColumn::Seq)
            .limit(limit)
            .into_query();
        let update = Events::update_many()
            .col_expr(EventColumn::Seq, Expr::value(None::<i64>))
            .col_expr(EventColumn::Seal, Expr::value(None::<String>))
            .filter(EventColumn::Seq.in_subquery(first));
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(outcome.rows_affected)
    }
}

/// What the proof of a row is, if it has one.
pub(super) fn proof(row: &EventModel) -> Option<EventProof> {
    Some(EventProof {
        salt: row.salt.clone(),
        commitment: row.commitment.clone()?,
        signature: row.signature.clone(),
    })
}

fn sealed_event(row: EventModel) -> Result<SealedEvent, StoreError> {
    let missing = |column: &str, id: &str| {
        StoreError::Failed(Box::new(Inconsistent {
            table: "doorward_audit_event",
            column: column.to_owned(),
            id: id.to_owned(),
            source: "a sealed event has none".into(),
        }))
    };
    let seq = row.seq.ok_or_else(|| missing("seq", &row.id))?;
    // Who removed the seal alone altered the event.
    let seal = row.seal.clone().unwrap_or_default();
    Ok(SealedEvent {
        event: row.into(),
        seq,
        seal,
    })
}

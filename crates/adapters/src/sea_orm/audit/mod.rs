//! The audit log on a database.

mod chain;
mod erase;
mod list;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::audit::{
    AuditEvent, AuditEventRepository, Chain, EventFilter, EventOrder, EventPosition, EventQuery, Involvement,
    SealedEvent,
};
use doorward_domain::{Changed, Inserted, Locked, SessionId, StoreError, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect, Set};

use super::SeaRepositories;
use super::error::store_error;
use super::timestamp::Timestamp;
pub(super) use erase::erase_personal_data;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "doorward_audit_event", rename_all = "camelCase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    pub at: Timestamp,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub session_id: Option<String>,
    pub impersonated_by: Option<String>,
    pub subject_id: Option<String>,
    pub request_id: String,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub outcome: String,
    pub details: Option<String>,
    pub salt: Option<String>,
    pub commitment: Option<String>,
    pub signature: Option<String>,
    pub seq: Option<i64>,
    pub seal: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for AuditEvent {
    fn from(row: Model) -> Self {
        Self {
            proof: chain::proof(&row),
            id: row.id,
            kind: row.kind,
            at: row.at.moment(),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            session_id: row.session_id.map(SessionId::from_stored),
            impersonated_by: row.impersonated_by.map(UserId::from_stored),
            subject_id: row.subject_id.map(UserId::from_stored),
            request_id: row.request_id,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            outcome: row.outcome,
            details: row.details,
        }
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> AuditEventRepository for SeaRepositories<C> {
    async fn insert(&self, event: &AuditEvent) -> Result<(), StoreError> {
        let event = event.clone();
        let proof = event.proof;
        let row = ActiveModel {
            id: Set(event.id),
            kind: Set(event.kind),
            at: Set(self.at(event.at)),
            actor_kind: Set(event.actor_kind),
            actor_id: Set(event.actor_id),
            session_id: Set(event.session_id.map(|id| id.to_string())),
            impersonated_by: Set(event.impersonated_by.map(|id| id.to_string())),
            subject_id: Set(event.subject_id.map(|id| id.to_string())),
            request_id: Set(event.request_id),
            ip_address: Set(event.ip_address),
            user_agent: Set(event.user_agent),
            outcome: Set(event.outcome),
            details: Set(event.details),
            salt: Set(proof.as_ref().and_then(|proof| proof.salt.clone())),
            commitment: Set(proof.as_ref().map(|proof| proof.commitment.clone())),
            signature: Set(proof.and_then(|proof| proof.signature)),
            seq: Set(None),
            seal: Set(None),
        };
        Entity::insert(row)
            .exec_without_returning(&self.connection)
            .await
            .map(drop)
            .map_err(store_error)
    }

    async fn list(&self, query: &EventQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.list_events(query).await
    }

    async fn list_by_subject(&self, subject: &UserId, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        let query = EventQuery {
            order: EventOrder::OldestFirst,
            ..EventQuery::newest(EventFilter::of_subject(subject), limit)
        };
        self.list_events(&query).await
    }

    async fn find_chain(&self) -> Result<Option<Chain>, StoreError> {
        self.chain().await
    }

    async fn lock_chain(&self) -> Result<Option<Locked<Chain>>, StoreError> {
        self.locked_chain().await
    }

    async fn insert_chain(&self, chain: &Chain) -> Result<Inserted, StoreError> {
        self.add_chain(chain).await
    }

    async fn update_chain(&self, from: &Chain, to: &Chain) -> Result<Changed, StoreError> {
        self.change_chain(from, to).await
    }

    async fn lock_unsealed(&self, limit: u64) -> Result<Vec<AuditEvent>, StoreError> {
        self.unsealed(limit).await
    }

    async fn seal(&self, event: &SealedEvent) -> Result<Changed, StoreError> {
        self.seal_event(event).await
    }

    async fn sealed_after(&self, seq: i64, limit: u64) -> Result<Vec<SealedEvent>, StoreError> {
        self.sealed(seq, limit).await
    }

    async fn oldest_unsealed(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.first_unsealed().await
    }

    async fn count_unsealed(&self) -> Result<u64, StoreError> {
        self.number_of_unsealed().await
    }

    async fn remove_through(&self, seq: i64) -> Result<u64, StoreError> {
        self.remove_sealed(seq).await
    }

    async fn remove_proof(&self, id: &str) -> Result<Changed, StoreError> {
        self.take_proof(id).await
    }

    async fn unseal(&self, limit: u64) -> Result<u64, StoreError> {
        self.take_seals(limit).await
    }

    async fn list_involving(
        &self,
        user: &UserId,
        involvement: Involvement,
        after: Option<EventPosition>,
        limit: u64,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let mut select = Entity::find().filter(involving(user, involvement));
        if let Some(EventPosition { at, id }) = after {
            let at = self.at(at);
            let later_of_that_moment = Condition::all().add(Column::At.eq(at)).add(Column::Id.gt(id));
            let later = Condition::any().add(Column::At.gt(at)).add(later_of_that_moment);
            // The first condition alone says where a scan of the index begins.
            select = select.filter(Column::At.gte(at)).filter(later);
        }
        let rows = select
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(rows.into_iter().map(AuditEvent::from).collect())
    }
}

/// The events in which a user is involved in this way, as [`Involvement::of`] has it. Each has an index of its own.
fn involving(user: &UserId, involvement: Involvement) -> Condition {
    let user = user.as_str();
    let is_not = |column: Column| Condition::any().add(column.is_null()).add(column.ne(user));
    let by_user = || {
        Condition::all()
            .add(Column::ActorKind.eq(AuditEvent::USER))
            .add(Column::ActorId.eq(user))
    };
    match involvement {
        Involvement::Subject => Condition::all().add(Column::SubjectId.eq(user)),
        Involvement::Actor => by_user().add(is_not(Column::SubjectId)),
        Involvement::Impersonator => Condition::all()
            .add(Column::ImpersonatedBy.eq(user))
            .add(is_not(Column::SubjectId))
            .add(
                Condition::any()
                    .add(Column::ActorKind.ne(AuditEvent::USER))
                    .add(is_not(Column::ActorId)),
            ),
    }
}

//! Connections whose statements are [watched over](Pulse).

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, Statement, TransactionOptions, TransactionTrait,
};

use super::error::is_unavailable;
use super::pulse::Pulse;

/// What runs statements, and nobody waits for without end.
#[derive(Clone, Debug)]
pub(super) struct Watched<C> {
    inner: C,
    /// None on SQLite, which is in this process.
    pulse: Option<Arc<Pulse>>,
}

impl<C> Watched<C> {
    pub(super) const fn new(inner: C, pulse: Option<Arc<Pulse>>) -> Self {
        Self { inner, pulse }
    }

    pub(super) const fn inner(&self) -> &C {
        &self.inner
    }

    /// Waits for the work, but not for a database that does not answer.
    pub(super) async fn watch<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let Some(pulse) = &self.pulse else {
            return work.await;
        };
        let silent = || DbErr::Conn(RuntimeErr::Internal("the database does not answer".to_owned()));
        pulse.watch(work).await.ok_or_else(silent)?
    }

    /// The same for a statement. What made it fail may have broken other connections.
    async fn run<T>(&self, work: impl Future<Output = Result<T, DbErr>> + Send) -> Result<T, DbErr> {
        let outcome = self.watch(work).await;
        if let (Some(pulse), Err(error)) = (&self.pulse, &outcome)
            && is_unavailable(error)
        {
            pulse.lose();
        }
        outcome
    }
}

impl Watched<DatabaseConnection> {
    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        self.run(Box::pin(self.inner.ping())).await
    }
}

impl<C: TransactionTrait> Watched<C> {
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<Watched<C::Transaction>, DbErr> {
        let begun = self.run(self.inner.begin_with_options(options)).await?;
        Ok(Watched::new(begun, self.pulse.clone()))
    }
}

impl Watched<DatabaseTransaction> {
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        let Self { inner, pulse } = self;
        Watched::new((), pulse).run(inner.commit()).await
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        let Self { inner, pulse } = self;
        Watched::new((), pulse).run(inner.rollback()).await
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Watched<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(self.inner.query_all_raw(statement)).await
    }
}

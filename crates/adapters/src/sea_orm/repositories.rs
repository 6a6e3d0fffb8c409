use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::{
    ForwardRepositories, Repositories, RequestContext, RequestFacts, Store, StoreError, Transaction,
};
use doorward_migration::{MigrateError, ModuleMigrations};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IdenStatic,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::ExtraColumns;
use super::error::store_error;
use super::pulse::Pulse;
use super::sqlite_file::InUse;
use super::timestamp::Timestamp;
use super::traces::Traces;
use super::watched::Watched;

/// Every repository over whatever runs statements.
#[derive(Debug)]
pub struct SeaRepositories<C> {
    pub(super) connection: Watched<C>,
    /// The columns an application added.
    pub(super) extra: Arc<ExtraColumns>,
    /// What modules keep in the database.
    modules: Arc<Vec<ModuleMigrations>>,
    /// How to connect for migrations, if not as for requests.
    migrating: Option<Migrating>,
    /// That the file is in use, where the database is one.
    in_use: Option<Arc<InUse>>,
    pub(super) traces: Traces,
    /// The deleted users whom rows of others hold, as far as that was told.
    pub(super) told_of_held: Arc<Mutex<HashSet<String>>>,
}

/// How to connect for migrations, whose statements have no time limit. Not printed: the URL may hold a password.
#[derive(Clone)]
struct Migrating(sea_orm::ConnectOptions);

impl fmt::Debug for Migrating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Migrating")
    }
}

/// The store on a pool of connections.
pub type SeaStore = SeaRepositories<DatabaseConnection>;

/// All repositories in one transaction, and the request on whose behalf it writes.
#[derive(Debug)]
pub struct SeaTransaction {
    repositories: SeaRepositories<DatabaseTransaction>,
    /// The connections of the store.
    pool: Watched<DatabaseConnection>,
    request: RequestFacts,
}

impl SeaStore {
    /// A store on an open database.
    #[must_use]
    pub fn new(connection: DatabaseConnection) -> Self {
        Self {
            connection: Watched::new(connection, None),
            extra: Arc::default(),
            modules: Arc::default(),
            migrating: None,
            in_use: None,
            traces: Traces::of_store(),
            told_of_held: Arc::default(),
        }
    }

    /// The same store, which does not wait for a database that does not answer.
    pub(super) fn watched_by(self, pulse: Arc<Pulse>) -> Self {
        Self {
            connection: Watched::new(self.connection.inner().clone(), Some(pulse)),
            ..self
        }
    }

    /// The same store, which keeps this mark on its file.
    pub(super) fn using(self, mark: Option<InUse>) -> Self {
        Self {
            in_use: mark.map(Arc::new),
            ..self
        }
    }

    /// The same store, which connects like this to migrate.
    pub(super) fn migrating_by(self, options: sea_orm::ConnectOptions) -> Self {
        Self {
            migrating: Some(Migrating(options)),
            ..self
        }
    }

    /// The same store with columns that an application adds. [`migrate`](Self::migrate) makes those that are missing.
    #[must_use]
    pub fn with_extra(self, extra: ExtraColumns) -> Self {
        Self {
            extra: Arc::new(extra),
            ..self
        }
    }

    /// The same store, whose [`migrate`](Self::migrate) takes the steps of these modules, too.
    #[must_use]
    pub fn with_modules(self, modules: Vec<ModuleMigrations>) -> Self {
        Self {
            modules: Arc::new(modules),
            ..self
        }
    }

    /// The connections of the store.
    #[must_use]
    pub const fn connection(&self) -> &DatabaseConnection {
        self.connection.inner()
    }

    /// The same connections, whose statements are watched over.
    pub(super) const fn watched(&self) -> &Watched<DatabaseConnection> {
        &self.connection
    }

    /// The names of the steps and of the columns that the schema lacks.
    pub async fn pending(&self) -> Result<Vec<String>, MigrateError> {
        let connection = self.connection();
        let steps = doorward_migration::pending(connection).await?;
        let missing = doorward_migration::missing_columns(connection, &self.extra.added()).await?;
        let modules = doorward_migration::pending_of_modules(connection, &self.modules).await?;
        Ok([steps, missing, modules].concat())
    }

    /// Brings the schema up to date and answers the names of the steps that took, and of the columns it made.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let Some(Migrating(options)) = &self.migrating else {
            return self.migrate_on(self.connection()).await;
        };
        let connection = Database::connect(options.clone()).await?;
        let outcome = self.migrate_on(&connection).await;
        // What was done is committed: a connection that cannot be closed properly changes none of it.
        connection.close().await.ok();
        outcome
    }

    async fn migrate_on(&self, connection: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
        let steps = doorward_migration::migrate(connection).await?;
        let made = doorward_migration::add_columns(connection, &self.extra.added()).await?;
        let modules = doorward_migration::migrate_modules(connection, &self.modules).await?;
        Ok([steps, made, modules].concat())
    }
}

impl SeaTransaction {
    /// The database transaction behind `tx`, below all layers that [know what they wrap](Transaction::underlying), for a team
    /// that writes tables of its own in it; none on another store.
    #[must_use]
    pub fn of(tx: &dyn Transaction) -> Option<&DatabaseTransaction> {
        let any: &dyn Any = tx;
        match any.downcast_ref::<Self>() {
            Some(tx) => Some(tx.repositories.connection.inner()),
            None => Self::of(tx.underlying()?),
        }
    }
}

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// A moment in the form this database keeps.
    pub(super) fn at(&self, moment: DateTime<Utc>) -> Timestamp {
        Timestamp::new(moment, self.connection.get_database_backend())
    }

    /// Whether a column holds a moment in a form whose comparison means what it should. What is not understood must not be
    /// removed for being old.
    ///
    /// On SQLite every number is less than every text, and texts compare as moments in one form only. On PostgreSQL a
    /// `timestamp` without time zone may be of any zone, and `-infinity` is no moment.
    pub(super) fn is_understood(&self, column: impl IdenStatic) -> SimpleExpr {
        const DATE: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*";
        let name = column.as_str();
        Expr::cust(if self.is_postgres() {
            format!(r#"(pg_typeof("{name}") = 'timestamptz'::regtype AND isfinite("{name}"))"#)
        } else {
            format!(
                r#"(typeof("{name}") = 'text' AND ("{name}" GLOB '{DATE}Z' OR "{name}" GLOB '{DATE}+00:00'))"#
            )
        })
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Postgres
    }
}

impl<C: TransactionTrait> SeaRepositories<C> {
    /// Begins a transaction that may write; within another, a part that can be undone alone.
    pub(super) async fn begin_part(&self) -> Result<Watched<C::Transaction>, DbErr> {
        // On SQLite a transaction that reads first and writes then would fail when another wrote in between; one that
        // announces that it writes waits for its turn instead.
        let mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions {
            sqlite_transaction_mode: mode,
            ..TransactionOptions::default()
        };
        self.connection.begin(options).await
    }
}

impl<C> Repositories for SeaRepositories<C>
where
    C: ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction> + Send + Sync + 'static,
{
    doorward_domain::own_repositories!();
}

impl ForwardRepositories for SeaTransaction {
    fn behind(&self) -> &dyn Repositories {
        &self.repositories
    }
}

#[async_trait]
impl Store for SeaStore {
    async fn begin(&self, request: &RequestContext) -> Result<Box<dyn Transaction>, StoreError> {
        let connection = self.begin_part().await.map_err(store_error)?;
        Ok(Box::new(SeaTransaction {
            repositories: SeaRepositories {
                connection,
                extra: self.extra.clone(),
                modules: self.modules.clone(),
                migrating: None,
                in_use: self.in_use.clone(),
                traces: self.traces.of_transaction(),
                told_of_held: self.told_of_held.clone(),
            },
            pool: self.connection.clone(),
            request: request.facts(),
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.connection.ping().await.map_err(store_error)
    }

    async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        let pending = doorward_migration::pending(self.connection());
        match self.connection.watch(pending).await {
            Ok(missing) => Ok(missing.is_empty()),
            // A node of a newer version was here. This one goes on until it is replaced.
            Err(MigrateError::Newer(_) | MigrateError::NewerModule { .. }) => Ok(true),
            Err(error) => Err(StoreError::Unavailable(error.into())),
        }
    }
}

#[async_trait]
impl Transaction for SeaTransaction {
    fn request(&self) -> &RequestFacts {
        &self.request
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let SeaRepositories {
            connection, traces, ..
        } = self.repositories;
        connection.commit().await.map_err(store_error)?;
        traces.after_commit(self.pool).await;
        Ok(())
    }
}

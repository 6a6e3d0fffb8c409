//! What steps can do to a schema, on both databases.

use sea_orm_migration::sea_orm::sea_query::{
    ColumnDef, PostgresQueryBuilder, SchemaStatementBuilder, SqliteQueryBuilder, Table, TableCreateStatement,
};
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::catalog::{IndexState, has_column, has_table, index_state, rows};
use crate::session::MigrationSession;

/// The table that names the steps taken.
pub(crate) const VERSION_TABLE: &str = "doorward_migration";

/// A schema that one process changes at a time.
#[derive(Debug)]
pub(crate) enum Schema {
    /// All in one transaction.
    Sqlite(DatabaseTransaction),
    /// Each statement by itself, so that nobody waits for the next one.
    Postgres(MigrationSession),
}

impl Schema {
    /// Waits until nobody else changes the schema.
    pub(crate) async fn open(database: &DatabaseConnection) -> Result<Self, DbErr> {
        if database.get_database_backend() == DbBackend::Postgres {
            return Ok(Self::Postgres(Box::pin(MigrationSession::open(database)).await?));
        }
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Self::Sqlite(database.begin_with_options(options).await?))
    }

    /// Keeps what was done, and lets others change the schema. Dropped without this, on SQLite nothing was done.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(session) => session.close().await,
        }
    }

    pub(crate) const fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    pub(crate) async fn query(&self, query: &str) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(transaction) => rows(transaction, query).await,
            Self::Postgres(session) => rows(session.connection(), query).await,
        }
    }

    pub(crate) async fn has_table(&self, table: &str) -> Result<bool, DbErr> {
        match self {
            Self::Sqlite(transaction) => has_table(transaction, table).await,
            Self::Postgres(session) => has_table(session.connection(), table).await,
        }
    }

    pub(crate) async fn has_column(&self, table: &str, column: &str) -> Result<bool, DbErr> {
        match self {
            Self::Sqlite(transaction) => has_column(transaction, table, column).await,
            Self::Postgres(session) => has_column(session.connection(), table, column).await,
        }
    }

    /// Runs statements that change tables, all of them or none, and answers how many rows the last one changed.
    pub(crate) async fn change(&self, statements: &str) -> Result<u64, DbErr> {
        match self {
            Self::Sqlite(transaction) => {
                let done = transaction.execute_unprepared(statements).await?;
                Ok(done.rows_affected())
            }
            // Boxed, as below: the futures of steps nest so deeply that the compiler gives up on what awaits them.
            Self::Postgres(session) => Box::pin(session.change(statements)).await,
        }
    }

    /// Makes a table. On PostgreSQL an earlier start may have made it before it died.
    pub(crate) async fn create_table(&self, mut table: TableCreateStatement) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Postgres {
            table.if_not_exists();
        }
        self.change(&self.sql(&table)).await.map(drop)
    }

    /// Adds the column, unless it is there: the `user` of a team may have a `deletedAt` of its own.
    pub(crate) async fn add_column(
        &self,
        table: &'static str,
        name: &str,
        column: ColumnDef,
    ) -> Result<(), DbErr> {
        if self.has_column(table, name).await? {
            return Ok(());
        }
        let mut alter = Table::alter().table(table).take();
        if self.backend() == DbBackend::Postgres {
            alter.add_column_if_not_exists(column);
        } else {
            alter.add_column(column);
        }
        self.change(&self.sql(&alter)).await.map(drop)
    }

    /// Builds an index that is not there. `definition` is what follows its table: the key, and of which rows.
    pub(crate) async fn index(&self, table: &str, name: &str, definition: &str) -> Result<(), DbErr> {
        self.build("INDEX", table, name, definition).await
    }

    /// The same, of values that are one row's alone.
    pub(crate) async fn unique_index(&self, table: &str, name: &str, definition: &str) -> Result<(), DbErr> {
        self.build("UNIQUE INDEX", table, name, definition).await
    }

    async fn build(&self, kind: &str, table: &str, name: &str, definition: &str) -> Result<(), DbErr> {
        let on = format!(r#""{name}" ON "{table}" {definition}"#);
        match self {
            Self::Postgres(session) => {
                let create = format!("CREATE {kind} CONCURRENTLY {on}");
                Box::pin(session.build_index(table, name, &create)).await
            }
            Self::Sqlite(transaction) => {
                if index_state(transaction, table, name).await? == IndexState::Missing {
                    transaction
                        .execute_unprepared(&format!("CREATE {kind} {on}"))
                        .await?;
                }
                Ok(())
            }
        }
    }

    /// Notes that a step was taken.
    pub(crate) async fn record(&self, step: &str) -> Result<(), DbErr> {
        let now = match self.backend() {
            DbBackend::Postgres => "extract(epoch FROM now())::bigint",
            _ => "unixepoch()",
        };
        let note = format!(
            "INSERT INTO {VERSION_TABLE} (version, applied_at) VALUES ('{step}', {now}) ON CONFLICT DO NOTHING"
        );
        self.change(&note).await.map(drop)
    }

    fn sql(&self, statement: &impl SchemaStatementBuilder) -> String {
        match self.backend() {
            DbBackend::Postgres => statement.to_string(PostgresQueryBuilder),
            _ => statement.to_string(SqliteQueryBuilder),
        }
    }
}

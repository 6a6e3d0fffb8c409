use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use doorward_adapters::sea_orm::{ConnectOptions, SeaStore, connect};
use doorward_domain::Secret;
use doorward_migration::ModuleMigrations;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr};
use tempfile::TempDir;

/// The environment variable that names a PostgreSQL server where databases may be created.
pub const POSTGRES_URL: &str = "DOORWARD_TEST_POSTGRES_URL";

/// Where a test application keeps everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A store in memory.
    Memory,
    /// A database file.
    Sqlite,
    /// A database on the server that [`POSTGRES_URL`] names.
    Postgres,
}

impl Backend {
    /// Whether it can be tested on. Where there is no PostgreSQL, that is said loudly.
    ///
    /// # Panics
    /// If there is no server although `CI` is `true`.
    #[must_use]
    pub fn is_available(self) -> bool {
        self != Self::Postgres || postgres_server().is_some()
    }
}

/// Makes three tests of each function that takes a [`Backend`]: one in memory, one on SQLite and one on PostgreSQL.
///
/// ```
/// use doorward_testing::{Backend, TestApp};
///
/// fn health_is_told(backend: Backend) {
///     assert_eq!(TestApp::on(backend).browser().get("/ok").status, 200);
/// }
///
/// doorward_testing::on_every_backend!(health_is_told);
/// ```
#[macro_export]
macro_rules! on_every_backend {
    ($($test:ident),+ $(,)?) => {
        $crate::on_every_backend!(@module memory, Memory, $($test),+);
        $crate::on_every_backend!(@module sqlite, Sqlite, $($test),+);
        $crate::on_every_backend!(@module postgres, Postgres, $($test),+);
    };
    (@module $module:ident, $backend:ident, $($test:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    let backend = $crate::Backend::$backend;
                    if backend.is_available() {
                        super::$test(backend);
                    }
                }
            )+
        }
    };
}

/// An empty database for one test, gone when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sqlite { _home: TempDir },
    Postgres { server: String, name: String },
}

#[expect(clippy::expect_used, reason = "a test without its database fails")]
impl TestDatabase {
    /// A database file of SQLite.
    ///
    /// # Panics
    /// If there is no place for it.
    #[must_use]
    pub fn sqlite() -> Self {
        let home = tempfile::tempdir().expect("a directory for SQLite");
        let url = format!("sqlite://{}?mode=rwc", home.path().join("test.db").display());
        Self {
            url,
            kind: Kind::Sqlite { _home: home },
        }
    }

    /// A database of PostgreSQL, on the server that [`POSTGRES_URL`] names. Without one there is none, which is said
    /// loudly.
    ///
    /// # Panics
    /// If the database cannot be created, or if there is no server although `CI` is `true`.
    pub async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = postgres_server()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("doorward_test_{}_{number}", std::process::id());
        run(&server, &format!("CREATE DATABASE {name}"))
            .await
            .expect("a database on the server");
        let mut url = url::Url::parse(&server).expect("a URL");
        url.set_path(&name);
        Some(Self {
            url: url.into(),
            kind: Kind::Postgres { server, name },
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement that changes it, past the store.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn execute(&self, statement: &str) {
        run(&self.url, statement).await.expect("a statement to run");
    }

    /// A bare connection to it.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub async fn connection(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.expect("a connection")
    }

    /// The store on it, with its schema.
    ///
    /// # Panics
    /// If it cannot be opened or brought up to date.
    pub async fn store(&self) -> SeaStore {
        self.store_with(Vec::new()).await
    }

    /// The store on it, with its schema and what modules keep in it.
    ///
    /// # Panics
    /// If it cannot be opened or brought up to date.
    pub async fn store_with(&self, modules: Vec<ModuleMigrations>) -> SeaStore {
        let options = ConnectOptions {
            url: Secret::new(self.url.clone()),
            max_connections: None,
        };
        let store = connect(&options).await.expect("a connection");
        let store = store.with_modules(modules);
        store.migrate().await.expect("the schema");
        store
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Kind::Postgres { server, name } = &self.kind {
            let (server, statement) = (
                server.clone(),
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
            // The test's own runtime may be ending; and a drop cannot wait in it.
            let worker = thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime
                    .block_on(run(&server, &statement))
                    .map_err(std::io::Error::other)
            });
            if !matches!(worker.join(), Ok(Ok(()))) {
                eprintln!("the database {name} is left behind");
            }
        }
    }
}

/// The server of [`POSTGRES_URL`].
fn postgres_server() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are configured by the environment"
    )]
    let (server, ci) = (
        env::var(POSTGRES_URL).ok(),
        env::var("CI").is_ok_and(|value| value == "true"),
    );
    let server = server.filter(|url| !url.is_empty());
    if server.is_none() {
        assert!(!ci, "{POSTGRES_URL} is not set, and in CI nothing is skipped");
        eprintln!("SKIPPED: {POSTGRES_URL} is not set, so that nothing was tested on PostgreSQL");
    }
    server
}

async fn run(server: &str, statement: &str) -> Result<(), DbErr> {
    let connection = Database::connect(server).await?;
    connection.execute_unprepared(statement).await?;
    connection.close().await
}

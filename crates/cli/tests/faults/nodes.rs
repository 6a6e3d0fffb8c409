//! Nodes on one database.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Barrier;
use std::thread;

use doorward_testing::TestDatabase;

use crate::life;
use crate::printed::Printed;
use crate::support::{Server, doorward};

/// Everything by which an email with a link is asked for.
const LINKS: [(&str, &str); 6] = [
    ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
    ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
    ("DOORWARD_USER__CHANGE_EMAIL__ENABLED", "true"),
    (
        "DOORWARD_USER__CHANGE_EMAIL__SEND_CHANGE_EMAIL_CONFIRMATION",
        "true",
    ),
    ("DOORWARD_USER__DELETE_USER__ENABLED", "true"),
    (
        "DOORWARD_USER__DELETE_USER__SEND_DELETE_ACCOUNT_VERIFICATION",
        "true",
    ),
];

/// A database, nodes that started together on it, and what they print.
pub(crate) struct Nodes {
    pub(crate) servers: Vec<Server>,
    pub(crate) printed: Printed,
    database: TestDatabase,
    home: tempfile::TempDir,
}

impl Nodes {
    /// Two nodes on PostgreSQL. None where there is no PostgreSQL.
    pub(crate) async fn two() -> Option<Self> {
        Some(Self::start(TestDatabase::postgres().await?, 2))
    }

    /// What every node on this database is started with.
    pub(crate) fn environment(database: &str) -> Vec<(&'static str, &str)> {
        let mut environment = vec![
            ("DOORWARD_DATABASE__URL", database),
            ("DOORWARD_SECRET", life::SECRET),
        ];
        environment.extend(life::OPTIONS);
        environment.extend(LINKS);
        environment
    }

    pub(crate) fn start(database: TestDatabase, count: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let printed = Printed::to(home.path().join("printed"));
        let environment = Self::environment(database.url());
        let start = || Server::start_writing(home.path(), &environment, printed.file(), Stdio::null());
        let servers = thread::scope(|scope| {
            let starting: Vec<_> = (0..count).map(|_| scope.spawn(start)).collect();
            starting
                .into_iter()
                .map(|server| server.join().unwrap())
                .collect()
        });
        Self {
            servers,
            printed,
            database,
            home,
        }
    }

    /// How often something happened to a user, by the audit log.
    pub(crate) fn events(&self, user: &str, kind: &str) -> usize {
        let mut command = doorward(self.home.path());
        command
            .args([
                "audit",
                "--json",
                "--outcome",
                "success",
                "--user",
                user,
                "--kind",
                kind,
            ])
            .env("DOORWARD_DATABASE__URL", self.database.url())
            .env("DOORWARD_SECRET", life::SECRET);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .count()
    }

    /// Asks so often at once, one node after the other, and answers the statuses.
    pub(crate) fn together(&self, count: usize, ask: impl Fn(SocketAddr, usize) -> u16 + Sync) -> Vec<u16> {
        let barrier = Barrier::new(count);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..count)
                .map(|index| {
                    let (barrier, ask) = (&barrier, &ask);
                    let address = self.servers[index % self.servers.len()].address();
                    scope.spawn(move || {
                        barrier.wait();
                        ask(address, index)
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }
}

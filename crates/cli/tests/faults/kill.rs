//! Killed again and again (RE-1, RE-2).

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use doorward_testing::TestDatabase;

use crate::life::{self, Life, World};
use crate::printed::Printed;
use crate::scale::{Over, cycles, figure};
use crate::support::{Server, until};

const CLIENTS: usize = 3;

/// Kills a server under load so often, looks at the next one, and answers how much was acknowledged.
fn kill(database: &str, cycles: usize) -> usize {
    let home = tempfile::tempdir().unwrap();
    let mut environment = vec![
        ("DOORWARD_DATABASE__URL", database),
        ("DOORWARD_SECRET", life::SECRET),
    ];
    environment.extend(life::OPTIONS);
    let start = |cycle: usize| {
        // A file of its own: clients read it again and again.
        let printed = Printed::to(home.path().join(format!("printed-{cycle}")));
        let server = Server::start_writing(home.path(), &environment, printed.file(), Stdio::null());
        (server, printed)
    };
    let (acknowledged, mut lives) = (AtomicUsize::new(0), Vec::<Life>::new());
    let (mut server, mut printed) = start(0);
    for cycle in 0..cycles {
        let is_over = AtomicBool::new(false);
        // Each kill comes at another place.
        let enough = acknowledged.load(Ordering::Relaxed) + 3 + cycle * 7 % 20;
        let world = World {
            server: server.address(),
            printed: &printed,
            acknowledged: &acknowledged,
            is_over: &is_over,
        };
        let led = thread::scope(|scope| {
            let over = Over(&is_over);
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let world = &world;
                    scope.spawn(move || {
                        let mut led = Vec::new();
                        while !world.is_over.load(Ordering::Relaxed) {
                            let mut life = Life::new(&format!("ada-{cycle}-{client}-{}", led.len()));
                            life.lead(world);
                            led.push(life);
                        }
                        led
                    })
                })
                .collect();
            until(|| acknowledged.load(Ordering::Relaxed) >= enough);
            server.kill();
            drop(over);
            clients
                .into_iter()
                .flat_map(|client| client.join().unwrap())
                .collect::<Vec<_>>()
        });
        (server, printed) = start(cycle + 1);
        let address = server.address();
        thread::scope(|scope| {
            for life in &led {
                scope.spawn(move || life.check(address));
            }
        });
        lives.extend(led);
    }
    for life in &lives {
        life.check_sessions(server.address());
    }
    acknowledged.into_inner()
}

fn measure(name: &str, database: &TestDatabase, cycles: usize) {
    let begin = Instant::now();
    let acknowledged = kill(database.url(), cycles);
    figure(
        &format!("SIGKILL under load, {name}: nothing acknowledged lost, nothing revoked revived"),
        format_args!(
            "{cycles} kills, {acknowledged} acknowledged acts, {:.0} s",
            begin.elapsed().as_secs_f64()
        ),
    );
}

#[test]
fn re_1_re_2_no_kill_loses_or_revives_or_leaves_half_done_on_sqlite() {
    measure("SQLite", &TestDatabase::sqlite(), cycles(10, 1));
}

#[tokio::test]
async fn re_1_re_2_no_kill_loses_or_revives_or_leaves_half_done_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        measure("PostgreSQL", &database, cycles(5, 1));
    }
}

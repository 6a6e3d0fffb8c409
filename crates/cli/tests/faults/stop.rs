//! Servers that are told to stop while they are busy (RE-9, RE-12).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{RwLock, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use doorward_testing::TestDatabase;

use crate::client;
use crate::nodes::Nodes;
use crate::scale::{Over, cycles, figure};
use crate::support::{self, Server, credentials, doorward, until};

/// What `shutdown_timeout` allows, and room for a busy machine.
const STOP: Duration = Duration::from_secs(35);
const BUSY: usize = 40;

/// A request that hashes a password, sent whole, and the connection on which its answer comes.
fn begin_sign_up(server: SocketAddr, index: usize) -> TcpStream {
    let body = credentials(index).to_string();
    let request = format!(
        "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = TcpStream::connect(server).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    client
}

#[test]
fn re_9_all_answers_that_were_begun_are_finished_before_the_stop() {
    let home = tempfile::tempdir().unwrap();
    let stops = cycles(2, 100);
    let mut longest = Duration::ZERO;
    for cycle in 0..stops {
        let mut server = Server::start(home.path());
        let address = server.address();
        let busy: Vec<_> = (0..BUSY)
            .map(|index| begin_sign_up(address, cycle * BUSY + index))
            .collect();
        // All workers have read what came before these.
        for _ in 0..20 {
            assert_eq!(support::get(address, "/ok").unwrap().0, 200);
        }
        let told = Instant::now();
        server.signal();
        for mut client in busy {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            assert!(answer.ends_with('}'), "{answer}");
        }
        let status = server.wait(STOP);
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
        longest = longest.max(told.elapsed());
    }
    figure(
        "SIGTERM while 40 sign-ups are under way: all answered, exit 0, longest stop",
        format_args!("{stops} stops, {:.1} s", longest.as_secs_f64()),
    );
}

/// A load balancer takes a node out of service before it is told to stop. Meanwhile the schema is brought up to date again, as
/// by a newer version.
#[tokio::test]
async fn re_9_re_12_no_request_fails_while_nodes_are_replaced_one_after_the_other() {
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let environment = Nodes::environment(database.url());
    let start = || Server::start_logging(home.path(), &environment, std::process::Stdio::null());
    let nodes = [RwLock::new(start()), RwLock::new(start())];
    let (is_over, next, answered) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let ask = |index: usize| {
        let node = (0..).map(|offset| nodes[(index + offset) % 2].try_read());
        for node in node {
            match node {
                Ok(node) => {
                    let user = credentials(index);
                    let answer = client::post(node.address(), "/sign-up/email", None, &user).unwrap();
                    assert_eq!(answer.status, 200, "{answer:?}");
                    assert!(client::is_live(node.address(), &answer.token()));
                    return;
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Poisoned(_)) => break,
            }
        }
        panic!("a node did not start");
    };
    let replaced = cycles(2, 100);
    thread::scope(|scope| {
        let over = Over(&is_over);
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    ask(next.fetch_add(1, Ordering::Relaxed));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let goes_on = || {
            let enough = answered.load(Ordering::Relaxed) + 10;
            until(|| answered.load(Ordering::Relaxed) >= enough);
        };
        for index in 0..replaced {
            goes_on();
            let mut migrate = doorward(home.path());
            let migrated = migrate
                .arg("migrate")
                .envs(environment.iter().copied())
                .output()
                .unwrap();
            assert!(migrated.status.success(), "{migrated:?}");
            let mut node = nodes[index % 2].write().unwrap();
            let status = node.terminate(STOP);
            assert!(status.is_some_and(|status| status.success()), "{status:?}");
            *node = start();
        }
        goes_on();
        drop(over);
    });
    figure(
        "two nodes replaced one after the other under load: requests that failed",
        format_args!("{replaced} replacements, {} requests, 0", answered.into_inner()),
    );
}

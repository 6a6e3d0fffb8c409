//! Clients that are slow in every way there is (RE-13).

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::scale::{Over, figure};
use crate::support::{self, Server, until};

/// More than every time limit of a connection together.
const LIMIT: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(300);
const CLIENTS: usize = 10;

/// What a slow client sends at once, and then piece by piece.
struct Slow {
    name: &'static str,
    first: &'static str,
    then: &'static [u8],
}

const SLOW: [Slow; 7] = [
    Slow {
        name: "nothing at all",
        first: "",
        then: b"",
    },
    Slow {
        name: "a head",
        first: "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        then: b"a",
    },
    Slow {
        name: "a body",
        first: "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{",
        then: b" ",
    },
    Slow {
        name: "one request, and then nothing",
        first: "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
        then: b"",
    },
    Slow {
        name: "a second head",
        first: "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        then: b"a",
    },
    Slow {
        name: "a body in chunks",
        first: "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        then: b"1\r\n \r\n",
    },
    Slow {
        name: "a body in chunks that nobody reads",
        first: "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        then: b"1\r\n \r\n",
    },
];

/// Sends requests, whose answers are larger than all buffers together, and reads no answer. How long the server puts up with it.
fn last_without_reading(server: SocketAddr) -> Duration {
    let requests = "GET /api/auth/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20);
    let begin = Instant::now();
    let mut client = TcpStream::connect(server).unwrap();
    client.set_write_timeout(Some(PAUSE)).unwrap();
    // A request that was cut short is no matter: it is the answers before it that nobody reads.
    loop {
        match client.write(requests.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => break,
            Ok(_) | Err(_) => thread::sleep(PAUSE),
        }
        assert!(begin.elapsed() < LIMIT, "who reads no answer is waited for");
    }
    begin.elapsed()
}

impl Slow {
    /// How long the server puts up with it.
    fn last(&self, server: SocketAddr) -> Duration {
        let begin = Instant::now();
        let mut client = TcpStream::connect(server).unwrap();
        client.set_read_timeout(Some(PAUSE)).unwrap();
        client.write_all(self.first.as_bytes()).unwrap();
        let mut heard = [0; 1024];
        loop {
            match client.read(&mut heard) {
                Ok(0) => break,
                Err(error) if error.kind() != ErrorKind::WouldBlock => break,
                Ok(_) | Err(_) => {}
            }
            if client.write_all(self.then).is_err() {
                break;
            }
            assert!(
                begin.elapsed() < LIMIT,
                "who sends {} slowly is waited for",
                self.name
            );
        }
        begin.elapsed()
    }
}

#[test]
fn re_13_slow_clients_of_every_kind_are_cut_off_and_hold_nobody_up() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path());
    let (address, is_over) = (server.address(), AtomicBool::new(false));
    let (longest, wait) = thread::scope(|scope| {
        let over = Over(&is_over);
        let mut slow: Vec<_> = (0..CLIENTS)
            .flat_map(|_| &SLOW)
            .map(|slow| scope.spawn(move || slow.last(address)))
            .collect();
        slow.extend((0..CLIENTS).map(|_| scope.spawn(move || last_without_reading(address))));
        let good = scope.spawn(|| {
            let mut wait = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let sent = Instant::now();
                assert_eq!(support::get(address, "/ok").unwrap().0, 200);
                wait = wait.max(sent.elapsed());
                thread::sleep(PAUSE);
            }
            wait
        });
        until(|| good.is_finished() || slow.iter().all(thread::ScopedJoinHandle::is_finished));
        drop(over);
        let longest = slow.into_iter().map(|client| client.join().unwrap()).max();
        (longest.unwrap(), good.join().unwrap())
    });
    assert!(wait < Duration::from_secs(5), "a good client waits {wait:?}");
    figure(
        "slow clients (silent, head, body, chunks, idle, reading nothing): the longest is cut off after, and a good client waits at most",
        format_args!("{:.0} s, {} ms", longest.as_secs_f64(), wait.as_millis()),
    );
}

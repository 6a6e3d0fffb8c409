//! A database that freezes or goes away, and comes back (RE-5, RE-6).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use doorward_testing::TestDatabase;

use crate::client;
use crate::support::{self, Server, credentials};

/// What stands between the server and its database.
#[derive(Default)]
struct Wire {
    /// Nothing gets through, and nobody is told.
    is_frozen: AtomicBool,
    /// Connections are ended.
    is_cut: AtomicBool,
}

impl Wire {
    fn before(database: String) -> (SocketAddr, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, wire) = (listener.local_addr().unwrap(), Arc::new(Self::default()));
        let shared = wire.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if shared.is_cut.load(Ordering::Relaxed) {
                    continue;
                }
                let server = TcpStream::connect(&database).unwrap();
                for (from, to) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server, client),
                ] {
                    let wire = shared.clone();
                    thread::spawn(move || wire.carry(from, to));
                }
            }
        });
        (address, wire)
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        from.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut bytes = [0; 4096];
        while !self.is_cut.load(Ordering::Relaxed) {
            if self.is_frozen.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
                continue;
            }
            match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => {
                    if to.write_all(&bytes[..count]).is_err() {
                        break;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        // The other end may be gone already.
        drop((
            from.shutdown(std::net::Shutdown::Both),
            to.shutdown(std::net::Shutdown::Both),
        ));
    }
}

/// The status of a path outside of the API.
fn outside(server: SocketAddr, path: &str) -> u16 {
    client::get_outside(server, path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn re_5_re_6_a_database_that_freezes_or_goes_away_is_503_and_served_again_when_it_is_back() {
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let mut url = url::Url::parse(database.url()).unwrap();
    let place = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let (address, wire) = Wire::before(place);
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(address.port())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let environment = [
        ("DOORWARD_DATABASE__URL", url.as_str()),
        ("DOORWARD_SECRET", "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e9f2c6d1e"),
    ];
    let server = Server::start_logging(home.path(), &environment, Stdio::null());
    let server = server.address();
    assert_eq!(
        support::post(server, "/sign-up/email", &credentials(1))
            .unwrap()
            .0,
        200
    );
    assert_eq!(outside(server, "/readyz"), 200);
    for fault in [&wire.is_frozen, &wire.is_cut] {
        fault.store(true, Ordering::Relaxed);
        // The first may have a statement under way, which is given up after 30 s. The others wait 2 s for a connection. A busy
        // machine adds to both.
        for longest in [40, 10, 10] {
            let begin = Instant::now();
            let (status, answer) = support::post(server, "/sign-in/email", &credentials(1)).unwrap();
            assert_eq!(status, 503, "{answer}");
            assert!(
                begin.elapsed() < Duration::from_secs(longest),
                "{:?}",
                begin.elapsed()
            );
        }
        assert_eq!(outside(server, "/healthz"), 200);
        assert_eq!(outside(server, "/readyz"), 503);
        fault.store(false, Ordering::Relaxed);
        let back = Instant::now();
        support::until(|| outside(server, "/readyz") == 200);
        let (status, answer) = support::post(server, "/sign-in/email", &credentials(1)).unwrap();
        assert_eq!(status, 200, "{answer}");
        assert!(back.elapsed() < Duration::from_secs(20), "{:?}", back.elapsed());
    }
}

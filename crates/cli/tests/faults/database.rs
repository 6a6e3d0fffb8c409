//! A database that freezes or goes away, and comes back (RE-5, RE-6).

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use doorward_testing::TestDatabase;

use crate::client;
use crate::support::{self, Server, credentials};
use crate::wire::Wire;

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
        // 2 s, to which a busy machine adds.
        for _ in 0..3 {
            let begin = Instant::now();
            let (status, answer) = support::post(server, "/sign-in/email", &credentials(1)).unwrap();
            assert_eq!(status, 503, "{answer}");
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
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

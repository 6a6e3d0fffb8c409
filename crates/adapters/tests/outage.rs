//! A database server that goes away and comes back.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use doorward_adapters::sea_orm::{ConnectOptions, connect};
use doorward_domain::{Secret, Store, StoreError};
use doorward_testing::{TestDatabase, samples};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What stands before the server. Closed, it accepts connections and ends them at once, as a balancer without servers does.
struct Balancer {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
}

impl Balancer {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let is_open = watch::Sender::new(true);
        let opening = is_open.clone();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                if !*opening.borrow() {
                    continue;
                }
                let (server, mut opening) = (server.clone(), opening.subscribe());
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = opening.wait_for(|is_open| !is_open) => {}
                    }
                });
            }
        });
        Self { address, is_open }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn re_5_a_database_that_is_away_is_unavailable_and_at_hand_as_soon_as_it_is_back() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    test.store().await;
    let mut url = url::Url::parse(test.url()).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let balancer = Balancer::before(server).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(balancer.address.port())).unwrap();
    let options = ConnectOptions {
        url: Secret::new(url.into()),
        max_connections: Some(4),
    };
    let store = connect(&options).await.unwrap();
    let store: &dyn Store = &store;
    let user = samples::user("ada");
    store.users().insert(&user).await.unwrap();
    for _ in 0..3 {
        let tx = store.begin(&samples::request()).await.unwrap();
        balancer.is_open.send_replace(false);
        let begin = Instant::now();
        let in_flight = tx.users().find(&user.id).await;
        assert!(
            matches!(in_flight, Err(StoreError::Unavailable(_))),
            "{in_flight:?}"
        );
        drop(tx);
        for request in 0..3 {
            let refused = store.users().find(&user.id).await;
            assert!(
                matches!(refused, Err(StoreError::Unavailable(_))),
                "request {request}: {refused:?}"
            );
            assert!(store.ping().await.is_err());
        }
        assert!(begin.elapsed() < Duration::from_secs(20));
        balancer.is_open.send_replace(true);
        // The first one, although the connections of the pool are dead.
        assert!(store.users().find(&user.id).await.unwrap().is_some());
        assert!(store.is_up_to_date().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn re_15_a_store_that_lost_its_schema_says_so() {
    let test = TestDatabase::sqlite();
    let store = test.store().await;
    let store: &dyn Store = &store;
    assert!(store.is_up_to_date().await.unwrap());
    test.execute("INSERT INTO doorward_migration VALUES ('step_of_a_newer_version', 0)")
        .await;
    assert!(store.is_up_to_date().await.unwrap(), "a newer node was here");
    test.execute("DELETE FROM doorward_migration WHERE version <> 'better_auth_tables'")
        .await;
    assert!(!store.is_up_to_date().await.unwrap());
}

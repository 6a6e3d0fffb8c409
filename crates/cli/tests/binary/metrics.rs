//! The page of metrics: where it is, and where it is not.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{self, Server, credentials, doorward};

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn start(home: &std::path::Path, enabled: bool, listen: SocketAddr) -> Server {
    let environment = [
        (
            "DOORWARD_METRICS__ENABLED",
            if enabled { "true" } else { "false" },
        ),
        ("DOORWARD_METRICS__LISTEN", &listen.to_string()),
    ];
    Server::start_logging(home, &environment, Stdio::null())
}

/// What is answered there: status, type and text.
fn fetch(address: SocketAddr, path: &str) -> (u16, String, String) {
    let answer = support::agent()
        .get(format!("http://{address}{path}"))
        .call()
        .unwrap();
    let kind = answer.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let status = answer.status().as_u16();
    (status, kind, answer.into_body().read_to_string().unwrap())
}

fn value(text: &str, series: &str) -> f64 {
    let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    let found = lines.find(|(name, _)| *name == series);
    let (_, value) = found.unwrap_or_else(|| panic!("no {series} in {text}"));
    value.parse().unwrap()
}

#[test]
fn metrics_are_shown_on_an_address_of_their_own_and_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let metrics = free_address();
    let mut server = start(home.path(), true, metrics);
    let public = server.address();
    let cookie = support::signed_up(public, 1);
    for _ in 0..3 {
        let (status, _) = support::get_with_cookie(public, "/get-session", &cookie).unwrap();
        assert_eq!(status, 200);
    }
    let wrong = serde_json::json!({ "email": credentials(1)["email"], "password": "wrong password" });
    assert_eq!(support::post(public, "/sign-in/email", &wrong).unwrap().0, 401);

    let (status, kind, text) = fetch(metrics, "/metrics");
    assert_eq!(
        (status, &*kind),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    let at_least_one = [
        "doorward_build_info{version=\"0.1.0\"}",
        "doorward_database_up",
        "doorward_database_connections_max",
        "doorward_password_hash_threads",
        "doorward_sign_ins_total{outcome=\"issued\"}",
        "doorward_sign_ins_total{outcome=\"wrong_credentials\"}",
        "doorward_http_requests_total{route=\"/api/auth/get-session\",method=\"GET\",status=\"200\"}",
        "doorward_session_reads_total{source=\"store\"}",
        "doorward_worker_last_success_timestamp_seconds{worker=\"mail\"}",
        "process_start_time_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
    ];
    for series in at_least_one {
        assert!(value(&text, series) >= 1.0, "{series} in {text}");
    }
    assert!(value(&text, "doorward_session_cache_oldest_hit_seconds") <= 0.5 + 0.1);
    for (address, path) in [
        (public, "/metrics"),
        (public, "/api/auth/metrics"),
        (metrics, "/"),
        (metrics, "/healthz"),
        (metrics, "/api/auth/ok"),
    ] {
        assert_eq!(fetch(address, path).0, 404, "{path} of {address}");
    }

    let ended = server.terminate(Duration::from_secs(20));
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    assert!(TcpStream::connect(metrics).is_err());
}

#[test]
fn without_metrics_nobody_listens_for_them() {
    let home = tempfile::tempdir().unwrap();
    let metrics = free_address();
    let server = start(home.path(), false, metrics);
    assert!(TcpStream::connect(metrics).is_err());
    assert_eq!(fetch(server.address(), "/metrics").0, 404);
}

/// What keeps nobody from signing in must not keep the server from stopping either.
#[test]
fn re_9_somebody_who_reads_metrics_does_not_keep_a_server_that_stops() {
    let home = tempfile::tempdir().unwrap();
    let metrics = free_address();
    let mut server = start(home.path(), true, metrics);
    let silent: Vec<_> = (0..20).map(|_| TcpStream::connect(metrics).unwrap()).collect();
    let ended = server.terminate(Duration::from_secs(20));
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    drop(silent);
}

#[test]
fn an_address_that_cannot_be_had_is_refused_with_the_name_of_the_option() {
    let home = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let start = |listen: &str, metrics: &str| {
        let output = doorward(home.path())
            .arg("serve")
            .env("DOORWARD_LISTEN", listen)
            .env("DOORWARD_METRICS__ENABLED", "true")
            .env("DOORWARD_METRICS__LISTEN", metrics)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let same = free_address().to_string();
    let refused = start(&same, &same);
    assert!(
        refused.contains("metrics.listen") && refused.contains("must not see metrics"),
        "{refused}"
    );
    let refused = start(&free_address().to_string(), &taken);
    assert!(
        refused.contains(&format!("metrics.listen: cannot listen on {taken}")),
        "{refused}"
    );
    drop(holder);
}

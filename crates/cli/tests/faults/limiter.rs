//! What counting requests costs (RL-1), in servers that are asked in turn.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::scale::{cycles, figure};
use crate::support::{self, Server};

const REQUESTS: usize = 400;

/// The middle of the times of so many requests on one connection.
fn median(agent: &ureq::Agent, url: &str) -> Duration {
    let ask = || {
        let sent = Instant::now();
        let answer = agent.get(url).call().unwrap();
        assert_eq!(answer.status(), 200);
        drop(answer.into_body().read_to_string().unwrap());
        sent.elapsed()
    };
    let mut times: Vec<_> = (0..REQUESTS).map(|_| ask()).collect();
    times.sort_unstable();
    times[REQUESTS / 2]
}

#[test]
fn rl_1_counting_in_memory_costs_less_than_answering() {
    let home = tempfile::tempdir().unwrap();
    let start = |enabled, most| {
        let environment = [
            ("DOORWARD_RATE_LIMIT__ENABLED", enabled),
            ("DOORWARD_RATE_LIMIT__MAX", most),
        ];
        Server::start_logging(home.path(), &environment, Stdio::null())
    };
    let limited = start("true", "1");
    let asked = [200, 429].map(|_| support::get(limited.address(), "/get-session").unwrap().0);
    assert_eq!(asked, [200, 429], "requests to this path are counted");
    drop(limited);
    let servers = ["false", "true"].map(|enabled| start(enabled, "1000000000"));
    let urls = servers
        .each_ref()
        .map(|server| support::url(server.address(), "/get-session"));
    let agents = [support::agent(), support::agent()];
    // The least disturbed of several turns.
    let mut least = [Duration::MAX; 2];
    for _ in 0..cycles(5, 50) {
        for (index, least) in least.iter_mut().enumerate() {
            *least = median(&agents[index], &urls[index]).min(*least);
        }
    }
    let [without, with] = least.map(|time| time.as_secs_f64() * 1e6);
    assert!(
        with < 2.0 * without,
        "{without:.0} µs without and {with:.0} µs with"
    );
    figure(
        "rate limits in memory: a request without and with them",
        format_args!("{without:.0} µs, {with:.0} µs, ratio {:.2}", with / without),
    );
}

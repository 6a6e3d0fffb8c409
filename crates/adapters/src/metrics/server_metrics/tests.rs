use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use doorward_domain::email::Backlog;
use doorward_domain::metrics::Distinction;

use super::super::{BreachChecks, CATALOGUE, Family};
use super::*;
use crate::cache::CacheLoad;
use crate::password::HashLoad;
use crate::sea_orm::PoolLoad;
use crate::system::ProcessUsage;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

/// A server that counts everything.
fn metrics() -> Arc<ServerMetrics> {
    let metrics = ServerMetrics::new("1.2.3", now());
    metrics.serve(["/api/auth/reset-password/{token}".to_owned()].into_iter());
    metrics.watch(["mail", "purge"].into_iter());
    Arc::new(metrics)
}

fn nothing() -> Readings {
    Readings {
        now: now(),
        connections: 0,
        hashing: None,
        pool: None,
        session_cache: None,
        outbox: None,
        breach_checks: None,
        process: ProcessUsage::default(),
    }
}

fn everything() -> Readings {
    Readings {
        now: now(),
        connections: 7,
        hashing: Some(HashLoad {
            waiting: 1,
            capacity: 2,
            running: 3,
            threads: 4,
            shed: 5,
        }),
        pool: Some(PoolLoad {
            in_use: 1,
            idle: 2,
            max: 8,
        }),
        session_cache: Some(CacheLoad {
            entries: 6,
            oldest_hit: Duration::from_millis(250),
        }),
        outbox: Some(Backlog {
            waiting: 2,
            oldest: Some(now() - TimeDelta::milliseconds(1500)),
        }),
        breach_checks: Some(BreachChecks {
            unknown: 1,
            compromised: 2,
            unavailable: 3,
        }),
        process: ProcessUsage {
            resident_bytes: Some(1024),
            open_files: Some(9),
            most_files: Some(10),
        },
    }
}

/// Every series of a page and its value.
fn series(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.rsplit_once(' ').unwrap());
    pairs
        .map(|(series, value)| (series.to_owned(), value.to_owned()))
        .collect()
}

fn value_of(text: &str, wanted: &str) -> f64 {
    let series = series(text);
    let value = series
        .get(wanted)
        .unwrap_or_else(|| panic!("no {wanted} in {text}"));
    value.parse().unwrap()
}

fn assert_values(text: &str, expected: &[(&str, f64)]) {
    for (series, value) in expected {
        let found = value_of(text, series);
        assert!((found - value).abs() < 1e-6, "{series} is {found}, not {value}");
    }
}

/// Name and type of each family on a page.
fn families(text: &str) -> Vec<(&str, &str)> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split_once(' ').unwrap()).collect()
}

#[test]
fn the_page_shows_what_is_declared_and_nothing_else() {
    let text = metrics().text(everything());
    let declared: Vec<_> = CATALOGUE.iter().map(|it| (it.name, it.kind.name())).collect();
    assert_eq!(families(&text), declared);
}

#[test]
fn every_metric_is_declared_once_with_a_name_in_the_usual_form() {
    for (place, family) in CATALOGUE.iter().enumerate() {
        let Family { name, kind, .. } = family;
        let others = &CATALOGUE[place + 1..];
        assert!(!others.iter().any(|other| other.name == *name), "{name}");
        assert!(
            name.starts_with("doorward_") || name.starts_with("process_"),
            "{name}"
        );
        assert_eq!(name.ends_with("_total"), kind.name() == "counter", "{name}");
        assert!(family.about.ends_with('.'), "{name}");
    }
}

#[test]
fn series_differ_in_the_labels_that_are_declared() {
    let metrics = metrics();
    let requests = metrics.serve(std::iter::empty());
    requests.begin();
    requests.end(Some(0), "GET", Some(302), Duration::from_millis(3));
    let text = metrics.text(everything());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let is_of = |family: &&&Family| {
            let rest = name.strip_prefix(family.name);
            rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
        };
        let family = CATALOGUE.iter().find(is_of).unwrap_or_else(|| panic!("{name}"));
        let labels = labels.trim_end_matches('}').split("\",");
        let names = labels.filter_map(|label| label.split_once('='));
        let names: Vec<_> = names.map(|(name, _)| name).filter(|name| *name != "le").collect();
        let declared: Vec<_> = family.labels.iter().map(|label| label.name).collect();
        assert_eq!(names, declared, "{line}");
    }
}

#[test]
fn what_was_observed_is_shown_and_so_is_what_never_happened() {
    let metrics = metrics();
    for _ in 0..2 {
        metrics.observe(Observation::SignIn(SignInOutcome::Issued));
    }
    metrics.observe(Observation::LimitReached(Limit::Requests));
    metrics.observe(Observation::Email(EmailOutcome::GivenUp));
    metrics.observe(Observation::SessionRead(SessionSource::Cache));
    let text = metrics.text(nothing());
    for (family, label, all, counted) in [
        ("sign_ins", "outcome", labels::<SignInOutcome>(), ("issued", 2.0)),
        ("limits_reached", "limit", labels::<Limit>(), ("requests", 1.0)),
        ("emails", "outcome", labels::<EmailOutcome>(), ("given_up", 1.0)),
        (
            "session_reads",
            "source",
            labels::<SessionSource>(),
            ("cache", 1.0),
        ),
    ] {
        for name in all {
            let value = if name == counted.0 { counted.1 } else { 0.0 };
            let series = format!("doorward_{family}_total{{{label}=\"{name}\"}}");
            assert_values(&text, &[(&series, value)]);
        }
    }
}

fn labels<D: Distinction>() -> Vec<&'static str> {
    D::ALL.iter().map(|it| it.label()).collect()
}

#[test]
fn requests_are_shown_by_route_with_how_long_they_took() {
    let metrics = metrics();
    let requests = metrics.serve(std::iter::empty());
    let place = requests.place("/api/auth/reset-password/{token}");
    for (took, status) in [(3, 302), (30, 302), (20_000, 503)] {
        requests.begin();
        requests.end(place, "GET", Some(status), Duration::from_millis(took));
    }
    requests.begin();
    let text = metrics.text(everything());
    let route = "route=\"/api/auth/reset-password/{token}\"";
    let bucket = |end| format!("doorward_http_request_duration_seconds_bucket{{{route},le=\"{end}\"}}");
    let sum = format!("doorward_http_request_duration_seconds_sum{{{route}}}");
    let count = format!("doorward_http_request_duration_seconds_count{{{route}}}");
    let total =
        |status| format!("doorward_http_requests_total{{{route},method=\"GET\",status=\"{status}\"}}");
    assert_values(
        &text,
        &[
            (&total(302), 2.0),
            (&total(503), 1.0),
            (&bucket("0.001"), 0.0),
            (&bucket("0.005"), 1.0),
            (&bucket("0.05"), 2.0),
            (&bucket("10"), 2.0),
            (&bucket("+Inf"), 3.0),
            (&sum, 20.033),
            (&count, 3.0),
            ("doorward_http_requests_in_flight", 1.0),
            ("doorward_http_connections", 7.0),
        ],
    );
}

#[test]
fn what_was_looked_up_is_shown() {
    let text = metrics().text(everything());
    assert_values(
        &text,
        &[
            ("doorward_build_info{version=\"1.2.3\"}", 1.0),
            ("doorward_password_hashes_waiting", 1.0),
            ("doorward_password_hashes_waiting_max", 2.0),
            ("doorward_password_hashes_running", 3.0),
            ("doorward_password_hash_threads", 4.0),
            ("doorward_password_hashes_shed_total", 5.0),
            ("doorward_database_connections{state=\"in_use\"}", 1.0),
            ("doorward_database_connections{state=\"idle\"}", 2.0),
            ("doorward_database_connections_max", 8.0),
            ("doorward_database_up", 1.0),
            ("doorward_session_cache_entries", 6.0),
            ("doorward_session_cache_oldest_hit_seconds", 0.25),
            ("doorward_outbox_emails", 2.0),
            ("doorward_outbox_oldest_seconds", 1.5),
            ("doorward_breach_checks_total{outcome=\"unavailable\"}", 3.0),
            ("process_start_time_seconds", 1_700_000_000.0),
            ("process_resident_memory_bytes", 1024.0),
            ("process_open_fds", 9.0),
            ("process_max_fds", 10.0),
        ],
    );
}

#[test]
fn what_is_unknown_is_not_shown_but_for_the_database_that_is_down() {
    let text = ServerMetrics::new("1.2.3", now());
    let text = Arc::new(text).text(nothing());
    let shown: Vec<_> = families(&text).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        shown,
        [
            "doorward_build_info",
            "doorward_sign_ins_total",
            "doorward_limits_reached_total",
            "doorward_database_up",
            "doorward_session_reads_total",
            "doorward_emails_total",
            "process_start_time_seconds"
        ]
    );
    assert_values(&text, &[("doorward_database_up", 0.0)]);
}

#[test]
fn an_empty_outbox_has_no_age() {
    let readings = Readings {
        outbox: Some(Backlog::default()),
        ..nothing()
    };
    let text = metrics().text(readings);
    let expected = [
        ("doorward_outbox_emails", 0.0),
        ("doorward_outbox_oldest_seconds", 0.0),
    ];
    assert_values(&text, &expected);
}

#[test]
fn work_is_shown_by_worker_and_strangers_are_not() {
    let metrics = metrics();
    let work = |worker, outcome| metrics.observe(Observation::Work { worker, outcome });
    work("mail", WorkOutcome::Done(now()));
    work("mail", WorkOutcome::Failed);
    work("purge", WorkOutcome::Died);
    work("purge", WorkOutcome::Died);
    work("stranger", WorkOutcome::Died);
    let text = metrics.text(nothing());
    let success = |worker| format!("doorward_worker_last_success_timestamp_seconds{{worker=\"{worker}\"}}");
    assert_values(
        &text,
        &[
            (&success("mail"), 1_700_000_000.0),
            (&success("purge"), 0.0),
            ("doorward_worker_failures_total{worker=\"mail\"}", 1.0),
            ("doorward_worker_failures_total{worker=\"purge\"}", 0.0),
            ("doorward_worker_restarts_total{worker=\"mail\"}", 0.0),
            ("doorward_worker_restarts_total{worker=\"purge\"}", 2.0),
        ],
    );
    assert!(!text.contains("stranger"));
}

/// The names of metrics that a text has in it.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.starts_with("doorward_") || word.starts_with("process_"))
}

#[test]
fn alarms_and_the_guide_for_production_name_metrics_that_exist() {
    let guide = include_str!("../../../../../docs/guides/production.md");
    let alarms = CATALOGUE.iter().filter_map(|family| family.alarm.as_ref());
    let texts: Vec<_> = alarms.map(|alarm| alarm.when).chain([guide]).collect();
    // Zones of the proxy in the guide.
    let others = ["doorward_connections", "doorward_requests"];
    for name in texts.iter().copied().flat_map(names_in) {
        let is_shown = CATALOGUE.iter().any(|family| {
            let rest = name.strip_prefix(family.name);
            rest.is_some_and(|rest| ["", "_bucket"].contains(&rest))
        });
        assert!(is_shown || others.contains(&name), "{name}");
    }
    assert!(names_in(guide).count() > 5);
}

//! Every metric there is. What is not declared here is not shown, and what is declared here is explained in the reference.

/// A metric.
#[derive(Debug)]
pub struct Family {
    /// The name, with its unit.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What its series differ in.
    pub labels: &'static [LabelName],
    /// What it says.
    pub about: &'static str,
    /// When to look, and why.
    pub alarm: Option<Alarm>,
}

/// An alarm to begin with.
#[derive(Debug)]
pub struct Alarm {
    /// When, as an expression of Prometheus.
    pub when: &'static str,
    /// For how long it has to be so, as Prometheus writes it.
    pub lasting: Option<&'static str>,
    /// What it means.
    pub means: &'static str,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, from 0 at the start of the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Numbers of observations up to certain values.
    Histogram,
}

impl Kind {
    /// What Prometheus calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A label, and which values it can have.
#[derive(Debug)]
pub struct LabelName {
    /// The name.
    pub name: &'static str,
    /// The values, in words.
    pub values: &'static str,
}

const ROUTE: LabelName = LabelName {
    name: "route",
    values: "the pattern of the path, such as `/api/auth/reset-password/{token}`; `unmatched` for paths that no route serves",
};
const WORKER: LabelName = LabelName {
    name: "worker",
    values: "`mail`, and the workers of the modules",
};

pub(super) const BUILD: Family = Family {
    name: "doorward_build_info",
    kind: Kind::Gauge,
    labels: &[LabelName {
        name: "version",
        values: "the version of Doorward",
    }],
    about: "Always 1.",
    alarm: Some(Alarm {
        when: "count(count by (version) (doorward_build_info)) > 1",
        lasting: Some("1h"),
        means: "An upgrade was not finished.",
    }),
};
pub(super) const REQUESTS: Family = Family {
    name: "doorward_http_requests_total",
    kind: Kind::Counter,
    labels: &[
        ROUTE,
        LabelName {
            name: "method",
            values: "`GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD`, `OPTIONS`, or `other`",
        },
        LabelName {
            name: "status",
            values: "the status of the answer; `1xx` to `5xx` for an unusual one; `aborted` where the request was given up before it was answered",
        },
    ],
    about: "Requests that ended. A series begins with its first request.",
    alarm: Some(Alarm {
        when: "sum(rate(doorward_http_requests_total{status=~\"5..|5xx\"}[5m])) / sum(rate(doorward_http_requests_total[5m])) > 0.01",
        lasting: Some("5m"),
        means: "More than one request in a hundred fails. 503 is a server that is busy or without its database, 500 is a fault: the log has the cause.",
    }),
};
pub(super) const DURATION: Family = Family {
    name: "doorward_http_request_duration_seconds",
    kind: Kind::Histogram,
    labels: &[ROUTE],
    about: "How long requests took, from their head until the head of their answer. The body of a request is read in that time.",
    alarm: Some(Alarm {
        when: "histogram_quantile(0.95, sum by (le) (rate(doorward_http_request_duration_seconds_bucket{route=\"/api/auth/get-session\"}[5m]))) > 0.25",
        lasting: Some("10m"),
        means: "Reading a session is slow, and with it every page of the application. Routes that hash a password take longer by nature.",
    }),
};
pub(super) const IN_FLIGHT: Family = Family {
    name: "doorward_http_requests_in_flight",
    kind: Kind::Gauge,
    labels: &[],
    about: "Requests that are being answered.",
    alarm: None,
};
pub(super) const CONNECTIONS: Family = Family {
    name: "doorward_http_connections",
    kind: Kind::Gauge,
    labels: &[],
    about: "Open connections of clients. The log of the start says how many there may be.",
    alarm: None,
};
pub(super) const SIGN_INS: Family = Family {
    name: "doorward_sign_ins_total",
    kind: Kind::Counter,
    labels: &[LabelName {
        name: "outcome",
        values: "`issued`: there is a session; `challenged`: a second factor is asked for; denied: `wrong_credentials` (unknown user, \
                 no password, or the wrong one), `too_many_attempts`, `email_not_verified`, `banned`, `second_factor_unavailable`, \
                 `refused_by_hook`; not decided: `busy`, `failed`",
    }],
    about: "Sign-ins by password, by a link that signs in, and at sign-up.",
    alarm: Some(Alarm {
        when: "sum(rate(doorward_sign_ins_total{outcome=\"wrong_credentials\"}[10m])) > 5 * sum(rate(doorward_sign_ins_total{outcome=\"wrong_credentials\"}[10m] offset 1d)) + 0.5",
        lasting: None,
        means: "Somebody tries passwords. `doorward audit` shows from where.",
    }),
};
pub(super) const LIMITS: Family = Family {
    name: "doorward_limits_reached_total",
    kind: Kind::Counter,
    labels: &[LabelName {
        name: "limit",
        values: "`requests` of a client, answered 429; `password_attempts` of an account, answered 429; `emails_to_recipient`, not \
                 sent; `recorded_refusals`, counted and not recorded one by one as audit events",
    }],
    about: "What was not done because a limit was reached.",
    alarm: Some(Alarm {
        when: "sum by (limit) (rate(doorward_limits_reached_total[10m])) > 1",
        lasting: Some("10m"),
        means: "Somebody asks too often. With `requests`, look whether all clients are counted as one: a proxy that \
                `advanced.ip_address.trusted_proxies` does not name.",
    }),
};
pub(super) const HASHES_WAITING: Family = Family {
    name: "doorward_password_hashes_waiting",
    kind: Kind::Gauge,
    labels: &[],
    about: "Passwords that wait for a hashing thread.",
    alarm: Some(Alarm {
        when: "doorward_password_hashes_waiting > 0.5 * doorward_password_hashes_waiting_max",
        lasting: Some("1m"),
        means: "Sign-ins are slow and soon refused. More cores, or `password.threads`.",
    }),
};
pub(super) const HASHES_WAITING_MAX: Family = Family {
    name: "doorward_password_hashes_waiting_max",
    kind: Kind::Gauge,
    labels: &[],
    about: "Most passwords that may wait.",
    alarm: None,
};
pub(super) const HASHES_RUNNING: Family = Family {
    name: "doorward_password_hashes_running",
    kind: Kind::Gauge,
    labels: &[],
    about: "Hashing threads at work.",
    alarm: None,
};
pub(super) const HASH_THREADS: Family = Family {
    name: "doorward_password_hash_threads",
    kind: Kind::Gauge,
    labels: &[],
    about: "Hashing threads.",
    alarm: None,
};
pub(super) const HASHES_SHED: Family = Family {
    name: "doorward_password_hashes_shed_total",
    kind: Kind::Counter,
    labels: &[],
    about: "Passwords that were not hashed because too many waited; the request got 503.",
    alarm: Some(Alarm {
        when: "rate(doorward_password_hashes_shed_total[5m]) > 0",
        lasting: None,
        means: "Sign-ins and sign-ups are refused for lack of processors.",
    }),
};
pub(super) const POOL: Family = Family {
    name: "doorward_database_connections",
    kind: Kind::Gauge,
    labels: &[LabelName {
        name: "state",
        values: "`in_use` or `idle`",
    }],
    about: "Connections to the database.",
    alarm: Some(Alarm {
        when: "doorward_database_connections{state=\"in_use\"} >= ignoring(state) doorward_database_connections_max",
        lasting: Some("1m"),
        means: "Requests wait for a connection, and get 503 after 2 s. A slow database, or `database.max_connections` is too low. The driver does not tell how many wait.",
    }),
};
pub(super) const POOL_MAX: Family = Family {
    name: "doorward_database_connections_max",
    kind: Kind::Gauge,
    labels: &[],
    about: "Most connections to the database.",
    alarm: None,
};
pub(super) const DATABASE_UP: Family = Family {
    name: "doorward_database_up",
    kind: Kind::Gauge,
    labels: &[],
    about: "1 if the database answered this scrape within a second, else 0.",
    alarm: Some(Alarm {
        when: "doorward_database_up == 0",
        lasting: Some("1m"),
        means: "Nobody can sign in. `/readyz` fails as well.",
    }),
};
pub(super) const SESSION_READS: Family = Family {
    name: "doorward_session_reads_total",
    kind: Kind::Counter,
    labels: &[LabelName {
        name: "source",
        values: "`cache`; `store`: the cache did not have it; `store_only`: the request changes something, so that the cache is not asked",
    }],
    about: "Sessions that were looked for. The share of the session cache is `cache` of `cache` and `store`.",
    alarm: None,
};
pub(super) const CACHE_ENTRIES: Family = Family {
    name: "doorward_session_cache_entries",
    kind: Kind::Gauge,
    labels: &[],
    about: "Sessions in the session cache, about.",
    alarm: None,
};
pub(super) const CACHE_OLDEST_HIT: Family = Family {
    name: "doorward_session_cache_oldest_hit_seconds",
    kind: Kind::Gauge,
    labels: &[],
    about: "The oldest copy of a session that was ever served from the session cache since the start. So long a session that another \
            server revoked may have been accepted.",
    alarm: Some(Alarm {
        when: "doorward_session_cache_oldest_hit_seconds > 1.1",
        lasting: None,
        means: "A revoked session was accepted for longer than a second, which `session.memory` does not permit: report it.",
    }),
};
pub(super) const OUTBOX: Family = Family {
    name: "doorward_outbox_emails",
    kind: Kind::Gauge,
    labels: &[],
    about: "Emails that wait to be sent, of all servers of the database.",
    alarm: None,
};
pub(super) const OUTBOX_OLDEST: Family = Family {
    name: "doorward_outbox_oldest_seconds",
    kind: Kind::Gauge,
    labels: &[],
    about: "How long ago the oldest of them was written; 0 if none waits.",
    alarm: Some(Alarm {
        when: "doorward_outbox_oldest_seconds > 300",
        lasting: None,
        means: "Links to verify an address and to reset a password do not arrive. After a day an email is given up.",
    }),
};
pub(super) const EMAILS: Family = Family {
    name: "doorward_emails_total",
    kind: Kind::Counter,
    labels: &[LabelName {
        name: "outcome",
        values: "`sent`; tried again: `postponed`, `no_relay` (no mail server took emails); dropped: `refused` (recipient or content), `given_up` (tried for too long)",
    }],
    about: "Attempts to send an email.",
    alarm: Some(Alarm {
        when: "increase(doorward_emails_total{outcome=\"given_up\"}[1h]) > 0",
        lasting: None,
        means: "Emails were lost. The log has the cause.",
    }),
};
pub(super) const WORKER_SUCCESS: Family = Family {
    name: "doorward_worker_last_success_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[WORKER],
    about: "When work in the background last succeeded; 0 before the first time.",
    alarm: Some(Alarm {
        when: "time() - doorward_worker_last_success_timestamp_seconds > 7200 and on (instance) time() - process_start_time_seconds > 7200",
        lasting: None,
        means: "Background work stands still, such as the removal of what has expired. The workers of Doorward rest an hour at most.",
    }),
};
pub(super) const WORKER_FAILURES: Family = Family {
    name: "doorward_worker_failures_total",
    kind: Kind::Counter,
    labels: &[WORKER],
    about: "How often it failed, and was tried again.",
    alarm: None,
};
pub(super) const WORKER_RESTARTS: Family = Family {
    name: "doorward_worker_restarts_total",
    kind: Kind::Counter,
    labels: &[WORKER],
    about: "How often it died of a panic, and was begun again.",
    alarm: Some(Alarm {
        when: "increase(doorward_worker_restarts_total[15m]) > 0",
        lasting: None,
        means: "A fault in the work: the log has it. Three deaths in a row make `/readyz` fail.",
    }),
};
pub(super) const BREACH_CHECKS: Family = Family {
    name: "doorward_breach_checks_total",
    kind: Kind::Counter,
    labels: &[LabelName {
        name: "outcome",
        values: "`unknown`, `compromised`: the password was refused, or `unavailable`: it was accepted without an answer",
    }],
    about: "New passwords that were looked for among breached ones. Only with `password.breach_check.enabled`.",
    alarm: Some(Alarm {
        when: "rate(doorward_breach_checks_total{outcome=\"unavailable\"}[15m]) > 0",
        lasting: Some("15m"),
        means: "Passwords are accepted unchecked.",
    }),
};
pub(super) const STARTED: Family = Family {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    labels: &[],
    about: "When the server started, in seconds since 1970.",
    alarm: Some(Alarm {
        when: "changes(process_start_time_seconds{job=\"doorward\"}[1h]) > 2",
        lasting: None,
        means: "The server crashes or is restarted again and again.",
    }),
};
pub(super) const MEMORY: Family = Family {
    name: "process_resident_memory_bytes",
    kind: Kind::Gauge,
    labels: &[],
    about: "Memory of the process that is in use. Linux only.",
    alarm: Some(Alarm {
        when: "process_resident_memory_bytes{job=\"doorward\"} > 1e9",
        lasting: None,
        means: "Write 80 % of the memory that the service may have. Each hashing thread needs `password.memory_kib` while it works, and gives it back a second later.",
    }),
};
pub(super) const OPEN_FILES: Family = Family {
    name: "process_open_fds",
    kind: Kind::Gauge,
    labels: &[],
    about: "Open files of the process, connections included. Linux only.",
    alarm: None,
};
pub(super) const MOST_FILES: Family = Family {
    name: "process_max_fds",
    kind: Kind::Gauge,
    labels: &[],
    about: "Most files that the process may open. Linux only.",
    alarm: None,
};

/// Every metric, in the order in which they are shown.
pub const CATALOGUE: &[&Family] = &[
    &BUILD,
    &REQUESTS,
    &DURATION,
    &IN_FLIGHT,
    &CONNECTIONS,
    &SIGN_INS,
    &LIMITS,
    &HASHES_WAITING,
    &HASHES_WAITING_MAX,
    &HASHES_RUNNING,
    &HASH_THREADS,
    &HASHES_SHED,
    &POOL,
    &POOL_MAX,
    &DATABASE_UP,
    &SESSION_READS,
    &CACHE_ENTRIES,
    &CACHE_OLDEST_HIT,
    &OUTBOX,
    &OUTBOX_OLDEST,
    &EMAILS,
    &WORKER_SUCCESS,
    &WORKER_FAILURES,
    &WORKER_RESTARTS,
    &BREACH_CHECKS,
    &STARTED,
    &MEMORY,
    &OPEN_FILES,
    &MOST_FILES,
];

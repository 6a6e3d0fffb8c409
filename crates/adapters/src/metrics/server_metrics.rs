use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use doorward_domain::metrics::{
    EmailOutcome, Limit, Metrics, Observation, SessionSource, SignInOutcome, WorkOutcome,
};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text};
use prometheus_client::registry::Registry;

use super::catalogue as declared;
use super::counts::Counts;
use super::exposition::{Exposition, float};
use super::readings::Readings;
use super::requests::RequestMetrics;

/// Counts what happens on a server, and shows it.
#[derive(Debug)]
pub struct ServerMetrics {
    version: &'static str,
    started: DateTime<Utc>,
    sign_ins: Counts<SignInOutcome>,
    limits: Counts<Limit>,
    emails: Counts<EmailOutcome>,
    session_reads: Counts<SessionSource>,
    workers: OnceLock<Vec<WorkerCounts>>,
    requests: OnceLock<Arc<RequestMetrics>>,
}

#[derive(Debug)]
struct WorkerCounts {
    name: &'static str,
    /// In seconds since 1970.
    last_success: AtomicI64,
    failures: AtomicU64,
    restarts: AtomicU64,
}

impl ServerMetrics {
    /// Of a server of this version that starts now.
    #[must_use]
    pub fn new(version: &'static str, started: DateTime<Utc>) -> Self {
        Self {
            version,
            started,
            sign_ins: Counts::default(),
            limits: Counts::default(),
            emails: Counts::default(),
            session_reads: Counts::default(),
            workers: OnceLock::new(),
            requests: OnceLock::new(),
        }
    }

    /// Counts requests to routes of these patterns from now on. The patterns of the first call are kept.
    pub fn serve(&self, patterns: impl Iterator<Item = String>) -> Arc<RequestMetrics> {
        self.requests
            .get_or_init(|| Arc::new(RequestMetrics::new(patterns)))
            .clone()
    }

    /// Counts the work of these from now on. The names of the first call are kept.
    pub fn watch(&self, workers: impl Iterator<Item = &'static str>) {
        let counts = |name| WorkerCounts {
            name,
            last_success: AtomicI64::new(0),
            failures: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
        };
        self.workers.get_or_init(|| workers.map(counts).collect());
    }

    /// All metrics in the text format of Prometheus, with what was looked up for them.
    #[must_use]
    pub fn text(self: &Arc<Self>, readings: Readings) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Page {
            metrics: self.clone(),
            readings,
        }));
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_text::encode(&mut text, &registry);
        text
    }

    fn note_work(&self, worker: &'static str, outcome: WorkOutcome) {
        let mut workers = self.workers.get().into_iter().flatten();
        let Some(counts) = workers.find(|counts| counts.name == worker) else {
            return;
        };
        match outcome {
            WorkOutcome::Done(at) => counts.last_success.store(at.timestamp(), Ordering::Relaxed),
            WorkOutcome::Failed => drop(counts.failures.fetch_add(1, Ordering::Relaxed)),
            WorkOutcome::Died => drop(counts.restarts.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

impl Metrics for ServerMetrics {
    fn observe(&self, observation: Observation) {
        match observation {
            Observation::SignIn(outcome) => self.sign_ins.add(outcome),
            Observation::LimitReached(limit) => self.limits.add(limit),
            Observation::Email(outcome) => self.emails.add(outcome),
            Observation::SessionRead(source) => self.session_reads.add(source),
            Observation::Work { worker, outcome } => self.note_work(worker, outcome),
        }
    }
}

/// One scrape.
#[derive(Debug)]
struct Page {
    metrics: Arc<ServerMetrics>,
    readings: Readings,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Exposition(encoder);
        let build = [(vec![self.metrics.version], 1.0)];
        out.gauge(&declared::BUILD, build.into_iter())?;
        self.requests(&mut out)?;
        let labelled = |(label, count)| (vec![label], count);
        out.counter(&declared::SIGN_INS, self.metrics.sign_ins.all().map(labelled))?;
        out.counter(&declared::LIMITS, self.metrics.limits.all().map(labelled))?;
        self.hashing(&mut out)?;
        self.database(&mut out)?;
        out.counter(
            &declared::SESSION_READS,
            self.metrics.session_reads.all().map(labelled),
        )?;
        self.session_cache(&mut out)?;
        self.outbox(&mut out)?;
        out.counter(&declared::EMAILS, self.metrics.emails.all().map(labelled))?;
        self.workers(&mut out)?;
        self.breach_checks(&mut out)?;
        self.process(&mut out)
    }
}

impl Page {
    fn requests(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Some(requests) = self.metrics.requests.get() else {
            return Ok(());
        };
        let counts: Vec<_> = requests.counts().collect();
        let counts = counts
            .iter()
            .map(|(pattern, method, status, count)| (vec![*pattern, method, status], *count));
        out.counter(&declared::REQUESTS, counts)?;
        let durations = requests.durations();
        out.histogram(
            &declared::DURATION,
            durations.map(|(pattern, took)| (vec![pattern], took)),
        )?;
        let in_flight = u64::try_from(requests.in_flight()).unwrap_or_default();
        out.one(&declared::IN_FLIGHT, in_flight)?;
        out.one(&declared::CONNECTIONS, self.readings.connections)
    }

    fn hashing(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Some(load) = self.readings.hashing else {
            return Ok(());
        };
        out.one(&declared::HASHES_WAITING, load.waiting)?;
        out.one(&declared::HASHES_WAITING_MAX, load.capacity)?;
        out.one(&declared::HASHES_RUNNING, load.running)?;
        out.one(&declared::HASH_THREADS, load.threads)?;
        out.one(&declared::HASHES_SHED, load.shed)
    }

    fn database(&self, out: &mut Exposition<'_>) -> fmt::Result {
        if let Some(pool) = self.readings.pool {
            let states = [("in_use", pool.in_use), ("idle", pool.idle)];
            let states = states.map(|(state, count)| (vec![state], float(count)));
            out.gauge(&declared::POOL, states.into_iter())?;
            out.one(&declared::POOL_MAX, pool.max)?;
        }
        out.one(&declared::DATABASE_UP, u64::from(self.readings.outbox.is_some()))
    }

    fn session_cache(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Some(load) = self.readings.session_cache else {
            return Ok(());
        };
        out.one(&declared::CACHE_ENTRIES, load.entries)?;
        out.number(&declared::CACHE_OLDEST_HIT, load.oldest_hit.as_secs_f64())
    }

    fn outbox(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Some(backlog) = self.readings.outbox else {
            return Ok(());
        };
        out.one(&declared::OUTBOX, backlog.waiting)?;
        let age = backlog.oldest.map(|written| self.readings.now - written);
        let age = age.and_then(|age| age.to_std().ok()).unwrap_or_default();
        out.number(&declared::OUTBOX_OLDEST, age.as_secs_f64())
    }

    fn workers(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Some(workers) = self.metrics.workers.get() else {
            return Ok(());
        };
        let successes = workers.iter().map(|it| {
            let last = u64::try_from(it.last_success.load(Ordering::Relaxed));
            (vec![it.name], float(last.unwrap_or_default()))
        });
        out.gauge(&declared::WORKER_SUCCESS, successes)?;
        for (family, count) in [
            (
                &declared::WORKER_FAILURES,
                (|it| &it.failures) as fn(&WorkerCounts) -> &AtomicU64,
            ),
            (&declared::WORKER_RESTARTS, |it| &it.restarts),
        ] {
            let counts = workers.iter();
            let counts = counts.map(|it| (vec![it.name], count(it).load(Ordering::Relaxed)));
            out.counter(family, counts)?;
        }
        Ok(())
    }

    fn breach_checks(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Some(checks) = self.readings.breach_checks else {
            return Ok(());
        };
        let outcomes = [
            ("unknown", checks.unknown),
            ("compromised", checks.compromised),
            ("unavailable", checks.unavailable),
        ];
        let outcomes = outcomes.map(|(outcome, count)| (vec![outcome], count));
        out.counter(&declared::BREACH_CHECKS, outcomes.into_iter())
    }

    fn process(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let started = self.metrics.started.timestamp();
        out.one(&declared::STARTED, u64::try_from(started).unwrap_or_default())?;
        let usage = self.readings.process;
        for (family, number) in [
            (&declared::MEMORY, usage.resident_bytes),
            (&declared::OPEN_FILES, usage.open_files),
            (&declared::MOST_FILES, usage.most_files),
        ] {
            if let Some(number) = number {
                out.one(family, number)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! How many connections of clients there may be (RE-13): as many as the process may open files, without those it needs itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::configuration::{Configuration, HttpSettings};

/// Most connections where neither the configuration nor the operating system has a lower number.
const MOST: usize = 10_240;
/// Fewest connections, also where hardly any file may be opened.
const FEWEST: usize = 16;
/// Files of a connection to the database: SQLite has three.
const FILES_OF_DATABASE: u64 = 3;
/// What the database adapter opens where the configuration says nothing.
const DATABASE_CONNECTIONS: u32 = 10;
/// Files of a thread: its queues of events.
const FILES_OF_WORKER: u64 = 4;
/// Connections of monitoring, with the thread that answers them and what it reads.
const FILES_OF_METRICS: u64 = super::metrics::CONNECTIONS as u64 + FILES_OF_WORKER + 2;
/// Mail, the log, standard streams, name resolution, and what a team opens.
const OTHER_FILES: u64 = 64;

/// How many connections a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionLimit {
    /// In all.
    pub(super) most: usize,
    /// For each thread that answers requests.
    pub(super) of_worker: usize,
}

impl ConnectionLimit {
    /// The limit of this configuration. Where it takes more files than the process may open, that limit is raised as far as the
    /// operating system lets it.
    pub(super) fn of(configuration: &Configuration, workers: usize) -> Self {
        let http = &configuration.http;
        let database = configuration.database.max_connections;
        let metrics = if configuration.metrics.enabled {
            FILES_OF_METRICS
        } else {
            0
        };
        let own = own_files(database.unwrap_or(DATABASE_CONNECTIONS), workers).saturating_add(metrics);
        let wanted = wanted(http);
        let files = raise_open_files(own.saturating_add(u64::try_from(wanted).unwrap_or(u64::MAX)));
        let limit = Self::within(wanted, files, own, workers);
        if limit.most < wanted {
            tracing::warn!(
                open_files = files,
                connections = limit.most,
                "the limit of open files keeps clients out: raise it (`ulimit -n`, LimitNOFILE=)"
            );
        } else {
            tracing::info!(
                open_files = files,
                connections = limit.most,
                "most connections of clients at a time"
            );
        }
        limit
    }

    fn within(wanted: usize, files: u64, own: u64, workers: usize) -> Self {
        let left = usize::try_from(files.saturating_sub(own)).unwrap_or(usize::MAX);
        let most = wanted.min(left).max(FEWEST);
        Self {
            most,
            of_worker: (most / workers.max(1)).max(1),
        }
    }

    /// From how many on a new connection replaces another, so that there always is one free.
    pub(super) const fn room(self) -> usize {
        self.most - self.most / 8
    }
}

fn wanted(http: &HttpSettings) -> usize {
    http.max_connections.map_or(MOST, usize::from)
}

fn own_files(database: u32, workers: usize) -> u64 {
    let workers = u64::try_from(workers).unwrap_or(u64::MAX);
    let threads = FILES_OF_WORKER.saturating_mul(workers);
    OTHER_FILES
        .saturating_add(FILES_OF_DATABASE * u64::from(database))
        .saturating_add(threads)
}

/// How many files the process may open, after the limit was raised to `wanted` if it was lower and could be.
fn raise_open_files(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(present) = current else {
        return u64::MAX;
    };
    let raised = wanted.min(maximum.unwrap_or(u64::MAX));
    if raised <= present {
        return present;
    }
    let limit = Rlimit {
        current: Some(raised),
        maximum,
    };
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            present
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re_13_connections_leave_files_for_everything_else() {
        let own = own_files(8, 2);
        assert_eq!(own, 64 + 24 + 8);
        let limit = ConnectionLimit::within(MOST, 1024, own, 2);
        assert_eq!((limit.most, limit.of_worker), (928, 464));
        assert_eq!(limit.room(), 812);
        assert_eq!(ConnectionLimit::within(MOST, u64::MAX, own, 2).most, MOST);
        assert_eq!(ConnectionLimit::within(100, 1024, own, 2).most, 100);
        let starved = ConnectionLimit::within(MOST, 20, own, 64);
        assert_eq!((starved.most, starved.of_worker), (FEWEST, 1));
        assert_eq!(own_files(u32::MAX, usize::MAX), u64::MAX);
    }
}

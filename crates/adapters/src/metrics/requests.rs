use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::{Buckets, Histogram};

/// The methods that have a name of their own; all others are one.
const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other",
];
/// The statuses that have a name of their own, and after them the classes of all others.
const STATUSES: [u16; 23] = [
    200, 201, 204, 302, 303, 304, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 428, 429, 500, 501,
    502, 503,
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// What stands for the status of a request that was given up before it was answered.
const ABORTED: &str = "aborted";
const SLOTS: usize = STATUSES.len() + CLASSES.len() + 1;
/// What paths are called that no route serves: their number would be without end.
const UNMATCHED: &str = "unmatched";

/// Requests by route, method and status. A route is the pattern of a path, never a path: that may have a token in it.
#[derive(Debug)]
pub struct RequestMetrics {
    places: HashMap<String, usize>,
    /// The last one is of paths that no route serves.
    routes: Vec<Route>,
    in_flight: AtomicI64,
}

#[derive(Debug)]
struct Route {
    pattern: String,
    /// For each method the statuses.
    counts: [[AtomicU64; SLOTS]; METHODS.len()],
    took: Histogram,
}

impl Route {
    fn new(pattern: String) -> Self {
        Self {
            pattern,
            counts: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            took: Histogram::default(),
        }
    }
}

impl RequestMetrics {
    /// Of a server with these routes.
    pub(super) fn new(patterns: impl Iterator<Item = String>) -> Self {
        let routes: Vec<_> = patterns.chain([UNMATCHED.to_owned()]).map(Route::new).collect();
        let places = routes.iter().enumerate();
        let places = places.map(|(place, route)| (route.pattern.clone(), place));
        Self {
            places: places.collect(),
            routes,
            in_flight: AtomicI64::new(0),
        }
    }

    /// A request begins.
    pub fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// The place of the route of this pattern, for [`end`](Self::end).
    #[must_use]
    pub fn place(&self, pattern: &str) -> Option<usize> {
        self.places.get(pattern).copied()
    }

    /// A request that began has ended: with a status, or it was given up before it was answered.
    pub fn end(&self, place: Option<usize>, method: &str, status: Option<u16>, took: Duration) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let place = place.unwrap_or(self.routes.len() - 1);
        let Some(route) = self.routes.get(place) else {
            return;
        };
        let other = METHODS.len() - 1;
        let method = METHODS.iter().position(|it| *it == method).unwrap_or(other);
        route.counts[method][slot(status)].fetch_add(1, Ordering::Relaxed);
        route.took.observe(took);
    }

    pub(super) fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Pattern, method, status and number of the requests there were.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&str, &'static str, String, u64)> {
        self.routes.iter().flat_map(|route| {
            METHODS.iter().zip(&route.counts).flat_map(|(method, slots)| {
                let numbers = slots.iter().map(|count| count.load(Ordering::Relaxed));
                let counts = numbers.enumerate().filter(|(_, count)| *count > 0);
                counts.map(|(slot, count)| (&*route.pattern, *method, status_of(slot), count))
            })
        })
    }

    /// How long the requests of each route took that had any.
    pub(super) fn durations(&self) -> impl Iterator<Item = (&str, Buckets)> {
        let all = self
            .routes
            .iter()
            .map(|route| (&*route.pattern, route.took.read()));
        all.filter(|(_, buckets)| buckets.total > 0)
    }
}

fn slot(status: Option<u16>) -> usize {
    let Some(status) = status else {
        return SLOTS - 1;
    };
    let named = STATUSES.iter().position(|it| *it == status);
    let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
    named.unwrap_or(STATUSES.len() + class)
}

fn status_of(slot: usize) -> String {
    let named = STATUSES.get(slot).map(u16::to_string);
    named.unwrap_or_else(|| {
        let class = slot
            .checked_sub(STATUSES.len())
            .and_then(|class| CLASSES.get(class));
        class.copied().unwrap_or(ABORTED).to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_pattern_method_and_status() {
        let requests = RequestMetrics::new(["/a/{id}".to_owned()].into_iter());
        for (pattern, method, status) in [
            ("/a/{id}", "GET", Some(200)),
            ("/a/{id}", "GET", Some(200)),
            ("/a/{id}", "BREW", Some(418)),
            ("/a/7", "GET", Some(404)),
            ("/a/{id}", "POST", None),
            ("/a/{id}", "POST", Some(999)),
            ("/a/{id}", "POST", Some(7)),
        ] {
            requests.begin();
            requests.end(requests.place(pattern), method, status, Duration::ZERO);
        }
        let counts: Vec<_> = requests.counts().collect();
        let count = |pattern, method, status: &str, number| (pattern, method, status.to_owned(), number);
        assert_eq!(
            counts,
            [
                count("/a/{id}", "GET", "200", 2),
                count("/a/{id}", "POST", "1xx", 1),
                count("/a/{id}", "POST", "5xx", 1),
                count("/a/{id}", "POST", "aborted", 1),
                count("/a/{id}", "other", "4xx", 1),
                count("unmatched", "GET", "404", 1),
            ]
        );
        assert_eq!(requests.in_flight(), 0);
        let totals: Vec<_> = requests
            .durations()
            .map(|(pattern, buckets)| (pattern, buckets.total))
            .collect();
        assert_eq!(totals, [("/a/{id}", 6), ("unmatched", 1)]);
    }

    #[test]
    fn a_request_is_in_flight_until_it_ends() {
        let requests = RequestMetrics::new(std::iter::empty());
        requests.begin();
        requests.begin();
        requests.end(None, "GET", Some(200), Duration::ZERO);
        assert_eq!(requests.in_flight(), 1);
    }
}

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the buckets, in milliseconds. What takes longer is in one more.
const BOUNDS: [u32; 12] = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/// How long something took, counted in buckets. The histogram of the library takes a lock.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// What a [`Histogram`] holds at a moment.
#[derive(Debug)]
pub(super) struct Buckets {
    /// Upper end in seconds and how many took that long at most, but longer than the one before says.
    pub(super) counts: Vec<(f64, u64)>,
    pub(super) seconds: f64,
    pub(super) total: u64,
}

impl Histogram {
    pub(super) fn observe(&self, took: Duration) {
        let is_in = |bound: &u32| took <= Duration::from_millis(u64::from(*bound));
        let place = BOUNDS.iter().position(is_in).unwrap_or(BOUNDS.len());
        self.buckets[place].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// The number of observations is the sum of the buckets that were read: whatever is observed meanwhile, they agree.
    pub(super) fn read(&self) -> Buckets {
        let bounds = BOUNDS.iter().map(|bound| f64::from(*bound) / 1000.0);
        let counts: Vec<_> = bounds
            .chain([f64::INFINITY])
            .zip(self.buckets.iter().map(|count| count.load(Ordering::Relaxed)))
            .collect();
        let total = counts.iter().map(|(_, count)| count).sum();
        let nanoseconds = self.nanoseconds.load(Ordering::Relaxed);
        Buckets {
            counts,
            seconds: Duration::from_nanos(nanoseconds).as_secs_f64(),
            total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_first_bucket_that_it_fits_into() {
        let histogram = Histogram::default();
        for milliseconds in [0, 1, 2, 10_000, 10_001] {
            histogram.observe(Duration::from_millis(milliseconds));
        }
        let read = histogram.read();
        let filled: Vec<_> = read.counts.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.001, 2), (0.005, 1), (10.0, 1), (f64::INFINITY, 1)]);
        assert_eq!(read.total, 5);
        assert!((read.seconds - 20.004).abs() < 1e-9, "{}", read.seconds);
    }
}

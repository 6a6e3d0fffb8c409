use std::sync::atomic::{AtomicU64, Ordering};

use doorward_domain::metrics::Distinction;

/// A count for each of what is told apart.
#[derive(Debug)]
pub(super) struct Counts<D> {
    counts: Vec<AtomicU64>,
    of: std::marker::PhantomData<fn(D)>,
}

impl<D: Distinction> Default for Counts<D> {
    fn default() -> Self {
        Self {
            counts: D::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            of: std::marker::PhantomData,
        }
    }
}

impl<D: Distinction> Counts<D> {
    pub(super) fn add(&self, it: D) {
        if let Some(count) = self.counts.get(it.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every count, also those of nothing.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        D::ALL.iter().map(|it| it.label()).zip(counts)
    }
}

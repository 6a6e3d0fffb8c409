use std::sync::atomic::{AtomicU64, Ordering};

/// How often passwords were looked for among breached ones (PW-8).
#[derive(Debug, Default)]
pub struct BreachCheckCounts {
    unknown: AtomicU64,
    compromised: AtomicU64,
    unavailable: AtomicU64,
}

impl BreachCheckCounts {
    /// Another password was looked for, and was among them or not.
    pub(super) fn count_answer(&self, is_breached: bool) {
        let counter = if is_breached {
            &self.compromised
        } else {
            &self.unknown
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Another password was accepted unchecked. Answers how many there were.
    pub(super) fn count_unavailable(&self) -> u64 {
        self.unavailable.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many passwords were not among them.
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// How many passwords were refused.
    pub fn compromised(&self) -> u64 {
        self.compromised.load(Ordering::Relaxed)
    }

    /// How often there was no answer, so that a password was accepted unchecked.
    pub fn unavailable(&self) -> u64 {
        self.unavailable.load(Ordering::Relaxed)
    }
}

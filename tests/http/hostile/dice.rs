//! Chance that repeats.

use doorward_domain::Entropy;
use doorward_testing::SeededEntropy;

/// Draws from what repeats in every run.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    pub(crate) fn below(&self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }

    pub(crate) fn pick<'a, T: ?Sized>(&self, from: &'a [&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub(crate) fn chance(&self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

use std::sync::{Mutex, PoisonError};

use doorward_domain::Entropy;
use sha2::{Digest, Sha256};

/// Bytes that look random and are the same in every run: SHA-256 over a seed and a counter.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    blocks: Mutex<u64>,
}

impl SeededEntropy {
    /// The sequence of this seed, from its beginning.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            blocks: Mutex::new(0),
        }
    }
}

impl Default for SeededEntropy {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::digest([self.seed.to_le_bytes(), blocks.to_le_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
            *blocks += 1;
        }
    }
}

use argon2::Block;

/// The memory a hashing thread computes in: kept while there is work, given back when there is none.
///
/// A buffer of its own rather than an allocation for each hash: freed and taken anew, 19 MiB grow to several times that
/// in glibc's per-thread heaps and never shrink.
#[derive(Default)]
pub(super) struct BlockPool {
    blocks: Vec<Block>,
}

impl BlockPool {
    /// What is larger than 32 MiB glibc maps by itself and unmaps when freed; the tail is never touched and costs nothing.
    const RESERVED: usize = 33 * 1024;

    /// `count` blocks with anything in them; none if the system has no memory left.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.blocks.len() < count {
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(count.max(Self::RESERVED)).ok()?;
            self.blocks.resize(count, Block::new());
        }
        self.blocks.get_mut(..count)
    }

    /// Whether [`rest`](Self::rest) has something to do.
    pub(super) const fn holds_blocks(&self) -> bool {
        self.blocks.capacity() > 0
    }

    /// To be called when there was nothing to do for a while: gives the memory back.
    pub(super) fn release(&mut self) {
        self.blocks = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_kept_until_it_rests() {
        let mut memory = BlockPool::default();
        assert!(!memory.holds_blocks());
        assert_eq!(memory.blocks(8).unwrap().len(), 8);
        assert_eq!(memory.blocks(4).unwrap().len(), 4);
        assert_eq!(memory.blocks.len(), 8);
        assert!(memory.holds_blocks());
        memory.release();
        assert!(!memory.holds_blocks());
    }

    #[test]
    fn memory_that_does_not_exist_is_an_answer() {
        assert!(BlockPool::default().blocks(usize::MAX / 1024).is_none());
    }
}

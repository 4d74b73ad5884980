//! Which blocks are free, and how many sequences hold each of the others. Pure; no device.

use crate::error::{Error, ErrorKind, Result};

/// One block of the cache, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

/// A pool of blocks with reference counts.
#[derive(Debug)]
pub struct BlockAllocator {
    /// Holders of each block; 0 is free.
    counts: Vec<u32>,
    /// Free blocks, the next one last: what was used most recently is used again first, while it is still in a cache.
    free: Vec<BlockId>,
}

impl BlockAllocator {
    /// `num_blocks` free blocks; block 0 is given first.
    pub fn new(num_blocks: u32) -> BlockAllocator {
        BlockAllocator { counts: vec![0; num_blocks as usize], free: (0..num_blocks).rev().map(BlockId).collect() }
    }

    /// All blocks.
    pub fn num_blocks(&self) -> usize {
        self.counts.len()
    }

    /// Blocks that nobody holds.
    pub fn num_free(&self) -> usize {
        self.free.len()
    }

    /// A free block, with one holder.
    ///
    /// Errors: `OutOfBlocks` when none is free; nothing has changed then.
    pub fn allocate(&mut self) -> Result<BlockId> {
        let Some(block) = self.free.pop() else {
            let detail = format!("all {} blocks of the cache are in use", self.counts.len());
            return Err(Error::new(ErrorKind::OutOfBlocks, detail));
        };
        self.counts[block.0 as usize] = 1;
        Ok(block)
    }

    /// One more holder of a block that has some.
    pub(crate) fn retain(&mut self, block: BlockId) {
        debug_assert!(self.counts[block.0 as usize] > 0, "{block:?} is free");
        self.counts[block.0 as usize] += 1;
    }

    /// One holder fewer; the last one frees the block. Says whether it was the last.
    pub(crate) fn release(&mut self, block: BlockId) -> bool {
        let count = &mut self.counts[block.0 as usize];
        debug_assert!(*count > 0, "{block:?} is free already");
        *count -= 1;
        let is_free = *count == 0;
        if is_free {
            self.free.push(block);
        }
        is_free
    }

    /// Whether more than one sequence holds the block: it must not be written then.
    pub fn is_shared(&self, block: BlockId) -> bool {
        self.counts[block.0 as usize] > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_free_again_when_its_last_holder_lets_go() {
        let mut pool = BlockAllocator::new(2);
        let a = pool.allocate().unwrap();
        let b = pool.allocate().unwrap();
        assert_ne!(a, b);
        pool.retain(a);
        assert!(pool.is_shared(a) && !pool.is_shared(b));
        let error = pool.allocate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfBlocks);
        assert!(!pool.release(a));
        assert_eq!(pool.num_free(), 0);
        assert!(pool.release(a));
        assert_eq!((pool.num_free(), pool.allocate().unwrap()), (1, a));
    }
}

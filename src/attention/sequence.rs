//! A sequence in the cache: its blocks, in order, and how many tokens they hold.

use std::sync::{Arc, Mutex, MutexGuard};

use super::{BlockAllocator, BlockId};
use crate::error::Result;

/// The allocator and the copies that appends have asked for.
#[derive(Debug)]
pub(crate) struct Pool {
    pub allocator: BlockAllocator,
    pub block_size: usize,
    /// (from, to) blocks to copy before anything is written.
    pub copies: Vec<(BlockId, BlockId)>,
}

pub(crate) type SharedPool = Arc<Mutex<Pool>>;

pub(crate) fn lock(pool: &SharedPool) -> MutexGuard<'_, Pool> {
    // Every change of the pool is complete before anything can panic.
    pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// One sequence's place in a [`PagedKvCache`](super::PagedKvCache). Dropping it gives its blocks back.
#[derive(Debug)]
pub struct Sequence {
    blocks: Vec<BlockId>,
    len: usize,
    pool: SharedPool,
}

impl Sequence {
    pub(crate) fn new(pool: SharedPool) -> Sequence {
        Sequence { blocks: Vec::new(), len: 0, pool }
    }

    /// Tokens it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No tokens yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its blocks, in order of the tokens: one row of the block table.
    pub fn blocks(&self) -> &[BlockId] {
        &self.blocks
    }

    pub(crate) fn is_of(&self, pool: &SharedPool) -> bool {
        Arc::ptr_eq(&self.pool, pool)
    }

    /// Another sequence with the same tokens, sharing all blocks: the samples of one prompt. Whoever appends to a shared,
    /// partly filled block first gets a copy of it. Fork what is written: tokens that were appended and are written only
    /// after the fork may be missing from a copy.
    pub fn fork(&self) -> Sequence {
        let mut pool = lock(&self.pool);
        self.blocks.iter().for_each(|&b| pool.allocator.retain(b));
        Sequence { blocks: self.blocks.clone(), len: self.len, pool: self.pool.clone() }
    }

    /// Room for `tokens` more; gives the slot of each, `block * block_size + offset`.
    ///
    /// Copies that this asks for must be applied ([`PagedKvCache::apply_copies`](super::PagedKvCache::apply_copies)) before
    /// anything is written to the slots.
    /// Errors: `OutOfBlocks`; the sequence is as it was then.
    pub fn append(&mut self, tokens: usize) -> Result<Vec<i32>> {
        let mut guard = lock(&self.pool);
        let pool = &mut *guard;
        let size = pool.block_size;
        let (blocks_before, copies_before) = (self.blocks.len(), pool.copies.len());
        let shared_tail = (tokens > 0 && !self.len.is_multiple_of(size))
            .then(|| self.blocks.len() - 1)
            .filter(|&tail| pool.allocator.is_shared(self.blocks[tail]));
        let mut undo_tail = None;
        let mut grow = || -> Result<()> {
            if let Some(tail) = shared_tail {
                let copy = pool.allocator.allocate()?;
                let shared = std::mem::replace(&mut self.blocks[tail], copy);
                undo_tail = Some((tail, shared));
                pool.copies.push((shared, copy));
            }
            while self.blocks.len() * size < self.len.saturating_add(tokens) {
                self.blocks.push(pool.allocator.allocate()?);
            }
            Ok(())
        };
        if let Err(error) = grow() {
            for block in self.blocks.drain(blocks_before..) {
                pool.allocator.release(block);
            }
            pool.copies.truncate(copies_before);
            if let Some((tail, shared)) = undo_tail {
                pool.allocator.release(std::mem::replace(&mut self.blocks[tail], shared));
            }
            return Err(error);
        }
        if let Some((_, shared)) = undo_tail {
            // The others still hold it, so the copy finds it intact.
            pool.allocator.release(shared);
        }
        let slots = (self.len..self.len + tokens).map(|t| (self.blocks[t / size].0 as usize * size + t % size) as i32).collect();
        self.len += tokens;
        Ok(slots)
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        let mut pool = lock(&self.pool);
        for block in self.blocks.drain(..) {
            if pool.allocator.release(block) {
                // Nobody wants the copy any more, and the block may be the target of another one in the same step.
                pool.copies.retain(|&(_, to)| to != block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn pool(blocks: u32, block_size: usize) -> SharedPool {
        Arc::new(Mutex::new(Pool { allocator: BlockAllocator::new(blocks), block_size, copies: Vec::new() }))
    }

    fn free(pool: &SharedPool) -> usize {
        lock(pool).allocator.num_free()
    }

    #[test]
    fn slots_follow_the_blocks() {
        let pool = pool(4, 4);
        let mut other = Sequence::new(pool.clone());
        other.append(1).unwrap();
        let mut seq = Sequence::new(pool.clone());
        assert_eq!(seq.append(6).unwrap(), [4, 5, 6, 7, 8, 9]);
        assert!(seq.append(0).unwrap().is_empty());
        assert_eq!(seq.append(3).unwrap(), [10, 11, 12]);
        assert_eq!((seq.len(), free(&pool)), (9, 0));
        drop((seq, other));
        assert_eq!(free(&pool), 4);
    }

    #[test]
    fn forks_share_full_blocks_and_copy_a_partial_one_on_write() {
        let pool = pool(8, 4);
        let mut prompt = Sequence::new(pool.clone());
        prompt.append(6).unwrap();
        let mut samples: Vec<Sequence> = (0..3).map(|_| prompt.fork()).collect();
        drop(prompt);
        assert_eq!(free(&pool), 6, "three samples hold the prompt's two blocks");
        let slots: Vec<i32> = samples.iter_mut().map(|s| s.append(1).unwrap()[0]).collect();
        assert_eq!(lock(&pool).copies, [(BlockId(1), BlockId(2)), (BlockId(1), BlockId(3))]);
        // The last holder writes in place.
        assert_eq!(slots, [2 * 4 + 2, 3 * 4 + 2, 4 + 2]);
        assert!(samples.iter().all(|s| s.blocks()[0] == BlockId(0)));
        drop(samples);
        assert_eq!(free(&pool), 8);
    }

    #[test]
    fn a_dropped_fork_takes_its_copy_with_it() {
        let pool = pool(3, 4);
        let (mut a, mut b) = (Sequence::new(pool.clone()), Sequence::new(pool.clone()));
        a.append(2).unwrap();
        b.append(3).unwrap();
        let (mut preempted, mut kept) = (a.fork(), b.fork());
        preempted.append(1).unwrap();
        assert_eq!(kept.append(1).unwrap_err().kind(), ErrorKind::OutOfBlocks);
        drop(preempted);
        kept.append(1).unwrap();
        // Both would write to block 2, in no order that CANN promises.
        assert_eq!(lock(&pool).copies, [(BlockId(1), BlockId(2))]);
    }

    #[test]
    fn a_failed_append_changes_nothing() {
        let pool = pool(3, 2);
        let mut a = Sequence::new(pool.clone());
        a.append(3).unwrap();
        let mut b = a.fork();
        let before = (b.blocks().to_vec(), b.len(), free(&pool));
        assert_eq!(b.append(4).unwrap_err().kind(), ErrorKind::OutOfBlocks);
        assert_eq!((b.blocks().to_vec(), b.len(), free(&pool)), before);
        assert!(lock(&pool).copies.is_empty());
        assert!(lock(&pool).allocator.is_shared(BlockId(1)));
        b.append(1).unwrap();
        assert_eq!(lock(&pool).copies, [(BlockId(1), BlockId(2))]);
    }
}

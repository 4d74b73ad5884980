//! What a cache does with operators where our own kernels cannot be launched: a build without a C++ compiler, or for a card without
//! its toolkit.

use super::BlockId;
use crate::acl::Stream;
use crate::error::Result;
use crate::ops;
use crate::tensor::{Tensor, ViewMut};

/// Block `from` to block `to` of one pool, contiguous, for each pair: a gather of rows and a scatter of rows through a temporary. All
/// reads come before all writes; no block is written twice.
pub(super) fn block_copy(s: &Stream, pool: &mut ViewMut<'_>, pairs: &[(BlockId, BlockId)]) -> Result<()> {
    let ids = |pick: fn(&(BlockId, BlockId)) -> BlockId| {
        Tensor::from_slice(s, &[pairs.len()], &pairs.iter().map(|pair| pick(pair).0 as i32).collect::<Vec<_>>())
    };
    let (from, to) = (ids(|pair| pair.0)?, ids(|pair| pair.1)?);
    let blocks = pool.shape()[0];
    let width = pool.numel() / blocks.max(1);
    let mut rows = pool.reborrow().reshape(&[blocks, width])?;
    let mut copies = Tensor::empty(s, &[pairs.len(), width], rows.dtype())?;
    ops::embedding(s, rows.as_view(), &from, &mut copies)?;
    ops::scatter_rows(s, rows.reborrow(), &to, &copies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::Device;
    use crate::sys::Cann;

    #[test]
    fn blocks_are_read_before_any_is_written() {
        let s = Device::open(&Cann::load().unwrap(), 0).unwrap().stream().unwrap();
        // 1 goes to 2 while 2 goes to 4, and 0 and 3 change places.
        let pairs = [(1, 2), (2, 4), (0, 3), (3, 0)].map(|(from, to)| (BlockId(from), BlockId(to)));
        let before: Vec<f32> = (0..30).map(|i| i as f32).collect();
        let mut pool = Tensor::from_slice(&s, &[5, 2, 3], &before).unwrap();
        block_copy(&s, &mut pool.view_mut(), &pairs).unwrap();
        let mut want = before.clone();
        for (from, to) in [(1, 2), (2, 4), (0, 3), (3, 0)] {
            want[to * 6..][..6].copy_from_slice(&before[from * 6..][..6]);
        }
        assert_eq!(pool.to_vec::<f32>(&s).unwrap(), want);
    }
}

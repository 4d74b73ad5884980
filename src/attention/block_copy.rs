//! Blocks to other blocks, in all layers at once, by our own kernel.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::BlockId;
use crate::acl::Stream;
use crate::acl::kernel::{BlockKind, ByAddress, Kernel, KernelImage};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::ViewMut;
use contract::Tiling;

#[path = "../../kernels/block_copy/contract.rs"]
pub(super) mod contract;

/// Pairs of one launch: their table goes with the arguments, of which there are a few KiB. More pairs are more launches; each moves
/// hundreds of megabytes then.
const PAIRS: usize = 1024;

/// Copies block `from` to block `to` in the keys and in the values of every layer, for each pair `(from, to)`: what copy-on-write
/// forks of a paged cache need.
///
/// All reads come before all writes, as if the pairs were copied at once: a block may be read by some pairs and written by another.
/// Such pairs go into launches that follow one another, the others into one.
///
/// Shapes: keys, a tensor [blocks, ..] for each layer, all alike and contiguous; values the same with a shape of their own, or none
/// at all. Any dtype.
/// Order: enqueues. Errors: `Shape`, `WrongStream`; `Argument` if a block is past the end or written twice, if pairs copy in a
/// circle, and for more than 1024 layers; those of [`Stream::launch`].
/// Kernel: `kernels/block_copy`. CANN's own: ATB's BlockCopy, one layer a call.
pub fn block_copy(s: &Stream, keys: &mut [ViewMut<'_>], values: &mut [ViewMut<'_>], pairs: &[(BlockId, BlockId)]) -> Result<()> {
    let pools = Pools::new(s, keys, values)?;
    check_pairs(pairs, pools.blocks)?;
    for wave in waves(pairs)? {
        for pairs in wave.chunks(PAIRS) {
            pools.copy(s, pairs)?;
        }
    }
    Ok(())
}

/// The memory that is copied in, borrowed while launches are queued.
struct Pools<'a> {
    /// Of each layer its keys, then its values (or zero).
    addresses: Vec<u64>,
    blocks: usize,
    k_block: usize,
    v_block: usize,
    _views: (&'a [ViewMut<'a>], &'a [ViewMut<'a>]),
}

crate::kernel_args! {
    /// Its only maker is [`Pools::copy`].
    struct BlockCopy<'a> {
        pools: ByAddress<'a>,
        pairs: ByAddress<'a>,
        tiling: Tiling,
    }
}

// SAFETY: the kernel reads both tables, and reads and writes blocks of the pools: those that the pairs name, of the bytes that the
// tiling says. `Pools` has checked that the pools are at home on the stream, lie without gaps, have these sizes and are borrowed
// exclusively until the launch is queued; `check_pairs` that the blocks are there.
unsafe impl Kernel for BlockCopy<'_> {
    const IMAGE: &'static KernelImage = &crate::kernels::BLOCK_COPY;
    const BLOCK: BlockKind = BlockKind::Vector;

    fn name(&self) -> &'static str {
        contract::NAME
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        Ok(())
    }
}

fn bad<T>(kind: ErrorKind, detail: String) -> Result<T> {
    Err(Error::new(kind, format!("block_copy: {detail}")))
}

impl<'a> Pools<'a> {
    fn new(s: &Stream, keys: &'a [ViewMut<'a>], values: &'a [ViewMut<'a>]) -> Result<Pools<'a>> {
        if keys.is_empty() || keys.len() > contract::MAX_LAYERS {
            let text = format!("{} layers, 1 to {} are needed", keys.len(), contract::MAX_LAYERS);
            return bad(ErrorKind::Argument, text);
        }
        if !values.is_empty() && values.len() != keys.len() {
            return bad(ErrorKind::Argument, format!("keys of {} layers and values of {}", keys.len(), values.len()));
        }
        let (blocks, k_block) = check_pools(s, "keys", keys)?;
        let (v_blocks, v_block) = if values.is_empty() { (blocks, 0) } else { check_pools(s, "values", values)? };
        if blocks != v_blocks {
            return bad(ErrorKind::Shape, format!("keys have {blocks} blocks, values {v_blocks}"));
        }
        let address = |views: &[ViewMut<'_>], layer: usize| views.get(layer).map_or(0, |v| v.as_view().first_address() as u64);
        let addresses = (0..keys.len()).flat_map(|layer| [address(keys, layer), address(values, layer)]).collect();
        Ok(Pools { addresses, blocks, k_block, v_block, _views: (keys, values) })
    }

    fn copy(&self, s: &Stream, pairs: &[[i32; 2]]) -> Result<()> {
        let (layers, chunk) = (self.addresses.len() / 2, contract::CHUNK as usize);
        let chunks = pairs.len() * layers * (self.k_block.div_ceil(chunk) + self.v_block.div_ceil(chunk));
        if chunks == 0 {
            return Ok(());
        }
        let tiling = Tiling {
            pairs: pairs.len() as u32,
            layers: layers as u32,
            k_block: self.k_block as u64,
            v_block: self.v_block as u64,
            chunk: contract::CHUNK,
            reserved: 0,
        };
        let blocks = s.device().blocks_for(BlockKind::Vector, chunks)?;
        s.launch(BlockCopy { pools: ByAddress::slice(&self.addresses), pairs: ByAddress::slice(pairs), tiling }, blocks)
    }
}

/// Blocks, and bytes of a block, of pools that are all alike.
fn check_pools(s: &Stream, name: &str, pools: &[ViewMut<'_>]) -> Result<(usize, usize)> {
    let first = &pools[0];
    for (layer, pool) in pools.iter().enumerate() {
        if !pool.is_contiguous() || pool.shape().is_empty() {
            let text = format!("{name} of layer {layer} are {:?}, a contiguous [blocks, ..] is needed", pool.layout());
            return bad(ErrorKind::Shape, text);
        }
        if pool.shape() != first.shape() || pool.dtype().size() != first.dtype().size() {
            let given = format!("{name} of layer {layer} are {} {:?}", pool.dtype(), pool.shape());
            return bad(ErrorKind::Shape, format!("{given}, {} {:?} as of layer 0 is needed", first.dtype(), first.shape()));
        }
        s.check_home(&format!("block_copy: {name} of layer {layer}"), pool.as_view().storage.home)?;
    }
    let blocks = first.shape()[0];
    let bytes = first.numel() / blocks.max(1) * first.dtype().size();
    if blocks > i32::MAX as usize || bytes.div_ceil(contract::CHUNK as usize) > (u32::MAX / 2048) as usize {
        return bad(ErrorKind::Shape, format!("{name} of {blocks} blocks of {bytes} bytes are too large"));
    }
    Ok((blocks, bytes))
}

fn check_pairs(pairs: &[(BlockId, BlockId)], blocks: usize) -> Result<()> {
    match pairs.iter().find(|(from, to)| from.0.max(to.0) as usize >= blocks) {
        None => Ok(()),
        Some((from, to)) => bad(ErrorKind::Argument, format!("block {} to block {} of {blocks} blocks", from.0, to.0)),
    }
}

/// The pairs in groups that may each be copied in any order, one group after the other: a block is written only when everybody who
/// reads it has done so.
fn waves(pairs: &[(BlockId, BlockId)]) -> Result<Vec<Vec<[i32; 2]>>> {
    let mut writer = HashMap::new();
    for (i, (_, to)) in pairs.iter().enumerate() {
        match writer.entry(to.0) {
            Entry::Occupied(_) => return bad(ErrorKind::Argument, format!("block {} is written twice", to.0)),
            Entry::Vacant(free) => free.insert(i),
        };
    }
    // A pair waits for the readers of the block that it writes; and so on, which is a chain, since each block has one writer.
    let mut readers: HashMap<u32, usize> = HashMap::new();
    pairs.iter().for_each(|(from, _)| *readers.entry(from.0).or_default() += 1);
    let mut ready: Vec<usize> = (0..pairs.len()).filter(|&i| !readers.contains_key(&pairs[i].1.0)).collect();
    let (mut waves, mut left) = (Vec::new(), pairs.len());
    while !ready.is_empty() {
        left -= ready.len();
        let mut next = Vec::new();
        for &i in &ready {
            let from = pairs[i].0.0;
            if let Some(count) = readers.get_mut(&from) {
                *count -= 1;
                next.extend((*count == 0).then(|| writer.get(&from)).flatten());
            }
        }
        waves.push(ready.iter().map(|&i| [pairs[i].0.0 as i32, pairs[i].1.0 as i32]).collect());
        ready = next;
    }
    // A block onto itself is a circle of one.
    if left > 0 { bad(ErrorKind::Argument, "some pairs copy in a circle".into()) } else { Ok(waves) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(pairs: &[(u32, u32)]) -> Vec<(BlockId, BlockId)> {
        pairs.iter().map(|&(from, to)| (BlockId(from), BlockId(to))).collect()
    }

    #[test]
    fn a_block_is_written_after_it_was_read() {
        assert_eq!(waves(&ids(&[(0, 1), (0, 2), (3, 4)])).unwrap(), [vec![[0, 1], [0, 2], [3, 4]]]);
        assert_eq!(waves(&ids(&[(5, 0), (0, 1), (0, 2)])).unwrap(), [vec![[0, 1], [0, 2]], vec![[5, 0]]]);
        assert_eq!(waves(&ids(&[(2, 1), (1, 0), (3, 2)])).unwrap(), [vec![[1, 0]], vec![[2, 1]], vec![[3, 2]]]);
        assert!(waves(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_ordered_is_refused() {
        for bad in [&[(0, 1), (2, 1)][..], &[(0, 1), (1, 0)], &[(4, 4)], &[(0, 1), (1, 2), (2, 0), (7, 8)]] {
            assert_eq!(waves(&ids(bad)).unwrap_err().kind(), ErrorKind::Argument);
        }
    }
}

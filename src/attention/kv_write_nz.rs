//! New keys and values to NZ pages, many at a time: the other kernel of [`kv_write`](super::kv_write).

use super::kv_checks::Side;
use super::kv_write::{KvPair, contract::RUN_BYTES};
use crate::acl::kernel::{ArgList, Argument, Arguments, BlockKind, Kernel, KernelImage, OrNull};
use crate::error::Result;
use crate::tensor::View;
use contract::Tiling;

#[path = "../../kernels/kv_write_nz/contract.rs"]
pub(super) mod contract;

/// The arguments of one launch. Its only maker has checked what is in it, and asked [`pages_in_l1`] for the tiling.
pub(super) struct KvWriteNz<'a> {
    pub keys: KvPair<'a>,
    pub values: Option<KvPair<'a>>,
    pub slot_mapping: View<'a>,
    pub tiling: Tiling,
}

impl Arguments for KvWriteNz<'_> {
    fn push_all(self, list: &mut ArgList<'_>) -> Result<()> {
        let (v, v_cache) = self.values.map(|pair| (pair.new, pair.cache)).unzip();
        self.keys.new.push("k", list)?;
        OrNull(v).push("v", list)?;
        self.slot_mapping.push("slot_mapping", list)?;
        self.keys.cache.push("k_cache", list)?;
        OrNull(v_cache).push("v_cache", list)?;
        self.tiling.push("tiling", list)
    }
}

// SAFETY: as for `kv_write`: the kernel reads `tokens` rows at their pitch from keys and values, and as many slots; it writes rows to
// slots 0..`slots` of the caches, as pieces of 32 bytes at their places in a page, and skips every other slot. `kv_write` sees to it
// that the tensors have these sizes and layouts, and `pages_in_l1` keeps sizes within the kernel's limits.
unsafe impl Kernel for KvWriteNz<'_> {
    const IMAGE: &'static KernelImage = &crate::kernels::KV_WRITE_NZ;
    const BLOCK: BlockKind = BlockKind::Cube;

    fn name(&self) -> &'static str {
        contract::NAME
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        Ok(())
    }
}

/// How this kernel does it.
#[derive(Debug)]
pub(super) struct Pages {
    pub tiling: Tiling,
    /// Parts that cores can have.
    pub work: usize,
}

/// If this kernel is the better one: there is a page for each of `cores`, and it fits into L1, and is a long run.
pub(super) fn pages_in_l1(k: &Side, v: &Side, tokens: usize, slot_bytes: u32, cores: usize) -> Option<Pages> {
    let page = k.block_size * k.row.max(v.row);
    let sides = if v.row == 0 { 1 } else { 2 };
    let work = tokens.div_ceil(k.block_size) * sides;
    let apart = |side: &Side| side.row == 0 || (side.pitch < contract::MAX_PITCH && side.pitch.is_multiple_of(2));
    let fits = page <= contract::PAGE_BYTES && k.block_size <= contract::MAX_BLOCK && apart(k) && apart(v);
    let tiling = Tiling {
        tokens: tokens as u32,
        slots: k.slots as u32,
        block_size: k.block_size as u32,
        slot_bytes,
        buffers: if 2 * page <= contract::PAGE_BYTES { 2 } else { 1 },
        reserved: 0,
        row: [k.row as u32, v.row as u32],
        pitch: [k.pitch as u32, v.pitch as u32],
    };
    (fits && page >= RUN_BYTES && tokens >= k.block_size && work >= cores).then_some(Pages { tiling, work })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(block_size: usize, row: usize, pitch: usize) -> Side {
        Side { slots: 1280, block_size, row, piece: 32, row_in: row, pitch }
    }

    /// How many buffers it takes; 0 if the kernel is not for this.
    fn buffers(block_size: usize, row: usize, pitch: usize, tokens: usize) -> u32 {
        let side = || side(block_size, row, pitch);
        pages_in_l1(&side(), &side(), tokens, 8, 24).map_or(0, |pages| pages.tiling.buffers)
    }

    #[test]
    fn prompts_go_by_whole_pages() {
        // Pages of 256 KiB, of 128 KiB, and of all but the last 256 bytes.
        assert_eq!((buffers(128, 2048, 2048, 8192), buffers(128, 1024, 1024, 8192)), (1, 2));
        assert_eq!((buffers(16376, 32, 32, 1 << 20), buffers(16384, 32, 32, 1 << 20)), (1, 0));
        // Fewer pages than cores.
        assert_eq!((buffers(128, 2048, 2048, 12 * 128), buffers(128, 2048, 2048, 11 * 128)), (1, 0));
        // A page that is no long run, and rows at a distance that the way into L1 cannot have.
        assert_eq!((buffers(16, 1024, 1024, 8192), buffers(15, 1024, 1024, 8192)), (2, 0));
        assert_eq!((buffers(128, 2048, 131_070, 8192), buffers(128, 2048, 131_072, 8192), buffers(128, 32, 33, 8192)), (1, 0, 0));
    }

    #[test]
    fn one_core_takes_what_is_a_page_at_least() {
        let (k, none) = (side(128, 2048, 2048), Side { slots: 1280, block_size: 128, ..Side::default() });
        assert_eq!(pages_in_l1(&k, &none, 128, 4, 1).map(|pages| (pages.work, pages.tiling.row)), Some((1, [2048, 0])));
        assert!(pages_in_l1(&k, &none, 127, 4, 1).is_none());
    }
}

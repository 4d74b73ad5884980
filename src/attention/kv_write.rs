//! New keys and values to their slots, by our own kernel.

use super::kv_checks::{Side, bad, check_slots};
use super::kv_tiles::{Tiles, scaled_unit};
use super::kv_write_nz::{KvWriteNz, pages_in_l1};
use crate::acl::Stream;
use crate::acl::kernel::{ArgList, Argument, Arguments, BlockKind, Kernel, KernelImage, OrNull};
use crate::error::{ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};
use contract::Tiling;

#[path = "../../kernels/kv_write/contract.rs"]
pub(super) mod contract;

/// How keys or values lie in a page of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageLayout {
    /// `[blocks, block_size, heads, dim]`: ATB's and vLLM's, "BnBsH" of CANN's inference attention. A token is one run of memory,
    /// and tokens of consecutive slots are one run too.
    Bsnd,
    /// `[blocks, heads, block_size, dim]`: "BnNBsD", which CANN's inference attention reads fastest. A head of a token is one run.
    Bnsd,
    /// `[blocks, heads * dim / c, block_size, c]` with `c` elements in 32 bytes (16 of two bytes, 32 of int8), or with the second dim
    /// written as two, `heads, dim / c`: FRACTAL_NZ, "PA_NZ" of `aclnnScatterPaKvCache`, `K_CACHE_V_CACHE_NZ` of ATB. Not in f32.
    Nz,
}

/// Keys, or values, and where they go.
#[derive(Debug)]
pub struct KvPair<'a> {
    /// The new tokens' `[tokens, heads, dim]`. Tokens may be further apart than that (a slice of a fused projection); a token has no
    /// gaps.
    pub new: View<'a>,
    /// The pages, in one of the [`PageLayout`]s; contiguous.
    pub cache: ViewMut<'a>,
}

/// The factors of int8 caches, for each channel: `int8 = round(x * scale)`, to nearest and ties to even, at most 127 and at least -128.
///
/// f32 `[heads, dim]`, as many as a token has elements. The semantics of a factor are those of `aclnnAscendQuant` (round mode
/// "round", no offset), and its reciprocal is the antiquant scale of CANN's inference attention in its per-channel mode
/// (`keyAntiquantMode` 0; ATB's `k_descale`). One factor for a head, or for all, is the same number in all channels of it.
#[derive(Clone, Copy, Debug)]
pub struct KvScales<'a> {
    /// Of the keys.
    pub k: View<'a>,
    /// Of the values; there if there are values.
    pub v: Option<View<'a>>,
}

/// Writes the keys and values of new tokens to their slots: vLLM's `reshape_and_cache`.
///
/// Slot `b * block_size + i` is place `i` of block `b`. A token whose slot is negative is skipped (padding of a graph's batch); one
/// whose slot is past the cache is skipped too, where an operator of CANN's would fail. Slots should differ: of equal ones, either
/// token may stay.
///
/// Shapes: as in [`KvPair`]; keys and values may differ in `dim`, and values may be left out (a latent cache). slot_mapping i32 or
/// i64 `[tokens]`. Dtypes: f32, bf16, f16 or int8, of the cache as of what is new. A head is a multiple of 32 bytes, a token at most
/// 64 KiB.
/// Order: enqueues. Errors: `Shape`, `DType`, `WrongStream`; those of [`Stream::launch`].
/// Kernel: `kernels/kv_write`; of many tokens and NZ pages, `kernels/kv_write_nz`, on cube cores. CANN's own:
/// `aclnnScatterPaKvCache` (8.5), ATB's ReshapeAndCache.
pub fn kv_write<'a>(
    s: &Stream,
    layout: PageLayout,
    keys: KvPair<'a>,
    values: Option<KvPair<'a>>,
    slot_mapping: impl Into<View<'a>>,
) -> Result<()> {
    launch(s, layout, keys, values, None, slot_mapping.into())
}

/// The same into an int8 cache, with f32, bf16 or f16 keys and values.
///
/// A head is a multiple of 32 elements, a token at most 8192 elements (f32: 4096). Otherwise as [`kv_write`].
pub fn kv_write_int8<'a>(
    s: &Stream,
    layout: PageLayout,
    keys: KvPair<'a>,
    values: Option<KvPair<'a>>,
    scales: KvScales<'a>,
    slot_mapping: impl Into<View<'a>>,
) -> Result<()> {
    launch(s, layout, keys, values, Some(scales), slot_mapping.into())
}

/// The arguments of one launch. Its only maker is [`launch`], which has checked what is in it.
struct KvWrite<'a> {
    keys: KvPair<'a>,
    values: Option<KvPair<'a>>,
    scales: Option<KvScales<'a>>,
    slot_mapping: View<'a>,
    tiling: Tiling,
}

impl Arguments for KvWrite<'_> {
    fn push_all(self, list: &mut ArgList<'_>) -> Result<()> {
        let (v, v_cache) = self.values.map(|pair| (pair.new, pair.cache)).unzip();
        self.keys.new.push("k", list)?;
        OrNull(v).push("v", list)?;
        if let Some(scales) = self.scales {
            scales.k.push("k_scale", list)?;
            OrNull(scales.v).push("v_scale", list)?;
        }
        self.slot_mapping.push("slot_mapping", list)?;
        self.keys.cache.push("k_cache", list)?;
        OrNull(v_cache).push("v_cache", list)?;
        self.tiling.push("tiling", list)
    }
}

// SAFETY: the kernel reads `tokens` rows at their pitch from keys and values, as many slots, and a factor for each element of a row;
// it writes rows to slots 0..`slots` of the caches, as pieces at their places in a page, and skips every other slot. `launch` sees to
// it that the tensors have these sizes and layouts, and keeps rows within the kernel's limits.
unsafe impl Kernel for KvWrite<'_> {
    const IMAGE: &'static KernelImage = &crate::kernels::KV_WRITE;
    const BLOCK: BlockKind = BlockKind::Vector;

    fn name(&self) -> &'static str {
        match (&self.scales, self.keys.new.dtype()) {
            (None, _) => contract::COPY,
            (Some(_), DType::F32) => contract::INT8_F32,
            (Some(_), DType::BF16) => contract::INT8_BF16,
            (Some(_), _) => contract::INT8_F16,
        }
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        Ok(())
    }
}

fn launch<'a>(
    s: &Stream,
    layout: PageLayout,
    keys: KvPair<'a>,
    values: Option<KvPair<'a>>,
    scales: Option<KvScales<'a>>,
    slot_mapping: View<'a>,
) -> Result<()> {
    let tokens = check_slots(&slot_mapping)?;
    let k = Side::new("k", layout, &keys, tokens, scales.map(|s| s.k))?;
    let v = match (&values, &scales) {
        (None, Some(KvScales { v: Some(_), .. })) => return bad(ErrorKind::Shape, "there are v_scales, but no values".into()),
        (Some(_), Some(KvScales { v: None, .. })) => return bad(ErrorKind::Shape, "there are values, but no v_scales".into()),
        (None, _) => Side { slots: k.slots, block_size: k.block_size, ..Side::default() },
        (Some(pair), _) => Side::new("v", layout, pair, tokens, scales.and_then(|s| s.v))?,
    };
    if (k.slots, k.block_size) != (v.slots, v.block_size) {
        let text = format!(
            "the pages of k have {} slots in blocks of {}, those of v {} in {}",
            k.slots, k.block_size, v.slots, v.block_size
        );
        return bad(ErrorKind::Shape, text);
    }
    if let Some(pair) = values.as_ref().filter(|pair| pair.new.dtype() != keys.new.dtype()) {
        return bad(ErrorKind::DType, format!("k is {}, v {}: one dtype is needed", keys.new.dtype(), pair.new.dtype()));
    }
    if tokens == 0 || k.slots == 0 {
        return Ok(());
    }
    let slot_bytes = slot_mapping.dtype().size() as u32;
    let device = s.device();
    if let (PageLayout::Nz, None) = (layout, scales) {
        let cores = device.resident_blocks(BlockKind::Cube)? as usize;
        if let Some(pages) = pages_in_l1(&k, &v, tokens, slot_bytes, cores) {
            let blocks = device.blocks_for(BlockKind::Cube, pages.work)?;
            return s.launch(KvWriteNz { keys, values, slot_mapping, tiling: pages.tiling }, blocks);
        }
    }
    let space = match scales {
        None => contract::TILE_BYTES,
        Some(_) => contract::int8_tile_bytes(k.row.max(v.row)),
    };
    let tiles = Tiles::new(&k, &v, space);
    let cores = device.resident_blocks(BlockKind::Vector)? as usize;
    // Where there are scales, keys and values are given out one after the other.
    let lists = if scales.is_some() && v.row > 0 { 2 } else { 1 };
    let row_in = k.row_in.max(v.row_in);
    let mut unit = tiles.unit(tokens * lists, row_in, cores);
    if scales.is_some() {
        unit = scaled_unit(&k, &v, tokens, unit);
    }
    let tiling = Tiling {
        tokens: tokens as u32,
        slots: k.slots as u32,
        block_size: k.block_size as u32,
        slot_bytes,
        unit: unit as u32,
        tile: tiles.tokens as u32,
        buffers: tiles.buffers as u32,
        reserved: 0,
        row: [k.row as u32, v.row as u32],
        piece: [k.piece as u32, v.piece as u32],
        pitch: [k.pitch as u32, v.pitch as u32],
    };
    let blocks = device.blocks_for(BlockKind::Vector, tokens.div_ceil(unit) * lists)?;
    s.launch(KvWrite { keys, values, scales, slot_mapping, tiling }, blocks)
}

//! The device memory of a paged cache, and the calls that use it.

use std::sync::{Arc, Mutex};

use super::block_copy::block_copy;
use super::block_copy::contract::MAX_LAYERS;
use super::kv_write::contract::MAX_ROW;
use super::kv_write::{KvPair, PageLayout, kv_write};
use super::sequence::{Pool, Sequence, SharedPool, lock};
use super::{BlockAllocator, BlockId, operators};
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{self, FusedInfer};
use crate::tensor::{DType, Tensor, View, ViewMut};

/// The geometry of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KvSpec {
    /// Layers of the model, 1 to 1024.
    pub layers: usize,
    /// Heads of keys and values; with `head_dim` at most 64 KiB a token.
    pub num_kv_heads: usize,
    /// Width of a head; a multiple of 16.
    pub head_dim: usize,
    /// Tokens in a block; a multiple of 16, at most 512 (128 is CANN's recommendation).
    pub block_size: usize,
    /// bf16 or f16: CANN's inference attention takes no other.
    pub dtype: DType,
}

impl KvSpec {
    /// Bytes of one block over all layers, keys and values.
    pub fn block_bytes(&self) -> usize {
        2 * self.layers * self.block_size * self.num_kv_heads * self.head_dim * self.dtype.size()
    }

    /// Blocks that hold `tokens`.
    pub fn blocks_for(&self, tokens: usize) -> usize {
        tokens.div_ceil(self.block_size)
    }

    fn check(&self) -> Result<()> {
        let bad = |kind, detail: String| Err(Error::new(kind, format!("kv cache: {detail}")));
        if !matches!(self.dtype, DType::BF16 | DType::F16) {
            return bad(ErrorKind::DType, format!("dtype is {}, CANN's inference attention takes bf16 or f16", self.dtype));
        }
        if !self.block_size.is_multiple_of(16) || !(16..=512).contains(&self.block_size) {
            return bad(ErrorKind::Shape, format!("block_size is {}, a multiple of 16 up to 512 is needed", self.block_size));
        }
        if self.head_dim == 0 || !self.head_dim.is_multiple_of(16) {
            return bad(ErrorKind::Shape, format!("head_dim is {}, a multiple of 16 is needed", self.head_dim));
        }
        if !(1..=MAX_LAYERS).contains(&self.layers) {
            return bad(ErrorKind::Shape, format!("layers are {}, 1 to {MAX_LAYERS} are needed", self.layers));
        }
        let most = MAX_ROW / self.dtype.size() / self.head_dim;
        if !(1..=most).contains(&self.num_kv_heads) {
            let (heads, dim) = (self.num_kv_heads, self.head_dim);
            return bad(ErrorKind::Shape, format!("num_kv_heads are {heads}, of {dim} elements 1 to {most} are possible"));
        }
        Ok(())
    }
}

/// Keys and values of many sequences in blocks, on one device.
pub struct PagedKvCache {
    spec: KvSpec,
    /// For each layer keys and values, [blocks, block_size, num_kv_heads * head_dim]: [`PageLayout::Bsnd`].
    layers: Vec<(Tensor, Tensor)>,
    pool: SharedPool,
}

/// What a decode step shares over its layers: the block table on the device, and the lengths.
pub struct DecodePlan {
    block_table: Tensor,
    seq_lens: Vec<i64>,
}

impl PagedKvCache {
    /// Memory for `num_blocks` blocks, contents arbitrary: nothing is read that was not written.
    ///
    /// Errors: `Shape` or `DType` for a geometry that CANN's attention refuses, `OutOfMemory`.
    pub fn new(s: &Stream, spec: KvSpec, num_blocks: usize) -> Result<PagedKvCache> {
        spec.check()?;
        let blocks = u32::try_from(num_blocks).ok().filter(|&n| (n as usize) * spec.block_size <= i32::MAX as usize);
        let blocks = blocks.ok_or_else(|| {
            Error::new(ErrorKind::Argument, format!("kv cache: {num_blocks} blocks have more slots than an i32 can name"))
        })?;
        let shape = [num_blocks, spec.block_size, spec.num_kv_heads * spec.head_dim];
        let pool = || Tensor::empty(s, &shape, spec.dtype);
        let layers = (0..spec.layers).map(|_| Ok((pool()?, pool()?))).collect::<Result<Vec<_>>>()?;
        let pool = Pool { allocator: BlockAllocator::new(blocks), block_size: spec.block_size, copies: Vec::new() };
        Ok(PagedKvCache { spec, layers, pool: Arc::new(Mutex::new(pool)) })
    }

    /// The geometry.
    pub fn spec(&self) -> &KvSpec {
        &self.spec
    }

    /// All blocks.
    pub fn num_blocks(&self) -> usize {
        lock(&self.pool).allocator.num_blocks()
    }

    /// Blocks that no sequence holds.
    pub fn free_blocks(&self) -> usize {
        lock(&self.pool).allocator.num_free()
    }

    /// A sequence without tokens.
    pub fn sequence(&self) -> Sequence {
        Sequence::new(self.pool.clone())
    }

    /// Runs the block copies that appends to shared blocks asked for. Call it after the appends of a step, before its writes.
    ///
    /// Copies are of one step, so none go into a graph or a repeat: apply them before.
    /// Order: enqueues; where kernels cannot be launched, blocks until the copies' numbers are on the device.
    /// Errors: `Unsupported` while the stream is captured, updated or repeated; the copies are still to be applied then. Those of
    /// [`block_copy`].
    /// Kernel: as [`block_copy`], in one launch for all layers; where it cannot be launched, `aclnnEmbedding` and
    /// `aclnnScatterNdUpdate` (8.1) for each pool.
    pub fn apply_copies(&mut self, s: &Stream) -> Result<()> {
        let copies: Vec<(BlockId, BlockId)> = {
            let mut pool = lock(&self.pool);
            if pool.copies.is_empty() {
                return Ok(());
            }
            s.check_queue("kv cache: block copies")?;
            std::mem::take(&mut pool.copies)
        };
        let pools = self.layers.iter_mut().map(|(keys, values)| (keys.view_mut(), values.view_mut()));
        let (mut keys, mut values): (Vec<_>, Vec<_>) = pools.unzip();
        if s.can_launch(&crate::kernels::BLOCK_COPY) {
            return block_copy(s, &mut keys, &mut values, &copies);
        }
        keys.iter_mut().chain(&mut values).try_for_each(|pool| operators::block_copy(s, pool, &copies))
    }

    /// New keys and values to their slots.
    ///
    /// A token whose slot is negative is skipped, and so is one whose slot is past the cache. The slots are read when the write runs:
    /// a graph that has captured it finds those of its step.
    /// Shapes: k, v [t, num_kv_heads * head_dim] (slices of wider rows are fine), slot_mapping i32 or i64 `[t]`, contiguous.
    /// Order: enqueues. Errors: `Argument` if there is no such layer; those of [`kv_write`].
    /// Kernel: as [`kv_write`]. Where it cannot be launched, `aclnnScatterNdUpdate` (8.1), for which every slot must be in the cache: in
    /// a build without the kernel (no C++ compiler for the simulator, no toolkit for a card), and in a repeat or an update of a
    /// graph, which hold operators only.
    pub fn write<'a>(
        &'a mut self,
        s: &Stream,
        layer: usize,
        k: impl Into<View<'a>>,
        v: impl Into<View<'a>>,
        slot_mapping: impl Into<View<'a>>,
    ) -> Result<()> {
        let (k, v, slot_mapping) = (k.into(), v.into(), slot_mapping.into());
        let KvSpec { num_kv_heads, head_dim, block_size, .. } = self.spec;
        let layers = self.layers.len();
        let (keys, values) = self.layers.get_mut(layer).ok_or_else(|| no_layer(layer, layers))?;
        if !s.can_launch(&crate::kernels::KV_WRITE) {
            let slots = [keys.shape()[0] * block_size, num_kv_heads * head_dim];
            ops::scatter_rows(s, keys.view_mut().reshape(&slots)?, slot_mapping, k)?;
            return ops::scatter_rows(s, values.view_mut().reshape(&slots)?, slot_mapping, v);
        }
        let pages = [keys.shape()[0], block_size, num_kv_heads, head_dim];
        let pair = |name: &str, new: View<'a>, pool: &'a mut Tensor| match new.shape() {
            &[t, width] if width == num_kv_heads * head_dim => {
                Ok(KvPair { new: new.reshape(&[t, num_kv_heads, head_dim])?, cache: pool.view_mut().reshape(&pages)? })
            }
            given => {
                let text = format!("kv cache: {name} is {given:?}, [t, {}] is needed", num_kv_heads * head_dim);
                Err(Error::new(ErrorKind::Shape, text))
            }
        };
        kv_write(s, PageLayout::Bsnd, pair("k", k, keys)?, Some(pair("v", v, values)?), slot_mapping)
    }

    /// The block table and lengths of a decode step, after the appends.
    ///
    /// Order: blocks until the table is copied. Errors: `Argument` for an empty batch or another cache's sequence.
    pub fn plan_decode<'a>(&self, s: &Stream, sequences: impl IntoIterator<Item = &'a Sequence>) -> Result<DecodePlan> {
        let sequences: Vec<&Sequence> = sequences.into_iter().collect();
        let width = sequences.iter().map(|q| q.blocks().len()).max().unwrap_or(0);
        if width == 0 {
            return Err(Error::new(ErrorKind::Argument, "plan_decode: no sequence has tokens"));
        }
        if let Some(i) = sequences.iter().position(|q| !q.is_of(&self.pool)) {
            return Err(Error::new(ErrorKind::Argument, format!("plan_decode: sequence {i} is of another cache")));
        }
        let mut table = vec![0i32; sequences.len() * width];
        for (row, sequence) in table.chunks_exact_mut(width).zip(&sequences) {
            row.iter_mut().zip(sequence.blocks()).for_each(|(at, block)| *at = block.0 as i32);
        }
        let block_table = Tensor::from_slice(s, &[sequences.len(), width], &table)?;
        Ok(DecodePlan { block_table, seq_lens: sequences.iter().map(|q| q.len() as i64).collect() })
    }

    /// Attention of one new token of each planned sequence, whose keys and values are written already.
    ///
    /// Shapes: q, out [b, n, head_dim] in the cache's dtype.
    /// Order: enqueues. CANN: `aclnnFusedInferAttentionScoreV2` (8.1).
    pub fn decode<'a>(
        &'a self,
        s: &Stream,
        layer: usize,
        q: impl Into<View<'a>>,
        plan: &'a DecodePlan,
        scale: f64,
        out: impl Into<ViewMut<'a>>,
    ) -> Result<()> {
        let (keys, values) = self.layers.get(layer).ok_or_else(|| no_layer(layer, self.layers.len()))?;
        let cache = FusedInfer {
            k_cache: keys.view(),
            v_cache: values.view(),
            block_table: plan.block_table.view(),
            seq_lens: &plan.seq_lens,
            num_kv_heads: self.spec.num_kv_heads,
            scale,
        };
        ops::fused_infer_attention_decode(s, q, cache, out)
    }
}

fn no_layer(layer: usize, layers: usize) -> Error {
    Error::new(ErrorKind::Argument, format!("kv cache: there is no layer {layer}, it has {layers}"))
}

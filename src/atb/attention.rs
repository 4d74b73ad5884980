//! Attention over a paged cache and over packed sequences, and writes to the cache.

use ascend_rl_sys::types::*;

use super::Context;
use super::call::{Input, Operation, make, out};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{View, ViewMut};

/// One new token of each sequence attends to all that the cache has of it.
pub struct PagedAttention<'c>(pub(super) Operation<'c>);

/// Packed sequences attend to themselves: prefill.
pub struct SelfAttention<'c> {
    pub(super) operation: Operation<'c>,
    causal: bool,
}

/// New keys and values, written to their slots of the cache.
pub struct ReshapeAndCache<'c>(pub(super) Operation<'c>);

impl Context<'_> {
    /// Decode attention of `heads` query heads over `kv_heads`; scores are multiplied with `scale`.
    ///
    /// Errors: `Argument` unless the first is a multiple of the second. ATB: PagedAttentionParam, no mask.
    pub fn paged_attention(&self, heads: usize, kv_heads: usize, scale: f32) -> Result<PagedAttention<'_>> {
        let param = AtbPagedAttentionParam {
            head_num: number("heads", heads)?,
            kv_head_num: number("kv_heads", kv_heads)?,
            qk_scale: scale,
            mask_type: 0,
        };
        make!(self, "PagedAttention", ascend_atb_paged_attention, param).map(PagedAttention)
    }

    /// Attention of packed sequences. With `causal`, [`SelfAttention::run_causal`] takes the mask that ATB wants to see.
    ///
    /// Errors: as [`Context::paged_attention`]. ATB: SelfAttentionParam, PA_ENCODER, MASK_TYPE_NORM_COMPRESS where causal.
    pub fn self_attention(&self, heads: usize, kv_heads: usize, scale: f32, causal: bool) -> Result<SelfAttention<'_>> {
        let param = AtbSelfAttentionParam {
            head_num: number("heads", heads)?,
            kv_head_num: number("kv_heads", kv_heads)?,
            q_scale: 1.0,
            qk_scale: scale,
            calc_type: 3,
            mask_type: if causal { 3 } else { 0 },
            is_triu_mask: u32::from(causal),
        };
        let operation = make!(self, "SelfAttention", ascend_atb_self_attention, param)?;
        Ok(SelfAttention { operation, causal })
    }

    /// Writes to a cache of keys and values.
    ///
    /// ATB: ReshapeAndCacheParam, K_CACHE_V_CACHE.
    pub fn reshape_and_cache(&self) -> Result<ReshapeAndCache<'_>> {
        let param = AtbReshapeAndCacheParam { kv_cache_cfg: 0 };
        make!(self, "ReshapeAndCache", ascend_atb_reshape_and_cache, param).map(ReshapeAndCache)
    }
}

/// A parameter that C has as `int32_t`. Not 0, which ATB takes for "as many as the other".
fn number(what: &str, n: usize) -> Result<i32> {
    let small = i32::try_from(n).ok().filter(|&n| n > 0);
    small.ok_or_else(|| Error::new(ErrorKind::Argument, format!("{what} is {n}, a positive 32-bit number is needed")))
}

impl PagedAttention<'_> {
    /// Enqueues. `query` and `y` `[sequences, heads, dim]`; caches `[blocks, block_size, kv_heads, dim]`; all of one
    /// half-precision dtype; `block_table` `[sequences, blocks of one]` i32; `context_lens`: tokens of each in the cache.
    ///
    /// Errors: `WrongStream`, `Shape` for a view with gaps, `Argument` from ATB; a block id that the cache does not have
    /// surfaces at the next wait.
    pub fn run(
        &mut self,
        query: View<'_>,
        key_cache: View<'_>,
        value_cache: View<'_>,
        block_table: View<'_>,
        context_lens: &[i32],
        y: ViewMut<'_>,
    ) -> Result<()> {
        let inputs = [
            Input::Device("query", query),
            Input::Device("key_cache", key_cache),
            Input::Device("value_cache", value_cache),
            Input::Device("block_table", block_table),
            Input::Lengths(context_lens),
        ];
        self.0.run(&inputs, &[("y", out(&y))])
    }
}

impl SelfAttention<'_> {
    /// Enqueues one that is not causal. `query` and `y` `[tokens, heads, dim]`, `key` and `value` `[tokens, kv_heads, dim]`, all
    /// of one half-precision dtype; `seq_lens`: the tokens of each sequence, one after another.
    ///
    /// Errors: as [`PagedAttention::run`].
    pub fn run(&mut self, query: View<'_>, key: View<'_>, value: View<'_>, seq_lens: &[i32], y: ViewMut<'_>) -> Result<()> {
        if self.causal {
            return Err(Error::new(ErrorKind::Argument, "SelfAttention is causal: run_causal takes the mask"));
        }
        let [query, key, value] = [("query", query), ("key", key), ("value", value)].map(|(arg, view)| Input::Device(arg, view));
        self.operation.run(&[query, key, value, Input::Lengths(seq_lens)], &[("y", out(&y))])
    }

    /// Enqueues a causal one. `mask` is `[128, 128]` of the queries' dtype, added to the scores: 0 on and below the diagonal, at
    /// most -10000 above; ATB lays it over all lengths.
    ///
    /// Errors: as [`PagedAttention::run`].
    pub fn run_causal(
        &mut self,
        query: View<'_>,
        key: View<'_>,
        value: View<'_>,
        mask: View<'_>,
        seq_lens: &[i32],
        y: ViewMut<'_>,
    ) -> Result<()> {
        if !self.causal {
            return Err(Error::new(ErrorKind::Argument, "SelfAttention is not causal: run takes no mask"));
        }
        let named = [("query", query), ("key", key), ("value", value), ("mask", mask)];
        let [query, key, value, mask] = named.map(|(arg, view)| Input::Device(arg, view));
        self.operation.run(&[query, key, value, mask, Input::Lengths(seq_lens)], &[("y", out(&y))])
    }
}

impl ReshapeAndCache<'_> {
    /// Enqueues. `key` and `value` `[tokens, kv_heads, dim]`; caches `[blocks, block_size, kv_heads, dim]`; `slot_mapping`
    /// `[tokens]` i32: block * block_size + row, negative to skip.
    ///
    /// Errors: as [`PagedAttention::run`]; a slot beyond the cache surfaces at the next wait.
    pub fn run(
        &mut self,
        key: View<'_>,
        value: View<'_>,
        slot_mapping: View<'_>,
        key_cache: ViewMut<'_>,
        value_cache: ViewMut<'_>,
    ) -> Result<()> {
        let inputs = [
            Input::Device("key", key),
            Input::Device("value", value),
            Input::Device("key_cache", out(&key_cache)),
            Input::Device("value_cache", out(&value_cache)),
            Input::Device("slot_mapping", slot_mapping),
        ];
        self.0.run(&inputs, &[("key_cache", out(&key_cache)), ("value_cache", out(&value_cache))])
    }
}

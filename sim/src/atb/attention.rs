//! `PagedAttentionParam`, `SelfAttentionParam` and `ReshapeAndCacheParam`.

use std::ptr::null;

use ascend_rl_sys::types::*;

use super::Operation;
use super::steps::{Step, plan};
use super::tensors::{Desc, Given, HALVES, check_dtype, check_is};
use crate::ops;
use crate::ops::call::Call;
use crate::ops::view::{BLOCK, Buffer, View};
use crate::ops::{Shape, packed, paged};
use crate::reject::{Outcome, check, reject};

/// Heads of queries and keys, as the parameters have them.
#[derive(Clone, Copy)]
struct Heads {
    q: usize,
    kv: usize,
}

impl Heads {
    fn new(head_num: i32, kv_head_num: i32) -> Outcome<Heads> {
        let kv = if kv_head_num == 0 { head_num } else { kv_head_num };
        check!(
            head_num > 0 && kv > 0 && head_num % kv == 0,
            ATB_INVALID_PARAM,
            "headNum is {head_num} and kvHeadNum {kv_head_num}; the first must be a positive multiple of the second"
        );
        Ok(Heads { q: head_num as usize, kv: kv as usize })
    }

    fn shape(self, dim: usize) -> Outcome<Shape> {
        check!(
            dim.is_multiple_of(16) && (16..=512).contains(&dim),
            ATB_INVALID_TENSOR_DIM,
            "heads of {dim}; the simulator takes a multiple of 16 of at most 512"
        );
        Ok(Shape { heads: self.q, kv_heads: self.kv, dim })
    }
}

pub(super) struct PagedAttention {
    heads: Heads,
    scale: f32,
}

impl PagedAttention {
    pub(super) fn new(param: AtbPagedAttentionParam) -> Outcome<PagedAttention> {
        check!(
            param.mask_type == 0,
            ATB_INVALID_PARAM,
            "maskType {} is not supported by the simulator; it has 0, one query a sequence needs no mask",
            param.mask_type
        );
        Ok(PagedAttention { heads: Heads::new(param.head_num, param.kv_head_num)?, scale: param.qk_scale })
    }
}

impl Operation for PagedAttention {
    /// Queries, keys, values, block tables, context lengths.
    fn io(&self) -> (usize, usize) {
        (5, 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let [query, key, value, table, lengths] = inputs else { reject!(ATB_INVALID_IN_TENSOR_NUM, "five inputs are needed") };
        check_dtype("query", query, HALVES)?;
        let fits = query.dims.len() == 3 && query.dims[1] == self.heads.q;
        check!(fits, ATB_INVALID_TENSOR_DIM_NUM, "query is {:?}, [tokens, {}, head size] is needed", query.dims, self.heads.q);
        let (tokens, dim) = (query.dims[0], query.dims[2]);
        self.heads.shape(dim)?;
        let fits = key.dims.len() == 4 && key.dims[2..] == [self.heads.kv, dim];
        check!(
            fits,
            ATB_INVALID_TENSOR_DIM,
            "keyCache is {:?}, [blocks, blockSize, {}, {dim}] is needed",
            key.dims,
            self.heads.kv
        );
        let block_size = key.dims[1];
        check!(
            block_size.is_multiple_of(16) && (dim <= 256 || block_size <= 128),
            ATB_INVALID_TENSOR_DIM,
            "blockSize is {block_size}, a multiple of 16 is needed, of at most 128 for heads above 256"
        );
        check_is("keyCache", key, query.dtype, &key.dims)?;
        check_is("valueCache", value, query.dtype, &key.dims)?;
        check_dtype("blockTables", table, &[ACL_INT32])?;
        let fits = table.dims.len() == 2 && table.dims[0] == tokens;
        check!(fits, ATB_INVALID_TENSOR_DIM, "blockTables is {:?}, [{tokens}, blocks of a sequence] is needed", table.dims);
        check_is("contextLens", lengths, ACL_INT32, &[tokens])?;
        Ok(vec![query.clone()])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        const NAME: &str = "PagedAttentionOperation";
        let lengths = inputs[4].lengths("contextLens")?;
        let room = inputs[3].desc.dims[1] * inputs[1].desc.dims[1];
        if let Some((i, length)) = lengths.iter().enumerate().find(|(_, length)| **length > room) {
            reject!(ATB_INVALID_PARAM, "contextLens[{i}] is {length}, the block table has room for {room}")
        }
        let handles = [&inputs[0], &inputs[1], &inputs[2], &inputs[3], &outputs[0]].map(Given::handle);
        let [query, key, value, table, out] = handles;
        let (query, key, value, table, out) = (query?, key?, value?, table?, out?);
        let shape = self.heads.shape(inputs[0].desc.dims[2])?;
        Ok(vec![plan(NAME, |ws, executor| {
            let mut call = Call::new(NAME);
            let [q, k, v] = [("query", &query), ("keyCache", &key), ("valueCache", &value)].map(|(n, t)| call.input(n, t.raw()));
            let (q, k, v, table) = (q?, k?, v?, call.input("blockTables", table.raw())?);
            let out = call.output("attnOut", out.raw())?;
            paged(call, NAME, [&q, &k, &v, &out], &table, shape, &lengths, self.scale, ws, executor)
        })?])
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mask {
    None,
    /// A mask, `[n, n]` at least as long as the longest sequence, or `[sequences, n, n]`.
    Norm,
    /// One of 128 x 128 that stands for all lengths.
    Compressed,
}

pub(super) struct SelfAttention {
    heads: Heads,
    scale: f32,
    mask: Mask,
}

impl SelfAttention {
    pub(super) fn new(param: AtbSelfAttentionParam) -> Outcome<SelfAttention> {
        check!(
            param.calc_type == 3,
            ATB_INVALID_PARAM,
            "calcType {} is not supported by the simulator; it has 3 (PA_ENCODER)",
            param.calc_type
        );
        let mask = match param.mask_type {
            0 => Mask::None,
            1 => Mask::Norm,
            3 => Mask::Compressed,
            other => reject!(ATB_INVALID_PARAM, "maskType {other} is not supported by the simulator; it has 0, 1 and 3"),
        };
        check!(
            param.is_triu_mask <= 1 && (mask != Mask::None || param.is_triu_mask == 0),
            ATB_INVALID_PARAM,
            "isTriuMask is {} with maskType {}",
            param.is_triu_mask,
            param.mask_type
        );
        let heads = Heads::new(param.head_num, param.kv_head_num)?;
        Ok(SelfAttention { heads, scale: param.q_scale * param.qk_scale, mask })
    }
}

impl Operation for SelfAttention {
    /// Queries, keys, values, the mask where there is one, lengths.
    fn io(&self) -> (usize, usize) {
        (4 + usize::from(self.mask != Mask::None), 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let (query, key, value) = (&inputs[0], &inputs[1], &inputs[2]);
        check_dtype("query", query, HALVES)?;
        let (tokens, width) = (query.dims[0], query.dims[1..].iter().product::<usize>());
        let fits = matches!(query.dims.len(), 2 | 3) && width.is_multiple_of(self.heads.q);
        let heads = self.heads.q;
        check!(fits, ATB_INVALID_TENSOR_DIM, "query is {:?}, [tokens, {heads}, head size] is needed", query.dims);
        let dim = width / heads;
        check!(
            query.dims.len() == 2 || query.dims[1] == heads,
            ATB_INVALID_TENSOR_DIM,
            "query is {:?}, headNum is {heads}",
            query.dims
        );
        self.heads.shape(dim)?;
        for (param, t) in [("key", key), ("value", value)] {
            check_dtype(param, t, &[query.dtype])?;
            let fits = t.dims.len() == query.dims.len() && t.dims[0] == tokens && t.numel() == tokens * self.heads.kv * dim;
            check!(fits, ATB_INVALID_TENSOR_DIM, "{param} is {:?}, [{tokens}, {}, {dim}] is needed", t.dims, self.heads.kv);
        }
        if self.mask != Mask::None {
            let mask = &inputs[3];
            check_dtype("mask", mask, &[query.dtype])?;
            let square = matches!(mask.dims.len(), 2 | 3) && mask.dims[mask.dims.len() - 2] == mask.dims[mask.dims.len() - 1];
            check!(square, ATB_INVALID_TENSOR_DIM, "mask is {:?}, [n, n] or [sequences, n, n] is needed", mask.dims);
            check!(
                self.mask != Mask::Compressed || mask.dims == [128, 128],
                ATB_INVALID_TENSOR_DIM,
                "mask is {:?}; maskType 3 takes [128, 128]",
                mask.dims
            );
        }
        let lengths = inputs.last().unwrap_or(query);
        check!(lengths.dims.len() == 1, ATB_INVALID_TENSOR_DIM_NUM, "seqLen is {:?}, [sequences] is needed", lengths.dims);
        check_dtype("seqLen", lengths, &[ACL_INT32])?;
        Ok(vec![query.clone()])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        const NAME: &str = "SelfAttentionOperation";
        let query = &inputs[0].desc;
        let lengths = inputs[inputs.len() - 1].lengths("seqLen")?;
        let (tokens, total) = (query.dims[0], lengths.iter().sum::<usize>());
        check!(total == tokens, ATB_INVALID_PARAM, "seqLen adds up to {total}, there are {tokens} tokens");
        let shape = self.heads.shape(query.numel() / tokens / self.heads.q)?;
        let longest = lengths.iter().copied().max().unwrap_or(0);
        if self.mask == Mask::Norm {
            let dims = &inputs[3].desc.dims;
            let wide = dims[dims.len() - 1] >= longest && (dims.len() == 2 || dims[0] == lengths.len());
            check!(wide, ATB_INVALID_TENSOR_DIM, "mask is {dims:?} for {} sequences of at most {longest}", lengths.len());
        }
        let [q, k, v, out] = [&inputs[0], &inputs[1], &inputs[2], &outputs[0]].map(Given::handle);
        let (q, k, v, out) = (q?, k?, v?, out?);
        let mask = if self.mask == Mask::None { None } else { Some(inputs[3].handle()?) };
        Ok(vec![plan(NAME, |ws, executor| {
            let mut call = Call::new(NAME);
            let [q, k, v] = [("query", &q), ("key", &k), ("value", &v)].map(|(name, t)| call.input(name, t.raw()));
            let (q, k, v) = (q?, k?, v?);
            let mask = mask.map(|mask| call.input("mask", mask.raw())).transpose()?;
            let out = call.output("attnOut", out.raw())?;
            let causal = mask.is_some();
            let mask = mask.map(|mask| (View::new(&mask), mask.dims[mask.rank() - 1]));
            let first = move || mask.iter().for_each(|(view, n)| check_causal(NAME, view, *n));
            packed(call, NAME, [&q, &k, &v, &out], shape, &lengths, causal, self.scale, first, ws, executor)
        })?])
    }
}

/// Panics unless the mask, which is added to the scores, lets every query see itself and what is before it, and nothing behind:
/// the one mask that the simulator knows how to skip.
fn check_causal(name: &str, mask: &View, n: usize) {
    /// What masks: far below any score. The usual -10000 is -9984 in bf16.
    const MASKED: f32 = -9000.0;
    let mut buffer = Buffer::<f32>::new();
    for row in 0..mask.rows(n) {
        for start in (0..n).step_by(BLOCK) {
            let values = mask.load(row * n + start, BLOCK.min(n - start), &mut buffer);
            for (column, &value) in (start..).zip(values) {
                let right = if column > row % n { value <= MASKED } else { value == 0.0 };
                assert!(right, "{name}: mask[{}][{column}] is {value}; the simulator takes causal masks only", row % n);
            }
        }
    }
}

pub(super) struct ReshapeAndCache;

impl ReshapeAndCache {
    pub(super) fn new(param: AtbReshapeAndCacheParam) -> Outcome<ReshapeAndCache> {
        check!(
            param.kv_cache_cfg == 0,
            ATB_INVALID_PARAM,
            "kvCacheCfg {} is not supported by the simulator; it has 0 (keys and values)",
            param.kv_cache_cfg
        );
        Ok(ReshapeAndCache)
    }
}

impl Operation for ReshapeAndCache {
    /// New keys and values, their caches, the slots; the caches again.
    fn io(&self) -> (usize, usize) {
        (5, 2)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        check_dtype("key", &inputs[0], &[ACL_FLOAT16, ACL_BF16, ACL_INT8])?;
        check_dtype("slots", &inputs[4], &[ACL_INT32])?;
        for (new, cache) in [(0, 2), (1, 3)] {
            let (new, cache) = (&inputs[new], &inputs[cache]);
            check_dtype("value", new, &[inputs[0].dtype])?;
            let fits = new.dims.len() == 3 && cache.dims.len() == 4 && new.dims[1..] == cache.dims[2..];
            check!(
                fits,
                ATB_INVALID_TENSOR_DIM,
                "new rows {:?} and their cache {:?}; [tokens, heads, d] and [blocks, blockSize, heads, d] are needed",
                new.dims,
                cache.dims
            );
        }
        Ok(vec![inputs[2].clone(), inputs[3].clone()])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        let in_place = inputs[2].device == outputs[0].device && inputs[3].device == outputs[1].device;
        check!(in_place, ATB_INVALID_TENSOR_ADDR, "the caches are written in place: outputs 0 and 1 are inputs 2 and 3");
        let [key, value, slots] = [&inputs[0], &inputs[1], &inputs[4]].map(Given::handle);
        let (key, value, slots) = (key?, value?, slots?);
        let (key_cache, value_cache) = (outputs[0].handle()?, outputs[1].handle()?);
        Ok(vec![plan("aclnnScatterPaKvCache", |ws, executor| {
            let (key, value, slots) = (key.raw(), value.raw(), slots.raw());
            let (key_cache, value_cache) = (key_cache.raw(), value_cache.raw());
            let (none, no_text, no_array) = (null(), null::<std::ffi::c_char>().cast_mut(), null());
            ops::aclnnScatterPaKvCacheGetWorkspaceSize(
                key,
                key_cache,
                slots,
                value,
                value_cache,
                none,
                none,
                none,
                no_text,
                no_text,
                no_array,
                no_array,
                ws,
                executor,
            )
        })?])
    }
}

//! What the parameters of the inference operators mean: CANN's rules for layouts, lengths, caches and block tables.

use ascend_rl_sys::types::*;

use super::checks;
use super::forward::Stats;
use super::infer_args::Args;
use super::infer_int8::{self, Int8};
use super::layout::{Layout, Sizes};
use super::shift::Shift;
use super::view::{Heads, Mask, Order, Rows, Seq, Source};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::reject::{Outcome, check, reject};

/// Query heads of a key/value head over a paged cache.
const MAX_GROUP: usize = 64;
const MAX_DIM: usize = 512;
const MAX_BLOCK: usize = 512;
/// Elements of a token in a cache `[blocks, blockSize, Nkv*D]`.
const MAX_ROW: usize = 65535;

/// Layouts that the simulator has for inference.
const LAYOUTS: &[&str] = &["BSH", "BSND", "BNSD", "TND"];

/// The parameters, checked.
pub(super) struct Plan {
    pub dtype: aclDataType,
    pub q: Heads,
    pub out: Heads,
    pub source: Source,
    /// Blocks of a paged cache.
    pub blocks: usize,
    pub stats: Stats,
    pub mask: Mask,
    /// What is added to the scores.
    pub shift: Option<Shift>,
    pub kv_heads: usize,
    pub group: usize,
    pub dim: usize,
    pub seqs: Vec<Seq>,
    /// What makes floats of keys and values, where they are int8.
    pub int8: Option<Int8>,
}

/// A query, read by its layout.
struct Query {
    layout: &'static Layout,
    dtype: aclDataType,
    view: Heads,
    /// Of packed sequences the batch is 1.
    sizes: Sizes,
    kv_heads: usize,
}

impl Args {
    pub(super) fn check(&self, call: &mut Call) -> Outcome<Plan> {
        let name = self.name;
        self.check_absent(call)?;
        self.check_modes()?;
        let tensor = call.input("query", self.query)?;
        let query = self.query(call, &tensor)?;
        let out = call.output("attentionOut", self.attention_out)?;
        checks::same(name, "attentionOut", &out, query.dtype, &tensor.dims)?;
        checks::contiguous(name, "attentionOut", &out)?;
        let key = one(call, name, "key", (self.key, self.key_tensor), query.dtype)?;
        let value = one(call, name, "value", (self.value, self.value_tensor), query.dtype)?;
        // What has no sparseMode has no other mask to offer.
        if self.one_query {
            call.absent("attenMask", self.atten_mask)?;
        }
        let mask = checks::mask(call, name, self.sparse_mode, &[0, 3], self.atten_mask)?;
        let table = call.optional_input("blockTable", self.block_table)?;
        let q_lens = self.query_lengths(call, &query)?;
        let kv_ends = call.int_array("actualSeqLengthsKv", self.actual_seq_lengths_kv)?;
        let longest_q = q_lens.iter().copied().max().unwrap_or(0);
        let (source, blocks, kv_lens, kv_starts) = match table {
            Some(table) => {
                let (source, blocks) = self.paged(&query, &key, &value, &table, q_lens.len(), longest_q)?;
                let Some(lens) = kv_ends else {
                    reject!(ACLNN_ERR_PARAM_INVALID, "{name}: actualSeqLengthsKv is null, a paged cache (blockTable) needs it")
                };
                let most = source.table_width * source.block_size;
                (source, blocks, kv_lengths(name, lens, q_lens.len(), most)?, (0..q_lens.len()).collect::<Vec<_>>())
            }
            None => {
                let (source, kv_lens, starts) = plain(name, &query, &key, &value, kv_ends, q_lens.len())?;
                (source, 0, kv_lens, starts)
            }
        };
        let longest = kv_lens.iter().copied().max().unwrap_or(0).max(longest_q);
        checks::unlimited(name, mask, self.pre_tokens, self.next_tokens, longest)?;
        let (packed, mut q_start) = (query.layout.is_packed(), 0);
        let mut seqs = Vec::with_capacity(q_lens.len());
        for (i, &q_len) in q_lens.iter().enumerate() {
            let kv_len = kv_lens[i];
            let seq = Seq { batch: if packed { 0 } else { i }, q_start, q_len, kv: kv_starts[i], kv_len };
            if kv_len > 0 {
                checks::causal(name, mask, i, &seq)?;
            }
            seqs.push(seq);
            q_start += if packed { q_len } else { 0 };
        }
        let int8 = if key.dtype == ACL_INT8 {
            Some(self.check_int8(call, &query, &source, &seqs)?)
        } else {
            self.check_no_factors(call)?;
            None
        };
        let shift = self.shift(call, &query, &key, &seqs)?;
        let stats = self.lse(call, &query)?;
        let out = query.layout.view(name, "attentionOut", &out, query.sizes.dim)?.1;
        let (kv_heads, group) = (query.kv_heads, query.sizes.heads / query.kv_heads);
        let dim = query.sizes.dim;
        Ok(Plan { dtype: query.dtype, q: query.view, out, source, blocks, stats, mask, shift, kv_heads, group, dim, seqs, int8 })
    }

    /// A cache of int8 is for one query a sequence, and not for packed ones.
    fn check_int8(&self, call: &mut Call, query: &Query, source: &Source, seqs: &[Seq]) -> Outcome<Int8> {
        let (name, layout) = (self.name, query.layout.name);
        check!(
            !query.layout.is_packed() && query.sizes.seq == 1,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: key is int8 with layout {layout} and {} queries; the simulator takes BSH, BSND and BNSD of one query",
            query.sizes.seq
        );
        let tokens = if source.table.is_null() {
            seqs.iter().map(|seq| seq.kv_len).max().unwrap_or(0)
        } else {
            source.table_width * source.block_size
        };
        let (dtype, batch, heads, dim) = (query.dtype, seqs.len(), query.kv_heads, query.sizes.dim);
        self.int8(call, infer_int8::Sizes { dtype, batch, heads, dim, tokens })
    }

    /// `pseShift`: `[B or 1, N, Sq, Skv]`, or more of the last two, of the query's dtype. Over plain keys and values.
    fn shift(&self, call: &mut Call, query: &Query, key: &Tensor, seqs: &[Seq]) -> Outcome<Option<Shift>> {
        let name = self.name;
        let Some(t) = call.optional_input("pseShift", self.pse_shift)? else { return Ok(None) };
        check!(
            self.block_table.is_null() && !query.layout.is_packed() && key.dtype == query.dtype,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: pseShift is not supported by the simulator with blockTable, layout TND or int8 keys; pass null"
        );
        checks::dtype_is(name, "pseShift", &t, query.dtype)?;
        let Sizes { batch, seq, heads, .. } = query.sizes;
        let keys = seqs.iter().map(|seq| seq.kv_len).max().unwrap_or(0);
        let dims = &*t.dims;
        check!(
            matches!(*dims, [b, n, q, k] if (b == batch || b == 1) && n == heads && q >= seq && k >= keys),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: pseShift is {dims:?}; [{batch} or 1, {heads}, {seq} or more, {keys} or more] is needed"
        );
        Ok(Some(Shift::new(&t)))
    }

    fn check_modes(&self) -> Outcome {
        let name = self.name;
        let precise = self.inner_precise;
        // Full precision whatever is asked for; and a row that sees no key gives zeros, which 2 and 3 demand and 0 and 1 may.
        check!((0..=3).contains(&precise), ACLNN_ERR_PARAM_INVALID, "{name}: innerPrecise is {precise}; 0 to 3 are taken");
        for (param, mode) in [("antiquantMode", self.antiquant_mode), ("queryQuantMode", self.query_quant_mode)] {
            check!(mode == 0, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} {mode} is not supported by the simulator; pass 0");
        }
        Ok(())
    }

    fn query(&self, call: &Call, tensor: &Tensor) -> Outcome<Query> {
        let name = self.name;
        let text = call.text("inputLayout", self.input_layout)?;
        let Some(layout) = Layout::find(&text).filter(|layout| LAYOUTS.contains(&layout.name)) else {
            reject!(
                ACL_ERROR_FEATURE_UNSUPPORTED,
                "{name}: inputLayout {text:?} is not supported by the simulator; it has {LAYOUTS:?}"
            )
        };
        let (dtype, dims) = (tensor.dtype, &*tensor.dims);
        check!(
            dtype == ACL_BF16 || dtype == ACL_FLOAT16,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has dataType {}, bfloat16 or float16 is needed",
            dtype.0
        );
        let kv_heads = if self.num_key_value_heads == 0 { self.num_heads } else { self.num_key_value_heads };
        check!(
            self.num_heads > 0 && kv_heads > 0 && self.num_heads % kv_heads == 0,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: numHeads is {} and numKeyValueHeads {}; the first must be a positive multiple of the second",
            self.num_heads,
            self.num_key_value_heads
        );
        let (heads, kv_heads) = (self.num_heads as usize, kv_heads as usize);
        let dim = layout.head_dim(name, "query", tensor, heads)?;
        if !layout.is_packed() {
            checks::contiguous(name, "query", tensor)?;
        }
        let (sizes, view) = layout.view(name, "query", tensor, dim)?;
        let fits = sizes.heads == heads;
        check!(fits, ACLNN_ERR_PARAM_INVALID, "{name}: query is {dims:?} in layout {text}, numHeads is {heads}");
        check!(
            dim > 0 && dim.is_multiple_of(16) && dim <= MAX_DIM,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has heads of {dim}, a multiple of 16 of at most {MAX_DIM} is needed"
        );
        Ok(Query { layout, dtype, view, sizes, kv_heads })
    }

    /// The number of queries of each sequence.
    fn query_lengths(&self, call: &Call, query: &Query) -> Outcome<Vec<usize>> {
        let (name, Sizes { batch, seq, .. }) = (self.name, query.sizes);
        let given = call.int_array("actualSeqLengths", self.actual_seq_lengths)?;
        if query.layout.is_packed() {
            return checks::lengths(name, "actualSeqLengths", given, seq);
        }
        if let Some(shorter) = given.iter().flatten().find(|&&len| len != seq as i64) {
            reject!(
                ACL_ERROR_FEATURE_UNSUPPORTED,
                "{name}: actualSeqLengths has {shorter} of {seq} positions, which the simulator does not support; \
                 pass null, or layout TND"
            )
        }
        Ok(vec![seq; batch])
    }

    /// The cache and its table.
    fn paged(
        &self,
        query: &Query,
        key: &Tensor,
        value: &Tensor,
        table: &Tensor,
        batch: usize,
        longest_q: usize,
    ) -> Outcome<(Source, usize)> {
        let name = self.name;
        let step = match key.dtype {
            _ if longest_q > 1 => 128,
            ACL_INT8 => 32,
            _ => 16,
        };
        let size = self.block_size;
        check!(
            size > 0 && size % step == 0 && size as usize <= MAX_BLOCK,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: blockSize is {size}; for sequences of {longest_q} queries a multiple of {step} of at most {MAX_BLOCK} is needed"
        );
        let (size, kv_heads, dim) = (size as usize, query.kv_heads, query.sizes.dim);
        let group = query.sizes.heads / kv_heads;
        check!(
            group <= MAX_GROUP,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: {group} query heads a key head, at most {MAX_GROUP} are taken"
        );
        let blocks = key.dims.first().copied().unwrap_or(0);
        let by_token = [blocks, size, kv_heads * dim];
        let by_head = [blocks, kv_heads, size, dim];
        let dims = &*key.dims;
        check!(
            *dims == by_token || *dims == by_head && ["TND", "BNSD"].contains(&query.layout.name),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: key is {dims:?}; with blockTable and blockSize {size} {by_token:?} is needed, or (layouts TND and BNSD) {by_head:?}"
        );
        check!(
            dims.len() == 4 || kv_heads * dim <= MAX_ROW,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: key {dims:?} has {} elements a token, at most {MAX_ROW} are taken in that form",
            kv_heads * dim
        );
        checks::same(name, "value", value, key.dtype, dims)?;
        checks::dtype_is(name, "blockTable", table, ACL_INT32)?;
        checks::contiguous(name, "blockTable", table)?;
        check!(
            table.rank() == 2 && table.dims[0] == batch,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: blockTable is {:?}, [{batch}, blocks of a sequence] is needed",
            table.dims
        );
        let rows = |param: &str, t: &Tensor| {
            let last = t.rank() - 1;
            let unit = t.strides[last] == 1;
            check!(unit, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} has strides {:?}; the last must be 1", t.strides);
            let by_head = t.rank() == 4;
            let (slot, head) = if by_head { (t.strides[2], t.strides[1]) } else { (t.strides[1], dim) };
            Ok(Rows { data: t.data, block: t.strides[0], slot, head })
        };
        let source = Source {
            k: rows("key", key)?,
            v: rows("value", value)?,
            table: table.data.cast_const().cast(),
            table_width: table.dims[1],
            block_size: size,
        };
        Ok((source, blocks))
    }

    /// Where the log-sum-exps go.
    fn lse(&self, call: &mut Call, query: &Query) -> Outcome<Stats> {
        if !self.softmax_lse_flag {
            return Ok(Stats::None);
        }
        let (name, Sizes { batch, seq, heads, .. }) = (self.name, query.sizes);
        let lse = call.output("softmaxLse", self.softmax_lse)?;
        let order = if query.layout.is_packed() { Order::TokensFirst } else { Order::Batches };
        if query.layout.is_packed() {
            checks::same(name, "softmaxLse", &lse, ACL_FLOAT, &[seq, heads, 1])?;
        } else {
            checks::same(name, "softmaxLse", &lse, ACL_FLOAT, &[batch, heads, seq, 1])?;
        }
        checks::contiguous(name, "softmaxLse", &lse)?;
        Ok(Stats::Lse { lse: lse.data.cast(), order })
    }
}

/// The only tensor of a list, or a tensor: of the query's dtype, or of int8.
fn one(
    call: &mut Call,
    name: &str,
    param: &'static str,
    (list, tensor): (*const aclTensorList, *const aclTensor),
    dtype: aclDataType,
) -> Outcome<Tensor> {
    let tensors = if tensor.is_null() { call.list(param, list, false)? } else { vec![call.input(param, tensor)?] };
    check!(
        tensors.len() == 1,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: {param} is a list of {} tensors; the simulator takes one",
        tensors.len()
    );
    if tensors[0].dtype != ACL_INT8 {
        checks::dtype_is(name, param, &tensors[0], dtype)?;
    }
    Ok(tensors[0])
}

/// Lengths of keys, one for each sequence or one for all, of at most `most`.
fn kv_lengths(name: &str, given: Vec<i64>, batch: usize, most: usize) -> Outcome<Vec<usize>> {
    let count = given.len();
    check!(
        count == batch || count == 1,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: actualSeqLengthsKv has {count} lengths, there are {batch} sequences"
    );
    for (i, &len) in given.iter().enumerate() {
        check!(
            len >= 0 && len as usize <= most,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: actualSeqLengthsKv[{i}] is {len}, there is room for {most}"
        );
    }
    Ok((0..batch).map(|i| given[if count == 1 { 0 } else { i }] as usize).collect())
}

/// Keys and values without a block table, in the query's layout: the source, lengths, and first tokens.
fn plain(
    name: &str,
    query: &Query,
    key: &Tensor,
    value: &Tensor,
    given: Option<Vec<i64>>,
    batch: usize,
) -> Outcome<(Source, Vec<usize>, Vec<usize>)> {
    let (layout, dim) = (query.layout, query.sizes.dim);
    let (kv, k) = layout.view(name, "key", key, dim)?;
    let dims = layout.dims(Sizes { heads: query.kv_heads, seq: kv.seq, ..query.sizes });
    checks::same(name, "key", key, key.dtype, &dims)?;
    checks::same(name, "value", value, key.dtype, &dims)?;
    let v = layout.view(name, "value", value, dim)?.1;
    if layout.is_packed() {
        let lens = checks::lengths(name, "actualSeqLengthsKv", given, kv.seq)?;
        check!(
            lens.len() == batch,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: actualSeqLengthsKv has {} sequences, actualSeqLengths {batch}",
            lens.len()
        );
        let starts = lens.iter().scan(0, |next, len| Some(std::mem::replace(next, *next + len))).collect();
        return Ok((Source::packed(k, v), lens, starts));
    }
    // Floats in any order of dims: the operator's definition in ops-transformer makes its inputs contiguous itself, though the documents
    // leave it out; ggml-cann relies on it.
    if key.dtype == ACL_INT8 {
        checks::contiguous(name, "key", key)?;
        checks::contiguous(name, "value", value)?;
    }
    let lens = given.map_or_else(|| Ok(vec![kv.seq; batch]), |given| kv_lengths(name, given, batch, kv.seq))?;
    Ok((Source::packed(k, v), lens, vec![0; batch]))
}

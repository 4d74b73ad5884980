//! The parameters of `aclnnFusedInferAttentionScoreV2`: CANN's rules for layouts, lengths, caches and block tables.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::checks;
use super::forward::Stats;
use super::view::{Heads, Mask, Rows, Seq, Source};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::reject::{Outcome, check, reject};

pub(super) const NAME: &str = "aclnnFusedInferAttentionScoreV2";

/// Query heads of a key/value head over a paged cache.
const MAX_GROUP: usize = 64;
const MAX_DIM: usize = 512;
const MAX_BLOCK: usize = 512;
/// Elements of a token in a cache `[blocks, blockSize, Nkv*D]`.
const MAX_ROW: usize = 65535;

/// How the query's dims are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Bsh,
    Bsnd,
    Tnd,
}

/// The parameters as given.
pub(super) struct Args {
    pub query: *const aclTensor,
    pub key: *const aclTensorList,
    pub value: *const aclTensorList,
    pub atten_mask: *const aclTensor,
    pub actual_seq_lengths: *const aclIntArray,
    pub actual_seq_lengths_kv: *const aclIntArray,
    pub block_table: *const aclTensor,
    pub num_heads: i64,
    pub pre_tokens: i64,
    pub next_tokens: i64,
    pub input_layout: *mut c_char,
    pub num_key_value_heads: i64,
    pub sparse_mode: i64,
    pub inner_precise: i64,
    pub block_size: i64,
    pub antiquant_modes: [i64; 3],
    /// Where the log-sum-exps are asked for.
    pub softmax_lse: Option<*const aclTensor>,
    pub attention_out: *const aclTensor,
}

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
    pub kv_heads: usize,
    pub group: usize,
    pub dim: usize,
    pub seqs: Vec<Seq>,
}

/// A query, read by its layout.
struct Query {
    layout: Layout,
    dtype: aclDataType,
    view: Heads,
    /// Sequences and positions of each; 0 and all tokens for TND.
    batch: usize,
    positions: usize,
    heads: usize,
    kv_heads: usize,
    dim: usize,
}

impl Args {
    pub(super) fn check(&self, call: &mut Call) -> Outcome<Plan> {
        self.check_modes()?;
        let tensor = call.input("query", self.query)?;
        let query = self.query(call, &tensor)?;
        let out = call.output("attentionOut", self.attention_out)?;
        checks::same(NAME, "attentionOut", &out, query.dtype, &tensor.dims)?;
        checks::contiguous(NAME, "attentionOut", &out)?;
        let key = one(call, "key", self.key, query.dtype)?;
        let value = one(call, "value", self.value, query.dtype)?;
        let mask = checks::mask(call, NAME, self.sparse_mode, &[0, 3], self.atten_mask)?;
        let table = call.optional_input("blockTable", self.block_table)?;
        let q_lens = self.query_lengths(call, &query)?;
        let kv_ends = call.int_array("actualSeqLengthsKv", self.actual_seq_lengths_kv)?;
        let longest_q = q_lens.iter().copied().max().unwrap_or(0);
        let (source, blocks, kv_lens, kv_starts) = match table {
            Some(table) => {
                let (source, blocks) = self.paged(&query, &key, &value, &table, q_lens.len(), longest_q)?;
                let Some(lens) = kv_ends else {
                    reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: actualSeqLengthsKv is null, a paged cache (blockTable) needs it")
                };
                let most = source.table_width * source.block_size;
                (source, blocks, kv_lengths(lens, q_lens.len(), most)?, (0..q_lens.len()).collect::<Vec<_>>())
            }
            None => {
                let (source, kv_lens, starts) = plain(&query, &key, &value, kv_ends, q_lens.len())?;
                (source, 0, kv_lens, starts)
            }
        };
        let longest = kv_lens.iter().copied().max().unwrap_or(0).max(longest_q);
        checks::unlimited(NAME, mask, self.pre_tokens, self.next_tokens, longest)?;
        let mut q_start = 0;
        let mut seqs = Vec::with_capacity(q_lens.len());
        for (i, &q_len) in q_lens.iter().enumerate() {
            let kv_len = kv_lens[i];
            check!(
                mask == Mask::Full || q_len <= kv_len || kv_len == 0,
                ACLNN_ERR_PARAM_INVALID,
                "{NAME}: sequence {i} has {q_len} queries and {kv_len} keys, sparseMode 3 takes at most as many queries as keys"
            );
            seqs.push(Seq { q_start, q_len, kv: kv_starts[i], kv_len });
            q_start += q_len;
        }
        let stats = self.lse(call, &query)?;
        let token = query.heads * query.dim;
        let out = Heads { data: out.data, token, head: query.dim };
        let (kv_heads, group) = (query.kv_heads, query.heads / query.kv_heads);
        Ok(Plan { dtype: query.dtype, q: query.view, out, source, blocks, stats, mask, kv_heads, group, dim: query.dim, seqs })
    }

    fn check_modes(&self) -> Outcome {
        let precise = self.inner_precise;
        check!(
            (0..=1).contains(&precise),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{NAME}: innerPrecise {precise} is not supported by the simulator; it has 0 and 1"
        );
        for (param, mode) in ["antiquantMode", "keyAntiquantMode", "valueAntiquantMode"].iter().zip(self.antiquant_modes) {
            check!(mode == 0, ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: {param} {mode} is not supported by the simulator; pass 0");
        }
        Ok(())
    }

    fn query(&self, call: &Call, tensor: &Tensor) -> Outcome<Query> {
        let text = call.text("inputLayout", self.input_layout)?;
        let (layout, rank) = match text.as_str() {
            "BSH" => (Layout::Bsh, 3),
            "BSND" => (Layout::Bsnd, 4),
            "TND" => (Layout::Tnd, 3),
            _ => reject!(
                ACL_ERROR_FEATURE_UNSUPPORTED,
                "{NAME}: inputLayout {text:?} is not supported by the simulator; it has \"BSH\", \"BSND\" and \"TND\""
            ),
        };
        let (dtype, dims) = (tensor.dtype, &*tensor.dims);
        check!(
            dtype == ACL_BF16 || dtype == ACL_FLOAT16,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: query has dataType {}, bfloat16 or float16 is needed",
            dtype.0
        );
        check!(dims.len() == rank, ACLNN_ERR_PARAM_INVALID, "{NAME}: query is {dims:?}, layout {text} has {rank} dims");
        let kv_heads = if self.num_key_value_heads == 0 { self.num_heads } else { self.num_key_value_heads };
        check!(
            self.num_heads > 0 && kv_heads > 0 && self.num_heads % kv_heads == 0,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: numHeads is {} and numKeyValueHeads {}; the first must be a positive multiple of the second",
            self.num_heads,
            self.num_key_value_heads
        );
        let (heads, kv_heads) = (self.num_heads as usize, kv_heads as usize);
        let dim = if layout == Layout::Bsh { dims[2] / heads } else { dims[rank - 1] };
        let fits = if layout == Layout::Bsh { dims[2] == heads * dim } else { dims[rank - 2] == heads };
        check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: query is {dims:?} in layout {text}, numHeads is {heads}");
        check!(
            dim > 0 && dim.is_multiple_of(16) && dim <= MAX_DIM,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: query has heads of {dim}, a multiple of 16 of at most {MAX_DIM} is needed"
        );
        let view = if layout == Layout::Tnd {
            checks::heads(NAME, "query", tensor)?
        } else {
            checks::contiguous(NAME, "query", tensor)?;
            Heads { data: tensor.data, token: heads * dim, head: dim }
        };
        let (batch, positions) = if layout == Layout::Tnd { (0, dims[0]) } else { (dims[0], dims[1]) };
        Ok(Query { layout, dtype, view, batch, positions, heads, kv_heads, dim })
    }

    /// The number of queries of each sequence.
    fn query_lengths(&self, call: &Call, query: &Query) -> Outcome<Vec<usize>> {
        let given = call.int_array("actualSeqLengths", self.actual_seq_lengths)?;
        if query.layout == Layout::Tnd {
            return checks::lengths(NAME, "actualSeqLengths", given, query.positions);
        }
        let positions = query.positions as i64;
        if let Some(shorter) = given.iter().flatten().find(|&&len| len != positions) {
            reject!(
                ACL_ERROR_FEATURE_UNSUPPORTED,
                "{NAME}: actualSeqLengths has {shorter} of {positions} positions, which the simulator does not support; \
                 pass null, or layout TND"
            )
        }
        Ok(vec![query.positions; query.batch])
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
        let (size, step) = (self.block_size, if longest_q > 1 { 128 } else { 16 });
        check!(
            size > 0 && size % step == 0 && size as usize <= MAX_BLOCK,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: blockSize is {size}; for sequences of {longest_q} queries a multiple of {step} of at most {MAX_BLOCK} is needed"
        );
        let (size, kv_heads, dim) = (size as usize, query.kv_heads, query.dim);
        let group = query.heads / kv_heads;
        check!(
            group <= MAX_GROUP,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: {group} query heads a key head, at most {MAX_GROUP} are taken"
        );
        let blocks = key.dims.first().copied().unwrap_or(0);
        let by_token = [blocks, size, kv_heads * dim];
        let by_head = [blocks, kv_heads, size, dim];
        let dims = &*key.dims;
        check!(
            *dims == by_token || *dims == by_head && query.layout == Layout::Tnd,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: key is {dims:?}; with blockTable and blockSize {size} {by_token:?} is needed, or (layout TND) {by_head:?}"
        );
        check!(
            dims.len() == 4 || kv_heads * dim <= MAX_ROW,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: key {dims:?} has {} elements a token, at most {MAX_ROW} are taken in that form",
            kv_heads * dim
        );
        checks::same(NAME, "value", value, query.dtype, dims)?;
        checks::dtype_is(NAME, "blockTable", table, ACL_INT32)?;
        checks::contiguous(NAME, "blockTable", table)?;
        check!(
            table.rank() == 2 && table.dims[0] == batch,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: blockTable is {:?}, [{batch}, blocks of a sequence] is needed",
            table.dims
        );
        let rows = |param: &str, t: &Tensor| {
            let last = t.rank() - 1;
            let unit = t.strides[last] == 1;
            check!(unit, ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: {param} has strides {:?}; the last must be 1", t.strides);
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
        let Some(handle) = self.softmax_lse else { return Ok(Stats::None) };
        let lse = call.output("softmaxLse", handle)?;
        let tokens_first = query.layout == Layout::Tnd;
        if tokens_first {
            checks::same(NAME, "softmaxLse", &lse, ACL_FLOAT, &[query.positions, query.heads, 1])?;
        } else {
            checks::same(NAME, "softmaxLse", &lse, ACL_FLOAT, &[query.batch, query.heads, query.positions, 1])?;
        }
        checks::contiguous(NAME, "softmaxLse", &lse)?;
        Ok(Stats::Lse { lse: lse.data.cast(), tokens_first })
    }
}

/// The only tensor of a list.
fn one(call: &mut Call, param: &'static str, list: *const aclTensorList, dtype: aclDataType) -> Outcome<Tensor> {
    let tensors = call.list(param, list, false)?;
    check!(
        tensors.len() == 1,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: {param} is a list of {} tensors; the simulator takes one",
        tensors.len()
    );
    checks::dtype_is(NAME, param, &tensors[0], dtype)?;
    Ok(tensors[0])
}

/// Lengths of keys, one for each sequence or one for all, of at most `most`.
fn kv_lengths(given: Vec<i64>, batch: usize, most: usize) -> Outcome<Vec<usize>> {
    let count = given.len();
    check!(
        count == batch || count == 1,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: actualSeqLengthsKv has {count} lengths, there are {batch} sequences"
    );
    for (i, &len) in given.iter().enumerate() {
        check!(
            len >= 0 && len as usize <= most,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: actualSeqLengthsKv[{i}] is {len}, there is room for {most}"
        );
    }
    Ok((0..batch).map(|i| given[if count == 1 { 0 } else { i }] as usize).collect())
}

/// Keys and values without a block table, in the query's layout: the source, lengths, and first tokens.
fn plain(
    query: &Query,
    key: &Tensor,
    value: &Tensor,
    given: Option<Vec<i64>>,
    batch: usize,
) -> Outcome<(Source, Vec<usize>, Vec<usize>)> {
    let (heads, dim) = (query.kv_heads, query.dim);
    let tokens = key.dims.get(usize::from(query.layout != Layout::Tnd)).copied().unwrap_or(0);
    let dims = match query.layout {
        Layout::Bsh => vec![query.batch, tokens, heads * dim],
        Layout::Bsnd => vec![query.batch, tokens, heads, dim],
        Layout::Tnd => vec![tokens, heads, dim],
    };
    checks::same(NAME, "key", key, query.dtype, &dims)?;
    checks::same(NAME, "value", value, query.dtype, &dims)?;
    if query.layout == Layout::Tnd {
        let lens = checks::lengths(NAME, "actualSeqLengthsKv", given, tokens)?;
        check!(
            lens.len() == batch,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: actualSeqLengthsKv has {} sequences, actualSeqLengths {batch}",
            lens.len()
        );
        let starts = lens.iter().scan(0, |next, len| Some(std::mem::replace(next, *next + len))).collect();
        return Ok((Source::packed(checks::heads(NAME, "key", key)?, checks::heads(NAME, "value", value)?), lens, starts));
    }
    checks::contiguous(NAME, "key", key)?;
    checks::contiguous(NAME, "value", value)?;
    let view = |t: &Tensor| Heads { data: t.data, token: heads * dim, head: dim };
    let lens = given.map_or_else(|| Ok(vec![tokens; batch]), |given| kv_lengths(given, batch, tokens))?;
    Ok((Source::packed(view(key), view(value)), lens, (0..batch).map(|i| i * tokens).collect()))
}

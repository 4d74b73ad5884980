//! The parameters of the training operators, all versions of them, forward and gradient, and what they mean.

use std::ffi::c_char;
use std::ptr::{null, null_mut};

use ascend_rl_sys::types::*;

use super::checks;
use super::layout::{Layout, Sizes};
use super::view::{Bits, Heads, Mask, Order, Seq};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::reject::{Outcome, check, reject};

/// CANN's limits.
const MAX_TOKENS: usize = 1 << 20;
const MAX_HEADS: usize = 256;
const MAX_DIM: usize = 768;
const MAX_PACKED: usize = 2048;
/// Sequences that versions with a layout of their own for the statistics take.
const MAX_PACKED_V4: usize = 20000;

/// What one call gives; what its version does not have is null, or the value that changes nothing.
pub(super) struct Params {
    pub name: &'static str,
    /// The layouts that the operator takes.
    pub layouts: &'static [&'static str],
    pub query: *const aclTensor,
    pub query_rope: *const aclTensor,
    pub key: *const aclTensor,
    pub key_rope: *const aclTensor,
    pub value: *const aclTensor,
    pub dy: *const aclTensor,
    pub shift: *const aclTensor,
    pub drop_mask: *const aclTensor,
    pub padding_mask: *const aclTensor,
    pub atten_mask: *const aclTensor,
    pub sink: *const aclTensor,
    pub softmax_max: *const aclTensor,
    pub softmax_sum: *const aclTensor,
    pub softmax: *const aclTensor,
    pub attention: *const aclTensor,
    pub prefix: *const aclIntArray,
    pub actual_seq_q_len: *const aclIntArray,
    pub actual_seq_kv_len: *const aclIntArray,
    pub q_start_idx: *const aclIntArray,
    pub kv_start_idx: *const aclIntArray,
    pub scale_value: f64,
    pub keep_prob: f64,
    pub pre_tokens: i64,
    pub next_tokens: i64,
    pub head_num: i64,
    pub input_layout: *mut c_char,
    pub inner_precise: i64,
    pub sparse_mode: i64,
    pub pse_type: i64,
    pub softmax_layout: *mut c_char,
    pub dq: *const aclTensor,
    pub dq_rope: *const aclTensor,
    pub dk: *const aclTensor,
    pub dk_rope: *const aclTensor,
    pub dv: *const aclTensor,
    pub dpse: *const aclTensor,
    pub dsink: *const aclTensor,
}

/// The same, checked.
pub(super) struct Given {
    pub name: &'static str,
    pub dtype: aclDataType,
    layout: &'static Layout,
    pub sizes: Sizes,
    pub kv_heads: usize,
    q_dims: Dims,
    kv_dims: Dims,
    pub q: Heads,
    pub k: Heads,
    pub v: Heads,
    pub mask: Mask,
    pub bits: Option<Bits>,
    pub seqs: Vec<Seq>,
    pub order: Order,
}

impl Params {
    /// No parameter at all.
    pub(super) fn absent(name: &'static str, layouts: &'static [&'static str]) -> Params {
        Params {
            name,
            layouts,
            query: null(),
            query_rope: null(),
            key: null(),
            key_rope: null(),
            value: null(),
            dy: null(),
            shift: null(),
            drop_mask: null(),
            padding_mask: null(),
            atten_mask: null(),
            sink: null(),
            softmax_max: null(),
            softmax_sum: null(),
            softmax: null(),
            attention: null(),
            prefix: null(),
            actual_seq_q_len: null(),
            actual_seq_kv_len: null(),
            q_start_idx: null(),
            kv_start_idx: null(),
            scale_value: 1.0,
            keep_prob: 1.0,
            pre_tokens: 0,
            next_tokens: 0,
            head_num: 0,
            input_layout: null_mut(),
            inner_precise: 0,
            sparse_mode: 0,
            pse_type: 1,
            softmax_layout: null_mut(),
            dq: null(),
            dq_rope: null(),
            dk: null(),
            dk_rope: null(),
            dv: null(),
            dpse: null(),
            dsink: null(),
        }
    }

    pub(super) fn check(&self, call: &mut Call) -> Outcome<Given> {
        let name = self.name;
        let query = call.input("query", self.query)?;
        let key = call.input("key", self.key)?;
        let value = call.input("value", self.value)?;
        self.check_absent(call)?;
        let text = call.text("inputLayout", self.input_layout)?;
        let Some(layout) = Layout::find(&text).filter(|layout| self.layouts.contains(&layout.name)) else {
            reject!(ACLNN_ERR_PARAM_INVALID, "{name}: inputLayout is {text:?}, one of {:?} is taken", self.layouts)
        };
        let dtype = query.dtype;
        check!(
            [ACL_FLOAT, ACL_BF16, ACL_FLOAT16].contains(&dtype),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has dataType {}, float32, bfloat16 or float16 is needed",
            dtype.0
        );
        let dim = layout.head_dim(name, "query", &query, self.head_num.max(0) as usize)?;
        let (sizes, q) = layout.view(name, "query", &query, dim)?;
        let (kv_sizes, k) = layout.view(name, "key", &key, dim)?;
        let (value_sizes, v) = layout.view(name, "value", &value, dim)?;
        let kv_dims = layout.dims(Sizes { batch: sizes.batch, dim, ..kv_sizes });
        checks::same(name, "key", &key, dtype, &kv_dims)?;
        checks::dtype_is(name, "value", &value, dtype)?;
        check!(
            value_sizes.dim == dim,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: value has heads of {}, query of {dim}; the simulator takes equal ones",
            value_sizes.dim
        );
        checks::same(name, "value", &value, dtype, &kv_dims)?;
        let order = self.order(call, layout, sizes)?;
        self.check_sizes(&query, sizes, kv_sizes)?;
        let (mask, bits) = self.mask(call, layout, sizes, kv_sizes)?;
        let seqs = self.sequences(call, layout, mask, sizes, kv_sizes)?;
        let longest = seqs.iter().map(|seq| seq.q_len.max(seq.kv_len)).max().unwrap_or(0);
        if self.sparse_mode != 1 {
            checks::unlimited(name, mask, self.pre_tokens, self.next_tokens, longest)?;
        }
        let q_dims = query.dims;
        Ok(Given { name, dtype, layout, sizes, kv_heads: kv_sizes.heads, q_dims, kv_dims, q, k, v, mask, bits, seqs, order })
    }

    /// What the simulator does not have.
    fn check_absent(&self, call: &Call) -> Outcome {
        let name = self.name;
        for (param, handle) in [
            ("realShift (pse)", self.shift),
            ("dropMask", self.drop_mask),
            ("paddingMask", self.padding_mask),
            ("queryRope", self.query_rope),
            ("keyRope", self.key_rope),
            ("dqRope", self.dq_rope),
            ("dkRope", self.dk_rope),
        ] {
            call.absent(param, handle)?;
        }
        let prefix = call.int_array("prefix", self.prefix)?.unwrap_or_default();
        check!(
            // It says something in these two modes alone; callers pass it in others.
            prefix.is_empty() || !matches!(self.sparse_mode, 5 | 6),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: prefix {prefix:?} is not supported by the simulator; pass null, or no numbers"
        );
        for (param, array) in [("qStartIdx", self.q_start_idx), ("kvStartIdx", self.kv_start_idx)] {
            let given = call.int_array(param, array)?.unwrap_or_default();
            let is_origin = given.iter().all(|&start| start == 0);
            check!(is_origin, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} is {given:?}; the simulator takes 0s, or null");
        }
        let (keep, precise, pse) = (self.keep_prob, self.inner_precise, self.pse_type);
        check!(keep == 1.0, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: keepProb {keep} is not supported by the simulator; pass 1");
        check!(
            precise == 0,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: innerPrecise {precise} is not supported by the simulator; pass 0"
        );
        check!(
            (0..=1).contains(&pse),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: pseType {pse} (a shift made of slopes) is not supported by the simulator; pass 1"
        );
        Ok(())
    }

    fn check_sizes(&self, query: &Tensor, sizes: Sizes, kv_sizes: Sizes) -> Outcome {
        let name = self.name;
        let Sizes { heads, dim, .. } = sizes;
        check!(
            self.head_num == heads as i64,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: headNum is {}, query {:?} has {heads} heads",
            self.head_num,
            query.dims
        );
        let limits =
            [("heads", heads, MAX_HEADS), ("elements a head", dim, MAX_DIM), ("tokens", sizes.seq.max(kv_sizes.seq), MAX_TOKENS)];
        for (what, given, most) in limits {
            check!(given <= most, ACLNN_ERR_PARAM_INVALID, "{name}: query or key has {given} {what}, at most {most} are taken");
        }
        check!(
            heads > 0 && dim > 0 && kv_sizes.heads > 0 && heads.is_multiple_of(kv_sizes.heads),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has {heads} heads of {dim}, key {}; the first must be a multiple of the second",
            kv_sizes.heads
        );
        Ok(())
    }

    /// How the statistics lie.
    fn order(&self, call: &Call, layout: &Layout, sizes: Sizes) -> Outcome<Order> {
        let name = self.name;
        let text = if self.softmax_layout.is_null() { String::new() } else { call.text("softmaxLayout", self.softmax_layout)? };
        match text.as_str() {
            "" if layout.is_packed() => Ok(Order::HeadsFirst { tokens: sizes.seq }),
            "" => Ok(Order::Batches),
            "same_as_input" => Ok(Order::TokensFirst),
            _ => reject!(ACLNN_ERR_PARAM_INVALID, "{name}: softmaxLayout is {text:?}, \"\" or \"same_as_input\" is taken"),
        }
    }

    /// The rule, and the mask given in full, where there is one.
    fn mask(&self, call: &mut Call, layout: &Layout, q: Sizes, kv: Sizes) -> Outcome<(Mask, Option<Bits>)> {
        let full = !layout.is_packed() && (self.sparse_mode == 1 || self.sparse_mode == 0 && !self.atten_mask.is_null());
        if !full {
            return Ok((checks::mask(call, self.name, self.sparse_mode, &[0, 2, 3], self.atten_mask)?, None));
        }
        let mask = call.input("attenMask", self.atten_mask)?;
        Ok((Mask::Full, Some(checks::bits(self.name, &mask, q, kv)?)))
    }

    fn sequences(&self, call: &Call, layout: &Layout, mask: Mask, q: Sizes, kv: Sizes) -> Outcome<Vec<Seq>> {
        let name = self.name;
        if !layout.is_packed() {
            let seqs: Vec<_> = (0..q.batch).map(|batch| Seq { batch, q_start: 0, q_len: q.seq, kv: 0, kv_len: kv.seq }).collect();
            return seqs.iter().enumerate().try_for_each(|(i, seq)| checks::causal(name, mask, i, seq)).map(|()| seqs);
        }
        let q_ends = call.int_array("actualSeqQLen", self.actual_seq_q_len)?;
        let kv_ends = call.int_array("actualSeqKvLen", self.actual_seq_kv_len)?;
        let q_lens = checks::lengths(name, "actualSeqQLen", q_ends, q.seq)?;
        let kv_lens = checks::lengths(name, "actualSeqKvLen", kv_ends, kv.seq)?;
        let most = if self.softmax_layout.is_null() { MAX_PACKED } else { MAX_PACKED_V4 };
        check!(
            q_lens.len() <= most,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: actualSeqQLen has {} sequences, layout TND takes at most {most}",
            q_lens.len()
        );
        checks::sequences(name, mask, &q_lens, &kv_lens)
    }
}

impl Given {
    /// A tensor that is as the query, or as the keys.
    pub(super) fn view(&self, param: &str, tensor: &Tensor, like: Like) -> Outcome<Heads> {
        let dims = if like == Like::Query { self.q_dims } else { self.kv_dims };
        checks::same(self.name, param, tensor, self.dtype, &dims)?;
        Ok(self.layout.view(self.name, param, tensor, self.sizes.dim)?.1)
    }

    /// An f32 tensor of softmax statistics.
    pub(super) fn statistics(&self, param: &str, tensor: &Tensor) -> Outcome<*mut f32> {
        let (name, dims, Sizes { batch, seq, heads, .. }) = (self.name, &*tensor.dims, self.sizes);
        checks::dtype_is(name, param, tensor, ACL_FLOAT)?;
        checks::contiguous(name, param, tensor)?;
        let (fits, needed) = match self.order {
            // Both have the same bytes, and both are in use.
            Order::HeadsFirst { .. } => {
                (dims == [heads, seq, 8] || dims == [seq, heads, 8], format!("[{heads}, {seq}, 8] or [{seq}, {heads}, 8]"))
            }
            Order::TokensFirst => (dims == [seq, heads, 8], format!("[{seq}, {heads}, 8]")),
            Order::Batches => (dims == [batch, heads, seq, 8], format!("[{batch}, {heads}, {seq}, 8]")),
        };
        check!(fits, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {dims:?}, {needed} is needed");
        Ok(tensor.data.cast())
    }
}

/// Whose shape a tensor has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Like {
    Query,
    Key,
}

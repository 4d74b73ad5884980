//! Attention of a rollout for who has checked his tensors himself: packed sequences, and one query each over a paged cache.

use ascend_rl_sys::types::*;

use super::forward::Stats;
use super::infer;
use super::infer_plan::Plan;
use super::view::{Heads, Mask, Rows, Seq, Source};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::reject::Outcome;

/// How many heads there are, and their size.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub heads: usize,
    pub kv_heads: usize,
    pub dim: usize,
}

/// `[tokens, heads, dim]`, contiguous.
fn heads(tensor: &Tensor, count: usize, dim: usize) -> Heads {
    Heads { data: tensor.data, batch: 0, token: count * dim, head: dim }
}

fn plan(q: &Tensor, out: &Tensor, shape: Shape, source: Source, blocks: usize, mask: Mask, seqs: Vec<Seq>) -> Plan {
    let Shape { heads: count, kv_heads, dim } = shape;
    Plan {
        dtype: q.dtype,
        q: heads(q, count, dim),
        out: heads(out, count, dim),
        source,
        blocks,
        stats: Stats::None,
        mask,
        shift: None,
        kv_heads,
        group: count / kv_heads,
        dim,
        seqs,
        int8: None,
    }
}

/// Ends phase one of `name`: sequences of `lengths` tokens, one after another in `[q, k, v]`, each attending to itself; causal or
/// not. `first` runs before anything is computed. All tensors are contiguous, of one half-precision dtype and as long as the lengths say.
#[expect(clippy::too_many_arguments, reason = "an operator's tensors, numbers and out-parameters")]
pub(crate) fn packed(
    call: Call,
    name: &'static str,
    [q, k, v, out]: [&Tensor; 4],
    shape: Shape,
    lengths: &[usize],
    causal: bool,
    scale: f32,
    first: impl Fn() + Send + Sync + 'static,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let source = Source::packed(heads(k, shape.kv_heads, shape.dim), heads(v, shape.kv_heads, shape.dim));
    let mut next = 0;
    let sequence = |&len: &usize| {
        let start = next;
        next += len;
        Seq { batch: 0, q_start: start, q_len: len, kv: start, kv_len: len }
    };
    let seqs = lengths.iter().map(sequence).collect();
    let mask = if causal { Mask::LeftUp } else { Mask::Full };
    infer::finish(call, name, plan(q, out, shape, source, 0, mask, seqs), scale, first, workspace_size, executor)
}

/// Ends phase one of `name`: one query a sequence over `lengths` tokens of a cache, `[blocks, block size, kv heads, dim]`, by a
/// table `[sequences, blocks of one]`. All tensors are contiguous, of one half-precision dtype; the table is long enough.
#[expect(clippy::too_many_arguments, reason = "an operator's tensors, numbers and out-parameters")]
pub(crate) fn paged(
    call: Call,
    name: &'static str,
    [q, k, v, out]: [&Tensor; 4],
    table: &Tensor,
    shape: Shape,
    lengths: &[usize],
    scale: f32,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let (blocks, block_size) = (k.dims[0], k.dims[1]);
    let slot = shape.kv_heads * shape.dim;
    let rows = |t: &Tensor| Rows { data: t.data, block: block_size * slot, slot, head: shape.dim };
    let source = Source { k: rows(k), v: rows(v), table: table.data.cast_const().cast(), table_width: table.dims[1], block_size };
    let sequence = |(i, &len): (usize, &usize)| Seq { batch: 0, q_start: i, q_len: 1, kv: i, kv_len: len };
    let seqs = lengths.iter().enumerate().map(sequence).collect();
    let plan = plan(q, out, shape, source, blocks, Mask::Full, seqs);
    infer::finish(call, name, plan, scale, || {}, workspace_size, executor)
}

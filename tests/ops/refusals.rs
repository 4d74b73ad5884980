//! What operators refuse before they call CANN: the error names the operator, the argument, what was given, what is needed.

use crate::common::stream;
use ascend_rl::ops::{self, CausalMask, FusedInfer, Varlen};
use ascend_rl::{DType, ErrorKind, Result, Stream, Tensor};

use DType::{BF16, Bool, F32, I32, I64};
use ErrorKind::{DType as BadDType, Shape as BadShape};

#[track_caller]
fn refused<T>(result: Result<T>, kind: ErrorKind, text: &str) {
    let error = result.err().unwrap_or_else(|| panic!("not refused: {text}"));
    assert_eq!((error.kind(), error.to_string().as_str(), error.call()), (kind, text, None));
}

/// A tensor whose values do not matter.
fn any(s: &Stream, shape: &[usize], dtype: DType) -> Tensor {
    Tensor::zeros(s, shape, dtype).unwrap()
}

/// `f![2, 3]` is an f32 tensor of that shape, `f![2, 3; BF16]` one of bf16.
#[rustfmt::skip] // It indents the inner macro once more each time.
macro_rules! tensors {
    ($s:ident, $d:tt) => {
        macro_rules! f {
            ($d($dim:expr),* ; $d dtype:expr) => { any(&$s, &[$d($dim),*], $d dtype) };
            ($d($dim:expr),*) => { any(&$s, &[$d($dim),*], F32) };
        }
    };
}

#[test]
fn matrix_products() {
    let s = stream();
    tensors!(s, $);
    let mm = |a: Tensor, b: Tensor, mut out: Tensor| ops::mm(&s, &a, &b, &mut out);
    refused(mm(f![2], f![2, 4], f![2, 4]), BadShape, "mm: a is [2], [m, k] is needed");
    refused(mm(f![2, 3], f![3, 4, 1], f![2, 4]), BadShape, "mm: b is [3, 4, 1], [k, n] is needed");
    refused(mm(f![2, 3], f![5, 4], f![2, 4]), BadShape, "mm: a is [2, 3] and b is [5, 4]: the inner dims differ");
    refused(mm(f![2, 3], f![3, 4], f![4, 2]), BadShape, "mm: out is [4, 2], [2, 4] is needed");
    refused(mm(f![2, 3; I32], f![3, 4; I32], f![2, 4; I32]), BadDType, "mm: a is i32, f32 or bf16 or f16 is needed");
    refused(mm(f![2, 3], f![3, 4; BF16], f![2, 4]), BadDType, "mm: b is bf16, f32 is needed");
    refused(mm(f![2, 3; BF16], f![3, 4; BF16], f![2, 4]), BadDType, "mm: out is f32, bf16 is needed");
    let addmm = |bias: Tensor| ops::addmm(&s, &bias, &f![2, 3], &f![3, 4], &mut f![2, 4]);
    refused(addmm(f![2]), BadShape, "addmm: bias is [2], [4] or [2, 4] is needed");
    refused(addmm(f![4; BF16]), BadDType, "addmm: bias is bf16, f32 is needed");
    let mm_acc = ops::mm_acc(&s, &f![2, 3; BF16], &f![3, 4; BF16], &mut f![2, 4]);
    refused(mm_acc, BadDType, "mm_acc: acc is f32, bf16 is needed");
}

#[test]
fn norms_activations_and_rope() {
    let s = stream();
    tensors!(s, $);
    let norm = |x: Tensor, gamma: Tensor, mut y: Tensor, mut rstd: Tensor| ops::rms_norm(&s, &x, &gamma, 1e-6, &mut y, &mut rstd);
    refused(norm(f![2, 4], f![3], f![2, 4], f![2, 1]), BadShape, "rms_norm: gamma is [3], [4] is needed");
    refused(norm(f![2, 4], f![4], f![2, 3], f![2, 1]), BadShape, "rms_norm: y is [2, 3], [2, 4] is needed");
    refused(norm(f![2, 4], f![4], f![2, 4], f![2]), BadShape, "rms_norm: rstd is [2], [2, 1] is needed");
    refused(norm(f![2, 4], f![4], f![2, 4], f![2, 1; BF16]), BadDType, "rms_norm: rstd is bf16, f32 is needed");
    refused(norm(f![2, 4], f![4; BF16], f![2, 4], f![2, 1]), BadDType, "rms_norm: gamma is bf16, f32 is needed");
    refused(norm(f![], f![4], f![], f![1]), BadShape, "rms_norm: x has no dims, [.., d] is needed");
    let (x, gamma, rstd) = (f![2, 4; BF16], f![4; BF16], f![2, 1]);
    let backward = ops::rms_norm_backward(&s, &x, &x, &rstd, &gamma, &mut f![2, 4; BF16], &mut f![4; BF16]);
    refused(backward, BadDType, "rms_norm_backward: dgamma is bf16, f32 is needed");
    let add = ops::add_rms_norm(&s, &x, &f![1, 4; BF16], &gamma, 1e-6, &mut f![2, 4], &mut f![2, 1], &mut f![2, 4]);
    refused(add, BadShape, "add_rms_norm: x2 is [1, 4], [2, 4] is needed");

    let swiglu = |x: &Tensor, mut out: Tensor| ops::swiglu(&s, x, &mut out);
    refused(swiglu(&f![2, 5], f![2, 2]), BadShape, "swiglu: x is [2, 5], an even last dim (gate, up) is needed");
    refused(swiglu(&f![2, 6], f![2, 6]), BadShape, "swiglu: out is [2, 6], [2, 3] is needed");
    refused(swiglu(&f![2, 6; I32], f![2, 3; I32]), BadDType, "swiglu: x is i32, f32 or bf16 or f16 is needed");
    refused(swiglu(&f![], f![]), BadShape, "swiglu: x is [], [.., 2i] is needed");
    let wide = f![2, 8];
    let sliced = ops::swiglu(&s, wide.view().narrow(1, 0, 6).unwrap(), &mut f![2, 3]);
    refused(sliced, BadShape, "swiglu: x must be contiguous (CANN takes no strided input here)");
    let backward = ops::swiglu_backward(&s, &f![2, 3], &f![2, 6], &mut f![2, 3]);
    refused(backward, BadShape, "swiglu_backward: dx is [2, 3], [2, 6] is needed");

    let rope = |x: Tensor, cos: Tensor, sin: Tensor| ops::rope(&s, &x, &cos, &sin, &mut f![3, 2, 4]);
    refused(rope(f![3, 8], f![3, 4], f![3, 4]), BadShape, "rope: x is [3, 8], [tokens, heads, head_dim] is needed");
    refused(rope(f![3, 2, 4], f![2, 4], f![3, 4]), BadShape, "rope: cos is [2, 4], [3, 4] is needed");
    refused(rope(f![3, 2, 4], f![3, 4], f![3, 4; BF16]), BadDType, "rope: sin is bf16, f32 is needed");
}

#[test]
fn rows_by_index() {
    let s = stream();
    tensors!(s, $);
    let embedding = |weight: Tensor, ids: Tensor, mut out: Tensor| ops::embedding(&s, &weight, &ids, &mut out);
    refused(embedding(f![5], f![3; I32], f![3, 4]), BadShape, "embedding: weight is [5], [rows, width] is needed");
    refused(embedding(f![5, 4], f![3, 1; I32], f![3, 4]), BadShape, "embedding: ids is [3, 1], [tokens] is needed");
    refused(embedding(f![5, 4], f![3], f![3, 4]), BadDType, "embedding: ids is f32, i32 or i64 is needed");
    refused(embedding(f![5, 4], f![3; I32], f![4, 3]), BadShape, "embedding: out is [4, 3], [3, 4] is needed");
    refused(embedding(f![5, 4], f![3; I64], f![3, 4; BF16]), BadDType, "embedding: out is bf16, f32 is needed");
    let backward = ops::embedding_backward(&s, &f![3, 4], &f![2; I32], &mut f![5, 4]);
    refused(backward, BadShape, "embedding_backward: ids is [2], [3] is needed");
    let backward = ops::embedding_backward(&s, &f![3, 4], &f![3; I32], &mut f![5, 4; BF16]);
    refused(backward, BadDType, "embedding_backward: dweight is bf16, f32 is needed");

    let gather = |x: Tensor, dim, index: Tensor, mut out: Tensor| ops::gather(&s, &x, dim, &index, &mut out);
    let text = "gather: x is [2, 3] and index [2, 1]: one rank is needed, and dim 2 in it";
    refused(gather(f![2, 3], 2, f![2, 1; I64], f![2, 1]), BadShape, text);
    let text = "gather: index [3, 1] is larger than x [2, 3] in a dim other than 1";
    refused(gather(f![2, 3], 1, f![3, 1; I64], f![3, 1]), BadShape, text);
    refused(gather(f![2, 3], 1, f![2, 1], f![2, 1]), BadDType, "gather: index is f32, i32 or i64 is needed");

    let scatter = |mut var: Tensor, at: Tensor, new: Tensor| ops::scatter_rows(&s, &mut var, &at, &new);
    refused(scatter(f![5, 4], f![2; I32], f![3, 4]), BadShape, "scatter_rows: updates is [3, 4], [2, 4] is needed");
    refused(scatter(f![5, 4], f![2; I32], f![2, 4; BF16]), BadDType, "scatter_rows: updates is bf16, f32 is needed");
}

#[test]
fn elementwise() {
    let s = stream();
    tensors!(s, $);
    refused(ops::add(&s, &f![2, 3], &f![2], &mut f![2, 3]), BadShape, "add: [2, 3] and [2] do not broadcast to one shape");
    refused(ops::div(&s, &f![2, 1], &f![3], &mut f![2]), BadShape, "div: out is [2], [2, 3] is needed");
    refused(ops::add_(&s, &mut f![3], &f![2, 3]), BadShape, "add_: acc is [3], [2, 3] is needed");
    refused(ops::exp(&s, &f![3], &mut f![4]), BadShape, "exp: out is [4], [3] is needed");
    refused(ops::copy(&s, &f![2, 3], &mut f![3]), BadShape, "copy: dst is [3], [2, 3] is needed");
    refused(ops::cast(&s, &f![3], &mut f![1; BF16]), BadShape, "cast: out is [1], [3] is needed");
    let select = ops::select(&s, &f![3], &f![3], &f![3], &mut f![3]);
    refused(select, BadDType, "select: condition is f32, bool is needed");
    let select = ops::select(&s, &f![3; Bool], &f![3], &f![3], &mut f![1]);
    refused(select, BadShape, "select: out is [1], [3] is needed");
}

#[test]
fn reductions_losses_and_the_optimizer() {
    let s = stream();
    tensors!(s, $);
    refused(ops::sum(&s, &f![2, 3], 2, &mut f![2, 1]), BadShape, "sum: there is no dim 2 in x [2, 3]");
    refused(ops::sum(&s, &f![2, 3], 1, &mut f![2]), BadShape, "sum: out is [2], [2, 1] is needed");
    refused(ops::argmax(&s, &f![2, 3], 1, &mut f![2, 1; I32]), BadDType, "argmax: out is i32, i64 is needed");
    let sort = ops::sort(&s, &f![2, 3], 1, true, &mut f![2, 3; BF16], &mut f![2, 3; I64]);
    refused(sort, BadDType, "sort: values is bf16, f32 is needed");
    refused(ops::vector_norm(&s, &f![2, 3], &mut f![2]), BadShape, "vector_norm: out is [2], [1] is needed");
    let apart = f![2, 3];
    let text = "vector_norm: x: reshape: [3, 2] with strides [1, 3] to [6] needs a copy";
    refused(ops::vector_norm(&s, apart.view().t(), &mut f![1]), BadShape, text);
    refused(ops::softmax(&s, &f![2, 3], 2, &mut f![2, 3]), BadShape, "softmax: there is no dim 2 in x [2, 3]");
    refused(ops::log_softmax(&s, &f![3; I32], 0, &mut f![3]), BadDType, "log_softmax: x is i32, f32 or bf16 or f16 is needed");

    let loss = |logits: Tensor, targets: Tensor, mut loss: Tensor| {
        ops::cross_entropy(&s, &logits, &targets, &mut loss, &mut any(&s, &[2, 5], F32))
    };
    refused(loss(f![2, 5], f![3; I64], f![2]), BadShape, "cross_entropy: targets is [3], [2] is needed");
    refused(loss(f![2, 5], f![2; I32], f![2]), BadDType, "cross_entropy: targets is i32, i64 is needed");
    refused(loss(f![2, 5], f![2; I64], f![2; BF16]), BadDType, "cross_entropy: loss is bf16, f32 is needed");
    refused(loss(f![10], f![2; I64], f![2]), BadShape, "cross_entropy: logits is [10], [rows, vocabulary] is needed");

    let settings = ops::AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.99, weight_decay: 0.0, eps: 1e-8 };
    let adamw = |mut param: Tensor, mut v: Tensor, grad: Tensor, step: Tensor| {
        ops::adamw(&s, &mut param, &mut any(&s, &[3], F32), &mut v, &grad, &step, &settings)
    };
    refused(adamw(f![3; BF16], f![3], f![3], f![1; I64]), BadDType, "adamw: param is bf16, f32 is needed");
    refused(adamw(f![3], f![2], f![3], f![1; I64]), BadShape, "adamw: v is [2], [3] is needed");
    refused(adamw(f![3], f![3], f![4], f![1; I64]), BadShape, "adamw: grad is [4], [3] is needed");
    refused(adamw(f![3], f![3], f![3], f![1]), BadDType, "adamw: step is f32, i64 is needed");
    refused(adamw(f![3], f![3], f![3], f![2; I64]), BadShape, "adamw: step is [2], [1] is needed");
    let sample = |logits: Tensor, uniforms: Tensor| ops::sample(&s, &logits, &uniforms, &ops::Sampling::GREEDY);
    refused(sample(f![5], f![5, 1]), BadShape, "sample: logits is [5], [rows, vocabulary] is needed");
    refused(sample(f![2, 5], f![2]), BadShape, "sample: uniforms is [2], [2, 1] is needed");
    refused(sample(f![2, 5], f![2, 1; BF16]), BadDType, "sample: uniforms is bf16, f32 is needed");
}

#[test]
fn packed_attention() {
    const OP: &str = "flash_attention_varlen";
    let s = stream();
    tensors!(s, $);
    let mask = CausalMask::new(&s).unwrap();
    let flash = |q: Tensor, k: Tensor, v: Tensor, ends: &[i64], mut max: Tensor| {
        let (mut out, mut sum) = (any(&s, q.shape(), F32), f![4, 5, 8]);
        ops::flash_attention_varlen(
            &s,
            &q,
            &k,
            &v,
            Varlen { seq_ends: ends, kv_seq_ends: None, scale: 1.0, mask: &mask },
            &mut out,
            &mut max,
            &mut sum,
        )
    };
    let (q, k, max) = (|| f![5, 4, 16], || f![5, 2, 16], || f![4, 5, 8]);
    let wrong = |result, kind, text: &str| refused(result, kind, &format!("{OP}: {text}"));
    wrong(flash(f![5, 64], k(), k(), &[5], max()), BadShape, "q is [5, 64], [tokens, heads, head_dim] is needed");
    wrong(flash(q(), f![6, 2, 16], k(), &[5], max()), BadShape, "k is [6, 2, 16], [5, 2, 16] is needed");
    wrong(flash(q(), k(), f![5, 2, 8], &[5], max()), BadShape, "v is [5, 2, 8], [5, 2, 16] is needed");
    wrong(flash(q(), k(), f![5, 2, 16; BF16], &[5], max()), BadDType, "v is bf16, f32 is needed");
    wrong(flash(q(), f![5, 3, 16], f![5, 3, 16], &[5], max()), BadShape, "4 query heads over 3 kv heads");
    wrong(flash(q(), k(), k(), &[3, 2, 5], max()), BadShape, "seq_ends[1] is 2, 3 or more is needed");
    wrong(flash(q(), k(), k(), &[-1, 5], max()), BadShape, "seq_ends[0] is -1, 0 or more is needed");
    wrong(flash(q(), k(), k(), &[2, 4], max()), BadShape, "seq_ends end at 4, the 5 tokens of q are needed");
    wrong(flash(q(), k(), k(), &[2, 6], max()), BadShape, "seq_ends end at 6, the 5 tokens of q are needed");
    wrong(flash(q(), k(), k(), &[], max()), BadShape, "seq_ends end at 0, the 5 tokens of q are needed");
    let apart = |k: Tensor, ends: &[i64]| {
        let (mut out, mut max, mut sum) = (q(), max(), max());
        let varlen = Varlen { seq_ends: &[2, 5], kv_seq_ends: Some(ends), scale: 1.0, mask: &mask };
        ops::flash_attention_varlen(&s, &q(), &k, &k, varlen, &mut out, &mut max, &mut sum)
    };
    let keys = || f![7, 2, 16];
    wrong(apart(keys(), &[4, 3]), BadShape, "kv_seq_ends[1] is 3, 4 or more is needed");
    wrong(apart(keys(), &[2, 6]), BadShape, "kv_seq_ends end at 6, the 7 tokens of k are needed");
    wrong(apart(keys(), &[7]), BadShape, "kv_seq_ends has 1 ends, the 2 of seq_ends are needed");
    wrong(apart(keys(), &[5, 7]), BadShape, "sequence 1 has 2 keys, its 3 queries need one each");
    assert!(apart(keys(), &[2, 7]).is_ok());
    wrong(flash(q(), k(), k(), &[5], f![5, 4, 8]), BadShape, "softmax_max is [5, 4, 8], [4, 5, 8] is needed");
    wrong(flash(q(), k(), k(), &[5], f![4, 5, 8; BF16]), BadDType, "softmax_max is bf16, f32 is needed");
}

#[test]
fn decode_attention() {
    const OP: &str = "fused_infer_attention_decode";
    let s = stream();
    tensors!(s, $);
    let decode = |q: Tensor, cache: Tensor, table: Tensor, lens: &[i64], num_kv_heads: usize| {
        let mut out = any(&s, q.shape(), q.dtype());
        let (k_cache, v_cache, block_table) = (cache.view(), cache.view(), table.view());
        let cache = FusedInfer { k_cache, v_cache, block_table, seq_lens: lens, num_kv_heads, scale: 1.0 };
        ops::fused_infer_attention_decode(&s, &q, cache, &mut out)
    };
    let (q, cache, table) = (|| f![2, 4, 16; BF16], || f![3, 16, 32; BF16], || f![2, 2; I32]);
    let wrong = |result, kind, text: &str| refused(result, kind, &format!("{OP}: {text}"));
    assert!(decode(q(), cache(), table(), &[1, 32], 2).is_ok());
    wrong(decode(f![2, 4, 16], f![3, 16, 32], table(), &[1, 2], 2), BadDType, "q is f32, bf16 or f16 is needed");
    wrong(decode(q(), f![3, 16, 32], table(), &[1, 2], 2), BadDType, "k_cache is f32, bf16 is needed");
    wrong(
        decode(f![2, 64; BF16], cache(), table(), &[1, 2], 2),
        BadShape,
        "q is [2, 64], [sequences, heads, head_dim] is needed",
    );
    wrong(decode(q(), f![3, 16, 33; BF16], table(), &[1, 2], 2), BadShape, "k_cache's rows is [33], [32] is needed");
    wrong(decode(q(), f![3, 16, 48; BF16], table(), &[1, 2], 3), BadShape, "4 query heads over 3 kv heads");
    for size in [8, 24, 528] {
        let text = format!("block_size is {size}, a multiple of 16 up to 512 is needed");
        wrong(decode(q(), f![3, size, 32; BF16], table(), &[1, 2], 2), BadShape, &text);
    }
    wrong(decode(q(), cache(), f![2, 2; I64], &[1, 2], 2), BadDType, "block_table is i64, i32 is needed");
    wrong(decode(q(), cache(), f![3, 2; I32], &[1, 2], 2), BadShape, "2 queries, 3 rows of block_table, 2 seq_lens");
    wrong(decode(q(), cache(), table(), &[1], 2), BadShape, "2 queries, 2 rows of block_table, 1 seq_lens");
    let text = "seq_lens[1] is 33, the block table has room for 32 tokens";
    wrong(decode(q(), cache(), table(), &[1, 33], 2), BadShape, text);
    let text = "seq_lens[0] is -1, the block table has room for 32 tokens";
    wrong(decode(q(), cache(), table(), &[-1, 3], 2), BadShape, text);
}

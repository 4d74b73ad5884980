//! A tensor of another stream is refused by every operator, whichever argument it is.

use crate::common::stream;
use ascend_rl::ops::{self, CausalMask, FusedInfer, Reduce, Sampling, Varlen};
use ascend_rl::{DType, ErrorKind, Result, Stream, Tensor};

use DType::{BF16, Bool, F32, I32, I64, U8};

/// A tensor of a call: its argument's name, shape and dtype.
pub(crate) type Argument = (&'static str, &'static [usize], DType);

/// Calls an operator once for each of its arguments, with that one on another stream.
#[track_caller]
pub(crate) fn each_is_checked(operator: &str, arguments: &[Argument], call: impl Fn(&Stream, &mut [Tensor]) -> Result<()>) {
    let (s, other) = (stream(), stream());
    let make = |away: Option<usize>| -> Vec<Tensor> {
        let home = |i: usize| if Some(i) == away { &other } else { &s };
        arguments.iter().enumerate().map(|(i, (_, shape, dtype))| Tensor::zeros(home(i), shape, *dtype).unwrap()).collect()
    };
    call(&s, &mut make(None)).unwrap_or_else(|error| panic!("{operator} at home: {error}"));
    for (i, (argument, ..)) in arguments.iter().enumerate() {
        let error = call(&s, &mut make(Some(i))).expect_err("another stream's tensor");
        assert_eq!((error.kind(), error.call()), (ErrorKind::WrongStream, None), "{operator}: {argument}");
        let text = format!("{operator}: {argument} lives on {} and was used on {};", other.id(), s.id());
        assert!(error.to_string().starts_with(&text), "{error}, not {text}");
    }
    s.synchronize().unwrap();
}

#[test]
fn operators_with_two_or_three_tensors() {
    let (a, b, out): (Argument, Argument, Argument) = (("a", &[3, 3], F32), ("b", &[3, 3], F32), ("out", &[3, 3], F32));
    let (x, truth): (Argument, Argument) = (("x", &[3, 3], F32), ("out", &[3, 3], Bool));
    macro_rules! check {
        ($name:ident($($arg:expr),*); |$s:ident, $($t:ident),*| $($call:tt)*) => {
            each_is_checked(stringify!($name), &[$($arg),*], |$s, tensors| {
                let [$($t),*] = tensors else { unreachable!() };
                ops::$name($($call)*)
            })
        };
    }
    check!(add(a, b, out); |s, a, b, out| s, &*a, &*b, out);
    check!(sub(a, b, out); |s, a, b, out| s, &*a, &*b, out);
    check!(mul(a, b, out); |s, a, b, out| s, &*a, &*b, out);
    check!(div(a, b, out); |s, a, b, out| s, &*a, &*b, out);
    check!(less(a, b, truth); |s, a, b, out| s, &*a, &*b, out);
    check!(less_equal(a, b, truth); |s, a, b, out| s, &*a, &*b, out);
    check!(mm(a, b, out); |s, a, b, out| s, &*a, &*b, out);
    check!(addmm(("bias", &[3], F32), a, b, out); |s, bias, a, b, out| s, &*bias, &*a, &*b, out);
    check!(mm_acc(a, b, ("acc", &[3, 3], F32)); |s, a, b, acc| s, &*a, &*b, acc);
    check!(exp(x, out); |s, x, out| s, &*x, out);
    check!(log(x, out); |s, x, out| s, &*x, out);
    check!(neg(x, out); |s, x, out| s, &*x, out);
    check!(cast(x, out); |s, x, out| s, &*x, out);
    check!(add_(("acc", &[3, 3], F32), x); |s, acc, x| s, acc, &*x);
    check!(copy(("src", &[3, 3], F32), ("dst", &[3, 3], F32)); |s, src, dst| s, &*src, dst);
    check!(mul_scalar(x, out); |s, x, out| s, &*x, 2.0, out);
    check!(mul_scalar_(x); |s, x| s, x, 2.0);
    check!(greater_scalar(x, truth); |s, x, out| s, &*x, 2.0, out);
    check!(fill(x); |s, x| s, x, 2.0);
    check!(zero(x); |s, x| s, x);
    check!(triu(x, out); |s, x, out| s, &*x, 0, out);
    check!(select(("condition", &[3, 3], Bool), a, b, out); |s, c, a, b, out| s, &*c, &*a, &*b, out);
    check!(softmax(x, out); |s, x, out| s, &*x, 1, out);
    check!(log_softmax(x, out); |s, x, out| s, &*x, 1, out);
    check!(sum(x, ("out", &[3, 1], F32)); |s, x, out| s, &*x, 1, out);
    check!(cumsum(x, out); |s, x, out| s, &*x, 1, out);
    check!(argmax(x, ("out", &[3, 1], I64)); |s, x, out| s, &*x, 1, out);
    check!(sort(x, ("values", &[3, 3], F32), ("indices", &[3, 3], I64)); |s, x, v, i| s, &*x, 1, true, v, i);
    check!(vector_norm(x, ("out", &[1], F32)); |s, x, out| s, &*x, out);
    check!(swiglu(("x", &[3, 4], F32), ("out", &[3, 2], F32)); |s, x, out| s, &*x, out);
    check!(swiglu_backward(("dy", &[3, 2], F32), ("x", &[3, 4], F32), ("dx", &[3, 4], F32)); |s, dy, x, dx| s, &*dy, &*x, dx);
    check!(rope(("x", &[3, 2, 4], F32), ("cos", &[3, 4], F32), ("sin", &[3, 4], F32), ("out", &[3, 2, 4], F32));
        |s, x, cos, sin, out| s, &*x, &*cos, &*sin, out);
    check!(embedding(("weight", &[3, 4], F32), ("ids", &[2], I32), ("out", &[2, 4], F32)); |s, w, ids, out| s, &*w, &*ids, out);
    check!(embedding_backward(("grad", &[2, 4], F32), ("ids", &[2], I32), ("dweight", &[3, 4], F32));
        |s, grad, ids, dw| s, &*grad, &*ids, dw);
    check!(embedding_backward(("grad", &[2, 4], BF16), ("ids", &[2], I32), ("dweight", &[3, 4], F32));
        |s, grad, ids, dw| s, &*grad, &*ids, dw);
    check!(gather(x, ("index", &[3, 1], I64), ("out", &[3, 1], F32)); |s, x, index, out| s, &*x, 1, &*index, out);
    check!(scatter_rows(("var", &[3, 4], F32), ("indices", &[2], I32), ("updates", &[2, 4], F32));
        |s, var, at, new| s, var, &*at, &*new);
}

#[test]
fn more_operators_of_elements_shapes_and_indices() {
    let (x, out, truth): (Argument, Argument, Argument) = (("x", &[3, 3], F32), ("out", &[3, 3], F32), ("out", &[3, 3], Bool));
    let (a, b, index): (Argument, Argument, Argument) = (("a", &[3, 3], F32), ("b", &[3, 3], F32), ("index", &[3, 3], I64));
    let (line, source): (Argument, Argument) = (("index", &[3], I64), ("source", &[3, 3], F32));
    let (column, flags): (Argument, Argument) = (("out", &[3, 1], F32), ("out", &[3, 1], Bool));
    macro_rules! check {
        ($name:ident($($arg:expr),*); |$s:ident, $($t:ident),*| $($call:tt)*) => {
            each_is_checked(stringify!($name), &[$($arg),*], |$s, tensors| {
                let [$($t),*] = tensors else { unreachable!() };
                ops::$name($($call)*)
            })
        };
    }
    // One of each row's form: the macro that makes a row makes all of them.
    check!(equal(a, b, truth); |s, a, b, out| s, &*a, &*b, out);
    check!(abs(x, out); |s, x, out| s, &*x, out);
    check!(add_scalar(x, out); |s, x, out| s, &*x, 1.0, out);
    check!(clamp(x, out); |s, x, out| s, &*x, 0.0, 1.0, out);
    check!(mul_(x, ("by", &[3], F32)); |s, x, by| s, x, &*by);
    check!(exp_(x); |s, x| s, x);
    check!(add_scalar_(x); |s, x| s, x, 1.0);
    check!(div_scalar_(x); |s, x| s, x, 2.0);
    check!(addcmul_(("acc", &[3, 3], F32), a, b); |s, acc, a, b| s, acc, &*a, &*b, 1.0);
    check!(masked_fill_(x, ("mask", &[3], Bool)); |s, x, mask| s, x, &*mask, 0.0);
    check!(cat(("parts", &[3, 3], F32), out); |s, x, out| s, &[x.view()], 0, out);
    check!(stack(("parts", &[3], F32), ("out", &[1, 3], F32)); |s, x, out| s, &[x.view()], 0, out);
    check!(flip(x, out); |s, x, out| s, &*x, &[0], out);
    check!(roll(x, out); |s, x, out| s, &*x, 1, 0, out);
    check!(tile(x, out); |s, x, out| s, &*x, &[1, 1], out);
    check!(pad(x, out); |s, x, out| s, &*x, 0, (0, 0), 0.0, out);
    check!(tril(x, out); |s, x, out| s, &*x, 0, out);
    check!(arange(("out", &[3], F32)); |s, out| s, 0.0, 1.0, out);
    check!(index_select(x, line, out); |s, x, index, out| s, &*x, 0, &*index, out);
    check!(index_add(x, line, source, out); |s, x, index, new, out| s, &*x, 0, &*index, &*new, 1.0, out);
    check!(index_copy_(x, line, source); |s, x, index, new| s, x, 0, &*index, &*new);
    check!(scatter(x, index, source, out); |s, x, index, new, out| s, &*x, 0, &*index, &*new, Reduce::Add, out);
    check!(scatter_(x, index, source); |s, x, index, new| s, x, 0, &*index, &*new, Reduce::Add);
    check!(scatter_value_(x, index); |s, x, index| s, x, 0, &*index, 1.0, Reduce::Write);
    check!(repeat_interleave(x, ("out", &[9], F32)); |s, x, out| s, &*x, 1, out);
    check!(variance(x, column); |s, x, out| s, &*x, 1, true, out);
    check!(all(x, flags); |s, x, out| s, &*x, 1, out);
    check!(dropout(x, out, ("mask", &[16], U8)); |s, x, out, mask| s, &*x, 0.5, (1, 0), out, mask);
    check!(dropout_backward(("dy", &[3, 3], F32), ("mask", &[16], U8), ("dx", &[3, 3], F32));
        |s, dy, mask, dx| s, &*dy, &*mask, 0.5, dx);
}

#[test]
fn norms_losses_and_the_optimizer() {
    let (x, gamma, rstd): (Argument, Argument, Argument) = (("x", &[3, 4], F32), ("gamma", &[4], F32), ("rstd", &[3, 1], F32));
    each_is_checked("rms_norm", &[x, gamma, ("y", &[3, 4], F32), rstd], |s, t| {
        let [x, gamma, y, rstd] = t else { unreachable!() };
        ops::rms_norm(s, &*x, &*gamma, 1e-6, y, rstd)
    });
    let grads: [Argument; 2] = [("dx", &[3, 4], F32), ("dgamma", &[4], F32)];
    each_is_checked("rms_norm_backward", &[("dy", &[3, 4], F32), x, rstd, gamma, grads[0], grads[1]], |s, t| {
        let [dy, x, rstd, gamma, dx, dgamma] = t else { unreachable!() };
        ops::rms_norm_backward(s, &*dy, &*x, &*rstd, &*gamma, dx, dgamma)
    });
    let (x1, x2): (Argument, Argument) = (("x1", &[3, 4], F32), ("x2", &[3, 4], F32));
    each_is_checked("add_rms_norm", &[x1, x2, gamma, ("y", &[3, 4], F32), rstd, ("sum", &[3, 4], F32)], |s, t| {
        let [x1, x2, gamma, y, rstd, sum] = t else { unreachable!() };
        ops::add_rms_norm(s, &*x1, &*x2, &*gamma, 1e-6, y, rstd, sum)
    });
    let (targets, log_prob): (Argument, Argument) = (("targets", &[3], I64), ("log_prob", &[3, 4], F32));
    each_is_checked("cross_entropy", &[("logits", &[3, 4], F32), targets, ("loss", &[3], F32), log_prob], |s, t| {
        let [logits, targets, loss, log_prob] = t else { unreachable!() };
        ops::cross_entropy(s, &*logits, &*targets, loss, log_prob)
    });
    each_is_checked("cross_entropy_backward", &[("dloss", &[3], F32), log_prob, targets, ("dlogits", &[3, 4], F32)], |s, t| {
        let [dloss, log_prob, targets, dlogits] = t else { unreachable!() };
        ops::cross_entropy_backward(s, &*dloss, &*log_prob, &*targets, dlogits)
    });
    let state: [Argument; 5] =
        [("param", &[3], F32), ("m", &[3], F32), ("v", &[3], F32), ("grad", &[3], F32), ("step", &[1], I64)];
    each_is_checked("adamw", &state, |s, t| {
        let [param, m, v, grad, step] = t else { unreachable!() };
        let settings = ops::AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.99, weight_decay: 0.0, eps: 1e-8 };
        ops::adamw(s, param, m, v, &*grad, &*step, &settings)
    });
    for sampling in [Sampling::GREEDY, Sampling::default()] {
        each_is_checked("sample", &[("logits", &[3, 5], F32), ("uniforms", &[3, 1], F32)], |s, t| {
            ops::sample(s, &t[0], &t[1], &sampling).map(|_| ())
        });
    }
}

#[test]
fn attention() {
    let (q, k, v): (Argument, Argument, Argument) = (("q", &[3, 2, 16], F32), ("k", &[3, 1, 16], F32), ("v", &[3, 1, 16], F32));
    let (max, sum): (Argument, Argument) = (("softmax_max", &[2, 3, 8], F32), ("softmax_sum", &[2, 3, 8], F32));
    let out: Argument = ("out", &[3, 2, 16], F32);
    // The mask is made on the operator's stream.
    each_is_checked("flash_attention_varlen", &[q, k, v, out, max, sum], |s, t| {
        let mask = CausalMask::new(s)?;
        let [q, k, v, out, max, sum] = t else { unreachable!() };
        ops::flash_attention_varlen(
            s,
            &*q,
            &*k,
            &*v,
            Varlen { seq_ends: &[3], kv_seq_ends: None, scale: 1.0, mask: &mask },
            out,
            max,
            sum,
        )
    });
    let grads: [Argument; 3] = [("dq", &[3, 2, 16], F32), ("dk", &[3, 1, 16], F32), ("dv", &[3, 1, 16], F32)];
    let all = [q, k, v, ("dy", &[3, 2, 16], F32), out, max, sum, grads[0], grads[1], grads[2]];
    each_is_checked("flash_attention_varlen_backward", &all, |s, t| {
        let mask = CausalMask::new(s)?;
        let [q, k, v, dy, out, max, sum, dq, dk, dv] = t else { unreachable!() };
        let varlen = Varlen { seq_ends: &[3], kv_seq_ends: None, scale: 1.0, mask: &mask };
        ops::flash_attention_varlen_backward(s, &*q, &*k, &*v, &*dy, &*out, &*max, &*sum, varlen, dq, dk, dv)
    });
    let cache: [Argument; 2] = [("k_cache", &[2, 16, 16], BF16), ("v_cache", &[2, 16, 16], BF16)];
    let table: Argument = ("block_table", &[3, 1], I32);
    let all = [("q", &[3, 2, 16][..], BF16), cache[0], cache[1], table, ("out", &[3, 2, 16], BF16)];
    each_is_checked("fused_infer_attention_decode", &all, |s, t| {
        let [q, k, v, table, out] = t else { unreachable!() };
        let (k_cache, v_cache, block_table) = (k.view(), v.view(), table.view());
        let cache = FusedInfer { k_cache, v_cache, block_table, seq_lens: &[1, 2, 3], num_kv_heads: 1, scale: 1.0 };
        ops::fused_infer_attention_decode(s, &*q, cache, out)
    });
}

#[test]
fn the_mask_of_another_stream() {
    let (s, other) = (stream(), stream());
    let mask = CausalMask::new(&other).unwrap();
    let tensor = |shape: &[usize]| Tensor::zeros(&s, shape, F32).unwrap();
    let (q, mut out, mut max, mut sum) = (tensor(&[3, 1, 16]), tensor(&[3, 1, 16]), tensor(&[1, 3, 8]), tensor(&[1, 3, 8]));
    let varlen = Varlen { seq_ends: &[3], kv_seq_ends: None, scale: 1.0, mask: &mask };
    let error = ops::flash_attention_varlen(&s, &q, &q, &q, varlen, &mut out, &mut max, &mut sum).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongStream);
    assert!(error.to_string().starts_with("flash_attention_varlen: mask lives on"), "{error}");
}

//! Versions of the training operators give what the first gives: they share a plan and differ in parameters.

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::Text;
use super::varlen::{Case, Tensors};
use crate::ops::testing::{Array, Ints, refusal, run};
use crate::reject::Outcome;

const MOST: i64 = i32::MAX as i64;
const SEQS: &[(usize, usize)] = &[(3, 5), (0, 0), (9, 9)];

fn problem() -> (Case, Tensors) {
    let case = Case::new(ACL_BF16, SEQS, 4, 2, 16, 3);
    let tensors = case.tensors(false);
    (case, tensors)
}

/// The forward pass by version; `extra` is a rotary part (V3), a start (V2), or a layout (V4).
fn forward(version: u32, x: &Tensors, start: *const aclIntArray, pse_type: i64, rope: *const aclTensor, order: &Text) -> Outcome {
    let (q, k, v, mask) = (x.q.handle(), x.k.handle(), x.v.handle(), x.mask.as_ref().expect("a mask").handle());
    let (qe, ke, layout) = (x.q_ends.0, x.kv_ends.0, x.layout.pointer());
    let (max, sum, out, no) = (x.max.handle(), x.sum.handle(), x.out.handle(), null());
    // What is not written is empty at the first version, and null at these.
    let none = null();
    // Says something at sparseMode 5 and 6 alone; callers pass it in others.
    let prefix = Ints::new(&[0]);
    run(|ws, e| match version {
        2 => aclnnFlashAttentionVarLenScoreV2GetWorkspaceSize(
            q, k, v, no, no, no, mask, prefix.0, qe, ke, start, start, 0.25, 1.0, MOST, MOST, 4, layout, 0, 3, pse_type, max,
            sum, none, out, ws, e,
        ),
        3 => aclnnFlashAttentionVarLenScoreV3GetWorkspaceSize(
            q,
            rope,
            k,
            rope,
            v,
            no,
            no,
            no,
            mask,
            null(),
            qe,
            ke,
            start,
            start,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            pse_type,
            max,
            sum,
            none,
            out,
            ws,
            e,
        ),
        _ => aclnnFlashAttentionVarLenScoreV4GetWorkspaceSize(
            q,
            k,
            v,
            no,
            no,
            no,
            mask,
            null(),
            qe,
            ke,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            order.pointer(),
            max,
            sum,
            none,
            out,
            ws,
            e,
        ),
    })
}

fn backward(version: u32, x: &Tensors, order: &Text) -> Outcome {
    let (q, k, v, dy, mask) =
        (x.q.handle(), x.k.handle(), x.v.handle(), x.dy.handle(), x.mask.as_ref().expect("a mask").handle());
    let (qe, ke, layout) = (x.q_ends.0, x.kv_ends.0, x.layout.pointer());
    let (max, sum, out, no) = (x.max.handle(), x.sum.handle(), x.out.handle(), null());
    // What is not written is empty at the first version, and null at these.
    let none = null();
    let (dq, dk, dv) = (x.dq.handle(), x.dk.handle(), x.dv.handle());
    let ints = null();
    run(|ws, e| match version {
        2 => aclnnFlashAttentionUnpaddingScoreGradV2GetWorkspaceSize(
            q, k, v, dy, no, no, no, mask, max, sum, none, out, ints, qe, ke, ints, ints, 0.25, 1.0, MOST, MOST, 4, layout, 0, 3,
            1, dq, dk, dv, none, ws, e,
        ),
        3 => aclnnFlashAttentionUnpaddingScoreGradV3GetWorkspaceSize(
            q, no, k, no, v, dy, no, no, no, mask, max, sum, none, out, ints, qe, ke, ints, ints, 0.25, 1.0, MOST, MOST, 4,
            layout, 0, 3, 1, dq, no, dk, no, dv, none, ws, e,
        ),
        _ => aclnnFlashAttentionUnpaddingScoreGradV4GetWorkspaceSize(
            q,
            k,
            v,
            dy,
            no,
            no,
            no,
            mask,
            max,
            sum,
            none,
            out,
            ints,
            qe,
            ke,
            0.25,
            1.0,
            MOST,
            MOST,
            4,
            layout,
            0,
            3,
            dq,
            dk,
            dv,
            none,
            order.pointer(),
            ws,
            e,
        ),
    })
}

/// Output, maxima and gradients.
fn results(x: &Tensors) -> [Vec<f64>; 5] {
    [&x.out, &x.max, &x.dq, &x.dk, &x.dv].map(Array::values)
}

#[test]
fn packed_versions_agree_with_the_first() {
    let (case, first) = problem();
    case.forward(&first).unwrap();
    case.backward(&first).unwrap();
    let legacy = Text::new("");
    for version in [2, 3, 4] {
        let (_, x) = problem();
        forward(version, &x, null(), 1, null(), &legacy).unwrap();
        backward(version, &x, &legacy).unwrap();
        assert_eq!(results(&x), results(&first), "version {version}");
    }
    // The order of the statistics may be the input's.
    let (_, mut x) = problem();
    (x.max, x.sum) = (Array::out(ACL_FLOAT, &[12, 4, 8]), Array::out(ACL_FLOAT, &[12, 4, 8]));
    let order = Text::new("same_as_input");
    forward(4, &x, null(), 1, null(), &order).unwrap();
    backward(4, &x, &order).unwrap();
    let (got, want) = (x.max.values(), first.max.values());
    assert!((0..12 * 4).all(|i| got[i * 8..][..8] == want[(i % 4 * 12 + i / 4) * 8..][..8]));
    assert_eq!(
        [&x.out, &x.dq, &x.dk, &x.dv].map(Array::values),
        [&first.out, &first.dq, &first.dk, &first.dv].map(Array::values)
    );
}

#[test]
fn what_versions_add_is_refused_by_name() {
    let ((_, x), legacy) = (problem(), Text::new(""));
    let unsupported = ACL_ERROR_FEATURE_UNSUPPORTED;
    let (zeros, ones) = (Ints::new(&[0]), Ints::new(&[1]));
    let rope = Array::out(ACL_BF16, &[12, 4, 8]);
    forward(2, &x, zeros.0, 0, null(), &legacy).unwrap();
    let outcome = forward(2, &x, ones.0, 1, null(), &legacy);
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV2", "qStartIdx is [1]"), unsupported);
    let outcome = forward(2, &x, null(), 2, null(), &legacy);
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV2", "pseType 2"), unsupported);
    let outcome = forward(3, &x, null(), 1, rope.handle(), &legacy);
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV3", "queryRope"), unsupported);
    let outcome = forward(4, &x, null(), 1, null(), &Text::new("NTD"));
    assert_eq!(refusal(outcome, "aclnnFlashAttentionVarLenScoreV4", "softmaxLayout is \"NTD\""), ACLNN_ERR_PARAM_INVALID);
}

//! Mixtures of experts against f64, choice by choice.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

const DTYPES: [(aclDataType, f64); 3] = [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)];

fn softmax(x: &[f64]) -> Vec<f64> {
    let top = x.iter().fold(f64::MIN, |a, b| a.max(*b));
    let e: Vec<f64> = x.iter().map(|v| (v - top).exp()).collect();
    let total: f64 = e.iter().sum();
    e.iter().map(|v| v / total).collect()
}

/// The `k` largest, the first of equals first, by picking them one at a time.
fn top(x: &[f64], k: usize) -> Vec<usize> {
    let mut left = x.to_vec();
    (0..k)
        .map(|_| {
            let best = (0..left.len()).fold(0, |b, i| if left[i] > left[b] { i } else { b });
            left[best] = f64::NEG_INFINITY;
            best
        })
        .collect()
}

/// What each of `t` tokens chose of `e` experts, `k` each, some experts with none.
fn choices(t: usize, k: usize, e: usize) -> Vec<f64> {
    noise(77).take(t * k).map(|v| ((v.abs() * e as f64) as usize / 2 * 2) as f64).collect()
}

/// Where each choice stands, by counting.
fn places(experts: &[f64]) -> Vec<usize> {
    (0..experts.len())
        .map(|i| (0..experts.len()).filter(|&j| experts[j] < experts[i] || experts[j] == experts[i] && j < i).count())
        .collect()
}

#[test]
fn gates_pick_the_largest_of_the_softmax() {
    for (dtype, relative) in DTYPES {
        for (t, n, k) in [(1usize, 4usize, 1usize), (7, 9, 3), (30, 128, 8)] {
            let x = Array::new(dtype, &[t as i64, n as i64], noise(1).map(|v| 4.0 * v));
            let done = Array::new(ACL_BOOL, &[t as i64], (0..t).map(|i| (i % 5 == 2) as u8 as f64));
            let dims = [t as i64, k as i64];
            let (y, e, row) = (Array::out(dtype, &dims), Array::out(ACL_INT32, &dims), Array::out(ACL_INT32, &dims));
            let all = Array::out(ACL_FLOAT, &[t as i64, n as i64]);
            let [xh, dh, yh, eh, rh, ah] = [&x, &done, &y, &e, &row, &all].map(|t| t.handle());
            let xs = x.values();
            for version in 0..3 {
                run(|ws, ex| match version {
                    0 => aclnnMoeGatingTopKSoftmaxGetWorkspaceSize(xh, dh, k as i64, yh, eh, rh, ws, ex),
                    v => aclnnMoeGatingTopKSoftmaxV2GetWorkspaceSize(xh, dh, k as i64, v - 1, v == 1, yh, eh, ah, ws, ex),
                })
                .unwrap();
                let (mut want, mut want_e) = (Vec::new(), Vec::new());
                for (i, row) in xs.chunks(n).enumerate() {
                    let picked = top(row, k);
                    let scores = softmax(row);
                    let logits: Vec<f64> = picked.iter().map(|&p| row[p]).collect();
                    want.extend(if version == 2 { softmax(&logits) } else { picked.iter().map(|&p| scores[p]).collect() });
                    want_e.extend(picked.iter().map(|&p| if i % 5 == 2 { n as f64 } else { p as f64 }));
                }
                assert_close(&y.values(), &want, relative, 1e-6);
                assert_eq!(e.values(), want_e);
            }
            assert_eq!(row.values(), (0..t * k).map(|i| (i % k * t + i / k) as f64).collect::<Vec<_>>());
            assert_close(&all.values(), &xs.chunks(n).flat_map(softmax).collect::<Vec<_>>(), 2e-6, 1e-7);
        }
    }
}

#[test]
fn groups_of_experts_are_chosen_first() {
    for (sigmoid, pairs, biased) in [(true, true, true), (true, false, false), (false, false, true), (false, true, false)] {
        let (t, n, groups, kept, k) = (9usize, 12usize, 4usize, 2usize, 3usize);
        let x = Array::new(ACL_FLOAT, &[9, 12], noise(3).map(|v| 3.0 * v));
        let bias = Array::new(ACL_FLOAT, &[12], noise(4).map(|v| 0.3 * v));
        let (y, e, all) = (Array::out(ACL_FLOAT, &[9, 3]), Array::out(ACL_INT32, &[9, 3]), Array::out(ACL_FLOAT, &[9, 12]));
        run(|ws, ex| {
            let b = if biased { bias.handle().cast_const() } else { nothing() };
            let [x, y, e, all] = [&x, &y, &e, &all].map(|t| t.handle());
            aclnnMoeGatingTopKGetWorkspaceSize(
                x,
                b,
                3,
                2,
                4,
                pairs as i64,
                0,
                sigmoid as i64,
                true,
                2.5,
                1e-20,
                y,
                e,
                all,
                ws,
                ex,
            )
        })
        .unwrap();
        let (xs, b, mut want, mut want_e) = (x.values(), bias.values(), Vec::new(), Vec::new());
        for row in xs.chunks(n) {
            let scores = if sigmoid { row.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect() } else { softmax(row) };
            let mut choice: Vec<f64> = (0..n).map(|i| scores[i] + if biased { b[i] } else { 0.0 }).collect();
            let size = n / groups;
            let of = |g: usize| {
                top(&choice[g * size..][..size], if pairs { 2 } else { 1 }).iter().map(|&i| choice[g * size + i]).sum()
            };
            let best = top(&(0..groups).map(of).collect::<Vec<f64>>(), kept);
            (0..n).filter(|i| !best.contains(&(i / size))).for_each(|i| choice[i] = f64::NEG_INFINITY);
            let picked = top(&choice, k);
            let share = if sigmoid { picked.iter().map(|&p| scores[p]).sum() } else { 1.0 };
            want.extend(picked.iter().map(|&p| scores[p] / share * 2.5));
            want_e.extend(picked.iter().map(|&p| p as f64));
        }
        assert_close(&y.values(), &want, 3e-6, 1e-7);
        assert_eq!((e.values(), y.values().len()), (want_e, t * k));
    }
}

#[test]
fn permuted_tokens_come_back_with_gradients() {
    for (dtype, relative) in DTYPES {
        for (t, k, h, index) in [(1usize, 1usize, 1usize, ACL_INT64), (6, 3, 5, ACL_INT32), (40, 2, 130, ACL_INT64)] {
            let experts = choices(t, k, 7);
            let at = places(&experts);
            let (x, indices) =
                (Array::new(dtype, &[t as i64, h as i64], noise(1)), Array::new(index, &[t as i64, k as i64], experts));
            let wide = [(t * k) as i64, h as i64];
            let (out, sorted) = (Array::out(dtype, &wide), Array::out(ACL_INT32, &wide[..1]));
            run(|ws, e| {
                let [x, indices, out, sorted] = [&x, &indices, &out, &sorted].map(|t| t.handle());
                aclnnMoeTokenPermuteGetWorkspaceSize(x, indices, 0, false, out, sorted, ws, e)
            })
            .unwrap();
            assert_eq!(sorted.values(), at.iter().map(|&p| p as f64).collect::<Vec<_>>());
            let (xs, mut want) = (x.values(), vec![0.0; t * k * h]);
            (0..t * k).for_each(|i| want[at[i] * h..][..h].copy_from_slice(&xs[i / k * h..][..h]));
            assert_eq!(out.values(), want);

            let (probs, back) = (Array::new(dtype, &[t as i64, k as i64], noise(2)), Array::out(dtype, &[t as i64, h as i64]));
            run(|ws, e| {
                let [out, sorted, probs, back] = [&out, &sorted, &probs, &back].map(|t| t.handle());
                aclnnMoeTokenUnpermuteGetWorkspaceSize(out, sorted, probs, false, std::ptr::null(), back, ws, e)
            })
            .unwrap();
            let p = probs.values();
            let want: Vec<f64> = (0..t * h).map(|i| (0..k).map(|c| p[i / h * k + c] * xs[i]).sum()).collect();
            assert_close(&back.values(), &want, relative, 1e-6);

            let dy = Array::new(dtype, &[t as i64, h as i64], noise(3));
            let (dx, dp) = (Array::out(dtype, &wide), Array::out(dtype, &[t as i64, k as i64]));
            run(|ws, e| {
                let [out, dy, sorted, probs, dx, dp] = [&out, &dy, &sorted, &probs, &dx, &dp].map(|t| t.handle());
                aclnnMoeTokenUnpermuteGradGetWorkspaceSize(out, dy, sorted, probs, false, std::ptr::null(), dx, dp, ws, e)
            })
            .unwrap();
            let (d, rows) = (dy.values(), out.values());
            let mut want = vec![0.0; t * k * h];
            (0..t * k).for_each(|i| (0..h).for_each(|j| want[at[i] * h + j] = p[i] * d[i / k * h + j]));
            assert_close(&dx.values(), &want, relative, 1e-7);
            let want: Vec<f64> = (0..t * k).map(|i| (0..h).map(|j| d[i / k * h + j] * rows[at[i] * h + j]).sum()).collect();
            assert_close(&dp.values(), &want, relative, 1e-5);

            let grad = Array::out(dtype, &[t as i64, h as i64]);
            run(|ws, e| {
                let [dx, sorted, grad] = [&dx, &sorted, &grad].map(|t| t.handle());
                aclnnMoeTokenPermuteGradGetWorkspaceSize(dx, sorted, k as i64, false, grad, ws, e)
            })
            .unwrap();
            let d = dx.values();
            let want: Vec<f64> = (0..t * h).map(|i| (0..k).map(|c| d[at[i / h * k + c] * h + i % h]).sum()).collect();
            assert_close(&grad.values(), &want, relative, 1e-6);
        }
    }
}

#[test]
fn routing_counts_drops_and_pads() {
    let (t, k, h, n) = (10usize, 2usize, 3usize, 6usize);
    let experts = choices(t, k, n);
    let at = places(&experts);
    let (x, idx) = (Array::new(ACL_BF16, &[10, 3], noise(1)), Array::new(ACL_INT32, &[10, 2], experts.clone()));
    let xs = x.values();
    let count = |e: usize| experts.iter().filter(|&&v| v == e as f64).count() as f64;
    let mut sorted = vec![0.0; t * k * h];
    (0..t * k).for_each(|i| sorted[at[i] * h..][..h].copy_from_slice(&xs[i / k * h..][..h]));
    let (out, row, counts) = (Array::out(ACL_BF16, &[20, 3]), Array::out(ACL_INT32, &[20]), Array::out(ACL_INT32, &[6]));
    let [xh, ih, oh, rh, ch] = [&x, &idx, &out, &row, &counts].map(|t| t.handle());
    for flag in [1, 2] {
        run(|ws, e| aclnnMoeInitRoutingV2GetWorkspaceSize(xh, ih, 0, 0, 6, 0, flag, false, oh, rh, ch, nothing(), ws, e))
            .unwrap();
        assert_eq!(out.values(), sorted);
        assert_eq!(row.values(), at.iter().map(|&p| p as f64).collect::<Vec<_>>());
        let want: Vec<f64> = (0..n).map(|e| if flag == 2 { count(e) } else { (0..=e).map(count).sum() }).collect();
        assert_eq!(counts.values(), want);
    }
    // A capacity of 2: later choices of an expert are dropped.
    let capacity = 2usize;
    let padded = Array::out(ACL_BF16, &[6, 2, 3]);
    run(|ws, e| aclnnMoeInitRoutingV2GetWorkspaceSize(xh, ih, 0, 2, 6, 1, 0, true, padded.handle(), rh, nothing(), ch, ws, e))
        .unwrap();
    let (mut want, mut own) = (vec![0.0; n * capacity * h], vec![-1.0; t * k]);
    for i in 0..t * k {
        let before = (0..i).filter(|&j| experts[j] == experts[i]).count();
        if before < capacity {
            let place = experts[i] as usize * capacity + before;
            want[place * h..][..h].copy_from_slice(&xs[i / k * h..][..h]);
            own[i] = place as f64;
        }
    }
    assert_eq!((padded.values(), row.values(), counts.values()), (want, own.clone(), (0..n).map(count).collect()));
    let grad = Array::new(ACL_FLOAT, &[6, 2, 3], noise(5));
    let dx = Array::out(ACL_FLOAT, &[10, 3]);
    run(|ws, e| aclnnMoeInitRoutingV2GradGetWorkspaceSize(grad.handle(), rh, 2, 1, 0, dx.handle(), ws, e)).unwrap();
    let g = grad.values();
    let of = |i: usize| (0..k).map(|c| own[i / h * k + c]).filter(|&p| p >= 0.0).map(|p| g[p as usize * h + i % h]).sum();
    assert_close(&dx.values(), &(0..t * h).map(of).collect::<Vec<f64>>(), 1e-6, 1e-7);
    // V1: rows are numbered column-major.
    let numbers = Array::new(ACL_INT32, &[10, 2], (0..20).map(|i| (i % k * t + i / k) as f64));
    let experts_out = Array::out(ACL_INT32, &[20]);
    run(|ws, e| aclnnMoeInitRoutingGetWorkspaceSize(xh, numbers.handle(), ih, 10, oh, rh, experts_out.handle(), ws, e)).unwrap();
    assert_eq!(out.values(), sorted);
    let mut want = vec![0.0; t * k];
    (0..t * k).for_each(|i| want[i % k * t + i / k] = at[i] as f64);
    assert_eq!(row.values(), want);
    // V3 takes experts 2 to 4 of 6.
    let (range, counts) = (Ints::new(&[2, 5]), Array::out(ACL_INT64, &[3]));
    run(|ws, e| {
        let no = nothing();
        aclnnMoeInitRoutingV3GetWorkspaceSize(
            xh,
            ih,
            no,
            no,
            20,
            0,
            6,
            0,
            1,
            true,
            -1,
            range.0,
            0,
            oh,
            rh,
            counts.handle(),
            no,
            ws,
            e,
        )
    })
    .unwrap();
    assert_eq!(counts.values(), (2..5).map(count).collect::<Vec<_>>());
    let skipped = (0..2).map(count).sum::<f64>();
    let want = (0..t * k).map(|i| if (2.0..5.0).contains(&experts[i]) { at[i] as f64 - skipped } else { -1.0 });
    assert_eq!(row.values(), want.collect::<Vec<_>>());
    let ends = Array::out(ACL_INT32, &[6]);
    run(|ws, e| aclnnMoeComputeExpertTokensGetWorkspaceSize(experts_out.handle(), 6, ends.handle(), ws, e)).unwrap();
    assert_eq!(ends.values(), (0..n).map(|e| (0..=e).map(count).sum()).collect::<Vec<f64>>());
}

#[test]
fn rows_are_finalised_with_residuals_and_biases() {
    for (dtype, relative) in DTYPES {
        for mode in [0i64, 2, 3] {
            let (t, k, h, n) = (5usize, 2usize, 4usize, 3usize);
            let places: Vec<f64> = (0..10).map(|i| if mode == 3 && i == 3 { -1.0 } else { ((i * 7) % 10) as f64 }).collect();
            let dims: &[i64] = if mode == 3 { &[2, 5, 4] } else { &[10, 4] };
            let x = Array::new(dtype, dims, noise(1));
            let row = Array::new(ACL_INT32, &[10], places.clone());
            let [x1, x2, out] = [2, 3, 4].map(|seed| Array::new(dtype, &[5, 4], noise(seed)));
            let (bias, scales) = (Array::new(dtype, &[3, 4], noise(5)), Array::new(dtype, &[5, 2], noise(6)));
            let experts = Array::new(ACL_INT32, &[5, 2], (0..10).map(|i| (i % n) as f64));
            let [xh, rh, a, b, bh, sh, eh, oh] = [&x, &row, &x1, &x2, &bias, &scales, &experts, &out].map(|t| t.handle());
            run(|ws, e| match mode {
                0 => aclnnMoeFinalizeRoutingGetWorkspaceSize(xh, a, b, bh, sh, rh, eh, oh, ws, e),
                _ => aclnnMoeFinalizeRoutingV2GetWorkspaceSize(xh, rh, a, b, bh, sh, eh, mode, oh, ws, e),
            })
            .unwrap();
            let (xs, s, bs) = (x.values(), scales.values(), bias.values());
            let want: Vec<f64> = (0..t * h)
                .map(|i| {
                    let (token, j) = (i / h, i % h);
                    let of = |c: usize| {
                        let place = places[if mode == 0 { c * t + token } else { token * k + c }];
                        let expert = (token * k + c) % n;
                        if place < 0.0 { 0.0 } else { s[token * k + c] * (xs[place as usize * h + j] + bs[expert * h + j]) }
                    };
                    x1.values()[i] + x2.values()[i] + (0..k).map(of).sum::<f64>()
                })
                .collect();
            assert_close(&out.values(), &want, relative, 1e-6);
        }
        let row = Array::new(ACL_INT32, &[6], [4.0, 0.0, 2.0, 5.0, 1.0, 3.0]);
        let (dy, x, scales) =
            (Array::new(dtype, &[3, 4], noise(1)), Array::new(dtype, &[6, 4], noise(2)), Array::new(dtype, &[3, 2], noise(3)));
        let (dx, ds) = (Array::out(dtype, &[6, 4]), Array::out(dtype, &[3, 2]));
        let [d, r, xh, s, dxh, dsh] = [&dy, &row, &x, &scales, &dx, &ds].map(|t| t.handle());
        run(|ws, e| {
            aclnnMoeFinalizeRoutingV2GradGetWorkspaceSize(d, r, xh, s, nothing(), nothing(), 0, 0, 0, 0, dxh, dsh, ws, e)
        })
        .unwrap();
        let (d, x, s, r) = (dy.values(), x.values(), scales.values(), row.values());
        let mut want = vec![0.0; 24];
        (0..24).for_each(|i| want[r[i / 4] as usize * 4 + i % 4] = s[i / 4] * d[i / 8 * 4 + i % 4]);
        assert_close(&dx.values(), &want, relative, 1e-7);
        let want: Vec<f64> = (0..6).map(|i| (0..4).map(|j| d[i / 2 * 4 + j] * x[r[i] as usize * 4 + j]).sum()).collect();
        assert_close(&ds.values(), &want, relative, 1e-6);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1).map(|v| v.abs()));
    let (x, y, e, r) = (of(ACL_FLOAT, &[2, 4]), of(ACL_FLOAT, &[2, 2]), of(ACL_INT32, &[2, 2]), of(ACL_INT32, &[2, 2]));
    let gate = |k, y: &Array| {
        run(|ws, ex| {
            aclnnMoeGatingTopKSoftmaxGetWorkspaceSize(x.handle(), nothing(), k, y.handle(), e.handle(), r.handle(), ws, ex)
        })
    };
    let invalid = |outcome, operator, what| assert_eq!(refusal(outcome, operator, what), ACLNN_ERR_PARAM_INVALID);
    invalid(gate(5, &y), "aclnnMoeGatingTopKSoftmax", "k is 5; 1..4");
    invalid(gate(2, &x), "aclnnMoeGatingTopKSoftmax", "yOut has shape [2, 4]; [2, 2]");
    let permute = |padded, sorted: &Array| {
        let out = of(ACL_FLOAT, &[4, 4]);
        run(|ws, ex| {
            aclnnMoeTokenPermuteGetWorkspaceSize(x.handle(), e.handle(), 0, padded, out.handle(), sorted.handle(), ws, ex)
        })
    };
    invalid(permute(false, &of(ACL_INT32, &[2])), "aclnnMoeTokenPermute", "sortedIndicesOut has shape [2]; [4]");
    let code = refusal(permute(true, &of(ACL_INT32, &[4])), "aclnnMoeTokenPermute", "paddedMode is true");
    assert_eq!(code, ACL_ERROR_FEATURE_UNSUPPORTED);
}

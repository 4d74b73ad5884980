//! Permutations by a routing map against their definition: the list of rows, each a token and an expert.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

const DTYPES: [(aclDataType, f64); 3] = [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)];

/// Sizes, and what the map makes of them.
struct Case {
    tokens: usize,
    experts: usize,
    /// Rows: those of a token without padding, those of an expert with it.
    share: usize,
    padded: bool,
    /// Token by token.
    map: Vec<f64>,
    /// The token and the expert of each row.
    rows: Vec<(usize, usize)>,
    /// What `sortedIndices` is.
    sorted: Vec<f64>,
}

const WIDTH: usize = 5;

impl Case {
    fn new(tokens: usize, experts: usize, share: usize, padded: bool) -> Case {
        let order = noise(9 + tokens as u64).take(tokens * experts).collect::<Vec<_>>();
        let mut map = vec![0.0; tokens * experts];
        for t in 0..tokens {
            // Without padding the `share` experts with the largest noise, with it about half of them.
            let row = &order[t * experts..][..experts];
            for e in 0..experts {
                let above = row.iter().filter(|&&other| other > row[e]).count();
                map[t * experts + e] = if padded { row[e] > 0.0 } else { above < share } as u8 as f64;
            }
        }
        let is_set = |t: usize, e: usize| map[t * experts + e] != 0.0;
        let mut rows = Vec::new();
        for e in 0..experts {
            let mut of: Vec<usize> = (0..tokens).filter(|&t| is_set(t, e)).collect();
            if padded {
                of.extend((0..tokens).filter(|&t| !is_set(t, e)));
                of.truncate(share);
            }
            rows.extend(of.into_iter().map(|t| (t, e)));
        }
        let sorted = if padded {
            rows.iter().map(|&(t, _)| t as f64).collect()
        } else {
            let own = (0..tokens).flat_map(|t| (0..experts).map(move |e| (t, e))).filter(|&(t, e)| is_set(t, e));
            own.map(|pair| rows.iter().position(|&row| row == pair).expect("a row of each") as f64).collect()
        };
        Case { tokens, experts, share, padded, map, rows, sorted }
    }

    fn array(&self, dtype: aclDataType, dims: &[usize], seed: u64) -> Array {
        Array::new(dtype, &dims.iter().map(|&dim| dim as i64).collect::<Vec<_>>(), noise(seed))
    }

    fn out(&self, dtype: aclDataType, dims: &[usize]) -> Array {
        Array::out(dtype, &dims.iter().map(|&dim| dim as i64).collect::<Vec<_>>())
    }

    fn check(&self, dtype: aclDataType, relative: f64) {
        let Case { tokens, experts, rows, padded, .. } = self;
        let (t, e, n, padded) = (*tokens, *experts, rows.len(), *padded);
        let map = Array::new(if padded { ACL_INT8 } else { ACL_BOOL }, &[t as i64, e as i64], self.map.iter().copied());
        let sorted_in = Array::new(ACL_INT32, &[n as i64], self.sorted.iter().copied());
        let close = |got: &Array, want: &[f64]| assert_close(&got.values(), want, relative, 1e-6 + 2.0 * relative);
        let probs = self.array(dtype, &[t, e], 2);
        let ps = probs.values();
        let no = std::ptr::null_mut();

        // To the experts.
        let x = self.array(dtype, &[t, WIDTH], 1);
        let (out, out_probs, sorted) = (self.out(dtype, &[n, WIDTH]), self.out(dtype, &[n]), self.out(ACL_INT32, &[n]));
        // What does not fill a row of each counts for nothing.
        let extra = if self.share * if padded { e } else { t } < t * e { 1 } else { 0 };
        for with in [true, false] {
            run(|ws, ex| {
                let [x, map, probs, out, sorted, to] = [&x, &map, &probs, &out, &sorted, &out_probs].map(|a| a.handle());
                let (probs, to) = if with { (probs.cast_const(), to) } else { (nothing(), no) };
                let count = n as i64 + extra;
                aclnnMoeTokenPermuteWithRoutingMapGetWorkspaceSize(x, map, probs, count, padded, out, to, sorted, ws, ex)
            })
            .unwrap();
        }
        let xs = x.values();
        let row_of = |values: &[f64], row: usize| values[row * WIDTH..][..WIDTH].to_vec();
        assert_eq!(out.values(), rows.iter().flat_map(|&(t, _)| row_of(&xs, t)).collect::<Vec<_>>());
        assert_eq!(sorted.values(), self.sorted);
        assert_eq!(out_probs.values(), rows.iter().map(|&(t, x)| ps[t * e + x]).collect::<Vec<_>>());

        // Its gradients.
        let (grad, grad_probs) = (self.array(dtype, &[n, WIDTH], 3), self.array(dtype, &[n], 4));
        let (dx, dprobs) = (self.out(dtype, &[t, WIDTH]), self.out(dtype, &[t, e]));
        run(|ws, ex| {
            let [grad, gp, sorted, map, dx, dp] = [&grad, &grad_probs, &sorted_in, &map, &dx, &dprobs].map(|a| a.handle());
            let [experts, tokens] = [e as i64, t as i64];
            aclnnMoeTokenPermuteWithRoutingMapGradGetWorkspaceSize(grad, gp, sorted, map, experts, tokens, padded, dx, dp, ws, ex)
        })
        .unwrap();
        let (gs, gps) = (grad.values(), grad_probs.values());
        let mut want = vec![0.0; t * WIDTH];
        let mut want_probs = vec![0.0; t * e];
        for (row, &(token, expert)) in rows.iter().enumerate() {
            (0..WIDTH).for_each(|c| want[token * WIDTH + c] += gs[row * WIDTH + c]);
            want_probs[token * e + expert] = gps[row];
        }
        close(&dx, &want);
        assert_eq!(dprobs.values(), want_probs);

        // Back, and the gradients of that.
        let shape = crate::nn::aclCreateIntArray([t as i64, WIDTH as i64].as_ptr(), 2).unwrap();
        for with in [true, false] {
            let y = self.array(dtype, &[n, WIDTH], 5);
            let (out, kept) = (self.out(dtype, &[t, WIDTH]), self.out(dtype, &[n]));
            let (index, token) = (self.out(ACL_INT32, &[n]), self.out(ACL_INT32, &[n]));
            run(|ws, ex| {
                let [y, sorted, map, probs, out] = [&y, &sorted_in, &map, &probs, &out].map(|a| a.handle());
                let [index, token, kept] = [&index, &token, &kept].map(|a| a.handle());
                let (map, probs) = if with { (map.cast_const(), probs.cast_const()) } else { (nothing(), nothing()) };
                let (index, token) = if padded { (index, token) } else { (no, no) };
                let kept = if with { kept } else { no };
                let shape = if with { std::ptr::null() } else { shape.cast_const() };
                aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize(
                    y, sorted, map, probs, padded, shape, out, index, token, kept, ws, ex,
                )
            })
            .unwrap();
            let ys = y.values();
            let weight = |token: usize, expert: usize| if with { ps[token * e + expert] } else { 1.0 };
            let mut want = vec![0.0; t * WIDTH];
            for (row, &(token, expert)) in rows.iter().enumerate() {
                (0..WIDTH).for_each(|c| want[token * WIDTH + c] += weight(token, expert) * ys[row * WIDTH + c]);
            }
            close(&out, &want);
            // By row with padding, by token without.
            if with {
                let mut order: Vec<usize> = (0..n).collect();
                if !padded {
                    order.sort_by_key(|&row| rows[row].0 * e + rows[row].1);
                }
                assert_eq!(kept.values(), order.iter().map(|&r| ps[rows[r].0 * e + rows[r].1]).collect::<Vec<_>>());
            }
            let (index, token) = if padded {
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by_key(|&row| (rows[row].0, row));
                assert_eq!(index.values(), order.iter().map(|&row| row as f64).collect::<Vec<_>>());
                assert_eq!(token.values(), order.iter().map(|&row| rows[row].0 as f64).collect::<Vec<_>>());
                (&index, &token)
            } else {
                (&sorted_in, &sorted_in)
            };
            let grad = self.array(dtype, &[t, WIDTH], 6);
            let (dy, dprobs) = (self.out(dtype, &[n, WIDTH]), self.out(dtype, &[t, e]));
            run(|ws, ex| {
                let [grad, index, token, map, y, probs] =
                    [&grad, index, token, &map, &y, &probs].map(|a| a.handle().cast_const());
                let (map, y, probs) = if with { (map, y, probs) } else { (nothing(), nothing(), nothing()) };
                let dp = if with { dprobs.handle() } else { no };
                let (shape, dy) = (std::ptr::null(), dy.handle());
                aclnnMoeTokenUnpermuteWithRoutingMapGradGetWorkspaceSize(
                    grad, index, token, map, y, probs, padded, shape, dy, dp, ws, ex,
                )
            })
            .unwrap();
            let gs = grad.values();
            let at = |row: usize, c: usize| gs[rows[row].0 * WIDTH + c];
            let want: Vec<f64> =
                (0..n * WIDTH).map(|i| weight(rows[i / WIDTH].0, rows[i / WIDTH].1) * at(i / WIDTH, i % WIDTH)).collect();
            close(&dy, &want);
            if with {
                let mut want = vec![0.0; t * e];
                for (row, &(token, expert)) in rows.iter().enumerate() {
                    want[token * e + expert] = (0..WIDTH).map(|c| ys[row * WIDTH + c] * at(row, c)).sum();
                }
                close(&dprobs, &want);
            }
        }
        crate::nn::aclDestroyIntArray(shape).unwrap();
    }
}

#[test]
fn rows_by_a_map_and_back() {
    for (dtype, relative) in DTYPES {
        for (tokens, experts, share) in [(1, 3, 3), (6, 4, 2), (11, 16, 5), (3, 2, 1)] {
            Case::new(tokens, experts, share, false).check(dtype, relative);
        }
        for (tokens, experts, capacity) in [(6, 4, 2), (7, 3, 7), (10, 2, 1)] {
            Case::new(tokens, experts, capacity, true).check(dtype, relative);
        }
    }
}

#[test]
fn maps_that_do_not_fit_are_refused() {
    let of = |dtype, dims: &[i64]| Array::out(dtype, dims);
    let (x, map, out, sorted) = (of(ACL_FLOAT, &[3, 4]), of(ACL_BOOL, &[3, 2]), of(ACL_FLOAT, &[3, 4]), of(ACL_INT32, &[3]));
    let no = std::ptr::null_mut();
    let permute = |map: &Array, count: i64, padded: bool, out: &Array, probs_out: *mut aclTensor| {
        run(|ws, e| {
            let [x, map, out, sorted] = [&x, map, out, &sorted].map(|a| a.handle());
            aclnnMoeTokenPermuteWithRoutingMapGetWorkspaceSize(x, map, nothing(), count, padded, out, probs_out, sorted, ws, e)
        })
    };
    const NAME: &str = "aclnnMoeTokenPermuteWithRoutingMap";
    let invalid = |outcome, what| assert_eq!(refusal(outcome, NAME, what), ACLNN_ERR_PARAM_INVALID);
    invalid(permute(&of(ACL_INT32, &[3, 2]), 3, false, &out, no), "routingMap is ACL_INT32");
    invalid(permute(&of(ACL_BOOL, &[4, 2]), 3, false, &out, no), "routingMap has 4 rows");
    invalid(permute(&map, 7, false, &out, no), "numOutTokens is 7");
    invalid(permute(&map, -1, false, &out, no), "numOutTokens is -1");
    invalid(permute(&map, 6, false, &out, no), "permuteTokensOut has shape [3, 4]");
    invalid(permute(&map, 3, true, &out, no), "permuteTokensOut has shape [3, 4]");
    invalid(permute(&map, 3, false, &out, sorted.handle()), "permuteProbsOutOptional is given");
    let probs = of(ACL_FLOAT, &[3]);
    let grad = |experts: i64, tokens: i64, map: *const aclTensor| {
        run(|ws, e| {
            let [grad, probs, sorted, out] = [&x, &probs, &sorted, &out].map(|a| a.handle());
            aclnnMoeTokenPermuteWithRoutingMapGradGetWorkspaceSize(
                grad, probs, sorted, map, experts, tokens, false, out, no, ws, e,
            )
        })
    };
    const GRAD: &str = "aclnnMoeTokenPermuteWithRoutingMapGrad";
    assert_eq!(refusal(grad(0, 3, map.handle()), GRAD, "numExperts is 0"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(grad(2, 2, map.handle()), GRAD, "has 3 rows of 2"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(grad(2, 3, nothing()), GRAD, "routingMapOptional is null"), ACLNN_ERR_PARAM_NULLPTR);
    const BACK: &str = "aclnnMoeTokenUnpermuteWithRoutingMap";
    let back = run(|ws, e| {
        let [x, sorted, out] = [&x, &sorted, &out].map(|a| a.handle());
        let (none, null) = (nothing(), std::ptr::null());
        aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize(x, sorted, none, none, false, null, out, no, no, no, ws, e)
    });
    assert_eq!(refusal(back, BACK, "restoreShapeOptional are null"), ACLNN_ERR_PARAM_NULLPTR);
    let probs = of(ACL_FLOAT, &[3, 2]);
    let back = run(|ws, e| {
        let [x, sorted, probs, out] = [&x, &sorted, &probs, &out].map(|a| a.handle());
        let null = std::ptr::null();
        aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize(x, sorted, nothing(), probs, false, null, out, no, no, no, ws, e)
    });
    assert_eq!(refusal(back, BACK, "routingMapOptional is null"), ACLNN_ERR_PARAM_NULLPTR);
}

/// The device gives no error for it, and wrong numbers.
#[test]
#[should_panic(expected = "token 1 has 2 experts")]
fn each_token_has_as_many_experts_as_any_other() {
    let (x, out, sorted) = (Array::out(ACL_FLOAT, &[3, 4]), Array::out(ACL_FLOAT, &[3, 4]), Array::out(ACL_INT32, &[3]));
    let map = Array::new(ACL_BOOL, &[3, 2], [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let no = std::ptr::null_mut();
    run(|ws, e| {
        let [x, map, out, sorted] = [&x, &map, &out, &sorted].map(|a| a.handle());
        aclnnMoeTokenPermuteWithRoutingMapGetWorkspaceSize(x, map, nothing(), 3, false, out, no, sorted, ws, e)
    })
    .unwrap();
}

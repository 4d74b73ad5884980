//! Grouped products against f64, group by group.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;
use std::ptr::null;

fn relative(dtype: aclDataType) -> f64 {
    match dtype {
        ACL_BF16 => 4e-3,
        ACL_FLOAT16 => 5e-4,
        _ => 1e-6,
    }
}

/// `[m, k] @ [k, n]` of slices.
fn product(a: &[f64], b: &[f64], k: usize, n: usize) -> Vec<f64> {
    (0..a.len() / k * n).map(|at| (0..k).map(|i| a[at / n * k + i] * b[i * n + at % n]).sum()).collect()
}

/// The lists `x, weight, bias, out`, null where there is none.
fn v4(lists: [*mut aclTensorList; 4], groups: *const aclTensor, split_item: i64, group_type: i64, list_type: i64) -> Outcome {
    let [x, w, bias, out] = lists;
    let no: *const aclTensorList = null();
    run(|ws, e| {
        aclnnGroupedMatmulV4GetWorkspaceSize(
            x,
            w,
            bias,
            no,
            no,
            no,
            no,
            no,
            groups,
            no,
            no,
            no,
            split_item,
            group_type,
            list_type,
            0,
            out,
            no_list(),
            no_list(),
            ws,
            e,
        )
    })
}

#[test]
fn tokens_of_each_expert_meet_its_weight_and_the_rest_is_left_alone() {
    let (e, k, n, t) = (4usize, 6usize, 5usize, 11i64);
    // 10 of 11 tokens have an expert; the third expert has none.
    let (counts, ends) = ([3.0, 5.0, 0.0, 2.0], [3.0, 8.0, 8.0, 10.0]);
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for (list_type, values) in [(1, counts), (0, ends)] {
            let x = Array::new(dtype, &[t, k as i64], noise(1));
            // Weights as [e, n, k], given transposed.
            let strides = [(k * n) as i64, 1, k as i64];
            let w = Array::strided(dtype, &[e as i64, k as i64, n as i64], &strides, 0, (e * k * n) as i64, noise(2));
            let bias_dtype = if dtype == ACL_FLOAT16 { ACL_FLOAT16 } else { ACL_FLOAT };
            let bias = Array::new(bias_dtype, &[e as i64, n as i64], noise(3));
            let out = Array::out(dtype, &[t, n as i64]);
            let groups = Array::new(ACL_INT64, &[e as i64], values);
            v4([list(&[&x]), list(&[&w]), list(&[&bias]), list(&[&out])], groups.handle(), 2, 0, list_type).unwrap();
            let (x, w, bias) = (x.values(), w.values(), bias.values());
            let mut want = Vec::new();
            for g in 0..e {
                let (start, end) = (if g == 0 { 0 } else { ends[g - 1] as usize }, ends[g] as usize);
                let part = product(&x[start * k..end * k], &w[g * k * n..][..k * n], k, n);
                want.extend(part.iter().enumerate().map(|(i, p)| p + bias[g * n + i % n]));
            }
            want.extend(vec![7.0; n]);
            assert_close(&out.values(), &want, relative(dtype), 2e-6);
        }
    }
}

#[test]
fn the_gradient_of_weights_sums_over_each_experts_tokens() {
    let (e, k, n, t) = (3usize, 4usize, 5usize, 9usize);
    for dtype in [ACL_FLOAT, ACL_BF16] {
        let x = Array::strided(dtype, &[k as i64, t as i64], &[1, k as i64], 0, (k * t) as i64, noise(1));
        let (dy, out) = (Array::new(dtype, &[t as i64, n as i64], noise(2)), Array::out(dtype, &[e as i64, k as i64, n as i64]));
        let groups = Array::new(ACL_INT64, &[3], [4.0, 0.0, 5.0]);
        v4([list(&[&x]), list(&[&dy]), no_list(), list(&[&out])], groups.handle(), 3, 2, 1).unwrap();
        let (x, dy) = (x.values(), dy.values());
        let mut want = Vec::new();
        for (start, end) in [(0, 4), (4, 4), (4, 9)] {
            want.extend((0..k * n).map(|at| (start..end).map(|i| x[at / n * t + i] * dy[i * n + at % n]).sum::<f64>()));
        }
        assert_close(&out.values(), &want, relative(dtype), 2e-6);
    }
}

#[test]
fn every_version_gives_the_same() {
    let (k, n) = (3usize, 2usize);
    let (x, w) = (Array::new(ACL_FLOAT, &[5, 3], noise(1)), Array::new(ACL_FLOAT, &[2, 3, 2], noise(2)));
    let (xs, ws) = (x.values(), w.values());
    let want = [product(&xs[..2 * k], &ws[..k * n], k, n), product(&xs[2 * k..], &ws[k * n..], k, n)].concat();
    let (host, device) = (Ints::new(&[2, 5]), Array::new(ACL_INT64, &[2], [2.0, 5.0]));
    let hint = Ints::new(&[3]);
    let no: *const aclTensorList = null();
    for version in 1..=5 {
        let out = Array::out(ACL_FLOAT, &[5, 2]);
        let (x, w, y) = (list(&[&x]), list(&[&w]), list(&[&out]));
        run(|ws, e| match version {
            1 => aclnnGroupedMatmulGetWorkspaceSize(x, w, no, no, no, no, no, host.0, 3, y, ws, e),
            2 => aclnnGroupedMatmulV2GetWorkspaceSize(x, w, no, no, no, no, no, host.0, 2, 0, y, ws, e),
            3 => aclnnGroupedMatmulV3GetWorkspaceSize(x, w, no, no, no, no, no, device.handle(), 2, 0, y, ws, e),
            4 => aclnnGroupedMatmulV4GetWorkspaceSize(
                x,
                w,
                no,
                no,
                no,
                no,
                no,
                no,
                device.handle(),
                no,
                no,
                no,
                2,
                0,
                0,
                0,
                y,
                no_list(),
                no_list(),
                ws,
                e,
            ),
            _ => aclnnGroupedMatmulV5GetWorkspaceSize(
                x,
                w,
                no,
                no,
                no,
                no,
                no,
                no,
                device.handle(),
                no,
                no,
                no,
                2,
                0,
                0,
                0,
                hint.0,
                y,
                no_list(),
                no_list(),
                ws,
                e,
            ),
        })
        .unwrap();
        assert_close(&out.values(), &want, 1e-6, 1e-6);
    }
}

#[test]
fn lists_of_products_and_one_output_for_each() {
    let [x1, x2] = [2i64, 3].map(|rows| Array::new(ACL_FLOAT, &[rows, 4], noise(rows as u64)));
    let [w1, w2] = [5, 6].map(|seed| Array::new(ACL_FLOAT, &[4, 3], noise(seed)));
    let [y1, y2] = [2, 3].map(|rows| Array::out(ACL_FLOAT, &[rows, 3]));
    let lists = || [list(&[&x1, &x2]), list(&[&w1, &w2]), no_list(), list(&[&y1, &y2])];
    v4(lists(), nothing(), 0, -1, 0).unwrap();
    assert_close(&y1.values(), &product(&x1.values(), &w1.values(), 4, 3), 1e-6, 1e-6);
    assert_close(&y2.values(), &product(&x2.values(), &w2.values(), 4, 3), 1e-6, 1e-6);
    // One input, an output for each; and the other way round.
    let (x, y) = (Array::new(ACL_FLOAT, &[5, 4], noise(9)), Array::out(ACL_FLOAT, &[5, 3]));
    let ends = Array::new(ACL_INT64, &[2], [2.0, 5.0]);
    v4([list(&[&x]), list(&[&w1, &w2]), no_list(), list(&[&y1, &y2])], ends.handle(), 0, 0, 0).unwrap();
    assert_close(&y2.values(), &product(&x.values()[8..], &w2.values(), 4, 3), 1e-6, 1e-6);
    v4([list(&[&x1, &x2]), list(&[&w1, &w2]), no_list(), list(&[&y])], nothing(), 2, 0, 0).unwrap();
    assert_close(&y.values()[..6], &product(&x1.values(), &w1.values(), 4, 3), 1e-6, 1e-6);
}

#[test]
fn gradients_add_up_in_f32() {
    for (version, dims) in [(1, &[2i64, 3, 5][..]), (2, &[6, 5])] {
        let (x, dy) = (Array::new(ACL_BF16, &[7, 3], noise(1)), Array::new(ACL_BF16, &[7, 5], noise(2)));
        let y = Array::new(ACL_FLOAT, dims, noise(3));
        let before = y.values();
        let ends = Array::new(ACL_INT64, &[2], [3.0, 7.0]);
        let counts = Array::new(ACL_INT64, &[2], [3.0, 4.0]);
        let (a, b, sum) = (x.handle(), dy.handle(), y.handle());
        run(|ws, e| match version {
            1 => aclnnGroupedMatmulAddGetWorkspaceSize(a, b, ends.handle(), sum, true, false, 2, ws, e),
            _ => aclnnGroupedMatmulAddV2GetWorkspaceSize(a, b, counts.handle(), sum, true, false, 2, 1, ws, e),
        })
        .unwrap();
        let (x, dy) = (x.values(), dy.values());
        let want: Vec<f64> = (0..30)
            .map(|at| {
                let (g, k, n) = (at / 15, at / 5 % 3, at % 5);
                let tokens = if g == 0 { 0..3 } else { 3..7 };
                before[at] + tokens.map(|t| x[t * 3 + k] * dy[t * 5 + n]).sum::<f64>()
            })
            .collect();
        assert_close(&y.values(), &want, 1e-6, 1e-6);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    const NAME: &str = "aclnnGroupedMatmulV4";
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1).map(|v| v.abs()));
    let (x, w, out) = (of(ACL_FLOAT, &[5, 3]), of(ACL_FLOAT, &[2, 3, 2]), of(ACL_FLOAT, &[5, 2]));
    let ends = Array::new(ACL_INT64, &[2], [2.0, 5.0]);
    let call = |x: &Array, w: &Array, out: &Array, ends: *const aclTensor, split, group, kind| {
        v4([list(&[x]), list(&[w]), no_list(), list(&[out])], ends, split, group, kind)
    };
    let invalid = |outcome, what| assert_eq!(refusal(outcome, NAME, what), ACLNN_ERR_PARAM_INVALID);
    invalid(call(&x, &of(ACL_FLOAT, &[2, 4, 2]), &out, ends.handle(), 2, 0, 0), "x[0] has 3 columns");
    invalid(call(&x, &w, &x, ends.handle(), 2, 0, 0), "out has shape [5, 3]; [5, 2]");
    invalid(call(&x, &w, &out, ends.handle(), 2, 1, 0), "groupType is 1");
    invalid(call(&x, &w, &out, ends.handle(), 4, 0, 0), "splitItem is 4");
    invalid(call(&x, &w, &out, ends.handle(), 0, 0, 0), "out has 1 tensors; splitItem 0 makes it 2");
    invalid(call(&x, &w, &out, of(ACL_INT64, &[3]).handle(), 2, 0, 0), "groupListOptional has 3 groups");
    invalid(call(&x, &of(ACL_BF16, &[2, 3, 2]), &out, ends.handle(), 2, 0, 0), "weight is ACL_BF16");
    let unsupported = |outcome, what| assert_eq!(refusal(outcome, NAME, what), ACL_ERROR_FEATURE_UNSUPPORTED);
    unsupported(call(&of(ACL_INT8, &[5, 3]), &w, &out, ends.handle(), 2, 0, 0), "x is ACL_INT8");
    unsupported(call(&x, &w, &out, ends.handle(), 2, 0, 2), "groupListType is 2");
    assert_eq!(refusal(call(&x, &w, &out, nothing(), 2, 0, 0), NAME, "groupListOptional is null"), ACLNN_ERR_PARAM_NULLPTR);
    // What the list holds is known when it runs.
    let late = Array::new(ACL_INT64, &[2], [2.0, 6.0]);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(&x, &w, &out, late.handle(), 2, 0, 0)));
    assert!(panicked.is_err(), "ends beyond the tokens fail the operation");
}

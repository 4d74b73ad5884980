use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

#[test]
fn sorts_stably_along_every_dim_both_ways() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT32, ACL_UINT8] {
        for (dims, dim, descending) in [
            ([2, 5, 3], 0, false),
            ([2, 50, 3], 1, true),
            ([2, 1, 2500], -1, false),
            ([1, 1, 2048], -1, true),
            ([1, 1, 1], 2, true),
        ] {
            // Few distinct values: the order of equals shows.
            let x = Array::new(dtype, &dims, noise(11).map(|v| (v * 9.0 + 10.0).round()));
            let (values, indices) = (Array::out(dtype, &dims), Array::out(ACL_INT64, &dims));
            run(|w, e| aclnnSortGetWorkspaceSize(x.handle(), true, dim, descending, values.handle(), indices.handle(), w, e))
                .unwrap();
            let d = i64::rem_euclid(dim, 3) as usize;
            let (n, inner) = (dims[d] as usize, dims[d + 1..].iter().product::<i64>() as usize);
            let source = x.values();
            let (mut want_values, mut want_indices) = (source.clone(), source.clone());
            for line in 0..source.len() / n {
                let at = |k: usize| line / inner * inner * n + k * inner + line % inner;
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by(|&a, &b| {
                    let (a, b) = (source[at(a)], source[at(b)]);
                    if descending { b.total_cmp(&a) } else { a.total_cmp(&b) }
                });
                for (k, &o) in order.iter().enumerate() {
                    (want_values[at(k)], want_indices[at(k)]) = (source[at(o)], o as f64);
                }
            }
            assert_close(&values.values(), &want_values, 0.0, 0.0);
            assert_close(&indices.values(), &want_indices, 0.0, 0.0);
        }
    }
}

#[test]
fn zeros_are_equal_and_nan_is_last() {
    let source = [f64::NAN, 0.0, -1.0, -0.0, f64::INFINITY, f64::NEG_INFINITY];
    for (descending, want) in [(false, [5.0, 2.0, 1.0, 3.0, 4.0, 0.0]), (true, [4.0, 1.0, 3.0, 2.0, 5.0, 0.0])] {
        let x = Array::new(ACL_FLOAT, &[6], source);
        let (values, indices) = (Array::out(ACL_FLOAT, &[6]), Array::out(ACL_INT64, &[6]));
        run(|w, e| aclnnSortGetWorkspaceSize(x.handle(), false, 0, descending, values.handle(), indices.handle(), w, e)).unwrap();
        assert_eq!(indices.values(), want);
        assert_close(&values.values(), &want.map(|i| source[i as usize]), 0.0, 0.0);
    }
}

#[test]
fn refusals() {
    let (x, y) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_BF16, &[2, 3], [0.0; 6]));
    let (i32s, i64s) = (Array::out(ACL_INT32, &[2, 3]), Array::out(ACL_INT64, &[3, 2]));
    let sort = |values: &Array, indices: &Array| {
        run(|w, e| aclnnSortGetWorkspaceSize(x.handle(), true, 0, false, values.handle(), indices.handle(), w, e))
    };
    assert_eq!(refusal(sort(&y, &i64s), "aclnnSort", "valuesOut is ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(sort(&x, &i32s), "aclnnSort", "indicesOut is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(sort(&x, &i64s), "aclnnSort", "indicesOut has shape [3, 2]"), ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn the_best_few_along_every_dim() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT8] {
        for (dims, dim, k) in
            [([3, 7, 2], 1, 3), ([5, 2, 3], 0, 5), ([2, 2, 3000], -1, 50), ([2, 2, 3000], 2, 2500), ([1, 1, 4], 2, 0)]
        {
            for largest in [false, true] {
                let x = Array::new(dtype, &dims, noise(21).map(|v| (v * 30.0).round()));
                let d = i64::rem_euclid(dim, 3) as usize;
                let mut few = dims;
                few[d] = k;
                let (values, indices) = (Array::out(dtype, &few), Array::out(ACL_INT64, &few));
                let order = Array::out(ACL_INT64, &dims);
                run(|w, e| aclnnTopkGetWorkspaceSize(x.handle(), k, dim, largest, true, values.handle(), indices.handle(), w, e))
                    .unwrap();
                run(|w, e| aclnnArgsortGetWorkspaceSize(x.handle(), dim, largest, order.handle(), w, e)).unwrap();
                let (source, order) = (x.values(), order.values());
                let (n, k, inner) = (dims[d] as usize, k as usize, dims[d + 1..].iter().product::<i64>() as usize);
                let mut want = vec![(0.0, 0.0); values.values().len()];
                for line in 0..source.len() / n {
                    let at = |j: usize, size: usize| line / inner * inner * size + j * inner + line % inner;
                    let mut places: Vec<usize> = (0..n).collect();
                    places.sort_by(|&a, &b| {
                        let (a, b) = (source[at(a, n)], source[at(b, n)]);
                        if largest { b.partial_cmp(&a) } else { a.partial_cmp(&b) }.expect("no NaN")
                    });
                    (0..n).for_each(|j| assert_eq!(order[at(j, n)], places[j] as f64));
                    (0..k).for_each(|j| want[at(j, k)] = (source[at(places[j], n)], places[j] as f64));
                }
                let got: Vec<_> = values.values().into_iter().zip(indices.values()).collect();
                assert_eq!(got, want);
            }
        }
    }
}

#[test]
fn refusals_of_top_k() {
    let (x, indices) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::out(ACL_INT64, &[2, 3]));
    let topk =
        |k, sorted| run(|w, e| aclnnTopkGetWorkspaceSize(x.handle(), k, 1, true, sorted, x.handle(), indices.handle(), w, e));
    assert_eq!(refusal(topk(4, true), "aclnnTopk", "k is 4; dim 1 of self has 3"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(topk(2, true), "aclnnTopk", "valuesOut has shape [2, 3]"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(topk(3, false), "aclnnTopk", "sorted is false"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnArgsortGetWorkspaceSize(x.handle(), 0, true, x.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnArgsort", "out is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
}

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::*;
use crate::ops::testing::*;

/// `f` of the elements that reduce to each output, found by decoding every index.
pub(super) fn reference(x: &Array, shape: &[i64], dims: &[i64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let rank = shape.len() as i64;
    let gone = |d: usize| dims.is_empty() || dims.contains(&(d as i64)) || dims.contains(&(d as i64 - rank));
    let outputs: i64 = (0..shape.len()).filter(|&d| !gone(d)).map(|d| shape[d]).product();
    let mut groups = vec![vec![]; outputs as usize];
    for (index, v) in x.values().into_iter().enumerate() {
        let (mut rest, mut output, mut step) = (index as i64, 0, 1);
        for d in (0..shape.len()).rev() {
            if !gone(d) {
                output += rest % shape[d] * step;
                step *= shape[d];
            }
            rest /= shape[d];
        }
        groups[output as usize].push(v);
    }
    groups.iter().map(|g| f(g)).collect()
}

#[test]
fn sums_over_every_set_of_dims() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for (shape, dims, out_dims) in [
            (vec![5, 3, 7], vec![], vec![]),
            (vec![5, 3, 7], vec![1], vec![5, 7]),
            (vec![5, 3, 7], vec![-1, 0], vec![3]),
            (vec![2, 300, 33], vec![1], vec![2, 33]),
            (vec![70, 1031], vec![0], vec![1031]),
            (vec![3, 1031], vec![1], vec![3]),
            (vec![2, 70_001], vec![1], vec![2]),
            (vec![1, 1], vec![0], vec![1]),
        ] {
            let x = Array::new(dtype, &shape, noise(5));
            let (array, out) = (Ints::new(&dims), Array::out(dtype, &out_dims));
            run(|w, e| aclnnReduceSumGetWorkspaceSize(x.handle(), array.0, false, dtype, out.handle(), w, e)).unwrap();
            // Summed in f64, rounded once to f32 and once to the dtype.
            let relative = if dtype == ACL_FLOAT { 6e-8 } else { 4e-3 };
            assert_close(&out.values(), &reference(&x, &shape, &dims, |g| g.iter().sum()), relative, 1e-9);
        }
    }
}

#[test]
fn sums_of_views_and_of_other_dtypes() {
    // A transposed view with gaps, dims kept.
    let x = Array::strided(ACL_FLOAT, &[40, 50], &[1, 45], 2, 2 + 49 * 45 + 40, noise(6));
    for (dim, out_dims) in [(0, [1, 50]), (1, [40, 1])] {
        let (dims, out) = (Ints::new(&[dim]), Array::out(ACL_FLOAT, &out_dims));
        run(|w, e| aclnnReduceSumGetWorkspaceSize(x.handle(), dims.0, true, ACL_FLOAT, out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &reference(&x, &[40, 50], &[dim], |g| g.iter().sum()), 6e-8, 1e-9);
    }
    // Booleans count, large integers stay exact, a bf16 tensor summed as f32 does not round to bf16.
    let all = Ints::new(&[]);
    let flags = Array::new(ACL_BOOL, &[1000], (0..1000).map(|i| (i % 3 == 0) as u8 as f64));
    let count = Array::out(ACL_INT64, &[]);
    run(|w, e| aclnnReduceSumGetWorkspaceSize(flags.handle(), all.0, false, ACL_INT64, count.handle(), w, e)).unwrap();
    assert_eq!(count.values(), [334.0]);
    let large = Array::new(ACL_INT64, &[3], [9007199254740991.0, 1.0, -2.0]);
    run(|w, e| aclnnReduceSumGetWorkspaceSize(large.handle(), all.0, false, ACL_INT64, count.handle(), w, e)).unwrap();
    assert_eq!(count.values(), [9007199254740990.0]);
    let ones = Array::new(ACL_BF16, &[1001], std::iter::repeat(1.0));
    let total = Array::out(ACL_FLOAT, &[]);
    run(|w, e| aclnnReduceSumGetWorkspaceSize(ones.handle(), all.0, false, ACL_FLOAT, total.handle(), w, e)).unwrap();
    assert_eq!(total.values(), [1001.0]);
    let (empty, out, first) = (Array::new(ACL_FLOAT, &[0, 3], []), Array::out(ACL_FLOAT, &[3]), Ints::new(&[0]));
    run(|w, e| aclnnReduceSumGetWorkspaceSize(empty.handle(), first.0, false, ACL_FLOAT, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [0.0; 3], "the sum of nothing");
}

#[test]
fn norms_of_every_order() {
    let x = Array::new(ACL_FLOAT, &[3, 777], noise(7).map(|v| if v > 0.9 { 0.0 } else { v }));
    let dims = Ints::new(&[1]);
    type Norm = fn(&[f64]) -> f64;
    let norms: [(f32, Norm); 6] = [
        (2.0, |g| g.iter().map(|v| v * v).sum::<f64>().sqrt()),
        (1.0, |g| g.iter().map(|v| v.abs()).sum()),
        (0.0, |g| g.iter().filter(|v| **v != 0.0).count() as f64),
        (3.0, |g| g.iter().map(|v| v.abs().powi(3)).sum::<f64>().cbrt()),
        (f32::INFINITY, |g| g.iter().fold(0.0, |m, v| v.abs().max(m))),
        (f32::NEG_INFINITY, |g| g.iter().fold(f64::INFINITY, |m, v| v.abs().min(m))),
    ];
    for (ord, norm) in norms {
        let (ord, out) = (Number::float(ord), Array::out(ACL_FLOAT, &[3, 1]));
        let call = |w, e| aclnnLinalgVectorNormGetWorkspaceSize(x.handle(), ord.0, dims.0, true, ACL_FLOAT, out.handle(), w, e);
        run(call).unwrap();
        assert_close(&out.values(), &reference(&x, &[3, 777], &[1], norm), 6e-8, 0.0);
    }
    // Squares that overflow f32 do not; a null `dims` means all.
    let (x, two, out) = (Array::new(ACL_FLOAT, &[2], [3e30, -4e30]), Number::int(2), Array::out(ACL_FLOAT, &[]));
    let null = std::ptr::null();
    run(|w, e| aclnnLinalgVectorNormGetWorkspaceSize(x.handle(), two.0, null, false, ACL_FLOAT, out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[5e30], 1e-7, 0.0);
    let (nan, inf) = (Array::new(ACL_FLOAT, &[3], [1.0, f64::NAN, 2.0]), Number::float(f32::INFINITY));
    run(|w, e| aclnnLinalgVectorNormGetWorkspaceSize(nan.handle(), inf.0, null, false, ACL_FLOAT, out.handle(), w, e)).unwrap();
    assert!(out.values()[0].is_nan());
}

#[test]
fn refusals() {
    let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::out(ACL_FLOAT, &[2]));
    let sum = |dims: &[i64], dtype| {
        let dims = Ints::new(dims);
        run(|w, e| aclnnReduceSumGetWorkspaceSize(x.handle(), dims.0, false, dtype, out.handle(), w, e))
    };
    assert_eq!(refusal(sum(&[2], ACL_FLOAT), "aclnnReduceSum", "dims is 2"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(sum(&[1, -1], ACL_FLOAT), "aclnnReduceSum", "twice"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(sum(&[0], ACL_FLOAT), "aclnnReduceSum", "out has shape [2]; [3]"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(sum(&[1], ACL_INT64), "aclnnReduceSum", "dtype makes it ACL_INT64"), ACLNN_ERR_PARAM_INVALID);
    let null = run(|w, e| aclnnReduceSumGetWorkspaceSize(x.handle(), std::ptr::null(), false, ACL_FLOAT, out.handle(), w, e));
    assert_eq!(refusal(null, "aclnnReduceSum", "dims is null"), ACLNN_ERR_PARAM_NULLPTR);
    let (ints, two, dims) = (Array::new(ACL_INT32, &[2, 3], [0.0; 6]), Number::int(2), Ints::new(&[1]));
    let wrong =
        run(|w, e| aclnnLinalgVectorNormGetWorkspaceSize(ints.handle(), two.0, dims.0, false, ACL_FLOAT, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnLinalgVectorNorm", "self is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
}

/// Who calls `CheckShapeAndScalarSame` of hicann/ops-math (`aclnn_mean.cpp`, `aclnn_any.cpp`, `aclnn_prod.cpp`,
/// `aclnn_reduce_nansum.cpp`) takes one element with any number of dims; `aclnn_amax.cpp` compares the dims.
#[test]
fn one_element_has_any_number_of_dims() {
    let (x, dims) = (Array::new(ACL_FLOAT, &[3], [1.0, 2.0, 6.0]), Ints::new(&[0]));
    for shape in [&[][..], &[1], &[1, 1]] {
        let (out, truth) = (Array::out(ACL_FLOAT, shape), Array::out(ACL_BOOL, shape));
        let (i, o) = (x.handle(), out.handle());
        run(|w, e| aclnnMeanGetWorkspaceSize(i, dims.0, false, ACL_FLOAT, o, w, e)).unwrap();
        assert_eq!(out.values(), [3.0]);
        run(|w, e| aclnnMeanV2GetWorkspaceSize(i, dims.0, true, false, o, w, e)).unwrap();
        assert_eq!(out.values(), [3.0]);
        run(|w, e| aclnnProdDimGetWorkspaceSize(i, 0, false, ACL_FLOAT, o, w, e)).unwrap();
        assert_eq!(out.values(), [12.0]);
        run(|w, e| aclnnReduceNansumGetWorkspaceSize(i, dims.0, false, ACL_FLOAT, o, w, e)).unwrap();
        assert_eq!(out.values(), [9.0]);
        run(|w, e| aclnnAnyGetWorkspaceSize(i, dims.0, false, truth.handle(), w, e)).unwrap();
        assert_eq!(truth.values(), [1.0]);
    }
    let out = Array::out(ACL_FLOAT, &[1]);
    let wrong = run(|w, e| aclnnAmaxGetWorkspaceSize(x.handle(), dims.0, false, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnAmax", "out has shape [1]; [] is needed"), ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn variances_and_truths() {
    let cases = [(vec![5, 3, 7], vec![]), (vec![5, 3, 7], vec![1]), (vec![2, 300, 33], vec![-1, 0]), (vec![70, 1031], vec![0])];
    for (shape, dims) in cases {
        let kept = |d: &i64| !(dims.is_empty() || dims.contains(d) || dims.contains(&(d - shape.len() as i64)));
        let out_dims: Vec<i64> = (0..shape.len() as i64).filter(kept).map(|d| shape[d as usize]).collect();
        let array = Ints::new(&dims);
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            let (x, out) = (Array::new(dtype, &shape, noise(8).map(|v| v + 10.0)), Array::out(dtype, &out_dims));
            for unbiased in [false, true] {
                run(|w, e| aclnnVarGetWorkspaceSize(x.handle(), array.0, unbiased, false, out.handle(), w, e)).unwrap();
                let want = reference(&x, &shape, &dims, |g| {
                    let mean = g.iter().sum::<f64>() / g.len() as f64;
                    g.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (g.len() - unbiased as usize) as f64
                });
                // Squares of 10 in f64 leave 13 digits; rounded once to f32 and once to the dtype.
                let relative = if dtype == ACL_FLOAT { 1e-7 } else { 4e-3 };
                assert_close(&out.values(), &want, relative, 1e-9);
            }
        }
        for dtype in [ACL_FLOAT, ACL_INT64, ACL_BOOL] {
            // Zeros so rare, and others so rare, that both answers occur.
            for rare in [|v: f64| v > 0.9, |v: f64| v <= 0.9] {
                let x = Array::new(dtype, &shape, noise(9).map(move |v| rare(v) as u8 as f64));
                let out = Array::out(ACL_BOOL, &out_dims);
                run(|w, e| aclnnAllGetWorkspaceSize(x.handle(), array.0, false, out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), reference(&x, &shape, &dims, |g| g.iter().all(|&v| v != 0.0) as u8 as f64));
                run(|w, e| aclnnAnyGetWorkspaceSize(x.handle(), array.0, false, out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), reference(&x, &shape, &dims, |g| g.iter().any(|&v| v != 0.0) as u8 as f64));
            }
        }
    }
    // One number has no variance around itself; nothing is all true.
    let (one, none, dims) = (Array::new(ACL_FLOAT, &[1], [3.0]), Array::new(ACL_FLOAT, &[0], []), Ints::new(&[0]));
    let (out, truth) = (Array::out(ACL_FLOAT, &[]), Array::out(ACL_BOOL, &[]));
    run(|w, e| aclnnVarGetWorkspaceSize(one.handle(), dims.0, true, false, out.handle(), w, e)).unwrap();
    assert!(out.values()[0].is_nan());
    run(|w, e| aclnnAllGetWorkspaceSize(none.handle(), dims.0, false, truth.handle(), w, e)).unwrap();
    assert_eq!(truth.values(), [1.0]);
    run(|w, e| aclnnAnyGetWorkspaceSize(none.handle(), dims.0, false, truth.handle(), w, e)).unwrap();
    assert_eq!(truth.values(), [0.0]);
    let null = run(|w, e| aclnnAnyGetWorkspaceSize(one.handle(), std::ptr::null(), false, truth.handle(), w, e));
    assert_eq!(refusal(null, "aclnnAny", "dim is null"), ACLNN_ERR_PARAM_NULLPTR);
}

#[test]
fn norms_of_the_own_dtype() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 256.0)] {
        for order in [2.0, 1.0, 3.0, f32::INFINITY] {
            let (x, out) = (Array::new(dtype, &[3, 50, 2], noise(6)), Array::out(dtype, &[3, 1, 2]));
            let (ord, dims) = (Number::float(order), Ints::new(&[1]));
            run(|w, e| aclnnNormGetWorkspaceSize(x.handle(), ord.0, dims.0, true, out.handle(), w, e)).unwrap();
            let p = order as f64;
            let want = reference(&x, &[3, 50, 2], &[1], |g| match order {
                f32::INFINITY => g.iter().fold(0.0, |a: f64, b| a.max(b.abs())),
                _ => g.iter().map(|v| v.abs().powf(p)).sum::<f64>().powf(1.0 / p),
            });
            assert_close(&out.values(), &want, relative, 0.0);
        }
    }
    let (x, out) = (Array::new(ACL_FLOAT, &[2], [0.0; 2]), Array::out(ACL_BF16, &[]));
    let ord = Number::float(2.0);
    let wrong = run(|w, e| aclnnNormGetWorkspaceSize(x.handle(), ord.0, std::ptr::null(), false, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnNorm", "self makes it ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
}

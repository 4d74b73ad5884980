//! Against references that decode every index.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

const DTYPES: [aclDataType; 5] = [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8, ACL_BOOL];

/// A view with gaps: values 0, 1, 2, .. (0 and 1 for booleans).
pub(super) fn view(dtype: aclDataType, dims: [i64; 3]) -> Array {
    let [a, b, c] = dims;
    let modulus = if dtype == ACL_BOOL { 2 } else { 97 };
    let strides = [1, a * (c + 1) + 2, a];
    Array::strided(dtype, &dims, &strides, 1, 1 + b * strides[1] + a * c, (0..a * b * c).map(|i| (i % modulus) as f64))
}

/// Numbers in `0..below`.
pub(super) fn indices(dtype: aclDataType, shape: &[i64], below: i64, seed: u64) -> Array {
    Array::new(dtype, shape, noise(seed).map(|v| ((v + 1.0) / 2.0 * below as f64).floor()))
}

#[test]
fn slices_along_a_dim() {
    for dtype in DTYPES {
        // Rows that are moved whole (70), and single elements.
        for dims in [[5, 3, 70], [5, 300, 2], [1, 2, 3]] {
            let x = view(dtype, dims);
            let values = x.values();
            for (dim, index_type) in [(0i64, ACL_INT64), (1, ACL_INT32), (-1, ACL_INT64)] {
                let d = dim.rem_euclid(3) as usize;
                let index = indices(index_type, &[2, 4], dims[d], 3);
                let picks = index.values();
                let mut shape = dims.to_vec();
                shape.splice(d..d + 1, [2, 4]);
                let out = Array::out(dtype, &shape);
                run(|w, e| aclnnGatherV2GetWorkspaceSize(x.handle(), dim, index.handle(), out.handle(), w, e)).unwrap();
                let want = by_index(&shape, |at| {
                    let mut at = at.to_vec();
                    let place = picks[element(&[2, 4], &at[d..d + 2])];
                    at.splice(d..d + 2, [place as i64]);
                    values[element(&dims, &at)]
                });
                assert_eq!(out.values(), want);
                // Negative ones count from the end.
                let back = Array::new(index_type, &[2, 4], picks.iter().map(|pick| pick - dims[d] as f64));
                run(|w, e| aclnnGatherV2GetWorkspaceSize(x.handle(), dim, back.handle(), out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), want);
                let line = indices(index_type, &[8], dims[d], 3);
                shape.splice(d..d + 2, [8]);
                let flat = Array::out(dtype, &shape);
                run(|w, e| aclnnIndexSelectGetWorkspaceSize(x.handle(), dim, line.handle(), flat.handle(), w, e)).unwrap();
                assert_eq!(flat.values(), want);
            }
        }
    }
}

#[test]
fn vectors_of_indices() {
    for dtype in DTYPES {
        let dims = [5, 3, 66];
        let x = view(dtype, dims);
        let values = x.values();
        // All negative ones too, where they are supported.
        for (negative, low) in [(false, 0.0), (true, -3.0)] {
            let index = Array::new(ACL_INT64, &[4, 2], noise(7).map(|v| ((v + 1.0) / 2.0 * (3.0 - low) + low).floor()));
            let picks = index.values();
            let out = Array::out(dtype, &[4, 66]);
            run(|w, e| aclnnGatherNdGetWorkspaceSize(x.handle(), index.handle(), negative, out.handle(), w, e)).unwrap();
            let want = by_index(&[4, 66], |at| {
                let pick = |d: usize| (picks[at[0] as usize * 2 + d] as i64).rem_euclid([5, 3][d]);
                let pick = [pick(0), pick(1), at[1]];
                values[element(&dims, &pick)]
            });
            assert_eq!(out.values(), want);
        }
    }
}

#[test]
fn lists_of_indices() {
    for dtype in DTYPES {
        let dims = [5, 4, 70];
        let x = view(dtype, dims);
        let values = x.values();
        let all = Array::new(ACL_INT64, &[0], []);
        let rows = Array::new(ACL_INT64, &[3, 1], [4.0, -1.0, 0.0]);
        let cols = Array::new(ACL_INT32, &[2], [-4.0, 3.0]);
        let row = |i: i64| [4, 4, 0][i as usize];
        let col = |i: i64| [0, 3][i as usize];
        // Neighbours: in their place. Apart: in front.
        let index = |members: &[&Array], shape: &[i64], want: &dyn Fn(&[i64]) -> [i64; 3]| {
            let out = Array::out(dtype, shape);
            run(|w, e| aclnnIndexGetWorkspaceSize(x.handle(), list(members), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), by_index(shape, |at| values[element(&dims, &want(at))]), "{shape:?}");
        };
        index(&[&rows, &cols], &[3, 2, 70], &|i| [row(i[0]), col(i[1]), i[2]]);
        index(&[&all, &cols], &[5, 2, 70], &|i| [i[0], col(i[1]), i[2]]);
        index(&[&all, &cols, &rows], &[5, 3, 2], &|i| [i[0], col(i[2]), [4, 69, 0][i[1] as usize]]);
        index(&[&rows, &all, &cols], &[3, 2, 4], &|i| [row(i[0]), i[2], [66, 3][i[1] as usize]]);
        if dtype != ACL_BOOL {
            // Putting back what was taken leaves all as it was; adding it doubles what is named once, and row 4 is named twice.
            let taken = Array::out(dtype, &[3, 2, 70]);
            run(|w, e| aclnnIndexGetWorkspaceSize(x.handle(), list(&[&rows, &cols]), taken.handle(), w, e)).unwrap();
            let own = view(dtype, dims);
            let put = |accumulate, values: &Array| {
                let indices = list(&[&rows, &cols]);
                run(|w, e| aclnnIndexPutImplGetWorkspaceSize(own.handle(), indices, values.handle(), accumulate, false, w, e))
                    .unwrap()
            };
            put(false, &taken);
            assert_eq!(own.values(), values);
            let one = Array::new(dtype, &[1], [1.0]);
            put(true, &one);
            let named = |at: &[i64]| [0.0, 1.0, 2.0][[1, 0, 0, 0, 2][at[0] as usize] * (at[1] == 0 || at[1] == 3) as usize];
            assert_eq!(own.values(), by_index(&dims, |at| values[element(&dims, at)] + named(at)));
        }
    }
}

/// ops-nn's `aclnn_index_put_impl.cpp` returns before it looks at shapes where `selfRef` or `values` is empty.
#[test]
fn nothing_is_put() {
    let row = Array::new(ACL_INT64, &[2], [0.0, 1.0]);
    let mask = Array::new(ACL_BOOL, &[3], [1.0, 0.0, 1.0]);
    let put = |own: &Array, indices: &[&Array], values: &Array| {
        run(|w, e| aclnnIndexPutImplGetWorkspaceSize(own.handle(), list(indices), values.handle(), true, false, w, e))
    };
    let (own, empty) = (Array::new(ACL_FLOAT, &[3], [1.0, 2.0, 3.0]), Array::new(ACL_FLOAT, &[0], []));
    let one = Array::new(ACL_FLOAT, &[1], [9.0]);
    for index in [&row, &mask] {
        put(&own, &[index], &empty).unwrap();
        put(&empty, &[index], &one).unwrap();
    }
    assert_eq!(own.values(), [1.0, 2.0, 3.0]);
    // What is checked is checked all the same.
    let floats = Array::new(ACL_FLOAT, &[2], [0.0, 1.0]);
    for (indices, what) in [(&[&row, &row][..], "indices has 2 tensors; selfRef is 1-D"), (&[&floats], "indices is ACL_FLOAT")] {
        assert_eq!(refusal(put(&own, indices, &empty), "aclnnIndexPutImpl", what), ACLNN_ERR_PARAM_INVALID);
    }
}

#[test]
fn masked_places_get_one_element_after_the_other() {
    for dtype in DTYPES {
        let dims = [3, 500, 2];
        for mask in [&[500, 1][..], &[3, 500, 2], &[1]] {
            let own = view(dtype, dims);
            let old = own.values();
            let n = mask.iter().product::<i64>();
            let flags = Array::new(ACL_BOOL, mask, (0..n).map(|i| (i % 3 == 0) as u8 as f64));
            let source = Array::new(dtype, &[2, 1600], (0..3200).map(|i| (i % 5 == 0) as u8 as f64));
            run(|w, e| aclnnInplaceMaskedScatterGetWorkspaceSize(own.handle(), flags.handle(), source.handle(), w, e)).unwrap();
            let (flags, mut given) = (flags.values(), source.values().into_iter());
            let want = by_index(&dims, |at| {
                let place: Vec<i64> = at[3 - mask.len()..].iter().zip(mask).map(|(i, n)| if *n == 1 { 0 } else { *i }).collect();
                if flags[element(mask, &place)] != 0.0 { given.next().unwrap() } else { old[element(&dims, at)] }
            });
            assert_eq!(own.values(), want);
        }
    }
    let (own, mask) = (Array::new(ACL_FLOAT, &[2], [1.0, 2.0]), Array::new(ACL_BOOL, &[2, 2], [1.0; 4]));
    let wrong = run(|w, e| aclnnInplaceMaskedScatterGetWorkspaceSize(own.handle(), mask.handle(), own.handle(), w, e));
    let what = "mask has shape [2, 2], which does not broadcast to selfRef's [2]";
    assert_eq!(refusal(wrong, "aclnnInplaceMaskedScatter", what), ACLNN_ERR_PARAM_INVALID);
}

#[test]
#[should_panic(expected = "aclnnInplaceMaskedScatter: source has 1 elements; mask names more places")]
fn masked_places_without_an_element() {
    let (own, mask) = (Array::new(ACL_FLOAT, &[2], [1.0, 2.0]), Array::new(ACL_BOOL, &[2], [1.0; 2]));
    let source = Array::new(ACL_FLOAT, &[1], [9.0]);
    run(|w, e| aclnnInplaceMaskedScatterGetWorkspaceSize(own.handle(), mask.handle(), source.handle(), w, e)).unwrap();
}

/// The shape that a descriptor has now.
fn shape_of(array: &Array) -> Vec<usize> {
    crate::nn::resolve_tensor(array.handle(), "", "").expect("a tensor").dims.to_vec()
}

#[test]
fn what_is_found_makes_the_shape() {
    for dtype in DTYPES {
        let dims = [3, 500, 2];
        let x = view(dtype, dims);
        let values = x.values();
        let mask = Array::new(ACL_BOOL, &[500, 1], (0..500).map(|i| (i % 3 == 0) as u8 as f64));
        let out = Array::out(dtype, &[3000]);
        run(|w, e| aclnnMaskedSelectGetWorkspaceSize(x.handle(), mask.handle(), out.handle(), w, e)).unwrap();
        let want: Vec<f64> = (0..3000).filter(|i| i / 2 % 500 % 3 == 0).map(|i| values[i]).collect();
        assert_eq!(shape_of(&out), [want.len()]);
        assert_eq!(out.values()[..want.len()], want);
        let places: Vec<usize> = (0..3000).filter(|&i| values[i] != 0.0).collect();
        let index = |i: usize, d: usize| [i / 1000, i / 2 % 500, i % 2][d] as f64;
        // Room for all, or for what is found.
        let (rows, columns) = (Array::out(ACL_INT64, &[3000, 3]), Array::out(ACL_INT64, &[3, places.len() as i64]));
        run(|w, e| aclnnNonzeroGetWorkspaceSize(x.handle(), rows.handle(), w, e)).unwrap();
        run(|w, e| aclnnNonzeroV2GetWorkspaceSize(x.handle(), columns.handle(), w, e)).unwrap();
        let n = places.len();
        assert_eq!((shape_of(&rows), shape_of(&columns)), (vec![n, 3], vec![3, n]));
        let by_row: Vec<f64> = places.iter().flat_map(|&i| (0..3).map(move |d| index(i, d))).collect();
        let by_column: Vec<f64> = (0..3).flat_map(|d| places.iter().map(move |&i| index(i, d))).collect();
        assert_eq!((&rows.values()[..3 * n], &columns.values()[..3 * n]), (&by_row[..], &by_column[..]));
    }
}

#[test]
fn repeats_and_one_hot() {
    for dtype in DTYPES {
        let x = view(dtype, [3, 4, 5]);
        let values = x.values();
        let out = Array::out(dtype, &[180]);
        run(|w, e| aclnnRepeatInterleaveIntGetWorkspaceSize(x.handle(), 3, 180, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), by_index(&[180], |i| values[i[0] as usize / 3]));
        let times = indices(ACL_INT64, &[60], 4, 9);
        let want: Vec<f64> = values.iter().zip(times.values()).flat_map(|(&v, n)| std::iter::repeat_n(v, n as usize)).collect();
        let out = Array::out(dtype, &[want.len() as i64]);
        let repeat = |times: &Array, out: &Array, n: usize| {
            run(|w, e| aclnnRepeatInterleaveGetWorkspaceSize(x.handle(), times.handle(), n as i64, out.handle(), w, e)).unwrap()
        };
        repeat(&times, &out, want.len());
        assert_eq!(out.values(), want);
        let (twice, out) = (Array::new(ACL_INT32, &[1], [2.0]), Array::out(dtype, &[120]));
        repeat(&twice, &out, 120);
        assert_eq!(out.values(), by_index(&[120], |i| values[i[0] as usize / 2]));
    }
    for dtype in [ACL_FLOAT, ACL_INT64, ACL_UINT8] {
        let classes = Array::new(ACL_INT32, &[2, 3], [0.0, 4.0, 2.0, 5.0, -1.0, 1.0]);
        let (on, off) = (Array::new(dtype, &[1], [9.0]), Array::new(dtype, &[1], [2.0]));
        for (axis, shape, d) in [(-1, [2, 3, 5], 2), (0, [5, 2, 3], 0), (1, [2, 5, 3], 1)] {
            let out = Array::out(dtype, &shape);
            let (x, y) = (on.handle(), off.handle());
            run(|w, e| aclnnOneHotGetWorkspaceSize(classes.handle(), 5, x, y, axis, out.handle(), w, e)).unwrap();
            let want = by_index(&shape, |at| {
                let mut at = at.to_vec();
                let class = at.remove(d);
                if classes.values()[element(&[2, 3], &at)] == class as f64 { 9.0 } else { 2.0 }
            });
            assert_eq!(out.values(), want);
        }
    }
}

#[test]
#[should_panic(expected = "aclnnIndexSelect: index holds -1, but dim 0 of self has 2 elements")]
fn an_index_outside_is_named() {
    let (x, index, out) = (Array::out(ACL_FLOAT, &[2, 3]), Array::new(ACL_INT64, &[1], [-1.0]), Array::out(ACL_FLOAT, &[1, 3]));
    run(|w, e| aclnnIndexSelectGetWorkspaceSize(x.handle(), 0, index.handle(), out.handle(), w, e)).unwrap();
}

#[test]
#[should_panic(expected = "aclnnRepeatInterleave: repeats make 2 elements; outputSize is 3")]
fn repeats_that_make_another_size_fail() {
    let (x, times, out) = (Array::out(ACL_FLOAT, &[2]), Array::new(ACL_INT64, &[2], [1.0; 2]), Array::out(ACL_FLOAT, &[3]));
    run(|w, e| aclnnRepeatInterleaveGetWorkspaceSize(x.handle(), times.handle(), 3, out.handle(), w, e)).unwrap();
}

#[test]
fn refusals_name_what_does_not_fit() {
    let (x, flags) = (Array::out(ACL_FLOAT, &[2, 3]), Array::out(ACL_BOOL, &[2, 3]));
    let index = Array::new(ACL_INT64, &[2, 3], [0.0; 6]);
    let scatter = |dim, index: &Array, src: &Array, reduce| {
        run(|w, e| aclnnInplaceScatterGetWorkspaceSize(x.handle(), dim, index.handle(), src.handle(), reduce, w, e))
    };
    for (outcome, what) in [
        (scatter(0, &index, &x, 3), "reduce is 3"),
        (scatter(2, &index, &x, 0), "dim is 2"),
        (scatter(0, &x, &x, 0), "index is ACL_FLOAT"),
        (scatter(0, &index, &flags, 0), "src is ACL_BOOL"),
        (scatter(0, &Array::new(ACL_INT64, &[2, 4], [0.0; 8]), &x, 0), "does not fit in selfRef's [2, 3]"),
        (scatter(0, &Array::new(ACL_INT64, &[3, 3], [0.0; 9]), &x, 0), "does not fit in src's [2, 3]"),
    ] {
        assert_eq!(refusal(outcome, "aclnnInplaceScatter", what), ACLNN_ERR_PARAM_INVALID);
    }
    let masked = run(|w, e| aclnnIndexGetWorkspaceSize(x.handle(), list(&[&flags]), x.handle(), w, e));
    assert_eq!(refusal(masked, "aclnnIndex", "holds a mask"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let (line, half) = (Array::new(ACL_INT64, &[2], [0.0; 2]), Number::float(0.5));
    let ints = Array::out(ACL_INT32, &[2, 3]);
    let add =
        run(|w, e| aclnnIndexAddGetWorkspaceSize(ints.handle(), 0, line.handle(), ints.handle(), half.0, ints.handle(), w, e));
    assert_eq!(refusal(add, "aclnnIndexAdd", "alpha is Float(0.5)"), ACLNN_ERR_PARAM_INVALID);
    let found = run(|w, e| aclnnNonzeroGetWorkspaceSize(x.handle(), x.handle(), w, e));
    assert_eq!(refusal(found, "aclnnNonzero", "out is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    let select = run(|w, e| aclnnIndexSelectGetWorkspaceSize(x.handle(), 0, index.handle(), x.handle(), w, e));
    assert_eq!(refusal(select, "aclnnIndexSelect", "index is 2-D"), ACLNN_ERR_PARAM_INVALID);
}

/// The operation fails on the device: only there is known what is found.
#[test]
#[should_panic(expected = "aclnnNonzeroV2: out has 2 elements; 6 indices are found")]
fn what_is_found_must_fit() {
    let (x, out) = (Array::new(ACL_FLOAT, &[2, 2], [1.0, 0.0, 2.0, 3.0]), Array::out(ACL_INT64, &[2, 1]));
    let _ = run(|w, e| aclnnNonzeroV2GetWorkspaceSize(x.handle(), out.handle(), w, e));
}

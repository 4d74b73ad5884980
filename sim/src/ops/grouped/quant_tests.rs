//! Quantised grouped products, and weights in FRACTAL_NZ, against sums by element.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

/// Integers in `low..=high`.
fn integers(seed: u64, low: f64, high: f64) -> impl Iterator<Item = f64> {
    noise(seed).map(move |v| low + ((v + 1.0) / 2.0 * (high - low + 1.0)).floor())
}

/// How the weights of the groups lie.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lies {
    RowMajor,
    /// As [e, n, k], given transposed.
    Turned,
    /// A tensor of each group.
    Apart,
    Nz,
}

const E: usize = 4;
const K: usize = 20;
const N: usize = 40;
const T: usize = 9;
/// The third group has no rows, and the last row no group.
const COUNTS: [f64; E] = [3.0, 4.0, 0.0, 1.0];

fn group_of(row: usize) -> Option<usize> {
    [0, 0, 0, 1, 1, 1, 1, 3].get(row).copied()
}

/// Weights `[e, k, n]` of a dtype that is as wide as `size`, of the values of `ints`.
fn weights(dtype: aclDataType, lies: Lies, values: &[f64]) -> Vec<Array> {
    let dims = [E as i64, K as i64, N as i64];
    match lies {
        Lies::RowMajor => vec![Array::new(dtype, &dims, values.iter().copied())],
        Lies::Apart => values.chunks(K * N).map(|own| Array::new(dtype, &dims[1..], own.iter().copied())).collect(),
        Lies::Turned => {
            let array =
                Array::strided(dtype, &dims, &[(K * N) as i64, 1, K as i64], 0, (E * K * N) as i64, values.iter().copied());
            vec![array]
        }
        Lies::Nz => {
            let plain = Array::new(dtype, &dims, values.iter().copied());
            let (size, bytes) = (dtype.size(), plain.bytes());
            let c0 = 32 / size;
            let storage = [E, N.div_ceil(c0), K.div_ceil(16), 16, c0].map(|dim| dim as i64);
            let mut to = vec![0u8; storage.iter().product::<i64>() as usize * size];
            for e in 0..E {
                for r in 0..K {
                    for c in 0..N {
                        let at = element(&storage, &[e, c / c0, r / 16, r % 16, c % c0].map(|i| i as i64)) * size;
                        let from = ((e * K + r) * N + c) * size;
                        to[at..at + size].copy_from_slice(&bytes[from..from + size]);
                    }
                }
            }
            vec![Array::described(dtype, &dims, None, ACL_FORMAT_FRACTAL_NZ, &storage, &to)]
        }
    }
}

/// Vectors of columns, `[e, n]` or one of each group.
fn columns(dtype: aclDataType, lies: Lies, values: impl Iterator<Item = f64>) -> (Vec<Array>, Vec<f64>) {
    let whole = Array::new(dtype, &[E as i64, N as i64], values);
    let values = whole.values();
    if lies == Lies::Apart {
        let own = values.chunks(N).map(|own| Array::new(dtype, &[N as i64], own.iter().copied())).collect();
        return (own, values);
    }
    (vec![whole], values)
}

fn all(arrays: &[Array]) -> *mut aclTensorList {
    if arrays.is_empty() { no_list() } else { list(&arrays.iter().collect::<Vec<_>>()) }
}

/// The lists `bias, scale, offset, antiquantScale, antiquantOffset, perTokenScale`.
fn call(lies: Lies, x: &Array, w: &[Array], lists: [*mut aclTensorList; 6], out: &Array) -> Outcome {
    let groups = Array::new(ACL_INT64, &[E as i64], COUNTS);
    let no = no_list();
    let [bias, scale, offset, anti, anti_offset, per_token] = lists;
    let (x, w, g, y) = (list(&[x]), all(w), groups.handle().cast_const(), list(&[out]));
    run(|ws, e| match lies {
        Lies::Nz => aclnnGroupedMatmulWeightNzGetWorkspaceSize(
            x,
            w,
            bias,
            scale,
            offset,
            anti,
            anti_offset,
            per_token,
            g,
            no,
            no,
            no,
            3,
            0,
            1,
            0,
            std::ptr::null_mut(),
            0,
            y,
            no,
            no,
            ws,
            e,
        ),
        _ => aclnnGroupedMatmulV5GetWorkspaceSize(
            x,
            w,
            bias,
            scale,
            offset,
            anti,
            anti_offset,
            per_token,
            g,
            no,
            no,
            no,
            3,
            0,
            1,
            0,
            std::ptr::null_mut(),
            y,
            no,
            no,
            ws,
            e,
        ),
    })
}

/// `value(row, group, column)` for rows that have a group, 7 for the others.
fn want(value: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
    (0..T * N).map(|at| group_of(at / N).map_or(7.0, |g| value(at / N, g, at % N))).collect()
}

fn tolerance(dtype: aclDataType) -> f64 {
    match dtype {
        ACL_BF16 => 4e-3,
        ACL_FLOAT16 => 5e-4,
        _ => 0.0,
    }
}

#[test]
fn int8_by_int8_with_every_output() {
    let ws: Vec<f64> = integers(1, -128.0, 127.0).take(E * K * N).collect();
    let x = Array::new(ACL_INT8, &[T as i64, K as i64], integers(2, -128.0, 127.0));
    let xs = x.values();
    let sum = |row: usize, g: usize, c: usize| (0..K).map(|i| xs[row * K + i] * ws[(g * K + i) * N + c]).sum::<f64>();
    let rows = Array::new(ACL_FLOAT, &[T as i64], integers(3, 1.0, 9.0).map(|v| v / 8.0));
    let row = rows.values();
    for lies in [Lies::RowMajor, Lies::Turned, Lies::Apart, Lies::Nz] {
        let w = weights(ACL_INT8, lies, &ws);
        for with_bias in [false, true] {
            let (bias, bs) = columns(ACL_INT32, lies, integers(4, -5000.0, 5000.0));
            let biased = |r, g, c| sum(r, g, c) + if with_bias { bs[g * N + c] } else { 0.0 };
            let bias = if with_bias { bias } else { Vec::new() };
            let no = no_list();
            let out = Array::out(ACL_INT32, &[T as i64, N as i64]);
            call(lies, &x, &w, [all(&bias), no, no, no, no, no], &out).unwrap();
            assert_eq!(out.values(), want(biased), "{lies:?}");
            for (scale_dtype, dtype) in [(ACL_BF16, ACL_BF16), (ACL_FLOAT, ACL_FLOAT16)] {
                let (scale, ss) = columns(scale_dtype, lies, integers(5, 1.0, 31.0).map(|v| v / 4096.0));
                for per_token in [false, true] {
                    let out = Array::out(dtype, &[T as i64, N as i64]);
                    let rows = if per_token { list(&[&rows]) } else { no };
                    call(lies, &x, &w, [all(&bias), all(&scale), no, no, no, rows], &out).unwrap();
                    let of = |r: usize, g, c| biased(r, g, c) * ss[g * N + c] * if per_token { row[r] } else { 1.0 };
                    assert_close(&out.values(), &want(of), tolerance(dtype), 1e-6);
                }
            }
            // A factor as the cube takes it: the float's bits, and one that marks it; no offset.
            let code = |v: f64| ((v / 4096.0) as f32).to_bits() as f64 + 2f64.powi(46);
            let factors: Vec<f64> = integers(6, 1.0, 31.0).take(E * N).collect();
            let (scale, _) = columns(ACL_UINT64, lies, factors.iter().map(|&v| code(v)));
            let out = Array::out(ACL_INT8, &[T as i64, N as i64]);
            call(lies, &x, &w, [all(&bias), all(&scale), no, no, no, no], &out).unwrap();
            let of = |r, g, c| {
                let value: f64 = biased(r, g, c) * factors[g * N + c] / 4096.0;
                value.round_ties_even().clamp(-128.0, 127.0)
            };
            assert_eq!(out.values(), want(of));
        }
    }
}

#[test]
fn floats_by_int8() {
    let ws: Vec<f64> = integers(1, -128.0, 127.0).take(E * K * N).collect();
    for (dtype, bias_dtype) in [(ACL_BF16, ACL_FLOAT), (ACL_FLOAT16, ACL_FLOAT16)] {
        let x = Array::new(dtype, &[T as i64, K as i64], noise(2));
        let xs = x.values();
        for lies in [Lies::RowMajor, Lies::Turned, Lies::Apart] {
            let w = weights(ACL_INT8, lies, &ws);
            // Powers of two and small integers, so that no weight is rounded.
            let (scale, ss) = columns(dtype, lies, integers(3, 4.0, 7.0).map(|v| 2f64.powf(-v)));
            let (offset, os) = columns(dtype, lies, integers(4, -7.0, 7.0));
            let (bias, bs) = columns(bias_dtype, lies, noise(5));
            let out = Array::out(dtype, &[T as i64, N as i64]);
            let no = no_list();
            call(lies, &x, &w, [all(&bias), no, no, all(&scale), all(&offset), no], &out).unwrap();
            let of = |r: usize, g: usize, c: usize| {
                let column = g * N + c;
                let weight = |i: usize| (ws[(g * K + i) * N + c] + os[column]) * ss[column];
                (0..K).map(|i| xs[r * K + i] * weight(i)).sum::<f64>() + bs[column]
            };
            assert_close(&out.values(), &want(of), tolerance(dtype), 1e-4);
        }
    }
}

#[test]
fn floats_in_fractals() {
    for dtype in [ACL_BF16, ACL_FLOAT16] {
        let whole = Array::new(dtype, &[E as i64, K as i64, N as i64], noise(1));
        let ws = whole.values();
        let w = weights(dtype, Lies::Nz, &ws);
        let x = Array::new(dtype, &[T as i64, K as i64], noise(2));
        let (xs, out, no) = (x.values(), Array::out(dtype, &[T as i64, N as i64]), no_list());
        call(Lies::Nz, &x, &w, [no; 6], &out).unwrap();
        let of = |r: usize, g: usize, c: usize| (0..K).map(|i| xs[r * K + i] * ws[(g * K + i) * N + c]).sum::<f64>();
        assert_close(&out.values(), &want(of), tolerance(dtype), 1e-5);
    }
}

#[test]
fn what_goes_together_is_checked() {
    const NAME: &str = "aclnnGroupedMatmulV5";
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, integers(1, 0.0, 1.0));
    let (t, k, n, e) = (T as i64, K as i64, N as i64, E as i64);
    let (x, w) = (of(ACL_INT8, &[t, k]), [of(ACL_INT8, &[e, k, n])]);
    let (half, out) = (of(ACL_BF16, &[t, k]), of(ACL_BF16, &[t, n]));
    let scale = of(ACL_BF16, &[e, n]);
    let no = no_list();
    let one = |array: &Array| list(&[array]);
    let invalid = |lists: [*mut aclTensorList; 6], x: &Array, out: &Array, what: &str| {
        assert_eq!(refusal(call(Lies::RowMajor, x, &w, lists, out), NAME, what), ACLNN_ERR_PARAM_INVALID);
    };
    invalid([no; 6], &x, &out, "scaleOptional is null or empty");
    invalid([no, one(&of(ACL_FLOAT, &[e, n])), no, no, no, no], &x, &out, "scaleOptional is ACL_FLOAT");
    invalid([no, one(&of(ACL_BF16, &[n])), no, no, no, no], &x, &out, "scaleOptional has shape [40]");
    invalid([no, one(&scale), one(&scale), no, no, no], &x, &out, "offsetOptional is given");
    invalid([no, one(&scale), no, one(&scale), no, no], &x, &out, "antiquantScaleOptional is given");
    invalid([no, one(&scale), no, no, no, one(&of(ACL_FLOAT, &[e]))], &x, &out, "perTokenScaleOptional has shape [4]");
    invalid([one(&scale), one(&scale), no, no, no, no], &x, &out, "biasOptional is ACL_BF16");
    invalid([no, one(&scale), no, no, no, no], &x, &of(ACL_INT32, &[t, n]), "scaleOptional is given with an output of int32");
    invalid([no, one(&scale), no, no, no, no], &of(ACL_INT8, &[t, k + 1]), &out, "x[0] has 21 columns");
    invalid([no, no, no, one(&scale), no, no], &half, &out, "antiquantOffsetOptional is null or empty");
    invalid([no, one(&scale), no, one(&scale), one(&scale), no], &half, &out, "scaleOptional is given");
    let floats = [of(ACL_BF16, &[e, k, n])];
    let mixed = call(Lies::RowMajor, &half, &floats, [no, one(&scale), no, no, no, no], &out);
    assert_eq!(refusal(mixed, NAME, "scaleOptional is given with an x and a weight of floats"), ACLNN_ERR_PARAM_INVALID);
    let row_major = call(Lies::Nz, &half, &floats, [no; 6], &out);
    assert_eq!(refusal(row_major, "aclnnGroupedMatmulWeightNz", "weight[0] is row-major"), ACLNN_ERR_PARAM_INVALID);
    let wide = call(Lies::RowMajor, &of(ACL_INT8, &[t, k]), &[of(ACL_INT32, &[e, k, n])], [no; 6], &out);
    assert_eq!(refusal(wide, NAME, "x is ACL_INT8; the simulator takes floats"), ACL_ERROR_FEATURE_UNSUPPORTED);
}

/// Weights `[E, k, n]` of int8 in their fractals: as those, or by the dims of the matrices.
fn fractals(values: &[f64], k: usize, n: usize, by_fractals: bool) -> Array {
    let storage = [E, n.div_ceil(32), k.div_ceil(16), 16, 32].map(|dim| dim as i64);
    let mut bytes = vec![0u8; storage.iter().product::<i64>() as usize];
    for (i, value) in values.iter().enumerate() {
        let (e, r, c) = (i / (k * n), i / n % k, i % n);
        bytes[element(&storage, &[e, c / 32, r / 16, r % 16, c % 32].map(|i| i as i64))] = *value as i8 as u8;
    }
    let matrices = [E, k, n].map(|dim| dim as i64);
    let dims = if by_fractals { &storage[..] } else { &matrices };
    Array::described(ACL_INT8, dims, None, ACL_FORMAT_FRACTAL_NZ, &storage, &bytes)
}

/// `x, weight, weightScale, xScale, groupList, output, outputScale`
fn swiglu([x, w, scale, x_scale, ends, out, out_scale]: [&Array; 7]) -> Outcome {
    run(|ws, e| {
        let [x, w, scale, x_scale, ends] = [x, w, scale, x_scale, ends].map(|t| t.handle().cast_const());
        let (out, out_scale, no) = (out.handle(), out_scale.handle(), nothing());
        aclnnGroupedMatmulSwigluQuantGetWorkspaceSize(x, w, no, no, scale, x_scale, ends, out, out_scale, no.cast_mut(), ws, e)
    })
}

/// {e, n / 32, k / 16, 16, 32} is what `CheckInputOutDims_A8W8` and `weightNZExpectShape` of hicann/ops-transformer want of a
/// descriptor that says FRACTAL_NZ. One that `aclnnTransMatmulWeight` has turned keeps the matrices' dims.
#[test]
fn gated_rows_become_int8_again() {
    let cases = [(ACL_FLOAT, 20, 40, false), (ACL_BF16, 32, 64, false), (ACL_FLOAT16, 32, 64, true), (ACL_FLOAT, 48, 96, true)];
    for (scale_dtype, k, n, by_fractals) in cases {
        let half = n / 2;
        let ws: Vec<f64> = integers(1, -128.0, 127.0).take(E * k * n).collect();
        let x = Array::new(ACL_INT8, &[T as i64, k as i64], integers(2, -128.0, 127.0));
        let x_scale = Array::new(ACL_FLOAT, &[T as i64], integers(3, 1.0, 9.0).map(|v| v / 256.0));
        let ends = Array::new(ACL_INT64, &[E as i64], [3.0, 7.0, 7.0, 8.0]);
        let w = fractals(&ws, k, n, by_fractals);
        let scale = Array::new(scale_dtype, &[E as i64, n as i64], integers(5, 1.0, 31.0).map(|v| v / 4096.0));
        let (out, out_scale) = (Array::out(ACL_INT8, &[T as i64, half as i64]), Array::out(ACL_FLOAT, &[T as i64]));
        swiglu([&x, &w, &scale, &x_scale, &ends, &out, &out_scale]).unwrap();
        let (xs, ss, rows) = (x.values(), scale.values(), x_scale.values());
        let (got, scales) = (out.values(), out_scale.values());
        for row in 0..T {
            let Some(g) = group_of(row) else {
                assert_eq!((&got[row * half..], scales[row]), (&vec![7.0; half][..], 7.0));
                continue;
            };
            let c = |c: usize| {
                let sum: f64 = (0..k).map(|i| xs[row * k + i] * ws[(g * k + i) * n + c]).sum();
                sum * ss[g * n + c] * rows[row]
            };
            let gated: Vec<f64> = (0..half).map(|j| c(j) / (1.0 + (-c(j)).exp()) * c(half + j)).collect();
            let largest = gated.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
            assert_close(&[scales[row]], &[largest / 127.0], 1e-5, 0.0);
            for (j, v) in gated.iter().enumerate() {
                let steps = v / (largest / 127.0);
                assert!((got[row * half + j] - steps).abs() <= 0.501, "row {row}, {j}: {} of {steps}", got[row * half + j]);
            }
        }
        // As `CheckFormat` has it, and the shapes of whole fractals.
        let plain = Array::new(ACL_INT8, &[E as i64, k as i64, n as i64], ws.iter().copied());
        let outcome = swiglu([&x, &plain, &scale, &x_scale, &ends, &out, &out_scale]);
        let name = "aclnnGroupedMatmulSwigluQuant";
        assert_eq!(refusal(outcome, name, "weight is row-major; FRACTAL_NZ is needed"), ACLNN_ERR_PARAM_INVALID);
        let short = Array::out(ACL_INT8, &[T as i64, k as i64 - 1]);
        let outcome = swiglu([&short, &w, &scale, &x_scale, &ends, &out, &out_scale]);
        assert_eq!(refusal(outcome, name, &format!("weight has {k} rows")), ACLNN_ERR_PARAM_INVALID);
    }
}

/// No other operator takes the fractals' dims for those of matrices: theirs are five here, not two.
#[test]
fn a_product_takes_a_matrix_by_its_own_dims() {
    let w = Array::described(ACL_BF16, &[1, 1, 16, 16], None, ACL_FORMAT_FRACTAL_NZ, &[1, 1, 16, 16], &[0; 512]);
    let (a, out) = (Array::out(ACL_BF16, &[16, 16]), Array::out(ACL_BF16, &[16, 16]));
    let outcome = run(|ws, e| crate::ops::matmul::aclnnMmGetWorkspaceSize(a.handle(), w.handle(), out.handle(), 0, ws, e));
    assert_eq!(refusal(outcome, "aclnnMm", "mat2 has storage dims"), ACLNN_ERR_PARAM_INVALID);
}

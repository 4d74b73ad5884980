//! Quantised products against sums of integers, one element at a time.

use ascend_rl_sys::codes::*;
use half::{bf16, f16};

use super::*;
use crate::ops::testing::*;

/// Integers in `low..=high`.
fn integers(seed: u64, low: f64, high: f64) -> impl Iterator<Item = f64> {
    noise(seed).map(move |v| low + ((v + 1.0) / 2.0 * (high - low + 1.0)).floor())
}

/// The code of a factor and an offset, put together from the documentation's text.
fn code(scale: f32, offset: i64) -> f64 {
    let scale = (scale.to_bits() >> 13 << 13) as u64;
    (scale + (1 << 46) + ((offset + 512) as u64 % 512) * (1 << 37)) as f64
}

/// What a code means: the factor and the offset.
fn meaning(code: f64) -> (f64, f64) {
    let code = code as u64;
    let offset = (code / (1 << 37) % 512) as f64;
    (f32::from_bits((code % (1 << 32)) as u32) as f64, if offset >= 256.0 { offset - 512.0 } else { offset })
}

fn tolerance(dtype: aclDataType) -> f64 {
    match dtype {
        ACL_BF16 => 4e-3,
        ACL_FLOAT16 => 5e-4,
        _ => 0.0,
    }
}

/// A matrix of int4, row-major, two to a byte or eight to an int32: the same memory either way.
fn int4(dtype: aclDataType, rows: i64, cols: i64, values: &[f64]) -> Array {
    let half = |v: f64| (v as i64 & 15) as u8;
    let bytes: Vec<u8> = values.chunks(2).map(|pair| half(pair[0]) | half(pair[1]) << 4).collect();
    let cols = if dtype == ACL_INT32 { cols / 8 } else { cols };
    Array::described(dtype, &[rows, cols], None, ACL_FORMAT_ND, &[rows, cols], &bytes)
}

struct Case {
    m: usize,
    k: usize,
    n: usize,
    scale: aclDataType,
    per_column: bool,
    bias: Option<aclDataType>,
    pertoken: bool,
    offset: bool,
    out: aclDataType,
}

const PLAIN: Case = Case {
    m: 5,
    k: 40,
    n: 24,
    scale: ACL_UINT64,
    per_column: true,
    bias: None,
    pertoken: false,
    offset: false,
    out: ACL_FLOAT16,
};

impl Case {
    fn scale(&self) -> Array {
        let n = if self.per_column { self.n } else { 1 };
        // Few bits, so that the numbers are exact and there are ties.
        let values = integers(11, 1.0, 31.0).map(|v| v / 4096.0);
        match self.scale {
            ACL_UINT64 | ACL_INT64 => {
                let offsets = integers(12, -300.0, 300.0).map(|v| v.clamp(-256.0, 255.0) as i64);
                Array::new(self.scale, &[n as i64], values.zip(offsets).map(|(v, o)| code(v as f32, o)))
            }
            dtype => Array::new(dtype, &[n as i64], values),
        }
    }

    /// The result by element, of operands that are row-major, `[m, k]` and `[k, n]`.
    fn want(&self, a: &[f64], b: &[f64], scale: &Array, bias: Option<&Array>, pertoken: &Array, offset: &Array) -> Vec<f64> {
        let (scales, offsets) = (scale.values(), offset.values());
        let pick = |values: &[f64], j: usize| if values.len() == 1 { values[0] } else { values[j] };
        let mut out = Vec::new();
        for i in 0..self.m {
            for j in 0..self.n {
                let mut sum = 0.0;
                for t in 0..self.k {
                    sum += a[i * self.k + t] * b[t * self.n + j];
                }
                let bias = bias.map(|bias| (bias.values()[j], self.bias == Some(ACL_INT32)));
                if let Some((bias, true)) = bias {
                    sum += bias;
                }
                if self.out == ACL_INT32 {
                    out.push(sum);
                    continue;
                }
                let scale = pick(&scales, j);
                let (factor, own) =
                    if self.scale == ACL_UINT64 || self.scale == ACL_INT64 { meaning(scale) } else { (scale, 0.0) };
                let mut value = sum * factor;
                if self.out == ACL_INT8 {
                    let offset = if self.offset { pick(&offsets, j).round_ties_even().clamp(-256.0, 255.0) } else { own };
                    value = value.round_ties_even().clamp(-256.0, 255.0) + offset;
                    out.push(value.clamp(-128.0, 127.0));
                    continue;
                }
                if self.pertoken {
                    value *= pertoken.values()[i];
                }
                if let Some((bias, false)) = bias {
                    value += bias;
                }
                out.push(value);
            }
        }
        out
    }

    fn check(&self) {
        let (m, k, n) = (self.m as i64, self.k as i64, self.n as i64);
        let scale = self.scale();
        let bias = self.bias.map(|dtype| {
            let size = if dtype == ACL_INT32 { 5000.0 } else { 30.0 };
            Array::new(dtype, &[n], integers(13, -size, size))
        });
        let pertoken = Array::new(ACL_FLOAT, &[m], integers(14, 1.0, 9.0).map(|v| v / 8.0));
        let offset = Array::new(ACL_FLOAT, &[n], integers(15, -600.0, 600.0).map(|v| v / 2.0));
        let given = |array: &Array, there: bool| if there { array.handle().cast_const() } else { nothing() };
        for turned in 0..4 {
            let [turn1, turn2] = [turned & 1 != 0, turned & 2 != 0];
            let of = |rows: i64, cols: i64, turn: bool, seed| {
                let dims = if turn { [cols, rows] } else { [rows, cols] };
                Array::new(ACL_INT8, &dims, integers(seed, -128.0, 127.0))
            };
            let (x1, x2) = (of(m, k, turn1, 1), of(k, n, turn2, 2));
            let flat = |x: &Array, rows: i64, cols: i64, turn: bool| {
                let values = x.values();
                by_index(&[rows, cols], |i| {
                    if turn { values[element(&[cols, rows], &[i[1], i[0]])] } else { values[element(&[rows, cols], i)] }
                })
            };
            let (a, b) = (flat(&x1, m, k, turn1), flat(&x2, k, n, turn2));
            let want = self.want(&a, &b, &scale, bias.as_ref(), &pertoken, &offset);
            let relative = tolerance(self.out);
            let [x1, x2, scale, bias, offset, pertoken] = [
                x1.handle().cast_const(),
                x2.handle().cast_const(),
                scale.handle().cast_const(),
                bias.as_ref().map_or(nothing(), |bias| bias.handle().cast_const()),
                given(&offset, self.offset),
                given(&pertoken, self.pertoken),
            ];
            for version in 3..=5 {
                let out = Array::out(self.out, &[m, n]);
                let to = out.handle();
                let done = run(|ws, e| match version {
                    3 if self.pertoken => {
                        aclnnQuantMatmulV4GetWorkspaceSize(x1, x2, scale, offset, pertoken, bias, turn1, turn2, to, ws, e)
                    }
                    3 => aclnnQuantMatmulV3GetWorkspaceSize(x1, x2, scale, offset, bias, turn1, turn2, to, ws, e),
                    4 => aclnnQuantMatmulV4GetWorkspaceSize(x1, x2, scale, offset, pertoken, bias, turn1, turn2, to, ws, e),
                    _ => {
                        let no = nothing();
                        aclnnQuantMatmulV5GetWorkspaceSize(
                            x1, x2, pertoken, scale, no, no, offset, no, bias, turn1, turn2, 0, to, ws, e,
                        )
                    }
                });
                done.unwrap();
                assert_close(&out.values(), &want, relative, relative);
            }
        }
    }
}

#[test]
fn every_row_of_the_table_of_dtypes() {
    for coded in [ACL_UINT64, ACL_INT64] {
        for per_column in [false, true] {
            for bias in [None, Some(ACL_INT32)] {
                Case { scale: coded, per_column, bias, ..PLAIN }.check();
                for offset in [false, true] {
                    Case { scale: coded, per_column, bias, offset, out: ACL_INT8, ..PLAIN }.check();
                }
            }
        }
    }
    for scale in [ACL_FLOAT, ACL_BF16] {
        for pertoken in [false, true] {
            for bias in [None, Some(ACL_INT32), Some(ACL_BF16), Some(ACL_FLOAT)] {
                Case { scale, bias, pertoken, per_column: pertoken, out: ACL_BF16, ..PLAIN }.check();
            }
        }
        for bias in [None, Some(ACL_INT32)] {
            Case { scale, bias, out: ACL_INT32, ..PLAIN }.check();
        }
    }
    for bias in [None, Some(ACL_INT32), Some(ACL_FLOAT16), Some(ACL_FLOAT)] {
        Case { scale: ACL_FLOAT, bias, pertoken: true, out: ACL_FLOAT16, ..PLAIN }.check();
    }
}

#[test]
fn sums_of_any_length_are_exact() {
    for (m, k, n) in [(1, 1, 1), (3, 1023, 5), (2, 1025, 7), (130, 4100, 9), (4, 2500, 300), (1, 20000, 130)] {
        Case { m, k, n, scale: ACL_FLOAT, out: ACL_INT32, ..PLAIN }.check();
    }
    // The largest sums: all of -128 by -128.
    let k = 5000;
    let x = Array::new(ACL_INT8, &[1, k], vec![-128.0; k as usize]);
    let w = Array::new(ACL_INT8, &[k, 1], vec![-128.0; k as usize]);
    let (scale, out) = (Array::new(ACL_FLOAT, &[1], [1.0]), Array::out(ACL_INT32, &[1, 1]));
    run(|ws, e| {
        let [x, w, scale, out] = [&x, &w, &scale, &out].map(|t| t.handle());
        aclnnQuantMatmulV3GetWorkspaceSize(x, w, scale, nothing(), nothing(), false, false, out, ws, e)
    })
    .unwrap();
    assert_eq!(out.values(), [16384.0 * k as f64]);
}

#[test]
fn stacks_broadcast_and_fractals_are_read() {
    let (m, k, n) = (3i64, 40i64, 34i64);
    let x = Array::new(ACL_INT8, &[2, 1, m, k], integers(1, -128.0, 127.0));
    let w = Array::new(ACL_INT8, &[3, n, k], integers(2, -128.0, 127.0));
    let scale = Array::new(ACL_FLOAT, &[1], [1.0]);
    let (xs, ws_) = (x.values(), w.values());
    let want = by_index(&[2, 3, m, n], |i| {
        (0..k).map(|t| xs[element(&[2, m, k], &[i[0], i[2], t])] * ws_[element(&[3, n, k], &[i[1], i[3], t])]).sum()
    });
    let out = Array::out(ACL_INT32, &[2, 3, m, n]);
    run(|ws, e| {
        let [x, w, scale, out] = [&x, &w, &scale, &out].map(|t| t.handle());
        aclnnQuantMatmulV3GetWorkspaceSize(x, w, scale, nothing(), nothing(), false, true, out, ws, e)
    })
    .unwrap();
    assert_eq!(out.values(), want);
    // A bias for each matrix of a stack of 3 dims; the weight [3, 34, 40] is two fractals wide and three high.
    let storage = [3i64, 2, 3, 16, 32];
    let mut bytes = vec![0u8; storage.iter().product::<i64>() as usize];
    for s in 0..3 {
        for r in 0..n {
            for c in 0..k {
                bytes[element(&storage, &[s, c / 32, r / 16, r % 16, c % 32])] = ws_[element(&[3, n, k], &[s, r, c])] as i8 as u8;
            }
        }
    }
    let nz = Array::described(ACL_INT8, &[3, n, k], None, ACL_FORMAT_FRACTAL_NZ, &storage, &bytes);
    let bias = Array::new(ACL_INT32, &[3, 1, n], integers(3, -9000.0, 9000.0));
    let x = Array::new(ACL_INT8, &[m, k], integers(4, -128.0, 127.0));
    let (xs, bs) = (x.values(), bias.values());
    let want = by_index(&[3, m, n], |i| {
        let sum: f64 = (0..k).map(|t| xs[element(&[m, k], &[i[1], t])] * ws_[element(&[3, n, k], &[i[0], i[2], t])]).sum();
        sum + bs[element(&[3, n], &[i[0], i[2]])]
    });
    let out = Array::out(ACL_INT32, &[3, m, n]);
    run(|ws, e| {
        let [x, w, scale, bias, out] = [&x, &nz, &scale, &bias, &out].map(|t| t.handle());
        let no = nothing();
        aclnnQuantMatmulWeightNzGetWorkspaceSize(x, w, no, scale, no, no, no, no, bias, false, true, 0, out, ws, e)
    })
    .unwrap();
    assert_eq!(out.values(), want);
}

#[test]
fn int4_lies_two_to_a_byte() {
    let (m, k, n) = (3i64, 24i64, 16i64);
    for packed in [ACL_INT4, ACL_INT32] {
        for turn in [false, true] {
            let a: Vec<f64> = integers(1, -8.0, 7.0).take((m * k) as usize).collect();
            let b: Vec<f64> = integers(2, -8.0, 7.0).take((k * n) as usize).collect();
            let x1 = int4(packed, m, k, &a);
            let x2 = if turn { int4(packed, n, k, &b) } else { int4(packed, k, n, &b) };
            let b = by_index(&[k, n], |i| if turn { b[element(&[n, k], &[i[1], i[0]])] } else { b[element(&[k, n], i)] });
            for case in [
                Case { k: k as usize, n: n as usize, m: m as usize, bias: Some(ACL_INT32), ..PLAIN },
                Case { k: k as usize, n: n as usize, m: m as usize, scale: ACL_BF16, pertoken: true, out: ACL_BF16, ..PLAIN },
            ] {
                let scale = case.scale();
                let bias = case.bias.map(|dtype| Array::new(dtype, &[n], integers(5, -99.0, 99.0)));
                let pertoken = Array::new(ACL_FLOAT, &[m], integers(6, 1.0, 9.0));
                let out = Array::out(case.out, &[m, n]);
                run(|ws, e| {
                    let bias = bias.as_ref().map_or(nothing(), |bias| bias.handle().cast_const());
                    let rows = if case.pertoken { pertoken.handle().cast_const() } else { nothing() };
                    let [x1, x2, scale, out] = [&x1, &x2, &scale, &out].map(|t| t.handle());
                    aclnnQuantMatmulV4GetWorkspaceSize(x1, x2, scale, nothing(), rows, bias, false, turn, out, ws, e)
                })
                .unwrap();
                let want = case.want(&a, &b, &scale, bias.as_ref(), &pertoken, &pertoken);
                let relative = tolerance(case.out);
                assert_close(&out.values(), &want, relative, relative);
            }
        }
    }
}

#[test]
fn codes_of_factors() {
    let scales = [0.1f32, 3.5, -2.0, 1e-3, 0.0];
    let offsets = [0.5f32, -300.0, 300.0, -1.0, 7.5];
    let scale = Array::new(ACL_FLOAT, &[5], scales.map(f64::from));
    let offset = Array::new(ACL_FLOAT, &[5], offsets.map(f64::from));
    let out = Array::out(ACL_UINT64, &[5]);
    run(|ws, e| aclnnTransQuantParamV2GetWorkspaceSize(scale.handle(), nothing(), out.handle(), ws, e)).unwrap();
    assert_eq!(out.values(), scales.map(|s| code(s, 0)));
    run(|ws, e| aclnnTransQuantParamV2GetWorkspaceSize(scale.handle(), offset.handle(), out.handle(), ws, e)).unwrap();
    let rounded = [0, -256, 255, -1, 8];
    assert_eq!(out.values(), std::array::from_fn::<f64, 5, _>(|i| code(scales[i], rounded[i])));
    // One factor, many offsets.
    let (one, out) = (Array::new(ACL_FLOAT, &[1], [2.0]), Array::out(ACL_INT64, &[5]));
    run(|ws, e| aclnnTransQuantParamV2GetWorkspaceSize(one.handle(), offset.handle(), out.handle(), ws, e)).unwrap();
    assert_eq!(out.values(), std::array::from_fn::<f64, 5, _>(|i| code(2.0, rounded[i])));
    let wrong = run(|ws, e| aclnnTransQuantParamV2GetWorkspaceSize(scale.handle(), nothing(), one.handle(), ws, e));
    assert_eq!(refusal(wrong, "aclnnTransQuantParamV2", "out is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);

    // On the host: all bits of a factor, and a multiple of 16 codes.
    let (mut codes, mut len) = (std::ptr::null_mut(), 0);
    aclnnTransQuantParam(scales.as_ptr(), 5, offsets.as_ptr(), 5, &raw mut codes, &raw mut len).unwrap();
    // SAFETY: `len` numbers that `malloc` gave, read and then given back.
    let given = unsafe {
        let given = std::slice::from_raw_parts(codes, len as usize).to_vec();
        libc::free(codes.cast());
        given
    };
    // Halves go away from zero here.
    let rounded = [1u64, 512 - 256, 255, 512 - 1, 8];
    let want = (0..5).map(|i| scales[i].to_bits() as u64 + (1 << 46) + rounded[i] * (1 << 37)).chain([0; 11]).collect::<Vec<_>>();
    assert_eq!(given, want);
    let null = aclnnTransQuantParam(std::ptr::null(), 0, std::ptr::null(), 0, &raw mut codes, &raw mut len);
    assert_eq!(refusal(null, "aclnnTransQuantParam", "scaleArray is null"), ACLNN_ERR_PARAM_INVALID);
    let sizes = aclnnTransQuantParam(scales.as_ptr(), 5, std::ptr::null(), 5, &raw mut codes, &raw mut len);
    assert_eq!(refusal(sizes, "aclnnTransQuantParam", "offsetSize is 5"), ACLNN_ERR_PARAM_INVALID);
}

/// A weight-only product: `[m, k]` by int8 or int4.
#[test]
fn weights_alone_are_quantised() {
    let (m, k, n) = (5i64, 72i64, 32i64);
    for (dtype, bias_dtype) in [(ACL_BF16, ACL_FLOAT), (ACL_FLOAT16, ACL_FLOAT16)] {
        for weight_dtype in [ACL_INT8, ACL_INT4, ACL_INT32] {
            for turn in [false, true] {
                for (group, scale_dims) in [(0i64, vec![1i64]), (0, vec![1, 1]), (0, vec![n]), (0, vec![1, n]), (32, vec![3, n])]
                {
                    for with_offset in [false, true] {
                        let (low, high) = if weight_dtype == ACL_INT8 { (-128.0, 127.0) } else { (-8.0, 7.0) };
                        let stored: Vec<f64> = integers(2, low, high).take((k * n) as usize).collect();
                        let (rows, cols) = if turn { (n, k) } else { (k, n) };
                        let per = if weight_dtype == ACL_INT32 { 8 } else { 1 };
                        let bytes: Vec<u8> = match weight_dtype {
                            ACL_INT8 => stored.iter().map(|v| *v as i8 as u8).collect(),
                            _ => stored.chunks(2).map(|p| (p[0] as i64 & 15 | (p[1] as i64 & 15) << 4) as u8).collect(),
                        };
                        let (dims, strides) =
                            if turn { ([cols / per, rows], [1, cols / per]) } else { ([rows, cols / per], [cols / per, 1]) };
                        let storage = [rows * cols / per];
                        let w = Array::described(weight_dtype, &dims, Some(&strides), ACL_FORMAT_ND, &storage, &bytes);
                        let x = Array::new(dtype, &[m, k], noise(1));
                        let scale = Array::new(dtype, &scale_dims, noise(3).map(|v| 0.02 + 0.01 * v));
                        let offset = Array::new(dtype, &scale_dims, integers(4, -7.0, 7.0));
                        let bias = Array::new(bias_dtype, &[n], noise(5));
                        let y = Array::out(dtype, &[m, n]);
                        let no = nothing();
                        run(|ws, e| {
                            let [x, w, scale, bias, y] = [&x, &w, &scale, &bias, &y].map(|t| t.handle());
                            let offset = if with_offset { offset.handle().cast_const() } else { no };
                            aclnnWeightQuantBatchMatmulV2GetWorkspaceSize(
                                x,
                                w,
                                scale,
                                offset,
                                no,
                                no,
                                bias,
                                group as i32,
                                y,
                                ws,
                                e,
                            )
                        })
                        .unwrap();
                        let (xs, ss, os, bs) = (x.values(), scale.values(), offset.values(), bias.values());
                        let want = by_index(&[m, n], |i| {
                            let terms = (0..k).map(|t| {
                                let v = stored[if turn { element(&[n, k], &[i[1], t]) } else { element(&[k, n], &[t, i[1]]) }];
                                let at = if ss.len() == 1 {
                                    0
                                } else {
                                    element(&[scale_dims[0], n], &[if group > 0 { t / group } else { 0 }, i[1]])
                                };
                                // f16 rounds twice, bf16 once.
                                let sum = v + if with_offset { os[at] } else { 0.0 };
                                let weight = match dtype {
                                    ACL_BF16 => bf16::from_f64(sum * ss[at]).to_f64(),
                                    _ => f16::from_f64(f16::from_f64(sum).to_f64() * ss[at]).to_f64(),
                                };
                                xs[element(&[m, k], &[i[0], t])] * weight
                            });
                            terms.sum::<f64>() + bs[i[1] as usize]
                        });
                        // The result is rounded to the dtype; sums of f32 of 72 terms below 5 may cancel.
                        assert_close(&y.values(), &want, tolerance(dtype), 1e-4);
                    }
                }
            }
        }
    }
}

#[test]
fn weight_only_products_end_in_int8() {
    let (m, k, n) = (4i64, 64i64, 32i64);
    let x = Array::new(ACL_FLOAT16, &[m, k], integers(1, -4.0, 4.0));
    let w = Array::new(ACL_INT8, &[k, n], integers(2, -20.0, 20.0));
    let scale = Array::new(ACL_FLOAT16, &[1], [0.5]);
    let quant = Array::new(ACL_UINT64, &[n], integers(3, 1.0, 9.0).map(|v| code(v as f32 / 16.0, 3)));
    for offset in [None, Some(Array::new(ACL_FLOAT, &[n], integers(4, -40.0, 40.0)))] {
        let y = Array::out(ACL_INT8, &[m, n]);
        run(|ws, e| {
            let offset = offset.as_ref().map_or(nothing(), |offset| offset.handle().cast_const());
            let [x, w, scale, quant, y] = [&x, &w, &scale, &quant, &y].map(|t| t.handle());
            aclnnWeightQuantBatchMatmulV3GetWorkspaceSize(x, w, scale, nothing(), quant, offset, nothing(), 0, 1, y, ws, e)
        })
        .unwrap();
        let (xs, ws_, qs) = (x.values(), w.values(), quant.values());
        let want = by_index(&[m, n], |i| {
            let sum: f64 = (0..k).map(|t| xs[element(&[m, k], &[i[0], t])] * ws_[element(&[k, n], &[t, i[1]])] * 0.5).sum();
            let (factor, own) = meaning(qs[i[1] as usize]);
            let offset = offset.as_ref().map_or(own, |offset| offset.values()[i[1] as usize]);
            ((sum * factor).round_ties_even().clamp(-256.0, 255.0) + offset).clamp(-128.0, 127.0)
        });
        assert_eq!(y.values(), want);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, integers(1, 0.0, 1.0));
    let (x, w, out) = (of(ACL_INT8, &[2, 8]), of(ACL_INT8, &[8, 4]), of(ACL_FLOAT16, &[2, 4]));
    let (coded, float) = (of(ACL_UINT64, &[4]), of(ACL_FLOAT, &[4]));
    let v3 = |x: &Array, w: &Array, scale: &Array, offset: *const aclTensor, bias: *const aclTensor, out: &Array| {
        run(|ws, e| {
            let [x, w, scale, out] = [x, w, scale, out].map(|t| t.handle());
            aclnnQuantMatmulV3GetWorkspaceSize(x, w, scale, offset, bias, false, false, out, ws, e)
        })
    };
    let no = nothing();
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnQuantMatmulV3", what), ACLNN_ERR_PARAM_INVALID);
    invalid(v3(&of(ACL_BF16, &[2, 8]), &w, &coded, no, no, &out), "x1 is ACL_BF16");
    invalid(v3(&x, &of(ACL_BF16, &[8, 4]), &coded, no, no, &out), "x2 is ACL_BF16");
    invalid(v3(&x, &w, &float, no, no, &out), "scale is ACL_FLOAT with out of ACL_FLOAT16");
    invalid(v3(&x, &w, &coded, no, no, &of(ACL_BF16, &[2, 4])), "scale is ACL_UINT64 with out of ACL_BF16");
    invalid(v3(&x, &w, &coded, float.handle(), no, &out), "offset is given with out of ACL_FLOAT16");
    invalid(v3(&x, &w, &coded, no, float.handle(), &out), "bias is ACL_FLOAT");
    invalid(v3(&x, &of(ACL_INT8, &[7, 4]), &coded, no, no, &out), "8 terms and 7");
    invalid(v3(&x, &w, &of(ACL_UINT64, &[3]), no, no, &out), "scale has shape [3]");
    invalid(v3(&x, &w, &coded, no, no, &of(ACL_FLOAT16, &[2, 5])), "out has shape [2, 5]");
    invalid(v3(&of(ACL_INT8, &[0, 8]), &w, &coded, no, no, &out), "x1 has shape [0, 8]");
    let holes = Array::strided(ACL_INT8, &[2, 8], &[16, 2], 0, 32, integers(1, 0.0, 1.0));
    invalid(v3(&holes, &w, &coded, no, no, &out), "x1 has strides [16, 2]");
    let mixed = v3(&x, &of(ACL_INT32, &[8, 4]), &coded, no, no, &out);
    assert_eq!(refusal(mixed, "aclnnQuantMatmulV3", "x2 is ACL_INT32 with x1 of int8"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let null = run(|ws, e| {
        aclnnQuantMatmulV3GetWorkspaceSize(x.handle(), no, coded.handle(), no, no, false, false, out.handle(), ws, e)
    });
    assert_eq!(refusal(null, "aclnnQuantMatmulV3", "x2 is null"), ACLNN_ERR_PARAM_NULLPTR);
    let v5 = |y_scale: *const aclTensor, group: i64| {
        run(|ws, e| {
            let [x, w, scale, out] = [&x, &w, &coded, &out].map(|t| t.handle());
            aclnnQuantMatmulV5GetWorkspaceSize(x, w, no, scale, y_scale, no, no, no, no, false, false, group, out, ws, e)
        })
    };
    let unsupported = |outcome, what| assert_eq!(refusal(outcome, "aclnnQuantMatmulV5", what), ACL_ERROR_FEATURE_UNSUPPORTED);
    unsupported(v5(coded.handle(), 0), "yScale is not supported");
    unsupported(v5(no, 4303356032), "groupSize is 4303356032");
    let row_major = run(|ws, e| {
        let [x, w, scale, out] = [&x, &w, &coded, &out].map(|t| t.handle());
        aclnnQuantMatmulWeightNzGetWorkspaceSize(x, w, no, scale, no, no, no, no, no, false, false, 0, out, ws, e)
    });
    assert_eq!(refusal(row_major, "aclnnQuantMatmulWeightNz", "x2 is row-major"), ACLNN_ERR_PARAM_INVALID);

    let half = of(ACL_FLOAT16, &[2, 8]);
    let v2 = |w: &Array, scale: &Array, group: i32, y: &Array| {
        run(|ws, e| {
            let [x, w, scale, y] = [&half, w, scale, y].map(|t| t.handle());
            aclnnWeightQuantBatchMatmulV2GetWorkspaceSize(x, w, scale, no, no, no, no, group, y, ws, e)
        })
    };
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnWeightQuantBatchMatmulV2", what), ACLNN_ERR_PARAM_INVALID);
    let halves = of(ACL_FLOAT16, &[4]);
    invalid(v2(&half, &halves, 0, &out), "weight is ACL_FLOAT16");
    invalid(v2(&of(ACL_INT8, &[9, 4]), &halves, 0, &out), "x has 8 columns; weight has 9");
    invalid(v2(&w, &of(ACL_BF16, &[4]), 0, &out), "antiquantScale is ACL_BF16");
    invalid(v2(&w, &of(ACL_FLOAT16, &[3]), 0, &out), "antiquantScale has shape [3]");
    invalid(v2(&w, &halves, 32, &out), "antiquantGroupSize is 32");
    invalid(v2(&w, &halves, 0, &of(ACL_INT8, &[2, 4])), "y is ACL_INT8");
    let coded = v2(&w, &coded, 0, &out);
    assert_eq!(refusal(coded, "aclnnWeightQuantBatchMatmulV2", "antiquantScale is ACL_UINT64"), ACL_ERROR_FEATURE_UNSUPPORTED);
}

//! Quantisation against f64: a number that lies next to the middle of two may round either way in f32, so that one step is
//! allowed, and most must agree.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

/// Within one step, and equal nearly everywhere.
fn assert_steps(got: &[f64], want: &[f64]) {
    assert_close(got, want, 0.0, 1.0);
    let off = got.iter().zip(want).filter(|(g, w)| g != w).count();
    assert!(off * 50 <= got.len(), "{off} of {} are off by one", got.len());
}

fn int8(v: f64) -> f64 {
    v.round_ties_even().clamp(-128.0, 127.0)
}

#[test]
fn rows_have_scales_of_their_own() {
    for dtype in [ACL_BF16, ACL_FLOAT16] {
        for (rows, n) in [(1usize, 1usize), (5, 33), (40, 1030)] {
            for smoothed in [false, true] {
                let dims = [rows as i64, n as i64];
                let x = Array::new(dtype, &dims, noise(1).map(|v| 5.0 * v));
                let smooth = Array::new(dtype, &dims[1..], noise(2));
                let (y, scale, offset) =
                    (Array::out(ACL_INT8, &dims), Array::out(ACL_FLOAT, &dims[..1]), Array::out(ACL_FLOAT, &dims[..1]));
                let by = if smoothed { smooth.handle().cast_const() } else { nothing() };
                let (xs, ss) = (x.values(), smooth.values());
                let values: Vec<f64> = xs.iter().enumerate().map(|(i, v)| if smoothed { v * ss[i % n] } else { *v }).collect();
                run(|ws, e| aclnnDynamicQuantGetWorkspaceSize(x.handle(), by, y.handle(), scale.handle(), ws, e)).unwrap();
                let step = |row: &[f64]| row.iter().fold(0.0, |m: f64, v| m.max(v.abs())) / 127.0;
                let want: Vec<f64> = values.chunks(n).map(step).collect();
                assert_close(&scale.values(), &want, 1e-6, 0.0);
                let want: Vec<f64> =
                    values.chunks(n).flat_map(|row| row.iter().map(|v| int8(v / step(row))).collect::<Vec<_>>()).collect();
                assert_steps(&y.values(), &want);
                run(|ws, e| {
                    let [x, y, scale, offset] = [&x, &y, &scale, &offset].map(|t| t.handle());
                    aclnnDynamicQuantV2GetWorkspaceSize(x, by, nothing(), 2, y, scale, offset, ws, e)
                })
                .unwrap();
                if n > 1 {
                    let want: Vec<f64> = values
                        .chunks(n)
                        .flat_map(|row| {
                            let (high, low) = row.iter().fold((f64::MIN, f64::MAX), |(h, l), v| (h.max(*v), l.min(*v)));
                            let step = (high - low) / 255.0;
                            row.iter().map(move |v| int8(v / step + 127.0 - high / step)).collect::<Vec<_>>()
                        })
                        .collect();
                    assert_steps(&y.values(), &want);
                }
            }
        }
    }
    // Zeros have no scale, and stay.
    let (x, y, scale) = (Array::new(ACL_BF16, &[1, 4], [0.0; 4]), Array::out(ACL_INT8, &[1, 4]), Array::out(ACL_FLOAT, &[1]));
    run(|ws, e| aclnnDynamicQuantGetWorkspaceSize(x.handle(), nothing(), y.handle(), scale.handle(), ws, e)).unwrap();
    assert_eq!((y.values(), scale.values()), (vec![0.0; 4], vec![0.0]));
}

#[test]
fn groups_of_rows_are_smoothed_by_their_own() {
    let x = Array::new(ACL_BF16, &[5, 4], noise(1));
    let smooth = Array::new(ACL_BF16, &[2, 4], noise(2));
    let groups = Array::new(ACL_INT32, &[2], [2.0, 5.0]);
    let (y, scale) = (Array::out(ACL_INT8, &[5, 4]), Array::out(ACL_FLOAT, &[5]));
    run(|ws, e| {
        let [x, smooth, groups, y, scale] = [&x, &smooth, &groups, &y, &scale].map(|t| t.handle());
        aclnnDynamicQuantV2GetWorkspaceSize(x, smooth, groups, 2, y, scale, nothing(), ws, e)
    })
    .unwrap();
    let (x, s) = (x.values(), smooth.values());
    let want = (0..5).map(|r| (0..4).fold(0.0, |m: f64, i| m.max((x[r * 4 + i] * s[(r / 2).min(1) * 4 + i]).abs())) / 127.0);
    assert_close(&scale.values(), &want.collect::<Vec<_>>(), 1e-6, 0.0);
}

#[test]
fn given_scales_lie_along_an_axis() {
    for (scale_dims, axis) in [(&[4i64][..], -1), (&[1], -1), (&[3], 1), (&[1, 3, 1], 1), (&[1, 1, 4], 2)] {
        for (mode, square) in [(c"round", false), (c"floor", true), (c"ceil", false), (c"trunc", false)] {
            let x = Array::new(ACL_FLOAT, &[2, 3, 4], noise(1).map(|v| 9.0 * v));
            let scale = Array::new(ACL_FLOAT, scale_dims, noise(2).map(|v| 12.0 * v));
            let offset = Array::new(ACL_FLOAT, scale_dims, noise(3).map(|v| 20.0 * v));
            let y = Array::out(ACL_INT8, &[2, 3, 4]);
            run(|ws, e| {
                let [x, scale, offset, y] = [&x, &scale, &offset, &y].map(|t| t.handle());
                aclnnAscendQuantV3GetWorkspaceSize(x, scale, offset, square, mode.as_ptr(), 2, axis, y, ws, e)
            })
            .unwrap();
            let (x, s, o) = (x.values(), scale.values(), offset.values());
            let at = |i: usize| {
                if s.len() == 1 {
                    0
                } else if axis == 1 {
                    i / 4 % 3
                } else {
                    i % 4
                }
            };
            let want: Vec<f64> = (0..24)
                .map(|i| {
                    let v = x[i] * s[at(i)] * if square { s[at(i)] } else { 1.0 } + o[at(i)];
                    let v = match mode.to_str() {
                        Ok("floor") => v.floor(),
                        Ok("ceil") => v.ceil(),
                        Ok("trunc") => v.trunc(),
                        _ => v.round_ties_even(),
                    };
                    v.clamp(-128.0, 127.0)
                })
                .collect();
            assert_close(&y.values(), &want, 0.0, 0.0);
        }
    }
}

#[test]
fn norms_end_in_int8() {
    for dtype in [ACL_FLOAT, ACL_BF16] {
        let (rows, n) = (9usize, 70usize);
        let dims = [rows as i64, n as i64];
        let [x1, x2] = [1, 2].map(|seed| Array::new(dtype, &dims, noise(seed)));
        let [gamma, s1, s2] = [3, 4, 5].map(|seed| Array::new(dtype, &dims[1..], noise(seed).map(|v| 0.1 + v.abs())));
        let zeros = Array::new(ACL_INT32, &dims[1..], noise(6).map(|v| (9.0 * v).round()));
        let (x, [y1, y2]) = (Array::out(dtype, &dims), [(); 2].map(|()| Array::out(ACL_INT8, &dims)));
        let normal = |x: &[f64]| {
            let g = gamma.values();
            let of = |row: &[f64]| {
                let rstd = 1.0 / (row.iter().map(|v| v * v).sum::<f64>() / n as f64 + 1e-6).sqrt();
                (0..n).map(|i| row[i] * rstd * g[i]).collect::<Vec<f64>>()
            };
            x.chunks(n).flat_map(of).collect::<Vec<f64>>()
        };
        for div in [false, true] {
            run(|ws, e| {
                let [x1, x2, gamma, s1, s2, zeros, y1, y2, x] =
                    [&x1, &x2, &gamma, &s1, &s2, &zeros, &y1, &y2, &x].map(|t| t.handle());
                aclnnAddRmsNormQuantGetWorkspaceSize(x1, x2, gamma, s1, s2, zeros, nothing(), -1, 1e-6, div, y1, y2, x, ws, e)
            })
            .unwrap();
            let norm = normal(&x.values());
            for (y, s, z) in [(&y1, s1.values(), zeros.values()), (&y2, s2.values(), vec![0.0; n])] {
                let of = |(i, v): (usize, &f64)| int8(if div { v / s[i % n] } else { v * s[i % n] } + z[i % n]);
                assert_steps(&y.values(), &norm.iter().enumerate().map(of).collect::<Vec<_>>());
            }
        }
        let [c1, c2] = [(); 2].map(|()| Array::out(ACL_FLOAT, &dims[..1]));
        run(|ws, e| {
            let [x1, x2, gamma, s1, y1, x, c1, c2] = [&x1, &x2, &gamma, &s1, &y1, &x, &c1, &c2].map(|t| t.handle());
            aclnnAddRmsNormDynamicQuantGetWorkspaceSize(x1, x2, gamma, s1, nothing(), 1e-6, y1, y2.handle(), x, c1, c2, ws, e)
        })
        .unwrap();
        let (norm, s) = (normal(&x.values()), s1.values());
        let want = norm.chunks(n).map(|row| row.iter().zip(&s).fold(0.0, |m: f64, (v, s)| m.max((v * s).abs())) / 127.0);
        let want: Vec<f64> = want.collect();
        assert_close(&c1.values(), &want, 1e-5, 0.0);
        let steps = norm.iter().enumerate().map(|(i, v)| int8(v * s[i % n] / want[i / n])).collect::<Vec<_>>();
        assert_steps(&y1.values(), &steps);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1));
    let (x, y, scale) = (of(ACL_BF16, &[2, 4]), of(ACL_INT8, &[2, 4]), of(ACL_FLOAT, &[2]));
    let quant = |x: &Array, y: &Array, scale: &Array| {
        run(|ws, e| aclnnDynamicQuantGetWorkspaceSize(x.handle(), nothing(), y.handle(), scale.handle(), ws, e))
    };
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnDynamicQuant", what), ACLNN_ERR_PARAM_INVALID);
    invalid(quant(&of(ACL_FLOAT, &[2, 4]), &y, &scale), "x is ACL_FLOAT");
    invalid(quant(&of(ACL_BF16, &[4]), &y, &scale), "x is 1-D");
    invalid(quant(&x, &x, &scale), "yOut is");
    invalid(quant(&x, &y, &of(ACL_FLOAT, &[4])), "scaleOut has shape [4]; [2]");
    let int4 = run(|ws, e| {
        aclnnDynamicQuantV2GetWorkspaceSize(x.handle(), nothing(), nothing(), 29, y.handle(), scale.handle(), nothing(), ws, e)
    });
    assert_eq!(refusal(int4, "aclnnDynamicQuantV2", "dstType is 29"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let mode = run(|ws, e| {
        let [x, scale, y] = [&x, &scale, &y].map(|t| t.handle());
        aclnnAscendQuantV3GetWorkspaceSize(x, scale, nothing(), false, c"hybrid".as_ptr(), 2, -1, y, ws, e)
    });
    assert_eq!(refusal(mode, "aclnnAscendQuantV3", "hybrid"), ACLNN_ERR_PARAM_INVALID);
}

//! Lists against f64, tensor by tensor.

use std::ptr::null_mut;

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::Number as Host;
use crate::ops::testing::{Array, assert_close, list, noise, refusal, run};

const SHAPES: [&[i64]; 4] = [&[1], &[3, 5], &[2, 1030], &[]];

fn arrays(dtype: aclDataType, seed: u64) -> Vec<Array> {
    SHAPES.iter().enumerate().map(|(i, dims)| Array::new(dtype, dims, noise(seed + i as u64))).collect()
}

fn of(arrays: &[Array]) -> *mut aclTensorList {
    list(&arrays.iter().collect::<Vec<_>>())
}

fn outs(dtype: aclDataType) -> Vec<Array> {
    SHAPES.iter().map(|dims| Array::out(dtype, dims)).collect()
}

#[test]
fn every_row_computes_what_it_says() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)] {
        let [a, b] = [10, 20].map(|seed| arrays(dtype, seed));
        let c: Vec<Array> = SHAPES.iter().map(|dims| Array::new(dtype, dims, noise(30).map(|v| 1.0 + v.abs()))).collect();
        let (host, device) = (Host::float(0.75), Array::new(ACL_FLOAT, &[1], [0.75]));
        let formulas: [fn(f64, f64, f64) -> f64; 11] = [
            |a, b, _| a + 0.75 * b,
            |a, b, _| a + 0.75 * b,
            |a, _, _| a + 0.75,
            |a, _, _| a * 0.75,
            |a, _, _| a * 0.75,
            |a, _, _| a / 0.75,
            |a, b, c| a + 0.75 * b * c,
            |a, b, c| a + 0.75 * (b / c),
            |a, b, c| a + 0.75 * (b / c),
            |a, b, _| a + 0.75 * (b - a),
            |_, _, c| c.sqrt(),
        ];
        for (which, formula) in formulas.into_iter().enumerate() {
            let out = outs(dtype);
            let (x, y, z, o, s, d) = (of(&a), of(&b), of(&c), of(&out), host.0, device.handle());
            run(|ws, e| match which {
                0 => aclnnForeachAddListGetWorkspaceSize(x, y, d, o, ws, e),
                1 => aclnnForeachAddListV2GetWorkspaceSize(x, y, s, o, ws, e),
                2 => aclnnForeachAddScalarV2GetWorkspaceSize(x, s, o, ws, e),
                3 => aclnnForeachMulScalarGetWorkspaceSize(x, d, o, ws, e),
                4 => aclnnForeachMulScalarV2GetWorkspaceSize(x, s, o, ws, e),
                5 => aclnnForeachDivScalarV2GetWorkspaceSize(x, s, o, ws, e),
                6 => aclnnForeachAddcmulScalarV2GetWorkspaceSize(x, y, z, s, o, ws, e),
                7 => aclnnForeachAddcdivScalarGetWorkspaceSize(x, y, z, d, o, ws, e),
                8 => aclnnForeachAddcdivScalarV2GetWorkspaceSize(x, y, z, s, o, ws, e),
                9 => aclnnForeachLerpScalarGetWorkspaceSize(x, y, s, o, ws, e),
                _ => aclnnForeachSqrtGetWorkspaceSize(z, o, ws, e),
            })
            .unwrap();
            for (i, out) in out.iter().enumerate() {
                let (a, b, c) = (a[i].values(), b[i].values(), c[i].values());
                let want: Vec<f64> = (0..a.len()).map(|j| formula(a[j], b[j], c[j])).collect();
                assert_close(&out.values(), &want, relative, 3e-7);
            }
        }
    }
}

#[test]
fn norms_of_each() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3)] {
        let x = arrays(dtype, 1);
        for order in [1.0f32, 2.0, f32::INFINITY] {
            let out: Vec<Array> = x.iter().map(|_| Array::out(dtype, &[])).collect();
            let scalar = Host::float(order);
            run(|ws, e| aclnnForeachNormGetWorkspaceSize(of(&x), scalar.0, of(&out), ws, e)).unwrap();
            for (x, out) in x.iter().zip(&out) {
                let magnitudes = x.values().into_iter().map(f64::abs);
                let want = match order {
                    1.0 => magnitudes.sum(),
                    2.0 => magnitudes.map(|v| v * v).sum::<f64>().sqrt(),
                    _ => magnitudes.fold(0.0, f64::max),
                };
                assert_close(&out.values(), &[want], relative, 0.0);
            }
        }
    }
}

#[test]
fn copies_and_zeros_keep_to_the_view() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8] {
        let x = Array::new(dtype, &[3, 4], (0..12).map(f64::from));
        let out = Array::strided(dtype, &[3, 4], &[6, 1], 1, 20, std::iter::repeat(3.0));
        run(|ws, e| aclnnForeachCopyGetWorkspaceSize(list(&[&x]), list(&[&out]), ws, e)).unwrap();
        assert_eq!(out.values(), x.values());
        run(|ws, e| aclnnForeachZeroInplaceGetWorkspaceSize(list(&[&out, &x]), ws, e)).unwrap();
        assert_eq!((out.values(), x.values()), (vec![0.0; 12], vec![0.0; 12]));
        assert_eq!(out.storage()[..20].iter().filter(|&&v| v == 7.0).count(), 8, "what lies between is left alone");
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let (a, b) = (Array::new(ACL_FLOAT, &[3], noise(1)), Array::new(ACL_FLOAT, &[4], noise(1)));
    let (half, one) = (Array::new(ACL_BF16, &[3], noise(1)), Host::float(1.0));
    let mul = |x: *mut aclTensorList, out| run(|ws, e| aclnnForeachMulScalarV2GetWorkspaceSize(x, one.0, out, ws, e));
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnForeachMulScalarV2", what), ACLNN_ERR_PARAM_INVALID);
    invalid(mul(list(&[&a]), list(&[&b])), "out has shape [4]; [3]");
    invalid(mul(list(&[&a]), list(&[&half])), "out is ACL_BF16");
    invalid(mul(list(&[&a]), list(&[&a, &b])), "out has 2 tensors; x makes it 1");
    invalid(mul(list(&[]), list(&[])), "x has no tensors");
    assert_eq!(refusal(mul(null_mut(), list(&[&a])), "aclnnForeachMulScalarV2", "x is null"), ACLNN_ERR_PARAM_NULLPTR);
    let three = Host::float(3.0);
    let odd = run(|ws, e| aclnnForeachNormGetWorkspaceSize(list(&[&a]), three.0, list(&[&b]), ws, e));
    assert_eq!(refusal(odd, "aclnnForeachNorm", "scalar is 3"), ACL_ERROR_FEATURE_UNSUPPORTED);
}

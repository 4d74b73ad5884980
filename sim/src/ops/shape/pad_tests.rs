//! Against the place that each element of the result is from, by the definition.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

type Pad = fn(*const aclTensor, *const aclIntArray, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
type Back =
    fn(*const aclTensor, *const aclTensor, *const aclIntArray, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;

const PADS: [(Pad, Back, bool); 6] = [
    (aclnnReflectionPad1dGetWorkspaceSize, aclnnReflectionPad1dBackwardGetWorkspaceSize, true),
    (aclnnReflectionPad2dGetWorkspaceSize, aclnnReflectionPad2dBackwardGetWorkspaceSize, true),
    (aclnnReflectionPad3dGetWorkspaceSize, aclnnReflectionPad3dBackwardGetWorkspaceSize, true),
    (aclnnReplicationPad1dGetWorkspaceSize, aclnnReplicationPad1dBackwardGetWorkspaceSize, false),
    (aclnnReplicationPad2dGetWorkspaceSize, aclnnReplicationPad2dBackwardGetWorkspaceSize, false),
    (aclnnReplicationPad3dGetWorkspaceSize, aclnnReplicationPad3dBackwardGetWorkspaceSize, false),
];

/// Where the element at `at` of a padded tensor is from.
fn source(at: &[i64], dims: &[i64], padding: &[i64], reflects: bool) -> Vec<i64> {
    let mut at = at.to_vec();
    for (i, pair) in padding.chunks(2).enumerate() {
        let d = dims.len() - 1 - i;
        let (place, last) = (at[d] - pair[0], dims[d] - 1);
        at[d] = match reflects {
            true if place < 0 => -place,
            true if place > last => 2 * last - place,
            true => place,
            false => place.clamp(0, last),
        };
    }
    at
}

fn padded_dims(dims: &[i64], padding: &[i64]) -> Vec<i64> {
    let mut longer = dims.to_vec();
    for (i, pair) in padding.chunks(2).enumerate() {
        longer[dims.len() - 1 - i] += pair[0] + pair[1];
    }
    longer
}

#[test]
fn edges_reflect_and_replicate() {
    // The document's own example.
    let (x, out) = (Array::new(ACL_FLOAT, &[1, 3], [0.0, 1.0, 2.0]), Array::out(ACL_FLOAT, &[1, 7]));
    run(|w, e| aclnnReflectionPad1dGetWorkspaceSize(x.handle(), Ints::new(&[2, 2]).0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0]);
    for (i, (pad, _, reflects)) in PADS.into_iter().enumerate() {
        let space = i % 3 + 1;
        for lead in [&[3][..], &[2, 3]] {
            for padding in [[0, 0, 0, 0, 0, 0], [4, 1, 2, 0, 1, 2], [0, 4, 1, 3, 0, 1], [1, 1, 1, 1, 1, 1]] {
                let padding = &padding[..2 * space];
                let dims: Vec<i64> = lead.iter().chain(&[3, 4, 5][3 - space..]).copied().collect();
                let longer = padded_dims(&dims, padding);
                for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8, ACL_BOOL] {
                    let modulus = if dtype == ACL_BOOL { 2 } else { 97 };
                    let n: i64 = dims.iter().product();
                    let x = Array::new(dtype, &dims, (0..n).map(|i| (i % modulus) as f64));
                    let (values, out) = (x.values(), Array::out(dtype, &longer));
                    run(|w, e| pad(x.handle(), Ints::new(padding).0, out.handle(), w, e)).unwrap();
                    let want = by_index(&longer, |at| values[element(&dims, &source(at, &dims, padding, reflects))]);
                    assert_eq!(out.values(), want, "{dims:?} {padding:?}");
                }
            }
        }
    }
}

/// What repeats is read as it lies in memory.
#[test]
fn edges_of_a_view() {
    let dims = [2, 3, 4];
    let x = Array::strided(ACL_FLOAT, &dims, &[1, 2, 7], 1, 40, (0..24).map(f64::from));
    let (values, out) = (x.values(), Array::out(ACL_FLOAT, &[2, 8, 9]));
    run(|w, e| aclnnReplicationPad2dGetWorkspaceSize(x.handle(), Ints::new(&[2, 3, 1, 4]).0, out.handle(), w, e)).unwrap();
    let want = by_index(&[2, 8, 9], |at| values[element(&dims, &source(at, &dims, &[2, 3, 1, 4], false))]);
    assert_eq!(out.values(), want);
}

#[test]
fn gradients_are_sums_of_what_was_made_of_a_place() {
    for (i, (_, back, reflects)) in PADS.into_iter().enumerate() {
        let space = i % 3 + 1;
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)] {
            for (lead, padding) in [(&[3][..], [4, 1, 2, 0, 1, 2]), (&[2, 40], [0, 4, 1, 3, 0, 1])] {
                let padding = &padding[..2 * space];
                let dims: Vec<i64> = lead.iter().chain(&[3, 4, 50][3 - space..]).copied().collect();
                let longer = padded_dims(&dims, padding);
                let (g, x) = (Array::new(dtype, &longer, noise(5)), Array::new(dtype, &dims, noise(6)));
                let out = Array::out(dtype, &dims);
                run(|w, e| back(g.handle(), x.handle(), Ints::new(padding).0, out.handle(), w, e)).unwrap();
                let (grads, mut want) = (g.values(), vec![0.0; dims.iter().product::<i64>() as usize]);
                by_index(&longer, |at| {
                    want[element(&dims, &source(at, &dims, padding, reflects))] += grads[element(&longer, at)];
                    0.0
                });
                assert_close(&out.values(), &want, relative, 2e-6);
            }
        }
    }
}

#[test]
fn refusals() {
    let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::out(ACL_FLOAT, &[2, 6]));
    let reflect =
        |values: &[i64]| run(|w, e| aclnnReflectionPad1dGetWorkspaceSize(x.handle(), Ints::new(values).0, out.handle(), w, e));
    for (padding, what) in [
        (&[3, 0][..], "each must be below the dim that it is of, here 3"),
        (&[-1, 0], "each must be below"),
        (&[1], "2 numbers are taken"),
        (&[1, 1], "out has shape [2, 6]; [2, 5]"),
    ] {
        assert_eq!(refusal(reflect(padding), "aclnnReflectionPad1d", what), ACLNN_ERR_PARAM_INVALID);
    }
    let replicate =
        |values: &[i64]| run(|w, e| aclnnReplicationPad1dGetWorkspaceSize(x.handle(), Ints::new(values).0, out.handle(), w, e));
    replicate(&[0, 3]).unwrap();
    let less = replicate(&[-1, 4]);
    assert_eq!(refusal(less, "aclnnReplicationPad1d", "takes none below 0"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let flat = run(|w, e| aclnnReplicationPad2dGetWorkspaceSize(x.handle(), Ints::new(&[0; 4]).0, out.handle(), w, e));
    assert_eq!(refusal(flat, "aclnnReplicationPad2d", "self is 2-D; 3 or 4 dims"), ACLNN_ERR_PARAM_INVALID);
}

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::*;
use crate::ops::testing::*;

#[test]
fn rows_and_elements_go_where_indices_say_and_the_last_of_equals_stays() {
    for (dtype, index_dtype) in [(ACL_FLOAT, ACL_INT64), (ACL_BF16, ACL_INT32), (ACL_INT64, ACL_INT32), (ACL_INT8, ACL_INT64)] {
        // Rows of [3, 5], 2 indices deep; the target is a view with gaps.
        let var = Array::strided(dtype, &[4, 3, 5], &[20, 6, 1], 1, 80, (0..60).map(f64::from));
        let indices = Array::new(index_dtype, &[2, 2, 2], [3.0, 0.0, 0.0, 2.0, 1.0, 1.0, 3.0, 0.0]);
        let updates = Array::new(dtype, &[2, 2, 5], (0..20).map(|i| 100.0 + i as f64));
        let mut want = var.values();
        for (i, row) in [(0, 9), (1, 2), (2, 4), (3, 9)] {
            (0..5).for_each(|k| want[row * 5 + k] = 100.0 + (i * 5 + k) as f64);
        }
        run(|w, e| aclnnScatterNdUpdateGetWorkspaceSize(var.handle(), indices.handle(), updates.handle(), w, e)).unwrap();
        assert_close(&var.values(), &want, 0.0, 0.0);
        assert_eq!(var.storage().iter().filter(|&&v| v == 7.0).count(), 20 + want.iter().filter(|&&v| v == 7.0).count());
    }
    // Single elements.
    let (var, at) = (Array::new(ACL_FLOAT, &[3], [1.0, 2.0, 3.0]), Array::new(ACL_INT64, &[1, 1], [2.0]));
    let update = Array::new(ACL_FLOAT, &[1], [9.0]);
    run(|w, e| aclnnScatterNdUpdateGetWorkspaceSize(var.handle(), at.handle(), update.handle(), w, e)).unwrap();
    assert_eq!(var.values(), [1.0, 2.0, 9.0]);
}

#[test]
fn a_large_scatter_is_the_same_in_shares() {
    let (rows, slots, width) = (700, 50, 401);
    let var = Array::new(ACL_FLOAT, &[slots, width], std::iter::repeat(-1.0));
    let places: Vec<f64> = noise(13).map(|v| ((v + 1.0) * slots as f64 / 2.0).floor()).take(rows as usize).collect();
    let indices = Array::new(ACL_INT64, &[rows, 1], places.iter().copied());
    let updates = Array::new(ACL_FLOAT, &[rows, width], (0..rows * width).map(|i| i as f64));
    run(|w, e| aclnnScatterNdUpdateGetWorkspaceSize(var.handle(), indices.handle(), updates.handle(), w, e)).unwrap();
    let mut want = vec![-1.0; (slots * width) as usize];
    for (row, &slot) in places.iter().enumerate() {
        (0..width as usize).for_each(|k| want[slot as usize * width as usize + k] = (row * width as usize + k) as f64);
    }
    assert_close(&var.values(), &want, 0.0, 0.0);
}

#[test]
#[should_panic(expected = "aclnnScatterNdUpdate: indices holds -1, but dim 0 of varRef has 3 elements")]
fn an_index_outside_is_named() {
    let (var, at) = (Array::new(ACL_FLOAT, &[3], [0.0; 3]), Array::new(ACL_INT64, &[1, 1], [-1.0]));
    let update = Array::new(ACL_FLOAT, &[1], [9.0]);
    run(|w, e| aclnnScatterNdUpdateGetWorkspaceSize(var.handle(), at.handle(), update.handle(), w, e)).unwrap();
}

#[test]
fn scatter_refusals() {
    let var = Array::new(ACL_FLOAT, &[3, 2], [0.0; 6]);
    let (at, deep) = (Array::new(ACL_INT64, &[1, 1], [0.0]), Array::new(ACL_INT64, &[1, 3], [0.0; 3]));
    let (row, wrong) = (Array::new(ACL_FLOAT, &[1, 2], [0.0; 2]), Array::new(ACL_BF16, &[1, 2], [0.0; 2]));
    let scatter =
        |at: &Array, row: &Array| run(|w, e| aclnnScatterNdUpdateGetWorkspaceSize(var.handle(), at.handle(), row.handle(), w, e));
    assert_eq!(refusal(scatter(&deep, &row), "aclnnScatterNdUpdate", "last dim of indices is 3"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(scatter(&at, &wrong), "aclnnScatterNdUpdate", "updates is ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(scatter(&at, &var), "aclnnScatterNdUpdate", "updates has shape [3, 2]; [1, 2]"), ACLNN_ERR_PARAM_INVALID);
}

/// The arguments of a cache write.
struct Write {
    key: Array,
    key_cache: Array,
    slots: Array,
    value: Array,
    value_cache: Array,
}

impl Write {
    /// 4 tokens of a fused QKV's rows (2 heads of 3; values 2 heads of 2) to 3 blocks of 2.
    fn new(dtype: aclDataType, slots: &[f64]) -> Write {
        let cache = |d| Array::new(dtype, &[3, 2, 2, d], std::iter::repeat(0.0));
        Write {
            key: Array::strided(dtype, &[4, 2, 3], &[20, 3, 1], 2, 80, (1..25).map(f64::from)),
            key_cache: cache(3),
            slots: Array::new(ACL_INT32, &[slots.len() as i64], slots.iter().copied()),
            value: Array::strided(dtype, &[4, 2, 2], &[20, 2, 1], 8, 80, (31..47).map(f64::from)),
            value_cache: cache(2),
        }
    }

    fn run(&self, cache_mode: *const c_char, scatter_mode: *const c_char, strides: *const aclIntArray) -> Outcome {
        let (k, kc, s, v, vc) = (&self.key, &self.key_cache, &self.slots, &self.value, &self.value_cache);
        let (k, kc, s, v, vc) = (k.handle(), kc.handle(), s.handle(), v.handle(), vc.handle());
        let modes = (cache_mode.cast_mut(), scatter_mode.cast_mut());
        run(|w, e| {
            aclnnScatterPaKvCacheGetWorkspaceSize(
                k,
                kc,
                s,
                v,
                vc,
                nothing(),
                nothing(),
                nothing(),
                modes.0,
                modes.1,
                strides,
                null(),
                w,
                e,
            )
        })
    }
}

#[test]
fn keys_and_values_reach_their_slots() {
    for dtype in [ACL_FLOAT16, ACL_BF16, ACL_INT8] {
        let write = Write::new(dtype, &[5.0, -1.0, 0.0, 3.0]);
        let ones = Ints::new(&[1, 1]);
        write.run(c"Norm".as_ptr(), c"None".as_ptr(), ones.0).unwrap();
        let (mut keys, mut values) = ([0.0; 36], [0.0; 24]);
        for (token, slot) in [(0, 5), (2, 0), (3, 3)] {
            (0..6).for_each(|k| keys[slot * 6 + k] = (1 + token * 6 + k) as f64);
            (0..4).for_each(|k| values[slot * 4 + k] = (31 + token * 4 + k) as f64);
        }
        assert_eq!(write.key_cache.values(), keys);
        assert_eq!(write.value_cache.values(), values);
    }
    Write::new(ACL_BF16, &[0.0, 1.0, 2.0, 3.0]).run(null(), c"".as_ptr(), null()).unwrap();
}

#[test]
#[should_panic(expected = "aclnnScatterPaKvCache: slotMapping holds 6, but the cache has 6 slots")]
fn a_slot_beyond_the_cache_is_named() {
    Write::new(ACL_BF16, &[0.0, 1.0, 6.0, 3.0]).run(null(), null(), null()).unwrap();
}

#[test]
fn cache_refusals() {
    const NAME: &str = "aclnnScatterPaKvCache";
    let write = Write::new(ACL_BF16, &[0.0, 1.0, 2.0, 3.0]);
    let nz = write.run(c"PA_NZ".as_ptr(), null(), null());
    assert_eq!(refusal(nz, NAME, "cacheMode is \"PA_NZ\""), ACL_ERROR_FEATURE_UNSUPPORTED);
    let rope = write.run(null(), c"Rope".as_ptr(), null());
    assert_eq!(refusal(rope, NAME, "scatterMode is \"Rope\""), ACL_ERROR_FEATURE_UNSUPPORTED);
    let twos = Ints::new(&[2, 1]);
    assert_eq!(refusal(write.run(null(), null(), twos.0), NAME, "strides is [2, 1]"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let short = Write::new(ACL_BF16, &[0.0, 1.0]);
    assert_eq!(refusal(short.run(null(), null(), null()), NAME, "slotMapping has shape [2]; [4]"), ACLNN_ERR_PARAM_INVALID);
    let single = Write::new(ACL_FLOAT, &[0.0, 1.0, 2.0, 3.0]);
    assert_eq!(refusal(single.run(null(), null(), null()), NAME, "key is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    let mixed = Write { value_cache: Array::out(ACL_BF16, &[3, 2, 2, 3]), ..Write::new(ACL_BF16, &[0.0, 1.0, 2.0, 3.0]) };
    assert_eq!(refusal(mixed.run(null(), null(), null()), NAME, "value has shape [4, 2, 2]"), ACLNN_ERR_PARAM_INVALID);
}

//! `aclnnSort`: stable along any dim; NaN comes last in both directions.

use ascend_rl_sys::types::*;

use super::along::length;
use super::call::Call;
use super::dtypes::*;
use super::element::Lane;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::reject::{Outcome, check};

/// `valuesOut` is `self` sorted along `dim`, `indicesOut` says where each came from. Equal keys keep their order whether
/// `stable` asks for it or not.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnSortGetWorkspaceSize(
    self_: *const aclTensor,
    _stable: bool,
    dim: i64,
    descending: bool,
    values_out: *mut aclTensor,
    indices_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSort";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let (values, indices) = (call.output("valuesOut", values_out)?, call.output("indicesOut", indices_out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    check_same_dtype(NAME, "valuesOut", &values, "self", input.dtype)?;
    check_dtype(NAME, "indicesOut", &indices, &[ACL_INT64])?;
    for (param, tensor) in [("valuesOut", &values), ("indicesOut", &indices)] {
        check_shape(NAME, param, tensor, &input.dims)?;
        check_writable(NAME, param, tensor)?;
    }
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let n = length(&input, dim);
    check!(
        u32::try_from(n).is_ok(),
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: dim {dim} has {n} elements, at most 2^32 - 1 are taken"
    );
    let [from, values, indices] = [input, values, indices].map(|t| View::lines(&t, dim));
    call.finish(ws, executor, move || {
        // Sorting costs about this many times what a pass over the row does.
        split(from.rows(n), n.saturating_mul(8), |rows| {
            if is_float(from.dtype) {
                sort_lines(&from, &values, &indices, rows, n, |x: f32| float_key(x, descending))
            } else {
                sort_lines(&from, &values, &indices, rows, n, |x: i64| int_key(x, descending))
            }
        })
    })
}

/// Keys whose order as integers is the order asked for. Both zeros are equal; NaN is the largest.
fn float_key(x: f32, descending: bool) -> u32 {
    let bits = (x + 0.0).to_bits();
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    match (x.is_nan(), descending) {
        (true, _) => u32::MAX,
        (_, false) => ascending,
        (_, true) => !ascending,
    }
}

fn int_key(x: i64, descending: bool) -> u64 {
    let ascending = x as u64 ^ 1 << 63;
    if descending { !ascending } else { ascending }
}

/// A key with the place it came from, which makes all keys different: sorting them is stable however it is done.
trait Key: Copy {
    type Placed: Copy + Ord;
    fn placed(self, place: u32) -> Self::Placed;
    fn place(placed: Self::Placed) -> u32;
    /// Sorts, with `spare` for scratch.
    fn sort(placed: &mut Vec<Self::Placed>, spare: &mut Vec<Self::Placed>);
}

impl Key for u32 {
    type Placed = u64;
    fn placed(self, place: u32) -> u64 {
        (self as u64) << 32 | place as u64
    }
    fn place(placed: u64) -> u32 {
        placed as u32
    }
    fn sort(placed: &mut Vec<u64>, spare: &mut Vec<u64>) {
        if placed.len() < RADIX_FROM { placed.sort_unstable() } else { radix_sort(placed, spare) }
    }
}

impl Key for u64 {
    type Placed = (u64, u32);
    fn placed(self, place: u32) -> (u64, u32) {
        (self, place)
    }
    fn place((_, place): (u64, u32)) -> u32 {
        place
    }
    fn sort(placed: &mut Vec<(u64, u32)>, _: &mut Vec<(u64, u32)>) {
        placed.sort_unstable();
    }
}

/// From this length on, counting digits is faster than comparing.
const RADIX_FROM: usize = 2048;
/// Bits of a digit; three cover the key.
const DIGIT: usize = 11;

/// Sorts by the upper 32 bits, the key, keeping the order of equals (their places ascend as they come).
fn radix_sort(placed: &mut Vec<u64>, spare: &mut Vec<u64>) {
    spare.resize(placed.len(), 0);
    for pass in 0..3 {
        let digit = |key: u64| (key >> (32 + pass * DIGIT)) as usize & ((1 << DIGIT) - 1);
        let mut starts = [0; 1 << DIGIT];
        placed.iter().for_each(|&key| starts[digit(key)] += 1);
        let mut start = 0;
        for slot in &mut starts {
            start += std::mem::replace(slot, start);
        }
        for &key in placed.iter() {
            let slot = &mut starts[digit(key)];
            spare[*slot] = key;
            *slot += 1;
        }
        std::mem::swap(placed, spare);
    }
}

fn sort_lines<T: Lane, K: Key>(
    from: &View,
    values: &View,
    indices: &View,
    rows: std::ops::Range<usize>,
    n: usize,
    key: impl Fn(T) -> K,
) {
    let (mut x, mut placed, mut spare) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::new());
    let (mut places, mut sorted) = (Buffer::new(), Buffer::new());
    for row in rows {
        from.load_into(row * n, &mut x.spare_capacity_mut()[..n]);
        // SAFETY: `load_into` has written `n` elements.
        unsafe { x.set_len(n) };
        placed.extend(x.iter().enumerate().map(|(i, &v)| key(v).placed(i as u32)));
        K::sort(&mut placed, &mut spare);
        for (block, keys) in placed.chunks(BLOCK).enumerate() {
            let (places, sorted) = (places.room(keys.len()), sorted.room(keys.len()));
            for ((&key, to), value) in keys.iter().zip(&mut *places).zip(&mut *sorted) {
                let place = K::place(key);
                to.write(place as i64);
                value.write(x[place as usize]);
            }
            let start = row * n + block * BLOCK;
            // SAFETY: the loop has written all of both rooms.
            let (places, sorted) = unsafe { (filled(places), filled(sorted)) };
            indices.store::<i64>(start, places);
            values.store::<T>(start, sorted);
        }
        x.clear();
        placed.clear();
    }
}

#[cfg(test)]
mod tests {
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
                let d = dim.rem_euclid(3) as usize;
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
            run(|w, e| aclnnSortGetWorkspaceSize(x.handle(), false, 0, descending, values.handle(), indices.handle(), w, e))
                .unwrap();
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
}

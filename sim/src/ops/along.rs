//! Operators along one dim that keep or name elements: `aclnnCumsum`, `aclnnArgMax`.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::element::Lane;
use super::lanes;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::{MAX_RANK, Tensor};
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// `out[i] = self[0] + .. + self[i]` along `dim`, as `dtype`, which is `out`'s; floats in f32, one after the other.
pub(crate) fn aclnnCumsumGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnCumsum";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    check_same_dtype(NAME, "out", &output, "dtype", dtype)?;
    check_dtype(NAME, "out", &output, NUMBERS)?;
    check_shape(NAME, "out", &output, &input.dims)?;
    check_writable(NAME, "out", &output)?;
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let n = length(&input, dim);
    let (from, to) = (View::lines(&input, dim), View::lines(&output, dim));
    call.finish(ws, executor, move || {
        split(from.rows(n), n, |rows| {
            for row in rows {
                if is_float(dtype) {
                    running_sum(&from, &to, row * n, n, |a: f32, b| a + b)
                } else {
                    running_sum(&from, &to, row * n, n, i64::wrapping_add)
                }
            }
        })
    })
}

fn running_sum<T: Lane>(from: &View, to: &View, start: usize, n: usize, add: impl Fn(T, T) -> T) {
    let (mut x, mut sums, mut sum) = (Buffer::new(), Buffer::new(), T::default());
    for done in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - done);
        let room = sums.room(len);
        for (room, &x) in room.iter_mut().zip(from.load(start + done, len, &mut x)) {
            sum = add(sum, x);
            room.write(sum);
        }
        // SAFETY: the loop has written all of the room.
        to.store(start + done, unsafe { filled(room) });
    }
}

/// The index of the largest along `dim`, the first of equals; NaN counts as the largest, as in PyTorch.
pub(crate) fn aclnnArgMaxGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    keepdim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnArgMax";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32])?;
    check_dtype(NAME, "out", &output, &[ACL_INT64, ACL_INT32])?;
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let (mut dims, mut rank) = ([1; MAX_RANK], 0);
    for (d, &size) in input.dims.iter().enumerate() {
        if d != dim {
            dims[rank] = size;
        }
        rank += (d != dim || keepdim) as usize;
    }
    check_shape(NAME, "out", &output, &dims[..rank])?;
    check_writable(NAME, "out", &output)?;
    let n = length(&input, dim);
    check!(n > 0 || output.numel() == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: dim {dim} of self has no elements");
    let (from, to) = (View::lines(&input, dim), View::new(&output));
    call.finish(ws, executor, move || {
        split(from.rows(n), n, |rows| {
            let mut found = Buffer::new();
            for start in rows.clone().step_by(BLOCK) {
                let room = found.room(BLOCK.min(rows.end - start));
                for (row, place) in (start..).zip(&mut *room) {
                    let found =
                        if is_float(from.dtype) { largest::<f32>(&from, row * n, n) } else { largest::<i64>(&from, row * n, n) };
                    place.write(found as i64);
                }
                // SAFETY: the loop has written all of the room.
                to.store::<i64>(start, unsafe { filled(room) });
            }
        })
    })
}

/// The position of the largest of `n` elements: only blocks that hold a larger one than before are searched.
fn largest<T: Lane + PartialOrd>(from: &View, start: usize, n: usize) -> usize {
    let (mut buffer, mut best, mut found) = (Buffer::new(), T::default(), 0);
    for done in (0..n).step_by(BLOCK) {
        let x = from.load::<T>(start + done, BLOCK.min(n - done), &mut buffer);
        let (top, is_nan) = summary(x);
        let position = if is_nan {
            x.iter().position(|&v| !is_ordered(v))
        } else if done == 0 || top > best {
            x.iter().position(|&v| v == top)
        } else {
            None
        };
        if let Some(position) = position {
            (best, found) = (top, done + position);
        }
        if is_nan {
            break;
        }
    }
    found
}

/// The largest of a block that has elements, and whether there is a NaN (the first is then anything).
fn summary<T: Lane + PartialOrd>(x: &[T]) -> (T, bool) {
    vectorized(
        #[inline(always)]
        || {
            let top = lanes::fold(x, x[0], higher, higher);
            let nans = lanes::fold(
                x,
                0,
                #[inline(always)]
                |nans, v| nans | !is_ordered(v) as u32,
                #[inline(always)]
                |a, b| a | b,
            );
            (top, nans != 0)
        },
    )
}

#[inline(always)]
fn higher<T: PartialOrd>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// False for NaN alone.
#[inline(always)]
#[allow(clippy::eq_op)] // That is what tells a NaN in any lane type.
fn is_ordered<T: PartialEq>(v: T) -> bool {
    v == v
}

/// Elements along a dim; a scalar has one.
pub(super) fn length(tensor: &Tensor, dim: usize) -> usize {
    tensor.dims.get(dim).copied().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn running_sums_along_every_dim() {
        for (dims, dim) in
            [([1, 1, 1], 0), ([3, 5, 7], 0), ([3, 5, 7], 1), ([3, 5, 7], -1), ([2, 1, 2053], 2), ([40, 1000, 1], 1)]
        {
            let x = Array::new(ACL_FLOAT, &dims, noise(8));
            let out = Array::out(ACL_FLOAT, &dims);
            run(|w, e| aclnnCumsumGetWorkspaceSize(x.handle(), dim, ACL_FLOAT, out.handle(), w, e)).unwrap();
            let d = dim.rem_euclid(3) as usize;
            let stride: i64 = dims[d + 1..].iter().product();
            let (stride, size) = (stride as usize, dims[d] as usize);
            let mut want = x.values();
            for i in 0..want.len() {
                if i / stride % size > 0 {
                    // In f32, one after the other: bit for bit.
                    want[i] = (want[i - stride] as f32 + want[i] as f32) as f64;
                }
            }
            assert_close(&out.values(), &want, 0.0, 0.0);
        }
        // A bf16 sum is kept in f32: 300 ones reach 300, not bf16's 256.
        let (ones, out) = (Array::new(ACL_BF16, &[300], [1.0; 300]), Array::out(ACL_BF16, &[300]));
        run(|w, e| aclnnCumsumGetWorkspaceSize(ones.handle(), 0, ACL_BF16, out.handle(), w, e)).unwrap();
        assert_eq!(out.values()[299], 300.0);
        let (ints, out) = (Array::new(ACL_INT32, &[3], [1.0, 2.0, 3.0]), Array::out(ACL_INT64, &[3]));
        run(|w, e| aclnnCumsumGetWorkspaceSize(ints.handle(), 0, ACL_INT64, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, 3.0, 6.0]);
    }

    #[test]
    fn the_first_largest_is_found() {
        for (dtype, n) in
            [(ACL_FLOAT, 1), (ACL_FLOAT, 3001), (ACL_BF16, 2049), (ACL_FLOAT16, 17), (ACL_INT64, 1030), (ACL_INT32, 5)]
        {
            // Few distinct values, so that there are many equals, in several blocks.
            let x = Array::new(dtype, &[3, n, 2], noise(n as u64).map(|v| (v * 40.0).round()));
            let out = Array::out(ACL_INT64, &[3, 2]);
            run(|w, e| aclnnArgMaxGetWorkspaceSize(x.handle(), 1, false, out.handle(), w, e)).unwrap();
            let (values, n) = (x.values(), n as usize);
            let want = (0..6).map(|o| {
                let at = |k: usize| values[o / 2 * n * 2 + k * 2 + o % 2];
                (0..n).fold(0, |best, k| if at(k) > at(best) { k } else { best }) as f64
            });
            assert_eq!(out.values(), want.collect::<Vec<_>>());
        }
        let late = Array::new(ACL_FLOAT, &[1, 5000], (0..5000).map(|i| if i == 4321 { f64::NAN } else { f64::NEG_INFINITY }));
        let out = Array::out(ACL_INT32, &[1, 1]);
        run(|w, e| aclnnArgMaxGetWorkspaceSize(late.handle(), -1, true, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [4321.0]);
    }

    #[test]
    fn refusals() {
        let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::out(ACL_FLOAT, &[2]));
        let wrong = run(|w, e| aclnnArgMaxGetWorkspaceSize(x.handle(), 1, false, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnArgMax", "out is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        let (empty, out) = (Array::new(ACL_FLOAT, &[2, 0], []), Array::out(ACL_INT64, &[2]));
        let wrong = run(|w, e| aclnnArgMaxGetWorkspaceSize(empty.handle(), 1, false, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnArgMax", "no elements"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnCumsumGetWorkspaceSize(x.handle(), 1, ACL_BF16, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCumsum", "dtype makes it ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnCumsumGetWorkspaceSize(x.handle(), 5, ACL_FLOAT, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCumsum", "dim is 5"), ACLNN_ERR_PARAM_INVALID);
    }
}

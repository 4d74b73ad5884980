//! Running sums and products along one dim: `aclnnCumsum`, `aclnnCumsumV2`, `aclnnCumprod`; in `running`, extremes: `aclnnCummax`,
//! `aclnnCummin`.

mod running;

use ascend_rl_sys::types::*;

pub(crate) use running::*;

use super::call::{Call, Scalar};
use super::dtypes::*;
use super::element::Lane;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, reject};

/// `out[i] = self[0] + .. + self[i]` along `dim`, as `dtype`, which is `out`'s; floats in f32, one after the other.
pub(crate) fn aclnnCumsumGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnCumsum", self_, dim, Some(dtype), Way { exclusive: false, reverse: false }, out, (ws, executor))
}

/// `out[i] = self[0] + .. + self[i]` along `dim`, without the last with `exclusive`, from the end with `reverse`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnCumsumV2GetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    exclusive: bool,
    reverse: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnCumsumV2", self_, dim, None, Way { exclusive, reverse }, out, (ws, executor))
}

/// Which elements a running sum has.
#[derive(Clone, Copy)]
struct Way {
    /// Those before it only.
    exclusive: bool,
    /// From the end.
    reverse: bool,
}

fn plan(
    name: &'static str,
    self_: *const aclTensor,
    dim: i64,
    dtype: Option<aclDataType>,
    way: Way,
    out: *mut aclTensor,
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
) -> Outcome {
    let mut call = Call::new(name);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(name, "self", &input, NUMBERS)?;
    let (source, dtype) = dtype.map_or(("self", input.dtype), |dtype| ("dtype", dtype));
    check_same_dtype(name, "out", &output, source, dtype)?;
    check_dtype(name, "out", &output, NUMBERS)?;
    check_shape(name, "out", &output, &input.dims)?;
    check_writable(name, "out", &output)?;
    let dim = check_dim(name, "dim", dim, &input)?;
    let n = length(&input, dim);
    let (from, to) = (View::lines(&input, dim), View::lines(&output, dim));
    call.finish(ws, executor, move || {
        split(from.rows(n), n, |rows| {
            for row in rows {
                if is_float(dtype) {
                    run(&from, &to, row * n, n, way, 0.0, |a: f32, b| a + b)
                } else {
                    run(&from, &to, row * n, n, way, 0, i64::wrapping_add)
                }
            }
        })
    })
}

/// `out[i] = input[0] * .. * input[i]` along `dim`, a scalar here, as `dtype`, which is `out`'s; floats in f32.
pub(crate) fn aclnnCumprodGetWorkspaceSize(
    input: *const aclTensor,
    dim: *const aclScalar,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnCumprod";
    let mut call = Call::new(NAME);
    let input = call.input("input", input)?;
    let dim = call.scalar("dim", dim)?;
    let output = call.output("out", out)?;
    check_same_dtype(NAME, "out", &output, "dtype", dtype)?;
    products(call, ("input", &input), dim, ("out", &output), (ws, executor))
}

/// The same in place.
pub(crate) fn aclnnInplaceCumprodGetWorkspaceSize(
    input: *mut aclTensor,
    dim: *const aclScalar,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnInplaceCumprod");
    let own = call.output("input", input)?;
    let dim = call.scalar("dim", dim)?;
    products(call, ("input", &own), dim, ("input", &own), (ws, executor))
}

fn products(
    call: Call,
    (param, input): (&str, &Tensor),
    dim: Scalar,
    (out_param, output): (&str, &Tensor),
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
) -> Outcome {
    let name = call.name();
    check_dtype(name, param, input, NUMBERS)?;
    check_dtype(name, out_param, output, NUMBERS)?;
    check_shape(name, out_param, output, &input.dims)?;
    check_writable(name, out_param, output)?;
    let Scalar::Int(dim) = dim else { reject!(ACLNN_ERR_PARAM_INVALID, "{name}: dim is {dim:?}; an integer is needed") };
    let dim = check_dim(name, "dim", dim, input)?;
    let (n, float) = (length(input, dim), is_float(output.dtype));
    let (from, to, way) = (View::lines(input, dim), View::lines(output, dim), Way { exclusive: false, reverse: false });
    call.finish(ws, executor, move || {
        split(from.rows(n), n, |rows| {
            for row in rows {
                if float {
                    run(&from, &to, row * n, n, way, 1.0, |a: f32, b| a * b)
                } else {
                    run(&from, &to, row * n, n, way, 1, i64::wrapping_mul)
                }
            }
        })
    })
}

fn run<T: Lane>(from: &View, to: &View, start: usize, n: usize, way: Way, none: T, add: impl Fn(T, T) -> T) {
    let (mut x, mut sums, mut sum) = (Buffer::new(), Buffer::new(), none);
    for done in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - done);
        let at = if way.reverse { start + n - done - len } else { start + done };
        let (room, block) = (sums.room(len), from.load(at, len, &mut x));
        for i in 0..len {
            let i = if way.reverse { len - 1 - i } else { i };
            let next = add(sum, block[i]);
            room[i].write(if way.exclusive { sum } else { next });
            sum = next;
        }
        // SAFETY: the loop has written all of the room.
        to.store(at, unsafe { filled(room) });
    }
}

/// Elements along a dim; a scalar has one.
pub(super) fn length(tensor: &Tensor, dim: usize) -> usize {
    tensor.dims.get(dim).copied().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::{self, Array, Number, assert_close, noise, refusal};

    #[test]
    fn running_sums_along_every_dim() {
        for (dims, dim) in
            [([1, 1, 1], 0), ([3, 5, 7], 0), ([3, 5, 7], 1), ([3, 5, 7], -1), ([2, 1, 2053], 2), ([40, 1000, 1], 1)]
        {
            let x = Array::new(ACL_FLOAT, &dims, noise(8));
            let out = Array::out(ACL_FLOAT, &dims);
            testing::run(|w, e| aclnnCumsumGetWorkspaceSize(x.handle(), dim, ACL_FLOAT, out.handle(), w, e)).unwrap();
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
        testing::run(|w, e| aclnnCumsumGetWorkspaceSize(ones.handle(), 0, ACL_BF16, out.handle(), w, e)).unwrap();
        assert_eq!(out.values()[299], 300.0);
        let (ints, out) = (Array::new(ACL_INT32, &[3], [1.0, 2.0, 3.0]), Array::out(ACL_INT64, &[3]));
        testing::run(|w, e| aclnnCumsumGetWorkspaceSize(ints.handle(), 0, ACL_INT64, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, 3.0, 6.0]);
    }

    #[test]
    fn running_sums_from_either_end_with_and_without_the_last() {
        for dtype in [ACL_FLOAT, ACL_INT32] {
            for n in [1, 7, 1024, 2500] {
                let x = Array::strided(dtype, &[n, 2], &[3, 1], 1, 3 * n + 1, noise(n as u64).map(|v| (v * 9.0).round()));
                for (exclusive, reverse) in [(false, false), (true, false), (false, true), (true, true)] {
                    let out = Array::out(dtype, &[n, 2]);
                    testing::run(|w, e| aclnnCumsumV2GetWorkspaceSize(x.handle(), 0, exclusive, reverse, out.handle(), w, e))
                        .unwrap();
                    let (source, n) = (x.values(), n as usize);
                    let counts = |k: usize, i: usize| if k == i { !exclusive } else { (k > i) == reverse };
                    let sum = |at: usize| (0..n).filter(|&k| counts(k, at / 2)).map(|k| source[2 * k + at % 2]).sum::<f64>();
                    let want: Vec<f64> = (0..2 * n).map(sum).collect();
                    // Sums of small whole numbers are exact.
                    assert_eq!(out.values(), want);
                }
            }
        }
    }

    #[test]
    fn running_products() {
        for dtype in [ACL_FLOAT, ACL_INT64, ACL_INT32] {
            let x = Array::strided(dtype, &[7, 3], &[4, 1], 1, 30, noise(5).map(|v| (v * 3.0).round()));
            for (dim, step) in [(0i64, 3), (-1, 1)] {
                let mut want = x.values();
                for i in 0..21 {
                    let first = if step == 3 { i < 3 } else { i % 3 == 0 };
                    if !first {
                        want[i] *= want[i - step];
                    }
                }
                let (out, scalar) = (Array::out(dtype, &[7, 3]), Number::int(dim));
                testing::run(|w, e| aclnnCumprodGetWorkspaceSize(x.handle(), scalar.0, dtype, out.handle(), w, e)).unwrap();
                // Products of small whole numbers are exact.
                assert_eq!(out.values(), want);
                let own = Array::new(dtype, &[7, 3], x.values());
                testing::run(|w, e| aclnnInplaceCumprodGetWorkspaceSize(own.handle(), scalar.0, w, e)).unwrap();
                assert_eq!(own.values(), want);
            }
        }
        let (x, half) = (Array::new(ACL_FLOAT, &[2], [1.0; 2]), Number::float(0.0));
        let wrong = testing::run(|w, e| aclnnInplaceCumprodGetWorkspaceSize(x.handle(), half.0, w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceCumprod", "dim is Float"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn refusals() {
        let (x, halves) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::out(ACL_BF16, &[2, 3]));
        let wrong = testing::run(|w, e| aclnnCumsumV2GetWorkspaceSize(x.handle(), 1, false, false, halves.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCumsumV2", "self makes it ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        let wrong = testing::run(|w, e| aclnnCumsumGetWorkspaceSize(x.handle(), 1, ACL_BF16, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCumsum", "dtype makes it ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
        let wrong = testing::run(|w, e| aclnnCumsumGetWorkspaceSize(x.handle(), 5, ACL_FLOAT, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCumsum", "dim is 5"), ACLNN_ERR_PARAM_INVALID);
    }
}

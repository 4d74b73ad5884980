//! Operators that copy or fill, and what others move elements with: `aclnnCast`, `aclnnInplaceCopy`, `aclnnInplaceFill*`,
//! `aclnnInplaceZero`, `aclnnInplaceOne`.
//!
//! Any strides on both sides. Floats become integers by truncation towards zero, and saturate.

use ascend_rl_sys::types::*;

use super::call::{Call, Scalar};
use super::dtypes::*;
use super::element::{Element, Lane, with_bits, with_element};
use super::split::split;
use super::transpose::Transpose;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

/// `out = self` as `dtype`, which is `out`'s.
pub(crate) fn aclnnCastGetWorkspaceSize(
    self_: *const aclTensor,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnCast");
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype("aclnnCast", "self", &input, ALL)?;
    check_same_dtype("aclnnCast", "out", &output, "dtype", dtype)?;
    check_dtype("aclnnCast", "out", &output, ALL)?;
    check_shape("aclnnCast", "out", &output, &input.dims)?;
    check_writable("aclnnCast", "out", &output)?;
    let (from, to) = (View::new(&input), View::new(&output));
    call.finish(ws, executor, move || convert(&from, &to))
}

/// `selfRef = src`, converted and broadcast.
pub(crate) fn aclnnInplaceCopyGetWorkspaceSize(
    self_ref: *mut aclTensor,
    src: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnInplaceCopy");
    let (output, input) = (call.output("selfRef", self_ref)?, call.input("src", src)?);
    check_dtype("aclnnInplaceCopy", "selfRef", &output, ALL)?;
    check_dtype("aclnnInplaceCopy", "src", &input, ALL)?;
    check!(
        broadcast(&[input.dims, output.dims]) == Some(output.dims),
        ACLNN_ERR_PARAM_INVALID,
        "aclnnInplaceCopy: src has shape {:?}, which does not broadcast to selfRef's {:?}",
        input.dims,
        output.dims
    );
    check_writable("aclnnInplaceCopy", "selfRef", &output)?;
    let copy = Move::new(&input, &output);
    call.finish(ws, executor, move || copy.run())
}

/// A planned copy of a tensor to another, which it broadcasts to, with conversion.
pub(super) enum Move {
    /// The two run along different dims.
    Turned(Transpose, aclDataType),
    /// Elements in the order of both lines.
    Straight(View, View),
}

impl Move {
    pub(super) fn new(from: &Tensor, to: &Tensor) -> Move {
        match Transpose::new(from, to) {
            Some(transpose) if from.dtype == to.dtype => Move::Turned(transpose, to.dtype),
            _ => Move::Straight(View::broadcast(from, &to.dims), View::new(to)),
        }
    }

    pub(super) fn run(&self) {
        match self {
            Move::Turned(transpose, dtype) => with_bits!(dtype.size(), B => transpose.run::<B>()),
            Move::Straight(from, to) => convert(from, to),
        }
    }
}

/// `selfRef = value`.
pub(crate) fn aclnnInplaceFillScalarGetWorkspaceSize(
    self_ref: *mut aclTensor,
    value: *const aclScalar,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnInplaceFillScalar");
    let output = call.output("selfRef", self_ref)?;
    let value = call.scalar("value", value)?;
    check_dtype("aclnnInplaceFillScalar", "selfRef", &output, ALL)?;
    check_writable("aclnnInplaceFillScalar", "selfRef", &output)?;
    let to = View::new(&output);
    call.finish(ws, executor, move || with_element!(to.dtype, E => fill::<E>(&to, value)))
}

macro_rules! constants {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $value:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(self_ref: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
            let mut call = Call::new($name);
            let output = call.output("selfRef", self_ref)?;
            check_dtype($name, "selfRef", &output, ALL)?;
            check_writable($name, "selfRef", &output)?;
            let to = View::new(&output);
            call.finish(ws, executor, move || with_element!(to.dtype, E => fill::<E>(&to, Scalar::Int($value))))
        }
    )* };
}
constants! {
    /// `selfRef = 0`.
    aclnnInplaceZeroGetWorkspaceSize, "aclnnInplaceZero", 0;
    /// `selfRef = 1`.
    aclnnInplaceOneGetWorkspaceSize, "aclnnInplaceOne", 1;
}

/// `selfRef = value`, which is one element.
pub(crate) fn aclnnInplaceFillTensorGetWorkspaceSize(
    self_ref: *mut aclTensor,
    value: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceFillTensor";
    let mut call = Call::new(NAME);
    let (output, value) = (call.output("selfRef", self_ref)?, call.input("value", value)?);
    check_dtype(NAME, "selfRef", &output, ALL)?;
    check_dtype(NAME, "value", &value, ALL)?;
    let fits = value.numel() == 1 && value.rank() <= 1;
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: value has shape {:?}; one element is needed, 0-D or 1-D", value.dims);
    check_writable(NAME, "selfRef", &output)?;
    let copy = Move::Straight(View::of(&value, output.dims.iter().map(|&dim| (dim, 0))), View::new(&output));
    call.finish(ws, executor, move || copy.run())
}

/// Rows of at least this many elements are moved as they are, without a block between.
pub(super) const LONG: usize = 64;

/// `to = from`, both of one shape.
pub(super) fn convert(from: &View, to: &View) {
    split(to.numel(), 1, |range| {
        let (start, n) = (range.start, range.end - range.start);
        if from.dtype == to.dtype {
            with_bits!(to.dtype.size(), B => move_range::<B>(from, start, to, start, n))
        } else if is_float(from.dtype) {
            convert_range::<f32>(from, to, start, range.end)
        } else {
            convert_range::<i64>(from, to, start, range.end)
        }
    });
}

fn convert_range<T: Lane>(from: &View, to: &View, start: usize, end: usize) {
    let mut buffer = Buffer::<T>::new();
    // Rows of some length are read where they are, one block not reaching into the next.
    let row = if from.step() == 1 && from.run() >= LONG { from.run() } else { usize::MAX };
    let mut at = start;
    while at < end {
        let n = BLOCK.min(end - at).min(row - at % row);
        // Memory is slow to begin, at each page anew: the next block is on its way while this one is converted.
        let next = at + n;
        from.prefetch(next, BLOCK.min(end - next).min(row - next % row));
        to.store(at, from.load(at, n, &mut buffer));
        at += n;
    }
}

/// Moves `n` elements of the size of `B`, bit by bit, from the place `source` of one view to the place `target` of another.
pub(super) fn move_range<B: Copy>(from: &View, source: usize, to: &View, target: usize, n: usize) {
    if from.is_plain() && to.is_plain() {
        let (from, to) = (from.data().cast::<B>(), to.data().cast::<B>());
        // SAFETY: both ranges lie in their views' memory (see `View`), in bytes, so that alignment does not matter.
        unsafe { std::ptr::copy(from.add(source).cast::<u8>(), to.add(target).cast::<u8>(), n * size_of::<B>()) };
        return;
    }
    let long_rows = |view: &View| view.step() == 1 && view.run() >= LONG;
    if long_rows(from) && long_rows(to) {
        let (read, write) = (from.data().cast::<B>(), to.data().cast::<B>());
        from.runs(source, n, |from, _, at, n| {
            to.runs(target + at, n, |to, _, done, n| {
                let (read, write) = (read.wrapping_add(from + done), write.wrapping_add(to));
                // SAFETY: as above, for a part of a row of each.
                unsafe { std::ptr::copy(read.cast::<u8>(), write.cast::<u8>(), n * size_of::<B>()) };
            })
        });
        return;
    }
    let mut buffer = Buffer::<B>::new();
    for done in (0..n).step_by(BLOCK) {
        let room = buffer.room(BLOCK.min(n - done));
        from.read(source + done, room);
        // SAFETY: `read` has written all of the room.
        to.write(target + done, unsafe { filled(room) });
    }
}

/// Writes one element to the places `start..end` of a view.
pub(super) fn repeat<B: Copy>(to: &View, start: usize, end: usize, bits: B) {
    let mut buffer = Buffer::new();
    let room = buffer.room(BLOCK.min(end - start));
    room.fill(std::mem::MaybeUninit::new(bits));
    // SAFETY: `fill` has written all of the room.
    let block: &[B] = unsafe { filled(room) };
    for at in (start..end).step_by(BLOCK) {
        to.write(at, &block[..BLOCK.min(end - at)]);
    }
}

pub(super) fn fill<E: Element>(to: &View, value: Scalar) {
    let element = match value {
        Scalar::Float(v) if is_float(to.dtype) || to.dtype == ACL_BOOL => E::from_f32(v as f32),
        Scalar::Float(v) => E::from_i64(v as i64),
        Scalar::Int(v) => E::from_i64(v),
        Scalar::Bool(v) => E::from_i64(v as i64),
    };
    split(to.numel(), 1, |range| repeat(to, range.start, range.end, element));
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn cast(from: aclDataType, to: aclDataType, values: &[f64]) -> Vec<f64> {
        let dims = [values.len() as i64];
        let (x, out) = (Array::new(from, &dims, values.iter().copied()), Array::out(to, &dims));
        run(|w, e| aclnnCastGetWorkspaceSize(x.handle(), to, out.handle(), w, e)).unwrap();
        out.values()
    }

    #[test]
    fn casts_truncate_round_and_keep_large_integers() {
        assert_eq!(cast(ACL_FLOAT, ACL_INT32, &[1.9, -1.9, 3e9, f64::NAN]), [1.0, -1.0, 2147483647.0, 0.0]);
        assert_eq!(cast(ACL_FLOAT, ACL_BOOL, &[0.0, -0.0, 0.1, -3.0]), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(cast(ACL_FLOAT, ACL_BF16, &[257.0, 259.0, 1.0]), [256.0, 260.0, 1.0]);
        assert_eq!(cast(ACL_FLOAT, ACL_FLOAT16, &[65504.0, 65520.0, 6e-8]), [65504.0, f64::INFINITY, 5.960464477539063e-8]);
        assert_eq!(cast(ACL_INT64, ACL_INT32, &[4294967297.0, -1.0]), [1.0, -1.0]);
        assert_eq!(cast(ACL_INT32, ACL_INT64, &[16777217.0, -2147483648.0]), [16777217.0, -2147483648.0]);
        assert_eq!(cast(ACL_BOOL, ACL_FLOAT, &[2.0, 0.0]), [1.0, 0.0]);
        assert_eq!(cast(ACL_BF16, ACL_UINT8, &[3.5, 255.0]), [3.0, 255.0]);
        for n in [1, 1023, 40_007] {
            let values: Vec<f64> = noise(n as u64).take(n).collect();
            let want: Vec<f64> = values.iter().map(|&v| half::bf16::from_f32(v as f32).to_f64()).collect();
            assert_close(&cast(ACL_FLOAT, ACL_BF16, &values), &want, 0.0, 0.0);
            assert_close(&cast(ACL_BF16, ACL_FLOAT, &want), &want, 0.0, 0.0);
        }
    }

    #[test]
    fn copies_between_any_strides() {
        for (from, to) in [(ACL_FLOAT, ACL_FLOAT), (ACL_INT64, ACL_INT64), (ACL_BF16, ACL_FLOAT), (ACL_INT8, ACL_INT8)] {
            // A transpose with gaps, larger than a block, to a view with gaps.
            let src =
                Array::strided(from, &[41, 43], &[2, 90], 3, 3 + 40 * 2 + 42 * 90 + 1, (0..41 * 43).map(|i| (i % 101) as f64));
            let dst = Array::strided(to, &[41, 43], &[50, 1], 2, 41 * 50, std::iter::repeat(0.0));
            run(|w, e| aclnnInplaceCopyGetWorkspaceSize(dst.handle(), src.handle(), w, e)).unwrap();
            assert_eq!(dst.values(), src.values());
            assert_eq!(dst.storage()[..2], [7.0, 7.0]);
        }
        // Dims in another order, with more than one matrix and ragged tiles.
        let src = Array::strided(ACL_BF16, &[2, 70, 3, 45], &[70, 1, 140, 420], 0, 18_900, (0..18_900).map(|i| (i % 211) as f64));
        let dst = Array::out(ACL_BF16, &[2, 70, 3, 45]);
        run(|w, e| aclnnInplaceCopyGetWorkspaceSize(dst.handle(), src.handle(), w, e)).unwrap();
        assert_close(&dst.values(), &src.values(), 0.0, 0.0);
        // Long rows with gaps on one side or both, of other lengths than blocks.
        for (from, to) in [(ACL_FLOAT, ACL_BF16), (ACL_BF16, ACL_BF16), (ACL_BF16, ACL_FLOAT), (ACL_INT64, ACL_INT64)] {
            for (rows, cols, gap) in [(3, 64, 1), (41, 1025, 7), (2, 40_000, 3)] {
                let (n, wide) = ((rows * cols) as usize, (cols + gap) as usize);
                let values = || (0..n).map(|i| (i % 251) as f64);
                let gaps = Array::strided(from, &[rows, cols], &[wide as i64, 1], 5, 5 + rows * wide as i64, values());
                let plain = Array::new(from, &[rows, cols], values());
                for src in [&gaps, &plain] {
                    let out = Array::strided(to, &[rows, cols], &[wide as i64 + 2, 1], 1, 1 + rows * (wide as i64 + 2), values());
                    run(|w, e| aclnnInplaceZeroGetWorkspaceSize(out.handle(), w, e)).unwrap();
                    run(|w, e| aclnnInplaceCopyGetWorkspaceSize(out.handle(), src.handle(), w, e)).unwrap();
                    assert_eq!(out.values(), values().collect::<Vec<_>>());
                    assert_eq!(
                        out.storage().iter().filter(|&&v| v == 7.0).count(),
                        1 + rows as usize * (gap as usize + 2) + values().filter(|&v| v == 7.0).count()
                    );
                    let out = Array::out(to, &[rows, cols]);
                    run(|w, e| aclnnInplaceCopyGetWorkspaceSize(out.handle(), src.handle(), w, e)).unwrap();
                    assert_eq!(out.values(), values().collect::<Vec<_>>());
                }
            }
        }
        let (row, dst) = (Array::new(ACL_BF16, &[3], [1.0, 2.0, 3.0]), Array::out(ACL_INT32, &[2, 1, 3]));
        run(|w, e| aclnnInplaceCopyGetWorkspaceSize(dst.handle(), row.handle(), w, e)).unwrap();
        assert_eq!(dst.values(), [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn fills_reach_the_view_only() {
        for (dtype, value, want) in
            [(ACL_FLOAT, 2.5, 2.5), (ACL_INT32, 2.5, 2.0), (ACL_BOOL, 0.5, 1.0), (ACL_FLOAT16, -1.0, -1.0)]
        {
            let x = Array::strided(dtype, &[3, 1100], &[1200, 1], 5, 3700, std::iter::repeat(0.0));
            let number = Number::float(value);
            run(|w, e| aclnnInplaceFillScalarGetWorkspaceSize(x.handle(), number.0, w, e)).unwrap();
            assert!(x.values().iter().all(|&v| v == want));
            run(|w, e| aclnnInplaceZeroGetWorkspaceSize(x.handle(), w, e)).unwrap();
            assert!(x.values().iter().all(|&v| v == 0.0));
            run(|w, e| aclnnInplaceOneGetWorkspaceSize(x.handle(), w, e)).unwrap();
            assert!(x.values().iter().all(|&v| v == 1.0));
            let one_value = Array::new(ACL_FLOAT, &[1], [3.0]);
            run(|w, e| aclnnInplaceFillTensorGetWorkspaceSize(x.handle(), one_value.handle(), w, e)).unwrap();
            assert!(x.values().iter().all(|&v| v == if dtype == ACL_BOOL { 1.0 } else { 3.0 }));
            assert_eq!(x.storage().iter().filter(|&&v| v == 7.0).count(), 400);
        }
    }

    #[test]
    fn refusals() {
        let (x, y) = (Array::new(ACL_FLOAT, &[2], [0.0; 2]), Array::new(ACL_INT32, &[3], [0.0; 3]));
        let wrong = run(|w, e| aclnnCastGetWorkspaceSize(x.handle(), ACL_BF16, y.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCast", "out is ACL_INT32; dtype makes it ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnCastGetWorkspaceSize(x.handle(), ACL_INT32, y.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCast", "out has shape [3]; [2]"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnInplaceCopyGetWorkspaceSize(x.handle(), y.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceCopy", "src has shape [3]"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnInplaceCopyGetWorkspaceSize(x.handle(), nothing(), w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceCopy", "src is null"), ACLNN_ERR_PARAM_NULLPTR);
        let wrong = run(|w, e| aclnnInplaceFillTensorGetWorkspaceSize(x.handle(), y.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceFillTensor", "value has shape [3]"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnInplaceFillScalarGetWorkspaceSize(x.handle(), std::ptr::null(), w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceFillScalar", "value is null"), ACLNN_ERR_PARAM_NULLPTR);
    }
}

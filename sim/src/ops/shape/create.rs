//! Tensors from nothing but scalars: `aclnnArange`, `aclnnRange`, `aclnnLinspace`, `aclnnEye`.

use std::mem::MaybeUninit;

use ascend_rl_sys::types::*;

use super::Out;
use crate::ops::call::{Call, Scalar};
use crate::ops::dtypes::*;
use crate::ops::element::Lane;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled};
use crate::reject::{Outcome, check};

macro_rules! progressions {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $closed:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            start: *const aclScalar,
            end: *const aclScalar,
            step: *const aclScalar,
            out: *mut aclTensor,
            ws: *mut u64,
            executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            progression($name, [start, end, step], $closed, out, (ws, executor))
        }
    )* };
}
progressions! {
    /// `out[i] = start + i * step`, as many as come before `end`.
    aclnnArangeGetWorkspaceSize, "aclnnArange", false;
    /// `out[i] = start + i * step`, as many as do not come after `end`.
    aclnnRangeGetWorkspaceSize, "aclnnRange", true;
}

fn progression(
    name: &'static str,
    ends: [*const aclScalar; 3],
    closed: bool,
    out: *mut aclTensor,
    (ws, executor): Out,
) -> Outcome {
    let mut call = Call::new(name);
    let [start, end, step] = [call.scalar("start", ends[0])?, call.scalar("end", ends[1])?, call.scalar("step", ends[2])?];
    let output = call.output("out", out)?;
    check_dtype(name, "out", &output, &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32])?;
    let steps = (end.as_f64() - start.as_f64()) / step.as_f64();
    let possible = steps >= 0.0 && steps < (1u64 << 40) as f64;
    check!(
        possible,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: from start {start:?} to end {end:?} by step {step:?} is no finite number of steps"
    );
    let n = if closed { steps.floor() as usize + 1 } else { steps.ceil() as usize };
    // Whatever its dims: CANN (aclnn_arange.cpp) copies the numbers to `out` in order. ggml-cann gives a 4-D one.
    let room = output.numel();
    check!(room == n, ACLNN_ERR_PARAM_INVALID, "{name}: out has shape {:?}; {n} elements are needed", output.dims);
    check_writable(name, "out", &output)?;
    let to = View::new(&output);
    if is_float(output.dtype) {
        let (start, step) = (start.as_f64(), step.as_f64());
        call.finish(ws, executor, move || fill_by(&to, |i| (start + i as f64 * step) as f32))
    } else {
        let whole = |scalar| if let Scalar::Int(v) = scalar { v } else { scalar.as_f64() as i64 };
        let (start, step) = (whole(start), whole(step));
        call.finish(ws, executor, move || fill_by(&to, |i| start.wrapping_add(step.wrapping_mul(i as i64))))
    }
}

/// `out[i]` from `start` to `end` in `steps` equal steps, both ends included; made from the nearer end, as in PyTorch.
pub(crate) fn aclnnLinspaceGetWorkspaceSize(
    start: *const aclScalar,
    end: *const aclScalar,
    steps: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLinspace";
    let mut call = Call::new(NAME);
    let (start, end) = (call.scalar("start", start)?.as_f64(), call.scalar("end", end)?.as_f64());
    let output = call.output("out", out)?;
    check_dtype(NAME, "out", &output, NUMBERS)?;
    check!(steps >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: steps is {steps}; 0 or more is taken");
    let n = steps as usize;
    check_shape(NAME, "out", &output, &[n])?;
    check_writable(NAME, "out", &output)?;
    let step = if n > 1 { (end - start) / (n - 1) as f64 } else { 0.0 };
    let at = move |i: usize| if i < n.div_ceil(2) { start + i as f64 * step } else { end - (n - 1 - i) as f64 * step };
    let to = View::new(&output);
    if is_float(output.dtype) {
        call.finish(ws, executor, move || fill_by(&to, |i| at(i) as f32))
    } else {
        // Cut off, as a cast does.
        call.finish(ws, executor, move || fill_by(&to, |i| at(i) as i64))
    }
}

/// 1 where row and column are the same, 0 elsewhere; `[n, m]`.
pub(crate) fn aclnnEyeGetWorkspaceSize(
    n: i64,
    m: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnEye";
    let mut call = Call::new(NAME);
    let output = call.output("out", out)?;
    check_dtype(NAME, "out", &output, ALL)?;
    check!(n >= 0 && m >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: n is {n} and m {m}; 0 or more is taken");
    check_shape(NAME, "out", &output, &[n as usize, m as usize])?;
    check_writable(NAME, "out", &output)?;
    let (to, columns) = (View::new(&output), m as usize);
    call.finish(ws, executor, move || fill_by(&to, |i| (i / columns == i % columns) as i64))
}

/// Writes `value(i)` to each place `i` of a view.
fn fill_by<T: Lane>(to: &View, value: impl Fn(usize) -> T + Sync) {
    split(to.numel(), 1, |range| {
        let mut buffer = Buffer::new();
        for start in range.clone().step_by(BLOCK) {
            let room = buffer.room(BLOCK.min(range.end - start));
            for (i, room) in room.iter_mut().enumerate() {
                *room = MaybeUninit::new(value(start + i));
            }
            // SAFETY: the loop has written all of the room.
            to.store(start, unsafe { filled(room) });
        }
    });
}

//! Elements repeated or spread out: `aclnnRepeatInterleave`, `aclnnRepeatInterleaveInt`, `aclnnOneHot`.

use std::ffi::c_int;

use ascend_rl_sys::types::*;

use super::INDICES;
use crate::nn::tensor::MAX_RANK;
use crate::ops::call::Call;
use crate::ops::copy::{Move, repeat};
use crate::ops::dtypes::*;
use crate::ops::element::with_bits;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled};
use crate::reject::{Outcome, check, fail};

/// Each element of `self`, as one line, `repeats` times in `out`, which has `outputSize` elements.
pub(crate) fn aclnnRepeatInterleaveIntGetWorkspaceSize(
    self_: *const aclTensor,
    repeats: i64,
    output_size: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRepeatInterleaveInt";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let times = usize::try_from(repeats).ok();
    let size = times.and_then(|times| times.checked_mul(input.numel()));
    let fits = size.is_some_and(|size| size as i64 == output_size);
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: repeats is {repeats} and outputSize {output_size}; of self's {} elements, that many times is needed",
        input.numel()
    );
    check_shape(NAME, "out", &output, &[output_size as usize])?;
    check_writable(NAME, "out", &output)?;
    let own = input.dims.iter().copied().zip(input.strides.iter().copied());
    let loops: Vec<_> = own.chain([(times.unwrap_or(0), 0)]).filter(|axis| axis.0 != 1).collect();
    check!(
        loops.len() <= MAX_RANK,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: self is {}-D; the simulator takes {} dims other than 1",
        input.rank(),
        MAX_RANK - 1
    );
    let copy = Move::Straight(View::of(&input, loops.into_iter()), View::new(&output));
    call.finish(ws, executor, move || copy.run())
}

/// Element `i` of `self`, as one line, `repeats[i]` times in `out`, which has `outputSize` elements. If they are not what
/// `repeats` makes, the operation fails.
pub(crate) fn aclnnRepeatInterleaveGetWorkspaceSize(
    self_: *const aclTensor,
    repeats: *const aclTensor,
    output_size: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRepeatInterleave";
    let mut call = Call::new(NAME);
    let (input, repeats) = (call.input("self", self_)?, call.input("repeats", repeats)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_dtype(NAME, "repeats", &repeats, INDICES)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let n = input.numel();
    let fits = repeats.rank() <= 1 && (repeats.numel() == n || repeats.numel() == 1);
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: repeats has shape {:?}; [{n}] or [1] is needed", repeats.dims);
    check_shape(NAME, "out", &output, &[usize::try_from(output_size).unwrap_or(usize::MAX)])?;
    check_writable(NAME, "out", &output)?;
    let (from, to) = (View::new(&input), View::new(&output));
    let one = repeats.strides.first().copied().unwrap_or(0);
    let times = View::of(&repeats, [(n, if repeats.numel() == 1 { 0 } else { one })].into_iter());
    call.finish(ws, executor, move || {
        let (mut counts, mut at) = (Buffer::new(), 0usize);
        for start in (0..n).step_by(BLOCK) {
            let counts = times.load::<i64>(start, BLOCK.min(n - start), &mut counts);
            with_bits!(to.dtype.size(), B => {
                let mut elements = Buffer::<B>::new();
                let room = elements.room(counts.len());
                from.read(start, room);
                // SAFETY: `read` has written all of the room.
                for (&bits, &count) in unsafe { filled(room) }.iter().zip(counts) {
                    let Some(next) = usize::try_from(count).ok().and_then(|count| at.checked_add(count)) else {
                        fail!("{NAME}: repeats holds {count}")
                    };
                    if next > to.numel() {
                        fail!("{NAME}: repeats make more than {} elements, which is outputSize", to.numel());
                    }
                    repeat::<B>(&to, at, next, bits);
                    at = next;
                }
            });
        }
        if at < to.numel() {
            fail!("{NAME}: repeats make {at} elements; outputSize is {}", to.numel());
        }
    })
}

/// `onValue` in place `self[..]` of a new dim `axis` of `numClasses`, else `offValue`; a class that there is not gives none.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnOneHotGetWorkspaceSize(
    self_: *const aclTensor,
    num_classes: c_int,
    on_value: *const aclTensor,
    off_value: *const aclTensor,
    axis: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnOneHot";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let (on, off) = (call.input("onValue", on_value)?, call.input("offValue", off_value)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, &[ACL_INT64, ACL_INT32, ACL_UINT8])?;
    check_dtype(NAME, "out", &output, &[ACL_FLOAT, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8, ACL_UINT8])?;
    for (param, value) in [("onValue", &on), ("offValue", &off)] {
        check_same_dtype(NAME, param, value, "out", output.dtype)?;
        check!(value.numel() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} has shape {:?}; an element is needed", value.dims);
    }
    let rank = input.rank();
    let possible = (-1..=rank as i64).contains(&axis) && rank < MAX_RANK;
    check!(possible, ACLNN_ERR_PARAM_INVALID, "{NAME}: axis is {axis} and self {rank}-D; -1..{rank} is taken, of 7 dims at most");
    let classes = usize::try_from(num_classes).unwrap_or(usize::MAX);
    check!(num_classes >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: numClasses is {num_classes}");
    let axis = if axis < 0 { rank } else { axis as usize };
    let mut needed = input.dims.to_vec();
    needed.insert(axis, classes);
    check_shape(NAME, "out", &output, &needed)?;
    check_writable(NAME, "out", &output)?;
    let (from, to) = (View::new(&input), View::lines(&output, axis));
    let (on, off) = (View::of(&on, std::iter::empty()), View::of(&off, std::iter::empty()));
    call.finish(ws, executor, move || {
        split(to.rows(classes), classes, |rows| {
            let mut values = Buffer::new();
            for start in rows.clone().step_by(BLOCK) {
                let values = from.load::<i64>(start, BLOCK.min(rows.end - start), &mut values);
                with_bits!(to.dtype.size(), B => {
                    let (on, off) = (first::<B>(&on), first::<B>(&off));
                    for (row, &class) in (start..).zip(values) {
                        repeat(&to, row * classes, (row + 1) * classes, off);
                        if let Some(class) = usize::try_from(class).ok().filter(|&class| class < classes) {
                            to.write(row * classes + class, &[on]);
                        }
                    }
                });
            }
        })
    })
}

/// The first element of a view.
fn first<B: Copy>(view: &View) -> B {
    let mut buffer = Buffer::new();
    let room = buffer.room(1);
    view.read(0, room);
    // SAFETY: `read` has written the element.
    let elements = unsafe { filled(room) };
    elements[0]
}

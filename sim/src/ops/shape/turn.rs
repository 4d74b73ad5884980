//! All of a tensor in another order or several times: `aclnnPermute`, `aclnnExpand`, `aclnnRepeat`, `aclnnRoll`, `aclnnFlip`.

use ascend_rl_sys::types::*;

use super::{dims_array, finish, narrowed, ordered};
use crate::nn::tensor::{MAX_RANK, Tensor};
use crate::ops::call::Call;
use crate::ops::copy::{Move, move_range};
use crate::ops::dtypes::*;
use crate::ops::element::with_bits;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled_mut};
use crate::reject::{Outcome, check};

/// What both tensors of these operators have in common, once the output's shape is known.
fn check_output(name: &str, input: &Tensor, output: &Tensor, needed: &[usize]) -> Outcome {
    check_same_dtype(name, "out", output, "self", input.dtype)?;
    check_shape(name, "out", output, needed)?;
    check_writable(name, "out", output)
}

/// Dim `i` of `out` is dim `dims[i]` of `self`.
pub(crate) fn aclnnPermuteGetWorkspaceSize(
    self_: *const aclTensor,
    dims: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnPermute";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    let dims = dims_array(&call, NAME, "dims", dims)?;
    let (order, set) = named_dims(NAME, &dims, &input)?;
    let all = set.count_ones() as usize == input.rank();
    check!(all, ACLNN_ERR_PARAM_INVALID, "{NAME}: dims is {dims:?}; each of self's {} dims is needed once", input.rank());
    let turned = ordered(&input, order.iter().copied());
    check_output(NAME, &input, &output, &turned.dims)?;
    finish(call, vec![Move::new(&turned, &output)], (ws, executor))
}

/// The dims that numbers name, each once, and the set of them as bits.
fn named_dims(name: &str, dims: &[i64], input: &Tensor) -> Outcome<(Vec<usize>, u32)> {
    let (mut order, mut set) = (Vec::with_capacity(dims.len()), 0u32);
    for &dim in dims {
        let d = check_dim(name, "dims", dim, input)?;
        check!(set & 1 << d == 0, ACLNN_ERR_PARAM_INVALID, "{name}: dims {dims:?} name a dim twice");
        set |= 1 << d;
        order.push(d);
    }
    Ok((order, set))
}

/// `self` repeated to `size`, which it broadcasts to; -1 keeps a dim.
pub(crate) fn aclnnExpandGetWorkspaceSize(
    self_: *const aclTensor,
    size: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnExpand";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    let size = dims_array(&call, NAME, "size", size)?;
    let given = input.dims;
    let mut needed = Vec::with_capacity(size.len());
    for (i, &dim) in size.iter().enumerate() {
        let own = (i + given.len()).checked_sub(size.len()).map(|d| given[d]);
        let dim =
            if dim == -1 { own } else { usize::try_from(dim).ok().filter(|dim| own.is_none_or(|own| own == 1 || own == *dim)) };
        needed.extend(dim);
    }
    let fits = needed.len() == size.len() && size.len() >= given.len();
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: size is {size:?}, to which self's shape {given:?} does not expand");
    check_output(NAME, &input, &output, &needed)?;
    finish(call, vec![Move::new(&input, &output)], (ws, executor))
}

/// The whole repeated `repeats[i]` times along dim `i`; dims that `self` lacks are added in front.
pub(crate) fn aclnnRepeatGetWorkspaceSize(
    self_: *const aclTensor,
    repeats: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRepeat";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    let repeats = dims_array(&call, NAME, "repeats", repeats)?;
    let fits = repeats.len() >= input.rank() && repeats.iter().all(|&times| times >= 0);
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: repeats is {repeats:?}; a number for each dim of self is needed, none negative, and self is {}-D",
        input.rank()
    );
    let added = repeats.len() - input.rank();
    // Of each dim two loops: over the repetitions, which stay where they are, and over what is repeated.
    let own = |i: usize| i.checked_sub(added).map_or((1, 1), |d| (input.dims[d], input.strides[d]));
    let loops: Vec<_> = repeats.iter().enumerate().flat_map(|(i, &times)| [(times as usize, 0), own(i)]).collect();
    let needed: Vec<usize> = loops.chunks(2).map(|pair| pair[0].0.saturating_mul(pair[1].0)).collect();
    check_output(NAME, &input, &output, &needed)?;
    let deep = loops.iter().filter(|(dim, _)| *dim != 1).count();
    check!(
        deep <= MAX_RANK,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: repeats and self's shape have {deep} numbers other than 1 together; the simulator takes {MAX_RANK}"
    );
    finish(call, vec![Move::Straight(View::of(&input, loops.into_iter()), View::new(&output))], (ws, executor))
}

/// Element `i` moves to `i + shift` along each of `dims`; what leaves at the end comes in at the front. Without dims, the
/// elements are one line, whatever the shape.
pub(crate) fn aclnnRollGetWorkspaceSize(
    x: *const aclTensor,
    shifts: *const aclIntArray,
    dims: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRoll";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("x", x)?, call.output("out", out)?);
    check_dtype(NAME, "x", &input, ALL)?;
    let (shifts, dims) = (dims_array(&call, NAME, "shifts", shifts)?, dims_array(&call, NAME, "dims", dims)?);
    let (given, needed) = (shifts.len(), dims.len().max(1));
    check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{NAME}: shifts has {given} numbers; {needed} are needed");
    check_output(NAME, &input, &output, &input.dims)?;
    if dims.is_empty() {
        let (from, to) = (View::new(&input), View::new(&output));
        let n = to.numel();
        let shift = shifts[0].rem_euclid(n.max(1) as i64) as usize;
        return call.finish(ws, executor, move || {
            split(n, 1, |range| {
                let mut at = range.start;
                while at < range.end {
                    let source = (at + n - shift) % n;
                    let len = (range.end - at).min(n - source);
                    with_bits!(to.dtype.size(), B => move_range::<B>(&from, source, &to, at, len));
                    at += len;
                }
            })
        });
    }
    check!(input.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: x is a scalar and dims is {dims:?}; it has no dims");
    // A dim that is named twice is rolled twice (`aclnn_roll.cpp` of ops-math checks the dims' range alone).
    let mut by_dim = [0; MAX_RANK];
    for (&shift, &dim) in shifts.iter().zip(&dims) {
        let d = check_dim(NAME, "dims", dim, &input)?;
        let n = input.dims[d].max(1) as i64;
        by_dim[d] = (by_dim[d] + shift.rem_euclid(n)) % n;
    }
    let mut boxes = vec![(input, output)];
    for (d, shift) in by_dim.into_iter().take(input.rank()).enumerate().filter(|&(_, shift)| shift > 0) {
        let (n, shift) = (input.dims[d], shift as usize);
        let halves = |(from, to): (Tensor, Tensor)| {
            let part = |source, target, len| (narrowed(&from, d, source, len, 1), narrowed(&to, d, target, len, 1));
            [part(0, shift, n - shift), part(n - shift, 0, shift)]
        };
        boxes = boxes.into_iter().flat_map(halves).collect();
    }
    let moves = boxes.iter().filter(|(from, _)| from.numel() > 0).map(|(from, to)| Move::new(from, to));
    finish(call, moves.collect(), (ws, executor))
}

/// The other way round along `dims`.
pub(crate) fn aclnnFlipGetWorkspaceSize(
    self_: *const aclTensor,
    dims: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnFlip";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    let dims = dims_array(&call, NAME, "dims", dims)?;
    let (_, set) = named_dims(NAME, &dims, &input)?;
    check_output(NAME, &input, &output, &input.dims)?;
    let (from, to) = (View::new(&input), View::new(&output));
    let (shape, last) = (input.dims, input.rank().max(1) - 1);
    let width = shape.last().copied().unwrap_or(1);
    // The row of `self` that a row of `out` is.
    let source = move |mut row: usize| {
        let (mut source, mut step) = (0, 1);
        for d in (0..last).rev() {
            let at = row % shape[d];
            source += step * if set & 1 << d != 0 { shape[d] - 1 - at } else { at };
            step *= shape[d];
            row /= shape[d];
        }
        source
    };
    call.finish(ws, executor, move || {
        split(to.rows(width), width, |rows| {
            for row in rows {
                let (from_row, to_row) = (source(row) * width, row * width);
                with_bits!(to.dtype.size(), B => if set & 1 << last == 0 {
                    move_range::<B>(&from, from_row, &to, to_row, width)
                } else {
                    reversed::<B>(&from, from_row, &to, to_row, width)
                });
            }
        })
    })
}

/// Moves `n` elements of the size of `B`, the last first.
fn reversed<B: Copy>(from: &View, source: usize, to: &View, target: usize, n: usize) {
    let mut buffer = Buffer::<B>::new();
    for done in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - done);
        let room = buffer.room(len);
        from.read(source + n - done - len, room);
        // SAFETY: `read` has written all of the room.
        let block = unsafe { filled_mut(room) };
        block.reverse();
        to.write(target + done, block);
    }
}

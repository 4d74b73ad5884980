//! Lists of tensors at once: `aclnnForeach*`. Each result is rounded once, to the dtype of its tensor; integers wrap. The operators
//! that compute element by element are rows of `rows`, with what they take beside lists in `numbers`. Not covered: sums, differences
//! and exponentials of integers below 32 bits, which go through floats on a card.

mod numbers;
mod rows;

use ascend_rl_sys::types::*;

pub(crate) use rows::*;

use self::numbers::Number;
use super::call::Call;
use super::dtypes::*;
use super::element::{Lane, with_bits};
use super::elementwise::Lanes;
use super::lanes::fold;
use super::rows::Parts;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// What a row computes, and of what.
struct Function {
    float: Lanes<f32>,
    /// Of integers, of these dtypes; `None`: CANN has it for floats alone.
    int: Option<(Lanes<i64>, &'static [aclDataType])>,
}

/// Plans `out[i] = f(inputs[..][i], number)` for each tensor of the lists, of which there are up to three. `beside` are dtypes that
/// CANN takes and the simulator does not.
fn each(
    mut call: Call,
    inputs: &[(&'static str, *const aclTensorList)],
    number: Number,
    out: *const aclTensorList,
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
    function: &Function,
    beside: &[aclDataType],
) -> Outcome {
    let name = call.name();
    let mut lists = Vec::with_capacity(inputs.len());
    for &(param, handle) in inputs {
        lists.push((param, call.list(param, handle, false)?));
    }
    let outs = call.list("out", out, true)?;
    let takes = [FLOATS, function.int.map_or(&[], |(_, dtypes)| dtypes)].concat();
    let first = &lists[0].1;
    for (param, list) in lists.iter().map(|(param, list)| (*param, list)).chain([("out", &outs)]) {
        check_lengths(name, param, list, lists[0].0, first)?;
        for (t, like) in list.iter().zip(first) {
            let given = self::name(t.dtype);
            check!(
                !beside.contains(&t.dtype),
                ACL_ERROR_FEATURE_UNSUPPORTED,
                "{name}: {param} is {given}, which is not supported by the simulator"
            );
            check_dtype(name, param, t, &takes)?;
            check_same_dtype(name, param, t, lists[0].0, like.dtype)?;
            check_shape(name, param, t, &like.dims)?;
        }
    }
    // CANN looks at the first for all.
    let dtype = first[0].dtype;
    for t in first {
        check_same_dtype(name, lists[0].0, t, "the first of them", dtype)?;
    }
    let mut plans = Vec::with_capacity(outs.len());
    for (i, out) in outs.iter().enumerate() {
        check_writable(name, "out", out)?;
        let mut views = [View::new(&first[i]); 3];
        for (view, (_, list)) in views.iter_mut().zip(&lists) {
            *view = View::new(&list[i]);
        }
        plans.push((views, View::new(out)));
    }
    number.check(name, !is_float(dtype), outs.len())?;
    let (count, float) = (lists.len(), function.float);
    match function.int.filter(|_| !is_float(dtype)) {
        Some((int, _)) => call.finish(ws, executor, move || compute(&plans, count, number.get(plans.len()), int)),
        None => call.finish(ws, executor, move || compute(&plans, count, number.get(plans.len()), float)),
    }
}

/// The first `count` of the inputs are there.
fn compute<T: Lane>(plans: &[([View; 3], View)], count: usize, numbers: Vec<T>, f: Lanes<T>) {
    for ((inputs, out), number) in plans.iter().zip(numbers) {
        split(out.numel().div_ceil(BLOCK), BLOCK, |blocks| {
            let (mut rooms, mut result) = ([Buffer::new(), Buffer::new(), Buffer::new()], Buffer::new());
            for at in blocks.map(|block| block * BLOCK) {
                let n = BLOCK.min(out.numel() - at);
                let mut x = [&[][..]; 3];
                for (x, (view, room)) in x.iter_mut().zip(inputs.iter().zip(&mut rooms)).take(count) {
                    *x = view.load::<T>(at, n, room);
                }
                // Those that are not there repeat the first, as `Lanes` want.
                for i in count..3 {
                    x[i] = x[0];
                }
                let room = result.room(n);
                f(x, [number, T::default(), T::default()], room);
                // SAFETY: `Lanes` write all of the room.
                out.store(at, unsafe { filled(room) });
            }
        })
    }
}

fn check_lengths(name: &str, param: &str, list: &[Tensor], first_param: &str, first: &[Tensor]) -> Outcome {
    let (len, needed) = (list.len(), first.len());
    check!(len == needed, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has {len} tensors; {first_param} makes it {needed}");
    check!(len > 0, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has no tensors");
    Ok(())
}

/// The norm of each tensor, in f64 until it is rounded; order 0 is refused, as are orders that are no 1, 2 or infinity.
pub(crate) fn aclnnForeachNormGetWorkspaceSize(
    x: *const aclTensorList,
    scalar: *const aclScalar,
    out: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnForeachNorm";
    let mut call = Call::new(NAME);
    let (x, order, outs) = (call.list("x", x, false)?, call.scalar("scalar", scalar)?.as_f64(), call.list("out", out, true)?);
    check!(
        order == 1.0 || order == 2.0 || order == f64::INFINITY,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: scalar is {order}; the simulator takes 1, 2 and infinity"
    );
    check_lengths(NAME, "out", &outs, "x", &x)?;
    for (x, out) in x.iter().zip(&outs) {
        check_dtype(NAME, "x", x, FLOATS)?;
        check_same_dtype(NAME, "out", out, "x", x.dtype)?;
        check!(out.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: out has shape {:?}; one element is needed", out.dims);
    }
    let plans: Vec<(View, View)> = x.iter().zip(&outs).map(|(x, out)| (View::new(x), View::new(out))).collect();
    call.finish(ws, executor, move || {
        for (x, out) in &plans {
            out.store(0, &[norm(x, order) as f32]);
        }
    })
}

/// Blocks are summed apart and added in order, whatever the threads.
fn norm(x: &View, order: f64) -> f64 {
    let n = x.numel();
    let mut parts = vec![0f64; n.div_ceil(BLOCK)];
    let places = Parts::new(&mut parts);
    split(n.div_ceil(BLOCK), BLOCK, |blocks| {
        let mut buffer = Buffer::new();
        for block in blocks {
            let x = x.load::<f32>(block * BLOCK, BLOCK.min(n - block * BLOCK), &mut buffer);
            // SAFETY: each block has its own place in `parts`, which outlives the call.
            let part = unsafe { places.slice(block, 1) };
            part[0] = vectorized(
                #[inline(always)]
                || match order {
                    1.0 => fold(x, 0.0, |sum, x| sum + x.abs() as f64, |a, b| a + b),
                    2.0 => fold(x, 0.0, |sum, x| sum + x as f64 * x as f64, |a, b| a + b),
                    // A number that is none stays one.
                    _ => fold(
                        x,
                        0.0,
                        |m: f64, x| if x.abs() as f64 <= m { m } else { x.abs() as f64 },
                        |a, b| if b <= a { a } else { b },
                    ),
                },
            );
        }
    });
    match order {
        1.0 => parts.iter().sum(),
        2.0 => parts.iter().sum::<f64>().sqrt(),
        _ => parts.into_iter().fold(0.0, |a, b| if b <= a { a } else { b }),
    }
}

/// Zeros in each, of any dtype.
pub(crate) fn aclnnForeachZeroInplaceGetWorkspaceSize(
    x: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnForeachZeroInplace";
    let mut call = Call::new(NAME);
    let list = call.list("x", x, true)?;
    check_lengths(NAME, "x", &list, "x", &list)?;
    for t in &list {
        check_dtype(NAME, "x", t, ALL)?;
        check_writable(NAME, "x", t)?;
    }
    let views: Vec<View> = list.iter().map(View::new).collect();
    call.finish(ws, executor, move || {
        for view in &views {
            split(view.numel().div_ceil(BLOCK), BLOCK, |blocks| {
                for at in blocks.map(|block| block * BLOCK) {
                    view.store(at, &[0i64; BLOCK][..BLOCK.min(view.numel() - at)]);
                }
            })
        }
    })
}

/// A copy of each, bit for bit, of any dtype.
pub(crate) fn aclnnForeachCopyGetWorkspaceSize(
    x: *const aclTensorList,
    out: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnForeachCopy";
    let mut call = Call::new(NAME);
    let (x, outs) = (call.list("x", x, false)?, call.list("out", out, true)?);
    check_lengths(NAME, "out", &outs, "x", &x)?;
    for (x, out) in x.iter().zip(&outs) {
        check_dtype(NAME, "x", x, ALL)?;
        check_same_dtype(NAME, "out", out, "x", x.dtype)?;
        check_shape(NAME, "out", out, &x.dims)?;
        check_writable(NAME, "out", out)?;
    }
    let plans: Vec<(View, View)> = x.iter().zip(&outs).map(|(x, out)| (View::new(x), View::new(out))).collect();
    call.finish(ws, executor, move || {
        for (x, out) in &plans {
            split(x.numel().div_ceil(BLOCK), BLOCK, |blocks| {
                for at in blocks.map(|block| block * BLOCK) {
                    with_bits!(x.dtype.size(), B => copy::<B>(x, out, at, BLOCK.min(x.numel() - at)))
                }
            })
        }
    })
}

fn copy<B: Copy>(x: &View, out: &View, at: usize, n: usize) {
    let mut buffer = Buffer::<B>::new();
    let room = buffer.room(n);
    x.read(at, room);
    // SAFETY: `read` has written all of the room.
    out.write(at, unsafe { filled(room) });
}

#[cfg(test)]
mod tests;

//! Lists of tensors at once: `aclnnForeach*`. Each result is rounded once, to the dtype of its tensor.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::element::with_bits;
use super::lanes::fold;
use super::rows::{Parts, all};
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// A number that all share: from the host, or on the device, where it is read when the operation runs.
#[derive(Clone, Copy)]
enum Number {
    Host(f32),
    Device(View),
}

impl Number {
    fn host(call: &Call, param: &'static str, handle: *const aclScalar) -> Outcome<Number> {
        Ok(Number::Host(call.scalar(param, handle)?.as_f64() as f32))
    }

    fn device(call: &mut Call, param: &'static str, handle: *const aclTensor) -> Outcome<Number> {
        let name = call.name();
        let t = call.input(param, handle)?;
        check_dtype(name, param, &t, &[ACL_FLOAT, ACL_FLOAT16])?;
        check!(t.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has shape {:?}; one element is needed", t.dims);
        Ok(Number::Device(View::new(&t)))
    }

    fn get(&self) -> f32 {
        match self {
            Number::Host(value) => *value,
            Number::Device(view) => all::<f32>(view)[0],
        }
    }
}

/// Plans `out[i] = f(inputs[..][i], number)` for each tensor of the lists.
fn each<const N: usize>(
    mut call: Call,
    inputs: [(&'static str, *const aclTensorList); N],
    number: Number,
    out: *const aclTensorList,
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
    f: impl Fn([f32; N], f32) -> f32 + Copy + Send + Sync + 'static,
) -> Outcome {
    let name = call.name();
    let mut lists = Vec::with_capacity(N);
    for (param, handle) in inputs {
        lists.push((param, call.list(param, handle, false)?));
    }
    let outs = call.list("out", out, true)?;
    let first = &lists[0].1;
    let mut plans = Vec::with_capacity(outs.len());
    for (param, list) in lists.iter().map(|(param, list)| (*param, list)).chain([("out", &outs)]) {
        check_lengths(name, param, list, lists[0].0, first)?;
        for (t, like) in list.iter().zip(first) {
            check_dtype(name, param, t, FLOATS)?;
            check_same_dtype(name, param, t, lists[0].0, like.dtype)?;
            check_shape(name, param, t, &like.dims)?;
        }
    }
    for (i, out) in outs.iter().enumerate() {
        check_writable(name, "out", out)?;
        let views: [View; N] = std::array::from_fn(|list| View::new(&lists[list].1[i]));
        plans.push((views, View::new(out)));
    }
    call.finish(ws, executor, move || {
        let number = number.get();
        for (inputs, out) in &plans {
            split(out.numel().div_ceil(BLOCK), BLOCK, |blocks| {
                let mut buffers: [Buffer<f32>; N] = std::array::from_fn(|_| Buffer::new());
                let mut result = Buffer::new();
                for at in blocks.map(|block| block * BLOCK) {
                    let n = BLOCK.min(out.numel() - at);
                    let mut loaded = inputs.iter().zip(&mut buffers).map(|(view, buffer)| view.load::<f32>(at, n, buffer));
                    let x: [&[f32]; N] = std::array::from_fn(|_| loaded.next().map_or(&[][..], |x| &x[..n]));
                    let room = result.room(n);
                    vectorized(
                        #[inline(always)]
                        || {
                            for (i, to) in room.iter_mut().enumerate() {
                                to.write(f(std::array::from_fn(|list| x[list][i]), number));
                            }
                        },
                    );
                    // SAFETY: the loop has written all of the room.
                    out.store(at, unsafe { filled(room) });
                }
            })
        }
    })
}

fn check_lengths(name: &str, param: &str, list: &[Tensor], first_param: &str, first: &[Tensor]) -> Outcome {
    let (len, needed) = (list.len(), first.len());
    check!(len == needed, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has {len} tensors; {first_param} makes it {needed}");
    check!(len > 0, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has no tensors");
    Ok(())
}

/// Bodies: the lists that are read, the number (on the host or the device), the type of the result's list, and what is computed.
macro_rules! foreach {
    ($($body:ident, $name:literal ($($x:ident $param:literal),+; $number:ident $number_param:literal $on:ident $ty:ty; $out:ty):
        |$args:pat_param, $s:pat_param| $value:expr;)*) => { $(
        pub(crate) fn $body(
            $($x: *const aclTensorList,)+ $number: *const $ty, out: $out, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            #[allow(unused_mut)] // Only a number on the device is read through it.
            let mut call = Call::new($name);
            let number = Number::$on(foreach!(@call $on call), $number_param, $number)?;
            each(call, [$(($param, $x)),+], number, out, (ws, executor), #[inline(always)] |$args, $s| $value)
        }
    )* };
    (@call host $call:ident) => { &$call };
    (@call device $call:ident) => { &mut $call };
}
foreach! {
    aclnnForeachAddListGetWorkspaceSize, "aclnnForeachAddList"
        (x1 "x1", x2 "x2"; alpha "alpha" device aclTensor; *const aclTensorList): |[a, b], s| a + s * b;
    aclnnForeachAddListV2GetWorkspaceSize, "aclnnForeachAddListV2"
        (x1 "x1", x2 "x2"; alpha "alpha" host aclScalar; *mut aclTensorList): |[a, b], s| a + s * b;
    aclnnForeachAddScalarV2GetWorkspaceSize, "aclnnForeachAddScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a + s;
    aclnnForeachMulScalarGetWorkspaceSize, "aclnnForeachMulScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| a * s;
    aclnnForeachMulScalarV2GetWorkspaceSize, "aclnnForeachMulScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a * s;
    aclnnForeachDivScalarV2GetWorkspaceSize, "aclnnForeachDivScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a / s;
    aclnnForeachAddcmulScalarV2GetWorkspaceSize, "aclnnForeachAddcmulScalarV2"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a, b, c], s| a + s * b * c;
    aclnnForeachAddcdivScalarGetWorkspaceSize, "aclnnForeachAddcdivScalar"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" device aclTensor; *const aclTensorList): |[a, b, c], s| a + s * (b / c);
    aclnnForeachAddcdivScalarV2GetWorkspaceSize, "aclnnForeachAddcdivScalarV2"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a, b, c], s| a + s * (b / c);
    aclnnForeachLerpScalarGetWorkspaceSize, "aclnnForeachLerpScalar"
        (x1 "x1", x2 "x2"; weight "weight" host aclScalar; *const aclTensorList): |[a, b], s| a + s * (b - a);
}

/// `out = sqrt(x)` of each.
pub(crate) fn aclnnForeachSqrtGetWorkspaceSize(
    x: *const aclTensorList,
    out: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    each(Call::new("aclnnForeachSqrt"), [("x", x)], Number::Host(0.0), out, (ws, executor), |[a], _| a.sqrt())
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
    x.gather(at, room, |bits: B| bits);
    // SAFETY: `gather` has written all of the room.
    out.scatter(at, unsafe { filled(room) }, |bits: B| bits);
}

#[cfg(test)]
mod tests;

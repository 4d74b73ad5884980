//! Operators that take as many elements as are found: `aclnnMaskedSelect`, `aclnnInplaceMaskedScatter`, `aclnnNonzero`,
//! `aclnnNonzeroV2`.
//!
//! An output of what is found has room for all; when the operation has run, its descriptor has the shape of what was found, which
//! `aclGetViewShape` tells, as on a card.

use ascend_rl_sys::types::*;

use crate::nn::set_view;
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::element::{Lane, with_bits};
use crate::ops::view::{BLOCK, Buffer, View, filled};
use crate::reject::{Outcome, check, fail, reject};

/// The elements of `self` where `mask` is true, one after the other, both broadcast to one shape.
pub(crate) fn aclnnMaskedSelectGetWorkspaceSize(
    self_: *const aclTensor,
    mask: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMaskedSelect";
    let mut call = Call::new(NAME);
    let (input, mask) = (call.input("self", self_)?, call.input("mask", mask)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_dtype(NAME, "mask", &mask, &[ACL_BOOL, ACL_UINT8])?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let Some(shape) = broadcast(&[input.dims, mask.dims]) else {
        reject!(
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: mask has shape {:?}, which does not broadcast with self's {:?}",
            mask.dims,
            input.dims
        )
    };
    check_shape(NAME, "out", &output, &[shape.product()])?;
    check_writable(NAME, "out", &output)?;
    let (from, mask, to) = (View::broadcast(&input, &shape), View::broadcast(&mask, &shape), View::new(&output));
    let (handle, strides) = (out as usize, output.strides);
    call.finish(ws, executor, move || {
        let (n, mut count, mut flags) = (to.numel(), 0, Buffer::new());
        for start in (0..n).step_by(BLOCK) {
            let flags = mask.load::<i64>(start, BLOCK.min(n - start), &mut flags);
            with_bits!(to.dtype.size(), B => {
                let mut elements = Buffer::<B>::new();
                let room = elements.room(flags.len());
                from.read(start, room);
                // SAFETY: `read` has written all of the room.
                let found: Vec<B> = unsafe { filled(room) }.iter().zip(flags).filter(|pair| *pair.1 != 0).map(|pair| *pair.0).collect();
                to.write(count, &found);
                count += found.len();
            });
        }
        set_view(handle, Dims::new(&[count]), strides);
    })
}

/// The places of `selfRef` where `mask`, which broadcasts to it, is true, get the elements of `source`, one after the other. If those
/// are too few, the operation fails.
pub(crate) fn aclnnInplaceMaskedScatterGetWorkspaceSize(
    self_ref: *mut aclTensor,
    mask: *const aclTensor,
    source: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceMaskedScatter";
    let mut call = Call::new(NAME);
    let (own, mask) = (call.output("selfRef", self_ref)?, call.input("mask", mask)?);
    let source = call.input("source", source)?;
    check_dtype(NAME, "selfRef", &own, ALL)?;
    check_dtype(NAME, "mask", &mask, &[ACL_BOOL, ACL_UINT8])?;
    check_same_dtype(NAME, "source", &source, "selfRef", own.dtype)?;
    check!(
        broadcast(&[own.dims, mask.dims]) == Some(own.dims),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: mask has shape {:?}, which does not broadcast to selfRef's {:?}",
        mask.dims,
        own.dims
    );
    check_writable(NAME, "selfRef", &own)?;
    let (to, mask, from) = (View::new(&own), View::broadcast(&mask, &own.dims), View::new(&source));
    call.finish(ws, executor, move || {
        let (n, mut next, mut flags) = (to.numel(), 0, Buffer::new());
        for start in (0..n).step_by(BLOCK) {
            let flags = mask.load::<i64>(start, BLOCK.min(n - start), &mut flags);
            let named = flags.iter().filter(|flag| **flag != 0).count();
            if next + named > from.numel() {
                fail!("{NAME}: source has {} elements; mask names more places", from.numel());
            }
            with_bits!(to.dtype.size(), B => {
                let (mut own, mut given) = (Buffer::<B>::new(), Buffer::<B>::new());
                let (own, given) = (own.room(flags.len()), given.room(named));
                to.read(start, own);
                from.read(next, given);
                // SAFETY: `read` has written all of the room.
                let (own, mut given) = unsafe { (filled(own), filled(given).iter()) };
                let of = |(own, flag): (&B, &i64)| if *flag == 0 { *own } else { given.next().copied().unwrap_or(*own) };
                let mixed: Vec<B> = own.iter().zip(flags).map(of).collect();
                to.write(start, &mixed);
            });
            next += named;
        }
    })
}

macro_rules! nonzero {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $columns:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(self_: *const aclTensor, out: *mut aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
            let mut call = Call::new($name);
            let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
            check_dtype($name, "self", &input, ALL)?;
            check_dtype($name, "out", &output, &[ACL_INT64])?;
            let rank = input.rank();
            // What is found must fit: no document or check of CANN's asks for room for all (CheckShape of aclnn_nonzero_v2.cpp).
            let room = output.numel();
            let plain = output.is_contiguous();
            check!(plain, ACL_ERROR_FEATURE_UNSUPPORTED, "{}: out has gaps; the simulator takes a contiguous one", $name);
            let handle = out as usize;
            call.finish(ws, executor, move || {
                let found = if is_float(input.dtype) { find::<f32>(&input) } else { find::<i64>(&input) };
                let needed = found.len() * rank;
                assert!(needed <= room, "{}: out has {room} elements; {needed} indices are found", $name);
                write(&found, input.dims, &output, $columns);
                let dims = Dims::new(&if $columns { [rank, found.len()] } else { [found.len(), rank] });
                set_view(handle, dims, dims.contiguous_strides());
            })
        }
    )* };
}
nonzero! {
    /// The indices of each element that is not zero, a row each, in order: `[found, rank]`.
    aclnnNonzeroGetWorkspaceSize, "aclnnNonzero", false;
    /// The same, a column each: `[rank, found]`.
    aclnnNonzeroV2GetWorkspaceSize, "aclnnNonzeroV2", true;
}

/// The numbers of the elements that are not zero.
fn find<T: Lane>(input: &Tensor) -> Vec<usize> {
    let (view, n, mut buffer, mut found) = (View::new(input), input.numel(), Buffer::<T>::new(), Vec::new());
    for start in (0..n).step_by(BLOCK) {
        let block = view.load(start, BLOCK.min(n - start), &mut buffer);
        found.extend(block.iter().enumerate().filter(|(_, x)| **x != T::default()).map(|(i, _)| start + i));
    }
    found
}

/// Writes the indices of elements of a tensor of shape `dims`.
fn write(found: &[usize], dims: Dims, output: &Tensor, columns: bool) {
    let steps = dims.contiguous_strides();
    let index = |element: usize, d: usize| (element / steps[d] % dims[d]) as i64;
    let indices: Vec<i64> = if columns {
        (0..dims.len()).flat_map(|d| found.iter().map(move |&element| index(element, d))).collect()
    } else {
        found.iter().flat_map(|&element| (0..dims.len()).map(move |d| index(element, d))).collect()
    };
    if !indices.is_empty() {
        View::new(output).store(0, &indices);
    }
}

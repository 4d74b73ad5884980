//! One value for whole slices, and single elements of a line: `aclnnIndexFillTensor`, `aclnnInplaceIndexFillTensor`, `aclnnTake`.

use ascend_rl_sys::types::*;

use super::INDICES;
use crate::nn::tensor::Tensor;
use crate::ops::call::{Call, Scalar};
use crate::ops::copy::Move;
use crate::ops::dtypes::*;
use crate::ops::element::with_bits;
use crate::ops::rows::all;
use crate::ops::shape::narrowed;
use crate::ops::view::{BLOCK, Buffer, View, filled};
use crate::reject::{Outcome, check, reject};

/// `out = self`, but `value` in the slices of `dim` that `index` names, which is on the host here.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnIndexFillTensorGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclIntArray,
    value: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIndexFillTensor";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    check_shape(NAME, "out", &output, &input.dims)?;
    let slices = slices(&call, ("out", &output), dim, index)?;
    let (copy, value) = (Move::new(&input, &output), call.scalar("value", value)?);
    call.finish(ws, executor, move || {
        copy.run();
        slices.iter().for_each(|slice| fill(slice, value));
    })
}

/// The same in place.
pub(crate) fn aclnnInplaceIndexFillTensorGetWorkspaceSize(
    self_ref: *mut aclTensor,
    dim: i64,
    index: *const aclIntArray,
    value: *const aclScalar,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceIndexFillTensor";
    let mut call = Call::new(NAME);
    let own = call.output("selfRef", self_ref)?;
    check_dtype(NAME, "selfRef", &own, ALL)?;
    let (slices, value) = (slices(&call, ("selfRef", &own), dim, index)?, call.scalar("value", value)?);
    call.finish(ws, executor, move || slices.iter().for_each(|slice| fill(slice, value)))
}

fn slices(call: &Call, (param, t): (&str, &Tensor), dim: i64, index: *const aclIntArray) -> Outcome<Vec<View>> {
    let name = call.name();
    check_writable(name, param, t)?;
    check!(t.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is a scalar; 1-D or more is needed");
    let dim = check_dim(name, "dim", dim, t)?;
    let Some(index) = call.int_array("index", index)? else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: index is null") };
    let n = t.dims[dim] as i64;
    let slice = |at: i64| {
        check!((-n..n).contains(&at), ACLNN_ERR_PARAM_INVALID, "{name}: index holds {at}, but dim {dim} has {n} elements");
        Ok(View::new(&narrowed(t, dim, at.rem_euclid(n) as usize, 1, 1)))
    };
    index.into_iter().map(slice).collect()
}

fn fill(view: &View, value: Scalar) {
    for start in (0..view.numel()).step_by(BLOCK) {
        let n = BLOCK.min(view.numel() - start);
        match value {
            Scalar::Int(v) if !is_float(view.dtype) => view.store(start, &[v; BLOCK][..n]),
            _ => view.store(start, &[value.as_f64() as f32; BLOCK][..n]),
        }
    }
}

/// `out[i] = self[index[i]]`, of all elements as one line; negative indices count from its end.
pub(crate) fn aclnnTakeGetWorkspaceSize(
    self_: *const aclTensor,
    index: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnTake";
    let mut call = Call::new(NAME);
    let (input, index) = (call.input("self", self_)?, call.input("index", index)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_dtype(NAME, "index", &index, INDICES)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    check_shape(NAME, "out", &output, &index.dims)?;
    check_writable(NAME, "out", &output)?;
    let (from, index, to) = (View::new(&input), View::new(&index), View::new(&output));
    call.finish(ws, executor, move || {
        let n = from.numel() as i64;
        for (place, at) in all::<i64>(&index).into_iter().enumerate() {
            if !(-n..n).contains(&at) {
                panic!("{NAME}: index holds {at}, but self has {n} elements");
            }
            with_bits!(to.dtype.size(), B => {
                let mut one = Buffer::<B>::new();
                let room = one.room(1);
                from.read(at.rem_euclid(n) as usize, room);
                // SAFETY: `read` has written all of the room.
                to.write(place, unsafe { filled(room) });
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn slices_take_on_a_value() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_BOOL] {
            let x = Array::strided(dtype, &[3, 4], &[1, 5], 1, 30, [0.0, 1.0].into_iter().cycle());
            let (index, one, out) = (Ints::new(&[0, -1]), Number::int(1), Array::out(dtype, &[3, 4]));
            for (dim, inside) in [(0i64, 3), (-1, 4)] {
                let want = by_index(&[3, 4], |at| {
                    let place = at[if dim == 0 { 0 } else { 1 }];
                    if place == 0 || place == inside - 1 { 1.0 } else { x.values()[element(&[3, 4], at)] }
                });
                run(|w, e| aclnnIndexFillTensorGetWorkspaceSize(x.handle(), dim, index.0, one.0, out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), want);
                let own = Array::new(dtype, &[3, 4], x.values());
                run(|w, e| aclnnInplaceIndexFillTensorGetWorkspaceSize(own.handle(), dim, index.0, one.0, w, e)).unwrap();
                assert_eq!(own.values(), want);
            }
        }
        let (x, three, one) = (Array::new(ACL_FLOAT, &[3], [0.0; 3]), Ints::new(&[3]), Number::int(1));
        let wrong = run(|w, e| aclnnInplaceIndexFillTensorGetWorkspaceSize(x.handle(), 0, three.0, one.0, w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceIndexFillTensor", "index holds 3"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn elements_of_the_line() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8] {
            let x = Array::strided(dtype, &[3, 4], &[1, 5], 1, 30, (0..12).map(f64::from));
            let index = Array::new(ACL_INT64, &[2, 2], [5.0, -1.0, 0.0, 11.0]);
            let out = Array::out(dtype, &[2, 2]);
            run(|w, e| aclnnTakeGetWorkspaceSize(x.handle(), index.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [5.0, 11.0, 0.0, 11.0]);
        }
    }
}

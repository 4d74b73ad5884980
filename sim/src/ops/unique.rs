//! Elements without their repetitions: `aclnnUnique`, `aclnnUnique2`, `aclnnUniqueConsecutive`. A result has as many elements as are
//! found: its descriptor takes on that shape when the operation has run, as `aclnnNonzero`'s does.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::element::Lane;
use super::rows::all;
use super::search::order;
use super::view::View;
use crate::nn::set_view;
use crate::nn::tensor::{Dims, Tensor};
use crate::reject::{Outcome, check};

/// `dim` of `aclnnUniqueConsecutive` that stands for none.
const NO_DIM: i64 = 1000;

/// Each element once, in order, and with `returnInverse` which of them each element is. They are in order without `sorted`, too.
pub(crate) fn aclnnUniqueGetWorkspaceSize(
    self_: *const aclTensor,
    _sorted: bool,
    return_inverse: bool,
    value_out: *mut aclTensor,
    inverse_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let wanted = [return_inverse, false];
    plan("aclnnUnique", true, self_, wanted, [value_out, inverse_out, std::ptr::null_mut()], (ws, executor))
}

/// The same, and with `returnCounts` how often each is there.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnUnique2GetWorkspaceSize(
    self_: *const aclTensor,
    _sorted: bool,
    return_inverse: bool,
    return_counts: bool,
    value_out: *mut aclTensor,
    inverse_out: *mut aclTensor,
    counts_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let wanted = [return_inverse, return_counts];
    plan("aclnnUnique2", true, self_, wanted, [value_out, inverse_out, counts_out], (ws, executor))
}

/// Each run of equal elements once; over all elements as one line, which `dim` 1000 stands for.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnUniqueConsecutiveGetWorkspaceSize(
    self_: *const aclTensor,
    return_inverse: bool,
    return_counts: bool,
    dim: i64,
    value_out: *mut aclTensor,
    inverse_out: *mut aclTensor,
    counts_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnUniqueConsecutive";
    check!(dim == NO_DIM, ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: dim is {dim}; the simulator takes 1000 (none)");
    plan(NAME, false, self_, [return_inverse, return_counts], [value_out, inverse_out, counts_out], (ws, executor))
}

fn plan(
    name: &'static str,
    sorted: bool,
    self_: *const aclTensor,
    [with_inverse, with_counts]: [bool; 2],
    [values, inverse, counts]: [*mut aclTensor; 3],
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
) -> Outcome {
    let mut call = Call::new(name);
    let (input, output) = (call.input("self", self_)?, call.output("valueOut", values)?);
    check_dtype(name, "self", &input, ALL)?;
    check_same_dtype(name, "valueOut", &output, "self", input.dtype)?;
    let n = input.numel();
    check_plain(name, "valueOut", &output, n)?;
    let mut whole = |param, handle: *mut aclTensor, wanted: bool| {
        // What is not asked for is not read, and may be empty.
        if !wanted {
            return Ok(None);
        }
        let t = call.output(param, handle)?;
        check_dtype(name, param, &t, &[ACL_INT64])?;
        check_plain(name, param, &t, n)?;
        Ok(Some(View::new(&t)))
    };
    let (inverse, count) = (whole("inverseOut", inverse, with_inverse)?, whole("countsOut", counts, with_counts)?);
    let (from, to) = (View::new(&input), View::new(&output));
    let handles = (values as usize, counts as usize);
    call.finish(ws, executor, move || {
        let found = if is_float(from.dtype) {
            collect(all::<f32>(&from), sorted, &to, &inverse, &count)
        } else {
            collect(all::<i64>(&from), sorted, &to, &inverse, &count)
        };
        let dims = Dims::new(&[found]);
        set_view(handles.0, dims, dims.contiguous_strides());
        if count.is_some() {
            set_view(handles.1, dims, dims.contiguous_strides());
        }
    })
}

fn check_plain(name: &str, param: &str, t: &Tensor, n: usize) -> Outcome {
    let given = t.numel();
    check!(given == n, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has {given} elements; room for all {n} of self is needed");
    check!(t.is_contiguous(), ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} has gaps; the simulator takes a contiguous one");
    Ok(())
}

/// Gives how many are found.
fn collect<T: Lane + PartialOrd>(
    values: Vec<T>,
    sorted: bool,
    to: &View,
    inverse: &Option<View>,
    counts: &Option<View>,
) -> usize {
    let mut places: Vec<usize> = (0..values.len()).collect();
    if sorted {
        places.sort_by(|&a, &b| order(values[a], values[b]));
    }
    let (mut found, mut numbers, mut of): (Vec<T>, Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new(), vec![0; values.len()]);
    for place in places {
        // What is no number is like nothing, itself included.
        if found.last().is_none_or(|&last| last != values[place]) {
            found.push(values[place]);
            numbers.push(0);
        }
        let last = found.len() - 1;
        numbers[last] += 1;
        of[place] = last as i64;
    }
    if found.is_empty() {
        return 0;
    }
    to.store(0, &found);
    if let Some(view) = inverse {
        view.store(0, &of);
    }
    if let Some(view) = counts {
        view.store(0, &numbers);
    }
    found.len()
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::nn;
    use crate::ops::testing::*;

    fn shape(array: &Array) -> usize {
        nn::resolve_tensor(array.handle(), "test", "array").unwrap().numel()
    }

    #[test]
    fn each_element_once() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_UINT8] {
            let x = Array::strided(dtype, &[20, 30], &[1, 25], 1, 760, noise(3).map(|v| ((v + 1.0) * 20.0).round()));
            let values = x.values();
            for sorted in [true, false] {
                let (out, inverse, counts) =
                    (Array::out(dtype, &[600]), Array::out(ACL_INT64, &[20, 30]), Array::out(ACL_INT64, &[600]));
                let (s, o, i, c) = (x.handle(), out.handle(), inverse.handle(), counts.handle());
                run(|w, e| match sorted {
                    true => aclnnUnique2GetWorkspaceSize(s, true, true, true, o, i, c, w, e),
                    false => aclnnUniqueConsecutiveGetWorkspaceSize(s, true, true, 1000, o, i, c, w, e),
                })
                .unwrap();
                let mut line = values.clone();
                if sorted {
                    line.sort_by(f64::total_cmp);
                }
                let mut want: Vec<(f64, f64)> = Vec::new();
                for v in line {
                    match want.last_mut() {
                        Some((last, n)) if *last == v => *n += 1.0,
                        _ => want.push((v, 1.0)),
                    }
                }
                assert_eq!((shape(&out), shape(&counts)), (want.len(), want.len()));
                let (found, n): (Vec<f64>, Vec<f64>) = want.into_iter().unzip();
                assert_eq!(out.values()[..found.len()], found);
                assert_eq!(counts.values()[..n.len()], n);
                let back: Vec<f64> = inverse.values().iter().map(|&at| found[at as usize]).collect();
                assert_eq!(back, values);
            }
        }
    }

    #[test]
    fn what_is_not_asked_for_may_be_empty() {
        let x = Array::new(ACL_FLOAT, &[3], [2.0, f64::NAN, 2.0]);
        let (out, none) = (Array::out(ACL_FLOAT, &[3]), Array::new(ACL_INT64, &[0], []));
        run(|w, e| aclnnUniqueGetWorkspaceSize(x.handle(), true, false, out.handle(), none.handle(), w, e)).unwrap();
        assert_eq!(shape(&out), 2);
        assert_close(&out.values()[..2], &[2.0, f64::NAN], 0.0, 0.0);
        // The one before has the shape of what was found.
        let out = Array::out(ACL_FLOAT, &[3]);
        let wrong = run(|w, e| aclnnUniqueGetWorkspaceSize(x.handle(), true, true, out.handle(), none.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnUnique", "inverseOut has 0 elements"), ACLNN_ERR_PARAM_INVALID);
        let (o, n) = (out.handle(), none.handle());
        let wrong = run(|w, e| aclnnUniqueConsecutiveGetWorkspaceSize(x.handle(), false, false, 0, o, n, n, w, e));
        assert_eq!(refusal(wrong, "aclnnUniqueConsecutive", "dim is 0"), ACL_ERROR_FEATURE_UNSUPPORTED);
    }
}

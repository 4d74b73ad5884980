//! Short sums of products: `aclnnTrace`, `aclnnLinalgCross`.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::all;
use super::view::View;
use crate::nn::tensor::{Dims, Tensor};
use crate::reject::{Outcome, check, reject};

/// The sum of the diagonal, of integers in i64: `self` is 2-D and `out` 0-D.
pub(crate) fn aclnnTraceGetWorkspaceSize(
    self_: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnTrace";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check!(input.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {}-D; 2-D is needed", input.rank());
    check_dtype(NAME, "self", &input, ALL)?;
    let floats = is_float(input.dtype);
    check_dtype(NAME, "out", &output, &[if floats { input.dtype } else { ACL_INT64 }])?;
    check_shape(NAME, "out", &output, &[])?;
    let n = input.dims[0].min(input.dims[1]);
    let (diagonal, out) = (View::of(&input, [(n, input.strides[0] + input.strides[1])].into_iter()), View::new(&output));
    call.finish(ws, executor, move || {
        if floats {
            out.store(0, &[all::<f32>(&diagonal).into_iter().map(f64::from).sum::<f64>() as f32]);
        } else {
            out.store(0, &[all::<i64>(&diagonal).into_iter().fold(0, i64::wrapping_add)]);
        }
    })
}

/// `out = self × other`, vectors of three along `dim`; both broadcast to one shape.
pub(crate) fn aclnnLinalgCrossGetWorkspaceSize(
    self_: *const aclTensor,
    other: *const aclTensor,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLinalgCross";
    let mut call = Call::new(NAME);
    let (a, b, output) = (call.input("self", self_)?, call.input("other", other)?, call.output("out", out)?);
    check_dtype(NAME, "self", &a, NUMBERS)?;
    check_same_dtype(NAME, "other", &b, "self", a.dtype)?;
    check_same_dtype(NAME, "out", &output, "self", a.dtype)?;
    let Some(shape) = broadcast(&[a.dims, b.dims]) else {
        let (a, b) = (a.dims, b.dims);
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: other has shape {b:?}, which does not broadcast with self's {a:?}")
    };
    check_shape(NAME, "out", &output, &shape)?;
    check_writable(NAME, "out", &output)?;
    // Counted in `self`, whose dims are the last of the result's.
    let at = check_dim(NAME, "dim", dim, &a)? + shape.len() - a.rank();
    let len = shape.get(at).copied().unwrap_or(1);
    check!(output.numel() == 0 || len == 3, ACLNN_ERR_PARAM_INVALID, "{NAME}: dim {dim} has {len} elements; 3 are needed");
    let inner: usize = shape.iter().skip(at + 1).product();
    let floats = is_float(a.dtype);
    let out = View::new(&output);
    call.finish(ws, executor, move || {
        if floats {
            out.store(0, &crossed(&a, &b, &shape, inner, |[a, b], [c, d]: [f32; 2]| a * d - b * c));
        } else {
            let minor = |[a, b]: [i64; 2], [c, d]: [i64; 2]| a.wrapping_mul(d).wrapping_sub(b.wrapping_mul(c));
            out.store(0, &crossed(&a, &b, &shape, inner, minor));
        }
    })
}

/// Vectors whose three elements are `inner` apart. `minor` is the determinant of two rows.
fn crossed<T: super::element::Lane>(
    a: &Tensor,
    b: &Tensor,
    shape: &Dims,
    inner: usize,
    minor: impl Fn([T; 2], [T; 2]) -> T,
) -> Vec<T> {
    let (a, b) = (all::<T>(&View::broadcast(a, shape)), all::<T>(&View::broadcast(b, shape)));
    let element = |place: usize| {
        let (vector, at) = (place / (3 * inner) * 3 * inner + place % inner, place / inner % 3);
        let [next, last] = [(at + 1) % 3, (at + 2) % 3].map(|at| vector + at * inner);
        minor([a[next], a[last]], [b[next], b[last]])
    };
    (0..a.len()).map(element).collect()
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn the_sum_of_a_diagonal() {
        for (dtype, to) in [(ACL_FLOAT, ACL_FLOAT), (ACL_BF16, ACL_BF16), (ACL_INT8, ACL_INT64), (ACL_BOOL, ACL_INT64)] {
            for [m, n] in [[3, 5], [5, 3], [1, 1], [0, 4]] {
                let modulus = if dtype == ACL_BOOL { 2 } else { 90 };
                let x = Array::strided(dtype, &[m, n], &[1, m + 2], 1, (m + 2) * n + 2, (0..m * n).map(|i| (i % modulus) as f64));
                let out = Array::out(to, &[]);
                run(|w, e| aclnnTraceGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
                let values = x.values();
                assert_eq!(out.values(), [(0..m.min(n)).map(|i| values[(i * n + i) as usize]).sum::<f64>()]);
            }
        }
        let (x, out) = (Array::new(ACL_INT32, &[2, 2], [1.0; 4]), Array::out(ACL_INT32, &[]));
        let wrong = run(|w, e| aclnnTraceGetWorkspaceSize(x.handle(), out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnTrace", "out is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnTraceGetWorkspaceSize(out.handle(), out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnTrace", "self is 0-D; 2-D"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn products_of_vectors() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32] {
            // Along each dim, and broadcast either way.
            for (a, b, dim) in [
                (&[4, 3][..], &[4, 3][..], -1),
                (&[3, 5], &[3, 5], 0),
                (&[2, 3, 4], &[2, 3, 4], 1),
                (&[3], &[6, 3], 0),
                (&[2, 3, 1], &[3, 7], -2),
            ] {
                let shape: Vec<i64> = if a.len() == 1 {
                    b.to_vec()
                } else if a == [2, 3, 1] {
                    vec![2, 3, 7]
                } else {
                    a.to_vec()
                };
                let at = (dim as i64 + if dim < 0 { shape.len() as i64 } else { (shape.len() - a.len()) as i64 }) as usize;
                let small = |dims: &[i64], from: i64| {
                    Array::new(dtype, dims, (0..dims.iter().product::<i64>()).map(move |i| ((i * 7 + from) % 11 - 5) as f64))
                };
                let (x, y, out) = (small(a, 1), small(b, 4), Array::out(dtype, &shape));
                run(|w, e| aclnnLinalgCrossGetWorkspaceSize(x.handle(), y.handle(), dim as i64, out.handle(), w, e)).unwrap();
                let (xs, ys) = (x.values(), y.values());
                let read = |values: &[f64], dims: &[i64], place: &[i64]| {
                    let own: Vec<i64> =
                        place[place.len() - dims.len()..].iter().zip(dims).map(|(i, n)| if *n == 1 { 0 } else { *i }).collect();
                    values[element(dims, &own)]
                };
                let want = by_index(&shape, |place| {
                    let of = |step: i64| {
                        let mut place = place.to_vec();
                        place[at] = (place[at] + step) % 3;
                        (read(&xs, a, &place), read(&ys, b, &place))
                    };
                    let ((a1, b1), (a2, b2)) = (of(1), of(2));
                    a1 * b2 - a2 * b1
                });
                assert_eq!(out.values(), want, "{a:?} {b:?} {dim}");
            }
        }
        let x = Array::new(ACL_FLOAT, &[3, 2], [1.0; 6]);
        let wrong = run(|w, e| aclnnLinalgCrossGetWorkspaceSize(x.handle(), x.handle(), 1, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnLinalgCross", "dim 1 has 2 elements; 3 are needed"), ACLNN_ERR_PARAM_INVALID);
    }
}

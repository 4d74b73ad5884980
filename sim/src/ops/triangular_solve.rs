//! `aclnnTriangularSolve`: systems of equations whose matrix is a triangle.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::Row;
use super::split::split;
use super::view::View;
use crate::nn::tensor::{Dims, Tensor};
use crate::reject::{Outcome, check, reject};

/// `xOut` with `A xOut = self`, or `Aᵀ xOut = self` with `transpose`, for the triangle of `A` that `upper` says; with
/// `unitriangular` its diagonal counts as ones. `mOut` is that triangle of `A`. Leading dims broadcast.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnTriangularSolveGetWorkspaceSize(
    self_: *const aclTensor,
    a: *const aclTensor,
    upper: bool,
    transpose: bool,
    unitriangular: bool,
    x_out: *mut aclTensor,
    m_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnTriangularSolve";
    let mut call = Call::new(NAME);
    let (b, a) = (call.input("self", self_)?, call.input("A", a)?);
    let (x, m) = (call.output("xOut", x_out)?, call.output("mOut", m_out)?);
    for (param, t) in [("self", &b), ("A", &a), ("xOut", &x), ("mOut", &m)] {
        check_dtype(NAME, param, t, &[ACL_FLOAT])?;
    }
    for (param, t) in [("self", &b), ("A", &a)] {
        check!(t.rank() >= 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D; at least 2-D is needed", t.rank());
    }
    let (stack, [rows, columns]) = ends(&b);
    let (of_a, order) = ends(&a);
    check!(
        order == [rows, rows],
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: A has shape {:?} and self {:?}; A is square, with as many rows as self",
        a.dims,
        b.dims
    );
    let Some(stack) = broadcast(&[stack, of_a]) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: A has shape {:?} and self {:?}, which do not broadcast", a.dims, b.dims)
    };
    let whole = |last: [usize; 2]| [&stack[..], &last].concat();
    let (of_x, of_m) = (whole([rows, columns]), whole([rows, rows]));
    check_shape(NAME, "xOut", &x, &of_x)?;
    check_shape(NAME, "mOut", &m, &of_m)?;
    check_writable(NAME, "xOut", &x)?;
    check_writable(NAME, "mOut", &m)?;
    let (b, a) = (View::broadcast(&b, &of_x), View::broadcast(&a, &of_m));
    let (x, m) = (View::new(&x), View::new(&m));
    let (n, each) = (rows * rows, rows * columns);
    call.finish(ws, executor, move || {
        split(stack.product(), n * columns.max(1), |range| {
            let (mut triangle, mut solution) = (Row::new(n), Row::new(each));
            for at in range {
                let (mut matrix, mut right) = (Row::new(n), Row::new(each));
                let triangle = triangle.room(n);
                for (i, (to, &value)) in triangle.iter_mut().zip(matrix.load(&a, at * n, n)).enumerate() {
                    let (row, column) = (i / rows, i % rows);
                    *to = if if upper { column >= row } else { column <= row } { value } else { 0.0 };
                }
                m.store(at * n, triangle);
                let solution = solution.room(each);
                solution.copy_from_slice(right.load(&b, at * each, each));
                // From the end that has one unknown.
                let backwards = upper != transpose;
                for step in 0..rows {
                    let row = if backwards { rows - 1 - step } else { step };
                    let (factor, known) =
                        (|other: usize| triangle[if transpose { other * rows + row } else { row * rows + other }], 0..step);
                    for k in known {
                        let other = if backwards { rows - 1 - k } else { k };
                        for column in 0..columns {
                            solution[row * columns + column] -= factor(other) * solution[other * columns + column];
                        }
                    }
                    if !unitriangular {
                        solution[row * columns..][..columns].iter_mut().for_each(|value| *value /= factor(row));
                    }
                }
                x.store(at * each, solution);
            }
        })
    })
}

/// The leading dims, and the last two.
fn ends(t: &Tensor) -> (Dims, [usize; 2]) {
    let (stack, last) = t.dims.split_at(t.rank() - 2);
    (Dims::new(stack), [last[0], last[1]])
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    /// A diagonal away from 0 keeps the systems well conditioned.
    fn matrix(dims: &[i64]) -> Array {
        let n = dims[dims.len() - 1];
        let mut values = noise(1);
        Array::new(
            ACL_FLOAT,
            dims,
            by_index(dims, |at| {
                let value = values.next().unwrap();
                if at[at.len() - 1] == at[at.len() - 2] { 2.0 + value } else { value / n as f64 }
            }),
        )
    }

    #[test]
    fn what_is_found_solves_the_system() {
        for (of_a, of_b) in [
            (&[1i64, 1][..], &[1i64, 1][..]),
            (&[4, 4], &[4, 3]),
            (&[2, 1, 7, 7], &[3, 7, 5]),
            (&[33, 33], &[2, 33, 1]),
            (&[0, 0], &[2, 0, 3]),
        ] {
            let (a, b) = (matrix(of_a), Array::new(ACL_FLOAT, of_b, noise(2)));
            let (n, k) = (of_b[of_b.len() - 2] as usize, of_b[of_b.len() - 1] as usize);
            let stack = if of_a.len() == 4 { vec![2, 3] } else { of_b[..of_b.len() - 2].to_vec() };
            let count: i64 = stack.iter().product();
            let whole = |last: [usize; 2]| [&stack[..], &last.map(|d| d as i64)].concat();
            let (x, m) = (Array::out(ACL_FLOAT, &whole([n, k])), Array::out(ACL_FLOAT, &whole([n, n])));
            for flags in 0..8 {
                let [upper, transpose, unit] = [1, 2, 4].map(|bit| flags & bit != 0);
                run(|w, e| {
                    let (b, a, x, m) = (b.handle(), a.handle(), x.handle(), m.handle());
                    aclnnTriangularSolveGetWorkspaceSize(b, a, upper, transpose, unit, x, m, w, e)
                })
                .unwrap();
                let (a, b, x, m) = (a.values(), b.values(), x.values(), m.values());
                for at in 0..count as usize {
                    // Of [2, 1] with [3], each of the three meets each of the two.
                    let (of_a, of_b) = if stack.len() == 2 { (at / 3, at % 3) } else { (0, at) };
                    let triangle = |i: usize, j: usize| {
                        let kept = if upper { j >= i } else { j <= i };
                        if kept { a[(of_a * n + i) * n + j] } else { 0.0 }
                    };
                    for i in 0..n {
                        for j in 0..n {
                            assert_eq!(m[(at * n + i) * n + j], triangle(i, j));
                        }
                        for c in 0..k {
                            let factor = |j: usize| match (i == j && unit, transpose) {
                                (true, _) => 1.0,
                                (_, true) => triangle(j, i),
                                _ => triangle(i, j),
                            };
                            let product: f64 = (0..n).map(|j| factor(j) * x[(at * n + j) * k + c]).sum();
                            // Well conditioned: a few roundings of f32 for each unknown.
                            assert!((product - b[(of_b * n + i) * k + c]).abs() < 2e-5, "{flags}: {product}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn refusals() {
        let (a, b) = (matrix(&[3, 3]), Array::new(ACL_FLOAT, &[2, 3], noise(1)));
        let solve = |b: &Array, a: &Array, x: &Array, m: &Array| {
            let (b, a, x, m) = (b.handle(), a.handle(), x.handle(), m.handle());
            run(|w, e| aclnnTriangularSolveGetWorkspaceSize(b, a, true, false, false, x, m, w, e))
        };
        assert_eq!(refusal(solve(&b, &a, &b, &a), "aclnnTriangularSolve", "A is square"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(solve(&a, &a, &b, &a), "aclnnTriangularSolve", "xOut has shape"), ACLNN_ERR_PARAM_INVALID);
        let halves = Array::out(ACL_FLOAT16, &[3, 3]);
        assert_eq!(refusal(solve(&a, &halves, &a, &a), "aclnnTriangularSolve", "A is ACL_FLOAT16"), ACLNN_ERR_PARAM_INVALID);
    }
}

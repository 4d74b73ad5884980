//! Products of stacks of matrices: `aclnnMatmul`, `aclnnBatchMatMul`, `aclnnBaddbmm`. Each pair of the stacks is a product of
//! [`crate::gemm`]; rows of several matrices times one matrix are one product where they lie evenly. The second operand of a
//! plain product may be in FRACTAL_NZ; `aclnnMatmulWeightNz` takes no other.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::in_halves;
use super::matmul::{Named, check_dtypes, check_math_type};
use crate::gemm::{Matrix, Product};
use crate::nn::tensor::{Dims, Tensor};
use crate::reject::{Outcome, check, reject};

/// `out = self @ mat2`: vectors on either side, stacks that broadcast.
pub(crate) fn aclnnMatmulGetWorkspaceSize(
    self_: *const aclTensor,
    mat2: *const aclTensor,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnMatmul", 1..=6, [self_, mat2, out], cube_math_type, ws, executor)
}

/// `out = self @ mat2` of 3-D stacks.
pub(crate) fn aclnnBatchMatMulGetWorkspaceSize(
    self_: *const aclTensor,
    mat2: *const aclTensor,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnBatchMatMul", 3..=3, [self_, mat2, out], cube_math_type, ws, executor)
}

/// `aclnnMatmul` of matrices, the second in FRACTAL_NZ.
pub(crate) fn aclnnMatmulWeightNzGetWorkspaceSize(
    self_: *const aclTensor,
    mat2: *const aclTensor,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMatmulWeightNz";
    let weight = Call::new(NAME).weight("mat2", mat2)?;
    check!(weight.is_nz(), ACLNN_ERR_PARAM_INVALID, "{NAME}: mat2 is row-major; FRACTAL_NZ is needed");
    let dims = weight.tensor.dims;
    check!(!dims.contains(&1), ACLNN_ERR_PARAM_INVALID, "{NAME}: mat2 has shape {dims:?}; no dim of 1 is taken");
    plan(NAME, 2..=2, [self_, mat2, out], cube_math_type, ws, executor)
}

fn plan(
    name: &'static str,
    ranks: std::ops::RangeInclusive<usize>,
    [a, b, out]: [*const aclTensor; 3],
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new(name);
    let (a, weight, out) = (call.input("self", a)?, call.weight("mat2", b)?, call.output("out", out)?);
    let b = weight.tensor;
    for (param, t) in [("self", &a), ("mat2", &b)] {
        let rank = t.rank();
        check!(ranks.contains(&rank), ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {rank}-D; {ranks:?} dims are taken");
    }
    let (cube_math_type, in_halves) = in_halves::resolve(cube_math_type, &a, &b);
    let stacks = check_stacks(name, ("self", &a), ("mat2", &b), ("out", &out), cube_math_type, true)?;
    if in_halves {
        return call.finish(ws, executor, move || {
            in_halves::product(&a, &weight.plain().tensor, &out, |a, b, out| run_all(&Stacks::new(a, b, out).products(1.0, None)))
        });
    }
    if weight.is_nz() {
        return call.finish(ws, executor, move || {
            let weight = weight.plain();
            run_all(&Stacks::new(&a, &weight.tensor, &out).products(1.0, None))
        });
    }
    let products = stacks.products(1.0, None);
    call.finish(ws, executor, move || run_all(&products))
}

/// `out = beta * self + alpha * (batch1 @ batch2)`; `self` broadcasts, and is not read where `beta` is 0.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBaddbmmGetWorkspaceSize(
    self_: *const aclTensor,
    batch1: *const aclTensor,
    batch2: *const aclTensor,
    beta: *const aclScalar,
    alpha: *const aclScalar,
    out: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBaddbmm";
    let mut call = Call::new(NAME);
    let c = call.input("self", self_)?;
    let (a, b) = (call.input("batch1", batch1)?, call.input("batch2", batch2)?);
    let (beta, alpha) = (call.scalar("beta", beta)?.as_f64() as f32, call.scalar("alpha", alpha)?.as_f64() as f32);
    let out = call.output("out", out)?;
    for (param, t) in [("batch1", &a), ("batch2", &b), ("out", &out)] {
        check!(t.rank() == 3, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D; 3-D is needed", t.rank());
    }
    let batch = [a.dims[0], b.dims[0]];
    check!(batch[0] == batch[1], ACLNN_ERR_PARAM_INVALID, "{NAME}: batch1 has {} matrices and batch2 {}", batch[0], batch[1]);
    let stacks = check_stacks(NAME, ("batch1", &a), ("batch2", &b), ("out", &out), cube_math_type, false)?;
    check_same_dtype(NAME, "self", &c, "batch1", out.dtype)?;
    let fits = c.rank() <= 3 && broadcast(&[c.dims, out.dims]) == Some(out.dims);
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{NAME}: self has shape {:?}, which does not broadcast to {:?}", c.dims, out.dims);
    let products = stacks.products(alpha, Some((beta, Stack::repeated(&c, &out.dims))));
    call.finish(ws, executor, move || run_all(&products))
}

fn run_all(products: &[Product]) {
    for product in products {
        // SAFETY: shapes and dtypes are checked, the memory was promised by C until the stream has passed the operation.
        unsafe { product.run() }
    }
}

/// Checks dtypes and shapes; gives the operands as stacks.
fn check_stacks(
    operator: &str,
    (left, a): Named,
    (right, b): Named,
    (result, out): Named,
    cube_math_type: i8,
    wide: bool,
) -> Outcome<Stacks> {
    check_dtypes(operator, (left, a), (right, b), (result, out), wide)?;
    let (has_rows, has_cols) = (a.rank() > 1, b.rank() > 1);
    let stacks = Stacks::new(a, b, out);
    let (x, w) = (&stacks.a, &stacks.b);
    check!(
        x.cols.0 == w.rows.0,
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: {left} has shape {:?} and {right} {:?}; the columns of the first must be as many as the rows of the second",
        a.dims,
        b.dims
    );
    let Some(lead) = broadcast(&[x.lead_dims(), w.lead_dims()]) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: {left}'s {:?} and {right}'s {:?} do not broadcast", a.dims, b.dims)
    };
    let mut dims = lead.to_vec();
    dims.extend(has_rows.then_some(x.rows.0));
    dims.extend(has_cols.then_some(w.cols.0));
    check_shape(operator, result, out, &dims)?;
    check_writable(operator, result, out)?;
    check_math_type(operator, cube_math_type, promote(a.dtype, b.dtype))?;
    Ok(stacks)
}

struct Stacks {
    a: Stack,
    b: Stack,
    out: Stack,
}

impl Stacks {
    fn new(a: &Tensor, b: &Tensor, out: &Tensor) -> Stacks {
        let (has_rows, has_cols) = (a.rank() > 1, b.rank() > 1);
        Stacks { a: Stack::new(a, has_rows, true), b: Stack::new(b, true, has_cols), out: Stack::new(out, has_rows, has_cols) }
    }

    fn products(&self, alpha: f32, add: Option<(f32, Stack)>) -> Vec<Product> {
        let Stacks { a, b, out } = self;
        if add.is_none()
            && b.lead_dims().product() == 1
            && a.lead_dims() == out.lead_dims()
            && let (Some(a), Some(out)) = (a.all_rows(), out.all_rows())
        {
            return vec![Product { a, b: b.matrix(0, &[]), alpha, add: None, out }];
        }
        let lead = out.lead_dims();
        (0..lead.product())
            .map(|i| Product {
                a: a.matrix(i, &lead),
                b: b.matrix(i, &lead),
                alpha,
                add: add.as_ref().map(|(beta, c)| (*beta, c.matrix(i, &lead))),
                out: out.matrix(i, &lead),
            })
            .collect()
    }
}

/// Matrices that a tensor holds: the length and stride of each dim.
struct Stack {
    dtype: aclDataType,
    data: *mut u8,
    lead: Vec<(usize, usize)>,
    rows: (usize, usize),
    cols: (usize, usize),
}

impl Stack {
    /// A vector lacks rows, or columns.
    fn new(t: &Tensor, has_rows: bool, has_cols: bool) -> Stack {
        Stack::of(t, t.dims.iter().copied().zip(t.strides.iter().copied()).collect(), has_rows, has_cols)
    }

    /// `t` repeated to `dims`.
    fn repeated(t: &Tensor, dims: &[usize]) -> Stack {
        let missing = dims.len() - t.rank();
        let pairs = dims.iter().enumerate().map(|(i, &dim)| match i.checked_sub(missing) {
            Some(own) if t.dims[own] == dim => (dim, t.strides[own]),
            _ => (dim, 0),
        });
        Stack::of(t, pairs.collect(), true, true)
    }

    fn of(t: &Tensor, mut lead: Vec<(usize, usize)>, has_rows: bool, has_cols: bool) -> Stack {
        let mut last = |has: bool| has.then(|| lead.pop()).flatten().unwrap_or((1, 0));
        let cols = last(has_cols);
        let rows = last(has_rows);
        Stack { dtype: t.dtype, data: t.data, lead, rows, cols }
    }

    fn lead_dims(&self) -> Dims {
        Dims::new(&self.lead.iter().map(|&(dim, _)| dim).collect::<Vec<_>>())
    }

    /// The `index`-th matrix of a stack of `lead`, which this one broadcasts to.
    fn matrix(&self, mut index: usize, lead: &[usize]) -> Matrix {
        let (mut offset, missing) = (0, lead.len().saturating_sub(self.lead.len()));
        for (i, &dim) in lead.iter().enumerate().rev() {
            if let Some(&(own, stride)) = i.checked_sub(missing).and_then(|at| self.lead.get(at))
                && own > 1
            {
                offset += index % dim * stride;
            }
            index /= dim;
        }
        Matrix {
            dtype: self.dtype,
            rows: self.rows.0,
            cols: self.cols.0,
            row_stride: self.rows.1,
            col_stride: self.cols.1,
            data: self.data.wrapping_add(offset * self.dtype.size()),
        }
    }

    /// All matrices as one, row after row, where the rows of all are evenly spaced.
    fn all_rows(&self) -> Option<Matrix> {
        let (mut rows, mut stride) = self.rows;
        for &(dim, step) in self.lead.iter().rev().filter(|(dim, _)| *dim != 1) {
            if rows == 1 {
                stride = step;
            } else if step != rows * stride {
                return None;
            }
            rows *= dim;
        }
        Some(Matrix { rows, row_stride: stride, ..self.matrix(0, &[]) })
    }
}

#[cfg(test)]
mod tests;

//! What operators with products share: the matrices, the workspace, and the checks of what they call alike.

use std::sync::Arc;

use ascend_rl_sys::types::*;

use crate::gemm::Product;
use crate::hccl::joint::{Domain, Stage, WORKSPACE};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::matmul::matrix;
use crate::reject::{Outcome, check, reject};
use crate::settings::settings;

/// A tensor of a rank, and the parameter that it is; [`WORKSPACE`] where it is none.
pub(super) type Named = (&'static str, Tensor);

/// Where the tensors of the workspace begin.
const ALIGN: usize = 512;

/// Tensors in the workspace.
#[derive(Default)]
pub(super) struct Scratch {
    pub bytes: usize,
}

impl Scratch {
    pub(super) fn tensor(&mut self, dtype: aclDataType, dims: &[usize]) -> Named {
        let dims = Dims::new(dims);
        let data = std::ptr::without_provenance_mut(self.bytes);
        self.bytes += (dims.product() * dtype.size()).next_multiple_of(ALIGN);
        (WORKSPACE, Tensor { dtype, dims, strides: dims.contiguous_strides(), data })
    }
}

/// Matrix `at` of a stack.
pub(super) fn layer(stack: &Tensor, at: usize) -> Tensor {
    let data = stack.data.wrapping_add(at * stack.strides[0] * stack.dtype.size());
    Tensor { dtype: stack.dtype, dims: Dims::new(&stack.dims[1..]), strides: Dims::new(&stack.strides[1..]), data }
}

/// Some rows of a matrix.
pub(super) fn rows(of: &Tensor, first: usize, count: usize) -> Tensor {
    let data = of.data.wrapping_add(first * of.strides[0] * of.dtype.size());
    Tensor { dims: Dims::new(&[count, of.dims[1]]), data, ..*of }
}

/// A matrix the other way round.
pub(super) fn turned(of: &Tensor) -> Tensor {
    let swap = |dims: &Dims| {
        let mut dims = dims.to_vec();
        let n = dims.len();
        dims.swap(n - 2, n - 1);
        Dims::new(&dims)
    };
    Tensor { dims: swap(&of.dims), strides: swap(&of.strides), ..*of }
}

/// `out = a @ b + bias`, as `aclnnMm` and its kin compute it.
pub(super) fn multiply(a: &Tensor, b: &Tensor, bias: Option<&Tensor>, out: &Tensor) {
    let bias = bias.map(|t| {
        let strides = Dims::new(&[0, t.strides[t.rank() - 1]]);
        (1.0, matrix(&Tensor { dims: out.dims, strides, ..*t }))
    });
    let product = Product { a: matrix(a), b: matrix(b), alpha: 1.0, add: bias, out: matrix(out) };
    // SAFETY: shapes and dtypes are checked, the memory was promised by C until the stream has passed the operation.
    unsafe { product.run() }
}

/// What a rank does by itself.
pub(super) fn alone(work: impl Fn(usize) + Send + Sync + 'static) -> Stage {
    Stage::Alone(Arc::new(work))
}

/// The chips of which CANN has the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chip {
    A2,
    A3,
}

/// The chip, where the operator is on it.
pub(super) fn check_chip(operator: &str, takes: &[Chip]) -> Outcome<Chip> {
    let chip = if settings()?.is_a3() { Chip::A3 } else { Chip::A2 };
    check!(takes.contains(&chip), ACL_ERROR_FEATURE_UNSUPPORTED, "{operator}: CANN has it on Atlas {takes:?}, not on {chip:?}");
    Ok(chip)
}

/// The size of a communicator.
pub(super) fn check_ranks(operator: &str, param: &str, domain: &Domain, takes: &[usize]) -> Outcome<usize> {
    let ranks = domain.size();
    check!(
        takes.contains(&ranks),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: the communicator of {param} has {ranks} ranks; {takes:?} are taken"
    );
    Ok(ranks)
}

/// 16-bit floats, of the dtype of the first.
pub(super) fn check_halves(operator: &str, (first, x): Named, others: &[Named]) -> Outcome {
    check_dtype(operator, first, &x, &[ACL_BF16, ACL_FLOAT16])?;
    others.iter().try_for_each(|(param, t)| check_same_dtype(operator, param, t, first, x.dtype))
}

pub(super) fn check_rank(operator: &str, param: &str, t: &Tensor, rank: usize) -> Outcome {
    check!(t.rank() == rank, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {}-D; {rank}-D is needed", t.rank());
    Ok(())
}

/// An output of this shape.
pub(super) fn check_output(operator: &str, (param, t): Named, dims: &[usize]) -> Outcome {
    check_shape(operator, param, &t, dims)?;
    check_writable(operator, param, &t)
}

/// As CANN tells a transposed view of a matrix.
pub(super) fn is_transposed(t: &Tensor) -> bool {
    let n = t.rank();
    n >= 2 && t.strides[n - 2] == 1 && t.strides[n - 1] == t.dims[n - 2] && !t.is_contiguous()
}

/// Numbers of the products with one communicator, with their names.
pub(super) struct Modes<'a> {
    /// 0 is taken.
    pub zero: &'a [(&'static str, i64)],
    pub stream_mode: i64,
}

impl Modes<'_> {
    pub(super) fn check(&self, operator: &str) -> Outcome {
        let mode = self.stream_mode;
        check!(mode == 1, ACLNN_ERR_PARAM_INVALID, "{operator}: streamMode is {mode}; 1 is taken");
        for (param, value) in self.zero {
            check!(*value == 0, ACLNN_ERR_INNER_TILING_ERROR, "{operator}: {param} is {value}; 0 is taken");
        }
        Ok(())
    }
}

/// Terms of a product, of those that limit them: 256 and more, less than 65535.
pub(super) fn check_terms(operator: &str, x1: &Tensor, x2: &Tensor) -> Outcome {
    check_rank(operator, "x1", x1, 2)?;
    check_rank(operator, "x2", x2, 2)?;
    check!(!is_transposed(x1), ACLNN_ERR_PARAM_INVALID, "{operator}: x1 is a transposed view, which is not taken");
    check_meet(operator, ("x1", *x1), ("x2", *x2))?;
    let k = x1.dims[1];
    check!((256..65535).contains(&k), ACLNN_ERR_PARAM_INVALID, "{operator}: x1 has {k} columns; 256 to 65534 are taken");
    Ok(())
}

/// The columns of `a` are as many as the rows of `b`.
pub(super) fn check_meet(operator: &str, (left, a): Named, (right, b): Named) -> Outcome {
    check!(
        a.dims[a.rank() - 1] == b.dims[b.rank() - 2],
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: {left} has shape {:?} and {right} {:?}; the columns of the first must be as many as the rows of the second",
        a.dims,
        b.dims
    );
    Ok(())
}

/// The reduction, "sum".
pub(super) fn check_sum(call: &Call, text: *const std::ffi::c_char) -> Outcome {
    let operator = call.name();
    match &*call.text("reduceOp", text)? {
        "sum" => Ok(()),
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: reduceOp is \"{other}\"; \"sum\" is taken"),
    }
}

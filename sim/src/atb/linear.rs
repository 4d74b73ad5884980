//! `LinearParam` and `LinearParallelParam`.

use ascend_rl_sys::types::*;

use super::Operation;
use super::collectives::{Ranks, all_reduce};
use super::steps::{Step, plan};
use super::tensors::{Desc, Given, HALVES, Handle, check_dtype, check_is};
use crate::gemm::{Matrix, Product};
use crate::nn;
use crate::ops;
use crate::ops::call::Call;
use crate::reject::{Outcome, check};

/// The floats of a linear without a bias.
const FLOATS: &[aclDataType] = &[ACL_FLOAT16, ACL_BF16, ACL_FLOAT];

#[derive(Clone, Copy)]
pub(super) struct Linear {
    transpose_a: bool,
    transpose_b: bool,
    has_bias: bool,
    accumulate: bool,
}

impl Linear {
    pub(super) fn new(param: AtbLinearParam) -> Outcome<Linear> {
        let [transpose_a, transpose_b, has_bias, accumulate] =
            [param.transpose_a, param.transpose_b, param.has_bias, param.accumulate].map(|flag| flag != 0);
        check!(!(has_bias && accumulate), ATB_INVALID_PARAM, "hasBias and enAccum exclude each other");
        Ok(Linear { transpose_a, transpose_b, has_bias, accumulate })
    }

    /// Rows, terms and columns of the product; dims before the last of `x` are rows.
    fn shape(&self, x: &Desc, weight: &Desc) -> Outcome<(usize, usize, usize)> {
        check!(
            x.dims.len() == 2 || x.dims.len() == 3 && !self.transpose_a,
            ATB_INVALID_TENSOR_DIM_NUM,
            "x is {:?}; [M, K] is taken, and [B, M, K] where it is not transposed",
            x.dims
        );
        check!(weight.dims.len() == 2, ATB_INVALID_TENSOR_DIM_NUM, "weight is {:?}; the simulator takes 2 dims", weight.dims);
        let last = x.dims.len() - 1;
        let (rows, terms) = (x.dims[..last].iter().product(), x.dims[last]);
        let (rows, terms) = if self.transpose_a { (terms, rows) } else { (rows, terms) };
        let (k, n) = if self.transpose_b { (weight.dims[1], weight.dims[0]) } else { (weight.dims[0], weight.dims[1]) };
        check!(
            k == terms,
            ATB_INVALID_TENSOR_DIM,
            "x {:?} has {terms} terms a row, weight {:?} has {k} (transposeA {}, transposeB {})",
            x.dims,
            weight.dims,
            self.transpose_a,
            self.transpose_b
        );
        Ok((rows, terms, n))
    }

    /// The operands as matrices, `[rows, terms]` and `[terms, columns]`.
    fn operands(&self, x: &Given, weight: &Given) -> Outcome<(Handle, Handle)> {
        let last = x.desc.dims.len() - 1;
        let flat = x.shaped(&[x.desc.dims[..last].iter().product(), x.desc.dims[last]]);
        let a = if self.transpose_a { flat.transposed()? } else { flat.handle()? };
        let b = if self.transpose_b { weight.transposed()? } else { weight.handle()? };
        Ok((a, b))
    }

    /// `c += x @ weight`, in f32: halves in, f32 out is no aclnn operator.
    fn add_to(&self, x: &Given, weight: &Given, out: &Given) -> Outcome<Step> {
        const NAME: &str = "LinearOperationMatmulAccum";
        let (a, b) = self.operands(x, weight)?;
        let out = out.handle()?;
        plan(NAME, |ws, executor| {
            let mut call = Call::new(NAME);
            let (a, b) = (call.input("x", a.raw())?, call.input("weight", b.raw())?);
            let out = call.output("accum", out.raw())?;
            let [a, b, out] = [a, b, out].map(|t| Matrix {
                dtype: t.dtype,
                rows: t.dims[0],
                cols: t.dims[1],
                row_stride: t.strides[0],
                col_stride: t.strides[1],
                data: t.data,
            });
            let product = Product { a, b, alpha: 1.0, add: Some((1.0, out)), out };
            call.finish(ws, executor, move || {
                // SAFETY: shapes and dtypes are checked, the memory was promised by C until the stream has passed the
                // operation, and the regions that Execute checks cover it.
                unsafe { product.run() }
            })
        })
    }
}

impl Operation for Linear {
    fn io(&self) -> (usize, usize) {
        (2 + usize::from(self.has_bias || self.accumulate), 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let (x, weight) = (&inputs[0], &inputs[1]);
        check_dtype("x", x, if self.has_bias || self.accumulate { HALVES } else { FLOATS })?;
        check_dtype("weight", weight, &[x.dtype])?;
        let (rows, _, columns) = self.shape(x, weight)?;
        if self.accumulate {
            check_is("accum", &inputs[2], ACL_FLOAT, &[rows, columns])?;
            return Ok(vec![inputs[2].clone()]);
        }
        if self.has_bias {
            let bias = &inputs[2];
            // On A2 and A3 ATB takes an f32 bias too; the operator below has one dtype.
            check_dtype("bias", bias, &[x.dtype])?;
            let fits = bias.numel() == columns && bias.dims.last() == Some(&columns);
            check!(fits, ATB_INVALID_TENSOR_DIM, "bias is {:?}, [{columns}] is needed", bias.dims);
        }
        let mut dims = if self.transpose_a { vec![rows] } else { x.dims[..x.dims.len() - 1].to_vec() };
        dims.push(columns);
        Ok(vec![Desc::new(x.dtype, &dims)])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        let (x, weight) = (&inputs[0], &inputs[1]);
        if self.accumulate {
            let same = inputs[2].device == outputs[0].device;
            check!(same, ATB_INVALID_TENSOR_ADDR, "enAccum works in place: the third input and the output are one tensor");
            return Ok(vec![self.add_to(x, weight, &outputs[0])?]);
        }
        let (rows, _, columns) = self.shape(&x.desc, &weight.desc)?;
        let (a, b) = self.operands(x, weight)?;
        let out = outputs[0].shaped(&[rows, columns]).handle()?;
        if !self.has_bias {
            return Ok(vec![plan("aclnnMm", |ws, executor| {
                ops::aclnnMmGetWorkspaceSize(a.raw(), b.raw(), out.raw(), 0, ws, executor)
            })?]);
        }
        let bias = inputs[2].shaped(&[columns]).handle()?;
        let one = One::new()?;
        Ok(vec![plan("aclnnAddmm", |ws, executor| {
            let (bias, one) = (bias.raw(), one.0.cast_const());
            ops::aclnnAddmmGetWorkspaceSize(bias, a.raw(), b.raw(), one, one, out.raw(), 0, ws, executor)
        })?])
    }
}

/// The scalar 1, for the time of a plan.
struct One(*mut aclScalar);

impl One {
    fn new() -> Outcome<One> {
        let mut value = 1f32;
        nn::aclCreateScalar((&raw mut value).cast(), ACL_FLOAT).map(One)
    }
}

impl Drop for One {
    fn drop(&mut self) {
        // Live: made above, destroyed here only.
        let _ = nn::aclDestroyScalar(self.0);
    }
}

/// A linear, the sum over the ranks, and a residual.
pub(super) struct LinearParallel {
    linear: Linear,
    residual: bool,
    ranks: Ranks,
}

impl LinearParallel {
    pub(super) fn new(param: AtbLinearParallelParam) -> Outcome<LinearParallel> {
        let linear = Linear { transpose_a: false, transpose_b: param.trans_weight != 0, has_bias: false, accumulate: false };
        Ok(LinearParallel { linear, residual: param.has_residual != 0, ranks: Ranks::new(param.on)? })
    }
}

impl Operation for LinearParallel {
    fn io(&self) -> (usize, usize) {
        (2 + usize::from(self.residual), 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        check_dtype("x", &inputs[0], HALVES)?;
        let out = self.linear.infer(&inputs[..2])?;
        if self.residual {
            check_is("the residual", &inputs[2], out[0].dtype, &out[0].dims)?;
        }
        Ok(out)
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], workspace: usize) -> Outcome<Vec<Step>> {
        let mut steps = self.linear.plan(&inputs[..2], outputs, workspace)?;
        steps.push(all_reduce(self.ranks, HCCL_REDUCE_SUM, &outputs[0], &outputs[0])?);
        if self.residual {
            let (sum, residual, one) = (outputs[0].handle()?, inputs[2].handle()?, One::new()?);
            steps.push(plan("aclnnInplaceAdd", |ws, executor| {
                ops::aclnnInplaceAddGetWorkspaceSize(sum.raw(), residual.raw(), one.0, ws, executor)
            })?);
        }
        Ok(steps)
    }
}

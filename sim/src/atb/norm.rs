//! `RmsNormParam`: the norm alone, or of a sum with a residual.

use ascend_rl_sys::types::*;

use super::Operation;
use super::steps::{Step, plan};
use super::tensors::{Desc, Given, HALVES, check_dtype, check_is};
use crate::ops;
use crate::reject::{Outcome, check, reject};

#[derive(Clone, Copy, PartialEq)]
enum Layer {
    Norm,
    /// Gives the sum too.
    Pre,
    Post,
}

pub(super) struct RmsNorm {
    layer: Layer,
    epsilon: f64,
}

impl RmsNorm {
    pub(super) fn new(param: AtbRmsNormParam) -> Outcome<RmsNorm> {
        let layer = match param.layer_type {
            1 => Layer::Norm,
            2 => Layer::Pre,
            3 => Layer::Post,
            other => reject!(ATB_INVALID_PARAM, "layerType is {other}; 1 (norm), 2 (pre-norm) and 3 (post-norm) are taken"),
        };
        let positive = param.epsilon > 0.0;
        check!(positive, ATB_INVALID_PARAM, "epsilon is {}, a number above 0 is needed", param.epsilon);
        Ok(RmsNorm { layer, epsilon: param.epsilon as f64 })
    }

    /// The shape of the reciprocal of the norm, which the operators below write.
    fn rstd(&self, inputs: &[Desc]) -> Desc {
        let mut dims = inputs[0].dims.clone();
        if let Some(last) = dims.last_mut() {
            *last = 1;
        }
        Desc::new(ACL_FLOAT, &dims)
    }
}

impl Operation for RmsNorm {
    fn io(&self) -> (usize, usize) {
        match self.layer {
            Layer::Norm => (2, 1),
            Layer::Pre => (3, 2),
            Layer::Post => (3, 1),
        }
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let x = &inputs[0];
        check_dtype("x", x, HALVES)?;
        let gamma = inputs.last().unwrap_or(x);
        let last = x.dims.last().copied().unwrap_or(0);
        check_dtype("gamma", gamma, &[x.dtype])?;
        check!(
            gamma.numel() == last && gamma.dims.last() == Some(&last),
            ATB_INVALID_TENSOR_DIM,
            "gamma is {:?}, {last} elements are needed, as x's last dim",
            gamma.dims
        );
        if self.layer != Layer::Norm {
            check_is("the residual", &inputs[1], x.dtype, &x.dims)?;
        }
        Ok(vec![x.clone(); self.io().1])
    }

    fn workspace(&self, inputs: &[Desc]) -> Outcome<usize> {
        let sum = if self.layer == Layer::Post { inputs[0].bytes() } else { 0 };
        Ok(sum.next_multiple_of(64) + self.rstd(inputs).bytes())
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], workspace: usize) -> Outcome<Vec<Step>> {
        let descs: Vec<_> = inputs.iter().map(|input| input.desc.clone()).collect();
        let x = &inputs[0];
        let gamma = inputs.last().unwrap_or(x);
        let gamma = gamma.shaped(&[gamma.desc.numel()]).handle()?;
        let sum_bytes = self.workspace(&descs)? - self.rstd(&descs).bytes();
        let rstd = Given::scratch(self.rstd(&descs), workspace + sum_bytes).handle()?;
        let (x, y) = (x.handle()?, outputs[0].handle()?);
        if self.layer == Layer::Norm {
            return Ok(vec![plan("aclnnRmsNorm", |ws, executor| {
                let (x, gamma, y, rstd) = (x.raw(), gamma.raw(), y.raw(), rstd.raw());
                ops::aclnnRmsNormGetWorkspaceSize(x, gamma, self.epsilon, y, rstd, ws, executor)
            })?]);
        }
        let sum = match self.layer {
            Layer::Pre => outputs[1].handle()?,
            _ => Given::scratch(descs[0].clone(), workspace).handle()?,
        };
        let residual = inputs[1].handle()?;
        Ok(vec![plan("aclnnAddRmsNorm", |ws, executor| {
            let (x, residual, gamma) = (x.raw(), residual.raw(), gamma.raw());
            let (y, rstd, sum) = (y.raw(), rstd.raw(), sum.raw());
            ops::aclnnAddRmsNormGetWorkspaceSize(x, residual, gamma, self.epsilon, y, rstd, sum, ws, executor)
        })?])
    }
}

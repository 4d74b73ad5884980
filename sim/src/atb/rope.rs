//! `RopeParam`: queries and keys, turned by the angles of their tokens.

use ascend_rl_sys::types::*;

use super::Operation;
use super::steps::{Step, plan};
use super::tensors::{Desc, Given, HALVES, check_dtype, check_is};
use crate::ops;
use crate::reject::{Outcome, check, reject};

pub(super) struct Rope {
    rotary_coeff: usize,
}

impl Rope {
    pub(super) fn new(param: AtbRopeParam) -> Outcome<Rope> {
        check!(param.cos_format == 0, ATB_INVALID_PARAM, "cosFormat is {}; the simulator takes 0", param.cos_format);
        match param.rotary_coeff {
            4 => reject!(
                ATB_INVALID_PARAM,
                "rotaryCoeff 4 (two rotations a head) is not supported by the simulator; it has 2 and the head's size"
            ),
            coeff if coeff >= 2 => Ok(Rope { rotary_coeff: coeff as usize }),
            coeff => reject!(ATB_INVALID_PARAM, "rotaryCoeff is {coeff}; 2, 4 and the head's size are taken"),
        }
    }
}

impl Operation for Rope {
    fn io(&self) -> (usize, usize) {
        (5, 2)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let [q, k, cos, sin, seq_len] = inputs else { reject!(ATB_INVALID_IN_TENSOR_NUM, "five inputs are needed") };
        check_dtype("query", q, HALVES)?;
        check!(cos.dims.len() == 2, ATB_INVALID_TENSOR_DIM_NUM, "cos is {:?}, [tokens, head size] is needed", cos.dims);
        let (tokens, dim) = (cos.dims[0], cos.dims[1]);
        check!(
            self.rotary_coeff == 2 || self.rotary_coeff == dim,
            ATB_INVALID_PARAM,
            "rotaryCoeff is {}; 2, 4 or the head's size, {dim}, is taken",
            self.rotary_coeff
        );
        check!((16..=4096).contains(&dim), ATB_INVALID_TENSOR_DIM, "heads of {dim}; 16 to 4096 are taken");
        check_is("cos", cos, q.dtype, &cos.dims)?;
        check_is("sin", sin, q.dtype, &cos.dims)?;
        check_dtype("seqLen", seq_len, &[ACL_INT32])?;
        for (param, t) in [("query", q), ("key", k)] {
            check_dtype(param, t, &[q.dtype])?;
            let fits = t.dims.len() == 2 && t.dims[0] == tokens && t.dims[1].is_multiple_of(dim);
            check!(fits, ATB_INVALID_TENSOR_DIM, "{param} is {:?}, [{tokens}, heads * {dim}] is needed", t.dims);
        }
        check!(
            q.dims[1].is_multiple_of(k.dims[1]),
            ATB_INVALID_TENSOR_DIM,
            "query has {} columns, key {}; the first must be a multiple of the second",
            q.dims[1],
            k.dims[1]
        );
        Ok(vec![q.clone(), k.clone()])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        let (tokens, dim) = (inputs[2].desc.dims[0], inputs[2].desc.dims[1]);
        let mode = i64::from(self.rotary_coeff != 2);
        let angles = |t: &Given| t.shaped(&[1, tokens, 1, dim]).handle();
        let heads = |t: &Given| t.shaped(&[1, tokens, t.desc.dims[1] / dim, dim]).handle();
        let (cos, sin) = (angles(&inputs[2])?, angles(&inputs[3])?);
        let turn = |x: &Given, out: &Given| {
            let (x, out) = (heads(x)?, heads(out)?);
            plan("aclnnRotaryPositionEmbedding", |ws, executor| {
                let (x, cos, sin, out) = (x.raw(), cos.raw(), sin.raw(), out.raw());
                ops::aclnnRotaryPositionEmbeddingGetWorkspaceSize(x, cos, sin, mode, out, ws, executor)
            })
        };
        Ok(vec![turn(&inputs[0], &outputs[0])?, turn(&inputs[1], &outputs[1])?])
    }
}

//! Both operands quantised: what all versions are, which dtypes go together, and the way from int32 to the output.

use ascend_rl_sys::types::*;

use super::scale::{CODED, Scale, requantise, spread};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::integers::{Ints, product};
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::ops::weight::Weight;
use crate::reject::{Outcome, check, reject};

/// Longest last dim of an operand, for coded factors and for int4.
const LONGEST: usize = 65535;
const INT4: &[aclDataType] = &[ACL_INT4, ACL_INT32];

/// What a version calls its parameters, and whether its weight must be in FRACTAL_NZ.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub scale: &'static str,
    pub offset: &'static str,
    pub pertoken: &'static str,
    pub needs_nz: bool,
}

impl Names {
    pub(super) const V4: Names = Names { scale: "scale", offset: "offset", pertoken: "pertokenScaleOptional", needs_nz: false };
    pub(super) const V5: Names = Names { scale: "x2Scale", offset: "x2Offset", pertoken: "x1Scale", needs_nz: false };
}

/// The arguments of all versions.
pub(super) struct Args {
    pub x1: *const aclTensor,
    pub x2: *const aclTensor,
    pub scale: *const aclTensor,
    pub offset: *const aclTensor,
    pub pertoken: *const aclTensor,
    pub bias: *const aclTensor,
    pub out: *const aclTensor,
    pub transpose: [bool; 2],
    pub names: Names,
}

impl Args {
    pub(super) fn plan(self, mut call: Call, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        let (name, names) = (call.name(), self.names);
        let (x1, x2) = (call.input("x1", self.x1)?, call.weight("x2", self.x2)?);
        let scale = call.input(names.scale, self.scale)?;
        let offset = call.optional_input(names.offset, self.offset)?;
        let pertoken = call.optional_input(names.pertoken, self.pertoken)?;
        let (bias, out) = (call.optional_input("bias", self.bias)?, call.output("out", self.out)?);
        check!(x2.is_nz() || !names.needs_nz, ACLNN_ERR_PARAM_INVALID, "{name}: x2 is row-major; FRACTAL_NZ is needed");
        let operands = Operands { name, names, x1, x2, scale, offset, pertoken, bias, out, transpose: self.transpose };
        operands.check_dtypes()?;
        let product = operands.check_shapes()?;
        call.finish(ws, executor, move || product.run())
    }
}

struct Operands {
    name: &'static str,
    names: Names,
    x1: Tensor,
    x2: Weight,
    scale: Tensor,
    offset: Option<Tensor>,
    pertoken: Option<Tensor>,
    bias: Option<Tensor>,
    out: Tensor,
    transpose: [bool; 2],
}

impl Operands {
    fn is_int4(&self) -> bool {
        self.x1.dtype != ACL_INT8
    }

    /// CANN's table of what goes together.
    fn check_dtypes(&self) -> Outcome {
        let Operands { name, names, x1, x2, scale, offset, pertoken, bias, out, .. } = self;
        check_dtype(name, "x1", x1, &[ACL_INT8, ACL_INT4, ACL_INT32])?;
        check!(
            x1.dtype != ACL_INT8 || !INT4.contains(&x2.tensor.dtype),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: x2 is {} with x1 of int8, which the simulator does not multiply",
            self::name(x2.tensor.dtype)
        );
        check_same_dtype(name, "x2", &x2.tensor, "x1", x1.dtype)?;
        check_dtype(name, "out", out, &[ACL_FLOAT16, ACL_BF16, ACL_INT8, ACL_INT32])?;
        if let Some(pertoken) = pertoken {
            check_dtype(name, names.pertoken, pertoken, &[ACL_FLOAT])?;
        }
        let floats: &[aclDataType] = &[ACL_FLOAT, ACL_BF16];
        // By output and factors of rows: factors of columns, biases, whether rows' factors are taken at all.
        let (scales, biases): (&[aclDataType], &[aclDataType]) = match (out.dtype, pertoken.is_some()) {
            (ACL_BF16, _) => (floats, &[ACL_INT32, ACL_BF16, ACL_FLOAT]),
            (ACL_FLOAT16, true) => (&[ACL_FLOAT], &[ACL_INT32, ACL_FLOAT16, ACL_FLOAT]),
            (ACL_FLOAT16 | ACL_INT8, false) => (CODED, &[ACL_INT32]),
            (ACL_INT32, false) => (floats, &[ACL_INT32]),
            (given, _) => {
                let given = self::name(given);
                reject!(ACLNN_ERR_PARAM_INVALID, "{name}: {} is given with out of {given}; pass null", names.pertoken)
            }
        };
        check!(
            scales.contains(&scale.dtype),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: {} is {} with out of {}; {} is taken (aclnnTransQuantParamV2 makes the 64-bit kind)",
            names.scale,
            self::name(scale.dtype),
            self::name(out.dtype),
            scales.iter().map(|&d| self::name(d)).collect::<Vec<_>>().join(", ")
        );
        if let Some(bias) = bias {
            check_dtype(name, "bias", bias, biases)?;
        }
        if let Some(offset) = offset {
            check_dtype(name, names.offset, offset, &[ACL_FLOAT])?;
            let given = self::name(out.dtype);
            check!(
                out.dtype == ACL_INT8,
                ACLNN_ERR_PARAM_INVALID,
                "{name}: {} is given with out of {given}; pass null",
                names.offset
            );
        }
        if self.is_int4() {
            let (kind, given) = (self::name(x1.dtype), self::name(out.dtype));
            check!(
                matches!(out.dtype, ACL_FLOAT16 | ACL_BF16) && (out.dtype == ACL_FLOAT16 || pertoken.is_some()),
                ACLNN_ERR_PARAM_INVALID,
                "{name}: out is {given} with x1 of {kind}; f16, or bf16 with {}, is taken",
                names.pertoken
            );
            check!(!self.transpose[0], ACLNN_ERR_PARAM_INVALID, "{name}: transposeX1 is true with x1 of {kind}; false is taken");
        }
        Ok(())
    }

    fn check_shapes(&self) -> Outcome<Planned> {
        let Operands { name, names, x1, x2, scale, offset, pertoken, bias, out, transpose } = self;
        for (param, t) in [("x1", x1), ("x2", &x2.tensor)] {
            let most = if param == "x2" && self.is_int4() { 2 } else { 6 };
            check!(
                (2..=most).contains(&t.rank()) && t.numel() > 0,
                ACLNN_ERR_PARAM_INVALID,
                "{name}: {param} has shape {:?}; 2 to {most} dims, none of 0, are taken",
                t.dims
            );
            check!(
                t.is_contiguous() || is_swapped(t),
                ACLNN_ERR_PARAM_INVALID,
                "{name}: {param} has strides {:?}; its last two dims may be swapped, no others",
                t.strides
            );
            let last = t.dims[t.rank() - 1];
            check!(
                last <= LONGEST || !self.is_int4() && !CODED.contains(&scale.dtype),
                ACLNN_ERR_PARAM_INVALID,
                "{name}: the last dim of {param} is {last}; at most {LONGEST} is taken"
            );
            if t.dtype == ACL_INT4 {
                check!(
                    last.is_multiple_of(2),
                    ACLNN_ERR_PARAM_INVALID,
                    "{name}: the last dim of {param} is {last}; int4 takes even ones"
                );
            }
        }
        let turn = |ints: Ints, turn: bool| if turn { ints.transposed() } else { ints };
        let (a, b) = (turn(Ints::of(x1, 0), transpose[0]), turn(Ints::of(&x2.tensor, 0), transpose[1]));
        let [m, k, n] = [a.rows, a.cols, b.cols];
        check!(
            k == b.rows,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: x1 has shape {:?} and x2 {:?}, transposed {transpose:?}: {k} terms and {}",
            x1.dims,
            x2.tensor.dims,
            b.rows
        );
        let lead = |t: &Tensor| Dims::new(&t.dims[..t.rank() - 2]);
        let Some(batch) = broadcast(&[lead(x1), lead(&x2.tensor)]) else {
            reject!(ACLNN_ERR_PARAM_INVALID, "{name}: x1's {:?} and x2's {:?} do not broadcast", x1.dims, x2.tensor.dims)
        };
        let mut dims = batch.to_vec();
        dims.extend([m, n]);
        check_shape(name, "out", out, &dims)?;
        check_writable(name, "out", out)?;
        for (param, t) in [(names.scale, Some(scale)), (names.offset, offset.as_ref())] {
            let Some(t) = t else { continue };
            let fits = t.rank() == 1 && (t.dims[0] == 1 || t.dims[0] == n);
            check!(fits, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has shape {:?}; [1] or [{n}] is needed", t.dims);
        }
        if let Some(pertoken) = pertoken {
            check_shape(name, names.pertoken, pertoken, &[m])?;
        }
        if let Some(bias) = bias {
            let stacked = out.rank() == 3 && !self.is_int4() && bias.dims[..] == [dims[0], 1, n];
            check!(
                stacked || bias.dims[..] == [n],
                ACLNN_ERR_PARAM_INVALID,
                "{name}: bias has shape {:?}; [{n}], or [batch, 1, {n}] with int8 and an out of 3 dims, is needed",
                bias.dims
            );
        }
        Ok(Planned {
            x1: *x1,
            x2: *x2,
            transpose: *transpose,
            batch,
            m,
            n,
            scale: Some(Scale::new(scale)),
            offset: offset.as_ref().map(View::new),
            pertoken: pertoken.as_ref().map(View::new),
            bias: bias.as_ref().map(View::new),
            out: View::new(out),
        })
    }
}

/// Whether a tensor is contiguous but for its last two dims, which are swapped.
pub(in crate::ops) fn is_swapped(t: &Tensor) -> bool {
    let rank = t.rank();
    let (mut dims, mut strides) = (t.dims.to_vec(), t.strides.to_vec());
    dims.swap(rank - 2, rank - 1);
    strides.swap(rank - 2, rank - 1);
    Tensor { dims: Dims::new(&dims), strides: Dims::new(&strides), ..*t }.is_contiguous()
}

/// A stack of products that is checked.
pub(in crate::ops) struct Planned {
    pub x1: Tensor,
    pub x2: Weight,
    pub transpose: [bool; 2],
    pub batch: Dims,
    pub m: usize,
    pub n: usize,
    /// Of columns; an int32 output has none.
    pub scale: Option<Scale>,
    pub offset: Option<View>,
    pub pertoken: Option<View>,
    pub bias: Option<View>,
    pub out: View,
}

impl Planned {
    pub(in crate::ops) fn run(&self) {
        let Planned { m, n, out, .. } = self;
        let (m, n) = (*m, *n);
        let x2 = self.x2.plain();
        let factors = self.scale.map_or_else(|| vec![1.0; n], |scale| scale.factors(n));
        // An offset of its own counts, else the one that the factors hold.
        let held = || self.scale.map_or_else(|| vec![0.0; n], |scale| scale.offsets(n));
        let offsets = self.offset.as_ref().map_or_else(held, |offset| spread(all::<f32>(offset), n));
        let pertoken = self.pertoken.as_ref().map(all::<f32>);
        let integers = self.bias.filter(|bias| bias.dtype == ACL_INT32).map(|bias| all::<i64>(&bias));
        let floats = self.bias.filter(|bias| bias.dtype != ACL_INT32).map(|bias| all::<f32>(&bias));
        for matrix in 0..self.batch.product() {
            let of = |t: &Tensor, turn: bool| {
                let ints = Ints::of(t, offset_of(t, &self.batch, matrix));
                if turn { ints.transposed() } else { ints }
            };
            let (a, b) = (of(&self.x1, self.transpose[0]), of(&x2.tensor, self.transpose[1]));
            // A bias for each matrix, or one for all.
            let start = |len: usize| if len > n { matrix * n } else { 0 };
            let finish = |row: usize, col: usize, sums: &[i32]| {
                let at = (matrix * m + row) * n + col;
                let biased = |j: usize, sum: i32| match &integers {
                    Some(bias) => sum.wrapping_add(bias[start(bias.len()) + col + j] as i32),
                    None => sum,
                };
                if out.dtype == ACL_INT32 {
                    let sums: Vec<i64> = sums.iter().enumerate().map(|(j, &sum)| biased(j, sum) as i64).collect();
                    return out.store(at, &sums);
                }
                let values: Vec<f32> = sums
                    .iter()
                    .enumerate()
                    .map(|(j, &sum)| {
                        let mut value = biased(j, sum) as f32 * factors[col + j];
                        if out.dtype == ACL_INT8 {
                            return requantise(value, offsets[col + j]);
                        }
                        if let Some(pertoken) = &pertoken {
                            value *= pertoken[row];
                        }
                        floats.as_ref().map_or(value, |bias| value + bias[start(bias.len()) + col + j])
                    })
                    .collect();
                out.store(at, &values)
            };
            // SAFETY: shapes and dtypes are checked, and the memory was promised by C until the stream has passed the operation.
            unsafe { product(&a, &b, finish) }
        }
    }
}

/// The elements of a tensor before the `index`-th matrix of a stack of `batch`, which it broadcasts to.
pub(super) fn offset_of(t: &Tensor, batch: &[usize], mut index: usize) -> usize {
    let (mut offset, missing) = (0, batch.len() + 2 - t.rank());
    for (d, &dim) in batch.iter().enumerate().rev() {
        if let Some(own) = d.checked_sub(missing).filter(|&own| t.dims[own] > 1) {
            offset += index % dim * t.strides[own];
        }
        index /= dim;
    }
    offset
}

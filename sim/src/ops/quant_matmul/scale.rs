//! Factors of what was quantised: floats, or the 64 bits that the cube's way out takes, and how those are made:
//! `aclnnTransQuantParam` and `aclnnTransQuantParamV2`.

use ascend_rl_sys::types::*;

use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::element::Lane;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::reject::{Outcome, check};

/// The dtypes of coded factors.
pub(crate) const CODED: &[aclDataType] = &[ACL_UINT64, ACL_INT64];

/// Marks a factor as one; what the cube's way out keeps of an f32; where the offset is.
const IS_SCALE: u64 = 1 << 46;
const KEPT: u32 = 0xffff_e000;
const OFFSET_AT: u32 = 37;
const OFFSET_MASK: u64 = 0x1ff;

/// The code of a factor.
fn code(scale: f32, kept: u32) -> u64 {
    (scale.to_bits() & kept) as u64 | IS_SCALE
}

/// The code with an offset, a 9-bit integer.
fn with_offset(code: u64, offset: i32) -> u64 {
    code & (IS_SCALE | u32::MAX as u64) | (offset.clamp(-256, 255) as u64 & OFFSET_MASK) << OFFSET_AT
}

fn scale_of(code: u64) -> f32 {
    f32::from_bits(code as u32 & KEPT)
}

fn offset_of(code: u64) -> f32 {
    // The 9 bits with their sign.
    (((code >> OFFSET_AT & OFFSET_MASK) as i64) << 55 >> 55) as f32
}

/// A factor for all columns, or one for each.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    view: View,
    coded: bool,
}

impl Scale {
    pub(crate) fn new(t: &Tensor) -> Scale {
        let coded = CODED.contains(&t.dtype);
        let dtype = if coded { ACL_INT64 } else { t.dtype };
        Scale { view: View::new(&Tensor { dtype, ..*t }), coded }
    }

    /// One of each of `n` columns.
    pub(crate) fn factors(&self, n: usize) -> Vec<f32> {
        if !self.coded {
            return spread(all::<f32>(&self.view), n);
        }
        spread(all::<i64>(&self.view).into_iter().map(|code| scale_of(code as u64)).collect(), n)
    }

    /// What is added to each of `n` columns; only coded factors hold it.
    pub(crate) fn offsets(&self, n: usize) -> Vec<f32> {
        if !self.coded {
            return vec![0.0; n];
        }
        spread(all::<i64>(&self.view).into_iter().map(|code| offset_of(code as u64)).collect(), n)
    }
}

/// One value repeated, or `n`.
pub(crate) fn spread<T: Lane>(values: Vec<T>, n: usize) -> Vec<T> {
    if values.len() == 1 { vec![values[0]; n] } else { values }
}

/// What an int8 output makes of a number, as the cube's way out does: to 9 bits, ties to even, then the offset, then to 8.
pub(crate) fn requantise(value: f32, offset: f32) -> f32 {
    let nine = |v: f32| v.round_ties_even().clamp(-256.0, 255.0);
    (nine(value) + nine(offset)).clamp(-128.0, 127.0)
}

/// Codes of factors, and of offsets where there are any.
pub(crate) fn aclnnTransQuantParamV2GetWorkspaceSize(
    scale: *const aclTensor,
    offset: *const aclTensor,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnTransQuantParamV2";
    let mut call = Call::new(NAME);
    let (scale, offset) = (call.input("scale", scale)?, call.optional_input("offset", offset)?);
    let out = call.output("out", out)?;
    for (param, t) in [("scale", Some(&scale)), ("offset", offset.as_ref())] {
        let Some(t) = t else { continue };
        check_dtype(NAME, param, t, &[ACL_FLOAT])?;
        check!(
            (1..=2).contains(&t.rank()) && t.numel() > 0,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: {param} has shape {:?}; 1 or 2 dims, none of 0, are taken",
            t.dims
        );
        // Only the factors of groups may have more rows than one, and they have no offset.
        check!(
            offset.is_none() || t.rank() == 1 || t.dims[0] == 1,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: {param} has shape {:?}; with an offset [n] or [1, n] is needed",
            t.dims
        );
    }
    check_dtype(NAME, "out", &out, CODED)?;
    let n = offset.as_ref().map_or(1, Tensor::numel).max(scale.numel());
    if let Some(offset) = &offset {
        check!(
            [scale.numel(), offset.numel()].iter().all(|&len| len == 1 || len == n),
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: offset has shape {:?} and scale {:?}; each has one element, or as many as the other",
            offset.dims,
            scale.dims
        );
    }
    let dims = if scale.rank() == 1 { vec![n] } else { scale.dims.to_vec() };
    check_shape(NAME, "out", &out, &dims)?;
    check_writable(NAME, "out", &out)?;
    let n = out.numel();
    let (scale, offset) = (View::new(&scale), offset.map(|t| View::new(&t)));
    let out = View::new(&Tensor { dtype: ACL_INT64, ..out });
    call.finish(ws, executor, move || {
        let mut codes: Vec<u64> = spread(all::<f32>(&scale), n).into_iter().map(|scale| code(scale, KEPT)).collect();
        if let Some(offset) = &offset {
            let offsets = spread(all::<f32>(offset), n);
            codes.iter_mut().zip(offsets).for_each(|(code, offset)| *code = with_offset(*code, offset.round_ties_even() as i32));
        }
        out.store(0, &codes.into_iter().map(|code| code as i64).collect::<Vec<_>>());
    })
}

/// The same on the host, as the open source does it: all bits of a factor are kept (what reads them looks at the upper ones), codes
/// beyond the factors are 0, and there are 16 of them or a multiple, unless there is one. The caller frees them.
pub(crate) fn aclnnTransQuantParam(
    scale_array: *const f32,
    scale_size: u64,
    offset_array: *const f32,
    offset_size: u64,
    quant_param: *mut *mut u64,
    quant_param_size: *mut u64,
) -> Outcome {
    const NAME: &str = "aclnnTransQuantParam";
    // 161002 by the source, 161001 by the documentation.
    check!(!scale_array.is_null(), ACLNN_ERR_PARAM_INVALID, "{NAME}: scaleArray is null");
    check!(scale_size > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: scaleSize is 0");
    check!(
        offset_array.is_null() == (offset_size == 0),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: offsetSize is {offset_size}, with offsetArray {}",
        if offset_array.is_null() { "null" } else { "given" }
    );
    // SAFETY: C's contract is arrays of these lengths, not null as checked.
    let read =
        |array: *const f32, size: u64| (0..size as usize).map(|i| unsafe { array.add(i).read_unaligned() }).collect::<Vec<_>>();
    let (scales, offsets) = (read(scale_array, scale_size), read(offset_array, offset_size));
    let n = scales.len().max(offsets.len());
    let mut codes = vec![0u64; if n == 1 { 1 } else { n.next_multiple_of(16) }];
    codes.iter_mut().zip(scales).for_each(|(to, scale)| *to = code(scale, u32::MAX));
    codes.iter_mut().zip(offsets).for_each(|(to, offset)| *to = with_offset(*to, offset.round() as i32));
    crate::nn::give_array(["quantParam", "quantParamSize"], &codes, quant_param, quant_param_size)
}

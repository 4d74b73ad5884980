//! `aclnnAttentionUpdate`: partial results of attention over parts of the keys, merged.

use ascend_rl_sys::types::*;

use crate::ops::call::Call;
use crate::ops::dtypes::{FLOATS, check_dtype, check_same_dtype, check_shape, check_writable};
use crate::ops::split::split;
use crate::ops::view::{Buffer, View};
use crate::reject::{Outcome, check, reject};

/// Most parts.
const MAX_PARTS: usize = 16;
/// Most elements of a row, a head of a token.
const MAX_DIM: usize = 512;

/// `out = sum_i localOut_i * exp(lse_i - lse)` row by row, where `lse = ln(sum_i exp(lse_i))`; `lse_i` are `[rows]` in f32,
/// `localOut_i` `[rows, d]`. With `updateType` 1 `lseOut` is written as well. A part whose `lse` is infinite, as inference
/// attention marks rows without keys, counts for nothing; a row of only such parts is 0.
pub(crate) fn aclnnAttentionUpdateGetWorkspaceSize(
    lse: *const aclTensorList,
    local_out: *const aclTensorList,
    update_type: i64,
    out: *mut aclTensor,
    lse_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAttentionUpdate";
    let mut call = Call::new(NAME);
    let (lses, parts) = (call.list("lse", lse, false)?, call.list("localOut", local_out, false)?);
    let out = call.output("out", out)?;
    check!(
        (1..=MAX_PARTS).contains(&lses.len()) && lses.len() == parts.len(),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: lse has {} tensors and localOut {}; as many of each, 1 to {MAX_PARTS}, are needed",
        lses.len(),
        parts.len()
    );
    check_dtype(NAME, "localOut", &parts[0], FLOATS)?;
    let &[rows, dim] = &*parts[0].dims else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: localOut has shape {:?}; [rows, d] is needed", parts[0].dims)
    };
    check!(
        dim.is_multiple_of(8) && (8..=MAX_DIM).contains(&dim),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: localOut has rows of {dim}; a multiple of 8 of at most {MAX_DIM} is needed"
    );
    for (lse, part) in lses.iter().zip(&parts) {
        check_dtype(NAME, "lse", lse, &[ACL_FLOAT])?;
        check_shape(NAME, "lse", lse, &[rows])?;
        check_same_dtype(NAME, "localOut", part, "localOut[0]", parts[0].dtype)?;
        check_shape(NAME, "localOut", part, &[rows, dim])?;
    }
    check_same_dtype(NAME, "out", &out, "localOut", parts[0].dtype)?;
    check_shape(NAME, "out", &out, &[rows, dim])?;
    check_writable(NAME, "out", &out)?;
    let lse_out = match update_type {
        0 => call.absent("lseOut", lse_out).map(|()| None)?,
        1 => {
            let lse_out = call.output("lseOut", lse_out)?;
            check_dtype(NAME, "lseOut", &lse_out, &[ACL_FLOAT])?;
            check_shape(NAME, "lseOut", &lse_out, &[rows])?;
            check_writable(NAME, "lseOut", &lse_out)?;
            Some(View::new(&lse_out))
        }
        _ => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: updateType is {update_type}; 0 and 1 are taken"),
    };
    let pairs: Vec<_> = lses.iter().zip(&parts).map(|(lse, part)| (View::new(lse), View::new(part))).collect();
    let out = View::new(&out);
    call.finish(ws, executor, move || {
        split(rows, dim * pairs.len(), |rows| rows.for_each(|row| merge(&pairs, &out, lse_out.as_ref(), row, dim)))
    })
}

fn merge(pairs: &[(View, View)], out: &View, lse_out: Option<&View>, row: usize, dim: usize) {
    let mut lses = [f32::NEG_INFINITY; MAX_PARTS];
    for (to, (lse, _)) in lses.iter_mut().zip(pairs) {
        let mut one = Buffer::new();
        let value = lse.load::<f32>(row, 1, &mut one)[0];
        *to = if value == f32::INFINITY { f32::NEG_INFINITY } else { value };
    }
    let top = lses.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = if top == f32::NEG_INFINITY { 0.0 } else { lses.iter().map(|lse| (lse - top).exp()).sum() };
    let mut sums = [0.0; MAX_DIM];
    for (lse, (_, part)) in lses.iter().zip(pairs).filter(|(lse, _)| **lse != f32::NEG_INFINITY) {
        let weight = (lse - top).exp() / total;
        let mut buffer = Buffer::new();
        for (sum, &x) in sums.iter_mut().zip(part.load::<f32>(row * dim, dim, &mut buffer)) {
            *sum += weight * x;
        }
    }
    out.store(row * dim, &sums[..dim]);
    if let Some(lse_out) = lse_out {
        lse_out.store(row, &[if total == 0.0 { f32::INFINITY } else { top + total.ln() }]);
    }
}

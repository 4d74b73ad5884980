//! Checks that the attention operators share. Each text names the operator, the parameter, what was given and what is taken.

use ascend_rl_sys::types::*;

use super::layout::Sizes;
use super::view::{Bits, Mask, Seq};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::reject::{Outcome, check, reject};

/// Side of the compressed causal mask.
const MASK_SIDE: usize = 2048;

/// `tensor` has this dtype and these dims.
pub(super) fn same(name: &str, param: &str, tensor: &Tensor, dtype: aclDataType, dims: &[usize]) -> Outcome {
    dtype_is(name, param, tensor, dtype)?;
    check!(*tensor.dims == *dims, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {:?}, {dims:?} is needed", tensor.dims);
    Ok(())
}

pub(super) fn dtype_is(name: &str, param: &str, tensor: &Tensor, dtype: aclDataType) -> Outcome {
    let given = tensor.dtype;
    check!(given == dtype, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has dataType {}, {} is needed", given.0, dtype.0);
    Ok(())
}

/// Row-major without gaps.
pub(super) fn contiguous(name: &str, param: &str, tensor: &Tensor) -> Outcome {
    check!(
        tensor.is_contiguous(),
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: {param} has strides {:?} for {:?}; the simulator takes it contiguous",
        tensor.strides,
        tensor.dims
    );
    Ok(())
}

/// An output or an input that may be null, and holds nothing where it is not.
pub(super) fn empty(name: &str, param: &str, tensor: &Tensor) -> Outcome {
    check!(
        tensor.numel() == 0,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: {param} is {:?}; the simulator takes it empty",
        tensor.dims
    );
    Ok(())
}

/// The rule of `sparseMode` with the mask that it needs.
pub(super) fn mask(call: &mut Call, name: &str, mode: i64, modes: &[i64], handle: *const aclTensor) -> Outcome<Mask> {
    check!(
        modes.contains(&mode),
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: sparseMode {mode} is not supported by the simulator; it has {modes:?}"
    );
    let given = call.optional_input("attenMask", handle)?;
    if mode == 0 {
        check!(
            given.is_none(),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: attenMask with sparseMode 0 (a full mask) is not supported by the simulator; pass null, or sparseMode 3"
        );
        return Ok(Mask::Full);
    }
    let Some(mask) = given else {
        // On a card this computes without any mask: more likely an oversight than a wish.
        reject!(
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: attenMask is null with sparseMode {mode}, which CANN takes as no mask; say sparseMode 0 for that"
        )
    };
    let dtypes = [ACL_BOOL, ACL_UINT8, ACL_INT8];
    check!(
        dtypes.contains(&mask.dtype),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: attenMask has dataType {}, bool, uint8 or int8 is needed",
        mask.dtype.0
    );
    let dims = &mask.dims[mask.rank().saturating_sub(2)..];
    check!(
        *dims == [MASK_SIDE, MASK_SIDE] && mask.numel() == MASK_SIDE * MASK_SIDE,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: attenMask is {:?}, sparseMode {mode} needs the compressed [2048, 2048]",
        mask.dims
    );
    Ok(if mode == 2 { Mask::LeftUp } else { Mask::RightDown })
}

/// Without a mask, `preTokens` and `nextTokens` must leave every pair in.
pub(super) fn unlimited(name: &str, mask: Mask, pre_tokens: i64, next_tokens: i64, longest: usize) -> Outcome {
    let enough = pre_tokens >= longest as i64 && next_tokens >= longest as i64;
    check!(
        mask != Mask::Full || enough,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: preTokens {pre_tokens} and nextTokens {next_tokens} with sparseMode 0 are not supported by the simulator; \
         pass 2147483647 for both"
    );
    Ok(())
}

/// Lengths out of cumulative ends `[2, 4, 8]`, which end at `total`.
pub(super) fn lengths(name: &str, param: &str, ends: Option<Vec<i64>>, total: usize) -> Outcome<Vec<usize>> {
    let Some(ends) = ends else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: {param} is null, layout TND needs the sequences' cumulative ends")
    };
    let mut lengths = Vec::with_capacity(ends.len());
    let mut last = 0;
    for (i, &end) in ends.iter().enumerate() {
        check!(end >= last, ACLNN_ERR_PARAM_INVALID, "{name}: {param}[{i}] is {end}, less than the end before it, {last}");
        lengths.push((end - last) as usize);
        last = end;
    }
    check!(last as usize == total, ACLNN_ERR_PARAM_INVALID, "{name}: {param} ends at {last}, there are {total} tokens");
    Ok(lengths)
}

/// Sequences out of the lengths of queries and keys, packed one after another.
pub(super) fn sequences(name: &str, mask: Mask, q: &[usize], kv: &[usize]) -> Outcome<Vec<Seq>> {
    check!(
        q.len() == kv.len(),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: the query lengths are of {} sequences, the key and value lengths of {}",
        q.len(),
        kv.len()
    );
    let (mut q_start, mut kv_start) = (0, 0);
    let mut seqs = Vec::with_capacity(q.len());
    for (i, (&q_len, &kv_len)) in q.iter().zip(kv).enumerate() {
        let seq = Seq { batch: 0, q_start, q_len, kv: kv_start, kv_len };
        causal(name, mask, i, &seq)?;
        seqs.push(seq);
        q_start += q_len;
        kv_start += kv_len;
    }
    Ok(seqs)
}

/// Sequence `i` has as many keys as sparseMode 3 needs.
pub(super) fn causal(name: &str, mask: Mask, i: usize, seq: &Seq) -> Outcome {
    let Seq { q_len, kv_len, .. } = *seq;
    check!(
        mask != Mask::RightDown || q_len <= kv_len,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: sequence {i} has {q_len} queries and {kv_len} keys, sparseMode 3 takes at most as many queries as keys"
    );
    Ok(())
}

/// A mask given in full: `[Sq, Skv]`, or `[B, N, Sq, Skv]` with 1 for what is the same for all.
pub(super) fn bits(name: &str, mask: &Tensor, q: Sizes, kv: Sizes) -> Outcome<Bits> {
    check!(
        [ACL_BOOL, ACL_UINT8].contains(&mask.dtype),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: attenMask has dataType {}, bool or uint8 is needed",
        mask.dtype.0
    );
    let (rank, dims) = (mask.rank(), &*mask.dims);
    let fits = (rank == 2 || rank == 4 && [1, q.batch].contains(&dims[0]) && [1, q.heads].contains(&dims[1]))
        && dims[rank - 2..] == [q.seq, kv.seq];
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: attenMask is {dims:?}; [{s}, {t}] or [{b} or 1, {n} or 1, {s}, {t}] is needed",
        b = q.batch,
        n = q.heads,
        s = q.seq,
        t = kv.seq
    );
    check!(
        dims[rank - 1] <= 1 || mask.strides[rank - 1] == 1,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: attenMask has strides {:?}; the simulator takes a contiguous last dim",
        mask.strides
    );
    let leading = |d: usize| if rank == 4 && dims[d] > 1 { mask.strides[d] } else { 0 };
    Ok(Bits { data: mask.data, batch: leading(0), head: leading(1), position: mask.strides[rank - 2] })
}

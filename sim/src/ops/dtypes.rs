//! Which dtypes an operator takes, and what comes of mixing them: CANN's rules, which are PyTorch's.

use ascend_rl_sys::types::*;

use crate::nn::tensor::{Dims, MAX_RANK, Tensor};
use crate::ops::call::Scalar;
use crate::reject::{Outcome, check, reject};

/// The floats that CANN's vector kernels compute in.
pub(crate) const FLOATS: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16];
/// [`FLOATS`] and the signed integers.
pub(crate) const SIGNED: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8];
/// [`SIGNED`] and bytes.
pub(crate) const NUMBERS: &[aclDataType] =
    &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8];
/// [`NUMBERS`] and booleans.
pub(crate) const ALL: &[aclDataType] =
    &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8, ACL_BOOL];

/// The header's name, "ACL_BF16".
pub(crate) fn name(dtype: aclDataType) -> String {
    dtype.name().map_or_else(|| format!("dataType {}", dtype.0), str::to_owned)
}

pub(crate) fn is_float(dtype: aclDataType) -> bool {
    FLOATS.contains(&dtype)
}

/// f32 results of these are rounded when they are stored, so that it matters when that happens.
pub(crate) fn is_half(dtype: aclDataType) -> bool {
    matches!(dtype, ACL_BF16 | ACL_FLOAT16)
}

/// Refuses a dtype that is not in `takes`. What CANN runs on the AI CPU (f64, complex) is unsupported, the rest is invalid.
pub(crate) fn check_dtype(operator: &str, param: &str, tensor: &Tensor, takes: &[aclDataType]) -> Outcome {
    if takes.contains(&tensor.dtype) {
        return Ok(());
    }
    let taken = takes.iter().map(|&d| name(d)).collect::<Vec<_>>().join(", ");
    let given = name(tensor.dtype);
    if matches!(tensor.dtype, ACL_DOUBLE | ACL_COMPLEX64 | ACL_COMPLEX128) {
        reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{operator}: {param} is {given}; the simulator takes {taken}")
    }
    reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {given}; the operator takes {taken}")
}

/// Refuses any dtype but `dtype`, which is that of `other`.
pub(crate) fn check_same_dtype(operator: &str, param: &str, tensor: &Tensor, other: &str, dtype: aclDataType) -> Outcome {
    let (given, needed) = (name(tensor.dtype), name(dtype));
    check!(tensor.dtype == dtype, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {given}; {other} makes it {needed}");
    Ok(())
}

/// Refuses any shape but `dims`.
pub(crate) fn check_shape(operator: &str, param: &str, tensor: &Tensor, dims: &[usize]) -> Outcome {
    let given = &*tensor.dims;
    check!(given == dims, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} has shape {given:?}; {dims:?} is needed");
    Ok(())
}

/// Refuses an output two of whose elements share memory.
pub(crate) fn check_writable(operator: &str, param: &str, tensor: &Tensor) -> Outcome {
    let repeats =
        tensor.numel() > 0 && tensor.dims.iter().zip(tensor.strides.iter()).any(|(&dim, &stride)| dim > 1 && stride == 0);
    check!(!repeats, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} has a stride of 0, which cannot be written through");
    Ok(())
}

/// The dim that `dim`, perhaps counted from the end, means. A scalar counts as one dim.
pub(crate) fn check_dim(operator: &str, param: &str, dim: i64, tensor: &Tensor) -> Outcome<usize> {
    let rank = tensor.rank().max(1) as i64;
    check!(
        (-rank..rank).contains(&dim),
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: {param} is {dim}; {}..{} is taken",
        -rank,
        rank - 1
    );
    Ok(if dim < 0 { dim + rank } else { dim } as usize)
}

/// The dtype that mixing two gives: booleans give way to integers, those to floats; f16 with bf16 is f32.
pub(crate) fn promote(a: aclDataType, b: aclDataType) -> aclDataType {
    /// Order of giving way inside a kind; 10, 20: integers, floats.
    fn order(dtype: aclDataType) -> u32 {
        match dtype {
            ACL_BOOL => 0,
            ACL_UINT8 | ACL_INT8 => 10,
            ACL_INT16 => 11,
            ACL_INT32 => 12,
            ACL_INT64 => 13,
            ACL_BF16 | ACL_FLOAT16 => 20,
            _ => 21,
        }
    }
    match (a == b, order(a), order(b)) {
        (true, ..) => a,
        (_, 10, 10) => ACL_INT16,
        (_, 20, 20) => ACL_FLOAT,
        (_, x, y) => {
            if x > y {
                a
            } else {
                b
            }
        }
    }
}

/// The dtype of a tensor's dtype with a host scalar, which gives way unless it is of a higher kind.
pub(crate) fn promote_scalar(tensor: aclDataType, scalar: Scalar) -> aclDataType {
    match scalar {
        Scalar::Float(_) if !is_float(tensor) => ACL_FLOAT,
        Scalar::Int(_) if tensor == ACL_BOOL => ACL_INT64,
        _ => tensor,
    }
}

/// Whether a result may be stored as `to`: floats not as integers, numbers not as booleans.
pub(crate) fn can_cast(from: aclDataType, to: aclDataType) -> bool {
    match from {
        ACL_BOOL => true,
        _ if to == ACL_BOOL => false,
        _ => !is_float(from) || is_float(to),
    }
}

/// The shape that shapes broadcast to; `None` where they do not.
pub(crate) fn broadcast(shapes: &[Dims]) -> Option<Dims> {
    let rank = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut dims = [1; MAX_RANK];
    for shape in shapes {
        for (i, &dim) in shape.iter().enumerate() {
            let common = &mut dims[rank - shape.len() + i];
            match (*common, dim) {
                (x, y) if x == y || y == 1 => {}
                (1, _) => *common = dim,
                _ => return None,
            }
        }
    }
    Some(Dims::new(&dims[..rank]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_follows_pytorch() {
        for (a, b, both) in [
            (ACL_FLOAT, ACL_BF16, ACL_FLOAT),
            (ACL_BF16, ACL_FLOAT16, ACL_FLOAT),
            (ACL_BF16, ACL_INT64, ACL_BF16),
            (ACL_INT32, ACL_INT64, ACL_INT64),
            (ACL_UINT8, ACL_INT8, ACL_INT16),
            (ACL_BOOL, ACL_UINT8, ACL_UINT8),
            (ACL_BOOL, ACL_BOOL, ACL_BOOL),
        ] {
            assert_eq!((promote(a, b), promote(b, a)), (both, both));
        }
        assert_eq!(promote_scalar(ACL_BF16, Scalar::Float(0.1)), ACL_BF16);
        assert_eq!(promote_scalar(ACL_INT32, Scalar::Float(0.1)), ACL_FLOAT);
        assert!(can_cast(ACL_FLOAT, ACL_BF16) && can_cast(ACL_INT64, ACL_INT8) && can_cast(ACL_BOOL, ACL_INT8));
        assert!(!can_cast(ACL_FLOAT, ACL_INT64) && !can_cast(ACL_INT8, ACL_BOOL));
    }

    #[test]
    fn shapes_broadcast_from_the_right() {
        let of = |a: &[usize], b: &[usize]| broadcast(&[Dims::new(a), Dims::new(b)]).map(|d| d.to_vec());
        assert_eq!(of(&[3, 1, 5], &[4, 1]), Some(vec![3, 4, 5]));
        assert_eq!(of(&[], &[2]), Some(vec![2]));
        assert_eq!(of(&[0, 2], &[1, 2]), Some(vec![0, 2]));
        assert_eq!(of(&[3], &[2]), None);
    }
}

//! Several tensors to one and one to several: `aclnnCat`, `aclnnStack`, `aclnnSplitTensor`, `aclnnSplitWithSize`.

use ascend_rl_sys::types::*;

use super::{Out, finish, narrowed, sliced};
use crate::nn::tensor::{MAX_RANK, Tensor};
use crate::ops::call::Call;
use crate::ops::copy::Move;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check, reject};

/// The tensors one after the other along `dim`, as `out`'s dtype, which theirs together can be cast to. As in PyTorch, a
/// tensor of shape `[0]` fits anywhere and adds nothing.
pub(crate) fn aclnnCatGetWorkspaceSize(
    tensors: *const aclTensorList,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnCat";
    let mut call = Call::new(NAME);
    let (tensors, output) = (call.list("tensors", tensors, false)?, call.output("out", out)?);
    check_joined(NAME, &tensors, &output)?;
    let parts: Vec<&Tensor> = tensors.iter().filter(|t| *t.dims != [0]).collect();
    let Some(first) = parts.first() else {
        check_shape(NAME, "out", &output, &[0])?;
        return finish(call, Vec::new(), (ws, executor));
    };
    check!(first.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: tensors holds a scalar; at least 1-D is needed");
    let dim = check_dim(NAME, "dim", dim, first)?;
    let mut needed = first.dims.to_vec();
    needed[dim] = 0;
    for part in &parts {
        let fits = part.rank() == first.rank() && (0..part.rank()).all(|d| d == dim || part.dims[d] == first.dims[d]);
        check!(
            fits,
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: tensors holds the shapes {:?} and {:?}, which differ in another dim than {dim}",
            first.dims,
            part.dims
        );
        needed[dim] += part.dims[dim];
    }
    check_shape(NAME, "out", &output, &needed)?;
    let mut at = 0;
    let place = |part: &&Tensor| {
        let len = part.dims[dim];
        at += len;
        Move::new(part, &narrowed(&output, dim, at - len, len, 1))
    };
    finish(call, parts.iter().map(place).collect(), (ws, executor))
}

/// The tensors, of one shape, one after the other along a new dim `dim`.
pub(crate) fn aclnnStackGetWorkspaceSize(
    tensors: *const aclTensorList,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnStack";
    let mut call = Call::new(NAME);
    let (tensors, output) = (call.list("tensors", tensors, false)?, call.output("out", out)?);
    check_joined(NAME, &tensors, &output)?;
    let first = tensors[0];
    for part in &tensors {
        let (given, needed) = (part.dims, first.dims);
        check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{NAME}: tensors holds the shapes {needed:?} and {given:?}");
    }
    check!(
        first.rank() < MAX_RANK,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: tensors are {MAX_RANK}-D, which leaves no room for another dim"
    );
    let rank = first.rank() as i64 + 1;
    let inside = (-rank..rank).contains(&dim);
    check!(inside, ACLNN_ERR_PARAM_INVALID, "{NAME}: dim is {dim}; {}..{} is taken", -rank, rank - 1);
    let dim = dim.rem_euclid(rank) as usize;
    let mut needed = first.dims.to_vec();
    needed.insert(dim, tensors.len());
    check_shape(NAME, "out", &output, &needed)?;
    let moves = tensors.iter().enumerate().map(|(i, part)| Move::new(part, &sliced(&output, dim, i)));
    finish(call, moves.collect(), (ws, executor))
}

/// What holds for tensors that become one: there is one, and their common dtype can be cast to the output's.
fn check_joined(name: &str, tensors: &[Tensor], output: &Tensor) -> Outcome {
    for tensor in tensors {
        check_dtype(name, "tensors", tensor, ALL)?;
    }
    let Some(common) = tensors.iter().map(|t| t.dtype).reduce(promote) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: tensors is empty")
    };
    check_dtype(name, "out", output, ALL)?;
    check!(
        can_cast(common, output.dtype),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: tensors are {} together and cannot be cast to out, which is {}",
        self::name(common),
        self::name(output.dtype)
    );
    check_writable(name, "out", output)
}

/// Pieces of `splitSections` along `dim`; the last is what remains.
pub(crate) fn aclnnSplitTensorGetWorkspaceSize(
    self_: *const aclTensor,
    split_sections: u64,
    dim: i64,
    out: *mut aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSplitTensor";
    let mut call = Call::new(NAME);
    let (input, outputs) = (call.input("self", self_)?, call.list("out", out, true)?);
    check!(split_sections > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: splitSections is 0; it is the size of a piece");
    let at = check_split_dim(NAME, dim, &input)?;
    let (n, size) = (input.dims[at], usize::try_from(split_sections).unwrap_or(usize::MAX));
    let sizes: Vec<usize> = (0..n.div_ceil(size).max(1)).map(|i| size.min(n - i * size)).collect();
    pieces(call, NAME, &input, at, &sizes, &outputs, (ws, executor))
}

/// Pieces of the sizes given along `dim`, which they make up.
pub(crate) fn aclnnSplitWithSizeGetWorkspaceSize(
    self_: *const aclTensor,
    split_size: *const aclIntArray,
    dim: i64,
    out: *mut aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSplitWithSize";
    let mut call = Call::new(NAME);
    let (input, outputs) = (call.input("self", self_)?, call.list("out", out, true)?);
    let Some(given) = call.int_array("splitSize", split_size)? else {
        reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: splitSize is null")
    };
    let at = check_split_dim(NAME, dim, &input)?;
    let n = input.dims[at];
    let sizes: Vec<usize> = given.iter().map(|&size| usize::try_from(size).unwrap_or(usize::MAX)).collect();
    let total = sizes.iter().fold(0usize, |sum, &size| sum.saturating_add(size));
    check!(total == n, ACLNN_ERR_PARAM_INVALID, "{NAME}: splitSize is {given:?}; together they must be dim {at} of self, {n}");
    pieces(call, NAME, &input, at, &sizes, &outputs, (ws, executor))
}

fn check_split_dim(name: &str, dim: i64, input: &Tensor) -> Outcome<usize> {
    check_dtype(name, "self", input, ALL)?;
    check!(input.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{name}: self is a scalar; at least 1-D is needed");
    check_dim(name, "dim", dim, input)
}

fn pieces(call: Call, name: &str, input: &Tensor, dim: usize, sizes: &[usize], outputs: &[Tensor], out: Out) -> Outcome {
    let (given, needed) = (outputs.len(), sizes.len());
    check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{name}: out has {given} tensors; {needed} are needed");
    let (mut at, mut moves) = (0, Vec::with_capacity(needed));
    for (&size, output) in sizes.iter().zip(outputs) {
        let piece = narrowed(input, dim, at, size, 1);
        check_same_dtype(name, "out", output, "self", input.dtype)?;
        check_shape(name, "out", output, &piece.dims)?;
        check_writable(name, "out", output)?;
        moves.push(Move::new(&piece, output));
        at += size;
    }
    finish(call, moves, out)
}

//! Images with an edge of what they have already: `aclnnReflectionPad*`, `aclnnReplicationPad*`, and their gradients.

use ascend_rl_sys::types::*;

use super::{Out, finish, narrowed};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::copy::Move;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// What an edge is made of.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    /// What is as far inside from the outermost as the place is outside.
    Reflect,
    /// The outermost.
    Replicate,
}

impl Edge {
    /// For each place of a padded dim of `len`, the place that it is from.
    fn sources(self, len: usize, left: usize, right: usize) -> Vec<usize> {
        let place = |i: usize| match (i.checked_sub(left), self) {
            (Some(inside), _) if inside < len => inside,
            (None, Edge::Reflect) => left - i,
            (Some(beyond), Edge::Reflect) => 2 * (len - 1) - beyond,
            (None, Edge::Replicate) => 0,
            (Some(_), Edge::Replicate) => len - 1,
        };
        (0..left + len + right).map(place).collect()
    }
}

/// Places in a row that are from places in a row (`step` is 1) or from one (0).
struct Run {
    from: usize,
    to: usize,
    len: usize,
    step: usize,
}

fn runs(sources: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (to, &from) in sources.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.len == 1 && (from == run.from || from == run.from + 1) => {
                (run.len, run.step) = (2, from - run.from);
            }
            Some(run) if run.len > 1 && from == run.from + run.len * run.step => run.len += 1,
            _ => runs.push(Run { from, to, len: 1, step: 1 }),
        }
    }
    runs
}

/// The sources of the last `space` dims, from `padding`: before and after the last dim, before and after the one before it, ..
fn sources(call: &Call, space: usize, edge: Edge, input: &Tensor, padding: *const aclIntArray) -> Outcome<Vec<Vec<usize>>> {
    let (name, rank) = (call.name(), input.rank());
    let most = space + 2;
    check!(
        (space + 1..=most).contains(&rank),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: self is {rank}-D; {} or {most} dims are taken",
        space + 1
    );
    let Some(padding) = call.int_array("padding", padding)? else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: padding is null") };
    let n = 2 * space;
    check!(padding.len() == n, ACLNN_ERR_PARAM_INVALID, "{name}: padding is {padding:?}; {n} numbers are taken");
    let dims = input.dims.iter().skip(rank - space).zip(padding.chunks_exact(2).rev());
    let of_dim = |(&len, ends): (&usize, &[i64])| {
        let (least, place) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        if edge == Edge::Reflect {
            check!(
                least >= 0 && place < len as i64,
                ACLNN_ERR_PARAM_INVALID,
                "{name}: padding is {padding:?}; each must be below the dim that it is of, here {len}"
            );
        }
        check!(least >= 0, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: padding is {padding:?}; the simulator takes none below 0");
        check!(place <= i32::MAX as i64, ACLNN_ERR_PARAM_INVALID, "{name}: padding is {padding:?}, which is too much");
        check!(len > 0, ACLNN_ERR_PARAM_INVALID, "{name}: self has shape {:?}, of which there is no edge", input.dims);
        Ok(edge.sources(len, ends[0] as usize, ends[1] as usize))
    };
    dims.map(of_dim).collect()
}

/// The dims of a tensor with its edges.
fn padded(input: &Tensor, sources: &[Vec<usize>]) -> Vec<usize> {
    let mut dims = input.dims.to_vec();
    let first = dims.len() - sources.len();
    for (dim, sources) in dims[first..].iter_mut().zip(sources) {
        *dim = sources.len();
    }
    dims
}

type Given = (*const aclTensor, *const aclIntArray, *mut aclTensor);

fn pad(mut call: Call, space: usize, edge: Edge, (self_, padding, out): Given, end: Out) -> Outcome {
    let name = call.name();
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(name, "self", &input, ALL)?;
    check_same_dtype(name, "out", &output, "self", input.dtype)?;
    let sources = sources(&call, space, edge, &input, padding)?;
    check_shape(name, "out", &output, &padded(&input, &sources))?;
    check_writable(name, "out", &output)?;
    let mut boxes = vec![(input, output)];
    for (dim, sources) in (input.rank() - space..).zip(&sources) {
        let cut = |(from, to): (Tensor, Tensor)| {
            let of = move |run: Run| (narrowed(&from, dim, run.from, run.len, run.step), narrowed(&to, dim, run.to, run.len, 1));
            runs(sources).into_iter().map(of)
        };
        boxes = boxes.into_iter().flat_map(cut).collect();
    }
    finish(call, boxes.iter().map(|(from, to)| Move::new(from, to)).collect(), end)
}

fn gradient(mut call: Call, space: usize, edge: Edge, grad: *const aclTensor, (self_, padding, out): Given, end: Out) -> Outcome {
    let name = call.name();
    let (grad, input) = (call.input("gradOutput", grad)?, call.input("self", self_)?);
    let output = call.output("gradInput", out)?;
    check_dtype(name, "gradOutput", &grad, FLOATS)?;
    check_same_dtype(name, "self", &input, "gradOutput", grad.dtype)?;
    check_same_dtype(name, "gradInput", &output, "gradOutput", grad.dtype)?;
    let mut sources = sources(&call, space, edge, &input, padding)?;
    check_shape(name, "gradOutput", &grad, &padded(&input, &sources))?;
    check_shape(name, "gradInput", &output, &input.dims)?;
    check_writable(name, "gradInput", &output)?;
    // Three dims, of which some are one place.
    let mut dims = input.dims.to_vec().split_off(input.rank() - space);
    while sources.len() < 3 {
        sources.insert(0, vec![0]);
        dims.insert(0, 1);
    }
    let (size, from): (usize, usize) = (dims.iter().product(), sources.iter().map(Vec::len).product());
    let (read, write) = (View::new(&grad), View::new(&output));
    call.finish(end.0, end.1, move || {
        let [deep, high, wide] = &sources[..] else { return };
        split(write.rows(size), from, |planes| {
            let (mut row, mut sums) = (Row::new(from), vec![0.0f32; size]);
            for plane in planes {
                sums.fill(0.0);
                let mut grads = row.load(&read, plane * from, from).iter();
                for z in deep {
                    for y in high {
                        let line = &mut sums[(z * dims[1] + y) * dims[2]..][..dims[2]];
                        for (x, grad) in wide.iter().zip(&mut grads) {
                            line[*x] += grad;
                        }
                    }
                }
                write.store(plane * size, &sums);
            }
        })
    })
}

macro_rules! pads {
    ($($(#[$doc:meta])* $edge:ident $space:literal: $pad:ident, $pad_name:literal, $gradient:ident, $gradient_name:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $pad(
            self_: *const aclTensor,
            padding: *const aclIntArray,
            out: *mut aclTensor,
            ws: *mut u64,
            executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            pad(Call::new($pad_name), $space, Edge::$edge, (self_, padding, out), (ws, executor))
        }
        /// Its gradient: each place of `self` gets the sum of what was made of it. In f32.
        pub(crate) fn $gradient(
            grad_output: *const aclTensor,
            self_: *const aclTensor,
            padding: *const aclIntArray,
            grad_input: *mut aclTensor,
            ws: *mut u64,
            executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            gradient(Call::new($gradient_name), $space, Edge::$edge, grad_output, (self_, padding, grad_input), (ws, executor))
        }
    )* };
}
pads! {
    /// The last dim, longer by `padding` on the left and on the right: what is there is what is as far inside from the edge.
    Reflect 1: aclnnReflectionPad1dGetWorkspaceSize, "aclnnReflectionPad1d",
        aclnnReflectionPad1dBackwardGetWorkspaceSize, "aclnnReflectionPad1dBackward";
    /// The same of the last two dims; `padding` begins with the last.
    Reflect 2: aclnnReflectionPad2dGetWorkspaceSize, "aclnnReflectionPad2d",
        aclnnReflectionPad2dBackwardGetWorkspaceSize, "aclnnReflectionPad2dBackward";
    /// The same of the last three dims.
    Reflect 3: aclnnReflectionPad3dGetWorkspaceSize, "aclnnReflectionPad3d",
        aclnnReflectionPad3dBackwardGetWorkspaceSize, "aclnnReflectionPad3dBackward";
    /// The last dim, longer by `padding` on the left and on the right: what is there is the outermost.
    Replicate 1: aclnnReplicationPad1dGetWorkspaceSize, "aclnnReplicationPad1d",
        aclnnReplicationPad1dBackwardGetWorkspaceSize, "aclnnReplicationPad1dBackward";
    /// The same of the last two dims; `padding` begins with the last.
    Replicate 2: aclnnReplicationPad2dGetWorkspaceSize, "aclnnReplicationPad2d",
        aclnnReplicationPad2dBackwardGetWorkspaceSize, "aclnnReplicationPad2dBackward";
    /// The same of the last three dims.
    Replicate 3: aclnnReplicationPad3dGetWorkspaceSize, "aclnnReplicationPad3d",
        aclnnReplicationPad3dBackwardGetWorkspaceSize, "aclnnReplicationPad3dBackward";
}

#[cfg(test)]
#[path = "pad_tests.rs"]
mod tests;

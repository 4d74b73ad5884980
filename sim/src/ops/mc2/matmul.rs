//! `aclnnMatmulAllReduce`, `aclnnAllGatherMatmul`, `aclnnMatmulReduceScatter`: a product of each rank, and a collective before it
//! or behind it.
//!
//! Bit for bit what `aclnnMm` and HCCL's collective compute one after the other: a product is rounded to the dtype before it is
//! summed up over the ranks.
//!
//! Sources: CANN's documentation of the three, `op_api` and `op_tiling` beside it.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::domain::find;
use super::product::*;
use super::traffic::{Move, Sum, add_up, carry};
use crate::hccl::joint::{Member, Operation, Stage, placed};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::check_shape;
use crate::parallel::Share;
use crate::reject::{Outcome, check};

pub(super) static ALL_REDUCE: Operation = Operation {
    name: "aclnnMatmulAllReduce",
    terms: &["m", "n", "dtype"],
    agree: Operation::nothing_else,
    work: |members, share| {
        let [m, n] = sizes(members[0]);
        let sums: Vec<Sum> = (0..m).map(|row| Sum { at: row * n, to: None, to_at: row * n, count: n }).collect();
        add_up(members, 0, 1, &sums, share);
    },
};

pub(super) static REDUCE_SCATTER: Operation = Operation {
    name: "aclnnMatmulReduceScatter",
    terms: &["m", "n", "dtype"],
    agree: Operation::nothing_else,
    work: |members, share| {
        let [m, n] = sizes(members[0]);
        let each = m / members.len();
        let sum = |row: usize| Sum { at: row * n, to: Some(row / each), to_at: row % each * n, count: n };
        add_up(members, 0, 1, &(0..m).map(sum).collect::<Vec<Sum>>(), share);
    },
};

pub(super) static ALL_GATHER: Operation =
    Operation { name: "aclnnAllGatherMatmul", terms: &["m", "k", "dtype"], agree: Operation::nothing_else, work: gather_all };

fn sizes(member: &Member) -> [usize; 2] {
    [member.terms[0] as usize, member.terms[1] as usize]
}

fn gather_all(members: &[&Member], share: Share) {
    let [m, k] = sizes(members[0]);
    let ranks = members.len();
    let to_all = |from: usize| (0..ranks).map(move |to| Move { from: (from, 0), to: (to, from * m * k), count: m * k });
    carry(members, 0, 1, &(0..ranks).flat_map(to_all).collect::<Vec<Move>>(), share);
}

fn member(operation: &'static Operation, rows: usize, cols: usize, dtype: aclDataType, tensors: [Named; 2]) -> Member {
    let terms = vec![rows as i64, cols as i64, i64::from(dtype.0)];
    Member { operation, terms, own: Vec::new(), tensors: tensors.into_iter().map(Some).collect() }
}

/// `output = allreduce(x1 @ x2 + bias)`. Source: `aclnnMatmulAllReduce.md`; on A2, of 1, 2, 4 or 8 ranks.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMatmulAllReduceGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    bias: *const aclTensor,
    group: *const c_char,
    reduce_op: *const c_char,
    comm_turn: i64,
    stream_mode: i64,
    output: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMatmulAllReduce";
    check_chip(NAME, &[Chip::A2])?;
    let mut call = Call::new(NAME);
    let (x1, x2, output) = (call.input("x1", x1)?, call.input("x2", x2)?, call.output("output", output)?);
    let bias = call.optional_input("bias", bias)?;
    check_halves(NAME, ("x1", x1), &[("x2", x2), ("output", output)])?;
    bias.iter().try_for_each(|bias| check_halves(NAME, ("x1", x1), &[("bias", *bias)]))?;
    check_sum(&call, reduce_op)?;
    Modes { zero: &[("commTurn", comm_turn)], stream_mode }.check(NAME)?;
    check_rank(NAME, "x2", &x2, 2)?;
    check!(matches!(x1.rank(), 2 | 3), ACLNN_ERR_PARAM_INVALID, "{NAME}: x1 is {}-D; 2-D and 3-D are taken", x1.rank());
    check!(x1.is_contiguous(), ACLNN_ERR_PARAM_INVALID, "{NAME}: x1 has strides {:?}; a contiguous tensor is needed", x1.strides);
    check_meet(NAME, ("x1", x1), ("x2", x2))?;
    let (lead, k, n) = (&x1.dims[..x1.rank() - 1], x2.dims[0], x2.dims[1]);
    check_output(NAME, ("output", output), &[lead, &[n]].concat())?;
    if let Some(bias) = &bias {
        check_shape(NAME, "bias", bias, &[n])?;
    }
    let m: usize = lead.iter().product();
    for (axis, size) in [("rows", m), ("columns", k)] {
        check!(
            (1..=i32::MAX as usize).contains(&size),
            ACLNN_ERR_INNER_TILING_ERROR,
            "{NAME}: x1 has {size} {axis}; 1 to {} are taken",
            i32::MAX
        );
    }
    check!((1..=i32::MAX as usize).contains(&n), ACLNN_ERR_INNER_TILING_ERROR, "{NAME}: x2 has {n} columns");
    let domain = find(NAME, "group", group)?;
    check_ranks(NAME, "group", &domain, &[1, 2, 4, 8])?;
    let mut scratch = Scratch::default();
    let product = scratch.tensor(x1.dtype, &[m, n]);
    let x1 = Tensor { dims: Dims::new(&[m, k]), strides: Dims::new(&[k, 1]), ..x1 };
    let meeting = member(&ALL_REDUCE, m, n, x1.dtype, [product, ("output", output)]);
    let stages = vec![
        alone(move |workspace| multiply(&x1, &x2, bias.as_ref(), &placed(product, workspace))),
        Stage::Meeting { domain, member: meeting.into() },
    ];
    call.finish_together(ws, executor, stages, scratch.bytes)
}

/// The ranks of the other two.
fn ranks_of(chip: Chip) -> &'static [usize] {
    match chip {
        Chip::A2 => &[2, 4, 8],
        Chip::A3 => &[2, 4, 8, 16, 32],
    }
}

/// `gatherOut` is the rows of all ranks' `x1`, `output = gatherOut @ x2`. Source: `aclnnAllGatherMatmul.md`. An empty `gatherOut` is
/// not wanted; without rows of `x1` nothing is done.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAllGatherMatmulGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    bias: *const aclTensor,
    group: *const c_char,
    gather_index: i64,
    comm_turn: i64,
    stream_mode: i64,
    output: *const aclTensor,
    gather_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAllGatherMatmul";
    let chip = check_chip(NAME, &[Chip::A2, Chip::A3])?;
    let mut call = Call::new(NAME);
    let (x1, x2, output) = (call.input("x1", x1)?, call.input("x2", x2)?, call.output("output", output)?);
    let gather_out = call.output("gatherOut", gather_out)?;
    check_halves(NAME, ("x1", x1), &[("x2", x2), ("output", output), ("gatherOut", gather_out)])?;
    Modes { zero: &[("gatherIndex", gather_index), ("commTurn", comm_turn)], stream_mode }.check(NAME)?;
    // CANN takes one of zeros only, and does not look.
    call.absent("bias", bias)?;
    check_terms(NAME, &x1, &x2)?;
    let domain = find(NAME, "group", group)?;
    let ranks = check_ranks(NAME, "group", &domain, ranks_of(chip))?;
    let (m, k, n) = (x1.dims[0], x1.dims[1], x2.dims[1]);
    check_output(NAME, ("output", output), &[m * ranks, n])?;
    let mut scratch = Scratch::default();
    let gathered = if gather_out.numel() == 0 {
        scratch.tensor(x1.dtype, &[m * ranks, k])
    } else {
        check_output(NAME, ("gatherOut", gather_out), &[m * ranks, k])?;
        ("gatherOut", gather_out)
    };
    if m == 0 {
        return call.finish_together(ws, executor, Vec::new(), 0);
    }
    let meeting = member(&ALL_GATHER, m, k, x1.dtype, [("x1", x1), gathered]);
    let stages = vec![
        Stage::Meeting { domain, member: meeting.into() },
        alone(move |workspace| multiply(&placed(gathered, workspace), &x2, None, &output)),
    ];
    call.finish_together(ws, executor, stages, scratch.bytes)
}

/// `output` is this rank's rows of the sum over ranks of `x1 @ x2`. Source: `aclnnMatmulReduceScatter.md`. Of empty matrices
/// nothing is done.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMatmulReduceScatterGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    bias: *const aclTensor,
    group: *const c_char,
    reduce_op: *const c_char,
    comm_turn: i64,
    stream_mode: i64,
    output: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMatmulReduceScatter";
    let chip = check_chip(NAME, &[Chip::A2, Chip::A3])?;
    let mut call = Call::new(NAME);
    let (x1, x2, output) = (call.input("x1", x1)?, call.input("x2", x2)?, call.output("output", output)?);
    check_halves(NAME, ("x1", x1), &[("x2", x2), ("output", output)])?;
    check_sum(&call, reduce_op)?;
    Modes { zero: &[("commTurn", comm_turn)], stream_mode }.check(NAME)?;
    // CANN takes one of zeros only, and does not look.
    call.absent("bias", bias)?;
    check_terms(NAME, &x1, &x2)?;
    let domain = find(NAME, "group", group)?;
    let ranks = check_ranks(NAME, "group", &domain, ranks_of(chip))?;
    let (m, n) = (x1.dims[0], x2.dims[1]);
    check!(
        m.is_multiple_of(ranks),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{NAME}: x1 has {m} rows; a multiple of the communicator's {ranks} ranks is needed"
    );
    check_output(NAME, ("output", output), &[m / ranks, n])?;
    if m == 0 || n == 0 {
        return call.finish_together(ws, executor, Vec::new(), 0);
    }
    let mut scratch = Scratch::default();
    let product = scratch.tensor(x1.dtype, &[m, n]);
    let meeting = member(&REDUCE_SCATTER, m, n, x1.dtype, [product, ("output", output)]);
    let stages = vec![
        alone(move |workspace| multiply(&x1, &x2, None, &placed(product, workspace))),
        Stage::Meeting { domain, member: meeting.into() },
    ];
    call.finish_together(ws, executor, stages, scratch.bytes)
}

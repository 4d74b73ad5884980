//! Collectives on the caller's communicator.

use std::ffi::{CStr, c_void};

use ascend_rl_sys::types::*;

use super::Operation;
use super::steps::Step;
use super::tensors::{Desc, Given, check_dtype};
use crate::hccl;
use crate::reject::{Outcome, check, reject};

/// What ATB's collectives move.
const MOVED: &[aclDataType] = &[ACL_FLOAT16, ACL_BF16, ACL_FLOAT, ACL_INT8, ACL_INT16, ACL_INT32, ACL_INT64];

/// The communicator, and how many there are.
#[derive(Clone, Copy)]
pub(super) struct Ranks {
    comm: usize,
    size: usize,
}

impl Ranks {
    pub(super) fn new(param: AtbCommParam) -> Outcome<Ranks> {
        let (rank, size) = (param.rank, param.rank_size);
        check!(size >= 1, ATB_INVALID_PARAM, "rankSize is {size}, a positive number is needed");
        check!((0..size).contains(&rank), ATB_INVALID_PARAM, "rank is {rank} of {size}");
        check!((0..size).contains(&param.rank_root), ATB_INVALID_PARAM, "rankRoot is {} of {size}", param.rank_root);
        check!(
            !param.comm.is_null(),
            ATB_COMM_EMPTY,
            "hcclComm is null: the simulator's ATB makes no communicator of its own, pass one of HCCL"
        );
        let (mut known_rank, mut known_size) = (0, 0);
        hccl::HcclGetRankId(param.comm, &mut known_rank)?;
        hccl::HcclGetRankSize(param.comm, &mut known_size)?;
        check!(
            (known_rank, known_size) == (rank as u32, size as u32),
            ATB_INVALID_PARAM,
            "rank {rank} of {size}, hcclComm is rank {known_rank} of {known_size}"
        );
        Ok(Ranks { comm: param.comm as usize, size: size as usize })
    }

    fn comm(&self) -> HcclComm {
        self.comm as HcclComm
    }
}

fn hccl_dtype(dtype: aclDataType) -> Outcome<HcclDataType> {
    Ok(match dtype {
        ACL_INT8 => HCCL_DATA_TYPE_INT8,
        ACL_INT16 => HCCL_DATA_TYPE_INT16,
        ACL_INT32 => HCCL_DATA_TYPE_INT32,
        ACL_INT64 => HCCL_DATA_TYPE_INT64,
        ACL_FLOAT16 => HCCL_DATA_TYPE_FP16,
        ACL_BF16 => HCCL_DATA_TYPE_BFP16,
        ACL_FLOAT => HCCL_DATA_TYPE_FP32,
        other => reject!(ATB_INVALID_TENSOR_DTYPE, "dataType {} is not moved by ATB", other.0),
    })
}

fn at(tensor: &Given) -> usize {
    tensor.device
}

pub(super) fn all_reduce(ranks: Ranks, reduce: HcclReduceOp, from: &Given, to: &Given) -> Outcome<Step> {
    let (dtype, count) = (hccl_dtype(from.desc.dtype)?, from.desc.numel() as u64);
    let (from, to) = (at(from), at(to));
    Ok(Step::Collective(Box::new(move |stream| {
        hccl::HcclAllReduce(from as *mut c_void, to as *mut c_void, count, dtype, reduce, ranks.comm(), stream)
    })))
}

pub(super) struct AllReduce {
    ranks: Ranks,
    reduce: HcclReduceOp,
}

impl AllReduce {
    pub(super) fn new(param: AtbAllReduceParam) -> Outcome<AllReduce> {
        check!(!param.reduce.is_null(), ATB_INVALID_PARAM, "allReduceType is null");
        // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
        let text = unsafe { CStr::from_ptr(param.reduce) };
        let reduce = match text.to_bytes() {
            b"sum" => HCCL_REDUCE_SUM,
            b"prod" => HCCL_REDUCE_PROD,
            b"max" => HCCL_REDUCE_MAX,
            b"min" => HCCL_REDUCE_MIN,
            _ => reject!(ATB_INVALID_PARAM, "allReduceType is {text:?}; \"sum\", \"prod\", \"max\" and \"min\" are taken"),
        };
        Ok(AllReduce { ranks: Ranks::new(param.on)?, reduce })
    }
}

impl Operation for AllReduce {
    fn io(&self) -> (usize, usize) {
        (1, 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        check_dtype("x", &inputs[0], MOVED)?;
        Ok(inputs.to_vec())
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        Ok(vec![all_reduce(self.ranks, self.reduce, &inputs[0], &outputs[0])?])
    }
}

pub(super) struct AllGather(Ranks);

impl AllGather {
    pub(super) fn new(param: AtbCommParam) -> Outcome<AllGather> {
        Ranks::new(param).map(AllGather)
    }
}

impl Operation for AllGather {
    fn io(&self) -> (usize, usize) {
        (1, 1)
    }

    /// A new leading dim, of the ranks.
    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let x = &inputs[0];
        check_dtype("x", x, MOVED)?;
        check!(x.dims.len() < ATB_MAX_DIM, ATB_INVALID_TENSOR_DIM_NUM, "x has {} dims, the output has one more", x.dims.len());
        let dims: Vec<_> = std::iter::once(self.0.size).chain(x.dims.iter().copied()).collect();
        Ok(vec![Desc::new(x.dtype, &dims)])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        let (ranks, x) = (self.0, &inputs[0]);
        let (dtype, count) = (hccl_dtype(x.desc.dtype)?, x.desc.numel() as u64);
        let (from, to) = (at(x), at(&outputs[0]));
        Ok(vec![Step::Collective(Box::new(move |stream| {
            hccl::HcclAllGather(from as *mut c_void, to as *mut c_void, count, dtype, ranks.comm(), stream)
        }))])
    }
}

pub(super) struct AllToAll(Ranks);

impl AllToAll {
    pub(super) fn new(param: AtbCommParam) -> Outcome<AllToAll> {
        Ranks::new(param).map(AllToAll)
    }
}

impl Operation for AllToAll {
    fn io(&self) -> (usize, usize) {
        (1, 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let x = &inputs[0];
        check_dtype("x", x, MOVED)?;
        let even = x.numel().is_multiple_of(self.0.size);
        check!(even, ATB_INVALID_TENSOR_SIZE, "x is {:?}; its elements must divide among {} ranks", x.dims, self.0.size);
        Ok(inputs.to_vec())
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        let (ranks, x) = (self.0, &inputs[0]);
        let (dtype, count) = (hccl_dtype(x.desc.dtype)?, (x.desc.numel() / ranks.size) as u64);
        let (from, to) = (at(x), at(&outputs[0]));
        Ok(vec![Step::Collective(Box::new(move |stream| {
            let (from, to) = (from as *const c_void, to as *const c_void);
            hccl::HcclAlltoAll(from, count, dtype, to, count, dtype, ranks.comm(), stream)
        }))])
    }
}

pub(super) struct AllToAllV {
    ranks: Ranks,
    /// Counts and displacements to send, then to receive, in elements.
    numbers: [Vec<u64>; 4],
}

impl AllToAllV {
    pub(super) fn new(param: AtbAllToAllVParam) -> Outcome<AllToAllV> {
        let ranks = Ranks::new(param.on)?;
        let named = [
            ("sendCounts", param.send_counts),
            ("sdispls", param.send_displs),
            ("recvCounts", param.recv_counts),
            ("rdispls", param.recv_displs),
        ];
        let mut numbers = [const { Vec::new() }; 4];
        for ((name, from), to) in named.into_iter().zip(&mut numbers) {
            check!(!from.is_null(), ATB_INVALID_PARAM, "{name} is null");
            for rank in 0..ranks.size {
                // SAFETY: not null, and C's contract is an array of `rankSize` numbers.
                let number = unsafe { from.add(rank).read_unaligned() };
                check!(number >= 0, ATB_INVALID_PARAM, "{name}[{rank}] is {number}, a negative number");
                to.push(number as u64);
            }
        }
        Ok(AllToAllV { ranks, numbers })
    }
}

impl Operation for AllToAllV {
    fn io(&self) -> (usize, usize) {
        (1, 1)
    }

    /// One row of all that comes in.
    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let x = &inputs[0];
        check_dtype("x", x, MOVED)?;
        let [counts, displacements, received, _] = &self.numbers;
        let end = counts.iter().zip(displacements).map(|(count, at)| count.saturating_add(*at)).max().unwrap_or(0);
        check!(
            end <= x.numel() as u64,
            ATB_INVALID_TENSOR_SIZE,
            "x has {} elements, sendCounts and sdispls reach {end}",
            x.numel()
        );
        let total: u64 = received.iter().sum();
        check!(total > 0, ATB_INVALID_PARAM, "recvCounts are all 0: ATB has no empty tensors");
        Ok(vec![Desc::new(x.dtype, &[1, total as usize])])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        let (ranks, dtype) = (self.ranks, hccl_dtype(inputs[0].desc.dtype)?);
        let (from, to, numbers) = (at(&inputs[0]), at(&outputs[0]), self.numbers.clone());
        Ok(vec![Step::Collective(Box::new(move |stream| {
            let [sent, send_at, received, recv_at] = numbers.each_ref().map(|n| n.as_ptr().cast::<c_void>());
            let (from, to) = (from as *const c_void, to as *const c_void);
            hccl::HcclAlltoAllV(from, sent, send_at, dtype, to, received, recv_at, dtype, ranks.comm(), stream)
        }))])
    }
}

//! Operators of aclnn that all ranks of a communicator do together: one rank's part of one, and how it meets the others.
//!
//! Such an operator is a collective among the others: the n-th of one rank meets the n-th of every other, whichever it is. What
//! it computes is [`crate::ops::mc2`]'s; here it is a list of numbers that all ranks must agree on, and of tensors.

use std::fmt::{Debug, Display, Formatter};
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::call::{Call, What};
use super::comm::{Comm, named};
use super::message::{Spot, Stated};
use super::{calls, merged, peers};
use crate::acl::context::current;
use crate::engine::{Stream, Task};
use crate::memory::foreign::Foreign;
use crate::nn::tensor::{Dims, MAX_RANK, Tensor};
use crate::ops::call::Planned;
use crate::parallel::Share;
use crate::reject::{Outcome, check};
use crate::wire::{Id, Post};
use crate::world::Device;

/// A rank and its part.
pub(crate) type Ranked<'a> = (usize, &'a Member);

/// What ranks do together. Each is one `static` of [`crate::ops::mc2`], by which it is known.
pub(crate) struct Operation {
    /// The C function of phase two.
    pub name: &'static str,
    /// What the numbers of [`Member::terms`] are called, in their order.
    pub terms: &'static [&'static str],
    /// What two ranks must agree on beside them: why they do not, in words.
    pub agree: fn(Ranked<'_>, Ranked<'_>) -> Option<String>,
    /// Does a share of the work of all ranks, which are in their order.
    pub work: fn(&[&Member], Share),
}

impl Operation {
    /// For [`Operation::agree`]: nothing beside the numbers.
    pub(crate) fn nothing_else(_: Ranked<'_>, _: Ranked<'_>) -> Option<String> {
        None
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Operation) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Operation {}

impl Debug for Operation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The name of a tensor that is not the caller's, but lies in the workspace: its address counts from there.
pub(crate) const WORKSPACE: &str = "workspace";

/// A tensor where it is, as one of the workspace only counts from there.
pub(crate) fn placed((param, tensor): (&'static str, Tensor), workspace: usize) -> Tensor {
    let from = if param == WORKSPACE { workspace } else { 0 };
    Tensor { data: tensor.data.wrapping_add(from), ..tensor }
}

/// One rank's part.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub operation: &'static Operation,
    /// Numbers that are the same on all ranks.
    pub terms: Vec<i64>,
    /// Numbers of this rank.
    pub own: Vec<i64>,
    /// Its tensors, with the names of the parameters.
    pub tensors: Vec<Option<(&'static str, Tensor)>>,
}

impl Member {
    /// A tensor that the operator always has.
    pub(crate) fn tensor(&self, at: usize) -> Tensor {
        self.optional(at).expect("phase one has seen it")
    }

    pub(crate) fn optional(&self, at: usize) -> Option<Tensor> {
        self.tensors.get(at).copied().flatten().map(|(_, tensor)| tensor)
    }

    /// Why this part does not go with that of another rank, in words.
    pub(super) fn disagrees(&self, rank: usize, other: &Member, other_rank: usize) -> Option<String> {
        let differs = |(term, (a, b)): (&&str, (&i64, &i64))| {
            let name = self.operation.name;
            (a != b).then(|| format!("{name}: {term} is {a} on rank {rank} and {b} on rank {other_rank}"))
        };
        let mut pairs = self.operation.terms.iter().zip(self.terms.iter().zip(&other.terms));
        pairs.find_map(differs).or_else(|| (self.operation.agree)((rank, self), (other_rank, other)))
    }

    /// As other processes are told of it.
    pub(super) fn stated(&self, post: &Post, to: &[Id], device: &Device) -> Outcome<Stated> {
        let numbers = |of: &[i64]| of.iter().map(|number| *number as u64).collect();
        let wide = |dims: &Dims| dims.iter().map(|dim| *dim as u64).collect::<Vec<u64>>();
        let tensor = |entry: &Option<(&'static str, Tensor)>| {
            let Some((param, t)) = entry else { return Ok(None) };
            let spot: Spot = peers::spot(post, to, param, device, t.data as usize, t.span_bytes())?;
            Ok(Some((t.dtype.0, wide(&t.dims), wide(&t.strides), spot)))
        };
        let tensors = self.tensors.iter().map(tensor).collect::<Outcome<Vec<_>>>()?;
        Ok(Stated { terms: numbers(&self.terms), own: numbers(&self.own), tensors })
    }

    /// What another process has told, with what keeps its memory mapped. `None` where it cannot be.
    pub(super) fn heard(operation: &'static Operation, from: Id, said: Stated) -> Option<(Member, Vec<Arc<Foreign>>)> {
        let numbers = |of: Vec<u64>| of.into_iter().map(|number| number as i64).collect::<Vec<i64>>();
        let dims = |of: &[u64]| of.iter().map(|dim| *dim as usize).collect::<Vec<usize>>();
        let mut memory = Vec::new();
        let mut tensors = Vec::new();
        for entry in said.tensors {
            let Some((dtype, shape, strides, spot)) = entry else {
                tensors.push(None);
                continue;
            };
            if shape.len() > MAX_RANK || strides.len() != shape.len() {
                return None;
            }
            let (address, held) = peers::address(from, spot)?;
            memory.extend(held);
            let (dims, strides) = (Dims::new(&dims(&shape)), Dims::new(&dims(&strides)));
            tensors.push(Some(("", Tensor { dtype: aclDataType(dtype), dims, strides, data: address as *mut u8 })));
        }
        let (terms, own) = (numbers(said.terms), numbers(said.own));
        (terms.len() == operation.terms.len()).then_some((Member { operation, terms, own, tensors }, memory))
    }

    /// The part with what lies in the workspace in its place.
    fn with_workspace(&self, workspace: usize) -> Member {
        let mut member = self.clone();
        member.tensors.iter_mut().flatten().for_each(|named| named.1 = placed(*named, workspace));
        member
    }
}

impl Display for Member {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let terms = self.operation.terms.iter().zip(&self.terms);
        let list: Vec<String> = terms.map(|(term, value)| format!("{term} {value}")).collect();
        write!(f, "({})", list.join(", "))
    }
}

/// A communicator, as an operator finds it by its name.
#[derive(Clone)]
pub(crate) struct Domain(Arc<Comm>);

impl Domain {
    /// That of the current device.
    pub(crate) fn of(name: &str) -> Outcome<Option<Domain>> {
        let device = current()?.device.id;
        Ok(named(name, device).map(Domain))
    }

    pub(crate) fn size(&self) -> usize {
        self.0.group.size()
    }

    pub(crate) fn rank(&self) -> usize {
        self.0.rank
    }

    /// Whether both are the same communicator.
    pub(crate) fn is(&self, other: &Domain) -> bool {
        Arc::ptr_eq(&self.0.group, &other.0.group)
    }
}

/// One step of an operator that ranks do together.
#[derive(Clone)]
pub(crate) enum Stage {
    /// What this rank does by itself; it is told where the workspace is.
    Alone(Arc<dyn Fn(usize) + Send + Sync>),
    Meeting {
        domain: Domain,
        member: Arc<Member>,
    },
}

impl Stage {
    /// Enqueues this rank's part of it.
    pub(crate) fn issue(&self, operator: &Planned, workspace: usize, stream: &Arc<Stream>) -> Outcome {
        match self {
            Stage::Alone(work) => {
                let work = work.clone();
                let planned = Planned::alone(operator.name, operator.regions.clone(), move || work(workspace));
                stream.enqueue(Task::Operator(planned.into()))
            }
            Stage::Meeting { domain, member } => domain.meet(member, workspace, stream),
        }
    }
}

impl Domain {
    fn meet(&self, member: &Arc<Member>, workspace: usize, stream: &Arc<Stream>) -> Outcome {
        let comm = &self.0;
        check!(
            stream.device == comm.device.id,
            HCCL_E_PARA,
            "stream is of device {}, rank {} of communicator \"{}\" is on device {}",
            stream.device,
            comm.rank,
            comm.group.name,
            comm.device.id
        );
        check!(!merged::is_open(), HCCL_E_NOT_SUPPORT, "operators are not taken between HcclGroupStart and HcclGroupEnd");
        comm.used_in(stream.context);
        let needs_workspace = member.tensors.iter().flatten().any(|(param, _)| *param == WORKSPACE);
        let member = if needs_workspace { Arc::new(member.with_workspace(workspace)) } else { member.clone() };
        let plain = calls::plain(What::Operator(member.operation), 0, HCCL_DATA_TYPE_INT8, std::ptr::null(), std::ptr::null());
        comm.group.collective(comm.rank, Call { member: Some(member), ..plain }, stream)
    }
}

/// The n-th operation, as it travels.
pub(super) fn operation(number: usize) -> Option<&'static Operation> {
    crate::ops::mc2::OPERATIONS.get(number).copied()
}

pub(super) fn number(operation: &'static Operation) -> usize {
    crate::ops::mc2::OPERATIONS.iter().position(|known| *known == operation).unwrap_or(usize::MAX)
}

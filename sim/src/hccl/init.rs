//! Making communicators: by a root info, by a rank table, for all devices of this process, of some ranks of another one.

use std::ffi::{CStr, c_char};
use std::sync::Arc;
use std::time::Duration;

use ascend_rl_sys::types::*;

use super::checks::{give, not_null, runtime};
use super::cluster::RankTable;
use super::comm::{Comm, resolve};
use super::config::{Config, connect_timeout};
use super::group::Group;
use super::merged;
use super::rendezvous::{self, Target};
use crate::acl::context::{Context, current};
use crate::reject::{Outcome, check};
use crate::world::world;

pub(crate) fn HcclGetRootInfo(root_info: *mut HcclRootInfo) -> Outcome {
    not_null("rootInfo", root_info)?;
    current().map_err(runtime)?;
    give(root_info, rendezvous::open());
    Ok(())
}

pub(crate) fn HcclCommInitRootInfo(n_ranks: u32, root_info: *const HcclRootInfo, rank: u32, comm: *mut HcclComm) -> Outcome {
    init(n_ranks, root_info, rank, Config::from_environment()?, comm)
}

pub(crate) fn HcclCommInitRootInfoConfig(
    n_ranks: u32,
    root_info: *const HcclRootInfo,
    rank: u32,
    config: *const HcclCommConfig,
    comm: *mut HcclComm,
) -> Outcome {
    init(n_ranks, root_info, rank, Config::read(config)?, comm)
}

fn init(n_ranks: u32, root_info: *const HcclRootInfo, rank: u32, config: Config, comm: *mut HcclComm) -> Outcome {
    not_null("rootInfo", root_info)?;
    not_null("comm", comm)?;
    check!(n_ranks > 0, HCCL_E_PARA, "nRanks is 0");
    check!(rank < n_ranks, HCCL_E_PARA, "rank is {rank}, of nRanks {n_ranks}");
    let context = current().map_err(runtime)?;
    // SAFETY: not null, and C's contract is that a root info is there; it is bytes, without alignment.
    let info = unsafe { root_info.read() };
    let target = Target::of(&info)?;
    merged::make(Init { target, size: n_ranks as usize, rank: rank as usize, context, config, limit: connect_timeout()? }, comm)
}

pub(crate) fn HcclCommInitClusterInfo(cluster_info: *const c_char, rank: u32, comm: *mut HcclComm) -> Outcome {
    init_by_table(cluster_info, rank, Config::from_environment()?, comm)
}

pub(crate) fn HcclCommInitClusterInfoConfig(
    cluster_info: *const c_char,
    rank: u32,
    config: *mut HcclCommConfig,
    comm: *mut HcclComm,
) -> Outcome {
    init_by_table(cluster_info, rank, Config::read(config)?, comm)
}

fn init_by_table(cluster_info: *const c_char, rank: u32, config: Config, comm: *mut HcclComm) -> Outcome {
    not_null("clusterInfo", cluster_info)?;
    not_null("comm", comm)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let path = unsafe { CStr::from_ptr(cluster_info) }.to_string_lossy();
    let context = current().map_err(runtime)?;
    let table = RankTable::read(&path)?;
    table.check_rank(rank, context.device.machine_number())?;
    let (target, size) = (Target::Table { hash: table.hash() }, table.size());
    merged::make(Init { target, size, rank: rank as usize, context, config, limit: connect_timeout()? }, comm)
}

/// A communicator to be made, checked as far as this rank can.
pub(super) struct Init {
    target: Target,
    size: usize,
    rank: usize,
    context: Arc<Context>,
    config: Config,
    limit: Duration,
}

impl Init {
    /// Makes it; blocks until all ranks have.
    pub(super) fn make(self) -> Outcome<HcclComm> {
        let device = self.context.device;
        let number = device.machine_number();
        let group = rendezvous::join(&self.target, self.size, self.rank, number, self.config, self.limit)?;
        Ok(Comm::register(group, self.rank, device, Some(self.context.handle())))
    }
}

/// Needs no context, and leaves the current one as it is.
pub(crate) fn HcclCommInitAll(ndev: u32, devices: *mut i32, comms: *mut HcclComm) -> Outcome {
    not_null("devices", devices)?;
    not_null("comms", comms)?;
    check!(ndev > 0, HCCL_E_PARA, "ndev is 0");
    let config = Config::from_environment()?;
    // SAFETY: not null, and C's contract is `ndev` numbers.
    let ids: Vec<i32> = (0..ndev as usize).map(|i| unsafe { devices.add(i).read_unaligned() }).collect();
    for (i, id) in ids.iter().enumerate() {
        check!(!ids[..i].contains(id), HCCL_E_PARA, "devices[{i}] is {id}, which is there twice");
    }
    let world = world().map_err(runtime)?;
    let found = ids.iter().map(|id| world.device(*id).map_err(runtime)).collect::<Outcome<Vec<_>>>()?;
    let ids = found.iter().map(|device| device.id).collect();
    let group = Group::new(rendezvous::default_name(), config.timeout, ids, false, None);
    for (rank, device) in found.into_iter().enumerate() {
        // SAFETY: not null, and C's contract is room for `ndev` handles.
        give(unsafe { comms.add(rank) }, Comm::register(group.clone(), rank, device, None));
    }
    Ok(())
}

/// Does not wait for the other members: what they call first waits for them.
pub(crate) fn HcclCreateSubCommConfig(
    comm: *mut HcclComm,
    rank_num: u32,
    rank_ids: *mut u32,
    sub_comm_id: u64,
    sub_comm_rank_id: u32,
    config: *mut HcclCommConfig,
    sub_comm: *mut HcclComm,
) -> Outcome {
    not_null("comm", comm)?;
    not_null("subComm", sub_comm)?;
    // SAFETY: not null, and C's contract is that a handle is there.
    let parent = resolve(unsafe { comm.read_unaligned() })?;
    let config = Config::read(config)?;
    if rank_ids.is_null() && sub_comm_id == HCCL_NO_SUB_COMM {
        give(sub_comm, std::ptr::null_mut()); // A rank outside.
        return Ok(());
    }
    not_null("rankIds", rank_ids)?;
    check!(
        sub_comm_id != HCCL_NO_SUB_COMM,
        HCCL_E_PARA,
        "subCommId is {sub_comm_id:#x}, which is for ranks outside: with rankIds null"
    );
    check!(!parent.group.is_sub, HCCL_E_NOT_SUPPORT, "comm is a sub-communicator: only of a global one can one be made");
    let size = parent.group.size();
    check!(rank_num > 0 && rank_num as usize <= size, HCCL_E_PARA, "rankNum is {rank_num}, the communicator has {size} ranks");
    // SAFETY: not null, and C's contract is `rank_num` numbers; there are at most as many as ranks.
    let ranks: Vec<u32> = (0..rank_num as usize).map(|i| unsafe { rank_ids.add(i).read_unaligned() }).collect();
    let ascending = ranks.is_sorted_by(|a, b| a < b) && ranks.iter().all(|rank| (*rank as usize) < size);
    check!(ascending, HCCL_E_PARA, "rankIds is {ranks:?}: ranks below {size} in ascending order are taken");
    let own = ranks.get(sub_comm_rank_id as usize).copied();
    check!(
        own == Some(parent.rank as u32),
        HCCL_E_PARA,
        "subCommRankId is {sub_comm_rank_id}, which is not where rank {} stands in rankIds {ranks:?}",
        parent.rank
    );
    let group = parent.group.sub(parent.rank, sub_comm_rank_id as usize, &ranks, sub_comm_id, &config)?;
    give(sub_comm, Comm::register(group, sub_comm_rank_id as usize, parent.device, parent.context()));
    Ok(())
}

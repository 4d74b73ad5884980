//! The calls into HCCL: the one file of this room with `unsafe`.
//!
//! What a call is given are views that were checked: at home on the communicator's stream, in one piece. The queue orders the
//! work on them, on this rank; a collective also reads and writes the memory of the other ranks, at the time when it heads all of
//! their queues, so that their own views are the proof there.

use super::ReduceOp;
use super::batch::Part;
use super::messages::Side;
use super::signature::Counts;
use crate::acl::{Device, Mode, Stream};
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};
use ascend_rl_sys::types::*;
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::{Arc, MutexGuard};

/// The function of a name, or the error that names what is missing.
macro_rules! function {
    ($device:expr, $name:ident) => {{
        let device: &Device = $device;
        device.cann().api().hccl.$name.ok_or_else(|| device.cann().missing(stringify!($name)))
    }};
}

/// A communicator as HCCL knows it; destroyed on drop. It keeps the one that it is a part of.
pub(super) struct Handle {
    raw: HcclComm,
    device: Device,
    parent: Option<Arc<Handle>>,
}

// SAFETY: the pointer is only handed back to HCCL, which takes it from any thread that has the device's context current and
// the device's lane; both are seen to before every call.
unsafe impl Send for Handle {}
// SAFETY: as above: shared references make no call without the lane.
unsafe impl Sync for Handle {}

/// What the ranks of a new group need to find one another, made on the device of rank 0.
pub(super) fn root_info(device: &Device) -> Result<HcclRootInfo> {
    let get = function!(device, HcclGetRootInfo)?;
    let mut info = HcclRootInfo { internal: [0; 4108] };
    // SAFETY: `info` outlives the call.
    device.call("HcclGetRootInfo", || unsafe { get(&mut info) })?;
    Ok(info)
}

/// How many fields of `HcclCommConfig` the library knows.
pub(super) fn capability(device: &Device) -> Result<u32> {
    let get = function!(device, HcclGetCommConfigCapability)?;
    // SAFETY: takes nothing.
    Ok(unsafe { get() })
}

impl Handle {
    /// The communicator, for another library of CANN that calls it; alive as long as this.
    pub(super) fn raw(&self) -> HcclComm {
        self.raw
    }

    /// The group's name as HCCL has it, by which CANN's operators find the communicator.
    pub(super) fn group(&self) -> Result<CString> {
        let get = function!(&self.device, HcclGetCommName)?;
        let mut name = [0u8; COMM_NAME_MAX_LENGTH];
        // SAFETY: the communicator is alive, as this handle is; a name and its NUL have room in as many bytes.
        self.device.call("HcclGetCommName", || unsafe { get(self.raw, name.as_mut_ptr().cast()) })?;
        Ok(CStr::from_bytes_until_nul(&name).unwrap_or_default().to_owned())
    }

    /// Joins the group of `info`. Blocks until all of its ranks have.
    pub(super) fn join(device: &Device, info: &HcclRootInfo, size: u32, rank: u32, config: &HcclCommConfig) -> Result<Handle> {
        let _lane = device.lane();
        Handle::join_in_lane(device, info, size, rank, config)
    }

    /// [`Handle::join`] for one who holds the device's lane.
    pub(super) fn join_in_lane(
        device: &Device,
        info: &HcclRootInfo,
        size: u32,
        rank: u32,
        config: &HcclCommConfig,
    ) -> Result<Handle> {
        let init = function!(device, HcclCommInitRootInfoConfig)?;
        let mut raw = ptr::null_mut();
        // SAFETY: all four outlive the call; the config's `size` and `version` say how much of it may be read.
        device.call("HcclCommInitRootInfoConfig", || unsafe { init(size, info, rank, config, &mut raw) })?;
        Ok(Handle { raw, device: device.clone(), parent: None })
    }

    /// Joins the group of a rank table's file. Blocks until all of its ranks have.
    pub(super) fn join_table(device: &Device, path: &CStr, rank: u32, config: &HcclCommConfig) -> Result<Handle> {
        let init = function!(device, HcclCommInitClusterInfoConfig)?;
        // HCCL declares it writable and does not write it.
        let (mut config, mut raw) = (*config, ptr::null_mut());
        let _lane = device.lane();
        device.call("HcclCommInitClusterInfoConfig", || {
            // SAFETY: all outlive the call; the config's `size` and `version` say how much of it may be read.
            unsafe { init(path.as_ptr(), rank, &mut config, &mut raw) }
        })?;
        Ok(Handle { raw, device: device.clone(), parent: None })
    }

    /// The part of `parent` with these ranks, in which this rank has the number `rank`.
    pub(super) fn part(parent: &Arc<Handle>, ranks: &[u32], rank: u32, id: u64, config: &HcclCommConfig) -> Result<Handle> {
        let device = &parent.device;
        let create = function!(device, HcclCreateSubCommConfig)?;
        let (mut comm, mut raw) = (parent.raw, ptr::null_mut());
        // HCCL declares both writable and writes neither.
        let (mut ranks, mut config) = (ranks.to_vec(), *config);
        let _lane = device.lane();
        device.call("HcclCreateSubCommConfig", || {
            let (n, ids) = (ranks.len() as u32, ranks.as_mut_ptr());
            // SAFETY: the communicator is alive, `ids` has `n` numbers, and all outlive the call.
            unsafe { create(&mut comm, n, ids, id, rank, &mut config, &mut raw) }
        })?;
        Ok(Handle { raw, device: device.clone(), parent: Some(parent.clone()) })
    }

    /// This rank's share in making a part that it does not belong to.
    pub(super) fn no_part(&self, size: u32, config: &HcclCommConfig) -> Result<()> {
        let create = function!(&self.device, HcclCreateSubCommConfig)?;
        let (mut comm, mut raw, mut config) = (self.raw, ptr::null_mut(), *config);
        let _lane = self.device.lane();
        self.device.call("HcclCreateSubCommConfig", || {
            // SAFETY: the communicator is alive and all pointers outlive the call; null and this id are HCCL's words for
            // "not in it".
            unsafe { create(&mut comm, size, ptr::null_mut(), HCCL_NO_SUB_COMM, 0, &mut config, &mut raw) }
        })
    }

    /// What HCCL has found on its own threads; `None`: nothing, or nothing that it tells.
    ///
    /// Without the device's lane, which another thread may hold while it waits for the ranks of a new group: HCCL means this for
    /// a thread that watches beside those that issue.
    pub(super) fn async_error(&self) -> Option<HcclResult> {
        let ask = self.device.cann().api().hccl.HcclGetCommAsyncError?;
        let mut found = 0;
        // SAFETY: the communicator is alive, as this handle is, and `found` outlives the call.
        let asked = self.device.call("HcclGetCommAsyncError", || unsafe { ask(self.raw, &mut found) });
        (asked.is_ok() && found != 0).then_some(found)
    }

    /// Suspends the communicator after the device's tasks were aborted.
    pub(super) fn suspend(&self) -> Result<()> {
        let suspend = function!(&self.device, HcclCommSuspend)?;
        let _lane = self.device.lane();
        // SAFETY: the communicator is alive, as this handle is.
        self.device.call("HcclCommSuspend", || unsafe { suspend(self.raw) })
    }

    /// Makes a suspended communicator fit for calls.
    pub(super) fn resume(&self) -> Result<()> {
        let resume = function!(&self.device, HcclCommResume)?;
        let _lane = self.device.lane();
        // SAFETY: the communicator is alive, as this handle is.
        self.device.call("HcclCommResume", || unsafe { resume(self.raw) })
    }

    /// Whether it is part of another.
    pub(super) fn is_part(&self) -> bool {
        self.parent.is_some()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Ok(destroy) = function!(&self.device, HcclCommDestroy) else { return };
        let _lane = self.device.lane();
        // SAFETY: alive until here; parts hold their parent, so it is destroyed after them.
        if let Err(error) = self.device.call("HcclCommDestroy", || unsafe { destroy(self.raw) }) {
            self.device.defer(error.context("a communicator was dropped"));
        }
    }
}

/// Memory that stands in for an empty src and an empty dst, half each.
pub(super) const EMPTY_BYTES: usize = 1024;

/// The right to issue calls of one communicator: holds the device's lane. Memory is taken before: that may wait for the device.
pub(super) struct Issue<'a> {
    stream: &'a Stream,
    comm: HcclComm,
    _lane: MutexGuard<'a, ()>,
}

/// `enqueue!(issue, HcclBarrier())`: adds the communicator and the stream, which end every signature. The arguments are made
/// before.
macro_rules! enqueue {
    ($issue:expr, $name:ident ( $($arg:expr),* $(,)? )) => {{
        let issue: &Issue<'_> = $issue;
        function!(issue.stream.device(), $name).and_then(|f| {
            // SAFETY: the communicator is alive; buffers are of checked views that belong to this stream, whose queue orders
            // them; `count` elements of each are there; host arrays live until the call has returned, which reads them.
            issue.stream.enqueue(stringify!($name), |stream| unsafe { f($($arg,)* issue.comm, stream) })
        })
    }};
}

impl<'a> Issue<'a> {
    pub(super) fn new(stream: &'a Stream, handle: &'a Arc<Handle>) -> Issue<'a> {
        if stream.mode() == Mode::Capture {
            // A graph calls the communicator when it runs.
            stream.keep(Box::new(handle.clone()));
        }
        Issue { stream, comm: handle.raw, _lane: stream.device().lane() }
    }

    pub(super) fn all_reduce(&self, x: &mut ViewMut<'_>, op: ReduceOp) -> Result<()> {
        let (x, count, dtype) = output(x);
        enqueue!(self, HcclAllReduce(x, x, count, dtype, op.to_hccl()))
    }

    pub(super) fn all_gather(&self, src: &View<'_>, dst: &mut ViewMut<'_>) -> Result<()> {
        let ((src, count, dtype), (dst, ..)) = (input(src), output(dst));
        enqueue!(self, HcclAllGather(src, dst, count, dtype))
    }

    pub(super) fn reduce_scatter(&self, src: &View<'_>, dst: &mut ViewMut<'_>, op: ReduceOp) -> Result<()> {
        let ((src, ..), (dst, count, dtype)) = (input(src), output(dst));
        enqueue!(self, HcclReduceScatter(src, dst, count, dtype, op.to_hccl()))
    }

    pub(super) fn broadcast(&self, x: &mut ViewMut<'_>, root: usize) -> Result<()> {
        let (x, count, dtype) = output(x);
        enqueue!(self, HcclBroadcast(x, count, dtype, root as u32))
    }

    pub(super) fn reduce(&self, src: &View<'_>, dst: &mut ViewMut<'_>, op: ReduceOp, root: usize) -> Result<()> {
        let ((src, count, dtype), (dst, ..)) = (input(src), output(dst));
        enqueue!(self, HcclReduce(src, dst, count, dtype, op.to_hccl(), root as u32))
    }

    pub(super) fn scatter(&self, src: Option<&View<'_>>, dst: &mut ViewMut<'_>, root: usize) -> Result<()> {
        let src = src.map_or(ptr::null_mut(), |src| input(src).0);
        let (dst, count, dtype) = output(dst);
        enqueue!(self, HcclScatter(src, dst, count, dtype, root as u32))
    }

    /// `count` elements to each rank.
    pub(super) fn all_to_all(&self, src: &View<'_>, dst: &mut ViewMut<'_>, count: usize) -> Result<()> {
        let ((src, _, dtype), (dst, ..), count) = (input(src), output(dst), count as u64);
        enqueue!(self, HcclAlltoAll(src, count, dtype, dst, count, dtype))
    }

    /// `scratch`: [`EMPTY_BYTES`] where src or dst is empty.
    pub(super) fn all_to_all_v(
        &self,
        src: &View<'_>,
        dst: &mut ViewMut<'_>,
        counts: &Counts,
        scratch: *mut c_void,
    ) -> Result<()> {
        let ((mut from, sent, dtype), (mut to, received, _)) = (input(src), output(dst));
        stand_in(scratch, (&mut from, sent), (&mut to, received));
        let (send, receive) = (Parts::new(&counts.send), Parts::new(&counts.receive));
        let ((counts, offsets), (their_counts, their_offsets)) = (send.raw(), receive.raw());
        enqueue!(self, HcclAlltoAllV(from, counts, offsets, dtype, to, their_counts, their_offsets, dtype))
    }

    /// Row `i` of the matrix: what rank `i` sends to each. `scratch` as in [`Issue::all_to_all_v`].
    pub(super) fn all_to_all_vc(
        &self,
        src: &View<'_>,
        dst: &mut ViewMut<'_>,
        matrix: &[usize],
        scratch: *mut c_void,
    ) -> Result<()> {
        let ((mut from, sent, dtype), (mut to, received, _)) = (input(src), output(dst));
        stand_in(scratch, (&mut from, sent), (&mut to, received));
        let matrix: Vec<u64> = matrix.iter().map(|&n| n as u64).collect();
        enqueue!(self, HcclAlltoAllVC(from, matrix.as_ptr().cast(), dtype, to, dtype))
    }

    /// `counts`: each rank's part of dst. `scratch` as in [`Issue::all_to_all_v`].
    pub(super) fn all_gather_v(
        &self,
        src: &View<'_>,
        dst: &mut ViewMut<'_>,
        counts: &[usize],
        scratch: *mut c_void,
    ) -> Result<()> {
        let ((mut from, sent, dtype), (mut to, received, _)) = (input(src), output(dst));
        stand_in(scratch, (&mut from, sent), (&mut to, received));
        let parts = Parts::new(counts);
        let (counts, offsets) = parts.raw();
        enqueue!(self, HcclAllGatherV(from, sent, to, counts, offsets, dtype))
    }

    /// `counts`: each rank's part of src. `scratch` as in [`Issue::all_to_all_v`].
    pub(super) fn reduce_scatter_v(
        &self,
        src: &View<'_>,
        dst: &mut ViewMut<'_>,
        counts: &[usize],
        op: ReduceOp,
        scratch: *mut c_void,
    ) -> Result<()> {
        let ((mut from, sent, dtype), (mut to, received, _)) = (input(src), output(dst));
        stand_in(scratch, (&mut from, sent), (&mut to, received));
        let parts = Parts::new(counts);
        let (counts, offsets) = parts.raw();
        enqueue!(self, HcclReduceScatterV(from, counts, offsets, to, received, dtype, op.to_hccl()))
    }

    pub(super) fn barrier(&self) -> Result<()> {
        enqueue!(self, HcclBarrier())
    }

    /// Nothing is not sent: both ends know that, by their equal counts.
    pub(super) fn send(&self, Part { view, peer, .. }: &Part<'_>) -> Result<()> {
        let (src, count, dtype) = input(view);
        if count == 0 { Ok(()) } else { enqueue!(self, HcclSend(src, count, dtype, *peer as u32)) }
    }

    pub(super) fn recv(&self, Part { view, peer, .. }: &Part<'_>) -> Result<()> {
        let (dst, count, dtype) = input(view);
        if count == 0 { Ok(()) } else { enqueue!(self, HcclRecv(dst, count, dtype, *peer as u32)) }
    }

    pub(super) fn batch(&self, parts: &[Part<'_>]) -> Result<()> {
        let item = |part: &Part<'_>| {
            let (buf, count, dtype) = input(&part.view);
            let way = if part.side == Side::Send { HCCL_SEND } else { HCCL_RECV };
            HcclSendRecvItem { sendRecvType: way, buf, count, dataType: dtype, remoteRank: part.peer as u32 }
        };
        let mut items: Vec<_> = parts.iter().map(item).filter(|item| item.count > 0).collect();
        let (first, n) = (items.as_mut_ptr(), items.len() as u32);
        if n == 0 { Ok(()) } else { enqueue!(self, HcclBatchSendRecv(first, n)) }
    }
}

/// A rank without a part still takes part, with addresses that nothing is read from or written to.
fn stand_in(scratch: *mut c_void, (from, sent): (&mut *mut c_void, u64), (to, received): (&mut *mut c_void, u64)) {
    *from = if sent == 0 { scratch } else { *from };
    *to = if received == 0 { scratch.wrapping_byte_add(EMPTY_BYTES / 2) } else { *to };
}

/// Counts and displacements of packed parts, as HCCL reads them.
struct Parts {
    counts: Vec<u64>,
    offsets: Vec<u64>,
}

impl Parts {
    fn new(counts: &[usize]) -> Parts {
        let counts: Vec<u64> = counts.iter().map(|&n| n as u64).collect();
        let offsets = counts.iter().scan(0, |end, n| Some(std::mem::replace(end, *end + n))).collect();
        Parts { counts, offsets }
    }

    fn raw(&self) -> (*const c_void, *const c_void) {
        (self.counts.as_ptr().cast(), self.offsets.as_ptr().cast())
    }
}

/// Address, elements and type of a view without gaps.
fn input(view: &View<'_>) -> (*mut c_void, u64, HcclDataType) {
    let address = view.storage.address + view.layout.offset() * view.dtype().size();
    (ptr::without_provenance_mut(address), view.numel() as u64, data_type(view.dtype()))
}

fn output(view: &mut ViewMut<'_>) -> (*mut c_void, u64, HcclDataType) {
    input(&view.as_view())
}

/// HCCL's number for a dtype. A bool travels as the byte that it is.
fn data_type(dtype: DType) -> HcclDataType {
    match dtype {
        DType::F32 => HCCL_DATA_TYPE_FP32,
        DType::F16 => HCCL_DATA_TYPE_FP16,
        DType::BF16 => HCCL_DATA_TYPE_BFP16,
        DType::I8 => HCCL_DATA_TYPE_INT8,
        DType::U8 | DType::Bool => HCCL_DATA_TYPE_UINT8,
        DType::I16 => HCCL_DATA_TYPE_INT16,
        DType::I32 => HCCL_DATA_TYPE_INT32,
        DType::I64 => HCCL_DATA_TYPE_INT64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_packed() {
        let parts = Parts::new(&[3, 0, 2, 5]);
        assert_eq!((parts.counts, parts.offsets), (vec![3, 0, 2, 5], vec![0, 3, 3, 5]));
        assert!(Parts::new(&[]).offsets.is_empty());
    }

    #[test]
    fn sizes_agree_with_hccl() {
        for dtype in [DType::F32, DType::F16, DType::BF16, DType::I8, DType::U8, DType::Bool, DType::I16, DType::I32, DType::I64]
        {
            assert_eq!(data_type(dtype).size(), dtype.size());
        }
    }
}

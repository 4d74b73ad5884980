//! What CANN refuses, or does not have: the simulator's table with some functions that fail or are missing.
#![cfg(feature = "sim")]

use super::values::upload;
use ascend_rl::hccl::{CommOptions, ReduceOp::Sum};
use ascend_rl::{Cann, Communicator, Device, ErrorKind, Flavor};
use ascend_rl_sys::{Api, codes::*, types::*};
use std::cell::Cell;
use std::ffi::c_void;

thread_local! {
    /// What `HcclAllReduce` and `HcclCommDestroy` return on this thread, without doing anything. 0: what they do.
    static REDUCE: Cell<i32> = const { Cell::new(0) };
    static DESTROY: Cell<i32> = const { Cell::new(0) };
    /// The same of `aclrtSynchronizeStream`.
    static SYNCHRONIZE: Cell<i32> = const { Cell::new(0) };
}

#[allow(non_snake_case)]
unsafe extern "C" fn aclrtSynchronizeStream(stream: aclrtStream) -> aclError {
    match SYNCHRONIZE.get() {
        // SAFETY: the caller's promise for the function of this name.
        0 => unsafe { (cann_sim::api().acl.aclrtSynchronizeStream)(stream) },
        code => code,
    }
}

#[allow(non_snake_case)]
unsafe extern "C" fn HcclAllReduce(
    send: *mut c_void,
    recv: *mut c_void,
    count: u64,
    dtype: HcclDataType,
    op: HcclReduceOp,
    comm: HcclComm,
    stream: aclrtStream,
) -> HcclResult {
    match (REDUCE.get(), cann_sim::api().hccl.HcclAllReduce) {
        // SAFETY: the caller's promise for the function of this name.
        (0, Some(real)) => unsafe { real(send, recv, count, dtype, op, comm, stream) },
        (code, _) => code,
    }
}

#[allow(non_snake_case)]
unsafe extern "C" fn HcclCommDestroy(comm: HcclComm) -> HcclResult {
    // SAFETY: the caller's promise for the function of this name.
    let code = cann_sim::api().hccl.HcclCommDestroy.map_or(0, |real| unsafe { real(comm) });
    if DESTROY.get() == 0 { code } else { DESTROY.get() }
}

fn devices(change: impl FnOnce(&mut Api)) -> [Device; 2] {
    let mut api = cann_sim::api();
    api.hccl.HcclAllReduce = Some(HcclAllReduce);
    api.hccl.HcclCommDestroy = Some(HcclCommDestroy);
    api.acl.aclrtSynchronizeStream = aclrtSynchronizeStream;
    change(&mut api);
    // SAFETY: the simulator's functions, some behind a wrapper of the same signature, some left out.
    let cann = unsafe { Cann::from_api(Flavor::Sim, "a table of the tests", api) }.unwrap();
    [0, 1].map(|ordinal| Device::open(&cann, ordinal).unwrap())
}

#[test]
fn a_call_that_cann_refuses_was_not_made() {
    let ranks = Communicator::all(&devices(|_| {}), &CommOptions { name: Some("odd".into()), ..Default::default() }).unwrap();
    let mut tensors: Vec<_> = ranks.iter().map(|comm| upload(comm.stream(), &[1.5f32])).collect();
    for (code, kind) in [(HCCL_E_NOT_SUPPORT, ErrorKind::Unsupported), (HCCL_E_REMOTE, ErrorKind::Collective)] {
        REDUCE.set(code);
        let error = ranks[0].all_reduce(&mut tensors[0], Sum).unwrap_err();
        assert_eq!((error.kind(), error.call(), error.code()), (kind, Some("HcclAllReduce"), Some(code)));
        let text = error.to_string();
        assert!(text.starts_with("all_reduce(1 x f32, sum) on rank 0 of `odd`: HcclAllReduce returned"), "{text}");
    }
    REDUCE.set(0);
    assert_eq!(ranks[0].traffic(), Default::default());
    // Neither rank is behind or ahead: whatever comes next is call 1 of both.
    for comm in &ranks {
        comm.barrier().unwrap();
    }
    for (comm, x) in ranks.iter().zip(&mut tensors) {
        comm.all_reduce(x, Sum).unwrap();
    }
    for (comm, x) in ranks.iter().zip(&tensors) {
        assert_eq!(x.to_vec::<f32>(comm.stream()).unwrap(), [3.0]);
    }
}

#[test]
fn what_is_missing_is_named_when_it_is_needed() {
    let ranks = Communicator::all(&devices(|api| api.hccl.HcclBarrier = None), &CommOptions::default()).unwrap();
    let error = ranks[0].barrier().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingSymbol);
    assert!(error.to_string().contains("HcclBarrier is missing") && error.to_string().contains("libhccl.so"), "{error}");
    let none = devices(|api| api.hccl.HcclGetRootInfo = None);
    assert_eq!(Communicator::all(&none, &CommOptions::default()).err().unwrap().kind(), ErrorKind::MissingSymbol);
    let mixed = [devices(|_| {})[0].clone(), none[1].clone()];
    assert_eq!(Communicator::all(&mixed, &CommOptions::default()).err().unwrap().kind(), ErrorKind::WrongDevice);
}

#[test]
fn a_failing_drop_is_reported_later() {
    let devices = devices(|_| {});
    let mut ranks = Communicator::all(&devices, &CommOptions::default()).unwrap();
    DESTROY.set(HCCL_E_INTERNAL);
    drop(ranks.pop());
    DESTROY.set(0);
    let error = devices[1].synchronize().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Async);
    assert!(error.to_string().contains("a communicator was dropped: HcclCommDestroy returned 4 (HCCL_E_INTERNAL)"), "{error}");
    devices[1].synchronize().unwrap();
}

#[test]
fn a_failure_of_another_kind_is_not_blamed_on_a_rank_that_is_behind() {
    let options = CommOptions { name: Some("innocent".into()), ..Default::default() };
    let ranks = Communicator::all(&devices(|_| {}), &options).unwrap();
    let mut tensors: Vec<_> = ranks.iter().map(|comm| upload(comm.stream(), &[1.0f32])).collect();
    ranks[0].all_reduce(&mut tensors[0], Sum).unwrap();
    for (code, kind) in
        [(ACL_ERROR_RT_AICORE_EXCEPTION, ErrorKind::Async), (ACL_ERROR_RT_SUSPECT_REMOTE_ERROR, ErrorKind::Collective)]
    {
        SYNCHRONIZE.set(code);
        let error = ranks[0].stream().synchronize().unwrap_err();
        SYNCHRONIZE.set(0);
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
        // It may be of use all the same.
        assert!(error.to_string().contains("rank 1 of `innocent` is behind"), "{error}");
    }
    ranks[1].all_reduce(&mut tensors[1], Sum).unwrap();
    for (comm, x) in ranks.iter().zip(&tensors) {
        assert_eq!(x.to_vec::<f32>(comm.stream()).unwrap(), [2.0]);
    }
}

//! The two phases of an operator, on `aclnnInplaceZero`, which has one parameter.

use super::*;
use ascend_rl_sys::Op;

type Plan = unsafe extern "C" fn(*mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> aclnnStatus;

fn zero() -> Op<Plan> {
    api().ops.aclnnInplaceZero.expect("the simulator has every row")
}

/// A contiguous f32 tensor of one dim.
pub(super) fn tensor(data: *mut c_void, n: i64) -> *mut aclTensor {
    let (dims, null) = ([n], std::ptr::null());
    let made = call!(nn.aclCreateTensor(dims.as_ptr(), 1, ACL_FLOAT, null, 0, ACL_FORMAT_ND, dims.as_ptr(), 1, data));
    assert!(!made.is_null(), "{}", recent());
    made
}

pub(super) fn plan(tensor: *mut aclTensor) -> *mut aclOpExecutor {
    let (mut workspace, mut executor) = (77, null_mut());
    // SAFETY: a checked handle and live variables.
    let code = unsafe { (zero().plan)(tensor, &mut workspace, &mut executor) };
    assert_eq!((code, workspace), (0, 0), "{}", recent());
    executor
}

/// Phase two: the code and the text.
pub(super) fn run(executor: *mut aclOpExecutor, stream: aclrtStream) -> (i32, String) {
    run_with(null_mut(), 0, executor, stream)
}

fn run_with(workspace: *mut c_void, bytes: u64, executor: *mut aclOpExecutor, stream: aclrtStream) -> (i32, String) {
    recent();
    // SAFETY: handles and addresses are checked.
    let code = unsafe { (zero().run)(workspace, bytes, executor, stream) };
    (code, recent())
}

#[track_caller]
fn assert_refused((code, text): (i32, String), expected: i32, words: &str) {
    assert!(code == expected && text.contains("aclnnInplaceZero") && text.contains(words), "{code}: {text}");
}

// aclnn, two-phase calls: phase two enqueues, and consumes the executor (561103 for a null one).
#[test]
fn an_executor_is_consumed() {
    let _lease = Lease::new();
    let data = upload(&[1f32; 100]);
    let tensor = tensor(data, 100);
    let executor = plan(tensor);
    assert_eq!(run(executor, null_mut()).0, 0);
    ok!(acl.aclrtSynchronizeStream(null_mut()));
    assert_eq!(download::<f32>(data, 100), [0.0; 100]);
    assert_refused(run(executor, null_mut()), 561103, "consumed already");
    assert_refused(run(null_mut(), null_mut()), 561103, "executor is null");
    assert_refused(run(data.cast(), null_mut()), 561103, "never made it");
    // acl_meta.h: an executor that phase two consumed must not be destroyed.
    assert_ne!(call!(nn.aclDestroyAclOpExecutor(executor)), 0);
    ok!(nn.aclDestroyTensor(tensor));
    ok!(acl.aclrtFree(data));
}

// aclnn: phase two only enqueues; the descriptor may go once it has returned.
#[test]
fn phase_two_runs_in_the_order_of_the_stream() {
    let _lease = Lease::new();
    let (stream, data) = (new_stream(), upload(&[1f32; 8]));
    let tensor = tensor(data, 8);
    let gate = Gate::close(stream);
    assert_eq!(run(plan(tensor), stream).0, 0);
    ok!(nn.aclDestroyTensor(tensor));
    assert_eq!(download::<f32>(data, 8), [1.0; 8], "behind the gate");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(data, 8), [0.0; 8]);
    ok!(acl.aclrtFree(data));
}

// acl_meta.h: a repeatable executor runs many times, until aclDestroyAclOpExecutor.
#[test]
fn a_repeatable_executor_stays() {
    let _lease = Lease::new();
    let data = upload(&[1f32; 8]);
    let tensor = tensor(data, 8);
    let executor = plan(tensor);
    ok!(nn.aclSetAclOpExecutorRepeatable(executor));
    for _ in 0..3 {
        ok!(acl.aclrtMemset(data, 32, 1, 32));
        assert_eq!(run(executor, null_mut()).0, 0);
        ok!(acl.aclrtSynchronizeStream(null_mut()));
        assert_eq!(download::<f32>(data, 8), [0.0; 8]);
    }
    ok!(nn.aclDestroyAclOpExecutor(executor));
    assert_refused(run(executor, null_mut()), 561103, "consumed already");
    // Null is fine to destroy.
    ok!(nn.aclDestroyAclOpExecutor(null_mut()));
    ok!(nn.aclDestroyTensor(tensor));
    ok!(acl.aclrtFree(data));
}

// An executor is for the operator that planned it.
#[test]
fn an_executor_of_another_operator() {
    let _lease = Lease::new();
    let data = malloc(32);
    let executor = plan(tensor(data, 8));
    let exp = api().ops.aclnnExp.expect("the simulator has every row").run;
    // SAFETY: handles are checked.
    let code = unsafe { exp(null_mut(), 0, executor, null_mut()) };
    let text = recent();
    assert!(code == 561000 && text.contains("aclnnExp") && text.contains("made by aclnnInplaceZero"), "{code}: {text}");
    ok!(acl.aclrtFree(data));
}

// aclnn: what the runtime refuses comes back as 361001, with the runtime's own code in the text.
#[test]
fn streams_and_contexts() {
    let _lease = Lease::new();
    let data = malloc(32);
    let tensor = tensor(data, 8);
    let gone = new_stream();
    ok!(acl.aclrtDestroyStream(gone));
    assert_refused(run(plan(tensor), gone), 361001, "107017");
    let (executor, handle) = (plan(tensor) as usize, tensor as usize);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut workspace, mut made) = (0, null_mut());
            // SAFETY: a checked handle and live variables.
            let code = unsafe { (zero().plan)(handle as *mut aclTensor, &mut workspace, &mut made) };
            assert_eq!(code, 361001, "phase one needs a device");
            assert_refused(run(executor as *mut aclOpExecutor, null_mut()), 361001, "107002");
        });
    });
    ok!(acl.aclrtFree(data));
}

// Every byte that an operator touches must be live memory of the stream's device: 161002, with parameter and address.
#[test]
fn tensors_must_be_live_memory_of_the_device() {
    let _lease = Lease::new();
    let (data, pinned) = (malloc(32), malloc_host(32));
    let mut host = [1f32; 8];
    assert_refused(run(plan(tensor(data, 17)), null_mut()), 161002, "leaves the allocation");
    assert_refused(run(plan(tensor(pinned, 8)), null_mut()), 161002, "it is pinned memory of the host");
    assert_refused(run(plan(tensor(host.as_mut_ptr().cast(), 8)), null_mut()), 161002, "it is memory of the host");
    assert_refused(run(plan(tensor(null_mut(), 8)), null_mut()), 161002, "it is memory of the host");
    // aclnn: an empty tensor is no work, wherever it points.
    assert_eq!(run(plan(tensor(null_mut(), 0)), null_mut()).0, 0);
    // Freed between the phases.
    let executor = plan(tensor(data, 8));
    ok!(acl.aclrtFree(data));
    let address = format!("{:#x}", data as usize);
    assert_refused(run(executor, null_mut()), 161002, &address);
    let data = malloc(32) as usize;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _other = Lease::new();
            let executor = plan(tensor(data as *mut c_void, 8));
            assert_refused(run(executor, null_mut()), 161002, "it is memory of device");
        });
    });
    // A workspace is checked like a tensor.
    let executor = plan(tensor(data as *mut c_void, 8));
    assert_refused(run_with(pinned, 32, executor, null_mut()), 161002, "workspace");
    assert_eq!(host, [1.0; 8]);
    ok!(acl.aclrtFree(data as *mut c_void));
    ok!(acl.aclrtFreeHost(pinned));
}

// acl_meta.h: a handle that is no live tensor, a null one, null out-parameters.
#[test]
fn phase_one_checks_its_arguments() {
    let _lease = Lease::new();
    let data = malloc(32);
    let tensor = tensor(data, 8);
    let (mut workspace, mut executor) = (0, null_mut());
    let mut try_plan = |tensor: *mut aclTensor, with_workspace: bool, with_executor: bool| {
        let workspace = if with_workspace { &raw mut workspace } else { null_mut() };
        let executor = if with_executor { &raw mut executor } else { null_mut() };
        // SAFETY: checked handles; null, or live variables.
        unsafe { (zero().plan)(tensor, workspace, executor) }
    };
    assert_eq!(try_plan(null_mut(), true, true), 161001);
    assert_eq!(try_plan(tensor, false, true), 161001);
    assert_eq!(try_plan(tensor, true, false), 161001);
    ok!(nn.aclDestroyTensor(tensor));
    assert_eq!(try_plan(tensor, true, true), 161002);
    ok!(acl.aclrtFree(data));
}

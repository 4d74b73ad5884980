//! ATB's call protocol, through its C face. Sources: ATB's open source, `src/atb/operation/operation_base.cpp` (Setup, Execute)
//! and `include/atb/types.h` (the codes); for graphs `src/atb/operation/graph_operation.cpp`.

use std::ptr::{null, null_mut};

use super::*;

/// Calls a function of ATB's table.
macro_rules! atb {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::api().atb.$name.expect("the simulator has all of them");
        // SAFETY: each pointer that a test passes is null (refused), a handle (checked), or points to a live variable.
        unsafe { function($($arg),*) }
    }};
}
/// The same, for what must succeed.
macro_rules! atb_ok {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let code = atb!($name($($arg),*));
        assert_eq!(code, 0, "{}: {}", stringify!($name), $crate::recent());
    }};
}
/// The same, for what must be refused: with this code, and a text that holds these words.
macro_rules! atb_refused {
    ($code:literal, $words:literal, $name:ident($($arg:expr),* $(,)?)) => {{
        $crate::recent();
        let code = atb!($name($($arg),*));
        let text = $crate::recent();
        assert_eq!(code, $code, "{}: {text}", stringify!($name));
        assert!(text.contains(stringify!($name)) && text.contains($words), "{text:?} lacks {:?}", $words);
    }};
}

/// A context on a stream, and a norm over `[2, 32]` of bf16 with its tensors.
struct Bench {
    _lease: Lease,
    stream: aclrtStream,
    context: AtbContext,
    operation: AtbOperation,
    inputs: [AtbTensor; 2],
    outputs: [AtbTensor; 1],
}

thread_local! {
    /// What [`device`] has given on this thread, which is a test's: the bench leaves nothing allocated.
    static GIVEN: std::cell::RefCell<Vec<*mut c_void>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn device(bytes: usize) -> *mut c_void {
    let mut at = null_mut();
    ok!(acl.aclrtMalloc(&mut at, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
    GIVEN.with_borrow_mut(|given| given.push(at));
    at
}

impl Drop for Bench {
    fn drop(&mut self) {
        call!(acl.aclrtDestroyStream(self.stream));
        GIVEN.take().into_iter().for_each(|at| _ = call!(acl.aclrtFree(at)));
    }
}

fn tensor(dims: &[i64]) -> AtbTensor {
    let data_size = dims.iter().product::<i64>() as u64 * 2;
    let mut tensor =
        AtbTensor { dtype: ACL_BF16.0, format: ACL_FORMAT_ND.0, dim_num: dims.len() as u64, data_size, ..AtbTensor::NONE };
    tensor.dims[..dims.len()].copy_from_slice(dims);
    tensor.device_data = device(data_size as usize);
    tensor
}

impl Bench {
    fn new() -> Bench {
        let lease = Lease::new();
        let (mut stream, mut context, mut operation) = (null_mut(), null_mut(), null_mut());
        ok!(acl.aclrtCreateStream(&mut stream));
        atb_ok!(ascend_atb_context_create(&mut context));
        atb_ok!(ascend_atb_context_set_stream(context, stream));
        atb_ok!(ascend_atb_rms_norm(&AtbRmsNormParam { layer_type: 1, epsilon: 1e-6 }, &mut operation));
        let (inputs, outputs) = ([tensor(&[2, 32]), tensor(&[32])], [tensor(&[2, 32])]);
        Bench { _lease: lease, stream, context, operation, inputs, outputs }
    }

    fn setup(&self) -> u64 {
        let mut bytes = 0;
        atb_ok!(ascend_atb_operation_setup(
            self.operation,
            self.inputs.as_ptr(),
            2,
            self.outputs.as_ptr(),
            1,
            &mut bytes,
            self.context
        ));
        bytes
    }
}

#[test]
fn an_operation_is_set_up_and_executed_as_often_as_wanted() {
    let mut b = Bench::new();
    let (mut ins, mut outs) = (0, 0);
    atb_ok!(ascend_atb_operation_io(b.operation, &mut ins, &mut outs));
    assert_eq!((ins, outs), (2, 1));
    let bytes = b.setup();
    let workspace = device(bytes as usize);
    let one = half_one();
    for output in [b.outputs[0].device_data, device(128)] {
        // "Execute may be repeated with the same shapes": other addresses are fine.
        b.outputs[0].device_data = output;
        for input in b.inputs {
            ok!(acl.aclrtMemcpy(
                input.device_data,
                input.data_size as usize,
                one.as_ptr().cast(),
                input.data_size as usize,
                ACL_MEMCPY_HOST_TO_DEVICE
            ));
        }
        atb_ok!(ascend_atb_operation_execute(
            b.operation,
            b.inputs.as_ptr(),
            2,
            b.outputs.as_ptr(),
            1,
            workspace,
            bytes,
            b.context
        ));
        ok!(acl.aclrtSynchronizeStream(b.stream));
        let mut back = [0u16; 64];
        ok!(acl.aclrtMemcpy(back.as_mut_ptr().cast(), 128, output, 128, ACL_MEMCPY_DEVICE_TO_HOST));
        assert_eq!(back, [one[0]; 64], "the norm of ones is one");
    }
    atb_ok!(ascend_atb_operation_destroy(b.operation));
    atb_refused!(24, "destroyed already", ascend_atb_operation_destroy(b.operation));
    atb_ok!(ascend_atb_context_destroy(b.context));
    atb_refused!(1, "destroyed already", ascend_atb_context_destroy(b.context));
}

/// 64 ones in bf16.
fn half_one() -> [u16; 64] {
    [0x3f80; 64]
}

#[test]
fn setup_refuses_what_does_not_fit() {
    let b = Bench::new();
    let (ins, outs, mut bytes) = (b.inputs.as_ptr(), b.outputs.as_ptr(), 0);
    atb_refused!(1, "context is null", ascend_atb_operation_setup(b.operation, ins, 2, outs, 1, &mut bytes, null_mut()));
    atb_refused!(
        5,
        "1 inputs, the operation has 2",
        ascend_atb_operation_setup(b.operation, ins, 1, outs, 1, &mut bytes, b.context)
    );
    atb_refused!(15, "0 outputs", ascend_atb_operation_setup(b.operation, ins, 2, outs, 0, &mut bytes, b.context));
    atb_refused!(1, "workspaceSize is null", ascend_atb_operation_setup(b.operation, ins, 2, outs, 1, null_mut(), b.context));
    let with = |code: i32, change: fn(&mut AtbTensor)| {
        let mut inputs = b.inputs;
        change(&mut inputs[0]);
        let got = atb!(ascend_atb_operation_setup(b.operation, inputs.as_ptr(), 2, outs, 1, &mut 0, b.context));
        assert_eq!(got, code, "{}", recent());
    };
    with(16, |x| x.dim_num = 0);
    with(16, |x| x.dim_num = 9);
    with(8, |x| x.dims[0] = 0);
    with(6, |x| x.dtype = 999);
    with(7, |x| x.format = ACL_FORMAT_FRACTAL_NZ.0);
    with(13, |x| x.dtype = ACL_INT32.0);
    with(8, |x| x.dims[1] = 31);
}

#[test]
fn execute_refuses_what_setup_has_not_seen() {
    let b = Bench::new();
    let (ins, outs) = (b.inputs.as_ptr(), b.outputs.as_ptr());
    let workspace = device(4096);
    atb_refused!(1, "call Setup first", ascend_atb_operation_execute(b.operation, ins, 2, outs, 1, workspace, 4096, b.context));
    let bytes = b.setup();
    assert!(bytes > 0);
    atb_refused!(
        1,
        "Setup asked for",
        ascend_atb_operation_execute(b.operation, ins, 2, outs, 1, workspace, bytes - 1, b.context)
    );
    atb_refused!(1, "Setup asked for", ascend_atb_operation_execute(b.operation, ins, 2, outs, 1, null_mut(), bytes, b.context));
    let mut host = vec![0u8; 4096];
    atb_refused!(
        23,
        "workspace is memory of the host",
        ascend_atb_operation_execute(b.operation, ins, 2, outs, 1, host.as_mut_ptr().cast(), bytes, b.context)
    );
    let mut other = null_mut();
    atb_ok!(ascend_atb_context_create(&mut other));
    atb_refused!(1, "has no stream", ascend_atb_operation_execute(b.operation, ins, 2, outs, 1, workspace, bytes, other));
    atb_ok!(ascend_atb_context_set_stream(other, b.stream));
    atb_refused!(
        1,
        "another one than Setup's",
        ascend_atb_operation_execute(b.operation, ins, 2, outs, 1, workspace, bytes, other)
    );
    let with = |words: &str, change: fn(&mut AtbTensor)| {
        let mut inputs = b.inputs;
        change(&mut inputs[0]);
        let got = atb!(ascend_atb_operation_execute(b.operation, inputs.as_ptr(), 2, outs, 1, workspace, bytes, b.context));
        let text = recent();
        assert!(got == 1 && text.contains(words), "{got}: {text}");
    };
    with("at Setup it was", |x| x.dims[0] = 3);
    with("dataSize 100", |x| x.data_size = 100);
    with("neither deviceData nor hostData", |x| x.device_data = null_mut());
    let mut freed = b.inputs;
    freed[0].device_data = device(128);
    ok!(acl.aclrtFree(freed[0].device_data));
    GIVEN.with_borrow_mut(|given| _ = given.pop());
    let got = atb!(ascend_atb_operation_execute(b.operation, freed.as_ptr(), 2, outs, 1, workspace, bytes, b.context));
    let text = recent();
    assert!(got == 1 && text.contains("it was freed, or never allocated"), "{got}: {text}");
}

#[test]
fn handles_and_parameters_are_checked() {
    let b = Bench::new();
    let mut operation = null_mut();
    atb_refused!(1, "param is null", ascend_atb_rms_norm(null(), &mut operation));
    atb_refused!(1, "operation is null", ascend_atb_rope(&AtbRopeParam { rotary_coeff: 2, cos_format: 0 }, null_mut()));
    atb_refused!(1, "rotaryCoeff 4", ascend_atb_rope(&AtbRopeParam { rotary_coeff: 4, cos_format: 0 }, &mut operation));
    atb_refused!(1, "layerType is 7", ascend_atb_rms_norm(&AtbRmsNormParam { layer_type: 7, epsilon: 1.0 }, &mut operation));
    atb_refused!(24, "not a live operation", ascend_atb_operation_io(b.context, &mut 0, &mut 0));
    atb_refused!(1, "stream is null", ascend_atb_context_set_stream(b.context, null_mut()));
    atb_refused!(4, "not a live stream", ascend_atb_context_set_stream(b.context, 77 as aclrtStream));
    let on = AtbCommParam { rank: 0, rank_size: 1, rank_root: 0, comm: null_mut() };
    atb_refused!(28, "hcclComm is null", ascend_atb_all_gather(&on, &mut operation));
    atb_refused!(1, "rank is 3 of 1", ascend_atb_all_gather(&AtbCommParam { rank: 3, ..on }, &mut operation));
}

#[test]
fn a_graph_owns_the_operations_of_its_nodes() {
    let b = Bench::new();
    let (ids, out) = ([0u32, 1], [2u32]);
    let node = AtbNode { operation: b.operation, in_ids: ids.as_ptr(), in_num: 2, out_ids: out.as_ptr(), out_num: 1 };
    let graph = |nodes: &[AtbNode], inner: u32| AtbGraphParam {
        name: c"g".as_ptr(),
        in_num: 2,
        out_num: 1,
        internal_num: inner,
        nodes: nodes.as_ptr(),
        node_num: nodes.len() as u64,
    };
    let mut made = null_mut();
    atb_refused!(2, "no node writes tensor 3", ascend_atb_graph(&graph(&[node], 1), &mut made));
    atb_refused!(2, "the operation of another node", ascend_atb_graph(&graph(&[node, node], 0), &mut made));
    // A graph that was refused has taken nothing.
    atb_ok!(ascend_atb_operation_io(b.operation, &mut 0, &mut 0));
    atb_ok!(ascend_atb_graph(&graph(&[node], 0), &mut made));
    atb_refused!(24, "not a live operation", ascend_atb_operation_io(b.operation, &mut 0, &mut 0));
    let mut descs = [AtbTensor::NONE];
    atb_ok!(ascend_atb_operation_infer_shape(made, b.inputs.as_ptr(), 2, descs.as_mut_ptr(), 1));
    assert_eq!((descs[0].dim_num, &descs[0].dims[..2]), (2, &[2, 32][..]));
    atb_ok!(ascend_atb_operation_destroy(made));
}

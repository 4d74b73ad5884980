//! The wider runtime: facts about devices, attributes of streams, aborts, notifies, callbacks, failures, profiling.

mod abort;
mod attributes;
mod callback;
mod config;
mod event;
mod facts;
mod failure;
mod limits;
mod notify;
mod numbers;
mod prof;
mod random;
mod states;

use super::*;

/// The current device's default stream waits no longer than this for anything in these tests.
const SOON: i32 = 20_000;

/// An operator that is fine when it is planned and fails on the device: an index that is out of range there.
fn enqueue_failure(stream: aclrtStream) {
    let table = upload(&[1.0_f32; 8]);
    let indices = upload(&[9_i64]);
    let out = malloc(32);
    let tensor = |dims: &[i64], dtype, memory| {
        let n = dims.len() as u64;
        call!(nn.aclCreateTensor(dims.as_ptr(), n, dtype, std::ptr::null(), 0, ACL_FORMAT_ND, dims.as_ptr(), n, memory))
    };
    let (weight, index) = (tensor(&[2, 4], ACL_FLOAT, table), tensor(&[1], ACL_INT64, indices));
    let result = tensor(&[1, 4], ACL_FLOAT, out);
    let op = api().ops.aclnnEmbedding.expect("the simulator has every row");
    let (mut bytes, mut executor) = (0, null_mut());
    // SAFETY: live descriptors and variables.
    let planned = unsafe { (op.plan)(weight, index, result, &mut bytes, &mut executor) };
    assert_eq!(planned, 0, "{}", recent());
    let workspace = if bytes > 0 { malloc(bytes as usize) } else { null_mut() };
    // SAFETY: the executor is fresh, the workspace as big as asked for.
    let run = unsafe { (op.run)(workspace, bytes, executor, stream) };
    assert_eq!(run, 0, "{}", recent());
}

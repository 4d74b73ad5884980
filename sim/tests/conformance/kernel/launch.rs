//! Launches: blocks, attributes, and how a launch fails.

use std::ptr::null_mut;

use ascend_rl_sys::types::*;

use super::*;
use crate::{download, in_child, new_stream, ok, refused};

fn sync(stream: aclrtStream) {
    ok!(acl.aclrtSynchronizeStream(stream));
}

/// What the stream failed with.
fn failure(stream: aclrtStream) -> (i32, String) {
    crate::recent();
    let code = crate::call!(acl.aclrtSynchronizeStream(stream));
    (code, crate::recent())
}

fn schedule_mode(mode: u8) -> aclrtLaunchKernelAttr {
    let mut value = aclrtLaunchKernelAttrValue { rsv: [0; 4] };
    value.schemMode = mode;
    aclrtLaunchKernelAttr { id: ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE, value }
}

fn timeout_us(micros: u32) -> aclrtLaunchKernelAttr {
    let value = aclrtLaunchKernelAttrValue { timeoutUs: aclrtTimeoutUs { timeoutLow: micros, timeoutHigh: 0 } };
    aclrtLaunchKernelAttr { id: ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US, value }
}

/// aclrtBinaryLoadFromData, aclrtLaunchKernelWithHostArgs: "numBlocks: the number of cores that the kernel runs on".
#[test]
fn every_block_runs_once_whatever_their_number() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let n = 1000_usize;
    for blocks in [1, 2, 20, 40, 48, 97] {
        let out = upload(&vec![u32::MAX; n]);
        launch(binary.kernel("spread"), blocks, stream, &[out as u64, n as u64]);
        sync(stream);
        let want: Vec<u32> = (0..n as u32).map(|i| 1000 * (i % blocks) + i).collect();
        assert_eq!(download::<u32>(out, n), want, "{blocks} blocks");
    }
}

/// The blocks of a mixed kernel are groups: "one AIC and two AIVs" (Ascend C, KERNEL_TASK_TYPE).
#[test]
fn blocks_of_a_mixed_kernel_are_groups_of_cores() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    for (kernel, vectors) in [("groups", 2), ("groups_1_1", 1), ("cubes", 0)] {
        for blocks in [1_u32, 2, 20] {
            let cores = blocks * (1 + vectors);
            let out = upload(&vec![u32::MAX; 4 * cores as usize]);
            launch(binary.kernel(kernel), blocks, stream, &[out as u64, blocks as u64]);
            sync(stream);
            let mut want: Vec<u32> = (0..blocks).flat_map(|block| [1, block, 0, blocks]).collect();
            want.extend((0..blocks * vectors).flat_map(|i| [0, i / vectors, i % vectors, blocks]));
            assert_eq!(download::<u32>(out, 4 * cores as usize), want, "{kernel}, {blocks} blocks");
        }
    }
}

/// Blocks that wait for each other are all there at once, on however few threads.
#[test]
fn blocks_meet_at_a_barrier() {
    let _lease = Place::new();
    let stream = new_stream();
    for image in [fast(), checked()] {
        let binary = Binary::load(&image);
        for blocks in [1_u32, 2, 20, 40] {
            let (slots, out) = (upload(&vec![0_u32; blocks as usize]), upload(&vec![0_u32; blocks as usize]));
            launch(binary.kernel("meet"), blocks, stream, &[slots as u64, out as u64, 3]);
            sync(stream);
            let want: Vec<u32> = (0..blocks).map(|block| 30 + 3 * ((block + 1) % blocks)).collect();
            assert_eq!(download::<u32>(out, blocks as usize), want, "{blocks} blocks");
        }
    }
}

/// The same on one thread: cores take turns.
#[test]
fn blocks_meet_on_one_thread() {
    if in_child("kernel::launch::blocks_meet_on_one_thread", &[("CANN_SIM_THREADS", "1")]) {
        blocks_meet();
    }
}

fn blocks_meet() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let (slots, out) = (upload(&[0_u32; 40]), upload(&[0_u32; 40]));
    launch(binary.kernel("meet"), 40, stream, &[slots as u64, out as u64, 2]);
    sync(stream);
    assert_eq!(download::<u32>(out, 40), (0..40).map(|block| 10 + 2 * ((block + 1) % 40)).collect::<Vec<u32>>());
    // Cores that poll take turns with the one that writes; where none does, it is in vain.
    let flag = upload(&[0_u32]);
    launch(binary.kernel("poll"), 40, stream, &[flag as u64, 3, out as u64]);
    sync(stream);
    assert_eq!(download::<u32>(out, 39), [3; 39]);
    let flag = upload(&[0_u32]);
    launch(binary.kernel("poll"), 40, stream, &[flag as u64, 0, out as u64]);
    let (code, text) = failure(stream);
    assert!(code == 507035 && text.contains("polls"), "{code}: {text}");
}

/// Cores of a group tell each other by flags; a core that polls lets others run.
#[test]
fn cores_wait_for_flags_and_for_memory() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let out = upload(&[0_u32; 40]);
    launch(binary.kernel("flags"), 20, stream, &[1, out as u64]);
    sync(stream);
    let want: Vec<u32> = (0..40).map(|i| 7 + i % 20).collect();
    assert_eq!(download::<u32>(out, 40), want);
    let flag = upload(&[0_u32]);
    launch(binary.kernel("poll"), 40, stream, &[flag as u64, 5, out as u64]);
    sync(stream);
    assert_eq!(download::<u32>(out, 39), [5; 39]);
}

/// "aclrtSynchronizeStream: errors of asynchronous tasks surface here": 507035 for vector cores, 507015 for others. A card's cores would
/// hang; the simulator says who waits for what.
#[test]
fn cores_that_wait_in_vain_fail_the_stream() {
    let _lease = Place::new();
    for image in [fast(), checked()] {
        let binary = Binary::load(&image);
        let case = |kernel: &str, args: &[u64], code: i32, words: &[&str]| {
            let stream = new_stream();
            launch(binary.kernel(kernel), 2, stream, args);
            let (found, text) = failure(stream);
            assert_eq!(found, code, "{text}");
            for word in words.iter().chain(&[kernel, "in vain"]) {
                assert!(text.contains(word), "{text:?} lacks {word:?}");
            }
            ok!(acl.aclrtDestroyStream(stream));
        };
        case("vain", &[0, 0], 507035, &["block 0 waits for all cores at SyncAll at vain.cpp:7"]);
        case("flags", &[0, 0], 507015, &["block 0 (vector core 1) waits for flag 3 (CrossCoreWaitFlag at flags.cpp:14)"]);
    }
}

/// A program that ends by itself with a code fails too, and what is queued behind still runs (ACL_CONTINUE_ON_FAILURE).
#[test]
fn a_kernel_that_stops_fails_the_stream() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let out = upload(&[0_u32; 4]);
    launch(binary.kernel("stops"), 2, stream, &[0, 0]);
    launch(binary.kernel("spread"), 2, stream, &[out as u64, 4]);
    let (code, text) = failure(stream);
    assert_eq!(code, 507035);
    assert!(text.contains("kernel stops failed on the device: block 1: the kernel stopped with 9"), "{text}");
    assert_eq!(download::<u32>(out, 4), [0, 1001, 2, 1003]);
}

/// ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US: 507014 for cube cores.
#[test]
fn a_launch_ends_at_its_timeout() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    assert_eq!(launch_code(binary.kernel("spins"), 1, stream, &[0, 0], &mut [timeout_us(20_000)]), 0);
    let (code, text) = failure(stream);
    assert_eq!(code, 507014, "{text}");
    assert!(text.contains("spins") && text.contains("timeout"), "{text}");
}

/// runtime: "numBlocks is checked against the cores of the device where all blocks start together". An Ascend910B3 has 20 cube and
/// 40 vector cores.
#[test]
fn blocks_that_start_together_need_a_core_each() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let out = upload(&[0_u32; 4]);
    let refuse = |kernel: &str, blocks: u32, attrs: &mut [aclrtLaunchKernelAttr], words: &str| {
        crate::recent();
        let code = launch_code(
            binary.kernel(kernel),
            blocks,
            stream,
            &[out as u64, 0, 0][..if kernel == "meet" { 3 } else { 2 }],
            attrs,
        );
        let text = crate::recent();
        assert_eq!(code, 107000, "{kernel}: {text}");
        assert!(text.contains(words), "{text:?} lacks {words:?}");
    };
    refuse("meet", 41, &mut [], "there are 40 vector cores");
    refuse("spread", 41, &mut [schedule_mode(1)], "schedule mode 1");
    refuse("groups", 21, &mut [schedule_mode(1)], "there are 20 groups of a cube core");
    refuse("cubes", 21, &mut [schedule_mode(1)], "there are 20 cube cores");
    refuse("spread", 65536, &mut [], "at most 65535");
    refuse("spread", 1, &mut [schedule_mode(3)], "schemMode is 3");
    assert_eq!(launch_code(binary.kernel("spread"), 40, stream, &[out as u64, 4], &mut [schedule_mode(1)]), 0);
    // Its blocks may start one after another; they must not wait for each other then.
    assert_eq!(launch_code(binary.kernel("meet"), 41, stream, &[out as u64, 0, 1], &mut [schedule_mode(0)]), 0);
    let (code, text) = failure(stream);
    assert_eq!(code, 507035);
    assert!(text.contains("41 blocks do not fit on 40 cores"), "{text}");
}

/// Each attribute of `aclrtLaunchKernelAttrId`, taken or refused by name.
#[test]
fn attributes_are_taken_or_refused() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let out = upload(&[0_u32; 4]);
    let with = |id: aclrtLaunchKernelAttrId, word: u32| {
        crate::recent();
        let attr = aclrtLaunchKernelAttr { id, value: aclrtLaunchKernelAttrValue { rsv: [word, 0, 0, 0] } };
        (launch_code(binary.kernel("spread"), 1, stream, &[out as u64, 4], &mut [attr]), crate::recent())
    };
    for (id, word) in [
        (ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE, 0),
        (ACL_RT_LAUNCH_KERNEL_ATTR_DYN_UBUF_SIZE, 0),
        (ACL_RT_LAUNCH_KERNEL_ATTR_BLOCK_TASK_PREFETCH, 1),
        (ACL_RT_LAUNCH_KERNEL_ATTR_DATA_DUMP, 0),
        (ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT, 100),
        (ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US, 0),
        (ACL_RT_LAUNCH_KERNEL_ATTR_ENABLE_PROFILING, 0),
    ] {
        let (code, text) = with(id, word);
        assert_eq!(code, 0, "{id:?}: {text}");
    }
    for (id, word, code) in [
        (ACL_RT_LAUNCH_KERNEL_ATTR_DYN_UBUF_SIZE, 64, 207000),
        (ACL_RT_LAUNCH_KERNEL_ATTR_ENGINE_TYPE, 0, 207000),
        (ACL_RT_LAUNCH_KERNEL_ATTR_BLOCKDIM_OFFSET, 0, 207000),
        (ACL_RT_LAUNCH_KERNEL_ATTR_DATA_DUMP, 1, 207000),
        (ACL_RT_LAUNCH_KERNEL_ATTR_ENABLE_PROFILING, 1, 207000),
        (ACL_RT_LAUNCH_KERNEL_ATTR_BLOCK_TASK_PREFETCH, 2, 107000),
        (aclrtLaunchKernelAttrId(99), 0, 107000),
    ] {
        let (found, text) = with(id, word);
        assert_eq!(found, code, "{id:?}: {text}");
        assert!(text.contains(id.name().unwrap_or("99")) || text.contains("attrs[0]"), "{text}");
    }
    let seconds =
        aclrtLaunchKernelAttr { id: ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT, value: aclrtLaunchKernelAttrValue { rsv: [1, 0, 0, 0] } };
    let both = &mut [seconds, timeout_us(1)];
    assert_eq!(launch_code(binary.kernel("spread"), 1, stream, &[out as u64, 4], both), 107000);
    sync(stream);
}

/// aclrtLaunchKernel, aclrtLaunchKernelV2: "argsData: device memory". What is there when the kernel runs counts.
#[test]
fn arguments_in_device_memory() {
    let lease = Place::several(2);
    lease[0].enter();
    let elsewhere = upload(&[0_u64; 2]);
    lease[1].enter();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let out = upload(&[0_u32; 4]);
    let args = upload(&[out as u64, 4_u64]);
    let spread = binary.kernel("spread");
    ok!(kernels?.aclrtLaunchKernel(spread, 2, args, 16, stream));
    sync(stream);
    assert_eq!(download::<u32>(out, 4), [0, 1001, 2, 1003]);
    ok!(kernels?.aclrtLaunchKernelV2(spread, 1, args, 16, null_mut(), stream));
    sync(stream);
    assert_eq!(download::<u32>(out, 4), [0, 1, 2, 3]);

    let host = [out as u64, 4];
    refused!(100000, "funcHandle", kernels?.aclrtLaunchKernel(null_mut(), 1, args, 16, stream));
    refused!(100000, "argsData", kernels?.aclrtLaunchKernel(spread, 1, std::ptr::null(), 16, stream));
    refused!(107017, "funcHandle", kernels?.aclrtLaunchKernel(0x1234 as aclrtFuncHandle, 1, args, 16, stream));
    refused!(107000, "numBlocks is 0", kernels?.aclrtLaunchKernel(spread, 0, args, 16, stream));
    refused!(107000, "argsSize is 0", kernels?.aclrtLaunchKernel(spread, 1, args, 0, stream));
    refused!(107000, "parameter 1", kernels?.aclrtLaunchKernel(spread, 1, args, 8, stream));
    refused!(107000, "more than the 16 bytes", kernels?.aclrtLaunchKernelV2(spread, 1, args, 24, null_mut(), stream));
    refused!(107000, "memory of the host", kernels?.aclrtLaunchKernel(spread, 1, host.as_ptr().cast(), 16, stream));
    refused!(107000, "one live allocation", kernels?.aclrtLaunchKernel(spread, 1, (args as usize + 56) as *const _, 16, stream));
    let code = crate::call!(kernels?.aclrtLaunchKernel(spread, 1, elsewhere, 16, stream));
    assert_ne!(code, 0, "arguments on another device");
}

/// aclrtLaunchKernelWithHostArgs: "the host memory can be used again at once"; placeholders are patched with the address of data that
/// goes along.
#[test]
fn arguments_of_the_host_are_copied() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let mixed = binary.kernel("mixed_77");
    let out = upload(&[0_u64; 6]);
    let gate = crate::Gate::close(stream);
    // wide, {a, b c d}, the placeholder, and behind all of them the data.
    let mut args = [out as u64, 11, 22, 0x0000_0004_0003_0002, 0, 30, 33];
    let mut holder = aclrtPlaceHolderInfo { addrOffset: 32, dataOffset: 40 };
    ok!(kernels?.aclrtLaunchKernelWithHostArgs(mixed, 1, stream, null_mut(), args.as_mut_ptr().cast(), 56, &mut holder, 1));
    args.fill(0);
    gate.open();
    sync(stream);
    assert_eq!(download::<u64>(out, 6), [11, 22, 2, 3, 4, 63]);

    let args = args.as_mut_ptr().cast();
    let none = null_mut();
    refused!(
        100000,
        "funcHandle",
        kernels?.aclrtLaunchKernelWithHostArgs(none, 1, stream, none.cast(), args, 40, none.cast(), 0)
    );
    refused!(100000, "hostArgs", kernels?.aclrtLaunchKernelWithHostArgs(mixed, 1, stream, none.cast(), none, 40, none.cast(), 0));
    refused!(
        107000,
        "argsSize is 0",
        kernels?.aclrtLaunchKernelWithHostArgs(mixed, 1, stream, none.cast(), args, 0, none.cast(), 0)
    );
    refused!(
        107000,
        "numBlocks",
        kernels?.aclrtLaunchKernelWithHostArgs(mixed, 0, stream, none.cast(), args, 40, none.cast(), 0)
    );
    refused!(
        107000,
        "placeHolderArray is null",
        kernels?.aclrtLaunchKernelWithHostArgs(mixed, 1, stream, none.cast(), args, 40, none.cast(), 1)
    );
    refused!(
        107000,
        "more than the 40 bytes",
        kernels?.aclrtLaunchKernelWithHostArgs(mixed, 1, stream, none.cast(), args, 56, none.cast(), 0)
    );
    for (at, data, words) in [(56, 40, "addrOffset 56"), (32, 56, "dataOffset 56"), (20, 40, "no parameter of 8 bytes")] {
        crate::recent();
        let mut holder = aclrtPlaceHolderInfo { addrOffset: at, dataOffset: data };
        let code = crate::call!(kernels?.aclrtLaunchKernelWithHostArgs(mixed, 1, stream, none.cast(), args, 56, &mut holder, 1));
        let text = crate::recent();
        assert!(code == 107000 && text.contains(words), "{code} {text}");
    }
}

/// aclrtLaunchKernelWithArgsArray: a pointer to each argument.
#[test]
fn arguments_one_by_one() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let mixed = binary.kernel("mixed_77");
    let out = upload(&[0_u64; 6]);
    let (mut to, mut wide, mut by_value, mut data) = (out as u64, 5_u64, [6_u64, 0x0000_0009_0008_0007], 0_u64);
    let mut args: [*mut c_void; 4] =
        [(&raw mut to).cast(), (&raw mut wide).cast(), (&raw mut by_value).cast(), (&raw mut data).cast()];
    ok!(kernels?.aclrtLaunchKernelWithArgsArray(mixed, 1, stream, null_mut(), args.as_mut_ptr()));
    sync(stream);
    assert_eq!(download::<u64>(out, 6), [5, 6, 7, 8, 9, 0]);
    refused!(100000, "func", kernels?.aclrtLaunchKernelWithArgsArray(null_mut(), 1, stream, null_mut(), args.as_mut_ptr()));
    refused!(100000, "numBlocks", kernels?.aclrtLaunchKernelWithArgsArray(mixed, 0, stream, null_mut(), args.as_mut_ptr()));
    refused!(107000, "args is null", kernels?.aclrtLaunchKernelWithArgsArray(mixed, 1, stream, null_mut(), null_mut()));
    args[2] = null_mut();
    refused!(107000, "args[2] is null", kernels?.aclrtLaunchKernelWithArgsArray(mixed, 1, stream, null_mut(), args.as_mut_ptr()));
}

/// A launch is work of a stream like any other: a graph records it and runs it again, with the arguments it was launched with.
#[test]
fn a_graph_records_a_launch() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let out = upload(&[0_u8; 16]);
    ok!(graphs?.aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_GLOBAL));
    launch(binary.kernel("spread"), 2, stream, &[out as u64, 4]);
    let mut graph = null_mut();
    ok!(graphs?.aclmdlRICaptureEnd(stream, &mut graph));
    for _ in 0..2 {
        ok!(acl.aclrtMemset(out, 16, 0, 16));
        ok!(graphs?.aclmdlRIExecuteAsync(graph, stream));
        sync(stream);
        assert_eq!(download::<u32>(out, 4), [0, 1001, 2, 1003]);
    }
    ok!(graphs?.aclmdlRIDestroy(graph));
}

/// printf of a kernel.
#[test]
fn a_kernel_prints() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    launch(binary.kernel("prints"), 1, stream, &[0, 0]);
    sync(stream);
}

/// aclrtBinarySetExceptionCallback, aclrtGetArgsFromExceptionInfo, aclrtGetFuncHandleFromExceptionInfo: which kernel failed, with which
/// arguments. Null info is answered with -1.
#[test]
fn a_callback_is_told_which_kernel_failed() {
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    struct Report(Sender<(u32, usize, Vec<u64>, u32)>);
    unsafe extern "C" fn callback(info: *mut aclrtExceptionInfo, user_data: *mut c_void) {
        let (mut function, mut args, mut bytes) = (null_mut(), null_mut(), 0);
        ok!(kernels?.aclrtGetFuncHandleFromExceptionInfo(info, &mut function));
        ok!(kernels?.aclrtGetArgsFromExceptionInfo(info, &mut args, &mut bytes));
        // SAFETY: the call says that so many bytes are there, in words.
        let args = unsafe { std::slice::from_raw_parts(args.cast::<u64>(), bytes as usize / 8) };
        let code = crate::call!(acl?.aclrtGetErrorCodeFromExceptionInfo(info));
        // SAFETY: what the test gave, which waits for this.
        let report = unsafe { &*user_data.cast::<Report>() };
        report.0.send((code, function as usize, args.to_vec(), bytes)).unwrap();
    }

    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let (sender, receiver) = channel();
    // For good: the thread that calls may still be about to return from it when this test ends.
    let report: &'static Report = Box::leak(Box::new(Report(sender)));
    ok!(kernels?.aclrtBinarySetExceptionCallback(binary.0, Some(callback), (&raw const *report).cast_mut().cast()));
    let out = upload(&[0_u32; 4]);
    launch(binary.kernel("spread"), 2, stream, &[out as u64, 4]);
    launch(binary.kernel("stops"), 2, stream, &[7, 8]);
    assert_eq!(failure(stream).0, 507035);
    let told = receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(told, (507035, binary.kernel("stops") as usize, vec![7, 8], 16));
    assert!(receiver.try_recv().is_err());

    let (mut function, mut args, mut bytes) = (null_mut(), null_mut(), 0);
    refused!(-1, "info is null", kernels?.aclrtGetFuncHandleFromExceptionInfo(std::ptr::null(), &mut function));
    refused!(-1, "info is null", kernels?.aclrtGetArgsFromExceptionInfo(std::ptr::null(), &mut args, &mut bytes));
    refused!(100000, "callback", kernels?.aclrtBinarySetExceptionCallback(binary.0, None, null_mut()));
    refused!(100000, "binHandle", kernels?.aclrtBinarySetExceptionCallback(null_mut(), Some(callback), null_mut()));
}

//! What a kernel may touch: live allocations, the sizes of memories, alignment.

use super::*;
use crate::{download, malloc};

/// An access outside of every live allocation, or over an allocation's end. The call does not take effect, and the kernel ends.
#[test]
fn global_memory_is_what_is_allocated() {
    let bench = Bench::new();
    let gm = bench.gm;
    bench.keeps(VECTOR, 1, &[load(gm + 4096 - 64, 0, 64)]);
    let case = |gm: u64, bytes: u32, words: &[&str]| {
        let steps = [load(gm, 0, bytes), load(1, 0, 1)];
        let found = bench.breaks(VECTOR, 1, &steps, "bounds", 1, words);
        assert_eq!((found.call.as_str(), found.file.as_str()), ("DataCopy", "script.cpp"));
    };
    case(gm + 4096 - 64, 65, &["bytes 4032..4097 of the allocation", "which has 4096"]);
    case(0, 32, &["null pointer"]);
    let host = [0_u8; 64];
    case(host.as_ptr() as u64, 32, &["no memory of device"]);
    let freed = malloc(1 << 20);
    bench.keeps(VECTOR, 1, &[load(freed as u64, 0, 64)]);
    ok!(acl.aclrtFree(freed));
    case(freed as u64 + (1 << 19), 64, &["outside of every live allocation"]);
    // The last of some runs.
    let runs = |count| call("DataCopy", pipe::MTE2).reads(space::GM, gm, 32).runs(count, 1024).writes(space::UB, 0, 128);
    bench.keeps(VECTOR, 1, &[runs(4)]);
    bench.breaks(
        VECTOR,
        1,
        &[runs(5)],
        "bounds",
        1,
        &["32 bytes at", "0 bytes behind the end of the allocation", "which has 4096"],
    );
    let write = [duplicate(0, 64), event(pipe::V, pipe::MTE3)[0], event(pipe::V, pipe::MTE3)[1], store(0, gm + 4095, 2)];
    bench.breaks(VECTOR, 1, &write, "bounds", 4, &["writes bytes 4095..4097"]);
}

/// Memory of another device needs peer access.
#[test]
fn memory_of_another_device() {
    let other = Place::new();
    let theirs = upload(&[0_u8; 64]) as u64;
    let bench = Bench::new();
    let words = format!("memory of device {}", other.0);
    bench.breaks(VECTOR, 1, &[load(theirs, 0, 64)], "bounds", 1, &[&words, "aclrtDeviceEnablePeerAccess"]);
    ok!(acl.aclrtDeviceEnablePeerAccess(other.0, 0));
    bench.keeps(VECTOR, 1, &[load(theirs, 0, 64)]);
    bench.breaks(VECTOR, 1, &[load(theirs, 0, 65)], "bounds", 1, &["which has 64"]);
    ok!(acl.aclrtDeviceDisablePeerAccess(other.0));
}

/// Data that goes with the arguments can be read, and is the launch's own copy.
#[test]
fn arguments_are_read_only() {
    let bench = Bench::new();
    let run = |write: bool| {
        let mut step = call("DataCopy", if write { pipe::MTE3 } else { pipe::MTE2 });
        step = if write { step.writes(space::GM, 0, 32) } else { step.reads(space::GM, 0, 32) };
        step.ranges[0].reserved = 1;
        step.line = 1;
        let mut args = vec![0_u8; 16 + size_of::<Step>()];
        args[8] = 1;
        // SAFETY: as many bytes as a step has, without padding.
        args[16..].copy_from_slice(unsafe { std::slice::from_raw_parts((&raw const step).cast::<u8>(), size_of::<Step>()) });
        let mut holder = aclrtPlaceHolderInfo { addrOffset: 0, dataOffset: 16 };
        let stream = new_stream();
        ok!(kernels?.aclrtLaunchKernelWithHostArgs(
            bench.binary.kernel(VECTOR),
            1,
            stream,
            null_mut(),
            args.as_mut_ptr().cast(),
            args.len(),
            &mut holder,
            1
        ));
        bench.end(stream).findings
    };
    assert_eq!(run(false), []);
    let found = run(true);
    assert!(found.len() == 1 && found[0].rule == "bounds" && found[0].message.contains("read-only"), "{found:?}");
}

/// UB has 192 KB less 256 bytes; L1 512 KB less 256; L0A and L0B 64 KB, L0C 128 KB, the bias table 1 KB, Fixpipe's buffer 2 KB.
#[test]
fn memories_of_a_core_have_their_sizes() {
    let bench = Bench::new();
    let ub = 192 * 1024 - 256;
    bench.keeps(VECTOR, 1, &[load(bench.gm, ub - 64, 64)]);
    bench.breaks(VECTOR, 1, &[load(bench.gm, ub - 32, 64)], "bounds", 1, &["196320..196384 of UB", "may use 196352"]);
    let sizes = [
        (space::L1, 524032),
        (space::L0A, 65536),
        (space::L0B, 65536),
        (space::L0C, 131072),
        (space::BT, 1024),
        (space::FB, 2048),
    ];
    for (space, size) in sizes {
        let fill = |address| [call("Fill", pipe::MTE2).writes(space, address, 32).of(abi::core_kind::AIC)];
        bench.keeps("pairs", 1, &fill(size - 32));
        bench.breaks("pairs", 1, &fill(size - 31), "bounds", 1, &[&format!("a kernel may use {size}"), "block 0 (cube core)"]);
    }
    let cube = [load(bench.gm, 0, 64).of(abi::core_kind::AIC)];
    bench.breaks("pairs", 1, &cube, "bounds", 1, &["touches UB, which a core of this kind has none of"]);
    let vector = [call("Fill", pipe::MTE2).writes(space::L1, 0, 32)];
    bench.breaks(VECTOR, 1, &vector, "bounds", 1, &["touches L1"]);
}

/// Addresses, lengths and strides of 32 bytes and others, as the call says.
#[test]
fn alignment() {
    let bench = Bench::new();
    let fill = |address, bytes, stride| [call("Fill", pipe::MTE2).writes(space::UB, address, bytes).runs(2, stride).aligned(32)];
    bench.keeps(VECTOR, 1, &fill(64, 32, 96));
    bench.breaks(VECTOR, 1, &fill(72, 32, 96), "alignment", 1, &["byte 0x48 of UB", "multiple of 32"]);
    bench.breaks(VECTOR, 1, &fill(64, 40, 96), "alignment", 1, &["40 bytes"]);
    bench.breaks(VECTOR, 1, &fill(64, 32, 100), "alignment", 1, &["100 bytes apart"]);
    // The vector unit takes any number of elements.
    bench.keeps(VECTOR, 1, &[call("Duplicate", pipe::V).writes(space::UB, 64, 40).aligned(32)]);
    let gm = |address| [call("DataCopy", pipe::MTE2).reads(space::GM, address, 33).aligned(4)];
    bench.keeps(VECTOR, 1, &gm(bench.gm + 4));
    bench.breaks(VECTOR, 1, &gm(bench.gm + 2), "alignment", 1, &["of GM", "multiple of 4"]);
}

/// What the image itself finds comes out as its own rule; one call breaks one rule once; many findings end the launch.
#[test]
fn findings_of_the_image_and_their_number() {
    let bench = Bench::new();
    let found = bench.run(VECTOR, 3, &[finding("EnQue"), finding("DeQue").on(1)]).findings;
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].call.as_str(), found[0].times, found[0].rule.as_str()), ("EnQue", 3, "a rule"));
    assert_eq!((found[1].call.as_str(), found[1].block.as_str()), ("DeQue", "block 1"));
    let many: Vec<Step> = (0..40).map(|_| finding("EnQue")).collect();
    assert_eq!(bench.run(VECTOR, 1, &many).findings.len(), 16);
    // The device is as good as before.
    assert_eq!(download::<u8>(bench.gm as *mut c_void, 4096), [0; 4096]);
    bench.keeps(VECTOR, 48, &[load(bench.gm, 0, 64)]);
}

//! Bytes that hold nothing.

use super::*;

/// Reading what was not copied in or computed, by the byte; what a queue's buffer held before is forgotten.
#[test]
fn what_was_never_written_cannot_be_read() {
    let bench = Bench::new();
    let gm = bench.gm;
    let mte2_v = event(pipe::MTE2, pipe::V);
    bench.breaks(VECTOR, 1, &[vector(0, 256, 64)], "not written", 1, &["reads bytes 0..64 of UB"]);
    let some = |bytes| steps(&[&[load(gm, 0, bytes)], &mte2_v, &[vector(0, 256, 64)]]);
    bench.keeps(VECTOR, 1, &some(64));
    bench.breaks(VECTOR, 1, &some(60), "not written", 4, &["bytes 0..64 of UB", "from byte 60 of UB on"]);
    let again = |bytes| steps(&[&[load(gm, 0, 64)], &mte2_v, &[forget(space::UB, 0, bytes), vector(32, 256, 32)]]);
    bench.keeps(VECTOR, 1, &again(32));
    bench.breaks(VECTOR, 1, &again(33), "not written", 5, &["bytes 32..64"]);
    // Each core has its own memory, and it holds nothing when a kernel begins.
    let second = steps(&[&[load(gm, 0, 64).on(0)], &mte2_v, &[vector(0, 256, 64).on(1)]]);
    bench.breaks(VECTOR, 2, &second, "not written", 4, &["block 1: Muls at script.cpp:4"]);
    bench.breaks(VECTOR, 1, &[store(0, gm, 32)], "not written", 1, &["DataCopy"]);
    bench.breaks(VECTOR, 1, &[call("GetValue", pipe::S).reads(space::UB, 8, 4)], "not written", 1, &["bytes 8..12"]);
}

#[test]
fn memories_of_the_cube_core_too() {
    let bench = Bench::new();
    let cube = |step: Step| step.of(abi::core_kind::AIC);
    for (from, to, pipe) in
        [(space::L1, space::L0A, pipe::MTE1), (space::L0A, space::L0C, pipe::M), (space::L0C, space::GM, pipe::FIX)]
    {
        let to_address = if to == space::GM { bench.gm } else { 0 };
        let read = cube(call("Next", pipe).reads(from, 0, 512).writes(to, to_address, 512));
        bench.breaks("pairs", 1, &[read], "not written", 1, &["(cube core)", "bytes 0..512"]);
        let fill = cube(call("Fill", pipe).writes(from, 0, 512));
        bench.keeps("pairs", 1, &[fill, cube(barrier(pipe)), read]);
    }
}

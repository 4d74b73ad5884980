//! Order between cores, and of what they do to global memory.

use super::*;

use abi::core_kind::{AIC, AIV};
use abi::pipe::{FIX, MTE2, MTE3, S};

const IN_STEP: &str = "vectors_in_step";

/// A block's value on its way to global memory: a filled buffer that MTE3 may read.
fn filled() -> Vec<Step> {
    vec![duplicate(0, 512), barrier(pipe::ALL)]
}

/// In one core: what MTE3 wrote, MTE2 reads behind an event only.
#[test]
fn global_memory_within_a_core() {
    let bench = Bench::new();
    let again = |flag: &[Step]| steps(&[&filled(), &[store(0, bench.gm, 64)], flag, &[load(bench.gm + 32, 1024, 64)]]);
    bench.keeps(VECTOR, 1, &again(&event(MTE3, MTE2)));
    bench.breaks(VECTOR, 1, &again(&[]), "order", 4, &["reads bytes 32..64 of the allocation", "HardEvent::MTE3_MTE2"]);
}

/// Two blocks and the same bytes: found whichever of them comes first.
#[test]
fn blocks_that_touch_the_same_bytes() {
    let bench = Bench::new();
    let gm = bench.gm;
    let both = |first: Step, second: Step| steps(&[&filled(), &[first.on(0), second.on(1)]]);
    let words =
        ["block 1: DataCopy at script.cpp:4", "DataCopy at script.cpp:3 of block 0", "no SyncAll and no flag between cores"];
    for (first, second, what) in [
        (store(0, gm, 64), store(0, gm + 32, 64), "writes bytes 32..64"),
        (store(0, gm, 64), load(gm, 1024, 64), "reads bytes 0..64"),
        (load(gm, 1024, 64), store(0, gm, 64), "writes bytes 0..64"),
    ] {
        bench.breaks(VECTOR, 2, &both(first, second), "order", 4, &[words[0], words[1], words[2], what]);
        let met = steps(&[&filled(), &[first.on(0), sync_all(), second.on(1)]]);
        bench.keeps(IN_STEP, 2, &met);
        // Beside the barrier, not before it.
        let late = steps(&[&filled(), &[sync_all(), first.on(0), second.on(1)]]);
        let found = bench.run(IN_STEP, 2, &late).findings;
        assert!(found.len() == 1 && found[0].rule == "order", "{found:?}");
    }
    bench.keeps(VECTOR, 2, &both(store(0, gm, 64), store(0, gm + 64, 64)));
    bench.keeps(VECTOR, 48, &[load(gm, 0, 64)]);
    // The launch behind is behind everything.
    bench.keeps(VECTOR, 1, &steps(&[&filled(), &[store(0, gm, 64)]]));
    bench.keeps(VECTOR, 2, &[load(gm, 0, 64)]);
}

/// SetAtomicAdd: the memory adds, in any order; what reads the sum waits for all.
#[test]
fn atomic_writes_do_not_race_with_each_other() {
    let bench = Bench::new();
    let gm = bench.gm;
    let add = call("DataCopy", MTE3).reads(space::UB, 0, 64).touches(space::GM, access::WRITE | access::ATOMIC, gm, 64).moves();
    bench.keeps(VECTOR, 40, &steps(&[&filled(), &[add, add]]));
    let then = |last: Step| steps(&[&filled(), &[add, last.on(1)]]);
    bench.breaks(VECTOR, 2, &then(store(0, gm, 64)), "order", 4, &["writes bytes 0..64", "of block 0"]);
    bench.breaks(VECTOR, 2, &then(load(gm, 1024, 64)), "order", 4, &["reads bytes 0..64"]);
    bench.keeps(IN_STEP, 40, &steps(&[&filled(), &[add, sync_all(), load(gm, 1024, 64)]]));
    // A plain write before the sums, by one block, is not theirs.
    let clear = |met: &[Step]| steps(&[&filled(), &[store(0, gm, 64).on(0)], met, &[add]]);
    bench.keeps(IN_STEP, 2, &clear(&[sync_all()]));
    let found = bench.run(VECTOR, 2, &clear(&[])).findings;
    assert!(!found.is_empty() && found.iter().all(|found| found.rule == "order"), "{found:?}");
}

/// CrossCoreSetFlag mode 2: a cube core and its vector cores, behind one pipe.
#[test]
fn flags_of_a_group() {
    let bench = Bench::new();
    let gm = bench.gm;
    let out = [
        call("Fill", FIX).writes(space::L0C, 0, 512).of(AIC),
        barrier(FIX).of(AIC),
        call("Fixpipe", FIX).reads(space::L0C, 0, 512).writes(space::GM, gm, 512).of(AIC).moves(),
    ];
    let read = load(gm, 0, 512).of(AIV);
    let with = |set: &[Step], wait: &[Step]| steps(&[&out, set, wait, &[read]]);
    let (set_flag, wait_flag) = (cross_set(2, FIX, 1).of(AIC), cross_wait(1).of(AIV));
    bench.keeps("pairs", 1, &with(&[set_flag], &[wait_flag]));
    let other_pipe = cross_set(2, MTE2, 1).of(AIC);
    bench.breaks(
        "pairs",
        1,
        &with(&[other_pipe], &[wait_flag]),
        "order",
        6,
        &["Fixpipe at script.cpp:3 of block 0 (cube core) (FIX)"],
    );
    let early = steps(&[&[set_flag], &out, &[wait_flag, read]]);
    bench.breaks("pairs", 1, &early, "order", 6, &["no flag between cores"]);
    // And back: the cube core may write again when both vector cores have read.
    let back = |id: &[Step]| steps(&[&with(&[set_flag], &[wait_flag]), id, &[out[2]]]);
    bench.keeps("pairs", 1, &back(&[cross_set(2, MTE2, 2).of(AIV), cross_wait(2).of(AIC)]));
    bench.keeps("pairs", 4, &steps(&[&[cross_set(2, FIX, 1).of(AIC), wait_flag]]));
    // Modes 0 and 1.
    let mine = |block: i32| steps(&[&filled(), &[store(0, gm, 64).on(block)]]);
    let met = steps(&[&mine(0), &[cross_set(0, MTE3, 4), cross_wait(4), load(gm, 1024, 64)]]);
    bench.keeps(IN_STEP, 3, &met);
    let pair = [
        duplicate(0, 512).of(AIV),
        barrier(pipe::ALL).of(AIV),
        Step { sub: 0, ..store(0, gm, 64).of(AIV) },
        cross_set(1, MTE3, 4).of(AIV),
        cross_wait(4).of(AIV),
        load(gm, 1024, 64).of(AIV),
    ];
    bench.keeps("pairs", 1, &pair);
}

/// A flag counts to 15, and what is left of it meets the next kernel.
#[test]
fn flags_that_are_set_and_not_waited_for() {
    let bench = Bench::new();
    let set_flag = cross_set(2, FIX, 1).of(AIC);
    bench.breaks("pairs", 1, &[set_flag; 16], "cross-core flags", 16, &["counts to 15"]);
    let found = bench.run("pairs", 1, &[set_flag]).findings;
    assert!(found.len() == 2 && found.iter().all(|found| found.rule == "cross-core flags"), "{found:?}");
    assert!(found[0].to_string().contains("block 0 (vector core 0): flag 1 counts 1 at the kernel's end"), "{}", found[0]);
    bench.keeps("pairs", 1, &[set_flag, cross_wait(1).of(AIV)]);
    bench.breaks("pairs", 1, &[cross_set(2, FIX, 16).of(AIC)], "cross-core flags", 1, &["flag 16"]);
    bench.breaks("pairs", 1, &[cross_set(3, FIX, 1).of(AIC)], "cross-core flags", 1, &["mode 3"]);
}

/// Barriers need a kernel type that has them, and all blocks resident for certain.
#[test]
fn blocks_that_wait_are_resident() {
    let bench = Bench::new();
    bench.breaks(VECTOR, 2, &[sync_all()], "resident blocks", 1, &["SyncAll", "KERNEL_TYPE_MIX"]);
    bench.breaks("vectors_as_free", 2, &[sync_all()], "resident blocks", 1, &["schedule mode 0", "__schedmode__(1)"]);
    bench.keeps(IN_STEP, 2, &[sync_all()]);
    bench.keeps("vectors_as_free", 1, &[sync_all()]);
}

/// One block comes to a barrier that the other does not come to.
#[test]
fn a_deadlock_is_a_finding() {
    let bench = Bench::new();
    let found = bench.run(IN_STEP, 2, &[sync_all().on(1)]).findings;
    assert!(found.len() == 1 && found[0].rule == "deadlock", "{found:?}");
    assert!(found[0].message.contains("block 1 waits for all cores at SyncAll at script.cpp:1"), "{}", found[0]);
}

/// A block that polls a flag in memory: what was written before the flag is there when the flag is, if a barrier was between.
#[test]
fn a_flag_in_memory_orders_what_is_before_it() {
    let bench = Bench::new();
    let (data, flag) = (bench.gm, bench.gm + 2048);
    let wake = event(MTE2, S);
    let poll = load(flag, 2048, 32);
    // Block 0 looks, lets others run and looks again, until the flag is there. Block 1 sends the data, then the flag.
    let script = |again: &[Step], seen: &[Step], between: &[Step]| {
        let first = steps(&[&[poll], &wake, again, seen, &[load(data, 1024, 64)]]);
        let second = steps(&[&filled(), &[store(0, data, 64)], between, &[store(64, flag, 32)]]);
        let of = |block: i32, steps: Vec<Step>| steps.into_iter().map(move |step| step.on(block));
        of(0, first).chain(of(1, second)).collect::<Vec<Step>>()
    };
    let again = [yields(), barrier(pipe::ALL), poll.again(5), yields(), barrier(pipe::ALL), poll.again(8)];
    bench.keeps(IN_STEP, 2, &script(&again, &wake, &[barrier(MTE3)]));
    let words = ["block 0: DataCopy", "reads bytes 0..64", "of block 1 (MTE3)"];
    bench.breaks(IN_STEP, 2, &script(&again, &wake, &[]), "order", 12, &words);
    // A look that does not come again does not poll: nothing orders it.
    let found = bench.run(IN_STEP, 2, &script(&[yields()], &[], &[barrier(MTE3)])).findings;
    assert!(!found.is_empty() && found.iter().all(|found| found.rule == "order"), "{found:?}");
}

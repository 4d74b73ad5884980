//! The data cache of the scalar unit, which is coherent with nothing.

use super::*;

use abi::pipe::{MTE2, MTE3, S};

const IN_STEP: &str = "vectors_in_step";

/// SetValue: what it wrote is in memory behind DataCacheCleanAndInvalid.
#[test]
fn what_a_program_writes_is_cleaned() {
    let bench = Bench::new();
    let gm = bench.gm;
    bench.keeps(VECTOR, 1, &[put(gm), clean(gm)]);
    bench.keeps(VECTOR, 1, &[put(gm), put(gm + 128), clean(0)]);
    let end = bench.breaks(
        VECTOR,
        1,
        &[put(gm), put(gm + 128), clean(gm)],
        "data cache",
        0,
        &["ends with 1 lines", "SetValue at script.cpp:2"],
    );
    assert!(end.message.contains("bytes 128..132 of the allocation"), "{end}");

    let other = |clean: &[Step]| steps(&[&[put(gm).on(0)], clean, &[sync_all(), load(gm, 0, 64).on(1)]]);
    bench.keeps(IN_STEP, 2, &other(&[clean(gm).on(0)]));
    let found = bench.run(IN_STEP, 2, &other(&[])).findings;
    assert!(found.iter().all(|found| found.rule == "data cache"), "{found:?}");
    assert!(
        found.iter().any(|found| found.to_string().contains("block 1: DataCopy at script.cpp:3: reads bytes 0..4")),
        "{found:?}"
    );

    // The same core's own copy-in, too; and then it waits for the scalar unit.
    let own = |between: &[Step]| steps(&[&[put(gm)], between, &[load(gm, 0, 64)]]);
    bench.keeps(VECTOR, 1, &own(&steps(&[&[clean(gm)], &event(S, MTE2)])));
    bench.keeps(VECTOR, 1, &own(&[clean(gm), dsb()]));
    bench.breaks(VECTOR, 1, &own(&[clean(gm)]), "order", 3, &["HardEvent::S_MTE2"]);
    bench.keeps(VECTOR, 1, &[put(gm), get(gm), put(gm), clean(gm)]);
}

/// GetValue: what others wrote since the line was loaded is not seen.
#[test]
fn what_a_program_reads_may_be_old() {
    let bench = Bench::new();
    let gm = bench.gm;
    let filled = [duplicate(0, 64), barrier(pipe::ALL)];
    let again = |clean: &[Step]| {
        steps(&[&filled, &[get(gm).on(0), sync_all(), store(0, gm, 64).on(1), sync_all()], clean, &[get(gm).on(0)]])
    };
    bench.keeps(IN_STEP, 2, &again(&[clean(gm).on(0)]));
    bench.keeps(IN_STEP, 2, &again(&[clean(0).on(0)]));
    bench.breaks(
        IN_STEP,
        2,
        &again(&[]),
        "data cache",
        7,
        &["reads bytes 0..4", "DataCopy at script.cpp:5 of block 1", "before the read"],
    );
    bench.breaks(IN_STEP, 2, &again(&[clean(gm + 64).on(0)]), "data cache", 8, &["before the read"]);
    // A line that was not loaded is read from memory.
    bench.keeps(IN_STEP, 2, &steps(&[&filled, &[store(0, gm, 64).on(1), sync_all(), get(gm).on(0)]]));
    // Without any order it is a race.
    let race = steps(&[&filled, &[store(0, gm, 64).on(0), get(gm).on(1)]]);
    bench.breaks(VECTOR, 2, &race, "order", 4, &["reads bytes 0..4", "of block 0"]);
    // The core's own copy-out is beside its cache as well.
    let own = |clean: &[Step]| steps(&[&filled, &[get(gm), store(0, gm, 64)], &event(MTE3, S), clean, &[get(gm)]]);
    let own = |between: &[Step]| steps(&[&own(between)[..3], &event(S, MTE3), &own(between)[3..]]);
    bench.keeps(VECTOR, 1, &own(&[clean(gm)]));
    bench.breaks(VECTOR, 1, &own(&[]), "data cache", 9, &["DataCopy at script.cpp:6 (MTE3)"]);
}

/// A cache writes its lines whole: two cores must not write into one of 64 bytes.
#[test]
fn two_cores_do_not_share_a_line() {
    let bench = Bench::new();
    let gm = bench.gm;
    let two = |apart: u64| [put(gm).on(0), clean(gm).on(0), put(gm + apart).on(1), clean(gm + apart).on(1)];
    bench.keeps(VECTOR, 2, &two(64));
    bench.breaks(VECTOR, 2, &two(4), "data cache", 3, &["one line of 64 bytes", "SetValue at script.cpp:1 of block 0"]);
    let copied = |first: bool| {
        let (cached, copy) = ([put(gm), clean(gm)], store(0, gm + 32, 32));
        let filled = [duplicate(0, 64), barrier(pipe::ALL)];
        let (a, b) = (cached.map(|step| step.on(i32::from(!first))), copy.on(i32::from(first)));
        if first { steps(&[&filled, &a, &[b]]) } else { steps(&[&filled, &[b], &a]) }
    };
    bench.breaks(VECTOR, 2, &copied(true), "data cache", 5, &["writes bytes 32..64", "SetValue at script.cpp:3 of block 0"]);
    bench.breaks(VECTOR, 2, &copied(false), "data cache", 4, &["DataCopy at script.cpp:3 of block 0"]);
    // One behind the other is well.
    let met = [put(gm).on(0), clean(gm).on(0), sync_all(), put(gm + 4).on(1), clean(gm).on(1)];
    bench.keeps(IN_STEP, 2, &met);
}

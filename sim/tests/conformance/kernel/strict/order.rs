//! Order inside a core: events between pipes, barriers within one.

use super::*;

use abi::pipe::{FIX, M, MTE1, MTE2, MTE3, S, V};

/// Each pair of pipes that share UB: the one behind waits for an event of the other.
#[test]
fn an_event_orders_two_pipes() {
    let bench = Bench::new();
    let (gm, out) = (bench.gm, bench.gm + 2048);
    let uses = |first: &[Step], flag: &[Step], second: Step| steps(&[first, flag, &[second]]);
    let get_ub = call("GetValue", S).reads(space::UB, 0, 4);
    let set_ub = call("SetValue", S).writes(space::UB, 0, 4);
    let filled = [duplicate(0, 64), barrier(pipe::ALL)];
    // What first does, the event, what then does, and what the finding says.
    type Case = (Vec<Step>, (u32, u32), Step, [&'static str; 2]);
    let cases: Vec<Case> = vec![
        (
            vec![load(gm, 0, 64)],
            (MTE2, V),
            vector(0, 256, 64),
            ["reads bytes 0..64 of UB", "DataCopy at script.cpp:1 (MTE2) writes"],
        ),
        (
            vec![duplicate(0, 64)],
            (V, MTE3),
            store(0, out, 64),
            ["reads bytes 0..64 of UB", "Duplicate at script.cpp:1 (V) writes"],
        ),
        (
            steps(&[&filled, &[store(0, out, 64)]]),
            (MTE3, MTE2),
            load(gm, 0, 64),
            ["writes bytes 0..64 of UB", "DataCopy at script.cpp:3 (MTE3) reads"],
        ),
        (steps(&[&filled, &[store(0, out, 64)]]), (MTE3, V), duplicate(32, 64), ["writes bytes 32..96", "(MTE3) reads"]),
        (
            steps(&[&filled, &[vector(0, 256, 64)]]),
            (V, MTE2),
            load(gm, 0, 64),
            ["writes bytes 0..64", "Muls at script.cpp:3 (V) reads"],
        ),
        (vec![load(gm, 0, 64)], (MTE2, S), get_ub, ["reads bytes 0..4", "(MTE2) writes"]),
        (vec![duplicate(0, 64)], (V, S), get_ub, ["reads bytes 0..4", "(V) writes"]),
        (
            vec![duplicate(0, 64), barrier(pipe::ALL), set_ub],
            (S, V),
            vector(0, 256, 64),
            ["reads bytes 0..64", "SetValue at script.cpp:3 (S)"],
        ),
        (steps(&[&filled, &[get_ub]]), (S, MTE2), load(gm, 0, 64), ["writes bytes 0..64", "GetValue at script.cpp:3 (S) reads"]),
        (vec![duplicate(0, 64), barrier(pipe::ALL), set_ub], (S, MTE3), store(0, out, 64), ["reads bytes 0..64", "(S) writes"]),
        (vec![duplicate(0, 64)], (V, MTE2), load(gm, 0, 32), ["writes bytes 0..32", "(V) writes"]),
    ];
    for (first, (from, to), second, words) in cases {
        let line = first.len() as u32 + 1;
        let name = |pipe: u32| ["S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX"][pipe as usize];
        let missing = format!("no SetFlag and WaitFlag<HardEvent::{}_{}>", name(from), name(to));
        bench.breaks(VECTOR, 1, &uses(&first, &[], second), "order", line, &[words[0], words[1], &missing]);
        bench.keeps(VECTOR, 1, &uses(&first, &event(from, to), second));
        bench.keeps(VECTOR, 1, &uses(&first, &[barrier(pipe::ALL)], second));
        // An event of other pipes, or one that was set before, orders nothing here.
        let other = if (from, to) == (MTE2, MTE3) { (V, S) } else { (MTE2, MTE3) };
        let found = bench.run(VECTOR, 1, &uses(&first, &event(other.0, other.1), second)).findings;
        assert!(found.len() == 1 && found[0].rule == "order", "{found:?}");
        let early = steps(&[&[set(from, to)], &first, &[wait(from, to), second]]);
        let found = bench.run(VECTOR, 1, &early).findings;
        assert!(found.len() == 1 && found[0].rule == "order", "{found:?}");
    }
}

/// Within a pipe, what depends on what: `PipeBarrier`. Only the scalar unit waits for itself.
#[test]
fn a_barrier_orders_one_pipe() {
    let bench = Bench::new();
    let out = bench.gm + 2048;
    let filled = [duplicate(0, 512), barrier(pipe::ALL)];
    for (first, second, words) in [
        (duplicate(0, 64), vector(0, 256, 64), "reads bytes 0..64 of UB, which Duplicate at script.cpp:3 (V) writes"),
        (duplicate(0, 64), duplicate(32, 64), "writes bytes 32..96"),
        (vector(0, 256, 64), duplicate(0, 64), "writes bytes 0..64 of UB, which Muls at script.cpp:3 (V) reads"),
    ] {
        bench.breaks(
            VECTOR,
            1,
            &steps(&[&filled, &[first, second]]),
            "order",
            4,
            &[words.split(" of UB").next().unwrap(), "no PipeBarrier<PIPE_V>"],
        );
        bench.keeps(VECTOR, 1, &steps(&[&filled, &[first, barrier(V), second]]));
        bench.breaks(VECTOR, 1, &steps(&[&filled, &[first, barrier(MTE3), second]]), "order", 5, &["PIPE_V"]);
        let apart = Step { ranges: second.ranges.map(|range| abi::Range { address: range.address + 4096, ..range }), ..second };
        let fill = [duplicate(4096, 512), barrier(pipe::ALL)];
        bench.keeps(VECTOR, 1, &steps(&[&filled, &fill, &[first, apart]]));
    }
    // In place is one instruction; reading twice is no dependence.
    bench.keeps(VECTOR, 1, &steps(&[&filled, &[vector(0, 0, 64), vector(64, 256, 64), vector(64, 384, 64)]]));
    let twice = |between: &[Step]| steps(&[&filled, &[store(0, out, 64)], between, &[store(64, out + 32, 64)]]);
    bench.breaks(VECTOR, 1, &twice(&[]), "order", 4, &["writes bytes 2080..2112 of the allocation", "no PipeBarrier<PIPE_MTE3>"]);
    bench.keeps(VECTOR, 1, &twice(&[barrier(MTE3)]));
    let scalar = |address| call("SetValue", S).writes(space::UB, address, 4);
    bench.keeps(VECTOR, 1, &[scalar(0), scalar(0), call("GetValue", S).reads(space::UB, 0, 4)]);
}

/// What an instruction waited for is done for what waits for it; and what the scalar unit waited for is done for what it issues then.
#[test]
fn order_is_passed_on() {
    let bench = Bench::new();
    let (gm, out) = (bench.gm, bench.gm + 2048);
    let chain = |last: &[Step]| steps(&[&[load(gm, 0, 64)], &event(MTE2, V), &[vector(0, 256, 64)], last, &[store(0, out, 64)]]);
    bench.keeps(VECTOR, 1, &chain(&event(V, MTE3)));
    bench.breaks(VECTOR, 1, &chain(&[]), "order", 5, &["HardEvent::MTE2_MTE3"]);
    let scalar =
        |last: &[Step]| steps(&[&[load(gm, 0, 64)], last, &[call("GetValue", S).reads(space::UB, 0, 4), vector(0, 256, 64)]]);
    bench.keeps(VECTOR, 1, &scalar(&event(MTE2, S)));
    let found = bench.run(VECTOR, 1, &scalar(&[])).findings;
    assert_eq!(found.len(), 2, "both miss it: {found:?}");
    // Double buffering with an event for each direction.
    let turn = |i: u64| {
        let buffer = (i % 2) * 1024;
        let id = (i % 2) as u32;
        let with_id = |step: Step| Step { c: id, ..step };
        let mut turn = vec![];
        if i >= 2 {
            turn.push(with_id(wait(MTE3, MTE2)));
        }
        turn.extend([load(gm, buffer, 512), with_id(set(MTE2, MTE3)), with_id(wait(MTE2, MTE3)), store(buffer, out, 512)]);
        turn.extend([barrier(MTE3), with_id(set(MTE3, MTE2))]);
        turn
    };
    let turns: Vec<Step> = (0..6).flat_map(turn).collect();
    bench.keeps(VECTOR, 1, &turns);
    let without: Vec<Step> = turns.iter().copied().filter(|step| (step.what, step.a) != (2, MTE3)).collect();
    let found = bench.run(VECTOR, 1, &without).findings;
    assert!(found.iter().all(|found| found.rule == "order") && found[0].message.contains("HardEvent::MTE3_MTE2"), "{found:?}");
}

/// Waiting for what nobody sets hangs a card's core.
#[test]
fn an_event_that_nobody_sets() {
    let bench = Bench::new();
    bench.breaks(VECTOR, 1, &[wait(MTE2, V)], "events", 1, &["WaitFlag", "from MTE2 to V", "hangs"]);
}

/// The cube core's pipes; a product that accumulates on ten fractals or more waits for the one before it, a smaller one does not.
#[test]
fn pipes_of_the_cube_core() {
    let bench = Bench::new();
    let cube = |steps: &[Step]| steps.iter().map(|step| step.of(abi::core_kind::AIC)).collect::<Vec<_>>();
    let load_l1 = call("DataCopy", MTE2).reads(space::GM, bench.gm, 512).writes(space::L1, 0, 512).moves();
    let load_a = call("LoadData", MTE1).reads(space::L1, 0, 512).writes(space::L0A, 0, 512);
    let mmad = |bytes: u32| call("Mmad", M).reads(space::L0A, 0, 512).writes(space::L0C, 0, bytes);
    let more = |bytes: u32| call("Mmad", M).reads(space::L0A, 0, 512).touches(space::L0C, access::READ | access::WRITE, 0, bytes);
    let out = call("Fixpipe", FIX).reads(space::L0C, 0, 1024).writes(space::GM, bench.gm + 1024, 1024).moves();
    let whole = |mte2_mte1: &[Step], mte1_m: &[Step], m: &[Step], m_fix: &[Step]| {
        cube(&steps(&[&[load_l1], mte2_mte1, &[load_a], mte1_m, m, m_fix, &[out]]))
    };
    let (a, b, c) = (event(MTE2, MTE1), event(MTE1, M), event(M, FIX));
    bench.keeps("pairs", 1, &whole(&a, &b, &[mmad(1024)], &c));
    bench.breaks("pairs", 1, &whole(&[], &b, &[mmad(1024)], &c), "order", 2, &["of L1", "HardEvent::MTE2_MTE1"]);
    bench.breaks("pairs", 1, &whole(&a, &[], &[mmad(1024)], &c), "order", 5, &["of L0A", "HardEvent::MTE1_M"]);
    bench.breaks("pairs", 1, &whole(&a, &b, &[mmad(1024)], &[]), "order", 8, &["of L0C", "HardEvent::M_FIX"]);
    bench.keeps("pairs", 1, &whole(&a, &b, &[mmad(10 * 1024), more(10 * 1024)], &c));
    bench.keeps("pairs", 1, &whole(&a, &b, &[mmad(1024), barrier(M), more(1024)], &c));
    let found = bench.run("pairs", 1, &whole(&a, &b, &[mmad(1024), more(1024)], &c)).findings;
    assert!(found.iter().all(|found| found.message.contains("PIPE_M>")) && !found.is_empty(), "{found:?}");
}

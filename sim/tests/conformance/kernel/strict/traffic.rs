//! What a launch moves and computes.

use cann_sim::kernels::{Alignment, Runs, Traffic};

use super::*;

#[test]
fn traffic_is_counted_for_each_launch() {
    let bench = Bench::new();
    let gm = bench.gm;
    let event = event(pipe::MTE2, pipe::V);
    let mut muls = vector(0, 2048, 512);
    muls.vector_elements = 128;
    let script = steps(&[
        &[load(gm, 0, 512)],
        &event,
        &[muls, barrier(pipe::ALL)],
        &[call("DataCopyPad", pipe::MTE3).reads(space::UB, 2048, 96).writes(space::GM, gm + 1056, 32).runs(3, 64).moves().on(0)],
        &[get(gm + 2048), put(gm + 2112).on(1), clean(0).on(1)],
    ]);
    let launch = bench.run(VECTOR, 2, &script);
    assert_eq!((launch.kernel, launch.blocks, launch.device), (VECTOR, 2, bench.lease.0 as u32));
    assert!(launch.findings.is_empty(), "{:?}", launch.findings);
    let Traffic { reads, writes, scalar_reads, scalar_writes, vector_elements, cube_macs, calls, .. } = &launch.traffic;
    let is_aligned = gm.is_multiple_of(512);
    assert!(is_aligned, "allocations start at multiples of 512");
    assert_eq!(reads.runs().collect::<Vec<_>>(), [Runs { bytes: 512, alignment: Alignment::Line, count: 2 }]);
    assert_eq!(writes.runs().collect::<Vec<_>>(), [Runs { bytes: 32, alignment: Alignment::Block, count: 3 }]);
    assert_eq!((reads.bytes(), writes.bytes()), (1024, 96));
    assert_eq!((*scalar_reads, *scalar_writes, *vector_elements, *cube_macs, *calls), (2, 1, 256, 0, 2 * 3 + 2));
}

/// A cube core's multiply-adds.
#[test]
fn multiply_adds_are_counted() {
    let bench = Bench::new();
    let mut mmad = call("Mmad", pipe::M).writes(space::L0C, 0, 1024).of(abi::core_kind::AIC);
    mmad.cube_macs = 4096;
    assert_eq!(bench.run("pairs", 3, &[mmad]).traffic.cube_macs, 3 * 4096);
}

/// Some megabytes over 48 blocks, in pieces of 16 KB and of 256 bytes: what the checks cost must stay bearable.
#[test]
fn megabytes_over_many_blocks() {
    let bench = Bench::new();
    const BYTES: u64 = 4 << 20;
    let (from, to) = (upload(&vec![1_u8; BYTES as usize]) as u64, upload(&vec![0_u8; BYTES as usize]) as u64);
    for (piece, kernel) in [(16384_u64, VECTOR), (16384, "vectors_in_step"), (4096, VECTOR)] {
        let runs = if piece == 4096 { 16 } else { 1 };
        let blocks = if kernel == VECTOR { 48 } else { 40 };
        let tile = |i: u64| {
            let mut tile = steps(&[
                &[load(from + i * piece, 0, piece as u32)],
                &event(pipe::MTE2, pipe::V),
                &[vector(0, 32768, piece as u32)],
                &event(pipe::V, pipe::MTE3),
                &[store(32768, to + i * piece, piece as u32)],
                &event(pipe::MTE3, pipe::MTE2),
            ]);
            if runs > 1 {
                // Rows of 256 bytes, one behind the other in UB, and every second place of a row in memory.
                for step in [0, 6] {
                    let of_gm = |range: &&mut abi::Range| range.bytes > 0 && range.space == space::GM;
                    if let Some(gm) = tile[step].ranges.iter_mut().find(of_gm) {
                        (gm.count, gm.bytes, gm.stride) = (runs, 128, 256);
                    }
                }
            }
            tile.into_iter().map(move |step| step.on((i % blocks) as i32)).collect::<Vec<_>>()
        };
        let script: Vec<Step> = (0..BYTES / piece).flat_map(tile).collect();
        let start = std::time::Instant::now();
        let launch = bench.run(kernel, blocks as u32, &script);
        println!("{kernel}, pieces of {piece}: {:?}", start.elapsed());
        assert!(launch.findings.is_empty(), "{}", launch.findings[0]);
        let moved = if runs > 1 { BYTES / 2 } else { BYTES };
        assert_eq!((launch.traffic.reads.bytes(), launch.traffic.writes.bytes()), (moved, moved));
    }
}

//! Copies in both directions, strided and padded, and a queue that carries them.

use crate::core::{Memory, load};
use crate::random::{bytes, elements};

#[test]
fn a_queue_carries_tiles_through_ub() {
    let kernels = load("copies");
    let source = bytes(&(0..4096).collect::<Vec<u16>>(), 8192);
    for (name, after) in kernels.results("tiles", &[&source, &[0; 8192]], &[4]) {
        assert!(after[1] == source, "{name}");
    }
    let room = [Memory::new(&source), Memory::zeros(8192)];
    let told = kernels.check("tiles", &[room[0].address(), room[1].address(), 1]);
    let events: Vec<&str> = told.events.iter().map(String::as_str).collect();
    let expected = [
        "set MTE2_MTE3 0", // EnQue
        "wait MTE2_MTE3 0",
        "set MTE3_MTE2 0",  // FreeTensor
        "wait MTE3_MTE2 0", // the end of the TPipe
        "barrier ALL",
    ];
    assert_eq!(events, expected);
}

#[test]
fn strides_are_gaps_in_blocks_or_bytes() {
    let source: Vec<u8> = (0..1024_u32).map(|i| (i % 251) as u8).collect();
    // Three rows of 13 bytes, 7 apart in GM; each at 32 bytes in UB with one block between; out again with a gap of 5.
    for (name, after) in load("copies").results("rows", &[&source, &[0; 1024]], &[]) {
        let mut expected = vec![0_u8; 1024];
        for row in 0..3 {
            expected[row * 18..row * 18 + 13].copy_from_slice(&source[row * 20..row * 20 + 13]);
        }
        assert!(after[1] == expected, "{name}");
    }
}

/// Each row of UB starts at a block; what is before and behind the run is the value given, up to the block's end.
#[test]
fn rows_are_padded() {
    let source: Vec<i16> = (1..200).collect();
    let buffers = [bytes(&source, 512), vec![0; 256]];
    for (name, after) in load("copies").results("padded", &buffers.each_ref().map(Vec::as_slice), &[]) {
        let got: Vec<i16> = elements(&after[1]);
        // Two rows of 5 elements, 3 apart in GM; 2 before, 1 behind, of -7; a block of UB between.
        for row in 0..2 {
            let expected: Vec<i16> =
                [-7; 2].into_iter().chain(source[row * 8..row * 8 + 5].iter().copied()).chain([-7; 9]).collect();
            assert_eq!(got[row * 32..row * 32 + 16], expected, "{name}");
        }
    }
}

/// Lengths and gaps in blocks of 32 bytes, in, within UB, and out.
#[test]
fn blocks_are_copied_with_gaps() {
    let source: Vec<u8> = (0..2048_u32).map(|i| (i * 7 % 251) as u8).collect();
    for (name, after) in load("copies").results("blocks", &[&source, &[0; 2048]], &[]) {
        let mut expected = vec![0_u8; 2048];
        for row in 0..4 {
            // In: 2 blocks, 1 apart, to 2 blocks, 3 apart. Within: the first block of each. Out: 1 block, 5 apart.
            let from = row * 96;
            expected[row * 192..row * 192 + 32].copy_from_slice(&source[from..from + 32]);
        }
        assert!(after[1] == expected, "{name}");
    }
}

/// The bytes of a call, as it is told.
#[test]
fn a_copy_tells_what_it_moves() {
    let room = [Memory::zeros(1024), Memory::zeros(1024)];
    let told = load("copies").check("rows", &[room[0].address(), room[1].address()]);
    let (name, _, ranges) = &told.calls[0];
    assert_eq!(name, "DataCopyPad");
    let told: Vec<_> = ranges.iter().map(|r| (r.address, r.bytes, r.count, r.stride, r.space, r.access)).collect();
    // Three runs of 13 bytes are read; in UB whole blocks are written.
    assert_eq!(told, [(room[0].address(), 13, 3, 20, 0, 1), (0, 32, 3, 64, 1, 2)]);
}

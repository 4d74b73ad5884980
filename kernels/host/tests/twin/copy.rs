//! Copies in both directions, strided and padded, and a queue that carries them.

use ascendc_twin::abi::core_kind;

use crate::core::load;

fn at<T>(data: &[T]) -> u64 {
    data.as_ptr() as u64
}

#[test]
fn a_queue_carries_tiles_through_ub() {
    let kernels = load("copies");
    let source: Vec<u16> = (0..4096).collect();
    let target = vec![0_u16; 4096];
    kernels.each("tiles", core_kind::AIV, || vec![at(&source), at(&target), 4], |isa| assert_eq!(source, target, "{isa}"));
    let told = kernels.check("tiles", &[at(&source), at(&target), 1]);
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
    let kernels = load("copies");
    let source: Vec<u8> = (0..1024_u32).map(|i| (i % 251) as u8).collect();
    let target = vec![0_u8; 1024];
    // Three rows of 13 bytes, 7 apart in GM; each at 32 bytes in UB with one block between; out again with a gap of 5.
    kernels.each(
        "rows",
        core_kind::AIV,
        || vec![at(&source), at(&target)],
        |isa| {
            let mut expected = vec![0_u8; 1024];
            for row in 0..3 {
                expected[row * 18..row * 18 + 13].copy_from_slice(&source[row * 20..row * 20 + 13]);
            }
            assert_eq!(target, expected, "{isa}");
        },
    );
}

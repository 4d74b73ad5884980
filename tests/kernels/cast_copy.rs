//! Rectangles from many buffers to many, between all dtypes.

use crate::common::noise;
use crate::{assert_same, bytes, cores, decode, encode, from_bytes, noise_bytes, numbers, on_cores, to_int8};
use ascend_rl::reshard::{CastRect, RectAt, ScaleAt, cast_copy};
use ascend_rl::{DType, Tensor};
use proptest::prelude::*;

const DTYPES: [DType; 4] = [DType::F32, DType::BF16, DType::F16, DType::I8];

/// Bytes of values that no dtype overflows but int8, and f16 sometimes.
fn source(dtype: DType, seed: u64, len: usize) -> Vec<u8> {
    if dtype == DType::I8 {
        return noise_bytes(seed, len);
    }
    let sizes = [1.0, 1e-6, 70_000.0, 0.5];
    let values: Vec<f32> = noise(seed, len).into_iter().enumerate().map(|(i, v)| v * sizes[i % 4]).collect();
    encode(dtype, &values)
}

/// One element, converted.
fn convert(from: DType, to: DType, bytes: &[u8], i: usize, scale: Option<f32>) -> Vec<u8> {
    if from == to {
        return bytes[i * from.size()..][..from.size()].to_vec();
    }
    let value = decode(from, bytes, i) * scale.unwrap_or(1.0);
    if to == DType::I8 { vec![to_int8(value)] } else { encode(to, &[value]) }
}

/// Rows and columns of a rectangle, the gaps between its rows on both sides, and how it is scaled.
type Shape = (usize, usize, usize, usize, bool);

fn shapes() -> impl Strategy<Value = Shape> {
    let size = prop_oneof![
        6 => (1_usize..40, 1_usize..300),
        2 => (1_usize..4, 3000_usize..40_000),
        1 => (300_usize..2500, 1_usize..40),
        1 => (40_usize..90, prop::sample::select(vec![512_usize, 1024])),
    ];
    (size, prop_oneof![Just(0_usize), 1_usize..70], prop_oneof![Just(0_usize), 1_usize..70], any::<bool>())
        .prop_map(|((rows, cols), gap_in, gap_out, per_row)| (rows, cols, gap_in, gap_out, per_row))
}

/// Copies rectangles of these shapes between two buffers of each dtype, and looks at all of what they hold then.
fn check(shapes: &[Shape], seed: u64, cores: u32) {
    on_cores(cores, |s| {
        let mut next = numbers(seed);
        // Where each goes: destinations lie behind one another, sources anywhere.
        let mut ends = [0_usize; 8];
        let mut scales: Vec<f32> = vec![0.25];
        let mut rects = Vec::new();
        let room = shapes.iter().map(|&(rows, cols, gap, ..)| rows * (cols + gap)).max().unwrap_or(0) + 100;
        for &(rows, cols, gap_in, gap_out, per_row) in shapes {
            let (src, dst) = (next(8), next(8));
            let from = RectAt { buffer: src, offset: next(room - rows * (cols + gap_in)), pitch: cols + gap_in };
            let to = RectAt { buffer: dst, offset: ends[dst] + next(5), pitch: cols + gap_out };
            ends[dst] = to.offset + rows * (cols + gap_out);
            let scaled = (DTYPES[src % 4] == DType::I8) != (DTYPES[dst % 4] == DType::I8);
            let scale = scaled.then_some(ScaleAt { offset: scales.len(), per_row });
            if scaled {
                let big = DTYPES[dst % 4] == DType::I8;
                let count = if per_row { rows } else { 1 };
                scales.extend(noise(seed ^ rects.len() as u64, count).iter().map(|v| if big { 200.0 * v } else { v / 16.0 }));
            }
            rects.push(CastRect { src: from, dst: to, rows, cols, scale });
        }
        let sources: Vec<_> = (0..8).map(|i| source(DTYPES[i % 4], seed ^ i as u64, room)).collect();
        let src: Vec<_> = sources.iter().enumerate().map(|(i, b)| from_bytes(s, &[room], DTYPES[i % 4], b)).collect();
        let mut wants: Vec<_> =
            (0..8).map(|i| noise_bytes(seed ^ (i as u64 + 50), (ends[i] + 3) * DTYPES[i % 4].size())).collect();
        let mut dst: Vec<_> = wants.iter().enumerate().map(|(i, b)| from_bytes(s, &[ends[i] + 3], DTYPES[i % 4], b)).collect();
        for rect in &rects {
            let (from, to) = (DTYPES[rect.src.buffer % 4], DTYPES[rect.dst.buffer % 4]);
            for (row, col) in (0..rect.rows).flat_map(|row| (0..rect.cols).map(move |col| (row, col))) {
                let scale = rect.scale.map(|at| scales[at.offset + if at.per_row { row } else { 0 }]);
                let i = rect.src.offset + row * rect.src.pitch + col;
                let o = (rect.dst.offset + row * rect.dst.pitch + col) * to.size();
                wants[rect.dst.buffer][o..][..to.size()].copy_from_slice(&convert(from, to, &sources[rect.src.buffer], i, scale));
            }
        }
        let scales = Tensor::from_slice(s, &[scales.len()], &scales).unwrap();
        let views: Vec<_> = src.iter().map(|t| t.view()).collect();
        let mut to: Vec<_> = dst.iter_mut().map(|t| t.view_mut()).collect();
        cast_copy(s, &views, &mut to, Some(scales.view()), &rects).unwrap();
        drop(to);
        for (i, (got, want)) in dst.iter().zip(&wants).enumerate() {
            assert_same(&format!("buffer {i} of {}", DTYPES[i % 4]), &bytes(s, got), want);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rectangles_are_converted(shapes in prop::collection::vec(shapes(), 1..30), seed in any::<u64>(), cores in cores()) {
        check(&shapes, seed, cores);
    }
}

/// More rectangles than are in UB at a time, and more than go with a launch's arguments.
#[test]
fn large_tables() {
    let shapes: Vec<Shape> = (0..1500).map(|i| (1 + i % 3, 1 + i % 37, i % 5, i % 2, i % 4 == 0)).collect();
    check(&shapes, 11, 2);
    check(&shapes, 12, 48);
}

/// Each pair of dtypes at sizes that fill a tile exactly, miss it by one, and pass it by one.
#[test]
fn edges_of_tiles() {
    for elements in [16_384_usize, 65_536] {
        let shapes: Vec<Shape> = [elements - 1, elements, elements + 1]
            .into_iter()
            .flat_map(|n| [(1, n, 0, 0, false), (n / 64, 64, 0, 32, true), (n / 1000 + 1, 1000, 24, 0, false)])
            .collect();
        for seed in 0..6 {
            check(&shapes, seed, 20);
        }
    }
}

/// Ties go to the even neighbour, on both sides of zero, and what is too large saturates or becomes infinite.
#[test]
fn roundings() {
    on_cores(1, |s| {
        let values = [0.5_f32, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.5, -128.5, 1e9, -1e9, 65519.0, 65520.0, 0.0, 1.0, -3.0];
        let src = Tensor::from_slice(s, &[16], &values).unwrap();
        let mut small = Tensor::zeros(s, &[16], DType::I8).unwrap();
        let mut half = Tensor::zeros(s, &[16], DType::F16).unwrap();
        let one = Tensor::from_slice(s, &[1], &[1.0_f32]).unwrap();
        let whole = |buffer| RectAt { buffer, offset: 0, pitch: 16 };
        let rect = |dst, scale| CastRect { src: whole(0), dst: whole(dst), rows: 1, cols: 16, scale };
        let rects = [rect(0, Some(ScaleAt { offset: 0, per_row: false })), rect(1, None)];
        let mut to = [small.view_mut(), half.view_mut()];
        cast_copy(s, &[src.view()], &mut to, Some(one.view()), &rects).unwrap();
        let want = [0, 2, 2, 0, -2, -2, 126, 127, -128, 127, -128, 127, 127, 0, 1, -3_i8];
        assert_eq!(small.to_vec::<i8>(s).unwrap(), want);
        let got = half.to_vec::<half::f16>(s).unwrap();
        assert_eq!((got[9].to_f32(), got[10].to_f32()), (f32::INFINITY, f32::NEG_INFINITY));
        assert_eq!((got[11].to_f32(), got[12].to_f32()), (65504.0, f32::INFINITY));
    });
}

#[test]
fn without_checks() {
    let shapes: Vec<Shape> = (0..400).map(|i| (1 + i % 30, 1 + i * 7 % 600, i % 5, i % 2, i % 4 == 0)).collect();
    crate::fast(|| (0..3).for_each(|seed| check(&shapes, seed, 40)));
}

//! Arithmetic, element by element, and its form in repeats.

use half::f16;

use crate::core::load;
use crate::random::{Plain, Random, bytes, elements};

const BYTES: usize = 32768;
const LENGTHS: [usize; 5] = [1, 7, 64, 300, 4096];

/// `f(dst before, a, b)` of the first `n` elements is what op leaves, judged by `same`; the others keep what they held.
fn judge<T: Plain + std::fmt::Debug>(
    kernel: &str,
    op: u64,
    make: impl Fn(&mut Random) -> T,
    f: impl Fn(T, T, T) -> T,
    same: impl Fn(T, T) -> bool,
) {
    let count = BYTES / T::SIZE;
    let mut random = Random(op + 77);
    let mut all = || (0..count).map(|_| make(&mut random)).collect::<Vec<T>>();
    let (a, b, d) = (all(), all(), all());
    for n in LENGTHS {
        let buffers = [bytes(&a, BYTES), bytes(&b, BYTES), bytes(&d, BYTES)];
        let refs: Vec<&[u8]> = buffers.iter().map(Vec::as_slice).collect();
        for (name, after) in load("elementwise").results(kernel, &refs, &[n as u64, op]) {
            let got: Vec<T> = elements(&after[2]);
            for i in 0..n {
                let expected = f(d[i], a[i], b[i]);
                assert!(same(got[i], expected), "{name}, op {op}: {:?}, {:?}: {:?}, not {expected:?}", a[i], b[i], got[i]);
            }
            assert_eq!(after[2][n * T::SIZE..], buffers[2][n * T::SIZE..], "{name}, op {op}: it wrote behind its {n} elements");
        }
    }
}

fn equal_f32(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn equal_f16(a: f16, b: f16) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Within a few units in the last place: these functions are approximations on a card too.
fn near_f32(a: f32, b: f32) -> bool {
    equal_f32(a, b) || ((a - b) / b).abs() < 4.0 * f32::EPSILON
}

fn near_f16(a: f16, b: f16) -> bool {
    equal_f16(a, b) || (a.to_f64() - b.to_f64()).abs() <= b.to_f64().abs() * 0.001 + 6e-8
}

type Op = fn(f64, f64, f64) -> f64;

/// Of one rounding. The fused ones are given apart.
const ROUNDED: [(u64, Op); 15] = [
    (0, |_, a, b| a + b),
    (1, |_, a, b| a - b),
    (2, |_, a, b| a * b),
    (3, |_, a, b| if a > b { a } else { b }),
    (4, |_, a, b| if a < b { a } else { b }),
    (9, |_, a, b| a / b),
    (10, |_, a, b| (a + b).max(0.0)),
    (11, |_, a, b| (a - b).max(0.0)),
    (22, |_, a, _| a.abs()),
    (23, |_, a, _| if a > 0.0 { a } else { 0.0 }),
    (17, |_, a, _| a.exp()),
    (18, |_, a, _| a.ln()),
    (19, |_, a, _| a.sqrt()),
    (20, |_, a, _| 1.0 / a.sqrt()),
    (21, |_, a, _| 1.0 / a),
];

/// Exp, Ln, Rsqrt, Reciprocal.
const APPROXIMATE: [u64; 4] = [17, 18, 20, 21];

#[test]
fn float() {
    for (op, f) in ROUNDED {
        let exact = !APPROXIMATE.contains(&op);
        let f = |d: f32, a: f32, b: f32| f(d.into(), a.into(), b.into()) as f32;
        judge("binary_f32", op, Random::float, f, if exact { equal_f32 } else { near_f32 });
    }
    // A product is rounded before it is added to.
    judge("binary_f32", 12, Random::float, |d, a, b| a * b + d, equal_f32);
    judge("binary_f32", 13, Random::float, |d, a, b| a * d + b, equal_f32);
    judge("binary_f32", 14, Random::float, |d, a, b| (a * d + b).max(0.0), equal_f32);
}

#[test]
fn float16() {
    let make = |random: &mut Random| f16::from_f32(random.float());
    for (op, f) in ROUNDED {
        let exact = !APPROXIMATE.contains(&op);
        let f = |d: f16, a: f16, b: f16| f16::from_f64(f(d.into(), a.into(), b.into()));
        judge("binary_f16", op, make, f, if exact { equal_f16 } else { near_f16 });
    }
    judge("binary_f16", 12, make, |d, a, b| f16::from_f64(a.to_f64() * b.to_f64() + d.to_f64()), near_f16);
}

#[test]
fn integers_wrap_around() {
    type Op = fn(i64, i64) -> i64;
    let ops: [(u64, Op); 7] = [
        (0, |a, b| a + b),
        (1, |a, b| a - b),
        (2, i64::wrapping_mul),
        (3, i64::max),
        (4, i64::min),
        (9, |a, _| a << 3),
        (10, |a, _| a >> 3),
    ];
    for (op, f) in ops {
        judge("binary_i16", op, |r| r.next() as i16, |_, a, b| f(a.into(), b.into()) as i16, |a, b| a == b);
        judge("binary_i32", op, |r| r.next() as i32, |_, a, b| f(a.into(), b.into()) as i32, |a, b| a == b);
    }
    type Bits = fn(i16, i16) -> i16;
    let bits: [(u64, Bits); 3] = [(11, |a, b| a & b), (12, |a, b| a | b), (13, |a, _| !a)];
    for (op, f) in bits {
        judge("binary_i16", op, |r| r.next() as i16, |_, a, b| f(a, b), |a, b| a == b);
    }
}

/// The second operand is b's first element.
#[test]
fn a_scalar_meets_each_element() {
    type Op = fn(f32, f32, f32) -> f32;
    let ops: [(u64, Op); 6] = [
        (5, |_, a, s| a + s),
        (6, |_, a, s| a * s),
        (7, |_, a, s| a.max(s)),
        (8, |_, a, s| a.min(s)),
        (15, |d, a, s| a * s + d),
        (16, |_, a, s| if a > 0.0 { a } else { a * s }),
    ];
    const N: usize = 1000;
    let mut random = Random(5);
    let mut all = || (0..N).map(|_| random.float()).collect::<Vec<f32>>();
    let (a, b, d) = (all(), all(), all());
    for (op, f) in ops {
        let buffers = [bytes(&a, BYTES), bytes(&b, BYTES), bytes(&d, BYTES)];
        for (name, after) in load("elementwise").results("binary_f32", &buffers.each_ref().map(Vec::as_slice), &[N as u64, op]) {
            let expected: Vec<f32> = (0..N).map(|i| f(d[i], a[i], b[0])).collect();
            assert_eq!(elements::<f32>(&after[2])[..N], expected, "{name}, op {op}");
        }
        if op > 8 {
            continue;
        }
        let halves = |x: &[f32]| bytes(&x.iter().map(|&x| f16::from_f32(x)).collect::<Vec<_>>(), BYTES);
        let buffers = [halves(&a), halves(&b), halves(&d)];
        let h = |x: f32| f16::from_f32(x).to_f32();
        for (name, after) in load("elementwise").results("binary_f16", &buffers.each_ref().map(Vec::as_slice), &[N as u64, op]) {
            let expected: Vec<f16> = (0..N).map(|i| f16::from_f32(f(0.0, h(a[i]), h(b[0])))).collect();
            assert_eq!(elements::<f16>(&after[2])[..N], expected, "{name}, op {op}");
        }
    }
}

#[test]
fn half_adds_into_float() {
    const N: usize = 500;
    let mut random = Random(11);
    let a: Vec<f16> = (0..N).map(|_| f16::from_f32(random.float())).collect();
    let b: Vec<f16> = (0..N).map(|_| f16::from_f32(random.float())).collect();
    let d: Vec<f32> = (0..N).map(|_| random.float()).collect();
    let buffers = [bytes(&a, BYTES), bytes(&b, BYTES), bytes(&d, BYTES)];
    for op in 0..2 {
        for (name, after) in load("elementwise").results("mixed", &buffers.each_ref().map(Vec::as_slice), &[N as u64, op]) {
            let by = |i: usize| if op == 0 { b[0] } else { b[i] };
            let expected: Vec<f32> = (0..N).map(|i| a[i].to_f32() * by(i).to_f32() + d[i]).collect();
            assert_eq!(elements::<f32>(&after[2])[..N], expected, "{name}, op {op}");
        }
    }
}

/// Masks, strides and repeats against the vendor's definition, written as the plainest loop.
#[test]
fn repeats_step_by_blocks() {
    repeated::<f32>("repeated_f32", Random::float, |a, b| a + b);
    repeated::<f16>("repeated_f16", |r| f16::from_f32(r.float()), |a, b| f16::from_f32(a.to_f32() + b.to_f32()));
}

fn repeated<T: Plain + PartialEq + std::fmt::Debug>(kernel: &str, make: impl Fn(&mut Random) -> T, add: impl Fn(T, T) -> T) {
    let mut random = Random(3);
    let (count, lanes, per_block) = (BYTES / T::SIZE, 256 / T::SIZE, 32 / T::SIZE);
    for round in 0..40 {
        let mut all = || (0..count).map(|_| make(&mut random)).collect::<Vec<T>>();
        let (a, b, mut d) = (all(), all(), all());
        let buffers = [bytes(&a, BYTES), bytes(&b, BYTES), bytes(&d, BYTES)];
        let bits = round % 3;
        let mut mask = [random.next(), random.next()];
        if bits == 0 {
            mask = [1 + random.below(lanes as u64), 0];
        } else if T::SIZE == 4 {
            mask[1] = 0;
        }
        let repeat = 1 + random.below(9) as u8;
        let stride = |random: &mut Random, least: u64, range: u64| (least + random.below(range)) as u8;
        // The destination's blocks must not meet; sources may step by nothing.
        let dst_blk = stride(&mut random, 1, 3);
        let dst_rep = stride(&mut random, 7 * u64::from(dst_blk) + 1, 3);
        let blks = [stride(&mut random, 0, 4), stride(&mut random, 0, 4)];
        let reps = [stride(&mut random, 0, 20), stride(&mut random, 0, 20)];
        let packed = [repeat, dst_blk, blks[0], blks[1], dst_rep, reps[0], reps[1], 0];
        let on = |lane: usize| match bits {
            0 => (lane as u64) < mask[0],
            _ => mask[lane / 64] >> (lane % 64) & 1 == 1,
        };
        for r in 0..usize::from(repeat) {
            for lane in (0..lanes).filter(|&lane| on(lane)) {
                let place = |blk: u8, rep: u8| {
                    (r * usize::from(rep) + lane / per_block * usize::from(blk)) * per_block + lane % per_block
                };
                d[place(dst_blk, dst_rep)] = add(a[place(blks[0], reps[0])], b[place(blks[1], reps[1])]);
            }
        }
        let words = [mask[0], mask[1], bits, u64::from_le_bytes(packed)];
        for (name, after) in load("elementwise").results(kernel, &buffers.each_ref().map(Vec::as_slice), &words) {
            assert!(elements::<T>(&after[2]) == d, "{name}: {words:x?}");
        }
    }
}

//! Casts, products and roundings of the same elements, which fast images put off and do together: programs of calls, each of which
//! must leave what it leaves alone, whatever comes between.

use half::{bf16, f16};

use crate::core::load;
use crate::random::{Plain, Random, bytes};

const BYTES: usize = 12288;
/// Most elements of a call, and where what they are lies in UB.
const MOST: usize = 512;
const NARROW: usize = 0;
const INT8: usize = 1024;
const FIRST: usize = 1536;
const X: usize = 2560;
const SCALES: usize = 4608;
const LAST: usize = 6656;
const BYTE: usize = 7680;
const SEEN: usize = 8192;
const OTHER: usize = 8704;

/// As the kernel has them: places in bytes, lengths in elements.
#[derive(Clone, Copy, Debug)]
enum Call {
    HalfOfInt8(usize, usize, usize),
    FloatOfHalf(usize, usize, usize),
    FloatOfBf16(usize, usize, usize),
    Mul(usize, usize, usize, usize),
    Muls(usize, usize, usize, f32),
    Rint(usize, usize, usize),
    HalfOfFloat(usize, usize, usize),
    Bf16OfFloat(usize, usize, usize),
    Int8OfHalf(usize, usize, usize),
    Adds(usize, usize, usize, f32),
    /// 16 bits, by the program itself.
    Move(usize, usize),
    /// Lanes of each of so many repeats, to planes so many blocks apart.
    Planes(usize, usize, usize, usize, usize),
}
use Call::*;

impl Call {
    fn words(self) -> [u32; 5] {
        let words = |call, dst, src, n, more| [call, dst as u32, src as u32, n as u32, more];
        match self {
            HalfOfInt8(dst, src, n) => words(0, dst, src, n, 0),
            FloatOfHalf(dst, src, n) => words(1, dst, src, n, 0),
            FloatOfBf16(dst, src, n) => words(2, dst, src, n, 0),
            Mul(dst, src, scales, n) => words(3, dst, src, n, scales as u32),
            Muls(dst, src, n, scale) => words(4, dst, src, n, scale.to_bits()),
            Rint(dst, src, n) => words(5, dst, src, n, 0),
            HalfOfFloat(dst, src, n) => words(6, dst, src, n, 0),
            Bf16OfFloat(dst, src, n) => words(7, dst, src, n, 0),
            Int8OfHalf(dst, src, n) => words(8, dst, src, n, 0),
            Adds(dst, src, n, x) => words(9, dst, src, n, x.to_bits()),
            Move(dst, src) => words(10, dst, src, 1, 0),
            Planes(dst, src, lanes, repeats, blocks) => words(11, dst, src, repeats, (blocks * 256 + lanes) as u32),
        }
    }

    /// What it does to UB.
    fn run(self, ub: &mut [u8]) {
        match self {
            HalfOfInt8(dst, src, n) => each(ub, dst, src, n, |x: i8| f16::from_f32(x.into())),
            FloatOfHalf(dst, src, n) => each(ub, dst, src, n, f16::to_f32),
            FloatOfBf16(dst, src, n) => each(ub, dst, src, n, bf16::to_f32),
            Mul(dst, src, scales, n) => {
                let all: Vec<f32> = (0..n).map(|i| get::<f32>(ub, src + 4 * i) * get::<f32>(ub, scales + 4 * i)).collect();
                all.iter().enumerate().for_each(|(i, &x)| put(ub, dst + 4 * i, x));
            }
            Muls(dst, src, n, scale) => each(ub, dst, src, n, |x: f32| x * scale),
            Rint(dst, src, n) => each(ub, dst, src, n, f32::round_ties_even),
            HalfOfFloat(dst, src, n) => each(ub, dst, src, n, f16::from_f32),
            Bf16OfFloat(dst, src, n) => each(ub, dst, src, n, bf16::from_f32),
            Int8OfHalf(dst, src, n) => each(ub, dst, src, n, int8),
            Adds(dst, src, n, more) => each(ub, dst, src, n, |x: f32| x + more),
            Move(dst, src) => each(ub, dst, src, 1, |x: u16| x),
            Planes(dst, src, lanes, repeats, blocks) => {
                for (repeat, lane) in (0..repeats).flat_map(|repeat| (0..lanes).map(move |lane| (repeat, lane))) {
                    let to = dst + 32 * repeat + lane / 32 * 32 * blocks + lane % 32;
                    each(ub, to, src + 256 * repeat + 2 * lane, 1, int8);
                }
            }
        }
    }
}

/// A NaN becomes 0 and what is too large the largest, as `as` has it.
fn int8(x: f16) -> i8 {
    x.to_f32().round_ties_even() as i8
}

fn get<T: Plain>(ub: &[u8], at: usize) -> T {
    T::get(&ub[at..at + T::SIZE])
}

fn put<T: Plain>(ub: &mut [u8], at: usize, x: T) {
    let mut bytes = Vec::new();
    x.put(&mut bytes);
    ub[at..at + T::SIZE].copy_from_slice(&bytes);
}

/// All are read before one is written.
fn each<S: Plain, D: Plain>(ub: &mut [u8], dst: usize, src: usize, n: usize, f: impl Fn(S) -> D) {
    let all: Vec<D> = (0..n).map(|i| f(get(ub, src + i * S::SIZE))).collect();
    all.into_iter().enumerate().for_each(|(i, x)| put(ub, dst + i * D::SIZE, x));
}

/// A half, or a bf16: numbers of all sizes, ties, infinities and NaNs without a payload, which instructions keep and others do not.
fn narrow(random: &mut Random, brain: bool) -> u16 {
    let bits = match random.below(4) {
        0 => random.next() as u16,
        1 => f16::from_f32(random.float() * 100.0).to_bits(),
        2 => f16::from_f32((random.below(600) as f32 - 300.0) / 2.0).to_bits(),
        _ => bf16::from_f32(random.float() * 100.0).to_bits(),
    };
    let (infinity, nan) = if brain { (0x7f80, 0x7fc0) } else { (0x7c00, 0x7e00) };
    if bits & 0x7fff > infinity { bits & 0x8000 | nan } else { bits }
}

fn memory(random: &mut Random, brain: bool) -> Vec<u8> {
    let mut ub = vec![0; BYTES];
    for at in [X, SCALES, OTHER] {
        (0..MOST).for_each(|i| put(&mut ub, at + 4 * i, random.float()));
    }
    for (at, brain) in [(NARROW, brain), (FIRST, false), (LAST, false)] {
        (0..MOST).for_each(|i| put(&mut ub, at + 2 * i, narrow(random, brain)));
    }
    (0..MOST).for_each(|i| put(&mut ub, INT8 + i, random.next() as u8));
    ub
}

/// The calls of a chain, whole or in part.
fn chain(random: &mut Random, brain: bool, calls: &mut Vec<Call>) {
    let n = [32, 48, 64, 256, 288, MOST][random.below(6) as usize];
    match random.below(3) {
        0 => calls.extend([HalfOfInt8(FIRST, INT8, n), FloatOfHalf(X, FIRST, n)]),
        _ if brain => calls.push(FloatOfBf16(X, NARROW, n)),
        _ => calls.push(FloatOfHalf(X, NARROW, n)),
    }
    let rows = [1, 1, 2, 4][random.below(4) as usize];
    let row = n / rows / 8 * 8;
    match random.below(5) {
        0 => {}
        1 | 2 => calls.push(Muls(X, X, n, random.float())),
        _ => calls.extend((0..rows).map(|i| Mul(X + 4 * row * i, X + 4 * row * i, SCALES, row))),
    }
    if random.below(2) == 0 {
        calls.push(Rint(X, X, n));
    }
    let half = if random.below(3) == 0 { NARROW } else { LAST };
    match random.below(4) {
        // Not where it would be taken for halves.
        0 => calls.push(Bf16OfFloat(if brain { half } else { BYTE }, X, n.min(256))),
        1 => calls.push(HalfOfFloat(half, X, n)),
        _ => calls.extend([HalfOfFloat(half, X, n), Int8OfHalf(BYTE, half, n)]),
    }
}

/// A call that meets a chain.
fn stranger(random: &mut Random) -> Call {
    let place = 32 * random.below(8) as usize;
    let n = 8 * (1 + random.below(8) as usize);
    match random.below(9) {
        0 => Adds(X + place, X + place, n, 0.5),
        1 => Adds(SCALES + place, SCALES + place, n, 0.25),
        2 => HalfOfFloat(NARROW + place, OTHER, n),
        3 => HalfOfFloat(FIRST + place, OTHER, n),
        4 => FloatOfHalf(OTHER + place, LAST, n),
        5 => Muls(X, OTHER, n, 3.0),
        6 => Muls(X, X, 32, -2.0),
        7 => Move(SEEN + 32 * random.below(16) as usize, [NARROW, FIRST, X, LAST][random.below(4) as usize] + place),
        _ => Move([NARROW, FIRST, X, SCALES][random.below(4) as usize] + place, NARROW + 32),
    }
}

fn judge(ub: &[u8], calls: &[Call]) {
    let mut expected = ub.to_vec();
    calls.iter().for_each(|call| call.run(&mut expected));
    let words: Vec<u32> = calls.iter().flat_map(|call| call.words()).collect();
    let words = bytes(&words, (4 * words.len()).next_multiple_of(8));
    for (name, after) in load("chains").results("chains", &[ub, &words], &[calls.len() as u64]) {
        if let Some(at) = after[0].iter().zip(&expected).position(|(got, wanted)| got != wanted) {
            let four = |ub: &[u8]| get::<u32>(ub, at / 4 * 4);
            panic!(
                "{name}: byte {at} of UB, {:#x} was {:#x} and not {:#x}, after {calls:?}",
                four(ub),
                four(&after[0]),
                four(&expected)
            );
        }
    }
}

#[test]
fn calls_leave_the_same_together() {
    let mut random = Random(41);
    for i in 0..600 {
        let brain = i % 2 == 0;
        let ub = memory(&mut random, brain);
        let mut calls = Vec::new();
        for _ in 0..1 + random.below(4) {
            chain(&mut random, brain, &mut calls);
        }
        for _ in 0..random.below(4) {
            calls.insert(random.below(calls.len() as u64 + 1) as usize, stranger(&mut random));
        }
        judge(&ub, &calls);
    }
}

#[test]
fn what_is_made_in_place() {
    let mut random = Random(42);
    let start = [FloatOfBf16(X, NARROW, 256), Muls(X, X, 256, 1.5), Rint(X, X, 256)];
    let ends: [&[Call]; 4] = [
        // Where the floats are, and where halves were.
        &[HalfOfFloat(X, X, 256), Int8OfHalf(X, X, 256)],
        &[HalfOfFloat(NARROW, X, 256), Int8OfHalf(NARROW, NARROW, 256)],
        // Within what the chain begins with.
        &[HalfOfFloat(NARROW + 64, X, 256), Int8OfHalf(NARROW, NARROW + 64, 64)],
        &[HalfOfFloat(LAST, X, 256), Int8OfHalf(X + 32, LAST, 256)],
    ];
    for end in ends {
        judge(&memory(&mut random, true), &[&start[..], end].concat());
    }
    // The scales are what is scaled; results lie over scales, and over what int8 became first; scales are what that becomes.
    let begin = FloatOfHalf(X, NARROW, 64);
    let int8 = [HalfOfInt8(FIRST, INT8, 64), FloatOfHalf(X, FIRST, 64)];
    judge(&memory(&mut random, false), &[begin, Mul(X, X, X, 64), HalfOfFloat(LAST, X, 64)]);
    judge(&memory(&mut random, false), &[begin, Mul(X, X, SCALES, 64), HalfOfFloat(SCALES + 192, X, 64)]);
    judge(&memory(&mut random, false), &[&int8[..], &[Muls(X, X, 64, 0.5), Bf16OfFloat(FIRST + 64, X, 64)]].concat());
    judge(&memory(&mut random, false), &[&int8[..], &[Mul(X, X, FIRST, 64), HalfOfFloat(LAST, X, 64)]].concat());
}

#[test]
fn planes() {
    let mut random = Random(43);
    for (lanes, repeats, blocks) in [(128, 4, 4), (128, 3, 7), (96, 4, 8), (100, 4, 4), (128, 4, 1), (32, 4, 5), (33, 2, 3)] {
        // Where blocks adjoin, each repeat writes over most of the one before.
        judge(&memory(&mut random, false), &[Planes(OTHER, NARROW, lanes, repeats, blocks), Move(SEEN, OTHER)]);
    }
    // What is put off comes first.
    judge(
        &memory(&mut random, false),
        &[FloatOfHalf(X, NARROW, MOST), Muls(X, X, MOST, 0.5), HalfOfFloat(LAST, X, MOST), Planes(OTHER, LAST, 128, 4, 4)],
    );
}

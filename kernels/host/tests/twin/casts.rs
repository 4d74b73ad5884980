//! Cast, with every pair of types and mode of rounding, against neighbours looked up in the table of all values of a type.

use half::{bf16, f16};

use crate::core::load;
use crate::random::{Plain, Random, bytes, elements};

const BYTES: usize = 65536;

/// As RoundMode counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    None,
    Rint,
    Floor,
    Ceil,
    Round,
    Trunc,
    Odd,
}
use Mode::{Ceil, Floor, Odd, Rint, Round, Trunc};

const FIVE: [Mode; 5] = [Rint, Floor, Ceil, Round, Trunc];
const NONE: [Mode; 1] = [Mode::None];

fn judge<S: Plain + std::fmt::Debug, D: Plain + std::fmt::Debug>(
    pair: u64,
    modes: &[Mode],
    source: &[S],
    f: impl Fn(S, Mode) -> D,
    same: impl Fn(D, D) -> bool,
) {
    let n = source.len();
    assert!(n * S::SIZE.max(D::SIZE) <= BYTES);
    for &mode in modes {
        let buffers = [bytes(source, BYTES), vec![0x55; BYTES]];
        for (name, after) in load("casts").results("cast", &buffers.each_ref().map(Vec::as_slice), &[n as u64, mode as u64, pair])
        {
            let got: Vec<D> = elements(&after[1]);
            for (i, &x) in source.iter().enumerate() {
                let expected = f(x, mode);
                assert!(same(got[i], expected), "{name}, pair {pair}, {mode:?}: {x:?} became {:?}, not {expected:?}", got[i]);
            }
            assert!(
                after[1][n * D::SIZE..].iter().all(|&byte| byte == 0x55),
                "{name}, pair {pair}: it wrote behind {n} elements"
            );
        }
    }
}

/// Values around which rounding turns, and random ones.
fn floats() -> Vec<f32> {
    let mut all = vec![
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.5,
        -1.5,
        2.5,
        -2.5,
        0.499_999_97,
        126.5,
        127.5,
        128.0,
        -128.5,
        -129.0,
        255.5,
        256.0,
        32767.5,
        -32768.5,
        65504.0,
        65519.9,
        65520.0,
        65536.0,
        -65520.0,
        1e9,
        -1e9,
        2_147_483_520.0,
        2_147_483_648.0,
        -2_147_483_648.0,
        3e9,
        1e30,
        -1e30,
        6e-8,
        2.98e-8,
        2.980_232_3e-8,
        1e-8,
        6.1e-5,
        6.104e-5,
        1e-40,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MAX,
        f32::MIN,
        1.000_488_3,
        1.000_488_4,
        1.001_464_8,
        1.003_906_3,
        1.011_718_8,
        8_388_609.0,
        16_777_215.0,
        -8_388_607.5,
    ];
    let mut random = Random(9);
    all.extend((0..500).map(|_| f32::from_bits(random.next() as u32)));
    all.extend((0..500).map(|_| random.float() * 100.0));
    all
}

fn halves() -> Vec<f16> {
    (0..=u16::MAX).step_by(5).map(f16::from_bits).collect()
}

/// Ties by mode; `lower` is what lies below, `odd` tells an odd last bit.
fn pick<T: Copy>(x: f64, lower: (f64, T), upper: (f64, T), mode: Mode, odd: impl Fn(T) -> bool) -> T {
    let (low, high) = (x - lower.0, upper.0 - x);
    match mode {
        _ if low == 0.0 => lower.1,
        _ if high == 0.0 => upper.1,
        Floor => lower.1,
        Ceil => upper.1,
        Trunc => {
            if x > 0.0 {
                lower.1
            } else {
                upper.1
            }
        }
        Odd => {
            if odd(lower.1) {
                lower.1
            } else {
                upper.1
            }
        }
        _ if low < high => lower.1,
        _ if high < low => upper.1,
        Round => {
            if x > 0.0 {
                upper.1
            } else {
                lower.1
            }
        }
        _ => {
            if odd(lower.1) {
                upper.1
            } else {
                lower.1
            }
        }
    }
}

/// All values of a type of 16 bits, in order, but NaN. Infinity stands one step beyond the largest.
struct Table {
    values: Vec<(f64, u16)>,
}

impl Table {
    fn new(value: impl Fn(u16) -> f64, beyond: f64) -> Table {
        let step = |x: f64| if x.is_infinite() { beyond.copysign(x) } else { x };
        let mut values: Vec<(f64, u16)> = (0..=u16::MAX)
            .filter(|&bits| bits != 0x8000 && !value(bits).is_nan())
            .map(|bits| (step(value(bits)), bits))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        Table { values }
    }

    fn round(&self, x: f64, mode: Mode) -> u16 {
        let last = self.values.len() - 1;
        let above = self.values.partition_point(|&(value, _)| value < x);
        let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
        if x.is_infinite() {
            return self.values[if x > 0.0 { last } else { 0 }].1;
        }
        // Beyond the last step: infinity, or the largest number where the mode goes towards zero.
        let bits = if above > last {
            if matches!(mode, Floor | Trunc | Odd) { self.values[last - 1].1 } else { self.values[last].1 }
        } else if above == 0 {
            if matches!(mode, Ceil | Trunc | Odd) { self.values[1].1 } else { self.values[0].1 }
        } else if (above == last || above == 1) && x.abs() == self.values[last].0 {
            // Equals the step that stands for infinity, but is a number itself.
            let inward = if x > 0.0 { self.values[last - 1].1 } else { self.values[1].1 };
            let towards_zero = mode == Trunc || mode == Odd || (mode == Floor) == (x > 0.0) && matches!(mode, Floor | Ceil);
            if towards_zero { inward } else { self.values[if x > 0.0 { last } else { 0 }].1 }
        } else {
            pick(x, self.values[above - 1], self.values[above], mode, |bits| bits & 1 == 1)
        };
        // Zero keeps the sign.
        if bits & 0x7fff == 0 { sign } else { bits }
    }
}

fn integral(x: f64, mode: Mode) -> f64 {
    let low = x.floor();
    pick(x, (low, low), (low + 1.0, low + 1.0), mode, |value| value % 2.0 != 0.0)
}

fn clamped(x: f64, low: f64, high: f64, mode: Mode) -> f64 {
    if x.is_nan() {
        0.0
    } else if x.is_infinite() {
        x.clamp(low, high)
    } else {
        integral(x, mode).clamp(low, high)
    }
}

#[test]
fn float_to_16_bits() {
    let f16s = Table::new(|bits| f16::from_bits(bits).to_f64(), 65536.0);
    let bf16s = Table::new(|bits| bf16::from_bits(bits).to_f64(), 2_f64.powi(128));
    let same = |a: u16, b: u16, nan: fn(u16) -> bool| a == b || (nan(a) && nan(b));
    let with_nan = |x: f32, table: &Table, mode, nan: u16| if x.is_nan() { nan } else { table.round(x.into(), mode) };
    let modes = [Mode::None, Rint, Floor, Ceil, Round, Trunc, Odd];
    judge(0, &modes, &floats(), |x, mode| with_nan(x, &f16s, mode, 0x7e00), |a, b| same(a, b, |x| f16::from_bits(x).is_nan()));
    judge(1, &FIVE, &floats(), |x, mode| with_nan(x, &bf16s, mode, 0x7fc0), |a, b| same(a, b, |x| bf16::from_bits(x).is_nan()));
}

#[test]
fn float_to_integers() {
    let i32_of = |x: f32, mode| clamped(x.into(), i32::MIN.into(), i32::MAX.into(), mode) as i32;
    judge(2, &FIVE, &floats(), i32_of, |a, b| a == b);
    judge(3, &FIVE, &floats(), |x, mode| clamped(x.into(), -32768.0, 32767.0, mode) as i16, |a, b| a == b);
    // The largest is no float: `as` saturates.
    judge(16, &FIVE, &floats(), |x, mode| clamped(x.into(), f64::MIN, f64::MAX, mode) as i64, |a, b| a == b);
    let rounded = |x: f32, mode| if x.is_finite() { (integral(x.into(), mode) as f32).copysign(x) } else { x };
    judge(4, &FIVE, &floats(), rounded, |a: f32, b| a == b || (a.is_nan() && b.is_nan()));
}

#[test]
fn half_to_integers() {
    let eight: Vec<Mode> = NONE.into_iter().chain(FIVE).collect();
    judge(7, &eight, &halves(), |x, mode| clamped(x.into(), -128.0, 127.0, mode) as i8, |a, b| a == b);
    judge(8, &eight, &halves(), |x, mode| clamped(x.into(), 0.0, 255.0, mode) as u8, |a, b| a == b);
    judge(9, &FIVE, &halves(), |x, mode| clamped(x.into(), -32768.0, 32767.0, mode) as i16, |a, b| a == b);
    judge(10, &FIVE, &halves(), |x, mode| clamped(x.into(), i32::MIN.into(), i32::MAX.into(), mode) as i32, |a, b| a == b);
    let wide: Vec<bf16> = (0..=u16::MAX).step_by(5).map(bf16::from_bits).collect();
    judge(15, &FIVE, &wide, |x, mode| clamped(x.into(), i32::MIN.into(), i32::MAX.into(), mode) as i32, |a, b| a == b);
}

#[test]
fn what_is_exact() {
    let nan = |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    judge(5, &NONE, &halves(), |x, _| x.to_f32(), nan);
    let wide: Vec<bf16> = (0..=u16::MAX).step_by(5).map(bf16::from_bits).collect();
    judge(6, &NONE, &wide, |x, _| x.to_f32(), nan);
    let bytes: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    judge(11, &NONE, &bytes, |x, _| f16::from_f32(x.into()), |a, b| a == b);
    let bytes: Vec<u8> = (0..=255).collect();
    judge(12, &NONE, &bytes, |x, _| f16::from_f32(x.into()), |a, b| a == b);
    let words: Vec<i16> = (i16::MIN..=i16::MAX).step_by(7).collect();
    judge(19, &NONE, &words, |x, _| f32::from(x), |a, b| a == b);
}

#[test]
fn integers_to_floats() {
    let mut random = Random(21);
    let words: Vec<i32> = (0..2000).map(|_| random.next() as i32 >> random.below(24)).collect();
    let f32_of = |x: i32, mode| {
        let exact = f64::from(x);
        let near = x as f32;
        let step = |up: bool| f32::from_bits(if up == (near > 0.0) { near.to_bits() + 1 } else { near.to_bits() - 1 });
        if f64::from(near) == exact {
            return near;
        }
        let (low, high) = if f64::from(near) < exact { (near, step(true)) } else { (step(false), near) };
        pick(exact, (low.into(), low), (high.into(), high), mode, |value| value.to_bits() & 1 == 1)
    };
    let modes: Vec<Mode> = NONE.into_iter().chain(FIVE).collect();
    judge(13, &modes, &words, f32_of, |a, b| a == b);
    judge(17, &NONE, &words, |x, _| x.clamp(-32768, 32767) as i16, |a, b| a == b);
    judge(18, &NONE, &words, |x, _| f16::from_f32(x as f32 * 0.5), |a, b| a == b);
    let f16s = Table::new(|bits| f16::from_bits(bits).to_f64(), 65536.0);
    let words: Vec<i16> = (i16::MIN..=i16::MAX).step_by(7).collect();
    judge(14, &FIVE, &words, |x, mode| f16s.round(x.into(), mode), |a, b| a == b);
}

#[test]
fn in_place_and_in_repeats() {
    let source: Vec<f32> = (0..256).map(|i| i as f32 * 0.37 - 40.0).collect();
    let expected: Vec<f32> = source.iter().map(|x| x.round_ties_even()).collect();
    for (name, after) in load("casts").results("in_place", &[&bytes(&source, 1024), &[0; 1024]], &[256]) {
        assert_eq!(elements::<f32>(&after[1]), expected, "{name}");
    }

    let source: Vec<f16> = (0..2048).map(|i| f16::from_f32(i as f32)).collect();
    let before: Vec<f32> = vec![-1.0; 2048];
    let mut expected = before.clone();
    for repeat in 0..3 {
        for lane in 0..50 {
            // A block holds 16 half or 8 float.
            expected[repeat * 80 + lane] = source[repeat * 128 + lane / 16 * 32 + lane % 16].to_f32();
        }
    }
    let buffers = [bytes(&source, 4096), bytes(&before, 8192)];
    for (name, after) in load("casts").results("in_repeats", &buffers.each_ref().map(Vec::as_slice), &[]) {
        assert_eq!(elements::<f32>(&after[1]), expected, "{name}");
    }
}

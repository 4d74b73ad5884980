//! Comparisons, selections, gathers and fills, each against its definition.

use half::f16;

use crate::core::load;
use crate::random::{Plain, Random, bytes, elements};

const BYTES: usize = 16384;

/// Runs a call; what d holds then, and how many elements were kept.
fn run<T: Plain>(call: u64, n: u64, a: &[T], b: &[u8], d: &[u8]) -> Vec<(String, Vec<u8>, u32)> {
    let kernel = if T::SIZE == 4 { "pick_f32" } else { "pick_f16" };
    let mut room = d.to_vec();
    room.resize(BYTES + 32, 0);
    let buffers = [bytes(a, BYTES), b.to_vec(), room];
    let results = load("picks").results(kernel, &buffers.each_ref().map(Vec::as_slice), &[call, n]);
    results
        .into_iter()
        .map(|(name, after)| (format!("{name}, call {call}"), after[2][..BYTES].to_vec(), u32::get(&after[2][BYTES..BYTES + 4])))
        .collect()
}

fn check<T: Plain>(call: u64, n: u64, a: &[T], b: &[u8], expected: impl Fn(&mut Vec<T>)) {
    let mut random = Random(call + 1);
    let d: Vec<u8> = (0..BYTES).map(|_| random.next() as u8 & 0x3f).collect();
    let mut target: Vec<T> = elements(&d);
    expected(&mut target);
    for (name, after, _) in run(call, n, a, b, &d) {
        let wanted = bytes(&target, BYTES);
        let place = (0..BYTES).find(|&i| after[i] != wanted[i]);
        assert!(place.is_none(), "{name}: at byte {place:?}");
    }
}

trait Element: Plain {
    fn value(self) -> f32;
    fn of(x: f32) -> Self;
}
impl Element for f32 {
    fn value(self) -> f32 {
        self
    }
    fn of(x: f32) -> f32 {
        x
    }
}
impl Element for f16 {
    fn value(self) -> f32 {
        self.to_f32()
    }
    fn of(x: f32) -> f16 {
        f16::from_f32(x)
    }
}

fn both(test: (fn(), fn())) {
    (test.0)();
    (test.1)();
}

/// Small numbers, so that many are equal.
fn numbers<T: Element>(seed: u64) -> Vec<T> {
    let mut random = Random(seed);
    (0..BYTES / T::SIZE).map(|_| T::of(random.below(5) as f32 - 2.0)).collect()
}

fn compares<T: Element>() {
    let (a, b) = (numbers::<T>(1), numbers::<T>(2));
    let lanes = 256 / T::SIZE;
    let n = 3 * lanes;
    let per_block = 32 / T::SIZE;
    let bits = |call: u64, holds: &dyn Fn(usize) -> bool| {
        for (name, after, _) in run(call, n as u64, &a, &bytes(&b, BYTES), &vec![0xaa; BYTES]) {
            let mut expected = vec![0xaa_u8; BYTES];
            expected[..n / 8].fill(0);
            (0..n).filter(|&i| holds(i)).for_each(|i| expected[i / 8] |= 1 << (i % 8));
            assert!(after == expected, "{name}");
        }
    };
    bits(0, &|i| a[i].value() < b[i].value());
    bits(1, &|i| a[i].value() >= b[i].value());
    bits(2, &|i| a[i].value() == b[0].value());
    bits(3, &|i| {
        let (repeat, lane) = (i / lanes, i % lanes);
        let x = (repeat * 16 + lane / per_block * 2) * per_block + lane % per_block;
        a[x].value() > b[i].value()
    });
}

#[test]
fn comparisons_leave_bits() {
    both((compares::<f32>, compares::<f16>));
}

fn selects<T: Element>() {
    let a = numbers::<T>(3);
    let mut random = Random(4);
    let b: Vec<u8> = (0..BYTES).map(|_| random.next() as u8).collect();
    let bit = |i: usize| b[i / 8] >> (i % 8) & 1 == 1;
    let lanes = 256 / T::SIZE;
    let n = 2 * lanes + 11;
    check(4, n as u64, &a, &b, |d| (0..n).for_each(|i| d[i] = if bit(i) { a[i] } else { T::of(2.0) }));
    // The mask starts 256 bytes into b.
    check(5, n as u64, &a, &b, |d| (0..n).for_each(|i| d[i] = if bit(2048 + i) { a[i] } else { a[1024 + i] }));
    // Mode 0: the same bits for each repeat.
    check(6, n as u64, &a, &b, |d| (0..n).for_each(|i| d[i] = if bit(i % lanes) { a[i] } else { a[1024 + i] }));
    check(7, 0, &a, &b, |d| {
        for repeat in 0..3 {
            for lane in 0..40 {
                let i = repeat * lanes + lane;
                d[repeat * 9 * (32 / T::SIZE) + lane] = if bit(i) { a[i] } else { a[1024 + i] };
            }
        }
    });
}

#[test]
fn selections_follow_bits() {
    both((selects::<f32>, selects::<f16>));
}

fn gathers<T: Element>() {
    let a: Vec<T> = (0..BYTES / T::SIZE).map(|i| T::of((i % 2000) as f32)).collect();
    let mut random = Random(5);
    let n = 200;
    let offsets: Vec<u32> = (0..1000).map(|_| random.below(3000) as u32 * T::SIZE as u32).collect();
    let b = bytes(&offsets, BYTES);
    check(8, n, &a, &b, |d| (0..n as usize).for_each(|i| d[i] = a[(64 + offsets[i] as usize) / T::SIZE]));
    check(9, 0, &a, &b, |d| {
        for repeat in 0..3 {
            for lane in 0..30 {
                d[repeat * 10 * (32 / T::SIZE) + lane] = a[offsets[repeat * (256 / T::SIZE) + lane] as usize / T::SIZE];
            }
        }
    });
    let blocks: Vec<u32> = (0..24).map(|_| random.below(500) as u32 * 32).collect();
    check(10, 0, &a, &bytes(&blocks, BYTES), |d| {
        for (i, &block) in blocks.iter().enumerate() {
            let (to, per_block) = ((i / 8 * 16 + i % 8 * 2) * (32 / T::SIZE), 32 / T::SIZE);
            d[to..to + per_block].copy_from_slice(&a[block as usize / T::SIZE..][..per_block]);
        }
    });
}

#[test]
fn gathers_go_by_bytes() {
    both((gathers::<f32>, gathers::<f16>));
}

fn fills<T: Element>() {
    let (a, b) = (numbers::<T>(6), numbers::<T>(7));
    let per_block = 32 / T::SIZE;
    let bytes_b = bytes(&b, BYTES);
    check(11, 0, &a, &bytes_b, |d| {
        for (i, &x) in a.iter().enumerate().take(40) {
            let to = (i / 8 * 16 + i % 8 * 2) * per_block;
            d[to..to + per_block].fill(x);
        }
    });
    check(12, 77, &a, &bytes_b, |d| d[..77].fill(b[0]));
    check(13, 0, &a, &bytes_b, |d| {
        for repeat in 0..3 {
            (0..20).for_each(|lane| d[(repeat * 17 + lane / per_block * 2) * per_block + lane % per_block] = b[0]);
        }
    });
    check(14, 100, &a, &bytes_b, |d| (0..100).for_each(|i| d[i] = T::of(5.0 + i as f32)));
    check(15, 0, &a, &bytes_b, |d| {
        let half = 128 / T::SIZE;
        for repeat in 0..3 {
            for lane in 0..half {
                let from = (repeat * 16 + lane / per_block * 2) * per_block + lane % per_block;
                d[repeat * 9 * per_block + lane] = a[from];
            }
        }
    });
}

#[test]
fn fills_and_copies() {
    both((fills::<f32>, fills::<f16>));
}

fn masks<T: Element>() {
    let a: Vec<T> = (0..BYTES / T::SIZE).map(|i| T::of((i % 2000) as f32)).collect();
    let mut random = Random(8);
    let b: Vec<u8> = (0..BYTES).map(|_| random.next() as u8).collect();
    let (lanes, per_block) = (256 / T::SIZE, 32 / T::SIZE);
    let kept = |call: u64, expected: Vec<T>| {
        let d = vec![0x11; BYTES];
        for (name, after, count) in run(call, 0, &a, &b, &d) {
            let mut wanted = bytes(&expected, expected.len() * T::SIZE);
            assert_eq!(count as usize, expected.len(), "{name}");
            wanted.resize(BYTES, 0x11);
            assert!(after == wanted, "{name}");
        }
    };
    // Every odd element of three repeats.
    kept(16, (0..3 * lanes).filter(|i| i % 2 == 1).map(|i| a[i]).collect());
    // 37 elements a repeat, every third of four, of every other block.
    let place = |repeat: usize, lane: usize| (repeat * 20 + lane / per_block * 2) * per_block + lane % per_block;
    kept(
        17,
        (0..3)
            .flat_map(|r| (0..37).filter(|lane| lane % 4 == 2).map(move |lane| (r, lane)))
            .map(|(r, l)| a[place(r, l)])
            .collect(),
    );
    // By bits of one's own, a block of them for each repeat.
    let bit = |repeat: usize, lane: usize| b[repeat * 32 + lane / 8] >> (lane % 8) & 1 == 1;
    let mine = (0..3).flat_map(|r| (0..45).map(move |lane| (r, lane))).filter(|&(r, lane)| bit(r, lane));
    kept(18, mine.map(|(r, lane)| a[r * lanes + lane]).collect());
}

#[test]
fn masks_pick_elements() {
    both((masks::<f32>, masks::<f16>));
}

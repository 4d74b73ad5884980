//! Random numbers that depend on a seed and on nothing else: not on threads, not on batch sizes, not on call order
//! where that would matter.
//!
//! [`Random`] is a stream (xoshiro256**) for shuffles and initial weights. [`uniform`] has no state: token
//! `position` of request `request` gets the same number however requests are batched.

/// SplitMix64's output function: a bijection of `u64` whose every output bit depends on every input bit.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The top 24 bits as a multiple of 2⁻²⁴ in `[0, 1)`: all of them are exact in an `f32`, so none rounds up to 1.
fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 * (1.0 / (1 << 24) as f32)
}

/// The uniform number in `[0, 1)` of one token, from the run's seed, the request and the position in its completion.
pub fn uniform(seed: u64, request: u64, position: u64) -> f32 {
    // A chain of bijections: two of the three arguments fixed, different values of the third never collide.
    let key = mix(seed.wrapping_add(GOLDEN));
    let key = mix((key ^ request).wrapping_add(GOLDEN));
    unit(mix((key ^ position).wrapping_add(GOLDEN)))
}

/// A stream of random numbers: xoshiro256** (Blackman and Vigna), seeded by SplitMix64.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of `seed`. Every seed, zero too, gives a full-quality stream.
    pub fn new(seed: u64) -> Self {
        let mut counter = seed;
        let state = std::array::from_fn(|_| {
            counter = counter.wrapping_add(GOLDEN);
            mix(counter)
        });
        Self { state }
    }

    /// An independent stream for one purpose (a shuffle of epoch 3, say) under the same seed.
    pub fn stream(seed: u64, purpose: u64) -> Self {
        Self::new(mix(seed.wrapping_add(GOLDEN)) ^ purpose)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A uniform integer in `0..end`, without bias (Lemire's method). `range(0)` is 0.
    pub fn range(&mut self, end: u64) -> u64 {
        if end == 0 {
            return 0;
        }
        loop {
            let product = u128::from(self.bits()) * u128::from(end);
            // The low half is biased only below 2^64 mod end; those draws are thrown away.
            if product as u64 >= end.wrapping_neg() % end {
                return (product >> 64) as u64;
            }
        }
    }

    /// A standard normal number (Box and Muller, in `f64`; the second of each pair is not kept, so a stream has no
    /// hidden state).
    pub fn normal(&mut self) -> f32 {
        // 53 bits, shifted by one so that the logarithm never sees zero.
        let radius = ((self.bits() >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64);
        let angle = (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64);
        ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.range(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The reference implementation's first outputs for the state 1, 2, 3, 4 (as published with the `rand` crates).
    #[test]
    fn xoshiro_gives_the_published_numbers() {
        let mut random = Random { state: [1, 2, 3, 4] };
        let drawn: Vec<u64> = (0..6).map(|_| random.bits()).collect();
        let published = [11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600];
        assert_eq!(drawn, published);
    }

    #[test]
    fn splitmix_seeds_as_published() {
        // SplitMix64 from seed 0: its first two outputs.
        assert_eq!(Random::new(0).state[..2], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn unit_is_below_one_and_reaches_both_ends() {
        assert_eq!(unit(0), 0.0);
        assert_eq!(unit(u64::MAX), 1.0 - f32::EPSILON / 2.0);
    }

    /// Over n draws into k cells chi-square has mean k-1 and deviation sqrt(2(k-1)); six deviations never happen by chance.
    fn assert_flat(cells: &[u64], draws: u64) {
        let expected = draws as f64 / cells.len() as f64;
        let chi2: f64 = cells.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
        let freedom = cells.len() as f64 - 1.0;
        assert!((chi2 - freedom).abs() < 6.0 * (2.0 * freedom).sqrt(), "chi-square {chi2} of {freedom}");
    }

    #[test]
    fn uniform_is_flat_along_each_argument() {
        for along in 0..3 {
            let mut cells = [0_u64; 64];
            for i in 0..64_000_u64 {
                let value = match along {
                    0 => uniform(i, 3, 5),
                    1 => uniform(7, i, 5),
                    _ => uniform(7, 3, i),
                };
                cells[(value * 64.0) as usize] += 1;
            }
            assert_flat(&cells, 64_000);
        }
    }

    #[test]
    fn neighbouring_requests_are_independent() {
        let mut cells = [0_u64; 64];
        for request in 0..32_000_u64 {
            let cell = |r| (uniform(1, r, 0) * 8.0) as usize;
            cells[8 * cell(request) + cell(request + 1)] += 1;
        }
        assert_flat(&cells, 32_000);
    }

    #[test]
    fn normal_has_the_moments_of_a_normal() {
        let mut random = Random::new(4);
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| f64::from(random.normal())).collect();
        let moment = |p: i32| draws.iter().map(|x| x.powi(p)).sum::<f64>() / f64::from(n);
        // Six standard errors of each sample moment: sqrt(var(x^p) / n), var = 1, 2, 15, 96.
        for (p, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let bound = 6.0 * f64::sqrt(variance / f64::from(n));
            assert!((moment(p) - expected).abs() < bound, "moment {p} is {}", moment(p));
        }
    }

    #[test]
    fn seeds_and_purposes_differ() {
        let first = |mut random: Random| random.bits();
        assert_ne!(first(Random::new(0)), first(Random::new(1)));
        assert_ne!(first(Random::stream(0, 0)), first(Random::stream(0, 1)));
        assert_ne!(first(Random::stream(0, 1)), first(Random::stream(1, 0)));
    }

    proptest! {
        #[test]
        fn range_stays_in_range(seed: u64, end in 1_u64..) {
            prop_assert!(Random::new(seed).range(end) < end);
        }

        #[test]
        fn shuffle_is_a_permutation(seed: u64, len in 0_usize..200) {
            let mut items: Vec<usize> = (0..len).collect();
            Random::new(seed).shuffle(&mut items);
            items.sort_unstable();
            prop_assert_eq!(items, (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn range_and_shuffle_are_flat() {
        let mut random = Random::new(9);
        let (mut cells, mut permutations) = ([0; 7], [0; 6]);
        for _ in 0..21_000 {
            cells[random.range(7) as usize] += 1;
            let mut items = [0, 1, 2];
            random.shuffle(&mut items);
            permutations[2 * items[0] + usize::from(items[1] > items[2])] += 1;
        }
        assert_flat(&cells, 21_000);
        assert_flat(&permutations, 21_000);
        assert_eq!(random.range(0), 0);
    }
}

//! Philox 4x32-10 (Salmon et al., SC 2011): random words as a function of a key and a counter, so that any of them can be had
//! without those before it.

/// The four words of a counter with a key.
#[inline(always)]
pub(super) fn words(key: u64, counter: [u32; 4]) -> [u32; 4] {
    const FACTORS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
    const STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
    let (mut x, mut k) = (counter, [key as u32, (key >> 32) as u32]);
    for _ in 0..10 {
        let (a, b) = (FACTORS[0] * x[0] as u64, FACTORS[1] * x[2] as u64);
        x = [(b >> 32) as u32 ^ x[1] ^ k[0], b as u32, (a >> 32) as u32 ^ x[3] ^ k[1], a as u32];
        k = [k[0].wrapping_add(STEPS[0]), k[1].wrapping_add(STEPS[1])];
    }
    x
}

/// A stream of words: `seed` is the key, `offset` the upper half of the counter, the place in the stream the lower.
#[derive(Clone, Copy)]
pub(super) struct Stream {
    pub seed: u64,
    pub offset: u64,
}

impl Stream {
    /// Words `4 * group .. 4 * group + 4`.
    #[inline(always)]
    pub(super) fn group(self, group: u64) -> [u32; 4] {
        words(self.seed, [group as u32, (group >> 32) as u32, self.offset as u32, (self.offset >> 32) as u32])
    }

    /// The `index`-th number in [0, 1) of 53 bits.
    pub(super) fn fraction(self, index: u64) -> f64 {
        let words = self.group(index / 2);
        let [high, low] = if index.is_multiple_of(2) { [words[0], words[1]] } else { [words[2], words[3]] };
        (((high as u64) << 32 | low as u64) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A word as a number in [0, 1), of 24 bits.
#[inline(always)]
pub(super) fn unit(word: u32) -> f32 {
    (word >> 8) as f32 / (1 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that come with the authors' implementation.
    #[test]
    fn known_answers() {
        assert_eq!(words(0, [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(words(u64::MAX, [u32::MAX; 4]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(words(0x299f_31d0_a409_3822, pi), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }
}

//! Keys and values to their slots, in all layouts.

use crate::common::noise;
use crate::{assert_same, bytes, cores, decode, encode, from_bytes, noise_bytes, numbers, on_cores, to_int8};
use ascend_rl::attention::{KvPair, KvScales, PageLayout, kv_write, kv_write_int8};
use ascend_rl::{DType, Stream, Tensor};
use proptest::prelude::*;

/// Tokens, and the cache that they go to.
#[derive(Clone, Debug)]
struct Case {
    layout: PageLayout,
    dtype: DType,
    tokens: usize,
    heads: usize,
    /// Of keys and of values, in pieces of 32 bytes in the cache; no values: 0.
    dims: [usize; 2],
    block_size: usize,
    blocks: usize,
    /// Elements between tokens in the source: they are a slice of something wider.
    gap: usize,
    wide_slots: bool,
    /// Of 256 tokens so many are skipped.
    skipped: usize,
    /// The longest run of slots that follow one another.
    run: usize,
    seed: u64,
}

fn layouts() -> impl Strategy<Value = PageLayout> {
    prop::sample::select(vec![PageLayout::Bsnd, PageLayout::Bnsd, PageLayout::Nz])
}

fn cases(dtypes: Vec<DType>) -> impl Strategy<Value = Case> {
    let shape = (1_usize..9, 1_usize..9, 0_usize..9, prop::sample::select(vec![1_usize, 3, 16, 128]), 0_usize..3);
    let tokens = prop_oneof![1_usize..20, 20_usize..700];
    let pattern =
        (any::<bool>(), prop::sample::select(vec![0_usize, 8, 100]), prop_oneof![Just(1_usize), 2_usize..40, 40_usize..900]);
    (layouts(), prop::sample::select(dtypes), tokens, shape, pattern, any::<u64>()).prop_map(
        |(layout, dtype, tokens, (heads, k, v, block_size, gap), (wide_slots, skipped, run), seed)| {
            let dtype = if layout == PageLayout::Nz && dtype == DType::F32 { DType::BF16 } else { dtype };
            let blocks = tokens.div_ceil(block_size) + seed as usize % 3;
            let gap = gap * 8;
            Case { layout, dtype, tokens, heads, dims: [k, v], block_size, blocks, gap, wide_slots, skipped, run, seed }
        },
    )
}

impl Case {
    /// Distinct slots in runs, some of them instead negative or past the cache.
    fn slots(&self) -> Vec<i64> {
        let mut next = numbers(self.seed);
        let all = self.blocks * self.block_size;
        let (mut runs, mut at) = (Vec::new(), 0);
        while at < all {
            let len = (1 + next(self.run)).min(all - at);
            runs.push(at..at + len);
            at += len;
        }
        for i in (1..runs.len()).rev() {
            runs.swap(i, next(i + 1));
        }
        let skip = |slot: usize, which: usize| match which {
            0 => -1,
            1 => -(slot as i64) - 5,
            2 => all as i64,
            _ => all as i64 + slot as i64,
        };
        let slots = runs.into_iter().flatten().take(self.tokens).collect::<Vec<_>>();
        slots.into_iter().map(|slot| if next(256) < self.skipped { skip(slot, next(4)) } else { slot as i64 }).collect()
    }

    fn slot_mapping(&self, s: &Stream, slots: &[i64]) -> Tensor {
        match self.wide_slots {
            true => Tensor::from_slice(s, &[self.tokens], slots).unwrap(),
            false => Tensor::from_slice(s, &[self.tokens], &slots.iter().map(|&slot| slot as i32).collect::<Vec<_>>()).unwrap(),
        }
    }

    /// The shape of pages of elements of so many bytes.
    fn pages(&self, dim: usize, size: usize) -> Vec<usize> {
        let Case { blocks, block_size, heads, .. } = *self;
        match self.layout {
            PageLayout::Bsnd => vec![blocks, block_size, heads, dim],
            PageLayout::Bnsd => vec![blocks, heads, block_size, dim],
            PageLayout::Nz if self.seed.is_multiple_of(2) => vec![blocks, heads * dim * size / 32, block_size, 32 / size],
            PageLayout::Nz => vec![blocks, heads, dim * size / 32, block_size, 32 / size],
        }
    }

    /// Where element (head, e) of a slot is, in elements.
    fn place(&self, slot: usize, head: usize, e: usize, dim: usize, size: usize) -> usize {
        let (block, at) = (slot / self.block_size, slot % self.block_size);
        match self.layout {
            PageLayout::Bsnd => ((block * self.block_size + at) * self.heads + head) * dim + e,
            PageLayout::Bnsd => ((block * self.heads + head) * self.block_size + at) * dim + e,
            PageLayout::Nz => {
                let (c, planes) = (32 / size, self.heads * dim * size / 32);
                let (plane, e) = ((head * dim + e) / c, (head * dim + e) % c);
                ((block * planes + plane) * self.block_size + at) * c + e
            }
        }
    }

    /// Each element of each token that has a slot: its number in the source, and its place in the cache.
    fn moves(&self, slots: &[i64], dim: usize, size: usize, mut each: impl FnMut(usize, usize, usize)) {
        let pitch = self.heads * dim + self.gap;
        for (token, &slot) in slots.iter().enumerate() {
            if slot < 0 || slot >= (self.blocks * self.block_size) as i64 {
                continue;
            }
            for (head, e) in (0..self.heads).flat_map(|head| (0..dim).map(move |e| (head, e))) {
                each(token * pitch + head * dim + e, self.place(slot as usize, head, e, dim, size), head * dim + e);
            }
        }
    }
}

/// The source as the caller has it: a slice of rows that may be wider.
fn rows<'a>(case: &Case, wide: &'a Tensor, dim: usize) -> ascend_rl::View<'a> {
    wide.view().narrow(1, 0, case.heads * dim).unwrap().reshape(&[case.tokens, case.heads, dim]).unwrap()
}

fn copies(case: &Case, cores: u32) {
    on_cores(cores, |s| {
        let size = case.dtype.size();
        let slots = case.slots();
        let slot_mapping = case.slot_mapping(s, &slots);
        let (mut sources, mut caches, mut wants) = (Vec::new(), Vec::new(), Vec::new());
        for (side, dim) in case.dims.map(|dim| dim * 32 / size).into_iter().enumerate().filter(|(_, dim)| *dim > 0) {
            let seed = case.seed.wrapping_add(side as u64);
            let pitch = case.heads * dim + case.gap;
            let new = noise_bytes(seed, case.tokens * pitch * size);
            let pages = case.pages(dim, size);
            let mut cache = noise_bytes(seed ^ 99, pages.iter().product::<usize>() * size);
            sources.push(from_bytes(s, &[case.tokens, pitch], case.dtype, &new));
            caches.push(from_bytes(s, &pages, case.dtype, &cache));
            case.moves(&slots, dim, size, |from, to, _| {
                cache[to * size..][..size].copy_from_slice(&new[from * size..][..size]);
            });
            wants.push(cache);
        }
        let mut pairs = sources.iter().zip(&mut caches).enumerate().map(|(side, (new, cache))| {
            let dim = case.dims[side] * 32 / size;
            KvPair { new: rows(case, new, dim), cache: cache.view_mut() }
        });
        kv_write(s, case.layout, pairs.next().unwrap(), pairs.next(), &slot_mapping).unwrap();
        drop(pairs);
        for (side, (cache, want)) in caches.iter().zip(&wants).enumerate() {
            assert_same(["the keys", "the values"][side], &bytes(s, cache), want);
        }
    });
}

fn rounds(case: &Case, cores: u32) {
    on_cores(cores, |s| {
        let slots = case.slots();
        let slot_mapping = case.slot_mapping(s, &slots);
        let (mut sources, mut caches, mut scales, mut wants) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (side, dim) in case.dims.map(|dim| dim * 32).into_iter().enumerate().filter(|(_, dim)| *dim > 0) {
            let seed = case.seed.wrapping_add(side as u64);
            let pitch = case.heads * dim + case.gap;
            // Halves are among them, and numbers that int8 has no room for.
            let values: Vec<f32> =
                noise(seed, case.tokens * pitch).into_iter().map(|v| if v > 0.8 { (8.0 * v).round() / 4.0 } else { v }).collect();
            let new = encode(case.dtype, &values);
            let scale: Vec<f32> =
                noise(seed ^ 7, case.heads * dim).into_iter().map(|v| if v > 0.0 { 2.0 } else { 150.0 * v }).collect();
            let pages = case.pages(dim, 1);
            let mut cache = noise_bytes(seed ^ 99, pages.iter().product());
            sources.push(from_bytes(s, &[case.tokens, pitch], case.dtype, &new));
            caches.push(from_bytes(s, &pages, DType::I8, &cache));
            scales.push(Tensor::from_slice(s, &[case.heads, dim], &scale).unwrap());
            case.moves(&slots, dim, 1, |from, to, channel| {
                cache[to] = to_int8(decode(case.dtype, &new, from) * scale[channel]);
            });
            wants.push(cache);
        }
        let mut pairs = sources
            .iter()
            .zip(&mut caches)
            .enumerate()
            .map(|(side, (new, cache))| KvPair { new: rows(case, new, case.dims[side] * 32), cache: cache.view_mut() });
        let factors = KvScales { k: scales[0].view(), v: scales.get(1).map(|v| v.view()) };
        kv_write_int8(s, case.layout, pairs.next().unwrap(), pairs.next(), factors, &slot_mapping).unwrap();
        drop(pairs);
        for (side, (cache, want)) in caches.iter().zip(&wants).enumerate() {
            assert_same(["the keys", "the values"][side], &bytes(s, cache), want);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_are_copied(case in cases(vec![DType::F32, DType::BF16, DType::F16, DType::I8]), cores in cores()) {
        copies(&case, cores);
    }

    #[test]
    fn tokens_are_rounded(case in cases(vec![DType::F32, DType::BF16, DType::F16]), cores in cores()) {
        rounds(&case, cores);
    }
}

const PREFILL: Case = Case {
    layout: PageLayout::Bsnd,
    dtype: DType::BF16,
    tokens: 1000,
    heads: 8,
    dims: [8, 8],
    block_size: 128,
    blocks: 9,
    gap: 0,
    wide_slots: false,
    skipped: 0,
    run: 4000,
    seed: 5,
};

/// Rows of Qwen3-8B in every layout, and the longest rows that there may be: one token fills what a tile has.
#[test]
fn wide_rows() {
    for layout in [PageLayout::Bsnd, PageLayout::Bnsd, PageLayout::Nz] {
        for cores in crate::CORES {
            copies(&Case { layout, ..PREFILL }, cores);
        }
        // Of int8 a token has half as many pieces.
        rounds(&Case { layout, dims: [4, 4], ..PREFILL }, 20);
        copies(&Case { layout, tokens: 5, heads: 256, dims: [8, 2], block_size: 2, ..PREFILL }, 2);
        rounds(&Case { layout, tokens: 40, heads: 64, dims: [4, 4], ..PREFILL }, 2);
        rounds(&Case { layout, tokens: 40, heads: 32, dims: [4, 1], gap: 3, dtype: DType::F32, ..PREFILL }, 2);
    }
}

/// Prompts that go to NZ pages on cube cores: as many pages as there are cores, or more. Runs begin and end anywhere, and so some pages
/// come in pieces; tokens are skipped, and are further apart than they are long.
#[test]
fn whole_pages() {
    let pages = Case { layout: PageLayout::Nz, block_size: 16, tokens: 700, blocks: 47, ..PREFILL };
    for cores in crate::CORES {
        for (seed, run) in [(1, 4000), (2, 40), (3, 3)] {
            copies(&Case { seed, run, ..pages.clone() }, cores);
        }
        copies(&Case { skipped: 8, run: 100, wide_slots: true, gap: 24, dims: [8, 4], ..pages.clone() }, cores);
        copies(&Case { skipped: 256, ..pages.clone() }, cores);
        copies(&Case { dtype: DType::I8, gap: 2, dims: [8, 0], tokens: 701, ..pages.clone() }, cores);
    }
    // A distance that only the other kernel has: an odd one.
    copies(&Case { dtype: DType::I8, gap: 1, ..pages.clone() }, 2);
    // One page, and what begins in it and ends behind it.
    copies(&Case { tokens: 128, blocks: 2, block_size: 128, run: 100, ..pages.clone() }, 1);
    copies(&Case { tokens: 200, blocks: 2, block_size: 128, run: 150, ..pages }, 1);
}

/// More slots than are in UB at a time, and none that is not skipped.
#[test]
fn many_small_tokens_and_none() {
    for skipped in [0, 20, 256] {
        for layout in [PageLayout::Bsnd, PageLayout::Bnsd, PageLayout::Nz] {
            let case = Case { layout, tokens: 3000, heads: 1, dims: [1, 0], blocks: 30, skipped, run: 300, ..PREFILL };
            copies(&case, 2);
            rounds(&case, 1);
        }
    }
}

#[test]
fn without_checks() {
    crate::fast(|| {
        for layout in [PageLayout::Bsnd, PageLayout::Bnsd, PageLayout::Nz] {
            copies(&Case { layout, skipped: 8, run: 200, ..PREFILL }, 40);
            copies(&Case { layout, skipped: 8, run: 200, ..PREFILL }, 2);
            for dtype in [DType::F32, DType::BF16, DType::F16] {
                rounds(&Case { layout, dtype, dims: [4, 3], heads: 5, gap: 8, skipped: 8, run: 200, ..PREFILL }, 40);
            }
        }
    });
}

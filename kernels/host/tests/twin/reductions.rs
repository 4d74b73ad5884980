//! Reductions against trees written as vectors of vectors.

use half::f16;

use crate::core::{Memory, load};
use crate::random::{Plain, Random, bytes, elements};

const SOURCE: usize = 65536;
const TARGET: usize = 16384;

/// As the kernel's struct: two words of mask, whether they are bits, and eight numbers of 32 bits.
#[derive(Clone, Copy, Debug, Default)]
struct Reduction {
    mask: [u64; 2],
    bits: bool,
    form: u32,
    kind: u32,
    order: u32,
    index: bool,
    repeat: i32,
    dst_rep: i32,
    src_blk: i32,
    src_rep: i32,
}

impl Reduction {
    fn words(&self) -> Vec<u64> {
        let pair = |a: u32, b: u32| u64::from(a) | u64::from(b) << 32;
        vec![
            self.mask[0],
            self.mask[1],
            self.bits.into(),
            pair(self.form, self.kind),
            pair(self.order, self.index.into()),
            pair(self.repeat as u32, self.dst_rep as u32),
            pair(self.src_blk as u32, self.src_rep as u32),
        ]
    }

    fn on(&self, lane: usize) -> bool {
        if self.bits { self.mask[lane / 64] >> (lane % 64) & 1 == 1 } else { (lane as u64) < self.mask[0] }
    }
}

trait Element: Plain + PartialEq + std::fmt::Debug {
    fn make(random: &mut Random) -> Self;
    fn value(self) -> f32;
    fn of(x: f32) -> Self;
    /// An index in the bits of an element.
    fn of_index(index: usize) -> Self;
}

impl Element for f32 {
    fn make(random: &mut Random) -> f32 {
        random.float()
    }
    fn value(self) -> f32 {
        self
    }
    fn of(x: f32) -> f32 {
        x
    }
    fn of_index(index: usize) -> f32 {
        f32::from_bits(index as u32)
    }
}

impl Element for f16 {
    fn make(random: &mut Random) -> f16 {
        f16::from_f32(random.float())
    }
    fn value(self) -> f32 {
        self.to_f32()
    }
    fn of(x: f32) -> f16 {
        f16::from_f32(x)
    }
    fn of_index(index: usize) -> f16 {
        f16::from_bits(index as u16)
    }
}

/// Neighbours are added, then neighbours of the sums, each rounded to the type.
fn tree<T: Element>(x: &[Option<T>]) -> T {
    let x: Vec<f32> = x.iter().map(|x| x.map_or(0.0, T::value)).collect();
    match x.len() {
        1 => T::of(x[0]),
        _ => tree(&x.chunks(2).map(|two| Some(T::of(two[0] + two[1]))).collect::<Vec<_>>()),
    }
}

/// The best one and the first place where it is.
fn best<T: Element>(x: &[Option<T>], greatest: bool) -> (T, usize) {
    let better = |a: f32, b: f32| if greatest { a > b } else { a < b };
    let mut found: Option<(T, usize)> = None;
    for (i, x) in x.iter().enumerate().filter_map(|(i, x)| x.map(|x| (i, x))) {
        if found.is_none_or(|(y, _)| better(x.value(), y.value())) {
            found = Some((x, i));
        }
    }
    found.unwrap()
}

fn lanes<T: Element>(source: &[T], r: &Reduction, repeat: usize) -> Vec<Option<T>> {
    let per_block = 32 / T::SIZE;
    let place =
        |lane: usize| (repeat * r.src_rep as usize + lane / per_block * r.src_blk as usize) * per_block + lane % per_block;
    (0..256 / T::SIZE).map(|lane| r.on(lane).then(|| source[place(lane)])).collect()
}

fn judge<T: Element>(kernel: &str, r: Reduction, expected: impl Fn(&[T], &mut Vec<T>)) {
    let mut random = Random(31 + r.repeat as u64);
    // Few different values, so that the best one stands in several places.
    let few = r.kind != 0 && r.repeat % 2 == 0;
    let mut make = || if few { T::of(random.below(7) as f32) } else { T::make(&mut random) };
    let source: Vec<T> = (0..SOURCE / T::SIZE).map(|_| make()).collect();
    let mut target = vec![T::of(-3.0); TARGET / T::SIZE];
    let buffers = [bytes(&source, SOURCE), bytes(&target, TARGET)];
    expected(&source, &mut target);
    for (name, after) in load("reductions").results(kernel, &buffers.each_ref().map(Vec::as_slice), &r.words()) {
        assert!(after[1] == bytes(&target, TARGET), "{name}: {r:?}: {:?}", first_difference(&elements::<T>(&after[1]), &target));
    }
}

fn first_difference<T: Element>(got: &[T], expected: &[T]) -> Option<(usize, T, T)> {
    let mut both = Vec::new();
    (0..got.len())
        .find(|&i| {
            got[i].put(&mut both);
            expected[i].put(&mut both);
            both[both.len() - 2 * T::SIZE..both.len() - T::SIZE] != both[both.len() - T::SIZE..]
        })
        .map(|i| (i, got[i], expected[i]))
}

fn masks<T: Element>() -> Vec<([u64; 2], bool)> {
    let all = 256 / T::SIZE as u64;
    let high = if T::SIZE == 2 { 0x00ff_0f0f_1234_5678 } else { 0 };
    vec![([all, 0], false), ([13, 0], false), ([0x8000_00f0_ff00_1234, high], true)]
}

/// One result a repeat, in all four orders.
fn whole<T: Element>(kernel: &str) {
    for (mask, bits) in masks::<T>() {
        for kind in 0..3 {
            for order in 0..if kind == 0 { 1 } else { 4 } {
                let r = Reduction {
                    mask,
                    bits,
                    kind,
                    order,
                    repeat: 5 + order as i32,
                    dst_rep: 3,
                    src_blk: 2,
                    src_rep: 17,
                    ..Reduction::default()
                };
                judge::<T>(kernel, r, |source, target| {
                    for repeat in 0..r.repeat as usize {
                        let x = lanes(source, &r, repeat);
                        let at = repeat * 3;
                        if kind == 0 {
                            target[at] = tree(&x);
                            continue;
                        }
                        let (value, index) = best(&x, kind == 1);
                        match order {
                            0 => (target[2 * at], target[2 * at + 1]) = (value, T::of_index(index)),
                            1 => (target[2 * at], target[2 * at + 1]) = (T::of_index(index), value),
                            2 => target[at] = value,
                            // An index of 32 bits, whatever the type.
                            _ => (0..4 / T::SIZE)
                                .for_each(|i| target[at * 4 / T::SIZE + i] = T::of_index(if i == 0 { index } else { 0 })),
                        }
                    }
                });
            }
        }
    }
}

#[test]
fn one_result_a_repeat() {
    whole::<f32>("reduce_f32");
    whole::<f16>("reduce_f16");
}

/// One result for `width` elements; a group without any element that takes part keeps what it held.
fn groups<T: Element>(kernel: &str, form: u32, width: usize) {
    for (mask, bits) in masks::<T>() {
        for kind in 0..if form == 1 { 3 } else { 1 } {
            let r = Reduction { mask, bits, kind, form, repeat: 4, dst_rep: 2, src_blk: 1, src_rep: 9, ..Reduction::default() };
            judge::<T>(kernel, r, |source, target| {
                for repeat in 0..4 {
                    let x = lanes(source, &r, repeat);
                    let groups = x.len() / width;
                    for (i, group) in x.chunks(width).enumerate().filter(|(_, group)| group.iter().any(Option::is_some)) {
                        target[repeat * 2 * groups + i] = if kind == 0 { tree(group) } else { best(group, kind == 1).0 };
                    }
                }
            });
        }
    }
}

#[test]
fn one_result_a_block_or_a_pair() {
    groups::<f32>("reduce_f32", 1, 8);
    groups::<f16>("reduce_f16", 1, 16);
    groups::<f32>("reduce_f32", 2, 2);
    groups::<f16>("reduce_f16", 2, 2);
}

/// All elements, given as a count: sums of repeats are added in order.
fn counted<T: Element>(kernel: &str) {
    let lanes = 256 / T::SIZE;
    for n in [1, 5, lanes, lanes + 1, 5 * lanes, 5 * lanes + 9] {
        for kind in 0..3 {
            for index in [false, true] {
                let r = Reduction { mask: [1, 0], kind, index, form: 4, repeat: n as i32, ..Reduction::default() };
                judge::<T>(kernel, r, |source, target| {
                    if kind == 0 {
                        let sums = source[..n].chunks(lanes).map(|some| {
                            let mut x: Vec<Option<T>> = some.iter().copied().map(Some).collect();
                            x.resize(lanes, None);
                            tree(&x)
                        });
                        target[0] = sums.reduce(|a, b| T::of(a.value() + b.value())).unwrap();
                        return;
                    }
                    let (value, place) = best(&source[..n].iter().copied().map(Some).collect::<Vec<_>>(), kind == 1);
                    target[0] = value;
                    if index {
                        target[1] = T::of_index(place);
                    }
                });
            }
        }
    }
}

/// All elements, in repeats: sums of repeats are added in trees.
fn repeated<T: Element>(kernel: &str) {
    let lanes_each = 256 / T::SIZE;
    for repeat in [1, 3, lanes_each as i32 + 6] {
        for kind in 0..3 {
            let r = Reduction {
                mask: [21, 0],
                kind,
                index: kind == 2,
                form: 3,
                repeat,
                src_blk: 1,
                src_rep: 8,
                ..Reduction::default()
            };
            judge::<T>(kernel, r, |source, target| {
                let x: Vec<Vec<Option<T>>> = (0..repeat as usize).map(|i| lanes(source, &r, i)).collect();
                if kind == 0 {
                    let mut sums: Vec<Option<T>> = x.iter().map(|x| Some(tree(x))).collect();
                    while sums.len() > 1 {
                        sums.resize(sums.len().next_multiple_of(lanes_each), None);
                        sums = sums.chunks(lanes_each).map(|some| Some(tree(some))).collect();
                    }
                    target[0] = sums[0].unwrap();
                    return;
                }
                let all: Vec<Option<T>> = x.concat();
                let (value, place) = best(&all, kind == 1);
                target[0] = value;
                if r.index {
                    target[1] = T::of_index(place);
                }
            });
        }
    }
}

#[test]
fn one_result_for_all() {
    counted::<f32>("reduce_f32");
    counted::<f16>("reduce_f16");
    repeated::<f32>("reduce_f32");
    repeated::<f16>("reduce_f16");
}

/// The scalar unit writes the result of ReduceSum: the vector unit and the copy-out wait for it.
#[test]
fn the_scalar_unit_has_the_last_word() {
    let room = [Memory::new(&bytes(&vec![1.0_f32; SOURCE / 4], SOURCE)), Memory::zeros(TARGET)];
    let r = Reduction { mask: [1, 0], form: 4, repeat: 100, ..Reduction::default() };
    let args: Vec<u64> = room.iter().map(Memory::address).chain(r.words()).collect();
    let told = load("reductions").check("reduce_f32", &args);
    assert_eq!(f32::get(&room[1].bytes()[..4]), 100.0);
    let sum: Vec<_> =
        told.calls.iter().filter(|(name, ..)| name == "ReduceSum").map(|(_, pipe, ranges)| (*pipe, ranges.len())).collect();
    assert_eq!(sum, [(1, 1), (0, 1)], "the vector unit reads, the scalar unit writes");
    let events: Vec<&str> = told.events.iter().map(String::as_str).filter(|event| !event.starts_with("barrier")).collect();
    assert_eq!(events, ["set V_S 0", "wait V_S 0", "set S_V 0", "wait S_V 0", "set S_MTE3 0", "wait S_MTE3 0"]);
}

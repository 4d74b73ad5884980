//! Parameters, questions about the place, synchronisation, atomics, messages.

use ascendc_twin::abi::{access, core_kind, kernel_type, pipe, space};
use half::{bf16, f16};

use crate::core::{Memory, Place, load};
use crate::random::{Plain, bytes, elements};

#[test]
fn parameters_lie_where_c_puts_them() {
    let kernels = load("system");
    let kernel = kernels.kernel("parameters");
    // SAFETY: as many as it says.
    let params = unsafe { std::slice::from_raw_parts(kernel.params, kernel.param_count as usize) };
    let places: Vec<(u32, u32)> = params.iter().map(|param| (param.offset, param.size)).collect();
    assert_eq!(places, [(0, 8), (8, 1), (10, 2), (16, 24), (40, 8), (48, 1), (56, 8)]);
    assert_eq!(kernel.args_size, 64);

    let input = Memory::new(&bytes(&[1.5_f32, 2.5], 8));
    let mut words = vec![0x0102_0007, 9, 1 << 40, u64::from(0.25_f32.to_bits())];
    words.extend([input.address(), 1, 4.75_f64.to_bits()]);
    for (name, after) in kernels.results("parameters", &[&[0; 64]], &words) {
        assert_eq!(elements::<f64>(&after[0]), [7.0, 258.0, 9.0, (1_u64 << 40) as f64, 0.25, 2.5, 1.0, 4.75], "{name}");
    }
}

#[test]
fn a_program_knows_its_place() {
    let kernels = load("system");
    let kernel = kernels.kernel("places");
    assert_eq!((kernel.r#type, kernel.schedule_mode), (kernel_type::MIX_AIC_1_2, 1));
    let output = Memory::zeros(64);
    let at = |kind, block, sub_block| {
        kernels.check_at("places", &[output.address()], Place { kind, block, blocks: 20, sub_block, sub_blocks: 2 });
        elements::<i64>(&output.bytes())
    };
    assert_eq!(at(core_kind::AIC, 3, 0), [3, 20, 0, 1, 1, 0, 7, 1]);
    assert_eq!(at(core_kind::AIV, 3, 1), [7, 20, 1, 2, 0, 1, 7, 2]);
}

#[test]
fn what_waits_is_told() {
    let memory = Memory::zeros(256);
    let told = load("system").check("waits", &[memory.address()]);
    assert!(told.findings.is_empty(), "{:?}", told.findings);
    let expected = [
        "set MTE2_V 2",
        "wait MTE2_V 2",
        "barrier V",
        "sync all",
        "cross set mode 2 MTE3 4",
        "cross wait 4",
        "cache line",
        "cache entire",
        "memory barrier 1",
    ];
    assert_eq!(told.events, expected);
}

#[test]
fn scalar_accesses_go_through_the_cache() {
    let memory = Memory::new(&bytes(&[1_u16, 41, 0, 0], 8));
    let told = load("system").check("scalars", &[memory.address()]);
    assert_eq!(elements::<u16>(&memory.bytes()), [1, 41, 0, 42]);
    let at = |offset: u64, access: u8| (memory.address() + offset, 2, space::GM, access | access::CACHED);
    let ranges: Vec<_> =
        told.calls.iter().map(|(_, _, ranges)| ranges[0]).map(|r| (r.address, r.bytes, r.space, r.access)).collect();
    assert_eq!(ranges, [at(2, access::READ), at(6, access::WRITE)]);
    assert!(told.calls.iter().all(|(_, on, ranges)| *on == pipe::S && ranges.len() == 1));
}

/// Who reads a flag again and again lets others run.
#[test]
fn polling_lets_others_run() {
    for by_copy in 0..2 {
        let run = |checked: bool| {
            let flag = Memory::zeros(64);
            let args = [flag.address(), by_copy];
            let told = if checked { load("system").check("polling", &args) } else { load("system").fast("polling", &args) };
            let words: Vec<u32> = elements(&flag.bytes());
            assert_eq!((told.yields, words[0], words[3]), (3, 1, 7), "by copy: {by_copy}, checked: {checked}");
        };
        run(true);
        run(false);
    }
}

#[test]
fn messages_arrive() {
    let memory = Memory::zeros(8);
    let told = load("system").check("says", &[memory.address()]);
    assert_eq!(told.printed, format!("one\nblock 0 of 1: half 0.50\n{:#x}", memory.address()));
}

fn atomic<T: Plain>(kind: u64, of: impl Fn(f32) -> T, value: impl Fn(T) -> f32) {
    let before: Vec<T> = (0..16).map(|i| of(i as f32 % 3.0)).collect();
    for how in 0..3 {
        for (name, after) in load("system").results("atomics", &[&bytes(&before, 64)], &[kind, how]) {
            let expected: Vec<f32> = (0..16)
                .map(|i| {
                    let (old, new) = (i as f32 % 3.0, i as f32 - 3.0);
                    match how {
                        _ if i == 15 => old,
                        0 => old + new,
                        1 => old.max(new),
                        _ => old.min(new),
                    }
                })
                .collect();
            let got: Vec<f32> = elements::<T>(&after[0])[..16].iter().map(|&x| value(x)).collect();
            assert_eq!(got, expected, "{name}, type {kind}, {how}");
        }
    }
}

#[test]
fn copies_to_memory_can_add_there() {
    atomic(0, |x| x, |x: f32| x);
    atomic(1, f16::from_f32, f16::to_f32);
    atomic(2, bf16::from_f32, bf16::to_f32);
    atomic(3, |x| x as i32, |x| x as f32);
    atomic(4, |x| x as i16, |x| x.into());
    atomic(5, |x| x as i8, |x| x.into());
}

#[test]
fn atomic_copies_are_told_as_such() {
    let memory = Memory::zeros(64);
    let told = load("system").check("atomics", &[memory.address(), 0, 0]);
    let (_, on, ranges) = told.calls.iter().find(|(name, ..)| name == "DataCopyPad").unwrap();
    assert_eq!(*on, pipe::MTE3);
    let gm = ranges.iter().find(|range| range.space == space::GM).unwrap();
    assert_eq!((gm.access, gm.bytes, gm.align), (access::WRITE | access::ATOMIC, 60, 4));
}

/// Many cores add to the same numbers at once, and nothing is lost.
#[test]
fn concurrent_atomics_lose_nothing() {
    let sums = Memory::zeros(64);
    let kernels = load("system");
    let args = [sums.address(), 3, 0];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|_| _ = kernels.fast("atomics", &args)));
        }
    });
    let expected: Vec<i32> = (0..16).map(|i| if i == 15 { 0 } else { (i - 3) * 800 }).collect();
    assert_eq!(elements::<i32>(&sums.bytes()), expected);
}

#[test]
fn other_ways_to_hold_a_tensor() {
    let source: Vec<u8> = (0..4096_u32).map(|i| (i % 251) as u8).collect();
    for (name, after) in load("system").results("in_place", &[&source, &[0; 4096]], &[]) {
        assert!(after[1] == source, "{name}");
    }
    let source: Vec<f32> = (0..64).map(|i| i as f32).collect();
    let doubled: Vec<f32> = source.iter().map(|x| x * 2.0).collect();
    for (name, after) in load("system").results("static_tensors", &[&bytes(&source, 256), &[0; 256]], &[]) {
        assert_eq!(elements::<f32>(&after[1]), doubled, "{name}");
    }
}

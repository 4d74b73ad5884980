//! Resharding on simulated devices, compared element by element with what a naive loop puts in place. The plans themselves are
//! judged beside their source.

use std::ops::Range;
use std::time::Duration;

use ascend_rl::acl::Tracer;
use ascend_rl::hccl::CommOptions;
use ascend_rl::reshard::{FlatUnit, Layout, Moved, Options, Packer, Piece, Plan, Region, Split, TensorSpec};
use ascend_rl::{Cann, Communicator, DType, Device, ErrorKind, Result, Stream, Tensor, ops};
use half::bf16;

/// What is in memory that no piece covers.
const UNTOUCHED: f32 = -7.0;

fn group(devices: Range<u32>) -> Vec<Communicator> {
    let cann = Cann::load().unwrap();
    let devices: Vec<Device> = devices.map(|ordinal| Device::open(&cann, ordinal).unwrap()).collect();
    Communicator::all(&devices, &CommOptions::default()).unwrap()
}

/// Runs `f` on a thread for each rank.
fn on_each<R: Send>(comms: &mut [Communicator], f: impl Fn(&mut Communicator) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = comms.iter_mut().map(|comm| scope.spawn(|| f(comm))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// The values of a tensor: none is exact in bf16.
fn value(tensor: usize, element: usize) -> f32 {
    (tensor * 1_000_003 + element * 7919) as f32 * 1.000_1 + 0.3
}

/// (element of the tensor, element of the buffer), by definition.
fn elements(spec: &TensorSpec, piece: &Piece) -> Vec<(usize, usize)> {
    match &piece.region {
        Region::Flat(range) => range.clone().map(|i| (i, piece.offset + i - range.start)).collect(),
        Region::Block { rows, cols } => {
            let at =
                |r: usize, c: usize| (r * spec.cols + c, piece.offset + (r - rows.start) * piece.row_stride + c - cols.start);
            rows.clone().flat_map(|r| cols.clone().map(move |c| at(r, c))).collect()
        }
    }
}

/// A rank's buffers with its pieces in place, and a few elements more.
fn buffers(tensors: &[TensorSpec], pieces: &[Piece]) -> Vec<Vec<f32>> {
    let mut buffers: Vec<Vec<f32>> = Vec::new();
    for piece in pieces {
        buffers.resize(buffers.len().max(piece.buffer + 1), vec![UNTOUCHED; 3]);
        for (element, at) in elements(&tensors[piece.tensor], piece) {
            let buffer = &mut buffers[piece.buffer];
            buffer.resize(buffer.len().max(at + 4), UNTOUCHED);
            buffer[at] = value(piece.tensor, element);
        }
    }
    buffers
}

/// Reshards on devices `0..n` and compares every element of every buffer. What each rank moved.
fn check(tensors: &[TensorSpec], from: &Layout, to: &Layout, dtype: DType, staging_bytes: usize) -> Vec<Moved> {
    let plan = Plan::new(tensors, from, to).unwrap();
    on_each(&mut group(0..plan.world() as u32), |comm| {
        let (s, rank) = (comm.stream(), comm.rank());
        let src: Vec<Tensor> = buffers(tensors, &from.ranks[rank])
            .iter()
            .map(|values| Tensor::from_slice(s, &[values.len()], values).unwrap())
            .collect();
        let want = buffers(tensors, &to.ranks[rank]);
        let mut dst: Vec<Tensor> = want.iter().map(|b| Tensor::empty(s, &[b.len()], dtype).unwrap()).collect();
        dst.iter_mut().for_each(|d| ops::fill(s, d, UNTOUCHED as f64).unwrap());
        let src: Vec<_> = src.iter().map(Tensor::view).collect();
        let before = comm.traffic();
        let options = Options { staging_bytes, dtype: Some(dtype) };
        let mut views: Vec<_> = dst.iter_mut().map(Tensor::view_mut).collect();
        let moved = plan.execute(comm, &src, &mut views, &options).unwrap();
        for (i, (got, want)) in dst.iter().zip(&want).enumerate() {
            // Rounded once, to the nearest: no tolerance.
            let want: Vec<f64> = match dtype {
                DType::BF16 => want.iter().map(|&v| bf16::from_f32(v).to_f64()).collect(),
                _ => want.iter().map(|&v| v as f64).collect(),
            };
            let got = values(s, got);
            let wrong = got.iter().zip(&want).position(|(got, want)| got != want);
            assert_eq!(wrong.map(|at| (at, got[at], want[at])), None, "rank {rank}, buffer {i}: (element, got, wanted)");
        }
        let after = comm.traffic();
        assert_eq!(after.sent_bytes - before.sent_bytes, moved.sent_bytes, "what the communicator counted");
        assert_eq!(after.received_bytes - before.received_bytes, moved.received_bytes);
        assert_eq!(moved.received_bytes, moved.fewest_bytes);
        moved
    })
}

/// What a tensor holds, exactly.
fn values(s: &Stream, tensor: &Tensor) -> Vec<f64> {
    match tensor.dtype() {
        DType::BF16 => tensor.to_vec::<bf16>(s).unwrap().into_iter().map(|v| v.to_f64()).collect(),
        _ => tensor.to_vec::<f32>(s).unwrap().into_iter().map(f64::from).collect(),
    }
}

/// Part `i` of `n` of `0..len`, unequal where it does not divide.
fn part(len: usize, i: usize, n: usize) -> Range<usize> {
    i * len / n..(i + 1) * len / n
}

/// Flat ranges of odd sizes on each rank, to rows, columns, whole tensors and flat ranges again, with gaps.
fn odd(world: usize) -> (Vec<TensorSpec>, Layout, Layout) {
    let tensors: Vec<TensorSpec> = [(1, 1), (7, 13), (33, 5), (61, 1), (1, 129), (40, 100)]
        .iter()
        .enumerate()
        .map(|(i, &(rows, cols))| TensorSpec::matrix(format!("t{i}"), rows, cols))
        .collect();
    let (mut from, mut to) = (Layout::default(), Layout::default());
    for rank in 0..world {
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let mut ends = [2, 5];
        for (t, spec) in tensors.iter().enumerate() {
            let flat = part(spec.numel(), (rank + t) % world, world);
            have.push(Piece::dense(t, Region::Flat(flat.clone()), t % 2, ends[t % 2]));
            ends[t % 2] += flat.len() + t;
            let (rows, cols) = (0..spec.rows, 0..spec.cols);
            let region = match t % 4 {
                0 => Region::Block { rows, cols: part(spec.cols, rank, world) },
                1 => Region::Block { rows: part(spec.rows, world - 1 - rank, world), cols },
                2 => Region::Block { rows, cols },
                _ => Region::Flat(part(spec.numel(), (rank + 1) % world, world)),
            };
            let mut piece = Piece::dense(t, region, t, t);
            piece.row_stride += t;
            need.push(piece);
        }
        from.ranks.push(have);
        to.ranks.push(need);
    }
    (tensors, from, to)
}

#[test]
fn odd_layouts_on_one_to_five_devices() {
    for world in 1..=5 {
        let (tensors, from, to) = odd(world);
        for dtype in [DType::BF16, DType::F32] {
            for staging_bytes in [80, 3000, 1 << 20] {
                check(&tensors, &from, &to, dtype, staging_bytes);
            }
        }
    }
}

/// Names, rows, columns and splits (1 rows, 2 columns, 0 whole) of the tensors of a small Qwen3; a unit a line.
fn transformer() -> Vec<Vec<(&'static str, usize, usize, u8)>> {
    let layer = vec![
        ("input_norm", 48, 1, 0),
        ("q", 64, 48, 1),
        ("k", 32, 48, 1),
        ("v", 32, 48, 1),
        ("q_norm", 16, 1, 0),
        ("k_norm", 16, 1, 0),
        ("o", 48, 64, 2),
        ("post_norm", 48, 1, 0),
        ("gate", 72, 48, 1),
        ("up", 72, 48, 1),
        ("down", 48, 72, 2),
    ];
    let mut units = vec![vec![("embedding", 50, 48, 1)]];
    units.extend(vec![layer; 3]);
    units.push(vec![("norm", 48, 1, 0), ("head", 50, 48, 1)]);
    units
}

fn fsdp_to_rollout(world: usize, tp: usize) -> (Vec<TensorSpec>, Layout, Layout) {
    let units = transformer();
    let tensors: Vec<TensorSpec> =
        units.iter().flatten().map(|&(name, rows, cols, _)| TensorSpec::matrix(name, rows, cols)).collect();
    let (mut flat, mut packers) = (Vec::new(), vec![Packer::new(&tensors); world]);
    let mut t = 0;
    for (buffer, unit) in units.iter().enumerate() {
        flat.push(FlatUnit::packed(&tensors, t..t + unit.len(), 16 * world).unwrap());
        for &(.., split) in unit {
            for (rank, packer) in packers.iter_mut().enumerate() {
                let (parts, part) = (tp, rank % tp);
                let split = [Split::Whole, Split::Rows { parts, part }, Split::Cols { parts, part }][split as usize];
                packer.push(buffer, t, split).unwrap();
            }
            t += 1;
        }
    }
    let from = Layout::flat_shards(&tensors, &flat, world).unwrap();
    let to = Layout { ranks: packers.into_iter().map(Packer::pieces).collect() };
    (tensors, from, to)
}

#[test]
fn fsdp_4_to_tp_2_dp_2() {
    let (tensors, from, to) = fsdp_to_rollout(4, 2);
    for staging_bytes in [1 << 10, 1 << 26] {
        let moved = check(&tensors, &from, &to, DType::BF16, staging_bytes);
        let bytes = |of: fn(&Moved) -> u64| moved.iter().map(of).sum::<u64>();
        assert_eq!(bytes(|m| m.sent_bytes), bytes(|m| m.fewest_bytes));
        assert!(moved.iter().all(|m| m.rounds == moved[0].rounds));
        // As few as staging allows: each peer's portion may be rounded up by one element.
        let most = moved.iter().map(|m| m.sent_bytes.max(m.received_bytes)).max().unwrap();
        assert!(moved[0].rounds as u64 <= most.div_ceil(staging_bytes as u64 - 6), "{moved:?}");
    }
}

#[test]
fn other_layouts_of_the_same_model() {
    for (world, tp) in [(1, 1), (2, 2), (3, 1), (4, 1), (5, 1)] {
        let (tensors, from, to) = fsdp_to_rollout(world, tp);
        check(&tensors, &from, &to, DType::BF16, 5000);
    }
}

#[test]
fn trainers_and_rollout_on_different_ranks() {
    let (tensors, mut from, mut to) = fsdp_to_rollout(2, 2);
    from.ranks.extend([Vec::new(), Vec::new(), Vec::new()]);
    to.ranks.splice(0..0, [Vec::new(), Vec::new(), Vec::new()]);
    let moved = check(&tensors, &from, &to, DType::BF16, 1 << 12);
    assert_eq!((moved[2].sent_bytes, moved[2].received_bytes), (0, 0), "rank 2 only takes part");
    assert!(moved[0].sent_bytes > 0 && moved[3].received_bytes > 0);
}

#[test]
fn memory_is_twice_the_staging() {
    let (tensors, from, to) = fsdp_to_rollout(2, 2);
    let plan = Plan::new(&tensors, &from, &to).unwrap();
    // Devices that no other test here uses: the peak is a device's own.
    on_each(&mut group(6..8), |comm| {
        let (s, rank) = (comm.stream(), comm.rank());
        let tensor = |values: &Vec<f32>| Tensor::from_slice(s, &[values.len()], values).unwrap();
        let src: Vec<Tensor> = buffers(&tensors, &from.ranks[rank]).iter().map(tensor).collect();
        let mut dst: Vec<Tensor> = buffers(&tensors, &to.ranks[rank]).iter().map(tensor).collect();
        let src: Vec<_> = src.iter().map(Tensor::view).collect();
        let before = comm.device().memory_stats();
        let mut views: Vec<_> = dst.iter_mut().map(Tensor::view_mut).collect();
        let options = Options { staging_bytes: 2048, dtype: None };
        let moved = plan.execute(comm, &src, &mut views, &options).unwrap();
        s.synchronize().unwrap();
        let after = comm.device().memory_stats();
        assert!(moved.rounds > 3, "{moved:?}");
        assert_eq!(after.allocations - before.allocations, 2);
        assert_eq!(after.allocated_bytes, before.allocated_bytes);
        // The allocator rounds each buffer up to 512 bytes, with 32 of slack.
        let peak = after.peak_allocated_bytes.saturating_sub(before.allocated_bytes);
        assert!(peak <= 2 * (2048 + 512), "{peak} bytes");
    });
}

#[test]
fn many_short_copies_are_a_launch_and_few_an_operator_each() {
    let (tensors, from, to) = fsdp_to_rollout(2, 2);
    let plan = Plan::new(&tensors, &from, &to).unwrap();
    assert!(plan.copies(0) > 10, "{plan:?}");
    on_each(&mut group(4..6), |comm| {
        let (s, rank) = (comm.stream(), comm.rank());
        let tensor = |values: &Vec<f32>, dtype| Tensor::empty(s, &[values.len()], dtype).unwrap();
        let src: Vec<Tensor> = buffers(&tensors, &from.ranks[rank]).iter().map(|b| tensor(b, DType::F32)).collect();
        let mut dst: Vec<Tensor> = buffers(&tensors, &to.ranks[rank]).iter().map(|b| tensor(b, DType::BF16)).collect();
        let src: Vec<_> = src.iter().map(Tensor::view).collect();
        let tracer = Tracer::new(1000);
        s.trace(&tracer).unwrap();
        let mut views: Vec<_> = dst.iter_mut().map(Tensor::view_mut).collect();
        let options = Options { staging_bytes: 16 << 10, dtype: None };
        let moved = plan.execute(comm, &src, &mut views, &options).unwrap();
        let names: Vec<_> = tracer.take(Duration::from_secs(10)).iter().map(|span| span.name).collect();
        assert!(moved.rounds > 1 && moved.kept_bytes > 0, "{moved:?}");
        assert_eq!(names[0], "cast_copy", "what is kept");
        assert!(names.len() < plan.copies(rank), "{names:?}");
        let stretches: Vec<_> = names.split(|name| *name == "HcclAlltoAllV").collect();
        assert_eq!(stretches.len(), moved.rounds + 1, "{names:?}");
        for stretch in stretches {
            // What a round received goes to its places, then what the next sends is packed: a launch each, or less than eight operators.
            let of = |known: &[&str]| stretch.iter().filter(|name| known.contains(name)).count();
            let (launches, operators) = (of(&["cast_copy", "rect_copy"]), of(&["aclnnInplaceCopy"]));
            assert!(launches <= 2 && operators < 8 * (3 - launches), "{names:?}");
            assert_eq!(launches + operators, stretch.len(), "{names:?}");
        }
        assert!(names.contains(&"aclnnInplaceCopy"), "{names:?}");
    });
}

#[test]
fn refusals_name_what_is_wrong_before_anything_moves() {
    let (tensors, from, to) = fsdp_to_rollout(1, 1);
    let plan = Plan::new(&tensors, &from, &to).unwrap();
    let wide = fsdp_to_rollout(2, 1);
    let wide = Plan::new(&wide.0, &wide.1, &wide.2).unwrap();
    let comms = group(0..1);
    let (comm, s) = (&comms[0], comms[0].stream());
    let tensors_of = |s: &Stream, dtype, short: usize| -> Vec<Tensor> {
        (0..5).map(|i| Tensor::empty(s, &[if i == 3 { 20_000 - short } else { 20_000 }], dtype).unwrap()).collect()
    };
    let run = |plan: &Plan, src: &[Tensor], dst: &mut [Tensor], options: Options| -> Result<Moved> {
        let src: Vec<_> = src.iter().map(Tensor::view).collect();
        plan.execute(comm, &src, &mut dst.iter_mut().map(Tensor::view_mut).collect::<Vec<_>>(), &options)
    };
    let refused = |result: Result<Moved>, kind: ErrorKind, text: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    };
    let (src, mut dst) = (tensors_of(s, DType::F32, 0), tensors_of(s, DType::BF16, 0));
    let options = Options::default();
    assert!(run(&plan, &src, &mut dst, options).is_ok());
    let text = "the plan is of 2 ranks, the communicator of 1";
    refused(run(&wide, &src, &mut dst, options), ErrorKind::Argument, text);
    let text = "4 source buffers were given, the layout has 5";
    refused(run(&plan, &src[..4], &mut dst, options), ErrorKind::Argument, text);
    let text = "destination buffer 3 has 100 elements, its pieces reach to";
    refused(run(&plan, &src, &mut tensors_of(s, DType::BF16, 19_900), options), ErrorKind::Length, text);
    let text = "no destination; its options must say the dtype";
    refused(run(&plan, &src, &mut [], options), ErrorKind::Argument, text);
    let text = "destination buffer 0 is bf16, f32 is needed";
    refused(run(&plan, &src, &mut dst, Options { dtype: Some(DType::F32), ..options }), ErrorKind::DType, text);
    let other = comm.device().stream().unwrap();
    let text = "source buffer 0";
    refused(run(&plan, &tensors_of(&other, DType::F32, 0), &mut dst, options), ErrorKind::WrongStream, text);
}

//! The paged cache against naive attention over sequences kept on the host.

mod common;

use std::time::Duration;

use ascend_rl::acl::{CaptureMode, Tracer};
use ascend_rl::attention::{KvSpec, PagedKvCache, Sequence};
use ascend_rl::{DType, Error, ErrorKind, Stream, Tensor, ops};
use common::{assert_close, noise, stream, upload, values};

const SPEC: KvSpec = KvSpec { layers: 2, num_kv_heads: 2, head_dim: 16, block_size: 16, dtype: DType::BF16 };
const WIDTH: usize = 32;
const HEADS: usize = 4;
const SCALE: f64 = 0.25;

/// A sequence and, for each layer, its keys and values as the device holds them: a row of [`WIDTH`] a token.
struct Tracked {
    sequence: Sequence,
    keys: [Vec<f64>; 2],
    values: [Vec<f64>; 2],
}

/// A cache, what is in it, and a seed that never repeats.
struct Bench {
    s: Stream,
    cache: PagedKvCache,
    seed: u64,
}

impl Bench {
    fn new(blocks: usize) -> Bench {
        let s = stream();
        let cache = PagedKvCache::new(&s, SPEC, blocks).unwrap();
        Bench { s, cache, seed: 0 }
    }

    fn sequence(&self) -> Tracked {
        Tracked { sequence: self.cache.sequence(), keys: Default::default(), values: Default::default() }
    }

    fn random(&mut self, shape: &[usize], size: f32) -> Tensor {
        self.seed += 1;
        let host: Vec<f32> = noise(self.seed, shape.iter().product()).iter().map(|v| size * v).collect();
        upload(&self.s, shape, DType::BF16, &host)
    }

    /// Appends so many tokens to each sequence and writes their keys and values, which are slices of a fused projection.
    fn append(&mut self, batch: &mut [(&mut Tracked, usize)]) {
        let slots: Vec<i32> = batch.iter_mut().flat_map(|(q, n)| q.sequence.append(*n).unwrap()).collect();
        self.cache.apply_copies(&self.s).unwrap();
        let slots = Tensor::from_slice(&self.s, &[slots.len()], &slots).unwrap();
        for layer in 0..SPEC.layers {
            let kv = self.random(&[slots.numel(), 2 * WIDTH], 1.0);
            let (k, v) = (kv.view().narrow(1, 0, WIDTH).unwrap(), kv.view().narrow(1, WIDTH, WIDTH).unwrap());
            self.cache.write(&self.s, layer, k, v, &slots).unwrap();
            let host = values(&self.s, &kv);
            let mut rows = host.chunks(2 * WIDTH);
            for (q, n) in batch.iter_mut() {
                for row in rows.by_ref().take(*n) {
                    q.keys[layer].extend(&row[..WIDTH]);
                    q.values[layer].extend(&row[WIDTH..]);
                }
            }
        }
    }

    /// Attention of a random query of each sequence, in every layer.
    fn check(&mut self, batch: &[&Tracked]) {
        let plan = self.cache.plan_decode(&self.s, batch.iter().map(|q| &q.sequence)).unwrap();
        let shape = [batch.len(), HEADS, SPEC.head_dim];
        for layer in 0..SPEC.layers {
            let q = self.random(&shape, 4.0);
            let mut out = Tensor::zeros(&self.s, &shape, DType::BF16).unwrap();
            self.cache.decode(&self.s, layer, &q, &plan, SCALE, &mut out).unwrap();
            let q = values(&self.s, &q);
            let want: Vec<f64> = batch.iter().zip(q.chunks(HEADS * 16)).flat_map(|(t, q)| attend(q, t, layer)).collect();
            // Probabilities and the result may each be rounded to bf16; values are below 1.
            assert_close(&values(&self.s, &out), &want, 1.0 / 128.0, 1.0 / 256.0);
        }
    }
}

impl Tracked {
    fn fork(&self) -> Tracked {
        Tracked { sequence: self.sequence.fork(), keys: self.keys.clone(), values: self.values.clone() }
    }
}

/// One query [heads, head_dim] against all tokens of a sequence.
fn attend(q: &[f64], tracked: &Tracked, layer: usize) -> Vec<f64> {
    let mut out = Vec::new();
    for (head, q) in q.chunks(SPEC.head_dim).enumerate() {
        let columns = head / (HEADS / SPEC.num_kv_heads) * SPEC.head_dim..;
        let rows = tracked.keys[layer].chunks(WIDTH).map(|row| &row[columns.clone()]);
        let weights: Vec<f64> = rows.map(|k| (SCALE * q.iter().zip(k).map(|(q, k)| q * k).sum::<f64>()).exp()).collect();
        let total: f64 = weights.iter().sum();
        let rows = || tracked.values[layer].chunks(WIDTH).map(|row| &row[columns.clone()]);
        out.extend((0..SPEC.head_dim).map(|x| weights.iter().zip(rows()).map(|(w, v)| w / total * v[x]).sum::<f64>()));
    }
    out
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, kind: ErrorKind, text: &str) {
    let error = result.err().expect("a refusal");
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
}

#[test]
fn sequences_of_different_lengths_grow_together() {
    let mut bench = Bench::new(20);
    let mut all: Vec<Tracked> = (0..5).map(|_| bench.sequence()).collect();
    let prompts = [1, 15, 16, 17, 40];
    bench.append(&mut all.iter_mut().zip(prompts).collect::<Vec<_>>());
    bench.check(&all.iter().collect::<Vec<_>>());
    for _ in 0..18 {
        bench.append(&mut all.iter_mut().map(|q| (q, 1)).collect::<Vec<_>>());
    }
    bench.check(&all.iter().collect::<Vec<_>>());
    let lens: Vec<usize> = all.iter().map(|q| q.sequence.len()).collect();
    assert_eq!(lens, [19, 33, 34, 35, 58]);
    let used: usize = lens.iter().map(|&len| SPEC.blocks_for(len)).sum();
    assert_eq!((bench.cache.num_blocks(), bench.cache.free_blocks()), (20, 20 - used));

    // One leaves; its blocks serve another, and nobody else notices.
    all.remove(3);
    let mut late = bench.sequence();
    bench.append(&mut [(&mut late, 50)]);
    all.push(late);
    bench.check(&all.iter().collect::<Vec<_>>());
    drop(all);
    assert_eq!(bench.cache.free_blocks(), 20);
}

#[test]
fn forks_write_into_copies_of_the_shared_block() {
    let mut bench = Bench::new(16);
    let mut prompt = bench.sequence();
    bench.append(&mut [(&mut prompt, 21)]);
    let mut forks: Vec<Tracked> = (0..3).map(|_| prompt.fork()).collect();
    assert_eq!(bench.cache.free_blocks(), 14, "forks cost nothing");
    bench.check(&forks.iter().chain([&prompt]).collect::<Vec<_>>());

    // One fork goes ahead: the others and the prompt still have what they had.
    bench.append(&mut [(&mut forks[1], 1)]);
    assert_eq!(bench.cache.free_blocks(), 13);
    bench.check(&forks.iter().chain([&prompt]).collect::<Vec<_>>());

    // Without the prompt the last of the forks to write has the block for itself.
    drop(prompt);
    let [a, _, c] = &mut forks[..] else { unreachable!() };
    bench.append(&mut [(a, 1), (c, 1)]);
    assert_eq!(bench.cache.free_blocks(), 12);
    bench.check(&forks.iter().collect::<Vec<_>>());
    let first: Vec<_> = forks.iter().map(|f| f.sequence.blocks()[0]).collect();
    assert!(first.iter().all(|&b| b == first[0]), "the full block is still shared");

    // A fork of a fork, over the end of the block.
    let mut second = forks[2].fork();
    for n in [3, 9, 1] {
        let batch: Vec<(&mut Tracked, usize)> = forks.iter_mut().chain([&mut second]).map(|f| (f, n)).collect();
        bench.append(&mut { batch });
        bench.check(&forks.iter().chain([&second]).collect::<Vec<_>>());
    }
    drop((forks, second));
    assert_eq!(bench.cache.free_blocks(), 16);
}

#[test]
fn a_fork_of_full_blocks_copies_nothing() {
    let mut bench = Bench::new(4);
    let mut prompt = bench.sequence();
    bench.append(&mut [(&mut prompt, 32)]);
    let mut fork = prompt.fork();
    bench.append(&mut [(&mut fork, 1), (&mut prompt, 1)]);
    assert_eq!(bench.cache.free_blocks(), 0);
    bench.check(&[&prompt, &fork]);
}

#[test]
fn a_preempted_sequence_leaves_no_copy_behind() {
    // All in one step: a fork appends, is dropped for want of room, and its block goes to another fork.
    let mut bench = Bench::new(5);
    let (mut one, mut two) = (bench.sequence(), bench.sequence());
    bench.append(&mut [(&mut one, 20), (&mut two, 20)]);
    let (mut preempted, mut kept) = (one.fork(), two.fork());
    preempted.sequence.append(1).unwrap();
    assert_eq!(kept.sequence.append(1).unwrap_err().kind(), ErrorKind::OutOfBlocks);
    drop(preempted);
    bench.append(&mut [(&mut kept, 1)]);
    bench.check(&[&one, &two, &kept]);
}

#[test]
fn a_step_is_one_launch_of_copies_and_one_of_writes_a_layer() {
    let mut bench = Bench::new(8);
    let mut prompt = bench.sequence();
    bench.append(&mut [(&mut prompt, 21)]);
    let mut forks = [prompt.fork(), prompt.fork()];
    forks.iter_mut().for_each(|fork| _ = fork.sequence.append(1).unwrap());
    let (kv, slots) = (bench.random(&[2, WIDTH], 1.0), Tensor::from_slice(&bench.s, &[2], &[40_i32, 60]).unwrap());
    let Bench { s, cache, .. } = &mut bench;
    let tracer = Tracer::new(1000);
    s.trace(&tracer).unwrap();
    let names = || tracer.take(Duration::from_secs(10)).iter().map(|span| span.name).collect::<Vec<_>>();
    cache.apply_copies(s).unwrap();
    assert_eq!(names(), ["block_copy"]);
    cache.apply_copies(s).unwrap();
    assert!(names().is_empty(), "they were applied");
    cache.write(s, 1, &kv, &kv, &slots).unwrap();
    assert_eq!(names(), ["kv_write"]);
}

/// A captured write and attention, replayed for the next token: token and slot are read anew.
#[test]
fn a_captured_write_goes_to_the_slots_of_its_step() {
    let mut bench = Bench::new(4);
    let mut tracked = bench.sequence();
    bench.append(&mut [(&mut tracked, 30)]);
    let (mut k, mut v) = (bench.random(&[1, WIDTH], 1.0), bench.random(&[1, WIDTH], 1.0));
    let mut slot = Tensor::from_slice(&bench.s, &[1], &[-1_i32]).unwrap();
    let graph =
        bench.s.capture(CaptureMode::default(), |s| (0..2).try_for_each(|layer| bench.cache.write(s, layer, &k, &v, &slot)));
    let graph = graph.unwrap();
    bench.check(&[&tracked]);
    // Over the end of a block, with a launch in between that is padding.
    for step in 0..5 {
        let next = tracked.sequence.append(1).unwrap();
        let [new_k, new_v] = [0, 1].map(|_| bench.random(&[1, WIDTH], 1.0));
        for (to, from) in [(&mut k, &new_k), (&mut v, &new_v)] {
            to.write(&bench.s, &from.to_vec::<half::bf16>(&bench.s).unwrap()).unwrap();
        }
        slot.write(&bench.s, &next).unwrap();
        graph.launch(&bench.s).unwrap();
        for layer in 0..2 {
            tracked.keys[layer].extend(values(&bench.s, &k));
            tracked.values[layer].extend(values(&bench.s, &v));
        }
        bench.check(&[&tracked]);
        if step == 2 {
            k.write(&bench.s, &[half::bf16::from_f32(9.0); WIDTH]).unwrap();
            slot.write(&bench.s, &[-1_i32]).unwrap();
            graph.launch(&bench.s).unwrap();
            bench.check(&[&tracked]);
        }
    }
}

#[test]
fn copies_are_of_a_step_and_not_of_a_graph() {
    let mut bench = Bench::new(4);
    let mut prompt = bench.sequence();
    bench.append(&mut [(&mut prompt, 20)]);
    let mut fork = prompt.fork();
    fork.sequence.append(1).unwrap();
    let captured = bench.s.capture(CaptureMode::default(), |s| bench.cache.apply_copies(s)).map(drop);
    let repeated = ops::repeat(&bench.s, |s| bench.cache.apply_copies(s)).map(drop);
    for error in [captured.unwrap_err(), repeated.unwrap_err()] {
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().starts_with("kv cache: block copies on"), "{error}");
    }
    // Nothing was lost: the append's token replaces nothing that is attended to.
    bench.cache.apply_copies(&bench.s).unwrap();
    let slots = Tensor::from_slice(&bench.s, &[1], &[fork.sequence.blocks()[1].0 as i32 * 16 + 4]).unwrap();
    for layer in 0..2 {
        let kv = bench.random(&[1, WIDTH], 1.0);
        bench.cache.write(&bench.s, layer, &kv, &kv, &slots).unwrap();
        fork.keys[layer].extend(values(&bench.s, &kv));
        fork.values[layer].extend(values(&bench.s, &kv));
    }
    bench.check(&[&prompt, &fork]);
}

/// A repeat holds operators only, as a build without the kernel has.
#[test]
fn operators_write_what_the_kernel_does() {
    let mut bench = Bench::new(4);
    let mut tracked = bench.sequence();
    bench.append(&mut [(&mut tracked, 13)]);
    let slots = Tensor::from_slice(&bench.s, &[7], &tracked.sequence.append(7).unwrap()).unwrap();
    let kv = bench.random(&[7, 2 * WIDTH], 1.0);
    let (k, v) = (kv.view().narrow(1, 0, WIDTH).unwrap(), kv.view().narrow(1, WIDTH, WIDTH).unwrap());
    let step = ops::repeat(&bench.s, |s| (0..2).try_for_each(|layer| bench.cache.write(s, layer, k, v, &slots))).unwrap();
    assert_eq!(step.len(), 4);
    step.enqueue(&bench.s).unwrap();
    for row in values(&bench.s, &kv).chunks(2 * WIDTH) {
        for layer in 0..2 {
            tracked.keys[layer].extend(&row[..WIDTH]);
            tracked.values[layer].extend(&row[WIDTH..]);
        }
    }
    bench.check(&[&tracked]);
}

#[test]
fn a_cache_without_room_says_so_and_changes_nothing() {
    let mut bench = Bench::new(3);
    let mut a = bench.sequence();
    let text = "all 3 blocks of the cache are in use";
    refused(a.sequence.append(49), ErrorKind::OutOfBlocks, text);
    assert_eq!((bench.cache.free_blocks(), a.sequence.len(), a.sequence.is_empty()), (3, 0, true));
    bench.append(&mut [(&mut a, 40)]);
    let mut b = a.fork();
    refused(b.sequence.append(1), ErrorKind::OutOfBlocks, text);
    refused(a.sequence.append(usize::MAX), ErrorKind::OutOfBlocks, text);
    bench.check(&[&a, &b]);
    drop(b);
    bench.append(&mut [(&mut a, 8)]);
    bench.check(&[&a]);
    refused(a.sequence.append(1), ErrorKind::OutOfBlocks, text);
}

#[test]
fn geometries_that_cann_refuses() {
    let s = stream();
    let new = |spec: KvSpec| PagedKvCache::new(&s, spec, 2);
    let text = "kv cache: dtype is f32, CANN's inference attention takes bf16 or f16";
    refused(new(KvSpec { dtype: DType::F32, ..SPEC }), ErrorKind::DType, text);
    for block_size in [0, 8, 24, 528] {
        let text = format!("kv cache: block_size is {block_size}, a multiple of 16 up to 512 is needed");
        refused(new(KvSpec { block_size, ..SPEC }), ErrorKind::Shape, &text);
    }
    for head_dim in [0, 8, 20] {
        let text = format!("kv cache: head_dim is {head_dim}, a multiple of 16 is needed");
        refused(new(KvSpec { head_dim, ..SPEC }), ErrorKind::Shape, &text);
    }
    for layers in [0, 1025] {
        let text = format!("kv cache: layers are {layers}, 1 to 1024 are needed");
        refused(new(KvSpec { layers, ..SPEC }), ErrorKind::Shape, &text);
    }
    for num_kv_heads in [0, 2049] {
        let text = format!("kv cache: num_kv_heads are {num_kv_heads}, of 16 elements 1 to 2048 are possible");
        refused(new(KvSpec { num_kv_heads, ..SPEC }), ErrorKind::Shape, &text);
    }
    let text = "kv cache: 134217728 blocks have more slots than an i32 can name";
    refused(PagedKvCache::new(&s, SPEC, 1 << 27), ErrorKind::Argument, text);
    assert_eq!(
        (SPEC.block_bytes(), SPEC.blocks_for(0), SPEC.blocks_for(16), SPEC.blocks_for(17)),
        (2 * 2 * 16 * 32 * 2, 0, 1, 2)
    );
}

#[test]
fn calls_that_do_not_fit_the_cache() {
    let mut bench = Bench::new(4);
    let mut a = bench.sequence();
    refused(bench.cache.plan_decode(&bench.s, [&a.sequence]), ErrorKind::Argument, "plan_decode: no sequence has tokens");
    refused(bench.cache.plan_decode(&bench.s, []), ErrorKind::Argument, "plan_decode: no sequence has tokens");
    bench.append(&mut [(&mut a, 3)]);

    let other = Bench::new(4);
    let text = "plan_decode: sequence 1 is of another cache";
    let mut stranger = other.cache.sequence();
    stranger.append(1).unwrap();
    refused(bench.cache.plan_decode(&bench.s, [&a.sequence, &stranger]), ErrorKind::Argument, text);

    let Bench { s, mut cache, .. } = bench;
    let plan = cache.plan_decode(&s, [&a.sequence]).unwrap();
    let tensor = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let (q, kv, slot) = (tensor(&[1, HEADS, 16], DType::BF16), tensor(&[1, WIDTH], DType::BF16), tensor(&[1], DType::I32));
    let mut out = tensor(&[1, HEADS, 16], DType::BF16);
    let text = "kv cache: there is no layer 2, it has 2";
    refused(cache.decode(&s, 2, &q, &plan, SCALE, &mut out), ErrorKind::Argument, text);
    refused(cache.write(&s, 2, &kv, &kv, &slot), ErrorKind::Argument, text);
    let single = tensor(&[1, WIDTH], DType::F32);
    refused(cache.write(&s, 0, &single, &kv, &slot), ErrorKind::DType, "kv_write: k_cache is bf16, f32 as k is needed");
    let text = "kv cache: v is [1, 16], [t, 32] is needed";
    refused(cache.write(&s, 0, &kv, &tensor(&[1, 16], DType::BF16), &slot), ErrorKind::Shape, text);
    let text = "kv_write: k has 1 tokens, slot_mapping has 2";
    refused(cache.write(&s, 0, &kv, &kv, &tensor(&[2], DType::I32)), ErrorKind::Shape, text);
    let text = "fused_infer_attention_decode: q is f32, bf16 or f16 is needed";
    refused(cache.decode(&s, 0, &tensor(&[1, HEADS, 16], DType::F32), &plan, SCALE, &mut out), ErrorKind::DType, text);
    let two = tensor(&[2, HEADS, 16], DType::BF16);
    let text = "fused_infer_attention_decode: 2 queries, 1 rows of block_table, 1 seq_lens";
    refused(cache.decode(&s, 0, &two, &plan, SCALE, &mut tensor(&[2, HEADS, 16], DType::BF16)), ErrorKind::Shape, text);
    let elsewhere = stream();
    assert_eq!(cache.decode(&elsewhere, 0, &q, &plan, SCALE, &mut out).unwrap_err().kind(), ErrorKind::WrongStream);
}

//! A policy that is spread over ranks against one that is not.

use super::*;

/// Enough layers that buffers go round.
fn deep(family: Family, tied: bool, num_layers: usize) -> ModelConfig {
    ModelConfig { num_layers, ..tiny(family, tied) }
}

fn alone(s: &Stream, config: &ModelConfig, compute: DType) -> Policy {
    filled(s, Policy::new(s, config, compute).unwrap())
}

fn spread(s: &Stream, config: &ModelConfig, compute: DType, world: Communicator) -> Policy {
    filled(s, Policy::sharded(s, config, compute, world.into()).unwrap())
}

/// Everything in a store that ranks hold together, by name.
fn collected(s: &Stream, store: &Store, world: Option<&Communicator>) -> Vec<(String, Vec<f32>)> {
    store.export(s, world).map(|tensor| tensor.map(|(name, _, values)| (name, values)).unwrap()).collect()
}

#[test]
fn whole_units_are_gathered_bit_for_bit() {
    let packed = Packed::new(&sequences()).unwrap();
    for (family, tied, layers, compute, ranks) in [
        (Family::Qwen3, true, 1, DType::F32, 1),
        (Family::Qwen3, false, 3, DType::F32, 3),
        (Family::Qwen2, true, 6, DType::F32, 4),
        (Family::Qwen2, false, 2, DType::BF16, 2),
    ] {
        let config = deep(family, tied, layers);
        let s = stream();
        let expected = alone(&s, &config, compute).logprobs(&s, &packed, 0.8).unwrap();
        // One rank at a time has something to compute; the last time all have.
        let found = on_ranks(ranks, |s, world| {
            let (rank, policy) = (world.rank(), spread(s, &config, compute, world));
            let nothing = Packed::default();
            let turns = (0..=ranks).map(|turn| if turn == rank || turn == ranks { &packed } else { &nothing });
            turns.map(|packed| policy.logprobs(s, packed, 0.8).unwrap()).collect::<Vec<_>>()
        });
        for (rank, turns) in found.iter().enumerate() {
            let right = |turn| turns[turn] == if turn == rank || turn == ranks { expected.clone() } else { Logprobs::default() };
            assert!((0..=ranks).all(right), "{family:?}, {layers} layers, rank {rank} of {ranks}");
        }
    }
}

#[test]
fn gradients_are_summed_over_ranks_and_micro_batches() {
    for (family, tied, layers, ranks) in
        [(Family::Qwen3, true, 1, 2), (Family::Qwen2, false, 2, 3), (Family::Qwen3, false, 5, 2), (Family::Qwen2, true, 4, 4)]
    {
        let (config, sequences) = (deep(family, tied, layers), sequences());
        let packed = Packed::new(&sequences).unwrap();
        let all = weights(packed.num_rows());
        let parts: Vec<Vec<f32>> = packed.split(&all).map(<[f32]>::to_vec).collect();
        let s = stream();
        let (expected, _) = gradient(&s, &alone(&s, &config, DType::F32), &packed, 0.8, &all);
        let expected = contents(&s, &expected);
        let found = on_ranks(ranks, |s, world| {
            let (rank, policy) = (world.rank(), spread(s, &config, DType::F32, world));
            let mut grads = Gradients::new(policy.home(s), &policy.model.geometry).unwrap();
            // The first batch must be forgotten, the two passes of the second added: even sequences, then odd ones.
            for (batch, parity) in [(0, 0), (1, 0), (1, 1)] {
                if parity == 0 {
                    grads.clear();
                }
                let own = (0..sequences.len()).filter(|i| i % 2 == parity && i / 2 % ranks == rank);
                let own: Vec<usize> = if batch == 0 { vec![rank] } else { own.collect() };
                let packed = Packed::new(own.iter().map(|&i| &sequences[i])).unwrap();
                let weights = own.iter().flat_map(|&i| parts[i].clone()).collect();
                policy.forward_backward(s, &packed, 0.8, &mut grads, |_| Ok(weights)).unwrap();
            }
            collected(s, grads.store(), policy.world())
        });
        for found in found {
            for ((name, a), (_, b)) in found.iter().zip(&expected) {
                // f32 sums in another order.
                assert!(relative(a, b) < 1e-5, "{family:?}, {layers} layers, {ranks} ranks, {name}: {}", relative(a, b));
            }
        }
    }
}

#[test]
fn an_export_gives_what_was_loaded_to_every_rank_that_reads_it() {
    let config = deep(Family::Qwen2, false, 3);
    let s = stream();
    let expected = contents(&s, alone(&s, &config, DType::F32).masters());
    for ranks in [1, 2, 3] {
        let found = on_ranks(ranks, |s, world| {
            let (rank, policy) = (world.rank(), spread(s, &config, DType::BF16, world));
            let all = collected(s, policy.masters(), policy.world());
            // The last rank reads alone; then it breaks off, and the others still end.
            let alone = (rank + 1 == ranks).then(|| policy.export(s).map(Result::unwrap).count());
            if alone.is_none() {
                policy.take_part_in_export().unwrap();
            }
            match alone {
                Some(_) => drop(policy.export(s).next().unwrap().unwrap()),
                None => policy.take_part_in_export().unwrap(),
            }
            (all, alone, policy.logprobs(s, &Packed::new(&sequences()).unwrap(), 1.0).unwrap())
        });
        assert!(found.iter().all(|(all, ..)| *all == expected), "{ranks} ranks");
        assert_eq!(found[ranks - 1].1, Some(expected.len()));
    }
}

#[test]
fn ranks_read_and_hold_their_part_alone() {
    let config = deep(Family::Qwen3, true, 4);
    let held = |policy: &Policy| policy.masters().units().iter().map(ascend_rl::tensor::Tensor::numel).sum::<usize>();
    let s = stream();
    let whole = Policy::new(&s, &config, DType::F32).unwrap();
    let parts = whole.model.geometry.units().iter().flat_map(|unit| unit.parts()).count();
    let found = on_ranks(4, |s, world| {
        let mut policy = Policy::sharded(s, &config, DType::F32, world.into()).unwrap();
        let mut read = 0;
        policy
            .load(s, |_, shape| {
                read += 1;
                Ok(vec![0.5; shape.iter().product()])
            })
            .unwrap();
        let block = policy.masters().unit(1).get(Slot::Qkv).unwrap_err().to_string();
        (held(&policy), read, block)
    });
    for (numbers, read, block) in &found {
        assert!((held(&whole) / 4..held(&whole) / 4 + 100).contains(numbers), "{numbers} of {}", held(&whole));
        assert!((1..parts).contains(read), "{read} of {parts} tensors");
        assert!(block.contains("gather it before"), "{block}");
    }
    assert!(found.iter().map(|(_, read, _)| read).sum::<usize>() >= parts);
}

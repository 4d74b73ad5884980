//! Training over ranks against training alone, on the same samples.

use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;
use ascend_rl::tensor::DType;

use super::*;
use crate::checkpoint::{Family, ModelConfig};
use crate::policy::tests::{filled, on_devices, on_ranks, relative, sequences, stream, tiny};
use crate::policy::{Policy, Sequence};

/// A run to repeat over other ranks.
#[derive(Clone, Copy)]
struct Case {
    family: Family,
    tied: bool,
    layers: usize,
    compute: DType,
    /// Of a micro-batch.
    max_tokens: usize,
    /// How many of the six sequences are trained on.
    sequences: usize,
    kl: f64,
}

/// What a run shows.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// Of each update, and of a supervised step at the end.
    losses: Vec<f64>,
    norms: Vec<f64>,
    entropies: Vec<f64>,
    /// Before the updates under the reference, and after them.
    logprobs: Vec<Vec<f32>>,
    weights: Vec<(String, Vec<f32>)>,
}

const CASE: Case =
    Case { family: Family::Qwen3, tied: true, layers: 3, compute: DType::F32, max_tokens: 31, sequences: 6, kl: 0.05 };

fn trainer(s: &Stream, world: Option<Communicator>, case: Case) -> Trainer {
    let config = ModelConfig { num_layers: case.layers, ..tiny(case.family, case.tied) };
    let policy = match world {
        None => Policy::new(s, &config, case.compute),
        Some(world) => Policy::sharded(s, &config, case.compute, world.into()),
    };
    let loss = LossSettings { kl_loss_coef: case.kl, ..LossSettings::default() };
    let settings = TrainerSettings { loss, temperature: 0.9, max_tokens: case.max_tokens };
    let schedule = Schedule { lr: 2e-3, warmup_steps: 2, decay: Decay::Constant, total_steps: 0 };
    Trainer::new(s, filled(s, policy.unwrap()), settings, OptimizerSettings::new(schedule)).unwrap()
}

fn samples(s: &Stream, trainer: &Trainer, sequences: &[Sequence]) -> Vec<Sample> {
    let references: Vec<&Sequence> = sequences.iter().collect();
    let old = trainer.logprobs(s, &references).unwrap();
    let reference = trainer.ref_logprobs(s, &references).unwrap();
    let advantages = [1.0, -0.5, 0.7, 0.3, -1.2, -0.4];
    let sample = |((sequence, advantage), (old, reference)): ((&Sequence, f32), (crate::policy::Logprobs, Vec<f32>))| Sample {
        sequence: sequence.clone(),
        advantage,
        old_logp: Some(old.logp),
        ref_logp: Some(reference),
    };
    sequences.iter().zip(advantages).zip(old.into_iter().zip(reference)).map(sample).collect()
}

/// Five updates on one batch, as many as make ratios leave 1, and a supervised step.
fn run(s: &Stream, world: Option<Communicator>, case: Case) -> Outcome {
    let mut trainer = trainer(s, world, case);
    trainer.freeze_reference(s).unwrap();
    let sequences = &sequences()[..case.sequences];
    let references: Vec<&Sequence> = sequences.iter().collect();
    let samples = samples(s, &trainer, sequences);
    let (mut losses, mut norms, mut entropies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let metrics = trainer.update(s, &samples).unwrap();
        losses.push(metrics.loss.pg_loss + case.kl * metrics.loss.kl_loss);
        norms.push(metrics.step.grad_norm);
        entropies.push(metrics.entropy);
    }
    let supervised = trainer.supervised(s, sequences).unwrap();
    losses.push(supervised.loss);
    norms.push(supervised.step.grad_norm);
    let mut logprobs = trainer.ref_logprobs(s, &references).unwrap();
    logprobs.extend(trainer.logprobs(s, &references).unwrap().into_iter().flat_map(|l| [l.logp, l.entropy]));
    let weights = trainer.policy.export(s).map(|tensor| tensor.map(|(name, _, values)| (name, values)).unwrap()).collect();
    Outcome { losses, norms, entropies, logprobs, weights }
}

fn alone(case: Case) -> Outcome {
    run(&stream(), None, case)
}

/// The outcome on `ranks` ranks, which must be the same on each, bit for bit.
fn spread(ranks: usize, case: Case) -> Outcome {
    let mut outcomes = on_ranks(ranks, |s, world| run(s, Some(world), case));
    let first = outcomes.swap_remove(0);
    assert!(outcomes.iter().all(|other| *other == first), "ranks differ");
    first
}

/// The largest relative difference of any number, or of any tensor by its norm.
fn difference(a: &Outcome, b: &Outcome) -> f64 {
    let numbers = |o: &Outcome| [&o.losses[..], &o.norms, &o.entropies].concat();
    let size = |x: f64| x.abs().max(0.1);
    // `f64::max` drops what is no number.
    let worse = |a: f64, b: f64| if b.is_nan() { f64::INFINITY } else { a.max(b) };
    let of_numbers = numbers(a).iter().zip(numbers(b)).map(|(a, b)| (a - b).abs() / size(b)).fold(0.0, worse);
    assert_eq!(a.logprobs.iter().map(Vec::len).collect::<Vec<_>>(), b.logprobs.iter().map(Vec::len).collect::<Vec<_>>());
    let of_logprobs = a.logprobs.iter().zip(&b.logprobs).filter(|(a, _)| !a.is_empty()).map(|(a, b)| relative(a, b));
    let of_weights = a.weights.iter().zip(&b.weights).map(|((_, a), (_, b))| relative(a, b));
    of_logprobs.chain(of_weights).fold(of_numbers, worse)
}

#[test]
fn ranks_learn_what_one_device_learns() {
    for case in [CASE, Case { family: Family::Qwen2, tied: false, layers: 2, max_tokens: 100, kl: 0.0, ..CASE }] {
        let expected = alone(case);
        for ranks in [1, 2, 3, 4] {
            let found = spread(ranks, case);
            // f32 sums in another order, through six steps of AdamW: 5e-7 was measured.
            let difference = difference(&found, &expected);
            assert!(difference < 1e-5, "{ranks} ranks: {difference}");
        }
    }
}

#[test]
fn ranks_without_a_sequence_take_part() {
    // A response of one token, one of five, none: of four ranks two compute.
    for (sequences, ranks) in [(2, 4), (1, 3), (4, 4)] {
        let case = Case { sequences, ..CASE };
        let difference = difference(&spread(ranks, case), &alone(case));
        assert!(difference < 1e-5, "{sequences} sequences, {ranks} ranks: {difference}");
    }
}

#[test]
fn in_bf16_ranks_are_as_near_as_rounding_allows() {
    let case = Case { compute: DType::BF16, layers: 2, ..CASE };
    let (expected, found) = (alone(case), spread(3, case));
    // Each micro-batch rounds its gradient to bf16, which is off by up to 0.4 %, and micro-batches are others.
    let near = |a: f64, b: f64| (a - b).abs() < 0.004 * b.abs();
    assert!(near(found.norms[0], expected.norms[0]), "{:?}, {:?}", found.norms, expected.norms);
    // Later norms tell little: whether a token's ratio is beyond the clip, a rounding can decide. Losses and weights do.
    for (a, b) in found.losses.iter().zip(&expected.losses) {
        assert!((a - b).abs() < 0.004 * (b.abs() + 1.0), "{:?}, {:?}", found.losses, expected.losses);
    }
    for ((name, a), (_, b)) in found.weights.iter().zip(&expected.weights) {
        assert!(relative(a, b) < 0.01, "{name}: {}", relative(a, b));
    }
    assert_ne!(found, expected);
}

#[test]
fn the_same_ranks_give_the_same_bits_again() {
    for compute in [DType::F32, DType::BF16] {
        let case = Case { compute, ..CASE };
        assert_eq!(spread(3, case), spread(3, case));
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_skipped_by_all_ranks() {
    let outcomes = on_ranks(3, |s, world| {
        let mut trainer = trainer(s, Some(world), CASE);
        trainer.freeze_reference(s).unwrap();
        let weights = |trainer: &Trainer| trainer.policy.export(s).map(|t| t.unwrap().2).collect::<Vec<_>>();
        let before = weights(&trainer);
        // One token of one rank's.
        let mut samples = samples(s, &trainer, &sequences());
        samples[1].advantage = f32::NAN;
        let step = trainer.update(s, &samples).unwrap().step;
        assert!(weights(&trainer) == before, "a skipped step changed weights");
        samples[1].advantage = -0.5;
        (step.updated, step.skipped_steps, trainer.update(s, &samples).unwrap().step.updated)
    });
    assert_eq!(outcomes, [(false, 1, true); 3]);
}

#[test]
fn what_one_rank_cannot_compute_all_refuse() {
    let outcomes = on_ranks(3, |s, world| {
        let mut trainer = trainer(s, Some(world), CASE);
        trainer.freeze_reference(s).unwrap();
        let good = samples(s, &trainer, &sequences());
        let mut refused = |change: fn(&mut Sample)| {
            let mut samples = good.clone();
            change(&mut samples[1]);
            trainer.update(s, &samples).unwrap_err().to_string()
        };
        let errors = [
            refused(|sample| sample.sequence.tokens[0] = 37),
            refused(|sample| {
                sample.sequence.prompt_len = 0;
                (sample.old_logp, sample.ref_logp) = (None, Some(vec![0.0; 2]));
            }),
            refused(|sample| sample.ref_logp = None),
            refused(|sample| sample.sequence.tokens.extend([1; 38])),
        ];
        assert!(trainer.update(s, &good).unwrap().step.updated, "the ranks are still together");
        errors
    });
    for errors in outcomes {
        for (error, part) in
            errors.iter().zip(["outside the model's vocabulary", "without a prompt", "reference", "old log-probs"])
        {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn no_step_asks_the_device_for_memory() {
    // Two devices that no other test takes memory of.
    on_devices(6..8, |s, world| {
        let mut trainer = trainer(s, Some(world), Case { layers: 5, ..CASE });
        let sequences = sequences();
        let mut step = || trainer.supervised(s, &sequences).unwrap();
        (0..2).for_each(|_| assert!(step().step.updated));
        let before = s.memory_stats();
        (0..4).for_each(|_| assert!(step().step.updated));
        let after = s.memory_stats();
        assert_eq!((after.device_mallocs, after.allocated_bytes), (before.device_mallocs, before.allocated_bytes));
    });
}

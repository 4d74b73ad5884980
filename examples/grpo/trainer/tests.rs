//! Tests of the trainer as a whole, and of its pure parts against PyTorch.

use serde::Deserialize;

use super::loss::{LossMetrics, Response};
use super::*;
use crate::checkpoint::Family;
use crate::policy::Sequence;
use crate::policy::tests::{contents, largest_difference, policy, relative, sequences, stream};
use ascend_rl::acl::Stream;
use ascend_rl::tensor::DType;

#[derive(Deserialize)]
struct GrpoCase {
    clip_low: f64,
    clip_high: f64,
    clip_c: f64,
    kl_coef: f64,
    norm_adv_by_std: bool,
    groups: Vec<usize>,
    rewards: Vec<f32>,
    advantages: Vec<f64>,
    logp: Vec<Vec<f32>>,
    old_logp: Vec<Vec<f32>>,
    ref_logp: Vec<Vec<f32>>,
    grad_logp: Vec<Vec<f64>>,
    loss: f64,
    pg_loss: f64,
    kl_loss: f64,
    pg_clipfrac: f64,
    pg_clipfrac_lower: f64,
    ppo_kl: f64,
}

/// verl's formulas, written again in PyTorch in f64. Inputs are rounded to f32 here: values of size 1 are good to 1e-6.
#[test]
fn advantages_and_loss_are_those_of_verl() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/grpo.json");
    let cases: Vec<GrpoCase> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.iter().any(|case| case.pg_clipfrac > 0.1) && cases.iter().any(|case| case.pg_clipfrac_lower > 0.0));
    for case in cases {
        let advantages = group_advantages(&case.rewards, &case.groups, case.norm_adv_by_std);
        assert!(advantages.iter().zip(&case.advantages).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
        let settings = LossSettings {
            clip_ratio_low: case.clip_low,
            clip_ratio_high: case.clip_high,
            clip_ratio_c: case.clip_c,
            kl_loss_coef: case.kl_coef,
            entropy_coeff: 0.0,
        };
        let tokens = case.logp.iter().map(Vec::len).sum();
        let mut metrics = LossMetrics::default();
        for (i, &advantage) in advantages.iter().enumerate() {
            let (logp, old_logp, ref_logp) = (&case.logp[i][..], Some(&case.old_logp[i][..]), Some(&case.ref_logp[i][..]));
            let mut dlogp = Vec::new();
            settings.add(Response { advantage, logp, old_logp, ref_logp }, tokens, &mut metrics, &mut dlogp).unwrap();
            for (ours, theirs) in dlogp.iter().zip(&case.grad_logp[i]) {
                assert!((f64::from(*ours) - theirs).abs() < 2e-6 * (1.0 + theirs.abs()), "response {i}: {ours}, {theirs}");
            }
        }
        let LossMetrics { pg_loss, pg_clipfrac, pg_clipfrac_lower, ppo_kl, kl_loss } = metrics;
        for (name, ours, theirs) in [
            ("pg_loss", pg_loss, case.pg_loss),
            ("kl_loss", kl_loss, case.kl_loss),
            ("loss", pg_loss + case.kl_coef * kl_loss, case.loss),
            ("pg_clipfrac", pg_clipfrac, case.pg_clipfrac),
            ("pg_clipfrac_lower", pg_clipfrac_lower, case.pg_clipfrac_lower),
            ("ppo_kl", ppo_kl, case.ppo_kl),
        ] {
            assert!((ours - theirs).abs() < 1e-6 * (1.0 + theirs.abs()), "{name}: {ours}, {theirs}");
        }
    }
}

fn optimizer(lr: f64) -> OptimizerSettings {
    OptimizerSettings::new(Schedule { lr, warmup_steps: 0, decay: Decay::Constant, total_steps: 0 })
}

fn trainer(s: &Stream, lr: f64, max_tokens: usize, loss: LossSettings) -> Trainer {
    let policy = policy(s, Family::Qwen3, true, DType::F32);
    Trainer::new(s, policy, TrainerSettings { loss, temperature: 1.0, max_tokens }, optimizer(lr)).unwrap()
}

fn samples(trainer: &Trainer, s: &Stream) -> Vec<Sample> {
    let sequences = sequences();
    let references: Vec<&Sequence> = sequences.iter().collect();
    let ref_logp = trainer.ref_logprobs(s, &references).unwrap();
    let old_logp = trainer.logprobs(s, &references).unwrap();
    let advantages = [1.0, -0.5, 0.7, 0.3, -1.2, -0.4];
    sequences
        .into_iter()
        .zip(advantages)
        .zip(ref_logp.into_iter().zip(old_logp))
        .map(|((sequence, advantage), (ref_logp, old))| Sample {
            sequence,
            advantage,
            // Some way off, so that ratios are not all 1.
            old_logp: Some(old.logp.iter().enumerate().map(|(i, x)| x + 0.3 * (i as f32).sin()).collect()),
            ref_logp: Some(ref_logp.iter().map(|x| x - 0.1).collect()),
        })
        .collect()
}

#[test]
fn micro_batches_do_not_change_the_gradient() {
    let s = stream();
    let loss = LossSettings { kl_loss_coef: 0.05, ..LossSettings::default() };
    // The longest sequence has 31 input tokens, all together 74.
    let [(whole, metrics), (parts, again)] = [100, 31].map(|max_tokens| {
        let mut trainer = trainer(&s, 1e-3, max_tokens, loss);
        trainer.freeze_reference(&s).unwrap();
        let samples = samples(&trainer, &s);
        let metrics = trainer.update(&s, &samples).unwrap();
        (contents(&s, trainer.grads()), metrics)
    });
    for ((name, a), (_, b)) in parts.iter().zip(&whole) {
        // f32 sums in another order.
        assert!(relative(a, b) < 1e-5, "{name}: {}", relative(a, b));
    }
    assert_eq!(metrics.tokens, 55);
    for ((name, a), (_, b)) in again.entries().into_iter().zip(metrics.entries()) {
        assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{name}: {a}, {b}");
    }
    assert!(metrics.loss.pg_clipfrac > 0.0 && metrics.loss.kl_loss > 0.0 && metrics.entropy > 0.0);
}

#[test]
fn an_update_makes_good_responses_likelier_and_leaves_the_reference() {
    let s = stream();
    let mut trainer = trainer(&s, 1e-3, 64, LossSettings { kl_loss_coef: 0.0, ..LossSettings::default() });
    assert!(trainer.ref_logprobs(&s, &[]).unwrap_err().to_string().contains("no reference"));
    trainer.freeze_reference(&s).unwrap();
    let sequences = [Sequence::new(&[1, 2], &[3, 4, 5]), Sequence::new(&[1, 2], &[6, 7])];
    let references: Vec<&Sequence> = sequences.iter().collect();
    let total = |logprobs: Vec<Vec<f32>>| -> Vec<f32> { logprobs.iter().map(|logp| logp.iter().sum()).collect() };
    let logps = |trainer: &Trainer| trainer.logprobs(&s, &references).unwrap().into_iter().map(|l| l.logp).collect();
    let before = total(logps(&trainer));
    let sample =
        |sequence: &Sequence, advantage| Sample { sequence: sequence.clone(), advantage, old_logp: None, ref_logp: None };
    let samples = [sample(&sequences[0], 1.0), sample(&sequences[1], -1.0)];
    let metrics = trainer.update(&s, &samples).unwrap();
    // On-policy the ratio is 1 everywhere: minus the mean advantage over 5 tokens.
    assert!((metrics.loss.pg_loss + 0.2).abs() < 1e-12 && metrics.loss.pg_clipfrac == 0.0 && metrics.step.lr == 1e-3);
    let after = total(logps(&trainer));
    assert!(after[0] > before[0] && after[1] < before[1], "{before:?} to {after:?}");
    let reference = total(trainer.ref_logprobs(&s, &references).unwrap());
    assert!(largest_difference(&reference, &before) < 1e-6, "the reference moved");

    let nan = [sample(&sequences[0], f32::NAN)];
    let step = trainer.update(&s, &nan).unwrap().step;
    assert_eq!((step.updated, step.skipped_steps, total(logps(&trainer))), (false, 1, after));
    assert!(trainer.update(&s, &[]).unwrap_err().to_string().contains("without a single response token"));
}

#[test]
fn supervised_steps_learn_completions_in_bf16_and_in_f32() {
    let s = stream();
    for compute in [DType::F32, DType::BF16] {
        let policy = policy(&s, Family::Qwen2, false, compute);
        let settings = TrainerSettings { loss: LossSettings::default(), temperature: 1.0, max_tokens: 64 };
        let mut trainer = Trainer::new(&s, policy, settings, optimizer(1e-2)).unwrap();
        let pairs = sequences();
        let losses: Vec<f64> = (0..40).map(|_| trainer.supervised(&s, &pairs).unwrap().loss).collect();
        assert!(losses[0] > 3.0 && losses[39] < 0.5, "{compute:?}: {losses:?}");
        let references: Vec<&Sequence> = pairs.iter().collect();
        let logps = trainer.logprobs(&s, &references).unwrap();
        let mean = -logps.iter().flat_map(|l| &l.logp).sum::<f32>() / 55.0;
        assert!(f64::from(mean) < losses[39] + 0.1, "the log-probs are of an earlier policy");
    }
}

#[test]
fn settings_that_cannot_be_trained_with_are_said() {
    let s = stream();
    let good = TrainerSettings { loss: LossSettings::default(), temperature: 1.0, max_tokens: 64 };
    let error = |settings| {
        Trainer::new(&s, policy(&s, Family::Qwen2, true, DType::F32), settings, optimizer(1.0)).err().unwrap().to_string()
    };
    assert!(error(TrainerSettings { temperature: 0.0, ..good }).contains("temperature is 0"));
    let entropy = LossSettings { entropy_coeff: 0.1, ..good.loss };
    assert!(error(TrainerSettings { loss: entropy, ..good }).contains("entropy_coeff is 0.1"));
}

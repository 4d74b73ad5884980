//! Tests of `optimizer.rs`: schedules, and steps against PyTorch's.

use super::*;
use crate::policy::tests::{relative, stream};
use serde::Deserialize;

#[test]
fn schedules_rise_then_fall_to_their_end() {
    let schedule = |decay| Schedule { lr: 2.0, warmup_steps: 4, decay, total_steps: 14 };
    let rise: Vec<f64> = (0..5).map(|i| schedule(Decay::Constant).at(i)).collect();
    assert_eq!(rise, [0.5, 1.0, 1.5, 2.0, 2.0]);
    assert_eq!(schedule(Decay::Constant).at(1000), 2.0);
    let fall = schedule(Decay::Linear(0.1));
    assert_eq!(fall.at(4), 2.0);
    assert!((fall.at(13) - 0.2).abs() < 1e-12 && (fall.at(99) - 0.2).abs() < 1e-12);
    // Steps 4 to 13 fall in 9 equal parts: step 7 is a third of the way.
    assert!((fall.at(7) - 2.0 * 0.7).abs() < 1e-12);
    assert_eq!(Schedule { lr: 1.0, warmup_steps: 0, decay: Decay::Linear(0.0), total_steps: 0 }.at(0), 1.0);
}

#[derive(Deserialize)]
struct Fixture {
    betas: (f32, f32),
    eps: f32,
    weight_decay: f32,
    clip_norm: f64,
    start: Vec<Vec<f32>>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    lr: f64,
    gradients: Vec<Vec<f32>>,
    grad_norm: f64,
    parameters: Vec<Vec<f32>>,
}

fn settings(clip_grad: f64) -> OptimizerSettings {
    let schedule = Schedule { lr: 1.0, warmup_steps: 0, decay: Decay::Constant, total_steps: 0 };
    OptimizerSettings { clip_grad, ..OptimizerSettings::new(schedule) }
}

fn fill(s: &Stream, store: &mut Store, values: &[Vec<f32>]) {
    store.load(s, |name, _| Ok(values[name.parse::<usize>()?].clone())).unwrap();
}

#[test]
fn steps_are_those_of_torch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/adamw.json");
    let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let lengths: Vec<usize> = fixture.start.iter().map(Vec::len).collect();
    let (s, geometry) = (stream(), Arc::new(Geometry::vectors(&lengths)));
    let Fixture { betas, eps, weight_decay, clip_norm, .. } = fixture;
    let settings = OptimizerSettings { betas, eps, weight_decay, ..settings(clip_norm) };
    let mut optimizer = Optimizer::new(&s, &geometry, settings).unwrap();
    let mut params = Store::zeros(&s, &geometry, DType::F32).unwrap();
    let mut grads = Store::zeros(&s, &geometry, DType::F32).unwrap();
    fill(&s, &mut params, &fixture.start);
    for (i, step) in fixture.steps.iter().enumerate() {
        fill(&s, &mut grads, &step.gradients);
        let report = optimizer.step_at(step.lr, &s, &mut params, &mut grads, None).unwrap();
        assert!((report.grad_norm - step.grad_norm).abs() <= 1e-6 * step.grad_norm, "step {i}: norm {}", report.grad_norm);
        for (tensor, expected) in params.export(&s, None).zip(&step.parameters) {
            // f32 here, f64 there; a few roundings a step.
            let (name, _, values) = tensor.unwrap();
            assert!(relative(&values, expected) < 2e-6, "step {i}, tensor {name}: {values:?}, {expected:?}");
        }
    }
    // Padding is where it was: at zero.
    for (unit, flat) in geometry.units().iter().zip(params.units()) {
        let used = unit.blocks[0].numel();
        assert!(flat.to_vec::<f32>(&s).unwrap()[used..].iter().all(|&x| x == 0.0));
    }
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing_and_is_counted() {
    let (s, geometry) = (stream(), Arc::new(Geometry::vectors(&[3, 2])));
    let mut optimizer = Optimizer::new(&s, &geometry, settings(1.0)).unwrap();
    let mut params = Store::zeros(&s, &geometry, DType::F32).unwrap();
    let mut grads = Store::zeros(&s, &geometry, DType::F32).unwrap();
    let values = |store: &Store| store.export(&s, None).map(|t| t.unwrap().2).collect::<Vec<_>>();
    let start = vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0]];
    fill(&s, &mut params, &start);
    for bad in [f32::NAN, f32::INFINITY] {
        fill(&s, &mut grads, &[vec![1.0, bad, 1.0], vec![0.0, 0.0]]);
        assert!(!optimizer.step(&s, &mut params, &mut grads, None).unwrap().updated);
        assert_eq!(values(&params), start);
    }
    // The next good step is the first for the bias correction: it moves each weight by about the rate.
    fill(&s, &mut grads, &[vec![0.1, 0.1, -0.1], vec![0.1, -0.1]]);
    let report = optimizer.step(&s, &mut params, &mut grads, None).unwrap();
    assert!(report.updated && report.skipped_steps == 2);
    let moved = values(&params)[1][1] - 5.0 * (1.0 - 0.01);
    assert!((moved - 1.0).abs() < 1e-4, "{moved}");
}

#[test]
fn settings_out_of_range_are_named() {
    let good = settings(1.0);
    let rate = |lr| OptimizerSettings { schedule: Schedule { lr, ..good.schedule }, ..good };
    for (bad, name) in [
        (rate(f64::NAN), "learning rate"),
        (OptimizerSettings { betas: (0.9, 1.0), ..good }, "betas"),
        (OptimizerSettings { weight_decay: -0.1, ..good }, "weight_decay"),
        (OptimizerSettings { eps: 0.0, ..good }, "eps"),
        (settings(0.0), "clip_grad"),
    ] {
        assert!(bad.check().unwrap_err().to_string().contains(name), "{name}");
    }
    good.check().unwrap();
}

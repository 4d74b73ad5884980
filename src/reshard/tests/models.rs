//! Plans of real models: what travels, how many copies that takes, how long planning does.

use super::layouts::transformer;
use super::oracle::{empty, filled, run};
use crate::reshard::Plan;

#[test]
fn fsdp_4_to_tp_2_dp_2() {
    let model = transformer(24, 32, 8, 40, 3, 50);
    let (from, to) = (model.shards(4), model.rollout(4, 2));
    let plan = Plan::new(&model.tensors, &from, &to).unwrap();
    let (src, want) = (filled(&model.tensors, &from), filled(&model.tensors, &to));
    for staging in [64, 1000, 1 << 20] {
        let mut dst = empty(&want);
        run(&plan, staging, &src, &mut dst);
        assert!(dst == want, "staging of {staging}");
    }
    assert_eq!(plan.sent_elements(), plan.fewest_elements());
    // Each rank needs about half of the model and holds a quarter, half of which it needs: three eighths of it come in.
    let total: usize = model.tensors.iter().map(|t| t.numel()).sum();
    let share = plan.sent_elements() as f64 / (4 * total) as f64;
    assert!((0.36..0.42).contains(&share), "{share} of the model per rank");
}

#[test]
fn a_32b_model_is_planned_in_few_copies() {
    // Qwen2.5-32B: 64 layers, hidden 5120, intermediate 27648, 40 query and 8 key/value heads of 128.
    let model = transformer(5120, 5120, 1024, 27648, 64, 152_064);
    let (from, to) = (model.shards(16), model.rollout(16, 8));
    let plan = Plan::new(&model.tensors, &from, &to).unwrap();
    assert_eq!(plan.sent_elements(), plan.fewest_elements());
    let most = (0..16).map(|rank| plan.copies(rank)).max().unwrap();
    // A rank sends and receives parts of some 640 matrices, of which each has 2 replicas; nothing by the row.
    assert!(most < 10_000, "{most} copies");
    let rounds = plan.rounds(64 << 20, crate::DType::BF16).unwrap() as u64;
    let most = (0..16).map(|rank| plan.traffic(rank).received.max(plan.traffic(rank).sent)).max().unwrap();
    assert!(rounds <= 1 + most * 2 / (63 << 20), "{rounds} rounds for {most} elements");
}

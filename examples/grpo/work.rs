//! What each stage of a step has to do at least, for the stage table: its FLOPs and bytes, from the lengths of what was
//! generated. The formulas are [`Cost`]'s.

use ascend_rl::tensor::DType;

use crate::data::Prompt;
use crate::layout::dp_slice;
use crate::policy::Cost;
use crate::report::Work;
use crate::rollout::Completion;
use crate::settings::Settings;

/// Work by stage, under verl's names. `reshard_bytes` are those that giving the rollout its weights reads and writes;
/// `replicas` copies of the model generate.
pub fn of_step(
    settings: &Settings,
    cost: &Cost,
    prompts: &[&Prompt],
    rollouts: &[Vec<Completion>],
    replicas: usize,
    reshard_bytes: f64,
) -> [(&'static str, Work); 5] {
    let groups: Vec<(usize, Vec<usize>)> = prompts
        .iter()
        .zip(rollouts)
        .map(|(prompt, samples)| (prompt.token_ids.len(), samples.iter().map(|c| c.tokens.len()).collect()))
        .collect();
    let by_group = || groups.iter().map(|(prompt, responses)| (*prompt, &responses[..]));
    let element_bytes = DType::from(settings.rollout_dtype).size();
    let of_replica = |replica| {
        let groups = &groups[dp_slice(groups.len(), replicas, replica)];
        cost.rollout_bytes(groups.iter().map(|(prompt, responses)| (*prompt, &responses[..])), element_bytes)
    };
    let bytes = (0..replicas).map(of_replica).sum();
    let flops = |flops: f64| Work { flops, bytes: 0.0 };
    let when = |on: bool| if on { cost.forward(by_group()) } else { 0.0 };
    [
        ("gen", Work { flops: cost.forward(by_group()), bytes }),
        ("old_log_prob", flops(when(settings.is_off_policy()))),
        ("ref", flops(when(settings.kl_loss_coef != 0.0))),
        ("update_actor", flops(cost.training(by_group()) * settings.ppo_epochs as f64)),
        ("update_weights", Work { flops: 0.0, bytes: reshard_bytes }),
    ]
}

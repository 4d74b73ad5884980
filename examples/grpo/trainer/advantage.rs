//! GRPO's advantages: how much better a sample is than the others of its prompt (Shao et al., 2024).

/// The advantage of each sample: its reward less its group's mean, over the group's deviation (`ddof` 1) plus 1e-6 where
/// `by_std`. Samples with one number in `groups` share a prompt. A group of one keeps its reward.
///
/// As verl's `compute_grpo_outcome_advantage`; without `by_std` it is Dr. GRPO's.
///
/// Panics where there are not as many group numbers as rewards.
pub fn group_advantages(rewards: &[f32], groups: &[usize], by_std: bool) -> Vec<f32> {
    assert_eq!(rewards.len(), groups.len(), "one group number for each reward");
    let mut members: std::collections::BTreeMap<usize, Vec<usize>> = Default::default();
    for (sample, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(sample);
    }
    let mut advantages = rewards.to_vec();
    for samples in members.into_values().filter(|samples| samples.len() > 1) {
        let reward = |&sample: &usize| f64::from(rewards[sample]);
        let count = samples.len() as f64;
        let mean = samples.iter().map(reward).sum::<f64>() / count;
        let variance = samples.iter().map(|sample| (reward(sample) - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let scale = if by_std { 1.0 / (variance.sqrt() + 1e-6) } else { 1.0 };
        for sample in samples {
            advantages[sample] = ((reward(&sample) - mean) * scale) as f32;
        }
    }
    advantages
}

#[cfg(test)]
mod tests {
    use super::group_advantages;

    fn close(a: &[f32], b: &[f32]) {
        assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} is not {b:?}");
    }

    #[test]
    fn groups_are_normalised_on_their_own_and_may_be_interleaved() {
        // Group 7: 0, 1, 1, 0 has mean 1/2 and deviation sqrt(1/3). Group 2: 5 alone. Group 0: equal rewards.
        let rewards = [0.0, 2.0, 1.0, 5.0, 1.0, 2.0, 0.0];
        let groups = [7, 0, 7, 2, 7, 0, 7];
        let a = 0.5 * 3f32.sqrt();
        close(&group_advantages(&rewards, &groups, true), &[-a, 0.0, a, 5.0, a, 0.0, -a]);
        close(&group_advantages(&rewards, &groups, false), &[-0.5, 0.0, 0.5, 5.0, 0.5, 0.0, -0.5]);
    }
}

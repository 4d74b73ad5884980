//! Supervised training on prompts with given completions: what teaches a fresh model the format before GRPO begins.

use anyhow::Result;
use ascend_rl::acl::Stream;

use super::optimizer::StepReport;
use super::step::Trainer;
use crate::exchange;
use crate::policy::Sequence;

/// What a supervised step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SupervisedMetrics {
    /// Mean cross entropy of the completions' tokens, before the step.
    pub loss: f64,
    /// The optimiser's step.
    pub step: StepReport,
    /// Completion tokens.
    pub tokens: usize,
}

impl Trainer {
    /// One optimiser step on the mean cross entropy of the completions' tokens.
    pub fn supervised(&mut self, s: &Stream, sequences: &[Sequence]) -> Result<SupervisedMetrics> {
        let sequences: Vec<&Sequence> = sequences.iter().collect();
        let mut sum = 0.0;
        let (_, tokens, step) = self.descend(s, &sequences, |_, logp, tokens, dlogp| {
            sum -= logp.iter().map(|&logp| f64::from(logp)).sum::<f64>();
            dlogp.extend(std::iter::repeat_n(-1.0 / tokens as f32, logp.len()));
            Ok(())
        })?;
        let [sum] = exchange::sum(self.world(), [sum])?;
        Ok(SupervisedMetrics { loss: sum / tokens as f64, step, tokens })
    }
}

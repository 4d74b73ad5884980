//! One update of the policy, over micro-batches.

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::tensor::DType;

use super::batching::micro_batches;
use super::loss::{LossMetrics, LossSettings, Response};
use super::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::policy::{Logprobs, Packed, Policy, Sequence, Store};

/// A sampled response with what its update needs.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Prompt and response.
    pub sequence: Sequence,
    /// Of every token of the response.
    pub advantage: f32,
    /// Log-probs of the response before this batch's updates; `None` with one update a batch.
    pub old_logp: Option<Vec<f32>>,
    /// Log-probs of the response under the reference; `None` without a KL term.
    pub ref_logp: Option<Vec<f32>>,
}

/// What does not change between updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainerSettings {
    /// The loss.
    pub loss: LossSettings,
    /// Logits are divided by it, as they are when sampling.
    pub temperature: f64,
    /// Input tokens of one micro-batch, at most.
    pub max_tokens: usize,
}

/// What an update did. Means are over the batch's response tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateMetrics {
    /// The loss' parts.
    pub loss: LossMetrics,
    /// Weight of the KL term.
    pub kl_coef: f64,
    /// Mean entropy.
    pub entropy: f64,
    /// The optimiser's step.
    pub step: StepReport,
    /// Response tokens.
    pub tokens: usize,
}

impl UpdateMetrics {
    /// Under verl's names; `actor/skipped_steps` is our own.
    pub fn entries(&self) -> Vec<(&'static str, f64)> {
        let LossMetrics { pg_loss, pg_clipfrac, pg_clipfrac_lower, ppo_kl, kl_loss } = self.loss;
        vec![
            ("actor/entropy", self.entropy),
            ("actor/pg_loss", pg_loss),
            ("actor/pg_clipfrac", pg_clipfrac),
            ("actor/pg_clipfrac_lower", pg_clipfrac_lower),
            ("actor/ppo_kl", ppo_kl),
            ("actor/kl_loss", kl_loss),
            ("actor/kl_coef", self.kl_coef),
            ("actor/grad_norm", self.step.grad_norm),
            ("actor/lr", self.step.lr),
            ("actor/skipped_steps", self.step.skipped_steps as f64),
        ]
    }
}

/// A policy with what trains it.
pub struct Trainer {
    /// The policy.
    pub policy: Policy,
    pub(super) settings: TrainerSettings,
    grads: Store,
    optimizer: Optimizer,
    /// The reference's weights, in the compute dtype.
    reference: Option<Store>,
}

impl Trainer {
    /// A trainer at its first step, without a reference.
    pub fn new(s: &Stream, policy: Policy, settings: TrainerSettings, optimizer: OptimizerSettings) -> Result<Trainer> {
        settings.loss.check()?;
        let temperature = settings.temperature;
        ensure!(temperature.is_finite() && temperature > 0.0, "temperature is {temperature}; training needs one above 0");
        let grads = Store::zeros(s, &policy.model().geometry, DType::F32)?;
        let optimizer = Optimizer::new(s, &policy.model().geometry, optimizer)?;
        Ok(Trainer { policy, settings, grads, optimizer, reference: None })
    }

    /// Begins again at the first step, with fresh moments: what follows a warm-up.
    pub fn reset_optimizer(&mut self, s: &Stream, settings: OptimizerSettings) -> Result<()> {
        self.optimizer = Optimizer::new(s, &self.policy.model().geometry, settings)?;
        Ok(())
    }

    /// Makes a copy of the policy as it is now the reference.
    pub fn freeze_reference(&mut self, s: &Stream) -> Result<()> {
        self.reference = Some(self.policy.weights().cast(s, self.policy.model().compute)?);
        Ok(())
    }

    /// Log-probs and entropies of each response under the policy.
    pub fn logprobs(&self, s: &Stream, sequences: &[&Sequence]) -> Result<Vec<Logprobs>> {
        let temperature = self.settings.temperature;
        let mut out = vec![Logprobs::default(); sequences.len()];
        for (members, packed) in self.packed(sequences)? {
            let all = self.policy.logprobs(s, &packed, temperature)?;
            for ((i, logp), entropy) in members.into_iter().zip(packed.split(&all.logp)).zip(packed.split(&all.entropy)) {
                out[i] = Logprobs { logp: logp.to_vec(), entropy: entropy.to_vec() };
            }
        }
        Ok(out)
    }

    /// Log-probs of each response under the reference.
    pub fn ref_logprobs(&self, s: &Stream, sequences: &[&Sequence]) -> Result<Vec<Vec<f32>>> {
        let Some(reference) = &self.reference else {
            anyhow::bail!("there is no reference policy yet to compute log-probs with")
        };
        let mut out = vec![Vec::new(); sequences.len()];
        for (members, packed) in self.packed(sequences)? {
            let all = self.policy.logprobs_under(s, reference, &packed, self.settings.temperature)?;
            for (i, logp) in members.into_iter().zip(packed.split(&all)) {
                out[i] = logp.to_vec();
            }
        }
        Ok(out)
    }

    /// One optimiser step on the mean loss over all response tokens of the samples.
    pub fn update(&mut self, s: &Stream, samples: &[Sample]) -> Result<UpdateMetrics> {
        let TrainerSettings { loss, .. } = self.settings;
        let sequences: Vec<&Sequence> = samples.iter().map(|sample| &sample.sequence).collect();
        let mut metrics = LossMetrics::default();
        let (entropy, tokens, step) = self.descend(s, &sequences, |i, logp, tokens, dlogp| {
            let Sample { advantage, old_logp, ref_logp, .. } = &samples[i];
            let (old_logp, ref_logp) = (old_logp.as_deref(), ref_logp.as_deref());
            loss.add(Response { advantage: *advantage, logp, old_logp, ref_logp }, tokens, &mut metrics, dlogp)
        })?;
        Ok(UpdateMetrics { loss: metrics, kl_coef: loss.kl_loss_coef, entropy, step, tokens })
    }

    /// One optimiser step. `term` is called once for each sequence with its number, its response's log-probs and the tokens
    /// of all responses, and appends d loss / d log-prob of each. Answers with (mean entropy, tokens, what the step did).
    pub(super) fn descend(
        &mut self,
        s: &Stream,
        sequences: &[&Sequence],
        mut term: impl FnMut(usize, &[f32], usize, &mut Vec<f32>) -> Result<()>,
    ) -> Result<(f64, usize, StepReport)> {
        let tokens = sequences.iter().map(|sequence| sequence.response_len()).sum();
        ensure!(tokens > 0, "an update over {} sequences without a single response token", sequences.len());
        self.grads.zero(s)?;
        let mut entropy = 0.0;
        for (members, packed) in self.packed(sequences)? {
            let logprobs = self.policy.forward_backward(s, &packed, self.settings.temperature, &mut self.grads, |logprobs| {
                let mut dlogp = Vec::with_capacity(logprobs.logp.len());
                for (&i, logp) in members.iter().zip(packed.split(&logprobs.logp)) {
                    term(i, logp, tokens, &mut dlogp)?;
                }
                Ok(dlogp)
            })?;
            entropy += logprobs.entropy.iter().map(|&h| f64::from(h)).sum::<f64>();
        }
        let step = self.optimizer.step(s, self.policy.masters_mut(), &mut self.grads)?;
        if step.updated {
            self.policy.refresh(s)?;
        }
        Ok((entropy / tokens as f64, tokens, step))
    }

    /// The gradient of the last update, as clipping left it.
    #[cfg(test)]
    pub fn grads(&self) -> &Store {
        &self.grads
    }

    /// Micro-batches: the numbers of their sequences, and those packed.
    fn packed(&self, sequences: &[&Sequence]) -> Result<Vec<(Vec<usize>, Packed)>> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.input_len()).collect();
        micro_batches(&lengths, self.settings.max_tokens)?
            .into_iter()
            .map(|members| {
                let packed = Packed::new(members.iter().map(|&i| sequences[i]))?;
                Ok((members, packed))
            })
            .collect()
    }
}

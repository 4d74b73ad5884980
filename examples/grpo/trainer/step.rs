//! One update of the policy, over micro-batches.

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;

use super::groups;
use super::loss::{LossMetrics, LossSettings, Response};
use super::optimizer::{Optimizer, OptimizerSettings, StepReport};
use super::share::rank_batches;
use crate::exchange;
use crate::policy::{Gradients, Logprobs, Packed, Policy, Sequence, Store};

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
    grads: Gradients,
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
        let (home, geometry) = (policy.home(s), &policy.model().geometry);
        let grads = Gradients::new(home, geometry)?;
        let optimizer = Optimizer::new(home, geometry, optimizer)?;
        Ok(Trainer { policy, settings, grads, optimizer, reference: None })
    }

    /// The ranks that train together; `None` where this one is alone.
    pub fn world(&self) -> Option<&Communicator> {
        self.policy.world()
    }

    /// Begins again at the first step, with fresh moments: what follows a warm-up.
    pub fn reset_optimizer(&mut self, s: &Stream, settings: OptimizerSettings) -> Result<()> {
        self.optimizer = Optimizer::new(self.policy.home(s), &self.policy.model().geometry, settings)?;
        Ok(())
    }

    /// Makes a copy of the policy as it is now the reference.
    pub fn freeze_reference(&mut self, s: &Stream) -> Result<()> {
        self.reference = Some(self.policy.weights().cast(self.policy.home(s), self.policy.model().compute)?);
        Ok(())
    }

    /// Log-probs and entropies of each response under the policy.
    pub fn logprobs(&self, s: &Stream, sequences: &[&Sequence]) -> Result<Vec<Logprobs>> {
        let temperature = self.settings.temperature;
        let (mut logp, mut entropy) = (vec![Vec::new(); sequences.len()], vec![Vec::new(); sequences.len()]);
        for (members, packed) in self.packed(sequences)? {
            let all = self.policy.logprobs(s, &packed, temperature)?;
            for ((i, l), h) in members.into_iter().zip(packed.split(&all.logp)).zip(packed.split(&all.entropy)) {
                (logp[i], entropy[i]) = (l.to_vec(), h.to_vec());
            }
        }
        let (logp, entropy) = (self.share(sequences, logp)?, self.share(sequences, entropy)?);
        Ok(logp.into_iter().zip(entropy).map(|(logp, entropy)| Logprobs { logp, entropy }).collect())
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
        self.share(sequences, out)
    }

    /// One optimiser step on the mean loss over all response tokens of the samples.
    pub fn update(&mut self, s: &Stream, samples: &[Sample]) -> Result<UpdateMetrics> {
        let TrainerSettings { loss, .. } = self.settings;
        let sequences: Vec<&Sequence> = samples.iter().map(|sample| &sample.sequence).collect();
        for Sample { sequence, old_logp, ref_logp, .. } in samples {
            loss.check_response(sequence.response_len(), old_logp.as_deref(), ref_logp.as_deref())?;
        }
        let mut metrics = LossMetrics::default();
        let (entropy, tokens, step) = self.descend(s, &sequences, |i, logp, tokens, dlogp| {
            let Sample { advantage, old_logp, ref_logp, .. } = &samples[i];
            let (old_logp, ref_logp) = (old_logp.as_deref(), ref_logp.as_deref());
            loss.add(Response { advantage: *advantage, logp, old_logp, ref_logp }, tokens, &mut metrics, dlogp)
        })?;
        let LossMetrics { pg_loss, pg_clipfrac, pg_clipfrac_lower, ppo_kl, kl_loss } = metrics;
        let own = [entropy, pg_loss, pg_clipfrac, pg_clipfrac_lower, ppo_kl, kl_loss];
        let [entropy, pg_loss, pg_clipfrac, pg_clipfrac_lower, ppo_kl, kl_loss] = exchange::sum(self.world(), own)?;
        let metrics = LossMetrics { pg_loss, pg_clipfrac, pg_clipfrac_lower, ppo_kl, kl_loss };
        Ok(UpdateMetrics { loss: metrics, kl_coef: loss.kl_loss_coef, entropy, step, tokens })
    }

    /// One optimiser step. `term` is called once for each sequence of this rank with its number, its response's log-probs and the
    /// tokens of all responses of all ranks, and appends d loss / d log-prob of each. Answers with (the entropies of this rank's
    /// tokens over all tokens, all tokens, what the step did).
    pub(super) fn descend(
        &mut self,
        s: &Stream,
        sequences: &[&Sequence],
        mut term: impl FnMut(usize, &[f32], usize, &mut Vec<f32>) -> Result<()>,
    ) -> Result<(f64, usize, StepReport)> {
        let tokens = sequences.iter().map(|sequence| sequence.response_len()).sum();
        ensure!(tokens > 0, "an update over {} sequences without a single response token", sequences.len());
        self.grads.clear();
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
        let (masters, world) = self.policy.masters_mut();
        let step = self.optimizer.step(s, masters, self.grads.store_mut(), world)?;
        if step.updated {
            self.policy.refresh(s)?;
        }
        Ok((entropy / tokens as f64, tokens, step))
    }

    /// The gradient of the last update, as clipping left it.
    #[cfg(test)]
    pub fn grads(&self) -> &Store {
        self.grads.store()
    }

    /// This rank's micro-batches: the numbers of their sequences, and those packed.
    fn packed(&self, sequences: &[&Sequence]) -> Result<Vec<(Vec<usize>, Packed)>> {
        let (rank, ranks) = match self.world() {
            None => (0, 1),
            Some(world) => {
                // A rank that stops alone leaves the others waiting for it: what one would refuse, all refuse.
                for &sequence in sequences {
                    self.policy.model().check(&Packed::new([sequence])?)?;
                }
                (world.rank(), world.size())
            }
        };
        let cap = self.settings.max_tokens;
        let units = groups::units(sequences, cap, ranks);
        rank_batches(&groups::lengths(sequences, &units), cap, rank, ranks)?
            .into_iter()
            .map(|batch| {
                let mut members: Vec<usize> = batch.into_iter().flat_map(|unit| &units[unit]).copied().collect();
                members.sort_unstable();
                let packed = Packed::new(members.iter().map(|&i| sequences[i]))?;
                Ok((members, packed))
            })
            .collect()
    }

    /// One value a response token, which the rank of each sequence has computed, on every rank.
    fn share(&self, sequences: &[&Sequence], values: Vec<Vec<f32>>) -> Result<Vec<Vec<f32>>> {
        let Some(world) = self.world() else { return Ok(values) };
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.response_len()).collect();
        let units = groups::units(sequences, self.settings.max_tokens, world.size());
        exchange::values(world, &groups::owners_of_members(sequences, &units, world.size()), &lengths, values)
    }
}

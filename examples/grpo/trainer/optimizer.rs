//! AdamW over flat units, with clipping by the global norm and a learning rate schedule.

use std::sync::Arc;

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor};

use crate::exchange;
use crate::policy::{Geometry, Store};

/// How the learning rate falls after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay {
    /// Not at all.
    Constant,
    /// In a straight line to this share of the peak at the last step.
    Linear(f64),
}

/// The learning rate of each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The highest.
    pub lr: f64,
    /// Steps of rise, in a straight line: step `i`, from 0, has `(i + 1) / warmup_steps` of the peak. (Step 0 of Hugging
    /// Face's schedules has 0 of it: a step in which nothing is learnt.)
    pub warmup_steps: usize,
    /// What follows.
    pub decay: Decay,
    /// All steps, the warm-up included; a constant rate does not read it.
    pub total_steps: usize,
}

impl Schedule {
    /// The rate of step `step`, from 0.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            return self.lr * (step + 1) as f64 / self.warmup_steps as f64;
        }
        let left = self.total_steps.saturating_sub(self.warmup_steps + 1).max(1);
        let done = ((step - self.warmup_steps) as f64 / left as f64).min(1.0);
        self.lr
            * match self.decay {
                Decay::Constant => 1.0,
                Decay::Linear(end) => 1.0 - (1.0 - end) * done,
            }
    }
}

/// What an optimiser depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerSettings {
    /// The learning rate.
    pub schedule: Schedule,
    /// Decay of the first and second moment.
    pub betas: (f32, f32),
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Gradients with a larger global norm are scaled down to it.
    pub clip_grad: f64,
}

impl OptimizerSettings {
    /// verl's defaults for the actor: betas 0.9 and 0.999, weight decay 0.01, clipping at 1.
    pub fn new(schedule: Schedule) -> OptimizerSettings {
        OptimizerSettings { schedule, betas: (0.9, 0.999), weight_decay: 0.01, eps: 1e-8, clip_grad: 1.0 }
    }

    /// Whether they can be computed.
    pub fn check(&self) -> Result<()> {
        let lr = self.schedule.lr;
        ensure!(lr.is_finite() && lr >= 0.0, "the learning rate is {lr}; it must be at least 0");
        let (beta1, beta2) = self.betas;
        ensure!([beta1, beta2].iter().all(|b| (0.0..1.0).contains(b)), "betas are {beta1} and {beta2}; each must be in [0, 1)");
        ensure!(
            self.weight_decay.is_finite() && self.weight_decay >= 0.0,
            "weight_decay is {}; it must be a number of at least 0",
            self.weight_decay
        );
        ensure!(self.eps > 0.0, "eps is {}; it must be above 0", self.eps);
        ensure!(self.clip_grad > 0.0, "clip_grad is {}; it must be above 0", self.clip_grad);
        Ok(())
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Global norm of the gradient before clipping.
    pub grad_norm: f64,
    /// The learning rate.
    pub lr: f64,
    /// Whether weights were updated: they are not where the norm is not finite.
    pub updated: bool,
    /// Steps so far that updated nothing.
    pub skipped_steps: u64,
}

/// AdamW (Loshchilov and Hutter, 2019) with its moments.
pub struct Optimizer {
    settings: OptimizerSettings,
    m: Store,
    v: Store,
    /// i64 `[1]` on the device: updates made.
    completed: Tensor,
    updates: u64,
    /// Calls of [`Optimizer::step`], skipped ones included: what the schedule counts.
    calls: usize,
    skipped_steps: u64,
}

impl Optimizer {
    /// An optimiser at its first step. `s` is where the parameters live.
    pub fn new(s: &Stream, geometry: &Arc<Geometry>, settings: OptimizerSettings) -> Result<Optimizer> {
        settings.check()?;
        Ok(Optimizer {
            settings,
            m: Store::zeros(s, geometry, DType::F32)?,
            v: Store::zeros(s, geometry, DType::F32)?,
            completed: Tensor::zeros(s, &[1], DType::I64)?,
            updates: 0,
            calls: 0,
            skipped_steps: 0,
        })
    }

    /// Updates `params` by `grads`, which clipping scales in place. A gradient that is not finite changes nothing. The ranks of
    /// `world`, where there are some, each update their ranges, by the norm of the whole.
    pub fn step(
        &mut self,
        s: &Stream,
        params: &mut Store,
        grads: &mut Store,
        world: Option<&Communicator>,
    ) -> Result<StepReport> {
        let lr = self.settings.schedule.at(self.calls);
        self.calls += 1;
        self.step_at(lr, s, params, grads, world)
    }

    fn step_at(
        &mut self,
        lr: f64,
        s: &Stream,
        params: &mut Store,
        grads: &mut Store,
        world: Option<&Communicator>,
    ) -> Result<StepReport> {
        let s = world.map_or(s, Communicator::stream);
        let OptimizerSettings { betas: (beta1, beta2), weight_decay, eps, clip_grad, .. } = self.settings;
        let grad_norm = global_norm(s, grads, world)?;
        if !grad_norm.is_finite() {
            self.skipped_steps += 1;
            return Ok(StepReport { grad_norm, lr, updated: false, skipped_steps: self.skipped_steps });
        }
        // As torch's clip_grad_norm_: the 1e-6 keeps a norm at the limit from rounding above it.
        let scale = clip_grad / (grad_norm + 1e-6);
        self.completed.write(s, &[self.updates as i64])?;
        let adamw = ops::AdamW { lr: lr as f32, beta1, beta2, weight_decay, eps };
        let moments = self.m.units_mut().iter_mut().zip(self.v.units_mut());
        for ((param, grad), (m, v)) in params.units_mut().iter_mut().zip(grads.units_mut()).zip(moments) {
            if scale < 1.0 {
                ops::mul_scalar_(s, &mut *grad, scale)?;
            }
            ops::adamw(s, param, m, v, &*grad, &self.completed, &adamw)?;
        }
        self.updates += 1;
        Ok(StepReport { grad_norm, lr, updated: true, skipped_steps: self.skipped_steps })
    }
}

/// The 2-norm of all units of all ranks: of each on the device, of those on the host in f64.
fn global_norm(s: &Stream, grads: &Store, world: Option<&Communicator>) -> Result<f64> {
    let units = grads.units();
    let mut norms = Tensor::empty(s, &[units.len()], DType::F32)?;
    for (i, unit) in units.iter().enumerate() {
        ops::vector_norm(s, unit, norms.view_mut().narrow(0, i, 1)?)?;
    }
    let squares = norms.to_vec::<f32>(s)?.into_iter().map(|norm| f64::from(norm).powi(2)).sum::<f64>();
    let [squares] = exchange::sum(world, [squares])?;
    Ok(squares.sqrt())
}

#[cfg(test)]
#[path = "optimizer_tests.rs"]
mod tests;

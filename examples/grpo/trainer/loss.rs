//! The GRPO loss with its gradient, per token, as verl's `compute_policy_loss_vanilla` and `kl_penalty("low_var_kl")`.
//!
//! In f64: it is a few numbers a token, and the gradient is then as exact as the log-probs.

use anyhow::{Result, ensure};

/// Log-ratios and log-differences are clamped to this before `exp`.
const CLAMP_LOG: f64 = 20.0;
/// The k3 estimate is clamped to this.
const CLAMP_KL: f64 = 10.0;

/// What the loss depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossSettings {
    /// The ratio is clipped below at `1 - clip_ratio_low`.
    pub clip_ratio_low: f64,
    /// The ratio is clipped above at `1 + clip_ratio_high`.
    pub clip_ratio_high: f64,
    /// With a negative advantage the loss is at most this many times the advantage (dual clip).
    pub clip_ratio_c: f64,
    /// Weight of the KL term; 0 for none.
    pub kl_loss_coef: f64,
    /// Weight of an entropy bonus; only 0 is implemented.
    pub entropy_coeff: f64,
}

impl Default for LossSettings {
    /// verl's: 0.2, 0.2, 3, 0.001, 0.
    fn default() -> Self {
        LossSettings { clip_ratio_low: 0.2, clip_ratio_high: 0.2, clip_ratio_c: 3.0, kl_loss_coef: 0.001, entropy_coeff: 0.0 }
    }
}

/// Means over the tokens of a batch, under verl's names (`actor/...`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossMetrics {
    /// The policy term.
    pub pg_loss: f64,
    /// Share of tokens where the clip sets the loss.
    pub pg_clipfrac: f64,
    /// Share of tokens where the dual clip sets it.
    pub pg_clipfrac_lower: f64,
    /// Mean of old less new log-prob: an estimate of the KL between the two.
    pub ppo_kl: f64,
    /// Mean of the k3 estimate of the KL to the reference.
    pub kl_loss: f64,
}

/// One response, as the loss sees it.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// Of every token of it.
    pub advantage: f32,
    /// Log-probs under the policy that is trained.
    pub logp: &'a [f32],
    /// Log-probs under the policy before this batch; `logp` itself where there is one update a batch, as verl does then.
    pub old_logp: Option<&'a [f32]>,
    /// Log-probs under the reference; needed where `kl_loss_coef` is not 0.
    pub ref_logp: Option<&'a [f32]>,
}

/// A value and its derivative by the log-prob.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Term {
    value: f64,
    slope: f64,
}

impl LossSettings {
    /// Whether the settings can be computed.
    pub fn check(&self) -> Result<()> {
        let LossSettings { clip_ratio_low: low, clip_ratio_high: high, clip_ratio_c: c, kl_loss_coef: kl, entropy_coeff } = *self;
        ensure!((0.0..=1.0).contains(&low), "clip_ratio_low is {low}; it must be between 0 and 1");
        ensure!(high >= 0.0, "clip_ratio_high is {high}; it must be at least 0");
        ensure!(c > 1.0, "clip_ratio_c is {c}; it must be above 1");
        ensure!(kl.is_finite(), "kl_loss_coef is {kl}; it must be a number");
        ensure!(entropy_coeff == 0.0, "entropy_coeff is {entropy_coeff}; an entropy bonus is not implemented, set it to 0");
        Ok(())
    }

    /// Whether a response of `tokens` tokens comes with what the loss reads.
    pub fn check_response(&self, tokens: usize, old_logp: Option<&[f32]>, ref_logp: Option<&[f32]>) -> Result<()> {
        for (what, other) in [("old", old_logp), ("reference", ref_logp)] {
            let found = other.map_or(tokens, <[f32]>::len);
            ensure!(found == tokens, "a response of {tokens} tokens with {found} {what} log-probs");
        }
        ensure!(
            self.kl_loss_coef == 0.0 || ref_logp.is_some(),
            "kl_loss_coef is {}, and there are no reference log-probs",
            self.kl_loss_coef
        );
        Ok(())
    }

    /// Adds one response to a batch of `tokens` response tokens in all: its share of the metrics, and d loss / d log-prob of
    /// each of its tokens. The loss is the mean over all tokens of the batch, whatever micro-batch they are in.
    pub fn add(&self, response: Response<'_>, tokens: usize, metrics: &mut LossMetrics, dlogp: &mut Vec<f32>) -> Result<()> {
        let Response { advantage, logp, old_logp, ref_logp } = response;
        self.check_response(logp.len(), old_logp, ref_logp)?;
        let share = 1.0 / tokens as f64;
        for (i, &logp) in logp.iter().enumerate() {
            let new = f64::from(logp);
            let at = |other: Option<&[f32]>| other.map(|values| f64::from(values[i]));
            let old = at(old_logp).unwrap_or(new);
            let (policy, clipped, clipped_lower) = self.policy_term(f64::from(advantage), new, old);
            let kl = at(ref_logp).map_or(Term { value: 0.0, slope: 0.0 }, |reference| k3(new, reference));
            metrics.pg_loss += share * policy.value;
            metrics.pg_clipfrac += share * f64::from(u8::from(clipped));
            metrics.pg_clipfrac_lower += share * f64::from(u8::from(clipped_lower));
            metrics.ppo_kl -= share * clamp_log(new - old).value;
            metrics.kl_loss += share * kl.value;
            dlogp.push((share * (policy.slope + self.kl_loss_coef * kl.slope)) as f32);
        }
        Ok(())
    }

    /// The clipped policy term of a token; whether the clip, and whether the dual clip, sets it.
    fn policy_term(&self, advantage: f64, logp: f64, old: f64) -> (Term, bool, bool) {
        let log_ratio = clamp_log(logp - old);
        let ratio = log_ratio.value.exp();
        let free = Term { value: -advantage * ratio, slope: -advantage * ratio * log_ratio.slope };
        let (low, high) = (1.0 - self.clip_ratio_low, 1.0 + self.clip_ratio_high);
        let inside = (low..=high).contains(&ratio);
        let clipped = Term { value: -advantage * ratio.clamp(low, high), slope: if inside { free.slope } else { 0.0 } };
        let is_clipped = clipped.value > free.value;
        let upper = if is_clipped { clipped } else { free };
        let limit = -advantage * self.clip_ratio_c;
        let is_clipped_lower = advantage < 0.0 && upper.value > limit;
        let term = if is_clipped_lower { Term { value: limit, slope: 0.0 } } else { upper };
        (term, is_clipped, is_clipped_lower)
    }
}

/// `x` within the clamp; its slope is 0 beyond it.
fn clamp_log(x: f64) -> Term {
    Term { value: x.clamp(-CLAMP_LOG, CLAMP_LOG), slope: f64::from(u8::from(x.abs() <= CLAMP_LOG)) }
}

/// The k3 estimate of the KL to the reference (Schulman, 2020): `e^d - d - 1` with `d = ref - logp`. Never negative.
fn k3(logp: f64, reference: f64) -> Term {
    let d = clamp_log(reference - logp);
    let kl = d.value.exp() - d.value - 1.0;
    let slope = if kl <= CLAMP_KL { (1.0 - d.value.exp()) * d.slope } else { 0.0 };
    Term { value: kl.min(CLAMP_KL), slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> LossSettings {
        LossSettings { clip_ratio_low: 0.2, clip_ratio_high: 0.28, clip_ratio_c: 3.0, kl_loss_coef: 0.3, entropy_coeff: 0.0 }
    }

    /// The loss written a second time, straight from verl's expressions.
    fn naive(s: &LossSettings, a: f64, logp: f64, old: f64, reference: f64) -> f64 {
        let ratio = (logp - old).clamp(-20.0, 20.0).exp();
        let clip1 = (-a * ratio).max(-a * ratio.clamp(1.0 - s.clip_ratio_low, 1.0 + s.clip_ratio_high));
        let pg = if a < 0.0 { clip1.min(-a * s.clip_ratio_c) } else { clip1 };
        let d = (reference - logp).clamp(-20.0, 20.0);
        pg + s.kl_loss_coef * (d.exp() - d - 1.0).clamp(-10.0, 10.0)
    }

    #[test]
    fn value_and_gradient_agree_with_the_formula_and_its_differences() {
        let s = settings();
        let mut branches = [0; 3];
        for a in [-2.0, -0.5, 0.0, 0.7, 3.0] {
            // Steps of 0.13 keep clear of the kinks, at log 0.8, log 1.28, log 3 and the clamps.
            for (i, j) in (-40..40).flat_map(|i| (-5..5).map(move |j| (i, j))) {
                let (logp, reference) = (-3.0, -3.0 + 0.61 * f64::from(j) + 0.01);
                let old = logp - 0.13 * f64::from(i) - 0.003;
                let (policy, clipped, lower) = s.policy_term(a, logp, old);
                let kl = k3(logp, reference);
                let value = policy.value + s.kl_loss_coef * kl.value;
                let slope = policy.slope + s.kl_loss_coef * kl.slope;
                assert!((value - naive(&s, a, logp, old, reference)).abs() < 1e-12);
                let h = 1e-6;
                let f = |logp| naive(&s, a, logp, old, reference);
                let difference = (f(logp + h) - f(logp - h)) / (2.0 * h);
                // Central differences of exp: h² of the third derivative, and rounding over h.
                assert!((slope - difference).abs() < 1e-7 * (1.0 + slope.abs()), "{a} {logp} {old} {reference}");
                branches[if lower { 2 } else { usize::from(clipped) }] += 1;
            }
        }
        assert!(branches.iter().all(|&count| count > 20), "free, clipped, dual-clipped: {branches:?}");
    }

    #[test]
    fn beyond_the_clamps_there_is_no_gradient() {
        let s = settings();
        assert_eq!(s.policy_term(1.0, -1.0, 25.0).0, Term { value: -(-20f64).exp(), slope: 0.0 });
        assert_eq!(k3(-30.0, -1.0), Term { value: 10.0, slope: 0.0 });
        assert!(k3(-1.0, -30.0).value == 10.0 && k3(-1.0, -30.0).slope == 0.0);
        assert!((k3(-1.0, -3.0).value - ((-2f64).exp() + 1.0)).abs() < 1e-15);
    }

    #[test]
    fn responses_share_the_mean_over_all_tokens() {
        let s = LossSettings { kl_loss_coef: 0.0, ..settings() };
        let (mut metrics, mut dlogp) = (LossMetrics::default(), Vec::new());
        for (advantage, logp) in [(1.0, &[-1.0, -2.0, -3.0][..]), (-2.0, &[-0.5][..])] {
            s.add(Response { advantage, logp, old_logp: None, ref_logp: None }, 4, &mut metrics, &mut dlogp).unwrap();
        }
        // On-policy the ratio is 1: the loss is minus the mean advantage, and so is each token's slope.
        assert_eq!(metrics, LossMetrics { pg_loss: -0.25, ..Default::default() });
        assert_eq!(dlogp, [-0.25, -0.25, -0.25, 0.5]);
    }

    #[test]
    fn what_is_missing_or_out_of_range_is_said() {
        let s = settings();
        let response = Response { advantage: 1.0, logp: &[-1.0], old_logp: Some(&[-1.0, -1.0]), ref_logp: Some(&[-1.0]) };
        let add = |r| s.add(r, 1, &mut LossMetrics::default(), &mut Vec::new());
        assert!(add(response).unwrap_err().to_string().contains("2 old log-probs"));
        assert!(add(Response { old_logp: None, ref_logp: None, ..response }).unwrap_err().to_string().contains("reference"));
        assert!(s.check().is_ok());
        for bad in [
            LossSettings { entropy_coeff: 0.01, ..s },
            LossSettings { clip_ratio_low: 1.5, ..s },
            LossSettings { clip_ratio_high: f64::NAN, ..s },
            LossSettings { clip_ratio_c: 1.0, ..s },
            LossSettings { kl_loss_coef: f64::INFINITY, ..s },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}

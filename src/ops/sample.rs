//! Sampling of tokens on the device, composed of CANN's operators.

use super::check;
use super::elementwise::{cast, copy, exp, less, less_equal, log, mul, mul_scalar, mul_scalar_, sub};
use super::index::gather;
use super::reduce::{argmax, cumsum, sort, sum};
use super::softmax::log_softmax;
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Tensor, View};

/// From which distribution a token is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits. 0 is greedy: the most likely token.
    pub temperature: f64,
    /// Only the `top_k` most likely tokens; 0 is all.
    pub top_k: usize,
    /// Of those, the fewest most likely ones whose probabilities reach `top_p`; 1 is all.
    pub top_p: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { temperature: 1.0, top_k: 0, top_p: 1.0 }
    }
}

impl Sampling {
    /// Always the most likely token.
    pub const GREEDY: Sampling = Sampling { temperature: 0.0, top_k: 0, top_p: 1.0 };

    /// Errors: `Argument` for a temperature below 0 or a `top_p` outside (0, 1].
    pub fn check(&self) -> Result<()> {
        let bad = |detail: String| Err(Error::new(ErrorKind::Argument, detail));
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return bad(format!("temperature is {}, 0 (greedy) or more is needed", self.temperature));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return bad(format!("top_p is {}, more than 0 and at most 1 is needed", self.top_p));
        }
        Ok(())
    }
}

/// The product of a sum of probabilities and a number below 1 must stay below the sum after rounding.
const BELOW_ONE: f64 = 1.0 - 1.0 / (1 << 22) as f64;

/// Draws one token for each row: the tokens, i64 [b, 1], and their log-probabilities in the distribution drawn from, f32 [b, 1].
///
/// One uniform number in [0, 1) decides each row by the inverse of the cumulative distribution, so a row's token depends on
/// its logits and its number alone, whatever else is in the batch. Greedy rows report their log-probability at temperature 1.
///
/// Shapes: logits [b, v] in any float dtype; uniforms f32 [b, 1].
/// Order: enqueues. Errors: `Argument` as [`Sampling::check`] says.
/// CANN: `aclnnLogSoftmax`, `Exp`, `Cumsum`, `LeTensor`, `ReduceSum`, `Gather`, `Sort` with a filter, `ArgMax` for greedy (8.1).
pub fn sample<'a>(
    s: &Stream,
    logits: impl Into<View<'a>>,
    uniforms: impl Into<View<'a>>,
    sampling: &Sampling,
) -> Result<(Tensor, Tensor)> {
    const OP: &str = "sample";
    sampling.check()?;
    let (logits, uniforms) = (logits.into(), uniforms.into());
    check::rank(OP, "logits", logits.shape(), 2, "[rows, vocabulary]")?;
    check::dtype(OP, "logits", logits.dtype(), check::FLOATS)?;
    let (b, v) = (logits.shape()[0], logits.shape()[1]);
    check::shape(OP, "uniforms", uniforms.shape(), &[b, 1])?;
    check::dtype(OP, "uniforms", uniforms.dtype(), &[DType::F32])?;
    check::that(v > 0, OP, || format!("logits is {:?}, a vocabulary of one token or more is needed", logits.shape()))?;
    check::home(s, OP, "logits", &logits)?;
    check::home(s, OP, "uniforms", &uniforms)?;
    let f32s = |n: usize| Tensor::empty(s, &[b, n], DType::F32);
    let mut scaled = f32s(v)?;
    cast(s, logits, &mut scaled)?;
    if sampling.temperature != 0.0 && sampling.temperature != 1.0 {
        mul_scalar_(s, &mut scaled, 1.0 / sampling.temperature)?;
    }
    let mut log_probs = f32s(v)?;
    log_softmax(s, &scaled, 1, &mut log_probs)?;
    let mut tokens = Tensor::empty(s, &[b, 1], DType::I64)?;
    let mut log_prob = f32s(1)?;
    if sampling.temperature == 0.0 {
        argmax(s, &log_probs, 1, &mut tokens)?;
        gather(s, &log_probs, 1, &tokens, &mut log_prob)?;
        return Ok((tokens, log_prob));
    }
    let k = if sampling.top_k == 0 { v } else { sampling.top_k.min(v) };
    if k == v && sampling.top_p == 1.0 {
        draw(s, log_probs.view(), None, uniforms, &mut tokens)?;
        gather(s, &log_probs, 1, &tokens, &mut log_prob)?;
        return Ok((tokens, log_prob));
    }
    // Sorted, the tokens that pass both filters are a prefix of each row.
    let mut sorted = f32s(v)?;
    let mut ids = Tensor::empty(s, &[b, v], DType::I64)?;
    sort(s, &log_probs, 1, true, &mut sorted, &mut ids)?;
    let candidates = sorted.view().narrow(1, 0, k)?;
    let mut rank = Tensor::empty(s, &[b, 1], DType::I64)?;
    let mass = draw(s, candidates, Some(sampling.top_p), uniforms, &mut rank)?;
    gather(s, &ids, 1, &rank, &mut tokens)?;
    let mut unnormalised = f32s(1)?;
    gather(s, &sorted, 1, &rank, &mut unnormalised)?;
    let mut log_mass = f32s(1)?;
    log(s, &mass, &mut log_mass)?;
    sub(s, &unnormalised, &log_mass, &mut log_prob)?;
    Ok((tokens, log_prob))
}

/// Inverse of the cumulative distribution of each row, and the probability of what was drawn from (f32 [b, 1]).
///
/// With `top_p`, the rows are sorted and only the shortest prefix that reaches that share of the row is drawn from.
fn draw(s: &Stream, log_probs: View<'_>, top_p: Option<f64>, uniforms: View<'_>, rank: &mut Tensor) -> Result<Tensor> {
    let (b, n) = (log_probs.shape()[0], log_probs.shape()[1]);
    let mut probs = Tensor::empty(s, &[b, n], DType::F32)?;
    exp(s, log_probs, &mut probs)?;
    if let Some(p) = top_p.filter(|&p| p < 1.0) {
        keep_share(s, &mut probs, p)?;
    }
    let mut ends = Tensor::empty(s, &[b, n], DType::F32)?;
    cumsum(s, &probs, 1, &mut ends)?;
    // The last end is the mass itself: a point below it lies below the end of the last token that has any probability.
    let total = ends.view().narrow(1, n - 1, 1)?;
    let mut mass = Tensor::empty(s, &[b, 1], DType::F32)?;
    copy(s, total, &mut mass)?;
    let mut point = Tensor::empty(s, &[b, 1], DType::F32)?;
    mul(s, &mass, uniforms, &mut point)?;
    mul_scalar_(s, &mut point, BELOW_ONE)?;
    let mut passed = Tensor::empty(s, &[b, n], DType::Bool)?;
    less_equal(s, &ends, &point, &mut passed)?;
    sum(s, &passed, 1, rank)?;
    Ok(mass)
}

/// Zeroes the tokens before which the share `top_p` of the row is reached already. Rows are sorted, largest first.
fn keep_share(s: &Stream, probs: &mut Tensor, top_p: f64) -> Result<()> {
    let (b, n) = (probs.shape()[0], probs.shape()[1]);
    let mut ends = Tensor::empty(s, &[b, n], DType::F32)?;
    cumsum(s, &*probs, 1, &mut ends)?;
    let mut starts = Tensor::empty(s, &[b, n], DType::F32)?;
    sub(s, &ends, &*probs, &mut starts)?;
    let mut share = Tensor::empty(s, &[b, 1], DType::F32)?;
    mul_scalar(s, ends.view().narrow(1, n - 1, 1)?, top_p, &mut share)?;
    let mut kept = Tensor::empty(s, &[b, n], DType::Bool)?;
    less(s, &starts, &share, &mut kept)?;
    let mut weight = Tensor::empty(s, &[b, n], DType::F32)?;
    cast(s, &kept, &mut weight)?;
    let mut kept_probs = Tensor::empty(s, &[b, n], DType::F32)?;
    mul(s, &*probs, &weight, &mut kept_probs)?;
    *probs = kept_probs;
    Ok(())
}

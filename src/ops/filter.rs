//! The filters of sampling with a setting for each row, as rollouts of mixed requests need them.

use super::check::{self, FLOATS};
use super::elementwise::{cast, copy, fill, greater_scalar, less, less_equal, select, sub};
use super::index::gather;
use super::reduce::{cumsum, sort};
use super::softmax::softmax;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Tensor, View, ViewMut};

/// `out` is the logits with -infinity for each token that a row's filters take out: first those below its `k`-th largest (a `k`
/// of 0 or less, or of v or more, takes none out), then the least likely of the rest that together have at most `1 - p`. The
/// most likely always stays, with all that equal the `k`-th.
///
/// Shapes: logits, out [b, v] in one float dtype; p `[b]` in the same; k i32 `[b]`.
/// CANN: `aclnnApplyTopKTopP` (8.5); where it is not there, `aclnnSort`, `aclnnGather`, `aclnnSoftmax`, `aclnnCumsum` and
/// comparisons, which agree but for tokens whose sum is `1 - p` to the last bit.
pub fn apply_top_k_top_p<'a>(
    s: &Stream,
    logits: impl Into<View<'a>>,
    p: impl Into<View<'a>>,
    k: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "apply_top_k_top_p";
    let (logits, p, k, out) = (logits.into(), p.into(), k.into(), out.into());
    check::rank(OP, "logits", logits.shape(), 2, "[rows, vocabulary]")?;
    check::dtype(OP, "logits", logits.dtype(), FLOATS)?;
    let (b, v) = (logits.shape()[0], logits.shape()[1]);
    check::that(v > 0, OP, || format!("logits is {:?}, a vocabulary of one token or more is needed", logits.shape()))?;
    check::shape(OP, "p", p.shape(), &[b])?;
    check::dtype(OP, "p", p.dtype(), &[logits.dtype()])?;
    check::shape(OP, "k", k.shape(), &[b])?;
    check::dtype(OP, "k", k.dtype(), &[DType::I32])?;
    check::shape(OP, "out", out.shape(), logits.shape())?;
    check::dtype(OP, "out", out.dtype(), &[logits.dtype()])?;
    for (arg, view) in [("logits", &logits), ("p", &p), ("k", &k), ("out", &out.as_view())] {
        check::home(s, OP, arg, view)?;
    }
    if s.api().ops.aclnnApplyTopKTopP.is_none() {
        return composed(s, logits, p, k, out);
    }
    let (logits, p, k) = (logits.input(s, OP, "logits")?, p.input(s, OP, "p")?, k.input(s, OP, "k")?);
    aclnn!(s, aclnnApplyTopKTopP(logits, p, k, out.output(s, OP, "out")?))
}

/// The same of operators that every release has, in the steps of CANN's definition.
fn composed(s: &Stream, logits: View<'_>, p: View<'_>, k: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let (b, v) = (logits.shape()[0], logits.shape()[1]);
    let wide = |dtype| Tensor::empty(s, &[b, v], dtype);
    let narrow = |dtype| Tensor::empty(s, &[b, 1], dtype);
    // Smallest first, and the place of each in its row.
    let (mut sorted, mut places) = (wide(logits.dtype())?, wide(DType::I64)?);
    sort(s, logits, 1, false, &mut sorted, &mut places)?;
    let mut hidden = wide(logits.dtype())?;
    fill(s, &mut hidden, f64::NEG_INFINITY)?;
    // What lies below the k-th largest.
    let least = kth(s, k, v)?;
    let mut threshold = narrow(logits.dtype())?;
    gather(s, &sorted, 1, &least, &mut threshold)?;
    let mut below = wide(DType::Bool)?;
    less(s, &sorted, &threshold, &mut below)?;
    let mut filtered = wide(logits.dtype())?;
    select(s, &below, &hidden, &sorted, &mut filtered)?;
    // What lies in the tail of 1 - p; never the largest.
    let (mut wide_logits, mut probs, mut sums) = (wide(DType::F32)?, wide(DType::F32)?, wide(DType::F32)?);
    cast(s, &filtered, &mut wide_logits)?;
    softmax(s, &wide_logits, 1, &mut probs)?;
    cumsum(s, &probs, 1, &mut sums)?;
    let (mut one, mut share, mut tail) = (narrow(DType::F32)?, narrow(DType::F32)?, narrow(DType::F32)?);
    fill(s, &mut one, 1.0)?;
    copy(s, p.unsqueeze(1)?, &mut share)?;
    sub(s, &one, &share, &mut tail)?;
    let mut cut = wide(DType::Bool)?;
    less_equal(s, &sums, &tail, &mut cut)?;
    fill(s, cut.view_mut().narrow(1, v - 1, 1)?, 0.0)?;
    let mut kept = wide(logits.dtype())?;
    select(s, &cut, &hidden, &filtered, &mut kept)?;
    // Back to the order of the vocabulary: sorting the places gives where each token went.
    let (mut order, mut went) = (wide(DType::I64)?, wide(DType::I64)?);
    sort(s, &places, 1, false, &mut order, &mut went)?;
    gather(s, &kept, 1, &went, out)
}

/// Where the `k`-th largest of each row stands among `v` in ascending order, i64 [b, 1]; 0 where k takes none out.
fn kth(s: &Stream, k: View<'_>, v: usize) -> Result<Tensor> {
    let b = k.shape()[0];
    let i64s = || Tensor::empty(s, &[b, 1], DType::I64);
    let bools = || Tensor::empty(s, &[b, 1], DType::Bool);
    let (mut given, mut all) = (i64s()?, i64s()?);
    cast(s, k.unsqueeze(1)?, &mut given)?;
    fill(s, &mut all, v as f64)?;
    let (mut is_given, mut some) = (bools()?, i64s()?);
    greater_scalar(s, &given, 0.0, &mut is_given)?;
    select(s, &is_given, &given, &all, &mut some)?;
    let (mut is_less, mut count) = (bools()?, i64s()?);
    less(s, &some, &all, &mut is_less)?;
    select(s, &is_less, &some, &all, &mut count)?;
    let mut place = i64s()?;
    sub(s, &all, &count, &mut place)?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cann, Device};

    /// The simulator has the operator, so that the composition is called by name.
    #[test]
    fn the_composition_gives_what_the_operator_gives() {
        let s = Device::open(&Cann::load().unwrap(), 0).unwrap().stream().unwrap();
        for v in [1usize, 2, 37, 1000] {
            let (ks, ps) = ([0i32, 1, 3, 5, -1, 20, i32::MAX], [1.0f32, 1.0, 0.5, 0.8125, 0.0625, 0.9375, 0.0]);
            let b = ks.len();
            let values: Vec<f32> = (0..b * v).map(|i| ((i * 7919 % 1013) as f32 / 1013.0 - 0.5) * 9.0).collect();
            let logits = Tensor::from_slice(&s, &[b, v], &values).unwrap();
            let (p, k) = (Tensor::from_slice(&s, &[b], &ps).unwrap(), Tensor::from_slice(&s, &[b], &ks).unwrap());
            let [mut by_operator, mut by_parts] = [(); 2].map(|()| Tensor::zeros(&s, &[b, v], DType::F32).unwrap());
            apply_top_k_top_p(&s, &logits, &p, &k, &mut by_operator).unwrap();
            composed(&s, logits.view(), p.view(), k.view(), by_parts.view_mut()).unwrap();
            let (got, want) = (by_parts.to_vec::<f32>(&s).unwrap(), by_operator.to_vec::<f32>(&s).unwrap());
            assert_eq!(got, want, "{v}");
            assert!(v < 37 || want.contains(&f32::NEG_INFINITY));
        }
    }
}

//! Random numbers on the device: a function of seed and offset. A card and the simulator give different ones.

use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};

/// Where random numbers come from: the same two give the same numbers on the same device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Philox {
    /// Picks the sequence.
    pub seed: u64,
    /// Picks a part of it: take another for each call.
    pub offset: u64,
}

fn argument(op: &str, detail: String) -> Error {
    Error::new(ErrorKind::Argument, format!("{op}: {detail}"))
}

/// Fills with numbers uniform in `[from, to)`; a narrow dtype may round one up to `to`.
///
/// Shapes: x any; floats. Errors: also `Argument` for a `from` above `to`. CANN: `aclnnInplaceUniform` (8.1).
pub fn uniform<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, from: f64, to: f64, random: Philox) -> Result<()> {
    const OP: &str = "uniform";
    let x = x.into();
    check::dtype(OP, "x", x.dtype(), FLOATS)?;
    if from.is_nan() || to.is_nan() || from > to {
        return Err(argument(OP, format!("from is {from} and to {to}, from may not be the larger")));
    }
    aclnn!(s, aclnnInplaceUniform(x.output(s, OP, "x")?, from, to, random.seed, random.offset))
}

/// Fills with normal numbers of that mean and standard deviation.
///
/// Shapes: x any; floats. Errors: also `Argument` for a deviation below 0. CANN: `aclnnInplaceNormal` (8.1).
pub fn normal<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, mean: f64, deviation: f64, random: Philox) -> Result<()> {
    const OP: &str = "normal";
    let x = x.into();
    check::dtype(OP, "x", x.dtype(), FLOATS)?;
    if deviation.is_nan() || deviation < 0.0 {
        return Err(argument(OP, format!("deviation is {deviation}, 0 or more is needed")));
    }
    let (mean, deviation) = (mean as f32, deviation as f32);
    aclnn!(s, aclnnInplaceNormal(x.output(s, OP, "x")?, mean, deviation, random.seed as i64, random.offset as i64))
}

/// Draws categories of each row in proportion to its probabilities, which need no sum of 1; with or without replacement.
///
/// [`sample`](super::sample) draws by numbers of the caller's, so that a row's token depends on nothing else; this one's rows
/// depend on their place. Shapes: p [rows, n], floats, at least 0; out i64 [rows, samples].
/// Errors: also `Shape` for more samples than categories without replacement. CANN: `aclnnMultinomial` (8.1).
pub fn multinomial<'a>(
    s: &Stream,
    p: impl Into<View<'a>>,
    replacement: bool,
    random: Philox,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "multinomial";
    let (p, out) = (p.into(), out.into());
    check::rank(OP, "p", p.shape(), 2, "[rows, categories]")?;
    check::dtype(OP, "p", p.dtype(), FLOATS)?;
    check::rank(OP, "out", out.shape(), 2, "[rows, samples]")?;
    check::dtype(OP, "out", out.dtype(), &[DType::I64])?;
    let (n, samples) = (p.shape()[1], out.shape()[1]);
    check::shape(OP, "out", out.shape(), &[p.shape()[0], samples])?;
    check::that(samples > 0 && n > 0 && (replacement || samples <= n), OP, || format!("{samples} samples of {n} categories"))?;
    let (seed, offset) = (random.seed as i64, random.offset as i64);
    aclnn!(s, aclnnMultinomial(p.input(s, OP, "p")?, samples as i64, replacement, seed, offset, out.output(s, OP, "out")?))
}

//! Elements laid out anew, and counted out. What is a view (slices, splits, transposes, expansions) needs none of these: see
//! [`View`] and [`copy`](super::copy).

use super::call::{IntArray, Scalar};
use super::check;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, DescList, View, ViewMut};

/// The parts one after the other along `dim`, converted to out's dtype.
///
/// Shapes: of one rank, alike in every dim but `dim`; out has the sum of theirs there. CANN: `aclnnCat` (8.1).
pub fn cat<'a>(s: &Stream, parts: &[View<'a>], dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "cat";
    let out = out.into();
    let needed = joined(OP, parts, dim, |first, part| {
        part.len() == first.len() && dim < first.len() && (0..first.len()).all(|d| d == dim || part[d] == first[d])
    })?;
    let along = parts.iter().map(|part| part.shape()[dim]).sum();
    check::shape(OP, "out", out.shape(), &with(needed, dim, along))?;
    let parts = parts.iter().map(|part| part.input(s, OP, "parts")).collect::<Result<Vec<_>>>()?;
    aclnn!(s, aclnnCat(DescList::new(s.api(), parts)?, dim as i64, out.output(s, OP, "out")?))
}

/// The parts one after the other along a new dim `dim`, converted to out's dtype.
///
/// Shapes: alike; out has one dim more, of as many as there are parts. CANN: `aclnnStack` (8.1).
pub fn stack<'a>(s: &Stream, parts: &[View<'a>], dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "stack";
    let out = out.into();
    let mut needed = joined(OP, parts, dim, |first, part| part == first && dim <= first.len())?;
    needed.insert(dim, parts.len());
    check::shape(OP, "out", out.shape(), &needed)?;
    let parts = parts.iter().map(|part| part.input(s, OP, "parts")).collect::<Result<Vec<_>>>()?;
    aclnn!(s, aclnnStack(DescList::new(s.api(), parts)?, dim as i64, out.output(s, OP, "out")?))
}

/// The shape of the first part, once all fit with it.
fn joined(op: &str, parts: &[View<'_>], dim: usize, fit: impl Fn(&[usize], &[usize]) -> bool) -> Result<Vec<usize>> {
    check::that(!parts.is_empty(), op, || "parts is empty, one tensor at least is needed".to_owned())?;
    let first = parts[0].shape();
    for part in parts {
        let part = part.shape();
        check::that(fit(first, part), op, || {
            format!("parts have the shapes {first:?} and {part:?}, which do not fit along dim {dim}")
        })?;
    }
    Ok(first.to_vec())
}

/// A shape with another size of one dim.
fn with(mut shape: Vec<usize>, dim: usize, size: usize) -> Vec<usize> {
    shape[dim] = size;
    shape
}

/// The dims are dims of `x`, each once.
fn dims_of(op: &str, x: &View<'_>, dims: &[usize]) -> Result<()> {
    let fit = dims.iter().enumerate().all(|(i, &dim)| dim < x.shape().len() && !dims[..i].contains(&dim));
    check::that(fit, op, || format!("dims is {dims:?}, dims of x {:?}, each once, are needed", x.shape()))
}

/// Both are of one shape and dtype.
fn alike(op: &str, x: &View<'_>, out: &ViewMut<'_>) -> Result<()> {
    check::shape(op, "out", out.shape(), x.shape())?;
    check::dtype(op, "out", out.dtype(), &[x.dtype()])
}

/// A host array of numbers that are not negative.
fn array<'a>(s: &'a Stream, values: &[usize]) -> IntArray<'a> {
    IntArray::new(s, &values.iter().map(|&v| v as i64).collect::<Vec<_>>())
}

/// The other way round along `dims`.
///
/// Shapes and dtypes: alike. CANN: `aclnnFlip` (8.1).
pub fn flip<'a>(s: &Stream, x: impl Into<View<'a>>, dims: &[usize], out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "flip";
    let (x, out) = (x.into(), out.into());
    alike(OP, &x, &out)?;
    dims_of(OP, &x, dims)?;
    aclnn!(s, aclnnFlip(x.input(s, OP, "x")?, array(s, dims), out.output(s, OP, "out")?))
}

/// Element `i` moves to `i + shift` along `dim`; what leaves at the end comes in at the front. A shift of -1 lines tokens up
/// with their successors.
///
/// Shapes and dtypes: alike. CANN: `aclnnRoll` (8.1).
pub fn roll<'a>(s: &Stream, x: impl Into<View<'a>>, shift: i64, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "roll";
    let (x, out) = (x.into(), out.into());
    alike(OP, &x, &out)?;
    dims_of(OP, &x, &[dim])?;
    aclnn!(s, aclnnRoll(x.input(s, OP, "x")?, IntArray::new(s, &[shift]), array(s, &[dim]), out.output(s, OP, "out")?))
}

/// The whole repeated `times[d]` times along each dim `d`.
///
/// Shapes: a number in `times` for each dim of x; out has their products. Dtypes: alike. CANN: `aclnnRepeat` (8.1).
pub fn tile<'a>(s: &Stream, x: impl Into<View<'a>>, times: &[usize], out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "tile";
    let (x, out) = (x.into(), out.into());
    check::that(times.len() == x.shape().len(), OP, || {
        format!("times is {times:?}, a number for each dim of x {:?} is needed", x.shape())
    })?;
    let needed: Vec<usize> = times.iter().zip(x.shape()).map(|(&times, &dim)| times.saturating_mul(dim)).collect();
    check::shape(OP, "out", out.shape(), &needed)?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    aclnn!(s, aclnnRepeat(x.input(s, OP, "x")?, array(s, times), out.output(s, OP, "out")?))
}

/// `x` with `before` and `after` elements of `value` along `dim`: sequences of one length from shorter ones.
///
/// Shapes: out has as many more along `dim`. Dtypes: alike. CANN: `aclnnConstantPadNd` (8.1).
pub fn pad<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dim: usize,
    (before, after): (usize, usize),
    value: f64,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "pad";
    let (x, out) = (x.into(), out.into());
    dims_of(OP, &x, &[dim])?;
    let padded = x.shape()[dim].saturating_add(before).saturating_add(after);
    check::shape(OP, "out", out.shape(), &with(x.shape().to_vec(), dim, padded))?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    // CANN counts from the last dim.
    let mut widths = vec![0; 2 * (x.shape().len() - dim)];
    let last = widths.len() - 2;
    (widths[last], widths[last + 1]) = (before, after);
    let value = Scalar::of_kind(s, x.dtype(), value);
    aclnn!(s, aclnnConstantPadNd(x.input(s, OP, "x")?, array(s, &widths), value, out.output(s, OP, "out")?))
}

/// The lower triangle of the last two dims, up to `diagonal`; zero above.
///
/// Shapes and dtypes: alike. CANN: `aclnnTril` (8.1).
pub fn tril<'a>(s: &Stream, x: impl Into<View<'a>>, diagonal: i64, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "tril";
    let (x, out) = (x.into(), out.into());
    alike(OP, &x, &out)?;
    aclnn!(s, aclnnTril(x.input(s, OP, "x")?, diagonal, out.output(s, OP, "out")?))
}

/// `out[i] = start + i * step`.
///
/// Shapes: out `[n]`, of f32, bf16, f16, i32 or i64; for integers, start and step are cut to integers. CANN: `aclnnArange`
/// (8.1), whose end is half a step before the next element, so that no rounding adds or loses one.
pub fn arange<'a>(s: &Stream, start: f64, step: f64, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "arange";
    let out = out.into();
    check::rank(OP, "out", out.shape(), 1, "[n]")?;
    check::dtype(OP, "out", out.dtype(), &[DType::F32, DType::BF16, DType::F16, DType::I32, DType::I64])?;
    let (n, whole) = (out.numel() as f64, !out.dtype().is_float());
    let (start, step) = if whole { (start.trunc(), step.trunc()) } else { (start, step) };
    check::that(step != 0.0 && step.is_finite(), OP, || format!("step is {step}, a number other than 0 is needed"))?;
    let end = if whole || n == 0.0 { start + n * step } else { start + (n - 0.5) * step };
    let number = |value| Scalar::of_kind(s, out.dtype(), value);
    aclnn!(s, aclnnArange(number(start), number(end), number(step), out.output(s, OP, "out")?))
}

//! Checks before the call, with one form of message: operator, argument, given, needed.

use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Desc, Storage, View, ViewMut};

fn error(kind: ErrorKind, op: &str, arg: &str, given: impl std::fmt::Display, needed: impl std::fmt::Display) -> Error {
    Error::new(kind, format!("{op}: {arg} is {given}, {needed} is needed"))
}

/// The shape is exactly `needed`.
#[inline]
pub(crate) fn shape(op: &str, arg: &str, given: &[usize], needed: &[usize]) -> Result<()> {
    if given == needed { Ok(()) } else { Err(wrong_shape(op, arg, given, needed)) }
}

#[cold]
fn wrong_shape(op: &str, arg: &str, given: &[usize], needed: &[usize]) -> Error {
    error(ErrorKind::Shape, op, arg, format_args!("{given:?}"), format_args!("{needed:?}"))
}

/// The rank is exactly `needed`, in words `form`: "[tokens, heads, head_dim]".
pub(crate) fn rank(op: &str, arg: &str, given: &[usize], needed: usize, form: &str) -> Result<()> {
    if given.len() == needed {
        return Ok(());
    }
    Err(error(ErrorKind::Shape, op, arg, format_args!("{given:?}"), form))
}

/// Any condition on shapes, said in words.
pub(crate) fn that(condition: bool, op: &str, detail: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::new(ErrorKind::Shape, format!("{op}: {}", detail()))) }
}

/// The dtype is one of `needed`.
#[inline]
pub(crate) fn dtype(op: &str, arg: &str, given: DType, needed: &[DType]) -> Result<()> {
    if needed.contains(&given) { Ok(()) } else { Err(wrong_dtype(op, arg, given, needed)) }
}

#[cold]
fn wrong_dtype(op: &str, arg: &str, given: DType, needed: &[DType]) -> Error {
    let names = needed.iter().map(|d| d.name()).collect::<Vec<_>>().join(" or ");
    error(ErrorKind::DType, op, arg, given, names)
}

/// f32, bf16 or f16.
pub(crate) const FLOATS: &[DType] = &[DType::F32, DType::BF16, DType::F16];
/// bf16 or f16.
pub(crate) const HALVES: &[DType] = &[DType::BF16, DType::F16];
/// Index types of CANN's operators.
pub(crate) const INDICES: &[DType] = &[DType::I32, DType::I64];

impl<'a> View<'a> {
    /// The descriptor of an input of an operator on `s`.
    #[inline]
    pub(crate) fn input(&self, s: &'a Stream, op: &str, arg: &str) -> Result<Desc<'a>> {
        at_home(s, op, arg, &self.storage)?;
        Desc::input(s.api(), self)
    }
}

impl ViewMut<'_> {
    /// The descriptor of an output of an operator on `s`.
    #[inline]
    pub(crate) fn output<'d>(&'d self, s: &'d Stream, op: &str, arg: &str) -> Result<Desc<'d>> {
        at_home(s, op, arg, &self.storage)?;
        Desc::output(s.api(), self)
    }
}

/// The view is at home on `s`. Composed operators ask first, so that the error has their own name and not that of a part.
pub(crate) fn home(s: &Stream, op: &str, arg: &str, view: &View<'_>) -> Result<()> {
    at_home(s, op, arg, &view.storage)
}

#[inline]
fn at_home(s: &Stream, op: &str, arg: &str, storage: &Storage<'_>) -> Result<()> {
    if storage.home == s.id() { Ok(()) } else { Err(away(s, op, arg, storage)) }
}

/// The name of the argument is put together only where it is needed: the check is on the hot path.
#[cold]
fn away(s: &Stream, op: &str, arg: &str, storage: &Storage<'_>) -> Error {
    s.wrong_stream(&format!("{op}: {arg}"), storage.home)
}

//! Weights of int4, two to a byte, as [`weight_quant_matmul`](super::weight_quant_matmul) takes them.

use ascend_rl_sys::types::{ACL_FORMAT_ND, ACL_INT4};

use super::check;
use super::nz_weight::{NzWeight, Weight};
use crate::acl::{Event, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, Desc, Layout, Stored, Tensor, View};

/// A matrix of int4 [k, n], of numbers from -8 to 7, two to a byte with the first in the low half. What lies side by side is
/// paired: rows, and after [`Int4Weight::t`] columns, so their length is even.
/// ```
/// # use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};
/// # fn main() -> Result<()> {
/// # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
/// # let halves = |n: usize, v: f32| vec![half::f16::from_f32(v); n];
/// // As checkpoints have it, [n, k]: here 2 columns of 64 terms, all of them 3.
/// let weight = ops::Int4Weight::pack(&s, [2, 64], &[3; 128])?.t();
/// let x = Tensor::from_slice(&s, &[1, 64], &halves(64, 1.0))?;
/// // A factor and a zero point for each 32 terms of a column: (3 - 1) / 4 each.
/// let scale = Tensor::from_slice(&s, &[2, 2], &halves(4, 0.25))?;
/// let offset = Tensor::from_slice(&s, &[2, 2], &halves(4, -1.0))?;
/// let mut y = Tensor::empty(&s, &[1, 2], DType::F16)?;
/// ops::weight_quant_matmul(&s, &x, &weight, &scale, Some(offset.view()), Some(32), None, &mut y)?;
/// assert_eq!(y.to_vec::<half::f16>(&s)?[1].to_f32(), 32.0);
/// # Ok(())
/// # }
/// ```
pub struct Int4Weight {
    /// In u8.
    memory: Tensor,
    /// Counts int4.
    layout: Layout,
}

impl Int4Weight {
    /// Packs host values, row-major. It does on the host what `aclnnConvertWeightToINT4Pack` does, which works there too.
    ///
    /// Order: blocks until the values are copied, behind the stream's queued work.
    /// Errors: `Length` for another number of values; `Shape` for an odd number of columns; `Argument` for a value outside -8 to 7;
    /// `OutOfMemory`.
    pub fn pack(s: &Stream, [rows, cols]: [usize; 2], values: &[i8]) -> Result<Int4Weight> {
        const OP: &str = "Int4Weight::pack";
        check::that(cols.is_multiple_of(2), OP, || {
            format!("the shape is [{rows}, {cols}], an even number of columns is needed")
        })?;
        if rows.checked_mul(cols) != Some(values.len()) {
            let text = format!("{OP}: {} values for [{rows}, {cols}]", values.len());
            return Err(Error::new(ErrorKind::Length, text));
        }
        if let Some((at, value)) = values.iter().enumerate().find(|(_, value)| !(-8..=7).contains(*value)) {
            let text = format!("{OP}: value {at} is {value}, numbers from -8 to 7 are needed");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        let bytes: Vec<u8> = values.chunks_exact(2).map(|pair| (pair[0] as u8 & 0xf) | ((pair[1] as u8) << 4)).collect();
        Int4Weight::from_packed(Tensor::from_slice(s, &[rows, cols / 2], &bytes)?)
    }

    /// A matrix that is packed already: u8 [rows, cols / 2], the first of two in the low half of the byte. An i32 of eight with the
    /// first in the lowest bits is the same memory.
    ///
    /// Errors: `Shape`, `DType`.
    pub fn from_packed(packed: Tensor) -> Result<Int4Weight> {
        const OP: &str = "Int4Weight::from_packed";
        check::rank(OP, "packed", packed.shape(), 2, "[rows, cols / 2]")?;
        check::dtype(OP, "packed", packed.dtype(), &[DType::U8])?;
        let layout = Layout::contiguous(&[packed.shape()[0], packed.shape()[1] * 2])?;
        Ok(Int4Weight { memory: packed, layout })
    }

    /// Rows and columns in each other's place: [n, k] as [k, n].
    pub fn t(self) -> Int4Weight {
        let layout = self.layout.transpose(0, 1).unwrap_or(self.layout);
        Int4Weight { layout, ..self }
    }

    /// [k, n].
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// The packed bytes, to read: u8, row by row as they lie, also of a transposed weight.
    pub fn packed(&self) -> View<'_> {
        self.memory.view()
    }

    /// Moves it to another stream, as [`Tensor::rehome`] does. Errors: as there.
    pub fn rehome(&mut self, to: &Stream, after: &Event) -> Result<()> {
        self.memory.rehome(to, after)
    }

    /// The descriptor of an input of an operator on `s`.
    fn input<'a>(&'a self, s: &'a Stream, op: &str, arg: &str) -> Result<Desc<'a>> {
        let memory = self.memory.view();
        check::home(s, op, arg, &memory)?;
        let stored = Stored { dtype: ACL_INT4, format: ACL_FORMAT_ND, dims: &[self.layout.numel()] };
        Desc::stored(s.api(), &self.layout, stored, memory.storage.address, false)
    }
}

impl std::fmt::Debug for Int4Weight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Int4Weight({:?})", self.shape())
    }
}

/// The weight of a product of floats by integers.
#[derive(Clone, Copy, Debug)]
pub enum QuantWeight<'a> {
    /// Of int8.
    Int8(Weight<'a>),
    /// Of int4.
    Int4(&'a Int4Weight),
}

impl<'a> QuantWeight<'a> {
    /// The dims.
    pub fn shape(&self) -> &[usize] {
        match self {
            QuantWeight::Int8(weight) => weight.shape(),
            QuantWeight::Int4(weight) => weight.shape(),
        }
    }

    pub(super) fn is_nz(&self) -> bool {
        matches!(self, QuantWeight::Int8(Weight::Nz(_)))
    }

    pub(super) fn input(&self, s: &'a Stream, op: &str, arg: &str) -> Result<Desc<'a>> {
        match self {
            QuantWeight::Int8(weight) => weight.input(s, op, arg),
            QuantWeight::Int4(weight) => weight.input(s, op, arg),
        }
    }
}

impl<'a> From<View<'a>> for QuantWeight<'a> {
    fn from(view: View<'a>) -> QuantWeight<'a> {
        QuantWeight::Int8(view.into())
    }
}

impl<'a> From<&'a Tensor> for QuantWeight<'a> {
    fn from(tensor: &'a Tensor) -> QuantWeight<'a> {
        QuantWeight::Int8(tensor.into())
    }
}

impl<'a> From<&'a mut Tensor> for QuantWeight<'a> {
    fn from(tensor: &'a mut Tensor) -> QuantWeight<'a> {
        QuantWeight::Int8(tensor.into())
    }
}

impl<'a> From<&'a NzWeight> for QuantWeight<'a> {
    fn from(weight: &'a NzWeight) -> QuantWeight<'a> {
        QuantWeight::Int8(weight.into())
    }
}

impl<'a> From<&'a Int4Weight> for QuantWeight<'a> {
    fn from(weight: &'a Int4Weight) -> QuantWeight<'a> {
        QuantWeight::Int4(weight)
    }
}

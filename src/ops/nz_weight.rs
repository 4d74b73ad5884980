//! Weights in FRACTAL_NZ, the layout that the cube reads: turned into it once, and taken by products in place of a row-major one.

use ascend_rl_sys::types::ACL_FORMAT_FRACTAL_NZ;

use super::call::nz_elements;
use super::check;
use super::elementwise::copy;
use crate::acl::{Event, Stream};
use crate::error::Result;
use crate::tensor::{DType, Desc, Layout, MAX_RANK, Stored, Tensor, View, ViewMut};

/// Rows of a fractal, and bytes of its columns.
const FRACTAL: usize = 16;
const FRACTAL_BYTES: usize = 32;

/// A weight [k, n], or one for each expert [e, k, n], in memory of its own in FRACTAL_NZ: fractals of 16 rows and 32 bytes of
/// columns, one column of fractals after another, zeros beyond the edges. A product that reads it spares the device the turning of
/// a row-major one, which a decode step of few rows would pay for again and again.
///
/// Made once from any view, so a checkpoint's [n, k] is given as `weight.view().t()`; [`NzWeight::update`] fills it anew, after a
/// training step. Dtypes bf16, f16 and i8.
/// ```
/// # use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};
/// # fn main() -> Result<()> {
/// # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
/// let ones = vec![half::f16::ONE; 64 * 48];
/// let weight = Tensor::from_slice(&s, &[48, 64], &ones)?;
/// let weight = ops::NzWeight::new(&s, weight.view().t())?;
/// let x = Tensor::from_slice(&s, &[2, 64], &ones[..128])?;
/// let mut y = Tensor::empty(&s, &[2, 48], DType::F16)?;
/// ops::mm(&s, &x, &weight, &mut y)?;
/// assert_eq!(y.to_vec::<half::f16>(&s)?[95].to_f32(), 64.0);
/// # Ok(())
/// # }
/// ```
pub struct NzWeight {
    /// In one dim; as many elements as CANN asks for.
    memory: Tensor,
    layout: Layout,
}

impl NzWeight {
    /// A weight in FRACTAL_NZ with the elements of `weight`.
    ///
    /// Shapes: weight [k, n] or [experts, k, n], any view; k and n of 2 or more, which is what CANN's products take in FRACTAL_NZ.
    /// CANN: `aclnnCalculateMatmulWeightSizeV2`, `aclnnInplaceCopy`, `aclnnTransMatmulWeight` (8.1).
    pub fn new<'a>(s: &Stream, weight: impl Into<View<'a>>) -> Result<NzWeight> {
        const OP: &str = "NzWeight::new";
        let weight = weight.into();
        let shape = weight.shape();
        check::dtype(OP, "weight", weight.dtype(), &[DType::BF16, DType::F16, DType::I8])?;
        let rank = shape.len();
        let fits = matches!(rank, 2 | 3) && weight.numel() > 0 && shape[rank - 2..].iter().all(|&dim| dim > 1);
        check::that(fits, OP, || {
            format!("weight is {shape:?}, [k, n] or [experts, k, n] with matrices of 2 rows and columns or more is needed")
        })?;
        check::home(s, OP, "weight", &weight)?;
        if s.api().ops.aclnnTransMatmulWeight.is_none() {
            return Err(s.device().cann().missing("aclnnTransMatmulWeight"));
        }
        let layout = Layout::contiguous(shape)?;
        let elements = nz_elements(s, shape, weight.dtype())?.max(Storage::of(&layout, weight.dtype()).dims().iter().product());
        let mut nz = NzWeight { memory: Tensor::empty(s, &[elements], weight.dtype())?, layout };
        nz.fill(s, OP, weight)?;
        Ok(nz)
    }

    /// The same weight with other values: what a rollout does with what training has made. After an error its values are arbitrary.
    ///
    /// Shapes: weight as this, any view of the same dtype.
    /// CANN: `aclnnInplaceCopy`, `aclnnTransMatmulWeight` (8.1).
    pub fn update<'a>(&mut self, s: &Stream, weight: impl Into<View<'a>>) -> Result<()> {
        const OP: &str = "NzWeight::update";
        let weight = weight.into();
        check::dtype(OP, "weight", weight.dtype(), &[self.dtype()])?;
        check::shape(OP, "weight", weight.shape(), self.shape())?;
        check::home(s, OP, "weight", &weight)?;
        check::home(s, OP, "the weight in FRACTAL_NZ", &self.memory.view())?;
        self.fill(s, OP, weight)
    }

    /// Row-major into its own memory, which CANN then turns in place.
    fn fill(&mut self, s: &Stream, op: &str, weight: View<'_>) -> Result<()> {
        let room = self.memory.view_mut().narrow(0, 0, weight.numel())?.reshape(weight.shape())?;
        copy(s, weight, room)?;
        let memory = self.memory.view_mut().narrow(0, 0, weight.numel())?.reshape(weight.shape())?;
        aclnn!(s, aclnnTransMatmulWeight(memory.output(s, op, "weight")?))
    }

    /// The elements in row-major order again.
    ///
    /// Shapes: out as this, row-major.
    /// CANN: `aclnnNpuFormatCast` (8.5; torch_npu trusts it on A2 and A3 from 9.1 on).
    pub fn to_row_major<'a>(&self, s: &Stream, out: impl Into<ViewMut<'a>>) -> Result<()> {
        const OP: &str = "NzWeight::to_row_major";
        let out = out.into();
        check::shape(OP, "out", out.shape(), self.shape())?;
        check::dtype(OP, "out", out.dtype(), &[self.dtype()])?;
        check::that(out.is_contiguous(), OP, || "out must be contiguous (CANN takes no strided output here)".into())?;
        aclnn!(s, aclnnNpuFormatCast(self.input(s, OP, "the weight in FRACTAL_NZ")?, out.output(s, OP, "out")?))
    }

    /// [k, n] or [experts, k, n].
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.memory.dtype()
    }

    /// Bytes of its memory, with what fills up the fractals.
    pub fn bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// Moves it to another stream, as [`Tensor::rehome`] does. Errors: as there.
    pub fn rehome(&mut self, to: &Stream, after: &Event) -> Result<()> {
        self.memory.rehome(to, after)
    }

    /// The descriptor of an input of an operator on `s`.
    pub(super) fn input<'a>(&'a self, s: &'a Stream, op: &str, arg: &str) -> Result<Desc<'a>> {
        let memory = self.memory.view();
        check::home(s, op, arg, &memory)?;
        let storage = Storage::of(&self.layout, self.dtype());
        let stored = Stored { dtype: self.dtype().to_acl(), format: ACL_FORMAT_FRACTAL_NZ, dims: storage.dims() };
        Desc::stored(s.api(), &self.layout, stored, memory.storage.address, false)
    }
}

impl std::fmt::Debug for NzWeight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NzWeight({} {:?})", self.dtype(), self.shape())
    }
}

/// Storage dims, [.., n / c0, k / 16, 16, c0].
struct Storage {
    dims: [usize; MAX_RANK],
    rank: usize,
}

impl Storage {
    fn of(layout: &Layout, dtype: DType) -> Storage {
        let (lead, last) = layout.shape().split_at(layout.shape().len() - 2);
        let c0 = FRACTAL_BYTES / dtype.size();
        let mut dims = [0; MAX_RANK];
        dims[..lead.len()].copy_from_slice(lead);
        dims[lead.len()..][..4].copy_from_slice(&[last[1].div_ceil(c0), last[0].div_ceil(FRACTAL), FRACTAL, c0]);
        Storage { dims, rank: lead.len() + 4 }
    }

    fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }
}

/// The second operand of a product: a view of any tensor, or a weight in FRACTAL_NZ.
#[derive(Clone, Copy, Debug)]
pub enum Weight<'a> {
    /// Row-major, or any other view that the product takes.
    Plain(View<'a>),
    /// In FRACTAL_NZ.
    Nz(&'a NzWeight),
}

impl<'a> Weight<'a> {
    /// The dims.
    pub fn shape(&self) -> &[usize] {
        match self {
            Weight::Plain(view) => view.shape(),
            Weight::Nz(weight) => weight.shape(),
        }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Weight::Plain(view) => view.dtype(),
            Weight::Nz(weight) => weight.dtype(),
        }
    }

    pub(super) fn is_nz(&self) -> bool {
        matches!(self, Weight::Nz(_))
    }

    #[inline]
    pub(super) fn input(&self, s: &'a Stream, op: &str, arg: &str) -> Result<Desc<'a>> {
        match self {
            Weight::Plain(view) => view.input(s, op, arg),
            Weight::Nz(weight) => weight.input(s, op, arg),
        }
    }
}

impl<'a> From<View<'a>> for Weight<'a> {
    #[inline]
    fn from(view: View<'a>) -> Weight<'a> {
        Weight::Plain(view)
    }
}

impl<'a> From<&'a Tensor> for Weight<'a> {
    #[inline]
    fn from(tensor: &'a Tensor) -> Weight<'a> {
        Weight::Plain(tensor.view())
    }
}

impl<'a> From<&'a mut Tensor> for Weight<'a> {
    #[inline]
    fn from(tensor: &'a mut Tensor) -> Weight<'a> {
        Weight::Plain(tensor.view())
    }
}

impl<'a> From<&'a NzWeight> for Weight<'a> {
    #[inline]
    fn from(weight: &'a NzWeight) -> Weight<'a> {
        Weight::Nz(weight)
    }
}

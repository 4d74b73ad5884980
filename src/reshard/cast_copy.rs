//! Many strided rectangles in one launch, with a change of dtype on the way, by our own kernel.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::shares::{cast_rect, copy_rect, shares, sizes};
use crate::acl::Stream;
use crate::acl::kernel::{ArgList, Argument, Arguments, BlockKind, ByAddress, Kernel, KernelImage};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};
use contract::{Rect, Share, Tiling, types};

#[path = "../../kernels/cast_copy/contract.rs"]
pub(super) mod contract;

/// One side of a rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RectAt {
    /// Which of the buffers.
    pub buffer: usize,
    /// The first element.
    pub offset: usize,
    /// Elements from one row to the next; of one row, anything.
    pub pitch: usize,
}

/// A matrix that goes from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CastRect {
    /// Where it is read.
    pub src: RectAt,
    /// Where it is written.
    pub dst: RectAt,
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub cols: usize,
    /// Its factors, if one of its sides is int8 and the other is not.
    pub scale: Option<ScaleAt>,
}

/// The factors between int8 and real numbers: `int8 = round(x * scale)`, to nearest and ties to even, at most 127 and at least -128;
/// and back, `x = int8 * scale`. What one way is multiplied by, the other is multiplied by the reciprocal of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleAt {
    /// The first one, in `scales`.
    pub offset: usize,
    /// One for each row, or one for all.
    pub per_row: bool,
}

/// Copies rectangles from `src` to `dst`, converting between f32, bf16, f16 and int8 as the buffers' dtypes ask. Values pass through
/// f32 and are rounded once, to nearest and ties to even; what is too large for f16 becomes infinite. Equal dtypes, of any kind, are
/// copied byte by byte.
///
/// Rectangles must not overlap in `dst`: of overlapping ones, any may stay.
/// Shapes: buffers contiguous, of any shape; `scales` f32, contiguous.
/// Order: enqueues.
/// Errors: `Argument` for a buffer that is not there, and scales missing, needless or not there; `Length` if a rectangle does not
/// lie in its buffer; `Shape` for buffers with gaps, overlapping rows, and more than a kernel can count; `DType`, `WrongStream`; those of
/// [`Stream::launch`].
/// Kernel: `kernels/cast_copy`; a launch for the rectangles that keep their dtype, and one for each pair of element sizes among the
/// others, of 512 rectangles at most. CANN's own: `aclnnInplaceCopy` for one rectangle a call, without int8.
pub fn cast_copy(
    s: &Stream,
    src: &[View<'_>],
    dst: &mut [ViewMut<'_>],
    scales: Option<View<'_>>,
    rects: &[CastRect],
) -> Result<()> {
    let buffers = Buffers::new(s, src, dst, scales)?;
    let mut copies = Vec::new();
    // By the sizes of elements on both sides: their tiles have one size then, and fill the unified buffer.
    let mut casts: BTreeMap<(usize, usize), Vec<Rect>> = BTreeMap::new();
    for (i, rect) in rects.iter().enumerate() {
        let place = |e: Error| e.context(format_args!("cast_copy: rectangle {i}"));
        match buffers.place(rect).map_err(place)? {
            Some(rect) if rect.cast == SAME => copies.push(rect),
            Some(rect) => casts.entry(sizes(&rect)).or_default().push(rect),
            None => (),
        }
    }
    copies.iter_mut().for_each(copy_rect);
    buffers.launch(s, None, &copies)?;
    for ((size_in, size_out), mut casts) in casts {
        casts.iter_mut().for_each(cast_rect);
        let tile = contract::cast_tile(size_in, size_out);
        let tiling = Tiling { from: (tile * size_in) as u32, to: (tile * size_out) as u32 };
        buffers.launch(s, Some(tiling), &casts)?;
    }
    Ok(())
}

/// Rectangles of one launch, and blocks at most: their tables go with the arguments, of which there are 60 KiB. So nothing is allocated
/// or copied for them, and a graph has them.
const RECTS: usize = 512;

/// Whether values go from one dtype to another without a scale.
pub(super) fn converts(from: DType, to: DType) -> bool {
    let real = |dtype| dtype != DType::I8 && code(dtype).is_ok();
    from == to || (real(from) && real(to))
}

/// [`Rect::cast`] of a rectangle of bytes; no cast from f32 to f32 is asked for.
pub(super) const SAME: u32 = 16 * types::F32 + types::F32;

/// A buffer, checked.
#[derive(Clone, Copy)]
struct Buffer {
    address: usize,
    len: usize,
    dtype: DType,
}

/// All buffers, borrowed while launches are queued.
struct Buffers<'a> {
    src: Vec<Buffer>,
    dst: Vec<Buffer>,
    scales: Option<Buffer>,
    borrow: PhantomData<&'a mut ()>,
}

/// The arguments of one launch. Its only maker is [`Buffers::launch`].
struct RectTables<'a> {
    rects: ByAddress<'a>,
    shares: ByAddress<'a>,
    /// Of `cast_copy`.
    tiling: Option<Tiling>,
    /// The tables have their addresses.
    _buffers: &'a Buffers<'a>,
}

impl Arguments for RectTables<'_> {
    fn push_all(self, list: &mut ArgList<'_>) -> Result<()> {
        self.rects.push("rects", list)?;
        self.shares.push("shares", list)?;
        self.tiling.map_or(Ok(()), |tiling| tiling.push("tiling", list))
    }
}

// SAFETY: the kernel reads both tables, which go with the arguments, and the sources and scales of the rectangles that they list, and
// writes their destinations. `Buffers` has checked that the buffers are at home on the stream and that each rectangle lies in them; they
// are borrowed, those of the destination exclusively, until the launch is queued. `shares` has one entry for each block, and names
// rectangles that are there.
unsafe impl Kernel for RectTables<'_> {
    const IMAGE: &'static KernelImage = &crate::kernels::CAST_COPY;
    const BLOCK: BlockKind = BlockKind::Vector;

    fn name(&self) -> &'static str {
        if self.tiling.is_some() { contract::CAST } else { contract::COPY }
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        Ok(())
    }
}

fn bad<T>(kind: ErrorKind, detail: String) -> Result<T> {
    Err(Error::new(kind, detail))
}

impl<'a> Buffers<'a> {
    fn new(s: &Stream, src: &'a [View<'_>], dst: &'a mut [ViewMut<'_>], scales: Option<View<'a>>) -> Result<Buffers<'a>> {
        // There may be hundreds of buffers, and a text for each takes longer than the launch.
        let checked = |what: &dyn Fn() -> String, view: View<'_>| {
            if !view.is_contiguous() {
                let text = format!("cast_copy: {} is {:?}, a contiguous one is needed", what(), view.layout());
                return bad(ErrorKind::Shape, text);
            }
            if view.storage.home != s.id() {
                return Err(s.wrong_stream(&format!("cast_copy: {}", what()), view.storage.home));
            }
            Ok(Buffer { address: view.first_address(), len: view.numel(), dtype: view.dtype() })
        };
        let all = |what: &str, views: &mut dyn Iterator<Item = View<'_>>| {
            views.enumerate().map(|(i, view)| checked(&|| format!("{what} buffer {i}"), view)).collect::<Result<Vec<_>>>()
        };
        let scales = scales.map(|view| checked(&|| "scales".into(), view)).transpose()?;
        if let Some(scales) = scales.filter(|scales| scales.dtype != DType::F32) {
            return bad(ErrorKind::DType, format!("cast_copy: scales are {}, f32 is needed", scales.dtype));
        }
        let src = all("source", &mut src.iter().copied())?;
        let dst = all("destination", &mut dst.iter().map(|view| view.as_view()))?;
        Ok(Buffers { src, dst, scales, borrow: PhantomData })
    }

    /// The rectangle with addresses, not yet cut into tiles; nothing, if it has no elements.
    fn place(&self, rect: &CastRect) -> Result<Option<Rect>> {
        let (src, from) = side("source", &self.src, rect.src, rect)?;
        let (dst, to) = side("destination", &self.dst, rect.dst, rect)?;
        let scale = self.scale(rect, src.dtype, dst.dtype)?;
        if rect.rows == 0 || rect.cols == 0 {
            return Ok(None);
        }
        let same = src.dtype == dst.dtype;
        let (size_in, size_out) = (src.dtype.size(), dst.dtype.size());
        let cols = if same { rect.cols * size_in } else { rect.cols };
        let (Ok(rows), Ok(cols)) = (u32::try_from(rect.rows), u32::try_from(cols)) else {
            return bad(
                ErrorKind::Shape,
                format!("{} rows of {} elements are more than a kernel can count", rect.rows, rect.cols),
            );
        };
        let pitch = |at: RectAt, size: usize| (if rect.rows == 1 { rect.cols } else { at.pitch } * size) as u64;
        let (from_pitch, to_pitch) = (pitch(rect.src, size_in), pitch(rect.dst, size_out));
        if from_pitch.max(to_pitch) > u64::from(u32::MAX) {
            return bad(
                ErrorKind::Shape,
                format!("rows {} bytes apart, at most {} are possible", from_pitch.max(to_pitch), u32::MAX),
            );
        }
        let cast = if same { SAME } else { 16 * code(src.dtype)? + code(dst.dtype)? };
        let (scale, scale_step) = scale.map_or((0, 0), |(address, per_row)| (address as u64, u32::from(per_row)));
        let (from, to) = (from as u64, to as u64);
        Ok(Some(Rect { from, to, from_pitch, to_pitch, scale, rows, cols, tile_rows: 0, tile_cols: 0, cast, scale_step }))
    }

    /// The address of a rectangle's scales, and whether there is one for each row.
    fn scale(&self, rect: &CastRect, src: DType, dst: DType) -> Result<Option<(usize, bool)>> {
        let needed = (src == DType::I8) != (dst == DType::I8);
        match (rect.scale, self.scales) {
            (None, _) if needed => bad(ErrorKind::Argument, format!("{src} to {dst} without a scale")),
            (None, _) => Ok(None),
            (Some(_), _) if !needed => bad(ErrorKind::Argument, format!("{src} to {dst} with a scale, which only int8 has")),
            (Some(_), None) => bad(ErrorKind::Argument, "a scale, and no buffer of scales".into()),
            (Some(at), Some(scales)) => {
                let end = at.offset.saturating_add(if at.per_row { rect.rows } else { 1 });
                if end > scales.len {
                    let text = format!("scales {}..{end} of a buffer of {}", at.offset, scales.len);
                    return bad(ErrorKind::Length, text);
                }
                Ok(Some((scales.address + at.offset * size_of::<f32>(), at.per_row)))
            }
        }
    }

    fn launch(&self, s: &Stream, tiling: Option<Tiling>, rects: &[Rect]) -> Result<()> {
        for rects in rects.chunks(RECTS) {
            let tiles = rects.iter().map(|rect| u64::from(rect.tiles().0) * u64::from(rect.tiles().1)).sum::<u64>();
            let blocks = s.device().blocks_for(BlockKind::Vector, (tiles as usize).min(RECTS))?;
            let shares: Vec<Share> = shares(rects, blocks as usize);
            let (rects, shares) = (ByAddress::slice(rects), ByAddress::slice(&shares));
            s.launch(RectTables { rects, shares, tiling, _buffers: self }, blocks)?;
        }
        Ok(())
    }
}

/// The buffer of a side, and the address of its first element; the rectangle lies in it.
fn side(what: &str, buffers: &[Buffer], at: RectAt, rect: &CastRect) -> Result<(Buffer, usize)> {
    let Some(&buffer) = buffers.get(at.buffer) else {
        return bad(ErrorKind::Argument, format!("{what} buffer {} of {}", at.buffer, buffers.len()));
    };
    if rect.rows > 1 && at.pitch < rect.cols {
        return bad(ErrorKind::Shape, format!("rows of {} elements, {} apart in the {what}, overlap", rect.cols, at.pitch));
    }
    let last = rect.rows.saturating_sub(1).checked_mul(at.pitch).and_then(|last| last.checked_add(rect.cols));
    match last.and_then(|last| last.checked_add(at.offset)).filter(|&end| end <= buffer.len) {
        Some(_) => Ok((buffer, buffer.address + at.offset * buffer.dtype.size())),
        None => bad(
            ErrorKind::Length,
            format!(
                "{} rows of {}, {} apart, from element {} on, are not in the {what} buffer of {}",
                rect.rows, rect.cols, at.pitch, at.offset, buffer.len
            ),
        ),
    }
}

fn code(dtype: DType) -> Result<u32> {
    match dtype {
        DType::F32 => Ok(types::F32),
        DType::BF16 => Ok(types::BF16),
        DType::F16 => Ok(types::F16),
        DType::I8 => Ok(types::INT8),
        other => bad(ErrorKind::DType, format!("{other} is converted neither to nor from")),
    }
}

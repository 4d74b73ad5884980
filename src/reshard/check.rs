//! What makes a layout impossible, found before anything is planned.

use super::rect::Placed;
use super::{Layout, Piece, Region, TensorSpec};
use crate::error::{Error, ErrorKind, Result};

/// Elements that each of a rank's buffers must have for its pieces.
pub(super) type Extents = Vec<usize>;

/// More than any model has tensors: a number beyond it is a mistake, not a wish for that many.
const MAX_BUFFERS: usize = 1 << 20;

/// One side of a plan, for messages.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Source,
    Destination,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Source => "source",
            Side::Destination => "destination",
        }
    }
}

fn error(kind: ErrorKind, side: Side, rank: usize, what: String) -> Error {
    Error::new(kind, format!("reshard: {what} (rank {rank} of the {})", side.name()))
}

/// Every tensor has a number of elements.
pub(super) fn tensors(tensors: &[TensorSpec]) -> Result<()> {
    for t in tensors {
        t.rows.checked_mul(t.cols).filter(|&n| n < usize::MAX / 8).ok_or_else(|| {
            Error::new(ErrorKind::Shape, format!("reshard: {} of {} x {} has too many elements", t.name, t.rows, t.cols))
        })?;
    }
    Ok(())
}

/// Every piece is part of a tensor and has a place; destination pieces of a rank are apart, in the tensor and in memory.
pub(super) fn layout(tensors: &[TensorSpec], layout: &Layout, side: Side) -> Result<Vec<Extents>> {
    let mut extents = Vec::with_capacity(layout.ranks.len());
    for (rank, pieces) in layout.ranks.iter().enumerate() {
        let mut ends = Extents::new();
        for piece in pieces {
            let end = extent(tensors, piece, side, rank)?;
            if piece.buffer >= MAX_BUFFERS {
                let what = format!("{}: buffer {}; a rank has at most {MAX_BUFFERS}", tensors[piece.tensor].name, piece.buffer);
                return Err(error(ErrorKind::Argument, side, rank, what));
            }
            if ends.len() <= piece.buffer {
                ends.resize(piece.buffer + 1, 0);
            }
            ends[piece.buffer] = ends[piece.buffer].max(end);
        }
        if let Side::Destination = side {
            apart(tensors, pieces, rank)?;
        }
        extents.push(ends);
    }
    Ok(extents)
}

/// The element of its buffer at which a piece ends.
fn extent(tensors: &[TensorSpec], piece: &Piece, side: Side, rank: usize) -> Result<usize> {
    let Some(spec) = tensors.get(piece.tensor) else {
        let what = format!("there is no tensor {}: the list has {}", piece.tensor, tensors.len());
        return Err(error(ErrorKind::Argument, side, rank, what));
    };
    let outside = |what: String| error(ErrorKind::Length, side, rank, format!("{}: {what}", spec.name));
    let within = |range: &std::ops::Range<usize>, len: usize, what: &str| {
        if range.start <= range.end && range.end <= len {
            return Ok(());
        }
        Err(outside(format!("{what} {range:?} are outside 0..{len}")))
    };
    let span = match &piece.region {
        Region::Flat(range) => {
            within(range, spec.numel(), "elements")?;
            Some(range.len())
        }
        Region::Block { rows, cols } => {
            within(rows, spec.rows, "rows")?;
            within(cols, spec.cols, "columns")?;
            if rows.len() > 1 && piece.row_stride < cols.len() {
                let what = format!("a row stride of {} for rows of {}", piece.row_stride, cols.len());
                return Err(error(ErrorKind::Argument, side, rank, format!("{}: {what}", spec.name)));
            }
            if rows.is_empty() || cols.is_empty() {
                Some(0)
            } else {
                (rows.len() - 1).checked_mul(piece.row_stride).and_then(|n| n.checked_add(cols.len()))
            }
        }
    };
    let end = span.and_then(|span| span.checked_add(piece.offset)).filter(|&end| end < usize::MAX / 8);
    end.ok_or_else(|| outside(format!("its place from element {} on ends past all memory", piece.offset)))
}

/// No element of a tensor twice on a rank, and no two pieces over the same memory.
fn apart(tensors: &[TensorSpec], pieces: &[Piece], rank: usize) -> Result<()> {
    let cols = |piece: &Piece| tensors[piece.tensor].cols;
    let mut all: Vec<(usize, Placed)> = pieces.iter().flat_map(|p| Placed::of(p, cols(p)).map(|x| (p.tensor, x))).collect();
    let twice = |tensor: usize, placed: &Placed, other: usize| {
        let spec: &TensorSpec = &tensors[tensor];
        let (name, elements) = (&spec.name, placed.rect.first_elements(spec.cols));
        let place = match other == tensor {
            true => String::new(),
            false => format!(", in the place of {}", tensors[other].name),
        };
        error(ErrorKind::Argument, Side::Destination, rank, format!("{name}: elements {elements:?} overlap another piece{place}"))
    };
    all.sort_by_key(|(tensor, p)| (*tensor, p.rect.r0));
    for (i, (tensor, a)) in all.iter().enumerate() {
        for (_, b) in all[i + 1..].iter().take_while(|(t, b)| t == tensor && b.rect.r0 < a.rect.r1) {
            if let Some(rect) = a.rect.meet(&b.rect) {
                return Err(twice(*tensor, &a.part(rect), *tensor));
            }
        }
    }
    all.sort_by_key(|(_, p)| (p.buffer, p.offset));
    for (i, (tensor, a)) in all.iter().enumerate() {
        let end = a.offset + span(a);
        for (other, b) in all[i + 1..].iter().take_while(|(_, b)| b.buffer == a.buffer && b.offset < end) {
            if share_memory(a, b) {
                return Err(twice(*other, b, *tensor));
            }
        }
    }
    Ok(())
}

fn span(p: &Placed) -> usize {
    (p.rect.rows() - 1) * p.stride + p.rect.cols()
}

/// Whether any row of one lies over a row of the other. Their spans overlap already, as interleaved columns do.
fn share_memory(a: &Placed, b: &Placed) -> bool {
    let (few, many) = if a.rect.rows() <= b.rect.rows() { (a, b) } else { (b, a) };
    let (width, step) = (many.rect.cols(), many.stride.max(1));
    (0..few.rect.rows()).any(|row| {
        let start = few.offset + row * few.stride;
        let end = start + few.rect.cols();
        // The first row of the other that ends after `start`.
        let first = (start + 1).saturating_sub(many.offset + width).div_ceil(step);
        first < many.rect.rows() && many.offset + first * step < end
    })
}

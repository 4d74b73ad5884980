//! Builders of the usual layouts: flat shards of FSDP units, rows and columns of tensor parallelism.

use super::{Layout, Piece, Region, TensorSpec};
use crate::error::{Error, ErrorKind, Result};

/// How tensor parallelism divides a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Not at all: each rank has all of it.
    Whole,
    /// By rows (the outputs of a linear layer, the vocabulary).
    Rows {
        /// Into how many equal parts.
        parts: usize,
        /// Which of them.
        part: usize,
    },
    /// By columns (the inputs of a linear layer).
    Cols {
        /// Into how many equal parts.
        parts: usize,
        /// Which of them.
        part: usize,
    },
}

fn refuse(detail: String) -> Error {
    Error::new(ErrorKind::Argument, detail)
}

impl TensorSpec {
    /// The part of this tensor that a split gives.
    ///
    /// Errors: `Argument` where it does not divide, or there is no such part.
    pub fn region(&self, split: Split) -> Result<Region> {
        let TensorSpec { name, rows, cols } = self;
        let range = |what: &str, len: usize, parts: usize, part: usize| {
            if parts == 0 || !len.is_multiple_of(parts) {
                return Err(refuse(format!("{name}: {len} {what} do not divide into {parts} equal parts")));
            }
            if part >= parts {
                return Err(refuse(format!("{name}: there is no part {part} of {parts} parts of its {len} {what}")));
            }
            Ok(len / parts * part..len / parts * (part + 1))
        };
        Ok(match split {
            Split::Whole => Region::Block { rows: 0..*rows, cols: 0..*cols },
            Split::Rows { parts, part } => Region::Block { rows: range("rows", *rows, parts, part)?, cols: 0..*cols },
            Split::Cols { parts, part } => Region::Block { rows: 0..*rows, cols: range("columns", *cols, parts, part)? },
        })
    }
}

fn tensor(tensors: &[TensorSpec], index: usize) -> Result<&TensorSpec> {
    tensors.get(index).ok_or_else(|| refuse(format!("there is no tensor {index}: the list has {}", tensors.len())))
}

/// Tensors end to end in one flat vector, as FSDP keeps a unit (the embedding, a layer, the head).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatUnit {
    /// The tensors' indices, and where each begins.
    pub tensors: Vec<(usize, usize)>,
    /// Elements of the vector with its padding.
    pub len: usize,
}

impl FlatUnit {
    /// The `members` one after another, padded at the end to a multiple of `multiple` elements (0 is taken for 1).
    ///
    /// Errors: `Argument` for a tensor that is not in the list, or more elements than an address space has.
    pub fn packed(tensors: &[TensorSpec], members: impl IntoIterator<Item = usize>, multiple: usize) -> Result<FlatUnit> {
        let (mut placed, mut end) = (Vec::new(), 0usize);
        for index in members {
            placed.push((index, end));
            let spec = tensor(tensors, index)?;
            end =
                end.checked_add(spec.numel()).ok_or_else(|| refuse(format!("{}: the unit has too many elements", spec.name)))?;
        }
        let len = end.checked_next_multiple_of(multiple.max(1)).ok_or_else(|| refuse("the unit is too long".to_owned()))?;
        Ok(FlatUnit { tensors: placed, len })
    }
}

impl Layout {
    /// Each unit cut into `world` equal ranges; buffer `u` of a rank is its range of unit `u`.
    ///
    /// Errors: `Argument` where a unit does not divide, ends before its tensors do, or names a tensor that is not there.
    pub fn flat_shards(tensors: &[TensorSpec], units: &[FlatUnit], world: usize) -> Result<Layout> {
        let mut layout = Layout { ranks: vec![Vec::new(); world] };
        for (buffer, unit) in units.iter().enumerate() {
            if world == 0 || !unit.len.is_multiple_of(world) {
                return Err(refuse(format!("unit {buffer}: {} elements do not divide into {world} equal shards", unit.len)));
            }
            let shard = unit.len / world;
            for &(index, begin) in &unit.tensors {
                let spec = tensor(tensors, index)?;
                let end = begin.checked_add(spec.numel()).filter(|&end| end <= unit.len).ok_or_else(|| {
                    let (name, len) = (&spec.name, unit.len);
                    refuse(format!(
                        "{name}: its {} elements from {begin} on do not fit in unit {buffer}, which has {len}",
                        spec.numel()
                    ))
                })?;
                for rank in begin.checked_div(shard).unwrap_or(0)..world {
                    let (from, to) = (begin.max(rank * shard), end.min((rank + 1) * shard));
                    if from >= to {
                        break;
                    }
                    let region = Region::Flat(from - begin..to - begin);
                    layout.ranks[rank].push(Piece::dense(index, region, buffer, from - rank * shard));
                }
            }
        }
        Ok(layout)
    }
}

/// Puts pieces one after another into a rank's buffers.
#[derive(Clone, Debug)]
pub struct Packer<'a> {
    tensors: &'a [TensorSpec],
    pieces: Vec<Piece>,
    ends: Vec<usize>,
}

impl<'a> Packer<'a> {
    /// Nothing yet.
    pub fn new(tensors: &'a [TensorSpec]) -> Packer<'a> {
        Packer { tensors, pieces: Vec::new(), ends: Vec::new() }
    }

    /// Puts a part of a tensor at the end of a buffer, without gaps, and says at which element it begins. Buffers come in order,
    /// though any that has begun takes more.
    ///
    /// Errors: `Argument`, as [`TensorSpec::region`], or for a tensor that is not in the list, or a buffer left out.
    pub fn push(&mut self, buffer: usize, tensor_index: usize, split: Split) -> Result<usize> {
        let spec = tensor(self.tensors, tensor_index)?;
        let region = spec.region(split)?;
        let Region::Block { rows, cols } = &region else { return Err(refuse(format!("{}: not a block", spec.name))) };
        if buffer > self.ends.len() {
            return Err(refuse(format!("{}: buffer {buffer} comes before buffer {}", spec.name, self.ends.len())));
        }
        if buffer == self.ends.len() {
            self.ends.push(0);
        }
        let (offset, len) = (self.ends[buffer], rows.len().saturating_mul(cols.len()));
        self.ends[buffer] =
            offset.checked_add(len).ok_or_else(|| refuse(format!("{}: buffer {buffer} has too many elements", spec.name)))?;
        self.pieces.push(Piece::dense(tensor_index, region, buffer, offset));
        Ok(offset)
    }

    /// Elements of each buffer so far.
    pub fn lens(&self) -> &[usize] {
        &self.ends
    }

    /// The pieces.
    pub fn pieces(self) -> Vec<Piece> {
        self.pieces
    }
}

//! Weights of products in FRACTAL_NZ, the cube's own layout, beside those that lie row-major.
//!
//! A matrix [rows, cols] lies there in fractals of 16 rows and 32 bytes of columns, zeros beyond its edges, one column of fractals
//! after another. Storage dims say so: [.., cols / c0, rows / 16, 16, c0]. The descriptor's own dims stay those of the matrix, and
//! its strides tell whether it is read as it is or with its last two dims swapped, as torch_npu describes a transposed weight. Some
//! operators want the storage's dims as the descriptor's own instead: see [`of_fractals`].
//!
//! The simulator's products read row-major memory: a weight in FRACTAL_NZ is copied when the product runs.

use ascend_rl_sys::types::*;

use super::call::Region;
use super::dtypes::name;
use super::rows::Parts;
use super::split::split;
use crate::nn::tensor::{Described, Dims, Tensor};
use crate::reject::{Outcome, check};

/// Rows of a fractal, and bytes of its columns.
const FRACTAL: usize = 16;
const FRACTAL_BYTES: usize = 32;

/// Matrices and where their rows are in FRACTAL_NZ.
#[derive(Clone, Copy)]
pub(crate) struct Nz {
    stack: usize,
    rows: usize,
    row_bytes: usize,
    data: *mut u8,
}

// SAFETY: an address and numbers; the memory is C's promise, as for a `Tensor`.
unsafe impl Send for Nz {}
// SAFETY: as above.
unsafe impl Sync for Nz {}

impl Nz {
    /// Matrices [.., rows, cols] of `dtype` at `data`.
    pub(crate) fn new(dtype: aclDataType, dims: &[usize], data: *mut u8) -> Nz {
        let (lead, last) = dims.split_at(dims.len() - 2);
        Nz { stack: lead.iter().product(), rows: last[0], row_bytes: last[1] * dtype.size(), data }
    }

    /// The storage dims of matrices [.., rows, cols] of `dtype`.
    pub(crate) fn storage(dtype: aclDataType, dims: &[usize]) -> Dims {
        let (lead, last) = dims.split_at(dims.len() - 2);
        let c0 = FRACTAL_BYTES / dtype.size();
        let mut storage = lead.to_vec();
        storage.extend([last[1].div_ceil(c0), last[0].div_ceil(FRACTAL), FRACTAL, c0]);
        Dims::new(&storage)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.stack * self.columns() * self.padded_rows() * FRACTAL_BYTES
    }

    /// Columns of fractals.
    fn columns(&self) -> usize {
        self.row_bytes.div_ceil(FRACTAL_BYTES)
    }

    fn padded_rows(&self) -> usize {
        self.rows.next_multiple_of(FRACTAL)
    }

    /// Where piece `column` of a row is.
    fn piece(&self, matrix: usize, row: usize, column: usize) -> *mut u8 {
        self.data.wrapping_add(((matrix * self.columns() + column) * self.padded_rows() + row) * FRACTAL_BYTES)
    }

    /// Copies the matrices to row-major memory. The fractals are readable.
    fn unpack(&self, to: &mut [u8]) {
        assert_eq!(to.len(), self.stack * self.rows * self.row_bytes, "room for the matrices");
        let parts = Parts::new(to);
        split(self.stack * self.rows, self.row_bytes, |range| {
            for at in range {
                // SAFETY: each row is taken once, and the memory outlives the call.
                let row = unsafe { parts.slice(at * self.row_bytes, self.row_bytes) };
                for (column, to) in row.chunks_mut(FRACTAL_BYTES).enumerate() {
                    // SAFETY: the piece lies in the fractals, which C promised until the stream has passed the operation.
                    unsafe {
                        self.piece(at / self.rows, at % self.rows, column).copy_to_nonoverlapping(to.as_mut_ptr(), to.len())
                    }
                }
            }
        })
    }

    /// Copies row-major matrices to the fractals, which are writable, and zeros to what is left of them.
    pub(crate) fn pack(&self, from: &[u8]) {
        assert_eq!(from.len(), self.stack * self.rows * self.row_bytes, "the matrices");
        let padded = self.padded_rows();
        split(self.stack * padded, self.row_bytes, |range| {
            for at in range {
                let (matrix, row) = (at / padded, at % padded);
                for column in 0..self.columns() {
                    let mut piece = [0u8; FRACTAL_BYTES];
                    if row < self.rows {
                        let start = column * FRACTAL_BYTES;
                        let len = FRACTAL_BYTES.min(self.row_bytes - start);
                        let start = (matrix * self.rows + row) * self.row_bytes + start;
                        piece[..len].copy_from_slice(&from[start..start + len]);
                    }
                    // SAFETY: the piece lies in the fractals, which C promised; each is written once.
                    unsafe { piece.as_ptr().copy_to_nonoverlapping(self.piece(matrix, row, column), FRACTAL_BYTES) }
                }
            }
        })
    }
}

/// The descriptor of the matrices, of one whose own dims are those of their fractals, whole ones; any other is left as it is.
pub(crate) fn of_fractals(described: Described) -> Described {
    let tensor = &described.tensor;
    let (dims, size) = (&tensor.dims[..], tensor.dtype.size());
    let Some((lead, &[columns, rows, FRACTAL, c0])) = dims.split_last_chunk() else { return described };
    let is = described.format == ACL_FORMAT_FRACTAL_NZ
        && c0 * size == FRACTAL_BYTES
        && described.storage == tensor.dims
        && tensor.is_contiguous();
    if !is {
        return described;
    }
    let mut dims = lead.to_vec();
    dims.extend([rows.saturating_mul(FRACTAL), columns.saturating_mul(c0)]);
    let dims = Dims::new(&dims);
    Described { tensor: Tensor { dims, strides: dims.contiguous_strides(), ..*tensor }, ..described }
}

/// A weight as its descriptor has it.
#[derive(Clone, Copy)]
pub(crate) struct Weight {
    /// Dims, strides and dtype as for row-major memory; of one in FRACTAL_NZ the address is that of the fractals.
    pub tensor: Tensor,
    nz: Option<Nz>,
}

impl Weight {
    pub(crate) fn new(operator: &str, param: &str, described: Described) -> Outcome<Weight> {
        let tensor = described.tensor;
        if described.format != ACL_FORMAT_FRACTAL_NZ {
            return Ok(Weight { tensor, nz: None });
        }
        let rank = tensor.rank();
        check!(
            matches!(tensor.dtype.size(), 1 | 2 | 4),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{operator}: {param} is {} in FRACTAL_NZ; the simulator takes elements of 1, 2 and 4 bytes in it",
            name(tensor.dtype)
        );
        check!(
            (2..=6).contains(&rank) && tensor.numel() > 0 && described.offset == 0,
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: {param} has shape {:?} at offset {} in FRACTAL_NZ; 2 to 6 dims, none of 0, and no offset are taken",
            tensor.dims,
            described.offset
        );
        let mut dims = tensor.dims.to_vec();
        if !tensor.is_contiguous() {
            dims.swap(rank - 2, rank - 1);
            let mut strides = Dims::new(&dims).contiguous_strides().to_vec();
            strides.swap(rank - 2, rank - 1);
            check!(
                tensor.strides[..] == strides[..],
                ACLNN_ERR_PARAM_INVALID,
                "{operator}: {param} in FRACTAL_NZ has strides {:?}; its last two dims may be swapped, no others",
                tensor.strides
            );
        }
        let needed = Nz::storage(tensor.dtype, &dims);
        check!(
            described.storage == needed,
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: {param} has storage dims {:?}; {needed:?} are {dims:?} in FRACTAL_NZ",
            described.storage
        );
        Ok(Weight { tensor, nz: Some(Nz::new(tensor.dtype, &dims, tensor.data)) })
    }

    /// One in row-major memory.
    pub(crate) fn row_major(tensor: Tensor) -> Weight {
        Weight { tensor, nz: None }
    }

    pub(crate) fn is_nz(&self) -> bool {
        self.nz.is_some()
    }

    pub(crate) fn region(&self, param: &'static str) -> Region {
        let bytes = self.nz.map_or_else(|| self.tensor.span_bytes(), |nz| nz.bytes());
        Region { param, start: self.tensor.data as usize, bytes, write: false }
    }

    /// The weight in row-major memory, its own or a copy's. For when the operation runs.
    pub(crate) fn plain(&self) -> Plain {
        let Some(nz) = &self.nz else { return Plain { tensor: self.tensor, _memory: Vec::new() } };
        let bytes = nz.stack * nz.rows * nz.row_bytes;
        // Of u64, so that elements are aligned.
        let mut memory = vec![0u64; bytes.div_ceil(8)];
        // SAFETY: the vector holds as many bytes at least, and bytes may have any value.
        let to = unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast::<u8>(), bytes) };
        nz.unpack(to);
        Plain { tensor: Tensor { data: to.as_mut_ptr(), ..self.tensor }, _memory: memory }
    }
}

/// A weight in row-major memory, which lives as long as this does.
pub(crate) struct Plain {
    pub tensor: Tensor,
    _memory: Vec<u64>,
}

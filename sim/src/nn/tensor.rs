//! A tensor as an operator sees it: a checked copy of the descriptor that C made.

use ascend_rl_sys::types::*;

/// Most dims of a tensor that any operator takes.
pub(crate) const MAX_RANK: usize = 8;

/// Dims or strides: at most [`MAX_RANK`] numbers, inline. Derefs to `[usize]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dims {
    len: u8,
    at: [usize; MAX_RANK],
}

impl Dims {
    /// Of a slice of at most [`MAX_RANK`] numbers.
    pub(crate) fn new(values: &[usize]) -> Dims {
        let mut at = [0; MAX_RANK];
        at[..values.len()].copy_from_slice(values);
        Dims { len: values.len() as u8, at }
    }

    /// Row-major strides, in elements.
    pub(crate) fn contiguous_strides(&self) -> Dims {
        let mut at = [0; MAX_RANK];
        let mut step = 1;
        for i in (0..self.len()).rev() {
            at[i] = step;
            step *= self[i];
        }
        Dims { len: self.len, at }
    }

    pub(crate) fn product(&self) -> usize {
        self.iter().product()
    }
}

impl std::ops::Deref for Dims {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.at[..self.len as usize]
    }
}

impl std::fmt::Debug for Dims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", &**self)
    }
}

/// What `aclTensor` stands for: a view, and how C described it.
#[derive(Clone, Copy)]
pub(crate) struct Described {
    pub tensor: Tensor,
    /// In elements.
    pub offset: i64,
    pub storage: Dims,
    pub format: aclFormat,
}

impl Described {
    fn offset_bytes(&self) -> usize {
        bytes(self.tensor.dtype, self.offset as usize)
    }

    /// The address that C gave.
    pub(crate) fn address(&self) -> *mut u8 {
        self.tensor.data.wrapping_sub(self.offset_bytes())
    }

    /// The same view of other memory.
    pub(crate) fn at(mut self, address: *mut u8) -> Described {
        self.tensor.data = address.wrapping_add(self.offset_bytes());
        self
    }
}

/// A view over device memory. Negative strides do not exist in CANN; stride 0 broadcasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tensor {
    pub dtype: aclDataType,
    /// Shape of the view.
    pub dims: Dims,
    /// In elements, one for each dim.
    pub strides: Dims,
    /// Address of the view's first element: the descriptor's address plus its offset.
    pub data: *mut u8,
}

// SAFETY: a view is an address and numbers. Who dereferences it answers for the memory: operators do, in the order of the
// streams, one operation at a time.
unsafe impl Send for Tensor {}
// SAFETY: as above.
unsafe impl Sync for Tensor {}

impl Tensor {
    pub(crate) fn rank(&self) -> usize {
        self.dims.len()
    }

    pub(crate) fn numel(&self) -> usize {
        self.dims.product()
    }

    /// Row-major without gaps (dims of 1 may have any stride). Nothing, and one element, lie so whatever their strides, as
    /// `IsContiguous` of opbase has it.
    pub(crate) fn is_contiguous(&self) -> bool {
        if self.numel() == 0 {
            return true;
        }
        let mut step = 1;
        for i in (0..self.rank()).rev() {
            if self.dims[i] != 1 && self.strides[i] != step {
                return false;
            }
            step *= self.dims[i];
        }
        true
    }

    /// Elements from the first of the view to one past its last; 0 for an empty view. Strides are C's to choose: one that no memory
    /// could hold gives a number that none does.
    pub(crate) fn span(&self) -> usize {
        if self.numel() == 0 {
            return 0;
        }
        self.dims.iter().zip(self.strides.iter()).fold(1, |span: usize, (d, s)| span.saturating_add((d - 1).saturating_mul(*s)))
    }

    /// The same in bytes.
    pub(crate) fn span_bytes(&self) -> usize {
        bytes(self.dtype, self.span())
    }
}

/// Bits of an element; 0 for what the simulator has no tensors of.
pub(crate) fn bits(dtype: aclDataType) -> usize {
    if dtype == ACL_INT4 { 4 } else { 8 * dtype.size() }
}

/// Bytes of elements in a row: two int4 share one.
pub(crate) fn bytes(dtype: aclDataType, elements: usize) -> usize {
    elements.saturating_mul(bits(dtype)).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `IsContiguous` of hicann/opbase: no elements, and one, whatever the strides.
    #[test]
    fn nothing_lies_without_gaps() {
        let lies = |dims: &[usize], strides: &[usize]| {
            let (dims, strides) = (Dims::new(dims), Dims::new(strides));
            Tensor { dtype: ACL_FLOAT, dims, strides, data: std::ptr::null_mut() }.is_contiguous()
        };
        assert!(lies(&[1, 1, 1, 0], &[0; 4]) && lies(&[3, 0, 2], &[7, 7, 7]) && lies(&[1, 1], &[5, 0]) && lies(&[], &[]));
        assert!(lies(&[3, 2], &[2, 1]) && !lies(&[3, 2], &[1, 3]) && !lies(&[2], &[0]));
    }
}

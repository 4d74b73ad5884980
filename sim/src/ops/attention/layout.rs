//! How the dims of queries, keys and values are to be read: CANN's `inputLayout`.

use super::view::Heads;
use crate::nn::tensor::{Dims, MAX_RANK, Tensor};
use crate::reject::{Outcome, check};

/// One layout: which dim is what. The last is a head's elements, or those of all heads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub name: &'static str,
    form: &'static str,
    /// None where sequences are packed one after another.
    batch: Option<usize>,
    seq: usize,
    /// None where the last dim holds all heads.
    heads: Option<usize>,
    rank: usize,
}

const LAYOUTS: [Layout; 5] = [
    Layout { name: "BSH", form: "[B, S, N*D]", batch: Some(0), seq: 1, heads: None, rank: 3 },
    Layout { name: "SBH", form: "[S, B, N*D]", batch: Some(1), seq: 0, heads: None, rank: 3 },
    Layout { name: "BSND", form: "[B, S, N, D]", batch: Some(0), seq: 1, heads: Some(2), rank: 4 },
    Layout { name: "BNSD", form: "[B, N, S, D]", batch: Some(0), seq: 2, heads: Some(1), rank: 4 },
    Layout { name: "TND", form: "[T, N, D]", batch: None, seq: 0, heads: Some(1), rank: 3 },
];

/// What a tensor of a layout holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// 1 for packed sequences.
    pub batch: usize,
    /// Positions of each of the batch, or all tokens.
    pub seq: usize,
    pub heads: usize,
    pub dim: usize,
}

impl Layout {
    pub(super) fn find(name: &str) -> Option<&'static Layout> {
        LAYOUTS.iter().find(|layout| layout.name == name)
    }

    /// Sequences lie one after another, and come with lengths.
    pub(super) fn is_packed(&self) -> bool {
        self.batch.is_none()
    }

    /// The elements of one of `heads` heads.
    pub(super) fn head_dim(&self, operator: &str, param: &str, tensor: &Tensor, heads: usize) -> Outcome<usize> {
        self.check_rank(operator, param, tensor)?;
        let last = tensor.dims[self.rank - 1];
        if self.heads.is_some() {
            return Ok(last);
        }
        check!(
            heads > 0 && last.is_multiple_of(heads),
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: {param} is {:?} in layout {}, its last dim is not of {heads} heads",
            tensor.dims,
            self.name
        );
        Ok(last / heads)
    }

    /// A tensor with heads of `dim` elements, where the layout does not say how many they are.
    pub(super) fn view(&self, operator: &str, param: &str, tensor: &Tensor, dim: usize) -> Outcome<(Sizes, Heads)> {
        self.check_rank(operator, param, tensor)?;
        let (dims, strides) = (&tensor.dims, &tensor.strides);
        let last = self.rank - 1;
        check!(
            dims[last] == 1 || strides[last] == 1,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{operator}: {param} has strides {strides:?}; the simulator takes a contiguous last dim"
        );
        let (heads, head) = match self.heads {
            Some(heads) => (dims[heads], strides[heads]),
            None => {
                let fits = dim > 0 && dims[last].is_multiple_of(dim);
                check!(
                    fits,
                    ACLNN_ERR_PARAM_INVALID,
                    "{operator}: {param} is {dims:?} in layout {}, its last dim is not of heads of {dim}",
                    self.name
                );
                (dims[last] / dim, dim)
            }
        };
        let dim = if self.heads.is_some() { dims[last] } else { dim };
        let sizes = Sizes { batch: self.batch.map_or(1, |b| dims[b]), seq: dims[self.seq], heads, dim };
        let batch = self.batch.map_or(0, |b| strides[b]);
        Ok((sizes, Heads { data: tensor.data, batch, token: strides[self.seq], head }))
    }

    /// The shape of a tensor that holds these.
    pub(super) fn dims(&self, sizes: Sizes) -> Dims {
        let mut dims = [0; MAX_RANK];
        dims[self.rank - 1] = if self.heads.is_some() { sizes.dim } else { sizes.heads * sizes.dim };
        dims[self.seq] = sizes.seq;
        if let Some(batch) = self.batch {
            dims[batch] = sizes.batch;
        }
        if let Some(heads) = self.heads {
            dims[heads] = sizes.heads;
        }
        Dims::new(&dims[..self.rank])
    }

    fn check_rank(&self, operator: &str, param: &str, tensor: &Tensor) -> Outcome {
        let dims = &tensor.dims;
        check!(
            dims.len() == self.rank,
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: {param} is {dims:?}, layout {} is {}",
            self.name,
            self.form
        );
        Ok(())
    }
}

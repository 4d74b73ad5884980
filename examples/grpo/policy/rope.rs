//! Tables of rotary position embedding.

use anyhow::Result;
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor, View};

/// Cosines and sines of all positions, `[max_position, head_dim]` each, made once. The two halves of a row are equal, which
/// is what the rotate-half form of the operator reads.
pub struct RopeTable {
    cos: Tensor,
    sin: Tensor,
}

/// The rows of a batch's positions, `[t, head_dim]` each.
pub struct RopeRows {
    /// Cosines.
    pub cos: Tensor,
    /// Sines.
    pub sin: Tensor,
}

impl RopeTable {
    /// The table of Hugging Face's default rope: angle `position / theta^(2i/d)`, in f64, then rounded to `dtype`.
    pub fn new(s: &Stream, max_position: usize, head_dim: usize, theta: f64, dtype: DType) -> Result<RopeTable> {
        let (cos, sin) = host_table(max_position, head_dim, theta);
        let upload = |values: Vec<f32>| -> Result<Tensor> {
            let table = Tensor::from_slice(s, &[max_position, head_dim], &values)?;
            if dtype == DType::F32 {
                return Ok(table);
            }
            let mut rounded = Tensor::empty(s, table.shape(), dtype)?;
            ops::cast(s, &table, &mut rounded)?;
            Ok(rounded)
        };
        Ok(RopeTable { cos: upload(cos)?, sin: upload(sin)? })
    }

    /// The rows of `positions` (i32 `[t]`), each below the table's length.
    pub fn rows<'a>(&self, s: &Stream, positions: impl Into<View<'a>>) -> Result<RopeRows> {
        let positions = positions.into();
        let pick = |table: &Tensor| -> Result<Tensor> {
            let mut out = Tensor::empty(s, &[positions.numel(), table.shape()[1]], table.dtype())?;
            ops::embedding(s, table, positions, &mut out)?;
            Ok(out)
        };
        Ok(RopeRows { cos: pick(&self.cos)?, sin: pick(&self.sin)? })
    }
}

impl RopeRows {
    /// The rows that turn the other way: what a backward applies, for a rotation's transpose is its inverse.
    pub fn inverse(self, s: &Stream) -> Result<RopeRows> {
        let mut sin = Tensor::empty(s, self.sin.shape(), self.sin.dtype())?;
        ops::neg(s, &self.sin, &mut sin)?;
        Ok(RopeRows { cos: self.cos, sin })
    }
}

fn host_table(max_position: usize, head_dim: usize, theta: f64) -> (Vec<f32>, Vec<f32>) {
    let half = head_dim / 2;
    let frequencies: Vec<f64> = (0..half).map(|i| theta.powf(-2.0 * i as f64 / head_dim as f64)).collect();
    let (mut cos, mut sin) = (vec![0f32; max_position * head_dim], vec![0f32; max_position * head_dim]);
    for (position, (cos, sin)) in cos.chunks_exact_mut(head_dim).zip(sin.chunks_exact_mut(head_dim)).enumerate() {
        for (i, frequency) in frequencies.iter().enumerate() {
            let (sine, cosine) = (position as f64 * frequency).sin_cos();
            (cos[i], cos[i + half]) = (cosine as f32, cosine as f32);
            (sin[i], sin[i + half]) = (sine as f32, sine as f32);
        }
    }
    (cos, sin)
}

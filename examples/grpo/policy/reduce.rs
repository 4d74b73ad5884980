//! Gradients of a sharded model on their way from whole units to ranges.

use anyhow::{Context, Result};
use ascend_rl::hccl::{Communicator, ReduceOp};
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor};

use super::params::Store;
use super::sharded::root_units;

/// Whole gradients, f32: of the embedding and the head for a pass, of layers in two buffers by turns. What the backward has filled
/// is summed over the ranks, and each adds its range to what it holds.
///
/// Everything is on the communicator's stream but for what the backward fills, which the caller hands to and fro.
pub struct Reduce<'a> {
    sums: Sums<'a>,
    /// Embedding and head.
    roots: [Tensor; 2],
    /// The layer that the backward is in, with its gradient.
    filling: Option<(usize, Tensor)>,
    /// Layers' buffers, all zero.
    empty: Vec<Tensor>,
}

/// This rank's ranges of the gradient.
struct Sums<'a> {
    world: &'a Communicator,
    store: &'a mut Store,
    /// Room for the range of one pass; `None` where the pass is the first, and its sums replace what is there.
    range: Option<Tensor>,
}

impl<'a> Reduce<'a> {
    /// Empty buffers. With `replace`, what `store` holds is of an earlier batch.
    pub fn new(world: &'a Communicator, store: &'a mut Store, replace: bool) -> Result<Reduce<'a>> {
        let (comm, geometry) = (world.stream(), store.geometry());
        let zeros = |unit: usize| Tensor::zeros(comm, &[geometry.units()[unit].len], DType::F32);
        let ([embedding, head], layer) = (root_units(geometry), geometry.layer(0));
        let (roots, empty) = ([zeros(embedding)?, zeros(head)?], vec![zeros(layer)?, zeros(layer)?]);
        let longest = store.units().iter().map(Tensor::numel).max().unwrap_or(0);
        let range = (!replace).then(|| Tensor::empty(comm, &[longest], DType::F32)).transpose()?;
        Ok(Reduce { sums: Sums { world, store, range }, roots, filling: None, empty })
    }

    /// The embedding's and the head's.
    pub fn roots(&mut self) -> &mut [Tensor] {
        &mut self.roots
    }

    /// An empty buffer for the next layer.
    pub fn empty(&mut self) -> Result<Tensor> {
        self.empty.pop().context("both buffers for gradients are in use")
    }

    /// The backward enters `layer` with an empty buffer; what it has filled before comes back.
    pub fn fill(&mut self, layer: usize, empty: Tensor) -> Option<(usize, Tensor)> {
        self.filling.replace((layer, empty))
    }

    /// The gradient that the backward fills.
    pub fn filling(&mut self) -> Option<&mut Tensor> {
        self.filling.as_mut().map(|(_, whole)| whole)
    }

    /// What the backward has filled last.
    pub fn last(&mut self) -> Option<(usize, Tensor)> {
        self.filling.take()
    }

    /// Sums a layer's gradient, which is back on the communicator's stream, and empties the buffer.
    pub fn layer(&mut self, layer: usize, mut whole: Tensor) -> Result<()> {
        self.sums.add(self.sums.store.geometry().layer(layer), &whole)?;
        ops::zero(self.sums.world.stream(), &mut whole)?;
        self.empty.push(whole);
        Ok(())
    }

    /// Sums the embedding's and the head's, which are back on the communicator's stream, and the first layer's.
    pub fn finish(mut self, last: Option<(usize, Tensor)>) -> Result<()> {
        if let Some((layer, whole)) = last {
            self.sums.add(self.sums.store.geometry().layer(layer), &whole)?;
        }
        for (unit, whole) in root_units(self.sums.store.geometry()).into_iter().zip(&self.roots) {
            self.sums.add(unit, whole)?;
        }
        Ok(())
    }
}

impl Sums<'_> {
    /// Queues the sum over the ranks of a unit's gradient, of which this rank keeps its range.
    fn add(&mut self, unit: usize, whole: &Tensor) -> Result<()> {
        let sum = &mut self.store.units_mut()[unit];
        let Some(range) = &mut self.range else {
            return Ok(self.world.reduce_scatter(whole, sum, ReduceOp::Sum)?);
        };
        let len = sum.numel();
        self.world.reduce_scatter(whole, range.view_mut().narrow(0, 0, len)?, ReduceOp::Sum)?;
        Ok(ops::add_(self.world.stream(), sum, range.view().narrow(0, 0, len)?)?)
    }
}

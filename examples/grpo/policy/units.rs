//! The units of a pass: the weights that it reads and the gradients that it adds to, whole, whether this device has them all
//! or gathers them from its peers.

use std::sync::Arc;

use anyhow::{Context, Result};
use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;
use ascend_rl::tensor::DType;

use super::geometry::Geometry;
use super::params::{Store, UnitView, UnitViewMut};
use super::sharded::Sharded;

/// The gradient of a batch, f32: the sum over its micro-batches.
pub struct Gradients {
    store: Store,
    /// Whether nothing has been added yet: what stands in the store then is of an earlier batch.
    fresh: bool,
}

impl Gradients {
    /// Of nothing yet. `s` is where the masters live.
    pub fn new(s: &Stream, geometry: &Arc<Geometry>) -> Result<Gradients> {
        Ok(Gradients { store: Store::zeros(s, geometry, DType::F32)?, fresh: true })
    }

    /// Begins a new batch.
    pub fn clear(&mut self) {
        self.fresh = true;
    }

    /// The sum; of a spread model, this rank's ranges of it.
    #[cfg(test)]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The sum alone.
    #[cfg(test)]
    pub fn into_store(self) -> Store {
        self.store
    }

    /// The sum, for the optimiser, which scales it.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// The store, and whether the first thing that comes into it replaces what is there.
    pub(super) fn begin(&mut self) -> (&mut Store, bool) {
        (&mut self.store, std::mem::take(&mut self.fresh))
    }
}

/// Whole units, as a pass asks for them.
pub enum Units<'a> {
    /// This device has them all.
    Whole {
        /// In the compute dtype.
        weights: &'a Store,
        /// Where a backward adds.
        grads: Option<&'a mut Store>,
    },
    /// Each rank has a range of each.
    Sharded(Box<Sharded<'a>>),
}

impl<'a> Units<'a> {
    /// Begins a pass over `weights`; with `grads`, one with a backward. Every rank must begin it, and end it.
    pub fn new(
        s: &Stream,
        world: Option<&'a Communicator>,
        weights: &'a Store,
        grads: Option<&'a mut Gradients>,
    ) -> Result<Units<'a>> {
        let grads = grads.map(Gradients::begin);
        match world {
            Some(world) => Ok(Units::Sharded(Box::new(Sharded::new(s, world, weights, grads)?))),
            None => {
                let zeroed = |(store, fresh): (&'a mut Store, bool)| -> Result<&'a mut Store> {
                    if fresh {
                        store.zero(s)?;
                    }
                    Ok(store)
                };
                Ok(Units::Whole { weights, grads: grads.map(zeroed).transpose()? })
            }
        }
    }

    /// The embedding or the head: they are there during the whole pass.
    pub fn root(&self, unit: usize) -> UnitView<'_> {
        match self {
            Units::Whole { weights, .. } => weights.unit(unit),
            Units::Sharded(sharded) => sharded.root(unit),
        }
    }

    /// The same, with its gradient.
    pub fn root_and_grad(&mut self, unit: usize) -> Result<(UnitView<'_>, UnitViewMut<'_>)> {
        match self {
            Units::Whole { weights, grads } => Ok((weights.unit(unit), grads.as_mut().context(NO_BACKWARD)?.unit_mut(unit))),
            Units::Sharded(sharded) => sharded.root_and_grad(unit),
        }
    }

    /// A layer in the forward. Layers come in order, the same one as often as it is needed.
    pub fn layer(&mut self, s: &Stream, layer: usize) -> Result<UnitView<'_>> {
        match self {
            Units::Whole { weights, .. } => Ok(weights.unit(weights.geometry().layer(layer))),
            Units::Sharded(sharded) => sharded.layer(s, layer),
        }
    }

    /// A layer in the backward, and its gradient. Layers come once each, the last one first.
    pub fn layer_and_grad(&mut self, s: &Stream, layer: usize) -> Result<(UnitView<'_>, UnitViewMut<'_>)> {
        match self {
            Units::Whole { weights, grads } => {
                let unit = weights.geometry().layer(layer);
                Ok((weights.unit(unit), grads.as_mut().context(NO_BACKWARD)?.unit_mut(unit)))
            }
            Units::Sharded(sharded) => sharded.layer_and_grad(s, layer),
        }
    }

    /// The part in a pass of a rank that has nothing to compute: its peers need its ranges all the same.
    pub fn idle(&mut self, s: &Stream) -> Result<()> {
        let Units::Sharded(sharded) = self else { return Ok(()) };
        for layer in 0..sharded.num_layers() {
            sharded.layer(s, layer)?;
        }
        if sharded.has_backward() {
            for layer in (0..sharded.num_layers()).rev() {
                sharded.layer_and_grad(s, layer)?;
            }
        }
        Ok(())
    }

    /// Ends the pass: what was gathered is given back, and what gradients are left are summed over the ranks.
    pub fn end(self, s: &Stream) -> Result<()> {
        match self {
            Units::Whole { .. } => Ok(()),
            Units::Sharded(sharded) => sharded.end(s),
        }
    }
}

/// What a backward without gradients is told.
pub(super) const NO_BACKWARD: &str = "the pass was begun without gradients, so it has no backward";

//! Fully sharded data parallelism: each rank holds a range of every unit, and computes its share of the batch with whole units
//! that it gathers for as long as it needs them (ZeRO stage 3, Rajbhandari et al., 2020; FSDP, Zhao et al., 2023).
//!
//! Two streams: *compute*, the caller's, and *comm*, the communicator's, on which all shards live. Whole units go to and fro
//! between the two:
//!
//! ```text
//! comm     gather 0 | gather 1         | gather 2         | gather 3  ...   reduce 3, gather 1 | reduce 2, gather 0 | ...
//! compute             layer 0 forward  | layer 1 forward  | ...             layer 2 backward   | layer 1 backward   | ...
//! ```
//!
//! The embedding and the head are gathered when a pass begins and stay to its end. Layers pass through two buffers: while one is
//! computed with, the next layer is gathered into the other. Gradients pass through two buffers alike: while one is filled, the
//! other is summed over the ranks, each of which keeps its range.

use anyhow::{Context, Result};
use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;
use ascend_rl::tensor::Tensor;

use super::geometry::Geometry;
use super::params::{Store, UnitView, UnitViewMut};
use super::reduce::Reduce;
use super::units::NO_BACKWARD;

/// A pass of one rank. Every rank makes the same calls in the same order, whatever it has to compute.
pub struct Sharded<'a> {
    world: &'a Communicator,
    shards: &'a Store,
    /// Embedding and head, on the compute stream.
    roots: [Tensor; 2],
    /// The layer that is computed with, on the compute stream.
    at_work: Option<Layer>,
    /// The other buffers, on the comm stream.
    resting: Vec<Layer>,
    /// Gradients, in a pass with a backward.
    reduce: Option<Reduce<'a>>,
}

/// A buffer for a whole layer, and which one is in it.
struct Layer {
    number: Option<usize>,
    whole: Tensor,
}

impl<'a> Sharded<'a> {
    /// Begins a pass: gathers the embedding and the head. `grads` are this rank's gradient and whether it is to be replaced.
    pub fn new(s: &Stream, world: &'a Communicator, shards: &'a Store, grads: Option<(&'a mut Store, bool)>) -> Result<Self> {
        let (comm, geometry) = (world.stream(), shards.geometry());
        let empty = |unit: usize| Tensor::empty(comm, &[geometry.units()[unit].len], shards.dtype());
        let [embedding, head] = root_units(geometry);
        let mut roots = [empty(embedding)?, empty(head)?];
        for (unit, whole) in [embedding, head].into_iter().zip(&mut roots) {
            world.all_gather(&shards.units()[unit], whole)?;
        }
        let mut reduce = grads.map(|(store, replace)| Reduce::new(world, store, replace)).transpose()?;
        hand_over(comm, s, roots.iter_mut().chain(reduce.iter_mut().flat_map(Reduce::roots)))?;
        let layer = || Ok(Layer { number: None, whole: empty(geometry.layer(0))? });
        let resting = (0..2).map(|_| layer()).collect::<Result<_>>()?;
        Ok(Sharded { world, shards, roots, at_work: None, resting, reduce })
    }

    /// As [`super::units::Units::root`].
    pub fn root(&self, unit: usize) -> UnitView<'_> {
        let geometry = self.shards.geometry();
        UnitView::new(&geometry.units()[unit], &self.roots[usize::from(unit != Geometry::EMBEDDING)])
    }

    /// As [`super::units::Units::root_and_grad`].
    pub fn root_and_grad(&mut self, unit: usize) -> Result<(UnitView<'_>, UnitViewMut<'_>)> {
        let (place, unit) = (usize::from(unit != Geometry::EMBEDDING), &self.shards.geometry().units()[unit]);
        let grads = self.reduce.as_mut().context(NO_BACKWARD)?.roots();
        Ok((UnitView::new(unit, &self.roots[place]), UnitViewMut::new(unit, &mut grads[place])))
    }

    /// As [`super::units::Units::layer`].
    pub fn layer(&mut self, s: &Stream, layer: usize) -> Result<UnitView<'_>> {
        if !holds(&self.at_work, layer) {
            let comm = self.world.stream();
            let mut arriving = self.gathered(layer)?;
            hand_over(comm, s, [&mut arriving.whole])?;
            let mut leaving = self.at_work.replace(arriving);
            hand_over(s, comm, leaving.iter_mut().map(|layer| &mut layer.whole))?;
            self.resting.extend(leaving);
            if layer + 1 < self.num_layers() {
                self.gather(layer + 1)?;
            }
        }
        let unit = &self.shards.geometry().units()[self.shards.geometry().layer(layer)];
        Ok(UnitView::new(unit, &self.at_work.as_ref().context(NO_LAYER)?.whole))
    }

    /// As [`super::units::Units::layer_and_grad`].
    ///
    /// The order is what makes it overlap. What the layer needs is handed to the compute stream first, behind the gather of this
    /// layer and ahead of what is queued on the comm stream below: the layer must not wait for that. What the layer before has
    /// left is handed back second. The reduction and the next gather come last, and run while the layer is computed.
    pub fn layer_and_grad(&mut self, s: &Stream, layer: usize) -> Result<(UnitView<'_>, UnitViewMut<'_>)> {
        let comm = self.world.stream();
        let mut arriving = match holds(&self.at_work, layer) {
            // The forward's last layer.
            true => None,
            false => Some(self.gathered(layer)?),
        };
        let reduce = self.reduce.as_mut().context(NO_BACKWARD)?;
        let mut grad = reduce.empty()?;
        hand_over(comm, s, arriving.iter_mut().map(|layer| &mut layer.whole).chain([&mut grad]))?;

        let mut filled = reduce.fill(layer, grad);
        let mut leaving = arriving.and_then(|arriving| self.at_work.replace(arriving));
        let weights = leaving.iter_mut().map(|layer| &mut layer.whole);
        hand_over(s, comm, weights.chain(filled.iter_mut().map(|(_, grad)| grad)))?;
        self.resting.extend(leaving);

        if let Some((layer, grad)) = filled {
            reduce.layer(layer, grad)?;
        }
        if let Some(next) = layer.checked_sub(1) {
            self.gather(next)?;
        }
        let unit = &self.shards.geometry().units()[self.shards.geometry().layer(layer)];
        let (at_work, reduce) = (self.at_work.as_ref().context(NO_LAYER)?, self.reduce.as_mut().context(NO_BACKWARD)?);
        Ok((UnitView::new(unit, &at_work.whole), UnitViewMut::new(unit, reduce.filling().context(NO_LAYER)?)))
    }

    /// Layers of the model.
    pub fn num_layers(&self) -> usize {
        self.shards.geometry().num_layers()
    }

    /// Whether gradients are wanted.
    pub fn has_backward(&self) -> bool {
        self.reduce.is_some()
    }

    /// As [`super::units::Units::end`]. Buffers go back to the comm stream before they are dropped: its next pass takes them from
    /// the allocator's cache.
    pub fn end(mut self, s: &Stream) -> Result<()> {
        let comm = self.world.stream();
        let mut filled = self.reduce.as_mut().and_then(Reduce::last);
        let weights = self.roots.iter_mut().chain(self.at_work.iter_mut().map(|layer| &mut layer.whole));
        let grads = self.reduce.iter_mut().flat_map(Reduce::roots).chain(filled.iter_mut().map(|(_, grad)| grad));
        hand_over(s, comm, weights.chain(grads))?;
        self.reduce.map_or(Ok(()), |reduce| reduce.finish(filled))
    }

    /// Queues the gather of a layer into a resting buffer, unless a buffer has it already: the forward leaves its last two.
    fn gather(&mut self, layer: usize) -> Result<()> {
        let there = self.resting.iter().chain(&self.at_work).any(|buffer| buffer.number == Some(layer));
        if !there {
            let unit = self.shards.geometry().layer(layer);
            let buffer = self.resting.first_mut().context("no buffer is free for the next layer")?;
            self.world.all_gather(&self.shards.units()[unit], &mut buffer.whole)?;
            buffer.number = Some(layer);
        }
        Ok(())
    }

    /// Takes the resting buffer of a layer, which is gathered now where it was not before.
    fn gathered(&mut self, layer: usize) -> Result<Layer> {
        self.gather(layer)?;
        let place = self.resting.iter().position(|buffer| buffer.number == Some(layer));
        Ok(self.resting.swap_remove(place.context(NO_LAYER)?))
    }
}

const NO_LAYER: &str = "no layer is at work";

/// The units that are there during the whole pass.
pub(super) fn root_units(geometry: &Geometry) -> [usize; 2] {
    [Geometry::EMBEDDING, geometry.head()]
}

fn holds(buffer: &Option<Layer>, layer: usize) -> bool {
    buffer.as_ref().is_some_and(|buffer| buffer.number == Some(layer))
}

/// Moves tensors to another stream, which waits for all that is queued on theirs.
fn hand_over<'t>(from: &Stream, to: &Stream, tensors: impl IntoIterator<Item = &'t mut Tensor>) -> Result<()> {
    let mut tensors = tensors.into_iter().peekable();
    if tensors.peek().is_none() {
        return Ok(());
    }
    let event = from.record()?;
    Ok(tensors.try_for_each(|tensor| tensor.rehome(to, &event))?)
}

//! A store as Hugging Face's tensors: what a checkpoint is written from.

use std::vec;

use anyhow::Result;
use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;
use ascend_rl::tensor::Tensor;

use super::geometry::Part;
use super::params::Store;

/// Name, shape, values in f32.
type Named = (String, Vec<usize>, Vec<f32>);

/// Each of Hugging Face's tensors, downloaded a unit at a time. Where ranks hold ranges, every rank must go through it (or through
/// [`Store::take_part_in_export`]): each unit is gathered, one at a time, and given back before the next.
///
/// One that is dropped halfway (the disk is full, say) still takes part in what is left, so the other ranks do not wait in vain.
pub struct Export<'a> {
    /// The stream on which the store lives.
    s: &'a Stream,
    store: &'a Store,
    world: Option<&'a Communicator>,
    /// The first unit that has not been gathered.
    next: usize,
    /// Of the unit before, what has not been given yet.
    ready: vec::IntoIter<Named>,
}

impl Store {
    /// Each of Hugging Face's tensors with its name and shape. The store must be f32 and live on `s`, and on the stream of `world`
    /// where its ranks hold it together.
    pub fn export<'a>(&'a self, s: &'a Stream, world: Option<&'a Communicator>) -> Export<'a> {
        Export { s: world.map_or(s, Communicator::stream), store: self, world, next: 0, ready: Vec::new().into_iter() }
    }

    /// The part in [`Store::export`] of a rank that does not want the tensors. Blocks until it is done.
    pub fn take_part_in_export(&self, world: &Communicator) -> Result<()> {
        for unit in 0..self.units().len() {
            self.gathered(unit, world)?;
        }
        Ok(world.stream().synchronize()?)
    }

    /// One unit, whole, from the ranges of all ranks.
    fn gathered(&self, unit: usize, world: &Communicator) -> Result<Tensor> {
        let mut whole = Tensor::empty(world.stream(), &[self.geometry().units()[unit].len], self.dtype())?;
        world.all_gather(&self.units()[unit], &mut whole)?;
        Ok(whole)
    }
}

impl Export<'_> {
    /// The tensors of the next unit, where there is one.
    fn unit(&mut self) -> Option<Result<Vec<Named>>> {
        let (store, at) = (self.store, self.next);
        let unit = store.geometry().units().get(at)?;
        self.next += 1;
        let values = match self.world {
            Some(world) => store.gathered(at, world).and_then(|whole| Ok(whole.to_vec::<f32>(self.s)?)),
            None => store.units()[at].to_vec::<f32>(self.s).map_err(Into::into),
        };
        Some(values.map(|values| {
            let named = |p: &Part| (p.name.clone(), p.shape.clone(), values[p.offset..p.offset + p.numel()].to_vec());
            unit.parts().map(named).collect()
        }))
    }
}

impl Iterator for Export<'_> {
    type Item = Result<Named>;

    fn next(&mut self) -> Option<Result<Named>> {
        loop {
            if let Some(tensor) = self.ready.next() {
                return Some(Ok(tensor));
            }
            match self.unit()? {
                Ok(tensors) => self.ready = tensors.into_iter(),
                Err(error) => {
                    // What a gather failed with, the rest would fail with too.
                    self.next = self.store.units().len();
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Drop for Export<'_> {
    fn drop(&mut self) {
        let Some(world) = self.world else { return };
        for unit in self.next..self.store.units().len() {
            if self.store.gathered(unit, world).is_err() {
                return;
            }
        }
    }
}

//! Flat units of numbers on the device: the master weights, their copy in the compute dtype, gradients, Adam's moments.
//!
//! All of them are [`Store`]s of one [`Geometry`], so an optimiser, a cast or a collective runs over flat tensors and never asks
//! what is inside. Where a model is spread over ranks, each tensor is this rank's range of its unit.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor, View, ViewMut};

use super::geometry::{Block, Geometry, Slot, Unit};
use crate::random::Random;

/// One tensor a unit, of one dtype: the whole unit, or this rank's range of it.
pub struct Store {
    geometry: Arc<Geometry>,
    dtype: DType,
    units: Vec<Tensor>,
}

impl Store {
    /// All zeros.
    pub fn zeros(s: &Stream, geometry: &Arc<Geometry>, dtype: DType) -> Result<Store> {
        let lengths = (0..geometry.units().len()).map(|unit| geometry.range(unit).len());
        let units = lengths.map(|len| Tensor::zeros(s, &[len], dtype)).collect::<Result<_, _>>()?;
        Ok(Store { geometry: geometry.clone(), dtype, units })
    }

    /// A copy in another dtype, or in the same.
    pub fn cast(&self, s: &Stream, dtype: DType) -> Result<Store> {
        let units = self.units.iter().map(|unit| Tensor::empty(s, unit.shape(), dtype)).collect::<Result<_, _>>()?;
        let mut copy = Store { geometry: self.geometry.clone(), dtype, units };
        copy.cast_from(s, self)?;
        Ok(copy)
    }

    /// Overwrites all numbers with those of a store of the same geometry, rounded to this store's dtype.
    pub fn cast_from(&mut self, s: &Stream, from: &Store) -> Result<()> {
        ensure!(self.geometry == from.geometry, "the two stores hold parameters of different models");
        for (to, from) in self.units.iter_mut().zip(&from.units) {
            match to.dtype() == from.dtype() {
                true => ops::copy(s, from, to)?,
                false => ops::cast(s, from, to)?,
            }
        }
        Ok(())
    }

    /// Sets everything to zero.
    pub fn zero(&mut self, s: &Stream) -> Result<()> {
        self.units.iter_mut().try_for_each(|unit| Ok(ops::zero(s, unit)?))
    }

    /// Where everything lies.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The dtype of every unit.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The flat units, or this rank's ranges of them, in the geometry's order.
    pub fn units(&self) -> &[Tensor] {
        &self.units
    }

    /// The flat units, to write. Padding must stay zero.
    pub fn units_mut(&mut self) -> &mut [Tensor] {
        &mut self.units
    }

    /// One unit, by blocks.
    pub fn unit(&self, unit: usize) -> UnitView<'_> {
        UnitView::new(&self.geometry.units()[unit], &self.units[unit])
    }

    /// One unit, by blocks, to write.
    pub fn unit_mut(&mut self, unit: usize) -> UnitViewMut<'_> {
        UnitViewMut::new(&self.geometry.units()[unit], &mut self.units[unit])
    }

    /// Fills the store with what `read` gives for each of Hugging Face's names and shapes, a unit at a time. A rank asks only for
    /// what it holds some of.
    pub fn load(&mut self, s: &Stream, mut read: impl FnMut(&str, &[usize]) -> Result<Vec<f32>>) -> Result<()> {
        for (u, flat) in self.units.iter_mut().enumerate() {
            let held = self.geometry.range(u);
            let mut host = vec![0f32; held.len()];
            for part in self.geometry.units()[u].parts() {
                let needed = part.numel();
                // What of the part is held, as elements of the unit.
                let (start, end) = (part.offset.max(held.start), (part.offset + needed).min(held.end));
                if start >= end {
                    continue;
                }
                let values = read(&part.name, &part.shape)?;
                let found = values.len();
                ensure!(found == needed, "{}: {found} values where {:?} needs {needed}", part.name, part.shape);
                host[start - held.start..end - held.start].copy_from_slice(&values[start - part.offset..end - part.offset]);
            }
            flat.write(s, &host)?;
        }
        Ok(())
    }

    /// Fresh weights: matrices from a normal distribution, norms one, biases zero. They follow from the seed and each
    /// parameter's name alone: neither order nor how parameters are spread over devices changes them.
    pub fn load_random(&mut self, s: &Stream, std: f64, seed: u64) -> Result<()> {
        let geometry = self.geometry.clone();
        let slots: std::collections::HashMap<&str, Slot> = (geometry.units().iter().flat_map(|u| &u.blocks))
            .flat_map(|b| b.parts.iter().map(|p| (p.name.as_str(), b.slot)))
            .collect();
        self.load(s, |name, shape| {
            let numel = shape.iter().product();
            Ok(match slots.get(name) {
                Some(slot) if slot.is_norm() => vec![1.0; numel],
                Some(slot) if slot.is_bias() => vec![0.0; numel],
                _ => {
                    let mut random = Random::stream(seed, fnv1a(name));
                    (0..numel).map(|_| (std * f64::from(random.normal())) as f32).collect()
                }
            })
        })
    }
}

/// FNV-1a (Fowler, Noll and Vo), 64 bits.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One unit, to read.
#[derive(Clone, Copy)]
pub struct UnitView<'a> {
    unit: &'a Unit,
    flat: &'a Tensor,
}

impl<'a> UnitView<'a> {
    /// `flat`, which holds the whole unit.
    pub(super) fn new(unit: &'a Unit, flat: &'a Tensor) -> UnitView<'a> {
        UnitView { unit, flat }
    }

    /// A block as a tensor.
    pub fn get(&self, slot: Slot) -> Result<View<'a>> {
        let block = find(self.unit, self.flat, slot)?;
        Ok(self.flat.view().narrow(0, block.offset, block.numel())?.reshape(&block.shape)?)
    }
}

/// One unit, to write.
pub struct UnitViewMut<'a> {
    unit: &'a Unit,
    flat: &'a mut Tensor,
}

impl<'a> UnitViewMut<'a> {
    /// `flat`, which holds the whole unit.
    pub(super) fn new(unit: &'a Unit, flat: &'a mut Tensor) -> UnitViewMut<'a> {
        UnitViewMut { unit, flat }
    }

    /// A block as a tensor.
    pub fn get(&mut self, slot: Slot) -> Result<ViewMut<'_>> {
        let block = find(self.unit, self.flat, slot)?;
        Ok(self.flat.view_mut().narrow(0, block.offset, block.numel())?.reshape(&block.shape)?)
    }
}

fn find<'a>(unit: &'a Unit, flat: &Tensor, slot: Slot) -> Result<&'a Block> {
    let (held, len) = (flat.numel(), unit.len);
    ensure!(held == len, "a rank holds {held} of this unit's {len} elements; gather it before its blocks are read");
    unit.block(slot).with_context(|| format!("this unit has no {slot:?}"))
}

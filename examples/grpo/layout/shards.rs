//! Which rank holds what, as [`ascend_rl::reshard`] wants it said.

use anyhow::Result;
use ascend_rl::reshard::{self, FlatUnit, Piece, Region, TensorSpec};

use super::Layout;
use super::tensor_parallel::Held;
use crate::checkpoint::ModelConfig;
use crate::policy::Geometry;

/// Hugging Face's tensors in the order of the geometry, as matrices; a vector has one column.
pub fn tensors(geometry: &Geometry) -> Vec<TensorSpec> {
    let parts = geometry.units().iter().flat_map(|unit| &unit.blocks).flat_map(|block| &block.parts);
    parts
        .map(|part| {
            let rows = part.shape[0];
            TensorSpec { name: part.name.clone(), rows, cols: part.numel() / rows }
        })
        .collect()
}

/// FSDP: each rank has an equal range of every unit of `geometry`; its buffers are the units.
pub fn training(geometry: &Geometry, world_size: usize) -> Result<reshard::Layout> {
    let mut numbers = 0..;
    let units: Vec<FlatUnit> = (geometry.units().iter())
        .map(|unit| {
            let parts = unit.blocks.iter().flat_map(|block| &block.parts);
            let tensors = parts.zip(numbers.by_ref()).map(|(part, number)| (number, part.offset)).collect();
            FlatUnit { tensors, len: unit.len }
        })
        .collect();
    Ok(reshard::Layout::flat_shards(&tensors(geometry), &units, world_size)?)
}

/// Tensor times data parallelism: each rank has its part of every tensor, at the offsets of its own geometry.
pub fn rollout(config: &ModelConfig, full: &Geometry, layout: &Layout) -> reshard::Layout {
    let of_rank = |rank: usize| {
        let tp = layout.tp_rank(rank);
        let local = tp.geometry(config);
        let mut tensor = 0;
        let mut pieces = Vec::new();
        for (buffer, (full, local)) in full.units().iter().zip(local.units()).enumerate() {
            for (block, own) in full.blocks.iter().zip(&local.blocks) {
                for (index, (part, own)) in block.parts.iter().zip(&own.parts).enumerate() {
                    let rows = part.shape[0];
                    let cols = part.numel() / rows;
                    let (region, row_stride) = match tp.held(config, block.slot, index, rows, cols) {
                        Held::Rows(range) => (Region::Flat(range.start * cols..range.end * cols), 0),
                        Held::Cols(range) => {
                            let width = range.len();
                            (Region::Block { rows: 0..rows, cols: range }, width)
                        }
                    };
                    pieces.push(Piece { tensor, region, buffer, offset: own.offset, row_stride });
                    tensor += 1;
                }
            }
        }
        pieces
    };
    reshard::Layout { ranks: (0..layout.world_size).map(of_rank).collect() }
}

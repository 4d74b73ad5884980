//! Tensor parallelism of the rollout, as Megatron cuts a layer (Shoeybi et al., 2019): q, k, v, gate and up by rows, o and down
//! by columns, so that a layer needs two all-reduces. Norms and the embedding are whole on every rank; the head is cut by the
//! vocabulary where that divides. Pure numbers; no device.

use std::ops::Range;

use anyhow::{Result, ensure};

use super::{Layout, one_of};
use crate::checkpoint::ModelConfig;
use crate::policy::{Geometry, Slot};

/// A rank's place in a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TpRank {
    /// Below `size`.
    pub rank: usize,
    /// Ranks of the replica.
    pub size: usize,
}

/// What a rank holds of one of Hugging Face's tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// These rows, whole.
    Rows(Range<usize>),
    /// These columns of all rows.
    Cols(Range<usize>),
}

impl TpRank {
    /// A replica of one.
    pub const WHOLE: TpRank = TpRank { rank: 0, size: 1 };

    /// Whether a model can be cut as the layout says.
    pub fn check(config: &ModelConfig, layout: Layout) -> Result<()> {
        let size = layout.tp_size;
        let possible = |size: usize| {
            config.num_heads.is_multiple_of(size)
                && (config.num_kv_heads.is_multiple_of(size) || size.is_multiple_of(config.num_kv_heads))
                && config.intermediate_size.is_multiple_of(size)
        };
        ensure!(
            possible(size),
            "--tp is {size}: it must divide the model's {} attention heads, {} key-value heads (or be a multiple of them) and \
             intermediate size {}; --tp may be {}",
            config.num_heads,
            config.num_kv_heads,
            config.intermediate_size,
            one_of((1..=layout.world_size).filter(|&size| layout.world_size.is_multiple_of(size) && possible(size)))
        );
        Ok(())
    }

    /// The model as this rank sees it: its heads, its part of the MLP.
    pub fn config(&self, config: &ModelConfig) -> ModelConfig {
        ModelConfig {
            num_heads: config.num_heads / self.size,
            num_kv_heads: self.kv_heads(config).len(),
            intermediate_size: config.intermediate_size / self.size,
            ..config.clone()
        }
    }

    /// Where this rank's parameters lie.
    pub fn geometry(&self, config: &ModelConfig) -> Geometry {
        Geometry::with_head_rows(&self.config(config), self.vocab_rows(config).len())
    }

    /// The tokens whose logits this rank computes: all, where their number does not divide.
    pub fn vocab_rows(&self, config: &ModelConfig) -> Range<usize> {
        match config.vocab_size.is_multiple_of(self.size) {
            true => self.part(config.vocab_size),
            false => 0..config.vocab_size,
        }
    }

    /// The key-value heads that this rank's query heads read. With fewer heads than ranks, neighbours share one.
    fn kv_heads(&self, config: &ModelConfig) -> Range<usize> {
        let heads = config.num_kv_heads;
        match heads.is_multiple_of(self.size) {
            true => self.part(heads),
            false => {
                let head = self.rank * heads / self.size;
                head..head + 1
            }
        }
    }

    /// What this rank holds of part `index` of a block whose full part is `rows x cols`.
    pub fn held(&self, config: &ModelConfig, slot: Slot, index: usize, rows: usize, cols: usize) -> Held {
        match slot {
            Slot::Qkv | Slot::QkvBias => {
                // Parts: q, k, v.
                let heads = if index == 0 { self.part(config.num_heads) } else { self.kv_heads(config) };
                Held::Rows(heads.start * config.head_dim..heads.end * config.head_dim)
            }
            Slot::GateUp => Held::Rows(self.part(rows)),
            Slot::O | Slot::Down => Held::Cols(self.part(cols)),
            Slot::LmHead => Held::Rows(self.vocab_rows(config)),
            Slot::Embedding | Slot::InputNorm | Slot::QNorm | Slot::KNorm | Slot::PostNorm | Slot::FinalNorm => {
                Held::Rows(0..rows)
            }
        }
    }

    fn part(&self, whole: usize) -> Range<usize> {
        let each = whole / self.size;
        self.rank * each..(self.rank + 1) * each
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Family;
    use crate::policy::tests::tiny;

    #[test]
    fn parts_have_the_shapes_of_the_local_geometry_and_cover_the_model() {
        for (size, tied) in [(1, true), (2, false), (4, false)] {
            let config = ModelConfig { num_heads: 8, num_kv_heads: 2, intermediate_size: 48, ..tiny(Family::Qwen2, tied) };
            TpRank::check(&config, Layout { world_size: size, tp_size: size }).unwrap();
            let full = Geometry::new(&config);
            for rank in 0..size {
                let tp = TpRank { rank, size };
                let local = tp.geometry(&config);
                for (full, local) in full.units().iter().zip(local.units()) {
                    for (block, mine) in full.blocks.iter().zip(&local.blocks) {
                        for (index, (part, mine)) in block.parts.iter().zip(&mine.parts).enumerate() {
                            assert_eq!(part.name, mine.name);
                            let (rows, cols) = (part.shape[0], part.numel() / part.shape[0]);
                            let (held_rows, held_cols) = match tp.held(&config, block.slot, index, rows, cols) {
                                Held::Rows(range) => (range.len(), cols),
                                Held::Cols(range) => (rows, range.len()),
                            };
                            assert_eq!((held_rows, held_rows * held_cols), (mine.shape[0], mine.numel()), "{}", part.name);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn shared_key_value_heads_are_those_of_the_query_heads() {
        let config = ModelConfig { num_heads: 8, num_kv_heads: 2, ..tiny(Family::Qwen3, true) };
        let heads = |rank| TpRank { rank, size: 4 }.kv_heads(&config);
        assert_eq!((0..4).map(heads).collect::<Vec<_>>(), [0..1, 0..1, 1..2, 1..2]);
    }

    #[test]
    fn a_model_that_cannot_be_cut_is_named_with_what_it_can() {
        let config = ModelConfig { num_heads: 8, num_kv_heads: 4, intermediate_size: 256, ..tiny(Family::Qwen3, true) };
        let text = TpRank::check(&config, Layout { world_size: 12, tp_size: 3 }).unwrap_err().to_string();
        assert!(text.contains("--tp is 3") && text.contains("8 attention heads") && text.contains("may be 1, 2 or 4"), "{text}");
    }
}

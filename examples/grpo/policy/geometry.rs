//! Where each parameter lies: flat units, blocks within them, Hugging Face's tensors within those. Pure; no device.
//!
//! A *unit* is what is gathered, updated and moved as one: the embedding, one layer, or the head. In a unit, *blocks* are what
//! the arithmetic reads as one tensor, at aligned offsets with zeros between. In a block, *parts* are Hugging Face's tensors,
//! without gaps: q, k and v are rows of one matrix, so one product computes all three, and a checkpoint's `k_proj` is still
//! there, as a range of it.
//!
//! Where a model is spread over ranks, each holds an equal range of every unit ([`Geometry::range`]); what that cuts through
//! does not matter, for only whole units are computed with.

use std::ops::Range;

use crate::checkpoint::ModelConfig;

/// Blocks begin at multiples of this many elements: 64 bytes of f32, 32 of bf16, which is what an NPU's copies ask for.
pub const ALIGN: usize = 16;

/// What a block is to the arithmetic. Matrices are `[out, in]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Token embedding, `[vocab, hidden]`; the head's matrix too where the two are tied.
    Embedding,
    /// Norm before attention, `[hidden]`.
    InputNorm,
    /// Rows of q, k and v, `[(heads + 2 kv_heads) * head_dim, hidden]`.
    Qkv,
    /// Their bias (Qwen2), `[(heads + 2 kv_heads) * head_dim]`.
    QkvBias,
    /// Norm of each query head (Qwen3), `[head_dim]`.
    QNorm,
    /// Norm of each key head (Qwen3), `[head_dim]`.
    KNorm,
    /// Output projection of attention, `[hidden, heads * head_dim]`.
    O,
    /// Norm before the MLP, `[hidden]`.
    PostNorm,
    /// Rows of gate and up, `[2 * intermediate, hidden]`.
    GateUp,
    /// `[hidden, intermediate]`.
    Down,
    /// Norm before the head, `[hidden]`.
    FinalNorm,
    /// The head's matrix where it is not tied, `[vocab, hidden]`.
    LmHead,
}

impl Slot {
    /// A norm's weight, which starts at one.
    pub fn is_norm(self) -> bool {
        matches!(self, Slot::InputNorm | Slot::QNorm | Slot::KNorm | Slot::PostNorm | Slot::FinalNorm)
    }

    /// A bias, which starts at zero.
    pub fn is_bias(self) -> bool {
        self == Slot::QkvBias
    }
}

/// One of Hugging Face's tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// "model.layers.0.self_attn.k_proj.weight".
    pub name: String,
    /// Its own shape.
    pub shape: Vec<usize>,
    /// Elements from the unit's start.
    pub offset: usize,
}

impl Part {
    /// Its number of elements.
    pub fn numel(&self) -> usize {
        self.shape.iter().product()
    }
}

/// What the arithmetic reads as one tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub slot: Slot,
    /// The shape of all parts together.
    pub shape: Vec<usize>,
    /// Elements from the unit's start; a multiple of [`ALIGN`].
    pub offset: usize,
    /// In order, without gaps.
    pub parts: Vec<Part>,
}

impl Block {
    /// Its number of elements.
    pub fn numel(&self) -> usize {
        self.shape.iter().product()
    }
}

/// One flat run of parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// In order of offset.
    pub blocks: Vec<Block>,
    /// Elements with the padding between and behind blocks; a multiple of [`ALIGN`] times the number of ranks.
    pub len: usize,
}

impl Unit {
    /// The block of a slot, where the unit has one.
    pub fn block(&self, slot: Slot) -> Option<&Block> {
        self.blocks.iter().find(|b| b.slot == slot)
    }

    /// Appends a block of `parts` (name, rows), each row of `row` elements; a vector's row is `&[]`.
    fn push<const N: usize>(&mut self, slot: Slot, row: &[usize], parts: [(String, usize); N]) {
        let offset = self.len;
        let shape = |rows: usize| std::iter::once(rows).chain(row.iter().copied()).collect::<Vec<_>>();
        let (mut end, mut rows) = (offset, 0);
        let parts = parts.map(|(name, part_rows)| {
            let part = Part { name, shape: shape(part_rows), offset: end };
            end += part.numel();
            rows += part_rows;
            part
        });
        self.blocks.push(Block { slot, shape: shape(rows), offset, parts: parts.into() });
        self.len = end.next_multiple_of(ALIGN);
    }

    /// The unit's parts, in order of offset.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.blocks.iter().flat_map(|b| &b.parts)
    }
}

/// All units of a model, and how much of them this rank holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    units: Vec<Unit>,
    rank: usize,
    ranks: usize,
}

impl Geometry {
    /// The unit of the embedding.
    pub const EMBEDDING: usize = 0;

    /// The geometry of a config, of which one device holds everything.
    pub fn new(config: &ModelConfig) -> Geometry {
        Geometry::build(config, config.vocab_size, 0, 1)
    }

    /// The same where the head's own matrix has only some of the vocabulary's rows.
    pub fn with_head_rows(config: &ModelConfig, head_rows: usize) -> Geometry {
        Geometry::build(config, head_rows, 0, 1)
    }

    /// The geometry of a config as rank `rank` of `ranks` sees it. Units are padded so that all ranks hold ranges of one length,
    /// which begin at multiples of [`ALIGN`].
    pub fn sharded(config: &ModelConfig, rank: usize, ranks: usize) -> Geometry {
        Geometry::build(config, config.vocab_size, rank, ranks)
    }

    fn build(config: &ModelConfig, head_rows: usize, rank: usize, ranks: usize) -> Geometry {
        let mut units = Vec::with_capacity(config.num_layers + 2);
        let mut embedding = Unit::default();
        embedding.push(Slot::Embedding, &[config.hidden_size], [("model.embed_tokens.weight".into(), config.vocab_size)]);
        units.push(embedding);
        units.extend((0..config.num_layers).map(|layer| layer_unit(config, layer)));
        let mut head = Unit::default();
        head.push(Slot::FinalNorm, &[], [("model.norm.weight".into(), config.hidden_size)]);
        if !config.tie_word_embeddings {
            head.push(Slot::LmHead, &[config.hidden_size], [("lm_head.weight".into(), head_rows)]);
        }
        units.push(head);
        units.iter_mut().for_each(|unit| unit.len = unit.len.next_multiple_of(ALIGN * ranks));
        Geometry { units, rank, ranks }
    }

    /// The elements of a unit that this rank holds: all of them where it is alone.
    pub fn range(&self, unit: usize) -> Range<usize> {
        let len = self.units[unit].len / self.ranks;
        self.rank * len..(self.rank + 1) * len
    }

    /// All units: the embedding, the layers, the head.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The unit of a layer.
    pub fn layer(&self, layer: usize) -> usize {
        1 + layer
    }

    /// The unit of the head.
    pub fn head(&self) -> usize {
        self.units.len() - 1
    }

    /// Layers of the model.
    pub fn num_layers(&self) -> usize {
        self.units.len() - 2
    }

    /// Trained numbers, without padding.
    pub fn num_parameters(&self) -> usize {
        self.units.iter().flat_map(|u| &u.blocks).map(Block::numel).sum()
    }
}

fn layer_unit(config: &ModelConfig, layer: usize) -> Unit {
    let name = |suffix: &str| format!("model.layers.{layer}.{suffix}");
    let (h, i, d) = (config.hidden_size, config.intermediate_size, config.head_dim);
    let (q, kv) = (config.num_heads * d, config.num_kv_heads * d);
    let qkv = |kind: &str| ["q", "k", "v"].map(|p| name(&format!("self_attn.{p}_proj.{kind}")));
    let mut unit = Unit::default();
    unit.push(Slot::InputNorm, &[], [(name("input_layernorm.weight"), h)]);
    let [q_name, k_name, v_name] = qkv("weight");
    unit.push(Slot::Qkv, &[h], [(q_name, q), (k_name, kv), (v_name, kv)]);
    if config.qkv_bias() {
        let [q_name, k_name, v_name] = qkv("bias");
        unit.push(Slot::QkvBias, &[], [(q_name, q), (k_name, kv), (v_name, kv)]);
    }
    if config.qk_norm() {
        unit.push(Slot::QNorm, &[], [(name("self_attn.q_norm.weight"), d)]);
        unit.push(Slot::KNorm, &[], [(name("self_attn.k_norm.weight"), d)]);
    }
    unit.push(Slot::O, &[q], [(name("self_attn.o_proj.weight"), h)]);
    unit.push(Slot::PostNorm, &[], [(name("post_attention_layernorm.weight"), h)]);
    unit.push(Slot::GateUp, &[h], [(name("mlp.gate_proj.weight"), i), (name("mlp.up_proj.weight"), i)]);
    unit.push(Slot::Down, &[i], [(name("mlp.down_proj.weight"), h)]);
    unit
}

#[cfg(test)]
impl Geometry {
    /// Vectors "0", "1", ..., each a unit of its own: what tests of whole-unit work need.
    pub fn vectors(lengths: &[usize]) -> Geometry {
        let unit = |(i, &len): (usize, &usize)| {
            let mut unit = Unit::default();
            unit.push(Slot::FinalNorm, &[], [(i.to_string(), len)]);
            unit
        };
        Geometry { units: lengths.iter().enumerate().map(unit).collect(), rank: 0, ranks: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Family, parameter_shapes};
    use crate::policy::tests::tiny;

    #[test]
    fn every_parameter_lies_in_a_block_and_blocks_are_aligned() {
        for (family, tied) in [(Family::Qwen2, true), (Family::Qwen3, false), (Family::Qwen2, false), (Family::Qwen3, true)] {
            let config = tiny(family, tied);
            let geometry = Geometry::new(&config);
            assert_eq!(geometry.units().len(), config.num_layers + 2);
            let mut found = Vec::new();
            for unit in geometry.units() {
                let mut end = 0;
                for block in &unit.blocks {
                    assert!(block.offset.is_multiple_of(ALIGN) && (end..end + ALIGN).contains(&block.offset));
                    end = block.offset;
                    for part in &block.parts {
                        assert_eq!(part.offset, end, "{} has a gap before it", part.name);
                        end += part.numel();
                        assert_eq!(part.shape[1..], block.shape[1..]);
                        found.push((part.name.clone(), part.shape.clone()));
                    }
                    assert_eq!(end, block.offset + block.numel());
                }
                assert_eq!(unit.len, end.next_multiple_of(ALIGN));
            }
            let mut expected = parameter_shapes(&config);
            let sizes = expected.iter().map(|(_, shape)| shape.iter().product::<usize>());
            assert_eq!(geometry.num_parameters(), sizes.sum::<usize>());
            found.sort();
            expected.sort();
            assert_eq!(found, expected);
        }
    }
    #[test]
    fn ranks_hold_equal_aligned_ranges_that_cover_each_unit_once() {
        let config = tiny(Family::Qwen3, false);
        let whole = Geometry::new(&config);
        for ranks in [1, 2, 3, 4, 7] {
            let shards: Vec<Geometry> = (0..ranks).map(|rank| Geometry::sharded(&config, rank, ranks)).collect();
            for (u, unit) in whole.units().iter().enumerate() {
                let len = shards[0].units()[u].len;
                assert_eq!(shards[0].units()[u].blocks, unit.blocks, "blocks lie where they lie on one device");
                assert!((unit.len..unit.len + ALIGN * ranks).contains(&len));
                let mut end = 0;
                for shard in &shards {
                    let range = shard.range(u);
                    assert_eq!((range.start, range.len() * ranks), (end, len));
                    assert!(range.start.is_multiple_of(ALIGN));
                    end = range.end;
                }
                assert_eq!(end, len);
            }
        }
    }
}

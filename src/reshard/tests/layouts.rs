//! Random layouts, from a tape of choices that proptest can shrink, and the usual ones by the builders.

use std::ops::Range;

use crate::reshard::{FlatUnit, Layout, Packer, Piece, Region, Split, TensorSpec};
use proptest::prelude::*;

/// Choices; zero where it ends, so that shorter tapes are simpler cases.
#[derive(Debug, Clone)]
pub struct Tape(Vec<u32>, usize);

impl Tape {
    pub fn any() -> impl Strategy<Value = Tape> {
        proptest::collection::vec(any::<u32>(), 0..400).prop_map(|choices| Tape(choices, 0))
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.1 += 1;
        self.0.get(self.1 - 1).map_or(0, |&choice| choice as usize % n.max(1))
    }

    /// Cuts `0..len` into `parts` ranges, some empty.
    fn cuts(&mut self, len: usize, parts: usize) -> Vec<Range<usize>> {
        let mut at: Vec<usize> = (1..parts).map(|_| self.below(len + 1)).chain([0, len]).collect();
        at.sort_unstable();
        at.windows(2).map(|w| w[0]..w[1]).collect()
    }

    pub fn tensors(&mut self) -> Vec<TensorSpec> {
        (0..1 + self.below(4)).map(|i| TensorSpec::matrix(format!("t{i}"), 1 + self.below(9), 1 + self.below(11))).collect()
    }

    /// Parts of a tensor that together are all of it: flat ranges, or a grid.
    fn partition(&mut self, spec: &TensorSpec, parts: usize) -> Vec<Region> {
        if self.below(2) == 0 {
            return self.cuts(spec.numel(), parts).into_iter().map(Region::Flat).collect();
        }
        let (down, across) = (1 + self.below(3), 1 + self.below(3));
        let (rows, cols) = (self.cuts(spec.rows, down), self.cuts(spec.cols, across));
        let block = |rows: &Range<usize>, cols: &Range<usize>| Region::Block { rows: rows.clone(), cols: cols.clone() };
        rows.iter().flat_map(|r| cols.iter().map(move |c| block(r, c))).collect()
    }

    /// Every element on some rank; often on several, often with empty shards.
    pub fn source(&mut self, tensors: &[TensorSpec], world: usize) -> Layout {
        let mut shelves = vec![Shelf::default(); world];
        for (t, spec) in tensors.iter().enumerate() {
            // Each copy is cut in its own way, so that holders overlap in part.
            for _ in 0..1 + self.below(3) {
                let regions = self.partition(spec, world);
                for (i, region) in regions.into_iter().enumerate() {
                    let rank = (i + self.below(world)) % world;
                    shelves[rank].put(self, t, region);
                }
            }
        }
        Layout { ranks: shelves.into_iter().map(|shelf| shelf.pieces).collect() }
    }

    /// Whole tensors, parts of them, or nothing; no element twice on a rank.
    pub fn destination(&mut self, tensors: &[TensorSpec], world: usize) -> Layout {
        let mut ranks = Vec::new();
        for _ in 0..world {
            let mut shelf = Shelf::default();
            for (t, spec) in tensors.iter().enumerate() {
                match self.below(4) {
                    0 => shelf.put(self, t, Region::Block { rows: 0..spec.rows, cols: 0..spec.cols }),
                    1 => {
                        for range in self.cuts(spec.numel(), 4).into_iter().skip(1).step_by(2) {
                            shelf.put(self, t, Region::Flat(range));
                        }
                    }
                    2 => {
                        let (rows, cols) = (self.cuts(spec.rows, 3), self.cuts(spec.cols, 3));
                        shelf.put(self, t, Region::Block { rows: rows[1].clone(), cols: cols[1].clone() });
                        shelf.put(self, t, Region::Block { rows: rows[1].clone(), cols: cols[2].clone() });
                    }
                    _ => {}
                }
            }
            ranks.push(shelf.pieces);
        }
        Layout { ranks }
    }
}

/// Puts pieces behind one another, with gaps between them and between rows.
#[derive(Clone, Default)]
struct Shelf {
    pieces: Vec<Piece>,
    ends: [usize; 3],
}

impl Shelf {
    fn put(&mut self, tape: &mut Tape, tensor: usize, region: Region) {
        let buffer = tape.below(3);
        let offset = self.ends[buffer] + tape.below(3) / 2;
        let mut piece = Piece::dense(tensor, region, buffer, offset);
        self.ends[buffer] = offset
            + match &piece.region {
                Region::Flat(range) => range.len(),
                Region::Block { rows, .. } => {
                    piece.row_stride += tape.below(4) / 3 * 2;
                    rows.len() * piece.row_stride
                }
            };
        self.pieces.push(piece);
    }
}

/// The tensors of a transformer: how many of each, and how tensor parallelism divides them (0 whole, 1 rows, 2 columns).
pub struct Model {
    pub tensors: Vec<TensorSpec>,
    pub split: Vec<u8>,
    /// First tensor of each unit: embedding, layers, head.
    pub units: Vec<Range<usize>>,
}

/// hidden, query and key/value columns, intermediate, layers, vocabulary.
pub fn transformer(hidden: usize, q: usize, kv: usize, intermediate: usize, layers: usize, vocab: usize) -> Model {
    let mut model = Model { tensors: Vec::new(), split: Vec::new(), units: Vec::new() };
    let mut unit = |tensors: Vec<(String, usize, usize, u8)>| {
        let start = model.tensors.len();
        for (name, rows, cols, split) in tensors {
            model.tensors.push(TensorSpec::matrix(name, rows, cols));
            model.split.push(split);
        }
        model.units.push(start..model.tensors.len());
    };
    unit(vec![("embedding".into(), vocab, hidden, 1)]);
    for l in 0..layers {
        let name = |what: &str| format!("layers.{l}.{what}");
        unit(vec![
            (name("input_norm"), hidden, 1, 0),
            (name("q"), q, hidden, 1),
            (name("k"), kv, hidden, 1),
            (name("v"), kv, hidden, 1),
            (name("q_bias"), q, 1, 1),
            (name("o"), hidden, q, 2),
            (name("post_norm"), hidden, 1, 0),
            (name("gate"), intermediate, hidden, 1),
            (name("up"), intermediate, hidden, 1),
            (name("down"), hidden, intermediate, 2),
        ]);
    }
    unit(vec![("norm".into(), hidden, 1, 0), ("head".into(), vocab, hidden, 1)]);
    model
}

impl Model {
    /// FSDP over `world` ranks.
    pub fn shards(&self, world: usize) -> Layout {
        let pack = |unit: &Range<usize>| FlatUnit::packed(&self.tensors, unit.clone(), 16 * world).unwrap();
        Layout::flat_shards(&self.tensors, &self.units.iter().map(pack).collect::<Vec<_>>(), world).unwrap()
    }

    /// Tensor parallelism within groups of `tp` neighbours, data parallelism over them.
    pub fn rollout(&self, world: usize, tp: usize) -> Layout {
        let rank = |rank: usize| {
            let mut packer = Packer::new(&self.tensors);
            for (buffer, unit) in self.units.iter().enumerate() {
                for t in unit.clone() {
                    let (parts, part) = (tp, rank % tp);
                    let split = [Split::Whole, Split::Rows { parts, part }, Split::Cols { parts, part }][self.split[t] as usize];
                    packer.push(buffer, t, split).unwrap();
                }
            }
            packer.pieces()
        };
        Layout { ranks: (0..world).map(rank).collect() }
    }
}

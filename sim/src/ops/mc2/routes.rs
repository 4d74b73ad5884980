//! Where each token goes: the rows of every rank, in their order.

use super::layout::Layout;
use crate::nn::tensor::Tensor;
use crate::ops::rows::all;
use crate::ops::view::View;

/// What a token chose, and whether it takes part.
pub(super) struct Choices {
    ids: Vec<i64>,
    active: Vec<bool>,
    pub tokens: usize,
}

impl Choices {
    /// Reads the ids and the mask of rank `rank`. An id that no expert has fails the operation, and so does a mask of tokens
    /// that has one after a gap.
    pub(super) fn read(layout: &Layout, operator: &str, rank: usize, ids: &Tensor, mask: Option<Tensor>) -> Choices {
        let k = layout.choices;
        let ids = all::<i64>(&View::new(ids));
        let tokens = ids.len() / k;
        let active = match mask {
            None => vec![true; ids.len()],
            Some(mask) => {
                let flags: Vec<bool> = all::<i64>(&View::new(&mask)).iter().map(|flag| *flag != 0).collect();
                if mask.rank() == 1 {
                    let gap = flags.windows(2).position(|pair| !pair[0] && pair[1]);
                    assert!(gap.is_none(), "{operator}: rank {rank}: xActiveMask has a true after a false");
                    flags.iter().flat_map(|flag| std::iter::repeat_n(*flag, k)).collect()
                } else {
                    flags
                }
            }
        };
        for (at, (id, active)) in ids.iter().zip(&active).enumerate() {
            let known = usize::try_from(*id).is_ok_and(|id| id < layout.ids());
            assert!(
                known || !active,
                "{operator}: rank {rank}: expertIds[{}][{}] is {id}, out of range for {}",
                at / k,
                at % k,
                layout.ids()
            );
        }
        Choices { ids, active, tokens }
    }

    /// The id of a choice, where it takes part.
    pub(super) fn id(&self, at: usize) -> Option<usize> {
        self.active[at].then_some(self.ids[at] as usize)
    }

    /// Whether any choice of a token takes part.
    pub(super) fn is_active(&self, token: usize, k: usize) -> bool {
        self.active[token * k..(token + 1) * k].contains(&true)
    }
}

/// A token that comes to a rank; `choice` counts the shared experts after the token's own choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub rank: usize,
    pub token: usize,
    pub choice: usize,
}

/// The rows of each rank.
pub(super) struct Routes {
    /// By rank and part: one part for each expert of the rank and each rank that it comes from, in this order.
    pub parts: Vec<Vec<Vec<Row>>>,
}

impl Routes {
    pub(super) fn new(layout: &Layout, choices: &[Choices]) -> Routes {
        let mut parts: Vec<Vec<Vec<Row>>> = (0..layout.ranks).map(|rank| vec![Vec::new(); layout.parts(rank)]).collect();
        for (rank, of) in choices.iter().enumerate() {
            for token in 0..of.tokens {
                for choice in 0..layout.choices {
                    let id = of.id(token * layout.choices + choice);
                    if let Some(expert) = id.filter(|id| *id < layout.experts) {
                        let (home, first) = layout.home(expert);
                        parts[home][first + rank].push(Row { rank, token, choice });
                    }
                }
                if !of.is_active(token, layout.choices) {
                    continue;
                }
                for which in 0..layout.shared {
                    let home = layout.shared_home(rank, token, of.tokens, which);
                    parts[home][rank].push(Row { rank, token, choice: layout.choices + which });
                }
            }
        }
        Routes { parts }
    }

    /// The rows of a rank, in their order.
    pub(super) fn rows(&self, rank: usize) -> impl Iterator<Item = Row> {
        self.parts[rank].iter().flatten().copied()
    }

    /// Where each part of a rank's rows ends.
    pub(super) fn ends(&self, rank: usize) -> Vec<i64> {
        let mut end = 0;
        let part = |part: &Vec<Row>| {
            end += part.len() as i64;
            end
        };
        self.parts[rank].iter().map(part).collect()
    }
}

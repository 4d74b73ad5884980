//! [`Plan`]: who copies what, and who sends what to whom.

use super::balance;
use super::cells::{self, Held};
use super::check::{self, Extents, Side};
use super::fewest;
use super::rect::{Placed, Rect};
use super::strip::{Strip, merge};
use super::{Layout, TensorSpec};
use crate::error::{Error, ErrorKind, Result};

/// Elements that a rank copies, sends and receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Copied within the rank.
    pub kept: u64,
    /// Sent to other ranks.
    pub sent: u64,
    /// Received from other ranks.
    pub received: u64,
}

/// What one rank sends to another, as a line of elements: strip after strip, each row by row.
#[derive(Clone, Default)]
pub(super) struct Stream {
    pub strips: Vec<Strip>,
    /// Where in the line each strip begins.
    pub starts: Vec<usize>,
    pub len: usize,
}

impl Stream {
    fn new(strips: Vec<Strip>) -> Stream {
        let (mut starts, mut len) = (Vec::with_capacity(strips.len()), 0);
        for strip in &strips {
            starts.push(len);
            len += strip.len();
        }
        Stream { strips, starts, len }
    }
}

/// How parameters get from one layout to another. Pure: a function of the two layouts, alike on every rank.
#[derive(Clone)]
pub struct Plan {
    pub(super) world: usize,
    /// Copies within each rank.
    pub(super) kept: Vec<Vec<Strip>>,
    /// From sender to receiver: `sender * world + receiver`.
    pub(super) streams: Vec<Stream>,
    pub(super) source_extents: Vec<Extents>,
    pub(super) destination_extents: Vec<Extents>,
    traffic: Vec<Traffic>,
    fewest: Vec<u64>,
}

/// A cell that several ranks hold, until a sender is chosen.
struct Open {
    tensor: usize,
    rect: Rect,
    holders: Vec<usize>,
    receiver: usize,
    destination: Placed,
}

impl Plan {
    /// Plans the way from one layout of `tensors` to another.
    ///
    /// Where several ranks hold an element, the receiver's own copy wins; otherwise the work is shared out among them.
    /// Errors: `Argument` where the layouts are of different numbers of ranks, name tensors that are not there, or where two
    /// destination pieces of a rank overlap, or where no rank holds what another needs; `Length` for a part outside its tensor;
    /// `Shape` for a tensor of too many elements. The text names the tensor and the elements.
    pub fn new(tensors: &[TensorSpec], from: &Layout, to: &Layout) -> Result<Plan> {
        check::tensors(tensors)?;
        let world = from.ranks.len();
        if to.ranks.len() != world {
            let text = format!("reshard: the source layout is of {world} ranks, the destination's of {}", to.ranks.len());
            return Err(Error::new(ErrorKind::Argument, text));
        }
        let source_extents = check::layout(tensors, from, Side::Source)?;
        let destination_extents = check::layout(tensors, to, Side::Destination)?;
        let held = holders(tensors, from);
        let mut fewest = vec![0; world];
        let mut lists = vec![Vec::new(); world * world];
        let (mut loads, mut open) = (vec![0u64; world], Vec::new());
        for (receiver, pieces) in to.ranks.iter().enumerate() {
            for piece in pieces {
                let (tensor, spec) = (piece.tensor, &tensors[piece.tensor]);
                let held = &held[tensor];
                let own: Vec<Rect> = held.iter().filter(|h| h.rank == receiver).map(|h| h.placed.rect).collect();
                for need in Placed::of(piece, spec.cols) {
                    fewest[receiver] += fewest::uncovered(&need.rect, &own);
                    let each = |cell: cells::Cell| match cell.holders[..] {
                        [only] => {
                            let source = &held[only];
                            let strip = Strip::between(&source.placed.part(cell.rect), &need.part(cell.rect));
                            if source.rank != receiver {
                                loads[source.rank] += strip.len() as u64;
                            }
                            lists[source.rank * world + receiver].push(strip);
                        }
                        _ => open.push(Open { tensor, rect: cell.rect, holders: cell.holders, receiver, destination: need }),
                    };
                    cells::cut(need.rect, held, receiver, each).map_err(|rect| missing(spec, &rect, receiver))?;
                }
            }
        }
        open.sort_by_key(|cell| std::cmp::Reverse(cell.rect.area()));
        for cell in open {
            let held = &held[cell.tensor];
            let senders: Vec<usize> = cell.holders.iter().map(|&h| held[h].rank).collect();
            balance::share(cell.rect, &senders, &mut loads, |sender, part| {
                let strip = Strip::between(&held[cell.holders[sender]].placed.part(part), &cell.destination.part(part));
                lists[senders[sender] * world + cell.receiver].push(strip);
            });
        }
        Ok(Plan::of(world, lists, fewest, source_extents, destination_extents))
    }

    fn of(
        world: usize,
        mut lists: Vec<Vec<Strip>>,
        fewest: Vec<u64>,
        source_extents: Vec<Extents>,
        destination_extents: Vec<Extents>,
    ) -> Plan {
        let kept: Vec<Vec<Strip>> = (0..world).map(|rank| merge(std::mem::take(&mut lists[rank * world + rank]))).collect();
        let streams: Vec<Stream> = lists.into_iter().map(|list| Stream::new(merge(list))).collect();
        let sum = |of: &mut dyn Iterator<Item = &Stream>| of.map(|s| s.len as u64).sum();
        let traffic = (0..world).map(|rank| Traffic {
            kept: kept[rank].iter().map(|s| s.len() as u64).sum(),
            sent: sum(&mut streams[rank * world..(rank + 1) * world].iter()),
            received: sum(&mut streams.iter().skip(rank).step_by(world)),
        });
        let traffic = traffic.collect();
        Plan { world, kept, streams, source_extents, destination_extents, traffic, fewest }
    }

    /// Ranks of the two layouts.
    pub fn world(&self) -> usize {
        self.world
    }

    /// What a rank copies, sends and receives; nothing, for one that is not there.
    pub fn traffic(&self, rank: usize) -> Traffic {
        self.traffic.get(rank).copied().unwrap_or_default()
    }

    /// The fewest elements that a rank must be sent: what it needs and does not hold, counted apart from the planner.
    pub fn fewest_received(&self, rank: usize) -> u64 {
        self.fewest.get(rank).copied().unwrap_or_default()
    }

    /// Elements that travel, of all ranks.
    pub fn sent_elements(&self) -> u64 {
        self.traffic.iter().map(|t| t.sent).sum()
    }

    /// The fewest that could, where each receiver is served by itself: the sum of [`Plan::fewest_received`].
    pub fn fewest_elements(&self) -> u64 {
        self.fewest.iter().sum()
    }

    /// Strided copies that a rank makes where one round is enough: within the rank, into messages and out of them.
    pub fn copies(&self, rank: usize) -> usize {
        if rank >= self.world {
            return 0;
        }
        let sent = self.streams[rank * self.world..(rank + 1) * self.world].iter();
        let received = self.streams.iter().skip(rank).step_by(self.world);
        self.kept[rank].len() + sent.chain(received).map(|s| s.strips.len()).sum::<usize>()
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan({} ranks, {} elements travel of {} at least)", self.world, self.sent_elements(), self.fewest_elements())
    }
}

/// Who holds which parts of each tensor, by rank.
fn holders(tensors: &[TensorSpec], layout: &Layout) -> Vec<Vec<Held>> {
    let mut held = vec![Vec::new(); tensors.len()];
    for (rank, pieces) in layout.ranks.iter().enumerate() {
        for piece in pieces {
            held[piece.tensor].extend(Placed::of(piece, tensors[piece.tensor].cols).map(|placed| Held { rank, placed }));
        }
    }
    held
}

fn missing(spec: &TensorSpec, rect: &Rect, receiver: usize) -> Error {
    let elements = rect.first_elements(spec.cols);
    let text = format!("reshard: {}: no rank holds elements {elements:?} that rank {receiver} needs", spec.name);
    Error::new(ErrorKind::Argument, text)
}

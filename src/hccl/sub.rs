//! Groups of some ranks of a group.

use super::board::Board;
use super::call::{self, Handle};
use super::{CommOptions, Communicator};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::HCCL_NO_SUB_COMM;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// The parts of a group that not all of its ranks have asked for yet. By id; the n-th request of a rank for an id meets the n-th
/// of the others.
#[derive(Default)]
pub(super) struct Parts(Mutex<BTreeMap<u64, VecDeque<Part>>>);

struct Part {
    ranks: Vec<usize>,
    /// Who asked first.
    by: usize,
    asked: Vec<bool>,
    board: Arc<Board>,
}

impl Parts {
    /// The board of the part `id` with these ranks of `group`, which `rank` asks for.
    ///
    /// Errors: `Collective` if another rank has given other ranks.
    fn board(&self, group: &Board, rank: usize, id: u64, ranks: &[usize], name: &str) -> Result<Arc<Board>> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = parts.entry(id).or_default();
        let at = open.iter().position(|part| !part.asked[rank]).unwrap_or(open.len());
        if at == open.len() {
            let here = group.here();
            let board = Board::among(name.to_owned(), &ranks.iter().map(|&rank| here[rank]).collect::<Vec<_>>());
            // Those of other processes do not ask here.
            let asked = here.into_iter().map(|here| !here).collect();
            open.push_back(Part { ranks: ranks.to_vec(), by: rank, asked, board: Arc::new(board) });
        }
        let part = &mut open[at];
        if part.ranks != ranks || part.board.name() != name {
            let text = format!(
                "sub-communicator {id} of `{}` is `{name}` with ranks {ranks:?} on rank {rank}, and `{}` with ranks {:?} on rank {}",
                group.name(),
                part.board.name(),
                part.ranks,
                part.by
            );
            return Err(Error::new(ErrorKind::Collective, text));
        }
        part.asked[rank] = true;
        let board = part.board.clone();
        // Those that every rank has asked for have met.
        open.retain(|part| part.asked.contains(&false));
        if open.is_empty() {
            parts.remove(&id);
        }
        Ok(board)
    }
}

impl Communicator {
    /// A group of some ranks of this one, with a stream of its own. Every rank of this group calls it, with the same `ranks` and
    /// the same `id`; those that are not among them get `None`. Groups that exist at the same time have ids of their own.
    ///
    /// `ranks` are ranks of this group in ascending order; the first becomes rank 0. The part keeps its parent alive, as HCCL wants
    /// it: other ranks that wait for this one in the parent are freed when the part is dropped too, not by dropping the parent.
    /// Order: does not wait for other ranks.
    /// Errors: `Argument` for ranks that are none, not ascending or not there; `Unsupported` if this is itself a part, which HCCL
    /// does not divide; `Collective` if another rank gave other ranks for `id`; `MissingSymbol`.
    /// CANN: HcclCreateSubCommConfig.
    pub fn sub(&self, ranks: &[usize], id: u64, options: &CommOptions) -> Result<Option<Communicator>> {
        self.check_part(ranks, id)?;
        let name = options.name_or(|| part_name(self.name(), id))?;
        let config = options.config(&name, call::capability(self.device())?)?;
        let mine = ranks.iter().position(|&rank| rank == self.rank());
        let context = |error: Error| error.context(format!("sub-communicator {id} on {self:?}"));
        let stream = mine.map(|_| self.device().stream()).transpose()?;
        let board = self.parts.board(&self.board, self.rank(), id, ranks, &name)?;
        let (Some(rank), Some(stream)) = (mine, stream) else {
            self.handle.no_part(ranks.len() as u32, &config).map_err(context)?;
            return Ok(None);
        };
        let ids: Vec<u32> = ranks.iter().map(|&rank| rank as u32).collect();
        let handle = Handle::part(&self.handle, &ids, rank as u32, id, &config).map_err(context)?;
        Ok(Some(Communicator::new(handle, stream, rank, &board, &Arc::default(), options)))
    }

    fn check_part(&self, ranks: &[usize], id: u64) -> Result<()> {
        if self.handle.is_part() {
            let text = format!("sub: `{}` is itself a sub-communicator; HCCL makes them of whole groups only", self.name());
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        if id == HCCL_NO_SUB_COMM {
            return Err(Error::new(ErrorKind::Argument, format!("sub: id is {id:#x}, HCCL's word for no part; take another")));
        }
        let inside = ranks.last().is_some_and(|&last| last < self.size());
        if !inside || ranks.windows(2).any(|pair| pair[0] >= pair[1]) {
            let text = format!("sub: ranks are {ranks:?}; some of 0 to {}, ascending, are needed", self.size() - 1);
            return Err(Error::new(ErrorKind::Argument, text));
        }
        Ok(())
    }
}

/// HCCL's own form of a default name, cut where it would be too long.
fn part_name(parent: &str, id: u64) -> String {
    let suffix = format!("_sub_{id}");
    let room = (ascend_rl_sys::types::COMM_NAME_MAX_LENGTH - 1).saturating_sub(suffix.len());
    let end = (0..=room.min(parent.len())).rev().find(|&end| parent.is_char_boundary(end)).unwrap_or(0);
    format!("{}{suffix}", &parent[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_meet_in_order_and_are_forgotten() {
        let (parts, group) = (Parts::default(), Board::new("world".into(), 3));
        let ask = |rank, ranks: &[usize], name| parts.board(&group, rank, 7, ranks, name);
        let first = ask(0, &[0, 1], "a").unwrap();
        // The same rank again: another generation, while the others have not asked for the first.
        let second = ask(0, &[1, 2], "b").unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        let error = ask(2, &[0, 2], "a").err().unwrap();
        assert_eq!(
            error.to_string(),
            "sub-communicator 7 of `world` is `a` with ranks [0, 2] on rank 2, and `a` with ranks [0, 1] on rank 0"
        );
        assert!(ask(2, &[0, 1], "other").is_err());
        assert!(Arc::ptr_eq(&first, &ask(2, &[0, 1], "a").unwrap()));
        assert!(Arc::ptr_eq(&first, &ask(1, &[0, 1], "a").unwrap()));
        assert!(Arc::ptr_eq(&second, &ask(1, &[1, 2], "b").unwrap()));
        assert!(Arc::ptr_eq(&second, &ask(2, &[1, 2], "b").unwrap()));
        assert!(parts.0.lock().unwrap().is_empty());
    }

    #[test]
    fn default_names_fit() {
        assert_eq!(part_name("world", 3), "world_sub_3");
        let long = part_name(&"é".repeat(70), u64::MAX - 1);
        assert!(long.len() <= 127 && long.ends_with("_sub_18446744073709551614"), "{long}");
    }
}

//! Sends and receives that have no counterpart yet, of each pair of ranks.

use crate::error::{Error, ErrorKind, Result};
use crate::tensor::DType;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// Open messages of a pair that are known; further ones CANN checks alone.
const WINDOW: usize = 4096;

/// Which end of a message a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Send,
    Receive,
}

/// What both ends must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub count: usize,
    pub dtype: DType,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.count, self.dtype)
    }
}

/// By sender and receiver: what one of the two has posted and the other has not.
#[derive(Default)]
pub(super) struct Messages(BTreeMap<(usize, usize), Pair>);

struct Pair {
    side: Side,
    open: VecDeque<Message>,
    /// Behind `open`, unknown because there were too many.
    more: usize,
}

/// What a post has changed.
#[derive(Clone, Copy)]
pub(super) struct Undo {
    pair: (usize, usize),
    side: Side,
    /// The counterpart that was taken; `None`: the call was put behind the open ones.
    taken: Option<Option<Message>>,
}

impl Messages {
    pub(super) fn post(
        &mut self,
        group: &str,
        rank: usize,
        peer: usize,
        side: Side,
        message: Message,
        peer_left: bool,
    ) -> Result<Undo> {
        let key = if side == Side::Send { (rank, peer) } else { (peer, rank) };
        if let Some(pair) = self.0.get_mut(&key).filter(|pair| pair.side != side) {
            let other = pair.open.front().copied();
            if let Some(other) = other.filter(|&other| other != message) {
                return Err(Error::new(ErrorKind::Collective, mismatch(group, rank, peer, side, message, other)));
            }
            // One of the two is there, or there would be no pair.
            if pair.open.pop_front().is_none() {
                pair.more -= 1;
            }
            if pair.open.is_empty() && pair.more == 0 {
                self.0.remove(&key);
            }
            return Ok(Undo { pair: key, side, taken: Some(other) });
        }
        if peer_left {
            let verb = if side == Side::Send { "send to" } else { "receive from" };
            let text = format!("rank {rank} of `{group}` is to {verb} rank {peer}, which has left without its part of that");
            return Err(Error::new(ErrorKind::Collective, text));
        }
        let pair = self.0.entry(key).or_insert(Pair { side, open: VecDeque::new(), more: 0 });
        if pair.open.len() < WINDOW && pair.more == 0 {
            pair.open.push_back(message);
        } else {
            pair.more += 1;
        }
        Ok(Undo { pair: key, side, taken: None })
    }

    /// Takes a post back. The other rank may have posted since.
    pub(super) fn retract(&mut self, Undo { pair: key, side, taken }: Undo) {
        let other = if side == Side::Send { Side::Receive } else { Side::Send };
        match (self.0.get_mut(&key), taken) {
            // Its own, still open.
            (Some(pair), None) if pair.side == side => {
                if pair.more > 0 {
                    pair.more -= 1;
                } else {
                    pair.open.pop_back();
                }
                if pair.open.is_empty() && pair.more == 0 {
                    self.0.remove(&key);
                }
            }
            // The other rank's is open again, unless this rank has others open that it matches.
            (Some(pair), taken) if pair.side == other => match taken.flatten() {
                Some(message) => pair.open.push_front(message),
                None => pair.more += 1,
            },
            (None, taken) => {
                let open: VecDeque<_> = taken.flatten().into_iter().collect();
                let more = usize::from(open.is_empty());
                self.0.insert(key, Pair { side: other, open, more });
            }
            (Some(_), _) => {}
        }
    }

    /// What `rank` has open, in words.
    pub(super) fn open<'a>(&'a self, group: &'a str, rank: usize) -> impl Iterator<Item = String> + 'a {
        self.0.iter().filter_map(move |(&(from, to), pair)| {
            let open = pair.open.len() + pair.more;
            let first = pair.open.front().map_or(String::new(), |first| format!(", the first {first}"));
            match pair.side {
                Side::Send if from == rank => {
                    Some(format!("rank {to} of `{group}` has not received {} of this rank{first}", counted(open, "send")))
                }
                Side::Receive if to == rank => {
                    Some(format!("rank {from} of `{group}` has not sent for {} of this rank{first}", counted(open, "receive")))
                }
                _ => None,
            }
        })
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn mismatch(group: &str, rank: usize, peer: usize, side: Side, mine: Message, theirs: Message) -> String {
    let (from, to, sent, received) = match side {
        Side::Send => (rank, peer, mine, theirs),
        Side::Receive => (peer, rank, theirs, mine),
    };
    format!("rank {from} of `{group}` sends {sent} to rank {to}, which receives {received}; both are needed alike")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Message = Message { count: 3, dtype: DType::F32 };
    const LARGE: Message = Message { count: 9, dtype: DType::F32 };

    fn post(messages: &mut Messages, rank: usize, peer: usize, side: Side, message: Message) -> Result<Undo> {
        messages.post("g", rank, peer, side, message, false)
    }

    #[test]
    fn pairs_match_in_order_whoever_is_first() {
        let mut m = Messages::default();
        post(&mut m, 0, 1, Side::Send, SMALL).unwrap();
        post(&mut m, 0, 1, Side::Send, LARGE).unwrap();
        // The other direction is another pair.
        post(&mut m, 1, 0, Side::Send, LARGE).unwrap();
        let error = post(&mut m, 1, 0, Side::Receive, LARGE).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Collective);
        assert_eq!(error.to_string(), "rank 0 of `g` sends 3 x f32 to rank 1, which receives 9 x f32; both are needed alike");
        post(&mut m, 1, 0, Side::Receive, SMALL).unwrap();
        let open: Vec<_> = m.open("g", 0).collect();
        assert_eq!(open, ["rank 1 of `g` has not received 1 send of this rank, the first 9 x f32"]);
        post(&mut m, 1, 0, Side::Receive, LARGE).unwrap();
        post(&mut m, 0, 1, Side::Receive, LARGE).unwrap();
        assert!(m.0.is_empty());
    }

    #[test]
    fn a_refused_call_leaves_no_trace() {
        let mut m = Messages::default();
        let undo = post(&mut m, 0, 1, Side::Send, SMALL).unwrap();
        m.retract(undo);
        assert!(m.0.is_empty());
        // Taken by the other rank meanwhile: that one waits again.
        let undo = post(&mut m, 0, 1, Side::Send, SMALL).unwrap();
        post(&mut m, 1, 0, Side::Receive, SMALL).unwrap();
        m.retract(undo);
        assert_eq!(m.open("g", 1).count(), 1);
        m.0.clear();
        // A match that is taken back restores what it matched.
        post(&mut m, 0, 1, Side::Send, SMALL).unwrap();
        post(&mut m, 0, 1, Side::Send, LARGE).unwrap();
        let undo = post(&mut m, 1, 0, Side::Receive, SMALL).unwrap();
        m.retract(undo);
        assert!(post(&mut m, 1, 0, Side::Receive, LARGE).is_err());
        post(&mut m, 1, 0, Side::Receive, SMALL).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_the_order_kept() {
        let mut m = Messages::default();
        for _ in 0..WINDOW + 100 {
            post(&mut m, 0, 1, Side::Send, SMALL).unwrap();
        }
        assert_eq!(m.0[&(0, 1)].open.len(), WINDOW);
        for _ in 0..WINDOW {
            assert!(post(&mut m, 1, 0, Side::Receive, LARGE).is_err());
            post(&mut m, 1, 0, Side::Receive, SMALL).unwrap();
        }
        // The rest is not known.
        for _ in 0..100 {
            post(&mut m, 1, 0, Side::Receive, LARGE).unwrap();
        }
        assert!(m.0.is_empty());
    }

    #[test]
    fn a_rank_that_left_is_named_unless_it_had_made_its_part() {
        let mut m = Messages::default();
        post(&mut m, 0, 1, Side::Send, SMALL).unwrap();
        m.post("g", 1, 0, Side::Receive, SMALL, true).unwrap();
        let error = m.post("g", 1, 0, Side::Receive, SMALL, true).err().unwrap();
        assert!(error.to_string().contains("receive from rank 0, which has left"), "{error}");
    }
}

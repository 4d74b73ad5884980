//! Rounds: the streams of a plan in portions that fit in staging buffers.
//!
//! Each stream is cut into as many portions as there are rounds, equal but for rounding, so that a rank's total in a round is
//! its share of its whole: no rank waits for a fuller one, and the number of rounds is that of the fullest rank.

use super::Plan;
use super::plan::Stream;
use super::strip::{Place, Strip, push};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::DType;

/// Cuts fall on multiples of this many elements where staging is large enough to afford it: messages then start at whole
/// 512-byte blocks of 2-byte elements, which a card moves best.
const GRAIN: usize = 256;

/// How many rounds, and where their cuts may fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    pub rounds: usize,
    grain: usize,
}

/// What one rank does in one round. Staging is buffer 0 of its side.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// From the source's buffers to what is sent.
    pub pack: Vec<Strip>,
    /// From what is received to the destination's buffers.
    pub unpack: Vec<Strip>,
    /// Elements for each rank.
    pub send: Vec<usize>,
    /// Elements of each rank.
    pub receive: Vec<usize>,
}

impl Plan {
    /// Exchanges that [`Plan::execute`] makes with so much staging: as few as it allows.
    ///
    /// Errors: `Argument` where staging has no room for an element of each rank.
    pub fn rounds(&self, staging_bytes: usize, dtype: DType) -> Result<usize> {
        Ok(self.schedule(staging_bytes / dtype.size())?.rounds)
    }

    /// Rounds in which no rank sends or receives more than `staging` elements.
    pub(super) fn schedule(&self, staging: usize) -> Result<Schedule> {
        let most = (0..self.world).map(|rank| self.traffic(rank)).map(|t| t.sent.max(t.received)).max().unwrap_or(0);
        let peers = self.world.saturating_sub(1);
        if most <= staging as u64 {
            return Ok(Schedule { rounds: (most > 0) as usize, grain: 1 });
        }
        let grain = if staging / GRAIN / 8 >= peers { GRAIN } else { 1 };
        // Rounding gives each peer's portion less than a grain beyond its share.
        let Some(share) = staging.checked_sub(peers * grain).filter(|&share| share > 0) else {
            let text = format!("reshard: staging for {staging} elements; {} ranks need at least {}", self.world, peers + 1);
            return Err(Error::new(ErrorKind::Argument, text));
        };
        Ok(Schedule { rounds: most.div_ceil(share as u64) as usize, grain })
    }

    /// What `rank` does in round `index`.
    pub(super) fn round(&self, rank: usize, schedule: Schedule, index: usize) -> Round {
        let mut round = Round::default();
        let staged = |offset: usize, strip: &Strip| Place { buffer: 0, offset, stride: strip.cols };
        let (mut packed, mut unpacked) = (0, 0);
        for peer in 0..self.world {
            let to = &self.streams[rank * self.world + peer];
            let sent = portion(to, schedule, index, |at, strip| {
                push(&mut round.pack, Strip { dst: staged(packed + at, &strip), ..strip });
            });
            let from = &self.streams[peer * self.world + rank];
            let received = portion(from, schedule, index, |at, strip| {
                push(&mut round.unpack, Strip { src: staged(unpacked + at, &strip), ..strip });
            });
            (packed, unpacked) = (packed + sent, unpacked + received);
            round.send.push(sent);
            round.receive.push(received);
        }
        round
    }
}

/// Calls `f` with the strips of a round's portion of a stream, and where in the portion they are; the number of elements.
fn portion(stream: &Stream, schedule: Schedule, index: usize, mut f: impl FnMut(usize, Strip)) -> usize {
    let cut = |index: usize| match index {
        last if last >= schedule.rounds => stream.len,
        // The product may be longer than a word, the quotient is not longer than the stream.
        _ => (stream.len as u128 * index as u128 / schedule.rounds as u128) as usize / schedule.grain * schedule.grain,
    };
    let (start, end) = (cut(index), cut(index + 1));
    let first = stream.starts.partition_point(|&at| at <= start).saturating_sub(1);
    let mut done = 0;
    for (strip, &at) in stream.strips.iter().zip(&stream.starts).skip(first).take_while(|&(_, &at)| at < end) {
        for part in strip.range(start.saturating_sub(at), (end - at).min(strip.len())) {
            f(done, part);
            done += part.len();
        }
    }
    end - start
}

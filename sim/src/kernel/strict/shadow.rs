//! What is known of each byte of one of a core's own memories: whether it holds anything, who wrote it last, who has read it since.

use std::ops::Range;

use ascendc_twin::abi::pipe;

use super::clock::{Access, PIPES};

/// An instruction of the core itself as one number: time and pipe. 0: none.
type Epoch = u32;

fn epoch(access: Access) -> Epoch {
    access.time << 3 | u32::from(access.pipe)
}

/// Readers that never share a memory with another of the same kind: the scalar unit, what computes or loads, what carries away.
const READERS: usize = 3;

fn reader(of: u8) -> usize {
    match u32::from(of) {
        pipe::S => 0,
        pipe::MTE3 | pipe::FIX => 2,
        _ => 1,
    }
}

pub(super) struct Shadow {
    holds: Vec<bool>,
    writes: Vec<Epoch>,
    reads: [Vec<Epoch>; READERS],
}

/// What an access to some bytes meets that it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// A byte that holds nothing.
    Nothing(usize),
    /// From this byte on, an instruction that may not be done: its pipe and time, and whether it writes.
    Undone { at: usize, pipe: usize, time: u32, writes: bool },
}

impl Shadow {
    pub(super) fn new(bytes: usize) -> Shadow {
        // Zeroed memory of the system, which costs nothing where a kernel does not go.
        Shadow { holds: vec![false; bytes], writes: vec![0; bytes], reads: [(); READERS].map(|()| vec![0; bytes]) }
    }

    /// The bytes hold nothing from now on.
    pub(super) fn forget(&mut self, bytes: Range<usize>) {
        self.holds[bytes].fill(false);
    }

    /// An instruction reads the bytes. `done` has the times up to which each pipe's instructions are done for it.
    pub(super) fn read(&mut self, bytes: Range<usize>, by: Access, done: &[u32; PIPES]) -> Option<Met> {
        let start = bytes.start;
        let met = match self.holds[bytes.clone()].iter().position(|holds| !holds) {
            Some(i) => Some(Met::Nothing(start + i)),
            None => undone(&self.writes[bytes.clone()], by, done).map(|(i, epoch)| met(start + i, epoch, true)),
        };
        self.reads[reader(by.pipe)][bytes].fill(epoch(by));
        met
    }

    /// An instruction writes them.
    pub(super) fn write(&mut self, bytes: Range<usize>, by: Access, done: &[u32; PIPES]) -> Option<Met> {
        let start = bytes.start;
        // Who still reads is told first: where a buffer is used again, it is the reader that has to be waited for.
        let mut of_each = self.reads.iter().map(|reads| undone(&reads[bytes.clone()], by, done));
        let read = of_each.find_map(|found| found.map(|(i, epoch)| met(start + i, epoch, false)));
        let written = || undone(&self.writes[bytes.clone()], by, done).map(|(i, epoch)| met(start + i, epoch, true));
        let met = read.or_else(written);
        self.writes[bytes.clone()].fill(epoch(by));
        self.holds[bytes].fill(true);
        met
    }
}

fn met(at: usize, epoch: Epoch, writes: bool) -> Met {
    Met::Undone { at, pipe: (epoch & 7) as usize, time: epoch >> 3, writes }
}

/// The first epoch that is not done. Neighbours mostly have the same.
fn undone(epochs: &[Epoch], by: Access, done: &[u32; PIPES]) -> Option<(usize, Epoch)> {
    let own = epoch(by);
    let is_done = |epoch: Epoch| epoch == 0 || epoch == own || done[(epoch & 7) as usize] >= epoch >> 3;
    const STEP: usize = 64;
    let mut last = 0;
    for (i, chunk) in epochs.chunks(STEP).enumerate() {
        if chunk.iter().all(|epoch| *epoch == last) {
            continue;
        }
        for (j, epoch) in chunk.iter().enumerate() {
            if *epoch != last {
                if !is_done(*epoch) {
                    return Some((i * STEP + j, *epoch));
                }
                last = *epoch;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: u8 = pipe::V as u8;
    const MTE2: u8 = pipe::MTE2 as u8;
    const MTE3: u8 = pipe::MTE3 as u8;

    fn by(pipe: u8, time: u32) -> Access {
        Access { core: 0, pipe, time }
    }

    fn done(pipe: u8, time: u32) -> [u32; PIPES] {
        let mut done = [0; PIPES];
        done[pipe as usize] = time;
        done
    }

    #[test]
    fn bytes_hold_what_was_written_until_forgotten() {
        let mut shadow = Shadow::new(512);
        assert_eq!(shadow.read(100..200, by(V, 1), &[0; PIPES]), Some(Met::Nothing(100)));
        assert_eq!(shadow.write(100..199, by(MTE2, 1), &done(V, 1)), None);
        assert_eq!(shadow.read(100..200, by(V, 2), &done(MTE2, 1)), Some(Met::Nothing(199)));
        assert_eq!(shadow.read(100..199, by(V, 3), &done(MTE2, 1)), None);
        shadow.forget(150..151);
        assert_eq!(shadow.read(100..199, by(V, 4), &done(MTE2, 1)), Some(Met::Nothing(150)));
    }

    #[test]
    fn each_byte_knows_its_last_writer_and_its_readers() {
        let mut shadow = Shadow::new(512);
        assert_eq!(shadow.write(0..300, by(MTE2, 4), &[0; PIPES]), None);
        assert_eq!(shadow.write(130..140, by(MTE2, 5), &done(MTE2, 4)), None);
        let undone = |at, pipe: u8, time, writes| Some(Met::Undone { at, pipe: pipe as usize, time, writes });
        assert_eq!(shadow.read(0..300, by(V, 1), &done(MTE2, 4)), undone(130, MTE2, 5, true));
        assert_eq!(shadow.read(0..130, by(V, 2), &done(MTE2, 4)), None);
        assert_eq!(shadow.read(7..9, by(MTE3, 1), &done(MTE2, 4)), None);
        // Written behind the writer and V, but one byte is still being carried away.
        let mut known = done(MTE2, 5);
        known[V as usize] = 2;
        assert_eq!(shadow.write(0..300, by(MTE2, 6), &known), undone(7, MTE3, 1, false));
        // One instruction may read and write the same bytes.
        assert_eq!(shadow.read(400..401, by(V, 9), &known), Some(Met::Nothing(400)));
        assert_eq!(shadow.write(400..401, by(V, 9), &known), None);
    }
}

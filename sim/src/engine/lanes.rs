//! The queues, and the choice of what runs next. Only the engine's thread uses this.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::inbox::Command;
use super::{Stream, Task};
use crate::settings::Schedule;

struct Lane {
    stream: Arc<Stream>,
    /// With each task's place in the order of all enqueues.
    queue: VecDeque<(u64, Task)>,
}

impl Lane {
    /// Whether the head may run: all but a wait for a mark that is not there yet, or for others.
    fn runnable(&self) -> bool {
        match self.queue.front() {
            None => false,
            Some((_, Task::Wait(record))) => record.time().is_some(),
            Some((_, Task::Meet(attendance))) => attendance.ready(),
            Some(_) => true,
        }
    }
}

pub(super) struct Lanes {
    schedule: Schedule,
    /// Lanes with work, and emptied ones to be used again. A handful: a search beats a map.
    lanes: Vec<Lane>,
    enqueues: u64,
    /// What somebody waits for (lazy schedule): streams and positions.
    demands: Vec<(Arc<Stream>, u64)>,
    /// What the demands need, found anew when `stale`.
    needed: Vec<(usize, u64)>,
    stale: bool,
    random: u64,
    /// Entries of the queues that meet others; while there are none, nothing is spent on them.
    meets: usize,
    /// When the first of the heads that wait for others gives up.
    deadline: Option<Instant>,
}

impl Lanes {
    pub(super) fn new(schedule: Schedule) -> Lanes {
        let random = match schedule {
            Schedule::Eager => 0,
            Schedule::Lazy { seed } => seed,
        };
        Lanes {
            schedule,
            lanes: Vec::new(),
            enqueues: 0,
            demands: Vec::new(),
            needed: Vec::new(),
            stale: false,
            random,
            meets: 0,
            deadline: None,
        }
    }

    pub(super) fn accept(&mut self, command: Command) {
        self.stale = true;
        match command {
            Command::Enqueue(stream, task) => self.append(stream, [task]),
            Command::EnqueueAll(stream, tasks) => self.append(stream, tasks),
            Command::Demand(stream, position) => self.demands.push((stream, position)),
            Command::Drop(stream, position) => self.drop_up_to(&stream, position),
            Command::CallOff(meeting, why) => meeting.fail(why),
            Command::Abandon(context) => {
                let lanes = self.lanes.iter().filter(|lane| lane.stream.context == context);
                for (_, task) in lanes.flat_map(|lane| &lane.queue) {
                    if let Task::Meet(attendance) = task {
                        attendance.abandon();
                    }
                }
            }
        }
    }

    fn append(&mut self, stream: Arc<Stream>, tasks: impl IntoIterator<Item = Task>) {
        let i = match self.find(&stream).or_else(|| self.lanes.iter().position(|lane| lane.queue.is_empty())) {
            Some(i) => {
                self.lanes[i].stream = stream;
                i
            }
            None => {
                self.lanes.push(Lane { stream, queue: VecDeque::new() });
                self.lanes.len() - 1
            }
        };
        for task in tasks {
            self.enqueues += 1;
            self.meets += matches!(task, Task::Meet(_)) as usize;
            self.lanes[i].queue.push_back((self.enqueues, task));
        }
    }

    /// Marks among the dropped count as reached, and who was to meet others calls it off: nobody must wait for ever.
    fn drop_up_to(&mut self, stream: &Arc<Stream>, position: u64) {
        if let Some(i) = self.find(stream) {
            for (_, task) in self.lanes[i].queue.drain(..) {
                match task {
                    Task::Record(record) => record.complete(stream.failure()),
                    Task::Meet(attendance) => {
                        self.meets -= 1;
                        attendance.withdraw();
                    }
                    _ => {}
                }
            }
        }
        stream.complete(position);
    }

    fn find(&self, stream: &Arc<Stream>) -> Option<usize> {
        self.lanes.iter().position(|lane| Arc::ptr_eq(&lane.stream, stream))
    }

    /// Takes the next task to run, if any may run.
    pub(super) fn next(&mut self) -> Option<(Arc<Stream>, Task)> {
        if self.schedule != Schedule::Eager && std::mem::take(&mut self.stale) {
            self.needed = self.find_needed();
        }
        self.deadline = None;
        if self.meets > 0 {
            self.attend();
        }
        let i = match self.schedule {
            Schedule::Eager => self.oldest(),
            Schedule::Lazy { .. } => self.any_needed(),
        }?;
        let lane = &mut self.lanes[i];
        let (_, task) = lane.queue.pop_front()?;
        self.meets -= matches!(task, Task::Meet(_)) as usize;
        Some((lane.stream.clone(), task))
    }

    /// The lanes that may run: all, or those that somebody waits for.
    fn active(&self) -> impl Iterator<Item = &Lane> {
        let wanted = |(i, to): &(usize, u64)| Some(&self.lanes[*i]).filter(|lane| lane.stream.completed() < *to);
        let (all, needed) = match self.schedule {
            Schedule::Eager => (&self.lanes[..], &[][..]),
            Schedule::Lazy { .. } => (&[][..], &self.needed[..]),
        };
        all.iter().chain(needed.iter().filter_map(wanted))
    }

    /// Heads that meet others arrive, and those that have waited too long give up. Under the lazy schedule time counts only
    /// while somebody waits: a program that has not asked for the work does not wait for it.
    fn attend(&mut self) {
        let heads = || {
            self.active().filter_map(|lane| match lane.queue.front() {
                Some((_, Task::Meet(attendance))) => Some(attendance),
                _ => None,
            })
        };
        heads().for_each(|attendance| attendance.arrive());
        // Only now: the last to arrive may have been late, but all are here.
        let deadline = heads().filter_map(|attendance| attendance.deadline()).min();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            heads().for_each(|attendance| attendance.give_up());
        }
        self.deadline = deadline;
    }

    /// When [`Self::next`] is to be asked again although nothing was enqueued.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The runnable head that was enqueued first.
    fn oldest(&self) -> Option<usize> {
        let heads = self.lanes.iter().enumerate().filter(|(_, lane)| lane.runnable());
        heads.min_by_key(|(_, lane)| lane.queue.front().map(|(order, _)| *order)).map(|(i, _)| i)
    }

    /// One of the runnable heads that somebody waits for, as the seed has it.
    fn any_needed(&mut self) -> Option<usize> {
        let wanted = |(i, to): &(usize, u64)| self.lanes[*i].runnable() && self.lanes[*i].stream.completed() < *to;
        let mut runnable: Vec<usize> = self.needed.iter().filter(|needed| wanted(needed)).map(|(i, _)| *i).collect();
        // By age, so that a seed means the same whatever the lanes' order is.
        runnable.sort_by_key(|i| self.lanes[*i].queue.front().map(|(order, _)| *order));
        (!runnable.is_empty()).then(|| runnable[self.draw(runnable.len())])
    }

    /// The lanes that must run for the demands to be met, each up to a position: those demanded, and those that they wait for.
    fn find_needed(&mut self) -> Vec<(usize, u64)> {
        self.demands.retain(|(stream, position)| stream.completed() < *position);
        let mut needed: Vec<(usize, u64)> = Vec::new();
        let mut todo = self.demands.clone();
        while let Some((stream, position)) = todo.pop() {
            let Some(i) = self.find(&stream) else { continue };
            let from = match needed.iter_mut().find(|(lane, _)| *lane == i) {
                Some((_, to)) if *to >= position => continue,
                Some((_, to)) => std::mem::replace(to, position),
                None => {
                    needed.push((i, position));
                    0
                }
            };
            // The first entry of the queue stands right behind what has run.
            let first = stream.completed() + 1;
            for ((_, task), at) in self.lanes[i].queue.iter().zip(first..=position) {
                match task {
                    Task::Wait(record) if at > from && record.time().is_none() => todo.extend(record.place().cloned()),
                    // Those that have not enqueued theirs yet make the search stale when they do.
                    Task::Meet(attendance) if at > from => todo.extend(attendance.places()),
                    _ => {}
                }
            }
        }
        needed
    }

    /// A number below `below` (splitmix64: good for any seed, 0 too).
    fn draw(&mut self, below: usize) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    }
}

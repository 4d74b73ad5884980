//! The queues, and the choice of what runs next. Only the engine's thread uses this.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::inbox::Command;
use super::{Needs, Record, Stream, Task};
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
            // Nothing of it runs any more; what waits must not stand in the way of what is to be dropped.
            Some(_) if self.stream.stopped() => true,
            Some((_, Task::Wait(record) | Task::Begin(record, _))) => record.time().is_some(),
            Some((_, Task::Meet(attendance))) => attendance.ready(),
            Some((_, Task::Hold(hold))) => hold.ready(),
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
    /// The place of the last entry that was taken.
    taken: u64,
    /// Entries of the queues that wait for more than a mark; while there are none, nothing is spent on them.
    attending: usize,
    /// When the first of the heads that wait gives up.
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
            taken: 0,
            attending: 0,
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
            Command::Arrive(meeting, party) => {
                meeting.arrive_from_elsewhere(party);
                if self.schedule != Schedule::Eager {
                    // Who comes to a meeting there waits for those here.
                    self.demands.extend(meeting.places());
                }
            }
            Command::Conclude(meeting) => meeting.end(Ok(())),
            Command::CallOff(meeting, why) => meeting.fail(why),
            Command::Look => {}
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
            self.attending += task.attends() as usize;
            if self.schedule != Schedule::Eager
                && let Task::Meet(attendance) = &task
            {
                self.demands.extend(attendance.wanted());
            }
            self.lanes[i].queue.push_back((self.enqueues, task));
        }
    }

    fn drop_up_to(&mut self, stream: &Arc<Stream>, position: u64) {
        if let Some(i) = self.find(stream) {
            for (_, task) in std::mem::take(&mut self.lanes[i].queue) {
                self.attending -= task.attends() as usize;
                self.dismiss(stream, task);
            }
        }
        stream.complete(position);
    }

    /// A task of `stream`, which was taken, is not to run; nor is the replay that it stands for.
    pub(super) fn dismiss(&mut self, stream: &Stream, task: Task) {
        if let Some(end) = task.replay() {
            self.drop_replay(end);
        }
        task.dismiss(stream);
    }

    /// Drops what has not run of a replay. Its entries stay in the queue of the graph's lane, as nothing: what is behind keeps
    /// its place.
    pub(super) fn drop_replay(&mut self, end: &Arc<Record>) {
        let Some((queue, _)) = end.place() else { return };
        let Some(i) = self.find(queue) else { return };
        let entries = &mut self.lanes[i].queue;
        let is_end = |task: &Task| matches!(task, Task::Record(record) if Arc::ptr_eq(record, end));
        let Some(last) = entries.iter().position(|(_, task)| is_end(task)) else { return };
        let begins = |task: &Task| matches!(task, Task::Begin(_, other) if Arc::ptr_eq(other, end));
        // What has begun has no such entry any more: then all of it up to the end is this replay's.
        let first = entries.iter().position(|(_, task)| begins(task)).unwrap_or(0);
        for (_, task) in entries.range_mut(first..=last) {
            let task = std::mem::replace(task, Task::Nothing);
            self.attending -= task.attends() as usize;
            task.dismiss(queue);
        }
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
        if self.attending > 0 {
            self.attend();
        }
        let i = match self.schedule {
            Schedule::Eager => self.oldest(),
            Schedule::Lazy { .. } => self.any_needed(),
        }?;
        let lane = &mut self.lanes[i];
        let (order, task) = lane.queue.pop_front()?;
        self.taken = order;
        self.attending -= task.attends() as usize;
        Some((lane.stream.clone(), task))
    }

    /// The task that was taken last goes on heading its queue.
    pub(super) fn put_back(&mut self, stream: &Arc<Stream>, task: Task) {
        let Some(i) = self.find(stream) else { return };
        self.attending += task.attends() as usize;
        self.lanes[i].queue.push_front((self.taken, task));
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

    /// Heads that wait for more than a mark arrive, and those that have waited too long give up. Under the lazy schedule time
    /// counts only while somebody waits: a program that has not asked for the work does not wait for it.
    fn attend(&mut self) {
        let heads = || {
            self.active().filter_map(|lane| match lane.queue.front() {
                Some((_, Task::Meet(attendance))) => Some(attendance),
                _ => None,
            })
        };
        let holds = || {
            self.active().filter_map(|lane| match lane.queue.front() {
                Some((_, Task::Hold(hold))) => Some(hold),
                _ => None,
            })
        };
        heads().for_each(|attendance| attendance.arrive());
        holds().for_each(|hold| hold.arrive());
        // Only now: the last to arrive may have been late, but all are here.
        let deadline = heads().filter_map(|attendance| attendance.deadline()).min();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            heads().for_each(|attendance| attendance.give_up());
        }
        self.deadline = deadline.into_iter().chain(holds().filter_map(|hold| hold.deadline())).min();
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
                    Task::Wait(record) | Task::Begin(record, _) if at > from && record.time().is_none() => {
                        todo.extend(record.place().cloned())
                    }
                    // Those that have not enqueued theirs yet make the search stale when they do.
                    Task::Meet(attendance) if at > from => todo.extend(attendance.places()),
                    Task::Hold(hold) if at > from => match hold.needs() {
                        Needs::Nothing => {}
                        Needs::Entry(stream, position) => todo.push((stream, position)),
                        Needs::Anything => {
                            todo.extend(self.lanes.iter().map(|lane| (lane.stream.clone(), lane.stream.enqueued())))
                        }
                    },
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

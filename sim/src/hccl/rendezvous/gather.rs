//! The side that gathers: one group in the making, until all its ranks are there.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use super::super::config::{Config, nanos};
use super::super::mesh::mixed;
use super::super::message::{Message, Place};
use super::super::peers::post;
use super::{default_name, next_number, table_door, tell};
use crate::reject::{Outcome, check, reject};
use crate::wire::{Id, own_id};

/// Refuses a rank whose table nobody gathers for any more: it is to look again. No code of HCCL; it leaves no function.
pub(super) const OVER: i32 = -1;

/// A rank that is there.
pub(super) struct There {
    pub from: Id,
    pub ticket: u64,
    device: u32,
    config: Config,
}

/// One group in the making.
#[derive(Default)]
pub(super) struct Gathering {
    size: Option<usize>,
    present: BTreeMap<usize, There>,
    /// The rank table that it is for.
    table: Option<u64>,
}

static GATHERINGS: Mutex<Option<HashMap<u64, Gathering>>> = Mutex::new(None);

fn gatherings() -> MutexGuard<'static, Option<HashMap<u64, Gathering>>> {
    GATHERINGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A group is to gather here, by the number of a root info.
pub(super) fn expect(number: u64) {
    gatherings().get_or_insert_default().insert(number, Gathering::default());
}

/// The same, by a rank table.
pub(super) fn expect_table(hash: u64, number: u64) {
    gatherings().get_or_insert_default().insert(number, Gathering { table: Some(hash), ..Gathering::default() });
}

/// A rank asks to join.
pub(super) fn enter(from: Id, ticket: u64, place: Place, size: usize, rank: usize, device: u32, config: Config) {
    let mut answers: Vec<(Id, Message)> = Vec::new();
    let there = There { from, ticket, device, config };
    let result = enter_at(place, size, rank, there, &mut answers);
    if let Err(refusal) = result {
        answers.push((from, Message::Refused { ticket, code: refusal.code, text: refusal.text }));
    }
    // Without the lock: an answer may come back at once.
    answers.into_iter().for_each(|(to, message)| tell(to, message));
}

fn enter_at(place: Place, size: usize, rank: usize, there: There, answers: &mut Vec<(Id, Message)>) -> Outcome {
    let mut guard = gatherings();
    let all = guard.get_or_insert_default();
    let number = match place {
        Place::Number { number } => number,
        Place::Table { hash } => {
            let found = all.iter().find(|(_, gathering)| gathering.table == Some(hash));
            match found {
                Some((number, _)) => *number,
                None => return Err(crate::reject::Reject { code: OVER, text: String::new() }),
            }
        }
    };
    let Some(gathering) = all.get_mut(&number) else {
        reject!(HCCL_E_PARA, "rootInfo was used already: every communicator needs one of its own")
    };
    gathering.enter(size, rank, there)?;
    if gathering.present.len() < size {
        gathering.announce(answers);
        return Ok(());
    }
    let Some(gathering) = all.remove(&number) else { return Ok(()) };
    if let (Some(hash), Ok(post)) = (gathering.table, post()) {
        post.close(&table_door(hash));
    }
    gathering.form(number, answers);
    Ok(())
}

/// Those who have gone, or wait no longer, are not there.
pub(super) fn quit(gone: impl Fn(&There) -> bool) {
    let mut answers = Vec::new();
    {
        let mut guard = gatherings();
        let all = guard.get_or_insert_default();
        for gathering in all.values_mut() {
            let before = gathering.present.len();
            gathering.present.retain(|_, there| !gone(there));
            if gathering.present.len() < before {
                gathering.announce(&mut answers);
            }
        }
        // A table that nobody waits for: the next may gather elsewhere.
        all.retain(|_, gathering| {
            let (Some(hash), true) = (gathering.table, gathering.present.is_empty()) else { return true };
            let closed = post().map(|post| post.close(&table_door(hash)));
            closed.is_err()
        });
    }
    answers.into_iter().for_each(|(to, message)| tell(to, message));
}

impl Gathering {
    /// Adds a rank, if it goes with those who are there.
    pub(super) fn enter(&mut self, size: usize, rank: usize, there: There) -> Outcome {
        let known = *self.size.get_or_insert(size);
        check!(size == known, HCCL_E_PARA, "nRanks is {size}, another rank of the same rootInfo said {known}");
        check!(!self.present.contains_key(&rank), HCCL_E_PARA, "rank {rank} joins a second time");
        if let Some((other, first)) = self.present.first_key_value() {
            let (config, theirs) = (&there.config, &first.config);
            check!(theirs == config, HCCL_E_PARA, "rank {rank} has the configuration {config:?}, rank {other} has {theirs:?}");
        }
        let device = there.device;
        if let Some((other, _)) = self.present.iter().find(|(_, other)| other.device == device) {
            reject!(HCCL_E_PARA, "rank {rank} is on device {device}, as rank {other} is: each rank needs a device of its own")
        }
        self.present.insert(rank, there);
        Ok(())
    }

    /// Tells all who are there who is.
    fn announce(&self, answers: &mut Vec<(Id, Message)>) {
        let ranks: Vec<u32> = self.present.keys().map(|rank| *rank as u32).collect();
        let present = |there: &There| (there.from, Message::Present { ticket: there.ticket, ranks: ranks.clone() });
        answers.extend(self.present.values().map(present));
    }

    /// Tells all that they are.
    fn form(&self, number: u64, answers: &mut Vec<(Id, Message)>) {
        let id = own_id();
        let key = mixed([u64::from(id.pid), id.nonce, number, next_number()].into_iter());
        let config = self.present.values().next().map(|there| &there.config);
        let name = config.and_then(|config| config.name.clone()).unwrap_or_else(default_name);
        let timeout = nanos(config.and_then(|config| config.timeout));
        let members: Vec<(Id, u32)> = self.present.values().map(|there| (there.from, there.device)).collect();
        let formed =
            |there: &There| Message::Formed { ticket: there.ticket, key, name: name.clone(), timeout, members: members.clone() };
        answers.extend(self.present.values().map(|there| (there.from, formed(there))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_that_contradict_one_another_are_refused() {
        let config = || Config { name: None, timeout: None };
        let named = || Config { name: Some("x".into()), timeout: None };
        let on = |device, config| There { from: own_id(), ticket: 0, device, config };
        let mut gathering = Gathering::default();
        gathering.enter(3, 1, on(0, config())).unwrap();
        for (outcome, words) in [
            (gathering.enter(2, 0, on(1, config())), "nRanks is 2"),
            (gathering.enter(3, 1, on(1, config())), "second time"),
            (gathering.enter(3, 0, on(0, config())), "as rank 1 is"),
            (gathering.enter(3, 0, on(1, named())), "configuration"),
        ] {
            assert!(outcome.unwrap_err().text.contains(words));
        }
    }
}

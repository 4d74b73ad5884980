//! Groups of some ranks of another one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::config::{Config, from_nanos, nanos};
use super::group::{Group, State};
use super::message::Event;
use super::peers;
use crate::reject::{Outcome, check};

/// A group of some ranks, as the first of them to make it has said.
pub(super) struct Sub {
    ranks: Vec<u32>,
    name: String,
    timeout: Option<Duration>,
    /// Those who have, by their rank there.
    joined: BTreeSet<usize>,
    /// Once a rank of this process has made its part.
    group: Option<Arc<Group>>,
}

impl Group {
    /// The group of some ranks of this one, for `rank` of this one, which is `own` there. All of them pass the same `ranks` and
    /// `config`. An id may be used again by a rank that has left the group that it was used for.
    pub(super) fn sub(&self, rank: usize, own: usize, ranks: &[u32], id: u64, config: &Config) -> Outcome<Arc<Group>> {
        let mut state = self.state();
        let generation = state.uses.get(&(rank, id)).copied().unwrap_or(0);
        let before = generation.checked_sub(1).and_then(|before| state.subs.get(&(id, before)));
        let held = before.and_then(|sub| sub.group.as_ref().map(|group| (group, sub.ranks.iter())));
        let still = held.is_some_and(|(group, mut ranks)| {
            ranks.position(|other| *other as usize == rank).is_some_and(|own| group.state().members[own].left.is_none())
        });
        check!(!still, HCCL_E_PARA, "subCommId {id} was made by this rank already, and is not destroyed");
        let name = config.name.clone().unwrap_or_else(|| format!("{}_sub_{id}", self.name));
        let new =
            || Sub { ranks: ranks.to_vec(), name: name.clone(), timeout: config.timeout, joined: BTreeSet::new(), group: None };
        let sub = state.subs.entry((id, generation)).or_insert_with(new);
        let known = &sub.ranks;
        check!(known == ranks, HCCL_E_PARA, "rankIds is {ranks:?}, another rank made subCommId {id} of {known:?}");
        check!(
            (&sub.name, sub.timeout) == (&name, config.timeout),
            HCCL_E_PARA,
            "config has the name \"{name}\" and the time-out {:?}, another rank's for subCommId {id} \"{}\" and {:?}",
            config.timeout,
            sub.name,
            sub.timeout
        );
        let is_new = sub.group.is_none();
        let group = sub.group.get_or_insert_with(|| {
            let devices = ranks.iter().map(|rank| self.devices[*rank as usize]).collect();
            let mesh = self.mesh.as_ref().and_then(|mesh| mesh.part(ranks, id, generation));
            let group = Group::new(name.clone(), config.timeout, devices, true, mesh);
            sub.joined.iter().for_each(|own| group.state().members[*own].joined = true);
            group
        });
        let group = group.clone();
        group.state().members[own].joined = true;
        sub.joined.insert(own);
        state.uses.insert((rank, id), generation + 1);
        let (ranks, timeout) = (ranks.to_vec(), nanos(config.timeout));
        self.tell_all(&state, Event::Sub { rank: rank as u32, id, generation, ranks, name, timeout });
        // Groups that everybody has left hold nothing.
        state.subs.retain(|_, sub| sub.group.as_ref().is_none_or(|group| !group.is_left()));
        drop(state);
        if let Some(mesh) = group.mesh.as_ref().filter(|_| is_new) {
            peers::register(mesh.key, &group);
        }
        Ok(group)
    }

    /// Whether all its ranks have left.
    fn is_left(&self) -> bool {
        self.state().members.iter().all(|member| member.left.is_some())
    }

    /// `rank`, which is in another process, has made its part of a sub-communicator.
    pub(super) fn sub_made_elsewhere(
        &self,
        state: &mut State,
        rank: usize,
        id: (u64, u64),
        ranks: Vec<u32>,
        name: String,
        timeout: Option<u64>,
    ) {
        let timeout = from_nanos(timeout);
        let new = || Sub { ranks: ranks.clone(), name: name.clone(), timeout, joined: BTreeSet::new(), group: None };
        let sub = state.subs.entry(id).or_insert_with(new);
        let Some(own) = ranks.iter().position(|other| *other as usize == rank) else { return };
        if (&sub.ranks, &sub.name, sub.timeout) == (&ranks, &name, timeout) {
            sub.joined.insert(own);
            sub.group.iter().for_each(|group| group.state().members[own].joined = true);
        } else if let Some(group) = &sub.group {
            let why = format!(
                "subCommId {}: rank {rank} made it of {ranks:?} with the name \"{name}\", others of {:?}",
                id.0, sub.ranks
            );
            group.break_up(&mut group.state(), why);
        }
    }
}

//! Grouped calls: what a thread calls between `HcclGroupStart` and `HcclGroupEnd` is checked at once and issued at the end.
//!
//! hcomm, `HcclGroupStart`: communicators that are made and ended, collectives, or sends and receives; not mixed, and no
//! `HcclBatchSendRecv`. Communicators are made together, so that one thread can make those of several ranks; collectives are
//! issued in their order; sends and receives do not hold one another up.

use std::cell::RefCell;
use std::sync::Arc;

use ascend_rl_sys::types::HcclComm;

use super::call::{Call, What};
use super::calls::check_own;
use super::checks::{give, not_null};
use super::comm::Comm;
use super::group::Group;
use super::init::Init;
use crate::engine::Stream;
use crate::reject::{Outcome, check};

/// What a group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Communicators,
    Collectives,
    Messages,
}

/// A call that waits for the end of its group.
struct Pending {
    group: Arc<Group>,
    rank: usize,
    call: Call,
    stream: Arc<Stream>,
}

#[derive(Default)]
struct Calls {
    depth: usize,
    kind: Option<Kind>,
    inits: Vec<(Init, *mut HcclComm)>,
    calls: Vec<Pending>,
}

thread_local! {
    static CALLS: RefCell<Calls> = RefCell::default();
}

pub(crate) fn HcclGroupStart() -> Outcome {
    CALLS.with_borrow_mut(|calls| calls.depth += 1);
    Ok(())
}

pub(crate) fn HcclGroupStatusGet(is_group_enabled: *mut bool) -> Outcome {
    not_null("isGroupEnabled", is_group_enabled)?;
    give(is_group_enabled, is_open());
    Ok(())
}

/// Issues what was called since the outermost start. The first refusal ends it.
pub(crate) fn HcclGroupEnd() -> Outcome {
    let calls = CALLS.with_borrow_mut(|calls| {
        check!(calls.depth > 0, HCCL_E_PARA, "no group is open: HcclGroupStart comes first");
        calls.depth -= 1;
        Ok(if calls.depth == 0 { std::mem::take(calls) } else { Calls { kind: None, ..Calls::default() } })
    })?;
    match calls.kind {
        None => Ok(()),
        Some(Kind::Communicators) => make_all(calls.inits),
        Some(Kind::Collectives) => calls.calls.into_iter().try_for_each(issue_now),
        Some(Kind::Messages) => exchange_all(calls.calls),
    }
}

/// Whether this thread has a group open.
pub(super) fn is_open() -> bool {
    CALLS.with_borrow(|calls| calls.depth > 0)
}

/// Whether a call of this kind is to wait for the end of a group.
pub(super) fn waits(kind: Kind) -> Outcome<bool> {
    CALLS.with_borrow_mut(|calls| {
        if calls.depth == 0 {
            return Ok(false);
        }
        let known = *calls.kind.get_or_insert(kind);
        check!(known == kind, HCCL_E_PARA, "the group holds {known:?}: {kind:?} cannot be mixed with them");
        Ok(true)
    })
}

/// A collective, a send or a receive, checked: issued now, or at the end of its group.
pub(super) fn issue(comm: &Comm, call: Call, stream: &Arc<Stream>) -> Outcome {
    let message = matches!(call.what, What::Send { .. } | What::Recv { .. });
    let pending = Pending { group: comm.group.clone(), rank: comm.rank, call, stream: stream.clone() };
    if waits(if message { Kind::Messages } else { Kind::Collectives })? {
        CALLS.with_borrow_mut(|calls| calls.calls.push(pending));
        return Ok(());
    }
    issue_now(pending)
}

fn issue_now(Pending { group, rank, call, stream }: Pending) -> Outcome {
    match call.what {
        What::Send { .. } | What::Recv { .. } => group.exchange(rank, call.what.name(), vec![call], &stream),
        _ => group.collective(rank, call, &stream),
    }
}

/// The n-th message to or from a rank goes with the n-th of each other rank: one entry of the stream for each n.
fn exchange_all(calls: Vec<Pending>) -> Outcome {
    type Entry = (Arc<Group>, usize, Arc<Stream>, Vec<Call>);
    let mut entries: Vec<Entry> = Vec::new();
    for Pending { group, rank, call, stream } in calls {
        let free = |(of, by, on, calls): &&mut Entry| {
            let same = Arc::ptr_eq(of, &group) && *by == rank && Arc::ptr_eq(on, &stream);
            same && calls.iter().all(|other| other.what != call.what)
        };
        match entries.iter_mut().find(free) {
            Some((.., calls)) => calls.push(call),
            None => entries.push((group, rank, stream, vec![call])),
        }
    }
    for (_, rank, _, calls) in &entries {
        check_own(*rank, calls)?;
    }
    entries.into_iter().try_for_each(|(group, rank, stream, calls)| group.exchange(rank, "HcclGroupEnd", calls, &stream))
}

/// Makes a communicator, now or at the end of its group.
pub(super) fn make(init: Init, comm: *mut HcclComm) -> Outcome {
    if waits(Kind::Communicators)? {
        CALLS.with_borrow_mut(|calls| calls.inits.push((init, comm)));
        return Ok(());
    }
    give(comm, init.make()?);
    Ok(())
}

/// All at once: each waits for the others.
fn make_all(inits: Vec<(Init, *mut HcclComm)>) -> Outcome {
    let (inits, comms): (Vec<Init>, Vec<*mut HcclComm>) = inits.into_iter().unzip();
    let made: Vec<Outcome<usize>> = std::thread::scope(|scope| {
        let make = |init: Init| scope.spawn(move || init.make().map(|comm| comm as usize));
        let threads: Vec<_> = inits.into_iter().map(make).collect();
        let lost = || {
            let text = "a thread that made a communicator has failed".into();
            Err(crate::reject::Reject { code: ascend_rl_sys::codes::HCCL_E_INTERNAL, text })
        };
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| lost())).collect()
    });
    let mut result = Ok(());
    for (made, comm) in made.into_iter().zip(comms) {
        match made {
            Ok(handle) => give(comm, handle as HcclComm),
            Err(refusal) => result = result.and(Err(refusal)),
        }
    }
    result
}

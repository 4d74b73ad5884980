//! Channels: datasets, first in, first out.

use std::collections::VecDeque;
use std::ffi::{CStr, c_char};
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::fifo::Watched;
use super::item::Sent;
use super::{DEPTHS, LONGEST_NAME, dataset, give, not_null};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};
use crate::world::world;

static CHANNELS: Registry<Arc<Channel>> = Registry::new(Kind::Channel);

struct Channel {
    capacity: usize,
    datasets: Watched<Datasets>,
}

#[derive(Default)]
struct Datasets {
    waiting: VecDeque<Vec<Sent>>,
    /// Whoever waits is told.
    destroyed: bool,
}

fn find(handle: *const acltdtChannelHandle) -> Outcome<Arc<Channel>> {
    not_null("handle", handle)?;
    match CHANNELS.get(handle as usize) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_INVALID_PARAM, "handle is not a live channel: destroyed already, or never created"),
    }
}

fn check_alive(datasets: &Datasets) -> Outcome {
    check!(!datasets.destroyed, ACL_ERROR_RT_INVALID_HANDLE, "the channel was destroyed by another thread");
    Ok(())
}

/// The length of a name, as far as it matters.
fn check_name(name: *const c_char) -> Outcome {
    not_null("name", name)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let bytes = unsafe { CStr::from_ptr(name) }.count_bytes();
    check!(bytes < LONGEST_NAME, ACL_ERROR_INVALID_PARAM, "name has {bytes} bytes: fewer than {LONGEST_NAME} are taken");
    Ok(())
}

pub(crate) fn acltdtCreateChannel(_device_id: u32, name: *const c_char) -> Outcome<*mut acltdtChannelHandle> {
    not_null("name", name)?;
    reject!(
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "a channel without a capacity leads to operators of the device, which the simulator has none of: \
         acltdtCreateChannelWithCapacity makes one that the program itself reads"
    )
}

pub(crate) fn acltdtCreateChannelWithCapacity(
    device_id: u32,
    name: *const c_char,
    capacity: usize,
) -> Outcome<*mut acltdtChannelHandle> {
    check_name(name)?;
    world()?.device(i32::try_from(device_id).unwrap_or(-1))?;
    check!(
        DEPTHS.contains(&capacity),
        ACL_ERROR_RT_PARAM_INVALID,
        "capacity is {capacity}: {} to {} are taken",
        DEPTHS.start(),
        DEPTHS.end()
    );
    let channel = Channel { capacity, datasets: Watched::new(Datasets::default()) };
    Ok(CHANNELS.insert(Arc::new(channel)) as *mut acltdtChannelHandle)
}

/// Of no use to a channel with a capacity, says CANN: who waits goes on waiting.
pub(crate) fn acltdtStopChannel(handle: *mut acltdtChannelHandle) -> Outcome {
    find(handle).map(drop)
}

pub(crate) fn acltdtDestroyChannel(handle: *mut acltdtChannelHandle) -> Outcome {
    let channel = find(handle)?;
    CHANNELS.remove(handle as usize);
    channel.datasets.lock().destroyed = true;
    channel.datasets.tell();
    Ok(())
}

pub(crate) fn acltdtCleanChannel(handle: *mut acltdtChannelHandle) -> Outcome {
    let channel = find(handle)?;
    channel.datasets.lock().waiting.clear();
    channel.datasets.tell();
    Ok(())
}

pub(crate) fn acltdtSendTensor(handle: *const acltdtChannelHandle, dataset: *const acltdtDataset, timeout: i32) -> Outcome {
    let channel = find(handle)?;
    let mut sent = Some(dataset::send(dataset)?);
    let done = channel.datasets.within(timeout, |datasets| {
        check_alive(datasets)?;
        if datasets.waiting.len() >= channel.capacity {
            return Ok(None);
        }
        datasets.waiting.extend(sent.take());
        Ok(Some(()))
    })?;
    check!(done.is_some(), ACL_ERROR_RT_QUEUE_FULL, "the channel holds {} datasets, as many as it can", channel.capacity);
    Ok(())
}

pub(crate) fn acltdtReceiveTensor(handle: *const acltdtChannelHandle, dataset: *mut acltdtDataset, timeout: i32) -> Outcome {
    let channel = find(handle)?;
    dataset::check_room(dataset)?;
    let done = channel.datasets.within(timeout, |datasets| {
        check_alive(datasets)?;
        Ok(datasets.waiting.pop_front())
    })?;
    let Some(sent) = done else { reject!(ACL_ERROR_RT_QUEUE_EMPTY, "the channel is empty") };
    dataset::receive(dataset, sent)
}

pub(crate) fn acltdtQueryChannelSize(handle: *const acltdtChannelHandle, size: *mut usize) -> Outcome {
    let channel = find(handle)?;
    not_null("size", size)?;
    give(size, channel.datasets.lock().waiting.len());
    Ok(())
}

//! Datasets: items that are sent and received together.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::item::{self, Sent};
use super::{not_null, read};
use crate::memory::Place;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};

static DATASETS: Registry<Dataset> = Registry::new(Kind::Dataset);

#[derive(Clone, Default)]
struct Dataset {
    /// Handles.
    items: Vec<usize>,
    /// Whether the items were received: then they are the dataset's own.
    received: bool,
    /// Whether the items' data is a device's, once one has data.
    of_device: Option<bool>,
}

fn find(dataset: *const acltdtDataset) -> Outcome<Dataset> {
    not_null("dataset", dataset)?;
    match DATASETS.get(dataset as usize) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_INVALID_PARAM, "dataset is not a live dataset: destroyed already, or never created"),
    }
}

impl Dataset {
    fn forget_received(&self) {
        if self.received {
            self.items.iter().for_each(|item| item::forget(*item));
        }
    }
}

/// What a channel keeps of a dataset: copies.
pub(super) fn send(dataset: *const acltdtDataset) -> Outcome<Vec<Sent>> {
    let send = |(i, handle): (usize, &usize)| {
        let item = item::find(*handle as *const acltdtDataItem)
            .map_err(|refusal| Reject { text: format!("dataset holds an item that is gone: {}", refusal.text), ..refusal })?;
        check!(
            [ACL_TENSOR_DATA_TENSOR, ACL_TENSOR_DATA_END_OF_SEQUENCE, ACL_TENSOR_DATA_ABNORMAL].contains(&item.kind),
            ACL_ERROR_INVALID_PARAM,
            "item {i} of dataset is of type {}, which is not sent",
            item.kind.0
        );
        let data = read(&format!("data of item {i}"), item.address, item.bytes)?;
        Ok(Sent { kind: item.kind, dtype: item.dtype, dims: item.dims.clone(), data })
    };
    find(dataset)?.items.iter().enumerate().map(send).collect()
}

/// Whether what is received can go into a dataset: an empty one, or one that has received before.
pub(super) fn check_room(dataset: *const acltdtDataset) -> Outcome {
    let found = find(dataset)?;
    check!(
        found.received || found.items.is_empty(),
        ACL_ERROR_INVALID_PARAM,
        "dataset has {} items that were added: it must be empty",
        found.items.len()
    );
    Ok(())
}

/// What was received before goes.
pub(super) fn receive(dataset: *const acltdtDataset, sent: Vec<Sent>) -> Outcome {
    find(dataset)?.forget_received();
    let items = sent.into_iter().map(item::receive).collect();
    DATASETS.replace(dataset as usize, Dataset { items, received: true, of_device: Some(false) });
    Ok(())
}

pub(crate) fn acltdtCreateDataset() -> Outcome<*mut acltdtDataset> {
    Ok(DATASETS.insert(Dataset::default()) as *mut acltdtDataset)
}

pub(crate) fn acltdtDestroyDataset(dataset: *mut acltdtDataset) -> Outcome {
    find(dataset)?.forget_received();
    DATASETS.remove(dataset as usize);
    Ok(())
}

pub(crate) fn acltdtAddDataItem(dataset: *mut acltdtDataset, data_item: *mut acltdtDataItem) -> Outcome {
    let mut found = find(dataset)?;
    let item = item::find(data_item)?;
    check!(!found.received, ACL_ERROR_FEATURE_UNSUPPORTED, "dataset has items that it received: none can be added");
    if item.address != 0 {
        let of_device = matches!(Place::of("data", item.address, item.bytes.max(1))?, Place::Device(_));
        check!(
            found.of_device.is_none_or(|other| other == of_device),
            ACL_ERROR_INVALID_PARAM,
            "dataItem has memory of {}, the items before have not: all of a dataset are on one side",
            if of_device { "a device" } else { "the host" }
        );
        found.of_device = Some(of_device);
    }
    found.items.push(data_item as usize);
    DATASETS.replace(dataset as usize, found);
    Ok(())
}

pub(crate) fn acltdtGetDataItem(dataset: *const acltdtDataset, index: usize) -> Outcome<*mut acltdtDataItem> {
    let items = find(dataset)?.items;
    match items.get(index) {
        Some(item) => Ok(*item as *mut acltdtDataItem),
        None => reject!(ACL_ERROR_INVALID_PARAM, "index is {index}, dataset has {} items", items.len()),
    }
}

pub(crate) fn acltdtGetDatasetSize(dataset: *const acltdtDataset) -> Outcome<usize> {
    Ok(find(dataset)?.items.len())
}

/// Names come from operators, which no channel here leads to.
pub(crate) fn acltdtGetDatasetName(dataset: *const acltdtDataset) -> Outcome<*const c_char> {
    find(dataset)?;
    Ok(c"".as_ptr())
}

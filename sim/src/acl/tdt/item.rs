//! Items of a dataset: tensors.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::{give, not_null};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// Dims of an item.
const MOST_DIMS: usize = 128;

static ITEMS: Registry<Arc<Item>> = Registry::new(Kind::DataItem);

/// What a tensor looks like, and where its data is.
pub(super) struct Item {
    pub kind: acltdtTensorType,
    pub dtype: aclDataType,
    pub dims: Vec<i64>,
    /// Of the program, or of `own`.
    pub address: usize,
    pub bytes: usize,
    /// What was received.
    _own: Vec<u8>,
}

/// What a channel holds of an item.
pub(super) struct Sent {
    pub kind: acltdtTensorType,
    pub dtype: aclDataType,
    pub dims: Vec<i64>,
    pub data: Vec<u8>,
}

/// A new item of what was received: its handle.
pub(super) fn receive(sent: Sent) -> usize {
    let Sent { kind, dtype, dims, data } = sent;
    let address = if data.is_empty() { 0 } else { data.as_ptr() as usize };
    // The vector's bytes stay where they are when it moves.
    ITEMS.insert(Arc::new(Item { kind, dtype, dims, address, bytes: data.len(), _own: data }))
}

pub(super) fn forget(item: usize) {
    ITEMS.remove(item);
}

pub(super) fn find(item: *const acltdtDataItem) -> Outcome<Arc<Item>> {
    not_null("dataItem", item)?;
    match ITEMS.get(item as usize) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_INVALID_PARAM, "dataItem is not a live item: destroyed already, or never created"),
    }
}

pub(crate) fn acltdtCreateDataItem(
    tdt_type: acltdtTensorType,
    dims: *const i64,
    dim_num: usize,
    data_type: aclDataType,
    data: *mut c_void,
    size: usize,
) -> Outcome<*mut acltdtDataItem> {
    check!(dims.is_null() == (dim_num == 0), ACL_ERROR_INVALID_PARAM, "dims is {dims:?}, dimNum is {dim_num}");
    check!(dim_num <= MOST_DIMS, ACL_ERROR_INVALID_PARAM, "dimNum is {dim_num}: at most {MOST_DIMS} are taken");
    let is_tensor = tdt_type == ACL_TENSOR_DATA_TENSOR;
    check!(is_tensor || dims.is_null(), ACL_ERROR_INVALID_PARAM, "dims is not null, and tdtType is {}: no tensor", tdt_type.0);
    // SAFETY: C's contract: `dimNum` dims.
    let dims = (0..dim_num).map(|i| unsafe { dims.add(i).read() }).collect();
    // What is no tensor has no data.
    let (dtype, address, bytes) = if is_tensor { (data_type, data as usize, size) } else { (ACL_DT_UNDEFINED, 0, 0) };
    Ok(ITEMS.insert(Arc::new(Item { kind: tdt_type, dtype, dims, address, bytes, _own: Vec::new() })) as *mut acltdtDataItem)
}

pub(crate) fn acltdtDestroyDataItem(data_item: *mut acltdtDataItem) -> Outcome {
    find(data_item)?;
    forget(data_item as usize);
    Ok(())
}

pub(crate) fn acltdtGetTensorTypeFromItem(data_item: *const acltdtDataItem) -> Outcome<acltdtTensorType> {
    Ok(find(data_item)?.kind)
}

pub(crate) fn acltdtGetDataTypeFromItem(data_item: *const acltdtDataItem) -> Outcome<aclDataType> {
    Ok(find(data_item)?.dtype)
}

pub(crate) fn acltdtGetDataAddrFromItem(data_item: *const acltdtDataItem) -> Outcome<*mut c_void> {
    Ok(find(data_item)?.address as *mut c_void)
}

pub(crate) fn acltdtGetDataSizeFromItem(data_item: *const acltdtDataItem) -> Outcome<usize> {
    Ok(find(data_item)?.bytes)
}

pub(crate) fn acltdtGetDimNumFromItem(data_item: *const acltdtDataItem) -> Outcome<usize> {
    Ok(find(data_item)?.dims.len())
}

pub(crate) fn acltdtGetDimsFromItem(data_item: *const acltdtDataItem, dims: *mut i64, dim_num: usize) -> Outcome {
    let item = find(data_item)?;
    check!(dims.is_null() == (dim_num == 0), ACL_ERROR_INVALID_PARAM, "dims is {dims:?}, dimNum is {dim_num}");
    let has = item.dims.len();
    check!(dim_num >= has, ACL_ERROR_INVALID_PARAM, "dimNum is {dim_num}, and the item has {has} dims");
    for (i, dim) in item.dims.iter().enumerate() {
        // SAFETY: below `dimNum`, which is what C's contract gives room for.
        unsafe { dims.add(i).write(*dim) }
    }
    Ok(())
}

/// Operators that cut tensors write to channels without a capacity only.
pub(crate) fn acltdtGetSliceInfoFromItem(
    data_item: *const acltdtDataItem,
    slice_num: *mut usize,
    slice_id: *mut usize,
) -> Outcome {
    find(data_item)?;
    not_null("sliceNum", slice_num)?;
    not_null("sliceId", slice_id)?;
    give(slice_num, 0);
    give(slice_id, 0);
    Ok(())
}

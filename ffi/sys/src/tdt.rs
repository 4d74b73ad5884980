//! Tensor channels, `libacl_tdt_channel.so` (`acl/acl_tdt.h`), and queues, `libacl_tdt_queue.so` (`acl/acl_tdt_queue.h`).

use crate::types::*;
use std::ffi::{c_char, c_void};

/// The symbols of tensor channels. Calls `$emit! { Tdt, Lib::TdtChannel; rows }`.
#[macro_export]
macro_rules! tdt_symbols {
    ($emit:ident) => { $emit! { Tdt, $crate::Lib::TdtChannel;
        // ---- items
        /// A tensor of so many bytes at `data`, which it does not own; null where that cannot be.
        [optional "8.1"] fn acltdtCreateDataItem(tdt_type: acltdtTensorType, dims: *const i64, dim_num: usize, data_type: aclDataType, data: *mut c_void, size: usize) -> *mut acltdtDataItem;
        /// Destroys it.
        [optional "8.1"] fn acltdtDestroyDataItem(data_item: *mut acltdtDataItem) -> aclError;
        /// Tensor, end of a sequence, or something abnormal.
        [optional "8.1"] fn acltdtGetTensorTypeFromItem(data_item: *const acltdtDataItem) -> acltdtTensorType;
        /// Its dtype.
        [optional "8.1"] fn acltdtGetDataTypeFromItem(data_item: *const acltdtDataItem) -> aclDataType;
        /// Its data.
        [optional "8.1"] fn acltdtGetDataAddrFromItem(data_item: *const acltdtDataItem) -> *mut c_void;
        /// The bytes of its data.
        [optional "8.1"] fn acltdtGetDataSizeFromItem(data_item: *const acltdtDataItem) -> usize;
        /// The number of its dims.
        [optional "8.1"] fn acltdtGetDimNumFromItem(data_item: *const acltdtDataItem) -> usize;
        /// Its dims, into an array that has room for `dim_num`.
        [optional "8.1"] fn acltdtGetDimsFromItem(data_item: *const acltdtDataItem, dims: *mut i64, dim_num: usize) -> aclError;
        /// Into how many pieces its tensor was cut, and which one it is.
        [optional "8.1"] fn acltdtGetSliceInfoFromItem(data_item: *const acltdtDataItem, slice_num: *mut usize, slice_id: *mut usize) -> aclError;
        // ---- datasets
        /// An empty dataset.
        [optional "8.1"] fn acltdtCreateDataset() -> *mut acltdtDataset;
        /// Destroys it, and the items that it received; those that were added stay.
        [optional "8.1"] fn acltdtDestroyDataset(dataset: *mut acltdtDataset) -> aclError;
        /// Adds an item.
        [optional "8.1"] fn acltdtAddDataItem(dataset: *mut acltdtDataset, data_item: *mut acltdtDataItem) -> aclError;
        /// The item at an index; null where there is none.
        [optional "8.1"] fn acltdtGetDataItem(dataset: *const acltdtDataset, index: usize) -> *mut acltdtDataItem;
        /// The number of items.
        [optional "8.1"] fn acltdtGetDatasetSize(dataset: *const acltdtDataset) -> usize;
        /// The name that the sender gave it. Owned by the dataset.
        [optional "8.1"] fn acltdtGetDatasetName(dataset: *const acltdtDataset) -> *const c_char;
        // ---- channels
        /// A channel to or from operators of a device; null where that cannot be.
        [optional "8.1"] fn acltdtCreateChannel(device_id: u32, name: *const c_char) -> *mut acltdtChannelHandle;
        /// A channel that holds up to `capacity` datasets, 2 to 8192; null where that cannot be.
        [optional "8.1"] fn acltdtCreateChannelWithCapacity(device_id: u32, name: *const c_char, capacity: usize) -> *mut acltdtChannelHandle;
        /// Wakes who waits for a channel without a capacity.
        [optional "8.1"] fn acltdtStopChannel(handle: *mut acltdtChannelHandle) -> aclError;
        /// Destroys the channel.
        [optional "8.1"] fn acltdtDestroyChannel(handle: *mut acltdtChannelHandle) -> aclError;
        /// Drops what is in it.
        [optional "8.1"] fn acltdtCleanChannel(handle: *mut acltdtChannelHandle) -> aclError;
        /// Sends a copy of a dataset. While the channel is full: waits `timeout` milliseconds (-1: for ever).
        [optional "8.1"] fn acltdtSendTensor(handle: *const acltdtChannelHandle, dataset: *const acltdtDataset, timeout: i32) -> aclError;
        /// Receives a dataset. While the channel is empty: waits `timeout` milliseconds (-1: for ever).
        [optional "8.1"] fn acltdtReceiveTensor(handle: *const acltdtChannelHandle, dataset: *mut acltdtDataset, timeout: i32) -> aclError;
        /// The number of datasets in the channel.
        [optional "8.1"] fn acltdtQueryChannelSize(handle: *const acltdtChannelHandle, size: *mut usize) -> aclError;
    } };
}
tdt_symbols!(function_table);

/// The symbols of queues. Calls `$emit! { TdtQueue, Lib::TdtQueue; rows }`.
#[macro_export]
macro_rules! queue_symbols {
    ($emit:ident) => { $emit! { TdtQueue, $crate::Lib::TdtQueue;
        // ---- queues
        /// The attributes of a queue: a depth of 8, no name.
        [optional "8.1"] fn acltdtCreateQueueAttr() -> *mut acltdtQueueAttr;
        /// Destroys them.
        [optional "8.1"] fn acltdtDestroyQueueAttr(attr: *const acltdtQueueAttr) -> aclError;
        /// Sets one, from `len` bytes.
        [optional "8.1"] fn acltdtSetQueueAttr(attr: *mut acltdtQueueAttr, kind: acltdtQueueAttrType, len: usize, param: *const c_void) -> aclError;
        /// Gives one, into `len` bytes, and how many it took.
        [optional "8.1"] fn acltdtGetQueueAttr(attr: *const acltdtQueueAttr, kind: acltdtQueueAttrType, len: usize, param_ret_size: *mut usize, param: *mut c_void) -> aclError;
        /// Makes a queue of the current device; null attributes are the default ones.
        [optional "8.1"] fn acltdtCreateQueue(attr: *const acltdtQueueAttr, qid: *mut u32) -> aclError;
        /// Destroys it, which no route may have.
        [optional "8.1"] fn acltdtDestroyQueue(qid: u32) -> aclError;
        /// Adds a copy of `data`, with up to 96 bytes of the program's own. While the queue is full: waits `timeout` milliseconds (-1: for ever).
        [optional "8.1"] fn acltdtEnqueueData(qid: u32, data: *const c_void, data_size: usize, user_data: *const c_void, user_data_size: usize, timeout: i32, rsv: u32) -> aclError;
        /// Takes what came first. While the queue is empty: waits `timeout` milliseconds (-1: for ever).
        [optional "8.1"] fn acltdtDequeueData(qid: u32, data: *mut c_void, data_size: usize, ret_data_size: *mut usize, user_data: *mut c_void, user_data_size: usize, timeout: i32) -> aclError;
        /// Lets another process use a queue. Not where the program runs on the host.
        [optional "8.1"] fn acltdtGrantQueue(qid: u32, pid: i32, permission: u32, timeout: i32) -> aclError;
        /// What a process may do with a queue of another. Not where the program runs on the host.
        [optional "8.1"] fn acltdtAttachQueue(qid: u32, timeout: i32, permission: *mut u32) -> aclError;
        // ---- routes
        /// A route from one queue to another, not bound.
        [optional "8.1"] fn acltdtCreateQueueRoute(src_id: u32, dst_id: u32) -> *mut acltdtQueueRoute;
        /// Destroys it.
        [optional "8.1"] fn acltdtDestroyQueueRoute(route: *const acltdtQueueRoute) -> aclError;
        /// Where it leads, and its status.
        [optional "8.1"] fn acltdtGetQueueRouteParam(route: *const acltdtQueueRoute, kind: acltdtQueueRouteParamType, len: usize, param_ret_size: *mut usize, param: *mut c_void) -> aclError;
        /// An empty list of routes.
        [optional "8.1"] fn acltdtCreateQueueRouteList() -> *mut acltdtQueueRouteList;
        /// Destroys it.
        [optional "8.1"] fn acltdtDestroyQueueRouteList(route_list: *const acltdtQueueRouteList) -> aclError;
        /// Adds a copy of a route.
        [optional "8.1"] fn acltdtAddQueueRoute(route_list: *mut acltdtQueueRouteList, route: *const acltdtQueueRoute) -> aclError;
        /// Copies the route at an index to `route`.
        [optional "8.1"] fn acltdtGetQueueRoute(route_list: *const acltdtQueueRouteList, index: usize, route: *mut acltdtQueueRoute) -> aclError;
        /// The number of routes.
        [optional "8.1"] fn acltdtGetQueueRouteNum(route_list: *const acltdtQueueRouteList) -> usize;
        /// From now on what is in the first queue of a route goes to the second; the list gets each one's status.
        [optional "8.1"] fn acltdtBindQueueRoutes(q_route_list: *mut acltdtQueueRouteList) -> aclError;
        /// Takes that back.
        [optional "8.1"] fn acltdtUnbindQueueRoutes(q_route_list: *mut acltdtQueueRouteList) -> aclError;
        /// A search for routes, which needs its mode.
        [optional "8.1"] fn acltdtCreateQueueRouteQueryInfo() -> *mut acltdtQueueRouteQueryInfo;
        /// Destroys it.
        [optional "8.1"] fn acltdtDestroyQueueRouteQueryInfo(info: *const acltdtQueueRouteQueryInfo) -> aclError;
        /// Sets what is searched for.
        [optional "8.1"] fn acltdtSetQueueRouteQueryInfo(param: *mut acltdtQueueRouteQueryInfo, kind: acltdtQueueRouteQueryInfoParamType, len: usize, value: *const c_void) -> aclError;
        /// The routes that are bound, as far as they are searched for.
        [optional "8.1"] fn acltdtQueryQueueRoutes(query_info: *const acltdtQueueRouteQueryInfo, q_route_list: *mut acltdtQueueRouteList) -> aclError;
        // ---- buffers, which are of programs that run on the device
        /// Adds a buffer to a queue.
        [optional "8.1"] fn acltdtEnqueue(qid: u32, buf: acltdtBuf, timeout: i32) -> aclError;
        /// Takes a buffer from a queue.
        [optional "8.1"] fn acltdtDequeue(qid: u32, buf: *mut acltdtBuf, timeout: i32) -> aclError;
        /// Makes a buffer.
        [optional "8.1"] fn acltdtAllocBuf(size: usize, kind: u32, buf: *mut acltdtBuf) -> aclError;
        /// Frees it.
        [optional "8.1"] fn acltdtFreeBuf(buf: acltdtBuf) -> aclError;
        /// Its data and the room for it.
        [optional "8.1"] fn acltdtGetBufData(buf: acltdtBuf, data_ptr: *mut *mut c_void, size: *mut usize) -> aclError;
        /// Sets the bytes of its data.
        [optional "8.1"] fn acltdtSetBufDataLen(buf: acltdtBuf, len: usize) -> aclError;
        /// The bytes of its data.
        [optional "8.1"] fn acltdtGetBufDataLen(buf: acltdtBuf, len: *mut usize) -> aclError;
        /// Puts a buffer behind others.
        [optional "8.1"] fn acltdtAppendBufChain(head_buf: acltdtBuf, buf: acltdtBuf) -> aclError;
        /// How many there are.
        [optional "8.1"] fn acltdtGetBufChainNum(head_buf: acltdtBuf, num: *mut u32) -> aclError;
        /// One of them.
        [optional "8.1"] fn acltdtGetBufFromChain(head_buf: acltdtBuf, index: u32, buf: *mut acltdtBuf) -> aclError;
        /// Reads the program's own bytes.
        [optional "8.1"] fn acltdtGetBufUserData(buf: acltdtBuf, data_ptr: *mut c_void, size: usize, offset: usize) -> aclError;
        /// Writes them.
        [optional "8.1"] fn acltdtSetBufUserData(buf: acltdtBuf, data_ptr: *const c_void, size: usize, offset: usize) -> aclError;
        /// A second buffer with the same data.
        [optional "8.1"] fn acltdtCopyBufRef(buf: acltdtBuf, new_buf: *mut acltdtBuf) -> aclError;
    } };
}
queue_symbols!(function_table);

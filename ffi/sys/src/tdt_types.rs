//! Types of tensor channels and queues: `acl_tdt.h`, `acl_tdt_queue.h`.

use std::ffi::{c_int, c_void};

opaque! {
    /// A tensor that a channel carries: what it looks like, and where its data is.
    acltdtDataItem;
    /// Tensors that are sent and received together.
    acltdtDataset;
    /// A channel of datasets.
    acltdtChannelHandle;
    /// What queue to make.
    tagMemQueueAttr;
    /// From which queue data goes to which.
    acltdtQueueRoute;
    /// Routes.
    acltdtQueueRouteList;
    /// Which routes to look for.
    acltdtQueueRouteQueryInfo;
}
/// What queue to make.
pub type acltdtQueueAttr = tagMemQueueAttr;
/// A buffer that queues share. Only on the side of the device.
pub type acltdtBuf = *mut c_void;

c_enum! {
    /// What a channel carries.
    acltdtTensorType: c_int {
        ACL_TENSOR_DATA_UNDEFINED = -1; ACL_TENSOR_DATA_TENSOR = 0; ACL_TENSOR_DATA_END_OF_SEQUENCE = 1; ACL_TENSOR_DATA_ABNORMAL = 2;
        ACL_TENSOR_DATA_SLICE_TENSOR = 3; ACL_TENSOR_DATA_END_TENSOR = 4;
    }
}
c_enum! {
    /// Attributes of a queue.
    acltdtQueueAttrType: c_int { ACL_TDT_QUEUE_NAME_PTR = 0; ACL_TDT_QUEUE_DEPTH_UINT32 = 1; }
}
c_enum! {
    /// What a route is asked for.
    acltdtQueueRouteParamType: c_int {
        ACL_TDT_QUEUE_ROUTE_SRC_UINT32 = 0; ACL_TDT_QUEUE_ROUTE_DST_UINT32 = 1; ACL_TDT_QUEUE_ROUTE_STATUS_INT32 = 2;
    }
}
c_enum! {
    /// Which routes to look for.
    acltdtQueueRouteQueryMode: c_int {
        ACL_TDT_QUEUE_ROUTE_QUERY_SRC = 0; ACL_TDT_QUEUE_ROUTE_QUERY_DST = 1; ACL_TDT_QUEUE_ROUTE_QUERY_SRC_AND_DST = 2;
        ACL_TDT_QUEUE_ROUTE_QUERY_ABNORMAL = 100;
    }
}
c_enum! {
    /// What a search for routes is given.
    acltdtQueueRouteQueryInfoParamType: c_int {
        ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM = 0; ACL_TDT_QUEUE_ROUTE_QUERY_SRC_ID_UINT32 = 1;
        ACL_TDT_QUEUE_ROUTE_QUERY_DST_ID_UINT32 = 2;
    }
}

/// Status of a route: there is none.
pub const ACL_TDT_QUEUE_ROUTE_UNBIND: i32 = 0;
/// Status of a route: data goes that way.
pub const ACL_TDT_QUEUE_ROUTE_BIND: i32 = 1;
/// Status of a route: it could not be bound.
pub const ACL_TDT_QUEUE_ROUTE_BIND_ABNORMAL: i32 = 2;

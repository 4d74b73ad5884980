/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Tensor channels: libacl_tdt_channel.so. */
#ifndef ASCEND_RL_ACL_ACL_TDT_H
#define ASCEND_RL_ACL_ACL_TDT_H

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A tensor of so many bytes at `data`, which it does not own; null where that cannot be. Since CANN 8.1. */
acltdtDataItem *acltdtCreateDataItem(acltdtTensorType tdtType, const int64_t *dims, size_t dimNum,
    aclDataType dataType, void *data, size_t size);

/** Destroys it. Since CANN 8.1. */
aclError acltdtDestroyDataItem(acltdtDataItem *dataItem);

/** Tensor, end of a sequence, or something abnormal. Since CANN 8.1. */
acltdtTensorType acltdtGetTensorTypeFromItem(const acltdtDataItem *dataItem);

/** Its dtype. Since CANN 8.1. */
aclDataType acltdtGetDataTypeFromItem(const acltdtDataItem *dataItem);

/** Its data. Since CANN 8.1. */
void *acltdtGetDataAddrFromItem(const acltdtDataItem *dataItem);

/** The bytes of its data. Since CANN 8.1. */
size_t acltdtGetDataSizeFromItem(const acltdtDataItem *dataItem);

/** The number of its dims. Since CANN 8.1. */
size_t acltdtGetDimNumFromItem(const acltdtDataItem *dataItem);

/** Its dims, into an array that has room for `dimNum`. Since CANN 8.1. */
aclError acltdtGetDimsFromItem(const acltdtDataItem *dataItem, int64_t *dims, size_t dimNum);

/** Into how many pieces its tensor was cut, and which one it is. Since CANN 8.1. */
aclError acltdtGetSliceInfoFromItem(const acltdtDataItem *dataItem, size_t *sliceNum, size_t *sliceId);

/** An empty dataset. Since CANN 8.1. */
acltdtDataset *acltdtCreateDataset(void);

/** Destroys it, and the items that it received; those that were added stay. Since CANN 8.1. */
aclError acltdtDestroyDataset(acltdtDataset *dataset);

/** Adds an item. Since CANN 8.1. */
aclError acltdtAddDataItem(acltdtDataset *dataset, acltdtDataItem *dataItem);

/** The item at an index; null where there is none. Since CANN 8.1. */
acltdtDataItem *acltdtGetDataItem(const acltdtDataset *dataset, size_t index);

/** The number of items. Since CANN 8.1. */
size_t acltdtGetDatasetSize(const acltdtDataset *dataset);

/** The name that the sender gave it. Owned by the dataset. Since CANN 8.1. */
const char *acltdtGetDatasetName(const acltdtDataset *dataset);

/** A channel to or from operators of a device; null where that cannot be. Since CANN 8.1. */
acltdtChannelHandle *acltdtCreateChannel(uint32_t deviceId, const char *name);

/** A channel that holds up to `capacity` datasets, 2 to 8192; null where that cannot be. Since CANN 8.1. */
acltdtChannelHandle *acltdtCreateChannelWithCapacity(uint32_t deviceId, const char *name, size_t capacity);

/** Wakes who waits for a channel without a capacity. Since CANN 8.1. */
aclError acltdtStopChannel(acltdtChannelHandle *handle);

/** Destroys the channel. Since CANN 8.1. */
aclError acltdtDestroyChannel(acltdtChannelHandle *handle);

/** Drops what is in it. Since CANN 8.1. */
aclError acltdtCleanChannel(acltdtChannelHandle *handle);

/** Sends a copy of a dataset. While the channel is full: waits `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError acltdtSendTensor(const acltdtChannelHandle *handle, const acltdtDataset *dataset, int32_t timeout);

/** Receives a dataset. While the channel is empty: waits `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError acltdtReceiveTensor(const acltdtChannelHandle *handle, acltdtDataset *dataset, int32_t timeout);

/** The number of datasets in the channel. Since CANN 8.1. */
aclError acltdtQueryChannelSize(const acltdtChannelHandle *handle, size_t *size);

#ifdef __cplusplus
}
#endif

#endif

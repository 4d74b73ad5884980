/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_SCATTER_UPDATE_H
#define ASCEND_RL_ACLNNOP_ACLNN_SCATTER_UPDATE_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `data[b][..] = updates[b][..]` from `indices[b]` on along `axis`. Since CANN 8.1. */
aclnnStatus aclnnInplaceScatterUpdateGetWorkspaceSize(aclTensor *data, const aclTensor *indices,
    const aclTensor *updates, int64_t axis, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnInplaceScatterUpdateGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnInplaceScatterUpdate(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

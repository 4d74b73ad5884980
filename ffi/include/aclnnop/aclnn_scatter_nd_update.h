/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_SCATTER_ND_UPDATE_H
#define ASCEND_RL_ACLNNOP_ACLNN_SCATTER_ND_UPDATE_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `var[indices[i]] = updates[i]`; the last dim of `indices` counts the leading dims it picks. Since CANN 8.1. */
aclnnStatus aclnnScatterNdUpdateGetWorkspaceSize(aclTensor *varRef, const aclTensor *indices, const aclTensor *updates,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnScatterNdUpdateGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnScatterNdUpdate(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

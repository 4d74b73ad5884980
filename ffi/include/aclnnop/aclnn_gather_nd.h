/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GATHER_ND_H
#define ASCEND_RL_ACLNNOP_ACLNN_GATHER_ND_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The slices that vectors of indices name. Since CANN 8.1. */
aclnnStatus aclnnGatherNdGetWorkspaceSize(const aclTensor *self, const aclTensor *indices, bool negativeIndexSupport,
    aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGatherNdGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGatherNd(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

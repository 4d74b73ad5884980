/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_SPLIT_TENSOR_H
#define ASCEND_RL_ACLNNOP_ACLNN_SPLIT_TENSOR_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Pieces of `splitSections` along `dim`; the last may be shorter. Since CANN 8.1. */
aclnnStatus aclnnSplitTensorGetWorkspaceSize(const aclTensor *self, uint64_t splitSections, int64_t dim,
    aclTensorList *out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnSplitTensorGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnSplitTensor(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

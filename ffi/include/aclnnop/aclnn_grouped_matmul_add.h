/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_ADD_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_ADD_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `y += xᵀ @ weight` for each expert's tokens, in f32: gradients of experts' weights. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulAddGetWorkspaceSize(const aclTensor *x, const aclTensor *weight,
    const aclTensor *groupList, aclTensor *yRef, bool transposeX, bool transposeWeight, int64_t groupType,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulAddGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulAdd(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

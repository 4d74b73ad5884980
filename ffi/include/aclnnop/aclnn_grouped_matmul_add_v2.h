/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_ADD_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_ADD_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnGroupedMatmulAdd`, with counts or ends. Since CANN 8.5. */
aclnnStatus aclnnGroupedMatmulAddV2GetWorkspaceSize(const aclTensor *x, const aclTensor *weight,
    const aclTensor *groupList, aclTensor *yRef, bool transposeX, bool transposeWeight, int64_t groupType,
    int64_t groupListType, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulAddV2GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnGroupedMatmulAddV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

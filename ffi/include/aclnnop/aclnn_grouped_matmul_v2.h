/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnGroupedMatmul`, with the dim that is split. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulV2GetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight,
    const aclTensorList *bias, const aclTensorList *scale, const aclTensorList *offset,
    const aclTensorList *antiquantScale, const aclTensorList *antiquantOffset, const aclIntArray *groupList,
    int64_t splitItem, int64_t groupType, const aclTensorList *y, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_V3_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_V3_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnGroupedMatmulV2`, with `groupList` on the device. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulV3GetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight,
    const aclTensorList *bias, const aclTensorList *scale, const aclTensorList *offset,
    const aclTensorList *antiquantScale, const aclTensorList *antiquantOffset, const aclTensor *groupList,
    int64_t splitItem, int64_t groupType, const aclTensorList *y, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulV3GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulV3(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

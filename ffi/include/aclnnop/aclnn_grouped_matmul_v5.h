/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_V5_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_V5_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnGroupedMatmulV4`, with hints for tuning. Since CANN 8.5. */
aclnnStatus aclnnGroupedMatmulV5GetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight,
    const aclTensorList *bias, const aclTensorList *scale, const aclTensorList *offset,
    const aclTensorList *antiquantScale, const aclTensorList *antiquantOffset, const aclTensorList *perTokenScale,
    const aclTensor *groupList, const aclTensorList *activationInput, const aclTensorList *activationQuantScale,
    const aclTensorList *activationQuantOffset, int64_t splitItem, int64_t groupType, int64_t groupListType,
    int64_t actType, aclIntArray *tuningConfig, aclTensorList *out, aclTensorList *activationFeatureOut,
    aclTensorList *dynQuantScaleOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulV5GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnGroupedMatmulV5(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

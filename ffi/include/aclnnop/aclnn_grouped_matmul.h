/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A product for each expert; `groupList` is a host array of cumulative ends. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulGetWorkspaceSize(const aclTensorList *x, const aclTensorList *weight,
    const aclTensorList *bias, const aclTensorList *scale, const aclTensorList *offset,
    const aclTensorList *antiquantScale, const aclTensorList *antiquantOffset, const aclIntArray *groupList,
    int64_t splitItem, const aclTensorList *y, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmul(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_ALL_TO_ALL_ALL_GATHER_BATCH_MATMUL_H
#define ASCEND_RL_ACLNNOP_ACLNN_ALL_TO_ALL_ALL_GATHER_BATCH_MATMUL_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tokens to their experts, whose matrices are split over a second communicator. Since CANN 8.1. */
aclnnStatus aclnnAlltoAllAllGatherBatchMatMulGetWorkspaceSize(const aclTensor *x, const aclTensor *weight,
    const aclTensor *bias, const char *groupEp, const char *groupTp, int64_t epWorldSize, int64_t tpWorldSize,
    int64_t xShardType, int64_t actType, aclTensor *y1Out, aclTensor *y2Out, aclTensor *y3Out, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnAlltoAllAllGatherBatchMatMulGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnAlltoAllAllGatherBatchMatMul(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MAT_MUL_ALLTO_ALLV_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MAT_MUL_ALLTO_ALLV_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The way back of `aclnnAlltoAllvGroupedMatMul`. Since CANN 8.5. */
aclnnStatus aclnnGroupedMatMulAlltoAllvGetWorkspaceSize(const aclTensor *gmmX, const aclTensor *gmmWeight,
    const aclTensor *sendCountsTensor, const aclTensor *recvCountsTensor, const aclTensor *mmX,
    const aclTensor *mmWeight, const char *group, int64_t epWorldSize, const aclIntArray *sendCounts,
    const aclIntArray *recvCounts, bool transGmmWeight, bool transMmWeight, aclTensor *y, aclTensor *mmY,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatMulAlltoAllvGetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnGroupedMatMulAlltoAllv(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_ALLTO_ALLV_GROUPED_MAT_MUL_H
#define ASCEND_RL_ACLNNOP_ACLNN_ALLTO_ALLV_GROUPED_MAT_MUL_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tokens to the ranks of their experts, and the experts' products. Since CANN 8.5. */
aclnnStatus aclnnAlltoAllvGroupedMatMulGetWorkspaceSize(const aclTensor *gmmX, const aclTensor *gmmWeight,
    const aclTensor *sendCountsTensor, const aclTensor *recvCountsTensor, const aclTensor *mmX,
    const aclTensor *mmWeight, const char *group, int64_t epWorldSize, const aclIntArray *sendCounts,
    const aclIntArray *recvCounts, bool transGmmWeight, bool transMmWeight, bool permuteOutFlag, aclTensor *gmmY,
    aclTensor *mmY, aclTensor *permuteOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnAlltoAllvGroupedMatMulGetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnAlltoAllvGroupedMatMul(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_TOKEN_UNPERMUTE_GRAD_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_TOKEN_UNPERMUTE_GRAD_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gradients of `aclnnMoeTokenUnpermute`. Since CANN 8.1. */
aclnnStatus aclnnMoeTokenUnpermuteGradGetWorkspaceSize(const aclTensor *permutedTokens,
    const aclTensor *unpermutedTokensGrad, const aclTensor *sortedIndices, const aclTensor *probs, bool paddedMode,
    const aclIntArray *restoreShape, const aclTensor *permutedTokensGradOut, const aclTensor *probsGradOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMoeTokenUnpermuteGradGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnMoeTokenUnpermuteGrad(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_TOKEN_UNPERMUTE_WITH_ROUTING_MAP_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_TOKEN_UNPERMUTE_WITH_ROUTING_MAP_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Experts' rows back to their tokens, by the map. Since CANN 8.5. */
aclnnStatus aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize(const aclTensor *permutedTokens,
    const aclTensor *sortedIndices, const aclTensor *routingMap, const aclTensor *probs, bool paddedMode,
    const aclIntArray *restoreShape, aclTensor *unpermutedTokens, aclTensor *outIndex, aclTensor *permuteTokenId,
    aclTensor *permuteProbs, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnMoeTokenUnpermuteWithRoutingMap(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_DISTRIBUTE_COMBINE_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_DISTRIBUTE_COMBINE_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The same for `aclnnMoeDistributeDispatchV2`, with the caller's own shared expert. Since CANN 8.5. */
aclnnStatus aclnnMoeDistributeCombineV2GetWorkspaceSize(const aclTensor *expandX, const aclTensor *expertIds,
    const aclTensor *assistInfoForCombine, const aclTensor *epSendCounts, const aclTensor *expertScales,
    const aclTensor *tpSendCounts, const aclTensor *xActiveMask, const aclTensor *activationScale,
    const aclTensor *weightScale, const aclTensor *groupList, const aclTensor *expandScales,
    const aclTensor *sharedExpertX, const char *groupEp, int64_t epWorldSize, int64_t epRankId, int64_t moeExpertNum,
    const char *groupTp, int64_t tpWorldSize, int64_t tpRankId, int64_t expertShardType, int64_t sharedExpertNum,
    int64_t sharedExpertRankNum, int64_t globalBs, int64_t outDtype, int64_t commQuantMode, int64_t groupListType,
    const char *commAlg, aclTensor *xOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMoeDistributeCombineV2GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnMoeDistributeCombineV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

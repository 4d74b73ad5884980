/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_DISTRIBUTE_DISPATCH_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_DISTRIBUTE_DISPATCH_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnMoeDistributeDispatch`, with a mask, more shared experts, and where each row comes from. Since CANN 8.5. */
aclnnStatus aclnnMoeDistributeDispatchV2GetWorkspaceSize(const aclTensor *x, const aclTensor *expertIds,
    const aclTensor *scales, const aclTensor *xActiveMask, const aclTensor *expertScales, const char *groupEp,
    int64_t epWorldSize, int64_t epRankId, int64_t moeExpertNum, const char *groupTp, int64_t tpWorldSize,
    int64_t tpRankId, int64_t expertShardType, int64_t sharedExpertNum, int64_t sharedExpertRankNum, int64_t quantMode,
    int64_t globalBs, int64_t expertTokenNumsType, const char *commAlg, aclTensor *expandXOut,
    aclTensor *dynamicScalesOut, aclTensor *assistInfoForCombineOut, aclTensor *expertTokenNumsOut,
    aclTensor *epRecvCountsOut, aclTensor *tpRecvCountsOut, aclTensor *expandScalesOut, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnMoeDistributeDispatchV2GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnMoeDistributeDispatchV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

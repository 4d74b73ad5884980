/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_DISTRIBUTE_DISPATCH_V3_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_DISTRIBUTE_DISPATCH_V3_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnMoeDistributeDispatchV2`, with experts that are no rank's, and ranks left out. Since CANN 8.5. */
aclnnStatus aclnnMoeDistributeDispatchV3GetWorkspaceSize(const aclTensor *x, const aclTensor *expertIds,
    const aclTensor *scales, const aclTensor *xActiveMask, const aclTensor *expertScales, const aclTensor *elasticInfo,
    const char *groupEp, int64_t epWorldSize, int64_t epRankId, int64_t moeExpertNum, const char *groupTp,
    int64_t tpWorldSize, int64_t tpRankId, int64_t expertShardType, int64_t sharedExpertNum,
    int64_t sharedExpertRankNum, int64_t quantMode, int64_t globalBs, int64_t expertTokenNumsType, const char *commAlg,
    int64_t zeroExpertNum, int64_t copyExpertNum, int64_t constExpertNum, aclTensor *expandXOut,
    aclTensor *dynamicScalesOut, aclTensor *assistInfoForCombineOut, aclTensor *expertTokenNumsOut,
    aclTensor *epRecvCountsOut, aclTensor *tpRecvCountsOut, aclTensor *expandScalesOut, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnMoeDistributeDispatchV3GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnMoeDistributeDispatchV3(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

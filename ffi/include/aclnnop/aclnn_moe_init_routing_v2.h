/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_INIT_ROUTING_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_INIT_ROUTING_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tokens in the order of their experts; dropless, or padded to a capacity. Since CANN 8.1. */
aclnnStatus aclnnMoeInitRoutingV2GetWorkspaceSize(const aclTensor *x, const aclTensor *expertIdx, int64_t activeNum,
    int64_t expertCapacity, int64_t expertNum, int64_t dropPadMode, int64_t expertTokensCountOrCumsumFlag,
    bool expertTokensBeforeCapacityFlag, const aclTensor *expandedXOut, const aclTensor *expandedRowIdxOut,
    const aclTensor *expertTokensCountOrCumsumOut, const aclTensor *expertTokensBeforeCapacityOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMoeInitRoutingV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnMoeInitRoutingV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

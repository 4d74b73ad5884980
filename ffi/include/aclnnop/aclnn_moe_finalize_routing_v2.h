/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_FINALIZE_ROUTING_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_FINALIZE_ROUTING_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnMoeFinalizeRouting`; `dropPadMode` says how rows lie. Since CANN 8.1. */
aclnnStatus aclnnMoeFinalizeRoutingV2GetWorkspaceSize(const aclTensor *expandedX, const aclTensor *expandedRowIdx,
    const aclTensor *x1, const aclTensor *x2, const aclTensor *bias, const aclTensor *scales,
    const aclTensor *expertIdx, int64_t dropPadMode, const aclTensor *out, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnMoeFinalizeRoutingV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnMoeFinalizeRoutingV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_FINALIZE_ROUTING_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_FINALIZE_ROUTING_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Experts' rows added up for each token, with residuals and biases; rows column-major. Since CANN 8.1. */
aclnnStatus aclnnMoeFinalizeRoutingGetWorkspaceSize(const aclTensor *expandedX, const aclTensor *x1,
    const aclTensor *x2, const aclTensor *bias, const aclTensor *scales, const aclTensor *expandedRowIdx,
    const aclTensor *expandedExpertIdx, const aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMoeFinalizeRoutingGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnMoeFinalizeRouting(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

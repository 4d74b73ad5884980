/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MISH_BACKWARD_H
#define ASCEND_RL_ACLNNOP_ACLNN_MISH_BACKWARD_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gradient of `aclnnMish`. Since CANN 8.1. */
aclnnStatus aclnnMishBackwardGetWorkspaceSize(const aclTensor *gradOutput, const aclTensor *self, aclTensor *gradInput,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMishBackwardGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnMishBackward(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

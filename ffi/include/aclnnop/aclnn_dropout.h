/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_DROPOUT_H
#define ASCEND_RL_ACLNNOP_ACLNN_DROPOUT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zeros with probability `p`, the rest divided by `1 - p`, and the mask, a bit an element. Since CANN 8.1. */
aclnnStatus aclnnDropoutGetWorkspaceSize(const aclTensor *input, double p, bool train, int64_t seed, int64_t offset,
    aclTensor *out, aclTensor *maskOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnDropoutGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnDropout(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_AMINMAX_ALL_H
#define ASCEND_RL_ACLNNOP_ACLNN_AMINMAX_ALL_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The same of all elements. Since CANN 8.1. */
aclnnStatus aclnnAminmaxAllGetWorkspaceSize(const aclTensor *self, aclTensor *minOut, aclTensor *maxOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnAminmaxAllGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnAminmaxAll(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

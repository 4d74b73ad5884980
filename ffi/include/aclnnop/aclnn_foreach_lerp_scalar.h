/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FOREACH_LERP_SCALAR_H
#define ASCEND_RL_ACLNNOP_ACLNN_FOREACH_LERP_SCALAR_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `out = x1 + weight*(x2 - x1)` of each. Since CANN 8.1. */
aclnnStatus aclnnForeachLerpScalarGetWorkspaceSize(const aclTensorList *x1, const aclTensorList *x2,
    const aclScalar *weight, const aclTensorList *out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnForeachLerpScalarGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnForeachLerpScalar(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

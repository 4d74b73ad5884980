/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_ONE_HOT_H
#define ASCEND_RL_ACLNNOP_ACLNN_ONE_HOT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `onValue` in the place that `self` names along a new `axis`, else `offValue`. Since CANN 8.1. */
aclnnStatus aclnnOneHotGetWorkspaceSize(const aclTensor *self, int32_t numClasses, const aclTensor *onValue,
    const aclTensor *offValue, int64_t axis, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnOneHotGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnOneHot(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

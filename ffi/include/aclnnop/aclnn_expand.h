/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_EXPAND_H
#define ASCEND_RL_ACLNNOP_ACLNN_EXPAND_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `self` repeated to `size`, which it broadcasts to; -1 keeps a dim. Since CANN 8.1. */
aclnnStatus aclnnExpandGetWorkspaceSize(const aclTensor *self, const aclIntArray *size, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnExpandGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnExpand(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_REPEAT_H
#define ASCEND_RL_ACLNNOP_ACLNN_REPEAT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The whole repeated along each dim. Since CANN 8.1. */
aclnnStatus aclnnRepeatGetWorkspaceSize(const aclTensor *self, const aclIntArray *repeats, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnRepeatGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnRepeat(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

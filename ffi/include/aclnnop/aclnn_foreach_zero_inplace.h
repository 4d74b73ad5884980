/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FOREACH_ZERO_INPLACE_H
#define ASCEND_RL_ACLNNOP_ACLNN_FOREACH_ZERO_INPLACE_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zeros in each. Since CANN 8.1. */
aclnnStatus aclnnForeachZeroInplaceGetWorkspaceSize(const aclTensorList *x, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnForeachZeroInplaceGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnForeachZeroInplace(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FOREACH_DIV_LIST_H
#define ASCEND_RL_ACLNNOP_ACLNN_FOREACH_DIV_LIST_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `x1 / x2` of each. Since CANN 8.1. */
aclnnStatus aclnnForeachDivListGetWorkspaceSize(const aclTensorList *x1, const aclTensorList *x2, aclTensorList *out,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnForeachDivListGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnForeachDivList(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

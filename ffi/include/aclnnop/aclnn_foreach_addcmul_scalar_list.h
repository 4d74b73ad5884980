/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FOREACH_ADDCMUL_SCALAR_LIST_H
#define ASCEND_RL_ACLNNOP_ACLNN_FOREACH_ADDCMUL_SCALAR_LIST_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The same. Since CANN 8.1. */
aclnnStatus aclnnForeachAddcmulScalarListGetWorkspaceSize(const aclTensorList *x1, const aclTensorList *x2,
    const aclTensorList *x3, const aclTensor *scalars, const aclTensorList *out, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnForeachAddcmulScalarListGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnForeachAddcmulScalarList(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

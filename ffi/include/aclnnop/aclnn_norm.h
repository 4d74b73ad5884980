/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_NORM_H
#define ASCEND_RL_ACLNNOP_ACLNN_NORM_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The norm of order `p` over `dim`, in the own dtype. Since CANN 8.1. */
aclnnStatus aclnnNormGetWorkspaceSize(const aclTensor *self, const aclScalar *pScalar, const aclIntArray *dim,
    bool keepdim, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnNormGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnNorm(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

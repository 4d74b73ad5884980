/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_CLAMP_MAX_TENSOR_H
#define ASCEND_RL_ACLNNOP_ACLNN_CLAMP_MAX_TENSOR_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `self` no larger than a tensor. Since CANN 8.1. */
aclnnStatus aclnnClampMaxTensorGetWorkspaceSize(const aclTensor *self, const aclTensor *max, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnClampMaxTensorGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnClampMaxTensor(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

/** `self` no larger than a tensor. Since CANN 8.1. */
aclnnStatus aclnnInplaceClampMaxTensorGetWorkspaceSize(aclTensor *selfRef, const aclTensor *max,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnInplaceClampMaxTensorGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnInplaceClampMaxTensor(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

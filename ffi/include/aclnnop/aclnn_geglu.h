/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GEGLU_H
#define ASCEND_RL_ACLNNOP_ACLNN_GEGLU_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** GELU of one half of `self` along `dim`, times the other; `activateLeft` says which. `outGelu` is the first factor. Since CANN 8.1. */
aclnnStatus aclnnGeGluV3GetWorkspaceSize(const aclTensor *self, int64_t dim, int64_t approximate, bool activateLeft,
    aclTensor *out, aclTensor *outGelu, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGeGluV3GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGeGluV3(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

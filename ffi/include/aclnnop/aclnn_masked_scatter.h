/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MASKED_SCATTER_H
#define ASCEND_RL_ACLNNOP_ACLNN_MASKED_SCATTER_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Elements one after the other in the places that a mask names. Since CANN 8.1. */
aclnnStatus aclnnInplaceMaskedScatterGetWorkspaceSize(aclTensor *selfRef, const aclTensor *mask,
    const aclTensor *source, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnInplaceMaskedScatterGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnInplaceMaskedScatter(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

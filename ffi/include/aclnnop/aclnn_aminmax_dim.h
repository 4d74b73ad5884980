/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_AMINMAX_DIM_H
#define ASCEND_RL_ACLNNOP_ACLNN_AMINMAX_DIM_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The same along one dim. Since CANN 8.1. */
aclnnStatus aclnnAminmaxDimGetWorkspaceSize(const aclTensor *self, int64_t dim, bool keepDim, aclTensor *minOut,
    aclTensor *maxOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnAminmaxDimGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnAminmaxDim(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_ROTARY_POSITION_EMBEDDING_GRAD_H
#define ASCEND_RL_ACLNNOP_ACLNN_ROTARY_POSITION_EMBEDDING_GRAD_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gradients of `aclnnRotaryPositionEmbedding`; of the tables only where `x` is given. Since CANN 8.5. */
aclnnStatus aclnnRotaryPositionEmbeddingGradGetWorkspaceSize(const aclTensor *dy, const aclTensor *cos,
    const aclTensor *sin, const aclTensor *x, int64_t mode, const aclTensor *dxOut, const aclTensor *dcosOut,
    const aclTensor *dsinOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnRotaryPositionEmbeddingGradGetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnRotaryPositionEmbeddingGrad(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

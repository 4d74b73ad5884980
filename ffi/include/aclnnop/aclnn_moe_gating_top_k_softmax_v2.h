/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_MOE_GATING_TOP_K_SOFTMAX_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_MOE_GATING_TOP_K_SOFTMAX_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnMoeGatingTopKSoftmax`; `renorm` 1 takes the softmax of the largest `k` alone. Since CANN 8.1. */
aclnnStatus aclnnMoeGatingTopKSoftmaxV2GetWorkspaceSize(const aclTensor *x, const aclTensor *finished, int64_t k,
    int64_t renorm, bool outputSoftmaxResultFlag, const aclTensor *yOut, const aclTensor *expertIdxOut,
    const aclTensor *softmaxResultOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnMoeGatingTopKSoftmaxV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnMoeGatingTopKSoftmaxV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

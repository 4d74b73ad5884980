/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_ADD_RMS_NORM_QUANT_H
#define ASCEND_RL_ACLNNOP_ACLNN_ADD_RMS_NORM_QUANT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `aclnnAddRmsNorm`, quantised by given scales. Since CANN 8.1. */
aclnnStatus aclnnAddRmsNormQuantGetWorkspaceSize(const aclTensor *x1, const aclTensor *x2, const aclTensor *gamma,
    const aclTensor *scales1, const aclTensor *scales2, const aclTensor *zeroPoints1, const aclTensor *zeroPoints2,
    int64_t axis, double epsilon, bool divMode, const aclTensor *y1Out, const aclTensor *y2Out, const aclTensor *xOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnAddRmsNormQuantGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnAddRmsNormQuant(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

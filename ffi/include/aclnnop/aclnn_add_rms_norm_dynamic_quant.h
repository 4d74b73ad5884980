/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_ADD_RMS_NORM_DYNAMIC_QUANT_H
#define ASCEND_RL_ACLNNOP_ACLNN_ADD_RMS_NORM_DYNAMIC_QUANT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `aclnnAddRmsNorm`, quantised by a scale for each row. Since CANN 8.1. */
aclnnStatus aclnnAddRmsNormDynamicQuantGetWorkspaceSize(const aclTensor *x1, const aclTensor *x2,
    const aclTensor *gamma, const aclTensor *smoothScale1, const aclTensor *smoothScale2, double epsilon,
    const aclTensor *y1Out, const aclTensor *y2Out, const aclTensor *xOut, const aclTensor *scale1Out,
    const aclTensor *scale2Out, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnAddRmsNormDynamicQuantGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnAddRmsNormDynamicQuant(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_DYNAMIC_QUANT_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_DYNAMIC_QUANT_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** int8 with a scale (and an offset) for each row; smoothing by group. Since CANN 8.1. */
aclnnStatus aclnnDynamicQuantV2GetWorkspaceSize(const aclTensor *x, const aclTensor *smoothScales,
    const aclTensor *groupIndex, int64_t dstType, const aclTensor *yOut, const aclTensor *scaleOut,
    const aclTensor *offsetOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnDynamicQuantV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnDynamicQuantV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_SCORE_GRAD_V3_H
#define ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_SCORE_GRAD_V3_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gradients of `aclnnFlashAttentionScoreV3`. Since CANN 9.0. */
aclnnStatus aclnnFlashAttentionScoreGradV3GetWorkspaceSize(const aclTensor *query, const aclTensor *keyIn,
    const aclTensor *value, const aclTensor *dy, const aclTensor *pseShift, const aclTensor *dropMask,
    const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *softmaxMax, const aclTensor *softmaxSum,
    const aclTensor *softmaxIn, const aclTensor *attentionIn, const aclTensor *sinkIn, const aclIntArray *prefix,
    const aclIntArray *qStartIdx, const aclIntArray *kvStartIdx, double scaleValue, double keepProb, int64_t preTokens,
    int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, int64_t pseType,
    const aclTensor *dqOut, const aclTensor *dkOut, const aclTensor *dvOut, const aclTensor *dpseOut,
    const aclTensor *dsinkOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionScoreGradV3GetWorkspaceSize`. Since CANN 9.0. */
aclnnStatus aclnnFlashAttentionScoreGradV3(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

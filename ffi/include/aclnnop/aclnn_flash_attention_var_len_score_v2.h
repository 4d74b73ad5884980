/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_VAR_LEN_SCORE_V2_H
#define ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_VAR_LEN_SCORE_V2_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnFlashAttentionVarLenScore`, with the kind of position shift and its origins. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionVarLenScoreV2GetWorkspaceSize(const aclTensor *query, const aclTensor *key,
    const aclTensor *value, const aclTensor *realShift, const aclTensor *dropMask, const aclTensor *paddingMask,
    const aclTensor *attenMask, const aclIntArray *prefix, const aclIntArray *actualSeqQLen,
    const aclIntArray *actualSeqKvLen, const aclIntArray *qStartIdx, const aclIntArray *kvStartIdx, double scaleValue,
    double keepProb, int64_t preTokens, int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise,
    int64_t sparseMode, int64_t pseType, const aclTensor *softmaxMaxOut, const aclTensor *softmaxSumOut,
    const aclTensor *softmaxOutOut, const aclTensor *attentionOutOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionVarLenScoreV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionVarLenScoreV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

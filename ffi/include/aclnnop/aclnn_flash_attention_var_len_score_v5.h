/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_VAR_LEN_SCORE_V5_H
#define ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_VAR_LEN_SCORE_V5_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As `aclnnFlashAttentionVarLenScoreV3`, with a sink for each head and the order of the statistics. Since CANN 9.0. */
aclnnStatus aclnnFlashAttentionVarLenScoreV5GetWorkspaceSize(const aclTensor *query, const aclTensor *queryRope,
    const aclTensor *key, const aclTensor *keyRope, const aclTensor *value, const aclTensor *realShift,
    const aclTensor *dropMask, const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *sink,
    const aclIntArray *prefix, const aclIntArray *actualSeqQLen, const aclIntArray *actualSeqKvLen,
    const aclIntArray *qStartIdx, const aclIntArray *kvStartIdx, double scaleValue, double keepProb, int64_t preTokens,
    int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, int64_t pseType,
    char *softmaxOutLayout, const aclTensor *softmaxMaxOut, const aclTensor *softmaxSumOut,
    const aclTensor *softmaxOutOut, const aclTensor *attentionOutOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionVarLenScoreV5GetWorkspaceSize`. Since CANN 9.0. */
aclnnStatus aclnnFlashAttentionVarLenScoreV5(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

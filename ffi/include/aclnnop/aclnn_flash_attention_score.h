/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_SCORE_H
#define ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_SCORE_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Training attention over packed sequences (layout "TND"); `actual_seq_*` are cumulative ends. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionVarLenScoreGetWorkspaceSize(const aclTensor *query, const aclTensor *key,
    const aclTensor *value, const aclTensor *realShift, const aclTensor *dropMask, const aclTensor *paddingMask,
    const aclTensor *attenMask, const aclIntArray *prefix, const aclIntArray *actualSeqQLen,
    const aclIntArray *actualSeqKvLen, double scaleValue, double keepProb, int64_t preTokens, int64_t nextTokens,
    int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, const aclTensor *softmaxMaxOut,
    const aclTensor *softmaxSumOut, const aclTensor *softmaxOutOut, const aclTensor *attentionOutOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionVarLenScoreGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionVarLenScore(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** Training attention over batches of equally long sequences; layout "BSH", "SBH", "BSND" or "BNSD". Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreGetWorkspaceSize(const aclTensor *query, const aclTensor *key,
    const aclTensor *value, const aclTensor *realShift, const aclTensor *dropMask, const aclTensor *paddingMask,
    const aclTensor *attenMask, const aclIntArray *prefix, double scaleValue, double keepProb, int64_t preTokens,
    int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode,
    const aclTensor *softmaxMaxOut, const aclTensor *softmaxSumOut, const aclTensor *softmaxOutOut,
    const aclTensor *attentionOutOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionScoreGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScore(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** As `aclnnFlashAttentionScore`, with the kind of position shift and its origins. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreV2GetWorkspaceSize(const aclTensor *query, const aclTensor *key,
    const aclTensor *value, const aclTensor *realShift, const aclTensor *dropMask, const aclTensor *paddingMask,
    const aclTensor *attenMask, const aclIntArray *prefix, const aclIntArray *qStartIdx, const aclIntArray *kvStartIdx,
    double scaleValue, double keepProb, int64_t preTokens, int64_t nextTokens, int64_t headNum, char *inputLayout,
    int64_t innerPrecise, int64_t sparseMode, int64_t pseType, const aclTensor *softmaxMaxOut,
    const aclTensor *softmaxSumOut, const aclTensor *softmaxOutOut, const aclTensor *attentionOutOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionScoreV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

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

/** As V2, with rotary parts of query and key apart. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionVarLenScoreV3GetWorkspaceSize(const aclTensor *query, const aclTensor *queryRope,
    const aclTensor *key, const aclTensor *keyRope, const aclTensor *value, const aclTensor *realShift,
    const aclTensor *dropMask, const aclTensor *paddingMask, const aclTensor *attenMask, const aclIntArray *prefix,
    const aclIntArray *actualSeqQLen, const aclIntArray *actualSeqKvLen, const aclIntArray *qStartIdx,
    const aclIntArray *kvStartIdx, double scaleValue, double keepProb, int64_t preTokens, int64_t nextTokens,
    int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, int64_t pseType,
    const aclTensor *softmaxMaxOut, const aclTensor *softmaxSumOut, const aclTensor *softmaxOutOut,
    const aclTensor *attentionOutOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionVarLenScoreV3GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionVarLenScoreV3(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** As the first version, with the order of the statistics: "" or "same_as_input". Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionVarLenScoreV4GetWorkspaceSize(const aclTensor *query, const aclTensor *key,
    const aclTensor *value, const aclTensor *realShift, const aclTensor *dropMask, const aclTensor *paddingMask,
    const aclTensor *attenMask, const aclIntArray *prefix, const aclIntArray *actualSeqQLen,
    const aclIntArray *actualSeqKvLen, double scaleValue, double keepProb, int64_t preTokens, int64_t nextTokens,
    int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, char *softmaxOutLayout,
    const aclTensor *softmaxMaxOut, const aclTensor *softmaxSumOut, const aclTensor *softmaxOutOut,
    const aclTensor *attentionOutOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionVarLenScoreV4GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionVarLenScoreV4(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

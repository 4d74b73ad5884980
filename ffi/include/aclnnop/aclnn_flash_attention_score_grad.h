/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_SCORE_GRAD_H
#define ASCEND_RL_ACLNNOP_ACLNN_FLASH_ATTENTION_SCORE_GRAD_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Gradients of `aclnnFlashAttentionVarLenScore`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize(const aclTensor *query, const aclTensor *keyIn,
    const aclTensor *value, const aclTensor *dy, const aclTensor *pseShift, const aclTensor *dropMask,
    const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *softmaxMax, const aclTensor *softmaxSum,
    const aclTensor *softmaxIn, const aclTensor *attentionIn, const aclIntArray *prefix,
    const aclIntArray *actualSeqQLen, const aclIntArray *actualSeqKvLen, double scaleValue, double keepProb,
    int64_t preTokens, int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise,
    int64_t sparseMode, const aclTensor *dqOut, const aclTensor *dkOut, const aclTensor *dvOut,
    const aclTensor *dpseOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGrad(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** Gradients of `aclnnFlashAttentionScore`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreGradGetWorkspaceSize(const aclTensor *query, const aclTensor *keyIn,
    const aclTensor *value, const aclTensor *dy, const aclTensor *pseShift, const aclTensor *dropMask,
    const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *softmaxMax, const aclTensor *softmaxSum,
    const aclTensor *softmaxIn, const aclTensor *attentionIn, const aclIntArray *prefix, double scaleValue,
    double keepProb, int64_t preTokens, int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise,
    int64_t sparseMode, const aclTensor *dqOut, const aclTensor *dkOut, const aclTensor *dvOut,
    const aclTensor *dpseOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionScoreGradGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreGrad(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** Gradients of `aclnnFlashAttentionScoreV2`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreGradV2GetWorkspaceSize(const aclTensor *query, const aclTensor *keyIn,
    const aclTensor *value, const aclTensor *dy, const aclTensor *pseShift, const aclTensor *dropMask,
    const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *softmaxMax, const aclTensor *softmaxSum,
    const aclTensor *softmaxIn, const aclTensor *attentionIn, const aclIntArray *prefix, const aclIntArray *qStartIdx,
    const aclIntArray *kvStartIdx, double scaleValue, double keepProb, int64_t preTokens, int64_t nextTokens,
    int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, int64_t pseType,
    const aclTensor *dqOut, const aclTensor *dkOut, const aclTensor *dvOut, const aclTensor *dpseOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionScoreGradV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionScoreGradV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** Gradients of `aclnnFlashAttentionVarLenScoreV2`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradV2GetWorkspaceSize(const aclTensor *query, const aclTensor *keyIn,
    const aclTensor *value, const aclTensor *dy, const aclTensor *pseShift, const aclTensor *dropMask,
    const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *softmaxMax, const aclTensor *softmaxSum,
    const aclTensor *softmaxIn, const aclTensor *attentionIn, const aclIntArray *prefix,
    const aclIntArray *actualSeqQLen, const aclIntArray *actualSeqKvLen, const aclIntArray *qStartIdx,
    const aclIntArray *kvStartIdx, double scaleValue, double keepProb, int64_t preTokens, int64_t nextTokens,
    int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, int64_t pseType,
    const aclTensor *dqOut, const aclTensor *dkOut, const aclTensor *dvOut, const aclTensor *dpseOut,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionUnpaddingScoreGradV2GetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradV2(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** Gradients of `aclnnFlashAttentionVarLenScoreV3`. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradV3GetWorkspaceSize(const aclTensor *query, const aclTensor *queryRope,
    const aclTensor *keyIn, const aclTensor *keyInRope, const aclTensor *value, const aclTensor *dy,
    const aclTensor *pseShift, const aclTensor *dropMask, const aclTensor *paddingMask, const aclTensor *attenMask,
    const aclTensor *softmaxMax, const aclTensor *softmaxSum, const aclTensor *softmaxIn, const aclTensor *attentionIn,
    const aclIntArray *prefix, const aclIntArray *actualSeqQLen, const aclIntArray *actualSeqKvLen,
    const aclIntArray *qStartIdx, const aclIntArray *kvStartIdx, double scaleValue, double keepProb, int64_t preTokens,
    int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise, int64_t sparseMode, int64_t pseType,
    const aclTensor *dqOut, const aclTensor *dqRopeOut, const aclTensor *dkOut, const aclTensor *dkRopeOut,
    const aclTensor *dvOut, const aclTensor *dpseOut, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionUnpaddingScoreGradV3GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradV3(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

/** Gradients of `aclnnFlashAttentionVarLenScoreV4`; the order of the statistics comes last. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradV4GetWorkspaceSize(const aclTensor *query, const aclTensor *keyIn,
    const aclTensor *value, const aclTensor *dy, const aclTensor *pseShift, const aclTensor *dropMask,
    const aclTensor *paddingMask, const aclTensor *attenMask, const aclTensor *softmaxMax, const aclTensor *softmaxSum,
    const aclTensor *softmaxIn, const aclTensor *attentionIn, const aclIntArray *prefix,
    const aclIntArray *actualSeqQLen, const aclIntArray *actualSeqKvLen, double scaleValue, double keepProb,
    int64_t preTokens, int64_t nextTokens, int64_t headNum, char *inputLayout, int64_t innerPrecise,
    int64_t sparseMode, const aclTensor *dqOut, const aclTensor *dkOut, const aclTensor *dvOut,
    const aclTensor *dpseOut, char *softmaxInLayout, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnFlashAttentionUnpaddingScoreGradV4GetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnFlashAttentionUnpaddingScoreGradV4(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

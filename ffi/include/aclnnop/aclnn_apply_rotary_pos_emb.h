/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_APPLY_ROTARY_POS_EMB_H
#define ASCEND_RL_ACLNNOP_ACLNN_APPLY_ROTARY_POS_EMB_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Rotary embedding of queries and keys in place, layout BSND. Since CANN 8.1. */
aclnnStatus aclnnApplyRotaryPosEmbGetWorkspaceSize(aclTensor *queryRef, aclTensor *keyRef, const aclTensor *cos,
    const aclTensor *sin, int64_t layout, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnApplyRotaryPosEmbGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnApplyRotaryPosEmb(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

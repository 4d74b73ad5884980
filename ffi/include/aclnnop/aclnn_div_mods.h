/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_DIV_MODS_H
#define ASCEND_RL_ACLNNOP_ACLNN_DIV_MODS_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `out = self / scalar`, rounded by mode: 0 not, 1 towards 0, 2 down. Since CANN 8.1. */
aclnnStatus aclnnDivModsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, int32_t mode, aclTensor *out,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnDivModsGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnDivMods(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

/** `self /= scalar`, rounded by mode. Since CANN 8.1. */
aclnnStatus aclnnInplaceDivModsGetWorkspaceSize(aclTensor *selfRef, const aclScalar *other, int32_t mode,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnInplaceDivModsGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnInplaceDivMods(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

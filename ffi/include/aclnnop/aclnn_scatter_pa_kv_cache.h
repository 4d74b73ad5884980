/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_SCATTER_PA_KV_CACHE_H
#define ASCEND_RL_ACLNNOP_ACLNN_SCATTER_PA_KV_CACHE_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** New keys and values to their slots of a paged cache. Since CANN 8.5. */
aclnnStatus aclnnScatterPaKvCacheGetWorkspaceSize(const aclTensor *key, aclTensor *keyCacheRef,
    const aclTensor *slotMapping, const aclTensor *value, aclTensor *valueCacheRef, const aclTensor *compressLens,
    const aclTensor *compressSeqOffset, const aclTensor *seqLens, char *cacheMode, char *scatterMode,
    const aclIntArray *strides, const aclIntArray *offsets, uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnScatterPaKvCacheGetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnScatterPaKvCache(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

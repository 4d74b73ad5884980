/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_NPU_FORMAT_CAST_H
#define ASCEND_RL_ACLNNOP_ACLNN_NPU_FORMAT_CAST_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A tensor in another format, FRACTAL_NZ or back. Since CANN 8.5. */
aclnnStatus aclnnNpuFormatCastGetWorkspaceSize(const aclTensor *srcTensor, aclTensor *dstTensor,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnNpuFormatCastGetWorkspaceSize`. Since CANN 8.5. */
aclnnStatus aclnnNpuFormatCast(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

/** Storage dims and format that `aclnnNpuFormatCast` gives a tensor; the caller frees the dims. `additionalDtype` of -1: its own. Since CANN 8.5. */
aclnnStatus aclnnNpuFormatCastCalculateSizeAndFormat(const aclTensor *srcTensor, int32_t dstFormat,
    int32_t additionalDtype, int64_t **dstShape, uint64_t *dstShapeSize, int32_t *actualFormat);

#ifdef __cplusplus
}
#endif

#endif

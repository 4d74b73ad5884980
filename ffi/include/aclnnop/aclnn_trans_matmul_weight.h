/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_TRANS_MATMUL_WEIGHT_H
#define ASCEND_RL_ACLNNOP_ACLNN_TRANS_MATMUL_WEIGHT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A weight to FRACTAL_NZ, in place: its memory must have the room that `aclnnCalculateMatmulWeightSize` says. Since CANN 8.1. */
aclnnStatus aclnnTransMatmulWeightGetWorkspaceSize(aclTensor *mmWeightRef, uint64_t *workspaceSize,
    aclOpExecutor **executor);

/** Phase two of `aclnnTransMatmulWeightGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnTransMatmulWeight(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);

/** Elements of a weight of this shape, f16 or bf16, in FRACTAL_NZ. Since CANN 8.1. */
aclnnStatus aclnnCalculateMatmulWeightSize(const aclIntArray *tensorShape, uint64_t *weightTensorSize);

/** The same of a dtype: int8 has wider fractals. Since CANN 8.1. */
aclnnStatus aclnnCalculateMatmulWeightSizeV2(const aclIntArray *tensorShape, aclDataType dataType,
    uint64_t *weightTensorSize);

#ifdef __cplusplus
}
#endif

#endif

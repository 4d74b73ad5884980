/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Operators: what phase one takes, and phase two. */
#ifndef ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_SWIGLU_QUANT_H
#define ASCEND_RL_ACLNNOP_ACLNN_GROUPED_MATMUL_SWIGLU_QUANT_H

#include "aclnn/aclnn_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An int8 product for each expert, gated and quantised again. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulSwigluQuantGetWorkspaceSize(const aclTensor *x, const aclTensor *weight,
    const aclTensor *bias, const aclTensor *offset, const aclTensor *weightScale, const aclTensor *xScale,
    const aclTensor *groupList, aclTensor *output, aclTensor *outputScale, aclTensor *outputOffset,
    uint64_t *workspaceSize, aclOpExecutor **executor);

/** Phase two of `aclnnGroupedMatmulSwigluQuantGetWorkspaceSize`. Since CANN 8.1. */
aclnnStatus aclnnGroupedMatmulSwigluQuant(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

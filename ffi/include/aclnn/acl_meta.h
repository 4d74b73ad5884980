/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Descriptors of the operator library: libnnopbase.so. */
#ifndef ASCEND_RL_ACLNN_ACL_META_H
#define ASCEND_RL_ACLNN_ACL_META_H

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `aclnnStatus`: 0 or one of the error numbers. */
typedef int32_t aclnnStatus;

/** A planned operator, made by phase one and consumed by phase two. */
typedef struct aclOpExecutor aclOpExecutor;

/** A tensor descriptor: dtype, view shape, strides, storage and device address. */
typedef struct aclTensor aclTensor;

/** A host scalar with a dtype. */
typedef struct aclScalar aclScalar;

/** A host array of `int64_t`. */
typedef struct aclIntArray aclIntArray;

/** A list of tensor descriptors, which it owns. */
typedef struct aclTensorList aclTensorList;

enum {
    ACLNN_ERR_PARAM_NULLPTR = 161001,
    ACLNN_ERR_PARAM_INVALID = 161002,
    ACLNN_ERR_RUNTIME_ERROR = 361001,
    ACLNN_ERR_INNER = 561000,
    ACLNN_ERR_INNER_INFERSHAPE_ERROR = 561001,
    ACLNN_ERR_INNER_TILING_ERROR = 561002,
    ACLNN_ERR_INNER_FIND_KERNEL_ERROR = 561003,
    ACLNN_ERR_INNER_CREATE_EXECUTOR = 561101,
    ACLNN_ERR_INNER_NOT_TRANS_EXECUTOR = 561102,
    ACLNN_ERR_INNER_NULLPTR = 561103,
    ACLNN_ERR_INNER_WRONG_ATTR_INFO_SIZE = 561104,
    ACLNN_ERR_INNER_KEY_CONFLICT = 561105,
    ACLNN_ERR_INNER_INVALID_IMPL_MODE = 561106,
    ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND = 561107,
    ACLNN_ERR_INNER_LOAD_JSON_FAILED = 561108,
    ACLNN_ERR_INNER_JSON_VALUE_NOT_FOUND = 561109,
    ACLNN_ERR_INNER_JSON_FORMAT_INVALID = 561110,
    ACLNN_ERR_INNER_JSON_DTYPE_INVALID = 561111,
    ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND = 561112,
    ACLNN_ERR_INNER_OP_FILE_INVALID = 561113,
    ACLNN_ERR_INNER_ATTR_NUM_OUT_OF_BOUND = 561114,
    ACLNN_ERR_INNER_ATTR_LEN_NOT_ENOUGH = 561115,
    ACLNN_ERR_INNER_INPUT_NUM_IN_JSON_TOO_LARGE = 561116,
    ACLNN_ERR_INNER_INPUT_JSON_IS_NULL = 561117,
    ACLNN_ERR_INNER_STATIC_WORKSPACE_INVALID = 561118,
    ACLNN_ERR_INNER_STATIC_BLOCK_DIM_INVALID = 561119,
};

/** Describes a tensor. Dims and strides are copied; `offset` is in elements; null strides mean contiguous. Since CANN 8.1. */
aclTensor *aclCreateTensor(const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType, const int64_t *stride,
    int64_t offset, aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum, void *tensorData);

/** Destroys a descriptor, not the memory it points to. Since CANN 8.1. */
aclnnStatus aclDestroyTensor(const aclTensor *tensor);

/** A scalar; the value is copied. Since CANN 8.1. */
aclScalar *aclCreateScalar(void *value, aclDataType dataType);

/** Destroys a scalar. Since CANN 8.1. */
aclnnStatus aclDestroyScalar(const aclScalar *scalar);

/** A host array; the values are copied. Since CANN 8.1. */
aclIntArray *aclCreateIntArray(const int64_t *value, uint64_t size);

/** Destroys an array. Since CANN 8.1. */
aclnnStatus aclDestroyIntArray(const aclIntArray *array);

/** A list of tensors, which owns them from now on. Since CANN 8.1. */
aclTensorList *aclCreateTensorList(const aclTensor *const *value, uint64_t size);

/** Destroys a list and the tensors in it. Since CANN 8.1. */
aclnnStatus aclDestroyTensorList(const aclTensorList *list);

/** Allows phase two to run many times; the caller then destroys the executor. Since CANN 8.1. */
aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor *executor);

/** Destroys an executor that phase two did not consume. Since CANN 8.1. */
aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor);

#ifdef __cplusplus
}
#endif

#endif

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

/** A host array of `float`. */
typedef struct aclFloatArray aclFloatArray;

/** A host array of `bool`. */
typedef struct aclBoolArray aclBoolArray;

/** A list of scalars, which it owns. */
typedef struct aclScalarList aclScalarList;

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

/** Describes another tensor with the same descriptor. Since CANN 8.1. */
aclnnStatus aclInitTensor(aclTensor *tensor, const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType,
    const int64_t *stride, int64_t offset, aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum,
    void *tensorDataAddr);

/** Dims of the view. Since CANN 8.1. */
aclnnStatus aclGetViewShape(const aclTensor *tensor, int64_t **viewDims, uint64_t *viewDimsNum);

/** Dims of the storage. Since CANN 8.1. */
aclnnStatus aclGetStorageShape(const aclTensor *tensor, int64_t **storageDims, uint64_t *storageDimsNum);

/** Strides of the view, in elements. Since CANN 8.1. */
aclnnStatus aclGetViewStrides(const aclTensor *tensor, int64_t **stridesValue, uint64_t *stridesNum);

/** Offset of the view in its storage, in elements. Since CANN 8.1. */
aclnnStatus aclGetViewOffset(const aclTensor *tensor, int64_t *offset);

/** Format. Since CANN 8.1. */
aclnnStatus aclGetFormat(const aclTensor *tensor, aclFormat *format);

/** Element type. Since CANN 8.1. */
aclnnStatus aclGetDataType(const aclTensor *tensor, aclDataType *dataType);

/** Number of values. Since CANN 8.1. */
aclnnStatus aclGetIntArraySize(const aclIntArray *array, uint64_t *size);

/** Number of tensors. Since CANN 8.1. */
aclnnStatus aclGetTensorListSize(const aclTensorList *tensorList, uint64_t *size);

/** A host array; the values are copied. Since CANN 8.1. */
aclFloatArray *aclCreateFloatArray(const float *value, uint64_t size);

/** Destroys an array. Since CANN 8.1. */
aclnnStatus aclDestroyFloatArray(const aclFloatArray *array);

/** Number of values. Since CANN 8.1. */
aclnnStatus aclGetFloatArraySize(const aclFloatArray *array, uint64_t *size);

/** A host array; the values are copied. Since CANN 8.1. */
aclBoolArray *aclCreateBoolArray(const bool *value, uint64_t size);

/** Destroys an array. Since CANN 8.1. */
aclnnStatus aclDestroyBoolArray(const aclBoolArray *array);

/** Number of values. Since CANN 8.1. */
aclnnStatus aclGetBoolArraySize(const aclBoolArray *array, uint64_t *size);

/** A list of scalars, which owns them from now on. Since CANN 8.1. */
aclScalarList *aclCreateScalarList(const aclScalar *const *value, uint64_t size);

/** Destroys a list and the scalars in it. Since CANN 8.1. */
aclnnStatus aclDestroyScalarList(const aclScalarList *list);

/** Number of scalars. Since CANN 8.1. */
aclnnStatus aclGetScalarListSize(const aclScalarList *scalarList, uint64_t *size);

/** `tensor` is at another address, in the executor's next run. `index` counts the inputs. Since CANN 8.1. */
aclnnStatus aclSetInputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *addr);

/** The same; `index` counts the outputs. Since CANN 8.1. */
aclnnStatus aclSetOutputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *addr);

/** The same; `index` counts the inputs, then the outputs. Since CANN 8.1. */
aclnnStatus aclSetTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *addr);

/** The same for member `relativeIndex` of a list. Since CANN 8.1. */
aclnnStatus aclSetDynamicInputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
    aclTensorList *tensors, void *addr);

/** The same for member `relativeIndex` of a list. Since CANN 8.1. */
aclnnStatus aclSetDynamicOutputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
    aclTensorList *tensors, void *addr);

/** The same for member `relativeIndex` of a list. Since CANN 8.1. */
aclnnStatus aclSetDynamicTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
    aclTensorList *tensors, void *addr);

/** `aclSetInputTensorAddr`. Since CANN 8.1. */
aclnnStatus AclSetInputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *addr);

/** `aclSetOutputTensorAddr`. Since CANN 8.1. */
aclnnStatus AclSetOutputTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *addr);

/** `aclSetTensorAddr`. Since CANN 8.1. */
aclnnStatus AclSetTensorAddr(aclOpExecutor *executor, size_t index, aclTensor *tensor, void *addr);

/** `aclSetDynamicInputTensorAddr`. Since CANN 8.1. */
aclnnStatus AclSetDynamicInputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
    aclTensorList *tensors, void *addr);

/** `aclSetDynamicOutputTensorAddr`. Since CANN 8.1. */
aclnnStatus AclSetDynamicOutputTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
    aclTensorList *tensors, void *addr);

/** `aclSetDynamicTensorAddr`. Since CANN 8.1. */
aclnnStatus AclSetDynamicTensorAddr(aclOpExecutor *executor, size_t irIndex, size_t relativeIndex,
    aclTensorList *tensors, void *addr);

/** Gives a descriptor another address, before phase one. Since CANN 8.1. */
aclnnStatus aclSetRawTensorAddr(aclTensor *tensor, void *addr);

/** The address of a descriptor. Since CANN 8.1. */
aclnnStatus aclGetRawTensorAddr(const aclTensor *tensor, void **addr);

/** Starts the operator library alone, without `aclInit`. `configPath` may be null. Since CANN 8.1. */
aclnnStatus aclnnInit(const char *configPath);

/** Ends it. Since CANN 8.1. */
aclnnStatus aclnnFinalize(void);

#ifdef __cplusplus
}
#endif

#endif

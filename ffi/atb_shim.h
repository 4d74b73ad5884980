/* A C face for ATB (Ascend Transformer Boost), whose own interface is C++.
 *
 * One function creates each operation from a plain struct; five run any operation. `ffi/atb_shim.cpp` implements them on
 * libatb, `cann-sim` on the simulator; `ascend-rl-sys` lists them. Every function returns atb::Status: 0, or an
 * atb::ErrorType; no C++ exception leaves.
 *
 * Fields that are not here keep ATB's default. What is 0 in a struct means what 0 means in ATB's. */
#ifndef ASCEND_RL_ATB_SHIM_H
#define ASCEND_RL_ATB_SHIM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *AtbContext;
typedef void *AtbOperation;

/* The bytes of atb::TensorDesc followed by the rest of atb::Tensor: 104 in all. Row-major, 1 to 8 dims. */
typedef struct AtbTensor {
    int32_t dtype;  /* aclDataType */
    int32_t format; /* aclFormat */
    int64_t dims[8];
    uint64_t dim_num; /* 0: an optional tensor that is left out */
    void *device_data;
    void *host_data; /* lengths that Setup reads on the host */
    uint64_t data_size; /* bytes */
} AtbTensor;

typedef struct AtbRmsNormParam {
    int32_t layer_type; /* 1 norm: x, gamma -> y; 2 pre-norm: x, residual, gamma -> y, x + residual; 3 post-norm: the same -> y */
    float epsilon;
} AtbRmsNormParam;

typedef struct AtbRopeParam {
    int32_t rotary_coeff; /* 2: halves; 4: two rotations; the head's size: interleaved */
    int32_t cos_format;   /* 0 for inference */
} AtbRopeParam;

typedef struct AtbLinearParam {
    uint8_t transpose_a;
    uint8_t transpose_b;
    uint8_t has_bias;
    uint8_t accumulate; /* a third input, f32, is added to and is the output */
} AtbLinearParam;

typedef struct AtbPagedAttentionParam {
    int32_t head_num;
    int32_t kv_head_num;
    float qk_scale;
    int32_t mask_type; /* 0 none */
} AtbPagedAttentionParam;

typedef struct AtbReshapeAndCacheParam {
    int32_t kv_cache_cfg; /* 0 keys and values, 1 keys only */
} AtbReshapeAndCacheParam;

typedef struct AtbSelfAttentionParam {
    int32_t head_num;
    int32_t kv_head_num;
    float q_scale;
    float qk_scale;
    int32_t calc_type;   /* 3 PA_ENCODER: packed sequences */
    int32_t mask_type;   /* 0 none, 1 norm, 3 norm compressed (128 x 128) */
    uint32_t is_triu_mask; /* 1: the mask is upper triangular, its blocks may be skipped */
} AtbSelfAttentionParam;

typedef struct AtbGroupTopkParam {
    int32_t group_num;
    int32_t k;
    uint16_t group_multi_flag; /* 0: a group's largest; 1: the sum of its `n` largest */
    uint16_t n;
} AtbGroupTopkParam;

/* What all collectives share. `comm` is a HcclComm of the caller's, which ATB uses and never destroys. */
typedef struct AtbCommParam {
    int32_t rank;
    int32_t rank_size;
    int32_t rank_root;
    void *comm;
} AtbCommParam;

typedef struct AtbAllReduceParam {
    AtbCommParam on;
    const char *reduce; /* "sum", "prod", "max", "min" */
} AtbAllReduceParam;

/* In elements, `rank_size` of each. */
typedef struct AtbAllToAllVParam {
    AtbCommParam on;
    const int64_t *send_counts;
    const int64_t *send_displs;
    const int64_t *recv_counts;
    const int64_t *recv_displs;
} AtbAllToAllVParam;

/* A linear and an all-reduce over the ranks, which is what ATB does on HCCL; then a residual is added. */
typedef struct AtbLinearParallelParam {
    AtbCommParam on;
    uint8_t trans_weight;
    uint8_t has_residual;
} AtbLinearParallelParam;

/* Tensors have numbers: inputs first, then outputs, then what lives inside only. */
typedef struct AtbNode {
    AtbOperation operation; /* the graph owns it once it is created */
    const uint32_t *in_ids;
    uint64_t in_num;
    const uint32_t *out_ids;
    uint64_t out_num;
} AtbNode;

typedef struct AtbGraphParam {
    const char *name; /* letters, digits, underscores; at most 128 */
    uint32_t in_num;
    uint32_t out_num;
    uint32_t internal_num;
    const AtbNode *nodes;
    uint64_t node_num;
} AtbGraphParam;

int32_t ascend_atb_context_create(AtbContext *context);
int32_t ascend_atb_context_destroy(AtbContext context);
int32_t ascend_atb_context_set_stream(AtbContext context, void *stream);

int32_t ascend_atb_operation_destroy(AtbOperation operation);
int32_t ascend_atb_operation_io(AtbOperation operation, uint32_t *in_num, uint32_t *out_num);
/* Reads the descriptors of `in`, writes those of `out` (`dtype`, `format`, `dims`, `dim_num`). */
int32_t ascend_atb_operation_infer_shape(AtbOperation operation, const AtbTensor *in, uint64_t in_num, AtbTensor *out,
                                         uint64_t out_num);
int32_t ascend_atb_operation_setup(AtbOperation operation, const AtbTensor *in, uint64_t in_num, const AtbTensor *out,
                                   uint64_t out_num, uint64_t *workspace_size, AtbContext context);
/* Enqueues on the context's stream. */
int32_t ascend_atb_operation_execute(AtbOperation operation, const AtbTensor *in, uint64_t in_num, const AtbTensor *out,
                                     uint64_t out_num, void *workspace, uint64_t workspace_size, AtbContext context);

int32_t ascend_atb_rms_norm(const AtbRmsNormParam *param, AtbOperation *operation);
int32_t ascend_atb_rope(const AtbRopeParam *param, AtbOperation *operation);
int32_t ascend_atb_linear(const AtbLinearParam *param, AtbOperation *operation);
int32_t ascend_atb_paged_attention(const AtbPagedAttentionParam *param, AtbOperation *operation);
int32_t ascend_atb_reshape_and_cache(const AtbReshapeAndCacheParam *param, AtbOperation *operation);
int32_t ascend_atb_self_attention(const AtbSelfAttentionParam *param, AtbOperation *operation);
int32_t ascend_atb_group_topk(const AtbGroupTopkParam *param, AtbOperation *operation);
int32_t ascend_atb_all_reduce(const AtbAllReduceParam *param, AtbOperation *operation);
int32_t ascend_atb_all_gather(const AtbCommParam *param, AtbOperation *operation);
int32_t ascend_atb_all_to_all(const AtbCommParam *param, AtbOperation *operation);
int32_t ascend_atb_all_to_all_v(const AtbAllToAllVParam *param, AtbOperation *operation);
int32_t ascend_atb_linear_parallel(const AtbLinearParallelParam *param, AtbOperation *operation);
int32_t ascend_atb_graph(const AtbGraphParam *param, AtbOperation *operation);

#ifdef __cplusplus
}
#endif
#endif

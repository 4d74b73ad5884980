// The C face of atb_shim.h, on libatb. Built by build.rs where ATB's headers are (ATB_HOME_PATH), for the C++ ABI that the
// installation in use was built for.
#include "atb_shim.h"

#include <cstddef>
#include <exception>
#include <new>

#include "atb/atb_infer.h"

namespace {

using atb::Context;
using atb::Operation;

// The flat tensor is read and written field by field; these say that nothing was left out.
static_assert(sizeof(atb::Tensor) == sizeof(AtbTensor), "atb::Tensor has grown");
static_assert(offsetof(atb::Tensor, deviceData) == offsetof(AtbTensor, device_data), "atb::Tensor has moved");
static_assert(offsetof(atb::Tensor, dataSize) == offsetof(AtbTensor, data_size), "atb::Tensor has moved");

/// Runs `body`, and turns what it throws into a status: an exception must not reach C.
template <typename Body> int32_t guarded(Body body) noexcept
{
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return atb::ERROR_OUT_OF_HOST_MEMORY;
    } catch (const std::exception &) {
        return atb::ERROR_INTERNAL_ERROR;
    } catch (...) {
        return atb::ERROR_INTERNAL_ERROR;
    }
}

template <typename Param> int32_t create(const Param &param, AtbOperation *operation)
{
    Operation *made = nullptr;
    const int32_t status = atb::CreateOperation(param, &made);
    *operation = made;
    return status;
}

atb::TensorDesc desc_of(const AtbTensor &from)
{
    atb::TensorDesc desc;
    desc.dtype = static_cast<aclDataType>(from.dtype);
    desc.format = static_cast<aclFormat>(from.format);
    desc.shape.dimNum = from.dim_num;
    for (uint64_t i = 0; i < from.dim_num && i < atb::MAX_DIM; i++) {
        desc.shape.dims[i] = from.dims[i];
    }
    return desc;
}

void tensors_of(const AtbTensor *from, uint64_t num, atb::SVector<atb::Tensor> &to)
{
    to.resize(num);
    for (uint64_t i = 0; i < num; i++) {
        atb::Tensor &tensor = to.at(i);
        tensor.desc = desc_of(from[i]);
        tensor.deviceData = from[i].device_data;
        tensor.hostData = from[i].host_data;
        tensor.dataSize = from[i].data_size;
    }
}

atb::VariantPack pack_of(const AtbTensor *in, uint64_t in_num, const AtbTensor *out, uint64_t out_num)
{
    atb::VariantPack pack;
    tensors_of(in, in_num, pack.inTensors);
    tensors_of(out, out_num, pack.outTensors);
    return pack;
}

/// The fields that all of ATB's collectives have under one name. The communicator is always the caller's.
template <typename Param> void communicate(const AtbCommParam &on, Param &param)
{
    param.rank = on.rank;
    param.rankSize = on.rank_size;
    param.rankRoot = on.rank_root;
    param.backend = "hccl";
    param.hcclComm = static_cast<decltype(param.hcclComm)>(on.comm);
}

bool missing(const void *a, const void *b)
{
    return a == nullptr || b == nullptr;
}

} // namespace

extern "C" {

int32_t ascend_atb_context_create(AtbContext *context)
{
    return guarded([&]() -> int32_t {
        if (context == nullptr) {
            return atb::ERROR_INVALID_PARAM;
        }
        Context *made = nullptr;
        const int32_t status = atb::CreateContext(&made);
        *context = made;
        return status;
    });
}

int32_t ascend_atb_context_destroy(AtbContext context)
{
    return guarded([&]() -> int32_t { return atb::DestroyContext(static_cast<Context *>(context)); });
}

int32_t ascend_atb_context_set_stream(AtbContext context, void *stream)
{
    return guarded([&]() -> int32_t {
        if (context == nullptr) {
            return atb::ERROR_INVALID_CONTEXT_ADDR;
        }
        return static_cast<Context *>(context)->SetExecuteStream(stream);
    });
}

int32_t ascend_atb_operation_destroy(AtbOperation operation)
{
    return guarded([&]() -> int32_t { return atb::DestroyOperation(static_cast<Operation *>(operation)); });
}

int32_t ascend_atb_operation_io(AtbOperation operation, uint32_t *in_num, uint32_t *out_num)
{
    return guarded([&]() -> int32_t {
        if (operation == nullptr || missing(in_num, out_num)) {
            return atb::ERROR_INVALID_PARAM;
        }
        *in_num = static_cast<Operation *>(operation)->GetInputNum();
        *out_num = static_cast<Operation *>(operation)->GetOutputNum();
        return atb::NO_ERROR;
    });
}

int32_t ascend_atb_operation_infer_shape(AtbOperation operation, const AtbTensor *in, uint64_t in_num, AtbTensor *out,
                                         uint64_t out_num)
{
    return guarded([&]() -> int32_t {
        if (operation == nullptr || missing(in, out)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::SVector<atb::TensorDesc> ins, outs;
        ins.resize(in_num);
        outs.resize(out_num);
        for (uint64_t i = 0; i < in_num; i++) {
            ins.at(i) = desc_of(in[i]);
        }
        const int32_t status = static_cast<Operation *>(operation)->InferShape(ins, outs);
        for (uint64_t i = 0; status == atb::NO_ERROR && i < out_num; i++) {
            const atb::TensorDesc &desc = outs.at(i);
            out[i].dtype = desc.dtype;
            out[i].format = desc.format;
            out[i].dim_num = desc.shape.dimNum;
            for (uint64_t d = 0; d < atb::MAX_DIM; d++) {
                out[i].dims[d] = d < desc.shape.dimNum ? desc.shape.dims[d] : 0;
            }
        }
        return status;
    });
}

int32_t ascend_atb_operation_setup(AtbOperation operation, const AtbTensor *in, uint64_t in_num, const AtbTensor *out,
                                   uint64_t out_num, uint64_t *workspace_size, AtbContext context)
{
    return guarded([&]() -> int32_t {
        if (missing(operation, workspace_size) || missing(in, out)) {
            return atb::ERROR_INVALID_PARAM;
        }
        const atb::VariantPack pack = pack_of(in, in_num, out, out_num);
        return static_cast<Operation *>(operation)->Setup(pack, *workspace_size, static_cast<Context *>(context));
    });
}

int32_t ascend_atb_operation_execute(AtbOperation operation, const AtbTensor *in, uint64_t in_num, const AtbTensor *out,
                                     uint64_t out_num, void *workspace, uint64_t workspace_size, AtbContext context)
{
    return guarded([&]() -> int32_t {
        if (operation == nullptr || missing(in, out)) {
            return atb::ERROR_INVALID_PARAM;
        }
        const atb::VariantPack pack = pack_of(in, in_num, out, out_num);
        return static_cast<Operation *>(operation)->Execute(pack, static_cast<uint8_t *>(workspace), workspace_size,
                                                            static_cast<Context *>(context));
    });
}

int32_t ascend_atb_rms_norm(const AtbRmsNormParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::RmsNormParam param;
        param.layerType = static_cast<atb::infer::RmsNormParam::RmsNormType>(flat->layer_type);
        param.normParam.epsilon = flat->epsilon;
        param.preNormParam.epsilon = flat->epsilon;
        param.postNormParam.epsilon = flat->epsilon;
        return create(param, operation);
    });
}

int32_t ascend_atb_rope(const AtbRopeParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::RopeParam param;
        param.rotaryCoeff = flat->rotary_coeff;
        param.cosFormat = flat->cos_format;
        return create(param, operation);
    });
}

int32_t ascend_atb_linear(const AtbLinearParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::LinearParam param;
        param.transposeA = flat->transpose_a != 0;
        param.transposeB = flat->transpose_b != 0;
        param.hasBias = flat->has_bias != 0;
        param.enAccum = flat->accumulate != 0;
        return create(param, operation);
    });
}

int32_t ascend_atb_paged_attention(const AtbPagedAttentionParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::PagedAttentionParam param;
        param.headNum = flat->head_num;
        param.kvHeadNum = flat->kv_head_num;
        param.qkScale = flat->qk_scale;
        param.maskType = static_cast<atb::infer::PagedAttentionParam::MaskType>(flat->mask_type);
        return create(param, operation);
    });
}

int32_t ascend_atb_reshape_and_cache(const AtbReshapeAndCacheParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::ReshapeAndCacheParam param;
        param.kvCacheCfg = static_cast<atb::infer::ReshapeAndCacheParam::KvCacheCfg>(flat->kv_cache_cfg);
        return create(param, operation);
    });
}

int32_t ascend_atb_self_attention(const AtbSelfAttentionParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::SelfAttentionParam param;
        param.headNum = flat->head_num;
        param.kvHeadNum = flat->kv_head_num;
        param.qScale = flat->q_scale;
        param.qkScale = flat->qk_scale;
        param.calcType = static_cast<atb::infer::SelfAttentionParam::CalcType>(flat->calc_type);
        param.maskType = static_cast<atb::infer::SelfAttentionParam::MaskType>(flat->mask_type);
        param.isTriuMask = flat->is_triu_mask;
        return create(param, operation);
    });
}

int32_t ascend_atb_group_topk(const AtbGroupTopkParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::GroupTopkParam param;
        param.groupNum = flat->group_num;
        param.k = flat->k;
        param.groupMultiFlag = static_cast<atb::infer::GroupTopkParam::GroupMultiFlag>(flat->group_multi_flag);
        param.n = flat->n;
        return create(param, operation);
    });
}

int32_t ascend_atb_all_reduce(const AtbAllReduceParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation) || flat->reduce == nullptr) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::AllReduceParam param;
        communicate(flat->on, param);
        param.allReduceType = flat->reduce;
        return create(param, operation);
    });
}

int32_t ascend_atb_all_gather(const AtbCommParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::AllGatherParam param;
        communicate(*flat, param);
        return create(param, operation);
    });
}

int32_t ascend_atb_all_to_all(const AtbCommParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::AllToAllParam param;
        communicate(*flat, param);
        return create(param, operation);
    });
}

int32_t ascend_atb_all_to_all_v(const AtbAllToAllVParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation) || flat->on.rank_size < 0 || missing(flat->send_counts, flat->send_displs) ||
            missing(flat->recv_counts, flat->recv_displs)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::AllToAllVParam param;
        communicate(flat->on, param);
        const int32_t ranks = flat->on.rank_size;
        param.sendCounts.assign(flat->send_counts, flat->send_counts + ranks);
        param.sdispls.assign(flat->send_displs, flat->send_displs + ranks);
        param.recvCounts.assign(flat->recv_counts, flat->recv_counts + ranks);
        param.rdispls.assign(flat->recv_displs, flat->recv_displs + ranks);
        return create(param, operation);
    });
}

int32_t ascend_atb_linear_parallel(const AtbLinearParallelParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::infer::LinearParallelParam param;
        communicate(flat->on, param);
        param.type = atb::infer::LinearParallelParam::LINEAR_ALL_REDUCE;
        param.transWeight = flat->trans_weight != 0;
        param.hasResidual = flat->has_residual != 0;
        return create(param, operation);
    });
}

int32_t ascend_atb_graph(const AtbGraphParam *flat, AtbOperation *operation)
{
    return guarded([&]() -> int32_t {
        if (missing(flat, operation) || missing(flat->name, flat->nodes)) {
            return atb::ERROR_INVALID_PARAM;
        }
        atb::GraphParam param;
        param.name = flat->name;
        param.inTensorNum = flat->in_num;
        param.outTensorNum = flat->out_num;
        param.internalTensorNum = flat->internal_num;
        param.nodes.resize(flat->node_num);
        for (uint64_t i = 0; i < flat->node_num; i++) {
            const AtbNode &from = flat->nodes[i];
            atb::Node &node = param.nodes.at(i);
            node.operation = static_cast<Operation *>(from.operation);
            node.inTensorIds.resize(from.in_num);
            node.outTensorIds.resize(from.out_num);
            for (uint64_t t = 0; t < from.in_num; t++) {
                node.inTensorIds.at(t) = from.in_ids[t];
            }
            for (uint64_t t = 0; t < from.out_num; t++) {
                node.outTensorIds.at(t) = from.out_ids[t];
            }
        }
        return create(param, operation);
    });
}

} // extern "C"

/* Reductions: elements from GM, one call, the results to GM. */
#include "kernel_operator.h"

using namespace AscendC;

constexpr uint32_t BYTES = 65536;

struct Reduction {
    uint64_t mask[2];
    uint64_t bits; /* 1: mask's two words are bits; 0: mask[0] is a count */
    uint32_t form; /* 0: whole, 1: blocks, 2: pairs, 3: all in repeats, 4: all by count */
    uint32_t type; /* 0: sum, 1: max, 2: min */
    uint32_t order;
    uint32_t index;
    int32_t repeat, dst_rep, src_blk, src_rep; /* form 4: repeat is the count */
};

template <ReduceType type, typename T, typename M>
__aicore__ inline void Reduce(
    const LocalTensor<T>& d, const LocalTensor<T>& s, const LocalTensor<T>& tmp, M mask, const Reduction& r)
{
    if (r.form == 0) {
        ReduceRepeat<type>(d, s, mask, r.repeat, r.dst_rep, r.src_blk, r.src_rep, static_cast<ReduceOrder>(r.order));
    } else if (r.form == 1) {
        ReduceDataBlock<type>(d, s, mask, r.repeat, r.dst_rep, r.src_blk, r.src_rep);
    } else if (r.form == 2) {
        PairReduceSum(d, s, r.repeat, mask, r.dst_rep, r.src_blk, r.src_rep);
    } else if constexpr (type == ReduceType::SUM) {
        if (r.form == 3) ReduceSum(d, s, tmp, mask, r.repeat, r.src_rep);
        if (r.form == 4) ReduceSum(d, s, tmp, r.repeat);
    } else if constexpr (type == ReduceType::MAX) {
        if (r.form == 3) ReduceMax(d, s, tmp, mask, r.repeat, r.src_rep, r.index != 0);
        if (r.form == 4) ReduceMax(d, s, tmp, r.repeat, r.index != 0);
    } else {
        if (r.form == 3) ReduceMin(d, s, tmp, mask, r.repeat, r.src_rep, r.index != 0);
        if (r.form == 4) ReduceMin(d, s, tmp, r.repeat, r.index != 0);
    }
}

template <typename T>
__aicore__ inline void Run(GM_ADDR source, GM_ADDR target, const Reduction& r)
{
    TPipe pipe;
    TBuf<TPosition::VECCALC> from, to, tmp;
    pipe.InitBuffer(from, BYTES);
    pipe.InitBuffer(to, 16384);
    pipe.InitBuffer(tmp, 16384);
    GlobalTensor<T> in, out;
    in.SetGlobalBuffer((__gm__ T*)source);
    out.SetGlobalBuffer((__gm__ T*)target);
    LocalTensor<T> s = from.Get<T>(), d = to.Get<T>();
    DataCopy(s, in, BYTES / sizeof(T));
    DataCopy(d, out, 16384 / sizeof(T));
    PipeBarrier<PIPE_ALL>();
    const uint64_t bits[2] = {r.mask[0], r.mask[1]};
    const int32_t count = static_cast<int32_t>(r.mask[0]);
    if (r.type == 0) {
        r.bits ? Reduce<ReduceType::SUM>(d, s, tmp.Get<T>(), bits, r) : Reduce<ReduceType::SUM>(d, s, tmp.Get<T>(), count, r);
    } else if (r.type == 1) {
        r.bits ? Reduce<ReduceType::MAX>(d, s, tmp.Get<T>(), bits, r) : Reduce<ReduceType::MAX>(d, s, tmp.Get<T>(), count, r);
    } else {
        r.bits ? Reduce<ReduceType::MIN>(d, s, tmp.Get<T>(), bits, r) : Reduce<ReduceType::MIN>(d, s, tmp.Get<T>(), count, r);
    }
    PipeBarrier<PIPE_ALL>();
    DataCopy(out, d, 16384 / sizeof(T));
}

extern "C" __global__ __aicore__ void reduce_f32(GM_ADDR source, GM_ADDR target, Reduction r)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Run<float>(source, target, r);
}

extern "C" __global__ __aicore__ void reduce_f16(GM_ADDR source, GM_ADDR target, Reduction r)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Run<half>(source, target, r);
}

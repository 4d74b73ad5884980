/* Parameters, questions about the place, synchronisation, atomics, messages. */
#include "kernel_operator.h"

using namespace AscendC;

struct Tiling {
    uint8_t small;
    uint64_t large;
    float factor;
};

/* Each parameter where C puts it. */
extern "C" __global__ __aicore__ void parameters(
    GM_ADDR out, uint8_t a, uint16_t b, Tiling tiling, const __gm__ float* in, bool flag, double d)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    __gm__ double* to = reinterpret_cast<__gm__ double*>(out);
    to[0] = a;
    to[1] = b;
    to[2] = tiling.small;
    to[3] = static_cast<double>(tiling.large);
    to[4] = tiling.factor;
    to[5] = in[1];
    to[6] = flag;
    to[7] = d;
}

extern "C" __global__ __aicore__ __mix__(1, 2) __schedmode__(1) void places(GM_ADDR out)
{
    __gm__ int64_t* to = reinterpret_cast<__gm__ int64_t*>(out);
    to[0] = GetBlockIdx();
    to[1] = GetBlockNum();
    to[2] = GetSubBlockIdx();
    to[3] = GetSubBlockNum();
    to[4] = ASCEND_IS_AIC;
    to[5] = ASCEND_IS_AIV;
    to[6] = GetSystemCycle();
    to[7] = GetTaskRatio();
}

extern "C" __global__ __aicore__ void waits(GM_ADDR x)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    SetFlag<HardEvent::MTE2_V>(2);
    WaitFlag<HardEvent::MTE2_V>(2);
    PipeBarrier<PIPE_V>();
    SyncAll();
    CrossCoreSetFlag<2, PIPE_MTE3>(4);
    CrossCoreWaitFlag(4);
    GlobalTensor<int32_t> gm;
    gm.SetGlobalBuffer((__gm__ int32_t*)x);
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(gm);
    DataCacheCleanAndInvalid<int32_t, CacheLine::ENTIRE_DATA_CACHE>(gm);
    DataSyncBarrier<MemDsbT::DDR>();
}

/* The scalar unit reads and writes GM by its cache. */
extern "C" __global__ __aicore__ void scalars(GM_ADDR x)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    GlobalTensor<uint16_t> gm;
    gm.SetGlobalBuffer((__gm__ uint16_t*)x);
    gm.SetValue(3, gm.GetValue(1) + 1);
}

/* Waits for another core's flag: by the scalar unit, and by copies. */
extern "C" __global__ __aicore__ void polling(GM_ADDR x, uint64_t by_copy)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECIN> buffer;
    pipe.InitBuffer(buffer, 32);
    LocalTensor<int32_t> copy = buffer.Get<int32_t>();
    GlobalTensor<int32_t> flag;
    flag.SetGlobalBuffer((__gm__ int32_t*)x);
    int32_t seen = 0;
    while (seen == 0) {
        if (by_copy) {
            DataCopy(copy, flag, 8);
            PipeBarrier<PIPE_ALL>();
            seen = copy.GetValue(0);
        } else {
            DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE>(flag);
            seen = flag.GetValue(0);
        }
    }
    /* Not polling: what the core writes is read back. */
    flag.SetValue(1, 7);
    flag.SetValue(2, flag.GetValue(1));
    flag.SetValue(3, flag.GetValue(1));
}

extern "C" __global__ __aicore__ void says(GM_ADDR x)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    printf("one\n");
    const int block = static_cast<int>(GetBlockIdx()), blocks = static_cast<int>(GetBlockNum());
    AscendC::printf("block %d of %d: %s %.2f\n", block, blocks, "half", float(half(0.5f)));
    PRINTF("%p", static_cast<void*>(x));
}

template <typename T>
__aicore__ inline void Atomic(GM_ADDR x, uint32_t how)
{
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 64);
    LocalTensor<T> t = buffer.Get<T>();
    for (uint32_t i = 0; i < 64 / sizeof(T); i++) {
        t.SetValue(i, T(static_cast<float>(i) - 3.0f));
    }
    const event_t written = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_MTE3));
    SetFlag<HardEvent::S_MTE3>(written);
    WaitFlag<HardEvent::S_MTE3>(written);
    GlobalTensor<T> gm;
    gm.SetGlobalBuffer((__gm__ T*)x);
    if (how == 0) {
        SetAtomicAdd<T>();
    } else if (how == 1) {
        SetAtomicMax<T>();
    } else {
        SetAtomicMin<T>();
    }
    DataCopyPad(gm, t, {1, 15 * sizeof(T), 0, 0, 0});
    SetAtomicNone();
}

extern "C" __global__ __aicore__ void atomics(GM_ADDR x, uint64_t type, uint64_t how)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    switch (type) {
        case 0: Atomic<float>(x, how); break;
        case 1: Atomic<half>(x, how); break;
        case 2: Atomic<bfloat16_t>(x, how); break;
        case 3: Atomic<int32_t>(x, how); break;
        case 4: Atomic<int16_t>(x, how); break;
        default: Atomic<int8_t>(x, how);
    }
}

/* A queue of depth 0 works in place, static tensors need no TPipe. */
extern "C" __global__ __aicore__ void in_place(GM_ADDR from, GM_ADDR to)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 0> queue;
    pipe.InitBuffer(queue, 2, 1024);
    GlobalTensor<uint8_t> in, out;
    in.SetGlobalBuffer((__gm__ uint8_t*)from);
    out.SetGlobalBuffer((__gm__ uint8_t*)to);
    for (uint32_t i = 0; i < 4; i++) {
        LocalTensor<uint8_t> tile;
        queue.AllocTensor(tile);
        DataCopy(tile, in[i * 1024], 1024);
        queue.EnQue(tile);
        queue.DeQue(tile);
        DataCopy(out[i * 1024], tile, 1024);
        queue.FreeTensor(tile);
    }
}

extern "C" __global__ __aicore__ void static_tensors(GM_ADDR from, GM_ADDR to)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    InitSocState();
    LocalTensor<float> x(TPosition::VECCALC, 0, 64), y(TPosition::VECCALC, 1024, 64);
    GlobalTensor<float> in, out;
    in.SetGlobalBuffer((__gm__ float*)from);
    out.SetGlobalBuffer((__gm__ float*)to);
    DataCopy(x, in, 64);
    SetFlag<HardEvent::MTE2_V>(0);
    WaitFlag<HardEvent::MTE2_V>(0);
    Muls(y, x, 2.0f, 64);
    SetFlag<HardEvent::V_MTE3>(0);
    WaitFlag<HardEvent::V_MTE3>(0);
    DataCopy(out, y, 64);
    PipeBarrier<PIPE_ALL>();
}

/* Casts: elements from GM, one call, the result to GM. */
#include "kernel_operator.h"

using namespace AscendC;

constexpr uint32_t BYTES = 65536;

template <typename D, typename S>
__aicore__ inline void Convert(GM_ADDR s, GM_ADDR d, uint32_t n, RoundMode mode)
{
    TPipe pipe;
    TBuf<TPosition::VECCALC> from, to;
    pipe.InitBuffer(from, BYTES);
    pipe.InitBuffer(to, BYTES);
    GlobalTensor<S> source;
    GlobalTensor<D> target;
    source.SetGlobalBuffer((__gm__ S*)s);
    target.SetGlobalBuffer((__gm__ D*)d);
    DataCopy(from.Get<S>(), source, BYTES / sizeof(S));
    DataCopy(to.Get<D>(), target, BYTES / sizeof(D));
    PipeBarrier<PIPE_ALL>();
    Cast(to.Get<D>(), from.Get<S>(), mode, n);
    PipeBarrier<PIPE_ALL>();
    DataCopy(target, to.Get<D>(), BYTES / sizeof(D));
}

extern "C" __global__ __aicore__ void cast(GM_ADDR s, GM_ADDR d, uint64_t n, uint64_t mode, uint64_t pair)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    const RoundMode round = static_cast<RoundMode>(mode);
    switch (pair) {
        case 0: Convert<half, float>(s, d, n, round); break;
        case 1: Convert<bfloat16_t, float>(s, d, n, round); break;
        case 2: Convert<int32_t, float>(s, d, n, round); break;
        case 3: Convert<int16_t, float>(s, d, n, round); break;
        case 4: Convert<float, float>(s, d, n, round); break;
        case 5: Convert<float, half>(s, d, n, round); break;
        case 6: Convert<float, bfloat16_t>(s, d, n, round); break;
        case 7: Convert<int8_t, half>(s, d, n, round); break;
        case 8: Convert<uint8_t, half>(s, d, n, round); break;
        case 9: Convert<int16_t, half>(s, d, n, round); break;
        case 10: Convert<int32_t, half>(s, d, n, round); break;
        case 11: Convert<half, int8_t>(s, d, n, round); break;
        case 12: Convert<half, uint8_t>(s, d, n, round); break;
        case 13: Convert<float, int32_t>(s, d, n, round); break;
        case 14: Convert<half, int16_t>(s, d, n, round); break;
        case 15: Convert<int32_t, bfloat16_t>(s, d, n, round); break;
        case 16: Convert<int64_t, float>(s, d, n, round); break;
        case 17: Convert<int16_t, int32_t>(s, d, n, round); break;
        case 18:
            SetDeqScale(half(0.5f));
            Convert<half, int32_t>(s, d, n, round);
            break;
        default: Convert<float, int16_t>(s, d, n, round);
    }
}

/* In place: f32 to int32 and back, as a kernel that rounds to integers does; and in repeats from half to float. */
extern "C" __global__ __aicore__ void in_place(GM_ADDR s, GM_ADDR d, uint64_t n)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 4096);
    LocalTensor<float> x = buffer.Get<float>();
    GlobalTensor<float> source, target;
    source.SetGlobalBuffer((__gm__ float*)s);
    target.SetGlobalBuffer((__gm__ float*)d);
    DataCopy(x, source, n);
    PipeBarrier<PIPE_ALL>();
    Cast(x.ReinterpretCast<int32_t>(), x, RoundMode::CAST_RINT, n);
    PipeBarrier<PIPE_V>();
    Cast(x, x.ReinterpretCast<int32_t>(), RoundMode::CAST_NONE, n);
    PipeBarrier<PIPE_ALL>();
    DataCopy(target, x, n);
}

extern "C" __global__ __aicore__ void in_repeats(GM_ADDR s, GM_ADDR d)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> from, to;
    pipe.InitBuffer(from, 4096);
    pipe.InitBuffer(to, 8192);
    GlobalTensor<half> source;
    GlobalTensor<float> target;
    source.SetGlobalBuffer((__gm__ half*)s);
    target.SetGlobalBuffer((__gm__ float*)d);
    DataCopy(from.Get<half>(), source, 2048);
    DataCopy(to.Get<float>(), target, 2048);
    PipeBarrier<PIPE_ALL>();
    /* 64 elements a repeat: 4 blocks of half, 8 of float; every other block of half, and a gap of two between repeats of float. */
    Cast(to.Get<float>(), from.Get<half>(), RoundMode::CAST_NONE, 50, 3, UnaryRepeatParams(1, 2, 10, 8));
    PipeBarrier<PIPE_ALL>();
    DataCopy(target, to.Get<float>(), 2048);
}

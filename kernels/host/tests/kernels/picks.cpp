/* Comparisons, selections, gathers and fills. All work on buffers of 16 KB: a, b, and d, which keeps what a call does not write. */
#include "kernel_operator.h"

using namespace AscendC;

constexpr uint32_t BYTES = 16384;

template <typename T>
__aicore__ inline void In(const LocalTensor<T>& to, GM_ADDR from)
{
    GlobalTensor<T> source;
    source.SetGlobalBuffer((__gm__ T*)from);
    DataCopy(to, source, BYTES / sizeof(T));
    PipeBarrier<PIPE_ALL>();
}

template <typename T>
__aicore__ inline void Run(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint32_t call, uint32_t n)
{
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffers[3];
    for (TBuf<TPosition::VECCALC>& buffer : buffers) {
        pipe.InitBuffer(buffer, BYTES);
    }
    LocalTensor<T> x = buffers[0].Get<T>(), y = buffers[1].Get<T>(), z = buffers[2].Get<T>();
    LocalTensor<uint8_t> bits = buffers[2].Get<uint8_t>();
    LocalTensor<uint32_t> words = buffers[1].Get<uint32_t>();
    In(x, a);
    In(y, b);
    In(z, d);
    constexpr uint32_t lanes = 256 / sizeof(T);
    uint64_t kept = 0;
    switch (call) {
        case 0: Compare(bits, x, y, CMPMODE::LT, n); break;
        case 1: Compare(bits, x, y, CMPMODE::GE, n); break;
        case 2: CompareScalar(bits, x, y.GetValue(0), CMPMODE::EQ, n); break;
        /* Every other block of x, every block of y. */
        case 3: Compare(bits, x, y, CMPMODE::GT, lanes, 3, BinaryRepeatParams(1, 2, 1, 8, 16, 8)); break;
        case 4: Select(z, words, x, T(2.0f), SELMODE::VSEL_TENSOR_SCALAR_MODE, n); break;
        case 5: Select(z, words[64], x, x[1024], SELMODE::VSEL_TENSOR_TENSOR_MODE, n); break;
        case 6: Select(z, words, x, x[1024], SELMODE::VSEL_CMPMASK_SPR, n); break;
        case 7: Select(z, words, x, x[1024], SELMODE::VSEL_TENSOR_TENSOR_MODE, 40, 3, BinaryRepeatParams(1, 1, 1, 9, 8, 8)); break;
        case 8: Gather(z, x, words, 64, n); break;
        case 9: Gather(z, x, words, 0, 30, 3, 10); break;
        case 10: Gatherb(z, x, words, 3, GatherRepeatParams(2, 16)); break;
        case 11: Brcb(z, x, 5, BrcbRepeatParams(2, 16)); break;
        case 12: Duplicate(z, y.GetValue(0), n); break;
        case 13: Duplicate(z, y.GetValue(0), 20, 3, 2, 17); break;
        case 14: CreateVecIndex(z, T(5), n); break;
        case 15: Copy(z, x, lanes / 2, 3, CopyRepeatParams(1, 2, 9, 16)); break;
        case 16: GatherMask(z, x, 2, false, 0, GatherMaskParams(1, 3, 8, 0), kept); break;
        case 17: GatherMask(z, x, 5, true, 37, GatherMaskParams(2, 3, 20, 0), kept); break;
        default:
            if constexpr (sizeof(T) == 4) {
                GatherMask(z, x, words, true, 45, GatherMaskParams(1, 3, 8, 1), kept);
            } else {
                GatherMask(z, x, buffers[1].Get<uint16_t>(), true, 45, GatherMaskParams(1, 3, 8, 1), kept);
            }
    }
    PipeBarrier<PIPE_ALL>();
    GlobalTensor<T> out;
    out.SetGlobalBuffer((__gm__ T*)d);
    DataCopy(out, z, BYTES / sizeof(T));
    if (call >= 16) {
        /* How many were kept, behind it. */
        LocalTensor<uint32_t> count = buffers[0].Get<uint32_t>();
        count.SetValue(0, static_cast<uint32_t>(kept));
        PipeBarrier<PIPE_ALL>();
        GlobalTensor<uint32_t> tail;
        tail.SetGlobalBuffer((__gm__ uint32_t*)(d + BYTES));
        DataCopy(tail, count, 8);
    }
}

extern "C" __global__ __aicore__ void pick_f32(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t call, uint64_t n)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Run<float>(a, b, d, call, n);
}

extern "C" __global__ __aicore__ void pick_f16(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t call, uint64_t n)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Run<half>(a, b, d, call, n);
}

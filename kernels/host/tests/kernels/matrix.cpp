/* C = A B by the cube core: rows in GM to fractals in L1, to L0A and L0B, multiplied into L0C, back to rows in GM. */
#include "kernel_operator.h"

using namespace AscendC;

struct Shape {
    uint32_t m, n, k;
    uint32_t halves; /* 2: k in two parts, the second added to the first */
};

template <typename C, typename A, typename T>
__aicore__ inline void Multiply(GM_ADDR a, GM_ADDR b, GM_ADDR c, const Shape& shape, QuantMode_t mode)
{
    constexpr uint32_t c0 = 32 / sizeof(T);
    const uint32_t m = (shape.m + 15) / 16 * 16, n = (shape.n + 15) / 16 * 16, k = shape.k / shape.halves;
    GlobalTensor<T> left, right;
    GlobalTensor<C> out;
    left.SetGlobalBuffer((__gm__ T*)a);
    right.SetGlobalBuffer((__gm__ T*)b);
    out.SetGlobalBuffer((__gm__ C*)c);
    LocalMemAllocator<Hardware::L1> l1;
    LocalMemAllocator<Hardware::L0A> l0a;
    LocalMemAllocator<Hardware::L0B> l0b;
    LocalMemAllocator<Hardware::L0C> l0c;
    LocalTensor<T> a1 = l1.Alloc<TPosition::A1, T>(m * k), b1 = l1.Alloc<TPosition::B1, T>(n * k);
    LocalTensor<T> a2 = l0a.Alloc<TPosition::A2, T>(m * k), b2 = l0b.Alloc<TPosition::B2, T>(n * k);
    LocalTensor<A> sums = l0c.Alloc<TPosition::CO1, A>(m * n);
    for (uint32_t part = 0; part < shape.halves; part++) {
        /* B lies transposed in GM (n rows of k): its fractals need no turning. */
        DataCopy(a1, left[part * k], Nd2NzParams(1, shape.m, k, 0, shape.k, m, 1, 0));
        DataCopy(b1, right[part * k], Nd2NzParams(1, shape.n, k, 0, shape.k, n, 1, 0));
        SetFlag<HardEvent::MTE2_MTE1>(0);
        WaitFlag<HardEvent::MTE2_MTE1>(0);
        for (uint32_t i = 0; i < m / 16; i++) {
            LoadData(a2[i * 16 * k], a1[i * 16 * c0], LoadData2DParams(0, k / c0, m / 16, 0, 0, false, 0));
        }
        /* In L1 a column of fractals (n / 16 of them) is a row of them in L0B. */
        LoadData(b2, b1, LoadData2DParams(0, n / 16 * (k / c0), 1, 0, 0, false, 0));
        SetFlag<HardEvent::MTE1_M>(0);
        WaitFlag<HardEvent::MTE1_M>(0);
        Mmad(sums, a2, b2, MmadParams(shape.m, shape.n, k, 0, false, part == 0));
        PipeBarrier<PIPE_ALL>();
    }
    SetFlag<HardEvent::M_FIX>(0);
    WaitFlag<HardEvent::M_FIX>(0);
    Fixpipe(out, sums, FixpipeParamsV220(n, shape.m, m, n, false, mode, 0, 1, 0, 0, 0));
    PipeBarrier<PIPE_ALL>();
}

extern "C" __global__ __aicore__ void multiply(GM_ADDR a, GM_ADDR b, GM_ADDR c, Shape shape, uint64_t type)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    switch (type) {
        case 0: Multiply<float, float, half>(a, b, c, shape, QuantMode_t::NoQuant); break;
        case 1: Multiply<bfloat16_t, float, bfloat16_t>(a, b, c, shape, QuantMode_t::F322BF16); break;
        case 2: Multiply<half, float, half>(a, b, c, shape, QuantMode_t::F322F16); break;
        case 3: Multiply<float, float, float>(a, b, c, shape, QuantMode_t::NoQuant); break;
        default: Multiply<int32_t, int32_t, int8_t>(a, b, c, shape, QuantMode_t::NoQuant);
    }
}

/* B in rows of n, as the vendor's example has it: each fractal is turned on the way to L0B. */
extern "C" __global__ __aicore__ void multiply_turned(GM_ADDR a, GM_ADDR b, GM_ADDR c)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    constexpr uint32_t M = 32, N = 48, K = 64;
    GlobalTensor<half> left, right;
    GlobalTensor<float> out;
    left.SetGlobalBuffer((__gm__ half*)a);
    right.SetGlobalBuffer((__gm__ half*)b);
    out.SetGlobalBuffer((__gm__ float*)c);
    LocalTensor<half> a1(TPosition::A1, 0, M * K), b1(TPosition::B1, M * K * 2, K * N);
    LocalTensor<half> a2(TPosition::A2, 0, M * K), b2(TPosition::B2, 0, K * N);
    LocalTensor<float> sums(TPosition::CO1, 0, M * N);
    DataCopy(a1, left, Nd2NzParams(1, M, K, 0, K, M, 1, 0));
    DataCopy(b1, right, Nd2NzParams(1, K, N, 0, N, K, 1, 0));
    SetFlag<HardEvent::MTE2_MTE1>(0);
    WaitFlag<HardEvent::MTE2_MTE1>(0);
    for (uint32_t i = 0; i < M / 16; i++) {
        LoadData(a2[i * K * 16], a1[i * 256], LoadData2DParams(0, K / 16, M / 16, 0, 0, false, 0));
    }
    for (uint32_t i = 0; i < K / 16; i++) {
        LoadData(b2[i * N * 16], b1[i * 256], LoadData2DParams(0, N / 16, K / 16, 0, 0, true, 0));
    }
    SetFlag<HardEvent::MTE1_M>(0);
    WaitFlag<HardEvent::MTE1_M>(0);
    Mmad(sums, a2, b2, MmadParams(M, N, K, 0, false, true));
    SetFlag<HardEvent::M_FIX>(0);
    WaitFlag<HardEvent::M_FIX>(0);
    Fixpipe(out, sums, FixpipeParamsV220(N, M, M, N, false));
    PipeBarrier<PIPE_ALL>();
}

/* Elementwise calls: operands from GM, one call, the result to GM. */
#include "kernel_operator.h"

using namespace AscendC;

/* Room of an operand in UB. */
constexpr uint32_t BYTES = 32768;

template <typename T>
class Operands {
public:
    __aicore__ inline Operands()
    {
        pipe_.InitBuffer(a_, BYTES);
        pipe_.InitBuffer(b_, BYTES);
        pipe_.InitBuffer(d_, BYTES);
        a = a_.template Get<T>();
        b = b_.template Get<T>();
        d = d_.template Get<T>();
    }

    __aicore__ inline void In(const LocalTensor<T>& to, GM_ADDR from)
    {
        GlobalTensor<T> source;
        source.SetGlobalBuffer((__gm__ T*)from);
        DataCopy(to, source, BYTES / sizeof(T));
        PipeBarrier<PIPE_ALL>();
    }

    __aicore__ inline void Out(GM_ADDR to)
    {
        PipeBarrier<PIPE_ALL>();
        GlobalTensor<T> target;
        target.SetGlobalBuffer((__gm__ T*)to);
        DataCopy(target, d, BYTES / sizeof(T));
    }

    LocalTensor<T> a, b, d;

private:
    TPipe pipe_;
    TBuf<TPosition::VECCALC> a_, b_, d_;
};

template <typename T>
__aicore__ inline void Binary(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint32_t n, uint32_t op)
{
    Operands<T> o;
    o.In(o.a, a);
    o.In(o.b, b);
    o.In(o.d, d);
    switch (op) {
        case 0: Add(o.d, o.a, o.b, n); break;
        case 1: Sub(o.d, o.a, o.b, n); break;
        case 2: Mul(o.d, o.a, o.b, n); break;
        case 3: Max(o.d, o.a, o.b, n); break;
        case 4: Min(o.d, o.a, o.b, n); break;
        /* The scalar is b's first element. */
        case 5: Adds(o.d, o.a, o.b.GetValue(0), n); break;
        case 6: Muls(o.d, o.a, o.b.GetValue(0), n); break;
        case 7: Maxs(o.d, o.a, o.b.GetValue(0), n); break;
        case 8: Mins(o.d, o.a, o.b.GetValue(0), n); break;
        default:
            if constexpr (IsSameType<T, float>::value || IsSameType<T, half>::value) {
                switch (op) {
                    case 9: Div(o.d, o.a, o.b, n); break;
                    case 10: AddRelu(o.d, o.a, o.b, n); break;
                    case 11: SubRelu(o.d, o.a, o.b, n); break;
                    case 12: MulAddDst(o.d, o.a, o.b, n); break;
                    case 13: FusedMulAdd(o.d, o.a, o.b, n); break;
                    case 14: FusedMulAddRelu(o.d, o.a, o.b, n); break;
                    case 15: Axpy(o.d, o.a, o.b.GetValue(0), n); break;
                    case 16: LeakyRelu(o.d, o.a, o.b.GetValue(0), n); break;
                    case 17: Exp(o.d, o.a, n); break;
                    case 18: Ln(o.d, o.a, n); break;
                    case 19: Sqrt(o.d, o.a, n); break;
                    case 20: Rsqrt(o.d, o.a, n); break;
                    case 21: Reciprocal(o.d, o.a, n); break;
                    case 22: Abs(o.d, o.a, n); break;
                    default: Relu(o.d, o.a, n);
                }
            } else {
                switch (op) {
                    case 9: ShiftLeft(o.d, o.a, T(3), n); break;
                    case 10: ShiftRight(o.d, o.a, T(3), n); break;
                    default:
                        if constexpr (sizeof(T) == 2) {
                            switch (op) {
                                case 11: And(o.d, o.a, o.b, n); break;
                                case 12: Or(o.d, o.a, o.b, n); break;
                                default: Not(o.d, o.a, n);
                            }
                        }
                }
            }
    }
    o.Out(d);
}

extern "C" __global__ __aicore__ void binary_f32(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t n, uint64_t op)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Binary<float>(a, b, d, n, op);
}

extern "C" __global__ __aicore__ void binary_f16(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t n, uint64_t op)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Binary<half>(a, b, d, n, op);
}

extern "C" __global__ __aicore__ void binary_i16(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t n, uint64_t op)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Binary<int16_t>(a, b, d, n, op);
}

extern "C" __global__ __aicore__ void binary_i32(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t n, uint64_t op)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Binary<int32_t>(a, b, d, n, op);
}

/* half into float: what is accumulated is wider than the sources. */
extern "C" __global__ __aicore__ void mixed(GM_ADDR a, GM_ADDR b, GM_ADDR d, uint64_t n, uint64_t op)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Operands<float> o;
    o.In(o.a, a);
    o.In(o.b, b);
    o.In(o.d, d);
    LocalTensor<half> x = o.a.ReinterpretCast<half>(), y = o.b.ReinterpretCast<half>();
    if (op == 0) {
        Axpy(o.d, x, y.GetValue(0), static_cast<int32_t>(n));
    } else {
        MulAddDst(o.d, x, y, static_cast<int32_t>(n));
    }
    o.Out(d);
}

/* The form in repeats, with masks and strides. */
struct Repeats {
    uint64_t mask[2];
    uint64_t bits; /* 1: mask[0] and mask[1] are bits; 0: mask[0] is a count; 2: set by SetVectorMask */
    uint8_t repeat;
    uint8_t dst_blk, src0_blk, src1_blk, dst_rep, src0_rep, src1_rep;
};

template <typename T>
__aicore__ inline void Repeated(GM_ADDR a, GM_ADDR b, GM_ADDR d, Repeats r)
{
    Operands<T> o;
    o.In(o.a, a);
    o.In(o.b, b);
    o.In(o.d, d);
    const BinaryRepeatParams params(r.dst_blk, r.src0_blk, r.src1_blk, r.dst_rep, r.src0_rep, r.src1_rep);
    if (r.bits == 0) {
        Add(o.d, o.a, o.b, r.mask[0], r.repeat, params);
    } else if (r.bits == 1) {
        Add(o.d, o.a, o.b, r.mask, r.repeat, params);
    } else {
        SetVectorMask<T>(r.mask[1], r.mask[0]);
        Add<T, false>(o.d, o.a, o.b, MASK_PLACEHOLDER, r.repeat, params);
        ResetMask();
    }
    o.Out(d);
}

extern "C" __global__ __aicore__ void repeated_f32(GM_ADDR a, GM_ADDR b, GM_ADDR d, Repeats r)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Repeated<float>(a, b, d, r);
}

extern "C" __global__ __aicore__ void repeated_f16(GM_ADDR a, GM_ADDR b, GM_ADDR d, Repeats r)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Repeated<half>(a, b, d, r);
}

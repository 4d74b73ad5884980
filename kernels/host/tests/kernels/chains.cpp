/* Programs of vector calls, read from GM: what calls leave in UB must not depend on what they are put together with. */
#include "kernel_operator.h"

using namespace AscendC;

constexpr uint32_t BYTES = 12288;

struct Step {
    uint32_t call, dst, src, n, more;
};

class Program {
public:
    __aicore__ inline void Run(GM_ADDR memory, GM_ADDR steps, uint64_t count)
    {
        TPipe pipe;
        TBuf<TPosition::VECCALC> buffer;
        pipe.InitBuffer(buffer, BYTES);
        all_ = buffer.Get<uint8_t>();
        GlobalTensor<uint8_t> outside;
        outside.SetGlobalBuffer((__gm__ uint8_t*)memory);
        GlobalTensor<uint32_t> words;
        words.SetGlobalBuffer((__gm__ uint32_t*)steps);
        DataCopy(all_, outside, BYTES);
        PipeBarrier<PIPE_ALL>();
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t at = 5 * i;
            uint32_t word[5];
            for (uint32_t j = 0; j < 5; j++) {
                word[j] = words.GetValue(at + j);
            }
            Do({word[0], word[1], word[2], word[3], word[4]});
            PipeBarrier<PIPE_V>();
        }
        PipeBarrier<PIPE_ALL>();
        DataCopy(outside, all_, BYTES);
    }

private:
    template <typename T>
    __aicore__ inline LocalTensor<T> At(uint32_t byte)
    {
        return all_[byte].template ReinterpretCast<T>();
    }

    __aicore__ inline void Do(const Step& it)
    {
        const int32_t n = static_cast<int32_t>(it.n);
        union {
            uint32_t bits;
            float value;
        } scalar = {it.more};
        switch (it.call) {
            case 0: Cast(At<half>(it.dst), At<int8_t>(it.src), RoundMode::CAST_NONE, it.n); break;
            case 1: Cast(At<float>(it.dst), At<half>(it.src), RoundMode::CAST_NONE, it.n); break;
            case 2: Cast(At<float>(it.dst), At<bfloat16_t>(it.src), RoundMode::CAST_NONE, it.n); break;
            case 3: Mul(At<float>(it.dst), At<float>(it.src), At<float>(it.more), n); break;
            case 4: Muls(At<float>(it.dst), At<float>(it.src), scalar.value, n); break;
            case 5: Cast(At<float>(it.dst), At<float>(it.src), RoundMode::CAST_RINT, it.n); break;
            case 6: Cast(At<half>(it.dst), At<float>(it.src), RoundMode::CAST_NONE, it.n); break;
            case 7: Cast(At<bfloat16_t>(it.dst), At<float>(it.src), RoundMode::CAST_RINT, it.n); break;
            case 8: Cast(At<int8_t>(it.dst), At<half>(it.src), RoundMode::CAST_NONE, it.n); break;
            case 9: Adds(At<float>(it.dst), At<float>(it.src), scalar.value, n); break;
            case 10: At<uint16_t>(it.dst).SetValue(0, At<uint16_t>(it.src).GetValue(0)); break;
            default:
                /* `n` repeats of so many lanes to planes, `more` blocks of 32 bytes apart. */
                Cast(
                    At<int8_t>(it.dst), At<half>(it.src), RoundMode::CAST_RINT, static_cast<uint64_t>(it.more % 256),
                    static_cast<uint8_t>(it.n), UnaryRepeatParams(static_cast<uint16_t>(it.more / 256), 1, 1, 8));
        }
    }

    LocalTensor<uint8_t> all_;
};

extern "C" __global__ __aicore__ void chains(GM_ADDR memory, GM_ADDR steps, uint64_t count)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Program program;
    program.Run(memory, steps, count);
}

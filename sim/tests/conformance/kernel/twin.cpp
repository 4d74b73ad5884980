/* Kernels in Ascend C, for the conformance tests: what the checks say of a real twin. Each has near twins with one mistake. */
#include "kernel_operator.h"

using namespace AscendC;

/* y = 2 x + x, in tiles of 1024, two buffers each way. */
class Triple {
public:
    static constexpr uint32_t TILE = 1024;

    __aicore__ inline void Run(GM_ADDR x, GM_ADDR y, uint32_t n, uint32_t mistake)
    {
        x_.SetGlobalBuffer((__gm__ float*)x);
        y_.SetGlobalBuffer((__gm__ float*)y);
        pipe_.InitBuffer(in_, 2, TILE * sizeof(float));
        pipe_.InitBuffer(out_, 2, TILE * sizeof(float));
        pipe_.InitBuffer(twice_, TILE * sizeof(float));
        for (uint32_t tile = GetBlockIdx(); tile * TILE < n; tile += GetBlockNum()) {
            const uint32_t at = tile * TILE;
            const uint32_t count = n - at < TILE ? n - at : TILE;
            CopyIn(at, mistake == 3 ? TILE : count);
            Compute(count, mistake);
            CopyOut(at, count);
        }
    }

private:
    __aicore__ inline void CopyIn(uint32_t at, uint32_t count)
    {
        LocalTensor<float> x = in_.AllocTensor<float>();
        DataCopyPad(x, x_[at], {1, static_cast<uint32_t>(count * sizeof(float)), 0, 0, 0}, {});
        in_.EnQue(x);
    }

    __aicore__ inline void Compute(uint32_t count, uint32_t mistake)
    {
        LocalTensor<float> x = in_.DeQue<float>();
        LocalTensor<float> y = out_.AllocTensor<float>();
        LocalTensor<float> twice = twice_.Get<float>();
        PipeBarrier<PIPE_V>(); /* the tile before has read what is written now */
        Muls(twice, x, 2.0f, mistake == 2 ? count / 2 : count);
        if (mistake != 1) {
            PipeBarrier<PIPE_V>();
        }
        Add(y, twice, x, count);
        out_.EnQue(y);
        in_.FreeTensor(x);
    }

    __aicore__ inline void CopyOut(uint32_t at, uint32_t count)
    {
        LocalTensor<float> y = out_.DeQue<float>();
        DataCopyPad(y_[at], y, {1, static_cast<uint32_t>(count * sizeof(float)), 0, 0, 0});
        out_.FreeTensor(y);
    }

    TPipe pipe_;
    TQue<TPosition::VECIN, 1> in_;
    TQue<TPosition::VECOUT, 1> out_;
    TBuf<TPosition::VECCALC> twice_;
    GlobalTensor<float> x_, y_;
};

extern "C" __global__ __aicore__ void triple(GM_ADDR x, GM_ADDR y, uint32_t n, uint32_t mistake)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Triple kernel;
    kernel.Run(x, y, n, mistake);
}

/* Each block leaves 8 numbers, all meet (by the hardware's barrier, or by way of memory), each takes the next block's. */
__aicore__ inline void Turn(GM_ADDR x, GM_ADDR y, GM_ADDR workspace, uint64_t mistake)
{
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer, room;
    pipe.InitBuffer(buffer, 64);
    pipe.InitBuffer(room, 2048);
    LocalTensor<int32_t> own = buffer.Get<int32_t>();
    GlobalTensor<int32_t> from, to, meeting;
    from.SetGlobalBuffer((__gm__ int32_t*)x);
    to.SetGlobalBuffer((__gm__ int32_t*)y);
    meeting.SetGlobalBuffer((__gm__ int32_t*)workspace);
    Duplicate(own, static_cast<int32_t>(100 + GetBlockIdx()), 8);
    SetFlag<HardEvent::V_MTE3>(0);
    WaitFlag<HardEvent::V_MTE3>(0);
    DataCopy(from[8 * GetBlockIdx()], own, 8);
    if (mistake != 1) {
        if (workspace == nullptr) {
            SyncAll();
        } else {
            SyncAll(meeting, room.Get<int32_t>());
        }
    }
    LocalTensor<int32_t> next = own[8];
    DataCopy(next, from[8 * ((GetBlockIdx() + 1) % GetBlockNum())], 8);
    SetFlag<HardEvent::MTE2_MTE3>(0);
    WaitFlag<HardEvent::MTE2_MTE3>(0);
    DataCopy(to[8 * GetBlockIdx()], next, 8);
}

extern "C" __global__ __aicore__ void turn(GM_ADDR x, GM_ADDR y, uint64_t mistake)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    Turn(x, y, nullptr, mistake);
}

extern "C" __global__ __aicore__ void turn_by_memory(GM_ADDR x, GM_ADDR y, GM_ADDR workspace)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    Turn(x, y, workspace, 0);
}

/* A chain by flags in memory: each block waits for the flag of the one before it, or behind it, adds one to what that has left, and leaves
 * the sum for the next. */
extern "C" __global__ __aicore__ void relay(GM_ADDR data, GM_ADDR flags, uint64_t backwards, uint64_t mistake)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, 96);
    LocalTensor<int32_t> value = buffer.Get<int32_t>();
    LocalTensor<int32_t> flag = value[8];
    LocalTensor<int32_t> seen = value[16];
    GlobalTensor<int32_t> sums, marks;
    sums.SetGlobalBuffer((__gm__ int32_t*)data);
    marks.SetGlobalBuffer((__gm__ int32_t*)flags);
    const uint32_t block = static_cast<uint32_t>(GetBlockIdx());
    const uint32_t place = backwards ? static_cast<uint32_t>(GetBlockNum()) - 1 - block : block;
    Duplicate(value, static_cast<int32_t>(1), 8);
    Duplicate(flag, static_cast<int32_t>(1), 8);
    PipeBarrier<PIPE_V>();
    if (place > 0) {
        int32_t there = 0;
        while (there == 0) {
            DataCopy(seen, marks[8 * (place - 1)], 8);
            SetFlag<HardEvent::MTE2_S>(0);
            WaitFlag<HardEvent::MTE2_S>(0);
            there = seen.GetValue(0);
            SetFlag<HardEvent::S_MTE2>(0);
            WaitFlag<HardEvent::S_MTE2>(0);
        }
        DataCopy(seen, sums[8 * (place - 1)], 8);
        SetFlag<HardEvent::MTE2_V>(0);
        WaitFlag<HardEvent::MTE2_V>(0);
        Add(value, value, seen, 8);
    }
    SetFlag<HardEvent::V_MTE3>(0);
    WaitFlag<HardEvent::V_MTE3>(0);
    DataCopy(sums[8 * place], value, 8);
    if (mistake != 1) {
        PipeBarrier<PIPE_MTE3>();
    }
    DataCopy(marks[8 * place], flag, 8);
}

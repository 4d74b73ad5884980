#include "kernel_operator.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void tiles(GM_ADDR source, GM_ADDR target, uint64_t tiles) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, 2, 1024 * sizeof(uint16_t));
    GlobalTensor<uint16_t> from, to;
    from.SetGlobalBuffer((__gm__ uint16_t*)source);
    to.SetGlobalBuffer((__gm__ uint16_t*)target);
    for (uint64_t i = 0; i < tiles; ++i) {
        LocalTensor<uint16_t> tile = queue.AllocTensor<uint16_t>();
        DataCopy(tile, from[i * 1024], 1024);
        queue.EnQue(tile);
        tile = queue.DeQue<uint16_t>();
        DataCopy(to[i * 1024], tile, 1024);
        queue.FreeTensor(tile);
    }
}

extern "C" __global__ __aicore__ void rows(GM_ADDR source, GM_ADDR target) {
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, 1, 1024);
    GlobalTensor<uint8_t> from, to;
    from.SetGlobalBuffer((__gm__ uint8_t*)source);
    to.SetGlobalBuffer((__gm__ uint8_t*)target);
    LocalTensor<uint8_t> tile = queue.AllocTensor<uint8_t>();
    DataCopyPad(tile, from, DataCopyExtParams(3, 13, 7, 1, 0), DataCopyPadExtParams<uint8_t>(false, 0, 0, 0));
    queue.EnQue(tile);
    tile = queue.DeQue<uint8_t>();
    DataCopyPad(to, tile, DataCopyExtParams(3, 13, 1, 5, 0));
    queue.FreeTensor(tile);
}

extern "C" __global__ __aicore__ void padded(GM_ADDR source, GM_ADDR target)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> queue;
    pipe.InitBuffer(queue, 1, 256);
    GlobalTensor<int16_t> from, to;
    from.SetGlobalBuffer((__gm__ int16_t*)source);
    to.SetGlobalBuffer((__gm__ int16_t*)target);
    LocalTensor<int16_t> tile = queue.AllocTensor<int16_t>();
    DataCopyPad(tile, from, DataCopyExtParams(2, 10, 6, 1, 0), DataCopyPadExtParams<int16_t>(true, 2, 1, -7));
    queue.EnQue(tile);
    tile = queue.DeQue<int16_t>();
    DataCopy(to, tile, 128);
    queue.FreeTensor(tile);
}

extern "C" __global__ __aicore__ void blocks(GM_ADDR source, GM_ADDR target)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    TPipe pipe;
    TBuf<TPosition::VECCALC> first, second;
    pipe.InitBuffer(first, 1024);
    pipe.InitBuffer(second, 1024);
    LocalTensor<uint8_t> a = first.Get<uint8_t>(), b = second.Get<uint8_t>();
    GlobalTensor<uint8_t> from, to;
    from.SetGlobalBuffer((__gm__ uint8_t*)source);
    to.SetGlobalBuffer((__gm__ uint8_t*)target);
    DataCopy(a, from, DataCopyParams(4, 2, 1, 3));
    PipeBarrier<PIPE_ALL>();
    DataCopy(b, a, DataCopyParams(4, 1, 4, 1));
    PipeBarrier<PIPE_ALL>();
    DataCopy(to, b, DataCopyParams(4, 1, 1, 5));
    PipeBarrier<PIPE_ALL>();
}

/* z = alpha x + y. Blocks take contiguous tiles; copies, arithmetic and copies back of three tiles run beside each other. */
#include "kernel_operator.h"

using namespace AscendC;

/* By value, the last parameter. The same in src/main.rs. */
struct ScaledAddTiling {
    uint32_t n;
    float alpha;
};

class ScaledAdd {
public:
    __aicore__ inline void Run(GM_ADDR x, GM_ADDR y, GM_ADDR z, const ScaledAddTiling& tiling)
    {
        n_ = tiling.n;
        alpha_ = tiling.alpha;
        x_.SetGlobalBuffer((__gm__ float*)x);
        y_.SetGlobalBuffer((__gm__ float*)y);
        z_.SetGlobalBuffer((__gm__ float*)z);
        pipe_.InitBuffer(xs_, 2, TILE * sizeof(float));
        pipe_.InitBuffer(ys_, 2, TILE * sizeof(float));
        pipe_.InitBuffer(zs_, 2, TILE * sizeof(float));
        const uint32_t tiles = (n_ + TILE - 1) / TILE;
        for (uint32_t tile = GetBlockIdx(); tile < tiles; tile += GetBlockNum()) {
            Tile(tile * TILE);
        }
    }

private:
    static constexpr uint32_t TILE = 4096; /* 16 KB: from here on copies run at full speed */

    __aicore__ inline void Tile(uint32_t first)
    {
        const uint32_t count = first + TILE <= n_ ? TILE : n_ - first;
        /* The last tile may end inside a block of 32 bytes, which DataCopy does not do. */
        const DataCopyExtParams run{1, static_cast<uint32_t>(count * sizeof(float)), 0, 0, 0};
        const DataCopyPadExtParams<float> no_padding{false, 0, 0, 0.0f};
        LocalTensor<float> x = xs_.AllocTensor<float>();
        DataCopyPad(x, x_[first], run, no_padding);
        xs_.EnQue(x);
        LocalTensor<float> y = ys_.AllocTensor<float>();
        DataCopyPad(y, y_[first], run, no_padding);
        ys_.EnQue(y);

        x = xs_.DeQue<float>();
        y = ys_.DeQue<float>();
        LocalTensor<float> z = zs_.AllocTensor<float>();
        Muls(z, x, alpha_, count);
        PipeBarrier<PIPE_V>();
        Add(z, z, y, count);
        xs_.FreeTensor(x);
        ys_.FreeTensor(y);
        zs_.EnQue(z);

        z = zs_.DeQue<float>();
        DataCopyPad(z_[first], z, run);
        zs_.FreeTensor(z);
    }

    TPipe pipe_;
    TQue<TPosition::VECIN, 1> xs_, ys_;
    TQue<TPosition::VECOUT, 1> zs_;
    GlobalTensor<float> x_, y_, z_;
    uint32_t n_;
    float alpha_;
};

extern "C" __global__ __aicore__ void scaled_add(GM_ADDR x, GM_ADDR y, GM_ADDR z, ScaledAddTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    ScaledAdd kernel;
    kernel.Run(x, y, z, tiling);
}

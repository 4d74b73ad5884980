/* RMS norm: y = x / sqrt(mean(x * x) + eps) * gamma, row by row. The kernel to read first.
 *
 * What a vector core (AIV) is: a scalar unit that runs this program, and three queues that it feeds. MTE2 copies from global memory
 * (GM) into the core's unified buffer (UB), V computes on UB, MTE3 copies from UB to GM. The queues run beside each other and
 * beside the program; a call here only puts an instruction into one of them. So every place where one queue needs what another did
 * has a mark: EnQue/DeQue of a TQue between queues, PipeBarrier<PIPE_V> between dependent instructions of V, and SetFlag/WaitFlag
 * where the program itself reads a value.
 *
 * How the work is cut: blocks (cores) take contiguous ranges of rows, a block takes its rows in tiles of about 16 KB, the size from
 * which copies run at full speed. While V works on one tile, MTE2 already fetches the next and MTE3 writes the last: each of the
 * two queues has two buffers.
 */
#include "kernel_operator.h"

using namespace AscendC;

/* By value, the last parameter. The same in contract.rs. */
struct RmsNormTiling {
    uint32_t rows;
    uint32_t d;         /* elements of a row, a multiple of 16 */
    uint32_t tile_rows; /* rows of a tile */
    float eps;
};

template <typename T>
class RmsNorm {
public:
    __aicore__ inline void Run(GM_ADDR x, GM_ADDR gamma, GM_ADDR y, const RmsNormTiling& tiling)
    {
        d_ = tiling.d;
        tile_rows_ = tiling.tile_rows;
        eps_ = tiling.eps;
        /* Rows first..last are this block's: the split is even to within one row, and needs no remainder's special case. */
        const uint64_t rows = tiling.rows;
        first_ = static_cast<uint32_t>(rows * GetBlockIdx() / GetBlockNum());
        last_ = static_cast<uint32_t>(rows * (GetBlockIdx() + 1) / GetBlockNum());
        if (first_ == last_) {
            return;
        }
        x_.SetGlobalBuffer((__gm__ T*)x);
        gamma_.SetGlobalBuffer((__gm__ T*)gamma);
        y_.SetGlobalBuffer((__gm__ T*)y);

        /* All of UB that the kernel uses: see README.md for the sum. */
        const uint32_t tile = tile_rows_ * d_;
        pipe_.InitBuffer(in_, 2, tile * sizeof(T));
        pipe_.InitBuffer(out_, 2, tile * sizeof(T));
        pipe_.InitBuffer(gamma_ub_, d_ * sizeof(float));
        pipe_.InitBuffer(square_, d_ * sizeof(float));
        pipe_.InitBuffer(reduce_, Up(d_ / 64 + 1) * sizeof(float));
        pipe_.InitBuffer(rstd_, Up(tile_rows_) * sizeof(float));
        pipe_.InitBuffer(ones_, Up(tile_rows_) * sizeof(float));
        if constexpr (!IS_FLOAT) {
            pipe_.InitBuffer(wide_, tile * sizeof(float));
        }

        Prepare();
        /* One tile ahead: the copy is in its queue before the program waits for anything of the tile before it. */
        CopyIn(first_);
        for (uint32_t row = first_; row < last_; row += tile_rows_) {
            if (row + tile_rows_ < last_) {
                CopyIn(row + tile_rows_);
            }
            Compute(Rows(row));
            CopyOut(row);
        }
    }

private:
    static constexpr bool IS_FLOAT = sizeof(T) == sizeof(float);

    /* Elements of f32 that fill whole blocks of 32 bytes. */
    __aicore__ inline uint32_t Up(uint32_t n) { return (n + 7) / 8 * 8; }

    /* Rows of the tile at `row`: the last one may be short. */
    __aicore__ inline uint32_t Rows(uint32_t row) { return row + tile_rows_ <= last_ ? tile_rows_ : last_ - row; }

    /* What every tile uses: gamma in f32, and ones to divide. */
    __aicore__ inline void Prepare()
    {
        LocalTensor<T> raw = in_.template AllocTensor<T>();
        DataCopy(raw, gamma_, d_);
        in_.EnQue(raw);
        raw = in_.template DeQue<T>();
        LocalTensor<float> gamma = gamma_ub_.Get<float>();
        if constexpr (IS_FLOAT) {
            Muls(gamma, raw, 1.0f, d_);
        } else {
            Cast(gamma, raw, RoundMode::CAST_NONE, d_);
        }
        in_.FreeTensor(raw);
        Duplicate(ones_.Get<float>(), 1.0f, tile_rows_);
    }

    __aicore__ inline void CopyIn(uint32_t row)
    {
        LocalTensor<T> x = in_.template AllocTensor<T>(); /* waits until V has read what was in this buffer */
        DataCopy(x, x_[static_cast<uint64_t>(row) * d_], Rows(row) * d_);
        in_.EnQue(x);
    }

    __aicore__ inline void Compute(uint32_t rows)
    {
        LocalTensor<T> x = in_.template DeQue<T>(); /* waits for the copy */
        LocalTensor<float> wide;
        if constexpr (IS_FLOAT) {
            wide = x;
        } else {
            wide = wide_.Get<float>();
            Cast(wide, x, RoundMode::CAST_NONE, rows * d_);
        }
        PipeBarrier<PIPE_V>();

        Rstd(wide, rows);

        /* The program reads V's results: it waits for them, and V may overwrite them only when all are read. */
        LocalTensor<float> rstd = rstd_.Get<float>();
        const event_t computed = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::V_S));
        SetFlag<HardEvent::V_S>(computed);
        WaitFlag<HardEvent::V_S>(computed);
        for (uint32_t r = 0; r < rows; r++) {
            Muls(wide[r * d_], wide[r * d_], rstd.GetValue(r), d_);
        }
        const event_t read = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_V));
        SetFlag<HardEvent::S_V>(read);
        WaitFlag<HardEvent::S_V>(read);
        PipeBarrier<PIPE_V>();

        LocalTensor<T> y = out_.template AllocTensor<T>(); /* waits until MTE3 has written what was in this buffer */
        LocalTensor<float> gamma = gamma_ub_.Get<float>();
        if constexpr (IS_FLOAT) {
            for (uint32_t r = 0; r < rows; r++) {
                Mul(y[r * d_], wide[r * d_], gamma, d_);
            }
        } else {
            for (uint32_t r = 0; r < rows; r++) {
                Mul(wide[r * d_], wide[r * d_], gamma, d_);
            }
            PipeBarrier<PIPE_V>();
            Cast(y, wide, RoundMode::CAST_RINT, rows * d_); /* the one rounding to T */
            PipeBarrier<PIPE_V>();                          /* the next tile overwrites `wide` */
        }
        in_.FreeTensor(x);
        out_.EnQue(y);
    }

    /* rstd[r] = 1 / sqrt(mean(x[r] * x[r]) + eps). The square root is exact to an ulp; Rsqrt would be an estimate. */
    __aicore__ inline void Rstd(const LocalTensor<float>& x, uint32_t rows)
    {
        LocalTensor<float> rstd = rstd_.Get<float>();
        LocalTensor<float> square = square_.Get<float>();
        for (uint32_t r = 0; r < rows; r++) {
            Mul(square, x[r * d_], x[r * d_], d_);
            PipeBarrier<PIPE_V>();
            ReduceSum(rstd[r], square, reduce_.Get<float>(), d_);
            PipeBarrier<PIPE_V>();
        }
        Muls(rstd, rstd, 1.0f / static_cast<float>(static_cast<int32_t>(d_)), rows);
        PipeBarrier<PIPE_V>();
        Adds(rstd, rstd, eps_, rows);
        PipeBarrier<PIPE_V>();
        Sqrt(rstd, rstd, rows);
        PipeBarrier<PIPE_V>();
        Div(rstd, ones_.Get<float>(), rstd, rows);
    }

    __aicore__ inline void CopyOut(uint32_t row)
    {
        LocalTensor<T> y = out_.template DeQue<T>(); /* waits for V */
        DataCopy(y_[static_cast<uint64_t>(row) * d_], y, Rows(row) * d_);
        out_.FreeTensor(y);
    }

    TPipe pipe_;
    TQue<TPosition::VECIN, 2> in_; /* two deep: a tile waits in it while the next is fetched */
    TQue<TPosition::VECOUT, 1> out_;
    TBuf<TPosition::VECCALC> gamma_ub_, square_, reduce_, rstd_, ones_, wide_;
    GlobalTensor<T> x_, gamma_, y_;
    uint32_t d_, tile_rows_, first_, last_;
    float eps_;
};

extern "C" __global__ __aicore__ void rms_norm_f32(GM_ADDR x, GM_ADDR gamma, GM_ADDR y, RmsNormTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    RmsNorm<float> kernel;
    kernel.Run(x, gamma, y, tiling);
}

extern "C" __global__ __aicore__ void rms_norm_bf16(GM_ADDR x, GM_ADDR gamma, GM_ADDR y, RmsNormTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    RmsNorm<bfloat16_t> kernel;
    kernel.Run(x, gamma, y, tiling);
}

extern "C" __global__ __aicore__ void rms_norm_f16(GM_ADDR x, GM_ADDR gamma, GM_ADDR y, RmsNormTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    RmsNorm<half> kernel;
    kernel.Run(x, gamma, y, tiling);
}

/* Cast copy: many strided rectangles, each from one place to another, with a change of element type on the way. The workhorse of
 * resharding: one launch for all the pieces of all the parameters.
 *
 * A table in memory describes the rectangles, each cut into tiles that fit into UB: as many whole rows as fit, or a part of a long row.
 * A second table gives each core where it starts and how many tiles are its: the host has cut the list of tiles into parts of even
 * bytes. A core reads its few entries of both tables in large pieces.
 *
 * rect_copy moves rectangles as they are: a pass through UB, from MTE2 to MTE3. cast_copy converts; all arithmetic is in f32, with one
 * rounding (to nearest, ties to even) at the end.
 */
#include "kernel_operator.h"

using namespace AscendC;

/* Element types, as a Rect's `cast` has them: 16 * that of the source + that of the destination. The same in contract.rs. */
constexpr uint32_t TYPE_F32 = 0;
constexpr uint32_t TYPE_BF16 = 1;
constexpr uint32_t TYPE_F16 = 2;
constexpr uint32_t TYPE_INT8 = 3;

/* An entry of the table of rectangles, 64 bytes. The same in contract.rs. */
struct Rect {
    uint64_t from; /* address of the first element */
    uint64_t to;
    uint64_t from_pitch; /* bytes from one row to the next */
    uint64_t to_pitch;
    uint64_t scale; /* address of f32 scales, where one side is int8: int8 = round(x * scale), or x = int8 * scale */
    uint32_t rows;
    uint32_t cols;       /* elements of a row; in rect_copy, bytes */
    uint32_t tile_rows;  /* rows of a tile; 1 where a row is cut */
    uint32_t tile_cols;  /* elements of a row in a tile */
    uint32_t cast;       /* see above; in rect_copy, 0 */
    uint32_t scale_step; /* 1: a scale for each row; 0: one for all */
};

/* An entry of the table of cores, 32 bytes. The same in contract.rs. */
struct Share {
    uint32_t rect;  /* the first rectangle */
    uint32_t rects; /* how many it has a part of */
    uint32_t tile;  /* the first tile of the first rectangle */
    uint32_t tiles; /* how many tiles */
    uint32_t reserved[4];
};

/* Where a tile is. */
struct Tile {
    uint32_t row, rows, col, cols;
};

/* This core's tiles, in order. */
class Tiles {
public:
    __aicore__ inline bool Init(TPipe& pipe, GM_ADDR rects, GM_ADDR shares)
    {
        rects_.SetGlobalBuffer((__gm__ uint64_t*)rects);
        GlobalTensor<uint32_t> all;
        all.SetGlobalBuffer((__gm__ uint32_t*)shares);
        pipe.InitBuffer(table_, LOAD * sizeof(Rect));
        pipe.InitBuffer(share_, sizeof(Share));
        DataCopyPad(share_.Get<uint32_t>(), all[GetBlockIdx() * (sizeof(Share) / sizeof(uint32_t))], {1, sizeof(Share), 0, 0, 0}, {});
        Arrived();
        next_ = share_.Get<uint32_t>().GetValue(0);
        rects_end_ = next_ + share_.Get<uint32_t>().GetValue(1);
        tile_ = share_.Get<uint32_t>().GetValue(2);
        left_ = share_.Get<uint32_t>().GetValue(3);
        loaded_ = next_;
        if (left_ == 0) {
            return false;
        }
        Open();
        return true;
    }

    /* The next tile, of the rectangle `rect`; false when there is none. */
    __aicore__ inline bool Next(Rect& rect, Tile& tile)
    {
        if (left_ == 0) {
            return false;
        }
        left_--;
        if (tile_ == tiles_) {
            tile_ = 0;
            Open();
        }
        const uint32_t across = (rect_.cols + rect_.tile_cols - 1) / rect_.tile_cols;
        tile.row = tile_ / across * rect_.tile_rows;
        tile.col = tile_ % across * rect_.tile_cols;
        tile.rows = Least(rect_.rows - tile.row, rect_.tile_rows);
        tile.cols = Least(rect_.cols - tile.col, rect_.tile_cols);
        tile_++;
        rect = rect_;
        return true;
    }

    static __aicore__ inline uint32_t Least(uint32_t a, uint32_t b) { return a < b ? a : b; }

private:
    static constexpr uint32_t LOAD = 64; /* rectangles in UB at a time */

    /* The program reads what MTE2 has copied. */
    static __aicore__ inline void Arrived()
    {
        const event_t there = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::MTE2_S));
        SetFlag<HardEvent::MTE2_S>(there);
        WaitFlag<HardEvent::MTE2_S>(there);
    }

    /* The next rectangle. */
    __aicore__ inline void Open()
    {
        if (next_ == loaded_) {
            const uint32_t n = Least(rects_end_ - next_, LOAD);
            const event_t read = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_MTE2));
            SetFlag<HardEvent::S_MTE2>(read);
            WaitFlag<HardEvent::S_MTE2>(read);
            DataCopyPad(
                table_.Get<uint64_t>(), rects_[static_cast<uint64_t>(next_) * (sizeof(Rect) / sizeof(uint64_t))],
                {1, static_cast<uint32_t>(n * sizeof(Rect)), 0, 0, 0}, {});
            Arrived();
            base_ = next_;
            loaded_ = next_ + n;
        }
        LocalTensor<uint64_t> words = table_.Get<uint64_t>();
        LocalTensor<uint32_t> halves = table_.Get<uint32_t>();
        const uint32_t at = (next_ - base_) * (sizeof(Rect) / sizeof(uint64_t));
        rect_.from = words.GetValue(at);
        rect_.to = words.GetValue(at + 1);
        rect_.from_pitch = words.GetValue(at + 2);
        rect_.to_pitch = words.GetValue(at + 3);
        rect_.scale = words.GetValue(at + 4);
        rect_.rows = halves.GetValue(2 * at + 10);
        rect_.cols = halves.GetValue(2 * at + 11);
        rect_.tile_rows = halves.GetValue(2 * at + 12);
        rect_.tile_cols = halves.GetValue(2 * at + 13);
        rect_.cast = halves.GetValue(2 * at + 14);
        rect_.scale_step = halves.GetValue(2 * at + 15);
        const uint32_t down = (rect_.rows + rect_.tile_rows - 1) / rect_.tile_rows;
        tiles_ = down * ((rect_.cols + rect_.tile_cols - 1) / rect_.tile_cols);
        next_++;
    }

    TBuf<TPosition::VECIN> table_, share_;
    GlobalTensor<uint64_t> rects_;
    Rect rect_;
    uint32_t next_, rects_end_, base_, loaded_; /* of the table */
    uint32_t tile_, tiles_, left_;
};

/* Rows of `cols` elements, `pitch` bytes apart in memory; in UB they start `width` elements apart, of which 32 bytes are a whole
 * number. One run where there are no gaps. */
template <typename T>
__aicore__ inline void RowsIn(const LocalTensor<T>& ub, uint64_t address, uint64_t pitch, uint32_t rows, uint32_t cols, uint32_t width)
{
    GlobalTensor<T> from;
    from.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
    const uint32_t bytes = cols * sizeof(T);
    if (rows == 1 || (pitch == bytes && cols == width)) {
        DataCopyPad(ub, from, {1, rows * bytes, 0, 0, 0}, {});
    } else {
        const uint32_t gap = (width * sizeof(T) - (bytes + 31) / 32 * 32) / 32;
        DataCopyPad(ub, from, {static_cast<uint16_t>(rows), bytes, static_cast<uint32_t>(pitch - bytes), gap, 0}, {});
    }
}

template <typename T>
__aicore__ inline void RowsOut(uint64_t address, const LocalTensor<T>& ub, uint64_t pitch, uint32_t rows, uint32_t cols, uint32_t width)
{
    GlobalTensor<T> to;
    to.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address));
    const uint32_t bytes = cols * sizeof(T);
    if (rows == 1 || (pitch == bytes && cols == width)) {
        DataCopyPad(to, ub, {1, rows * bytes, 0, 0, 0});
    } else {
        const uint32_t gap = (width * sizeof(T) - (bytes + 31) / 32 * 32) / 32;
        DataCopyPad(to, ub, {static_cast<uint16_t>(rows), bytes, gap, static_cast<uint32_t>(pitch - bytes), 0});
    }
}

class RectCopy {
public:
    __aicore__ inline void Run(GM_ADDR rects, GM_ADDR shares)
    {
        if (!tiles_.Init(pipe_, rects, shares)) {
            return;
        }
        pipe_.InitBuffer(through_, 2, BUFFER);
        Rect rect;
        Tile tile;
        while (tiles_.Next(rect, tile)) {
            const uint32_t width = (tile.cols + 31) / 32 * 32;
            LocalTensor<uint8_t> rows = through_.AllocTensor<uint8_t>();
            RowsIn(rows, rect.from + tile.row * rect.from_pitch + tile.col, rect.from_pitch, tile.rows, tile.cols, width);
            through_.EnQue(rows);
            rows = through_.DeQue<uint8_t>();
            RowsOut(rect.to + tile.row * rect.to_pitch + tile.col, rows, rect.to_pitch, tile.rows, tile.cols, width);
            through_.FreeTensor(rows);
        }
    }

private:
    static constexpr uint32_t BUFFER = 65536;
    TPipe pipe_;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through_;
    Tiles tiles_;
};

class CastCopy {
public:
    __aicore__ inline void Run(GM_ADDR rects, GM_ADDR shares)
    {
        if (!tiles_.Init(pipe_, rects, shares)) {
            return;
        }
        pipe_.InitBuffer(in_, 2, ELEMENTS * sizeof(float));
        pipe_.InitBuffer(out_, 2, ELEMENTS * sizeof(float));
        pipe_.InitBuffer(wide_, ELEMENTS * sizeof(float));
        pipe_.InitBuffer(half_, ELEMENTS * sizeof(half));
        pipe_.InitBuffer(scale_, SCALES * sizeof(float));
        /* One tile ahead, so that MTE2 works while the program waits for a tile's scales. */
        Rect rect, rect_next;
        Tile tile, tile_next;
        bool more = tiles_.Next(rect, tile);
        CopyIn(rect, tile);
        while (more) {
            more = tiles_.Next(rect_next, tile_next);
            if (more) {
                CopyIn(rect_next, tile_next);
            }
            Convert(rect, tile);
            rect = rect_next;
            tile = tile_next;
        }
    }

private:
    static constexpr uint32_t ELEMENTS = 8192; /* of a tile, its rows at their distance in UB */
    static constexpr uint32_t SCALES = 1024;   /* rows of a tile that has scales */

    /* The elements of a tile in UB: `count` runs of `length`, `step` apart. */
    struct Runs {
        uint32_t count, length, step;
    };

    /* Elements between rows in UB: whole blocks of 32 bytes in every type. */
    static __aicore__ inline uint32_t Width(const Tile& tile) { return (tile.cols + 31) / 32 * 32; }

    /* One run where rows have no gap in UB. */
    static __aicore__ inline Runs RunsOf(const Tile& tile)
    {
        const uint32_t width = Width(tile);
        return width == tile.cols ? Runs{1, tile.rows * tile.cols, 0} : Runs{tile.rows, tile.cols, width};
    }

    __aicore__ inline void CopyIn(const Rect& rect, const Tile& tile)
    {
        switch (rect.cast / 16) {
            case TYPE_F32: CopyInAs<float>(rect, tile); break;
            case TYPE_BF16: CopyInAs<bfloat16_t>(rect, tile); break;
            case TYPE_F16: CopyInAs<half>(rect, tile); break;
            default: CopyInAs<int8_t>(rect, tile); break;
        }
    }

    template <typename T>
    __aicore__ inline void CopyInAs(const Rect& rect, const Tile& tile)
    {
        LocalTensor<T> rows = in_.AllocTensor<T>();
        const uint64_t from = rect.from + tile.row * rect.from_pitch + tile.col * sizeof(T);
        RowsIn(rows, from, rect.from_pitch, tile.rows, tile.cols, Width(tile));
        in_.EnQue(rows);
    }

    __aicore__ inline void Convert(const Rect& rect, const Tile& tile)
    {
        switch (rect.cast / 16) {
            case TYPE_F32: ConvertFrom<float>(rect, tile); break;
            case TYPE_BF16: ConvertFrom<bfloat16_t>(rect, tile); break;
            case TYPE_F16: ConvertFrom<half>(rect, tile); break;
            default: ConvertFrom<int8_t>(rect, tile); break;
        }
    }

    template <typename S>
    __aicore__ inline void ConvertFrom(const Rect& rect, const Tile& tile)
    {
        switch (rect.cast % 16) {
            case TYPE_F32: ConvertAs<S, float>(rect, tile); break;
            case TYPE_BF16: ConvertAs<S, bfloat16_t>(rect, tile); break;
            case TYPE_F16: ConvertAs<S, half>(rect, tile); break;
            default: ConvertAs<S, int8_t>(rect, tile); break;
        }
    }

    /* From S by f32 to D. What is f32 already needs no room of its own. */
    template <typename S, typename D>
    __aicore__ inline void ConvertAs(const Rect& rect, const Tile& tile)
    {
        constexpr bool from_float = sizeof(S) == sizeof(float);
        constexpr bool to_float = sizeof(D) == sizeof(float);
        const Runs runs = RunsOf(tile);
        LocalTensor<S> from = in_.DeQue<S>();
        LocalTensor<D> to = out_.AllocTensor<D>();
        LocalTensor<float> x;
        if constexpr (to_float) {
            x = to;
        } else if constexpr (from_float) {
            x = from;
        } else {
            x = wide_.Get<float>();
        }
        Widen(x, from, runs);
        if constexpr (sizeof(S) == sizeof(int8_t) || sizeof(D) == sizeof(int8_t)) {
            Scale(x, rect, tile);
        }
        Narrow(to, x, runs);
        in_.FreeTensor(from);
        out_.EnQue(to);
        to = out_.DeQue<D>();
        RowsOut(
            rect.to + tile.row * rect.to_pitch + tile.col * sizeof(D), to, rect.to_pitch, tile.rows, tile.cols, Width(tile));
        out_.FreeTensor(to);
    }

    template <typename S>
    __aicore__ inline void Widen(const LocalTensor<float>& x, const LocalTensor<S>& from, const Runs& runs)
    {
        if constexpr (sizeof(S) == sizeof(int8_t)) {
            LocalTensor<half> middle = half_.Get<half>();
            CastRuns(middle, from, RoundMode::CAST_NONE, runs);
            CastRuns(x, middle, RoundMode::CAST_NONE, runs);
        } else if constexpr (sizeof(S) == sizeof(half)) {
            CastRuns(x, from, RoundMode::CAST_NONE, runs);
        } else {
            for (uint32_t i = 0; i < runs.count; i++) {
                /* From f32 to f32: never asked for, but a copy all the same. */
                Muls(x[i * runs.step], from[i * runs.step], 1.0f, runs.length);
            }
            PipeBarrier<PIPE_V>();
        }
    }

    template <typename D>
    __aicore__ inline void Narrow(const LocalTensor<D>& to, const LocalTensor<float>& x, const Runs& runs)
    {
        if constexpr (sizeof(D) == sizeof(int8_t)) {
            for (uint32_t i = 0; i < runs.count; i++) {
                Mins(x[i * runs.step], x[i * runs.step], 127.0f, runs.length);
            }
            PipeBarrier<PIPE_V>();
            for (uint32_t i = 0; i < runs.count; i++) {
                Maxs(x[i * runs.step], x[i * runs.step], -128.0f, runs.length);
            }
            PipeBarrier<PIPE_V>();
            /* No cast leads from f32 to int8. The first rounds; the others are exact. */
            const LocalTensor<int32_t> whole = x.ReinterpretCast<int32_t>();
            LocalTensor<half> middle = half_.Get<half>();
            CastRuns(whole, x, RoundMode::CAST_RINT, runs);
            CastRuns(x, whole, RoundMode::CAST_NONE, runs);
            CastRuns(middle, x, RoundMode::CAST_NONE, runs);
            CastRuns(to, middle, RoundMode::CAST_NONE, runs);
        } else if constexpr (sizeof(D) == sizeof(half)) {
            CastRuns(to, x, RoundMode::CAST_RINT, runs);
        }
    }

    /* Multiplies each row by its scale, or all by one. */
    __aicore__ inline void Scale(const LocalTensor<float>& x, const Rect& rect, const Tile& tile)
    {
        LocalTensor<float> scale = scale_.Get<float>();
        const uint32_t n = rect.scale_step == 0 ? 1 : tile.rows;
        const event_t read = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_MTE2));
        SetFlag<HardEvent::S_MTE2>(read);
        WaitFlag<HardEvent::S_MTE2>(read);
        RowsIn(scale, rect.scale + static_cast<uint64_t>(tile.row) * rect.scale_step * sizeof(float), 0, 1, n, n);
        const event_t there = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::MTE2_S));
        SetFlag<HardEvent::MTE2_S>(there);
        WaitFlag<HardEvent::MTE2_S>(there);
        if (n == 1) {
            const float factor = scale.GetValue(0);
            const Runs runs = RunsOf(tile);
            for (uint32_t i = 0; i < runs.count; i++) {
                Muls(x[i * runs.step], x[i * runs.step], factor, runs.length);
            }
        } else {
            for (uint32_t r = 0; r < tile.rows; r++) {
                Muls(x[r * Width(tile)], x[r * Width(tile)], scale.GetValue(r), tile.cols);
            }
        }
        PipeBarrier<PIPE_V>();
    }

    template <typename D, typename S>
    __aicore__ inline void CastRuns(const LocalTensor<D>& to, const LocalTensor<S>& from, RoundMode mode, const Runs& runs)
    {
        for (uint32_t i = 0; i < runs.count; i++) {
            Cast(to[i * runs.step], from[i * runs.step], mode, runs.length);
        }
        PipeBarrier<PIPE_V>();
    }

    TPipe pipe_;
    TQue<TPosition::VECIN, 2> in_; /* two deep: a tile waits in it while the next is fetched */
    TQue<TPosition::VECOUT, 1> out_;
    TBuf<TPosition::VECCALC> wide_, half_;
    TBuf<TPosition::VECIN> scale_;
    Tiles tiles_;
};

/* Rectangles of bytes, as they are. */
extern "C" __global__ __aicore__ void rect_copy(GM_ADDR rects, GM_ADDR shares)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    RectCopy kernel;
    kernel.Run(rects, shares);
}

/* Rectangles whose element type changes. */
extern "C" __global__ __aicore__ void cast_copy(GM_ADDR rects, GM_ADDR shares)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    CastCopy kernel;
    kernel.Run(rects, shares);
}

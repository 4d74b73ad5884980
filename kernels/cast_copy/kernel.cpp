/* Cast copy: many strided rectangles, each from one place to another, with a change of element type on the way. The workhorse of
 * resharding: one launch for all the pieces of all the parameters.
 *
 * A table in memory describes the rectangles, each cut into tiles that fit into UB: as many whole rows as fit, or a part of a long
 * row. A second table gives each core where it starts and how many tiles are its: the host has cut the list of tiles into parts of
 * even bytes. A core reads its few entries of both tables in large pieces.
 *
 * rect_copy moves rectangles as they are: a pass through UB, from MTE2 to MTE3. cast_copy converts; all arithmetic is in f32, with
 * one rounding (to nearest, ties to even) at the end. The host launches it once for each pair of element sizes, whose tiles fill UB
 * then: copies are long on both sides.
 */
#include "kernel_operator.h"

using namespace AscendC;

/* Element types, as a Rect's `cast` has them: 16 * that of the source + that of the destination. The same in contract.rs. */
constexpr uint32_t TYPE_F32 = 0;
constexpr uint32_t TYPE_BF16 = 1;
constexpr uint32_t TYPE_F16 = 2;
constexpr uint32_t TYPE_INT8 = 3;

__aicore__ inline constexpr uint32_t Pair(uint32_t from, uint32_t to) { return 16 * from + to; }

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

/* By value, the last parameter of cast_copy. The same in contract.rs. */
struct CastCopyTiling {
    uint32_t from; /* bytes of the largest tile of the source, its rows at their distance in UB */
    uint32_t to;   /* of the destination */
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
        const uint64_t own = static_cast<uint64_t>(GetBlockIdx()) * (sizeof(Share) / sizeof(uint32_t));
        DataCopyPad(share_.Get<uint32_t>(), all[own], {1, sizeof(Share), 0, 0, 0}, {});
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
    static constexpr uint32_t LOAD = 32; /* rectangles in UB at a time */

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

/* Rows of `row` bytes, `pitch` apart in memory; in UB they start `step` apart, whole blocks of 32. One run where nothing lies
 * between them. */
__aicore__ inline void RowsIn(
    const LocalTensor<uint8_t>& ub, uint64_t address, uint64_t pitch, uint32_t rows, uint32_t row, uint32_t step)
{
    GlobalTensor<uint8_t> from;
    from.SetGlobalBuffer(reinterpret_cast<__gm__ uint8_t*>(address));
    if (rows == 1 || (pitch == row && row == step)) {
        DataCopyPad(ub, from, {1, rows * row, 0, 0, 0}, {});
    } else {
        const uint32_t gap = (step - (row + 31) / 32 * 32) / 32;
        DataCopyPad(ub, from, {static_cast<uint16_t>(rows), row, static_cast<uint32_t>(pitch - row), gap, 0}, {});
    }
}

__aicore__ inline void RowsOut(
    uint64_t address, const LocalTensor<uint8_t>& ub, uint64_t pitch, uint32_t rows, uint32_t row, uint32_t step)
{
    GlobalTensor<uint8_t> to;
    to.SetGlobalBuffer(reinterpret_cast<__gm__ uint8_t*>(address));
    if (rows == 1 || (pitch == row && row == step)) {
        DataCopyPad(to, ub, {1, rows * row, 0, 0, 0});
    } else {
        const uint32_t gap = (step - (row + 31) / 32 * 32) / 32;
        DataCopyPad(to, ub, {static_cast<uint16_t>(rows), row, gap, static_cast<uint32_t>(pitch - row), 0});
    }
}

/* Elements, or bytes, between rows in UB: whole blocks of 32 bytes in every type. */
__aicore__ inline uint32_t Width(const Tile& tile) { return (tile.cols + 31) / 32 * 32; }

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
            const uint32_t step = Width(tile);
            LocalTensor<uint8_t> rows = through_.AllocTensor<uint8_t>();
            RowsIn(rows, rect.from + tile.row * rect.from_pitch + tile.col, rect.from_pitch, tile.rows, tile.cols, step);
            through_.EnQue(rows);
            rows = through_.DeQue<uint8_t>();
            RowsOut(rect.to + tile.row * rect.to_pitch + tile.col, rows, rect.to_pitch, tile.rows, tile.cols, step);
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
    __aicore__ inline void Run(GM_ADDR rects, GM_ADDR shares, const CastCopyTiling& tiling)
    {
        if (!tiles_.Init(pipe_, rects, shares)) {
            return;
        }
        pipe_.InitBuffer(in_, 2, tiling.from);
        pipe_.InitBuffer(out_, 2, tiling.to);
        pipe_.InitBuffer(wide_, PART * sizeof(float));
        pipe_.InitBuffer(half_, PART * sizeof(half));
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
    static constexpr uint32_t SCALES = 1024; /* rows of a tile that has scales */
    static constexpr uint32_t PART = 2048;   /* elements that are converted at a time */

    /* What is converted at a time: `count` runs of `length` elements, `step` apart, the first at `at`. */
    struct Part {
        uint32_t at, count, length, step;
        uint32_t row; /* of the tile */
    };

    static __aicore__ inline uint32_t SizeOf(uint32_t type) { return type == TYPE_F32 ? 4 : type == TYPE_INT8 ? 1 : 2; }

    __aicore__ inline void CopyIn(const Rect& rect, const Tile& tile)
    {
        const uint32_t size = SizeOf(rect.cast / 16);
        LocalTensor<uint8_t> rows = in_.AllocTensor<uint8_t>();
        const uint64_t from = rect.from + tile.row * rect.from_pitch + static_cast<uint64_t>(tile.col) * size;
        RowsIn(rows, from, rect.from_pitch, tile.rows, tile.cols * size, Width(tile) * size);
        in_.EnQue(rows);
    }

    __aicore__ inline void Convert(const Rect& rect, const Tile& tile)
    {
        switch (rect.cast) {
            case Pair(TYPE_F32, TYPE_BF16): ConvertAs<float, bfloat16_t>(rect, tile); break;
            case Pair(TYPE_F32, TYPE_F16): ConvertAs<float, half>(rect, tile); break;
            case Pair(TYPE_F32, TYPE_INT8): ConvertAs<float, int8_t>(rect, tile); break;
            case Pair(TYPE_BF16, TYPE_F32): ConvertAs<bfloat16_t, float>(rect, tile); break;
            case Pair(TYPE_BF16, TYPE_F16): ConvertAs<bfloat16_t, half>(rect, tile); break;
            case Pair(TYPE_BF16, TYPE_INT8): ConvertAs<bfloat16_t, int8_t>(rect, tile); break;
            case Pair(TYPE_F16, TYPE_F32): ConvertAs<half, float>(rect, tile); break;
            case Pair(TYPE_F16, TYPE_BF16): ConvertAs<half, bfloat16_t>(rect, tile); break;
            case Pair(TYPE_F16, TYPE_INT8): ConvertAs<half, int8_t>(rect, tile); break;
            case Pair(TYPE_INT8, TYPE_F32): ConvertAs<int8_t, float>(rect, tile); break;
            case Pair(TYPE_INT8, TYPE_BF16): ConvertAs<int8_t, bfloat16_t>(rect, tile); break;
            default: ConvertAs<int8_t, half>(rect, tile); break;
        }
    }

    template <typename S, typename D>
    __aicore__ inline void ConvertAs(const Rect& rect, const Tile& tile)
    {
        const uint32_t width = Width(tile);
        LocalTensor<S> from = in_.DeQue<S>();
        LocalTensor<D> to = out_.AllocTensor<D>();
        if constexpr (sizeof(S) == sizeof(int8_t) || sizeof(D) == sizeof(int8_t)) {
            LoadScales(rect, tile);
        }
        /* Rows without gaps in UB are one, unless each has a scale. */
        const bool one = width == tile.cols && rect.scale_step == 0;
        const uint32_t rows = one ? 1 : tile.rows;
        const uint32_t length = one ? tile.rows * tile.cols : tile.cols;
        const uint32_t together = length < PART ? PART / Width({0, 1, 0, length}) : 1;
        for (uint32_t row = 0; row < rows; row += together) {
            const uint32_t count = Tiles::Least(rows - row, together);
            for (uint32_t col = 0; col < length; col += PART) {
                const Part part = {row * width + col, count, Tiles::Least(length - col, PART), width, row};
                ConvertPart<S, D>(to, from, part, rect.scale_step);
            }
        }
        in_.FreeTensor(from);
        out_.EnQue(to);
        LocalTensor<uint8_t> bytes = out_.DeQue<uint8_t>();
        const uint64_t address = rect.to + tile.row * rect.to_pitch + static_cast<uint64_t>(tile.col) * sizeof(D);
        RowsOut(address, bytes, rect.to_pitch, tile.rows, tile.cols * sizeof(D), width * sizeof(D));
        out_.FreeTensor(bytes);
    }

    /* From S by f32 to D. What is f32 already needs no room of its own. */
    template <typename S, typename D>
    __aicore__ inline void ConvertPart(
        const LocalTensor<D>& whole_to, const LocalTensor<S>& whole_from, const Part& part, uint32_t scale_step)
    {
        const LocalTensor<S> from = whole_from[part.at];
        const LocalTensor<D> to = whole_to[part.at];
        LocalTensor<float> x;
        if constexpr (sizeof(D) == sizeof(float)) {
            x = to;
        } else if constexpr (sizeof(S) == sizeof(float)) {
            x = from;
        } else {
            x = wide_.Get<float>();
        }
        if constexpr (sizeof(S) == sizeof(int8_t)) {
            LocalTensor<half> middle = half_.Get<half>();
            CastRuns(middle, from, RoundMode::CAST_NONE, part);
            CastRuns(x, middle, RoundMode::CAST_NONE, part);
        } else if constexpr (sizeof(S) == sizeof(half)) {
            CastRuns(x, from, RoundMode::CAST_NONE, part);
        }
        if constexpr (sizeof(S) == sizeof(int8_t) || sizeof(D) == sizeof(int8_t)) {
            LocalTensor<float> scale = scale_.Get<float>();
            for (uint32_t i = 0; i < part.count; i++) {
                Muls(x[i * part.step], x[i * part.step], scale.GetValue(scale_step * (part.row + i)), part.length);
            }
            PipeBarrier<PIPE_V>();
        }
        if constexpr (sizeof(D) == sizeof(int8_t)) {
            ToInt8(to, x, part);
        } else if constexpr (sizeof(D) == sizeof(half)) {
            CastRuns(to, x, RoundMode::CAST_RINT, part);
        }
    }

    __aicore__ inline void ToInt8(const LocalTensor<int8_t>& to, const LocalTensor<float>& x, const Part& part)
    {
        /* No cast leads from f32 to int8. The first rounds; the others are exact, and what is too large becomes the largest there is. */
        LocalTensor<half> middle = half_.Get<half>();
        CastRuns(x, x, RoundMode::CAST_RINT, part);
        CastRuns(middle, x, RoundMode::CAST_NONE, part);
        CastRuns(to, middle, RoundMode::CAST_NONE, part);
    }

    /* The tile's scales to UB, for the program to read: one for each row, or the one. */
    __aicore__ inline void LoadScales(const Rect& rect, const Tile& tile)
    {
        const uint32_t n = rect.scale_step == 0 ? 1 : tile.rows;
        GlobalTensor<float> from;
        from.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(rect.scale));
        const event_t read = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_MTE2));
        SetFlag<HardEvent::S_MTE2>(read);
        WaitFlag<HardEvent::S_MTE2>(read);
        DataCopyPad(
            scale_.Get<float>(), from[static_cast<uint64_t>(tile.row) * rect.scale_step],
            {1, static_cast<uint32_t>(n * sizeof(float)), 0, 0, 0}, {});
        const event_t there = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::MTE2_S));
        SetFlag<HardEvent::MTE2_S>(there);
        WaitFlag<HardEvent::MTE2_S>(there);
    }

    template <typename D, typename S>
    __aicore__ inline void CastRuns(const LocalTensor<D>& to, const LocalTensor<S>& from, RoundMode mode, const Part& part)
    {
        for (uint32_t i = 0; i < part.count; i++) {
            Cast(to[i * part.step], from[i * part.step], mode, part.length);
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
extern "C" __global__ __aicore__ void cast_copy(GM_ADDR rects, GM_ADDR shares, CastCopyTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    CastCopy kernel;
    kernel.Run(rects, shares, tiling);
}

/* KV write (reshape_and_cache): the keys and values of new tokens to their slots in a paged cache.
 *
 * The layouts of a page differ in one thing only, the piece of a token's row that stays together:
 *
 *   BSND  [blocks, block_size, heads, dim]         the whole row
 *   BNSD  [blocks, heads, block_size, dim]         a head
 *   NZ    [blocks, heads * dim / c, block_size, c]  32 bytes (c elements)
 *
 * A row of `row` bytes has row / piece pieces, and a block is as many planes of block_size pieces: token `at` of a block has its
 * piece `p` at (p * block_size + at) * piece. With a piece of a whole row there is one plane, and even blocks follow one another.
 *
 * The tokens go in tiles. Tokens whose slots follow one another are written in one run, or in a run for each plane (all of a
 * prefill; in decoding each token is on its own). So where a page has planes a tile has many tokens, as many as make such runs
 * long, at the price of the second buffer: then the cores, rather than the queues of one, keep the memory busy. A negative slot is
 * skipped, and not even read; so is one past the cache.
 *
 * kv_write copies bytes, of any element type. kv_write_int8_* multiply by a scale for each channel and round to int8 on the way.
 * Prompts that are copied to NZ pages go through ../kv_write_nz.
 */
#include "kernel_operator.h"

using namespace AscendC;

/* By value, the last parameter. The same in contract.rs. Keys are 0, values 1. */
struct KvWriteTiling {
    uint32_t tokens;
    uint32_t slots;      /* of the cache: blocks * block_size */
    uint32_t block_size;
    uint32_t slot_bytes; /* of an element of slot_mapping: 4 or 8 */
    uint32_t unit;       /* cores get whole multiples of so many tokens */
    uint32_t tile;       /* tokens of a tile, at most 512 */
    uint32_t buffers;    /* tiles in UB: 2, or 1 where a tile is large */
    uint32_t reserved;
    uint32_t row[2];     /* bytes of a token's row in the cache; 0: there are no values */
    uint32_t piece[2];   /* bytes of a row in the cache that stay together; divides the row's */
    uint32_t pitch[2];   /* bytes from one token to the next in the source */
};

/* Tokens first..last; none where they are the same. */
struct Part {
    uint32_t first, last;
};

/* This core's tokens, in whole units, where the work is a list of `lists` times all units and each core has a part of the whole:
 * those in `list`. */
__aicore__ inline Part PartOf(const KvWriteTiling& tiling, uint32_t list, uint32_t lists)
{
    const uint64_t units = (tiling.tokens + tiling.unit - 1) / tiling.unit;
    const uint64_t before = units * list;
    uint64_t first = units * lists * GetBlockIdx() / GetBlockNum();
    uint64_t last = units * lists * (GetBlockIdx() + 1) / GetBlockNum();
    first = first < before ? 0 : first - before < units ? first - before : units;
    last = last < before ? 0 : last - before < units ? last - before : units;
    first *= tiling.unit;
    last *= tiling.unit;
    return {static_cast<uint32_t>(first < tiling.tokens ? first : tiling.tokens),
            static_cast<uint32_t>(last < tiling.tokens ? last : tiling.tokens)};
}

/* What the variants on vector cores share: the slots of tokens first_..last_, and how rows go from UB to their pages. */
class Slots {
public:
    __aicore__ inline void Init(TPipe& pipe, GM_ADDR slot_mapping, const KvWriteTiling& tiling)
    {
        slots_ = tiling.slots;
        block_size_ = tiling.block_size;
        wide_ = tiling.slot_bytes == 8;
        mapping_.SetGlobalBuffer((__gm__ int32_t*)slot_mapping);
        pipe.InitBuffer(buffer_, LOAD * sizeof(int64_t));
    }

    __aicore__ inline void Take(Part part)
    {
        first_ = part.first;
        last_ = part.last;
    }

    /* The slots of the tokens from `token` on to UB; how many. */
    __aicore__ inline uint32_t Load(uint32_t token)
    {
        base_ = token;
        const uint32_t n = last_ - token < LOAD ? last_ - token : LOAD;
        const uint32_t words = wide_ ? 2 : 1;
        const event_t read = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_MTE2));
        SetFlag<HardEvent::S_MTE2>(read);
        WaitFlag<HardEvent::S_MTE2>(read);
        DataCopyPad(
            buffer_.Get<int32_t>(), mapping_[static_cast<uint64_t>(token) * words],
            {1, static_cast<uint32_t>(n * words * sizeof(int32_t)), 0, 0, 0}, {});
        const event_t there = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::MTE2_S));
        SetFlag<HardEvent::MTE2_S>(there);
        WaitFlag<HardEvent::MTE2_S>(there);
        return n;
    }

    /* The slot of a loaded token; what must be skipped is negative. */
    __aicore__ inline int64_t At(uint32_t token)
    {
        const int64_t slot = wide_ ? buffer_.Get<int64_t>().GetValue(token - base_)
                                   : static_cast<int64_t>(buffer_.Get<int32_t>().GetValue(token - base_));
        return slot < slots_ ? slot : -1;
    }

    /* Where a run of tokens from `token` on ends, at `end` at last: their slots follow one another, in one block unless the
     * whole row stays together. */
    __aicore__ inline uint32_t RunEnd(uint32_t token, uint32_t end, bool whole)
    {
        int64_t slot = At(token);
        for (token++; token < end; token++) {
            slot++;
            if (At(token) != slot || (!whole && slot % block_size_ == 0)) {
                break;
            }
        }
        return token;
    }

    /* Where a tile ends that begins with a loaded token, which may be skipped: at the first that must be. */
    __aicore__ inline uint32_t TileEnd(uint32_t token, uint32_t loaded, uint32_t most)
    {
        uint32_t end = token;
        while (end < loaded && end - token < most && At(end) >= 0) {
            end++;
        }
        return end;
    }

    /* Rows of tokens first..end, which lie one after another in UB, to their slots. */
    __aicore__ inline void Write(
        const GlobalTensor<uint8_t>& cache, const LocalTensor<uint8_t>& rows, uint32_t first, uint32_t end, uint32_t row,
        uint32_t piece)
    {
        for (uint32_t token = first; token < end;) {
            const uint32_t stop = RunEnd(token, end, piece == row);
            WriteRun(cache, rows[(token - first) * row], static_cast<uint64_t>(At(token)), stop - token, row, piece);
            token = stop;
        }
    }

    /* Tokens first..end, whose rows lie in UB as planes of `planes` for each, to their slots in NZ pages. A whole page is one run. */
    __aicore__ inline void WritePlanes(
        const GlobalTensor<uint8_t>& cache, const LocalTensor<uint8_t>& tile, uint32_t first, uint32_t end, uint32_t planes)
    {
        for (uint32_t token = first; token < end;) {
            const uint32_t stop = RunEnd(token, end, false);
            const uint32_t n = stop - token;
            const uint64_t slot = static_cast<uint64_t>(At(token));
            const uint64_t at = slot % block_size_;
            DataCopyPad(
                cache[(slot - at) * planes * C0 + at * C0], tile[(token - first) * C0],
                {static_cast<uint16_t>(planes), n * C0, end - first - n, (block_size_ - n) * C0, 0});
            token = stop;
        }
    }

    static constexpr uint32_t LOAD = 512; /* slots in UB at a time */
    static constexpr uint32_t C0 = 32;    /* bytes of a token in a plane of an NZ page */
    uint32_t first_, last_;

private:
    __aicore__ inline void WriteRun(
        const GlobalTensor<uint8_t>& cache, const LocalTensor<uint8_t>& rows, uint64_t slot, uint32_t n, uint32_t row,
        uint32_t piece)
    {
        if (piece == row) {
            DataCopyPad(cache[slot * row], rows, {1, n * row, 0, 0, 0});
            return;
        }
        const uint64_t at = slot % block_size_;
        const uint64_t block = (slot - at) * row;
        const uint32_t pieces = row / piece;
        if (n > 1 && (n >= pieces || n * piece >= 512)) {
            /* For each plane, the pieces of all tokens: they follow one another in the page. */
            for (uint32_t p = 0; p < pieces; p++) {
                DataCopyPad(
                    cache[block + (static_cast<uint64_t>(p) * block_size_ + at) * piece], rows[p * piece],
                    {static_cast<uint16_t>(n), piece, (row - piece) / 32, 0, 0});
            }
        } else {
            /* For each token, the pieces in all planes. */
            for (uint32_t i = 0; i < n; i++) {
                DataCopyPad(
                    cache[block + (at + i) * piece], rows[i * row],
                    {static_cast<uint16_t>(pieces), piece, 0, (block_size_ - 1) * piece, 0});
            }
        }
    }

    TBuf<TPosition::VECIN> buffer_;
    GlobalTensor<int32_t> mapping_;
    uint32_t slots_, block_size_, base_;
    bool wide_;
};

/* Copies rows as they are. */
class KvWrite {
public:
    __aicore__ inline void Run(
        GM_ADDR k, GM_ADDR v, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache, const KvWriteTiling& tiling)
    {
        const Part part = PartOf(tiling, 0, 1);
        if (part.first == part.last) {
            return;
        }
        slots_.Init(pipe_, slot_mapping, tiling);
        slots_.Take(part);
        GlobalTensor<uint8_t> from[2], to[2];
        from[0].SetGlobalBuffer((__gm__ uint8_t*)k);
        from[1].SetGlobalBuffer((__gm__ uint8_t*)v);
        to[0].SetGlobalBuffer((__gm__ uint8_t*)k_cache);
        to[1].SetGlobalBuffer((__gm__ uint8_t*)v_cache);
        const uint32_t longest = tiling.row[0] > tiling.row[1] ? tiling.row[0] : tiling.row[1];
        const uint32_t sides = tiling.row[1] == 0 ? 1 : 2;
        pipe_.InitBuffer(through_, tiling.buffers, tiling.tile * longest);
        for (uint32_t token = slots_.first_; token < slots_.last_;) {
            const uint32_t loaded = token + slots_.Load(token);
            while (token < loaded) {
                const uint32_t end = slots_.TileEnd(token, loaded, tiling.tile);
                if (end == token) {
                    token++; /* skipped */
                    continue;
                }
                for (uint32_t side = 0; side < sides; side++) {
                    Move(from[side], to[side], token, end, tiling.row[side], tiling.piece[side], tiling.pitch[side]);
                }
                token = end;
            }
        }
    }

private:
    __aicore__ inline void Move(
        const GlobalTensor<uint8_t>& from, const GlobalTensor<uint8_t>& to, uint32_t first, uint32_t end, uint32_t row,
        uint32_t piece, uint32_t pitch)
    {
        LocalTensor<uint8_t> rows = through_.AllocTensor<uint8_t>();
        const uint32_t n = end - first;
        if (pitch == row) {
            DataCopyPad(rows, from[static_cast<uint64_t>(first) * pitch], {1, n * row, 0, 0, 0}, {});
        } else {
            DataCopyPad(
                rows, from[static_cast<uint64_t>(first) * pitch], {static_cast<uint16_t>(n), row, pitch - row, 0, 0}, {});
        }
        through_.EnQue(rows);
        rows = through_.DeQue<uint8_t>();
        slots_.Write(to, rows, first, end, row, piece);
        through_.FreeTensor(rows);
    }

    TPipe pipe_;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through_;
    Slots slots_;
};

/* Rounds x * scale to int8 on the way: CANN's static quantisation (aclnnAscendQuant, round mode "round"), whose inverse is the
 * antiquant scale of aclnnFusedInferAttentionScore for each channel. The work is first all keys, then all values, so that a core reads
 * the scales of one of them as a rule. */
template <typename T>
class KvWriteInt8 {
public:
    __aicore__ inline void Run(
        GM_ADDR k, GM_ADDR v, GM_ADDR k_scale, GM_ADDR v_scale, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache,
        const KvWriteTiling& tiling)
    {
        const uint32_t longest = tiling.row[0] > tiling.row[1] ? tiling.row[0] : tiling.row[1];
        slots_.Init(pipe_, slot_mapping, tiling);
        pipe_.InitBuffer(in_, 2, READ);
        pipe_.InitBuffer(out_, tiling.buffers, tiling.tile * longest);
        pipe_.InitBuffer(middle_, PART * sizeof(float));
        pipe_.InitBuffer(scale_, 1, longest * sizeof(float));
        const uint32_t sides = tiling.row[1] == 0 ? 1 : 2;
        for (uint32_t side = 0; side < sides; side++) {
            const Part part = PartOf(tiling, side, sides);
            if (part.first == part.last) {
                continue;
            }
            slots_.Take(part);
            row_ = tiling.row[side];
            pitch_ = tiling.pitch[side];
            planes_ = tiling.piece[side] == Slots::C0 && row_ > Slots::C0;
            Write(side == 0 ? k : v, side == 0 ? k_scale : v_scale, side == 0 ? k_cache : v_cache, tiling.piece[side], tiling.tile);
        }
    }

private:
    static constexpr uint32_t READ = 16384; /* bytes that are read at a time, in whole rows */
    static constexpr uint32_t PART = 2048;  /* elements of two bytes that are rounded at a time */
    static_assert(READ / sizeof(float) * sizeof(half) <= PART * sizeof(float), "f32 is rounded as it is read");

    /* This core's tokens of one side. */
    __aicore__ inline void Write(GM_ADDR new_rows, GM_ADDR scales, GM_ADDR cache, uint32_t piece, uint32_t most)
    {
        GlobalTensor<T> from;
        from.SetGlobalBuffer((__gm__ T*)new_rows);
        GlobalTensor<uint8_t> to;
        to.SetGlobalBuffer((__gm__ uint8_t*)cache);
        GlobalTensor<float> factors;
        factors.SetGlobalBuffer((__gm__ float*)scales);
        LocalTensor<float> scale = scale_.template AllocTensor<float>();
        DataCopyPad(scale, factors, {1, static_cast<uint32_t>(row_ * sizeof(float)), 0, 0, 0}, {});
        scale_.EnQue(scale);
        scale = scale_.template DeQue<float>();
        for (uint32_t token = slots_.first_; token < slots_.last_;) {
            const uint32_t loaded = token + slots_.Load(token);
            while (token < loaded) {
                const uint32_t end = slots_.TileEnd(token, loaded, most);
                if (end == token) {
                    token++;
                    continue;
                }
                Quantise(from, token, end, scale);
                LocalTensor<uint8_t> rows = out_.template DeQue<uint8_t>();
                if (planes_) {
                    slots_.WritePlanes(to, rows, token, end, row_ / Slots::C0);
                } else {
                    slots_.Write(to, rows, token, end, row_, piece);
                }
                out_.FreeTensor(rows);
                token = end;
            }
        }
        scale_.FreeTensor(scale);
    }

    /* A row has as many elements as bytes in the cache. */
    __aicore__ inline void CopyIn(const GlobalTensor<T>& from, uint32_t first, uint32_t n)
    {
        const uint32_t bytes = row_ * sizeof(T);
        LocalTensor<T> rows = in_.template AllocTensor<T>();
        const GlobalTensor<T> at = from[static_cast<uint64_t>(first) * (pitch_ / sizeof(T))];
        if (pitch_ == bytes) {
            DataCopyPad(rows, at, {1, n * bytes, 0, 0, 0}, {});
        } else {
            DataCopyPad(rows, at, {static_cast<uint16_t>(n), bytes, pitch_ - bytes, 0, 0}, {});
        }
        in_.EnQue(rows);
    }

    /* Tokens first..end to a tile of int8, of rows or of planes. It is read in several pieces, so that it may be large. */
    __aicore__ inline void Quantise(const GlobalTensor<T>& from, uint32_t first, uint32_t end, const LocalTensor<float>& scale)
    {
        LocalTensor<uint8_t> tile = out_.template AllocTensor<uint8_t>();
        LocalTensor<int8_t> to = tile.template ReinterpretCast<int8_t>();
        const uint32_t at_a_time = READ / (row_ * static_cast<uint32_t>(sizeof(T)));
        for (uint32_t token = first; token < end; token += at_a_time) {
            const uint32_t n = end - token < at_a_time ? end - token : at_a_time;
            CopyIn(from, token, n);
            LocalTensor<T> rows = in_.template DeQue<T>();
            const LocalTensor<half> whole = Round(rows, n, scale);
            if (planes_) {
                ToPlanes(to, token - first, end - first, whole, n);
            } else {
                Cast(to[(token - first) * row_], whole, RoundMode::CAST_NONE, n * row_);
            }
            PipeBarrier<PIPE_V>();
            in_.FreeTensor(rows);
        }
        out_.EnQue(tile);
    }

    /* `n` rows, one after another, to whole numbers, as half. Those of two bytes take the place of what they are made of. */
    __aicore__ inline LocalTensor<half> Round(const LocalTensor<T>& rows, uint32_t n, const LocalTensor<float>& scale)
    {
        if constexpr (sizeof(T) == sizeof(float)) {
            const LocalTensor<half> whole = middle_.template Get<half>();
            RoundPart(whole, rows, scale, n, row_);
            return whole;
        } else {
            const LocalTensor<half> whole = rows.template ReinterpretCast<half>();
            const LocalTensor<float> x = middle_.template Get<float>();
            /* Some whole rows at a time, or a part of a long one. */
            const uint32_t together = row_ < PART ? PART / row_ : 1;
            for (uint32_t i = 0; i < n; i += together) {
                const uint32_t count = n - i < together ? n - i : together;
                for (uint32_t col = 0; col < row_; col += PART) {
                    const uint32_t length = row_ - col < PART ? row_ - col : PART;
                    const uint32_t at = i * row_ + col;
                    Cast(x, rows[at], RoundMode::CAST_NONE, count * length);
                    PipeBarrier<PIPE_V>();
                    RoundPart(whole[at], x, scale[col], count, length);
                }
            }
            return whole;
        }
    }

    /* `count` runs of `length` elements, one after another, each with the same scales. */
    __aicore__ inline void RoundPart(
        const LocalTensor<half>& whole, const LocalTensor<float>& x, const LocalTensor<float>& scale, uint32_t count,
        uint32_t length)
    {
        for (uint32_t i = 0; i < count; i++) {
            Mul(x[i * length], x[i * length], scale, length);
        }
        PipeBarrier<PIPE_V>();
        /* No cast leads from f32 to int8. The first rounds, to nearest and ties to even; the others are exact, and what is too large
         * becomes the largest there is. */
        Cast(x, x, RoundMode::CAST_RINT, count * length);
        PipeBarrier<PIPE_V>();
        Cast(whole, x, RoundMode::CAST_NONE, count * length);
        PipeBarrier<PIPE_V>();
    }

    /* `n` rows to their planes in a tile of `tokens`, where the first is token `at`: a repeat for each token has the 32 channels of
     * each of four planes. */
    __aicore__ inline void ToPlanes(
        const LocalTensor<int8_t>& tile, uint32_t at, uint32_t tokens, const LocalTensor<half>& whole, uint32_t n)
    {
        constexpr uint32_t LANES = 128;
        const uint32_t stride = row_ * sizeof(half) / 32;
        const uint32_t together = stride <= 255 ? n : 1;
        const UnaryRepeatParams step(static_cast<uint16_t>(tokens), 1, 1, static_cast<uint8_t>(stride));
        for (uint32_t i = 0; i < n; i += together) {
            for (uint32_t col = 0; col < row_; col += LANES) {
                const uint64_t lanes = row_ - col < LANES ? row_ - col : LANES;
                Cast(
                    tile[col * tokens + (at + i) * Slots::C0], whole[i * row_ + col], RoundMode::CAST_NONE, lanes,
                    static_cast<uint8_t>(together), step);
            }
        }
    }

    TPipe pipe_;
    TQue<TPosition::VECIN, 1> in_, scale_;
    TQue<TPosition::VECOUT, 1> out_;
    TBuf<TPosition::VECCALC> middle_; /* f32 of what has two bytes; half of f32 */
    Slots slots_;
    uint32_t row_, pitch_; /* of the side at hand */
    bool planes_;          /* tiles have planes, as its pages do */
};

extern "C" __global__ __aicore__ void kv_write(
    GM_ADDR k, GM_ADDR v, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache, KvWriteTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    KvWrite kernel;
    kernel.Run(k, v, slot_mapping, k_cache, v_cache, tiling);
}

extern "C" __global__ __aicore__ void kv_write_int8_f32(
    GM_ADDR k, GM_ADDR v, GM_ADDR k_scale, GM_ADDR v_scale, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache,
    KvWriteTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    KvWriteInt8<float> kernel;
    kernel.Run(k, v, k_scale, v_scale, slot_mapping, k_cache, v_cache, tiling);
}

extern "C" __global__ __aicore__ void kv_write_int8_bf16(
    GM_ADDR k, GM_ADDR v, GM_ADDR k_scale, GM_ADDR v_scale, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache,
    KvWriteTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    KvWriteInt8<bfloat16_t> kernel;
    kernel.Run(k, v, k_scale, v_scale, slot_mapping, k_cache, v_cache, tiling);
}

extern "C" __global__ __aicore__ void kv_write_int8_f16(
    GM_ADDR k, GM_ADDR v, GM_ADDR k_scale, GM_ADDR v_scale, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache,
    KvWriteTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    KvWriteInt8<half> kernel;
    kernel.Run(k, v, k_scale, v_scale, slot_mapping, k_cache, v_cache, tiling);
}

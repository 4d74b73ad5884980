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

/* What all variants share: this core's tokens, their slots, and how rows go from UB to their pages. */
class Slots {
public:
    __aicore__ inline bool Init(TPipe& pipe, GM_ADDR slot_mapping, const KvWriteTiling& tiling)
    {
        slots_ = tiling.slots;
        block_size_ = tiling.block_size;
        wide_ = tiling.slot_bytes == 8;
        /* Tokens first..last are this core's, in whole units. */
        const uint64_t units = (tiling.tokens + tiling.unit - 1) / tiling.unit;
        const uint64_t first = units * GetBlockIdx() / GetBlockNum() * tiling.unit;
        const uint64_t last = units * (GetBlockIdx() + 1) / GetBlockNum() * tiling.unit;
        first_ = static_cast<uint32_t>(first);
        last_ = static_cast<uint32_t>(last < tiling.tokens ? last : tiling.tokens);
        if (first_ >= last_) {
            return false;
        }
        mapping_.SetGlobalBuffer((__gm__ int32_t*)slot_mapping);
        pipe.InitBuffer(buffer_, LOAD * sizeof(int64_t));
        return true;
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

    static constexpr uint32_t LOAD = 512; /* slots in UB at a time */
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
        if (!slots_.Init(pipe_, slot_mapping, tiling)) {
            return;
        }
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
 * antiquant scale of aclnnFusedInferAttentionScore for each channel. */
template <typename T>
class KvWriteInt8 {
public:
    __aicore__ inline void Run(
        GM_ADDR k, GM_ADDR v, GM_ADDR k_scale, GM_ADDR v_scale, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache,
        const KvWriteTiling& tiling)
    {
        if (!slots_.Init(pipe_, slot_mapping, tiling)) {
            return;
        }
        const uint32_t longest = tiling.row[0] > tiling.row[1] ? tiling.row[0] : tiling.row[1];
        pipe_.InitBuffer(in_, 2, READ);
        pipe_.InitBuffer(out_, tiling.buffers, tiling.tile * longest);
        pipe_.InitBuffer(half_, PART * sizeof(half));
        if constexpr (sizeof(T) != sizeof(float)) {
            pipe_.InitBuffer(wide_, PART * sizeof(float));
        }
        const uint32_t sides = tiling.row[1] == 0 ? 1 : 2;
        GlobalTensor<T> from[2];
        GlobalTensor<uint8_t> to[2];
        from[0].SetGlobalBuffer((__gm__ T*)k);
        from[1].SetGlobalBuffer((__gm__ T*)v);
        to[0].SetGlobalBuffer((__gm__ uint8_t*)k_cache);
        to[1].SetGlobalBuffer((__gm__ uint8_t*)v_cache);
        pipe_.InitBuffer(scale_[0], tiling.row[0] * sizeof(float));
        LoadScale(scale_[0], k_scale, tiling.row[0]);
        if (sides == 2) {
            pipe_.InitBuffer(scale_[1], tiling.row[1] * sizeof(float));
            LoadScale(scale_[1], v_scale, tiling.row[1]);
        }
        const event_t there = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::MTE2_V));
        SetFlag<HardEvent::MTE2_V>(there);
        WaitFlag<HardEvent::MTE2_V>(there);

        for (uint32_t token = slots_.first_; token < slots_.last_;) {
            const uint32_t loaded = token + slots_.Load(token);
            while (token < loaded) {
                const uint32_t end = slots_.TileEnd(token, loaded, tiling.tile);
                if (end == token) {
                    token++;
                    continue;
                }
                for (uint32_t side = 0; side < sides; side++) {
                    Quantise(from[side], token, end, tiling.row[side], tiling.pitch[side], scale_[side].template Get<float>());
                    LocalTensor<uint8_t> rows = out_.template DeQue<uint8_t>();
                    slots_.Write(to[side], rows, token, end, tiling.row[side], tiling.piece[side]);
                    out_.FreeTensor(rows);
                }
                token = end;
            }
        }
    }

private:
    static constexpr uint32_t READ = 16384; /* bytes that are read at a time, in whole rows */
    static constexpr uint32_t PART = 1024;  /* elements that are rounded at a time */

    __aicore__ inline void LoadScale(TBuf<TPosition::VECIN>& to, GM_ADDR scale, uint32_t n)
    {
        GlobalTensor<float> from;
        from.SetGlobalBuffer((__gm__ float*)scale);
        DataCopyPad(to.Get<float>(), from, {1, static_cast<uint32_t>(n * sizeof(float)), 0, 0, 0}, {});
    }

    /* A row has as many elements as bytes in the cache. */
    __aicore__ inline void CopyIn(const GlobalTensor<T>& from, uint32_t first, uint32_t n, uint32_t row, uint32_t pitch)
    {
        const uint32_t bytes = row * sizeof(T);
        LocalTensor<T> rows = in_.template AllocTensor<T>();
        const GlobalTensor<T> at = from[static_cast<uint64_t>(first) * (pitch / sizeof(T))];
        if (pitch == bytes) {
            DataCopyPad(rows, at, {1, n * bytes, 0, 0, 0}, {});
        } else {
            DataCopyPad(rows, at, {static_cast<uint16_t>(n), bytes, pitch - bytes, 0, 0}, {});
        }
        in_.EnQue(rows);
    }

    /* Tokens first..end to a tile of int8. It is read in several pieces, so that it may be large. */
    __aicore__ inline void Quantise(
        const GlobalTensor<T>& from, uint32_t first, uint32_t end, uint32_t row, uint32_t pitch, const LocalTensor<float>& scale)
    {
        LocalTensor<uint8_t> tile = out_.template AllocTensor<uint8_t>();
        LocalTensor<int8_t> to = tile.template ReinterpretCast<int8_t>();
        const uint32_t at_a_time = READ / (row * static_cast<uint32_t>(sizeof(T)));
        for (uint32_t token = first; token < end; token += at_a_time) {
            const uint32_t n = end - token < at_a_time ? end - token : at_a_time;
            CopyIn(from, token, n, row, pitch);
            LocalTensor<T> rows = in_.template DeQue<T>();
            const LocalTensor<int8_t> here = to[(token - first) * row];
            /* Some whole rows at a time, or a part of a long one. */
            const uint32_t together = row < PART ? PART / row : 1;
            for (uint32_t i = 0; i < n; i += together) {
                const uint32_t count = n - i < together ? n - i : together;
                for (uint32_t col = 0; col < row; col += PART) {
                    const uint32_t length = row - col < PART ? row - col : PART;
                    QuantisePart(here[i * row + col], rows[i * row + col], scale[col], count, length);
                }
            }
            in_.FreeTensor(rows);
        }
        out_.EnQue(tile);
    }

    /* `count` runs of `length` elements, one after another, each with the same scales. */
    __aicore__ inline void QuantisePart(
        const LocalTensor<int8_t>& to, const LocalTensor<T>& from, const LocalTensor<float>& scale, uint32_t count, uint32_t length)
    {
        const uint32_t all = count * length;
        LocalTensor<float> x;
        if constexpr (sizeof(T) == sizeof(float)) {
            x = from;
        } else {
            x = wide_.template Get<float>();
            Cast(x, from, RoundMode::CAST_NONE, all);
            PipeBarrier<PIPE_V>();
        }
        for (uint32_t i = 0; i < count; i++) {
            Mul(x[i * length], x[i * length], scale, length);
        }
        PipeBarrier<PIPE_V>();
        Mins(x, x, 127.0f, all);
        PipeBarrier<PIPE_V>();
        Maxs(x, x, -128.0f, all);
        PipeBarrier<PIPE_V>();
        /* No cast leads from f32 to int8. The first rounds, to nearest and ties to even; the others are exact. */
        LocalTensor<int32_t> whole = x.template ReinterpretCast<int32_t>();
        Cast(whole, x, RoundMode::CAST_RINT, all);
        PipeBarrier<PIPE_V>();
        Cast(x, whole, RoundMode::CAST_NONE, all);
        PipeBarrier<PIPE_V>();
        LocalTensor<half> narrow = half_.template Get<half>();
        Cast(narrow, x, RoundMode::CAST_NONE, all);
        PipeBarrier<PIPE_V>();
        Cast(to, narrow, RoundMode::CAST_NONE, all);
        PipeBarrier<PIPE_V>();
    }

    TPipe pipe_;
    TQue<TPosition::VECIN, 1> in_;
    TQue<TPosition::VECOUT, 1> out_;
    TBuf<TPosition::VECCALC> wide_, half_;
    TBuf<TPosition::VECIN> scale_[2];
    Slots slots_;
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

/* KV write into NZ pages, for prompts: what kv_write does, with whole pages at a time.
 *
 * A row of a token becomes pieces of 32 bytes in as many planes, `[blocks, row / 32, block_size, 32 bytes]`. Whoever writes a page in one
 * run must hold all of it, and that is more than UB has room for in a model with eight heads. L1 has room, and the way into it turns rows
 * into planes (ND to NZ). So this runs on cube cores: a run of tokens of one block comes in at once, as it lies, and goes out at once,
 * a page that is filled as one run of memory.
 *
 * The work is first all keys, then all values, in pieces of a block's tokens; a core takes whole runs, which need not begin where such a
 * piece does. Slots are read by the program, through its cache: no other way leads to it here. A negative slot is skipped, and so is one
 * past the cache.
 */
#include "kernel_operator.h"

using namespace AscendC;

/* By value, the last parameter. The same in contract.rs. Keys are 0, values 1. */
struct KvWriteNzTiling {
    uint32_t tokens;
    uint32_t slots;      /* of the cache: blocks * block_size */
    uint32_t block_size; /* at most 16384 */
    uint32_t slot_bytes; /* of an element of slot_mapping: 4 or 8 */
    uint32_t buffers;    /* pages in L1: 2, or 1 where a page is large */
    uint32_t reserved;
    uint32_t row[2];   /* bytes of a token's row; 0: there are no values */
    uint32_t pitch[2]; /* bytes from one token to the next in the source; even, less than 128 KB */
};

class KvWriteNz {
public:
    __aicore__ inline void Run(
        GM_ADDR k, GM_ADDR v, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache, const KvWriteNzTiling& tiling)
    {
        tokens_ = tiling.tokens;
        slots_ = tiling.slots;
        block_size_ = tiling.block_size;
        wide_ = tiling.slot_bytes == 8;
        narrow_slots_.SetGlobalBuffer((__gm__ int32_t*)slot_mapping);
        wide_slots_.SetGlobalBuffer((__gm__ int64_t*)slot_mapping);
        buffers_ = tiling.buffers;
        page_ = block_size_ * (tiling.row[0] > tiling.row[1] ? tiling.row[0] : tiling.row[1]);
        pipe_.InitBuffer(pages_, buffers_ * page_);
        for (uint32_t i = 0; i < buffers_; i++) {
            full_[i] = pipe_.AllocEventID<HardEvent::MTE2_MTE3>();
            free_[i] = pipe_.AllocEventID<HardEvent::MTE3_MTE2>();
            SetFlag<HardEvent::MTE3_MTE2>(free_[i]);
        }
        /* This core's part of the pieces of keys and then values. */
        const uint32_t sides = tiling.row[1] == 0 ? 1 : 2;
        const uint64_t pieces = (tokens_ + block_size_ - 1) / block_size_;
        const uint64_t first = pieces * sides * GetBlockIdx() / GetBlockNum();
        const uint64_t last = pieces * sides * (GetBlockIdx() + 1) / GetBlockNum();
        for (uint32_t side = 0; side < sides; side++) {
            const uint64_t before = pieces * side;
            if (last <= before || first >= before + pieces) {
                continue;
            }
            GlobalTensor<int16_t> from, to;
            from.SetGlobalBuffer((__gm__ int16_t*)(side == 0 ? k : v));
            to.SetGlobalBuffer((__gm__ int16_t*)(side == 0 ? k_cache : v_cache));
            const uint32_t begin = RunAt(first > before ? first - before : 0);
            const uint32_t end = RunAt(last - before);
            Write(from, to, begin, end, tiling.row[side], tiling.pitch[side]);
        }
        for (uint32_t i = 0; i < buffers_; i++) {
            WaitFlag<HardEvent::MTE3_MTE2>(free_[i]);
            pipe_.ReleaseEventID<HardEvent::MTE3_MTE2>(free_[i]);
            pipe_.ReleaseEventID<HardEvent::MTE2_MTE3>(full_[i]);
        }
    }

private:
    static constexpr uint32_t SIZE = sizeof(int16_t); /* what is moved is called so, whatever it is */
    static constexpr uint32_t C0 = 32;                /* bytes of a token in a plane */

    /* Of a token; what must be skipped is negative. */
    __aicore__ inline int64_t SlotOf(uint32_t token)
    {
        const int64_t slot = wide_ ? wide_slots_.GetValue(token) : static_cast<int64_t>(narrow_slots_.GetValue(token));
        return slot < slots_ ? slot : -1;
    }

    /* Where a run of tokens ends that begins at `token` with `slot`: their slots follow one another, in one block. At `end` at last. */
    __aicore__ inline uint32_t RunEnd(uint32_t token, int64_t slot, uint32_t end)
    {
        for (token++; token < end; token++) {
            slot++;
            if (slot % block_size_ == 0 || SlotOf(token) != slot) {
                break;
            }
        }
        return token;
    }

    /* The first token of a piece, or behind it, that begins a run: what comes before is the core's that has the piece before. */
    __aicore__ inline uint32_t RunAt(uint64_t piece)
    {
        if (piece == 0) {
            return 0;
        }
        const uint64_t token = piece * block_size_;
        if (token >= tokens_) {
            return tokens_;
        }
        const uint32_t before = static_cast<uint32_t>(token - 1);
        return RunEnd(before, SlotOf(before), tokens_);
    }

    /* Tokens begin..end of one side. */
    __aicore__ inline void Write(
        const GlobalTensor<int16_t>& from, const GlobalTensor<int16_t>& to, uint32_t begin, uint32_t end, uint32_t row, uint32_t pitch)
    {
        for (uint32_t token = begin; token < end;) {
            const int64_t slot = SlotOf(token);
            if (slot < 0) {
                token++;
                continue;
            }
            const uint32_t stop = RunEnd(token, slot, end);
            Move(from[static_cast<uint64_t>(token) * (pitch / SIZE)], to, stop - token, static_cast<uint64_t>(slot), row, pitch);
            token = stop;
        }
    }

    /* `n` rows to the slots from `slot` on, which are in one block. */
    __aicore__ inline void Move(
        const GlobalTensor<int16_t>& from, const GlobalTensor<int16_t>& to, uint32_t n, uint64_t slot, uint32_t row, uint32_t pitch)
    {
        const uint32_t turn = turn_;
        turn_ = turn + 1 < buffers_ ? turn + 1 : 0;
        LocalTensor<int16_t> page = pages_.Get<int16_t>()[turn * (page_ / SIZE)];
        Nd2NzParams rows;
        rows.ndNum = 1;
        rows.nValue = static_cast<uint16_t>(n);
        rows.dValue = static_cast<uint16_t>(row / SIZE);
        rows.srcNdMatrixStride = 0;
        rows.srcDValue = static_cast<uint16_t>(pitch / SIZE);
        rows.dstNzC0Stride = static_cast<uint16_t>(n);
        rows.dstNzNStride = 1;
        rows.dstNzMatrixStride = 0;
        WaitFlag<HardEvent::MTE3_MTE2>(free_[turn]);
        DataCopy(page, from, rows);
        SetFlag<HardEvent::MTE2_MTE3>(full_[turn]);
        WaitFlag<HardEvent::MTE2_MTE3>(full_[turn]);
        const uint64_t at = slot % block_size_;
        DataCopyParams planes;
        planes.blockCount = static_cast<uint16_t>(row / C0);
        planes.blockLen = static_cast<uint16_t>(n);
        planes.srcStride = 0;
        planes.dstStride = static_cast<uint16_t>(block_size_ - n);
        DataCopy(to[((slot - at) * row + at * C0) / SIZE], page, planes);
        SetFlag<HardEvent::MTE3_MTE2>(free_[turn]);
    }

    TPipe pipe_;
    TBuf<TPosition::A1> pages_;
    GlobalTensor<int32_t> narrow_slots_;
    GlobalTensor<int64_t> wide_slots_;
    TEventID full_[2], free_[2]; /* of each buffer */
    uint32_t tokens_, slots_, block_size_, buffers_, page_, turn_ = 0;
    bool wide_;
};

extern "C" __global__ __aicore__ void kv_write_nz(
    GM_ADDR k, GM_ADDR v, GM_ADDR slot_mapping, GM_ADDR k_cache, GM_ADDR v_cache, KvWriteNzTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    KvWriteNz kernel;
    kernel.Run(k, v, slot_mapping, k_cache, v_cache, tiling);
}

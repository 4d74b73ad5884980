/* Block copy: for many (from, to) pairs, block `from` to block `to` of the key pool and of the value pool of every layer, in one
 * launch. What copy-on-write forks of a paged cache need.
 *
 * A pure copy has no use for the vector unit: TQueBind passes a buffer straight from the copy-in queue (MTE2) to the copy-out queue
 * (MTE3). With two buffers, the copy-in of one chunk runs beside the copy-out of the chunk before it.
 *
 * The work is a list of chunks, ordered by pair, then layer, then keys before values, then the place in the block. Each core takes
 * a contiguous part of the list, so that it needs few entries of the tables and its chunks follow one another in memory.
 *
 * Bytes are bytes here: no element type.
 */
#include "kernel_operator.h"

using namespace AscendC;

/* By value, the last parameter. The same in contract.rs. */
struct BlockCopyTiling {
    uint32_t pairs;
    uint32_t layers;
    uint64_t k_block; /* bytes of a block of one layer's keys */
    uint64_t v_block; /* of its values; 0: there are none */
    uint32_t chunk;   /* bytes of a chunk, a multiple of 32 */
    uint32_t reserved;
};

class BlockCopy {
public:
    __aicore__ inline void Run(GM_ADDR pools, GM_ADDR pairs, const BlockCopyTiling& tiling)
    {
        chunk_ = tiling.chunk;
        size_[0] = tiling.k_block;
        size_[1] = tiling.v_block;
        chunks_[0] = static_cast<uint32_t>((size_[0] + chunk_ - 1) / chunk_);
        chunks_[1] = static_cast<uint32_t>((size_[1] + chunk_ - 1) / chunk_);
        const uint32_t of_layer = chunks_[0] + chunks_[1];
        const uint64_t of_pair = static_cast<uint64_t>(tiling.layers) * of_layer;
        const uint64_t all = tiling.pairs * of_pair;
        /* Chunks next..last of the list are this block's. */
        const uint64_t blocks = static_cast<uint64_t>(GetBlockNum());
        const uint64_t block = static_cast<uint64_t>(GetBlockIdx());
        uint64_t next = all / blocks * block + all % blocks * block / blocks;
        const uint64_t last = all / blocks * (block + 1) + all % blocks * (block + 1) / blocks;
        if (next == last) {
            return;
        }

        pools_.SetGlobalBuffer((__gm__ uint64_t*)pools);
        pairs_.SetGlobalBuffer((__gm__ int32_t*)pairs);
        const uint32_t table = (2 * tiling.layers * static_cast<uint32_t>(sizeof(uint64_t)) + 31) / 32 * 32;
        pipe_.InitBuffer(through_, 2, chunk_);
        pipe_.InitBuffer(pools_ub_, table);
        pipe_.InitBuffer(pairs_ub_, PAIRS * 2 * sizeof(int32_t));
        DataCopyPad(
            pools_ub_.Get<uint64_t>(), pools_, {1, static_cast<uint32_t>(2 * tiling.layers * sizeof(uint64_t)), 0, 0, 0}, {});

        uint64_t pair = next / of_pair;
        uint32_t rest = static_cast<uint32_t>(next % of_pair);
        uint32_t layer = rest / of_layer;
        uint32_t chunk = rest % of_layer;
        const uint64_t pairs_end = (last + of_pair - 1) / of_pair;
        uint64_t loaded = pair; /* pairs_ub_ holds what is before `loaded` */
        uint64_t base = pair;   /* and from here on */
        for (; next < last; next++) {
            if (pair == loaded) {
                base = pair;
                loaded = pairs_end - base < PAIRS ? pairs_end : base + PAIRS;
                LoadPairs(base, static_cast<uint32_t>(loaded - base));
            }
            Copy(static_cast<uint32_t>(pair - base), layer, chunk);
            if (++chunk == of_layer) {
                chunk = 0;
                if (++layer == tiling.layers) {
                    layer = 0;
                    pair++;
                }
            }
        }
    }

private:
    static constexpr uint32_t PAIRS = 1024; /* pairs in UB at a time */

    /* Pairs to UB, for the program to read. The first time, this waits for the table of pools too. */
    __aicore__ inline void LoadPairs(uint64_t first, uint32_t n)
    {
        const event_t read = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::S_MTE2));
        SetFlag<HardEvent::S_MTE2>(read);
        WaitFlag<HardEvent::S_MTE2>(read);
        DataCopyPad(
            pairs_ub_.Get<int32_t>(), pairs_[2 * first], {1, static_cast<uint32_t>(2 * n * sizeof(int32_t)), 0, 0, 0}, {});
        const event_t there = static_cast<event_t>(GetTPipePtr()->FetchEventID(HardEvent::MTE2_S));
        SetFlag<HardEvent::MTE2_S>(there);
        WaitFlag<HardEvent::MTE2_S>(there);
    }

    /* One chunk: of the keys first, then of the values. */
    __aicore__ inline void Copy(uint32_t pair, uint32_t layer, uint32_t chunk)
    {
        const uint32_t value = chunk < chunks_[0] ? 0 : 1;
        const uint64_t at = static_cast<uint64_t>(value == 0 ? chunk : chunk - chunks_[0]) * chunk_;
        const uint64_t size = size_[value];
        const uint32_t bytes = static_cast<uint32_t>(size - at < chunk_ ? size - at : chunk_);
        const uint64_t from = static_cast<uint64_t>(pairs_ub_.Get<int32_t>().GetValue(2 * pair));
        const uint64_t to = static_cast<uint64_t>(pairs_ub_.Get<int32_t>().GetValue(2 * pair + 1));
        GlobalTensor<uint8_t> pool;
        pool.SetGlobalBuffer(reinterpret_cast<__gm__ uint8_t*>(pools_ub_.Get<uint64_t>().GetValue(2 * layer + value)));

        LocalTensor<uint8_t> buffer = through_.AllocTensor<uint8_t>();
        DataCopyPad(buffer, pool[from * size + at], {1, bytes, 0, 0, 0}, {});
        through_.EnQue(buffer);
        buffer = through_.DeQue<uint8_t>();
        DataCopyPad(pool[to * size + at], buffer, {1, bytes, 0, 0, 0});
        through_.FreeTensor(buffer);
    }

    TPipe pipe_;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through_;
    TBuf<TPosition::VECIN> pools_ub_, pairs_ub_;
    GlobalTensor<uint64_t> pools_;
    GlobalTensor<int32_t> pairs_;
    uint64_t size_[2];
    uint32_t chunk_, chunks_[2];
};

extern "C" __global__ __aicore__ void block_copy(GM_ADDR pools, GM_ADDR pairs, BlockCopyTiling tiling)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    BlockCopy kernel;
    kernel.Run(pools, pairs, tiling);
}

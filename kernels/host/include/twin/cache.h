/* The data cache of the scalar unit, which is coherent with nothing; and SyncAll by way of memory. */
#ifndef ASCENDC_TWIN_CACHE_H
#define ASCENDC_TWIN_CACHE_H

#include "copy.h"
#include "system.h"

namespace AscendC {

/* Writes back what the scalar unit has changed, and forgets what it has read: the line of the tensor's first element, or all. */
template <typename T, CacheLine entireType, DcciDst dcciDst = DcciDst::CACHELINE_ALL>
void DataCacheCleanAndInvalid(const GlobalTensor<T>& dst, ascendc_twin::At at = ascendc_twin::At()) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if constexpr (ascendc_twin::checked) {
        constexpr bool entire = entireType == CacheLine::ENTIRE_DATA_CACHE;
        ascendc_twin::obey(ascendc_twin::services().cache_clean_invalidate(&ascendc_twin::core(), entire ? 0 : dst.twin_address(),
                                                                           entire, at.file, at.line));
    }
}

template <typename T>
void DataCachePreload(const GlobalTensor<uint64_t>&, const T) {}
inline void ICachePreLoad(const int64_t) {}

/* All vector cores of the launch, without the hardware's barrier: for kernels of any type. gmWorkspace: 32 bytes for each block,
 * zero before the first call; ubWorkspace: as much. */
template <bool isAIVOnly = true>
void SyncAll(const GlobalTensor<int32_t>& gmWorkspace, const LocalTensor<int32_t>& ubWorkspace, const int32_t usedCores = 0,
             ascendc_twin::At at = ascendc_twin::At()) {
    if constexpr (ascendc_twin::checked) {
        int64_t blocks = GetBlockNum();
        if (usedCores != 0 && usedCores != blocks) {
            ascendc_twin::finding("SyncAll", at, "blocks", "usedCores is %d of %lld: the twin synchronises all blocks or none",
                                  usedCores, static_cast<long long>(blocks));
            ascendc_twin::stop();
        }
        ascendc_twin::check_vector("SyncAll", at, "ubWorkspace", ubWorkspace);
        ascendc_twin::check_local("SyncAll", at, "ubWorkspace", ubWorkspace, static_cast<uint64_t>(blocks) * 32);
        if (gmWorkspace.GetSize() != 0 && gmWorkspace.GetSize() * sizeof(int32_t) < static_cast<uint64_t>(blocks) * 32) {
            ascendc_twin::finding("SyncAll", at, "length", "gmWorkspace has %llu bytes: %lld blocks need 32 each",
                                  static_cast<unsigned long long>(gmWorkspace.GetSize() * sizeof(int32_t)),
                                  static_cast<long long>(blocks));
        }
        ascendc_twin::pipe_barrier(at, TWIN_ALL);
    }
    ascendc_twin::obey(ascendc_twin::services().sync_all(&ascendc_twin::core(), (isAIVOnly ? 1 : 0) | 2, at.file, at.line));
}

}  // namespace AscendC

#endif

/* What a program may ask about where it runs. */
#ifndef ASCENDC_TWIN_SYSTEM_H
#define ASCENDC_TWIN_SYSTEM_H

#include "atomics.h"
#include "repeat.h"
#include "tpipe.h"

#define ASCEND_IS_AIC (ascendc_twin::core().kind == TWIN_AIC)
#define ASCEND_IS_AIV (ascendc_twin::core().kind == TWIN_AIV)
#define ASCEND_IS_NOT_AIC (ascendc_twin::core().kind != TWIN_AIC)
#define ASCEND_IS_NOT_AIV (ascendc_twin::core().kind != TWIN_AIV)

namespace AscendC {

/* Blocks of the launch; of a mixed kernel, groups. */
inline int64_t GetBlockNum() { return ascendc_twin::core().blocks; }

inline int64_t GetSubBlockNum() {
    uint32_t vectors = ascendc_twin::core().sub_blocks;
    return ASCEND_IS_AIV && vectors > 1 ? vectors : 1;
}

/* Of the vector cores of a mixed kernel, all count. */
inline int64_t GetBlockIdx() {
    if (ASCEND_IS_AIV) return static_cast<int64_t>(ascendc_twin::core().block) * GetSubBlockNum() + ascendc_twin::core().sub_block;
    return ascendc_twin::core().block;
}

inline int64_t GetSubBlockIdx() { return ASCEND_IS_AIV ? ascendc_twin::core().sub_block : 0; }
inline int64_t GetTaskRatio() { return GetSubBlockNum(); }
inline int64_t GetSystemCycle() { return static_cast<int64_t>(ascendc_twin::core().cycles); }
inline constexpr int16_t GetDataBlockSizeInBytes() { return ONE_BLK_SIZE; }
inline void GetArchVersion(uint32_t& coreVersion) { coreVersion = 2201; }

/* At the start of a kernel without a TPipe. */
inline void InitSocState() {
    SetAtomicNone();
    ResetMask();
}

/* The twin's barriers need no address. */
inline void SetSyncBaseAddr(uint64_t) {}

/* To the host, when the stream is waited for. Not C's printf: a kernel has no standard library. */
template <typename... Args>
void printf(const __gm__ char* format, Args... args) {
    char text[1024];
    int length = __builtin_snprintf(text, sizeof text, format, args...);
    if (length < 0) return;
    if (length >= static_cast<int>(sizeof text)) length = sizeof text - 1;
    ascendc_twin::services().print(&ascendc_twin::core(), text, static_cast<uint32_t>(length));
}
template <typename... Args>
void PRINTF(const __gm__ char* format, Args... args) {
    printf(format, args...);
}

/* Stops the core. */
inline void Trap(ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::finding("Trap", at, "trap", "the kernel calls Trap()");
    ascendc_twin::stop();
}

}  // namespace AscendC

/* Of the debugging form of the API; in a fast image nothing. */
#define ascendc_assert(condition, ...)                                                                                             \
    do {                                                                                                                           \
        if (ascendc_twin::checked && !(condition)) {                                                                               \
            ascendc_twin::finding("ascendc_assert", ascendc_twin::At(), "assert", "%s does not hold", #condition);                 \
            ascendc_twin::stop();                                                                                                  \
        }                                                                                                                          \
    } while (false)

#endif

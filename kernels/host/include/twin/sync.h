/* Order between the pipes of a core, and between cores. */
#ifndef ASCENDC_TWIN_SYNC_H
#define ASCENDC_TWIN_SYNC_H

#include "tensor.h"

namespace ascendc_twin {

struct Pipes {
    twin_pipe from, to;
};

constexpr Pipes pipes_of(AscendC::HardEvent event) {
    constexpr Pipes table[] = {
        {TWIN_MTE2, TWIN_MTE1}, {TWIN_MTE1, TWIN_MTE2}, {TWIN_MTE1, TWIN_M},    {TWIN_M, TWIN_MTE1},   {TWIN_MTE2, TWIN_V},
        {TWIN_V, TWIN_MTE2},    {TWIN_MTE3, TWIN_V},    {TWIN_V, TWIN_MTE3},    {TWIN_M, TWIN_V},      {TWIN_V, TWIN_M},
        {TWIN_V, TWIN_V},       {TWIN_MTE3, TWIN_MTE1}, {TWIN_MTE1, TWIN_MTE3}, {TWIN_MTE1, TWIN_V},   {TWIN_MTE2, TWIN_M},
        {TWIN_M, TWIN_MTE2},    {TWIN_V, TWIN_MTE1},    {TWIN_M, TWIN_FIX},     {TWIN_FIX, TWIN_M},    {TWIN_MTE3, TWIN_MTE2},
        {TWIN_MTE2, TWIN_MTE3}, {TWIN_S, TWIN_V},       {TWIN_V, TWIN_S},       {TWIN_S, TWIN_MTE2},   {TWIN_MTE2, TWIN_S},
        {TWIN_S, TWIN_MTE3},    {TWIN_MTE3, TWIN_S},    {TWIN_MTE2, TWIN_FIX},  {TWIN_FIX, TWIN_MTE2}, {TWIN_FIX, TWIN_S},
        {TWIN_M, TWIN_S},       {TWIN_FIX, TWIN_MTE3},  {TWIN_MTE1, TWIN_FIX},  {TWIN_FIX, TWIN_MTE1}, {TWIN_FIX, TWIN_FIX},
    };
    return table[static_cast<int>(event)];
}

/* A cube core has no vector pipe, a vector core none of M, MTE1 and FIX. */
inline bool has_pipe(uint32_t pipe) {
    bool cube = pipe == TWIN_M || pipe == TWIN_MTE1 || pipe == TWIN_FIX;
    return core().kind == TWIN_AIC ? pipe != TWIN_V : !cube;
}

inline void check_event(const char* name, At at, Pipes pipes, int32_t id) {
    if (id < 0 || id >= AscendC::QUE_MAX_EVENT) {
        finding(name, at, "events", "event id %d of %s_%s: ids are 0 to %d", id, pipe_name(pipes.from), pipe_name(pipes.to),
                AscendC::QUE_MAX_EVENT - 1);
        stop();
    }
    if (!has_pipe(pipes.from) || !has_pipe(pipes.to)) {
        finding(name, at, "events", "%s_%s: %s has no such pipe", pipe_name(pipes.from), pipe_name(pipes.to),
                core().kind == TWIN_AIC ? "a cube core (AIC)" : "a vector core (AIV)");
    }
}

inline void set_flag(const char* name, At at, Pipes pipes, int32_t id) {
    check_event(name, at, pipes, id);
    uint8_t& flags = state->flags[pipes.from][pipes.to];
    if (flags & (1 << id)) {
        finding(name, at, "events", "event %d of %s_%s is set a second time before anything waited for it", id,
                pipe_name(pipes.from), pipe_name(pipes.to));
    }
    flags |= static_cast<uint8_t>(1 << id);
    obey(services().set_flag(&core(), pipes.from, pipes.to, static_cast<uint32_t>(id), at.file, at.line));
}

inline void wait_flag(const char* name, At at, Pipes pipes, int32_t id) {
    check_event(name, at, pipes, id);
    uint8_t& flags = state->flags[pipes.from][pipes.to];
    if (!(flags & (1 << id))) {
        finding(name, at, "events", "waits for event %d of %s_%s, which nothing has set: the core would hang", id,
                pipe_name(pipes.from), pipe_name(pipes.to));
        stop();
    }
    flags &= static_cast<uint8_t>(~(1 << id));
    obey(services().wait_flag(&core(), pipes.from, pipes.to, static_cast<uint32_t>(id), at.file, at.line));
}

inline void pipe_barrier(At at, uint32_t pipe) {
    if constexpr (checked) {
        if (pipe != TWIN_ALL && !has_pipe(pipe)) {
            finding("PipeBarrier", at, "events", "PIPE_%s: %s has no such pipe", pipe_name(pipe),
                    core().kind == TWIN_AIC ? "a cube core (AIC)" : "a vector core (AIV)");
        }
        obey(services().pipe_barrier(&core(), pipe, at.file, at.line));
    }
}

/* At the end of a program: what is still set would be seen by the next kernel on this core. */
inline void check_flags_left() {
    for (uint32_t from = 0; from < TWIN_PIPES; ++from) {
        for (uint32_t to = 0; to < TWIN_PIPES; ++to) {
            if (state->flags[from][to] == 0) continue;
            finding("SetFlag", At(nullptr, 0), "events",
                    "the kernel ends with events of %s_%s set that nothing waited for (ids, a bit each: 0x%x): the next kernel on "
                    "the core "
                    "would see them",
                    pipe_name(from), pipe_name(to), state->flags[from][to]);
        }
    }
}

}  // namespace ascendc_twin

namespace AscendC {

template <HardEvent event>
void SetFlag(int32_t id, ascendc_twin::At at = ascendc_twin::At()) {
    if constexpr (ascendc_twin::checked) {
        if constexpr (event == HardEvent::V_V) {
            ascendc_twin::pipe_barrier(at, TWIN_V);
        } else {
            ascendc_twin::set_flag("SetFlag", at, ascendc_twin::pipes_of(event), id);
        }
    }
}

template <HardEvent event>
void WaitFlag(int32_t id, ascendc_twin::At at = ascendc_twin::At()) {
    if constexpr (ascendc_twin::checked && event != HardEvent::V_V) {
        ascendc_twin::wait_flag("WaitFlag", at, ascendc_twin::pipes_of(event), id);
    }
}

template <pipe_t from, pipe_t to>
class TQueSync {
public:
    void SetFlag(TEventID id, ascendc_twin::At at = ascendc_twin::At()) {
        if constexpr (ascendc_twin::checked) {
            ascendc_twin::set_flag("TQueSync::SetFlag", at, {static_cast<twin_pipe>(from), static_cast<twin_pipe>(to)}, id);
        }
    }
    void WaitFlag(TEventID id, ascendc_twin::At at = ascendc_twin::At()) {
        if constexpr (ascendc_twin::checked) {
            ascendc_twin::wait_flag("TQueSync::WaitFlag", at, {static_cast<twin_pipe>(from), static_cast<twin_pipe>(to)}, id);
        }
    }
};

template <pipe_t pipe>
void PipeBarrier(ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(pipe != PIPE_S, "PipeBarrier<PIPE_S> does not exist: the scalar unit waits for itself");
    ascendc_twin::pipe_barrier(at, static_cast<uint32_t>(pipe));
}

template <MemDsbT type>
void DataSyncBarrier() {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::obey(ascendc_twin::services().memory_barrier(&ascendc_twin::core(), static_cast<uint32_t>(type)));
    }
}

/* All cores of the launch, through the hardware: kernels of the type MIX_* only. */
template <bool isAIVOnly = true>
void SyncAll(ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::obey(ascendc_twin::services().sync_all(&ascendc_twin::core(), isAIVOnly, at.file, at.line));
}

template <uint8_t modeId, pipe_t pipe>
void CrossCoreSetFlag(uint16_t flagId, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(modeId <= 2, "CrossCoreSetFlag: arch 2201 has the modes 0, 1 and 2");
    if (ascendc_twin::checked && flagId > 10) {
        ascendc_twin::finding("CrossCoreSetFlag", at, "events", "flag id %u: 0 to 10 are free, 11 to 15 are the API's own", flagId);
    }
    ascendc_twin::obey(
        ascendc_twin::services().cross_set(&ascendc_twin::core(), modeId, static_cast<uint32_t>(pipe), flagId, at.file, at.line));
}

/* Arch 2201 takes neither the mode nor the pipe into account: all pipes wait. */
template <uint8_t modeId = 0, pipe_t pipe = PIPE_S>
void CrossCoreWaitFlag(uint16_t flagId, ascendc_twin::At at = ascendc_twin::At()) {
    if (ascendc_twin::checked && flagId > 10) {
        ascendc_twin::finding("CrossCoreWaitFlag", at, "events", "flag id %u: 0 to 10 are free, 11 to 15 are the API's own",
                              flagId);
    }
    ascendc_twin::obey(ascendc_twin::services().cross_wait(&ascendc_twin::core(), flagId, at.file, at.line));
}

}  // namespace AscendC

#endif

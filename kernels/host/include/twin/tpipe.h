/* TPipe: it gives out the memories of a core, and event ids. */
#ifndef ASCENDC_TWIN_TPIPE_H
#define ASCENDC_TWIN_TPIPE_H

#include <exception>

#include "sync.h"

namespace AscendC {

enum class TBufState : uint8_t { FREE = 0, OCCUPIED, ENQUE, DEQUE };

struct TBufType {
    TBufState state = TBufState::FREE;
    bool queued = false; /* a queue's, not a TBuf's */
    HardEvent freeBufEvt = HardEvent::MAX;
    TEventID enQueEvtID = INVALID_TEVENTID;
    TEventID freeBufEvtID = INVALID_TEVENTID;
    TPosition position = TPosition::MAX;
    uint32_t address = 0;
    uint32_t dataLen = 0;
};

/* Where a buffer that goes from one position to another lies. */
constexpr TPosition GetPosition(TPosition source, TPosition destination) {
    return destination == TPosition::GM || destination == TPosition::CO2 ? source : destination;
}

constexpr TPosition GetBufferLogicPos(TPosition position, bool isSrc) {
    switch (position) {
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::VECIN: return isSrc ? TPosition::GM : position;
        case TPosition::A2: return isSrc ? TPosition::A1 : position;
        case TPosition::B2: return isSrc ? TPosition::B1 : position;
        case TPosition::C2: return isSrc ? TPosition::C1 : position;
        case TPosition::CO1: return isSrc ? position : TPosition::CO2;
        case TPosition::CO2:
        case TPosition::VECOUT: return isSrc ? position : TPosition::GM;
        case TPosition::C2PIPE2GM: return isSrc ? TPosition::B1 : position;
        default: return TPosition::MAX;
    }
}

/* The event that says a buffer is full (`forward`), or free again. */
constexpr HardEvent GetQueEvt(Hardware source, Hardware destination, bool forward) {
    switch (source) {
        case Hardware::GM:
            switch (destination) {
                case Hardware::UB: return forward ? HardEvent::MTE2_V : HardEvent::V_MTE2;
                case Hardware::L1: return forward ? HardEvent::MTE2_MTE1 : HardEvent::MTE1_MTE2;
                case Hardware::L0A:
                case Hardware::L0B: return forward ? HardEvent::MTE2_M : HardEvent::M_MTE2;
                default: return HardEvent::MAX;
            }
        case Hardware::UB:
            switch (destination) {
                case Hardware::GM: return forward ? HardEvent::V_MTE3 : HardEvent::MTE3_V;
                case Hardware::L1: return forward ? HardEvent::MTE3_MTE1 : HardEvent::MTE1_MTE3;
                case Hardware::UB: return forward ? HardEvent::MTE2_MTE3 : HardEvent::MTE3_MTE2;
                default: return HardEvent::MAX;
            }
        case Hardware::L1:
            switch (destination) {
                case Hardware::L0A:
                case Hardware::L0B:
                case Hardware::BIAS: return forward ? HardEvent::MTE1_M : HardEvent::M_MTE1;
                case Hardware::FIXBUF: return forward ? HardEvent::MTE1_FIX : HardEvent::FIX_MTE1;
                default: return HardEvent::MAX;
            }
        case Hardware::L0C: return destination == Hardware::GM ? (forward ? HardEvent::M_FIX : HardEvent::FIX_M) : HardEvent::MAX;
        default: return HardEvent::MAX;
    }
}

}  // namespace AscendC

namespace ascendc_twin {

inline const char* position_name(AscendC::TPosition position) {
    static const char* const names[] = {"GM",  "A1",    "A2",     "B1",      "B2",  "C1",   "C2",        "CO1",
                                        "CO2", "VECIN", "VECOUT", "VECCALC", "SPM", "TSCM", "C2PIPE2GM", "C2PIPE2LOCAL"};
    size_t at = static_cast<size_t>(position);
    return at < sizeof names / sizeof *names ? names[at] : "?";
}

inline void forget(uint32_t space, uint32_t address, uint32_t bytes) {
    if constexpr (checked) obey(services().forget(&core(), space, address, bytes));
}

inline const char* state_name(AscendC::TBufState state) {
    static const char* const names[] = {"free", "allocated and not enqueued", "enqueued and not dequeued",
                                        "dequeued and not freed"};
    return names[static_cast<int>(state)];
}

}  // namespace ascendc_twin

namespace AscendC {

template <TPosition src, TPosition dst, int32_t depth, auto mask>
class TQueBind;
template <TPosition position>
class TBuf;

class TPipe {
public:
    TPipe() { Init(); }

    ~TPipe() noexcept(false) {
        if (std::uncaught_exceptions() == 0) {
            Destroy();
        } else if (ascendc_twin::state->pipe == this) {
            ascendc_twin::state->pipe = nullptr;
        }
    }

    TPipe(const TPipe&) = delete;

    void Init() {
        if constexpr (ascendc_twin::checked) {
            TPipe* other = ascendc_twin::state->pipe;
            if (other != nullptr && other != this) {
                ascendc_twin::finding(
                    "TPipe", ascendc_twin::At(nullptr, 0), "buffers",
                    "a second TPipe while another one lives: they would give out the same memory; Destroy() the first");
            }
        }
        ascendc_twin::state->pipe = this;
        Clear();
    }

    void Reset() {
        Release();
        Clear();
    }

    void Destroy() {
        if (destroyed_) return;
        Release();
        destroyed_ = true;
        if (ascendc_twin::state->pipe == this) ascendc_twin::state->pipe = nullptr;
        ascendc_twin::pipe_barrier(ascendc_twin::At(nullptr, 0), TWIN_ALL);
    }

    /* `num` buffers of `len` bytes each (rounded up to 32). */
    template <TPosition src, TPosition dst, int32_t depth, auto mask>
    bool InitBuffer(TQueBind<src, dst, depth, mask>& queue, uint8_t num, uint32_t len, ascendc_twin::At at = ascendc_twin::At()) {
        using Queue = TQueBind<src, dst, depth, mask>;
        CheckCount(Queue::position, num, at);
        queue.first_ = used_;
        queue.count_ = num;
        queue.pipe_ = this;
        for (uint32_t i = 0; i < num; ++i) {
            TBufType& buffer = Take(Queue::position, len, at);
            buffer.queued = true;
            buffer.freeBufEvt = Queue::free_event;
            if constexpr (depth == 0) {
                buffer.enQueEvtID = AllocEvent("InitBuffer", at, Queue::full_event);
                buffer.freeBufEvtID = AllocEvent("InitBuffer", at, Queue::free_event);
                queue.Set("InitBuffer", at, Queue::free_event, buffer.freeBufEvtID);
            }
        }
        return true;
    }

    template <TPosition position>
    bool InitBuffer(TBuf<position>& buffer, uint32_t len, ascendc_twin::At at = ascendc_twin::At()) {
        TBufType& taken = Take(position, len, at);
        buffer.address_ = taken.address;
        buffer.bytes_ = taken.dataLen;
        ascendc_twin::forget(ascendc_twin::space_of(position), taken.address, taken.dataLen);
        return true;
    }

    template <HardEvent event>
    TEventID AllocEventID(ascendc_twin::At at = ascendc_twin::At()) {
        return AllocEvent("AllocEventID", at, event);
    }

    template <HardEvent event>
    void ReleaseEventID(TEventID id) {
        ReleaseEvent(event, id);
    }

    /* A free id, which stays free: it is the caller's between SetFlag and the WaitFlag that follows it. */
    template <HardEvent event>
    TEventID FetchEventID(ascendc_twin::At at = ascendc_twin::At()) {
        return FreeEvent("FetchEventID", at, event);
    }
    TEventID FetchEventID(HardEvent event, ascendc_twin::At at = ascendc_twin::At()) {
        return FreeEvent("FetchEventID", at, event);
    }

    /* The twin's own: bytes that are given out. */
    uint32_t twin_used(uint32_t space) const { return top_[space]; }

private:
    template <TPosition src, TPosition dst, int32_t depth, auto mask>
    friend class TQueBind;

    static constexpr uint32_t MAX_BUFFERS = 64;

    void Clear() {
        used_ = 0;
        destroyed_ = false;
        for (auto& top : top_) top = 0;
        for (auto& ids : events_) ids = 0;
        ascendc_twin::state->atomic = ascendc_twin::Atomic::None;
        if (ascendc_twin::core().kind == TWIN_AIC) {
            /* The ids of M_MTE1 that the vendor's matrix library counts on. */
            for (int id = 0; id < 3; ++id) SetFlag<HardEvent::M_MTE1>(AllocEventID<HardEvent::M_MTE1>());
        }
    }

    void CheckCount(TPosition position, uint32_t num, ascendc_twin::At at) {
        if constexpr (ascendc_twin::checked) {
            uint32_t same = num;
            for (uint32_t i = 0; i < used_; ++i) same += buffers_[i].queued && buffers_[i].position == position;
            if (same > static_cast<uint32_t>(QUE_MAX_EVENT)) {
                ascendc_twin::finding("InitBuffer", at, "buffers", "%u queue buffers at %s: at most %d, one for each event id",
                                      same, ascendc_twin::position_name(position), QUE_MAX_EVENT);
            }
        }
    }

    [[gnu::noinline]] TBufType& Take(TPosition position, uint32_t len, ascendc_twin::At at) {
        uint32_t space = ascendc_twin::space_of(position);
        uint32_t bytes = (len + ONE_BLK_SIZE - 1) / ONE_BLK_SIZE * ONE_BLK_SIZE;
        if (used_ == MAX_BUFFERS) {
            ascendc_twin::finding("InitBuffer", at, "buffers", "more than %u buffers in a TPipe", MAX_BUFFERS);
            ascendc_twin::stop();
        }
        if constexpr (ascendc_twin::checked) {
            if (len == 0) ascendc_twin::finding("InitBuffer", at, "buffers", "a buffer of no bytes");
            uint64_t end = static_cast<uint64_t>(top_[space]) + bytes;
            if (end > ascendc_twin::core().size[space]) Exceeded(position, bytes, at);
        }
        TBufType& buffer = buffers_[used_++];
        buffer = TBufType();
        buffer.position = position;
        buffer.address = top_[space];
        buffer.dataLen = bytes;
        top_[space] += bytes;
        return buffer;
    }

    /* Says what fills the memory. */
    [[gnu::noinline]] void Exceeded(TPosition position, uint32_t bytes, ascendc_twin::At at) {
        uint32_t space = ascendc_twin::space_of(position);
        char list[1200];
        size_t length = 0;
        list[0] = 0;
        for (uint32_t i = 0; i < used_ && length + 64 < sizeof list; ++i) {
            if (ascendc_twin::space_of(buffers_[i].position) != space) continue;
            length +=
                static_cast<size_t>(__builtin_snprintf(list + length, sizeof list - length, "%s%s %u", length ? ", " : "",
                                                       ascendc_twin::position_name(buffers_[i].position), buffers_[i].dataLen));
        }
        ascendc_twin::finding(
            "InitBuffer", at, "buffers",
            "%s has %u bytes; a buffer of %u (%s) does not fit behind %u bytes of others (%s): smaller tiles or fewer buffers",
            ascendc_twin::space_name(space), ascendc_twin::core().size[space], bytes, ascendc_twin::position_name(position),
            top_[space], list);
        ascendc_twin::stop();
    }

    TEventID FreeEvent(const char* name, ascendc_twin::At at, HardEvent event) {
        uint64_t ids = events_[static_cast<int>(event)];
        int id = __builtin_ctzll(~ids);
        if (ascendc_twin::checked && id >= QUE_MAX_EVENT) {
            ascendc_twin::Pipes pipes = ascendc_twin::pipes_of(event);
            ascendc_twin::finding(
                name, at, "events",
                "all %d event ids of %s_%s are taken: more buffers are full, or freed, at one time than there are ids",
                QUE_MAX_EVENT, ascendc_twin::pipe_name(pipes.from), ascendc_twin::pipe_name(pipes.to));
            ascendc_twin::stop();
        }
        return static_cast<TEventID>(id);
    }

    TEventID AllocEvent(const char* name, ascendc_twin::At at, HardEvent event) {
        if (!ascendc_twin::checked) return 0;
        TEventID id = FreeEvent(name, at, event);
        events_[static_cast<int>(event)] |= 1ULL << id;
        return id;
    }

    void ReleaseEvent(HardEvent event, TEventID id) {
        if (ascendc_twin::checked && id >= 0) events_[static_cast<int>(event)] &= ~(1ULL << id);
    }

    [[gnu::noinline]] void Release() {
        if constexpr (ascendc_twin::checked) {
            ascendc_twin::At nowhere(nullptr, 0);
            for (uint32_t i = 0; i < used_; ++i) {
                TBufType& buffer = buffers_[i];
                if (buffer.queued && buffer.state != TBufState::FREE) {
                    ascendc_twin::finding("TPipe", nowhere, "queues", "the kernel ends with a %s buffer (bytes %u..%u) %s",
                                          ascendc_twin::position_name(buffer.position), buffer.address,
                                          buffer.address + buffer.dataLen, ascendc_twin::state_name(buffer.state));
                }
                if (buffer.queued && buffer.freeBufEvtID != INVALID_TEVENTID && buffer.state == TBufState::FREE) {
                    ascendc_twin::wait_flag("TPipe", nowhere, ascendc_twin::pipes_of(buffer.freeBufEvt), buffer.freeBufEvtID);
                    buffer.freeBufEvtID = INVALID_TEVENTID;
                }
                ascendc_twin::forget(ascendc_twin::space_of(buffer.position), buffer.address, buffer.dataLen);
            }
            if (ascendc_twin::core().kind == TWIN_AIC) {
                for (int id = 0; id < 3; ++id) WaitFlag<HardEvent::M_MTE1>(id, nowhere);
            }
        }
    }

    TBufType buffers_[MAX_BUFFERS];
    uint32_t used_ = 0;
    uint32_t top_[TWIN_SPACES] = {};
    uint64_t events_[static_cast<int>(HardEvent::MAX)] = {};
    bool destroyed_ = false;
};

}  // namespace AscendC

inline AscendC::TPipe* GetTPipePtr() { return ascendc_twin::state->pipe; }

namespace AscendC {
using ::GetTPipePtr;
}

#endif

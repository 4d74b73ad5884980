/* TPipe and what it gives: queues, which move buffers between pipes with their events, and plain buffers. */
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
    static const char* const names[] = {"GM",  "A1",     "A2",      "B1",  "B2",   "C1",        "C2",           "CO1", "CO2",
                                        "VECIN", "VECOUT", "VECCALC", "SPM", "TSCM", "C2PIPE2GM", "C2PIPE2LOCAL"};
    size_t at = static_cast<size_t>(position);
    return at < sizeof names / sizeof *names ? names[at] : "?";
}

inline void forget(uint32_t space, uint32_t address, uint32_t bytes) {
    if constexpr (checked) obey(services().forget(&core(), space, address, bytes));
}

inline const char* state_name(AscendC::TBufState state) {
    static const char* const names[] = {"free", "allocated and not enqueued", "enqueued and not dequeued", "dequeued and not freed"};
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
                ascendc_twin::finding("TPipe", ascendc_twin::At(nullptr, 0), "buffers",
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
    TEventID FetchEventID(HardEvent event, ascendc_twin::At at = ascendc_twin::At()) { return FreeEvent("FetchEventID", at, event); }

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
                ascendc_twin::finding("InitBuffer", at, "buffers", "%u queue buffers at %s: at most %d, one for each event id", same,
                                      ascendc_twin::position_name(position), QUE_MAX_EVENT);
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
            length += static_cast<size_t>(__builtin_snprintf(list + length, sizeof list - length, "%s%s %u", length ? ", " : "",
                                                   ascendc_twin::position_name(buffers_[i].position), buffers_[i].dataLen));
        }
        ascendc_twin::finding("InitBuffer", at, "buffers",
                              "%s has %u bytes; a buffer of %u (%s) does not fit behind %u bytes of others (%s): smaller tiles or fewer buffers",
                              ascendc_twin::space_name(space), ascendc_twin::core().size[space], bytes,
                              ascendc_twin::position_name(position), top_[space], list);
        ascendc_twin::stop();
    }

    TEventID FreeEvent(const char* name, ascendc_twin::At at, HardEvent event) {
        uint64_t ids = events_[static_cast<int>(event)];
        int id = __builtin_ctzll(~ids);
        if (ascendc_twin::checked && id >= QUE_MAX_EVENT) {
            ascendc_twin::Pipes pipes = ascendc_twin::pipes_of(event);
            ascendc_twin::finding(name, at, "events", "all %d event ids of %s_%s are taken: more buffers are full, or freed, at one time than there are ids",
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
                                          ascendc_twin::position_name(buffer.position), buffer.address, buffer.address + buffer.dataLen,
                                          ascendc_twin::state_name(buffer.state));
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

template <TPosition src, TPosition dst, int32_t depth, auto mask = 0>
class TQueBind {
public:
    static constexpr TPosition position = GetPosition(src, dst);
    static constexpr HardEvent full_event = GetQueEvt(GetPhyType(src), GetPhyType(dst), true);
    static constexpr HardEvent free_event = GetQueEvt(GetPhyType(src), GetPhyType(dst), false);
    static_assert(full_event != HardEvent::MAX, "arch 2201 has no path between the positions of this queue");
    static_assert(depth >= 0 && depth <= 8, "the depth of a queue is 0 (in place) to 8");

    TQueBind() = default;

    template <typename T>
    LocalTensor<T> AllocTensor(ascendc_twin::At at = ascendc_twin::At()) {
        static_assert(depth != 0, "a queue of depth 0 allocates in place: AllocTensor(tensor)");
        return Tensor<T>(Alloc("AllocTensor", at));
    }

    template <typename T>
    void AllocTensor(LocalTensor<T>& tensor, ascendc_twin::At at = ascendc_twin::At()) {
        static_assert(depth == 0, "AllocTensor(tensor) is for queues of depth 0");
        tensor = Tensor<T>(Alloc("AllocTensor", at));
    }

    template <typename T>
    void FreeTensor(LocalTensor<T>& tensor, ascendc_twin::At at = ascendc_twin::At()) {
        TBufType& buffer = Own("FreeTensor", at, tensor.GetBufferHandle());
        if (ascendc_twin::checked && buffer.state == TBufState::FREE) {
            ascendc_twin::finding("FreeTensor", at, "queues", "the %s buffer at byte %u is free already", ascendc_twin::position_name(position),
                                  buffer.address);
            ascendc_twin::stop();
        }
        if (ascendc_twin::checked && buffer.state == TBufState::ENQUE) {
            ascendc_twin::finding("FreeTensor", at, "queues", "the %s buffer at byte %u is still in the queue: DeQue() it first",
                                  ascendc_twin::position_name(position), buffer.address);
        }
        if constexpr (depth != 0) buffer.freeBufEvtID = pipe_->AllocEvent("FreeTensor", at, free_event);
        Set("FreeTensor", at, free_event, buffer.freeBufEvtID);
        buffer.state = TBufState::FREE;
    }

    template <typename T>
    bool EnQue(const LocalTensor<T>& tensor, ascendc_twin::At at = ascendc_twin::At()) {
        return Push(at, tensor.GetBufferHandle(), full_event);
    }

    /* Of a TQueBind: for which way through it, say VECIN to VECOUT by the vector unit. */
    template <TPosition srcUser, TPosition dstUser, typename T>
    bool EnQue(const LocalTensor<T>& tensor, ascendc_twin::At at = ascendc_twin::At()) {
        static_assert(depth != 0, "EnQue with positions needs a depth other than 0");
        return Push(at, tensor.GetBufferHandle(), GetQueEvt(GetPhyType(srcUser), GetPhyType(dstUser), true));
    }

    template <typename T>
    LocalTensor<T> DeQue(ascendc_twin::At at = ascendc_twin::At()) {
        static_assert(depth != 0, "a queue of depth 0 dequeues in place: DeQue(tensor)");
        return Tensor<T>(Pop(at, full_event));
    }

    template <TPosition srcUser, TPosition dstUser, typename T>
    LocalTensor<T> DeQue(ascendc_twin::At at = ascendc_twin::At()) {
        static_assert(depth != 0, "DeQue with positions needs a depth other than 0");
        return Tensor<T>(Pop(at, GetQueEvt(GetPhyType(srcUser), GetPhyType(dstUser), true)));
    }

    template <typename T>
    void DeQue(LocalTensor<T>& tensor, ascendc_twin::At at = ascendc_twin::At()) {
        static_assert(depth == 0, "DeQue(tensor) is for queues of depth 0");
        TBufType& buffer = Own("DeQue", at, tensor.GetBufferHandle());
        Leave(at, buffer, full_event);
    }

    bool VacantInQue() const { return queued_ < depth; }
    bool HasTensorInQue() const { return queued_ != 0; }
    int32_t GetTensorCountInQue() const { return queued_; }
    bool HasIdleBuffer() const {
        for (uint32_t i = 0; i < count_; ++i) {
            if (pipe_->buffers_[first_ + i].state == TBufState::FREE) return true;
        }
        return false;
    }

    /* Takes back what FreeTensor has set for buffers that nobody allocates again. */
    void FreeAllEvent(ascendc_twin::At at = ascendc_twin::At()) {
        for (uint32_t i = 0; i < count_; ++i) {
            TBufType& buffer = pipe_->buffers_[first_ + i];
            if (buffer.freeBufEvtID != INVALID_TEVENTID) TakeBack("FreeAllEvent", at, buffer);
        }
    }

private:
    friend class TPipe;

    static constexpr int32_t slots = depth == 0 ? 1 : depth;

    template <typename T>
    LocalTensor<T> Tensor(TBufType& buffer) {
        return LocalTensor<T>(position, buffer.address, buffer.dataLen, reinterpret_cast<TBufHandle>(&buffer));
    }

    /* The buffer of a handle, if it is this queue's. */
    TBufType& Own(const char* name, ascendc_twin::At at, TBufHandle handle) {
        auto* buffer = reinterpret_cast<TBufType*>(handle);
        if constexpr (ascendc_twin::checked) {
            if (pipe_ == nullptr || buffer < pipe_->buffers_ + first_ || buffer >= pipe_->buffers_ + first_ + count_) {
                ascendc_twin::finding(name, at, "queues", "the tensor is no buffer of this %s queue: it was allocated elsewhere",
                                      ascendc_twin::position_name(position));
                ascendc_twin::stop();
            }
        }
        return *buffer;
    }

    void Set(const char* name, ascendc_twin::At at, HardEvent event, TEventID id) {
        if constexpr (ascendc_twin::checked) ascendc_twin::set_flag(name, at, ascendc_twin::pipes_of(event), id);
    }

    void TakeBack(const char* name, ascendc_twin::At at, TBufType& buffer) {
        if constexpr (ascendc_twin::checked) {
            ascendc_twin::wait_flag(name, at, ascendc_twin::pipes_of(free_event), buffer.freeBufEvtID);
            if constexpr (depth != 0) {
                pipe_->ReleaseEvent(free_event, buffer.freeBufEvtID);
                buffer.freeBufEvtID = INVALID_TEVENTID;
            }
        }
    }

    [[gnu::noinline]] TBufType& Alloc(const char* name, ascendc_twin::At at) {
        if (ascendc_twin::checked && count_ == 0) {
            ascendc_twin::finding(name, at, "queues", "the %s queue has no buffers: InitBuffer gives it some",
                                  ascendc_twin::position_name(position));
            ascendc_twin::stop();
        }
        for (uint32_t tried = 0; tried < count_; ++tried) {
            TBufType& buffer = pipe_->buffers_[first_ + next_];
            next_ = next_ + 1 == count_ ? 0 : next_ + 1;
            if (buffer.state != TBufState::FREE) continue;
            buffer.state = TBufState::OCCUPIED;
            if (buffer.freeBufEvtID != INVALID_TEVENTID) TakeBack(name, at, buffer);
            ascendc_twin::forget(ascendc_twin::space_of(position), buffer.address, buffer.dataLen);
            return buffer;
        }
        ascendc_twin::finding(name, at, "queues", "all %u buffers of the %s queue are in use: the core would hang; FreeTensor() one, or give InitBuffer more",
                              count_, ascendc_twin::position_name(position));
        ascendc_twin::stop();
    }

    [[gnu::noinline]] bool Push(ascendc_twin::At at, TBufHandle handle, HardEvent event) {
        TBufType& buffer = Own("EnQue", at, handle);
        if constexpr (ascendc_twin::checked) {
            if (buffer.state != TBufState::OCCUPIED && buffer.state != TBufState::DEQUE) {
                ascendc_twin::finding("EnQue", at, "queues", "the %s buffer at byte %u is %s", ascendc_twin::position_name(position),
                                      buffer.address, ascendc_twin::state_name(buffer.state));
            }
            if (depth != 0 && queued_ == depth) {
                ascendc_twin::finding("EnQue", at, "queues", "the %s queue holds its %d buffers already: DeQue() first, or a greater depth",
                                      ascendc_twin::position_name(position), depth);
                ascendc_twin::stop();
            }
        }
        buffer.state = TBufState::ENQUE;
        if constexpr (depth != 0) {
            queue_[(head_ + queued_) % slots] = &buffer;
            ++queued_;
            buffer.enQueEvtID = pipe_->AllocEvent("EnQue", at, event);
            if constexpr (ascendc_twin::checked) events_[&buffer - (pipe_->buffers_ + first_)] = event;
        }
        Set("EnQue", at, event, buffer.enQueEvtID);
        return true;
    }

    [[gnu::noinline]] TBufType& Pop(ascendc_twin::At at, HardEvent event) {
        if (ascendc_twin::checked && queued_ == 0) {
            ascendc_twin::finding("DeQue", at, "queues", "the %s queue is empty: EnQue() first", ascendc_twin::position_name(position));
            ascendc_twin::stop();
        }
        TBufType& buffer = *queue_[head_];
        head_ = (head_ + 1) % slots;
        --queued_;
        if constexpr (ascendc_twin::checked) {
            if (events_[&buffer - (pipe_->buffers_ + first_)] != event) {
                ascendc_twin::finding("DeQue", at, "queues", "the positions given to DeQue are not those given to EnQue");
                ascendc_twin::stop();
            }
        }
        Leave(at, buffer, event);
        return buffer;
    }

    void Leave(ascendc_twin::At at, TBufType& buffer, HardEvent event) {
        if constexpr (ascendc_twin::checked) {
            if (buffer.state != TBufState::ENQUE) {
                ascendc_twin::finding("DeQue", at, "queues", "the %s buffer at byte %u is %s", ascendc_twin::position_name(position),
                                      buffer.address, ascendc_twin::state_name(buffer.state));
                ascendc_twin::stop();
            }
            ascendc_twin::wait_flag("DeQue", at, ascendc_twin::pipes_of(event), buffer.enQueEvtID);
            if constexpr (depth != 0) {
                pipe_->ReleaseEvent(event, buffer.enQueEvtID);
                buffer.enQueEvtID = INVALID_TEVENTID;
            }
        }
        buffer.state = TBufState::DEQUE;
    }

    TPipe* pipe_ = nullptr;
    uint32_t first_ = 0;
    uint32_t count_ = 0;
    uint32_t next_ = 0;
    int32_t head_ = 0;
    int32_t queued_ = 0;
    TBufType* queue_[slots] = {};
    HardEvent events_[ascendc_twin::checked ? TPipe::MAX_BUFFERS : 1] = {};
};

template <TPosition pos, int32_t depth, auto mask = 0>
class TQue : public TQueBind<GetBufferLogicPos(pos, true), GetBufferLogicPos(pos, false), depth, mask> {
public:
    TQue() = default;
};

/* Memory without a queue: scratch. Its events are the kernel's own affair. */
template <TPosition position = TPosition::LCM>
class TBuf {
public:
    TBuf() = default;

    template <typename T>
    LocalTensor<T> Get(ascendc_twin::At at = ascendc_twin::At()) {
        return Part<T>("TBuf::Get", at, bytes_, 0);
    }

    template <typename T>
    LocalTensor<T> Get(uint32_t len, ascendc_twin::At at = ascendc_twin::At()) {
        return Part<T>("TBuf::Get", at, static_cast<uint64_t>(len) * sizeof(T), 0);
    }

    /* `size` elements from byte `bufOffset` on. */
    template <typename T>
    LocalTensor<T> GetWithOffset(uint32_t size, uint32_t bufOffset, ascendc_twin::At at = ascendc_twin::At()) {
        return Part<T>("TBuf::GetWithOffset", at, static_cast<uint64_t>(size) * sizeof(T), bufOffset);
    }

private:
    friend class TPipe;

    template <typename T>
    LocalTensor<T> Part(const char* name, ascendc_twin::At at, uint64_t bytes, uint32_t offset) {
        if (ascendc_twin::checked && bytes + offset > bytes_) {
            ascendc_twin::finding(name, at, "length", "%llu bytes from byte %u on, of a buffer of %u", static_cast<unsigned long long>(bytes),
                                  offset, bytes_);
            ascendc_twin::stop();
        }
        return LocalTensor<T>(position, address_ + offset, static_cast<uint32_t>(bytes), nullptr);
    }

    uint32_t address_ = 0;
    uint32_t bytes_ = 0;
};

}  // namespace AscendC

inline AscendC::TPipe* GetTPipePtr() { return ascendc_twin::state->pipe; }

namespace AscendC {
using ::GetTPipePtr;
}

#endif

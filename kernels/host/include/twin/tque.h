/* What a TPipe gives: queues, which move buffers between pipes with their events, and plain buffers. */
#ifndef ASCENDC_TWIN_TQUE_H
#define ASCENDC_TWIN_TQUE_H

#include "tpipe.h"

namespace AscendC {

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
            ascendc_twin::finding("FreeTensor", at, "queues", "the %s buffer at byte %u is free already",
                                  ascendc_twin::position_name(position), buffer.address);
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
        ascendc_twin::finding(
            name, at, "queues",
            "all %u buffers of the %s queue are in use: the core would hang; FreeTensor() one, or give InitBuffer more", count_,
            ascendc_twin::position_name(position));
        ascendc_twin::stop();
    }

    [[gnu::noinline]] bool Push(ascendc_twin::At at, TBufHandle handle, HardEvent event) {
        TBufType& buffer = Own("EnQue", at, handle);
        if constexpr (ascendc_twin::checked) {
            if (buffer.state != TBufState::OCCUPIED && buffer.state != TBufState::DEQUE) {
                ascendc_twin::finding("EnQue", at, "queues", "the %s buffer at byte %u is %s",
                                      ascendc_twin::position_name(position), buffer.address,
                                      ascendc_twin::state_name(buffer.state));
            }
            if (depth != 0 && queued_ == depth) {
                ascendc_twin::finding("EnQue", at, "queues",
                                      "the %s queue holds its %d buffers already: DeQue() first, or a greater depth",
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
            ascendc_twin::finding("DeQue", at, "queues", "the %s queue is empty: EnQue() first",
                                  ascendc_twin::position_name(position));
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
                ascendc_twin::finding("DeQue", at, "queues", "the %s buffer at byte %u is %s",
                                      ascendc_twin::position_name(position), buffer.address,
                                      ascendc_twin::state_name(buffer.state));
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
            ascendc_twin::finding(name, at, "length", "%llu bytes from byte %u on, of a buffer of %u",
                                  static_cast<unsigned long long>(bytes), offset, bytes_);
            ascendc_twin::stop();
        }
        return LocalTensor<T>(position, address_ + offset, static_cast<uint32_t>(bytes), nullptr);
    }

    uint32_t address_ = 0;
    uint32_t bytes_ = 0;
};

}  // namespace AscendC

#endif

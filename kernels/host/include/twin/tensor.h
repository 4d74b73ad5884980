/* Tensors: addresses with a type. */
#ifndef ASCENDC_TWIN_TENSOR_H
#define ASCENDC_TWIN_TENSOR_H

#include "core.h"

namespace AscendC {

constexpr Hardware GetPhyType(TPosition position) {
    switch (position) {
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::SHM:
        case TPosition::TSCM: return Hardware::L1;
        case TPosition::A2: return Hardware::L0A;
        case TPosition::B2: return Hardware::L0B;
        case TPosition::C2: return Hardware::BIAS;
        case TPosition::CO1: return Hardware::L0C;
        case TPosition::C2PIPE2GM: return Hardware::FIXBUF;
        case TPosition::VECIN:
        case TPosition::VECOUT:
        case TPosition::VECCALC: return Hardware::UB;
        default: return Hardware::GM;
    }
}

struct TBuffAddr {
    uint32_t dataLen = 0;
    uint32_t bufferAddr = 0;
    TBufHandle bufferHandle = nullptr;
    uint8_t logicPos = 0;
};

}  // namespace AscendC

namespace ascendc_twin {

/* Which memory a position is in. `Hardware` counts as `twin_space` does. */
constexpr uint32_t space_of(AscendC::TPosition position) { return static_cast<uint32_t>(AscendC::GetPhyType(position)); }
static_assert(static_cast<int>(AscendC::Hardware::L0C) == TWIN_L0C && static_cast<int>(AscendC::Hardware::FIXBUF) == TWIN_FB);

/* What the memory asks of an address. */
constexpr uint32_t alignment_of(uint32_t space) {
    return space == TWIN_L0A || space == TWIN_L0B ? 512 : space == TWIN_L0C || space == TWIN_BT ? 64 : space == TWIN_FB ? 128 : 32;
}

inline uint8_t* memory_of(uint32_t space) {
    uint8_t* base = core().memory[space];
    if (checked && base == nullptr) {
        finding("LocalTensor", At(nullptr, 0), "memory", "%s is out of reach of %s", space_name(space),
                core().kind == TWIN_AIC ? "a cube core (AIC)" : "a vector core (AIV)");
        stop();
    }
    return base;
}

template <typename T>
void told_scalar(const char* name, At at, uint32_t space, uint64_t address, uint32_t access) {
    Call call(name, TWIN_S, at);
    call.range(space, access | (space == TWIN_GM ? TWIN_CACHED : 0), address, sizeof(T), sizeof(T));
    call.tell();
}

}  // namespace ascendc_twin

namespace AscendC {

template <typename T>
class LocalTensor {
public:
    using PrimType = T;

    LocalTensor() = default;

    /* Static tensor mode: `address` in bytes from the start of the position's memory, `size` in elements. */
    LocalTensor(TPosition position, uint32_t address, uint32_t size) : LocalTensor(position, address, size * sizeof(T), nullptr) {
        if constexpr (ascendc_twin::checked) {
            uint32_t space = ascendc_twin::space_of(position);
            if (static_cast<uint64_t>(address) + bytes_ > ascendc_twin::core().size[space]) {
                ascendc_twin::finding("LocalTensor", ascendc_twin::At(nullptr, 0), "buffers",
                                      "%s has %u bytes: %u from byte %u on do not fit", ascendc_twin::space_name(space),
                                      ascendc_twin::core().size[space], bytes_, address);
                ascendc_twin::stop();
            }
        }
    }

    LocalTensor(TPosition position, uint32_t address, uint32_t bytes, TBufHandle handle)
        : address_(address), bytes_(bytes), position_(position), handle_(handle) {
        data_ = ascendc_twin::memory_of(ascendc_twin::space_of(position)) + address;
    }

    uint64_t GetPhyAddr() const { return address_; }
    uint64_t GetPhyAddr(uint32_t offset) const { return address_ + offset * sizeof(T); }

    T GetValue(uint32_t index, ascendc_twin::At at = ascendc_twin::At()) const {
        tell("GetValue", at, index, TWIN_READ);
        ascendc_twin::touch(data_ + index * sizeof(T), sizeof(T));
        T value;
        memcpy(&value, data_ + index * sizeof(T), sizeof(T));
        return value;
    }

    template <typename S>
    void SetValue(uint32_t index, const S value, ascendc_twin::At at = ascendc_twin::At()) const {
        tell("SetValue", at, index, TWIN_WRITE);
        ascendc_twin::touch();
        T stored = static_cast<T>(value);
        memcpy(data_ + index * sizeof(T), &stored, sizeof(T));
    }

    /* A reference, so the twin takes it for a read and a write. */
    T& operator()(uint32_t offset) const {
        tell("operator()", ascendc_twin::At(nullptr, 0), offset, TWIN_READ | TWIN_WRITE);
        return twin_data()[offset];
    }

    LocalTensor operator[](uint32_t offset) const {
        LocalTensor result = *this;
        uint64_t skipped = static_cast<uint64_t>(offset) * sizeof(T);
        if (ascendc_twin::checked && skipped > bytes_) {
            ascendc_twin::finding("LocalTensor::operator[]", ascendc_twin::At(nullptr, 0), "length",
                                  "offset %u is beyond the tensor's %zu elements", offset, bytes_ / sizeof(T));
            ascendc_twin::stop();
        }
        result.address_ += static_cast<uint32_t>(skipped);
        result.data_ += skipped;
        result.bytes_ -= static_cast<uint32_t>(skipped);
        return result;
    }

    template <typename U>
    LocalTensor<U> ReinterpretCast() const {
        LocalTensor<U> result;
        result.data_ = data_;
        result.address_ = address_;
        result.bytes_ = bytes_;
        result.position_ = position_;
        result.handle_ = handle_;
        result.tag_ = tag_;
        return result;
    }

    uint32_t GetSize() const { return bytes_ / sizeof(T); }
    void SetSize(uint32_t size) { bytes_ = size * sizeof(T); }
    uint32_t GetLength() const { return bytes_; }
    void SetBufferLen(uint32_t bytes) { bytes_ = bytes; }
    int32_t GetPosition() const { return static_cast<int32_t>(position_); }
    void SetUserTag(TTagType tag) { tag_ = tag; }
    TTagType GetUserTag() const { return tag_; }
    TBufHandle GetBufferHandle() const { return handle_; }

    /* The twin's own. */
    T* twin_data() const {
        ascendc_twin::touch();
        return twin_data_later();
    }
    /* For a call that may be put off. */
    T* twin_data_later() const { return reinterpret_cast<T*>(data_); }
    uint32_t twin_space() const { return ascendc_twin::space_of(position_); }
    uint32_t twin_address() const { return address_; }
    uint32_t twin_bytes() const { return bytes_; }

private:
    template <typename U>
    friend class LocalTensor;

    void tell(const char* name, ascendc_twin::At at, uint32_t index, uint32_t access) const {
        if constexpr (ascendc_twin::checked) {
            if (static_cast<uint64_t>(index) * sizeof(T) + sizeof(T) > bytes_) {
                ascendc_twin::finding(name, at, "length", "element %u of a tensor of %u elements", index, GetSize());
            }
            ascendc_twin::told_scalar<T>(name, at, twin_space(), address_ + index * sizeof(T), access);
        }
    }

    uint8_t* data_ = nullptr;
    uint32_t address_ = 0;
    uint32_t bytes_ = 0;
    TPosition position_ = TPosition::MAX;
    TTagType tag_ = 0;
    TBufHandle handle_ = nullptr;
};

template <typename T>
class GlobalTensor {
public:
    using PrimType = T;

    void SetGlobalBuffer(__gm__ T* buffer, uint64_t size) {
        buffer_ = buffer;
        size_ = size;
    }
    void SetGlobalBuffer(__gm__ T* buffer) { SetGlobalBuffer(buffer, 0); }
    __gm__ T* GetPhyAddr() const { return buffer_; }
    __gm__ T* GetPhyAddr(uint64_t offset) const { return buffer_ + offset; }
    uint64_t GetSize() const { return size_; }

    /* Through the data cache of the scalar unit, which is coherent with nothing. */
    T GetValue(uint64_t offset, ascendc_twin::At at = ascendc_twin::At()) const {
        ascendc_twin::polls(reinterpret_cast<uint64_t>(buffer_ + offset));
        tell("GetValue", at, offset, TWIN_READ);
        T value;
        memcpy(&value, buffer_ + offset, sizeof(T));
        return value;
    }

    void SetValue(uint64_t offset, T value, ascendc_twin::At at = ascendc_twin::At()) {
        tell("SetValue", at, offset, TWIN_WRITE);
        ++ascendc_twin::state->written;
        memcpy(static_cast<void*>(buffer_ + offset), &value, sizeof(T));
    }

    T& operator()(uint64_t offset) const {
        tell("operator()", ascendc_twin::At(nullptr, 0), offset, TWIN_READ | TWIN_WRITE);
        return buffer_[offset];
    }

    GlobalTensor operator[](uint64_t offset) const {
        GlobalTensor result = *this;
        result.buffer_ += offset;
        result.size_ = size_ > offset ? size_ - offset : 0;
        return result;
    }

    template <CacheRwMode mode = CacheRwMode::RW>
    void SetL2CacheHint(CacheMode) {}

    /* The twin's own. */
    T* twin_data() const { return buffer_; }
    uint64_t twin_address() const { return reinterpret_cast<uint64_t>(buffer_); }

private:
    void tell(const char* name, ascendc_twin::At at, uint64_t offset, uint32_t access) const {
        if constexpr (ascendc_twin::checked) {
            ascendc_twin::told_scalar<T>(name, at, TWIN_GM, reinterpret_cast<uint64_t>(buffer_ + offset), access);
        }
    }

    T* buffer_ = nullptr;
    uint64_t size_ = 0;
};

}  // namespace AscendC

namespace ascendc_twin {

/* A local operand of `bytes` bytes from the tensor's start: aligned, and no longer than the tensor. */
template <typename T>
void check_local(const char* name, At at, const char* operand, const AscendC::LocalTensor<T>& tensor, uint64_t bytes,
                 uint32_t align = 32) {
    if (align != 0 && tensor.twin_address() % align != 0) {
        finding(name, at, "alignment", "%s is at byte %u of %s, which is no multiple of %u", operand, tensor.twin_address(),
                space_name(tensor.twin_space()), align);
    }
    if (bytes > tensor.twin_bytes()) {
        finding(name, at, "length", "%s is touched to byte %llu, but the tensor has %u bytes", operand,
                static_cast<unsigned long long>(bytes), tensor.twin_bytes());
    }
}

/* Elementwise calls may work in place, but not on regions that overlap in part. */
template <typename T, typename U>
void check_overlap(const char* name, At at, const char* operand, const AscendC::LocalTensor<T>& dst, uint64_t dst_bytes,
                   const AscendC::LocalTensor<U>& src, uint64_t src_bytes) {
    if (dst.twin_space() == src.twin_space() && dst.twin_address() != src.twin_address() &&
        overlap(dst.twin_address(), dst_bytes, src.twin_address(), src_bytes)) {
        finding(name, at, "overlap",
                "dst (bytes %u..%llu of %s) overlaps %s (bytes %u..%llu) in part: they must be the same region or apart",
                dst.twin_address(), static_cast<unsigned long long>(dst.twin_address() + dst_bytes), space_name(dst.twin_space()),
                operand, src.twin_address(), static_cast<unsigned long long>(src.twin_address() + src_bytes));
    }
}

template <typename T>
void check_vector(const char* name, At at, const char* operand, const AscendC::LocalTensor<T>& tensor) {
    if (tensor.twin_space() != TWIN_UB) {
        finding(name, at, "memory", "%s is in %s: the vector unit works on UB only", operand, space_name(tensor.twin_space()));
        stop();
    }
}

}  // namespace ascendc_twin

#endif

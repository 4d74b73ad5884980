/* Copies between GM and the memories of a core. */
#ifndef ASCENDC_TWIN_COPY_H
#define ASCENDC_TWIN_COPY_H

#include "atomics.h"

namespace AscendC {

/* Lengths and gaps in blocks of 32 bytes; a gap is from the end of a run to the start of the next. */
struct DataCopyParams {
    DataCopyParams() {}
    DataCopyParams(const uint16_t count, const uint16_t len, const uint16_t srcStrideIn, const uint16_t dstStrideIn)
        : blockCount(count), blockLen(len), srcStride(srcStrideIn), dstStride(dstStrideIn) {}

    uint16_t blockCount = DEFAULT_DATA_COPY_NBURST;
    uint16_t blockLen = 0;
    union {
        uint16_t srcGap = 0;
        uint16_t srcStride;
    };
    union {
        uint16_t dstGap = 0;
        uint16_t dstStride;
    };
};

/* Lengths and gaps in GM in bytes, gaps in local memory in blocks of 32 bytes. */
struct DataCopyExtParams {
    DataCopyExtParams() {}
    DataCopyExtParams(const uint16_t count, const uint32_t len, const uint32_t srcStrideIn, const uint32_t dstStrideIn,
                      const uint32_t rsvIn)
        : blockCount(count), blockLen(len), srcStride(srcStrideIn), dstStride(dstStrideIn), rsv(rsvIn) {}

    uint16_t blockCount = DEFAULT_DATA_COPY_NBURST;
    uint32_t blockLen = 0;
    uint32_t srcStride = DEFAULT_DATA_COPY_STRIDE;
    uint32_t dstStride = DEFAULT_DATA_COPY_STRIDE;
    uint32_t rsv = 0;
};

struct DataCopyPadParams {
    DataCopyPadParams() {}
    DataCopyPadParams(const bool isPadValue, const uint8_t leftPadValue, const uint8_t rightPadValue, const uint64_t padValue)
        : isPad(isPadValue), leftPadding(leftPadValue), rightPadding(rightPadValue), paddingValue(padValue) {}

    bool isPad = false;
    uint8_t leftPadding = 0;
    uint8_t rightPadding = 0;
    uint64_t paddingValue = 0;
};

template <typename T>
struct DataCopyPadExtParams {
    DataCopyPadExtParams() {}
    DataCopyPadExtParams(const bool isPadValue, const uint8_t leftPadValue, const uint8_t rightPadValue, T padValue)
        : isPad(isPadValue), leftPadding(leftPadValue), rightPadding(rightPadValue), paddingValue(padValue) {}

    bool isPad = false;
    uint8_t leftPadding = 0;
    uint8_t rightPadding = 0;
    T paddingValue = T(0);
};

}  // namespace AscendC

namespace ascendc_twin {

inline Runs runs_of(const AscendC::DataCopyParams& params) {
    uint64_t bytes = params.blockLen * 32ULL;
    return {params.blockCount, bytes, bytes + params.srcStride * 32ULL, bytes + params.dstStride * 32ULL};
}

inline void check_block_count(const char* name, At at, uint32_t count) {
    if (count == 0 || count > 4095) finding(name, at, "block count", "blockCount is %u: 1 to 4095", count);
}

inline void check_runs(const char* name, At at, const AscendC::DataCopyParams& params) {
    check_block_count(name, at, params.blockCount);
    if (params.blockLen == 0) finding(name, at, "length", "blockLen is 0: 1 to 65535 blocks of 32 bytes");
}

/* Elements of a plain copy, in bytes; a remainder of 32 never arrives. */
template <typename T>
uint64_t plain_bytes(const char* name, At at, uint32_t count) {
    uint64_t bytes = static_cast<uint64_t>(count) * sizeof(T);
    if (checked && bytes % 32 != 0) {
        finding(name, at, "length",
                "%u elements are %llu bytes, no multiple of 32: the hardware silently drops the last %llu; use DataCopyPad", count,
                static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(bytes % 32));
    }
    if (checked && bytes / 32 > 65535) {
        finding(name, at, "length", "%llu bytes: at most 65535 blocks of 32 bytes in one call",
                static_cast<unsigned long long>(bytes));
    }
    return bytes / 32 * 32;
}

template <typename T>
void check_gm(const char* name, At at, const AscendC::GlobalTensor<T>& tensor) {
    if (tensor.twin_address() % sizeof(T) != 0) {
        finding(name, at, "alignment", "the address 0x%llx in GM is no multiple of the element's %zu bytes",
                static_cast<unsigned long long>(tensor.twin_address()), sizeof(T));
    }
}

/* The pipe that moves between GM and a memory of the core; other memories have no such path. */
inline uint32_t pipe_in(const char* name, At at, uint32_t space) {
    if (checked && space != TWIN_UB && space != TWIN_L1) {
        finding(name, at, "memory", "GM to %s: there is a path to UB and to L1 only", space_name(space));
        stop();
    }
    return TWIN_MTE2;
}

inline uint32_t pipe_out(const char* name, At at, uint32_t space) {
    if (checked && space != TWIN_UB && space != TWIN_L1) {
        finding(name, at, "memory", "%s to GM: there is a path from UB and from L1 only (from L0C: Fixpipe)", space_name(space));
        stop();
    }
    return TWIN_MTE3;
}

/* `local_bytes`: what each run takes in local memory. */
template <typename T>
[[gnu::noinline]] void tell_in(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::GlobalTensor<T>& src,
                               const Runs& runs, uint64_t local_bytes) {
    uint32_t pipe = pipe_in(name, at, dst.twin_space());
    check_local(name, at, "dst", dst, runs.count == 0 ? 0 : (runs.count - 1) * runs.dst_pitch + local_bytes);
    check_gm(name, at, src);
    Call call(name, pipe, at);
    call.range(TWIN_GM, TWIN_READ, src.twin_address(), static_cast<uint32_t>(runs.bytes), sizeof(T), runs.count,
               static_cast<int64_t>(runs.src_pitch));
    call.range(dst.twin_space(), TWIN_WRITE, dst.twin_address(), static_cast<uint32_t>(local_bytes), 32, runs.count,
               static_cast<int64_t>(runs.dst_pitch));
    call.transfers();
    call.tell();
}

template <typename T>
[[gnu::noinline]] void tell_out(const char* name, At at, const AscendC::GlobalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                const Runs& runs) {
    uint32_t pipe = pipe_out(name, at, src.twin_space());
    check_local(name, at, "src", src, runs.count == 0 ? 0 : (runs.count - 1) * runs.src_pitch + runs.bytes);
    check_gm(name, at, dst);
    check_atomic<T>(name, at);
    Call call(name, pipe, at);
    /* What is read is `bytes` long, aligned or not: the padding behind it may hold anything. */
    call.range(src.twin_space(), TWIN_READ, src.twin_address(), static_cast<uint32_t>(runs.bytes), 0, runs.count,
               static_cast<int64_t>(runs.src_pitch));
    call.range(TWIN_GM, gm_write_access(), dst.twin_address(), static_cast<uint32_t>(runs.bytes), sizeof(T), runs.count,
               static_cast<int64_t>(runs.dst_pitch));
    call.transfers();
    call.tell();
}

template <typename T>
void store_runs(T* dst, const uint8_t* src, const Runs& runs) {
    ++state->written;
    if (__builtin_expect(state->atomic == Atomic::None, 1)) {
        copy_runs_out(reinterpret_cast<uint8_t*>(dst), src, runs);
        return;
    }
    for (uint32_t i = 0; i < runs.count; ++i) {
        store_to_gm(reinterpret_cast<T*>(reinterpret_cast<uint8_t*>(dst) + i * runs.dst_pitch), src + i * runs.src_pitch,
                    runs.bytes);
    }
}

template <typename T>
const uint8_t* bytes_of(const AscendC::LocalTensor<T>& tensor) {
    return reinterpret_cast<const uint8_t*>(tensor.twin_data());
}

/* Inside a core. UB to UB is the vector unit's. */
template <typename T>
[[gnu::noinline]] void copy_local(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                  const Runs& runs) {
    if constexpr (checked) {
        uint32_t from = src.twin_space(), to = dst.twin_space();
        uint32_t pipe = from == TWIN_UB && to == TWIN_UB ? TWIN_V : from == TWIN_L1 && to == TWIN_BT ? TWIN_MTE1 : TWIN_FIX;
        if (pipe == TWIN_FIX && !(from == TWIN_L1 && to == TWIN_FB)) {
            finding(name, at, "memory", "%s to %s: arch 2201 has no such path", space_name(from), space_name(to));
            stop();
        }
        uint64_t dst_bytes = runs.count == 0 ? 0 : (runs.count - 1) * runs.dst_pitch + runs.bytes;
        uint64_t src_bytes = runs.count == 0 ? 0 : (runs.count - 1) * runs.src_pitch + runs.bytes;
        check_local(name, at, "dst", dst, dst_bytes, alignment_of(to));
        check_local(name, at, "src", src, src_bytes);
        check_overlap(name, at, "src", dst, dst_bytes, src, src_bytes);
        Call call(name, pipe, at);
        call.range(from, TWIN_READ, src.twin_address(), static_cast<uint32_t>(runs.bytes), 32, runs.count,
                   static_cast<int64_t>(runs.src_pitch));
        call.range(to, TWIN_WRITE, dst.twin_address(), static_cast<uint32_t>(runs.bytes), 32, runs.count,
                   static_cast<int64_t>(runs.dst_pitch));
        call.tell();
    }
    for (uint32_t i = 0; i < runs.count; ++i) {
        memmove(reinterpret_cast<uint8_t*>(dst.twin_data()) + i * runs.dst_pitch, bytes_of(src) + i * runs.src_pitch, runs.bytes);
    }
}

/* DataCopyPad from GM: each run starts at a multiple of 32 bytes and is filled up to one. */
template <typename T>
[[gnu::noinline]] void pad_in(At at, const AscendC::LocalTensor<T>& dst, const AscendC::GlobalTensor<T>& src,
                              const AscendC::DataCopyExtParams& params, bool pad, uint32_t left, uint32_t right, T value) {
    constexpr const char* name = "DataCopyPad";
    uint64_t before = pad ? left * sizeof(T) : 0;
    uint64_t behind = pad ? right * sizeof(T) : 0;
    uint64_t row = (before + params.blockLen + behind + 31) / 32 * 32;
    Runs runs{params.blockCount, params.blockLen, params.blockLen + static_cast<uint64_t>(params.srcStride),
              row + params.dstStride * 32ULL};
    /* Before it is told: the read comes behind what others do meanwhile. */
    if (runs.bytes * runs.count <= FLAGS) polls(src.twin_address());
    if constexpr (checked) {
        check_block_count(name, at, params.blockCount);
        if (params.blockLen == 0 || params.blockLen > 2097151) {
            finding(name, at, "length", "blockLen is %u bytes: 1 to 2097151", params.blockLen);
        }
        if (params.blockLen % sizeof(T) != 0) {
            finding(name, at, "length", "blockLen is %u bytes, no multiple of the element's %zu", params.blockLen, sizeof(T));
        }
        if (before > 32 || behind > 32) {
            finding(name, at, "length", "leftPadding of %u and rightPadding of %u elements: at most 32 bytes each", left, right);
        }
        tell_in(name, at, dst, src, runs, row);
    }
    auto* to = reinterpret_cast<uint8_t*>(dst.twin_data());
    auto* from = reinterpret_cast<const uint8_t*>(src.twin_data());
    expect_next(from, runs);
    if (before == 0 && row == params.blockLen) {
        copy_runs(to, from, runs);
        return;
    }
    for (uint32_t i = 0; i < runs.count; ++i) {
        uint8_t* start = to + i * runs.dst_pitch;
        auto* elements = reinterpret_cast<T*>(start);
        for (uint64_t j = 0; j < before / sizeof(T); ++j) elements[j] = value;
        memcpy(start + before, from + i * runs.src_pitch, runs.bytes);
        uint64_t filled = before + runs.bytes;
        if (pad) {
            for (uint64_t j = filled / sizeof(T); j < row / sizeof(T); ++j) elements[j] = value;
        } else {
            /* The hardware repeats the run's first element there; nobody should count on it. */
            for (uint64_t j = filled / sizeof(T); j < row / sizeof(T); ++j) elements[j] = elements[0];
        }
    }
}

template <typename T>
[[gnu::noinline]] void pad_out(At at, const AscendC::GlobalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                               const AscendC::DataCopyExtParams& params) {
    constexpr const char* name = "DataCopyPad";
    uint64_t row = (params.blockLen + 31ULL) / 32 * 32;
    Runs runs{params.blockCount, params.blockLen, row + params.srcStride * 32ULL,
              params.blockLen + static_cast<uint64_t>(params.dstStride)};
    if constexpr (checked) {
        check_block_count(name, at, params.blockCount);
        if (params.blockLen == 0 || params.blockLen > 2097151) {
            finding(name, at, "length", "blockLen is %u bytes: 1 to 2097151", params.blockLen);
        }
        if (params.blockLen % sizeof(T) != 0) {
            finding(name, at, "length", "blockLen is %u bytes, no multiple of the element's %zu", params.blockLen, sizeof(T));
        }
        tell_out(name, at, dst, src, runs);
    }
    store_runs(dst.twin_data(), bytes_of(src), runs);
}

}  // namespace ascendc_twin

namespace AscendC {

template <typename T>
void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const uint32_t count,
              ascendc_twin::At at = ascendc_twin::At()) {
    uint64_t bytes = ascendc_twin::plain_bytes<T>("DataCopy", at, count);
    if (bytes <= ascendc_twin::FLAGS) ascendc_twin::polls(src.twin_address());
    if constexpr (ascendc_twin::checked) ascendc_twin::tell_in("DataCopy", at, dst, src, {1, bytes, bytes, bytes}, bytes);
    ascendc_twin::expect_next(src.twin_data(), {1, bytes, bytes, bytes});
    memcpy(static_cast<void*>(dst.twin_data()), src.twin_data(), bytes);
}

template <typename T>
void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const uint32_t count,
              ascendc_twin::At at = ascendc_twin::At()) {
    uint64_t bytes = ascendc_twin::plain_bytes<T>("DataCopy", at, count);
    if constexpr (ascendc_twin::checked) ascendc_twin::tell_out("DataCopy", at, dst, src, {1, bytes, bytes, bytes});
    ascendc_twin::store_to_gm(dst.twin_data(), src.twin_data(), bytes);
}

template <typename T>
void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src, const uint32_t count,
              ascendc_twin::At at = ascendc_twin::At()) {
    uint64_t bytes = ascendc_twin::plain_bytes<T>("DataCopy", at, count);
    ascendc_twin::copy_local("DataCopy", at, dst, src, {1, bytes, bytes, bytes});
}

template <typename T>
void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const DataCopyParams& params,
              ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::Runs runs = ascendc_twin::runs_of(params);
    if (runs.bytes * runs.count <= ascendc_twin::FLAGS) ascendc_twin::polls(src.twin_address());
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_runs("DataCopy", at, params);
        ascendc_twin::tell_in("DataCopy", at, dst, src, runs, runs.bytes);
    }
    ascendc_twin::expect_next(src.twin_data(), runs);
    ascendc_twin::copy_runs(reinterpret_cast<uint8_t*>(dst.twin_data()), reinterpret_cast<const uint8_t*>(src.twin_data()), runs);
}

template <typename T>
void DataCopy(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const DataCopyParams& params,
              ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::Runs runs = ascendc_twin::runs_of(params);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_runs("DataCopy", at, params);
        ascendc_twin::tell_out("DataCopy", at, dst, src, runs);
    }
    ascendc_twin::store_runs(dst.twin_data(), ascendc_twin::bytes_of(src), runs);
}

template <typename T>
void DataCopy(const LocalTensor<T>& dst, const LocalTensor<T>& src, const DataCopyParams& params,
              ascendc_twin::At at = ascendc_twin::At()) {
    if constexpr (ascendc_twin::checked) ascendc_twin::check_runs("DataCopy", at, params);
    ascendc_twin::copy_local("DataCopy", at, dst, src, ascendc_twin::runs_of(params));
}

template <typename T>
void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const DataCopyExtParams& params,
                 const DataCopyPadExtParams<T>& pad, ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::pad_in(at, dst, src, params, pad.isPad, pad.leftPadding, pad.rightPadding, pad.paddingValue);
}

template <typename T>
void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const DataCopyExtParams& params,
                 ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::pad_out(at, dst, src, params);
}

/* The older parameters: the same with 16 bits; gaps in GM in bytes too. */
template <typename T>
void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const DataCopyParams& params, const DataCopyPadParams& pad,
                 ascendc_twin::At at = ascendc_twin::At()) {
    T value;
    memcpy(static_cast<void*>(&value), &pad.paddingValue, sizeof(T));
    DataCopyExtParams wide(params.blockCount, params.blockLen, params.srcStride, params.dstStride, 0);
    ascendc_twin::pad_in(at, dst, src, wide, pad.isPad, pad.leftPadding, pad.rightPadding, value);
}

template <typename T>
void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const DataCopyParams& params,
                 ascendc_twin::At at = ascendc_twin::At()) {
    DataCopyExtParams wide(params.blockCount, params.blockLen, params.srcStride, params.dstStride, 0);
    ascendc_twin::pad_out(at, dst, src, wide);
}

}  // namespace AscendC

#endif

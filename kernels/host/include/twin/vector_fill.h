/* Calls that fill and rearrange: Duplicate, Brcb, CreateVecIndex, Copy, Gather. */
#ifndef ASCENDC_TWIN_VECTOR_FILL_H
#define ASCENDC_TWIN_VECTOR_FILL_H

#include "repeat.h"

namespace AscendC {

struct BrcbRepeatParams {
    BrcbRepeatParams() {}
    BrcbRepeatParams(const uint16_t dstBlkStrideIn, const uint16_t dstRepStrideIn)
        : dstRepStride(dstRepStrideIn), dstBlkStride(dstBlkStrideIn) {}

    uint32_t blockNumber = DEFAULT_BLK_NUM;
    uint16_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint16_t dstBlkStride = DEFAULT_BLK_STRIDE;
};

struct CopyRepeatParams {
    CopyRepeatParams() {}
    CopyRepeatParams(const uint16_t dstStrideIn, const uint16_t srcStrideIn, uint16_t dstRepeatSizeIn, uint16_t srcRepeatSizeIn)
        : dstStride(dstStrideIn), srcStride(srcStrideIn), dstRepeatSize(dstRepeatSizeIn), srcRepeatSize(srcRepeatSizeIn) {}

    uint16_t dstStride = 1;
    uint16_t srcStride = 1;
    uint16_t dstRepeatSize = DEFAULT_REPEAT_STRIDE;
    uint16_t srcRepeatSize = DEFAULT_REPEAT_STRIDE;
};

struct GatherRepeatParams {
    GatherRepeatParams() {}
    GatherRepeatParams(const uint8_t dstBlkStrideIn, const uint8_t dstRepStrideIn)
        : dstRepStride(dstRepStrideIn), dstBlkStride(dstBlkStrideIn) {}

    uint32_t blockNumber = DEFAULT_BLK_NUM;
    uint16_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint16_t dstBlkStride = DEFAULT_BLK_STRIDE;
};

}  // namespace AscendC

namespace ascendc_twin {

template <typename T>
constexpr bool is_16_or_32_bit = one_of<T, int16_t, uint16_t, half, bfloat16_t, int32_t, uint32_t, float>;

/* A call that only writes, or moves element for element. */
template <int K, typename F>
void fill_repeats(const char* name, At at, const Operand (&operands)[K], Mask mask, uint32_t repeat, F f) {
    Lanes lanes(operands, mask, 256 / operands[0].element);
    if constexpr (checked) {
        check_repeat(name, at, repeat);
        tell_repeats(name, at, operands, lanes, repeat);
    }
    for_runs(operands, lanes, repeat, f);
}

template <typename T>
void fill(T* dst, T value, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) dst[i] = value;
}

template <typename T>
T index_from(T first, uint64_t i) {
    if constexpr (std::is_same<T, half>::value) return half(float(first) + static_cast<float>(i));
    return static_cast<T>(first + static_cast<T>(i));
}

/* Tells what a Gather reads: its offsets in UB, as runs. An element of `width` bytes for each offset. */
inline void tell_gathered(Call& call, const char* name, At at, uint32_t src, uint32_t src_bytes, uint32_t base,
                          const uint32_t* offsets, uint64_t n, uint32_t width, uint32_t element) {
    uint64_t start = 0, end = 0;
    for (uint64_t i = 0; i < n; ++i) {
        uint64_t here = static_cast<uint64_t>(base) + offsets[i];
        if (here % element != 0) {
            finding(name, at, "alignment", "offset %llu is %llu bytes: no multiple of %u", static_cast<unsigned long long>(i),
                    static_cast<unsigned long long>(here), element);
            stop();
        }
        if (here + width > src_bytes) {
            finding(name, at, "length", "offset %llu is %llu bytes, but src has %u (offsets are in bytes)",
                    static_cast<unsigned long long>(i), static_cast<unsigned long long>(here), src_bytes);
            stop();
        }
        if (here == end && end != start) {
            end += width;
            continue;
        }
        call.range(TWIN_UB, TWIN_READ, src + start, static_cast<uint32_t>(end - start), 0);
        start = here;
        end = here + width;
    }
    call.range(TWIN_UB, TWIN_READ, src + start, static_cast<uint32_t>(end - start), 0);
}

template <typename T>
void check_gather(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                  const AscendC::LocalTensor<uint32_t>& offsets, uint64_t n) {
    static_assert(is_16_or_32_bit<T>, "Gather: arch 2201 takes elements of 16 and 32 bits");
    check_vector(name, at, "dst", dst);
    check_vector(name, at, "src", src);
    check_vector(name, at, "srcOffset", offsets);
    check_local(name, at, "src", src, 0);
    check_local(name, at, "srcOffset", offsets, n * sizeof(uint32_t));
    if (overlap(dst.twin_address(), dst.twin_bytes(), src.twin_address(), src.twin_bytes())) {
        finding(name, at, "overlap", "dst and src share memory (bytes %u and %u of UB)", dst.twin_address(), src.twin_address());
    }
}

template <typename T>
T gathered(const AscendC::LocalTensor<T>& src, uint32_t base, uint32_t offset) {
    T value;
    memcpy(static_cast<void*>(&value), reinterpret_cast<const uint8_t*>(src.twin_data()) + base + offset, sizeof value);
    return value;
}

}  // namespace ascendc_twin

namespace AscendC {

template <typename T>
void Duplicate(const LocalTensor<T>& dst, const T& scalarValue, const int32_t& count, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::is_16_or_32_bit<T>, "Duplicate: arch 2201 takes elements of 16 and 32 bits");
    uint64_t n = ascendc_twin::check_count("Duplicate", at, count);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_vector("Duplicate", at, "dst", dst);
        ascendc_twin::check_local("Duplicate", at, "dst", dst, n * sizeof(T));
        ascendc_twin::Call call("Duplicate", TWIN_V, at);
        ascendc_twin::tell_count(call, dst, n * sizeof(T), TWIN_WRITE);
        call.vector(n);
        call.tell();
    }
    ascendc_twin::fill(dst.twin_data(), scalarValue, n);
}

template <typename T, bool isSetMask = true, typename M>
void Duplicate(const LocalTensor<T>& dst, const T& scalarValue, M mask, const uint8_t repeatTime, const uint16_t dstBlockStride,
               const uint8_t dstRepeatStride, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::is_16_or_32_bit<T>, "Duplicate: arch 2201 takes elements of 16 and 32 bits");
    if constexpr (ascendc_twin::checked) ascendc_twin::check_vector("Duplicate", at, "dst", dst);
    ascendc_twin::Operand operands[1] = {ascendc_twin::operand("dst", dst, dstBlockStride, dstRepeatStride, true, false)};
    T value = scalarValue;
    ascendc_twin::fill_repeats("Duplicate", at, operands,
                               ascendc_twin::mask_of<isSetMask>("Duplicate", at, mask, ascendc_twin::LANES<T>), repeatTime,
                               [=](uint8_t** data, uint64_t n) { ascendc_twin::fill(reinterpret_cast<T*>(data[0]), value, n); });
}

/* Each of eight elements to a block of its own, which it fills. */
template <typename T>
void Brcb(const LocalTensor<T>& dst, const LocalTensor<T>& src, const uint8_t repeatTime, const BrcbRepeatParams& repeatParams,
          ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::is_16_or_32_bit<T>, "Brcb: arch 2201 takes elements of 16 and 32 bits");
    uint64_t blk = repeatParams.dstBlkStride * 32ULL, rep = repeatParams.dstRepStride * 32ULL;
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_vector("Brcb", at, "dst", dst);
        ascendc_twin::check_vector("Brcb", at, "src", src);
        ascendc_twin::check_repeat("Brcb", at, repeatTime);
        if (blk == 0) ascendc_twin::finding("Brcb", at, "stride", "dstBlkStride is 0: blocks would overwrite each other");
        uint64_t repeats = repeatTime;
        uint64_t reach = repeats == 0 ? 0 : (repeats - 1) * rep + 7 * blk + 32;
        ascendc_twin::check_local("Brcb", at, "dst", dst, reach);
        ascendc_twin::check_local("Brcb", at, "src", src, repeats * 8 * sizeof(T));
        if (ascendc_twin::overlap(dst.twin_address(), reach, src.twin_address(), repeats * 8 * sizeof(T))) {
            ascendc_twin::finding("Brcb", at, "overlap", "dst and src share memory (bytes %u and %u of UB)", dst.twin_address(),
                                  src.twin_address());
        }
        ascendc_twin::Call call("Brcb", TWIN_V, at);
        call.range(TWIN_UB, TWIN_READ, src.twin_address(), static_cast<uint32_t>(repeats * 8 * sizeof(T)), 32);
        for (uint64_t i = 0; i < 8; ++i) {
            call.range(TWIN_UB, TWIN_WRITE, dst.twin_address() + i * blk, 32, 32, static_cast<uint32_t>(repeats),
                       static_cast<int64_t>(rep));
        }
        call.vector(repeats * 256 / sizeof(T));
        call.tell();
    }
    const T* from = src.twin_data();
    auto* to = reinterpret_cast<uint8_t*>(dst.twin_data());
    for (uint64_t i = 0; i < repeatTime; ++i) {
        for (uint64_t j = 0; j < 8; ++j)
            ascendc_twin::fill(reinterpret_cast<T*>(to + i * rep + j * blk), from[i * 8 + j], 32 / sizeof(T));
    }
}

/* firstValue, firstValue + 1, ... */
template <typename T>
void CreateVecIndex(LocalTensor<T> dst, const T& firstValue, uint32_t count, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::one_of<T, int16_t, half, int32_t, float>,
                  "CreateVecIndex: arch 2201 takes int16_t, half, int32_t, float");
    uint64_t n = ascendc_twin::check_count("CreateVecIndex", at, count);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_vector("CreateVecIndex", at, "dst", dst);
        ascendc_twin::check_local("CreateVecIndex", at, "dst", dst, n * sizeof(T));
        ascendc_twin::Call call("CreateVecIndex", TWIN_V, at);
        ascendc_twin::tell_count(call, dst, n * sizeof(T), TWIN_WRITE);
        call.vector(n);
        call.tell();
    }
    for (uint64_t i = 0; i < n; ++i) dst.twin_data()[i] = ascendc_twin::index_from(firstValue, i);
}

/* From UB to UB by the vector unit. */
template <typename T, bool isSetMask = true, typename M>
void Copy(const LocalTensor<T>& dst, const LocalTensor<T>& src, const M mask, const uint8_t repeatTime,
          const CopyRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::is_16_or_32_bit<T>, "Copy: arch 2201 takes elements of 16 and 32 bits");
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_vector("Copy", at, "dst", dst);
        ascendc_twin::check_vector("Copy", at, "src", src);
    }
    ascendc_twin::Operand operands[2] = {
        ascendc_twin::operand("dst", dst, repeatParams.dstStride, repeatParams.dstRepeatSize, true, false),
        ascendc_twin::operand("src", src, repeatParams.srcStride, repeatParams.srcRepeatSize, false, true)};
    ascendc_twin::fill_repeats("Copy", at, operands, ascendc_twin::mask_of<isSetMask>("Copy", at, mask, ascendc_twin::LANES<T>),
                               repeatTime, [](uint8_t** data, uint64_t n) { memmove(data[0], data[1], n * sizeof(T)); });
}

/* dst[i] is what lies at srcBaseOffset + srcOffset[i] bytes of src. */
template <typename T>
void Gather(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<uint32_t>& srcOffset,
            const uint32_t srcBaseOffset, const uint32_t count, ascendc_twin::At at = ascendc_twin::At()) {
    uint64_t n = ascendc_twin::check_count("Gather", at, count);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_gather("Gather", at, dst, src, srcOffset, n);
        ascendc_twin::check_local("Gather", at, "dst", dst, n * sizeof(T));
        ascendc_twin::Call call("Gather", TWIN_V, at);
        ascendc_twin::tell_count(call, srcOffset, n * sizeof(uint32_t), TWIN_READ);
        ascendc_twin::tell_count(call, dst, n * sizeof(T), TWIN_WRITE);
        call.vector(n);
        ascendc_twin::tell_gathered(call, "Gather", at, src.twin_address(), src.twin_bytes(), srcBaseOffset, srcOffset.twin_data(),
                                    n, sizeof(T), sizeof(T));
        call.tell();
    }
    for (uint64_t i = 0; i < n; ++i) dst.twin_data()[i] = ascendc_twin::gathered(src, srcBaseOffset, srcOffset.twin_data()[i]);
}

/* In repeats, whose offsets adjoin: 256 bytes of dst each. */
template <typename T, typename M>
void Gather(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<uint32_t>& srcOffset,
            const uint32_t srcBaseOffset, const M mask, const uint8_t repeatTime, const uint16_t dstRepStride,
            ascendc_twin::At at = ascendc_twin::At()) {
    constexpr uint32_t lanes_per_repeat = ascendc_twin::LANES<T>;
    ascendc_twin::Mask bits = ascendc_twin::mask_of<true>("Gather", at, mask, lanes_per_repeat);
    ascendc_twin::Operand operands[1] = {ascendc_twin::operand("dst", dst, 1, dstRepStride, true, false)};
    ascendc_twin::Lanes lanes(operands, bits, lanes_per_repeat);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_gather("Gather", at, dst, src, srcOffset, static_cast<uint64_t>(repeatTime) * lanes_per_repeat);
        ascendc_twin::check_repeat("Gather", at, repeatTime);
        ascendc_twin::check_local("Gather", at, "dst", dst, ascendc_twin::reach_of(operands[0], lanes, repeatTime));
        ascendc_twin::Call call("Gather", TWIN_V, at);
        call.vector(static_cast<uint64_t>(lanes.elements) * repeatTime);
        for (uint32_t j = 0; j < lanes.runs; ++j) {
            ascendc_twin::tell_operand(call, operands[0], lanes.run[j].first * sizeof(T), lanes.run[j].count * sizeof(T),
                                       repeatTime);
            call.range(TWIN_UB, TWIN_READ, srcOffset.twin_address() + lanes.run[j].first * 4, lanes.run[j].count * 4, 0, repeatTime,
                       lanes_per_repeat * 4);
            for (uint32_t i = 0; i < repeatTime; ++i) {
                ascendc_twin::tell_gathered(call, "Gather", at, src.twin_address(), src.twin_bytes(), srcBaseOffset,
                                            srcOffset.twin_data() + i * lanes_per_repeat + lanes.run[j].first, lanes.run[j].count,
                                            sizeof(T), sizeof(T));
            }
        }
        call.tell();
    }
    for (uint32_t i = 0; i < repeatTime; ++i) {
        T* to = reinterpret_cast<T*>(operands[0].data + static_cast<uint64_t>(i) * operands[0].rep_pitch);
        for (uint32_t lane = 0; lane < lanes_per_repeat; ++lane) {
            if (bits.has(lane))
                to[lane] = ascendc_twin::gathered(src, srcBaseOffset, srcOffset.twin_data()[i * lanes_per_repeat + lane]);
        }
    }
}

/* Whole blocks of 32 bytes, eight a repeat. */
template <typename T>
void Gatherb(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<uint32_t>& offset, const uint8_t repeatTime,
             const GatherRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "Gatherb: arch 2201 takes elements of 16 and 32 bits");
    uint64_t blk = repeatParams.dstBlkStride * 32ULL, rep = repeatParams.dstRepStride * 32ULL;
    if constexpr (ascendc_twin::checked) {
        uint64_t repeats = repeatTime;
        ascendc_twin::check_repeat("Gatherb", at, repeatTime);
        ascendc_twin::check_gather("Gatherb", at, dst, src, offset, repeats * 8);
        ascendc_twin::check_local("Gatherb", at, "dst", dst, repeats == 0 ? 0 : (repeats - 1) * rep + 7 * blk + 32);
        ascendc_twin::Call call("Gatherb", TWIN_V, at);
        call.range(TWIN_UB, TWIN_READ, offset.twin_address(), static_cast<uint32_t>(repeats * 32), 32);
        for (uint64_t i = 0; i < 8; ++i) {
            call.range(TWIN_UB, TWIN_WRITE, dst.twin_address() + i * blk, 32, 32, static_cast<uint32_t>(repeats),
                       static_cast<int64_t>(rep));
        }
        call.vector(repeats * 256 / sizeof(T));
        ascendc_twin::tell_gathered(call, "Gatherb", at, src.twin_address(), src.twin_bytes(), 0, offset.twin_data(), repeats * 8,
                                    32, 32);
        call.tell();
    }
    auto* to = reinterpret_cast<uint8_t*>(dst.twin_data());
    for (uint64_t i = 0; i < repeatTime; ++i) {
        for (uint64_t j = 0; j < 8; ++j) {
            memcpy(to + i * rep + j * blk, reinterpret_cast<const uint8_t*>(src.twin_data()) + offset.twin_data()[i * 8 + j], 32);
        }
    }
}

}  // namespace AscendC

#endif

/* Comparisons, whose results are bits; selections by bits; GatherMask, which picks elements by bits. */
#ifndef ASCENDC_TWIN_VECTOR_SELECT_H
#define ASCENDC_TWIN_VECTOR_SELECT_H

#include "tpipe.h"
#include "vector_fill.h"

namespace AscendC {

struct GatherMaskParams {
    GatherMaskParams() {}
    GatherMaskParams(const uint8_t src0BlockStrideIn, const uint16_t repeatTimesIn, const uint16_t src0RepeatStrideIn,
                     const uint8_t src1RepeatStrideIn)
        : src0BlockStride(src0BlockStrideIn),
          repeatTimes(repeatTimesIn),
          src0RepeatStride(src0RepeatStrideIn),
          src1RepeatStride(src1RepeatStrideIn) {}

    uint8_t src0BlockStride = DEFAULT_BLK_STRIDE;
    uint16_t repeatTimes = 0;
    uint16_t src0RepeatStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src1RepeatStride = 8;
};

}  // namespace AscendC

namespace ascendc_twin {

using AscendC::CMPMODE;
using AscendC::SELMODE;

template <typename T>
bool holds(T a, T b, CMPMODE mode) {
    switch (mode) {
        case CMPMODE::LT: return a < b;
        case CMPMODE::GT: return a > b;
        case CMPMODE::EQ: return a == b;
        case CMPMODE::LE: return a <= b;
        case CMPMODE::GE: return a >= b;
        default: return a != b;
    }
}

inline float comparable(float x) { return x; }
inline float comparable(half x) { return float(x); }
inline int32_t comparable(int32_t x) { return x; }

/* Eight results to a byte, the first one lowest. `second(i)` is what element i is compared with. */
template <typename T, typename F>
void compare_bits(uint8_t* dst, const T* a, F second, uint64_t n, CMPMODE mode) {
    for (uint64_t i = 0; i < n; i += 8) {
        unsigned byte = 0;
        for (uint64_t j = 0; j < 8; ++j)
            byte |= static_cast<unsigned>(holds(comparable(a[i + j]), comparable(second(i + j)), mode)) << j;
        dst[i / 8] = static_cast<uint8_t>(byte);
    }
}

template <typename T>
void check_compare(const char* name, At at, CMPMODE mode) {
    static_assert(one_of<T, half, float, int32_t>, "comparisons: arch 2201 takes half, float, and int32_t for EQ");
    if (std::is_same<T, int32_t>::value && mode != CMPMODE::EQ) {
        finding(name, at, "types", "arch 2201 compares int32_t for CMPMODE::EQ only");
        stop();
    }
}

/* Whole repeats only: what is left over is not compared. */
template <typename T>
uint64_t check_compared(const char* name, At at, int64_t count) {
    uint64_t n = check_count(name, at, count);
    if (checked && n % LANES<T> != 0) {
        finding(name, at, "length", "%llu elements are %llu bytes, no multiple of 256: the last %llu elements are not compared",
                static_cast<unsigned long long>(n), static_cast<unsigned long long>(n * sizeof(T)),
                static_cast<unsigned long long>(n % LANES<T>));
    }
    return n / LANES<T> * LANES<T>;
}

template <typename U, typename T>
void tell_compare(const char* name, At at, const AscendC::LocalTensor<U>& dst, const AscendC::LocalTensor<T>& src0,
                  const AscendC::LocalTensor<T>* src1, uint64_t n, CMPMODE mode) {
    static_assert(sizeof(U) == 1, "comparisons: dst is int8_t or uint8_t");
    check_compare<T>(name, at, mode);
    check_vector(name, at, "dst", dst);
    check_vector(name, at, "src0", src0);
    check_local(name, at, "dst", dst, n / 8);
    check_local(name, at, "src0", src0, n * sizeof(T));
    Call call(name, TWIN_V, at);
    tell_count(call, src0, n * sizeof(T), TWIN_READ);
    if (src1 != nullptr) {
        check_vector(name, at, "src1", *src1);
        check_local(name, at, "src1", *src1, n * sizeof(T));
        tell_count(call, *src1, n * sizeof(T), TWIN_READ);
    }
    tell_count(call, dst, n / 8, TWIN_WRITE);
    call.vector(n);
    call.tell();
}

/* In repeats: dst's bits adjoin. Arch 2201 compares all elements, whatever the mask. `K` operands are read. */
template <typename U, typename T, int K, typename F>
void compare_repeats(const char* name, At at, const AscendC::LocalTensor<U>& dst, const Operand (&sources)[K], uint32_t repeat,
                     CMPMODE mode, F second) {
    static_assert(sizeof(U) == 1, "comparisons: dst is int8_t or uint8_t");
    constexpr uint32_t n = LANES<T>;
    Lanes lanes(sources, Mask::first(n), n);
    if constexpr (checked) {
        check_compare<T>(name, at, mode);
        check_vector(name, at, "dst", dst);
        check_repeat(name, at, repeat);
        check_local(name, at, "dst", dst, static_cast<uint64_t>(repeat) * n / 8);
        Call call(name, TWIN_V, at);
        for (const Operand& it : sources) {
            if (it.address % 32 != 0)
                finding(name, at, "alignment", "%s is at byte %u of UB, which is no multiple of 32", it.name, it.address);
            uint64_t reach = reach_of(it, lanes, repeat);
            if (reach > it.tensor_bytes) {
                finding(name, at, "length", "%s is touched to byte %llu, but the tensor has %u bytes", it.name,
                        static_cast<unsigned long long>(reach), it.tensor_bytes);
            }
            for (uint32_t i = 0; i < lanes.runs; ++i) {
                tell_operand(call, it, offset_of(it, lanes.run[i].first), lanes.run[i].count * it.element, repeat);
            }
        }
        call.range(TWIN_UB, TWIN_WRITE, dst.twin_address(), repeat * n / 8, 32);
        call.vector(static_cast<uint64_t>(n) * repeat);
        call.tell();
    }
    T x[2][n];
    auto* bits = reinterpret_cast<uint8_t*>(dst.twin_data());
    for (uint32_t i = 0; i < repeat; ++i) {
        for (int k = 0; k < K; ++k) {
            const uint8_t* start = sources[k].data + static_cast<uint64_t>(i) * sources[k].rep_pitch;
            for (uint32_t j = 0; j < lanes.runs; ++j) {
                memcpy(static_cast<void*>(x[k] + lanes.run[j].first), start + offset_of(sources[k], lanes.run[j].first),
                       lanes.run[j].count * sizeof(T));
            }
        }
        compare_bits(bits + i * n / 8, x[0], [&](uint64_t at_element) { return second(x[1], at_element); }, n, mode);
    }
}

inline bool bit_of(const uint8_t* bits, uint64_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }

/* Which bits a selection consumes: in mode 0 the same ones for each repeat. */
template <typename T>
uint64_t selecting_bits(SELMODE mode, uint64_t elements) {
    return mode == SELMODE::VSEL_CMPMASK_SPR && elements > LANES<T> ? LANES<T> : elements;
}

template <typename T, typename F>
void select_elements(T* dst, const uint8_t* bits, uint64_t first_bit, uint64_t period, const T* src0, F second, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) dst[i] = bit_of(bits, (first_bit + i) % period) ? src0[i] : second(i);
}

/* By tensor masks, the call uses the end of UB for itself. */
inline void check_reserved(At at, SELMODE mode) {
    constexpr uint32_t reserved = 8192;
    uint32_t size = core().size[TWIN_UB];
    if (mode == SELMODE::VSEL_CMPMASK_SPR || state->pipe == nullptr || state->pipe->twin_used(TWIN_UB) + reserved <= size) return;
    finding("Select", at, "buffers", "in this mode Select needs %u bytes of UB for itself, and buffers take %u of %u", reserved,
            state->pipe->twin_used(TWIN_UB), size);
}

template <typename T, typename U>
void tell_select(At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<U>& mask,
                 const AscendC::LocalTensor<T>& src0, const AscendC::LocalTensor<T>* src1, uint64_t n, SELMODE mode) {
    constexpr const char* name = "Select";
    uint64_t bits = (selecting_bits<T>(mode, n) + 7) / 8;
    check_reserved(at, mode);
    check_vector(name, at, "dst", dst);
    check_vector(name, at, "selMask", mask);
    check_vector(name, at, "src0", src0);
    check_local(name, at, "dst", dst, n * sizeof(T));
    check_local(name, at, "selMask", mask, bits);
    check_local(name, at, "src0", src0, n * sizeof(T));
    check_overlap(name, at, "src0", dst, n * sizeof(T), src0, n * sizeof(T));
    Call call(name, TWIN_V, at);
    tell_count(call, mask, bits, TWIN_READ);
    tell_count(call, src0, n * sizeof(T), TWIN_READ);
    if (src1 != nullptr) {
        check_vector(name, at, "src1", *src1);
        check_local(name, at, "src1", *src1, n * sizeof(T));
        check_overlap(name, at, "src1", dst, n * sizeof(T), *src1, n * sizeof(T));
        tell_count(call, *src1, n * sizeof(T), TWIN_READ);
    }
    tell_count(call, dst, n * sizeof(T), TWIN_WRITE);
    call.vector(n);
    call.tell();
}

/* `operands`: dst and what is read. */
template <typename T, typename U, int K, typename F>
void select_repeats(At at, const Operand (&operands)[K], const AscendC::LocalTensor<U>& sel, SELMODE mode, Mask mask,
                    uint32_t repeat, F second) {
    constexpr uint32_t n = LANES<T>;
    Lanes lanes(operands, mask, n);
    uint64_t bits = mode == SELMODE::VSEL_CMPMASK_SPR ? n : static_cast<uint64_t>(n) * repeat;
    if constexpr (checked) {
        check_reserved(at, mode);
        check_vector("Select", at, "selMask", sel);
        check_repeat("Select", at, repeat);
        check_local("Select", at, "selMask", sel, bits / 8);
        Call call("Select", TWIN_V, at);
        call.range(TWIN_UB, TWIN_READ, sel.twin_address(), static_cast<uint32_t>(bits / 8), 32);
        call.tell();
        tell_repeats("Select", at, operands, lanes, repeat);
    }
    auto* selecting = reinterpret_cast<const uint8_t*>(sel.twin_data());
    for (uint32_t i = 0; i < repeat; ++i) {
        for (uint32_t j = 0; j < lanes.runs; ++j) {
            T* data[K];
            for (int k = 0; k < K; ++k) {
                data[k] = reinterpret_cast<T*>(operands[k].data + static_cast<uint64_t>(i) * operands[k].rep_pitch +
                                               offset_of(operands[k], lanes.run[j].first));
            }
            select_elements<T>(
                data[0], selecting, (static_cast<uint64_t>(i) * n + lanes.run[j].first) % bits, bits, data[1],
                [&](uint64_t element) { return second(data[K - 1], element); }, lanes.run[j].count);
        }
    }
}

/* GatherMask: `bit(repeat, lane)` says whether an element stays. */
template <typename T, typename F>
uint64_t gather_mask(At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src, bool counter, uint32_t mask,
                     const AscendC::GatherMaskParams& params, Call& call, F bit) {
    constexpr const char* name = "GatherMask";
    static_assert(is_16_or_32_bit<T>, "GatherMask: arch 2201 takes elements of 16 and 32 bits");
    constexpr uint32_t per_block = 32 / sizeof(T);
    uint64_t n = counter ? mask : LANES<T>;
    uint64_t blk = params.src0BlockStride * 32ULL, rep = params.src0RepeatStride * 32ULL;
    auto place = [&](uint64_t repeat, uint64_t lane) {
        return repeat * rep + lane / per_block * blk + lane % per_block * sizeof(T);
    };
    uint64_t kept = 0;
    for (uint64_t i = 0; i < params.repeatTimes; ++i) {
        for (uint64_t lane = 0; lane < n; ++lane) kept += bit(i, lane);
    }
    if constexpr (checked) {
        check_vector(name, at, "dst", dst);
        check_vector(name, at, "src0", src);
        check_repeat(name, at, params.repeatTimes > 255 ? 1 : params.repeatTimes);
        if (n == 0) finding(name, at, "mask", "mask is 0: in counter mode it is the number of elements of a repeat");
        check_local(name, at, "src0", src,
                    params.repeatTimes == 0 || n == 0 ? 0 : place(params.repeatTimes - 1U, n - 1) + sizeof(T));
        check_local(name, at, "dst", dst, kept * sizeof(T));
        for (uint64_t lane = 0; lane < n; lane += per_block) {
            uint64_t length = n - lane < per_block ? n - lane : per_block;
            call.range(TWIN_UB, TWIN_READ, src.twin_address() + place(0, lane), static_cast<uint32_t>(length * sizeof(T)), 0,
                       params.repeatTimes, static_cast<int64_t>(rep));
        }
        call.range(TWIN_UB, TWIN_WRITE, dst.twin_address(), static_cast<uint32_t>(kept * sizeof(T)), 0);
        call.vector(n * params.repeatTimes);
        call.tell();
    }
    T* to = dst.twin_data();
    auto* from = reinterpret_cast<const uint8_t*>(src.twin_data());
    for (uint64_t i = 0; i < params.repeatTimes; ++i) {
        for (uint64_t lane = 0; lane < n; ++lane) {
            if (bit(i, lane)) memcpy(static_cast<void*>(to++), from + place(i, lane), sizeof(T));
        }
    }
    return kept;
}

}  // namespace ascendc_twin

namespace AscendC {

/* dst's bit i: whether src0[i] and src1[i] compare so. */
template <typename T, typename U>
void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE cmpMode, uint32_t count,
             ascendc_twin::At at = ascendc_twin::At()) {
    uint64_t n = ascendc_twin::check_compared<T>("Compare", at, count);
    if constexpr (ascendc_twin::checked) ascendc_twin::tell_compare("Compare", at, dst, src0, &src1, n, cmpMode);
    const T* second = src1.twin_data();
    ascendc_twin::compare_bits(
        reinterpret_cast<uint8_t*>(dst.twin_data()), src0.twin_data(), [=](uint64_t i) { return second[i]; }, n, cmpMode);
}

template <typename T, typename U, bool isSetMask = true, typename M>
void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE cmpMode, const M mask,
             uint8_t repeatTime, const BinaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {
    (void)mask;
    ascendc_twin::Operand sources[2] = {
        ascendc_twin::operand("src0", src0, repeatParams.src0BlkStride, repeatParams.src0RepStride, false, true),
        ascendc_twin::operand("src1", src1, repeatParams.src1BlkStride, repeatParams.src1RepStride, false, true)};
    ascendc_twin::compare_repeats<U, T>("Compare", at, dst, sources, repeatTime, cmpMode,
                                        [](const T* second, uint64_t i) { return second[i]; });
}

#define ASCENDC_TWIN_COMPARE_SCALAR(Name)                                                                                          \
    template <typename T, typename U>                                                                                              \
    void Name(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const T src1Scalar, CMPMODE cmpMode, uint32_t count,          \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        uint64_t n = ascendc_twin::check_compared<T>(#Name, at, count);                                                            \
        if constexpr (ascendc_twin::checked) {                                                                                     \
            ascendc_twin::tell_compare(#Name, at, dst, src0, static_cast<const LocalTensor<T>*>(nullptr), n, cmpMode);             \
        }                                                                                                                          \
        ascendc_twin::compare_bits(                                                                                                \
            reinterpret_cast<uint8_t*>(dst.twin_data()), src0.twin_data(), [=](uint64_t) { return src1Scalar; }, n, cmpMode);      \
    }                                                                                                                              \
    template <typename T, typename U, bool isSetMask = true, typename M>                                                           \
    void Name(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const T src1Scalar, CMPMODE cmpMode, const M mask,            \
              uint8_t repeatTime, const UnaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {               \
        (void)mask;                                                                                                                \
        ascendc_twin::Operand sources[1] = {                                                                                       \
            ascendc_twin::operand("src0", src0, repeatParams.srcBlkStride, repeatParams.srcRepStride, false, true)};               \
        ascendc_twin::compare_repeats<U, T>(#Name, at, dst, sources, repeatTime, cmpMode,                                          \
                                            [=](const T*, uint64_t) { return src1Scalar; });                                       \
    }

ASCENDC_TWIN_COMPARE_SCALAR(Compares)
ASCENDC_TWIN_COMPARE_SCALAR(CompareScalar)
#undef ASCENDC_TWIN_COMPARE_SCALAR

/* dst[i] = selMask's bit i ? src0[i] : src1[i]. */
template <typename T, typename U>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask, const LocalTensor<T>& src0, const LocalTensor<T>& src1,
            SELMODE selMode, uint32_t count, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::one_of<T, half, float>, "Select: arch 2201 takes half and float");
    uint64_t n = ascendc_twin::check_count("Select", at, count);
    if constexpr (ascendc_twin::checked) ascendc_twin::tell_select(at, dst, selMask, src0, &src1, n, selMode);
    const T* second = src1.twin_data();
    ascendc_twin::select_elements<T>(
        dst.twin_data(), reinterpret_cast<const uint8_t*>(selMask.twin_data()), 0, ascendc_twin::selecting_bits<T>(selMode, n),
        src0.twin_data(), [=](uint64_t i) { return second[i]; }, n);
}

template <typename T, typename U>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask, const LocalTensor<T>& src0, T src1, SELMODE selMode,
            uint32_t count, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::one_of<T, half, float>, "Select: arch 2201 takes half and float");
    uint64_t n = ascendc_twin::check_count("Select", at, count);
    if constexpr (ascendc_twin::checked)
        ascendc_twin::tell_select(at, dst, selMask, src0, static_cast<const LocalTensor<T>*>(nullptr), n, selMode);
    ascendc_twin::select_elements<T>(
        dst.twin_data(), reinterpret_cast<const uint8_t*>(selMask.twin_data()), 0, ascendc_twin::selecting_bits<T>(selMode, n),
        src0.twin_data(), [=](uint64_t) { return src1; }, n);
}

template <typename T, typename U, bool isSetMask = true, typename M>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask, const LocalTensor<T>& src0, const LocalTensor<T>& src1,
            SELMODE selMode, M mask, uint8_t repeatTime, const BinaryRepeatParams& repeatParams,
            ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::one_of<T, half, float>, "Select: arch 2201 takes half and float");
    ascendc_twin::Operand operands[3] = {
        ascendc_twin::operand("dst", dst, repeatParams.dstBlkStride, repeatParams.dstRepStride, true, false),
        ascendc_twin::operand("src0", src0, repeatParams.src0BlkStride, repeatParams.src0RepStride, false, true),
        ascendc_twin::operand("src1", src1, repeatParams.src1BlkStride, repeatParams.src1RepStride, false, true)};
    ascendc_twin::select_repeats<T>(at, operands, selMask, selMode,
                                    ascendc_twin::mask_of<isSetMask>("Select", at, mask, ascendc_twin::LANES<T>), repeatTime,
                                    [](const T* second, uint64_t i) { return second[i]; });
}

template <typename T, typename U, bool isSetMask = true, typename M>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& selMask, const LocalTensor<T>& src0, T src1, SELMODE selMode, M mask,
            uint8_t repeatTime, const BinaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::one_of<T, half, float>, "Select: arch 2201 takes half and float");
    ascendc_twin::Operand operands[2] = {
        ascendc_twin::operand("dst", dst, repeatParams.dstBlkStride, repeatParams.dstRepStride, true, false),
        ascendc_twin::operand("src0", src0, repeatParams.src0BlkStride, repeatParams.src0RepStride, false, true)};
    ascendc_twin::select_repeats<T>(at, operands, selMask, selMode,
                                    ascendc_twin::mask_of<isSetMask>("Select", at, mask, ascendc_twin::LANES<T>), repeatTime,
                                    [=](const T*, uint64_t) { return src1; });
}

/* The elements whose bit in src1Pattern is set, one behind the other. rsvdCnt: how many. */
template <typename T, typename U>
void GatherMask(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<U>& src1Pattern, const bool reduceMode,
                const uint32_t mask, const GatherMaskParams& gatherMaskParams, uint64_t& rsvdCnt,
                ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(sizeof(U) == sizeof(T) && std::is_unsigned<U>::value,
                  "GatherMask: the pattern is uint16_t or uint32_t, as wide as an element");
    ascendc_twin::Call call("GatherMask", TWIN_V, at);
    uint64_t pitch = gatherMaskParams.src1RepeatStride * 32ULL;
    auto* bits = reinterpret_cast<const uint8_t*>(src1Pattern.twin_data());
    if constexpr (ascendc_twin::checked) {
        uint64_t bytes = ((reduceMode ? mask : ascendc_twin::LANES<T>)+7) / 8;
        uint64_t repeats = gatherMaskParams.repeatTimes;
        ascendc_twin::check_vector("GatherMask", at, "src1Pattern", src1Pattern);
        ascendc_twin::check_local("GatherMask", at, "src1Pattern", src1Pattern, repeats == 0 ? 0 : (repeats - 1) * pitch + bytes);
        call.range(TWIN_UB, TWIN_READ, src1Pattern.twin_address(), static_cast<uint32_t>(bytes), 32, static_cast<uint32_t>(repeats),
                   static_cast<int64_t>(pitch));
    }
    rsvdCnt = ascendc_twin::gather_mask(
        at, dst, src0, reduceMode, mask, gatherMaskParams, call,
        [=](uint64_t repeat, uint64_t lane) { return ascendc_twin::bit_of(bits + repeat * pitch, lane); });
}

/* By a fixed pattern: 1, 2: every other element from the first or the second on; 3 to 6: every fourth; 7: all. */
template <typename T>
void GatherMask(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const uint8_t src1Pattern, const bool reduceMode,
                const uint32_t mask, const GatherMaskParams& gatherMaskParams, uint64_t& rsvdCnt,
                ascendc_twin::At at = ascendc_twin::At()) {
    if (ascendc_twin::checked && (src1Pattern < 1 || src1Pattern > 7)) {
        ascendc_twin::finding("GatherMask", at, "mask", "src1Pattern is %u: 1 to 7", src1Pattern);
        ascendc_twin::stop();
    }
    ascendc_twin::Call call("GatherMask", TWIN_V, at);
    rsvdCnt = ascendc_twin::gather_mask(at, dst, src0, reduceMode, mask, gatherMaskParams, call, [=](uint64_t, uint64_t lane) {
        return src1Pattern == 7 || (src1Pattern < 3 ? lane % 2 == src1Pattern - 1U : lane % 4 == src1Pattern - 3U);
    });
}

}  // namespace AscendC

#endif

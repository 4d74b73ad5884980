/* Reductions. A sum is a tree of neighbours within a repeat, as the unit adds, and each level is rounded to the element's type. */
#ifndef ASCENDC_TWIN_VECTOR_REDUCE_H
#define ASCENDC_TWIN_VECTOR_REDUCE_H

#include <limits>

#include "vector_unary.h"

namespace AscendC {

enum class ReduceType : uint8_t { SUM = 0, MAX, MIN };

}  // namespace AscendC

namespace ascendc_twin {

using AscendC::ReduceOrder;
using AscendC::ReduceType;

inline void to_float(float* dst, const float* src, uint64_t n) { memcpy(dst, src, n * sizeof(float)); }
inline void to_float(float* dst, const half* src, uint64_t n) { widen(dst, src, n); }

template <typename T>
float rounded(float x) {
    if constexpr (std::is_same<T, half>::value) return float(half(x));
    return x;
}

template <typename T, uint32_t N>
float tree_sum(const float* x) {
    if constexpr (N == 1) {
        return x[0];
    } else {
        float next[N / 2];
        for (uint32_t i = 0; i < N / 2; ++i) next[i] = rounded<T>(x[2 * i] + x[2 * i + 1]);
        return tree_sum<T, N / 2>(next);
    }
}

template <bool greatest>
bool is_better(float a, float b) {
    return greatest ? a > b : a < b;
}

template <uint32_t N, bool greatest>
float tree_best(const float* x) {
    if constexpr (N == 1) {
        return x[0];
    } else {
        float next[N / 2];
        for (uint32_t i = 0; i < N / 2; ++i) next[i] = is_better<greatest>(x[i + N / 2], x[i]) ? x[i + N / 2] : x[i];
        return tree_best<N / 2, greatest>(next);
    }
}

/* What masked-out elements count as. */
constexpr float neutral(ReduceType type) {
    return type == ReduceType::SUM   ? 0.0f
           : type == ReduceType::MAX ? -std::numeric_limits<float>::infinity()
                                     : std::numeric_limits<float>::infinity();
}

template <typename T, uint32_t N, ReduceType type>
float reduced(const float* x) {
    if constexpr (type == ReduceType::SUM) return tree_sum<T, N>(x);
    return tree_best<N, type == ReduceType::MAX>(x);
}

/* The elements of one repeat. */
template <typename T>
void load_repeat(float* x, const Operand& src, const Lanes& lanes, uint32_t repeat, float other) {
    const uint8_t* start = src.data + static_cast<uint64_t>(repeat) * src.rep_pitch;
    if (lanes.elements != LANES<T>) {
        for (uint32_t i = 0; i < LANES<T>; ++i) x[i] = other;
    }
    for (uint32_t i = 0; i < lanes.runs; ++i) {
        to_float(x + lanes.run[i].first, reinterpret_cast<const T*>(start + offset_of(src, lanes.run[i].first)),
                 lanes.run[i].count);
    }
}

/* The first element that takes part and equals the best one. */
inline uint32_t index_of(const float* x, const Lanes& lanes, float best) {
    for (uint32_t i = 0; i < lanes.runs; ++i) {
        for (uint32_t j = 0; j < lanes.run[i].count; ++j) {
            if (x[lanes.run[i].first + j] == best) return lanes.run[i].first + j;
        }
    }
    return 0;
}

/* A value, an index, as an element of the type. */
template <typename T>
void store_value(uint8_t* dst, float value) {
    T stored = T(value);
    memcpy(dst, &stored, sizeof stored);
}
template <typename T>
void store_index(uint8_t* dst, uint32_t index) {
    using Index = std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>;
    Index stored = static_cast<Index>(index);
    memcpy(dst, &stored, sizeof stored);
}

/* Runs of a repeat's results: what is not written keeps its value. */
struct Results {
    uint32_t runs = 0;
    Run run[64];
    void add(uint32_t at) {
        if (runs != 0 && run[runs - 1].first + run[runs - 1].count == at) {
            ++run[runs - 1].count;
        } else {
            run[runs++] = {at, 1};
        }
    }
};

inline void check_stride(const char* name, At at, const char* what, int64_t stride) {
    if (stride < 0 || stride > 65535) {
        finding(name, at, "stride", "%s is %lld: 0 to 65535", what, static_cast<long long>(stride));
        stop();
    }
}

/* A result that lands on what a later repeat reads would be read there. */
inline void check_reduced_apart(const char* name, At at, uint64_t dst, uint64_t pitch, uint64_t bytes, const Operand& src,
                                const Lanes& lanes, uint32_t repeat) {
    uint64_t reach = reach_of(src, lanes, 1);
    if (!overlap(dst, (repeat - 1) * pitch + bytes, src.address, reach_of(src, lanes, repeat))) return;
    for (uint64_t i = 0; i < repeat; ++i) {
        for (uint64_t j = i + 1; j < repeat; ++j) {
            if (!overlap(dst + i * pitch, bytes, src.address + j * src.rep_pitch, reach)) continue;
            finding(name, at, "overlap", "the result of repeat %llu (byte %llu of UB) overwrites what repeat %llu reads",
                    static_cast<unsigned long long>(i), static_cast<unsigned long long>(dst + i * pitch),
                    static_cast<unsigned long long>(j));
            return;
        }
    }
}

/* Checks and tells a reduction of each repeat to `results` elements of `element` bytes, `pitch` bytes from repeat to repeat. */
template <typename T>
void tell_reduction(const char* name, At at, const AscendC::LocalTensor<T>& dst, uint32_t element, uint64_t pitch, uint32_t align,
                    const Results& results, const Operand& src, const Lanes& lanes, int64_t repeat) {
    check_repeat(name, at, repeat);
    if (repeat <= 0 || results.runs == 0) return;
    if (src.address % 32 != 0) {
        finding(name, at, "alignment", "src is at byte %u of UB, which is no multiple of 32", src.address);
    }
    if (dst.twin_address() % align != 0) {
        finding(name, at, "alignment", "dst is at byte %u of UB, which is no multiple of %u", dst.twin_address(), align);
    }
    uint64_t reach = reach_of(src, lanes, static_cast<uint32_t>(repeat));
    if (reach > src.tensor_bytes) {
        finding(name, at, "length", "src is touched to byte %llu, but the tensor has %u bytes",
                static_cast<unsigned long long>(reach), src.tensor_bytes);
    }
    const Run& last = results.run[results.runs - 1];
    uint64_t bytes = static_cast<uint64_t>(last.first + last.count) * element;
    uint64_t end = static_cast<uint64_t>(repeat - 1) * pitch + bytes;
    if (end > dst.twin_bytes()) {
        finding(name, at, "length", "dst is touched to byte %llu, but the tensor has %u bytes",
                static_cast<unsigned long long>(end), dst.twin_bytes());
    }
    check_reduced_apart(name, at, dst.twin_address(), pitch, bytes, src, lanes, static_cast<uint32_t>(repeat));
    Call call(name, TWIN_V, at);
    for (uint32_t i = 0; i < lanes.runs; ++i) {
        tell_operand(call, src, offset_of(src, lanes.run[i].first), lanes.run[i].count * src.element,
                     static_cast<uint32_t>(repeat));
    }
    for (uint32_t i = 0; i < results.runs; ++i) {
        call.range(TWIN_UB, TWIN_WRITE, dst.twin_address() + results.run[i].first * element, results.run[i].count * element, 0,
                   static_cast<uint32_t>(repeat), static_cast<int64_t>(pitch));
    }
    call.vector(static_cast<uint64_t>(lanes.elements) * static_cast<uint64_t>(repeat));
    call.tell();
}

template <typename T>
Operand reduction_source(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                         int64_t dst_rep, int64_t src_blk, int64_t src_rep) {
    static_assert(one_of<T, half, float>, "reductions: arch 2201 takes half and float");
    if constexpr (checked) {
        check_vector(name, at, "dst", dst);
        check_vector(name, at, "src", src);
        check_stride(name, at, "dstRepStride", dst_rep);
        check_stride(name, at, "srcBlkStride", src_blk);
        check_stride(name, at, "srcRepStride", src_rep);
    }
    return operand("src", src, static_cast<uint32_t>(src_blk), static_cast<uint32_t>(src_rep), false, true);
}

/* One result a repeat. */
template <ReduceType type, typename T>
[[gnu::noinline]] void reduce_whole(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                    Mask mask, int64_t repeat, int64_t dst_rep, int64_t src_blk, int64_t src_rep,
                                    ReduceOrder order) {
    bool pair = order == ReduceOrder::ORDER_VALUE_INDEX || order == ReduceOrder::ORDER_INDEX_VALUE;
    uint32_t unit = order == ReduceOrder::ORDER_ONLY_INDEX ? 4 : pair ? 2 * sizeof(T) : sizeof(T);
    Operand operands[1] = {reduction_source(name, at, dst, src, dst_rep, src_blk, src_rep)};
    Lanes lanes(operands, mask, LANES<T>);
    uint64_t pitch = static_cast<uint64_t>(dst_rep) * unit;
    if constexpr (checked) {
        Results results;
        results.add(0);
        tell_reduction(name, at, dst, unit, pitch, unit, results, operands[0], lanes, repeat);
    }
    float x[LANES<T>];
    for (int64_t i = 0; i < repeat; ++i) {
        load_repeat<T>(x, operands[0], lanes, static_cast<uint32_t>(i), neutral(type));
        float best = reduced<T, LANES<T>, type>(x);
        uint8_t* to = reinterpret_cast<uint8_t*>(dst.twin_data()) + static_cast<uint64_t>(i) * pitch;
        uint32_t index = order == ReduceOrder::ORDER_ONLY_VALUE ? 0 : index_of(x, lanes, best);
        switch (order) {
            case ReduceOrder::ORDER_VALUE_INDEX:
                store_value<T>(to, best);
                store_index<T>(to + sizeof(T), index);
                break;
            case ReduceOrder::ORDER_INDEX_VALUE:
                store_index<T>(to, index);
                store_value<T>(to + sizeof(T), best);
                break;
            case ReduceOrder::ORDER_ONLY_VALUE: store_value<T>(to, best); break;
            default: store_index<float>(to, index);
        }
    }
}

/* One result for each `width` elements: a block of 32 bytes, or a pair. Where none of them takes part, dst keeps its value. */
template <ReduceType type, uint32_t width, typename T>
[[gnu::noinline]] void reduce_groups(const char* name, At at, const AscendC::LocalTensor<T>& dst,
                                     const AscendC::LocalTensor<T>& src, Mask mask, int64_t repeat, int64_t dst_rep,
                                     int64_t src_blk, int64_t src_rep, uint32_t align) {
    constexpr uint32_t groups = LANES<T> / width;
    Operand operands[1] = {reduction_source(name, at, dst, src, dst_rep, src_blk, src_rep)};
    Lanes lanes(operands, mask, LANES<T>);
    uint64_t pitch = static_cast<uint64_t>(dst_rep) * groups * sizeof(T);
    Results results;
    for (uint32_t group = 0; group < groups; ++group) {
        bool any = false;
        for (uint32_t i = 0; i < width; ++i) any = any || mask.has(group * width + i);
        if (any) results.add(group);
    }
    if constexpr (checked) tell_reduction(name, at, dst, sizeof(T), pitch, align, results, operands[0], lanes, repeat);
    float x[LANES<T>];
    for (int64_t i = 0; i < repeat; ++i) {
        load_repeat<T>(x, operands[0], lanes, static_cast<uint32_t>(i), neutral(type));
        uint8_t* to = reinterpret_cast<uint8_t*>(dst.twin_data()) + static_cast<uint64_t>(i) * pitch;
        for (uint32_t j = 0; j < results.runs; ++j) {
            for (uint32_t group = results.run[j].first; group < results.run[j].first + results.run[j].count; ++group) {
                store_value<T>(to + group * sizeof(T), reduced<T, width, type>(x + group * width));
            }
        }
    }
}

}  // namespace ascendc_twin

namespace AscendC {

/* One result for each repeat of 256 bytes. The order counts for MAX and MIN. */
template <ReduceType reduceType, typename T, typename U, bool isSetMask = true, typename M>
void ReduceRepeat(const LocalTensor<T>& dst, const LocalTensor<U>& src, const M mask, const int32_t repeatTime,
                  const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                  ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX, ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::reduce_whole<reduceType>("ReduceRepeat", at, dst, src,
                                           ascendc_twin::mask_of<isSetMask>("ReduceRepeat", at, mask, ascendc_twin::LANES<T>),
                                           repeatTime, dstRepStride, srcBlkStride, srcRepStride,
                                           reduceType == ReduceType::SUM ? ReduceOrder::ORDER_ONLY_VALUE : order);
}

template <typename T, bool isSetMask = true, typename M>
void WholeReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const M mask, const int32_t repeatTime,
                    const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                    ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::reduce_whole<ReduceType::SUM>(
        "WholeReduceSum", at, dst, src, ascendc_twin::mask_of<isSetMask>("WholeReduceSum", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, ReduceOrder::ORDER_ONLY_VALUE);
}

/* The older name of it; dstBlkStride has no effect. */
template <typename T, bool isSetMask = true>
void RepeatReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t repeatTime, const int32_t mask,
                     const int32_t dstBlkStride, const int32_t srcBlkStride, const int32_t dstRepStride, const int32_t srcRepStride,
                     ascendc_twin::At at = ascendc_twin::At()) {
    (void)dstBlkStride;
    ascendc_twin::reduce_whole<ReduceType::SUM>(
        "RepeatReduceSum", at, dst, src, ascendc_twin::mask_of<isSetMask>("RepeatReduceSum", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, ReduceOrder::ORDER_ONLY_VALUE);
}

template <typename T, bool isSetMask = true, typename M>
void WholeReduceMax(const LocalTensor<T>& dst, const LocalTensor<T>& src, const M mask, const int32_t repeatTime,
                    const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                    ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX, ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::reduce_whole<ReduceType::MAX>(
        "WholeReduceMax", at, dst, src, ascendc_twin::mask_of<isSetMask>("WholeReduceMax", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, order);
}

template <typename T, bool isSetMask = true, typename M>
void WholeReduceMin(const LocalTensor<T>& dst, const LocalTensor<T>& src, const M mask, const int32_t repeatTime,
                    const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                    ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX, ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::reduce_whole<ReduceType::MIN>(
        "WholeReduceMin", at, dst, src, ascendc_twin::mask_of<isSetMask>("WholeReduceMin", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, order);
}

/* One result for each block of 32 bytes; eight of them adjoin. */
template <ReduceType reduceType, typename T, typename U, bool isSetMask = true, typename M>
void ReduceDataBlock(const LocalTensor<T>& dst, const LocalTensor<U>& src, const M mask, const int32_t repeatTime,
                     const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                     ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::reduce_groups<reduceType, 32 / sizeof(T)>(
        "ReduceDataBlock", at, dst, src, ascendc_twin::mask_of<isSetMask>("ReduceDataBlock", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, 8 * sizeof(T));
}

#define ASCENDC_TWIN_BLOCK_REDUCE(Name, type)                                                                                      \
    template <typename T, bool isSetMask = true, typename M>                                                                       \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t repeatTime, const M mask,                        \
              const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,                                  \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        ascendc_twin::reduce_groups<ReduceType::type, 32 / sizeof(T)>(                                                             \
            #Name, at, dst, src, ascendc_twin::mask_of<isSetMask>(#Name, at, mask, ascendc_twin::LANES<T>), repeatTime,            \
            dstRepStride, srcBlkStride, srcRepStride, 8 * sizeof(T));                                                              \
    }

ASCENDC_TWIN_BLOCK_REDUCE(BlockReduceSum, SUM)
ASCENDC_TWIN_BLOCK_REDUCE(BlockReduceMax, MAX)
ASCENDC_TWIN_BLOCK_REDUCE(BlockReduceMin, MIN)
#undef ASCENDC_TWIN_BLOCK_REDUCE

/* The sum of each two neighbours. */
template <ReduceType reduceType, typename T, typename U, bool isSetMask = true, typename M>
void ReducePairElem(const LocalTensor<T>& dst, const LocalTensor<U>& src, const M mask, const int32_t repeatTime,
                    const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                    ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(reduceType == ReduceType::SUM, "ReducePairElem: sums only");
    ascendc_twin::reduce_groups<ReduceType::SUM, 2>(
        "ReducePairElem", at, dst, src, ascendc_twin::mask_of<isSetMask>("ReducePairElem", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, 32);
}

template <typename T, bool isSetMask = true, typename M>
void PairReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t repeatTime, const M mask,
                   const int32_t dstRepStride, const int32_t srcBlkStride, const int32_t srcRepStride,
                   ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::reduce_groups<ReduceType::SUM, 2>(
        "PairReduceSum", at, dst, src, ascendc_twin::mask_of<isSetMask>("PairReduceSum", at, mask, ascendc_twin::LANES<T>),
        repeatTime, dstRepStride, srcBlkStride, srcRepStride, 32);
}

}  // namespace AscendC

#endif

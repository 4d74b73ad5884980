/* ReduceSum, ReduceMax, ReduceMin: one result for all elements, which the scalar unit writes in most cases. */
#ifndef ASCENDC_TWIN_VECTOR_TOTAL_H
#define ASCENDC_TWIN_VECTOR_TOTAL_H

#include "tpipe.h"
#include "vector_reduce.h"

namespace ascendc_twin {

/* An event that a call of the API sets and waits for itself. */
inline void handshake(const char* name, At at, AscendC::HardEvent event) {
    if constexpr (checked) {
        Pipes pipes = pipes_of(event);
        int32_t id = state->pipe != nullptr ? state->pipe->FetchEventID(event, at)
                                            : __builtin_ctz(~static_cast<uint32_t>(state->flags[pipes.from][pipes.to]));
        set_flag(name, at, pipes, id);
        wait_flag(name, at, pipes, id);
    }
}

/* The last step of a reduction over all elements is the scalar unit's: it waits for the vector unit, writes dst, and both the
 * vector unit and the copy-out wait for it. */
template <typename T>
void told_by_scalar(const char* name, At at, const AscendC::LocalTensor<T>& dst, uint32_t bytes) {
    if constexpr (checked) {
        handshake(name, at, AscendC::HardEvent::V_S);
        Call call(name, TWIN_S, at);
        call.range(TWIN_UB, TWIN_WRITE, dst.twin_address(), bytes, 0);
        call.tell();
        handshake(name, at, AscendC::HardEvent::S_V);
        handshake(name, at, AscendC::HardEvent::S_MTE3);
    }
}

/* Elements of the temporary buffer that the vendor asks for. */
template <typename T>
uint64_t reduction_scratch(uint64_t repeat, bool index) {
    constexpr uint64_t per_block = 32 / sizeof(T);
    auto up = [](uint64_t n, uint64_t to) { return (n + to - 1) / to * to; };
    auto next = [](uint64_t n) { return (n + LANES<T> - 1) / LANES<T> * 2; };
    uint64_t first = up(repeat * 2, per_block);
    if (!index) return first;
    uint64_t count = next(repeat * 2), needed = first + up(count, per_block);
    while (count > 2) {
        count = next(count);
        needed += up(count, per_block);
    }
    return needed;
}

/* Checks and tells the vector unit's part of a reduction over all elements; `scratch` elements of tmp are written on the way. */
template <typename T>
void tell_total(const char* name, At at, const AscendC::LocalTensor<T>& dst, uint32_t dst_elements,
                const AscendC::LocalTensor<T>& tmp, uint64_t scratch, const Operand& src, const Lanes& lanes, uint32_t repeat,
                bool by_vector) {
    check_vector(name, at, "sharedTmpBuffer", tmp);
    check_local(name, at, "dst", dst, dst_elements * sizeof(T), dst_elements * sizeof(T));
    if (src.address % 32 != 0) {
        finding(name, at, "alignment", "src is at byte %u of UB, which is no multiple of 32", src.address);
    }
    uint64_t reach = reach_of(src, lanes, repeat);
    if (reach > src.tensor_bytes) {
        finding(name, at, "length", "src is touched to byte %llu, but the tensor has %u bytes",
                static_cast<unsigned long long>(reach), src.tensor_bytes);
    }
    if (scratch != 0) check_local(name, at, "sharedTmpBuffer", tmp, scratch * sizeof(T));
    Call call(name, TWIN_V, at);
    for (uint32_t i = 0; i < lanes.runs; ++i) {
        tell_operand(call, src, offset_of(src, lanes.run[i].first), lanes.run[i].count * src.element, repeat);
    }
    call.range(TWIN_UB, TWIN_WRITE, tmp.twin_address(), static_cast<uint32_t>(scratch * sizeof(T)), 0);
    if (by_vector) call.range(TWIN_UB, TWIN_WRITE, dst.twin_address(), static_cast<uint32_t>(dst_elements * sizeof(T)), 0);
    call.vector(static_cast<uint64_t>(lanes.elements) * repeat);
    call.tell();
    if (!by_vector) told_by_scalar(name, at, dst, static_cast<uint32_t>(dst_elements * sizeof(T)));
}

/* All of `count` elements that adjoin: repeats in order, and in the end the tail. */
template <typename T>
[[gnu::noinline]] void sum_count(At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                 const AscendC::LocalTensor<T>& tmp, int64_t count) {
    constexpr const char* name = "ReduceSum";
    uint64_t n = check_count(name, at, count);
    if (n == 0) return;
    if constexpr (checked) {
        check_vector(name, at, "dst", dst);
        check_vector(name, at, "src", src);
        check_vector(name, at, "sharedTmpBuffer", tmp);
        check_local(name, at, "dst", dst, sizeof(T), sizeof(T));
        check_local(name, at, "src", src, n * sizeof(T));
        Call call(name, TWIN_V, at);
        call.range(TWIN_UB, TWIN_READ, src.twin_address(), static_cast<uint32_t>(n * sizeof(T)), 0);
        call.vector(n);
        call.tell();
        told_by_scalar(name, at, dst, sizeof(T));
    }
    const T* data = src.twin_data();
    float x[LANES<T>];
    float total = 0;
    for (uint64_t at_element = 0; at_element < n; at_element += LANES<T>) {
        uint64_t length = n - at_element < LANES<T> ? n - at_element : LANES<T>;
        for (uint64_t i = length; i < LANES<T>; ++i) x[i] = 0;
        to_float(x, data + at_element, length);
        float sum = tree_sum<T, LANES<T>>(x);
        total = at_element == 0 ? sum : rounded<T>(total + sum);
    }
    store_value<T>(reinterpret_cast<uint8_t*>(dst.twin_data()), total);
}

/* A tree within each repeat, and trees over the repeats' sums. */
template <typename T>
[[gnu::noinline]] void sum_repeats(At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                   const AscendC::LocalTensor<T>& tmp, Mask mask, int64_t repeat, int64_t src_rep) {
    constexpr const char* name = "ReduceSum";
    Operand operands[1] = {reduction_source(name, at, dst, src, 0, 1, src_rep)};
    Lanes lanes(operands, mask, LANES<T>);
    uint64_t n = check_count(name, at, repeat);
    if (n == 0) return;
    if constexpr (checked) {
        if (n > static_cast<uint64_t>(LANES<T>) * LANES<T>) {
            finding(name, at, "repeat", "repeatTime is %lld: at most %u, what two more steps can sum",
                    static_cast<long long>(repeat), LANES<T> * LANES<T>);
            stop();
        }
        tell_total(name, at, dst, 1, tmp, (n * sizeof(T) + 31) / 32 * 32 / sizeof(T), operands[0], lanes, static_cast<uint32_t>(n),
                   n > LANES<T>);
    }
    float second[LANES<T>] = {}, first[LANES<T>], x[LANES<T>];
    for (uint64_t i = 0; i < n; i += LANES<T>) {
        for (uint32_t j = 0; j < LANES<T>; ++j) {
            first[j] = 0;
            if (i + j >= n) continue;
            load_repeat<T>(x, operands[0], lanes, static_cast<uint32_t>(i + j), 0);
            first[j] = tree_sum<T, LANES<T>>(x);
        }
        second[i / LANES<T>] = tree_sum<T, LANES<T>>(first);
    }
    store_value<T>(reinterpret_cast<uint8_t*>(dst.twin_data()), tree_sum<T, LANES<T>>(second));
}

/* The best of all elements, and where it is: counted in elements of the source as it lies in memory. */
template <ReduceType type, typename T>
[[gnu::noinline]] void best_of_all(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                   const AscendC::LocalTensor<T>& tmp, Mask mask, uint64_t repeat, uint32_t tail, int64_t src_rep,
                                   bool index) {
    constexpr bool greatest = type == ReduceType::MAX;
    Operand operands[1] = {reduction_source(name, at, dst, src, 0, 1, src_rep)};
    Lanes lanes(operands, mask, LANES<T>);
    uint64_t all = repeat + (tail != 0);
    if (all == 0) return;
    if constexpr (checked) {
        Operand whole = operands[0];
        uint32_t results = index ? 2 : 1;
        uint64_t scratch = index && all == 1 ? 0 : reduction_scratch<T>(repeat == 0 ? 1 : repeat, index);
        if (tail == 0) {
            tell_total(name, at, dst, results, tmp, scratch, whole, lanes, static_cast<uint32_t>(repeat), index && repeat == 1);
        } else {
            /* Elements that adjoin: one run. */
            whole.rep_pitch = static_cast<uint32_t>(repeat * 256 + tail * sizeof(T));
            Lanes run = lanes;
            run.runs = 1;
            run.run[0] = {0, static_cast<uint32_t>(repeat * LANES<T> + tail)};
            run.elements = run.run[0].count;
            tell_total(name, at, dst, results, tmp, scratch, whole, run, 1, index && repeat == 0);
        }
    }
    float x[LANES<T>], best = 0;
    uint64_t place = 0;
    for (uint64_t i = 0; i < all; ++i) {
        uint32_t here = 0;
        float value;
        if (i == repeat) {
            Lanes rest(operands, Mask::first(tail), LANES<T>);
            load_repeat<T>(x, operands[0], rest, static_cast<uint32_t>(i), neutral(type));
            value = tree_best<LANES<T>, greatest>(x);
            if (index) here = index_of(x, rest, value);
        } else {
            load_repeat<T>(x, operands[0], lanes, static_cast<uint32_t>(i), neutral(type));
            value = tree_best<LANES<T>, greatest>(x);
            if (index) here = index_of(x, lanes, value);
        }
        if (i != 0 && !is_better<greatest>(value, best)) continue;
        best = value;
        place = i * operands[0].rep_pitch / sizeof(T) + here;
    }
    auto* to = reinterpret_cast<uint8_t*>(dst.twin_data());
    store_value<T>(to, best);
    if (index) store_index<T>(to + sizeof(T), static_cast<uint32_t>(place));
}

}  // namespace ascendc_twin

namespace AscendC {

template <typename T, bool isSetMask = true>
void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>& sharedTmpBuffer, const int32_t count,
               ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(isSetMask, "ReduceSum: the twin has no counter mode");
    ascendc_twin::sum_count(at, dst, src, sharedTmpBuffer, count);
}

template <typename T, typename M>
void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>& sharedTmpBuffer, const M mask,
               const int32_t repeatTime, const int32_t srcRepStride, ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::sum_repeats(at, dst, src, sharedTmpBuffer,
                              ascendc_twin::mask_of<true>("ReduceSum", at, mask, ascendc_twin::LANES<T>), repeatTime, srcRepStride);
}

#define ASCENDC_TWIN_REDUCE(Name, type)                                                                                            \
    template <typename T>                                                                                                          \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>& sharedTmpBuffer, const int32_t count,    \
              bool calIndex = false, ascendc_twin::At at = ascendc_twin::At()) {                                                   \
        uint64_t n = ascendc_twin::check_count(#Name, at, count);                                                                  \
        ascendc_twin::best_of_all<ReduceType::type>(                                                                               \
            #Name, at, dst, src, sharedTmpBuffer, ascendc_twin::Mask::first(ascendc_twin::LANES<T>), n / ascendc_twin::LANES<T>,   \
            static_cast<uint32_t>(n % ascendc_twin::LANES<T>), DEFAULT_REPEAT_STRIDE, calIndex);                                   \
    }                                                                                                                              \
    template <typename T, typename M>                                                                                              \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>& sharedTmpBuffer, const M mask,           \
              const int32_t repeatTime, const int32_t srcRepStride, bool calIndex = false,                                         \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        ascendc_twin::best_of_all<ReduceType::type>(#Name, at, dst, src, sharedTmpBuffer,                                          \
                                                    ascendc_twin::mask_of<true>(#Name, at, mask, ascendc_twin::LANES<T>),          \
                                                    ascendc_twin::check_count(#Name, at, repeatTime), 0, srcRepStride, calIndex);  \
    }

ASCENDC_TWIN_REDUCE(ReduceMax, MAX)
ASCENDC_TWIN_REDUCE(ReduceMin, MIN)
#undef ASCENDC_TWIN_REDUCE

}  // namespace AscendC

#endif

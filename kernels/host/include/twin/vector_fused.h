/* Vector calls that multiply and add, or shift. A product is rounded before it is added to: how the unit rounds there is not
 * documented. */
#ifndef ASCENDC_TWIN_VECTOR_FUSED_H
#define ASCENDC_TWIN_VECTOR_FUSED_H

#include "vector_unary.h"

namespace ascendc_twin {

/* dst[i] = f(dst[i], a[i], b[i]) by way of float; the types may differ. */
template <typename D, typename S, typename F>
void accumulate(D* dst, const S* a, const S* b, uint64_t n, F f) {
    if constexpr (std::is_same<D, float>::value && std::is_same<S, float>::value) {
#pragma GCC ivdep
        for (uint64_t i = 0; i < n; ++i) dst[i] = f(dst[i], a[i], b[i]);
    } else {
        float d[CHUNK], x[CHUNK], y[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            if constexpr (std::is_same<D, float>::value) {
                memcpy(d, dst + at, length * sizeof(float));
            } else {
                widen(d, dst + at, length);
            }
            widen(x, a + at, length);
            widen(y, b + at, length);
            for (uint64_t i = 0; i < length; ++i) d[i] = f(d[i], x[i], y[i]);
            if constexpr (std::is_same<D, float>::value) {
                memcpy(dst + at, d, length * sizeof(float));
            } else {
                narrow(dst + at, d, length);
            }
        }
    }
}

template <typename D, typename S>
constexpr bool fuses =
    (std::is_same<D, S>::value && one_of<D, half, float>) || (std::is_same<D, float>::value && std::is_same<S, half>::value);

/* half into float: the sources would be overwritten before they are read. */
template <typename D, typename S>
void check_mixed(const char* name, At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& src, uint64_t n) {
    if (sizeof(D) != sizeof(S) && overlap(dst.twin_address(), n * sizeof(D), src.twin_address(), n * sizeof(S))) {
        finding(name, at, "overlap", "dst (float, byte %u of UB) shares memory with a source of half (byte %u)", dst.twin_address(),
                src.twin_address());
    }
}

template <typename D, typename S, typename F>
[[gnu::noinline]] void fused_count(const char* name, At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& a,
                                   const AscendC::LocalTensor<S>& b, int64_t count, F f) {
    uint64_t n = check_count(name, at, count);
    if constexpr (checked) {
        check_mixed(name, at, dst, a, n);
        check_mixed(name, at, dst, b, n);
        tell_binary(name, at, dst, a, b, n, true);
    }
    accumulate(dst.twin_data(), a.twin_data(), b.twin_data(), n, f);
}

template <typename D, typename S, typename F>
[[gnu::noinline]] void fused_repeat(const char* name, At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& a,
                                    const AscendC::LocalTensor<S>& b, Mask mask, uint32_t repeat,
                                    const AscendC::BinaryRepeatParams& params, F f) {
    Operand operands[3] = {operand("dst", dst, params.dstBlkStride, params.dstRepStride, true, true),
                           operand("src0", a, params.src0BlkStride, params.src0RepStride, false, true),
                           operand("src1", b, params.src1BlkStride, params.src1RepStride, false, true)};
    Lanes lanes(operands, mask, LANES<D>);
    if constexpr (checked) {
        check_vector(name, at, "dst", dst);
        check_vector(name, at, "src0", a);
        check_vector(name, at, "src1", b);
        check_repeat(name, at, repeat);
        tell_repeats(name, at, operands, lanes, repeat);
    }
    for_runs(operands, lanes, repeat, [&](uint8_t** data, uint64_t n) {
        accumulate(reinterpret_cast<D*>(data[0]), reinterpret_cast<const S*>(data[1]), reinterpret_cast<const S*>(data[2]), n, f);
    });
}

struct MulAddDstOp {
    float operator()(float d, float a, float b) const { return a * b + d; }
};
struct FusedMulAddOp {
    float operator()(float d, float a, float b) const { return a * d + b; }
};
struct FusedMulAddReluOp {
    float operator()(float d, float a, float b) const { return MaxOp()(a * d + b, 0.0f); }
};

/* How many bits, at least the width: what is left then. */
template <typename T>
T shifted_left(T x, uint32_t by) {
    using Unsigned = std::make_unsigned_t<T>;
    return by >= sizeof(T) * 8 ? T(0) : static_cast<T>(static_cast<Unsigned>(static_cast<Unsigned>(x) << by));
}

template <typename T>
T shifted_right(T x, uint32_t by, bool round) {
    uint32_t width = sizeof(T) * 8;
    if (by == 0) return x;
    if (by >= width) return std::is_signed<T>::value && x < 0 && !round ? T(-1) : T(0);
    T result = static_cast<T>(x >> by);
    return round && ((x >> (by - 1)) & 1) != 0 ? static_cast<T>(result + 1) : result;
}

template <typename T>
constexpr bool shifts = one_of<T, int16_t, uint16_t, int32_t, uint32_t>;

template <typename T>
void check_shift(const char* name, At at, int64_t by) {
    if (by < 0 || by > static_cast<int64_t>(sizeof(T) * 8)) {
        finding(name, at, "shift", "by %lld bits: 0 to %zu", static_cast<long long>(by), sizeof(T) * 8);
        stop();
    }
}

}  // namespace ascendc_twin

namespace AscendC {

#define ASCENDC_TWIN_FUSED(Name, Op)                                                                                               \
    template <typename T, typename U>                                                                                              \
    void Name(const LocalTensor<T>& dst, const LocalTensor<U>& src0, const LocalTensor<U>& src1, const int32_t& count,             \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        static_assert(ascendc_twin::fuses<T, U>, #Name ": arch 2201 takes half, float, and half into float");                      \
        ascendc_twin::fused_count(#Name, at, dst, src0, src1, count, Op());                                                        \
    }                                                                                                                              \
    template <typename T, typename U, bool isSetMask = true, typename M>                                                           \
    void Name(const LocalTensor<T>& dst, const LocalTensor<U>& src0, const LocalTensor<U>& src1, const M mask,                     \
              const uint8_t repeatTime, const BinaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {        \
        static_assert(ascendc_twin::fuses<T, U>, #Name ": arch 2201 takes half, float, and half into float");                      \
        ascendc_twin::fused_repeat(#Name, at, dst, src0, src1,                                                                     \
                                   ascendc_twin::mask_of<isSetMask>(#Name, at, mask, ascendc_twin::LANES<T>), repeatTime,          \
                                   repeatParams, Op());                                                                            \
    }

ASCENDC_TWIN_FUSED(MulAddDst, ascendc_twin::MulAddDstOp)
ASCENDC_TWIN_FUSED(FusedMulAdd, ascendc_twin::FusedMulAddOp)
ASCENDC_TWIN_FUSED(FusedMulAddRelu, ascendc_twin::FusedMulAddReluOp)
#undef ASCENDC_TWIN_FUSED

/* dst[i] += src[i] * scalarValue. */
template <typename T, typename U>
void Axpy(const LocalTensor<T>& dst, const LocalTensor<U>& src, const U& scalarValue, const int32_t& count,
          ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::fuses<T, U>, "Axpy: arch 2201 takes half, float, and half into float");
    uint64_t n = ascendc_twin::check_count("Axpy", at, count);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_mixed("Axpy", at, dst, src, n);
        ascendc_twin::tell_unary("Axpy", at, dst, src, n, true);
    }
    float scalar = ascendc_twin::widened(scalarValue);
    ascendc_twin::accumulate(dst.twin_data(), src.twin_data(), src.twin_data(), n,
                             [=](float d, float x, float) { return x * scalar + d; });
}

template <typename T, typename U, bool isSetMask = true, typename M>
void Axpy(const LocalTensor<T>& dst, const LocalTensor<U>& src, const U& scalarValue, const M mask, const uint8_t repeatTime,
          const UnaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::fuses<T, U>, "Axpy: arch 2201 takes half, float, and half into float");
    BinaryRepeatParams params(static_cast<uint8_t>(repeatParams.dstBlkStride), static_cast<uint8_t>(repeatParams.srcBlkStride),
                              static_cast<uint8_t>(repeatParams.srcBlkStride), repeatParams.dstRepStride, repeatParams.srcRepStride,
                              repeatParams.srcRepStride);
    float scalar = ascendc_twin::widened(scalarValue);
    ascendc_twin::fused_repeat("Axpy", at, dst, src, src,
                               ascendc_twin::mask_of<isSetMask>("Axpy", at, mask, ascendc_twin::LANES<T>), repeatTime, params,
                               [=](float d, float x, float) { return x * scalar + d; });
}

/* x > 0 ? x : x * scalarValue. */
template <typename T, bool isSetMask = true>
void LeakyRelu(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, const int32_t& count,
               ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::one_of<T, half, float>, "LeakyRelu: arch 2201 takes half and float");
    float scalar = ascendc_twin::widened(scalarValue);
    ascendc_twin::unary_count("LeakyRelu", at, dst, src, count, [=](float x) { return x > 0 ? x : x * scalar; });
}

template <typename T, bool isSetMask = true>
void ShiftLeft(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, const int32_t& count,
               ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::shifts<T>, "ShiftLeft: arch 2201 takes integers of 16 and 32 bits");
    if constexpr (ascendc_twin::checked) ascendc_twin::check_shift<T>("ShiftLeft", at, scalarValue);
    uint32_t by = static_cast<uint32_t>(scalarValue);
    ascendc_twin::unary_count("ShiftLeft", at, dst, src, count, [=](T x) { return ascendc_twin::shifted_left(x, by); });
}

/* Of signed elements an arithmetic shift. */
template <typename T, bool isSetMask = true>
void ShiftRight(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, const int32_t& count,
                ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::shifts<T>, "ShiftRight: arch 2201 takes integers of 16 and 32 bits");
    if constexpr (ascendc_twin::checked) ascendc_twin::check_shift<T>("ShiftRight", at, scalarValue);
    uint32_t by = static_cast<uint32_t>(scalarValue);
    ascendc_twin::unary_count("ShiftRight", at, dst, src, count, [=](T x) { return ascendc_twin::shifted_right(x, by, false); });
}

}  // namespace AscendC

#endif

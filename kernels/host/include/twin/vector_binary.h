/* Vector calls of two operands, and of one and a scalar. */
#ifndef ASCENDC_TWIN_VECTOR_BINARY_H
#define ASCENDC_TWIN_VECTOR_BINARY_H

#include <cmath>

#include "repeat.h"

namespace ascendc_twin {

/* Integers wrap around, as the unit's do. */
template <typename T, typename F>
T wrapping(T a, T b, F f) {
    if constexpr (std::is_integral<T>::value) {
        using Unsigned = std::make_unsigned_t<T>;
        return static_cast<T>(f(static_cast<Unsigned>(a), static_cast<Unsigned>(b)));
    } else {
        return f(a, b);
    }
}

struct AddOp {
    template <typename T>
    T operator()(T a, T b) const {
        return wrapping(a, b, [](auto x, auto y) { return static_cast<decltype(x)>(x + y); });
    }
};
struct SubOp {
    template <typename T>
    T operator()(T a, T b) const {
        return wrapping(a, b, [](auto x, auto y) { return static_cast<decltype(x)>(x - y); });
    }
};
struct MulOp {
    template <typename T>
    T operator()(T a, T b) const {
        if constexpr (std::is_integral<T>::value) {
            return static_cast<T>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
        } else {
            return a * b;
        }
    }
};
struct DivOp {
    template <typename T>
    T operator()(T a, T b) const {
        return a / b;
    }
};
struct MaxOp {
    template <typename T>
    T operator()(T a, T b) const {
        return a > b ? a : b;
    }
};
struct MinOp {
    template <typename T>
    T operator()(T a, T b) const {
        return a < b ? a : b;
    }
};
struct AndOp {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a & b);
    }
};
struct OrOp {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a | b);
    }
};
struct AddReluOp {
    template <typename T>
    T operator()(T a, T b) const {
        return MaxOp()(AddOp()(a, b), T(0));
    }
};
struct SubReluOp {
    template <typename T>
    T operator()(T a, T b) const {
        return MaxOp()(SubOp()(a, b), T(0));
    }
};

/* An operation of an element and a scalar. */
template <typename Op, typename S>
struct WithScalar {
    S scalar;

    template <typename T>
    T operator()(T x) const {
        return Op()(x, static_cast<T>(scalar));
    }
};

template <typename T, typename F>
[[gnu::noinline]] void binary_count(const char* name, At at, const AscendC::LocalTensor<T>& dst,
                                    const AscendC::LocalTensor<T>& src0, const AscendC::LocalTensor<T>& src1, int64_t count, F f) {
    uint64_t n = check_count(name, at, count);
    if constexpr (checked) tell_binary(name, at, dst, src0, src1, n);
    if constexpr (std::is_same<T, float>::value && std::is_same<F, MulOp>::value) {
        if (put_off_product(dst.twin_data_later(), src0.twin_data_later(), src1.twin_data_later(), 1.0f, n)) return;
    }
    map(dst.twin_data(), src0.twin_data(), src1.twin_data(), n, f);
}

template <typename T, typename F>
[[gnu::noinline]] void binary_repeat(const char* name, At at, const AscendC::LocalTensor<T>& dst,
                                     const AscendC::LocalTensor<T>& src0, const AscendC::LocalTensor<T>& src1, Mask mask,
                                     uint32_t repeat, const AscendC::BinaryRepeatParams& params, F f) {
    /* Not Div, And, Or. */
    constexpr bool accumulates = one_of<F, AddOp, SubOp, MulOp, MaxOp, MinOp, AddReluOp, SubReluOp>;
    Operand operands[3] = {operand("dst", dst, params.dstBlkStride, params.dstRepStride, true, false),
                           operand("src0", src0, params.src0BlkStride, params.src0RepStride, false, true),
                           operand("src1", src1, params.src1BlkStride, params.src1RepStride, false, true)};
    Lanes lanes(operands, mask, LANES<T>);
    if constexpr (checked) {
        check_vector(name, at, "dst", dst);
        check_vector(name, at, "src0", src0);
        check_vector(name, at, "src1", src1);
        check_repeat(name, at, repeat);
        tell_repeats(name, at, operands, lanes, repeat, accumulates && one_of<T, half, int32_t, float>);
    }
    for_runs(operands, lanes, repeat, [&](uint8_t** data, uint64_t n) {
        map(reinterpret_cast<T*>(data[0]), reinterpret_cast<const T*>(data[1]), reinterpret_cast<const T*>(data[2]), n, f);
    });
}

/* One operand and a scalar, or none: `f` takes an element. */
template <typename T, typename F>
[[gnu::noinline]] void unary_count(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                   int64_t count, F f) {
    uint64_t n = check_count(name, at, count);
    if constexpr (checked) tell_unary(name, at, dst, src, n);
    if constexpr (std::is_same<T, float>::value && std::is_same<F, WithScalar<MulOp, float>>::value) {
        if (put_off_product(dst.twin_data_later(), src.twin_data_later(), nullptr, f.scalar, n)) return;
    }
    map(dst.twin_data(), src.twin_data(), n, f);
}

template <typename T, typename F>
[[gnu::noinline]] void unary_repeat(const char* name, At at, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src,
                                    Mask mask, uint32_t repeat, const AscendC::UnaryRepeatParams& params, F f) {
    Operand operands[2] = {operand("dst", dst, params.dstBlkStride, params.dstRepStride, true, false),
                           operand("src", src, params.srcBlkStride, params.srcRepStride, false, true)};
    Lanes lanes(operands, mask, LANES<T>);
    if constexpr (checked) {
        check_vector(name, at, "dst", dst);
        check_vector(name, at, "src", src);
        check_repeat(name, at, repeat);
        tell_repeats(name, at, operands, lanes, repeat);
    }
    for_runs(operands, lanes, repeat,
             [&](uint8_t** data, uint64_t n) { map(reinterpret_cast<T*>(data[0]), reinterpret_cast<const T*>(data[1]), n, f); });
}

/* What arithmetic on an element is done in. */
template <typename T>
T scalar_of(T value) {
    return value;
}
inline float scalar_of(half value) { return float(value); }

}  // namespace ascendc_twin

namespace AscendC {

/* The dtypes are those of arch 2201; the vendor's compiler refuses others too. */
#define ASCENDC_TWIN_BINARY(Name, Op, ...)                                                                                         \
    template <typename T>                                                                                                          \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, const int32_t& count,             \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        static_assert(ascendc_twin::one_of<T, __VA_ARGS__>, #Name ": arch 2201 takes " #__VA_ARGS__);                              \
        ascendc_twin::binary_count(#Name, at, dst, src0, src1, count, Op());                                                       \
    }                                                                                                                              \
    template <typename T, bool isSetMask = true, typename M>                                                                       \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, M mask, const uint8_t repeatTime, \
              const BinaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {                                  \
        static_assert(ascendc_twin::one_of<T, __VA_ARGS__>, #Name ": arch 2201 takes " #__VA_ARGS__);                              \
        ascendc_twin::binary_repeat(#Name, at, dst, src0, src1,                                                                    \
                                    ascendc_twin::mask_of<isSetMask>(#Name, at, mask, ascendc_twin::LANES<T>), repeatTime,         \
                                    repeatParams, Op());                                                                           \
    }

ASCENDC_TWIN_BINARY(Add, ascendc_twin::AddOp, half, float, int16_t, int32_t)
ASCENDC_TWIN_BINARY(Sub, ascendc_twin::SubOp, half, float, int16_t, int32_t)
ASCENDC_TWIN_BINARY(Mul, ascendc_twin::MulOp, half, float, int16_t, int32_t)
ASCENDC_TWIN_BINARY(Div, ascendc_twin::DivOp, half, float)
ASCENDC_TWIN_BINARY(Max, ascendc_twin::MaxOp, half, float, int16_t, int32_t)
ASCENDC_TWIN_BINARY(Min, ascendc_twin::MinOp, half, float, int16_t, int32_t)
ASCENDC_TWIN_BINARY(And, ascendc_twin::AndOp, int16_t, uint16_t)
ASCENDC_TWIN_BINARY(Or, ascendc_twin::OrOp, int16_t, uint16_t)
ASCENDC_TWIN_BINARY(AddRelu, ascendc_twin::AddReluOp, half, float, int16_t)
ASCENDC_TWIN_BINARY(SubRelu, ascendc_twin::SubReluOp, half, float, int16_t)
#undef ASCENDC_TWIN_BINARY

#define ASCENDC_TWIN_SCALAR(Name, Op)                                                                                              \
    template <typename T, bool isSetMask = true>                                                                                   \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, const int32_t& count,                    \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        static_assert(ascendc_twin::one_of<T, half, float, int16_t, int32_t>,                                                      \
                      #Name ": arch 2201 takes half, float, int16_t, int32_t");                                                    \
        auto scalar = ascendc_twin::scalar_of(scalarValue);                                                                        \
        ascendc_twin::unary_count(#Name, at, dst, src, count, ascendc_twin::WithScalar<Op, decltype(scalar)>{scalar});             \
    }                                                                                                                              \
    template <typename T, bool isSetMask = true, typename M>                                                                       \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const T& scalarValue, M mask, const uint8_t repeatTime,        \
              const UnaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {                                   \
        static_assert(ascendc_twin::one_of<T, half, float, int16_t, int32_t>,                                                      \
                      #Name ": arch 2201 takes half, float, int16_t, int32_t");                                                    \
        auto scalar = ascendc_twin::scalar_of(scalarValue);                                                                        \
        ascendc_twin::unary_repeat(#Name, at, dst, src, ascendc_twin::mask_of<isSetMask>(#Name, at, mask, ascendc_twin::LANES<T>), \
                                   repeatTime, repeatParams, ascendc_twin::WithScalar<Op, decltype(scalar)>{scalar});              \
    }

ASCENDC_TWIN_SCALAR(Adds, ascendc_twin::AddOp)
ASCENDC_TWIN_SCALAR(Muls, ascendc_twin::MulOp)
ASCENDC_TWIN_SCALAR(Maxs, ascendc_twin::MaxOp)
ASCENDC_TWIN_SCALAR(Mins, ascendc_twin::MinOp)
#undef ASCENDC_TWIN_SCALAR

}  // namespace AscendC

#endif

/* Vector calls of one operand. */
#ifndef ASCENDC_TWIN_VECTOR_UNARY_H
#define ASCENDC_TWIN_VECTOR_UNARY_H

#include "vector_binary.h"

namespace ascendc_twin {

struct ExpOp {
    float operator()(float x) const { return std::exp(x); }
};
struct LnOp {
    float operator()(float x) const { return std::log(x); }
};
struct SqrtOp {
    float operator()(float x) const { return std::sqrt(x); }
};
struct RsqrtOp {
    float operator()(float x) const { return 1.0f / std::sqrt(x); }
};
struct ReciprocalOp {
    float operator()(float x) const { return 1.0f / x; }
};
struct AbsOp {
    float operator()(float x) const { return std::fabs(x); }
};
struct ReluOp {
    template <typename T>
    T operator()(T x) const {
        return x > T(0) ? x : T(0);
    }
};
struct NotOp {
    template <typename T>
    T operator()(T x) const {
        return static_cast<T>(~x);
    }
};

}  // namespace ascendc_twin

namespace AscendC {

#define ASCENDC_TWIN_UNARY(Name, Op, ...)                                                                                          \
    template <typename T>                                                                                                          \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const int32_t& count,                                          \
              ascendc_twin::At at = ascendc_twin::At()) {                                                                          \
        static_assert(ascendc_twin::one_of<T, __VA_ARGS__>, #Name ": arch 2201 takes " #__VA_ARGS__);                              \
        ascendc_twin::unary_count(#Name, at, dst, src, count, Op());                                                               \
    }                                                                                                                              \
    template <typename T, bool isSetMask = true, typename M>                                                                       \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, M mask, const uint8_t repeatTime,                              \
              const UnaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {                                   \
        static_assert(ascendc_twin::one_of<T, __VA_ARGS__>, #Name ": arch 2201 takes " #__VA_ARGS__);                              \
        ascendc_twin::unary_repeat(#Name, at, dst, src, ascendc_twin::mask_of<isSetMask>(#Name, at, mask, ascendc_twin::LANES<T>), \
                                   repeatTime, repeatParams, Op());                                                                \
    }

ASCENDC_TWIN_UNARY(Exp, ascendc_twin::ExpOp, half, float)
ASCENDC_TWIN_UNARY(Ln, ascendc_twin::LnOp, half, float)
ASCENDC_TWIN_UNARY(Sqrt, ascendc_twin::SqrtOp, half, float)
ASCENDC_TWIN_UNARY(Rsqrt, ascendc_twin::RsqrtOp, half, float)
ASCENDC_TWIN_UNARY(Reciprocal, ascendc_twin::ReciprocalOp, half, float)
ASCENDC_TWIN_UNARY(Abs, ascendc_twin::AbsOp, half, float)
ASCENDC_TWIN_UNARY(Relu, ascendc_twin::ReluOp, half, float, int32_t)
ASCENDC_TWIN_UNARY(Not, ascendc_twin::NotOp, int16_t, uint16_t)
#undef ASCENDC_TWIN_UNARY

}  // namespace AscendC

#endif

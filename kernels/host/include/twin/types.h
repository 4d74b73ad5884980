/* Names that a compiler for the device knows by itself: qualifiers of memory and functions, half, bfloat16_t, pipes. */
#ifndef ASCENDC_TWIN_TYPES_H
#define ASCENDC_TWIN_TYPES_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "abi.h"

#ifndef ASCENDC_TWIN_CHECKED
#define ASCENDC_TWIN_CHECKED 0
#endif

/* So that a source can tell the twin from a device, and both from another arch. */
#define ASCENDC_TWIN 1
#ifndef __NPU_ARCH__
#define __NPU_ARCH__ 2201
#endif

#define __global__
#define __aicore__
#define __host_aicore__
#define __vector__
#define __cube__
#define __mix__(cubes, vectors)
#define __schedmode__(mode)
#define __gm__
#define __ubuf__
#define __cbuf__
#define __ca__
#define __cb__
#define __cc__
#define __fbuf__
#define __biasbuf__
#define __BLOCK_LOCAL__ static thread_local
#define GM_ADDR __gm__ uint8_t*

#define KERNEL_TASK_TYPE_DEFAULT(type)
#define KERNEL_TASK_TYPE(key, type)

namespace ascendc_twin {

inline float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* IEEE 754 binary16 to binary32; exact. Without branches, so that loops over it vectorise. */
inline float float_of_half_bits(uint16_t half_bits) {
    uint32_t magnitude = static_cast<uint32_t>(half_bits & 0x7fff) << 13;
    uint32_t exponent = magnitude & 0x0f800000;
    uint32_t normal = magnitude + 0x38000000 + (exponent == 0x0f800000 ? 0x38000000 : 0);
    /* A subnormal: as if its exponent were 1, less the implicit one. */
    uint32_t subnormal = bits_of_float(float_of_bits(magnitude + 0x38800000) - float_of_bits(0x38800000));
    uint32_t sign = static_cast<uint32_t>(half_bits & 0x8000) << 16;
    return float_of_bits((exponent == 0 ? subnormal : normal) | sign);
}

/* binary32 to binary16, to nearest, ties to even; what is too large becomes infinite. */
inline uint16_t half_bits_of_float(float value) {
    uint32_t bits = bits_of_float(value);
    uint32_t sign = bits & 0x80000000;
    uint32_t magnitude = bits ^ sign;
    uint32_t special = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    /* The addition rounds at the place where a subnormal's last bit is. */
    uint32_t subnormal = bits_of_float(float_of_bits(magnitude) + float_of_bits(0x3f000000)) - 0x3f000000;
    uint32_t normal = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    uint32_t result = magnitude >= 0x47800000 ? special : (magnitude < 0x38800000 ? subnormal : normal);
    return static_cast<uint16_t>(result | (sign >> 16));
}

inline float float_of_bfloat16_bits(uint16_t bits) { return float_of_bits(static_cast<uint32_t>(bits) << 16); }

inline uint16_t bfloat16_bits_of_float(float value) {
    uint32_t bits = bits_of_float(value);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    uint32_t nan = (bits >> 16) | 0x40;
    return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
}

}  // namespace ascendc_twin

/* IEEE 754 binary16. Scalar arithmetic on it passes through float, and rounds when it is stored. */
struct half {
    uint16_t bits;

    half() = default;
    template <typename T, typename = std::enable_if_t<std::is_arithmetic<T>::value>>
    half(T value) : bits(ascendc_twin::half_bits_of_float(static_cast<float>(value))) {}
    operator float() const { return ascendc_twin::float_of_half_bits(bits); }
    half& operator+=(float other) { return *this = half(float(*this) + other); }
    half& operator-=(float other) { return *this = half(float(*this) - other); }
    half& operator*=(float other) { return *this = half(float(*this) * other); }
    half& operator/=(float other) { return *this = half(float(*this) / other); }
};

/* The upper half of a binary32. The scalar unit of arch 2201 does no arithmetic on it: ToFloat and ToBfloat16 convert. */
struct bfloat16_t {
    uint16_t bits;

    bfloat16_t() = default;
    template <typename T, typename = std::enable_if_t<std::is_arithmetic<T>::value>>
    explicit bfloat16_t(T value) : bits(ascendc_twin::bfloat16_bits_of_float(static_cast<float>(value))) {}
};

static_assert(sizeof(half) == 2 && sizeof(bfloat16_t) == 2 && std::is_trivial<half>::value && std::is_trivial<bfloat16_t>::value);

enum pipe_t {
    PIPE_S = TWIN_S,
    PIPE_V = TWIN_V,
    PIPE_M = TWIN_M,
    PIPE_MTE1 = TWIN_MTE1,
    PIPE_MTE2 = TWIN_MTE2,
    PIPE_MTE3 = TWIN_MTE3,
    PIPE_FIX = TWIN_FIX,
    PIPE_ALL = TWIN_ALL,
};

enum event_t { EVENT_ID0 = 0, EVENT_ID1, EVENT_ID2, EVENT_ID3, EVENT_ID4, EVENT_ID5, EVENT_ID6, EVENT_ID7 };

namespace AscendC {

using TEventID = int8_t;
using TTagType = int32_t;
using TBufHandle = uint8_t*;

template <typename T>
using PrimT = T;

enum class TPosition : uint8_t {
    GM,
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
    CO1,
    CO2,
    VECIN,
    VECOUT,
    VECCALC,
    LCM = VECCALC,
    SPM,
    SHM = SPM,
    TSCM,
    C2PIPE2GM,
    C2PIPE2LOCAL,
    MAX,
};
using QuePosition = TPosition;

enum class Hardware : uint8_t { GM, UB, L1, L0A, L0B, L0C, BIAS, FIXBUF, MAX };

enum class HardEvent : uint8_t {
    MTE2_MTE1,
    MTE1_MTE2,
    MTE1_M,
    M_MTE1,
    MTE2_V,
    V_MTE2,
    MTE3_V,
    V_MTE3,
    M_V,
    V_M,
    V_V,
    MTE3_MTE1,
    MTE1_MTE3,
    MTE1_V,
    MTE2_M,
    M_MTE2,
    V_MTE1,
    M_FIX,
    FIX_M,
    MTE3_MTE2,
    MTE2_MTE3,
    S_V,
    V_S,
    S_MTE2,
    MTE2_S,
    S_MTE3,
    MTE3_S,
    MTE2_FIX,
    FIX_MTE2,
    FIX_S,
    M_S,
    FIX_MTE3,
    MTE1_FIX,
    FIX_MTE1,
    FIX_FIX,
    MAX,
};

enum class MemDsbT : uint8_t { ALL = 0, DDR, UB, SEQ };
enum class CacheLine : uint64_t { SINGLE_CACHE_LINE = 0, ENTIRE_DATA_CACHE };
enum class DcciDst : uint64_t { CACHELINE_ALL = 0, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };
enum class CacheMode : uint8_t { CACHE_MODE_DISABLE = 0, CACHE_MODE_NORMAL = 1, CACHE_MODE_LAST, CACHE_MODE_PERSISTENT };
enum class CacheRwMode : uint8_t { READ = 1, WRITE, RW };

enum class RoundMode : uint8_t {
    CAST_NONE = 0,
    CAST_RINT, /* to nearest, ties to even */
    CAST_FLOOR,
    CAST_CEIL,
    CAST_ROUND, /* to nearest, ties away from zero */
    CAST_TRUNC,
    CAST_ODD,
};

enum class CMPMODE : uint8_t { LT = 0, GT, EQ, LE, GE, NE };
enum class SELMODE : uint8_t { VSEL_CMPMASK_SPR = 0, VSEL_TENSOR_SCALAR_MODE, VSEL_TENSOR_TENSOR_MODE };
enum class ReduceOrder : uint8_t { ORDER_VALUE_INDEX = 0, ORDER_INDEX_VALUE, ORDER_ONLY_VALUE, ORDER_ONLY_INDEX };
enum class MaskMode : uint8_t { NORMAL = 0, COUNTER };

constexpr int32_t DEFAULT_BLK_NUM = 8;
constexpr int32_t DEFAULT_BLK_STRIDE = 1;
constexpr uint8_t DEFAULT_REPEAT_STRIDE = 8;
constexpr uint8_t HALF_DEFAULT_REPEAT_STRIDE = 4;
constexpr uint64_t FULL_MASK = 0xffffffffffffffff;
constexpr uint64_t MASK_PLACEHOLDER = 0;
constexpr int32_t MAX_REPEAT_TIMES = 255;
constexpr uint16_t ONE_BLK_SIZE = 32;
constexpr int32_t ONE_REPEAT_BYTE_SIZE = 256;
constexpr uint8_t DEFAULT_DATA_COPY_NBURST = 1;
constexpr uint8_t DEFAULT_DATA_COPY_STRIDE = 0;
constexpr int32_t BLOCK_CUBE = 16;
constexpr int32_t QUE_MAX_EVENT = 8;
constexpr TEventID INVALID_TEVENTID = -1;

template <typename T, typename U>
struct IsSameType {
    static constexpr bool value = std::is_same<T, U>::value;
};

inline bfloat16_t ToBfloat16(const float& value) { return bfloat16_t(value); }
inline float ToFloat(const bfloat16_t& value) { return ascendc_twin::float_of_bfloat16_bits(value.bits); }

}  // namespace AscendC

namespace ascendc_twin {

template <typename T>
float widened(T value) {
    return static_cast<float>(value);
}
inline float widened(bfloat16_t value) { return AscendC::ToFloat(value); }

}  // namespace ascendc_twin

#endif

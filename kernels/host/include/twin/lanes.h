/* Loops over elements, in the form that a compiler vectorises; half by way of float. */
#ifndef ASCENDC_TWIN_LANES_H
#define ASCENDC_TWIN_LANES_H

#include <cmath>

#include "types.h"

#if defined(__F16C__) || defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace ascendc_twin {

/* To the nearest integer, ties to even, without a call of the library, so that loops over it vectorise. From 2^23 on all are
 * integers; a sum makes NaNs quiet, as the instruction does where there is one. */
inline float to_nearest_integer(float x) {
#if defined(__SSE4_1__)
    return __builtin_nearbyintf(x);
#else
    float large = std::copysign(8388608.0f, x);
    return std::fabs(x) < 8388608.0f ? std::copysign((x + large) - large, x) : x + 0.0f;
#endif
}

#if defined(__AVX2__) && defined(__F16C__)
inline __m256 eight_floats(const int8_t* src) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(src))));
}
inline __m256 eight_floats(const half* src) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src))); }
inline __m256 eight_floats(const bfloat16_t* src) {
    __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}
#endif

inline void widen(float* dst, const half* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(dst + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + i))));
#endif
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i))));
#endif
#if defined(__aarch64__)
    auto* native = reinterpret_cast<const __fp16*>(src);
    for (; i < n; ++i) dst[i] = static_cast<float>(native[i]);
#endif
    for (; i < n; ++i) dst[i] = float_of_half_bits(src[i].bits);
}

/* To nearest, ties to even. */
#if defined(__AVX2__) && defined(__F16C__)
inline void store_narrow(half* dst, __m256 x, __m256 y) {
    __m128i low = _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT), high = _mm256_cvtps_ph(y, _MM_FROUND_TO_NEAREST_INT);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm256_set_m128i(high, low));
}
#endif

inline void narrow(half* dst, const float* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= n; i += 16) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i),
                            _mm512_cvtps_ph(_mm512_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT));
    }
#endif
#if defined(__AVX2__) && defined(__F16C__)
    for (; i + 16 <= n; i += 16) store_narrow(dst + i, _mm256_loadu_ps(src + i), _mm256_loadu_ps(src + i + 8));
    for (; i + 8 <= n; i += 8) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), _mm256_cvtps_ph(_mm256_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT));
    }
#endif
#if defined(__aarch64__)
    auto* native = reinterpret_cast<__fp16*>(dst);
    for (; i < n; ++i) native[i] = static_cast<__fp16>(src[i]);
#endif
    for (; i < n; ++i) dst[i].bits = half_bits_of_float(src[i]);
}

inline void widen(float* dst, const bfloat16_t* src, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) dst[i] = float_of_bfloat16_bits(src[i].bits);
}

#if defined(__AVX2__)
inline void store_narrow(bfloat16_t* dst, __m256 x, __m256 y) {
    const __m256i half_less = _mm256_set1_epi32(0x7fff), one = _mm256_set1_epi32(1), quiet = _mm256_set1_epi32(0x40);
    auto rounded = [&](__m256 it) {
        __m256i bits = _mm256_castps_si256(it), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
        return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, half_less), odd), 16);
    };
    auto with_nans = [&](__m256 it) {
        __m256i top = _mm256_srli_epi32(_mm256_castps_si256(it), 16);
        __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(it, it, _CMP_UNORD_Q));
        return _mm256_blendv_epi8(rounded(it), _mm256_or_si256(top, quiet), nan);
    };
    /* NaNs are rare. */
    bool nans = _mm256_movemask_ps(_mm256_cmp_ps(x, y, _CMP_UNORD_Q)) != 0;
    __m256i packed = __builtin_expect(nans, 0) ? _mm256_packus_epi32(with_nans(x), with_nans(y))
                                               : _mm256_packus_epi32(rounded(x), rounded(y));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm256_permute4x64_epi64(packed, 0xd8));
}
#endif

inline void narrow(bfloat16_t* dst, const float* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__)
    for (; i + 16 <= n; i += 16) store_narrow(dst + i, _mm256_loadu_ps(src + i), _mm256_loadu_ps(src + i + 8));
#endif
    for (; i < n; ++i) dst[i].bits = bfloat16_bits_of_float(src[i]);
}

/* Exact. */
inline void widen(half* dst, const int8_t* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__) && defined(__F16C__)
    for (; i + 16 <= n; i += 16) store_narrow(dst + i, eight_floats(src + i), eight_floats(src + i + 8));
#endif
    float x[32];
    for (; i < n; i += 32) {
        const uint64_t length = n - i < 32 ? n - i : 32;
        for (uint64_t j = 0; j < length; ++j) x[j] = static_cast<float>(src[i + j]);
        narrow(dst + i, x, length);
    }
}

#if defined(__AVX2__)
/* Eight numbers to whole ones within int8. */
inline __m256i whole_int8(__m256 x) {
    x = _mm256_and_ps(x, _mm256_cmp_ps(x, x, _CMP_ORD_Q));
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-128.0f)), _mm256_set1_ps(127.0f)));
}

/* 32 of them to nearest, ties to even; saturates, and a NaN becomes 0. */
inline void store_narrow(int8_t* dst, const __m256 (&x)[4]) {
    auto store = [=](__m256i a, __m256i b, __m256i c, __m256i d) {
        const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm256_permutevar8x32_epi32(bytes, order));
    };
    __m256 nans = _mm256_or_ps(_mm256_cmp_ps(x[0], x[1], _CMP_UNORD_Q), _mm256_cmp_ps(x[2], x[3], _CMP_UNORD_Q));
    if (__builtin_expect(_mm256_movemask_ps(nans) == 0, 1)) {
        /* What is below 32 bits becomes the smallest of them, and packing saturates. */
        auto whole = [](__m256 it) { return _mm256_cvtps_epi32(_mm256_min_ps(it, _mm256_set1_ps(127.0f))); };
        store(whole(x[0]), whole(x[1]), whole(x[2]), whole(x[3]));
    } else {
        store(whole_int8(x[0]), whole_int8(x[1]), whole_int8(x[2]), whole_int8(x[3]));
    }
}
#endif

/* Compilers make branches of this, or worse. */
inline void narrow(int8_t* dst, const float* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__)
    for (; i + 32 <= n; i += 32) {
        store_narrow(dst + i, {_mm256_loadu_ps(src + i), _mm256_loadu_ps(src + i + 8), _mm256_loadu_ps(src + i + 16),
                               _mm256_loadu_ps(src + i + 24)});
    }
    for (; i + 8 <= n; i += 8) {
        __m256i x = whole_int8(_mm256_loadu_ps(src + i));
        __m128i pairs = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(dst + i), _mm_packs_epi16(pairs, pairs));
    }
#endif
    for (; i < n; ++i) {
        float x = src[i] == src[i] ? src[i] : 0.0f;
        x = x < -128.0f ? -128.0f : x > 127.0f ? 127.0f : x;
        /* The last bits of a float of this size are whole numbers. */
        dst[i] = static_cast<int8_t>(bits_of_float(x + 12582912.0f));
    }
}

/* The same of half. */
inline void narrow(int8_t* dst, const half* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__) && defined(__F16C__)
    for (; i + 32 <= n; i += 32) {
        const half* x = src + i;
        store_narrow(dst + i, {eight_floats(x), eight_floats(x + 8), eight_floats(x + 16), eight_floats(x + 24)});
    }
#endif
    float x[32];
    for (; i < n; i += 32) {
        const uint64_t length = n - i < 32 ? n - i : 32;
        widen(x, src + i, length);
        narrow(dst + i, x, length);
    }
}

/* Elements that pass through float at a time. */
constexpr uint64_t CHUNK = 256;

template <typename T>
constexpr bool is_narrow = std::is_same<T, half>::value || std::is_same<T, bfloat16_t>::value;

/* dst[i] = f(src[i]). The regions are the same or apart. */
template <typename T, typename F>
void map(T* dst, const T* src, uint64_t n, F f) {
    if constexpr (is_narrow<T>) {
        float x[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            widen(x, src + at, length);
            for (uint64_t i = 0; i < length; ++i) x[i] = f(x[i]);
            narrow(dst + at, x, length);
        }
    } else {
#pragma GCC ivdep
        for (uint64_t i = 0; i < n; ++i) dst[i] = f(src[i]);
    }
}

/* dst[i] = f(a[i], b[i]). */
template <typename T, typename F>
void map(T* dst, const T* a, const T* b, uint64_t n, F f) {
    if constexpr (is_narrow<T>) {
        float x[CHUNK], y[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            widen(x, a + at, length);
            widen(y, b + at, length);
            for (uint64_t i = 0; i < length; ++i) x[i] = f(x[i], y[i]);
            narrow(dst + at, x, length);
        }
    } else {
#pragma GCC ivdep
        for (uint64_t i = 0; i < n; ++i) dst[i] = f(a[i], b[i]);
    }
}

}  // namespace ascendc_twin

#endif

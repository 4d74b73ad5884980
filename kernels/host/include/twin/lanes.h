/* Loops over elements, in the form that a compiler vectorises; half by way of float. */
#ifndef ASCENDC_TWIN_LANES_H
#define ASCENDC_TWIN_LANES_H

#include "types.h"

#if defined(__F16C__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace ascendc_twin {

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
inline void narrow(half* dst, const float* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= n; i += 16) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i),
                            _mm512_cvtps_ph(_mm512_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT));
    }
#endif
#if defined(__F16C__)
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

inline void narrow(bfloat16_t* dst, const float* src, uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) dst[i].bits = bfloat16_bits_of_float(src[i]);
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

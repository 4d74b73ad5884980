/* Loops over elements, in the form that a compiler vectorises; half by way of float. */
#ifndef ASCENDC_TWIN_LANES_H
#define ASCENDC_TWIN_LANES_H

#include "types.h"

#if defined(__F16C__) || defined(__AVX2__) || defined(__AVX512F__)
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
#if defined(__AVX2__) && defined(__F16C__)
    auto eight = [&](uint64_t at) { return _mm256_cvtps_ph(_mm256_loadu_ps(src + at), _MM_FROUND_TO_NEAREST_INT); };
    for (; i + 16 <= n; i += 16) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_set_m128i(eight(i + 8), eight(i)));
    }
    for (; i + 8 <= n; i += 8) _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), eight(i));
#endif
#if defined(__aarch64__)
    auto* native = reinterpret_cast<__fp16*>(dst);
    for (; i < n; ++i) native[i] = static_cast<__fp16>(src[i]);
#endif
    for (; i < n; ++i) dst[i].bits = half_bits_of_float(src[i]);
}

inline void widen(float* dst, const bfloat16_t* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__)
    auto eight = [&](uint64_t at) {
        __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + at)));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + at), _mm256_slli_epi32(bits, 16));
    };
    for (; i + 32 <= n; i += 32) {
        for (uint64_t j = 0; j < 32; j += 8) eight(i + j);
    }
#endif
    for (; i < n; ++i) dst[i] = float_of_bfloat16_bits(src[i].bits);
}

inline void narrow(bfloat16_t* dst, const float* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__)
    const __m256i half_less = _mm256_set1_epi32(0x7fff), one = _mm256_set1_epi32(1), quiet = _mm256_set1_epi32(0x40);
    auto rounded = [&](__m256 x) {
        __m256i bits = _mm256_castps_si256(x), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
        return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, half_less), odd), 16);
    };
    auto with_nans = [&](__m256 x) {
        __m256i top = _mm256_srli_epi32(_mm256_castps_si256(x), 16), nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
        return _mm256_blendv_epi8(rounded(x), _mm256_or_si256(top, quiet), nan);
    };
    for (; i + 16 <= n; i += 16) {
        __m256 x = _mm256_loadu_ps(src + i), y = _mm256_loadu_ps(src + i + 8);
        /* NaNs are rare. */
        bool nans = _mm256_movemask_ps(_mm256_cmp_ps(x, y, _CMP_UNORD_Q)) != 0;
        __m256i packed = __builtin_expect(nans, 0) ? _mm256_packus_epi32(with_nans(x), with_nans(y))
                                                   : _mm256_packus_epi32(rounded(x), rounded(y));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_permute4x64_epi64(packed, 0xd8));
    }
#endif
    for (; i < n; ++i) dst[i].bits = bfloat16_bits_of_float(src[i]);
}

/* Exact. */
inline void widen(half* dst, const int8_t* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__) && defined(__F16C__)
    auto eight = [&](uint64_t at) {
        __m256i x = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(src + at)));
        return _mm256_cvtps_ph(_mm256_cvtepi32_ps(x), _MM_FROUND_TO_NEAREST_INT);
    };
    for (; i + 16 <= n; i += 16) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_set_m128i(eight(i + 8), eight(i)));
    }
    for (; i + 8 <= n; i += 8) _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), eight(i));
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

/* 32 whole numbers, within int8 or cut to it. */
inline void store_int8(int8_t* dst, __m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), _mm256_permutevar8x32_epi32(bytes, order));
}
#endif

/* To nearest, ties to even; saturates, and a NaN becomes 0. Compilers make branches of this, or worse. */
inline void narrow(int8_t* dst, const float* src, uint64_t n) {
    uint64_t i = 0;
#if defined(__AVX2__)
    for (; i + 32 <= n; i += 32) {
        store_int8(dst + i, whole_int8(_mm256_loadu_ps(src + i)), whole_int8(_mm256_loadu_ps(src + i + 8)),
                   whole_int8(_mm256_loadu_ps(src + i + 16)), whole_int8(_mm256_loadu_ps(src + i + 24)));
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
    auto eight = [&](uint64_t at) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + at))); };
    auto whole = [&](uint64_t at) { return _mm256_cvtps_epi32(eight(at)); };
    const __m256i special = _mm256_set1_epi16(0x7c00);
    auto exponents = [&](uint64_t at) {
        return _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + at)), special);
    };
    for (; i + 32 <= n; i += 32) {
        __m256i largest = _mm256_max_epi16(exponents(i), exponents(i + 16));
        if (__builtin_expect(_mm256_movemask_epi8(_mm256_cmpeq_epi16(largest, special)) == 0, 1)) {
            /* Finite ones fit into 32 bits. */
            store_int8(dst + i, whole(i), whole(i + 8), whole(i + 16), whole(i + 24));
        } else {
            store_int8(dst + i, whole_int8(eight(i)), whole_int8(eight(i + 8)), whole_int8(eight(i + 16)),
                       whole_int8(eight(i + 24)));
        }
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
#pragma GCC unroll 4
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
#pragma GCC unroll 4
        for (uint64_t i = 0; i < n; ++i) dst[i] = f(a[i], b[i]);
    }
}

}  // namespace ascendc_twin

#endif

/* How a core goes about the memory of the machine that it runs on. It costs or saves time, and shows in nothing else. */
#ifndef ASCENDC_TWIN_MEMORY_H
#define ASCENDC_TWIN_MEMORY_H

#include "core.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ascendc_twin {

/* Runs of a copy, in bytes: how long, and from start to start on either side. */
struct Runs {
    uint32_t count;
    uint64_t bytes;
    uint64_t src_pitch;
    uint64_t dst_pitch;
};

constexpr uint64_t LINE = 64;

/* A card copies in while its vector unit works; a CPU waits for memory in the copy, and not while it computes. So where copies go
 * through memory, one where the last ended, the next is expected to be as long, and a pass over elements (chain.h) fetches it into
 * the caches meanwhile: kernels that round to int8 take less time for it. */
inline void expect_next(const void* start, const Runs& runs) {
    /* Tables, flags: they say nothing of where the long ones go. */
    constexpr uint64_t SHORT = 8192;
    if (checked || runs.bytes * runs.count < SHORT) return;
    Ahead& ahead = state->ahead;
    auto src = reinterpret_cast<uint64_t>(start);
    bool one = runs.src_pitch == runs.bytes;
    bool goes_on = src == ahead.next;
    ahead.next = src + runs.count * runs.src_pitch;
    ahead.bytes = one ? runs.bytes * runs.count : runs.bytes;
    ahead.pitch = runs.src_pitch;
    ahead.rows = !goes_on ? 0 : one ? 1 : runs.count;
    ahead.line = ahead.next / LINE * LINE;
    ahead.end = ahead.next + ahead.bytes;
}

/* The next ones of those lines. */
[[gnu::noinline]] inline void fetch_lines(uint64_t lines) {
    Ahead ahead = state->ahead;
    for (;;) {
        uint64_t left = (ahead.end - ahead.line + LINE - 1) / LINE;
        uint64_t now = lines < left ? lines : left;
        for (uint64_t i = 0; i < now; ++i) __builtin_prefetch(reinterpret_cast<const void*>(ahead.line + i * LINE), 0, 2);
        ahead.line += now * LINE;
        lines -= now;
        if (now < left || --ahead.rows == 0) break;
        uint64_t row = ahead.end - ahead.bytes + ahead.pitch;
        ahead.line = row / LINE * LINE;
        ahead.end = row + ahead.bytes;
    }
    state->ahead = ahead;
}

/* Whether bytes to GM go past the caches: a launch that writes so much leaves nothing in them for whoever reads it, and a line need
 * not be read before it is written over. Copies and casts of bf16 are the faster for it by a third and more. */
inline bool streams(uint64_t bytes) {
    constexpr uint64_t KEPT = 1 << 20;
    state->stored += bytes;
    return state->stored * core().blocks > KEPT;
}

inline void stream(uint8_t* dst, const uint8_t* src, uint64_t bytes) {
#if defined(__x86_64__)
    uint64_t head = (LINE - reinterpret_cast<uint64_t>(dst) % LINE) % LINE;
    if (bytes >= head + 4 * LINE) {
        memcpy(dst, src, head);
        dst += head, src += head, bytes -= head;
        for (; bytes >= LINE; dst += LINE, src += LINE, bytes -= LINE) {
#if defined(__AVX__)
            auto* from = reinterpret_cast<const __m256i*>(src);
            auto* to = reinterpret_cast<__m256i*>(dst);
            __m256i a = _mm256_loadu_si256(from), b = _mm256_loadu_si256(from + 1);
            _mm256_stream_si256(to, a);
            _mm256_stream_si256(to + 1, b);
#else
            for (uint64_t i = 0; i < LINE; i += 16) {
                _mm_stream_si128(reinterpret_cast<__m128i*>(dst + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i)));
            }
#endif
        }
    }
#endif
    memcpy(dst, src, bytes);
}

inline void copy_runs(uint8_t* dst, const uint8_t* src, const Runs& runs) {
    if (runs.src_pitch == runs.bytes && runs.dst_pitch == runs.bytes) {
        memcpy(dst, src, runs.bytes * runs.count);
        return;
    }
    for (uint32_t i = 0; i < runs.count; ++i) memcpy(dst + i * runs.dst_pitch, src + i * runs.src_pitch, runs.bytes);
}

/* The same to GM. */
inline void copy_runs_out(uint8_t* dst, const uint8_t* src, const Runs& runs) {
    /* In shorter runs there is little between the lines that are not written whole. */
    constexpr uint64_t LONG = 1024;
    bool one = runs.src_pitch == runs.bytes && runs.dst_pitch == runs.bytes;
    uint64_t bytes = runs.bytes * runs.count;
    if (!streams(bytes) || (one ? bytes : runs.bytes) < LONG) return copy_runs(dst, src, runs);
    if (one) {
        stream(dst, src, bytes);
    } else {
        for (uint32_t i = 0; i < runs.count; ++i) stream(dst + i * runs.dst_pitch, src + i * runs.src_pitch, runs.bytes);
    }
#if defined(__x86_64__)
    /* Such stores pass others: what follows tells other cores that they are there. */
    _mm_sfence();
#endif
}

}  // namespace ascendc_twin

#endif

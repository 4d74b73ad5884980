/* Casts by way of float in one pass. Casts, a product and a rounding, one after the other on the same elements, are each a pass
 * over what fits into a CPU's nearest cache, and little but loads and stores. So they are put off, and done together when the last
 * comes or before anything else touches the core's memory (`touch`). Each leaves there what it always leaves, so nobody can tell.
 * Images with checks do not do this. */
#ifndef ASCENDC_TWIN_CHAIN_H
#define ASCENDC_TWIN_CHAIN_H

#include "lanes.h"
#include "memory.h"

namespace ascendc_twin {

inline bool to_nearest(AscendC::RoundMode mode) {
    return mode == AscendC::RoundMode::CAST_NONE || mode == AscendC::RoundMode::CAST_RINT;
}

#if defined(__AVX2__) && defined(__F16C__) && !ASCENDC_TWIN_CHECKED

/* Elements of a step. */
constexpr uint64_t STEP = 32;

/* A step as float. */
using Floats = __m256[STEP / 8];

/* The whole chain. `load` has a step of the source; `store` takes what it becomes. */
template <typename Load, typename Store>
void pass(const Chain& chain, Load load, Store store) {
    /* Elements between looks at what is to be fetched: two bytes of each are read. */
    constexpr uint64_t BLOCK = 256;
    float same[STEP];
    for (float& it : same) it = chain.scale;
    const float* scales = chain.scales != nullptr ? chain.scales : same;
    const uint64_t row = chain.row, step = chain.scales != nullptr ? 1 : 0;
    const bool whole = chain.whole;
    for (uint64_t start = 0; start < chain.n; start += row) {
        float* wide = chain.x + start;
        for (uint64_t block = 0; block < row; block += BLOCK) {
            if (state->ahead.rows != 0) fetch_lines(BLOCK * sizeof(half) / LINE);
            const uint64_t end = row - block < BLOCK ? row : block + BLOCK;
            for (uint64_t i = block; i < end; i += STEP) {
                Floats x;
                load(x, start + i);
                for (uint64_t j = 0; j < STEP / 8; ++j) {
                    x[j] = _mm256_mul_ps(x[j], _mm256_loadu_ps(scales + i * step + 8 * j));
                    if (whole) x[j] = _mm256_round_ps(x[j], _MM_FROUND_NEARBYINT);
                    _mm256_storeu_ps(wide + i + 8 * j, x[j]);
                }
                store(start + i, x);
            }
        }
    }
}

template <typename S>
void load_step(Floats& x, const S* from) {
    for (uint64_t j = 0; j < STEP / 8; ++j) x[j] = eight_floats(from + 8 * j);
}

template <typename D>
void store_step(D* to, const Floats& x) {
    for (uint64_t j = 0; j < STEP / 8; j += 2) store_narrow(to + 8 * j, x[j], x[j + 1]);
}

template <typename Store>
void pass_to(const Chain& chain, Store store) {
    if (chain.from == Element::Int8) {
        auto* from = static_cast<const int8_t*>(chain.source);
        half* first = chain.first;
        auto load = [=](Floats& x, uint64_t i) {
            load_step(x, from + i);
            store_step(first + i, x);
        };
        pass(chain, load, store);
    } else if (chain.from == Element::Half) {
        auto* from = static_cast<const half*>(chain.source);
        pass(chain, [=](Floats& x, uint64_t i) { load_step(x, from + i); }, store);
    } else {
        auto* from = static_cast<const bfloat16_t*>(chain.source);
        pass(chain, [=](Floats& x, uint64_t i) { load_step(x, from + i); }, store);
    }
}

template <typename D>
void pass_to_narrow(const Chain& chain, D* dst) {
    pass_to(chain, [=](uint64_t i, const Floats& x) { store_step(dst + i, x); });
}

[[gnu::noinline]] inline void finish_chain() {
    const Chain chain = state->chain;
    state->chain.n = 0;
    if (chain.last != nullptr) return pass_to_narrow(chain, chain.last);
    /* It is no whole chain: one after the other. */
    if (chain.from == Element::Int8) widen(chain.first, static_cast<const int8_t*>(chain.source), chain.n);
    if (chain.x == nullptr) return;
    if (chain.from == Element::BFloat16) {
        widen(chain.x, static_cast<const bfloat16_t*>(chain.source), chain.n);
    } else {
        widen(chain.x, chain.from == Element::Int8 ? chain.first : static_cast<const half*>(chain.source), chain.n);
    }
    for (uint64_t at = 0; at < chain.scaled; at += chain.row) {
        float *x = chain.x + at, scale = chain.scale;
        if (chain.scales != nullptr) {
            map(x, x, chain.scales, chain.row, [](float a, float b) { return a * b; });
        } else {
            map(x, x, chain.row, [=](float a) { return a * scale; });
        }
    }
    if (chain.whole) map(chain.x, chain.x, chain.n, [](float x) { return to_nearest_integer(x); });
}

template <typename A, typename B>
bool apart(const A* a, uint64_t a_elements, const B* b, uint64_t b_elements) {
    return !overlap(reinterpret_cast<uint64_t>(a), a_elements * sizeof(A), reinterpret_cast<uint64_t>(b), b_elements * sizeof(B));
}

/* Whether all that a chain reads and writes is apart from what it is to write at `dst`. */
template <typename D>
bool apart_from_chain(const D* dst) {
    const Chain& chain = state->chain;
    const uint64_t n = chain.n, size = chain.from == Element::Int8 ? 1 : sizeof(half);
    return apart(dst, n, static_cast<const uint8_t*>(chain.source), n * size) &&
           (chain.first == nullptr || apart(dst, n, chain.first, n)) && (chain.x == nullptr || apart(dst, n, chain.x, n)) &&
           (chain.scales == nullptr || apart(dst, n, chain.scales, chain.row)) &&
           (chain.last == nullptr || apart(dst, n, chain.last, n));
}

/* A cast begins a chain. */
template <typename D, typename S>
bool begin_chain(D* dst, const S* source, uint64_t n, Element from) {
    touch();
    if (n == 0 || n % STEP != 0 || !apart(dst, n, source, n)) return false;
    Chain& chain = state->chain;
    chain = Chain();
    chain.n = n;
    chain.source = source;
    chain.from = from;
    if constexpr (std::is_same<D, float>::value) {
        chain.x = dst;
    } else {
        chain.first = dst;
    }
    return true;
}

/* Whether a cast is part of a chain: done, or put off. */
inline bool put_off_cast(half* dst, const int8_t* src, uint64_t n, AscendC::RoundMode) {
    return begin_chain(dst, src, n, Element::Int8);
}

inline bool put_off_cast(float* dst, const bfloat16_t* src, uint64_t n, AscendC::RoundMode) {
    return begin_chain(dst, src, n, Element::BFloat16);
}

inline bool put_off_cast(float* dst, const half* src, uint64_t n, AscendC::RoundMode) {
    Chain& chain = state->chain;
    if (n == 0 || n != chain.n || chain.x != nullptr || src != chain.first || !apart_from_chain(dst)) {
        return begin_chain(dst, src, n, Element::Half);
    }
    chain.x = dst;
    return true;
}

/* Whether a cast from float takes all that the chain has there. */
inline bool takes_chain(const float* src, uint64_t n) {
    const Chain& chain = state->chain;
    return n != 0 && n == chain.n && src == chain.x && n == chain.scaled && chain.last == nullptr;
}

inline bool put_off_cast(float* dst, const float* src, uint64_t n, AscendC::RoundMode mode) {
    if (dst != src || mode != AscendC::RoundMode::CAST_RINT || !takes_chain(src, n)) return false;
    state->chain.whole = true;
    return true;
}

/* What a cast to half makes may take the place of what the chain began with. A cast to int8 may follow. */
inline bool put_off_cast(half* dst, const float* src, uint64_t n, AscendC::RoundMode mode) {
    Chain& chain = state->chain;
    if (!to_nearest(mode) || !takes_chain(src, n)) return false;
    bool in_place = dst == chain.source && chain.from != Element::Int8 && apart(dst, n, chain.x, n) &&
                    (chain.scales == nullptr || apart(dst, n, chain.scales, chain.row));
    if (!in_place && !apart_from_chain(dst)) return false;
    chain.last = dst;
    return true;
}

inline bool put_off_cast(bfloat16_t* dst, const float* src, uint64_t n, AscendC::RoundMode mode) {
    if (!to_nearest(mode) || !takes_chain(src, n) || !apart_from_chain(dst)) return false;
    const Chain chain = state->chain;
    state->chain.n = 0;
    pass_to_narrow(chain, dst);
    return true;
}

/* Whole numbers: what a half that is none rounds to may be another than its float does. */
inline bool put_off_cast(int8_t* dst, const half* src, uint64_t n, AscendC::RoundMode mode) {
    const Chain chain = state->chain;
    if (!to_nearest(mode) || n == 0 || n != chain.n || src != chain.last || !chain.whole || !apart_from_chain(dst)) return false;
    state->chain.n = 0;
    half* last = chain.last;
    pass_to(chain, [=](uint64_t i, const Floats& x) {
        store_step(last + i, x);
        store_narrow(dst + i, x);
    });
    return true;
}

template <typename D, typename S>
bool put_off_cast(D*, const S*, uint64_t, AscendC::RoundMode) {
    return false;
}

/* Whether a product in place is: of what comes next in the chain, with a scale for each element, the same ones in each row, or with
 * one (`scales` null). */
inline bool put_off_product(float* dst, const float* src, const float* scales, float scale, uint64_t n) {
    Chain& chain = state->chain;
    if (n == 0 || n % STEP != 0 || chain.scaled + n > chain.n || chain.x == nullptr || dst != src || dst != chain.x + chain.scaled)
        return false;
    if (chain.whole || chain.last != nullptr) return false;
    if (chain.scaled != 0) {
        if (n != chain.row || scales == nullptr || scales != chain.scales) return false;
    } else {
        if (scales != nullptr && !apart(scales, n, chain.x, chain.n)) return false;
        if (scales != nullptr && chain.first != nullptr && !apart(scales, n, chain.first, chain.n)) return false;
        chain.row = n;
        chain.scales = scales;
        chain.scale = scale;
    }
    chain.scaled += n;
    return true;
}

#else

inline void finish_chain() {}

template <typename D, typename S>
bool put_off_cast(D*, const S*, uint64_t, AscendC::RoundMode) {
    return false;
}

inline bool put_off_product(float*, const float*, const float*, float, uint64_t) { return false; }

#endif

}  // namespace ascendc_twin

#endif

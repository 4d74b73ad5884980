/* Cast: between element types, with a mode of rounding. */
#ifndef ASCENDC_TWIN_CAST_H
#define ASCENDC_TWIN_CAST_H

#include <limits>

#include "vector_unary.h"

namespace ascendc_twin {

using AscendC::RoundMode;

constexpr uint32_t mode_bit(RoundMode mode) { return 1U << static_cast<int>(mode); }
constexpr uint32_t MODE_NONE = mode_bit(RoundMode::CAST_NONE);
/* RINT, FLOOR, CEIL, ROUND, TRUNC */
constexpr uint32_t MODE_FIVE = 0x3e;

/* The modes that arch 2201 has for a pair of types; 0: no such Cast. */
template <typename D, typename S>
constexpr uint32_t cast_modes() {
    if constexpr (std::is_same<S, int8_t>::value || std::is_same<S, uint8_t>::value) {
        return std::is_same<D, half>::value ? MODE_NONE : 0;
    } else if constexpr (std::is_same<S, int16_t>::value) {
        return std::is_same<D, half>::value ? MODE_FIVE | MODE_NONE : std::is_same<D, float>::value ? MODE_NONE : 0;
    } else if constexpr (std::is_same<S, half>::value) {
        if (one_of<D, int8_t, uint8_t>) return MODE_FIVE | MODE_NONE;
        if (one_of<D, int16_t, int32_t>) return MODE_FIVE;
        return std::is_same<D, float>::value ? MODE_NONE : 0;
    } else if constexpr (std::is_same<S, bfloat16_t>::value) {
        return std::is_same<D, int32_t>::value ? MODE_FIVE : std::is_same<D, float>::value ? MODE_NONE : 0;
    } else if constexpr (std::is_same<S, int32_t>::value) {
        if (one_of<D, int16_t, int64_t>) return MODE_NONE;
        if (std::is_same<D, half>::value) return MODE_FIVE | MODE_NONE; /* has no effect: SetDeqScale scales */
        return std::is_same<D, float>::value ? MODE_FIVE | MODE_NONE : 0;
    } else if constexpr (std::is_same<S, float>::value) {
        if (std::is_same<D, half>::value) return MODE_FIVE | MODE_NONE | mode_bit(RoundMode::CAST_ODD);
        return one_of<D, int16_t, bfloat16_t, int32_t, float, int64_t> ? MODE_FIVE : 0;
    } else if constexpr (std::is_same<S, int64_t>::value) {
        return std::is_same<D, int32_t>::value ? MODE_NONE : std::is_same<D, float>::value ? MODE_FIVE : 0;
    } else {
        return 0;
    }
}

/* Calls f with a function that rounds to an integral value. NONE is RINT where something is lost. */
template <typename F>
void with_rounding(RoundMode mode, F f) {
    switch (mode) {
        case RoundMode::CAST_FLOOR: return f([](float x) { return std::floor(x); });
        case RoundMode::CAST_CEIL: return f([](float x) { return std::ceil(x); });
        case RoundMode::CAST_ROUND: return f([](float x) { return std::round(x); });
        case RoundMode::CAST_TRUNC: return f([](float x) { return std::trunc(x); });
        default: return f([](float x) { return to_nearest_integer(x); });
    }
}

/* Saturates; a NaN becomes 0. */
template <typename D>
D integer_of(float x) {
    constexpr float low = static_cast<float>(std::numeric_limits<D>::min());
    constexpr float high = static_cast<float>(std::numeric_limits<D>::max());
    if constexpr (sizeof(D) < 4) {
        float clamped = x < low ? low : x > high ? high : x;
        return static_cast<D>(static_cast<int32_t>(clamped == clamped ? clamped : 0.0f));
    } else {
        /* `high` is one more than the largest here. */
        if (x >= high) return std::numeric_limits<D>::max();
        if (x < low) return std::numeric_limits<D>::min();
        return x == x ? static_cast<D>(x) : 0;
    }
}

/* To half or bfloat16_t by a mode other than RINT: from the magnitude below, and whether something is lost. */
template <typename D>
D narrow_by(float x, RoundMode mode) {
    D nearest = D(x);
    if (x != x) return nearest;
    float back = widened(nearest);
    uint16_t sign = nearest.bits & 0x8000;
    bool beyond = std::fabs(back) > std::fabs(x);
    uint16_t below = static_cast<uint16_t>((nearest.bits & 0x7fff) - (beyond ? 1 : 0));
    bool lost = back != x;
    D low, high;
    low.bits = below;
    high.bits = static_cast<uint16_t>(below + 1);
    uint16_t up = 0;
    switch (mode) {
        case RoundMode::CAST_FLOOR: up = lost && x < 0; break;
        case RoundMode::CAST_CEIL: up = lost && x > 0; break;
        case RoundMode::CAST_TRUNC: up = 0; break;
        case RoundMode::CAST_ODD: up = lost && (below & 1) == 0; break;
        default: { /* CAST_ROUND: half way goes away from zero */
            double middle = (static_cast<double>(widened(low)) + static_cast<double>(widened(high))) / 2;
            up = beyond || (lost && static_cast<double>(std::fabs(x)) >= middle);
        }
    }
    D result;
    result.bits = static_cast<uint16_t>((below + up) | sign);
    return result;
}

/* An integer to float by a mode. */
inline float float_by(int64_t x, RoundMode mode) {
    float nearest = static_cast<float>(x);
    long double exact = static_cast<long double>(x), got = static_cast<long double>(nearest);
    if (exact == got) return nearest;
    float below = got < exact ? nearest : std::nextafterf(nearest, -HUGE_VALF);
    float above = got > exact ? nearest : std::nextafterf(nearest, HUGE_VALF);
    switch (mode) {
        case RoundMode::CAST_FLOOR: return below;
        case RoundMode::CAST_CEIL: return above;
        case RoundMode::CAST_TRUNC: return x < 0 ? above : below;
        case RoundMode::CAST_ROUND:
            if (exact - static_cast<long double>(below) == static_cast<long double>(above) - exact) return x < 0 ? below : above;
            return nearest;
        default: return nearest;
    }
}

template <typename D, typename S>
[[gnu::noinline]] void convert(D* dst, const S* src, uint64_t n, RoundMode mode) {
    if constexpr (std::is_same<S, float>::value && is_narrow<D>) {
        if (to_nearest(mode)) return narrow(dst, src, n);
        for (uint64_t i = 0; i < n; ++i) dst[i] = narrow_by<D>(src[i], mode);
    } else if constexpr (std::is_same<D, float>::value && is_narrow<S>) {
        if (!overlap(reinterpret_cast<uint64_t>(dst), n * sizeof(D), reinterpret_cast<uint64_t>(src), n * sizeof(S))) {
            return widen(dst, src, n);
        }
        /* The wide region may start where the narrow one does not end: by chunks, as the unit does. */
        float x[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            widen(x, src + at, length);
            memcpy(dst + at, x, length * sizeof(float));
        }
    } else if constexpr (std::is_same<S, int32_t>::value && std::is_same<D, half>::value) {
        float scale = float(state->deq_scale);
        for (uint64_t i = 0; i < n; ++i) dst[i] = half(static_cast<float>(src[i]) * scale);
    } else if constexpr (std::is_integral<S>::value && std::is_same<D, float>::value) {
        if (sizeof(S) <= 4 && to_nearest(mode)) {
            for (uint64_t i = 0; i < n; ++i) dst[i] = static_cast<float>(src[i]);
        } else {
            for (uint64_t i = 0; i < n; ++i) dst[i] = float_by(static_cast<int64_t>(src[i]), mode);
        }
    } else if constexpr (std::is_same<S, int8_t>::value && std::is_same<D, half>::value) {
        if (!overlap(reinterpret_cast<uint64_t>(dst), n * sizeof(D), reinterpret_cast<uint64_t>(src), n * sizeof(S))) {
            return widen(dst, src, n);
        }
        int8_t x[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            memcpy(x, src + at, length);
            widen(dst + at, x, length);
        }
    } else if constexpr (std::is_integral<S>::value && std::is_same<D, half>::value) {
        float x[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            for (uint64_t i = 0; i < length; ++i) x[i] = static_cast<float>(src[at + i]);
            convert(dst + at, x, length, mode);
        }
    } else if constexpr (std::is_integral<S>::value && std::is_integral<D>::value) {
        constexpr S low = static_cast<S>(std::numeric_limits<D>::min()), high = static_cast<S>(std::numeric_limits<D>::max());
        for (uint64_t i = 0; i < n; ++i) {
            S x = src[i];
            if constexpr (sizeof(D) < sizeof(S)) x = x < low ? low : x > high ? high : x;
            dst[i] = static_cast<D>(x);
        }
    } else if constexpr (std::is_same<S, float>::value && std::is_same<D, float>::value) {
        with_rounding(mode, [=](auto round) { map(dst, src, n, round); });
    } else if constexpr (std::is_same<S, float>::value) {
        if constexpr (std::is_same<D, int8_t>::value) {
            if (to_nearest(mode)) return narrow(dst, src, n);
        }
        with_rounding(mode, [&](auto round) {
            for (uint64_t i = 0; i < n; ++i) dst[i] = integer_of<D>(round(src[i]));
        });
    } else {
        /* half or bfloat16_t to an integer */
        if constexpr (std::is_same<S, half>::value && std::is_same<D, int8_t>::value) {
            if (to_nearest(mode)) return narrow(dst, src, n);
        }
        float x[CHUNK];
        for (uint64_t at = 0; at < n; at += CHUNK) {
            uint64_t length = n - at < CHUNK ? n - at : CHUNK;
            widen(x, src + at, length);
            convert(dst + at, x, length, mode);
        }
    }
}

template <typename D, typename S>
void check_cast(At at, RoundMode mode) {
    static_assert(cast_modes<D, S>() != 0,
                  "Cast: arch 2201 has no conversion between these types (half and bfloat16_t pass through float)");
    if (checked && (cast_modes<D, S>() & mode_bit(mode)) == 0) {
        static const char* const names[] = {"CAST_NONE",  "CAST_RINT",  "CAST_FLOOR", "CAST_CEIL",
                                            "CAST_ROUND", "CAST_TRUNC", "CAST_ODD"};
        char allowed[128];
        size_t length = 0;
        for (int i = 0; i < 7; ++i) {
            if ((cast_modes<D, S>() >> i & 1) == 0) continue;
            length += static_cast<size_t>(
                __builtin_snprintf(allowed + length, sizeof allowed - length, "%s%s", length ? ", " : "", names[i]));
        }
        finding("Cast", at, "round mode", "%s: this pair of types takes %s",
                static_cast<int>(mode) < 7 ? names[static_cast<int>(mode)] : "?", allowed);
        stop();
    }
}

/* Regions of unlike element sizes: narrowing in place is fine, widening where the source ends with the destination. */
template <typename D, typename S>
void check_cast_overlap(At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& src, uint64_t n) {
    if constexpr (sizeof(D) != sizeof(S)) {
        if (!overlap(dst.twin_address(), n * sizeof(D), src.twin_address(), n * sizeof(S))) return;
        bool fine = sizeof(D) < sizeof(S) ? dst.twin_address() == src.twin_address()
                                          : src.twin_address() >= dst.twin_address() + n * sizeof(S);
        if (fine) return;
        finding("Cast", at, "overlap",
                "dst (%llu bytes from byte %u of UB) overlaps src (%llu bytes from byte %u) where a result would hit what is still "
                "to be read",
                static_cast<unsigned long long>(n * sizeof(D)), dst.twin_address(), static_cast<unsigned long long>(n * sizeof(S)),
                src.twin_address());
    }
}

/* Half to planes of int8, a block of each by each repeat: plane by plane, so that what is written adjoins. Only repeats that are
 * apart from what they read may go in any order. */
inline bool narrow_planes([[maybe_unused]] const Operand& dst, [[maybe_unused]] const Operand& src,
                          [[maybe_unused]] const Lanes& lanes, [[maybe_unused]] uint32_t repeat) {
#if defined(__AVX2__) && defined(__F16C__)
    for (uint32_t run = 0; run < lanes.runs; ++run) {
        if (lanes.run[run].count != 32) return false;
    }
    if (overlap(dst.address, reach_of(dst, lanes, repeat), src.address, reach_of(src, lanes, repeat))) return false;
    for (uint32_t run = 0; run < lanes.runs; ++run) {
        uint8_t* to = dst.data + offset_of(dst, lanes.run[run].first);
        const uint8_t* from = src.data + offset_of(src, lanes.run[run].first);
        for (uint32_t i = 0; i < repeat; ++i, to += dst.rep_pitch, from += src.rep_pitch) {
            auto* x = reinterpret_cast<const half*>(from);
            store_narrow(reinterpret_cast<int8_t*>(to),
                         {eight_floats(x), eight_floats(x + 8), eight_floats(x + 16), eight_floats(x + 24)});
        }
    }
    return true;
#else
    return false;
#endif
}

template <typename D, typename S>
[[gnu::noinline]] void cast_repeat(At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& src, RoundMode mode,
                                   Mask mask, uint32_t repeat, const AscendC::UnaryRepeatParams& params) {
    check_cast<D, S>(at, mode);
    Operand operands[2] = {operand("dst", dst, params.dstBlkStride, params.dstRepStride, true, false),
                           operand("src", src, params.srcBlkStride, params.srcRepStride, false, true)};
    constexpr uint32_t lanes_per_repeat = 256 / (sizeof(D) > sizeof(S) ? sizeof(D) : sizeof(S));
    Lanes lanes(operands, mask, lanes_per_repeat);
    if constexpr (checked) {
        check_vector("Cast", at, "dst", dst);
        check_vector("Cast", at, "src", src);
        check_repeat("Cast", at, repeat);
        tell_repeats("Cast", at, operands, lanes, repeat);
    }
    if constexpr (std::is_same<D, int8_t>::value && std::is_same<S, half>::value) {
        if (to_nearest(mode) && narrow_planes(operands[0], operands[1], lanes, repeat)) return;
    }
    for_runs(operands, lanes, repeat, [&](uint8_t** data, uint64_t n) {
        convert(reinterpret_cast<D*>(data[0]), reinterpret_cast<const S*>(data[1]), n, mode);
    });
}

template <typename D, typename S>
constexpr uint32_t CAST_LANES = 256 / (sizeof(D) > sizeof(S) ? sizeof(D) : sizeof(S));

}  // namespace ascendc_twin

namespace AscendC {

template <typename T, typename U>
void Cast(const LocalTensor<T>& dst, const LocalTensor<U>& src, const RoundMode& roundMode, const uint32_t count,
          ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::check_cast<T, U>(at, roundMode);
    uint64_t n = ascendc_twin::check_count("Cast", at, count);
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_cast_overlap(at, dst, src, n);
        ascendc_twin::tell_unary("Cast", at, dst, src, n);
    }
    if (ascendc_twin::put_off_cast(dst.twin_data_later(), static_cast<const U*>(src.twin_data_later()), n, roundMode)) return;
    ascendc_twin::convert(dst.twin_data(), static_cast<const U*>(src.twin_data()), n, roundMode);
}

template <typename T, typename U, bool isSetMask = true, typename M>
void Cast(const LocalTensor<T>& dst, const LocalTensor<U>& src, const RoundMode& roundMode, const M mask, const uint8_t repeatTime,
          const UnaryRepeatParams& repeatParams, ascendc_twin::At at = ascendc_twin::At()) {
    ascendc_twin::cast_repeat(at, dst, src, roundMode,
                              ascendc_twin::mask_of<isSetMask>("Cast", at, mask, ascendc_twin::CAST_LANES<T, U>), repeatTime,
                              repeatParams);
}

/* For Cast from int32_t to half. */
inline void SetDeqScale(half scale) { ascendc_twin::state->deq_scale = scale; }

}  // namespace AscendC

#endif

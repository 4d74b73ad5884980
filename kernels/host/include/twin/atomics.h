/* SetAtomicAdd and its like: what leaves a core's memory for GM is added there. */
#ifndef ASCENDC_TWIN_ATOMICS_H
#define ASCENDC_TWIN_ATOMICS_H

#include "memory.h"
#include "sync.h"

namespace ascendc_twin {

template <typename T>
constexpr Element element_of() {
    if constexpr (std::is_same<T, float>::value) return Element::Float;
    if constexpr (std::is_same<T, half>::value) return Element::Half;
    if constexpr (std::is_same<T, bfloat16_t>::value) return Element::BFloat16;
    if constexpr (std::is_same<T, int8_t>::value) return Element::Int8;
    if constexpr (std::is_same<T, int16_t>::value) return Element::Int16;
    if constexpr (std::is_same<T, int32_t>::value) return Element::Int32;
    return Element::None;
}

template <typename T>
T combined(T a, T b, Atomic how) {
    if constexpr (std::is_integral<T>::value) {
        using Unsigned = std::make_unsigned_t<T>;
        switch (how) {
            case Atomic::Add: return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
            case Atomic::Max: return a > b ? a : b;
            default: return a < b ? a : b;
        }
    } else {
        float x = widened(a), y = widened(b);
        float result = how == Atomic::Add ? x + y : how == Atomic::Max ? (x > y ? x : y) : (x < y ? x : y);
        return T(result);
    }
}

/* One element of GM, while other cores may do the same. */
template <typename T>
void atomic_combine(T* target, T value, Atomic how) {
    using Bits = std::conditional_t<sizeof(T) == 1, uint8_t, std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>>;
    auto* bits = reinterpret_cast<Bits*>(target);
    Bits seen = __atomic_load_n(bits, __ATOMIC_RELAXED);
    Bits wanted;
    do {
        T old;
        memcpy(static_cast<void*>(&old), &seen, sizeof old);
        T result = combined(old, value, how);
        memcpy(&wanted, &result, sizeof wanted);
    } while (!__atomic_compare_exchange_n(bits, &seen, wanted, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* What a copy to GM does with `bytes` bytes. */
template <typename T>
void store_to_gm(T* target, const void* source, uint64_t bytes) {
    ++state->written;
    if (__builtin_expect(state->atomic == Atomic::None, 1)) {
        copy_runs_out(reinterpret_cast<uint8_t*>(target), static_cast<const uint8_t*>(source), {1, bytes, bytes, bytes});
        return;
    }
    if constexpr (element_of<T>() != Element::None) {
        for (uint64_t i = 0; i < bytes / sizeof(T); ++i) {
            T value;
            memcpy(static_cast<void*>(&value), static_cast<const uint8_t*>(source) + i * sizeof(T), sizeof(T));
            atomic_combine(target + i, value, state->atomic);
        }
    }
}

template <typename T>
void check_atomic(const char* name, At at) {
    if (state->atomic != Atomic::None && state->atomic_type != element_of<T>()) {
        finding(name, at, "atomics",
                "the mode set by SetAtomicAdd (or Max, Min) is for elements of another type: SetAtomicNone() first");
        stop();
    }
}

inline uint32_t gm_write_access() { return state->atomic == Atomic::None ? TWIN_WRITE : TWIN_WRITE | TWIN_ATOMIC; }

template <typename T>
void set_atomic(Atomic how) {
    static_assert(element_of<T>() != Element::None, "atomics: float, half, bfloat16_t, int8_t, int16_t, int32_t");
    state->atomic = how;
    state->atomic_type = element_of<T>();
}

}  // namespace ascendc_twin

namespace AscendC {

template <typename T>
void SetAtomicAdd() {
    ascendc_twin::set_atomic<T>(ascendc_twin::Atomic::Add);
}
template <typename T>
void SetAtomicMax() {
    ascendc_twin::set_atomic<T>(ascendc_twin::Atomic::Max);
}
template <typename T>
void SetAtomicMin() {
    ascendc_twin::set_atomic<T>(ascendc_twin::Atomic::Min);
}
inline void SetAtomicNone() { ascendc_twin::state->atomic = ascendc_twin::Atomic::None; }
inline void DisableDmaAtomic() { SetAtomicNone(); }

}  // namespace AscendC

#endif

/* What a generated file adds to a kernel's source: entries that unpack parameters, and the one exported symbol. */
#ifndef ASCENDC_TWIN_IMAGE_H
#define ASCENDC_TWIN_IMAGE_H

#include <array>
#include <utility>

#include "system.h"

namespace ascendc_twin {

template <auto kernel>
struct Entry;

template <typename... P, void (*kernel)(P...)>
struct Entry<kernel> {
    static_assert((std::is_trivially_copyable<P>::value && ...), "a kernel's parameters are pointers, numbers and plain structs");

    static constexpr uint32_t count = sizeof...(P);

    /* Each parameter behind the one before, aligned as C aligns it. */
    static constexpr std::array<twin_param, count + 1> place() {
        std::array<twin_param, count + 1> params{};
        constexpr uint32_t sizes[] = {static_cast<uint32_t>(sizeof(P))..., 0};
        constexpr uint32_t aligns[] = {static_cast<uint32_t>(alignof(P))..., 1};
        uint32_t at = 0;
        for (uint32_t i = 0; i < count; ++i) {
            at = (at + aligns[i] - 1) / aligns[i] * aligns[i];
            params[i].offset = at;
            params[i].size = sizes[i];
            at += sizes[i];
        }
        params[count].offset = at;
        return params;
    }

    static constexpr std::array<twin_param, count + 1> params = place();
    static constexpr uint32_t args_size = params[count].offset;

    template <typename T>
    static T take(const void* args, uint32_t offset) {
        std::remove_const_t<T> value;
        memcpy(static_cast<void*>(&value), static_cast<const uint8_t*>(args) + offset, sizeof value);
        return value;
    }

    template <size_t... I>
    static void call(const void* args, std::index_sequence<I...>) {
        (void)args;
        kernel(take<P>(args, params[I].offset)...);
    }

    static int32_t run(twin_core* core, const void* args) {
        State here(core);
        state = &here;
        int32_t answer = 0;
        try {
            call(args, std::make_index_sequence<count>());
            touch();
            if constexpr (checked) check_flags_left();
        } catch (const Stop& stopped) {
            answer = stopped.code;
        }
        state = nullptr;
        return answer;
    }
};

}  // namespace ascendc_twin

#define ASCENDC_TWIN_KERNEL(name, type, schedule_mode)                                                                             \
    {#name,                                                                                                                        \
     type,                                                                                                                         \
     schedule_mode,                                                                                                                \
     ascendc_twin::Entry<&name>::args_size,                                                                                        \
     ascendc_twin::Entry<&name>::count,                                                                                            \
     ascendc_twin::Entry<&name>::params.data(),                                                                                    \
     ascendc_twin::Entry<&name>::run}

#define ASCENDC_TWIN_IMAGE(...)                                                                                                    \
    extern "C" __attribute__((visibility("default"))) const twin_image* ascendc_twin_image() {                                     \
        static const twin_kernel kernels[] = {__VA_ARGS__};                                                                        \
        static const twin_image image = {ASCENDC_TWIN_ABI, sizeof(twin_image), ASCENDC_TWIN_CHECKED,                               \
                                         sizeof kernels / sizeof *kernels, kernels};                                               \
        return &image;                                                                                                             \
    }

#endif

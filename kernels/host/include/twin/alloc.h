/* Memory without a TPipe: tensors one behind the other. */
#ifndef ASCENDC_TWIN_ALLOC_H
#define ASCENDC_TWIN_ALLOC_H

#include "tensor.h"

namespace AscendC {

template <Hardware hardware = Hardware::UB>
class LocalMemAllocator {
public:
    /* `size` elements. */
    template <TPosition position, typename T>
    LocalTensor<T> Alloc(uint32_t size) {
        static_assert(GetPhyType(position) == hardware, "LocalMemAllocator: the position is in another memory");
        constexpr uint32_t align = ascendc_twin::alignment_of(static_cast<uint32_t>(hardware));
        uint32_t start = (top_ + align - 1) / align * align;
        top_ = start + size * static_cast<uint32_t>(sizeof(T));
        return LocalTensor<T>(position, start, size);
    }
    template <TPosition position, typename T, uint32_t size>
    LocalTensor<T> Alloc() {
        return Alloc<position, T>(size);
    }
    /* Without a position, where the memory has one for all purposes. */
    template <typename T>
    LocalTensor<T> Alloc(uint32_t size) {
        static_assert(hardware == Hardware::UB, "LocalMemAllocator: a position is needed");
        return Alloc<TPosition::VECCALC, T>(size);
    }
    template <typename T, uint32_t size>
    LocalTensor<T> Alloc() {
        return Alloc<T>(size);
    }

    uint32_t GetCurAddr() const { return top_; }

private:
    uint32_t top_ = 0;
};

}  // namespace AscendC

#endif

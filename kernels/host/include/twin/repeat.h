/* What vector calls have in common: masks, repeats, strides, and how they are told and checked. */
#ifndef ASCENDC_TWIN_REPEAT_H
#define ASCENDC_TWIN_REPEAT_H

#include "chain.h"
#include "tensor.h"

namespace AscendC {

struct UnaryRepeatParams {
    UnaryRepeatParams() {}
    UnaryRepeatParams(const uint16_t dstBlkStrideIn, const uint16_t srcBlkStrideIn, const uint8_t dstRepStrideIn,
                      const uint8_t srcRepStrideIn)
        : dstBlkStride(dstBlkStrideIn), srcBlkStride(srcBlkStrideIn), dstRepStride(dstRepStrideIn), srcRepStride(srcRepStrideIn) {}
    UnaryRepeatParams(const uint16_t dstBlkStrideIn, const uint16_t srcBlkStrideIn, const uint8_t dstRepStrideIn,
                      const uint8_t srcRepStrideIn, const bool halfBlockIn)
        : dstBlkStride(dstBlkStrideIn),
          srcBlkStride(srcBlkStrideIn),
          dstRepStride(dstRepStrideIn),
          srcRepStride(srcRepStrideIn),
          halfBlock(halfBlockIn) {}

    uint32_t blockNumber = DEFAULT_BLK_NUM;
    uint16_t dstBlkStride = DEFAULT_BLK_STRIDE;
    uint16_t srcBlkStride = DEFAULT_BLK_STRIDE;
    uint8_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t srcRepStride = DEFAULT_REPEAT_STRIDE;
    bool repeatStrideMode = false;
    bool strideSizeMode = false;
    bool halfBlock = false;
};

struct BinaryRepeatParams {
    BinaryRepeatParams() {}
    BinaryRepeatParams(const uint8_t dstBlkStrideIn, const uint8_t src0BlkStrideIn, const uint8_t src1BlkStrideIn,
                       const uint8_t dstRepStrideIn, const uint8_t src0RepStrideIn, const uint8_t src1RepStrideIn)
        : dstBlkStride(dstBlkStrideIn),
          src0BlkStride(src0BlkStrideIn),
          src1BlkStride(src1BlkStrideIn),
          dstRepStride(dstRepStrideIn),
          src0RepStride(src0RepStrideIn),
          src1RepStride(src1RepStrideIn) {}

    uint32_t blockNumber = DEFAULT_BLK_NUM;
    uint8_t dstBlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src0BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t src1BlkStride = DEFAULT_BLK_STRIDE;
    uint8_t dstRepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src0RepStride = DEFAULT_REPEAT_STRIDE;
    uint8_t src1RepStride = DEFAULT_REPEAT_STRIDE;
    bool repeatStrideMode = false;
    bool strideSizeMode = false;
};

}  // namespace AscendC

namespace ascendc_twin {

/* Which elements of a repeat take part. */
struct Mask {
    uint64_t low, high;

    static Mask first(uint64_t n) {
        return n >= 128  ? Mask{~0ULL, ~0ULL}
               : n > 64  ? Mask{~0ULL, (1ULL << (n - 64)) - 1}
               : n == 64 ? Mask{~0ULL, 0}
                         : Mask{(1ULL << n) - 1, 0};
    }
    bool has(uint32_t lane) const { return ((lane < 64 ? low >> lane : high >> (lane - 64)) & 1) != 0; }
};

/* One operand of a call in repeats. Addresses and strides in bytes. */
struct Operand {
    const char* name;
    uint8_t* data;
    uint32_t address;
    uint32_t tensor_bytes;
    uint32_t element; /* bytes of one */
    uint32_t blk_pitch;
    uint32_t rep_pitch;
    bool written;
    bool read;
};

template <typename T>
Operand operand(const char* name, const AscendC::LocalTensor<T>& tensor, uint32_t blk_stride, uint32_t rep_stride, bool written,
                bool read) {
    return {name,
            reinterpret_cast<uint8_t*>(tensor.twin_data()),
            tensor.twin_address(),
            tensor.twin_bytes(),
            sizeof(T),
            blk_stride * 32,
            rep_stride * 32,
            written,
            read};
}

/* A run of elements within a repeat: the first one and how many. */
struct Run {
    uint32_t first, count;
};

/* A mask as runs; each operand's bytes of a run are contiguous. */
struct Lanes {
    uint32_t runs = 0;
    uint32_t elements = 0; /* taking part, in one repeat */
    Run run[64];

    template <int K>
    Lanes(const Operand (&operands)[K], Mask mask, uint32_t lanes) {
        uint32_t block = lanes; /* elements that are contiguous in all operands */
        for (const Operand& it : operands) {
            if (it.blk_pitch != 32 && 32 / it.element < block) block = 32 / it.element;
        }
        /* As a rule all elements of a block take part, or none. */
        const uint32_t step = block < 64 ? block : 64;
        const uint64_t all = step < 64 ? (1ULL << step) - 1 : ~0ULL;
        for (uint32_t lane = 0; lane < lanes; lane += step) {
            uint64_t bits = (lane < 64 ? mask.low >> lane : mask.high >> (lane - 64)) & all;
            if (bits == all) {
                add(lane, step, block);
                continue;
            }
            for (; bits != 0; bits &= bits - 1) add(lane + static_cast<uint32_t>(__builtin_ctzll(bits)), 1, block);
        }
    }

private:
    /* `block` is a power of two. */
    void add(uint32_t lane, uint32_t count, uint32_t block) {
        elements += count;
        if (runs != 0 && run[runs - 1].first + run[runs - 1].count == lane && (lane & (block - 1)) != 0) {
            run[runs - 1].count += count;
        } else {
            run[runs++] = {lane, count};
        }
    }
};

/* Bytes from an operand's start to an element of its first repeat. */
inline uint64_t offset_of(const Operand& it, uint32_t lane) {
    uint32_t per_block = 32 / it.element;
    return static_cast<uint64_t>(lane / per_block) * it.blk_pitch + lane % per_block * it.element;
}

/* The byte behind the last one touched, from the operand's start. */
inline uint64_t reach_of(const Operand& it, const Lanes& lanes, uint32_t repeat) {
    if (lanes.runs == 0 || repeat == 0) return 0;
    uint64_t end = 0;
    for (uint32_t i = 0; i < lanes.runs; ++i) {
        uint64_t here = offset_of(it, lanes.run[i].first) + static_cast<uint64_t>(lanes.run[i].count) * it.element;
        if (here > end) end = here;
    }
    return static_cast<uint64_t>(repeat - 1) * it.rep_pitch + end;
}

inline void tell_operand(Call& call, const Operand& it, uint64_t offset, uint32_t bytes, uint32_t repeat) {
    uint32_t access = (it.read ? TWIN_READ : 0) | (it.written ? TWIN_WRITE : 0);
    /* Repeats without a pitch touch the same bytes; adjoining ones are one run. */
    if (it.rep_pitch == 0) {
        call.range(TWIN_UB, access, it.address + offset, bytes, 0);
    } else if (it.rep_pitch == bytes) {
        call.range(TWIN_UB, access, it.address + offset, bytes * repeat, 0);
    } else {
        call.range(TWIN_UB, access, it.address + offset, bytes, 0, repeat, it.rep_pitch);
    }
}

/* A written and a read operand: the same region, the same elements, or apart. */
inline void check_apart(const char* name, At at, const Operand& dst, const Operand& src, const Lanes& lanes, uint32_t repeat) {
    bool same = dst.address == src.address && dst.element == src.element && dst.blk_pitch == src.blk_pitch &&
                dst.rep_pitch == src.rep_pitch;
    if (same && (repeat == 1 || dst.rep_pitch >= reach_of(dst, lanes, 1))) return;
    if (!overlap(dst.address, reach_of(dst, lanes, repeat), src.address, reach_of(src, lanes, repeat))) return;
    /* The envelopes overlap: look at what each repeat writes against what it and later ones read. */
    for (uint32_t i = 0; i < repeat; ++i) {
        for (uint32_t j = i; j < repeat; ++j) {
            for (uint32_t d = 0; d < lanes.runs; ++d) {
                uint64_t to = dst.address + static_cast<uint64_t>(i) * dst.rep_pitch + offset_of(dst, lanes.run[d].first);
                for (uint32_t s = 0; s < lanes.runs; ++s) {
                    uint64_t from = src.address + static_cast<uint64_t>(j) * src.rep_pitch + offset_of(src, lanes.run[s].first);
                    if (i == j && d == s && to == from && dst.element == src.element) continue;
                    if (!overlap(to, static_cast<uint64_t>(lanes.run[d].count) * dst.element, from,
                                 static_cast<uint64_t>(lanes.run[s].count) * src.element))
                        continue;
                    finding(name, at, "overlap",
                            "%s of repeat %u (byte %llu of UB) overlaps %s of repeat %u (byte %llu) in part or across repeats",
                            dst.name, i, static_cast<unsigned long long>(to), src.name, j, static_cast<unsigned long long>(from));
                    return;
                }
            }
        }
    }
}

/* Checks and tells a call in repeats. The first operand is the one written; `accumulates`: the third may be what earlier repeats
 * wrote. */
template <int K>
[[gnu::noinline]] void tell_repeats(const char* name, At at, const Operand (&operands)[K], const Lanes& lanes, uint32_t repeat,
                                    bool accumulates = false) {
    for (int i = 0; i < K; ++i) {
        const Operand& it = operands[i];
        if (it.address % 32 != 0) {
            finding(name, at, "alignment", "%s is at byte %u of UB, which is no multiple of 32", it.name, it.address);
        }
        uint64_t reach = reach_of(it, lanes, repeat);
        if (reach > it.tensor_bytes) {
            finding(name, at, "length", "%s is touched to byte %llu, but the tensor has %u bytes", it.name,
                    static_cast<unsigned long long>(reach), it.tensor_bytes);
        }
        /* A row of partial results, added to again and again. */
        if (accumulates && i == 2 && (operands[0].rep_pitch == 0 || it.rep_pitch == 0)) continue;
        if (i != 0) check_apart(name, at, operands[0], it, lanes, repeat);
    }
    Call call(name, TWIN_V, at);
    /* What is read first. */
    for (int k = K - 1; k >= 0; --k) {
        const Operand& it = operands[k];
        for (uint32_t i = 0; i < lanes.runs; ++i) {
            tell_operand(call, it, offset_of(it, lanes.run[i].first), lanes.run[i].count * it.element, repeat);
        }
    }
    call.vector(static_cast<uint64_t>(lanes.elements) * repeat);
    call.tell();
}

/* A mask that is a count. 0 elements would do nothing. */
inline void check_mask(const char* name, At at, uint64_t mask, uint32_t lanes) {
    if (mask == 0 || mask > lanes) {
        finding(name, at, "mask", "mask is %llu: 1 to %u elements of this size", static_cast<unsigned long long>(mask), lanes);
        stop();
    }
}

inline void check_mask_bits(const char* name, At at, Mask mask, uint32_t lanes) {
    if ((lanes <= 64 && mask.high != 0) || (mask.low | mask.high) == 0) {
        finding(name, at, "mask", "mask bits are 0x%llx, 0x%llx: some of the first %u, and no other",
                static_cast<unsigned long long>(mask.low), static_cast<unsigned long long>(mask.high), lanes);
    }
}

inline void check_repeat(const char* name, At at, int64_t repeat) {
    if (repeat < 1 || repeat > 255) {
        finding(name, at, "repeat", "repeatTime is %lld: 1 to 255 (0 does nothing)", static_cast<long long>(repeat));
        if (repeat < 0) stop();
    }
}

/* `isSetMask` false: what SetVectorMask left. */
template <bool isSetMask>
Mask mask_of(const char* name, At at, uint64_t mask, uint32_t lanes) {
    if constexpr (!isSetMask) return {state->mask[0], lanes <= 64 ? 0 : state->mask[1]};
    if constexpr (checked) check_mask(name, at, mask, lanes);
    return Mask::first(mask);
}

template <bool isSetMask>
Mask mask_of(const char* name, At at, const uint64_t* mask, uint32_t lanes) {
    if constexpr (!isSetMask) return {state->mask[0], lanes <= 64 ? 0 : state->mask[1]};
    Mask bits{mask[0], lanes <= 64 && !checked ? 0 : mask[1]};
    if constexpr (checked) check_mask_bits(name, at, bits, lanes);
    return bits;
}

/* Calls f with the bytes of each operand of each run, and its number of elements. Repeats run one after another. */
template <int K, typename F>
void for_runs(const Operand (&operands)[K], const Lanes& lanes, uint32_t repeat, F f) {
    /* All of it adjoins: one run. */
    bool whole = lanes.runs == 1 && lanes.run[0].first == 0;
    for (const Operand& it : operands) whole = whole && it.rep_pitch == lanes.run[0].count * it.element;
    if (whole) {
        uint8_t* data[K];
        for (int k = 0; k < K; ++k) data[k] = operands[k].data;
        f(data, static_cast<uint64_t>(lanes.run[0].count) * repeat);
        return;
    }
    for (uint32_t i = 0; i < repeat; ++i) {
        for (uint32_t j = 0; j < lanes.runs; ++j) {
            uint8_t* data[K];
            for (int k = 0; k < K; ++k) {
                data[k] = operands[k].data + static_cast<uint64_t>(i) * operands[k].rep_pitch +
                          offset_of(operands[k], lanes.run[j].first);
            }
            f(data, lanes.run[j].count);
        }
    }
}

/* Elements that a repeat of 256 bytes holds. */
template <typename T>
constexpr uint32_t LANES = 256 / sizeof(T);

/* A call on `count` elements that adjoin. */
template <typename T>
void tell_count(Call& call, const AscendC::LocalTensor<T>& tensor, uint64_t bytes, uint32_t access) {
    call.range(TWIN_UB, access, tensor.twin_address(), static_cast<uint32_t>(bytes), 32);
}

inline uint64_t check_count(const char* name, At at, int64_t count) {
    if (checked && count <= 0) finding(name, at, "length", "%lld elements", static_cast<long long>(count));
    return count > 0 ? static_cast<uint64_t>(count) : 0;
}

template <typename D, typename S>
[[gnu::noinline]] void tell_unary(const char* name, At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& src,
                                  uint64_t count, bool accumulates = false) {
    check_vector(name, at, "dst", dst);
    check_vector(name, at, "src", src);
    check_local(name, at, "dst", dst, count * sizeof(D));
    check_local(name, at, "src", src, count * sizeof(S));
    if constexpr (sizeof(D) == sizeof(S)) check_overlap(name, at, "src", dst, count * sizeof(D), src, count * sizeof(S));
    Call call(name, TWIN_V, at);
    tell_count(call, src, count * sizeof(S), TWIN_READ);
    tell_count(call, dst, count * sizeof(D), accumulates ? TWIN_READ | TWIN_WRITE : TWIN_WRITE);
    call.vector(count);
    call.tell();
}

template <typename D, typename S, typename U>
[[gnu::noinline]] void tell_binary(const char* name, At at, const AscendC::LocalTensor<D>& dst, const AscendC::LocalTensor<S>& src0,
                                   const AscendC::LocalTensor<U>& src1, uint64_t count, bool accumulates = false) {
    check_vector(name, at, "dst", dst);
    check_vector(name, at, "src0", src0);
    check_vector(name, at, "src1", src1);
    check_local(name, at, "dst", dst, count * sizeof(D));
    check_local(name, at, "src0", src0, count * sizeof(S));
    check_local(name, at, "src1", src1, count * sizeof(U));
    check_overlap(name, at, "src0", dst, count * sizeof(D), src0, count * sizeof(S));
    check_overlap(name, at, "src1", dst, count * sizeof(D), src1, count * sizeof(U));
    Call call(name, TWIN_V, at);
    tell_count(call, src0, count * sizeof(S), TWIN_READ);
    tell_count(call, src1, count * sizeof(U), TWIN_READ);
    tell_count(call, dst, count * sizeof(D), accumulates ? TWIN_READ | TWIN_WRITE : TWIN_WRITE);
    call.vector(count);
    call.tell();
}

template <typename T, typename... Allowed>
constexpr bool one_of = (std::is_same<T, Allowed>::value || ...);

}  // namespace ascendc_twin

namespace AscendC {

/* For calls with isSetMask = false. */
template <typename T, MaskMode mode = MaskMode::NORMAL>
void SetVectorMask(const uint64_t maskHigh, const uint64_t maskLow) {
    static_assert(mode == MaskMode::NORMAL, "SetVectorMask: the twin has no counter mode");
    ascendc_twin::state->mask[0] = maskLow;
    ascendc_twin::state->mask[1] = maskHigh;
}

template <typename T, MaskMode mode = MaskMode::NORMAL>
void SetVectorMask(int32_t len) {
    static_assert(mode == MaskMode::NORMAL, "SetVectorMask: the twin has no counter mode");
    ascendc_twin::Mask bits = ascendc_twin::Mask::first(static_cast<uint64_t>(len));
    ascendc_twin::state->mask[0] = bits.low;
    ascendc_twin::state->mask[1] = bits.high;
}

inline void ResetMask() { ascendc_twin::state->mask[0] = ascendc_twin::state->mask[1] = ~0ULL; }

}  // namespace AscendC

#endif

/* The cube core's path: from GM to L1 in fractals, from L1 to L0A and L0B, multiplication into L0C, and out again.
 *
 * A fractal is 16 rows of 32 bytes (c0 elements). L1 holds a matrix as NZ: columns of fractals, each 16 rows and more high. L0A
 * holds rows of fractals; L0B holds rows of fractals too, whose own rows are columns of the matrix; L0C holds columns of fractals
 * of 16 x 16.
 */
#ifndef ASCENDC_TWIN_CUBE_H
#define ASCENDC_TWIN_CUBE_H

#include "copy.h"
#include "repeat.h"

enum QuantMode_t { NoQuant, F322F16, F322BF16 };

namespace AscendC {

struct Nd2NzParams {
    Nd2NzParams() {}
    Nd2NzParams(const uint16_t ndNumIn, const uint16_t nValueIn, const uint16_t dValueIn, const uint16_t srcNdMatrixStrideIn,
                const uint16_t srcDValueIn, const uint16_t dstNzC0StrideIn, const uint16_t dstNzNStrideIn,
                const uint16_t dstNzMatrixStrideIn)
        : ndNum(ndNumIn),
          nValue(nValueIn),
          dValue(dValueIn),
          srcNdMatrixStride(srcNdMatrixStrideIn),
          srcDValue(srcDValueIn),
          dstNzC0Stride(dstNzC0StrideIn),
          dstNzNStride(dstNzNStrideIn),
          dstNzMatrixStride(dstNzMatrixStrideIn) {}

    uint16_t ndNum = 0;
    uint16_t nValue = 0;
    uint16_t dValue = 0;
    uint16_t srcNdMatrixStride = 0;
    uint16_t srcDValue = 0;
    uint16_t dstNzC0Stride = 0;
    uint16_t dstNzNStride = 0;
    uint16_t dstNzMatrixStride = 0;
};

struct LoadData2DParams {
    LoadData2DParams() {}
    LoadData2DParams(const uint16_t startIndexIn, const uint8_t repeatTimesIn, const uint16_t srcStrideIn, const uint8_t sidIn,
                     const uint16_t dstGapIn, const bool ifTransposeIn, const uint8_t addrModeIn)
        : startIndex(startIndexIn),
          dstGap(dstGapIn),
          srcStride(srcStrideIn),
          ifTranspose(ifTransposeIn),
          repeatTimes(repeatTimesIn),
          sid(sidIn),
          addrMode(addrModeIn) {}

    uint16_t startIndex = 0;
    uint16_t dstGap = 0;
    uint16_t srcStride = 0;
    bool ifTranspose = false;
    uint8_t repeatTimes = 0;
    uint8_t sid = 0;
    uint8_t addrMode = 0;
};

struct MmadParams {
    MmadParams() {}
    MmadParams(const uint16_t mIn, const uint16_t nIn, const uint16_t kIn, const uint8_t unitFlagIn, const bool cmatrixSourceIn,
               const bool cmatrixInitValIn)
        : m(mIn), n(nIn), k(kIn), unitFlag(unitFlagIn), cmatrixSource(cmatrixSourceIn), cmatrixInitVal(cmatrixInitValIn) {}

    uint16_t m = 0;
    uint16_t n = 0;
    uint16_t k = 0;
    bool isBias = false;
    uint8_t unitFlag = 0;
    bool cmatrixSource = false;
    bool cmatrixInitVal = true;
};

enum class CO2Layout : uint8_t { NZ = 0, ROW_MAJOR, COLUMN_MAJOR };

struct FixpipeConfig {
    CO2Layout format;
};
constexpr FixpipeConfig CFG_NZ = {CO2Layout::NZ};
constexpr FixpipeConfig CFG_ROW_MAJOR = {CO2Layout::ROW_MAJOR};

struct FixpipeParamsV220 {
    FixpipeParamsV220() {}
    FixpipeParamsV220(const uint16_t nSizeIn, const uint16_t mSizeIn, const uint16_t srcStrideIn, const uint32_t dstStrideIn,
                      const bool reluEnIn)
        : nSize(nSizeIn), mSize(mSizeIn), srcStride(srcStrideIn), dstStride(dstStrideIn), reluEn(reluEnIn) {}
    FixpipeParamsV220(const uint16_t nSizeIn, const uint16_t mSizeIn, const uint16_t srcStrideIn, const uint32_t dstStrideIn,
                      const bool reluEnIn, const QuantMode_t quantPreIn, const int64_t deqScalarIn, const uint16_t ndNumIn,
                      const uint16_t srcNdStrideIn, const uint16_t dstNdStrideIn, const uint8_t unitFlagIn)
        : nSize(nSizeIn),
          mSize(mSizeIn),
          srcStride(srcStrideIn),
          dstStride(dstStrideIn),
          quantPre(quantPreIn),
          deqScalar(static_cast<uint64_t>(deqScalarIn)),
          ndNum(ndNumIn),
          srcNdStride(srcNdStrideIn),
          dstNdStride(dstNdStrideIn),
          reluEn(reluEnIn),
          unitFlag(unitFlagIn) {}

    uint16_t nSize = 0;
    uint16_t mSize = 0;
    uint16_t srcStride = 0;
    uint32_t dstStride = 0;
    QuantMode_t quantPre = QuantMode_t::NoQuant;
    uint64_t deqScalar = 0;
    uint16_t ndNum = 1;
    uint16_t srcNdStride = 0;
    uint16_t dstNdStride = 0;
    bool reluEn = false;
    uint8_t unitFlag = 0;
    bool isChannelSplit = false;
};

}  // namespace AscendC

namespace ascendc_twin {

constexpr uint32_t FRACTAL = 512;

inline void check_between(const char* name, At at, const char* what, uint64_t value, uint64_t low, uint64_t high) {
    if (value < low || value > high) {
        finding(name, at, "limits", "%s is %llu: %llu to %llu", what, static_cast<unsigned long long>(value),
                static_cast<unsigned long long>(low), static_cast<unsigned long long>(high));
    }
}

template <typename T>
void check_in(const char* name, At at, const char* operand, const AscendC::LocalTensor<T>& tensor, uint32_t space) {
    if (tensor.twin_space() != space) {
        finding(name, at, "memory", "%s is in %s: it must be in %s", operand, space_name(tensor.twin_space()), space_name(space));
        stop();
    }
}

/* Elements to the type in which the cube adds. */
template <typename A, typename T>
A to_accumulator(T x) {
    if constexpr (std::is_integral<T>::value) return static_cast<A>(x);
    return widened(x);
}

/* One fractal of C: 16 x 16, over all of k. */
template <typename A, typename T>
void multiply_fractals(A* c, const T* a, const T* b, uint32_t k, uint64_t b_step) {
    constexpr uint32_t c0 = 32 / sizeof(T);
    A left[16][c0], right[c0][16];
    for (uint32_t done = 0; done < k; done += c0, a += 16 * c0, b += b_step) {
        uint32_t depth = k - done < c0 ? k - done : c0;
        for (uint32_t i = 0; i < 16; ++i) {
            for (uint32_t j = 0; j < c0; ++j) {
                left[i][j] = to_accumulator<A>(a[i * c0 + j]);
                right[j][i] = to_accumulator<A>(b[i * c0 + j]);
            }
        }
        for (uint32_t i = 0; i < 16; ++i) {
            A row[16];
            memcpy(row, c + i * 16, sizeof row);
            for (uint32_t d = 0; d < depth; ++d) {
                for (uint32_t j = 0; j < 16; ++j) {
                    if constexpr (std::is_integral<A>::value) {
                        row[j] = static_cast<A>(static_cast<uint32_t>(row[j]) + static_cast<uint32_t>(left[i][d] * right[d][j]));
                    } else {
                        row[j] += left[i][d] * right[d][j];
                    }
                }
            }
            memcpy(c + i * 16, row, sizeof row);
        }
    }
}

template <typename A, typename T>
constexpr bool multiplies = (std::is_same<A, float>::value && one_of<T, half, bfloat16_t, float>) ||
                            (std::is_same<A, int32_t>::value && std::is_same<T, int8_t>::value);

template <typename D, typename S>
D stored(S x, bool relu) {
    if (relu && x < S(0)) x = S(0);
    return D(x);
}

template <typename D, typename S>
constexpr bool leaves = std::is_same<D, S>::value || (std::is_same<S, float>::value && is_narrow<D>);

/* Rows of so many bytes, `pitch` apart, to columns of 32 bytes: from one to the next, and inside one from row to row, all in bytes. Some
 * rows at a time, which a cache of the first level holds. */
inline void rows_to_planes(uint8_t* dst, const uint8_t* src, uint64_t rows, uint64_t bytes, uint64_t pitch, uint64_t plane_step,
                           uint64_t row_step) {
    constexpr uint64_t GROUP = 8;
    const uint64_t whole = bytes / 32, rest = bytes % 32;
    for (uint64_t first = 0; first < rows; first += GROUP) {
        const uint64_t end = first + GROUP < rows ? first + GROUP : rows;
        for (uint64_t plane = 0; plane < whole; ++plane) {
            for (uint64_t row = first; row < end; ++row) {
                memcpy(dst + plane * plane_step + row * row_step, src + row * pitch + plane * 32, 32);
            }
        }
        for (uint64_t row = first; row < end && rest != 0; ++row) {
            uint8_t* last = dst + whole * plane_step + row * row_step;
            memcpy(last, src + row * pitch + whole * 32, rest);
            memset(last + rest, 0, 32 - rest);
        }
    }
}

}  // namespace ascendc_twin

namespace AscendC {

/* Matrices in rows in GM to NZ in L1; a last column of fractals that is not full is filled with zeros. */
template <typename T>
void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const Nd2NzParams& p,
              ascendc_twin::At at = ascendc_twin::At()) {
    constexpr uint32_t c0 = 32 / sizeof(T);
    uint64_t columns = (p.dValue + c0 - 1ULL) / c0;
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_in("DataCopy", at, "dst", dst, TWIN_L1);
        ascendc_twin::check_between("DataCopy", at, "ndNum", p.ndNum, 1, 4095);
        ascendc_twin::check_between("DataCopy", at, "nValue", p.nValue, 1, 16384);
        ascendc_twin::check_between("DataCopy", at, "dValue", p.dValue, 1, 65535);
        ascendc_twin::check_between("DataCopy", at, "srcDValue", p.srcDValue, 1, 65535);
        ascendc_twin::check_between("DataCopy", at, "dstNzC0Stride", p.dstNzC0Stride, 1, 16384);
        ascendc_twin::check_between("DataCopy", at, "dstNzNStride", p.dstNzNStride, 1, 16384);
        ascendc_twin::check_between("DataCopy", at, "dstNzMatrixStride", p.dstNzMatrixStride, 0, 16384);
        ascendc_twin::check_gm("DataCopy", at, src);
        uint64_t reach = (p.ndNum - 1ULL) * p.dstNzMatrixStride * sizeof(T) + (columns - 1) * p.dstNzC0Stride * 32 +
                         (p.nValue - 1ULL) * p.dstNzNStride * 32 + 32;
        ascendc_twin::check_local("DataCopy", at, "dst", dst, reach);
        ascendc_twin::Call call("DataCopy", TWIN_MTE2, at);
        for (uint64_t i = 0; i < p.ndNum; ++i) {
            call.range(TWIN_GM, TWIN_READ, src.twin_address() + i * p.srcNdMatrixStride * sizeof(T), p.dValue * sizeof(T),
                       sizeof(T), p.nValue, static_cast<int64_t>(p.srcDValue * sizeof(T)));
            for (uint64_t column = 0; column < columns; ++column) {
                call.range(TWIN_L1, TWIN_WRITE,
                           dst.twin_address() + i * p.dstNzMatrixStride * sizeof(T) + column * p.dstNzC0Stride * 32, 32, 32,
                           p.nValue, p.dstNzNStride * 32);
            }
        }
        call.transfers();
        call.tell();
    }
    for (uint64_t i = 0; i < p.ndNum; ++i) {
        ascendc_twin::rows_to_planes(reinterpret_cast<uint8_t*>(dst.twin_data() + i * p.dstNzMatrixStride),
                                     reinterpret_cast<const uint8_t*>(src.twin_data() + i * p.srcNdMatrixStride), p.nValue,
                                     p.dValue * sizeof(T), p.srcDValue * sizeof(T), p.dstNzC0Stride * 32ULL, p.dstNzNStride * 32ULL);
    }
}

/* Fractals from L1 to L0A or L0B, each transposed if the elements have 16 bits. */
template <typename T>
void LoadData(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LoadData2DParams& p,
              ascendc_twin::At at = ascendc_twin::At()) {
    constexpr uint64_t fractal = ascendc_twin::FRACTAL;
    if constexpr (ascendc_twin::checked) {
        uint64_t n = p.repeatTimes;
        if (dst.twin_space() != TWIN_L0A && dst.twin_space() != TWIN_L0B)
            ascendc_twin::check_in("LoadData", at, "dst", dst, TWIN_L0A);
        ascendc_twin::check_in("LoadData", at, "src", src, TWIN_L1);
        ascendc_twin::check_repeat("LoadData", at, p.repeatTimes);
        if (p.ifTranspose && sizeof(T) != 2) {
            ascendc_twin::finding("LoadData", at, "types",
                                  "ifTranspose: arch 2201 transposes fractals of elements of 16 bits only");
            ascendc_twin::stop();
        }
        if (p.addrMode != 0) {
            ascendc_twin::finding("LoadData", at, "limits", "addrMode is %u: the twin has 0 only, addresses that increase",
                                  p.addrMode);
            ascendc_twin::stop();
        }
        ascendc_twin::check_local("LoadData", at, "dst", dst, n == 0 ? 0 : ((n - 1) * (p.dstGap + 1ULL) + 1) * fractal, 512);
        ascendc_twin::check_local("LoadData", at, "src", src, n == 0 ? 0 : (p.startIndex + (n - 1) * p.srcStride + 1ULL) * fractal);
        ascendc_twin::Call call("LoadData", TWIN_MTE1, at);
        call.range(TWIN_L1, TWIN_READ, src.twin_address() + p.startIndex * fractal, fractal, 32, static_cast<uint32_t>(n),
                   static_cast<int64_t>(p.srcStride * fractal));
        call.range(dst.twin_space(), TWIN_WRITE, dst.twin_address(), fractal, 512, static_cast<uint32_t>(n),
                   static_cast<int64_t>((p.dstGap + 1ULL) * fractal));
        call.tell();
    }
    auto* to = reinterpret_cast<uint8_t*>(dst.twin_data());
    auto* from = reinterpret_cast<const uint8_t*>(src.twin_data()) + p.startIndex * fractal;
    for (uint64_t i = 0; i < p.repeatTimes; ++i, to += (p.dstGap + 1ULL) * fractal, from += p.srcStride * fractal) {
        if (!p.ifTranspose) {
            memcpy(to, from, fractal);
            continue;
        }
        for (uint32_t row = 0; row < 16; ++row) {
            for (uint32_t column = 0; column < 16; ++column)
                memcpy(to + (column * 16 + row) * 2, from + (row * 16 + column) * 2, 2);
        }
    }
}

/* C = A B, or C += A B where cmatrixInitVal is false. Sums go along k in order. */
template <typename T, typename U>
void Mmad(const LocalTensor<T>& dst, const LocalTensor<U>& fm, const LocalTensor<U>& filter, const MmadParams& p,
          ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(ascendc_twin::multiplies<T, U>, "Mmad: half, bfloat16_t or float into float, int8_t into int32_t");
    constexpr uint64_t c0 = 32 / sizeof(U);
    uint64_t rows = (p.m + 15ULL) / 16, columns = (p.n + 15ULL) / 16, depth = (p.k + c0 - 1) / c0;
    if constexpr (ascendc_twin::checked) {
        ascendc_twin::check_between("Mmad", at, "m", p.m, 1, 4095);
        ascendc_twin::check_between("Mmad", at, "n", p.n, 1, 4095);
        ascendc_twin::check_between("Mmad", at, "k", p.k, 1, 4095);
        if (p.m == 1) {
            ascendc_twin::finding("Mmad", at, "limits",
                                  "m is 1: the hardware then takes L0A for a vector (GEMV), which the twin has not; give m = 16");
            ascendc_twin::stop();
        }
        if (p.unitFlag != 0 || p.cmatrixSource || p.isBias) {
            ascendc_twin::finding("Mmad", at, "limits", "unitFlag, cmatrixSource and isBias: the twin has none of them");
            ascendc_twin::stop();
        }
        ascendc_twin::check_in("Mmad", at, "dst", dst, TWIN_L0C);
        ascendc_twin::check_in("Mmad", at, "fm", fm, TWIN_L0A);
        ascendc_twin::check_in("Mmad", at, "filter", filter, TWIN_L0B);
        ascendc_twin::check_local("Mmad", at, "dst", dst, rows * columns * 256 * sizeof(T), 1024);
        ascendc_twin::check_local("Mmad", at, "fm", fm, rows * depth * ascendc_twin::FRACTAL, 512);
        ascendc_twin::check_local("Mmad", at, "filter", filter, columns * depth * ascendc_twin::FRACTAL, 512);
        ascendc_twin::Call call("Mmad", TWIN_M, at);
        call.range(TWIN_L0A, TWIN_READ, fm.twin_address(), static_cast<uint32_t>(rows * depth * ascendc_twin::FRACTAL), 512);
        call.range(TWIN_L0B, TWIN_READ, filter.twin_address(), static_cast<uint32_t>(columns * depth * ascendc_twin::FRACTAL), 512);
        call.range(TWIN_L0C, p.cmatrixInitVal ? TWIN_WRITE : TWIN_READ | TWIN_WRITE, dst.twin_address(),
                   static_cast<uint32_t>(rows * columns * 256 * sizeof(T)), 64);
        call.cube(static_cast<uint64_t>(p.m) * p.n * p.k);
        call.tell();
    }
    T* c = dst.twin_data();
    if (p.cmatrixInitVal) memset(static_cast<void*>(c), 0, rows * columns * 256 * sizeof(T));
    for (uint64_t column = 0; column < columns; ++column) {
        for (uint64_t row = 0; row < rows; ++row) {
            ascendc_twin::multiply_fractals(c + (column * rows + row) * 256, fm.twin_data() + row * depth * 16 * c0,
                                            filter.twin_data() + column * 16 * c0, p.k, columns * 16 * c0);
        }
    }
}

/* L0C to rows in GM. */
template <typename T, typename U, const FixpipeConfig& config = CFG_ROW_MAJOR>
void Fixpipe(const GlobalTensor<T>& dst, const LocalTensor<U>& src, const FixpipeParamsV220& p,
             ascendc_twin::At at = ascendc_twin::At()) {
    static_assert(config.format == CO2Layout::ROW_MAJOR, "Fixpipe: the twin writes rows only (CFG_ROW_MAJOR)");
    static_assert(ascendc_twin::leaves<T, U>, "Fixpipe: float to float, half or bfloat16_t; int32_t to int32_t");
    if constexpr (ascendc_twin::checked) {
        constexpr QuantMode_t needed = std::is_same<T, half>::value         ? F322F16
                                       : std::is_same<T, bfloat16_t>::value ? F322BF16
                                                                            : NoQuant;
        ascendc_twin::check_in("Fixpipe", at, "src", src, TWIN_L0C);
        ascendc_twin::check_between("Fixpipe", at, "nSize", p.nSize, 1, 4095);
        ascendc_twin::check_between("Fixpipe", at, "mSize", p.mSize, 1, 8192);
        ascendc_twin::check_between("Fixpipe", at, "dstStride", p.dstStride, 1, ~0U);
        ascendc_twin::check_between("Fixpipe", at, "srcNdStride", p.srcNdStride, 0, 512);
        if (p.nSize % 16 != 0) ascendc_twin::finding("Fixpipe", at, "limits", "nSize is %u, no multiple of 16", p.nSize);
        if (p.quantPre != needed) {
            ascendc_twin::finding("Fixpipe", at, "types",
                                  "quantPre does not fit the types: half takes F322F16, bfloat16_t F322BF16, others NoQuant");
            ascendc_twin::stop();
        }
        if (p.unitFlag != 0 || p.isChannelSplit) {
            ascendc_twin::finding("Fixpipe", at, "limits", "unitFlag and isChannelSplit: the twin has neither");
            ascendc_twin::stop();
        }
        uint64_t columns = p.nSize / 16, matrices = p.ndNum;
        uint64_t reach = columns == 0 || matrices == 0 ? 0
                                                       : (matrices - 1) * p.srcNdStride * 256 * sizeof(U) +
                                                             ((columns - 1) * p.srcStride + p.mSize) * 16 * sizeof(U);
        ascendc_twin::check_local("Fixpipe", at, "src", src, reach, 64);
        ascendc_twin::check_gm("Fixpipe", at, dst);
        ascendc_twin::check_atomic<T>("Fixpipe", at);
        ascendc_twin::Call call("Fixpipe", TWIN_FIX, at);
        for (uint64_t i = 0; i < matrices; ++i) {
            call.range(TWIN_L0C, TWIN_READ, src.twin_address() + i * p.srcNdStride * 256 * sizeof(U), p.mSize * 16 * sizeof(U), 64,
                       static_cast<uint32_t>(columns), static_cast<int64_t>(p.srcStride * 16 * sizeof(U)));
            call.range(TWIN_GM, ascendc_twin::gm_write_access(), dst.twin_address() + i * p.dstNdStride * sizeof(T),
                       p.nSize * sizeof(T), sizeof(T), p.mSize, static_cast<int64_t>(p.dstStride * sizeof(T)));
        }
        call.transfers();
        call.tell();
    }
    T row[4096];
    for (uint64_t i = 0; i < p.ndNum; ++i) {
        const U* from = src.twin_data() + i * p.srcNdStride * 256;
        T* to = dst.twin_data() + i * p.dstNdStride;
        for (uint64_t m = 0; m < p.mSize; ++m) {
            for (uint64_t n = 0; n < p.nSize; ++n)
                row[n] = ascendc_twin::stored<T>(from[(n / 16 * p.srcStride + m) * 16 + n % 16], p.reluEn);
            ascendc_twin::store_to_gm(to + m * p.dstStride, row, p.nSize * sizeof(T));
        }
    }
}

}  // namespace AscendC

#endif

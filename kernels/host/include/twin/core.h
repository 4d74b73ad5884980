/* The core that a program runs on: what its thread remembers, how it tells calls, and how it ends early. */
#ifndef ASCENDC_TWIN_CORE_H
#define ASCENDC_TWIN_CORE_H

#include <cstdarg>

#include "types.h"

namespace AscendC {
class TPipe;
}

namespace ascendc_twin {

constexpr bool checked = ASCENDC_TWIN_CHECKED != 0;

/* Where a call stands in the source: the last, defaulted parameter of each. */
struct At {
    const char* file;
    uint32_t line;
    explicit constexpr At(const char* file = __builtin_FILE(), uint32_t line = __builtin_LINE()) : file(file), line(line) {}
};

/* What unwinds a program that shall end; `run` catches it. */
struct Stop {
    int32_t code;
};

enum class Atomic : uint8_t { None, Add, Max, Min };
enum class Element : uint8_t { None, Float, Half, BFloat16, Int8, Int16, Int32 };

/* The rows of GM that a core is expected to copy in next (memory.h). */
struct Ahead {
    uint64_t next = 0;         /* where they start */
    uint64_t bytes, pitch;     /* of a row, from row to row */
    uint64_t line = 0, end;    /* of the row at hand: the line to fetch, and the row's end */
    uint64_t rows = 0;         /* to be fetched, with the one at hand */
};

/* Vector calls that are put off (chain.h): casts of the same elements one after the other, and a product between them. */
struct Chain {
    uint64_t n = 0; /* elements; 0: nothing is put off */
    const void* source;
    Element from;                  /* Int8, Half, BFloat16 */
    half* first = nullptr;         /* what int8 is to become first */
    float* x = nullptr;            /* what all are to become then; null: not yet */
    uint64_t scaled = 0, row = 0;  /* how many are multiplied there, in rows of so many */
    const float* scales = nullptr; /* of a row; null: by `scale` */
    float scale = 1.0f;
    bool whole = false;   /* they are rounded there */
    half* last = nullptr; /* and become half; null: not yet */
};

/* A core's registers, as far as the API shows them. */
struct State {
    twin_core* core;
    AscendC::TPipe* pipe = nullptr;
    Atomic atomic = Atomic::None;
    Element atomic_type = Element::None;
    uint64_t mask[2] = {~0ULL, ~0ULL};          /* SetVectorMask: low, high */
    half deq_scale = half(1.0f);                /* SetDeqScale */
    uint8_t flags[TWIN_PIPES][TWIN_PIPES] = {}; /* events that are set, a bit each */
    /* Places in GM that were read since the core last wrote there: `written` counts writes. */
    struct {
        uint64_t address;
        uint64_t written;
    } seen[64] = {};
    uint64_t written = 1;
    uint64_t stored = 0; /* bytes, by copies to GM */
    Ahead ahead;
    Chain chain;

    explicit State(twin_core* core) : core(core) { core->state = this; }
    ~State() { core->state = nullptr; }
    State(const State&) = delete;
};

/* One program runs on one thread from its start to its end. */
static thread_local State* state = nullptr;

inline twin_core& core() { return *state->core; }
inline const twin_services& services() { return *core().services; }

/* Whether [a, a + a_bytes) and [b, b + b_bytes) share a byte. */
inline bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes) { return a < b + b_bytes && b < a + a_bytes; }

/* Does what was put off. */
void finish_chain();

/* Before anything else touches a core's memory. */
inline void touch() {
    if (!checked && __builtin_expect(state->chain.n != 0, 0)) finish_chain();
}

/* Before the program reads something there itself: only what is yet to be written matters. */
inline void touch(const void* data, uint64_t bytes) {
    const Chain& chain = state->chain;
    if (checked || __builtin_expect(chain.n == 0, 1)) return;
    auto here = [=](const void* start, uint64_t size) {
        return start != nullptr && overlap(reinterpret_cast<uint64_t>(data), bytes, reinterpret_cast<uint64_t>(start), size);
    };
    const uint64_t halves = chain.n * sizeof(half);
    if (here(chain.first, halves) || here(chain.x, chain.n * sizeof(float)) || here(chain.last, halves)) finish_chain();
}

inline void obey(int32_t answer) {
    if (answer != 0) throw Stop{answer};
}

/* A core that reads a place in GM again, and has written nothing there between, polls it: others must get on. */
inline void polls(uint64_t address) {
    auto& seen = state->seen[address / 32 % 64];
    if (seen.address == address && seen.written == state->written) {
        obey(services().yield(&core()));
    }
    seen.address = address;
    seen.written = state->written;
}

/* What a copy may take of flags; longer ones are no polling. */
constexpr uint64_t FLAGS = 1024;

/* A rule is broken. Returns where the loader wants to see what follows. */
[[gnu::cold, gnu::noinline, gnu::format(printf, 4, 5)]] inline void finding(const char* call, At at, const char* rule,
                                                                            const char* format, ...) {
    char message[2048];
    va_list values;
    va_start(values, format);
    __builtin_vsnprintf(message, sizeof message, format, values);
    va_end(values);
    obey(services().finding(&core(), call, at.file, at.line, rule, message));
}

/* After a finding that nothing can follow. */
[[noreturn, gnu::cold]] inline void stop() { throw Stop{1}; }

inline const char* space_name(uint32_t space) {
    static const char* const names[] = {"GM", "UB", "L1", "L0A", "L0B", "L0C", "the bias table", "Fixpipe's buffer"};
    return space < TWIN_SPACES ? names[space] : "?";
}

inline const char* pipe_name(uint32_t pipe) {
    static const char* const names[] = {"S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"};
    return pipe <= TWIN_ALL ? names[pipe] : "?";
}

/* A call that is being told. Only checked images make one. */
class Call {
public:
    Call(const char* name, uint32_t pipe, At at) {
        call_.name = name;
        call_.file = at.file;
        call_.line = at.line;
        call_.pipe = pipe;
        call_.transfer = 0;
        call_.vector_elements = 0;
        call_.cube_macs = 0;
    }

    void range(uint32_t space, uint32_t access, uint64_t address, uint32_t bytes, uint32_t align, uint32_t count = 1,
               int64_t stride = 0) {
        if (bytes == 0 || count == 0) return;
        /* More runs than fit: the call is told in parts. */
        if (used_ == capacity) {
            tell();
            used_ = 0;
            call_.vector_elements = call_.cube_macs = 0;
        }
        twin_range& it = ranges_[used_++];
        it.address = address;
        it.stride = stride;
        it.count = count;
        it.bytes = bytes;
        it.space = static_cast<uint8_t>(space);
        it.access = static_cast<uint8_t>(access);
        it.align = static_cast<uint16_t>(align);
        it.reserved = 0;
    }

    void transfers() { call_.transfer = 1; }
    void vector(uint64_t elements) { call_.vector_elements = elements; }
    void cube(uint64_t macs) { call_.cube_macs = macs; }

    /* Before the effect. */
    void tell() {
        call_.ranges = ranges_;
        call_.range_count = used_;
        obey(services().call(&core(), &call_));
    }

private:
    static constexpr uint32_t capacity = 512;
    twin_call call_;
    uint32_t used_ = 0;
    twin_range ranges_[capacity];
};

}  // namespace ascendc_twin

#endif

/* Kernels for the conformance tests, against the seam alone: what a twin image of Ascend C becomes, written by hand. */
#include <string.h>

#include "twin/abi.h"

/* One core's index among all of its kind. */
static uint32_t index_of(const twin_core *core) {
    return core->kind == TWIN_AIV && core->sub_blocks > 0 ? core->block * core->sub_blocks + core->sub_block : core->block;
}

/* Element i of `out` becomes 1000 * block + i, for each i of the block's. Through the core's own memory, as a kernel does. */
typedef struct {
    uint32_t *out;
    uint64_t n;
} spread_args;

static int32_t spread(twin_core *core, const void *args) {
    const spread_args *it = args;
    uint32_t *ub = (uint32_t *)core->memory[TWIN_UB];
    for (uint64_t i = core->block; i < it->n; i += core->blocks) {
        ub[i % 64] = 1000 * core->block + (uint32_t)i;
        it->out[i] = ub[i % 64];
    }
    return 0;
}

/* Each core leaves in a row of four: its kind, its block, its number in the group, how many blocks there are; vector cores behind cube
 * cores. */
typedef struct {
    uint32_t *out;
    uint64_t cubes;
} groups_args;

static int32_t groups(twin_core *core, const void *args) {
    const groups_args *it = args;
    uint32_t *row = it->out + 4 * (index_of(core) + (core->kind == TWIN_AIV ? it->cubes : 0));
    row[0] = core->kind;
    row[1] = core->block;
    row[2] = core->sub_block;
    row[3] = core->blocks;
    return 0;
}

/* Rounds of: leave a number, wait for all, read what the next block left. */
typedef struct {
    uint32_t *slots;
    uint32_t *out;
    uint64_t rounds;
} meet_args;

static int32_t meet(twin_core *core, const void *args) {
    const meet_args *it = args;
    uint32_t sum = 0;
    for (uint32_t round = 0; round < it->rounds; ++round) {
        it->slots[core->block] = 10 * round + core->block;
        int32_t answer = core->services->sync_all(core, 1, "meet.cpp", 41);
        if (answer) return answer;
        sum += it->slots[(core->block + 1) % core->blocks];
        if ((answer = core->services->sync_all(core, 1, "meet.cpp", 44))) return answer;
    }
    it->out[core->block] = sum;
    return 0;
}

/* The first block waits for a barrier to which no other comes. */
static int32_t vain(twin_core *core, const void *args) {
    (void)args;
    return core->block == 0 ? core->services->sync_all(core, 1, "vain.cpp", 7) : 0;
}

/* A flag that nobody sets; or, with `set`, the cube core sets it for its vector cores. */
typedef struct {
    uint64_t set;
    uint32_t *out;
} flags_args;

static int32_t flags(twin_core *core, const void *args) {
    const flags_args *it = args;
    if (core->kind == TWIN_AIC) {
        if (!it->set) return 0;
        it->out[core->block] = 7 + core->block;
        return core->services->cross_set(core, 2, TWIN_FIX, 3, "flags.cpp", 12);
    }
    int32_t answer = core->services->cross_wait(core, 3, "flags.cpp", 14);
    if (answer) return answer;
    if (core->sub_block == 0) it->out[core->blocks + core->block] = it->out[core->block];
    return 0;
}

/* All blocks but the last poll what the last writes: never, where `value` is 0. */
typedef struct {
    volatile uint32_t *flag;
    uint64_t value;
    uint32_t *out;
} poll_args;

static int32_t poll(twin_core *core, const void *args) {
    const poll_args *it = args;
    if (core->block + 1 == core->blocks) {
        __atomic_store_n(it->flag, (uint32_t)it->value, __ATOMIC_RELEASE);
        return 0;
    }
    while (__atomic_load_n(it->flag, __ATOMIC_ACQUIRE) == 0) {
        int32_t answer = core->services->yield(core);
        if (answer) return answer;
    }
    it->out[core->block] = *it->flag;
    return 0;
}

/* Parameters of all sizes. */
typedef struct {
    uint64_t a;
    uint8_t b;
    uint16_t c;
    uint32_t d;
} mixed_struct;

typedef struct {
    uint64_t *out;
    uint64_t wide;
    mixed_struct by_value;
    const uint64_t *data;
} mixed_args;

static int32_t mixed(twin_core *core, const void *args) {
    const mixed_args *it = args;
    (void)core;
    const uint64_t found[] = {it->wide, it->by_value.a, it->by_value.b, it->by_value.c, it->by_value.d, it->data ? it->data[0] + it->data[1] : 0};
    memcpy(it->out, found, sizeof found);
    return 0;
}

static int32_t small(twin_core *core, const void *args) {
    (void)core;
    (void)args;
    return 0;
}

/* Ends by itself with a code. */
static int32_t stops(twin_core *core, const void *args) {
    (void)args;
    return core->block == 1 ? 9 : 0;
}

/* Never ends by itself, but asks. */
static int32_t spins(twin_core *core, const void *args) {
    (void)args;
    for (;;) {
        int32_t answer = core->services->yield(core);
        if (answer) return answer;
    }
}

static int32_t prints(twin_core *core, const void *args) {
    (void)args;
    const char text[] = "said by a kernel\n";
    core->services->print(core, text, sizeof text - 1);
    return 0;
}

/* ---- what the tests of the rules are written in: calls to the services, one after another */
typedef enum { CALL, SET, WAIT, BARRIER, FORGET, SYNC, CROSS_SET, CROSS_WAIT, YIELD, CACHE, DSB, FINDING } step_kind;

typedef struct {
    uint32_t what;
    int32_t block;  /* the block whose step it is; -1: of all */
    int32_t kind;   /* the same for the kind of core */
    int32_t sub;    /* the same for the number in the group */
    uint32_t a, b, c;
    uint32_t line;
    uint32_t pipe;
    uint32_t transfer;
    uint64_t vector_elements;
    uint64_t cube_macs;
    uint64_t address;
    char name[32];
    uint32_t range_count;
    uint32_t reserved;
    twin_range ranges[4];
} step;

typedef struct {
    const step *steps;
    uint64_t n;
} script_args;

static int32_t take(twin_core *core, const step *it) {
    static const char file[] = "script.cpp";
    const twin_services *to = core->services;
    switch (it->what) {
        case CALL: {
            if (!core->checked) return 0;
            twin_range ranges[4];
            for (uint32_t i = 0; i < it->range_count; ++i) {
                ranges[i] = it->ranges[i];
                /* A mark of these tests: the address counts from the steps. */
                if (ranges[i].reserved) ranges[i].address += (uint64_t)it;
            }
            /* One that loops: the place in the source is that of a step before. */
            const step *place = it - it->a;
            twin_call call = {place->name,  file, place->line, it->pipe, ranges, it->range_count,
                              it->transfer, it->vector_elements, it->cube_macs};
            return to->call(core, &call);
        }
        case SET: return to->set_flag(core, it->a, it->b, it->c, file, it->line);
        case WAIT: return to->wait_flag(core, it->a, it->b, it->c, file, it->line);
        case BARRIER: return to->pipe_barrier(core, it->pipe, file, it->line);
        case FORGET: return to->forget(core, it->a, it->b, it->c);
        case SYNC: return to->sync_all(core, it->a, file, it->line);
        case CROSS_SET: return to->cross_set(core, it->a, it->pipe, it->c, file, it->line);
        case CROSS_WAIT: return to->cross_wait(core, it->c, file, it->line);
        case YIELD: return to->yield(core);
        case CACHE: return to->cache_clean_invalidate(core, it->address, it->a, file, it->line);
        case DSB: return to->memory_barrier(core, it->a);
        case FINDING: return to->finding(core, it->name, file, it->line, "a rule", "a message");
    }
    return 99;
}

static int32_t script(twin_core *core, const void *args) {
    const script_args *it = args;
    for (uint64_t i = 0; i < it->n; ++i) {
        const step *next = it->steps + i;
        if (next->block >= 0 && (uint32_t)next->block != core->block) continue;
        if (next->kind >= 0 && (uint32_t)next->kind != core->kind) continue;
        if (next->sub >= 0 && (uint32_t)next->sub != core->sub_block) continue;
        int32_t answer = take(core, next);
        if (answer) return answer;
    }
    return 0;
}

/* ---- the image */
static const twin_param two[] = {{0, 8}, {8, 8}};
static const twin_param three[] = {{0, 8}, {8, 8}, {16, 8}};
static const twin_param of_mixed[] = {{0, 8}, {8, 8}, {16, 16}, {32, 8}};
static const twin_param of_small[] = {{0, 4}, {4, 4}, {8, 8}};

static const twin_kernel kernels[] = {
    {"spread", TWIN_AIV_ONLY, 0, 16, 2, two, spread},
    {"groups", TWIN_MIX_AIC_1_2, 0, 16, 2, two, groups},
    {"groups_1_1", TWIN_MIX_AIC_1_1, 0, 16, 2, two, groups},
    {"cubes", TWIN_AIC_ONLY, 0, 16, 2, two, groups},
    {"meet", TWIN_MIX_AIV_1_0, 1, 24, 3, three, meet},
    {"vain", TWIN_MIX_AIV_1_0, 1, 16, 2, two, vain},
    {"flags", TWIN_MIX_AIC_1_2, 0, 16, 2, two, flags},
    {"poll", TWIN_AIV_ONLY, 1, 24, 3, three, poll},
    {"mixed_77", TWIN_AIV_ONLY, 0, 40, 4, of_mixed, mixed},
    {"small", TWIN_AIV_ONLY, 0, 16, 3, of_small, small},
    {"stops", TWIN_AIV_ONLY, 0, 16, 2, two, stops},
    {"spins", TWIN_AIC_ONLY, 0, 16, 2, two, spins},
    {"prints", TWIN_AIV_ONLY, 0, 16, 2, two, prints},
    {"vectors", TWIN_AIV_ONLY, 0, 16, 2, two, script},
    {"vectors_in_step", TWIN_MIX_AIV_1_0, 1, 16, 2, two, script},
    {"vectors_as_free", TWIN_MIX_AIV_1_0, 0, 16, 2, two, script},
    {"pairs", TWIN_MIX_AIC_1_2, 0, 16, 2, two, script},
};

__attribute__((visibility("default"))) const twin_image *ascendc_twin_image(void) {
    static const twin_image image = {
#ifdef OTHER_ABI
        ASCENDC_TWIN_ABI + 1,
#else
        ASCENDC_TWIN_ABI,
#endif
        sizeof(twin_image), CHECKED, sizeof kernels / sizeof *kernels, kernels};
    return &image;
}

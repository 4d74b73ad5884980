/* The seam between a twin image (an Ascend C kernel compiled for the CPU) and what loads it, the simulated NPU.
 *
 * A twin image is a shared object with one exported symbol, `ascendc_twin_image`. Everything else passes through the two tables
 * below. `src/abi.rs` says the same in Rust, with layout assertions. C, and versioned: a loader refuses another version.
 */
#ifndef ASCENDC_TWIN_ABI_H
#define ASCENDC_TWIN_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASCENDC_TWIN_ABI 1

/* What runs a program: a vector core (AIV) or a cube core (AIC). */
typedef enum { TWIN_AIV = 0, TWIN_AIC = 1 } twin_core_kind;

/* The cores of one block, as KERNEL_TASK_TYPE_DEFAULT or a qualifier of the kernel says. */
typedef enum {
    TWIN_AIV_ONLY = 0,    /* one AIV */
    TWIN_AIC_ONLY = 1,    /* one AIC */
    TWIN_MIX_AIV_1_0 = 2, /* one AIV, with the hardware's barriers */
    TWIN_MIX_AIC_1_0 = 3, /* one AIC, with the hardware's barriers */
    TWIN_MIX_AIC_1_1 = 4, /* one AIC and one AIV */
    TWIN_MIX_AIC_1_2 = 5  /* one AIC and two AIVs */
} twin_kernel_type;

/* Where bytes are. TWIN_GM addresses are addresses of the process; all others are offsets into the core's own memory. */
typedef enum {
    TWIN_GM = 0,
    TWIN_UB = 1,
    TWIN_L1 = 2,
    TWIN_L0A = 3,
    TWIN_L0B = 4,
    TWIN_L0C = 5,
    TWIN_BT = 6,  /* bias table */
    TWIN_FB = 7,  /* Fixpipe's buffer */
    TWIN_SPACES = 8
} twin_space;

/* The queues of instructions of a core that run beside each other. */
typedef enum {
    TWIN_S = 0,    /* scalar */
    TWIN_V = 1,    /* vector */
    TWIN_M = 2,    /* cube */
    TWIN_MTE1 = 3, /* L1 to L0 */
    TWIN_MTE2 = 4, /* GM to UB, L1 */
    TWIN_MTE3 = 5, /* UB to GM, L1 */
    TWIN_FIX = 6,  /* L0C to GM, L1 */
    TWIN_PIPES = 7,
    TWIN_ALL = 7   /* all of them, in a barrier */
} twin_pipe;

typedef enum {
    TWIN_READ = 1,
    TWIN_WRITE = 2,
    TWIN_ATOMIC = 4, /* with WRITE: the hardware adds in memory; such writes do not race with each other */
    TWIN_CACHED = 8  /* a scalar access to GM through the data cache, which is coherent with nothing */
} twin_access;

/* Bytes that a call reads or writes: `count` runs of `bytes`, whose starts are `stride` bytes apart. */
typedef struct {
    uint64_t address;
    int64_t stride;
    uint32_t count;
    uint32_t bytes;
    uint8_t space;  /* twin_space */
    uint8_t access; /* twin_access, or-ed */
    uint16_t align; /* asked of `address`, `stride` and, except in GM and by the vector unit, `bytes`; in bytes; 0: nothing */
    uint32_t reserved;
} twin_range;

/* One call of the API. In a checked image it is told before its effect. */
typedef struct {
    const char *name; /* as in the source: "DataCopyPad" */
    const char *file; /* of the source that called, may be null */
    uint32_t line;
    uint32_t pipe; /* twin_pipe */
    const twin_range *ranges;
    uint32_t range_count;
    uint32_t transfer;        /* not 0: moves bytes of GM, in runs as its ranges in GM say */
    uint64_t vector_elements; /* elements that the vector unit works on */
    uint64_t cube_macs;       /* multiply-adds of the cube */
} twin_call;

struct twin_services;

/* One core of one block of a launch. The loader makes it and lends it to the kernel's entry. */
typedef struct {
    const struct twin_services *services;
    void *host;                    /* the loader's own */
    uint8_t *memory[TWIN_SPACES];  /* base of each space; null for TWIN_GM and for what the core cannot reach */
    uint32_t size[TWIN_SPACES];    /* usable bytes of each */
    uint32_t kind;                 /* twin_core_kind */
    uint32_t block;                /* index of the block (for an AIV of a mixed kernel: of its group) */
    uint32_t blocks;               /* what the launch asked for */
    uint32_t sub_block;            /* which of a group's AIVs */
    uint32_t sub_blocks;           /* AIVs of a group */
    uint32_t checked;
    uint64_t cycles;               /* GetSystemCycle */
    void *state;                   /* the image's own, for the length of a launch: what TPipe and atomics mode need; null at entry */
} twin_core;

/* What a kernel may ask of the loader. An answer other than 0 means that the kernel shall end: the image unwinds to its `run`, which
 * returns it. */
typedef struct twin_services {
    uint32_t abi;  /* ASCENDC_TWIN_ABI */
    uint32_t size; /* of this struct */

    /* A call is about to take effect (checked images). Not 0: it must not. */
    int32_t (*call)(twin_core *core, const twin_call *call);
    /* The image itself found a rule broken (queue discipline, repeat and stride limits, ...). */
    int32_t (*finding)(twin_core *core, const char *name, const char *file, uint32_t line, const char *rule, const char *message);

    /* Events inside a core (checked images). */
    int32_t (*set_flag)(twin_core *core, uint32_t from, uint32_t to, uint32_t id, const char *file, uint32_t line);
    int32_t (*wait_flag)(twin_core *core, uint32_t from, uint32_t to, uint32_t id, const char *file, uint32_t line);
    int32_t (*pipe_barrier)(twin_core *core, uint32_t pipe, const char *file, uint32_t line);
    /* Bytes of a core's memory hold nothing from now on: AllocTensor, a fresh TBuf, the end of a TPipe. */
    int32_t (*forget)(twin_core *core, uint32_t space, uint32_t offset, uint32_t bytes);

    /* Between cores (all images). They wait. */
    /* aiv_only: 1 for vector cores only; and 2 where the barrier goes by way of memory, which kernels of any type can. */
    int32_t (*sync_all)(twin_core *core, uint32_t aiv_only, const char *file, uint32_t line);
    int32_t (*cross_set)(twin_core *core, uint32_t mode, uint32_t pipe, uint32_t id, const char *file, uint32_t line);
    int32_t (*cross_wait)(twin_core *core, uint32_t id, const char *file, uint32_t line);
    /* A kernel polls memory that another core writes: let others run. */
    int32_t (*yield)(twin_core *core);

    /* The data cache (checked images): one line of 64 bytes at `address`, or all of it (address 0). */
    int32_t (*cache_clean_invalidate)(twin_core *core, uint64_t address, uint32_t entire, const char *file, uint32_t line);
    int32_t (*memory_barrier)(twin_core *core, uint32_t type);

    /* printf of a kernel, one message. */
    void (*print)(twin_core *core, const char *text, uint32_t length);
} twin_services;

/* A parameter of a kernel, where it lies in the packed arguments. */
typedef struct {
    uint32_t offset;
    uint32_t size;
} twin_param;

typedef struct {
    const char *name;
    uint32_t type;          /* twin_kernel_type */
    uint32_t schedule_mode; /* 1: all blocks must be resident, as __schedmode__(1) says */
    uint32_t args_size;
    uint32_t param_count;
    const twin_param *params; /* each aligned as C aligns it */
    /* Runs the program of one core. 0: it returned; else it stopped where a service told it to. */
    int32_t (*run)(twin_core *core, const void *args);
} twin_kernel;

typedef struct {
    uint32_t abi;  /* ASCENDC_TWIN_ABI */
    uint32_t size; /* of this struct */
    uint32_t checked;
    uint32_t kernel_count;
    const twin_kernel *kernels;
} twin_image;

/* The one exported symbol. */
typedef const twin_image *(*ascendc_twin_image_fn)(void);

#ifdef __cplusplus
}
#endif
#endif

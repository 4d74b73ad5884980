/* Copied by `cargo run -p ascend-rl-abi` from ffi/abi/src/headers/securec.h. */
/** Copies and texts with bounds, as the open library of bounds checks (libboundscheck) has them: libc_sec.so. What prints is not here. */
#ifndef ASCEND_RL_SECUREC_H
#define ASCEND_RL_SECUREC_H

#include <stddef.h>
#include <string.h>

#ifndef EOK
#define EOK 0
#endif
#ifndef EINVAL
#define EINVAL 22
#endif
#ifndef ERANGE
#define ERANGE 34
#endif
/** A bad argument; what is written to is made empty. */
#define EINVAL_AND_RESET 150
/** No room; what is written to is made empty. */
#define ERANGE_AND_RESET 162
/** The two overlap; what is written to is made empty. */
#define EOVERLAP_AND_RESET 182

#ifndef errno_t
typedef int errno_t;
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Sets `count` bytes of the `dest_max` at `dest`. */
errno_t memset_s(void *dest, size_t dest_max, int c, size_t count);
/** Copies `count` bytes into the `dest_max` at `dest`. The two must not overlap. */
errno_t memcpy_s(void *dest, size_t dest_max, const void *src, size_t count);
/** The same; the two may overlap. */
errno_t memmove_s(void *dest, size_t dest_max, const void *src, size_t count);
/** Copies a text into the `dest_max` bytes at `dest`. */
errno_t strcpy_s(char *dest, size_t dest_max, const char *src);
/** The same, at most `count` bytes of it. */
errno_t strncpy_s(char *dest, size_t dest_max, const char *src, size_t count);
/** Appends a text to the one in the `dest_max` bytes at `dest`. */
errno_t strcat_s(char *dest, size_t dest_max, const char *src);
/** The same, at most `count` bytes of it. */
errno_t strncat_s(char *dest, size_t dest_max, const char *src, size_t count);

#ifdef __cplusplus
}
#endif

#endif

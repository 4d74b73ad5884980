/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** What libraries report to the profiler, an inner header of a toolkit's: libprofapi.so. */
#ifndef ASCEND_RL_PROFILING_APROF_PUB_H
#define ASCEND_RL_PROFILING_APROF_PUB_H

#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A call, with its times: `struct MsprofApi`. Since CANN 8.1. */
int32_t MsprofReportApi(uint32_t nonPersistentFlag, const void *api);

/** A fact of at most 40 bytes: `struct MsprofCompactInfo`. Since CANN 8.1. */
int32_t MsprofReportCompactInfo(uint32_t nonPersistentFlag, const void *data, uint32_t length);

/** A fact of more bytes: `struct MsprofAdditionalInfo`. Since CANN 8.1. */
int32_t MsprofReportAdditionalInfo(uint32_t nonPersistentFlag, const void *data, uint32_t length);

/** The number that reports name a text by; all ones where there is no text. Since CANN 8.1. */
uint64_t MsprofGetHashId(const char *hashInfo, size_t length);

/** The time on the clock of reports. Since CANN 8.1. */
uint64_t MsprofSysCycleTime(void);

/** The device of a loaded model. Since CANN 8.1. */
int32_t MsprofSetDeviceIdByGeModelIdx(uint32_t geModelIdx, uint32_t deviceId);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Dumps of operators: libascend_dump.so. */
#ifndef ASCEND_RL_ACL_ACL_DUMP_H
#define ASCEND_RL_ACL_ACL_DUMP_H

#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Writes a file an operator and shape into a folder, from now on. Since CANN 8.1. */
aclError aclopStartDumpArgs(uint32_t dumpType, const char *path);

/** Up to now. Since CANN 8.1. */
aclError aclopStopDumpArgs(uint32_t dumpType);

/** Gives dumps to a function, in pieces, and not to files. `flag` is 0. Since CANN 8.1. */
aclError acldumpRegCallback(int32_t (*messageCallback)(const acldumpChunk *chunk, int32_t length), int32_t flag);

/** To files again. Since CANN 8.1. */
void acldumpUnregCallback(void);

/** The folder that dumps of a kind go to; null where none do. Since CANN 8.5. */
const char *acldumpGetPath(acldumpType dumpType);

/** The folder of what operators had that failed, into `path` with room for `maxLen` bytes. Since CANN 9.1. */
aclError acldumpGetExceptionInfoPath(char *path, size_t maxLen);

/** Writes tensors into a file there. `userTag` may be null. Since CANN 9.1. */
aclError acldumpSaveExceptionInfo(const char *fileName, const char *userTag, const acldumpTensorInfo *tensors,
    size_t tensorCount);

#ifdef __cplusplus
}
#endif

#endif

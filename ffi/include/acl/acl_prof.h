/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Profiling: libmsprofiler.so. */
#ifndef ASCEND_RL_ACL_ACL_PROF_H
#define ASCEND_RL_ACL_ACL_PROF_H

#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Begins profiling, with its results in the folder `path` (of `length` bytes). Since CANN 8.1. */
aclError aclprofInit(const char *path, size_t length);

/** Ends it. Since CANN 8.1. */
aclError aclprofFinalize(void);

/** What to collect, an OR of `ACL_PROF_...`, and of which devices; null where that cannot be. Since CANN 8.1. */
aclprofConfig *aclprofCreateConfig(uint32_t *deviceIds, uint32_t deviceNums, aclprofAicoreMetrics metrics,
    const aclprofAicoreEvents *events, uint64_t dataTypes);

/** Destroys that. Since CANN 8.1. */
aclError aclprofDestroyConfig(const aclprofConfig *config);

/** Collects from now on. Since CANN 8.1. */
aclError aclprofStart(const aclprofConfig *config);

/** Up to now; the results are written. Since CANN 8.1. */
aclError aclprofStop(const aclprofConfig *config);

/** A stamp, which a mark or a range is made with; null unless the program's own ranges are collected. Since CANN 8.1. */
void *aclprofCreateStamp(void);

/** Destroys it. Since CANN 8.1. */
void aclprofDestroyStamp(void *stamp);

/** Gives it a text, of fewer than 128 bytes. Since CANN 8.1. */
aclError aclprofSetStampTraceMessage(void *stamp, const char *message, uint32_t length);

/** A moment. Since CANN 8.1. */
aclError aclprofMark(void *stamp);

/** Begins a range of this thread, inside those that it has begun. Since CANN 8.1. */
aclError aclprofPush(void *stamp);

/** Ends this thread's innermost range. Since CANN 8.1. */
aclError aclprofPop(void);

/** Begins a range that any thread may end. Since CANN 8.1. */
aclError aclprofRangeStart(void *stamp, uint32_t *rangeId);

/** Ends it. Since CANN 8.1. */
aclError aclprofRangeStop(uint32_t rangeId);

/** Sets an option, whose value is a text of `configLength` bytes. Since CANN 8.1. */
aclError aclprofSetConfig(aclprofConfigType configType, const char *config, size_t configLength);

/** The marks of an iteration. Since CANN 8.1. */
aclprofStepInfo *aclprofCreateStepInfo(void);

/** Destroys them. Since CANN 8.1. */
void aclprofDestroyStepInfo(aclprofStepInfo *stepInfo);

/** Marks the beginning or the end of the iteration, in the order of the stream. Since CANN 8.1. */
aclError aclprofGetStepTimestamp(aclprofStepInfo *stepInfo, aclprofStepTag tag, aclrtStream stream);

/** What to tell through a pipe. Since CANN 8.1. */
aclprofSubscribeConfig *aclprofCreateSubscribeConfig(int8_t timeInfoSwitch, aclprofAicoreMetrics metrics, void *fd);

/** Destroys it. Since CANN 8.1. */
aclError aclprofDestroySubscribeConfig(const aclprofSubscribeConfig *config);

/** Tells it of a model. Since CANN 8.1. */
aclError aclprofModelSubscribe(uint32_t modelId, const aclprofSubscribeConfig *config);

/** No longer. Since CANN 8.1. */
aclError aclprofModelUnSubscribe(uint32_t modelId);

/** Bytes of what is told of one operator. Since CANN 8.1. */
aclError aclprofGetOpDescSize(size_t *opDescSize);

/** How many operators are told of. Since CANN 8.1. */
aclError aclprofGetOpNum(const void *opInfo, size_t opInfoLen, uint32_t *opNumber);

/** Bytes of an operator's kind. Since CANN 8.1. */
aclError aclprofGetOpTypeLen(const void *opInfo, size_t opInfoLen, uint32_t index, size_t *opTypeLen);

/** Its kind. Since CANN 8.1. */
aclError aclprofGetOpType(const void *opInfo, size_t opInfoLen, uint32_t index, char *opType, size_t opTypeLen);

/** Bytes of its name. Since CANN 8.1. */
aclError aclprofGetOpNameLen(const void *opInfo, size_t opInfoLen, uint32_t index, size_t *opNameLen);

/** Its name. Since CANN 8.1. */
aclError aclprofGetOpName(const void *opInfo, size_t opInfoLen, uint32_t index, char *opName, size_t opNameLen);

/** When it began. Since CANN 8.1. */
uint64_t aclprofGetOpStart(const void *opInfo, size_t opInfoLen, uint32_t index);

/** When it ended. Since CANN 8.1. */
uint64_t aclprofGetOpEnd(const void *opInfo, size_t opInfoLen, uint32_t index);

/** How long it took. Since CANN 8.1. */
uint64_t aclprofGetOpDuration(const void *opInfo, size_t opInfoLen, uint32_t index);

/** The model that it is of. Since CANN 8.1. */
size_t aclprofGetModelId(const void *opInfo, size_t opInfoLen, uint32_t index);

/** What the entry tells of. Since CANN 8.5. */
aclprofSubscribeOpFlag aclprofGetOpFlag(const void *opInfo, size_t opInfoLen, uint32_t index);

/** A further fact of it. Since CANN 8.5. */
const char *aclprofGetOpAttriValue(const void *opInfo, size_t opInfoLen, uint32_t index, aclprofSubscribeOpAttri attri);

#ifdef __cplusplus
}
#endif

#endif

/* A program for CANN: device, stream, copies, an operator, an all-reduce over devices. It knows nothing of the simulator.
   Prints what it found; ends with 0 only if every number is right. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "acl/acl.h"
#include "aclnnop/aclnn_add.h"
#include "aclnnop/aclnn_rms_norm.h"
#include "hccl/hccl.h"

#define CHECK(call)                                                                              \
    do {                                                                                         \
        int code = (int)(call);                                                                  \
        if (code != 0) {                                                                         \
            const char *why = aclGetRecentErrMsg();                                              \
            fprintf(stderr, "%s:%d: %s returned %d: %s\n", __FILE__, __LINE__, #call, code, why ? why : ""); \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

enum { COUNT = 1000, DEVICES = 2 };

static void expect(float found, float wanted, const char *what, int at)
{
    if (fabsf(found - wanted) > 1e-6f * fabsf(wanted)) {
        fprintf(stderr, "%s[%d] is %g, not %g\n", what, at, found, wanted);
        exit(1);
    }
}

static aclTensor *vector(void *data)
{
    int64_t dims[1] = {COUNT};
    return aclCreateTensor(dims, 1, ACL_FLOAT, NULL, 0, ACL_FORMAT_ND, dims, 1, data);
}

/* out = x + 2 * y, in the order of the stream. */
static void add(void *x, void *y, void *out, aclrtStream stream)
{
    float two = 2.0f;
    aclTensor *tensors[3] = {vector(x), vector(y), vector(out)};
    aclScalar *alpha = aclCreateScalar(&two, ACL_FLOAT);
    uint64_t size = 0;
    aclOpExecutor *executor = NULL;
    CHECK(aclnnAddGetWorkspaceSize(tensors[0], tensors[1], alpha, tensors[2], &size, &executor));
    void *workspace = NULL;
    if (size > 0) {
        CHECK(aclrtMalloc(&workspace, size, ACL_MEM_MALLOC_HUGE_FIRST));
    }
    CHECK(aclnnAdd(workspace, size, executor, stream));
    CHECK(aclrtSynchronizeStream(stream));
    if (workspace != NULL) {
        CHECK(aclrtFree(workspace));
    }
    for (int i = 0; i < 3; i++) {
        CHECK(aclDestroyTensor(tensors[i]));
    }
    CHECK(aclDestroyScalar(alpha));
}

int main(void)
{
    uint32_t count = 0;
    CHECK(aclInit(NULL));
    CHECK(aclrtGetDeviceCount(&count));
    printf("%s, %u devices\n", aclrtGetSocName(), count);
    if (count < DEVICES) {
        fprintf(stderr, "%d devices are needed\n", DEVICES);
        return 1;
    }

    /* The null scalar of the operator is refused, and the thread's text says why. */
    uint64_t size = 0;
    aclOpExecutor *executor = NULL;
    CHECK(aclrtSetDevice(0));
    if (aclnnAddGetWorkspaceSize(NULL, NULL, NULL, NULL, &size, &executor) != ACLNN_ERR_PARAM_NULLPTR) {
        fprintf(stderr, "null tensors were taken\n");
        return 1;
    }
    printf("refused: %s\n", aclGetRecentErrMsg());

    static float host[COUNT];
    int32_t ids[DEVICES];
    void *data[DEVICES];
    aclrtStream streams[DEVICES];
    HcclComm comms[DEVICES];
    for (int d = 0; d < DEVICES; d++) {
        ids[d] = d;
        CHECK(aclrtSetDevice(d));
        CHECK(aclrtCreateStream(&streams[d]));
        CHECK(aclrtMalloc(&data[d], sizeof(host), ACL_MEM_MALLOC_HUGE_FIRST));
        for (int i = 0; i < COUNT; i++) {
            host[i] = (float)(i + 1000 * d);
        }
        CHECK(aclrtMemcpy(data[d], sizeof(host), host, sizeof(host), ACL_MEMCPY_HOST_TO_DEVICE));
        add(data[d], data[d], data[d], streams[d]);
    }
    CHECK(HcclCommInitAll(DEVICES, ids, comms));
    for (int d = 0; d < DEVICES; d++) {
        CHECK(aclrtSetDevice(d));
        CHECK(HcclAllReduce(data[d], data[d], COUNT, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, comms[d], streams[d]));
    }
    for (int d = 0; d < DEVICES; d++) {
        CHECK(aclrtSetDevice(d));
        CHECK(aclrtSynchronizeStream(streams[d]));
        CHECK(aclrtMemcpy(host, sizeof(host), data[d], sizeof(host), ACL_MEMCPY_DEVICE_TO_HOST));
        for (int i = 0; i < COUNT; i++) {
            expect(host[i], 3.0f * (float)(2 * i + 1000), "sum", i);
        }
    }
    for (int d = 0; d < DEVICES; d++) {
        CHECK(aclrtSetDevice(d));
        CHECK(HcclCommDestroy(comms[d]));
        CHECK(aclrtDestroyStream(streams[d]));
        CHECK(aclrtFree(data[d]));
        CHECK(aclrtResetDevice(d));
    }
    CHECK(aclFinalize());
    printf("%d sums are right\n", DEVICES * COUNT);
    return 0;
}

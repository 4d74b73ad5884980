/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** The compiler of single operators: libacl_op_compiler.so. */
#ifndef ASCEND_RL_ACL_ACL_OP_COMPILER_H
#define ASCEND_RL_ACL_ACL_OP_COMPILER_H

#include "acl/acl_op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Compiles an operator by its name and runs it in the order of the stream. Since CANN 8.1. */
aclError aclopCompileAndExecute(const char *opType, int32_t numInputs, const aclTensorDesc *const *inputDesc,
    const aclDataBuffer *const *inputs, int32_t numOutputs, const aclTensorDesc *const *outputDesc,
    aclDataBuffer *const *outputs, const aclopAttr *attr, aclopEngineType engineType, aclopCompileType compileFlag,
    const char *opPath, aclrtStream stream);

/** The same; the shapes of the outputs are filled in. Since CANN 8.1. */
aclError aclopCompileAndExecuteV2(const char *opType, int32_t numInputs, aclTensorDesc **inputDesc,
    aclDataBuffer **inputs, int32_t numOutputs, aclTensorDesc **outputDesc, aclDataBuffer **outputs, aclopAttr *attr,
    aclopEngineType engineType, aclopCompileType compileFlag, const char *opPath, aclrtStream stream);

/** Sets an option of the compiler. Since CANN 8.1. */
aclError aclSetCompileopt(aclCompileOpt opt, const char *value);

/** The bytes of an option's value with the NUL; 0 where it has none. Since CANN 8.1. */
size_t aclGetCompileoptSize(aclCompileOpt opt);

/** The value, for the few options that can be read. Since CANN 8.1. */
aclError aclGetCompileopt(aclCompileOpt opt, char *value, size_t length);

/** Options of the next. Since CANN 8.1. */
aclGraphDumpOption *aclCreateGraphDumpOpt(void);

/** Destroys them. Since CANN 8.1. */
aclError aclDestroyGraphDumpOpt(const aclGraphDumpOption *graphDumpOpt);

/** Writes an operator's graph to a file, for a tool that tunes it. Since CANN 8.1. */
aclError aclGenGraphAndDumpForOp(const char *opType, int32_t numInputs, const aclTensorDesc *const *inputDesc,
    const aclDataBuffer *const *inputs, int32_t numOutputs, const aclTensorDesc *const *outputDesc,
    aclDataBuffer *const *outputs, const aclopAttr *attr, aclopEngineType engineType, const char *graphDumpPath,
    const aclGraphDumpOption *graphDumpOpt);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Single operators by name, and their attributes: libascendcl.so. */
#ifndef ASCEND_RL_ACL_ACL_OP_H
#define ASCEND_RL_ACL_ACL_OP_H

#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** No attributes yet. Since CANN 8.1. */
aclopAttr *aclopCreateAttr(void);

/** Destroys them. Since CANN 8.1. */
void aclopDestroyAttr(const aclopAttr *attr);

/** Sets one to a bool, 0 or 1. Since CANN 8.1. */
aclError aclopSetAttrBool(aclopAttr *attr, const char *attrName, uint8_t attrValue);

/** To a whole number. Since CANN 8.1. */
aclError aclopSetAttrInt(aclopAttr *attr, const char *attrName, int64_t attrValue);

/** To a number. Since CANN 8.1. */
aclError aclopSetAttrFloat(aclopAttr *attr, const char *attrName, float attrValue);

/** To a text. Since CANN 8.1. */
aclError aclopSetAttrString(aclopAttr *attr, const char *attrName, const char *attrValue);

/** To a dtype. Since CANN 8.1. */
aclError aclopSetAttrDataType(aclopAttr *attr, const char *attrName, aclDataType attrValue);

/** To bools. Since CANN 8.1. */
aclError aclopSetAttrListBool(aclopAttr *attr, const char *attrName, int32_t numValues, const uint8_t *values);

/** To whole numbers. Since CANN 8.1. */
aclError aclopSetAttrListInt(aclopAttr *attr, const char *attrName, int32_t numValues, const int64_t *values);

/** To numbers. Since CANN 8.1. */
aclError aclopSetAttrListFloat(aclopAttr *attr, const char *attrName, int32_t numValues, const float *values);

/** To lists of whole numbers. Since CANN 8.1. */
aclError aclopSetAttrListListInt(aclopAttr *attr, const char *attrName, int32_t numLists, const int32_t *numValues,
    const int64_t *const *values);

#ifdef __cplusplus
}
#endif

#endif

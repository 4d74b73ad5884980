/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Allocators of the program's own: libascendcl.so, libacl_rt.so. */
#ifndef ASCEND_RL_ACL_ACL_RT_ALLOCATOR_H
#define ASCEND_RL_ACL_ACL_RT_ALLOCATOR_H

#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An allocator's description, empty. Since CANN 8.1. */
aclrtAllocatorDesc aclrtAllocatorCreateDesc(void);

/** Destroys it. Since CANN 8.1. */
aclError aclrtAllocatorDestroyDesc(aclrtAllocatorDesc allocatorDesc);

/** Sets what the functions are called with. Since CANN 8.1. */
aclError aclrtAllocatorSetObjToDesc(aclrtAllocatorDesc allocatorDesc, aclrtAllocator allocator);

/** What gives a block. Since CANN 8.1. */
aclError aclrtAllocatorSetAllocFuncToDesc(aclrtAllocatorDesc allocatorDesc, aclrtAllocatorAllocFunc func);

/** What takes it back. Since CANN 8.1. */
aclError aclrtAllocatorSetFreeFuncToDesc(aclrtAllocatorDesc allocatorDesc, aclrtAllocatorFreeFunc func);

/** What gives a block at an address. Since CANN 8.1. */
aclError aclrtAllocatorSetAllocAdviseFuncToDesc(aclrtAllocatorDesc allocatorDesc, aclrtAllocatorAllocAdviseFunc func);

/** What gives a block's address. Since CANN 8.1. */
aclError aclrtAllocatorSetGetAddrFromBlockFuncToDesc(aclrtAllocatorDesc allocatorDesc,
    aclrtAllocatorGetAddrFromBlockFunc func);

/** Operators on a stream take their memory from it. The description is copied; the last one counts. Since CANN 8.1. */
aclError aclrtAllocatorRegister(aclrtStream stream, aclrtAllocatorDesc allocatorDesc);

/** The stream's allocator. All but `allocatorDesc` may be null. Since CANN 8.5. */
aclError aclrtAllocatorGetByStream(aclrtStream stream, aclrtAllocatorDesc *allocatorDesc, aclrtAllocator *allocator,
    aclrtAllocatorAllocFunc *allocFunc, aclrtAllocatorFreeFunc *freeFunc,
    aclrtAllocatorAllocAdviseFunc *allocAdviseFunc, aclrtAllocatorGetAddrFromBlockFunc *getAddrFromBlockFunc);

/** The stream has none any more. Since CANN 8.1. */
aclError aclrtAllocatorUnregister(aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** What every operator's header needs. */
#ifndef ASCEND_RL_ACLNN_ACLNN_BASE_H
#define ASCEND_RL_ACLNN_ACLNN_BASE_H

#include "aclnn/acl_meta.h"

#endif

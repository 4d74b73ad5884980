/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** The device runtime. */
#ifndef ASCEND_RL_ACL_ACL_H
#define ASCEND_RL_ACL_ACL_H

#include "acl/acl_rt.h"
#include "acl/acl_op.h"

#endif

/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Communicators, by the name that their header has from CANN 8.5 on. */
#ifndef ASCEND_RL_HCCL_HCCL_COMM_H
#define ASCEND_RL_HCCL_HCCL_COMM_H

#include "hccl/hccl.h"

#endif

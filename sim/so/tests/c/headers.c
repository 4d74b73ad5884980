/* Every header, in C11 and in C++17, with all warnings as errors. */
#include "acl/acl.h"
#include "acl/acl_prof.h"
#include "acl/acl_tdt.h"
#include "acl/acl_tdt_queue.h"
#include "aclnn/acl_meta.h"
#include "aclnn/aclnn_base.h"
#include "aclnnop/all.h"
#include "hccl/hccl.h"
#include "hccl/hccl_comm.h"
#include "atb_shim.h"

int main(void)
{
    HcclCommConfig config;
    HcclCommConfigInit(&config);
    return sizeof(config) == 2248 && config.size == 2248 && sizeof(HcclRootInfo) == HCCL_ROOT_INFO_BYTES ? 0 : 1;
}

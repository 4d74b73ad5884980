//! Types of single operators by name: `acl_base.h` (`acl_base_mdl.h` from 8.5 on), `acl_op.h`, `acl_op_compiler.h`.

use std::ffi::c_int;

opaque! {
    /// What a single operator's tensor looks like; it has no data.
    aclTensorDesc;
    /// Where a single operator's data is.
    aclDataBuffer;
    /// A single operator's attributes.
    aclopAttr;
    /// How a single operator's graph is written to a file.
    aclGraphDumpOption;
}

c_enum! {
    /// Where a single operator's tensor is.
    aclMemType: c_int { ACL_MEMTYPE_DEVICE = 0; ACL_MEMTYPE_HOST = 1; ACL_MEMTYPE_HOST_COMPILE_INDEPENDENT = 2; }
}
c_enum! {
    /// What runs a single operator.
    aclopEngineType: c_int { ACL_ENGINE_SYS = 0; ACL_ENGINE_AICORE = 1; ACL_ENGINE_VECTOR = 2; }
}
c_enum! {
    /// Where a single operator's code is from: the toolkit, or a file of the program's.
    aclopCompileType: c_int { ACL_COMPILE_SYS = 0; ACL_COMPILE_UNREGISTERED = 1; }
}
c_enum! {
    /// Options of the compiler of single operators.
    aclCompileOpt: c_int {
        ACL_PRECISION_MODE = 0; ACL_AICORE_NUM = 1; ACL_AUTO_TUNE_MODE = 2; ACL_OP_SELECT_IMPL_MODE = 3; ACL_OPTYPELIST_FOR_IMPLMODE = 4;
        ACL_OP_DEBUG_LEVEL = 5; ACL_DEBUG_DIR = 6; ACL_OP_COMPILER_CACHE_MODE = 7; ACL_OP_COMPILER_CACHE_DIR = 8;
        ACL_OP_PERFORMANCE_MODE = 9; ACL_OP_JIT_COMPILE = 10; ACL_OP_DETERMINISTIC = 11; ACL_CUSTOMIZE_DTYPES = 12;
        ACL_OP_PRECISION_MODE = 13; ACL_ALLOW_HF32 = 14; ACL_PRECISION_MODE_V2 = 15; ACL_OP_DEBUG_OPTION = 16;
    }
}

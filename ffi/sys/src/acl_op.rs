//! Single operators by name, `libascendcl.so` and `libacl_op_compiler.so`: `acl/acl_base.h` (`acl_base_mdl.h` from 8.5 on),
//! `acl/acl_op.h`, `acl/acl_op_compiler.h`, the files that operators are dumped to, `acl/acl_mdl.h`,
//! `acl/acl_dump.h`; and the allocators that they take memory from, `acl/acl_rt_allocator.h`.
//!
//! This library runs operators by their functions (`aclnn`) and never by their names. The rows are for programs that link both ways,
//! as torch_npu does. Those of the compiler's library are looked up in `libascendcl.so` all the same, and are then absent:
//! the compiler is not opened for a program that does not use it.

use crate::types::*;
use std::ffi::{c_char, c_int, c_void};

/// The symbols of single operators. Calls `$emit! { AclOp, Lib::AscendCl; rows }`.
#[macro_export]
macro_rules! op_symbols {
    ($emit:ident) => { $emit! { AclOp, $crate::Lib::AscendCl;
        // ---- tensors without data
        /// A tensor's dtype, shape and format; null where the shape is none.
        [optional "8.1"] fn aclCreateTensorDesc(data_type: aclDataType, num_dims: c_int, dims: *const i64, format: aclFormat) -> *mut aclTensorDesc;
        /// Destroys it.
        [optional "8.1"] fn aclDestroyTensorDesc(desc: *const aclTensorDesc) -> ();
        /// Its dtype; undefined for null.
        [optional "8.1"] fn aclGetTensorDescType(desc: *const aclTensorDesc) -> aclDataType;
        /// Its format; undefined for null.
        [optional "8.1"] fn aclGetTensorDescFormat(desc: *const aclTensorDesc) -> aclFormat;
        /// The number of its dims; 0 for null.
        [optional "8.1"] fn aclGetTensorDescNumDims(desc: *const aclTensorDesc) -> usize;
        /// One of its dims.
        [optional "8.1"] fn aclGetTensorDescDimV2(desc: *const aclTensorDesc, index: usize, dim_size: *mut i64) -> aclError;
        /// The number of its elements; 1 without dims, 0 where that cannot be said.
        [optional "8.1"] fn aclGetTensorDescElementCount(desc: *const aclTensorDesc) -> usize;
        /// Their bytes.
        [optional "8.1"] fn aclGetTensorDescSize(desc: *const aclTensorDesc) -> usize;
        /// Names it; null takes the name away.
        [optional "8.1"] fn aclSetTensorDescName(desc: *mut aclTensorDesc, name: *const c_char) -> ();
        /// The format that its data has in memory.
        [optional "8.1"] fn aclSetTensorFormat(desc: *mut aclTensorDesc, format: aclFormat) -> aclError;
        /// The shape that its data has in memory.
        [optional "8.1"] fn aclSetTensorShape(desc: *mut aclTensorDesc, num_dims: c_int, dims: *const i64) -> aclError;
        /// Where its data will be.
        [optional "8.1"] fn aclSetTensorPlaceMent(desc: *mut aclTensorDesc, mem_type: aclMemType) -> aclError;
        /// Its data, known before the operator runs.
        [optional "8.1"] fn aclSetTensorConst(desc: *mut aclTensorDesc, data_buffer: *mut c_void, length: usize) -> aclError;
        // ---- data
        /// So many bytes somewhere, which stay the caller's.
        [optional "8.1"] fn aclCreateDataBuffer(data: *mut c_void, size: usize) -> *mut aclDataBuffer;
        /// Destroys it, not the bytes.
        [optional "8.1"] fn aclDestroyDataBuffer(data_buffer: *const aclDataBuffer) -> aclError;
        /// Other bytes.
        [optional "8.1"] fn aclUpdateDataBuffer(data_buffer: *mut aclDataBuffer, data: *mut c_void, size: usize) -> aclError;
        /// Where they are; null for null.
        [optional "8.1"] fn aclGetDataBufferAddr(data_buffer: *const aclDataBuffer) -> *mut c_void;
        /// How many they are; 0 for null.
        [optional "8.1"] fn aclGetDataBufferSizeV2(data_buffer: *const aclDataBuffer) -> usize;
        // ---- attributes
        /// No attributes yet.
        [optional "8.1"] fn aclopCreateAttr() -> *mut aclopAttr;
        /// Destroys them.
        [optional "8.1"] fn aclopDestroyAttr(attr: *const aclopAttr) -> ();
        /// Sets one to a bool, 0 or 1.
        [optional "8.1"] fn aclopSetAttrBool(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: u8) -> aclError;
        /// To a whole number.
        [optional "8.1"] fn aclopSetAttrInt(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: i64) -> aclError;
        /// To a number.
        [optional "8.1"] fn aclopSetAttrFloat(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: f32) -> aclError;
        /// To a text.
        [optional "8.1"] fn aclopSetAttrString(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: *const c_char) -> aclError;
        /// To a dtype.
        [optional "8.1"] fn aclopSetAttrDataType(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: aclDataType) -> aclError;
        /// To bools.
        [optional "8.1"] fn aclopSetAttrListBool(attr: *mut aclopAttr, attr_name: *const c_char, num_values: c_int, values: *const u8) -> aclError;
        /// To whole numbers.
        [optional "8.1"] fn aclopSetAttrListInt(attr: *mut aclopAttr, attr_name: *const c_char, num_values: c_int, values: *const i64) -> aclError;
        /// To numbers.
        [optional "8.1"] fn aclopSetAttrListFloat(attr: *mut aclopAttr, attr_name: *const c_char, num_values: c_int, values: *const f32) -> aclError;
        /// To lists of whole numbers.
        [optional "8.1"] fn aclopSetAttrListListInt(attr: *mut aclopAttr, attr_name: *const c_char, num_lists: c_int, num_values: *const c_int, values: *const *const i64) -> aclError;
        // ---- the compiler of operators
        /// Compiles an operator by its name and runs it in the order of the stream.
        [optional "8.1"] fn aclopCompileAndExecute(op_type: *const c_char, num_inputs: c_int, input_desc: *const *const aclTensorDesc, inputs: *const *const aclDataBuffer, num_outputs: c_int, output_desc: *const *const aclTensorDesc, outputs: *const *mut aclDataBuffer, attr: *const aclopAttr, engine_type: aclopEngineType, compile_flag: aclopCompileType, op_path: *const c_char, stream: aclrtStream) -> aclError;
        /// The same; the shapes of the outputs are filled in.
        [optional "8.1"] fn aclopCompileAndExecuteV2(op_type: *const c_char, num_inputs: c_int, input_desc: *mut *mut aclTensorDesc, inputs: *mut *mut aclDataBuffer, num_outputs: c_int, output_desc: *mut *mut aclTensorDesc, outputs: *mut *mut aclDataBuffer, attr: *mut aclopAttr, engine_type: aclopEngineType, compile_flag: aclopCompileType, op_path: *const c_char, stream: aclrtStream) -> aclError;
        /// Sets an option of the compiler.
        [optional "8.1"] fn aclSetCompileopt(opt: aclCompileOpt, value: *const c_char) -> aclError;
        /// The bytes of an option's value with the NUL; 0 where it has none.
        [optional "8.1"] fn aclGetCompileoptSize(opt: aclCompileOpt) -> usize;
        /// The value, for the few options that can be read.
        [optional "8.1"] fn aclGetCompileopt(opt: aclCompileOpt, value: *mut c_char, length: usize) -> aclError;
        // ---- files
        /// Options of the next.
        [optional "8.1"] fn aclCreateGraphDumpOpt() -> *mut aclGraphDumpOption;
        /// Destroys them.
        [optional "8.1"] fn aclDestroyGraphDumpOpt(graph_dump_opt: *const aclGraphDumpOption) -> aclError;
        /// Writes an operator's graph to a file, for a tool that tunes it.
        [optional "8.1"] fn aclGenGraphAndDumpForOp(op_type: *const c_char, num_inputs: c_int, input_desc: *const *const aclTensorDesc, inputs: *const *const aclDataBuffer, num_outputs: c_int, output_desc: *const *const aclTensorDesc, outputs: *const *mut aclDataBuffer, attr: *const aclopAttr, engine_type: aclopEngineType, graph_dump_path: *const c_char, graph_dump_opt: *const aclGraphDumpOption) -> aclError;
        /// Operators can be dumped from now on.
        [optional "8.1"] fn aclmdlInitDump() -> aclError;
        /// Dumps what a configuration file names.
        [optional "8.1"] fn aclmdlSetDump(dump_cfg_path: *const c_char) -> aclError;
        /// Ends the dump.
        [optional "8.1"] fn aclmdlFinalizeDump() -> aclError;
        /// Writes a file an operator and shape into a folder, from now on.
        [optional "8.1"] fn aclopStartDumpArgs(dump_type: u32, path: *const c_char) -> aclError;
        /// Up to now.
        [optional "8.1"] fn aclopStopDumpArgs(dump_type: u32) -> aclError;
        /// Gives dumps to a function, in pieces, and not to files. `flag` is 0.
        [optional "8.1"] fn acldumpRegCallback(message_callback: Option<unsafe extern "C" fn(chunk: *const acldumpChunk, length: i32) -> i32>, flag: i32) -> aclError;
        /// To files again.
        [optional "8.1"] fn acldumpUnregCallback() -> ();
        /// The folder that dumps of a kind go to; null where none do.
        [optional "8.5"] fn acldumpGetPath(dump_type: acldumpType) -> *const c_char;
        /// The folder of what operators had that failed, into `path` with room for `max_len` bytes.
        [optional "9.1"] fn acldumpGetExceptionInfoPath(path: *mut c_char, max_len: usize) -> aclError;
        /// Writes tensors into a file there. `user_tag` may be null.
        [optional "9.1"] fn acldumpSaveExceptionInfo(file_name: *const c_char, user_tag: *const c_char, tensors: *const acldumpTensorInfo, tensor_count: usize) -> aclError;
        // ---- allocators of the program's own, for operators and models
        /// An allocator's description, empty.
        [optional "8.1"] fn aclrtAllocatorCreateDesc() -> aclrtAllocatorDesc;
        /// Destroys it.
        [optional "8.1"] fn aclrtAllocatorDestroyDesc(allocator_desc: aclrtAllocatorDesc) -> aclError;
        /// Sets what the functions are called with.
        [optional "8.1"] fn aclrtAllocatorSetObjToDesc(allocator_desc: aclrtAllocatorDesc, allocator: aclrtAllocator) -> aclError;
        /// What gives a block.
        [optional "8.1"] fn aclrtAllocatorSetAllocFuncToDesc(allocator_desc: aclrtAllocatorDesc, func: aclrtAllocatorAllocFunc) -> aclError;
        /// What takes it back.
        [optional "8.1"] fn aclrtAllocatorSetFreeFuncToDesc(allocator_desc: aclrtAllocatorDesc, func: aclrtAllocatorFreeFunc) -> aclError;
        /// What gives a block at an address.
        [optional "8.1"] fn aclrtAllocatorSetAllocAdviseFuncToDesc(allocator_desc: aclrtAllocatorDesc, func: aclrtAllocatorAllocAdviseFunc) -> aclError;
        /// What gives a block's address.
        [optional "8.1"] fn aclrtAllocatorSetGetAddrFromBlockFuncToDesc(allocator_desc: aclrtAllocatorDesc, func: aclrtAllocatorGetAddrFromBlockFunc) -> aclError;
        /// Operators on a stream take their memory from it. The description is copied; the last one counts.
        [optional "8.1"] fn aclrtAllocatorRegister(stream: aclrtStream, allocator_desc: aclrtAllocatorDesc) -> aclError;
        /// The stream's allocator. All but `allocator_desc` may be null.
        [optional "8.5"] fn aclrtAllocatorGetByStream(stream: aclrtStream, allocator_desc: *mut aclrtAllocatorDesc, allocator: *mut aclrtAllocator, alloc_func: *mut aclrtAllocatorAllocFunc, free_func: *mut aclrtAllocatorFreeFunc, alloc_advise_func: *mut aclrtAllocatorAllocAdviseFunc, get_addr_from_block_func: *mut aclrtAllocatorGetAddrFromBlockFunc) -> aclError;
        /// The stream has none any more.
        [optional "8.1"] fn aclrtAllocatorUnregister(stream: aclrtStream) -> aclError;
    } };
}
op_symbols!(function_table);

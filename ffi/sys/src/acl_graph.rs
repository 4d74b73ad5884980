//! Graph capture and replay, `libascendcl.so` (`libacl_rt.so` from 8.5): `acl/acl_mdl.h`, from 8.5 on `acl/acl_rt.h`.

use crate::types::*;
use std::ffi::{c_char, c_void};

/// The symbols of graph capture and replay. Calls `$emit! { AclGraph, Lib::AscendCl; rows }`.
#[macro_export]
macro_rules! graph_symbols {
    ($emit:ident) => { $emit! { AclGraph, $crate::Lib::AscendCl;
        // ---- capture
        /// From now on what is enqueued on the stream is kept in a graph and does not run.
        [optional "8.1"] fn aclmdlRICaptureBegin(stream: aclrtStream, mode: aclmdlRICaptureMode) -> aclError;
        /// Whether the stream is being captured, and into which graph. One of the two pointers may be null.
        [optional "8.1"] fn aclmdlRICaptureGetInfo(stream: aclrtStream, status: *mut aclmdlRICaptureStatus, model_ri: *mut aclmdlRI) -> aclError;
        /// Ends the capture that began on this stream and gives the graph, or null and what was wrong.
        [optional "8.1"] fn aclmdlRICaptureEnd(stream: aclrtStream, model_ri: *mut aclmdlRI) -> aclError;
        /// Sets this thread's mode, and gives the one before.
        [optional "8.1"] fn aclmdlRICaptureThreadExchangeMode(mode: *mut aclmdlRICaptureMode) -> aclError;
        // ---- task groups
        /// The captured operators from here on are a group that can be updated.
        [optional "8.1"] fn aclmdlRICaptureTaskGrpBegin(stream: aclrtStream) -> aclError;
        /// Ends the group.
        [optional "8.1"] fn aclmdlRICaptureTaskGrpEnd(stream: aclrtStream, handle: *mut aclrtTaskGrp) -> aclError;
        /// The operators enqueued on this stream from here on replace those of the group, one by one, in the order of the stream.
        [optional "8.1"] fn aclmdlRICaptureTaskUpdateBegin(stream: aclrtStream, handle: aclrtTaskGrp) -> aclError;
        /// Ends the update.
        [optional "8.1"] fn aclmdlRICaptureTaskUpdateEnd(stream: aclrtStream) -> aclError;
        // ---- build without capture
        /// Begins a graph to which streams are bound. `flag` is 0.
        [optional "8.5"] fn aclmdlRIBuildBegin(model_ri: *mut aclmdlRI, flag: u32) -> aclError;
        /// What is enqueued on the stream from here on goes into the graph.
        [optional "8.5"] fn aclmdlRIBindStream(model_ri: aclmdlRI, stream: aclrtStream, flag: u32) -> aclError;
        /// Marks the end of a bound stream's tasks.
        [optional "8.5"] fn aclmdlRIEndTask(model_ri: aclmdlRI, stream: aclrtStream) -> aclError;
        /// Ends the build: the graph can be executed. `reserve` is null.
        [optional "8.5"] fn aclmdlRIBuildEnd(model_ri: aclmdlRI, reserve: *mut c_void) -> aclError;
        /// The stream is an ordinary one again.
        [optional "8.5"] fn aclmdlRIUnbindStream(model_ri: aclmdlRI, stream: aclrtStream) -> aclError;
        // ---- flow of control in a build
        /// Has another bound stream run, beside this one.
        [optional "8.5"] fn aclrtActiveStream(active_stream: aclrtStream, stream: aclrtStream) -> aclError;
        /// Goes on on another bound stream if two numbers of the device compare so. `false_stream` is null.
        [optional "8.5"] fn aclrtSwitchStream(left_value: *mut c_void, cond: aclrtCondition, right_value: *mut c_void, data_type: aclrtCompareDataType, true_stream: aclrtStream, false_stream: aclrtStream, stream: aclrtStream) -> aclError;
        /// Makes a label.
        [optional "8.5"] fn aclrtCreateLabel(label: *mut aclrtLabel) -> aclError;
        /// Destroys it.
        [optional "8.5"] fn aclrtDestroyLabel(label: aclrtLabel) -> aclError;
        /// The label, which a list has, stands here in the bound stream.
        [optional "8.5"] fn aclrtSetLabel(label: aclrtLabel, stream: aclrtStream) -> aclError;
        /// Labels, by index.
        [optional "8.5"] fn aclrtCreateLabelList(labels: *mut aclrtLabel, num: usize, label_list: *mut aclrtLabelList) -> aclError;
        /// Destroys the list.
        [optional "8.5"] fn aclrtDestroyLabelList(label_list: aclrtLabelList) -> aclError;
        /// Goes on at the label of an index of the device, a `u32`; above the last: at the last.
        [optional "8.5"] fn aclrtSwitchLabelByIndex(ptr: *mut c_void, max_value: u32, label_list: aclrtLabelList, stream: aclrtStream) -> aclError;
        // ---- conditions in a capture
        /// A value of the device that says which graphs run.
        [optional "9.1"] fn aclmdlRICondHandleCreate(model_ri: aclmdlRI, default_launch_value: u32, flag: aclmdlRICondHandleFlag, handle: *mut aclmdlRICondHandle) -> aclError;
        /// Where it is: eight bytes, of the graph.
        [optional "9.1"] fn aclmdlRICondHandleGetCondPtr(handle: aclmdlRICondHandle, ptr: *mut *mut u64) -> aclError;
        /// Runs graphs as a value says. Gives the graphs, which are then captured.
        [optional "9.1"] fn aclmdlRIAddCondTask(params: aclmdlRICondTaskParams, stream: aclrtStream, flags: u32) -> aclError;
        /// As `aclmdlRICaptureBegin`, into a graph of a condition.
        [optional "9.1"] fn aclmdlRICaptureToModelRIBegin(stream: aclrtStream, model_ri: aclmdlRI, mode: aclmdlRICaptureMode) -> aclError;
        // ---- execution
        /// Runs the graph in the order of the stream; returns at once.
        [optional "8.1"] fn aclmdlRIExecuteAsync(model_ri: aclmdlRI, stream: aclrtStream) -> aclError;
        /// Runs the graph and waits for it, at most `timeout` milliseconds (-1: for ever).
        [optional "8.5"] fn aclmdlRIExecute(model_ri: aclmdlRI, timeout: i32) -> aclError;
        /// Stops a built graph that runs. Not for captured ones.
        [optional "8.5"] fn aclmdlRIAbort(model_ri: aclmdlRI) -> aclError;
        /// Destroys the graph, once it does not run any more.
        [optional "8.1"] fn aclmdlRIDestroy(model_ri: aclmdlRI) -> aclError;
        /// `func(user_data)` is called when the graph is destroyed.
        [optional "9.0"] fn aclmdlRIDestroyRegisterCallback(model_ri: aclmdlRI, func: Option<unsafe extern "C" fn(*mut c_void)>, user_data: *mut c_void) -> aclError;
        /// Takes that back.
        [optional "9.0"] fn aclmdlRIDestroyUnregisterCallback(model_ri: aclmdlRI, func: Option<unsafe extern "C" fn(*mut c_void)>) -> aclError;
        // ---- names and prints
        /// Names the graph.
        [optional "8.5"] fn aclmdlRISetName(model_ri: aclmdlRI, name: *const c_char) -> aclError;
        /// Its name, at most `max_len` bytes with the NUL; empty where it has none.
        [optional "8.5"] fn aclmdlRIGetName(model_ri: aclmdlRI, max_len: u32, name: *mut c_char) -> aclError;
        /// Its number.
        [optional "9.1"] fn aclmdlRIGetId(model_ri: aclmdlRI, model_ri_id: *mut u32) -> aclError;
        /// Prints its streams and tasks to the log.
        [optional "8.1"] fn aclmdlRIDebugPrint(model_ri: aclmdlRI) -> aclError;
        /// Writes its streams and tasks to a file, in the format of trace viewers.
        [optional "8.5"] fn aclmdlRIDebugJsonPrint(model_ri: aclmdlRI, path: *const c_char, flags: u32) -> aclError;
    } };
}
graph_symbols!(function_table);

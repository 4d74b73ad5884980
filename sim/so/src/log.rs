//! `aclAppLog`, which no list has: it takes as many arguments as its text names, and such a function cannot be a row.

use std::ffi::{c_char, c_int};

/// A line of the program's own for CANN's log (`acl/acl_base.h`, `aclAppLog(level, func, file, line, fmt, ...)`), a file in the folder
/// of the user. The simulator keeps no log: the line goes nowhere, as on a card whose level (`ASCEND_GLOBAL_LOG_LEVEL`) is above it.
///
/// The arguments of the text are not named. A caller of C's gives them in the same places whether they are or not, and takes them back
/// itself, on x86-64 and on AArch64.
///
/// # Safety
/// Any arguments are safe: none is looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aclAppLog(_level: c_int, _func: *const c_char, _file: *const c_char, _line: u32, _fmt: *const c_char) {}

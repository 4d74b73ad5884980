//! Kernels: binaries, arguments, launches, and the rules that a checked twin is held to.
//!
//! The kernels are `kernels.c`, compiled here against the seam's header (a Rust toolchain links with a C compiler, so there is one).
//! "runtime" is the open source runtime (`docs/zh/api_ref/14_Kernel_loading_and_execution.md`, `src/acl/aclrt_impl/kernel.cpp`,
//! `src/runtime/api`).

mod args;
mod binary;
mod launch;
mod strict;
mod twin;

use std::cell::RefCell;
use std::ffi::{CString, c_void};
use std::ops::Deref;
use std::process::Command;
use std::ptr::null_mut;
use std::sync::OnceLock;

use ascend_rl_sys::types::*;
use ascendc_twin::container::{self, Isa, Variant};

use crate::{Lease, ok};

thread_local! {
    /// Device memory of this thread's test.
    static HELD: RefCell<Vec<*mut c_void>> = const { RefCell::new(Vec::new()) };
}

/// Values in device memory for as long as the test's [`Place`].
fn upload<T: Copy>(values: &[T]) -> *mut c_void {
    let at = crate::upload(values);
    HELD.with_borrow_mut(|held| held.push(at));
    at
}

/// A device of a test's own, on which nothing of it stays.
struct Place {
    lease: Lease,
}

impl Place {
    fn new() -> Place {
        Place::several(1).remove(0)
    }

    /// As [`Lease::several`]. The first that goes takes what all hold along.
    fn several(n: usize) -> Vec<Place> {
        Lease::several(n).into_iter().map(|lease| Place { lease }).collect()
    }
}

impl Deref for Place {
    type Target = Lease;

    fn deref(&self) -> &Lease {
        &self.lease
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        HELD.take().into_iter().for_each(|at| {
            crate::call!(acl.aclrtFree(at));
        });
    }
}

/// Compiles `kernels.c` with a definition or two.
fn compile(name: &str, definitions: &[&str]) -> Vec<u8> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/kernel/kernels.c");
    let out = std::env::temp_dir().join(format!("cann-sim-conformance-{}-{name}.so", std::process::id()));
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let mut command = Command::new(&compiler);
    command.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-fvisibility=hidden", "-I", ascendc_twin::INCLUDE]);
    let output = command.args(definitions).arg(source).arg("-o").arg(&out).output();
    let output = output.unwrap_or_else(|why| panic!("{compiler}: {why}; CC names a C compiler"));
    assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    let bytes = std::fs::read(&out).unwrap();
    std::fs::remove_file(&out).unwrap();
    bytes
}

fn fast_object() -> &'static [u8] {
    static OBJECT: OnceLock<Vec<u8>> = OnceLock::new();
    OBJECT.get_or_init(|| compile("fast", &["-DCHECKED=0"]))
}

fn checked_object() -> &'static [u8] {
    static OBJECT: OnceLock<Vec<u8>> = OnceLock::new();
    OBJECT.get_or_init(|| compile("checked", &["-DCHECKED=1"]))
}

/// A container of one variant, which is loaded whatever the settings say; or of both.
fn fast() -> Vec<u8> {
    container::write(&[Variant { isa: Isa::Base, checked: false, object: fast_object() }])
}

fn checked() -> Vec<u8> {
    container::write(&[Variant { isa: Isa::Base, checked: true, object: checked_object() }])
}

fn both() -> Vec<u8> {
    let variant = |checked, object| Variant { isa: Isa::Base, checked, object };
    container::write(&[variant(true, checked_object()), variant(false, fast_object())])
}

/// A binary that is loaded on the current device until it is dropped.
struct Binary(aclrtBinHandle);

impl Binary {
    fn load(bytes: &[u8]) -> Binary {
        let mut handle = null_mut();
        ok!(kernels?.aclrtBinaryLoadFromData(bytes.as_ptr().cast(), bytes.len(), std::ptr::null(), &mut handle));
        Binary(handle)
    }

    fn kernel(&self, name: &str) -> aclrtFuncHandle {
        let name = CString::new(name).unwrap();
        let mut function = null_mut();
        ok!(kernels?.aclrtBinaryGetFunction(self.0, name.as_ptr(), &mut function));
        function
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        crate::call!(kernels?.aclrtBinaryUnLoad(self.0));
    }
}

/// Launches with arguments of the host, with attributes or none.
fn launch_code(
    function: aclrtFuncHandle,
    blocks: u32,
    stream: aclrtStream,
    args: &[u64],
    attrs: &mut [aclrtLaunchKernelAttr],
) -> i32 {
    let mut args = args.to_vec();
    let size = size_of_val(&args[..]);
    let mut cfg = aclrtLaunchKernelCfg { attrs: attrs.as_mut_ptr(), numAttrs: attrs.len() };
    crate::call!(kernels?.aclrtLaunchKernelWithHostArgs(
        function,
        blocks,
        stream,
        if attrs.is_empty() { null_mut() } else { &mut cfg },
        args.as_mut_ptr().cast::<c_void>(),
        size,
        null_mut(),
        0
    ))
}

/// The same, which succeeds.
fn launch(function: aclrtFuncHandle, blocks: u32, stream: aclrtStream, args: &[u64]) {
    let code = launch_code(function, blocks, stream, args, &mut []);
    assert_eq!(code, 0, "{}", crate::recent());
}

//! Binaries and what is asked of their kernels.

use std::ffi::{CStr, CString, c_void};
use std::ptr::{null, null_mut};

use ascend_rl_sys::types::*;

use super::*;
use crate::{download, in_child, new_stream, ok, refused};

/// runtime: a file, bytes, or `aclrtCreateBinary` and `aclrtBinaryLoad`; all give a binary with the same kernels.
#[test]
fn a_binary_is_loaded_in_three_ways() {
    let _lease = Place::new();
    let bytes = both();
    let path = std::env::temp_dir().join(format!("cann-sim-conformance-{}.bin", std::process::id()));
    std::fs::write(&path, &bytes).unwrap();
    let c_path = CString::new(path.to_str().unwrap()).unwrap();
    let (mut from_file, mut from_data, mut loaded) = (null_mut(), null_mut(), null_mut());
    ok!(kernels?.aclrtBinaryLoadFromFile(c_path.as_ptr(), null_mut(), &mut from_file));
    std::fs::remove_file(&path).unwrap();
    ok!(kernels?.aclrtBinaryLoadFromData(bytes.as_ptr().cast(), bytes.len(), null(), &mut from_data));
    let binary = crate::call!(kernels?.aclrtCreateBinary(bytes.as_ptr().cast(), bytes.len()));
    assert!(!binary.is_null());
    ok!(kernels?.aclrtBinaryLoad(binary, &mut loaded));
    ok!(kernels?.aclrtDestroyBinary(binary));
    refused!(107017, "aclrtCreateBinary", kernels?.aclrtDestroyBinary(binary));
    refused!(107017, "aclrtCreateBinary", kernels?.aclrtBinaryLoad(binary, &mut loaded));
    drop(bytes);
    let stream = new_stream();
    for handle in [from_file, from_data, loaded] {
        let binary = Binary(handle);
        let out = upload(&[7_u32; 3]);
        launch(binary.kernel("spread"), 3, stream, &[out as u64, 3]);
        ok!(acl.aclrtSynchronizeStream(stream));
        assert_eq!(download::<u32>(out, 3), [0, 1001, 2002]);
    }
}

/// What is no twin image is refused, and the text says what it is.
#[test]
fn what_is_no_twin_image_is_refused() {
    let _lease = Place::new();
    let load = |bytes: &[u8]| {
        crate::recent();
        let mut handle = null_mut();
        let code = crate::call!(kernels?.aclrtBinaryLoadFromData(bytes.as_ptr().cast(), bytes.len(), null(), &mut handle));
        (code, crate::recent())
    };
    let device_binary = [&b"\x7fELF\x02\x01\x01"[..], &[0; 11], &0x1029_u16.to_le_bytes(), &[0; 64]].concat();
    let broken = container::write(&[Variant { isa: Isa::Base, checked: false, object: b"\x7fELF nothing" }]);
    let other_abi = compile("abi", &["-DCHECKED=0", "-DOTHER_ABI"]);
    let other_abi = container::write(&[Variant { isa: Isa::Base, checked: false, object: &other_abi }]);
    let whole = fast();
    for (bytes, words) in [
        (&device_binary[..], "device binary"),
        (b"#!/bin/sh", "neither a device binary nor a twin image"),
        (fast_object(), "a shared object of the host"),
        (&broken, "cannot be loaded"),
        (&other_abi, "version 2 of the seam"),
        (&whole[..whole.len() - 9], "malformed twin image"),
        (&container::write(&[]), "no variant"),
    ] {
        let (code, text) = load(bytes);
        assert!(code == 107000 && text.contains(words), "{code} {text:?} lacks {words:?}");
    }
    let mut handle = null_mut();
    refused!(100000, "data", kernels?.aclrtBinaryLoadFromData(null(), 8, null(), &mut handle));
    refused!(107000, "length is 0", kernels?.aclrtBinaryLoadFromData(b"x".as_ptr().cast(), 0, null(), &mut handle));
    refused!(100000, "binHandle", kernels?.aclrtBinaryLoadFromData(b"x".as_ptr().cast(), 1, null(), null_mut()));
    refused!(100000, "binPath", kernels?.aclrtBinaryLoadFromFile(null(), null_mut(), &mut handle));
    refused!(107000, "/no/such/file", kernels?.aclrtBinaryLoadFromFile(c"/no/such/file".as_ptr(), null_mut(), &mut handle));
    refused!(100000, "binary", kernels?.aclrtBinaryLoad(null_mut(), &mut handle));
    assert!(crate::call!(kernels?.aclrtCreateBinary(null(), 1)).is_null());
}

/// aclrtBinaryLoadOptions: the type, the value.
#[test]
fn options_of_loading() {
    let _lease = Place::new();
    let bytes = fast();
    let load = |id: aclrtBinaryLoadOptionType, word: u32| {
        crate::recent();
        let mut option = aclrtBinaryLoadOption { r#type: id, value: aclrtBinaryLoadOptionValue { rsv: [word, 0, 0, 0] } };
        let options = aclrtBinaryLoadOptions { options: &mut option, numOpt: 1 };
        let mut handle = null_mut();
        let code = crate::call!(kernels?.aclrtBinaryLoadFromData(bytes.as_ptr().cast(), bytes.len(), &options, &mut handle));
        if code == 0 {
            Binary(handle).kernel("spread");
        }
        (code, crate::recent())
    };
    for (id, word, code) in [
        (ACL_RT_BINARY_LOAD_OPT_LAZY_LOAD, 0, 0),
        (ACL_RT_BINARY_LOAD_OPT_LAZY_LOAD, 1, 0),
        (ACL_RT_BINARY_LOAD_OPT_LAZY_LOAD, 2, 107000),
        (ACL_RT_BINARY_LOAD_OPT_MAGIC, ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE, 0),
        (ACL_RT_BINARY_LOAD_OPT_MAGIC, 5, 107000),
        (ACL_RT_BINARY_LOAD_OPT_CPU_KERNEL_MODE, 0, 207000),
        (aclrtBinaryLoadOptionType(9), 0, 107000),
    ] {
        let (found, text) = load(id, word);
        assert_eq!(found, code, "{id:?} {word}: {text}");
    }
    let (mut handle, options) = (null_mut(), aclrtBinaryLoadOptions { options: null_mut(), numOpt: 1 });
    refused!(107000, "options", kernels?.aclrtBinaryLoadFromData(bytes.as_ptr().cast(), bytes.len(), &options, &mut handle));
}

/// A kernel by its name or by its tiling key, the same handle each time; unloading takes them all.
#[test]
fn kernels_are_found_by_name_and_by_key() {
    let _lease = Place::new();
    let binary = Binary::load(&fast());
    let (mut by_key, mut none) = (null_mut(), null_mut());
    ok!(kernels?.aclrtBinaryGetFunctionByEntry(binary.0, 77, &mut by_key));
    assert_eq!(by_key, binary.kernel("mixed_77"));
    assert_eq!(binary.kernel("spread"), binary.kernel("spread"));
    refused!(107000, "\"spread\"", kernels?.aclrtBinaryGetFunction(binary.0, c"spred".as_ptr(), &mut none));
    refused!(107000, "tiling key", kernels?.aclrtBinaryGetFunctionByEntry(binary.0, 78, &mut none));
    refused!(100000, "binHandle", kernels?.aclrtBinaryGetFunction(null_mut(), c"spread".as_ptr(), &mut none));
    refused!(100000, "kernelName", kernels?.aclrtBinaryGetFunction(binary.0, null(), &mut none));
    refused!(100000, "funcHandle", kernels?.aclrtBinaryGetFunction(binary.0, c"spread".as_ptr(), null_mut()));
    refused!(107017, "binHandle", kernels?.aclrtBinaryGetFunction(0x77 as aclrtBinHandle, c"spread".as_ptr(), &mut none));
    let (stream, handle) = (new_stream(), binary.0);
    let out = upload(&[0_u32; 2]);
    let gate = crate::Gate::close(stream);
    launch(binary.kernel("spread"), 2, stream, &[out as u64, 2]);
    drop(binary);
    refused!(107017, "binHandle", kernels?.aclrtBinaryUnLoad(handle));
    refused!(
        107017,
        "unloaded",
        kernels?.aclrtLaunchKernelWithHostArgs(by_key, 1, stream, null_mut(), [0_u64; 5].as_mut_ptr().cast(), 40, null_mut(), 0)
    );
    // What was queued before still runs.
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u32>(out, 2), [0, 1001]);
}

/// runtime: "the binary is registered on the current device only": load it once for each.
#[test]
fn a_binary_is_on_the_device_that_it_was_loaded_on() {
    let leases = Place::several(2);
    leases[0].enter();
    let binary = Binary::load(&fast());
    let spread = binary.kernel("spread");
    leases[1].enter();
    let stream = new_stream();
    let mut args = [0_u64, 0];
    refused!(
        107017,
        "loaded on another",
        kernels?.aclrtLaunchKernelWithHostArgs(spread, 1, stream, null_mut(), args.as_mut_ptr().cast(), 16, null_mut(), 0)
    );
}

/// aclrtGetFunctionName, ...Attribute, ...Addr, ...Size, aclrtFunctionGetBinary, ...ParamCount, ...ParamInfo.
#[test]
fn what_is_asked_of_a_kernel() {
    let _lease = Place::new();
    let binary = Binary::load(&fast());
    let mixed = binary.kernel("mixed_77");
    let mut name = [1 as std::ffi::c_char; 16];
    ok!(kernels?.aclrtGetFunctionName(mixed, 16, name.as_mut_ptr()));
    // SAFETY: just written, with its NUL.
    assert_eq!(unsafe { CStr::from_ptr(name.as_ptr()) }, c"mixed_77");
    refused!(507000, "maxLen is 8", kernels?.aclrtGetFunctionName(mixed, 8, name.as_mut_ptr()));
    refused!(100000, "name", kernels?.aclrtGetFunctionName(mixed, 16, null_mut()));

    let attribute = |kernel: &str, which| {
        let mut value = -1;
        ok!(kernels?.aclrtGetFunctionAttribute(binary.kernel(kernel), which, &mut value));
        value
    };
    for (kernel, kind, ratio, mode) in [
        ("spread", ACL_KERNEL_TYPE_VECTOR, 1, 0),
        ("cubes", ACL_KERNEL_TYPE_CUBE, 1 << 16, 0),
        ("groups", ACL_KERNEL_TYPE_MIX, 1 << 16 | 2, 0),
        ("meet", ACL_KERNEL_TYPE_MIX, 1, 1),
    ] {
        assert_eq!(attribute(kernel, ACL_FUNC_ATTR_KERNEL_TYPE), i64::from(kind.0), "{kernel}");
        assert_eq!(attribute(kernel, ACL_FUNC_ATTR_KERNEL_RATIO), ratio, "{kernel}");
        assert_eq!(attribute(kernel, ACL_FUNC_ATTR_KERNEL_SCHED_MODE), mode, "{kernel}");
    }
    let mut value = 0;
    refused!(107000, "attrType", kernels?.aclrtGetFunctionAttribute(mixed, aclrtFuncAttribute(9), &mut value));

    let (mut cube, mut vector) = (null_mut(), null_mut());
    ok!(kernels?.aclrtGetFunctionAddr(mixed, &mut cube, &mut vector));
    assert!(cube.is_null() && !vector.is_null());
    let (mut cube_size, mut vector_size) = (0, 0);
    refused!(207000, "how long", kernels?.aclrtGetFunctionSize(mixed, &mut cube_size, &mut vector_size));
    let mut of = null_mut();
    ok!(kernels?.aclrtFunctionGetBinary(mixed, &mut of));
    assert_eq!(of, binary.0);
    let mut count = 0;
    ok!(kernels?.aclrtFunctionGetParamCount(mixed, &mut count));
    assert_eq!(count, 4);
    for (i, want) in [(0, 8), (8, 8), (16, 16), (32, 8)].into_iter().enumerate() {
        let mut found = (0, 0);
        ok!(kernels?.aclrtFunctionGetParamInfo(mixed, i, &mut found.0, &mut found.1));
        assert_eq!(found, want);
    }
    let mut offset = 0;
    refused!(107000, "paramIndex is 4", kernels?.aclrtFunctionGetParamInfo(mixed, 4, &mut offset, null_mut()));
    refused!(100000, "both null", kernels?.aclrtFunctionGetParamInfo(mixed, 0, null_mut(), null_mut()));
    let mut bytes = 0;
    refused!(100000, "flags is 1", kernels?.aclrtFunctionGetAvailDynUbufPerBlock(mixed, 1, &mut bytes));
    let code = crate::call!(kernels?.aclrtFunctionGetAvailDynUbufPerBlock(mixed, 0, &mut bytes));
    assert_ne!(code, 0);

    let mut address: *mut c_void = null_mut();
    ok!(kernels?.aclrtGetHardwareSyncAddr(&mut address));
    assert!(!address.is_null());
    refused!(107000, "addr is null", kernels?.aclrtGetHardwareSyncAddr(null_mut()));
    let mut size = 0;
    refused!(207000, "code of the host", kernels?.aclrtBinaryGetDevAddress(binary.0, &mut address, &mut size));
    refused!(107017, "binHandle", kernels?.aclrtBinaryGetDevAddress(0x99 as aclrtBinHandle, &mut address, &mut size));
    let code = crate::call!(kernels?.aclrtBinaryGetGlobal(binary.0, c"g".as_ptr(), &mut address, &mut size));
    assert_ne!(code, 0);
}

/// `CANN_SIM_CHECK` picks the variant; without a fast one, the one with checks serves.
#[test]
fn the_environment_switches_checks_on() {
    if in_child("kernel::binary::the_environment_switches_checks_on", &[("CANN_SIM_CHECK", "1")]) {
        let _lease = Place::new();
        let mut handle = null_mut();
        let bytes = fast();
        refused!(
            107000,
            "with checks",
            kernels?.aclrtBinaryLoadFromData(bytes.as_ptr().cast(), bytes.len(), null(), &mut handle)
        );
        Binary::load(&both());
        cann_sim::kernels::set_checks(false);
        Binary::load(&fast());
    }
}

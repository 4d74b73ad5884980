//! Arguments in the making: aclrtKernelArgs*.

use std::ptr::null_mut;

use ascend_rl_sys::types::*;

use super::*;
use crate::{download, new_stream, ok, refused};

fn append(args: aclrtArgsHandle, value: &[u64]) -> aclrtParamHandle {
    let mut param = null_mut();
    let mut value = value.to_vec();
    ok!(kernels?.aclrtKernelArgsAppend(args, value.as_mut_ptr().cast(), size_of_val(&value[..]), &mut param));
    param
}

fn init(function: aclrtFuncHandle) -> aclrtArgsHandle {
    let mut args = null_mut();
    ok!(kernels?.aclrtKernelArgsInit(function, &mut args));
    args
}

/// runtime: append in order, finalise, launch; update and finalise again; the list can be used again, and is copied at the launch.
#[test]
fn arguments_are_appended_and_updated() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let mixed = binary.kernel("mixed_77");
    let out = upload(&[0_u64; 6]);
    let args = init(mixed);
    append(args, &[out as u64]);
    let wide = append(args, &[1]);
    append(args, &[2, 0x0000_0005_0004_0003]);
    let (mut holder, mut buffer) = (null_mut(), null_mut());
    ok!(kernels?.aclrtKernelArgsAppendPlaceHolder(args, &mut holder));
    ok!(kernels?.aclrtKernelArgsGetPlaceHolderBuffer(args, holder, 16, &mut buffer));
    // SAFETY: the call gave 16 bytes to write.
    unsafe { buffer.cast::<[u64; 2]>().write_unaligned([100, 23]) };
    let run = |code: i32| {
        crate::recent();
        let found = crate::call!(kernels?.aclrtLaunchKernelWithConfig(mixed, 1, stream, null_mut(), args, null_mut()));
        assert_eq!(found, code, "{}", crate::recent());
        if code == 0 {
            ok!(acl.aclrtSynchronizeStream(stream));
        }
    };
    run(107000);
    ok!(kernels?.aclrtKernelArgsFinalize(args));
    run(0);
    assert_eq!(download::<u64>(out, 6), [1, 2, 3, 4, 5, 123]);
    ok!(kernels?.aclrtKernelArgsParaUpdate(args, wide, [9_u64].as_mut_ptr().cast(), 8));
    run(107000);
    ok!(kernels?.aclrtKernelArgsFinalize(args));
    run(0);
    run(0);
    assert_eq!(download::<u64>(out, 6), [9, 2, 3, 4, 5, 123]);
    refused!(107000, "a placeholder", kernels?.aclrtKernelArgsParaUpdate(args, holder, [9_u64].as_mut_ptr().cast(), 8));
    refused!(107000, "paramSize is 4", kernels?.aclrtKernelArgsParaUpdate(args, wide, [9_u64].as_mut_ptr().cast(), 4));
    refused!(207000, "finalised", kernels?.aclrtKernelArgsAppend(args, [9_u64].as_mut_ptr().cast(), 8, &mut holder));
    refused!(100000, "numBlocks", kernels?.aclrtLaunchKernelWithConfig(mixed, 0, stream, null_mut(), args, null_mut()));
    refused!(100000, "argsHandle", kernels?.aclrtLaunchKernelWithConfig(mixed, 1, stream, null_mut(), null_mut(), null_mut()));
    refused!(100000, "reserve", kernels?.aclrtLaunchKernelWithConfig(mixed, 1, stream, null_mut(), args, out));
    let other = binary.kernel("spread");
    refused!(107000, "another kernel", kernels?.aclrtLaunchKernelWithConfig(other, 1, stream, null_mut(), args, null_mut()));
}

/// In memory of the program: aclrtKernelArgsGetHandleMemSize, aclrtKernelArgsGetMemSize, aclrtKernelArgsInitByUserMem.
#[test]
fn arguments_in_memory_of_the_program() {
    let _lease = Place::new();
    let (binary, stream) = (Binary::load(&fast()), new_stream());
    let spread = binary.kernel("spread");
    let (mut handle_bytes, mut bytes) = (0, 0);
    ok!(kernels?.aclrtKernelArgsGetHandleMemSize(spread, &mut handle_bytes));
    ok!(kernels?.aclrtKernelArgsGetMemSize(spread, 16, &mut bytes));
    assert!(handle_bytes > 0 && bytes >= 16);
    let (mut handle, mut memory) = (vec![0_u64; handle_bytes.div_ceil(8)], vec![0_u64; bytes.div_ceil(8)]);
    let args = handle.as_mut_ptr().cast();
    ok!(kernels?.aclrtKernelArgsInitByUserMem(spread, args, memory.as_mut_ptr().cast(), bytes));
    let out = upload(&[9_u32; 2]);
    append(args, &[out as u64]);
    append(args, &[2]);
    ok!(kernels?.aclrtKernelArgsFinalize(args));
    ok!(kernels?.aclrtLaunchKernelWithConfig(spread, 2, stream, null_mut(), args, null_mut()));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u32>(out, 2), [0, 1001]);
    assert_eq!(memory[1], 2);
    refused!(100000, "actualArgsSize", kernels?.aclrtKernelArgsInitByUserMem(spread, args, memory.as_mut_ptr().cast(), 0));
    refused!(100000, "userHostMem", kernels?.aclrtKernelArgsInitByUserMem(spread, args, null_mut(), 8));
    // Too little for the second.
    ok!(kernels?.aclrtKernelArgsInitByUserMem(spread, args, memory.as_mut_ptr().cast(), 8));
    append(args, &[0]);
    let mut param = null_mut();
    refused!(107000, "do not fit", kernels?.aclrtKernelArgsAppend(args, [9_u64].as_mut_ptr().cast(), 8, &mut param));
}

/// What the kernel does not take is refused when it is appended, by the kernel's name and the parameter's number.
#[test]
fn what_the_kernel_does_not_take_is_refused() {
    let _lease = Place::new();
    let binary = Binary::load(&fast());
    let (mixed, small) = (binary.kernel("mixed_77"), binary.kernel("small"));
    let mut param = null_mut();
    let mut value = [0_u64; 4];
    let value = value.as_mut_ptr().cast();
    let args = init(mixed);
    refused!(
        107000,
        "kernel mixed_77: parameter 0 (from 0) has 4 bytes",
        kernels?.aclrtKernelArgsAppend(args, value, 4, &mut param)
    );
    refused!(100000, "paramSize", kernels?.aclrtKernelArgsAppend(args, value, 0, &mut param));
    refused!(100000, "param", kernels?.aclrtKernelArgsAppend(args, null_mut(), 8, &mut param));
    refused!(100000, "paramHandle", kernels?.aclrtKernelArgsAppend(args, value, 8, null_mut()));
    let first = append(args, &[0]);
    refused!(107000, "1 parameters were appended, and the kernel has 4", kernels?.aclrtKernelArgsFinalize(args));
    let mut buffer = null_mut();
    refused!(107000, "a value and no placeholder", kernels?.aclrtKernelArgsGetPlaceHolderBuffer(args, first, 8, &mut buffer));
    append(args, &[0]);
    append(args, &[0, 0]);
    let mut holder = null_mut();
    ok!(kernels?.aclrtKernelArgsAppendPlaceHolder(args, &mut holder));
    refused!(107000, "parameter 4 (from 0)", kernels?.aclrtKernelArgsAppend(args, value, 8, &mut param));
    refused!(107000, "placeholder without data", kernels?.aclrtKernelArgsFinalize(args));
    refused!(100000, "dataSize", kernels?.aclrtKernelArgsGetPlaceHolderBuffer(args, holder, 0, &mut buffer));
    refused!(107000, "do not fit", kernels?.aclrtKernelArgsGetPlaceHolderBuffer(args, holder, 70_000, &mut buffer));

    // Beginning another list ends this thread's first.
    let next = init(small);
    refused!(107017, "argsHandle", kernels?.aclrtKernelArgsFinalize(args));
    refused!(107017, "paramHandle", kernels?.aclrtKernelArgsParaUpdate(next, first, value, 8));
    // The runtime puts each at a multiple of 8; this kernel reads its second at 4.
    ok!(kernels?.aclrtKernelArgsAppend(next, value, 4, &mut param));
    refused!(107000, "reads it at 4", kernels?.aclrtKernelArgsAppend(next, value, 4, &mut param));
    refused!(100000, "argsHandle", kernels?.aclrtKernelArgsFinalize(null_mut()));
    refused!(100000, "funcHandle", kernels?.aclrtKernelArgsInit(null_mut(), &mut param));
    refused!(100000, "argsHandle", kernels?.aclrtKernelArgsInit(small, null_mut()));
}

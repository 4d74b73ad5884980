//! Allocators of the program's own (runtime, 11-08 and allocator.cpp): kept by stream, and given back.

use std::ptr::{null, null_mut};

use super::*;

unsafe extern "C" fn alloc(_: aclrtAllocator, _: usize) -> *mut c_void {
    null_mut()
}

unsafe extern "C" fn free(_: aclrtAllocator, _: aclrtAllocatorBlock) {}

unsafe extern "C" fn advise(_: aclrtAllocator, _: usize, _: aclrtAllocatorAddr) -> *mut c_void {
    null_mut()
}

unsafe extern "C" fn address_of(_: aclrtAllocatorBlock) -> *mut c_void {
    null_mut()
}

/// What a stream has: whether each of the five parts is what was set.
fn found(stream: aclrtStream) -> (aclrtAllocatorDesc, usize, [bool; 4]) {
    let (mut desc, mut object) = (null_mut(), null_mut());
    let (mut a, mut f, mut v, mut p) = (None, None, None, None);
    ok!(single?.aclrtAllocatorGetByStream(stream, &mut desc, &mut object, &mut a, &mut f, &mut v, &mut p));
    let functions = [
        a.map(|a| a as usize) == Some(alloc as *const () as usize),
        f.map(|f| f as usize) == Some(free as *const () as usize),
        v.map(|v| v as usize) == Some(advise as *const () as usize),
        p.map(|p| p as usize) == Some(address_of as *const () as usize),
    ];
    (desc, object as usize, functions)
}

#[test]
fn an_allocator_of_a_stream() {
    let _lease = Lease::new();
    let (stream, other) = (new_stream(), new_stream());
    let desc = call!(single?.aclrtAllocatorCreateDesc());
    let object: aclrtAllocator = 0x1230 as *mut c_void;
    // All but the advice must be there.
    refused!(100000, "->obj is null", single?.aclrtAllocatorRegister(stream, desc));
    ok!(single?.aclrtAllocatorSetObjToDesc(desc, object));
    refused!(100000, "->allocFunc is null", single?.aclrtAllocatorRegister(stream, desc));
    ok!(single?.aclrtAllocatorSetAllocFuncToDesc(desc, Some(alloc)));
    refused!(100000, "->freeFunc is null", single?.aclrtAllocatorRegister(stream, desc));
    ok!(single?.aclrtAllocatorSetFreeFuncToDesc(desc, Some(free)));
    refused!(100000, "->getAddrFromBlockFunc is null", single?.aclrtAllocatorRegister(stream, desc));
    ok!(single?.aclrtAllocatorSetGetAddrFromBlockFuncToDesc(desc, Some(address_of)));
    refused!(100000, "stream is null", single?.aclrtAllocatorRegister(null_mut(), desc));
    refused!(100000, "allocatorDesc is null", single?.aclrtAllocatorRegister(stream, null_mut()));
    ok!(single?.aclrtAllocatorRegister(stream, desc));
    assert_eq!(found(stream), (desc, 0x1230, [true, true, false, true]));
    // What is set later does not count: the description was copied.
    ok!(single?.aclrtAllocatorSetAllocAdviseFuncToDesc(desc, Some(advise)));
    assert_eq!(found(stream).2, [true, true, false, true]);
    ok!(single?.aclrtAllocatorRegister(stream, desc));
    assert_eq!(found(stream).2, [true; 4], "the last one counts");
    ok!(single?.aclrtAllocatorDestroyDesc(desc));
    assert_eq!(found(stream).1, 0x1230, "and outlives it");
    // Only the description must be asked for.
    let (mut given, mut none, mut nothing, mut at_all, mut here, mut there) = (null_mut(), null_mut(), None, None, None, None);
    let ask = |stream, desc| {
        let function = single().aclrtAllocatorGetByStream.unwrap();
        // SAFETY: null, or a live variable.
        unsafe { function(stream, desc, null_mut(), null_mut(), null_mut(), null_mut(), null_mut()) }
    };
    assert_eq!((ask(stream, &mut given), given), (0, desc));
    assert_eq!((ask(stream, null_mut()), ask(null_mut(), &mut given)), (100000, 100000));
    ok!(single?.aclrtAllocatorUnregister(stream));
    ok!(single?.aclrtAllocatorUnregister(other));
    refused!(100000, "stream is null", single?.aclrtAllocatorUnregister(null_mut()));
    refused!(
        100000,
        "stream has no allocator",
        single?.aclrtAllocatorGetByStream(stream, &mut given, &mut none, &mut nothing, &mut at_all, &mut here, &mut there)
    );
}

#[test]
fn what_is_not_there_is_refused() {
    let desc = call!(single?.aclrtAllocatorCreateDesc());
    refused!(100000, "allocator is null", single?.aclrtAllocatorSetObjToDesc(desc, null_mut()));
    refused!(100000, "func is null", single?.aclrtAllocatorSetAllocFuncToDesc(desc, None));
    refused!(100000, "func is null", single?.aclrtAllocatorSetFreeFuncToDesc(desc, None));
    refused!(100000, "func is null", single?.aclrtAllocatorSetAllocAdviseFuncToDesc(desc, None));
    refused!(100000, "func is null", single?.aclrtAllocatorSetGetAddrFromBlockFuncToDesc(desc, None));
    refused!(100000, "allocatorDesc is null", single?.aclrtAllocatorSetFreeFuncToDesc(null::<c_void>().cast_mut(), Some(free)));
    ok!(single?.aclrtAllocatorDestroyDesc(desc));
    refused!(100000, "no live description", single?.aclrtAllocatorDestroyDesc(desc));
    refused!(100000, "no live description", single?.aclrtAllocatorSetFreeFuncToDesc(desc, Some(free)));
}

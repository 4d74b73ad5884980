//! Allocators of the program's own, for what single operators and models need beside their tensors. The simulator's need nothing: they
//! are kept, and never called. What is checked follows the runtime's `src/acl/aclrt_impl/allocator.cpp`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ascend_rl_sys::types::*;

use super::{give, not_null};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// What a description says. The address is the program's, and is not followed.
#[derive(Clone, Copy, Default)]
struct Allocator {
    object: usize,
    alloc: aclrtAllocatorAllocFunc,
    free: aclrtAllocatorFreeFunc,
    alloc_advise: aclrtAllocatorAllocAdviseFunc,
    address_of: aclrtAllocatorGetAddrFromBlockFunc,
}

static DESCRIPTIONS: Registry<Allocator> = Registry::new(Kind::Allocator);

/// By stream: the description that was registered, and what it said then.
static STREAMS: Mutex<BTreeMap<usize, (usize, Allocator)>> = Mutex::new(BTreeMap::new());

fn streams() -> MutexGuard<'static, BTreeMap<usize, (usize, Allocator)>> {
    STREAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(desc: aclrtAllocatorDesc) -> Outcome<Allocator> {
    not_null("allocatorDesc", desc)?;
    match DESCRIPTIONS.get(desc as usize) {
        Some(allocator) => Ok(allocator),
        None => reject!(ACL_ERROR_INVALID_PARAM, "allocatorDesc is no live description: destroyed already, or never created"),
    }
}

fn set(desc: aclrtAllocatorDesc, param: &str, given: bool, change: impl FnOnce(&mut Allocator)) -> Outcome {
    let mut allocator = find(desc)?;
    check!(given, ACL_ERROR_INVALID_PARAM, "{param} is null");
    change(&mut allocator);
    DESCRIPTIONS.replace(desc as usize, allocator);
    Ok(())
}

pub(crate) fn aclrtAllocatorCreateDesc() -> Outcome<aclrtAllocatorDesc> {
    Ok(DESCRIPTIONS.insert(Allocator::default()) as aclrtAllocatorDesc)
}

pub(crate) fn aclrtAllocatorDestroyDesc(allocator_desc: aclrtAllocatorDesc) -> Outcome {
    find(allocator_desc)?;
    DESCRIPTIONS.remove(allocator_desc as usize);
    Ok(())
}

pub(crate) fn aclrtAllocatorSetObjToDesc(allocator_desc: aclrtAllocatorDesc, allocator: aclrtAllocator) -> Outcome {
    set(allocator_desc, "allocator", !allocator.is_null(), |desc| desc.object = allocator as usize)
}

pub(crate) fn aclrtAllocatorSetAllocFuncToDesc(allocator_desc: aclrtAllocatorDesc, func: aclrtAllocatorAllocFunc) -> Outcome {
    set(allocator_desc, "func", func.is_some(), |desc| desc.alloc = func)
}

pub(crate) fn aclrtAllocatorSetFreeFuncToDesc(allocator_desc: aclrtAllocatorDesc, func: aclrtAllocatorFreeFunc) -> Outcome {
    set(allocator_desc, "func", func.is_some(), |desc| desc.free = func)
}

pub(crate) fn aclrtAllocatorSetAllocAdviseFuncToDesc(
    allocator_desc: aclrtAllocatorDesc,
    func: aclrtAllocatorAllocAdviseFunc,
) -> Outcome {
    set(allocator_desc, "func", func.is_some(), |desc| desc.alloc_advise = func)
}

pub(crate) fn aclrtAllocatorSetGetAddrFromBlockFuncToDesc(
    allocator_desc: aclrtAllocatorDesc,
    func: aclrtAllocatorGetAddrFromBlockFunc,
) -> Outcome {
    set(allocator_desc, "func", func.is_some(), |desc| desc.address_of = func)
}

/// All but `allocAdvise` must be set. Whether the stream lives is not asked.
pub(crate) fn aclrtAllocatorRegister(stream: aclrtStream, allocator_desc: aclrtAllocatorDesc) -> Outcome {
    not_null("stream", stream)?;
    let allocator = find(allocator_desc)?;
    let parts = [
        ("obj", allocator.object != 0),
        ("allocFunc", allocator.alloc.is_some()),
        ("freeFunc", allocator.free.is_some()),
        ("getAddrFromBlockFunc", allocator.address_of.is_some()),
    ];
    for (part, given) in parts {
        check!(given, ACL_ERROR_INVALID_PARAM, "allocatorDesc->{part} is null: it was never set");
    }
    streams().insert(stream as usize, (allocator_desc as usize, allocator));
    Ok(())
}

pub(crate) fn aclrtAllocatorGetByStream(
    stream: aclrtStream,
    allocator_desc: *mut aclrtAllocatorDesc,
    allocator: *mut aclrtAllocator,
    alloc_func: *mut aclrtAllocatorAllocFunc,
    free_func: *mut aclrtAllocatorFreeFunc,
    alloc_advise_func: *mut aclrtAllocatorAllocAdviseFunc,
    get_addr_from_block_func: *mut aclrtAllocatorGetAddrFromBlockFunc,
) -> Outcome {
    not_null("allocatorDesc", allocator_desc)?;
    not_null("stream", stream)?;
    let Some((desc, found)) = streams().get(&(stream as usize)).copied() else {
        reject!(ACL_ERROR_INVALID_PARAM, "stream has no allocator: call aclrtAllocatorRegister first")
    };
    fn give_if<T>(to: *mut T, value: T) {
        if !to.is_null() {
            give(to, value);
        }
    }
    give(allocator_desc, desc as aclrtAllocatorDesc);
    give_if(allocator, found.object as aclrtAllocator);
    give_if(alloc_func, found.alloc);
    give_if(free_func, found.free);
    give_if(alloc_advise_func, found.alloc_advise);
    give_if(get_addr_from_block_func, found.address_of);
    Ok(())
}

/// A stream without an allocator is no mistake.
pub(crate) fn aclrtAllocatorUnregister(stream: aclrtStream) -> Outcome {
    not_null("stream", stream)?;
    streams().remove(&(stream as usize));
    Ok(())
}

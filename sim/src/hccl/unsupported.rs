//! What HCCL documents as absent on A2 and A3, or on A2, the chip that is imitated: refused by name.

use std::ffi::{c_char, c_void};

use ascend_rl_sys::types::*;

use crate::reject::{Outcome, reject};

macro_rules! refusals {
    ($($why:literal: $(fn $name:ident($($arg:ty),*);)*)*) => { $($(
        pub(crate) fn $name($(_: $arg),*) -> Outcome {
            reject!(HCCL_E_NOT_SUPPORT, concat!(stringify!($name), " is not supported by the simulator: ", $why))
        }
    )*)* };
}
refusals! {
    "CANN has it on Ascend950 only":
    fn HcclCommGetStatus(*const c_char, *mut HcclCommStatus);
    fn HcclCommRegCommStateCallback(*const c_char, HcclCommStateCallback, *mut c_void);
    fn HcclConfigGetInfo(HcclComm, HcclConfigType, u32, *mut c_void);

    "CANN has it on A3 only, for a network card that is not simulated":
    fn HcclCommWorkingDevNicSet(HcclComm, *mut u32, *mut bool, u32);

    "CANN has registered memory on A3 only, and every buffer is read in place here without it":
    fn HcclCommSetMemoryRange(HcclComm, *mut c_void, usize, usize, u64);
    fn HcclCommUnsetMemoryRange(HcclComm, *mut c_void);
    fn HcclCommActivateCommMemory(HcclComm, *mut c_void, usize, usize, *mut c_void, u64);
    fn HcclCommDeactivateCommMemory(HcclComm, *mut c_void);
    fn HcclCommSymWinRegister(HcclComm, *mut c_void, u64, *mut HcclCommSymWindow, u32);
    fn HcclCommSymWinDeregister(HcclCommSymWindow);
    fn HcclCommSymWinGet(HcclComm, *mut c_void, usize, *mut HcclCommSymWindow, *mut usize);
    fn HcclCommRegister(HcclComm, *mut c_void, u64, *mut *mut c_void, u32);
    fn HcclCommDeregister(HcclComm, *mut c_void);
    fn HcclCommExchangeMem(HcclComm, *mut c_void, *mut u32, u32);
}

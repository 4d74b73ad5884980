//! Executors, and how one is planned again: for other addresses, phase one is run once more with the arguments that it had.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::objects::EXECUTORS;
use crate::ops::call::Planned;
use crate::reject::{Outcome, reject};

/// Phase one with the arguments that it had; the two out-parameters are its own. A trait of ours, since `dyn Fn` would have each
/// operator's compiled twice more, as `FnMut` and `FnOnce`.
pub(crate) trait Plan: Send + Sync {
    fn plan(&self, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome;
}

impl<F: Fn(*mut u64, *mut *mut aclOpExecutor) -> Outcome + Send + Sync> Plan for F {
    fn plan(&self, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        self(workspace_size, executor)
    }
}

/// A planned operator.
#[derive(Clone)]
pub(crate) struct Executor {
    pub planned: Arc<Planned>,
    /// Whether phase two may run it more than once.
    pub repeatable: bool,
    pub plan: Option<Arc<dyn Plan>>,
}

thread_local! {
    /// The call of phase one that this thread is in.
    static PLANNING: RefCell<Option<Arc<dyn Plan>>> = const { RefCell::new(None) };
}

/// Runs phase one, so that the executor that it makes can be planned again.
pub(crate) fn with_plan(workspace_size: *mut u64, executor: *mut *mut aclOpExecutor, plan: Arc<dyn Plan>) -> Outcome {
    PLANNING.set(Some(plan.clone()));
    let planned = plan.plan(workspace_size, executor);
    // Still there where phase one was refused.
    PLANNING.take();
    planned
}

/// For the executor that is being made.
pub(super) fn kept_plan() -> Option<Arc<dyn Plan>> {
    PLANNING.take()
}

/// Plans an executor again, in place: its tensors may be elsewhere by now.
pub(super) fn plan_again(executor: *mut aclOpExecutor) -> Outcome {
    let Some(mut found) = EXECUTORS.get(executor as usize) else {
        reject!(ACLNN_ERR_INNER_NULLPTR, "executor was consumed already, or phase one never made it")
    };
    let Some(plan) = &found.plan else { reject!(ACLNN_ERR_INNER, "executor cannot be planned again") };
    let (mut bytes, mut made) = (0, null_mut());
    plan.plan(&raw mut bytes, &raw mut made)?;
    let Some(made) = EXECUTORS.remove(made as usize) else { reject!(ACLNN_ERR_INNER, "phase one made no executor") };
    found.planned = made.planned;
    EXECUTORS.replace(executor as usize, found);
    Ok(())
}

/// An argument of phase one as it is kept: what C points to for the call only is copied.
pub(crate) trait Keep: Sized {
    type Kept: Send + Sync + 'static;
    fn keep(self) -> Self::Kept;
    fn give(kept: &Self::Kept) -> Self;
}

macro_rules! plain {
    ($($ty:ty),*) => { $( impl Keep for $ty {
        type Kept = $ty;
        fn keep(self) -> $ty {
            self
        }
        fn give(kept: &$ty) -> $ty {
            *kept
        }
    } )* };
}
plain!(bool, i8, i32, i64, u64, f32, f64, aclDataType);

/// Handles are numbers, which are looked up again.
macro_rules! handles {
    ($($ty:ty),*) => { $(
        impl Keep for *const $ty {
            type Kept = usize;
            fn keep(self) -> usize {
                self as usize
            }
            fn give(kept: &usize) -> Self {
                *kept as Self
            }
        }
        impl Keep for *mut $ty {
            type Kept = usize;
            fn keep(self) -> usize {
                self as usize
            }
            fn give(kept: &usize) -> Self {
                *kept as Self
            }
        }
    )* };
}
handles!(aclTensor, aclScalar, aclIntArray, aclBoolArray, aclTensorList, aclScalarList);

impl Keep for *const c_char {
    type Kept = Option<CString>;
    fn keep(self) -> Option<CString> {
        // SAFETY: C's contract is null or a NUL-terminated string that lives for the call.
        (!self.is_null()).then(|| unsafe { CStr::from_ptr(self) }.to_owned())
    }
    fn give(kept: &Option<CString>) -> Self {
        kept.as_ref().map_or(null(), |text| text.as_ptr())
    }
}

impl Keep for *mut c_char {
    type Kept = Option<CString>;
    fn keep(self) -> Option<CString> {
        self.cast_const().keep()
    }
    fn give(kept: &Option<CString>) -> Self {
        // CANN declares it writable and never writes it.
        <*const c_char>::give(kept).cast_mut()
    }
}

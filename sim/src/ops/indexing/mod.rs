//! Elements and slices named by indices: taken from a tensor, or put into one.

mod combine;
mod fill;
mod list;
mod mask;
mod places;
mod put;
mod spread;
mod take;

#[cfg(test)]
mod put_tests;
#[cfg(test)]
mod tests;

pub(crate) use fill::*;
pub(crate) use list::*;
pub(crate) use mask::*;
pub(super) use places::{Along, Places};
pub(crate) use put::*;
pub(crate) use spread::*;
pub(crate) use take::*;

use ascend_rl_sys::types::*;

/// Out-parameters of phase one.
type Out = (*mut u64, *mut *mut aclOpExecutor);

/// Dtypes of indices.
pub(super) const INDICES: &[aclDataType] = &[ACL_INT64, ACL_INT32];

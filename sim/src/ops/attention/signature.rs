//! How one plan serves the versions of an operator, which differ in which parameters they have, and in what order.

/// Bodies of phase one: each row has the operator's parameters in CANN's order, by the names of the fields of `$Plan`, grouped
/// by type. What a version does not have is as `$Plan::absent(..)` says. Phase one ends with `$Plan::$finish`.
macro_rules! bodies {
    ($Plan:ident :: $finish:ident; $($body:ident, $absent:tt: $([$($field:ident)+ : $ty:ty])+;)*) => { $(
        #[allow(clippy::too_many_arguments)] // CANN's own signature.
        pub(crate) fn $body($($($field: $ty,)+)+ workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
            $Plan { $($($field,)+)+ ..$Plan::absent $absent }.$finish(workspace_size, executor)
        }
    )* };
}
pub(super) use bodies;

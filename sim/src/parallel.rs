//! Work inside one operation, in parallel.

/// Calls `f(0) .. f(n - 1)`, each once, and returns when all are done. The calls may run on several threads.
///
/// Only the thread that runs an operation calls this, one operation at a time; a call from inside `f` runs serially.
pub(crate) fn for_each(n: usize, f: impl Fn(usize) + Sync) {
    (0..n).for_each(f)
}

/// The number of threads that [`for_each`] uses: `CANN_SIM_THREADS`, or the machine's.
pub(crate) fn threads() -> usize {
    1
}

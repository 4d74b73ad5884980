//! How operators share work among threads: by ranges of outputs that do not depend on how many threads there are.

use std::ops::Range;

use crate::parallel;

/// Below this many elements an operator runs on the stream's own thread: waking others would cost more.
const SMALL: usize = 32 * 1024;
/// Elements that one call of a worker takes, about.
const GRAIN: usize = 16 * 1024;

/// Calls `f` with ranges that together cover `0..n`, items of `cost` elements each, on several threads if that pays.
pub(crate) fn split(n: usize, cost: usize, f: impl Fn(Range<usize>) + Sync) {
    if n == 0 {
        return;
    }
    if n.saturating_mul(cost.max(1)) < SMALL {
        return f(0..n);
    }
    let grain = (GRAIN / cost.max(1)).max(1);
    parallel::for_each(n.div_ceil(grain), |i| f(i * grain..((i + 1) * grain).min(n)));
}

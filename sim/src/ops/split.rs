//! How operators share work among threads: by ranges of outputs that do not depend on how many threads there are.

use std::ops::Range;

use super::view::BLOCK;
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

/// Cuts rows of `n` elements into groups that fill a block: `(first, count)` of each, one row at least. Short rows one by one
/// would cost more to find than to compute.
pub(crate) fn groups(rows: Range<usize>, n: usize) -> impl Iterator<Item = (usize, usize)> {
    let (most, end) = ((BLOCK / n.max(1)).max(1), rows.end);
    rows.step_by(most).map(move |row| (row, most.min(end - row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_each_row_once_and_fill_no_more_than_a_block() {
        for (first, rows, n) in [(0, 1, 1), (5, 7, 300), (3, 100, 32), (0, 3, 5000), (64, 2000, 1), (9, 0, 8)] {
            let mut next = first;
            for (row, count) in groups(first..first + rows, n) {
                assert!(row == next && count > 0 && (count == 1 || count * n <= BLOCK), "{rows} rows of {n}: {count} from {row}");
                next = row + count;
            }
            assert_eq!(next, first + rows);
        }
    }
}

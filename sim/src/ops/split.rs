//! How operators share work among threads: by ranges of outputs that do not depend on how many threads there are.

use std::ops::Range;

use super::view::BLOCK;
use crate::parallel::{self, Over};

/// Below this many elements an operator runs on the stream's own thread: waking others would cost more.
const SMALL: usize = 32 * 1024;
/// Elements that one call of a worker takes, about.
const GRAIN: usize = 16 * 1024;

/// Calls `f` with ranges that together cover `0..n`, items of `cost` elements each, on several threads if that pays.
#[inline]
pub(crate) fn split(n: usize, cost: usize, f: impl Fn(Range<usize>) + Sync) {
    ranges(n, cost, &f)
}

/// [`split`] of any closure, which is compiled once.
fn ranges(n: usize, cost: usize, f: &dyn Over<Range<usize>>) {
    if n == 0 {
        return;
    }
    if n.saturating_mul(cost.max(1)) < SMALL {
        return f.call(0..n);
    }
    let grain = (GRAIN / cost.max(1)).max(1);
    parallel::for_each(n.div_ceil(grain), |i| f.call(i * grain..((i + 1) * grain).min(n)));
}

/// Cuts rows of `n` elements into groups that fill a block: `(first, count)` of each, one row at least. Short rows one by one
/// would cost more to find than to compute. A group ends where a run of `run` elements does, if rows do: what lies in order can be
/// read where it is.
pub(crate) fn groups(rows: Range<usize>, n: usize, run: usize) -> impl Iterator<Item = (usize, usize)> {
    let (most, end) = ((BLOCK / n.max(1)).max(1), rows.end);
    let run = if n > 0 && run.is_multiple_of(n) { run / n } else { usize::MAX };
    let mut row = rows.start;
    std::iter::from_fn(move || {
        let first = row;
        row = end.min(first + most.min(run - first % run));
        (first < row).then_some((first, row - first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_each_row_once_and_fill_no_more_than_a_block() {
        for (first, rows, n, run) in [
            (0, 1, 1, 1),
            (5, 7, 300, 900),
            (3, 100, 32, 100),
            (0, 3, 5000, 15000),
            (64, 2000, 1, 1500),
            (9, 0, 8, 8),
            (5, 90, 8, 48),
        ] {
            let (mut next, mut number) = (first, 0);
            for (row, count) in groups(first..first + rows, n, run) {
                assert!(row == next && count > 0 && (count == 1 || count * n <= BLOCK), "{rows} rows of {n}: {count} from {row}");
                assert!(run % n > 0 || row * n / run == ((row + count) * n - 1) / run, "{rows} rows of {n}: {count} from {row}");
                (next, number) = (row + count, number + 1);
            }
            assert_eq!(next, first + rows);
            assert!(number <= 1 + rows / (BLOCK / n).max(1) + if run % n > 0 { 0 } else { rows * n / run + 1 });
        }
    }
}

//! The fewest elements a rank must be sent, counted without the planner: a bound to judge it by.

use super::rect::Rect;

/// Elements of `need` that none of `have` covers.
pub(super) fn uncovered(need: &Rect, have: &[Rect]) -> u64 {
    let near: Vec<Rect> = have.iter().filter_map(|h| h.meet(need)).collect();
    let mut rows: Vec<usize> = near.iter().flat_map(|r| [r.r0, r.r1]).chain([need.r0, need.r1]).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut missing = 0;
    for band in rows.windows(2) {
        let mut spans: Vec<(usize, usize)> =
            near.iter().filter(|r| r.r0 <= band[0] && band[1] <= r.r1).map(|r| (r.c0, r.c1)).collect();
        spans.sort_unstable();
        let (mut reached, mut gaps) = (need.c0, 0);
        for (start, end) in spans {
            gaps += start.saturating_sub(reached);
            reached = reached.max(end);
        }
        gaps += need.c1 - reached;
        missing += gaps as u64 * (band[1] - band[0]) as u64;
    }
    missing
}

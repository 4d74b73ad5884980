//! Who sends what several ranks hold.
//!
//! Cells with one holder are given. The others go, the largest first, to whoever sends least so far; one of more than [`GRAIN`]
//! elements is divided over its holders so that their totals become level, as far as it reaches. Bound: of ranks that hold the
//! same elements (replicas of a shard), the totals differ by at most [`GRAIN`] elements or one row of the widest cell,
//! whichever is more.

use super::rect::Rect;

/// Cells up to this many elements are not divided: a message should be worth its cost.
pub(super) const GRAIN: usize = 16 * 1024;

/// Divides `rect` over senders, given what each sends so far; calls `f(sender, part)` and counts the parts in `loads`.
pub(super) fn share(rect: Rect, senders: &[usize], loads: &mut [u64], mut f: impl FnMut(usize, Rect)) {
    let mut by_load: Vec<usize> = (0..senders.len()).collect();
    by_load.sort_by_key(|&i| (loads[senders[i]], i));
    if rect.area() <= GRAIN {
        if let Some(&least) = by_load.first() {
            loads[senders[least]] += rect.area() as u64;
            f(least, rect);
        }
        return;
    }
    // How many of the least loaded take part: those below the level that all of them together reach.
    let total = rect.area() as u64;
    let (mut sum, mut count) = (total, 0u64);
    for &i in &by_load {
        let load = loads[senders[i]];
        if count > 0 && load * count >= sum {
            break;
        }
        sum += load;
        count += 1;
    }
    let mut rest = rect;
    for (taken, &i) in by_load.iter().take(count as usize).enumerate() {
        // What rounding to rows has left over is levelled among those that follow.
        let left = count - taken as u64;
        let want = if left == 1 { rest.area() as u64 } else { (sum / left).saturating_sub(loads[senders[i]]) };
        if let Some(part) = take(&mut rest, want as usize) {
            loads[senders[i]] += part.area() as u64;
            f(i, part);
        }
        sum = sum.saturating_sub(loads[senders[i]]);
    }
}

/// About `want` elements off the top: whole rows, or part of the only one.
fn take(rest: &mut Rect, want: usize) -> Option<Rect> {
    let mut part = *rest;
    if rest.rows() == 1 {
        part.c1 = part.c0 + want.min(rest.cols());
        rest.c0 = part.c1;
    } else {
        let rows = (want + rest.cols() / 2).checked_div(rest.cols()).unwrap_or(0);
        part.r1 = part.r0 + rows.min(rest.rows());
        rest.r0 = part.r1;
    }
    (part.area() > 0).then_some(part)
}

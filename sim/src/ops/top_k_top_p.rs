//! `aclnnApplyTopKTopP`: the filters of sampling, row by row.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::Row;
use super::split::split;
use super::view::{Buffer, View};
use crate::reject::{Outcome, reject};

/// `out` is `logits` (`[rows, n]`) with -infinity where a filter takes an element out: first those below the `k`-th largest of
/// the row (a `k` of 0 or less, or of `n` or more, takes none out), then the smallest whose probabilities, of what is left,
/// together are at most `1 - p`. The largest always stays, with all that equal the `k`-th.
pub(crate) fn aclnnApplyTopKTopPGetWorkspaceSize(
    logits: *const aclTensor,
    p: *const aclTensor,
    k: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnApplyTopKTopP";
    let mut call = Call::new(NAME);
    let logits = call.input("logits", logits)?;
    let (p, k) = (call.optional_input("p", p)?, call.optional_input("k", k)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "logits", &logits, FLOATS)?;
    let &[rows, n] = &*logits.dims else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: logits has shape {:?}; [rows, n] is needed", logits.dims)
    };
    if p.is_none() && k.is_none() {
        reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: p and k are both null")
    }
    if let Some(p) = &p {
        check_same_dtype(NAME, "p", p, "logits", logits.dtype)?;
        check_shape(NAME, "p", p, &[rows])?;
    }
    if let Some(k) = &k {
        check_dtype(NAME, "k", k, &[ACL_INT32])?;
        check_shape(NAME, "k", k, &[rows])?;
    }
    check_same_dtype(NAME, "out", &output, "logits", logits.dtype)?;
    check_shape(NAME, "out", &output, &logits.dims)?;
    check_writable(NAME, "out", &output)?;
    let (from, to) = (View::new(&logits), View::new(&output));
    let (p, k) = (p.as_ref().map(View::new), k.as_ref().map(View::new));
    call.finish(ws, executor, move || {
        // Sorting costs about this many times what a pass over the row does.
        split(if n == 0 { 0 } else { rows }, n.saturating_mul(8), |rows| {
            let (mut row, mut order) = (Row::new(n), Vec::with_capacity(n));
            for r in rows {
                let p = p.as_ref().map_or(1.0, |p| p.load::<f32>(r, 1, &mut Buffer::new())[0]);
                let k = k.as_ref().map_or(0, |k| k.load::<i64>(r, 1, &mut Buffer::new())[0]);
                let values = row.copy(&from, r * n, n);
                filter(values, usize::try_from(k).ok().filter(|k| (1..n).contains(k)), p, &mut order);
                to.store(r * n, values);
            }
        })
    })
}

/// Filters a row in place; `order` is scratch.
fn filter(row: &mut [f32], k: Option<usize>, p: f32, order: &mut Vec<u32>) {
    if let Some(k) = k {
        order.clear();
        order.extend(0..row.len() as u32);
        let (_, &mut place, _) = order.select_nth_unstable_by(k - 1, |&a, &b| row[b as usize].total_cmp(&row[a as usize]));
        let least = row[place as usize];
        row.iter_mut().filter(|x| **x < least).for_each(|x| *x = f32::NEG_INFINITY);
    }
    if p >= 1.0 {
        return;
    }
    order.clear();
    order.extend((0..row.len() as u32).filter(|&i| row[i as usize] != f32::NEG_INFINITY));
    // Smallest first; of equals the one that stands first, as a stable sort has them.
    order.sort_unstable_by(|&a, &b| row[a as usize].total_cmp(&row[b as usize]).then(a.cmp(&b)));
    let Some((&largest, rest)) = order.split_last() else { return };
    let top = row[largest as usize];
    let weight = |i: u32| (row[i as usize] - top).exp() as f64;
    let total: f64 = order.iter().map(|&i| weight(i)).sum();
    let mut sum = 0.0;
    let taken = rest.iter().take_while(|&&i| {
        sum += weight(i);
        sum / total <= 1.0 - p as f64
    });
    let taken = taken.count();
    rest[..taken].iter().for_each(|&i| row[i as usize] = f32::NEG_INFINITY);
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    /// CANN's definition, step by step.
    fn reference(logits: &[f64], k: i64, p: f64) -> Vec<f64> {
        let n = logits.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| logits[a].partial_cmp(&logits[b]).expect("numbers"));
        let mut sorted: Vec<f64> = order.iter().map(|&i| logits[i]).collect();
        if k > 0 && (k as usize) < n {
            let least = sorted[n - k as usize];
            sorted.iter_mut().filter(|v| **v < least).for_each(|v| *v = f64::NEG_INFINITY);
        }
        let total: f64 = sorted.iter().map(|v| (v - sorted[n - 1]).exp()).sum();
        let mut sum = 0.0;
        let mut out = vec![0.0; n];
        for j in 0..n {
            sum += (sorted[j] - sorted[n - 1]).exp() / total;
            out[order[j]] = if sum <= 1.0 - p && j < n - 1 { f64::NEG_INFINITY } else { sorted[j] };
        }
        out
    }

    #[test]
    fn rows_are_filtered_by_their_own_numbers() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            for n in [1, 2, 37, 1500] {
                let ks = [0.0, 1.0, 3.0, n as f64, 5.0, -1.0, 20.0];
                // Sixteenths: exact in all dtypes, and no sum of probabilities comes that near.
                let ps = [1.0, 1.0, 1.0, 0.5, 0.8125, 0.0625, 0.9375];
                let rows = ks.len() as i64;
                let logits = Array::strided(dtype, &[rows, n], &[1, rows], 2, rows * n + 2, noise(n as u64).map(|v| 6.0 * v));
                let (p, k) = (Array::new(dtype, &[rows], ps), Array::new(ACL_INT32, &[rows], ks));
                let out = Array::out(dtype, &[rows, n]);
                run(|w, e| aclnnApplyTopKTopPGetWorkspaceSize(logits.handle(), p.handle(), k.handle(), out.handle(), w, e))
                    .unwrap();
                let source = logits.values();
                let want =
                    source.chunks(n as usize).zip(ks.iter().zip(ps)).flat_map(|(row, (&k, p))| reference(row, k as i64, p));
                assert_eq!(out.values(), want.collect::<Vec<_>>(), "{n}");
            }
        }
    }

    #[test]
    fn either_filter_may_be_missing_and_equals_of_the_kth_stay() {
        let logits = Array::new(ACL_FLOAT, &[1, 5], [1.0, 3.0, 2.0, 2.0, 0.0]);
        let (k, p, out) =
            (Array::new(ACL_INT32, &[1], [2.0]), Array::new(ACL_FLOAT, &[1], [0.25]), Array::out(ACL_FLOAT, &[1, 5]));
        let low = f64::NEG_INFINITY;
        run(|w, e| aclnnApplyTopKTopPGetWorkspaceSize(logits.handle(), nothing(), k.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [low, 3.0, 2.0, 2.0, low]);
        run(|w, e| aclnnApplyTopKTopPGetWorkspaceSize(logits.handle(), p.handle(), nothing(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [low, 3.0, low, low, low]);
    }

    #[test]
    fn refusals() {
        let (x, p) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_BF16, &[2], [0.5; 2]));
        let k = Array::new(ACL_INT32, &[3], [1.0; 3]);
        let filter = |p: *const aclTensor, k: *const aclTensor| {
            run(|w, e| aclnnApplyTopKTopPGetWorkspaceSize(x.handle(), p, k, x.handle(), w, e))
        };
        assert_eq!(refusal(filter(p.handle(), nothing()), "aclnnApplyTopKTopP", "p is ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(filter(nothing(), k.handle()), "aclnnApplyTopKTopP", "k has shape [3]"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(filter(nothing(), nothing()), "aclnnApplyTopKTopP", "both null"), ACLNN_ERR_PARAM_NULLPTR);
    }
}

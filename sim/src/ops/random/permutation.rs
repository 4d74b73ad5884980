//! `aclnnRandperm`: the numbers below `n` in a random order.

use ascend_rl_sys::types::*;

use super::philox::Stream;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::view::View;
use crate::reject::{Outcome, check};

/// Each order as likely as another, by Philox of seed and offset: not the card's own order.
pub(crate) fn aclnnRandpermGetWorkspaceSize(
    n: i64,
    seed: i64,
    offset: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRandperm";
    let mut call = Call::new(NAME);
    let out = call.output("out", out)?;
    check_dtype(NAME, "out", &out, NUMBERS)?;
    check!(n >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: n is {n}; 0 or more is taken");
    check_shape(NAME, "out", &out, &[n as usize])?;
    check_writable(NAME, "out", &out)?;
    let (to, stream) = (View::new(&out), Stream { seed: seed as u64, offset: offset as u64 });
    call.finish(ws, executor, move || {
        let mut order: Vec<i64> = (0..n).collect();
        // Fisher and Yates, from the end.
        for i in (1..order.len()).rev() {
            order.swap(i, (stream.fraction(i as u64) * (i + 1) as f64) as usize);
        }
        if !order.is_empty() {
            to.store(0, &order);
        }
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn permutation(n: i64, seed: i64, offset: i64) -> Vec<f64> {
        let out = Array::out(ACL_INT64, &[n]);
        run(|w, e| aclnnRandpermGetWorkspaceSize(n, seed, offset, out.handle(), w, e)).unwrap();
        out.values()
    }

    #[test]
    fn each_number_once_and_each_order_as_likely() {
        for n in [0, 1, 2, 1000] {
            let mut values = permutation(n, 3, 0);
            values.sort_by(f64::total_cmp);
            assert_eq!(values, (0..n).map(|i| i as f64).collect::<Vec<_>>());
        }
        assert_eq!(permutation(50, 1, 2), permutation(50, 1, 2));
        assert_ne!(permutation(50, 1, 2), permutation(50, 1, 3));
        let mut counts = std::collections::BTreeMap::new();
        for offset in 0..6000 {
            *counts.entry(format!("{:?}", permutation(3, 7, offset))).or_insert(0) += 1;
        }
        // 1000 of each, give or take five deviations of 29.
        assert!(counts.len() == 6 && counts.values().all(|&n| (850..1150).contains(&n)), "{counts:?}");
        let out = Array::out(ACL_INT64, &[4]);
        let wrong = run(|w, e| aclnnRandpermGetWorkspaceSize(5, 0, 0, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnRandperm", "out has shape [4]; [5]"), ACLNN_ERR_PARAM_INVALID);
    }
}

//! The larger and the smaller of two: `aclnnMaximum`, `aclnnMinimum`. NaN wins, as in PyTorch.

use ascend_rl_sys::types::*;

use super::engine::lanes;
use super::prepare::Row;
use super::signatures::{operators, row};
use crate::ops::dtypes::ALL;
use crate::reject::Outcome;

operators! { out = self, other:
    aclnnMaximumGetWorkspaceSize, "aclnnMaximum", ALL: |a, b, _c, _s| if a > b || a.is_nan() { a } else { b }, a.max(b);
    aclnnMinimumGetWorkspaceSize, "aclnnMinimum", ALL: |a, b, _c, _s| if a < b || a.is_nan() { a } else { b }, a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn of_two_the_larger_and_the_smaller() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8] {
            let a = Array::strided(dtype, &[3, 1, 700], &[1500, 1, 2], 1, 4600, noise(1).map(|v| (v * 40.0).round()));
            let b = Array::new(dtype, &[5, 700], noise(2).map(|v| (v * 40.0).round()));
            let (high, low) = (Array::out(dtype, &[3, 5, 700]), Array::out(dtype, &[3, 5, 700]));
            run(|w, e| aclnnMaximumGetWorkspaceSize(a.handle(), b.handle(), high.handle(), w, e)).unwrap();
            run(|w, e| aclnnMinimumGetWorkspaceSize(a.handle(), b.handle(), low.handle(), w, e)).unwrap();
            let (a, b) = (a.values(), b.values());
            let pairs: Vec<_> = (0..3 * 3500).map(|i| (a[i / 3500 * 700 + i % 700], b[i % 3500])).collect();
            assert_eq!(high.values(), pairs.iter().map(|(a, b)| a.max(*b)).collect::<Vec<_>>());
            assert_eq!(low.values(), pairs.iter().map(|(a, b)| a.min(*b)).collect::<Vec<_>>());
        }
        let (a, b) = (Array::new(ACL_FLOAT, &[2], [f64::NAN, 1.0]), Array::new(ACL_FLOAT, &[2], [1.0, f64::NAN]));
        for body in [aclnnMaximumGetWorkspaceSize, aclnnMinimumGetWorkspaceSize] {
            let out = Array::out(ACL_FLOAT, &[2]);
            run(|w, e| body(a.handle(), b.handle(), out.handle(), w, e)).unwrap();
            assert!(out.values().iter().all(|v| v.is_nan()));
        }
    }
}

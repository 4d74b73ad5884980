use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

#[test]
fn places_before_and_behind_equals() {
    for dtype in [ACL_FLOAT, ACL_FLOAT16, ACL_INT64, ACL_INT32] {
        let mut lines: Vec<Vec<f64>> = (0..3).map(|s| noise(s + 1).map(|v| (v * 20.0).round()).take(40).collect()).collect();
        lines.iter_mut().for_each(|line| line.sort_by(f64::total_cmp));
        let x = Array::new(dtype, &[3, 7], noise(9).map(|v| (v * 25.0).round()));
        for right in [false, true] {
            let place = |line: &[f64], v: f64| line.iter().filter(|&&s| if right { s <= v } else { s < v }).count() as f64;
            let sequence = Array::new(dtype, &[3, 40], lines.concat());
            let out = Array::out(ACL_INT64, &[3, 7]);
            let (s, xh, o, no) = (sequence.handle(), x.handle(), out.handle(), nothing());
            run(|w, e| aclnnSearchSortedGetWorkspaceSize(s, xh, false, right, no, o, w, e)).unwrap();
            let want: Vec<f64> = x.values().iter().enumerate().map(|(i, &v)| place(&lines[i / 7], v)).collect();
            assert_eq!(out.values(), want);
            // One for all, in an order of its own.
            let turned: Vec<f64> = lines[0].iter().rev().copied().collect();
            let (line, sorter) = (Array::new(dtype, &[40], turned), Array::new(ACL_INT64, &[40], (0..40).rev().map(f64::from)));
            let out = Array::out(ACL_INT32, &[3, 7]);
            let (s, by, o) = (line.handle(), sorter.handle(), out.handle());
            run(|w, e| aclnnSearchSortedGetWorkspaceSize(s, xh, true, right, by, o, w, e)).unwrap();
            let want: Vec<f64> = x.values().iter().map(|&v| place(&lines[0], v)).collect();
            assert_eq!(out.values(), want);
            let (one, five) = (Array::out(ACL_INT64, &[]), Number::float(5.0));
            run(|w, e| aclnnSearchSortedsGetWorkspaceSize(s, five.0, false, right, by, one.handle(), w, e)).unwrap();
            assert_eq!(one.values(), [place(&lines[0], 5.0)]);
        }
        let wrong =
            run(|w, e| aclnnSearchSortedGetWorkspaceSize(x.handle(), x.handle(), true, true, nothing(), x.handle(), w, e));
        if dtype != ACL_INT32 {
            assert_eq!(refusal(wrong, "aclnnSearchSorted", "outInt32 makes it ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
        }
    }
}

#[test]
fn the_kth_and_the_middle() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8] {
        for n in [1i64, 6, 9] {
            let x = Array::strided(dtype, &[n, 4], &[5, 1], 1, 5 * n + 1, noise(n as u64).map(|v| (v * 60.0).round()));
            let values = x.values();
            let lines: Vec<Vec<f64>> = (0..4).map(|c| (0..n as usize).map(|r| values[4 * r + c]).collect()).collect();
            let nth = |line: &Vec<f64>, k: usize| {
                let mut line = line.clone();
                line.sort_by(f64::total_cmp);
                line[k]
            };
            for (which, k) in [(0, n as usize - 1), (1, (n as usize - 1) / 2)] {
                let (v, p) = (Array::out(dtype, &[1, 4]), Array::out(ACL_INT64, &[1, 4]));
                run(|w, e| match which {
                    0 => aclnnKthvalueGetWorkspaceSize(x.handle(), n, 0, true, v.handle(), p.handle(), w, e),
                    _ => aclnnMedianDimGetWorkspaceSize(x.handle(), -2, true, v.handle(), p.handle(), w, e),
                })
                .unwrap();
                let want: Vec<f64> = lines.iter().map(|line| nth(line, k)).collect();
                assert_eq!(v.values(), want);
                let found: Vec<f64> = p.values().iter().zip(&lines).map(|(&p, line)| line[p as usize]).collect();
                assert_eq!(found, want);
            }
            let all = Array::out(dtype, &[]);
            run(|w, e| aclnnMedianGetWorkspaceSize(x.handle(), all.handle(), w, e)).unwrap();
            assert_eq!(all.values(), [nth(&values, (values.len() - 1) / 2)]);
        }
    }
    let x = Array::new(ACL_FLOAT, &[4], [1.0, f64::NAN, 0.0, 5.0]);
    let (v, p) = (Array::out(ACL_FLOAT, &[]), Array::out(ACL_INT64, &[]));
    run(|w, e| aclnnMedianDimGetWorkspaceSize(x.handle(), 0, false, v.handle(), p.handle(), w, e)).unwrap();
    assert!(v.values()[0].is_nan() && p.values() == [1.0]);
    run(|w, e| aclnnMedianGetWorkspaceSize(x.handle(), v.handle(), w, e)).unwrap();
    assert!(v.values()[0].is_nan());
    let wrong = run(|w, e| aclnnKthvalueGetWorkspaceSize(x.handle(), 5, 0, false, v.handle(), p.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnKthvalue", "k is 5; 1 to 4"), ACLNN_ERR_PARAM_INVALID);
}

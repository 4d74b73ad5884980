//! Against references that put one element after the other.

use super::tests::{indices, view};
use super::*;
use crate::ops::testing::*;

#[test]
fn scatters_write_add_and_multiply() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT32, ACL_UINT8] {
        for (dim, shape) in [(0i64, [7, 3, 4]), (1, [2, 5, 5]), (-1, [4, 3, 1])] {
            let d = dim.rem_euclid(3) as usize;
            let dims = [4, 3, 5];
            let index = indices(ACL_INT64, &shape, dims[d], 11);
            // Small integers, exact in every dtype; `src` is larger than `index`.
            let big = [shape[0] + 1, shape[1], shape[2] + 2];
            let src = Array::new(dtype, &big, (0..).map(|i| (i % 3 + 1) as f64));
            let (places, addends) = (index.values(), src.values());
            for reduce in [0, 1, 2] {
                let x = Array::strided(dtype, &dims, &[1, 20, 4], 0, 60, (0..60).map(|i| (i % 5) as f64));
                let mut want = x.values();
                for i in 0..shape.iter().product::<i64>() {
                    let at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
                    let value = addends[element(&big, &at)];
                    let mut to = at;
                    to[d] = places[element(&shape, &at)] as i64;
                    let place = &mut want[element(&dims, &to)];
                    *place = [value, *place + value, *place * value][reduce as usize];
                }
                let out = Array::out(dtype, &dims);
                let (i, s) = (index.handle(), src.handle());
                run(|w, e| aclnnScatterGetWorkspaceSize(x.handle(), dim, i, s, reduce, out.handle(), w, e)).unwrap();
                // Products of up to seven threes leave the bytes and what bf16 tells apart.
                let exact = |v: &f64| if dtype == ACL_UINT8 { v % 256.0 } else { Array::new(dtype, &[1], [*v]).values()[0] };
                let want: Vec<f64> = want.iter().map(exact).collect();
                assert_eq!(out.values(), want, "{dim} {reduce}");
                if reduce == 1 {
                    run(|w, e| aclnnScatterAddGetWorkspaceSize(x.handle(), dim, i, s, out.handle(), w, e)).unwrap();
                    assert_eq!(out.values(), want);
                }
                run(|w, e| aclnnInplaceScatterGetWorkspaceSize(x.handle(), dim, i, s, reduce, w, e)).unwrap();
                assert_eq!(x.values(), want);
            }
            let (x, two) = (Array::new(dtype, &dims, (0..60).map(|_| 1.0)), Number::int(2));
            let apart = Array::out(dtype, &dims);
            let (s, i, o) = (x.handle(), index.handle(), apart.handle());
            run(|w, e| aclnnScatterValueGetWorkspaceSize(s, dim, i, two.0, 0, o, w, e)).unwrap();
            run(|w, e| aclnnInplaceScatterValueGetWorkspaceSize(s, dim, i, two.0, 0, w, e)).unwrap();
            let mut want = vec![1.0; 60];
            by_index(&shape, |at| {
                let mut to = at.to_vec();
                to[d] = places[element(&shape, at)] as i64;
                want[element(&dims, &to)] = 2.0;
                0.0
            });
            assert_eq!((x.values(), apart.values()), (want.clone(), want));
        }
    }
}

#[test]
fn sums_of_halves_do_not_lose_what_is_small() {
    // 256 and sixteen ones: in bf16, 256 + 1 is 256, sixteen times.
    let (x, index) = (Array::new(ACL_BF16, &[1], [256.0]), Array::new(ACL_INT64, &[16], [0.0; 16]));
    let (ones, out) = (Array::new(ACL_BF16, &[16], [1.0; 16]), Array::out(ACL_BF16, &[1]));
    run(|w, e| aclnnScatterAddGetWorkspaceSize(x.handle(), 0, index.handle(), ones.handle(), out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [272.0]);
}

#[test]
fn slices_added_and_copied() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT32] {
        for (dim, dims) in [(0i64, [6, 2, 1500]), (1, [2, 6, 70]), (2, [3, 2, 6])] {
            let d = dim as usize;
            let mut shape = dims;
            shape[d] = 9;
            let (index, alpha) = (indices(ACL_INT32, &[9], 6, 5), Number::int(2));
            let source = Array::new(dtype, &shape, (0..).map(|i| (i % 7) as f64));
            let x = view(dtype, dims);
            let (places, addends, mut sums, mut copies) = (index.values(), source.values(), x.values(), x.values());
            by_index(&shape, |at| {
                let (value, mut to) = (addends[element(&shape, at)], at.to_vec());
                to[d] = places[at[d] as usize] as i64;
                sums[element(&dims, &to)] += 2.0 * value;
                copies[element(&dims, &to)] = value;
                0.0
            });
            let out = Array::out(dtype, &dims);
            let (i, s) = (index.handle(), source.handle());
            run(|w, e| aclnnIndexAddGetWorkspaceSize(x.handle(), dim, i, s, alpha.0, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), sums);
            run(|w, e| aclnnInplaceIndexCopyGetWorkspaceSize(x.handle(), dim, i, s, w, e)).unwrap();
            assert_eq!(x.values(), copies);
        }
    }
}

//! Sums, scans, sorts and norms.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, filled, random, rounding};
use ascend_rl::{DType, Tensor, ops};

const SHAPE: [usize; 3] = [3, 5, 67];

/// The lines of `x` along `dim`: of each the flat places of its elements.
fn lines(dim: usize) -> Vec<Vec<usize>> {
    let inner: usize = SHAPE[dim + 1..].iter().product();
    let starts = (0..SHAPE.iter().product()).filter(|at| (at / inner).is_multiple_of(SHAPE[dim]));
    starts.map(|start| (0..SHAPE[dim]).map(|i| start + i * inner).collect()).collect()
}

/// `SHAPE` with `dim` gone to 1.
fn kept(dim: usize) -> Vec<usize> {
    let mut shape = SHAPE.to_vec();
    shape[dim] = 1;
    shape
}

#[test]
fn sums_and_running_sums_along_each_dim() {
    let s = stream();
    for dtype in FLOATS {
        for out_type in [dtype, DType::F32] {
            for dim in 0..3 {
                let x = random(&s, &SHAPE, dtype, 1);
                let (mut total, mut running) = (filled(&s, &kept(dim), out_type, 9.0), filled(&s, &SHAPE, out_type, 9.0));
                ops::sum(&s, &x, dim, &mut total).unwrap();
                ops::cumsum(&s, &x, dim, &mut running).unwrap();
                let x = values(&s, &x);
                let want: Vec<f64> = lines(dim).iter().map(|line| line.iter().map(|&at| x[at]).sum()).collect();
                // At most 67 terms below 1 in f32.
                let absolute = 67.0 * f32::EPSILON as f64;
                assert_close(&values(&s, &total), &want, rounding(out_type), absolute);
                let mut want = x.clone();
                for line in lines(dim) {
                    (1..line.len()).for_each(|i| want[line[i]] += want[line[i - 1]]);
                }
                // Running sums reach 67 in magnitude.
                assert_close(&values(&s, &running), &want, rounding(out_type), 8.0 * absolute);
            }
        }
    }
}

#[test]
fn a_sum_of_booleans_counts() {
    let s = stream();
    let mut mask = Tensor::empty(&s, &[2, 5], DType::Bool).unwrap();
    mask.write(&s, &[1u8, 0, 1, 1, 0, 0, 0, 0, 0, 1]).unwrap();
    let mut count = Tensor::empty(&s, &[2, 1], DType::I64).unwrap();
    ops::sum(&s, &mask, 1, &mut count).unwrap();
    assert_eq!(count.to_vec::<i64>(&s).unwrap(), [3, 1]);
    let mut share = Tensor::empty(&s, &[1, 5], DType::F32).unwrap();
    ops::sum(&s, &mask, 0, &mut share).unwrap();
    assert_eq!(values(&s, &share), [1.0, 0.0, 1.0, 1.0, 1.0]);
}

#[test]
fn sorts_are_stable_and_argmax_takes_the_first() {
    let s = stream();
    for dtype in FLOATS {
        for dim in 0..3 {
            // Few different values, so that there are ties.
            let host: Vec<f32> = noise(2, SHAPE.iter().product()).iter().map(|v| (v * 3.0).round()).collect();
            let x = upload(&s, &SHAPE, dtype, &host);
            for descending in [false, true] {
                let mut sorted = filled(&s, &SHAPE, dtype, 9.0);
                let mut places = Tensor::zeros(&s, &SHAPE, DType::I64).unwrap();
                ops::sort(&s, &x, dim, descending, &mut sorted, &mut places).unwrap();
                let (sorted, places) = (values(&s, &sorted), places.to_vec::<i64>(&s).unwrap());
                for line in lines(dim) {
                    let mut order: Vec<usize> = (0..line.len()).collect();
                    order.sort_by(|&a, &b| {
                        let by_value = host[line[a]].total_cmp(&host[line[b]]);
                        // -0 and 0 are equal.
                        let by_value = if host[line[a]] == host[line[b]] { std::cmp::Ordering::Equal } else { by_value };
                        if descending { by_value.reverse() } else { by_value }
                    });
                    let got: Vec<usize> = line.iter().map(|&at| places[at] as usize).collect();
                    assert_eq!(got, order, "dim {dim}, descending {descending}");
                    assert!(line.iter().zip(&order).all(|(&at, &from)| sorted[at] == f64::from(host[line[from]])));
                }
            }
            let mut top = Tensor::zeros(&s, &kept(dim), DType::I64).unwrap();
            ops::argmax(&s, &x, dim, &mut top).unwrap();
            let first = |line: &Vec<usize>| {
                let largest = line.iter().map(|&at| host[at]).fold(f32::MIN, f32::max);
                line.iter().position(|&at| host[at] == largest).unwrap() as i64
            };
            assert_eq!(top.to_vec::<i64>(&s).unwrap(), lines(dim).iter().map(first).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_long_row_is_sorted_as_a_short_one() {
    let s = stream();
    let host = noise(3, 5000);
    let x = upload(&s, &[1, 5000], DType::F32, &host);
    let (mut sorted, mut places) = (filled(&s, &[1, 5000], DType::F32, 9.0), Tensor::zeros(&s, &[1, 5000], DType::I64).unwrap());
    ops::sort(&s, &x, 1, true, &mut sorted, &mut places).unwrap();
    let mut want: Vec<(usize, f32)> = host.into_iter().enumerate().collect();
    want.sort_by(|a, b| b.1.total_cmp(&a.1));
    assert_eq!(sorted.to_vec::<f32>(&s).unwrap(), want.iter().map(|w| w.1).collect::<Vec<_>>());
    assert_eq!(places.to_vec::<i64>(&s).unwrap(), want.iter().map(|w| w.0 as i64).collect::<Vec<_>>());
}

#[test]
fn the_norm_of_any_shape() {
    let s = stream();
    for dtype in FLOATS {
        for shape in [&[1][..], &[3, 5, 67], &[70_001]] {
            let x = random(&s, shape, dtype, 4);
            let mut norm = filled(&s, &[1], DType::F32, 9.0);
            ops::vector_norm(&s, &x, &mut norm).unwrap();
            let want = values(&s, &x).iter().map(|v| v * v).sum::<f64>().sqrt();
            // All but the root is in f64 in the simulator; f32 partial sums would be within this too.
            assert_close(&values(&s, &norm), &[want], 1e-5, 0.0);
        }
    }
}

//! Gathers and scatters.

use crate::common::{stream, values};
use crate::{FLOATS, doomed_stream, filled, random};
use ascend_rl::{DType, Tensor, ops};

#[test]
fn gather_along_either_dim_with_either_index() {
    let s = stream();
    let (rows, wide) = (4, 6);
    let index = [0i64, 3, 1, 2, 2, 0, 3, 3, 1, 0, 1, 2];
    for dtype in FLOATS {
        // A slice, so that rows are further apart than they are long.
        let base = random(&s, &[rows, wide + 2], dtype, 1);
        let x = base.view().narrow(1, 1, wide).unwrap();
        let host = values(&s, &base);
        let at = |i: usize, j: usize| host[i * (wide + 2) + 1 + j];
        let long = Tensor::from_slice(&s, &[3, 4], &index).unwrap();
        let short = Tensor::from_slice(&s, &[3, 4], &index.map(|i| i as i32)).unwrap();
        for index_tensor in [&long, &short] {
            let [mut along_0, mut along_1] = [(); 2].map(|()| filled(&s, &[3, 4], dtype, 7.0));
            ops::gather(&s, x, 0, index_tensor, &mut along_0).unwrap();
            ops::gather(&s, x, 1, index_tensor, &mut along_1).unwrap();
            let want: Vec<f64> = (0..12).map(|i| at(index[i] as usize, i % 4)).collect();
            assert_eq!(values(&s, &along_0), want);
            let want: Vec<f64> = (0..12).map(|i| at(i / 4, index[i] as usize)).collect();
            assert_eq!(values(&s, &along_1), want);
        }
    }
}

#[test]
fn scatter_rows_of_a_slice_leaves_the_other_rows_alone() {
    let s = stream();
    for dtype in FLOATS {
        for width in [1, 3, 40] {
            let new = random(&s, &[3, width + 4], dtype, 2);
            let slots = Tensor::from_slice(&s, &[3], &[5i32, 0, 2]).unwrap();
            let mut pool = filled(&s, &[6, width], dtype, 7.0);
            ops::scatter_rows(&s, &mut pool, &slots, new.view().narrow(1, 4, width).unwrap()).unwrap();
            let (new, pool) = (values(&s, &new), values(&s, &pool));
            for (slot, row) in pool.chunks(width).enumerate() {
                let from = [5, 0, 2].iter().position(|&at| at == slot);
                let want = from.map_or(vec![7.0; width], |i| new[i * (width + 4) + 4..][..width].to_vec());
                assert_eq!(row, want, "row {slot}");
            }
        }
    }
}

#[test]
fn gather_of_integers_and_an_index_outside() {
    let s = doomed_stream(2);
    let x = Tensor::from_slice(&s, &[2, 3], &[10i64, 11, 12, 20, 21, 22]).unwrap();
    let index = Tensor::from_slice(&s, &[2, 1], &[2i64, 0]).unwrap();
    let mut out = Tensor::empty(&s, &[2, 1], DType::I64).unwrap();
    ops::gather(&s, &x, 1, &index, &mut out).unwrap();
    assert_eq!(out.to_vec::<i64>(&s).unwrap(), [12, 20]);
    let outside = Tensor::from_slice(&s, &[2, 1], &[3i64, 0]).unwrap();
    ops::gather(&s, &x, 1, &outside, &mut out).unwrap();
    assert_eq!(s.synchronize().unwrap_err().kind(), ascend_rl::ErrorKind::Async);
}

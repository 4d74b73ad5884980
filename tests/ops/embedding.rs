//! Rows by index, and the sum back.

use crate::common::{assert_close, stream, values};
use crate::{FLOATS, doomed_stream, filled, random};
use ascend_rl::{DType, Tensor, ops};

const IDS: [i32; 7] = [4, 0, 4, 2, 4, 0, 9];

#[test]
fn embedding_takes_rows_bit_for_bit() {
    let s = stream();
    for dtype in FLOATS {
        for width in [1, 5, 64] {
            let weight = random(&s, &[10, width], dtype, 1);
            let short = Tensor::from_slice(&s, &[7], &IDS).unwrap();
            let long = Tensor::from_slice(&s, &[7], &IDS.map(i64::from)).unwrap();
            let (mut a, mut b) = (filled(&s, &[7, width], dtype, 7.0), filled(&s, &[7, width], dtype, 7.0));
            ops::embedding(&s, &weight, &short, &mut a).unwrap();
            ops::embedding(&s, &weight, &long, &mut b).unwrap();
            let weight = values(&s, &weight);
            let want: Vec<f64> = IDS.iter().flat_map(|&id| weight[id as usize * width..][..width].to_vec()).collect();
            assert_eq!(values(&s, &a), want);
            assert_eq!(values(&s, &b), want);
        }
    }
}

#[test]
fn embedding_backward_sums_rows_by_id_in_f32_and_overwrites() {
    let s = stream();
    for dtype in FLOATS {
        for width in [1, 5, 64] {
            let grad = random(&s, &[7, width], dtype, 2);
            let ids = Tensor::from_slice(&s, &[7], &IDS).unwrap();
            let mut dweight = filled(&s, &[10, width], DType::F32, 7.0);
            ops::embedding_backward(&s, &grad, &ids, &mut dweight).unwrap();
            let grad = values(&s, &grad);
            let mut want = vec![0.0; 10 * width];
            for (row, &id) in grad.chunks(width).zip(&IDS) {
                want[id as usize * width..].iter_mut().zip(row).for_each(|(w, g)| *w += g);
            }
            // Three terms below 1, summed in f32.
            assert_close(&values(&s, &dweight), &want, 0.0, 4.0 * f32::EPSILON as f64);
        }
    }
}

#[test]
fn an_id_outside_the_table_is_an_asynchronous_error() {
    let s = doomed_stream(1);
    let (weight, ids) = (random(&s, &[3, 4], DType::F32, 3), Tensor::from_slice(&s, &[2], &[1, 3]).unwrap());
    let mut out = filled(&s, &[2, 4], DType::F32, 7.0);
    ops::embedding(&s, &weight, &ids, &mut out).unwrap();
    let error = s.synchronize().unwrap_err();
    assert_eq!(error.kind(), ascend_rl::ErrorKind::Async);
    assert!(error.to_string().contains("aclnnEmbedding"), "{error}");
}

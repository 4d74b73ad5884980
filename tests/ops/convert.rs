//! Conversions, copies, fills and triangles.

use crate::common::{noise, stream, upload, values};
use crate::{columns, filled, random};
use ascend_rl::{DType, Tensor, ops};
use half::bf16;

#[test]
fn casts_round_to_nearest_even_and_integers_truncate() {
    let s = stream();
    // 1 + 1/256 lies between two bf16, as does 1 + 3/256: the even one is below, then above.
    let mut host = vec![1.0 + 1.0 / 256.0, 1.0 + 3.0 / 256.0, -0.0, f32::INFINITY, 1e-40, -2.75, 3.99];
    host.extend(noise(1, 500).iter().map(|v| v * 1e3));
    let x = upload(&s, &[host.len()], DType::F32, &host);
    let mut half = Tensor::empty(&s, &[host.len()], DType::BF16).unwrap();
    ops::cast(&s, &x, &mut half).unwrap();
    let want: Vec<bf16> = host.iter().map(|&v| bf16::from_f32(v)).collect();
    assert_eq!(half.to_vec::<bf16>(&s).unwrap(), want);
    let mut back = Tensor::empty(&s, &[host.len()], DType::F32).unwrap();
    ops::cast(&s, &half, &mut back).unwrap();
    assert_eq!(back.to_vec::<f32>(&s).unwrap(), want.iter().map(|v| v.to_f32()).collect::<Vec<_>>());

    let finite = x.view().narrow(0, 4, host.len() - 4).unwrap();
    let mut whole = Tensor::empty(&s, &[host.len() - 4], DType::I64).unwrap();
    ops::cast(&s, finite, &mut whole).unwrap();
    assert_eq!(whole.to_vec::<i64>(&s).unwrap(), host[4..].iter().map(|&v| v as i64).collect::<Vec<_>>());
}

#[test]
fn casts_between_integers_booleans_and_floats() {
    let s = stream();
    let ids = Tensor::from_slice(&s, &[2, 2], &[3i32, 0, -1, 1]).unwrap();
    let mut wide = Tensor::empty(&s, &[2, 2], DType::I64).unwrap();
    ops::cast(&s, ids.view().t(), &mut wide).unwrap();
    assert_eq!(wide.to_vec::<i64>(&s).unwrap(), [3, -1, 0, 1]);
    let mut truth = Tensor::empty(&s, &[2, 2], DType::Bool).unwrap();
    ops::cast(&s, &ids, &mut truth).unwrap();
    assert_eq!(truth.to_vec::<u8>(&s).unwrap(), [1, 0, 1, 1]);
    let mut weight = Tensor::empty(&s, &[2, 2], DType::F32).unwrap();
    ops::cast(&s, &truth, &mut weight).unwrap();
    assert_eq!(values(&s, &weight), [1.0, 0.0, 1.0, 1.0]);
}

#[test]
fn copies_convert_broadcast_and_walk_strides() {
    let s = stream();
    let x = random(&s, &[4, 3], DType::F32, 2);
    let mut wide = filled(&s, &[2, 3, 9], DType::BF16, 9.0);
    ops::copy(&s, x.view().t(), wide.view_mut().narrow(2, 5, 4).unwrap()).unwrap();
    let (x, wide) = (x.to_vec::<f32>(&s).unwrap(), values(&s, &wide));
    for (at, &got) in wide.iter().enumerate() {
        let (i, j) = (at / 9 % 3, at % 9);
        let want = if (5..9).contains(&j) { bf16::from_f32(x[(j - 5) * 3 + i]).to_f64() } else { 9.0 };
        assert_eq!(got, want, "element {at}");
    }
}

#[test]
fn fills_and_zeros_stay_inside_their_view() {
    let s = stream();
    for dtype in crate::FLOATS {
        let mut x = filled(&s, &[5, 7], dtype, 9.0);
        ops::fill(&s, x.view_mut().narrow(1, 1, 2).unwrap(), -0.5).unwrap();
        ops::zero(&s, x.view_mut().narrow(1, 4, 3).unwrap()).unwrap();
        let x = values(&s, &x);
        for (at, want) in [9.0, -0.5, -0.5, 9.0, 0.0, 0.0, 0.0].into_iter().enumerate() {
            assert_eq!(columns(&x, 7, at, 1), [want; 5]);
        }
    }
    let mut ids = Tensor::from_slice(&s, &[3], &[1i64, 2, 3]).unwrap();
    ops::fill(&s, ids.view_mut().narrow(0, 1, 2).unwrap(), -100.0).unwrap();
    assert_eq!(ids.to_vec::<i64>(&s).unwrap(), [1, -100, -100]);
    let mut truth = Tensor::zeros(&s, &[3], DType::Bool).unwrap();
    ops::fill(&s, truth.view_mut().narrow(0, 2, 1).unwrap(), 1.0).unwrap();
    assert_eq!(truth.to_vec::<u8>(&s).unwrap(), [0, 0, 1]);
}

#[test]
fn triu_keeps_what_is_on_and_above_the_diagonal() {
    let s = stream();
    for dtype in crate::FLOATS {
        for diagonal in [-9, -1, 0, 2, 9] {
            let x = random(&s, &[3, 4, 5], dtype, 3);
            let mut out = filled(&s, &[3, 4, 5], dtype, 9.0);
            ops::triu(&s, &x, diagonal, &mut out).unwrap();
            let mut want = values(&s, &x);
            for (at, v) in want.iter_mut().enumerate() {
                let (i, j) = ((at / 5 % 4) as i64, (at % 5) as i64);
                *v = if j >= i + diagonal { *v } else { 0.0 };
            }
            assert_eq!(values(&s, &out), want, "diagonal {diagonal}");
        }
    }
}

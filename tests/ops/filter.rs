//! The filters of sampling with a setting for each row.

use crate::FLOATS;
use crate::common::{noise, stream, upload, values};
use ascend_rl::{DType, Tensor, ops};

const V: usize = 50;

/// The definition: the k largest with their equals, then without the tail of `1 - p`.
fn reference(logits: &[f64], k: usize, p: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..V).collect();
    order.sort_by(|&a, &b| logits[a].partial_cmp(&logits[b]).unwrap());
    let least = if (1..V).contains(&k) { logits[order[V - k]] } else { f64::NEG_INFINITY };
    let mut out: Vec<f64> = logits.iter().map(|&x| if x < least { f64::NEG_INFINITY } else { x }).collect();
    let total: f64 = out.iter().map(|x| x.exp()).sum();
    let mut sum = 0.0;
    for &i in &order[..V - 1] {
        sum += out[i].exp() / total;
        if sum <= 1.0 - p {
            out[i] = f64::NEG_INFINITY;
        }
    }
    out
}

#[test]
fn each_row_has_its_own_filters() {
    let s = stream();
    let (ks, ps) = ([0i32, 5, 1, 50, 30], [1.0f32, 1.0, 0.5, 0.75, 0.875]);
    for dtype in FLOATS {
        let host: Vec<f32> = noise(1, ks.len() * V).iter().map(|v| 4.0 * v).collect();
        let logits = upload(&s, &[ks.len(), V], dtype, &host);
        let (p, k) = (upload(&s, &[ks.len()], dtype, &ps), Tensor::from_slice(&s, &[ks.len()], &ks).unwrap());
        let mut out = crate::filled(&s, &[ks.len(), V], dtype, 9.0);
        ops::apply_top_k_top_p(&s, &logits, &p, &k, &mut out).unwrap();
        let source = values(&s, &logits);
        let rows = source.chunks(V).zip(ks.iter().zip(ps));
        let want: Vec<f64> = rows.flat_map(|(row, (&k, p))| reference(row, k as usize, f64::from(p))).collect();
        assert_eq!(values(&s, &out), want);
    }
}

#[test]
fn refusals() {
    let s = stream();
    let any = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let (logits, p, k, mut out) =
        (any(&[2, 3], DType::F32), any(&[2], DType::F32), any(&[2], DType::I32), any(&[2, 3], DType::F32));
    let error = ops::apply_top_k_top_p(&s, &logits, &k, &p, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "apply_top_k_top_p: p is i32, f32 is needed");
    let error = ops::apply_top_k_top_p(&s, &logits, &p, &any(&[3], DType::I32), &mut out).unwrap_err();
    assert_eq!(error.to_string(), "apply_top_k_top_p: k is [3], [2] is needed");
    let arguments = [
        ("logits", &[2, 3][..], DType::F32),
        ("p", &[2][..], DType::F32),
        ("k", &[2][..], DType::I32),
        ("out", &[2, 3][..], DType::F32),
    ];
    crate::wrong_stream::each_is_checked("apply_top_k_top_p", &arguments, |s, tensors| {
        let [logits, p, k, out] = tensors else { unreachable!() };
        ops::apply_top_k_top_p(s, &*logits, &*p, &*k, out)
    });
}

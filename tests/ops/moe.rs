//! Mixtures of experts: gating, permutation, products by expert, and the way back, with gradients.

use crate::common::{assert_close, stream, upload, values};
use crate::{FLOATS, filled, random, rounding};
use ascend_rl::{DType, Stream, Tensor, ops};

fn ints(s: &Stream, t: &Tensor) -> Vec<usize> {
    t.to_vec::<i32>(s).unwrap().into_iter().map(|v| v as usize).collect()
}

#[test]
fn a_layer_of_experts_forward_and_backward() {
    let s = stream();
    let (t, k, h, n, e) = (6usize, 2usize, 8usize, 5usize, 4usize);
    for dtype in FLOATS {
        let logits = random(&s, &[t, e], dtype, 1);
        let mut weights = filled(&s, &[t, k], dtype, 7.0);
        let [mut experts, mut rows] = [(); 2].map(|()| Tensor::empty(&s, &[t, k], DType::I32).unwrap());
        ops::moe_gating_top_k_softmax(&s, &logits, &mut weights, &mut experts, &mut rows).unwrap();
        let (l, chosen) = (values(&s, &logits), ints(&s, &experts));
        for (row, chosen) in l.chunks(e).zip(chosen.chunks(k)) {
            assert!(row.iter().enumerate().all(|(i, &v)| chosen.contains(&i) || v <= row[chosen[1]]), "the largest are chosen");
        }

        let x = random(&s, &[t, h], dtype, 2);
        let mut sorted = filled(&s, &[t * k, h], dtype, 7.0);
        let mut places = Tensor::empty(&s, &[t * k], DType::I32).unwrap();
        ops::moe_permute(&s, &x, &experts, &mut sorted, &mut places).unwrap();
        let (xs, at) = (values(&s, &x), ints(&s, &places));
        let rows_of = values(&s, &sorted);
        for (i, &place) in at.iter().enumerate() {
            assert_eq!(rows_of[place * h..][..h], xs[i / k * h..][..h], "choice {i}");
        }

        let counts: Vec<i64> = (0..e).map(|e| chosen.iter().filter(|&&c| c == e).count() as i64).collect();
        let counts = Tensor::from_slice(&s, &[e], &counts).unwrap();
        let w = random(&s, &[e, h, n], dtype, 3);
        let mut out = filled(&s, &[t * k, n], dtype, 7.0);
        ops::grouped_matmul(&s, &sorted, &w, &counts, &mut out).unwrap();
        let (ws, ys) = (values(&s, &w), values(&s, &out));
        let mut want = vec![0.0; t * k * n];
        for (i, &place) in at.iter().enumerate() {
            let weight = &ws[chosen[i] * h * n..][..h * n];
            (0..n).for_each(|j| want[place * n + j] = (0..h).map(|c| xs[i / k * h + c] * weight[c * n + j]).sum());
        }
        assert_close(&ys, &want, rounding(dtype), 2e-6);

        let mut back = filled(&s, &[t, n], dtype, 7.0);
        ops::moe_unpermute(&s, &out, &places, &weights, &mut back).unwrap();
        let p = values(&s, &weights);
        let want: Vec<f64> =
            (0..t * n).map(|i| (0..k).map(|c| p[i / n * k + c] * ys[at[i / n * k + c] * n + i % n]).sum()).collect();
        assert_close(&values(&s, &back), &want, rounding(dtype), 2e-6);

        let dy = random(&s, &[t, n], dtype, 4);
        let (mut dout, mut dweights) = (filled(&s, &[t * k, n], dtype, 7.0), filled(&s, &[t, k], dtype, 7.0));
        ops::moe_unpermute_backward(&s, &out, &dy, &places, &weights, &mut dout, &mut dweights).unwrap();
        let (d, dout_at) = (values(&s, &dy), values(&s, &dout));
        let want: Vec<f64> = (0..t * k).map(|i| (0..n).map(|j| d[i / k * n + j] * ys[at[i] * n + j]).sum()).collect();
        assert_close(&values(&s, &dweights), &want, rounding(dtype), 2e-6);

        let (mut dw, mut dsorted) = (filled(&s, &[e, h, n], dtype, 7.0), filled(&s, &[t * k, h], dtype, 7.0));
        ops::grouped_matmul_weight_grad(&s, &sorted, &dout, &counts, &mut dw).unwrap();
        ops::grouped_matmul(&s, &dout, w.view().transpose(1, 2).unwrap(), &counts, &mut dsorted).unwrap();
        let mut want = vec![0.0; e * h * n];
        for (i, &place) in at.iter().enumerate() {
            for c in 0..h * n {
                want[chosen[i] * h * n + c] += rows_of[place * h + c / n] * dout_at[place * n + c % n];
            }
        }
        assert_close(&values(&s, &dw), &want, rounding(dtype), 2e-6);

        let mut dx = filled(&s, &[t, h], dtype, 7.0);
        ops::moe_permute_backward(&s, &dsorted, &places, &mut dx).unwrap();
        let g = values(&s, &dsorted);
        let want: Vec<f64> = (0..t * h).map(|i| (0..k).map(|c| g[at[i / h * k + c] * h + i % h]).sum()).collect();
        assert_close(&values(&s, &dx), &want, rounding(dtype), 2e-6);
    }
}

#[test]
fn what_does_not_fit_is_refused_before_the_call() {
    let s = stream();
    let (x, w) = (random(&s, &[4, 3], DType::F32, 1), random(&s, &[2, 3, 5], DType::F32, 2));
    let mut out = filled(&s, &[4, 5], DType::F32, 0.0);
    let counts = Tensor::from_slice(&s, &[3], &[1i64, 1, 2]).unwrap();
    let error = ops::grouped_matmul(&s, &x, &w, &counts, &mut out).unwrap_err().to_string();
    assert!(error.contains("grouped_matmul: counts is [3], [2] is needed"), "{error}");
    let error = ops::grouped_matmul(&s, out.view().t(), &w, &counts, &mut filled(&s, &[5, 5], DType::F32, 0.0)).unwrap_err();
    assert!(error.to_string().contains("the inner dims differ"), "{error}");
    let places = upload(&s, &[8], DType::F32, &[0.0; 8]);
    let error = ops::moe_permute_backward(&s, &x, &places, &mut filled(&s, &[2, 3], DType::F32, 0.0)).unwrap_err();
    assert!(error.to_string().contains("places is f32, i32 is needed"), "{error}");
}

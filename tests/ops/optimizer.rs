//! AdamW over several steps.

use crate::FLOATS;
use crate::common::{assert_close, noise, stream, upload, values};
use ascend_rl::{DType, Tensor, ops};

#[test]
fn adamw_follows_the_paper_and_counts_completed_steps_from_zero() {
    let s = stream();
    let settings = ops::AdamW { lr: 3e-2, beta1: 0.9, beta2: 0.95, weight_decay: 0.1, eps: 1e-8 };
    let [lr, beta1, beta2, decay, eps] =
        [settings.lr, settings.beta1, settings.beta2, settings.weight_decay, settings.eps].map(f64::from);
    for dtype in FLOATS {
        for n in [1, 37, 1500] {
            let shape = [n];
            let mut param = upload(&s, &shape, DType::F32, &noise(1, n));
            let [mut m, mut v] = [(); 2].map(|()| Tensor::zeros(&s, &shape, DType::F32).unwrap());
            let (mut p, mut m_want, mut v_want) = (values(&s, &param), vec![0.0; n], vec![0.0; n]);
            for step in 0..6i32 {
                let grad = upload(&s, &shape, dtype, &noise(10 + step as u64, n));
                let completed = Tensor::from_slice(&s, &[1], &[i64::from(step)]).unwrap();
                ops::adamw(&s, &mut param, &mut m, &mut v, &grad, &completed, &settings).unwrap();
                for (i, g) in values(&s, &grad).into_iter().enumerate() {
                    m_want[i] = beta1 * m_want[i] + (1.0 - beta1) * g;
                    v_want[i] = beta2 * v_want[i] + (1.0 - beta2) * g * g;
                    let (m_hat, v_hat) = (m_want[i] / (1.0 - beta1.powi(step + 1)), v_want[i] / (1.0 - beta2.powi(step + 1)));
                    p[i] -= lr * decay * p[i];
                    p[i] -= lr * m_hat / (v_hat.sqrt() + eps);
                }
                // State is f32 whatever the gradient: some roundings a step, of values below 1.
                assert_close(&values(&s, &m), &m_want, 1e-6, 3e-7);
                assert_close(&values(&s, &v), &v_want, 3e-6, 1e-9);
                assert_close(&values(&s, &param), &p, 1e-6, 1e-6);
            }
        }
    }
}

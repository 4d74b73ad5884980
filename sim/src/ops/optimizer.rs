//! `aclnnApplyAdamWV2`: AdamW with decoupled weight decay, in place.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::{Row, Target};
use super::split::split;
use super::view::{BLOCK, Buffer, View};
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// With `t = step + 1`, where `step` is read when the operation runs:
/// `m = beta1*m + (1-beta1)*grad`, `v = beta2*v + (1-beta2)*grad²`,
/// `var = var*(1 - lr*weight_decay) - lr * (m / (1-beta1^t)) / (sqrt(v / (1-beta2^t)) + eps)`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnApplyAdamWV2GetWorkspaceSize(
    var_ref: *mut aclTensor,
    m_ref: *mut aclTensor,
    v_ref: *mut aclTensor,
    max_grad_norm_ref: *mut aclTensor,
    grad: *const aclTensor,
    step: *const aclTensor,
    lr: f32,
    beta1: f32,
    beta2: f32,
    weight_decay: f32,
    eps: f32,
    amsgrad: bool,
    maximize: bool,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnApplyAdamWV2";
    let mut call = Call::new(NAME);
    let (var, m, v) = (call.output("varRef", var_ref)?, call.output("mRef", m_ref)?, call.output("vRef", v_ref)?);
    // The largest `v` so far; without amsgrad it is not read.
    let max = if amsgrad { Some(call.output("maxGradNormOptionalRef", max_grad_norm_ref)?) } else { None };
    let (grad, step) = (call.input("grad", grad)?, call.input("step", step)?);
    for (param, t) in [("varRef", &var), ("mRef", &m), ("vRef", &v), ("grad", &grad)] {
        check_dtype(NAME, param, t, FLOATS)?;
        check_shape(NAME, param, t, &var.dims)?;
    }
    for (param, t) in [("mRef", &m), ("vRef", &v)].into_iter().chain(max.as_ref().map(|max| ("maxGradNormOptionalRef", max))) {
        check_same_dtype(NAME, param, t, "varRef", var.dtype)?;
        check_shape(NAME, param, t, &var.dims)?;
        check_writable(NAME, param, t)?;
    }
    check_writable(NAME, "varRef", &var)?;
    check_dtype(NAME, "step", &step, &[ACL_INT64, ACL_FLOAT])?;
    check!(step.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: step has shape {:?}; one element is needed", step.dims);
    let [var, m, v, grad, step] = [var, m, v, grad, step].map(|t| View::new(&t));
    // Through the view, a block at a time: it is rare enough.
    let max = max.map(|max| View::new(&max));
    let beside = max.unwrap_or(step);
    let [var, m, v] =
        [[&var, &m, &v], [&m, &var, &v], [&v, &var, &m]].map(|[own, a, b]| Target::new(*own, &[a, b, &grad, &step, &beside]));
    call.finish(ws, executor, move || {
        let t = step.load::<f32>(0, 1, &mut Buffer::new())[0] as f64 + 1.0;
        let adam = AdamW {
            sign: if maximize { -1.0 } else { 1.0 },
            beta1,
            beta2,
            keep: (1.0 - lr as f64 * weight_decay as f64) as f32,
            step_size: (lr as f64 / (1.0 - (beta1 as f64).powf(t))) as f32,
            v_scale: (1.0 / (1.0 - (beta2 as f64).powf(t))) as f32,
            eps,
        };
        // Blocks and not elements, so that a plain f32 tensor is walked in whole ones.
        split(grad.numel().div_ceil(BLOCK), BLOCK, |blocks| {
            let [mut var_row, mut m_row, mut v_row, mut grad_row, mut max_row] = [(); 5].map(|()| Row::new(BLOCK));
            for start in blocks.map(|block| block * BLOCK) {
                let n = BLOCK.min(grad.numel() - start);
                let [w, m_now, v_now] =
                    [(&var, &mut var_row), (&m, &mut m_row), (&v, &mut v_row)].map(|(target, row)| target.values(start, n, row));
                let seen = max.as_ref().map(|max| max_row.copy(max, start, n));
                adam.update(w, m_now, v_now, grad_row.load(&grad, start, n), seen);
                if let Some(max) = &max {
                    max.store(start, max_row.room(n));
                }
                var.store(start, w);
                m.store(start, m_now);
                v.store(start, v_now);
            }
        })
    })
}

/// The numbers that all elements share.
struct AdamW {
    /// -1 to go up.
    sign: f32,
    beta1: f32,
    beta2: f32,
    keep: f32,
    step_size: f32,
    v_scale: f32,
    eps: f32,
}

impl AdamW {
    /// `seen` is the largest `v` so far, which takes its place in the step.
    fn update(&self, var: &mut [f32], m: &mut [f32], v: &mut [f32], grad: &[f32], mut seen: Option<&mut [f32]>) {
        vectorized(
            #[inline(always)]
            || {
                if let Some(seen) = seen.as_deref_mut() {
                    for ((var, (m, v)), (grad, seen)) in
                        var.iter_mut().zip(m.iter_mut().zip(v.iter_mut())).zip(grad.iter().zip(seen))
                    {
                        let grad = self.sign * grad;
                        *m = self.beta1 * *m + (1.0 - self.beta1) * grad;
                        *v = self.beta2 * *v + (1.0 - self.beta2) * grad * grad;
                        *seen = if *seen < *v { *v } else { *seen };
                        *var = *var * self.keep - self.step_size * *m / ((*seen * self.v_scale).sqrt() + self.eps);
                    }
                    return;
                }
                for ((var, (m, v)), grad) in var.iter_mut().zip(m.iter_mut().zip(v.iter_mut())).zip(grad) {
                    let grad = self.sign * grad;
                    *m = self.beta1 * *m + (1.0 - self.beta1) * grad;
                    *v = self.beta2 * *v + (1.0 - self.beta2) * grad * grad;
                    *var = *var * self.keep - self.step_size * *m / ((*v * self.v_scale).sqrt() + self.eps);
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::ptr::null_mut;

    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    const LR: f32 = 0.01;
    const BETA1: f32 = 0.9;
    const BETA2: f32 = 0.95;
    const DECAY: f32 = 0.1;
    const EPS: f32 = 1e-8;

    fn adamw(tensors: [&Array; 5], amsgrad: bool, maximize: bool) -> Outcome {
        with_largest(tensors, null_mut(), amsgrad, maximize)
    }

    fn with_largest([var, m, v, grad, step]: [&Array; 5], largest: *mut aclTensor, amsgrad: bool, maximize: bool) -> Outcome {
        run(|ws, e| {
            let [var, m, v, grad, step] = [var, m, v, grad, step].map(|t| t.handle());
            aclnnApplyAdamWV2GetWorkspaceSize(
                var, m, v, largest, grad, step, LR, BETA1, BETA2, DECAY, EPS, amsgrad, maximize, ws, e,
            )
        })
    }

    #[test]
    fn steps_follow_the_formula() {
        for (grad_dtype, step_dtype, maximize) in
            [(ACL_FLOAT, ACL_INT64, false), (ACL_BF16, ACL_FLOAT, true), (ACL_FLOAT16, ACL_INT64, false)]
        {
            let dims = [3, 1500];
            let of = |seed| Array::new(ACL_FLOAT, &dims, noise(seed));
            let [var, m, v] = [of(1), Array::new(ACL_FLOAT, &dims, std::iter::repeat(0.0)), of(0)];
            let v = Array::new(ACL_FLOAT, &dims, v.values().iter().map(|_| 0.0));
            let (mut w, mut m64, mut v64) = (var.values(), m.values(), v.values());
            let (lr, beta1, beta2) = (f64::from(LR), f64::from(BETA1), f64::from(BETA2));
            for t in 1..4i32 {
                let grad = Array::new(grad_dtype, &dims, noise(10 + t as u64));
                let step = Array::new(step_dtype, &[1], [f64::from(t - 1)]);
                adamw([&var, &m, &v, &grad, &step], false, maximize).unwrap();
                for (i, g) in grad.values().into_iter().enumerate() {
                    let g = if maximize { -g } else { g };
                    m64[i] = beta1 * m64[i] + (1.0 - beta1) * g;
                    v64[i] = beta2 * v64[i] + (1.0 - beta2) * g * g;
                    let (m_hat, v_hat) = (m64[i] / (1.0 - beta1.powi(t)), v64[i] / (1.0 - beta2.powi(t)));
                    w[i] = w[i] * (1.0 - lr * f64::from(DECAY)) - lr * m_hat / (v_hat.sqrt() + f64::from(EPS));
                }
                // A few f32 operations each; `1 - beta` in f32 is off by 1e-6.
                assert_close(&m.values(), &m64, 3e-6, 1e-7);
                assert_close(&v.values(), &v64, 3e-6, 1e-7);
                assert_close(&var.values(), &w, 1e-6, 1e-6);
            }
        }
    }

    #[test]
    fn with_amsgrad_the_largest_square_counts() {
        let dims = [2, 700];
        let zeros = || Array::new(ACL_FLOAT, &dims, std::iter::repeat(0.0));
        let (var, m, v, largest) = (Array::new(ACL_FLOAT, &dims, noise(1)), zeros(), zeros(), zeros());
        let (mut w, mut m64, mut v64, mut most) = (var.values(), m.values(), v.values(), v.values());
        let (lr, beta1, beta2) = (f64::from(LR), f64::from(BETA1), f64::from(BETA2));
        for t in 1..4i32 {
            // Gradients that shrink, so that the first step's squares stay the largest.
            let grad = Array::new(ACL_FLOAT, &dims, noise(10).map(|g| g * 10f64.powi(-3 * t)));
            let step = Array::new(ACL_INT64, &[1], [f64::from(t - 1)]);
            with_largest([&var, &m, &v, &grad, &step], largest.handle(), true, false).unwrap();
            for (i, g) in grad.values().into_iter().enumerate() {
                m64[i] = beta1 * m64[i] + (1.0 - beta1) * g;
                v64[i] = beta2 * v64[i] + (1.0 - beta2) * g * g;
                most[i] = most[i].max(v64[i]);
                let (m_hat, v_hat) = (m64[i] / (1.0 - beta1.powi(t)), most[i] / (1.0 - beta2.powi(t)));
                w[i] = w[i] * (1.0 - lr * f64::from(DECAY)) - lr * m_hat / (v_hat.sqrt() + f64::from(EPS));
            }
            assert_close(&largest.values(), &most, 3e-6, 1e-14);
            assert_close(&var.values(), &w, 1e-6, 1e-6);
        }
    }

    #[test]
    fn strided_state_is_updated_where_it_lies() {
        let plain = |seed| Array::new(ACL_FLOAT, &[5, 3], noise(seed));
        let wide = |seed| Array::strided(ACL_FLOAT, &[5, 3], &[8, 2], 1, 40, noise(seed));
        let (grad, step) = (plain(4), Array::new(ACL_INT64, &[1], [0.0]));
        let zeros = || Array::new(ACL_FLOAT, &[5, 3], std::iter::repeat(0.0));
        let (one, other) = (plain(1), wide(1));
        adamw([&one, &zeros(), &zeros(), &grad, &step], false, false).unwrap();
        adamw([&other, &zeros(), &zeros(), &grad, &step], false, false).unwrap();
        assert_eq!(one.values(), other.values());
        assert_eq!(other.storage().iter().filter(|v| **v == 7.0).count(), 40 - 15, "nothing else is touched");
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        const NAME: &str = "aclnnApplyAdamWV2";
        let of = |dtype, dims: &[i64]| Array::out(dtype, dims);
        let (var, grad, step) = (of(ACL_FLOAT, &[4]), of(ACL_BF16, &[4]), of(ACL_INT64, &[1]));
        let invalid = |outcome, what| assert_eq!(refusal(outcome, NAME, what), ACLNN_ERR_PARAM_INVALID);
        invalid(adamw([&var, &grad, &var, &grad, &step], false, false), "mRef is");
        invalid(adamw([&var, &var, &of(ACL_FLOAT, &[3]), &grad, &step], false, false), "vRef has shape [3]; [4]");
        invalid(adamw([&var, &var, &var, &step, &step], false, false), "grad is");
        invalid(adamw([&var, &var, &var, &grad, &var], false, false), "step has shape [4]");
        invalid(adamw([&var, &var, &var, &grad, &of(ACL_INT32, &[1])], false, false), "step is");
        let missing = adamw([&var, &var, &var, &grad, &step], true, false);
        assert_eq!(refusal(missing, NAME, "maxGradNormOptionalRef is null"), ACLNN_ERR_PARAM_NULLPTR);
        let null = run(|ws, e| {
            let (var, grad, step) = (var.handle(), grad.handle(), step.handle());
            aclnnApplyAdamWV2GetWorkspaceSize(
                var,
                null_mut(),
                var,
                null_mut(),
                grad,
                step,
                LR,
                BETA1,
                BETA2,
                DECAY,
                EPS,
                false,
                false,
                ws,
                e,
            )
        });
        assert_eq!(refusal(null, NAME, "mRef is null"), ACLNN_ERR_PARAM_NULLPTR);
    }
}

//! Losses against f64.

use std::ffi::CStr;
use std::ptr::null;

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

const IGNORED: i64 = -100;

struct Case {
    logits: Array,
    targets: Array,
    weight: Option<Array>,
}

impl Case {
    /// Logits up to 30 in size; every fourth target is ignored.
    fn new(dtype: aclDataType, rows: i64, classes: i64, weighted: bool) -> Case {
        let targets = (0..rows).map(|i| if i % 4 == 3 { IGNORED } else { i * 7 % classes } as f64);
        Case {
            logits: Array::new(dtype, &[rows, classes], noise(1).map(|v| 30.0 * v)),
            targets: Array::new(ACL_INT64, &[rows], targets),
            weight: weighted.then(|| Array::new(ACL_FLOAT, &[classes], noise(2).map(|v| v + 1.5))),
        }
    }

    fn weight(&self) -> *const aclTensor {
        self.weight.as_ref().map_or(null(), |w| w.handle())
    }

    /// Each row's class and weight; the weight of an ignored row is 0.
    fn rows(&self) -> Vec<(usize, f64)> {
        let weights = self.weight.as_ref().map(Array::values);
        let row = |target: &f64| match *target as i64 {
            IGNORED => (0, 0.0),
            class => (class as usize, weights.as_ref().map_or(1.0, |w| w[class as usize])),
        };
        self.targets.values().iter().map(row).collect()
    }

    fn loss(&self, reduction: &CStr, loss: &Array, log_prob: &Array) -> Outcome {
        let spare = [0, 1].map(|_| Array::out(ACL_FLOAT, &[1]));
        run(|ws, e| {
            let (input, target) = (self.logits.handle(), self.targets.handle());
            let (loss, log_prob) = (loss.handle(), log_prob.handle());
            let [zloss, lse] = [spare[0].handle(), spare[1].handle()];
            let reduction = reduction.as_ptr().cast_mut();
            aclnnCrossEntropyLossGetWorkspaceSize(
                input,
                target,
                self.weight(),
                reduction,
                IGNORED,
                0.0,
                0.0,
                false,
                loss,
                log_prob,
                zloss,
                lse,
                ws,
                e,
            )
        })?;
        assert!(spare.iter().all(|t| t.values() == [7.0]), "what is for the z-loss is left alone");
        Ok(())
    }

    fn grad(&self, reduction: &CStr, grad: &Array, out: &Array) -> Outcome {
        run(|ws, e| {
            let (grad, log_prob, target) = (grad.handle(), self.logits.handle(), self.targets.handle());
            let reduction = reduction.as_ptr().cast_mut();
            aclnnCrossEntropyLossGradGetWorkspaceSize(
                grad,
                log_prob,
                target,
                self.weight(),
                null(),
                null(),
                reduction,
                IGNORED,
                0.0,
                0.0,
                out.handle(),
                ws,
                e,
            )
        })
    }
}

fn log_softmax(x: &[f64], classes: usize) -> Vec<f64> {
    x.chunks(classes)
        .flat_map(|row| {
            let largest = row.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
            let total = row.iter().map(|v| (v - largest).exp()).sum::<f64>().ln() + largest;
            row.iter().map(|v| v - total).collect::<Vec<_>>()
        })
        .collect()
}

const SHAPES: [(i64, i64); 5] = [(1, 1), (9, 32), (5, 33), (3, 1024), (6, 2500)];

#[test]
fn losses_and_log_probabilities() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 5e-4)] {
        for (rows, classes) in SHAPES {
            for weighted in [false, true] {
                let case = Case::new(dtype, rows, classes, weighted);
                let want = log_softmax(&case.logits.values(), classes as usize);
                let row = |(i, &(class, weight)): (usize, &(usize, f64))| -weight * want[i * classes as usize + class];
                let losses: Vec<f64> = case.rows().iter().enumerate().map(row).collect();
                let (sum, weights) = (losses.iter().sum::<f64>(), case.rows().iter().map(|r| r.1).sum::<f64>());
                for (reduction, want_loss) in [(c"none", losses), (c"sum", vec![sum]), (c"mean", vec![sum / weights])] {
                    let loss = Array::out(dtype, &[want_loss.len() as i64]);
                    let log_prob = Array::out(dtype, &[rows, classes]);
                    case.loss(reduction, &loss, &log_prob).unwrap();
                    // A difference of f32 numbers up to 30, then one rounding to the dtype.
                    assert_close(&log_prob.values(), &want, relative, 8e-6);
                    assert_close(&loss.values(), &want_loss, relative, 2e-5);
                }
            }
        }
    }
}

#[test]
fn gradients_are_probabilities_less_the_target() {
    for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3)] {
        for (rows, classes) in SHAPES {
            for (reduction, n) in [(c"none", rows), (c"sum", 1), (c"mean", 1)] {
                let case = Case::new(dtype, rows, classes, true);
                let n_classes = classes as usize;
                // What the forward gave: log-probabilities in the dtype.
                let case =
                    Case { logits: Array::new(dtype, &[rows, classes], log_softmax(&case.logits.values(), n_classes)), ..case };
                let (grad, out) = (Array::new(dtype, &[n], noise(5)), Array::out(dtype, &[rows, classes]));
                case.grad(reduction, &grad, &out).unwrap();
                let (grad, log_prob) = (grad.values(), case.logits.values());
                let total = if reduction == c"mean" { case.rows().iter().map(|r| r.1).sum::<f64>() } else { 1.0 };
                let element = |i: usize| {
                    let (class, weight) = case.rows()[i / n_classes];
                    let onehot = f64::from(u8::from(class == i % n_classes));
                    grad[if n == 1 { 0 } else { i / n_classes }] * weight / total * (log_prob[i].exp() - onehot)
                };
                // A difference of two numbers up to 2.5.
                assert_close(&out.values(), &(0..log_prob.len()).map(element).collect::<Vec<_>>(), relative, 1e-6);
            }
        }
    }
}

#[test]
fn a_target_that_is_no_class_fails_the_work() {
    let case = Case { targets: Array::new(ACL_INT64, &[2], [1.0, 5.0]), ..Case::new(ACL_FLOAT, 2, 5, false) };
    let (loss, log_prob) = (Array::out(ACL_FLOAT, &[2]), Array::out(ACL_FLOAT, &[2, 5]));
    let run = std::panic::AssertUnwindSafe(|| case.loss(c"none", &loss, &log_prob));
    let text = *std::panic::catch_unwind(run).expect_err("a failure").downcast::<String>().expect("a text");
    assert_eq!(text, "aclnnCrossEntropyLoss: target[1] is 5, out of range for 5 classes");
}

#[test]
fn refusals_name_what_is_wrong() {
    const NAME: &str = "aclnnCrossEntropyLoss";
    let case = Case::new(ACL_FLOAT, 2, 5, false);
    let of = |dtype, dims: &[i64]| Array::out(dtype, dims);
    let (loss, log_prob) = (of(ACL_FLOAT, &[2]), of(ACL_FLOAT, &[2, 5]));
    let invalid = |outcome, what| assert_eq!(refusal(outcome, NAME, what), ACLNN_ERR_PARAM_INVALID);
    invalid(case.loss(c"most", &loss, &log_prob), "reductionOptional is \"most\"");
    invalid(case.loss(c"mean", &loss, &log_prob), "lossOut has shape [2]; one element");
    invalid(case.loss(c"none", &of(ACL_BF16, &[2]), &log_prob), "lossOut is");
    invalid(case.loss(c"none", &loss, &of(ACL_FLOAT, &[2, 4])), "logProbOut has shape");
    let wrong = Case { targets: of(ACL_INT32, &[2]), ..Case::new(ACL_FLOAT, 2, 5, false) };
    invalid(wrong.loss(c"none", &loss, &log_prob), "target is");
    let wrong = Case { weight: Some(of(ACL_FLOAT, &[2])), ..Case::new(ACL_FLOAT, 2, 5, false) };
    invalid(wrong.loss(c"none", &loss, &log_prob), "weightOptional has shape");
    for (smoothing, scale, zloss, what) in
        [(0.1, 0.0, false, "labelSmoothing is 0.1"), (0.0, 0.5, false, "lseSquareScaleForZloss"), (0.0, 0.0, true, "returnZloss")]
    {
        let outcome = run(|ws, e| {
            let [x, t, l, p] = [&case.logits, &case.targets, &loss, &log_prob].map(|t| t.handle());
            let reduction = c"none".as_ptr().cast_mut();
            aclnnCrossEntropyLossGetWorkspaceSize(x, t, null(), reduction, IGNORED, smoothing, scale, zloss, l, p, l, l, ws, e)
        });
        assert_eq!(refusal(outcome, NAME, what), ACL_ERROR_FEATURE_UNSUPPORTED);
    }
    let outcome = run(|ws, e| {
        let [x, t, l, p] = [&case.logits, &case.targets, &loss, &log_prob].map(|t| t.handle());
        let reduction = c"none".as_ptr().cast_mut();
        aclnnCrossEntropyLossGetWorkspaceSize(x, t, null(), reduction, IGNORED, 0.0, 0.0, false, l, p, nothing(), l, ws, e)
    });
    assert_eq!(refusal(outcome, NAME, "zlossOut is null"), ACLNN_ERR_PARAM_NULLPTR);
}

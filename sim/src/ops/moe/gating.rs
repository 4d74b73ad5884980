//! Gating: which experts a token goes to, and with what weight. Of equals the first expert comes first.

use ascend_rl_sys::types::*;

use super::check_matrix;
use crate::math::{exp, sigmoid};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::{Row, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// Most experts that are picked, and that there are.
const MAX_K: usize = 1024;
const MAX_EXPERTS: usize = 2048;

/// Softmax, then the largest `k`; `rowIdx` numbers places column-major.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeGatingTopKSoftmaxGetWorkspaceSize(
    x: *const aclTensor,
    finished: *const aclTensor,
    k: i64,
    y_out: *const aclTensor,
    expert_idx_out: *const aclTensor,
    row_idx_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeGatingTopKSoftmax";
    let mut call = Call::new(NAME);
    let row_idx = call.output("rowIdxOut", row_idx_out)?;
    check_dtype(NAME, "rowIdxOut", &row_idx, &[ACL_INT32])?;
    let gate = Gate::read(&mut call, NAME, x, finished, k, y_out, expert_idx_out)?;
    check_shape(NAME, "rowIdxOut", &row_idx, &[gate.tokens, gate.k])?;
    check_writable(NAME, "rowIdxOut", &row_idx)?;
    let row_idx = View::new(&row_idx);
    call.finish(ws, executor, move || {
        gate.run(softmax, |_, _| ());
        let (tokens, k) = (gate.tokens, gate.k);
        row_idx.store(0, &(0..tokens * k).map(|i| (i % k * tokens + i / k) as i64).collect::<Vec<_>>());
    })
}

/// `renorm` 0 as V1; 1 takes the softmax of the largest `k` alone.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeGatingTopKSoftmaxV2GetWorkspaceSize(
    x: *const aclTensor,
    finished: *const aclTensor,
    k: i64,
    renorm: i64,
    output_softmax_result_flag: bool,
    y_out: *const aclTensor,
    expert_idx_out: *const aclTensor,
    softmax_result_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeGatingTopKSoftmaxV2";
    let mut call = Call::new(NAME);
    check!((0..=1).contains(&renorm), ACLNN_ERR_PARAM_INVALID, "{NAME}: renorm is {renorm}; 0 and 1 are taken");
    let gate = Gate::read(&mut call, NAME, x, finished, k, y_out, expert_idx_out)?;
    let mut all_scores = None;
    if output_softmax_result_flag && renorm == 0 {
        let t = call.output("softmaxResultOutOptional", softmax_result_out)?;
        check_dtype(NAME, "softmaxResultOutOptional", &t, &[ACL_FLOAT])?;
        check_shape(NAME, "softmaxResultOutOptional", &t, &[gate.tokens, gate.experts])?;
        check_writable(NAME, "softmaxResultOutOptional", &t)?;
        all_scores = Some(View::new(&t));
    }
    call.finish(ws, executor, move || {
        if renorm == 1 {
            return gate.run(
                |logits, scores| scores.copy_from_slice(logits),
                |_, picked| {
                    let logits = picked.to_vec();
                    softmax(&logits, picked);
                },
            );
        }
        gate.run(softmax, |_, _| ());
        if let Some(out) = &all_scores {
            gate.scores(out, softmax);
        }
    })
}

/// A batch of logits, what is picked of each row, and where it goes.
struct Gate {
    tokens: usize,
    experts: usize,
    k: usize,
    x: View,
    finished: Option<View>,
    y: View,
    expert_idx: View,
}

impl Gate {
    fn read(
        call: &mut Call,
        name: &str,
        x: *const aclTensor,
        finished: *const aclTensor,
        k: i64,
        y: *const aclTensor,
        expert_idx: *const aclTensor,
    ) -> Outcome<Gate> {
        let x = call.input("x", x)?;
        let finished = call.optional_input("finishedOptional", finished)?;
        let (y, expert_idx) = (call.output("yOut", y)?, call.output("expertIdxOut", expert_idx)?);
        let (tokens, experts) = check_matrix(name, "x", &x, FLOATS)?;
        check!(
            k > 0 && k as usize <= experts.min(MAX_K),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: k is {k}; 1..{} are taken",
            experts.min(MAX_K)
        );
        let k = k as usize;
        if let Some(finished) = &finished {
            check_dtype(name, "finishedOptional", finished, &[ACL_BOOL])?;
            check_shape(name, "finishedOptional", finished, &[tokens])?;
        }
        check_same_dtype(name, "yOut", &y, "x", x.dtype)?;
        check_dtype(name, "expertIdxOut", &expert_idx, &[ACL_INT32])?;
        for (param, t) in [("yOut", &y), ("expertIdxOut", &expert_idx)] {
            check_shape(name, param, t, &[tokens, k])?;
            check_writable(name, param, t)?;
        }
        let [x, y, expert_idx] = [x, y, expert_idx].map(|t| View::new(&t));
        Ok(Gate { tokens, experts, k, x, finished: finished.map(|t| View::new(&t)), y, expert_idx })
    }

    /// `score(logits, scores)`, the largest `k`, and `finish(token, picked)` of their scores. What has finished goes to no expert.
    fn run(&self, score: impl Fn(&[f32], &mut [f32]) + Sync, finish: impl Fn(usize, &mut [f32]) + Sync) {
        let finished = self.finished.as_ref().map(all::<i64>);
        let (n, k) = (self.experts, self.k);
        split(self.tokens, n, |tokens| {
            let (mut row, mut scores, mut order) = (Row::new(n), vec![0f32; n], Vec::with_capacity(n));
            for t in tokens {
                score(row.load(&self.x, t * n, n), &mut scores);
                largest(&scores, k, &mut order);
                let mut picked: Vec<f32> = order.iter().map(|&e| scores[e as usize]).collect();
                finish(t, &mut picked);
                self.y.store(t * k, &picked);
                if finished.as_ref().is_some_and(|f| f[t] != 0) {
                    order.fill(n as i64);
                }
                self.expert_idx.store(t * k, &order);
            }
        })
    }

    /// All scores.
    fn scores(&self, out: &View, score: impl Fn(&[f32], &mut [f32]) + Sync) {
        let n = self.experts;
        split(self.tokens, n, |tokens| {
            let (mut row, mut scores) = (Row::new(n), vec![0f32; n]);
            for t in tokens {
                score(row.load(&self.x, t * n, n), &mut scores);
                out.store(t * n, &scores);
            }
        })
    }
}

fn softmax(logits: &[f32], scores: &mut [f32]) {
    let top = logits.iter().fold(f32::NEG_INFINITY, |m, &v| m.max(v));
    scores.iter_mut().zip(logits).for_each(|(s, &l)| *s = exp(l - top));
    let total: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|s| *s /= total);
}

/// The places of the `k` largest, largest first.
fn largest(scores: &[f32], k: usize, order: &mut Vec<i64>) {
    order.clear();
    order.extend(0..scores.len() as i64);
    order.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
    order.truncate(k);
}

/// Routing by groups: scores by softmax (0) or sigmoid (1), `bias` added for the choice alone, the best `kGroup` of `groupCount`
/// groups by their largest score or by their largest two, the best `k` of those. Sigmoid scores are shared out over the picked.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeGatingTopKGetWorkspaceSize(
    x: *const aclTensor,
    bias: *const aclTensor,
    k: i64,
    k_group: i64,
    group_count: i64,
    group_select_mode: i64,
    renorm: i64,
    norm_type: i64,
    out_flag: bool,
    routed_scaling_factor: f64,
    eps: f64,
    y_out: *const aclTensor,
    expert_idx_out: *const aclTensor,
    out_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeGatingTopK";
    let mut call = Call::new(NAME);
    let gate = Gate::read(&mut call, NAME, x, std::ptr::null(), k, y_out, expert_idx_out)?;
    let bias = call.optional_input("biasOptional", bias)?;
    if let Some(bias) = &bias {
        check_dtype(NAME, "biasOptional", bias, FLOATS)?;
        check_shape(NAME, "biasOptional", bias, &[gate.experts])?;
    }
    let n = gate.experts;
    check!(n <= MAX_EXPERTS, ACLNN_ERR_PARAM_INVALID, "{NAME}: x has {n} experts; at most {MAX_EXPERTS} are taken");
    let groups = usize::try_from(group_count).unwrap_or(0);
    check!(
        groups > 0 && n.is_multiple_of(groups),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: groupCount is {group_count}; a divisor of {n} experts is needed"
    );
    let size = n / groups;
    check!(
        (1..=group_count).contains(&k_group) && gate.k <= k_group as usize * size,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: kGroup is {k_group} of {group_count} groups of {size}; they must hold k experts"
    );
    let pairs = match group_select_mode {
        0 => false,
        1 if size >= 2 => true,
        1 => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: groupSelectMode is 1 with groups of {size}; 2 or more experts are needed"),
        _ => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: groupSelectMode is {group_select_mode}; 0 and 1 are taken"),
    };
    check!(renorm == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: renorm is {renorm}; 0 is taken");
    check!((0..=1).contains(&norm_type), ACLNN_ERR_PARAM_INVALID, "{NAME}: normType is {norm_type}; 0 and 1 are taken");
    let mut all_scores = None;
    if out_flag {
        let t = call.output("outOut", out_out)?;
        check_dtype(NAME, "outOut", &t, &[ACL_FLOAT])?;
        check_shape(NAME, "outOut", &t, &[gate.tokens, n])?;
        check_writable(NAME, "outOut", &t)?;
        all_scores = Some(View::new(&t));
    }
    let score = if norm_type == 0 { softmax } else { sigmoids };
    let (bias, factor, eps) = (bias.map(|t| View::new(&t)), routed_scaling_factor as f32, eps as f32);
    call.finish(ws, executor, move || {
        let bias = bias.as_ref().map_or_else(|| vec![0.0; n], all::<f32>);
        split(gate.tokens, n, |tokens| {
            let (mut row, mut scores, mut choice, mut order) = (Row::new(n), vec![0f32; n], vec![0f32; n], Vec::new());
            for t in tokens {
                score(row.load(&gate.x, t * n, n), &mut scores);
                for e in 0..n {
                    choice[e] = scores[e] + bias[e];
                }
                let value = |group: &[f32]| {
                    let mut top = [f32::NEG_INFINITY; 2];
                    for &v in group {
                        if v > top[0] {
                            top = [v, top[0]];
                        } else if v > top[1] {
                            top[1] = v;
                        }
                    }
                    if pairs { top[0] + top[1] } else { top[0] }
                };
                let values: Vec<f32> = choice.chunks(size).map(value).collect();
                largest(&values, k_group as usize, &mut order);
                for (group, choice) in choice.chunks_mut(size).enumerate() {
                    if !order.contains(&(group as i64)) {
                        choice.fill(f32::NEG_INFINITY);
                    }
                }
                largest(&choice, gate.k, &mut order);
                let mut picked: Vec<f32> = order.iter().map(|&e| scores[e as usize]).collect();
                let share = if norm_type == 1 { picked.iter().sum::<f32>() + eps } else { 1.0 };
                picked.iter_mut().for_each(|v| *v = *v / share * factor);
                gate.y.store(t * gate.k, &picked);
                gate.expert_idx.store(t * gate.k, &order);
                if let Some(out) = &all_scores {
                    out.store(t * n, &scores);
                }
            }
        })
    })
}

fn sigmoids(logits: &[f32], scores: &mut [f32]) {
    scores.iter_mut().zip(logits).for_each(|(s, &l)| *s = sigmoid(l));
}

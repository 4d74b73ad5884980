//! Norms, rotations, products, expert groups.

use ascend_rl::{DType, Tensor, atb};

use super::common::{assert_close, noise, stream, upload, values};
use super::{BF16, empty, random};

/// `rows` rows of `n` values, normed and weighted.
fn norm(x: &[f64], gamma: &[f64], epsilon: f64) -> Vec<f64> {
    let n = gamma.len();
    let row = |row: &[f64]| {
        let mean = row.iter().map(|v| v * v).sum::<f64>() / n as f64;
        row.iter().zip(gamma).map(|(v, g)| v / (mean + epsilon).sqrt() * g).collect::<Vec<_>>()
    };
    x.chunks(n).flat_map(row).collect()
}

#[test]
fn norms_of_rows_and_of_sums_with_a_residual() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    for (seed, shape) in [(1, vec![1, 16]), (2, vec![5, 48]), (3, vec![2, 3, 80])] {
        let n = *shape.last().unwrap();
        let (x, residual, gamma) = (random(&s, seed, &shape), random(&s, seed + 10, &shape), random(&s, seed + 20, &[n]));
        let (mut y, mut sum) = (empty(&s, &shape), empty(&s, &shape));
        let mut op = context.rms_norm(1e-5).unwrap();
        op.run(x.view(), gamma.view(), y.view_mut()).unwrap();
        assert_close(&values(&s, &y), &norm(&values(&s, &x), &values(&s, &gamma), 1e-5), BF16.0, BF16.1);

        let mut op = context.pre_norm(1e-5).unwrap();
        op.run(x.view(), residual.view(), gamma.view(), y.view_mut(), sum.view_mut()).unwrap();
        let added: Vec<f64> = values(&s, &x).iter().zip(values(&s, &residual)).map(|(a, b)| a + b).collect();
        assert_close(&values(&s, &sum), &added, BF16.0, 0.0);
        // The norm is taken of the rounded sum or of the exact one: the tolerance covers both.
        assert_close(&values(&s, &y), &norm(&added, &values(&s, &gamma), 1e-5), 2.0 * BF16.0, 2.0 * BF16.1);
    }
}

#[test]
fn an_operation_runs_again_with_other_tensors_and_other_shapes() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let mut op = context.rms_norm(1e-6).unwrap();
    for (seed, rows) in [(1, 4), (2, 4), (3, 7), (4, 4)] {
        let (x, gamma, mut y) = (random(&s, seed, &[rows, 32]), random(&s, seed + 50, &[32]), empty(&s, &[rows, 32]));
        op.run(x.view(), gamma.view(), y.view_mut()).unwrap();
        assert_close(&values(&s, &y), &norm(&values(&s, &x), &values(&s, &gamma), 1e-6), BF16.0, BF16.1);
    }
}

#[test]
fn rope_turns_the_halves_of_each_head() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let (tokens, dim) = (5, 32);
    for (q_heads, k_heads) in [(1, 1), (6, 2)] {
        let (q, k) = (random(&s, 1, &[tokens, q_heads * dim]), random(&s, 2, &[tokens, k_heads * dim]));
        let angle = |t: usize, i: usize| (t * 3) as f32 * 100f32.powf(-((i % (dim / 2)) as f32) / 16.0);
        let table = |f: fn(f32) -> f32| (0..tokens * dim).map(|at| f(angle(at / dim, at % dim))).collect::<Vec<_>>();
        let cos = upload(&s, &[tokens, dim], DType::BF16, &table(f32::cos));
        let sin = upload(&s, &[tokens, dim], DType::BF16, &table(f32::sin));
        let lens = Tensor::from_slice(&s, &[1], &[tokens as i32]).unwrap();
        let (mut q_out, mut k_out) = (empty(&s, q.shape()), empty(&s, k.shape()));
        let mut op = context.rope().unwrap();
        let (cos_view, sin_view) = (cos.view(), sin.view());
        op.run(q.view(), k.view(), cos_view, sin_view, lens.view(), q_out.view_mut(), k_out.view_mut()).unwrap();
        let (cos, sin) = (values(&s, &cos), values(&s, &sin));
        for (x, out, heads) in [(&q, &q_out, q_heads), (&k, &k_out, k_heads)] {
            let x = values(&s, x);
            let want: Vec<f64> = (0..x.len())
                .map(|at| {
                    let (t, head, i) = (at / (heads * dim), at / dim, at % dim);
                    let partner = if i < dim / 2 { -x[head * dim + i + dim / 2] } else { x[head * dim + i - dim / 2] };
                    x[at] * cos[t * dim + i] + partner * sin[t * dim + i]
                })
                .collect();
            assert_close(&values(&s, out), &want, BF16.0, BF16.1);
        }
    }
}

/// `[m, k] @ [k, n]`, by index.
fn product(m: usize, k: usize, n: usize, a: impl Fn(usize, usize) -> f64, b: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..m * n).map(|at| (0..k).map(|t| a(at / n, t) * b(t, at % n)).sum()).collect()
}

#[test]
fn linears_with_either_weight_a_bias_and_batches() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let (m, k, n) = (6, 33, 17);
    let (x, weight, bias) = (random(&s, 1, &[2, 3, k]), random(&s, 2, &[n, k]), random(&s, 3, &[n]));
    let straight = random(&s, 4, &[k, n]);
    let (xv, wv, bv, sv) = (values(&s, &x), values(&s, &weight), values(&s, &bias), values(&s, &straight));
    let mut y = empty(&s, &[2, 3, n]);
    context.linear(true).unwrap().run(x.view(), weight.view(), y.view_mut()).unwrap();
    let transposed = product(m, k, n, |i, t| xv[i * k + t], |t, j| wv[j * k + t]);
    assert_close(&values(&s, &y), &transposed, BF16.0, BF16.1);
    context.linear(false).unwrap().run(x.view(), straight.view(), y.view_mut()).unwrap();
    assert_close(&values(&s, &y), &product(m, k, n, |i, t| xv[i * k + t], |t, j| sv[t * n + j]), BF16.0, BF16.1);
    context.linear_with_bias(true).unwrap().run_with_bias(x.view(), weight.view(), bias.view(), y.view_mut()).unwrap();
    let biased: Vec<f64> = transposed.iter().enumerate().map(|(at, v)| v + bv[at % n]).collect();
    assert_close(&values(&s, &y), &biased, BF16.0, BF16.1);
}

#[test]
fn a_weight_gradient_adds_up_in_f32() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let (tokens, k, n) = (19, 24, 13);
    let (x, dy) = (random(&s, 1, &[tokens, k]), random(&s, 2, &[tokens, n]));
    let before = noise(3, k * n);
    let mut sum = Tensor::from_slice(&s, &[k, n], &before).unwrap();
    let mut op = context.weight_gradient().unwrap();
    op.add(x.view(), dy.view(), sum.view_mut()).unwrap();
    op.add(x.view(), dy.view(), sum.view_mut()).unwrap();
    let (xv, dv) = (values(&s, &x), values(&s, &dy));
    let once = product(k, tokens, n, |i, t| xv[t * k + i], |t, j| dv[t * n + j]);
    let want: Vec<f64> = once.iter().zip(&before).map(|(v, b)| 2.0 * v + f64::from(*b)).collect();
    // Sums of 38 products in f32: 38 half units in the last place.
    assert_close(&values(&s, &sum), &want, 38.0 * f64::from(f32::EPSILON), 1e-5);
}

#[test]
fn the_best_groups_of_experts_stay() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let numbers = Tensor::from_slice(&s, &[1024], &(0..1024).collect::<Vec<i32>>()).unwrap();
    for (seed, tokens, experts, groups, k, best) in
        [(1, 5, 16, 4, 2, None), (2, 3, 24, 8, 3, Some(2)), (3, 1, 1024, 8, 4, Some(2)), (4, 2, 6, 1, 1, None)]
    {
        let scores = random(&s, seed, &[tokens, experts]);
        let mut kept = empty(&s, &[tokens, experts]);
        let mut op = context.group_topk(groups, k, best).unwrap();
        op.run(scores.view(), numbers.view(), kept.view_mut()).unwrap();
        let size = experts / groups;
        let want: Vec<f64> = values(&s, &scores)
            .chunks(experts)
            .flat_map(|row| {
                let score = |group: usize| {
                    let mut members = row[group * size..(group + 1) * size].to_vec();
                    members.sort_by(|a, b| b.total_cmp(a));
                    members[..best.unwrap_or(1) as usize].iter().sum::<f64>()
                };
                // A group stays if fewer than `k` are better than it.
                let stays = |group: usize| (0..groups).filter(|&other| score(other) > score(group)).count() < k;
                (0..experts).map(|e| if stays(e / size) { row[e] } else { 0.0 }).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(values(&s, &kept), want, "{tokens} x {experts} in {groups} groups");
    }
}

//! Sampling: shares over a grid of uniforms, filters, and rows that do not depend on one another.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, random};
use ascend_rl::ops::{self, Sampling};
use ascend_rl::{DType, ErrorKind, Stream};

/// Probabilities in no order; multiples of the grid's step, so that without a filter no point lies on a boundary.
const P: [f64; 6] = [0.1, 0.4, 0.06, 0.15, 0.04, 0.25];
/// Uniforms `(i + 1/2) / GRID`, a row for each.
const GRID: usize = 1000;
/// The largest f32 below 1.
const ALMOST_ONE: f32 = 1.0 - f32::EPSILON / 2.0;

fn draw(s: &Stream, logits: &[f32], uniforms: &[f32], dtype: DType, sampling: Sampling) -> (Vec<usize>, Vec<f64>) {
    let rows = uniforms.len();
    let logits = upload(s, &[rows, logits.len() / rows], dtype, logits);
    let uniforms = upload(s, &[rows, 1], DType::F32, uniforms);
    let (tokens, log_probs) = ops::sample(s, &logits, &uniforms, &sampling).unwrap();
    assert_eq!((tokens.shape(), log_probs.shape()), (&[rows, 1][..], &[rows, 1][..]));
    (tokens.to_vec::<i64>(s).unwrap().into_iter().map(|t| t as usize).collect(), values(s, &log_probs))
}

fn logits() -> Vec<f32> {
    P.iter().map(|p| p.ln() as f32).collect()
}

/// The distribution that `sampling` describes, told from its definition.
fn distribution(sampling: Sampling) -> Vec<f64> {
    let mut p: Vec<f64> = P.iter().map(|p| p.powf(1.0 / sampling.temperature)).collect();
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let normalise = |p: &mut Vec<f64>| {
        let total: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= total);
    };
    if sampling.top_k > 0 {
        order.iter().skip(sampling.top_k).for_each(|&i| p[i] = 0.0);
    }
    normalise(&mut p);
    let mut reached = 0.0;
    for &i in &order {
        let before = reached;
        reached += p[i];
        if before >= sampling.top_p {
            p[i] = 0.0;
        }
    }
    normalise(&mut p);
    p
}

#[test]
fn each_token_has_its_share_and_its_log_probability() {
    let s = stream();
    let uniforms: Vec<f32> = (0..GRID).map(|i| (i as f32 + 0.5) / GRID as f32).collect();
    let settings = [
        (1.0, 0, 1.0),
        (0.5, 0, 1.0),
        (2.0, 0, 1.0),
        (1.0, 1, 1.0),
        (1.0, 3, 1.0),
        (1.0, 6, 1.0),
        (1.0, 99, 1.0),
        (1.0, 0, 0.3),
        (1.0, 0, 0.7),
        (1.0, 0, 0.93),
        (1.0, 4, 0.6),
        (0.7, 5, 0.9),
        (1.3, 2, 0.5),
    ];
    for (temperature, top_k, top_p) in settings {
        let sampling = Sampling { temperature, top_k, top_p };
        let want = distribution(sampling);
        let (tokens, log_probs) = draw(&s, &logits().repeat(GRID), &uniforms, DType::F32, sampling);
        for (token, p) in want.iter().enumerate() {
            let share = tokens.iter().filter(|&&t| t == token).count() as f64 / GRID as f64;
            // An interval of that length holds its share of the grid's points within one; the rest is f32.
            assert!((share - p).abs() <= 1.0 / GRID as f64 + 1e-6, "{sampling:?}: token {token} has {share}, {p} is right");
            assert!(*p > 0.0 || share == 0.0, "{sampling:?}: token {token} is filtered");
        }
        let want: Vec<f64> = tokens.iter().map(|&t| want[t].ln()).collect();
        assert_close(&log_probs, &want, 0.0, 2e-6);
    }
}

#[test]
fn greedy_takes_the_first_of_the_largest_and_reports_temperature_one() {
    let s = stream();
    for dtype in FLOATS {
        let host: Vec<f32> = noise(1, 5 * 67).iter().map(|v| (v * 8.0).round()).collect();
        let (tokens, log_probs) = draw(&s, &host, &[0.0, 0.3, 0.5, 0.9, ALMOST_ONE], dtype, Sampling::GREEDY);
        for (row, (&token, log_prob)) in host.chunks(67).zip(tokens.iter().zip(log_probs)) {
            let largest = row.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(Some(token), row.iter().position(|&v| v == largest));
            let total: f64 = row.iter().map(|&v| f64::from(v).exp()).sum();
            assert_close(&[log_prob], &[f64::from(largest) - total.ln()], 0.0, 2e-6);
        }
    }
}

#[test]
fn neither_end_of_the_uniforms_yields_what_is_filtered() {
    let s = stream();
    let v = 3000;
    let mut host: Vec<f32> = noise(2, v).iter().map(|x| 4.0 * x).collect();
    // Impossible tokens at both ends and inside.
    for i in (0..40).chain(1000..1100).chain(v - 40..v) {
        host[i] = f32::NEG_INFINITY;
    }
    let mut order: Vec<usize> = (0..v).collect();
    order.sort_by(|&a, &b| host[b].total_cmp(&host[a]));
    let uniforms = [0.0, f32::MIN_POSITIVE, 0.5, 0.999_999, ALMOST_ONE];
    for (top_k, top_p) in [(0, 1.0), (1, 1.0), (5, 1.0), (0, 0.01), (0, 0.9), (50, 0.5), (2990, 1.0), (0, 1.0 - 1e-9)] {
        let sampling = Sampling { temperature: 1.0, top_k, top_p };
        let (tokens, log_probs) = draw(&s, &host.repeat(uniforms.len()), &uniforms, DType::F32, sampling);
        for (token, log_prob) in tokens.into_iter().zip(log_probs) {
            assert!(token < v && host[token].is_finite(), "{sampling:?} drew the impossible {token}");
            assert!(log_prob.is_finite() && log_prob <= 1e-6, "{sampling:?}: {log_prob}");
            let rank = order.iter().position(|&t| t == token).unwrap();
            assert!(top_k == 0 || rank < top_k, "{sampling:?} drew number {rank}");
            let before: f64 = order[..rank].iter().map(|&t| f64::from(host[t]).exp()).sum();
            let candidates = if top_k == 0 { v } else { top_k };
            let all: f64 = order[..candidates].iter().map(|&t| f64::from(host[t]).exp()).sum();
            assert!(before / all < top_p + 1e-5, "{sampling:?} drew number {rank}, with {} before it", before / all);
        }
    }
}

#[test]
fn a_row_is_drawn_alike_in_any_batch() {
    let s = stream();
    let (rows, v) = (7, 130);
    let host: Vec<f32> = noise(3, rows * v).iter().map(|x| 3.0 * x).collect();
    let uniforms: Vec<f32> = noise(4, rows).iter().map(|x| (x + 1.0) / 2.0).collect();
    for dtype in FLOATS {
        for (temperature, top_k, top_p) in [(0.0, 0, 1.0), (1.0, 0, 1.0), (0.8, 20, 1.0), (1.0, 0, 0.9), (1.2, 40, 0.8)] {
            let sampling = Sampling { temperature, top_k, top_p };
            let together = draw(&s, &host, &uniforms, dtype, sampling);
            for i in 0..rows {
                let alone = draw(&s, &host[i * v..][..v], &uniforms[i..=i], dtype, sampling);
                assert_eq!((alone.0[0], alone.1[0]), (together.0[i], together.1[i]), "{sampling:?}, row {i}");
            }
        }
    }
}

#[test]
fn empty_batches_and_bad_settings() {
    let s = stream();
    let batch = |b: usize, v: usize| (random(&s, &[b, v], DType::F32, 5), random(&s, &[b, 1], DType::F32, 6));
    let settings = [Sampling::GREEDY, Sampling::default(), Sampling { temperature: 1.0, top_k: 2, top_p: 0.5 }];
    for sampling in settings {
        let (logits, uniforms) = batch(0, 5);
        let (tokens, log_probs) = ops::sample(&s, &logits, &uniforms, &sampling).unwrap();
        assert_eq!((tokens.shape(), log_probs.shape()), (&[0, 1][..], &[0, 1][..]));
        let (logits, uniforms) = batch(2, 0);
        let error = ops::sample(&s, &logits, &uniforms, &sampling).unwrap_err();
        let text = "sample: logits is [2, 0], a vocabulary of one token or more is needed";
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Shape, text));
    }
    let (logits, uniforms) = batch(2, 5);
    for (temperature, top_p, text) in [
        (-1.0, 1.0, "temperature is -1, 0 (greedy) or more is needed"),
        (f64::NAN, 1.0, "temperature is NaN, 0 (greedy) or more is needed"),
        (f64::INFINITY, 1.0, "temperature is inf, 0 (greedy) or more is needed"),
        (1.0, 0.0, "top_p is 0, more than 0 and at most 1 is needed"),
        (1.0, 1.5, "top_p is 1.5, more than 0 and at most 1 is needed"),
        (1.0, f64::NAN, "top_p is NaN, more than 0 and at most 1 is needed"),
    ] {
        let error = ops::sample(&s, &logits, &uniforms, &Sampling { temperature, top_k: 0, top_p }).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Argument, text));
    }
}

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::*;
use crate::ops::testing::*;

const N: i64 = 40_000;

fn uniform(x: &Array, seed: u64, offset: u64) {
    run(|w, e| aclnnInplaceUniformGetWorkspaceSize(x.handle(), -2.0, 6.0, seed, offset, w, e)).unwrap();
}

fn moments(x: &[f64]) -> (f64, f64) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (mean, x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / x.len() as f64)
}

/// Five standard errors of a mean of `N` values of this variance.
fn five_sigma(variance: f64) -> f64 {
    5.0 * (variance / N as f64).sqrt()
}

#[test]
fn uniform_numbers_fill_their_range_evenly() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        let x = Array::out(dtype, &[N]);
        uniform(&x, 5, 0);
        let values = x.values();
        assert!(values.iter().all(|v| (-2.0..=6.0).contains(v)));
        let (mean, variance) = moments(&values);
        assert!((mean - 2.0).abs() < five_sigma(64.0 / 12.0) && (variance - 64.0 / 12.0).abs() < 0.1, "{mean} {variance}");
        for eighth in 0..8 {
            let count = values.iter().filter(|&&v| (v + 2.0).floor().min(7.0) == eighth as f64).count() as f64;
            // A count of 5000 varies by 66; bf16 moves some across a boundary by rounding.
            assert!((count - 5000.0).abs() < 5.0 * 66.0, "{count}");
        }
    }
}

#[test]
fn normal_numbers_have_their_moments_and_tails() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        let x = Array::out(dtype, &[4, N / 4]);
        run(|w, e| aclnnInplaceNormalGetWorkspaceSize(x.handle(), 3.0, 2.0, -7, 9, w, e)).unwrap();
        let values = x.values();
        let (mean, variance) = moments(&values);
        assert!((mean - 3.0).abs() < five_sigma(4.0) && (variance - 4.0).abs() < 0.2, "{mean} {variance}");
        for (sigmas, share) in [(1.0, 0.6827), (2.0, 0.9545), (3.0, 0.9973)] {
            let inside = values.iter().filter(|v| (*v - 3.0).abs() < 2.0 * sigmas).count() as f64 / N as f64;
            assert!((inside - share).abs() < 0.012, "{inside} within {sigmas}");
        }
        // Neighbours come out of one radius and angle and must not be alike.
        let product: f64 = values.chunks(2).map(|p| (p[0] - 3.0) * (p[1] - 3.0)).sum::<f64>() / (N / 2) as f64;
        assert!(product.abs() < 0.15, "{product}");
    }
}

#[test]
fn random_integers_hit_each_of_their_range_alike() {
    for dtype in [ACL_INT64, ACL_INT32, ACL_INT8, ACL_FLOAT] {
        let x = Array::out(dtype, &[N]);
        run(|w, e| aclnnInplaceRandomGetWorkspaceSize(x.handle(), -3, 5, 1, 2, w, e)).unwrap();
        for value in -3..5 {
            let count = x.values().iter().filter(|&&v| v == value as f64).count() as f64;
            assert!((count - 5000.0).abs() < 5.0 * 66.0, "{count} of {value}");
        }
    }
}

#[test]
fn seed_and_offset_decide_alone_and_strides_are_kept() {
    let [a, b, c, d] = [(1, 0), (1, 0), (2, 0), (1, 1)].map(|(seed, offset)| {
        let x = Array::out(ACL_FLOAT, &[1003]);
        uniform(&x, seed, offset);
        x.values()
    });
    assert_eq!(a, b);
    let alike = |x: &[f64], y: &[f64]| x.iter().zip(y).filter(|(x, y)| x == y).count();
    assert!(alike(&a, &c) < 3 && alike(&a, &d) < 3);
    // Numbers belong to the places of the view, not of the memory.
    let strided = Array::strided(ACL_FLOAT, &[17, 59], &[1, 20], 3, 1190, std::iter::repeat(7.0));
    uniform(&strided, 1, 0);
    assert_eq!(strided.values(), a);
    assert_eq!(strided.storage().iter().filter(|&&v| v == 7.0).count(), 1190 - 1003);
}

fn multinomial(p: &Array, samples: i64, replacement: bool, seed: i64, out: &Array) -> Outcome {
    run(|w, e| aclnnMultinomialGetWorkspaceSize(p.handle(), samples, replacement, seed, 0, out.handle(), w, e))
}

#[test]
fn categories_are_drawn_in_proportion() {
    let weights = [0.0, 1.0, 5.0, 0.0, 2.0, 0.0];
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        let p = Array::new(dtype, &[2, 6], [weights, weights].concat());
        let out = Array::out(ACL_INT64, &[2, N / 2]);
        multinomial(&p, N / 2, true, 3, &out).unwrap();
        for (i, weight) in weights.iter().enumerate() {
            let share = out.values().iter().filter(|&&v| v == i as f64).count() as f64 / N as f64;
            assert!((share - weight / 8.0).abs() <= five_sigma(weight / 8.0), "{share} of {i}");
        }
    }
}

#[test]
fn without_replacement_none_comes_twice_and_the_first_is_as_likely_as_it_should_be() {
    let weights = [3.0, 0.0, 1.0, 6.0];
    let rows = N / 4;
    let p = Array::strided(ACL_FLOAT, &[rows, 4], &[0, 1], 0, 4, weights.iter().copied().cycle());
    let out = Array::out(ACL_INT64, &[rows, 3]);
    multinomial(&p, 3, false, 4, &out).unwrap();
    let drawn = out.values();
    for row in drawn.chunks(3) {
        let mut sorted = row.to_vec();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted, [0.0, 2.0, 3.0]);
    }
    for (i, weight) in weights.iter().enumerate() {
        let share = drawn.chunks(3).filter(|row| row[0] == i as f64).count() as f64 / rows as f64;
        assert!((share - weight / 10.0).abs() <= 2.0 * five_sigma(weight / 10.0), "{share} of {i}");
    }
}

#[test]
#[should_panic(expected = "aclnnMultinomial: row 1 of self has 1 of 2 probabilities above 0")]
fn a_row_with_too_few_categories_is_named() {
    let (p, out) = (Array::new(ACL_FLOAT, &[2, 2], [1.0, 1.0, 1.0, 0.0]), Array::out(ACL_INT64, &[2, 2]));
    multinomial(&p, 2, false, 0, &out).unwrap();
}

#[test]
fn refusals() {
    let (p, out) = (Array::new(ACL_FLOAT, &[2, 3], [1.0; 6]), Array::out(ACL_INT64, &[2, 3]));
    let draw = |samples, replacement| multinomial(&p, samples, replacement, 0, &out);
    assert_eq!(refusal(draw(4, false), "aclnnMultinomial", "numsamples is 4 of 3"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(draw(0, true), "aclnnMultinomial", "numsamples is 0"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(draw(4, true), "aclnnMultinomial", "out has shape [2, 3]; [2, 4]"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnInplaceUniformGetWorkspaceSize(p.handle(), 1.0, 0.0, 0, 0, w, e));
    assert_eq!(refusal(wrong, "aclnnInplaceUniform", "from is 1 and to 0"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnInplaceNormalGetWorkspaceSize(out.handle(), 0.0, 1.0, 0, 0, w, e));
    assert_eq!(refusal(wrong, "aclnnInplaceNormal", "selfRef is ACL_INT64"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnInplaceNormalGetWorkspaceSize(p.handle(), 0.0, -1.0, 0, 0, w, e));
    assert_eq!(refusal(wrong, "aclnnInplaceNormal", "std is -1"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnInplaceRandomGetWorkspaceSize(p.handle(), 2, 2, 0, 0, w, e));
    assert_eq!(refusal(wrong, "aclnnInplaceRandom", "from is 2 and to 2"), ACLNN_ERR_PARAM_INVALID);
}

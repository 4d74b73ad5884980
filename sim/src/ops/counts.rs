//! Counting: `aclnnHistc`, `aclnnBincount`. Both are deterministic: one pass, in order.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::view::{BLOCK, Buffer, View};
use crate::reject::{Outcome, check, fail, reject};

/// Dtypes of histograms.
const COUNTED: &[aclDataType] = NUMBERS;
const INTEGERS: &[aclDataType] = &[ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8];

/// `out[i]` counts the elements in the `i`-th of `bins` equal parts of `min..max`; `max` itself belongs to the last. Where both
/// are equal, the elements' own range is taken. What is outside, or NaN, does not count.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnHistcGetWorkspaceSize(
    self_: *const aclTensor,
    bins: i64,
    min: *const aclScalar,
    max: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnHistc";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let (min, max) = (call.scalar("min", min)?.as_f64(), call.scalar("max", max)?.as_f64());
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, COUNTED)?;
    check_dtype(NAME, "out", &output, COUNTED)?;
    check!(bins > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: bins is {bins}; 1 or more is taken");
    let in_order = min <= max;
    check!(in_order, ACLNN_ERR_PARAM_INVALID, "{NAME}: min is {min} and max {max}; min may not be the larger");
    let bins = bins as usize;
    check_shape(NAME, "out", &output, &[bins])?;
    check_writable(NAME, "out", &output)?;
    let (from, to) = (View::new(&input), View::new(&output));
    call.finish(ws, executor, move || {
        let (mut low, mut high) = (min, max);
        if low == high {
            (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
            each(&from, |x| (low, high) = (low.min(x), high.max(x)));
        }
        if low >= high {
            // All are alike, or there are none.
            (low, high) = if low == high { (low - 1.0, high + 1.0) } else { (0.0, 1.0) };
        }
        let mut counts = vec![0i64; bins];
        each(&from, |x| {
            if (low..=high).contains(&x) {
                let bin = ((x - low) / (high - low) * bins as f64) as usize;
                counts[bin.min(bins - 1)] += 1;
            }
        });
        write(&to, &counts);
    })
}

/// `out[i]` counts the elements that are `i`, or adds their `weights`. It has as many elements as the largest element asks for,
/// or `minlength` if that is more; a negative element, or one beyond `out`, fails when the operation runs.
pub(crate) fn aclnnBincountGetWorkspaceSize(
    self_: *const aclTensor,
    weights: *const aclTensor,
    minlength: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBincount";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let weights = call.optional_input("weights", weights)?;
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, INTEGERS)?;
    let &[n] = &*input.dims else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: self has shape {:?}; one dim is needed", input.dims)
    };
    match &weights {
        Some(weights) => {
            check_dtype(NAME, "weights", weights, ALL)?;
            check_shape(NAME, "weights", weights, &[n])?;
            check_dtype(NAME, "out", &output, &[ACL_FLOAT])?;
        }
        None => check_dtype(NAME, "out", &output, &[ACL_INT64, ACL_INT32])?,
    }
    check!(minlength >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: minlength is {minlength}; 0 or more is taken");
    let length = output.numel();
    let fits = output.rank() == 1 && length >= minlength as usize;
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: out has shape {:?}; one dim of minlength {minlength} or more is needed",
        output.dims
    );
    check_writable(NAME, "out", &output)?;
    let (from, weights, to) = (View::new(&input), weights.as_ref().map(View::new), View::new(&output));
    call.finish(ws, executor, move || {
        let (mut places, mut weighed) = (Buffer::new(), Buffer::new());
        let (mut counts, mut sums) = (vec![0i64; length], vec![0f64; length]);
        for start in (0..n).step_by(BLOCK) {
            let places = from.load::<i64>(start, BLOCK.min(n - start), &mut places);
            if let Some(outside) = places.iter().find(|&&place| place < 0 || place >= length as i64) {
                fail!("{NAME}: self holds {outside}; out has {length} elements");
            }
            match &weights {
                Some(weights) => {
                    let weights = weights.load::<f32>(start, places.len(), &mut weighed);
                    places.iter().zip(weights).for_each(|(&place, &weight)| sums[place as usize] += weight as f64);
                }
                None => places.iter().for_each(|&place| counts[place as usize] += 1),
            }
        }
        if weights.is_some() {
            to.store::<f32>(0, &sums.iter().map(|&sum| sum as f32).collect::<Vec<_>>());
        } else {
            to.store::<i64>(0, &counts);
        }
    })
}

/// Every element, in order.
fn each(view: &View, mut f: impl FnMut(f64)) {
    let (mut floats, mut ints) = (Buffer::new(), Buffer::new());
    let n = view.numel();
    for start in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - start);
        if is_float(view.dtype) {
            view.load::<f32>(start, len, &mut floats).iter().for_each(|&x| f(x as f64));
        } else {
            view.load::<i64>(start, len, &mut ints).iter().for_each(|&x| f(x as f64));
        }
    }
}

fn write(to: &View, counts: &[i64]) {
    if is_float(to.dtype) {
        to.store::<f32>(0, &counts.iter().map(|&count| count as f32).collect::<Vec<_>>());
    } else {
        to.store::<i64>(0, counts);
    }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn histograms_count_what_lies_in_their_range() {
        for dtype in [ACL_FLOAT, ACL_FLOAT16, ACL_BF16, ACL_INT64, ACL_INT32, ACL_INT8, ACL_UINT8] {
            for (bins, min, max) in [(7i64, 2.0, 11.0), (1, 0.0, 5.0), (20, 3.0, 3.0), (4, -8.0, 8.0)] {
                let x = Array::strided(dtype, &[3, 700], &[1500, 2], 1, 4600, noise(1).map(|v| (v.abs() * 14.0).round()));
                let (low, high, out) = (Number::float(min), Number::float(max), Array::out(ACL_INT32, &[bins]));
                run(|w, e| aclnnHistcGetWorkspaceSize(x.handle(), bins, low.0, high.0, out.handle(), w, e)).unwrap();
                let values = x.values();
                let (low, high) = if min == max {
                    (values.iter().copied().fold(99.0, f64::min), values.iter().copied().fold(-99.0, f64::max))
                } else {
                    (min as f64, max as f64)
                };
                let width = (high - low) / bins as f64;
                let counted = |bin: i64| {
                    let (from, to) = (low + bin as f64 * width, low + (bin + 1) as f64 * width);
                    let inside = |&&v: &&f64| v >= from - 1e-9 && (v < to - 1e-9 || bin == bins - 1 && v <= high);
                    values.iter().filter(inside).count() as f64
                };
                assert_eq!(out.values(), (0..bins).map(counted).collect::<Vec<_>>(), "{bins} {min} {max}");
            }
        }
        let odd = Array::new(ACL_FLOAT, &[4], [f64::NAN, f64::INFINITY, 1.0, 1.0]);
        let (low, high, out) = (Number::float(0.0), Number::float(2.0), Array::out(ACL_FLOAT, &[2]));
        run(|w, e| aclnnHistcGetWorkspaceSize(odd.handle(), 2, low.0, high.0, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [0.0, 2.0]);
    }

    #[test]
    fn equal_elements_are_counted_or_their_weights_added() {
        for dtype in [ACL_INT64, ACL_INT32, ACL_UINT8] {
            let x = Array::new(dtype, &[3000], noise(2).map(|v| (v.abs() * 9.0).floor()));
            let weights = Array::new(ACL_BF16, &[3000], noise(3));
            let (counts, sums) = (Array::out(ACL_INT64, &[12]), Array::out(ACL_FLOAT, &[9]));
            run(|w, e| aclnnBincountGetWorkspaceSize(x.handle(), nothing(), 12, counts.handle(), w, e)).unwrap();
            run(|w, e| aclnnBincountGetWorkspaceSize(x.handle(), weights.handle(), 0, sums.handle(), w, e)).unwrap();
            let (x, weights) = (x.values(), weights.values());
            let of = |i: usize| x.iter().zip(&weights).filter(move |(v, _)| **v == i as f64);
            assert_eq!(counts.values(), (0..12).map(|i| of(i).count() as f64).collect::<Vec<_>>());
            let want: Vec<f64> = (0..9).map(|i| of(i).map(|(_, w)| w).sum()).collect();
            // Sums in f64, rounded once.
            assert_close(&sums.values(), &want, 1e-7, 1e-12);
        }
    }

    #[test]
    #[should_panic(expected = "aclnnBincount: self holds 5; out has 3 elements")]
    fn an_element_beyond_the_counts_is_named() {
        let (x, out) = (Array::new(ACL_INT32, &[2], [0.0, 5.0]), Array::out(ACL_INT32, &[3]));
        run(|w, e| aclnnBincountGetWorkspaceSize(x.handle(), nothing(), 3, out.handle(), w, e)).unwrap();
    }

    #[test]
    fn refusals() {
        let (x, ints) = (Array::new(ACL_FLOAT, &[2], [0.0; 2]), Array::new(ACL_INT32, &[2], [0.0; 2]));
        let (one, two, out) = (Number::float(1.0), Number::float(2.0), Array::out(ACL_INT32, &[2]));
        let histc = |bins, min: &Number, max: &Number| {
            run(|w, e| aclnnHistcGetWorkspaceSize(x.handle(), bins, min.0, max.0, out.handle(), w, e))
        };
        assert_eq!(refusal(histc(0, &one, &two), "aclnnHistc", "bins is 0"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(histc(2, &two, &one), "aclnnHistc", "min is 2 and max 1"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(histc(3, &one, &two), "aclnnHistc", "out has shape [2]; [3]"), ACLNN_ERR_PARAM_INVALID);
        let bincount = |x: &Array, weights: *const aclTensor, least| {
            run(|w, e| aclnnBincountGetWorkspaceSize(x.handle(), weights, least, out.handle(), w, e))
        };
        assert_eq!(refusal(bincount(&x, nothing(), 0), "aclnnBincount", "self is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(bincount(&ints, x.handle(), 0), "aclnnBincount", "out is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(bincount(&ints, nothing(), 3), "aclnnBincount", "out has shape [2]"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(bincount(&ints, nothing(), -1), "aclnnBincount", "minlength is -1"), ACLNN_ERR_PARAM_INVALID);
    }
}

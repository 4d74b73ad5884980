//! `aclnnDropout`, `aclnnDropoutGenMask` and its V2, `aclnnDropoutDoMask`: zeros at random.
//!
//! A mask is a bit an element, the first in the lowest bit of the first byte, in as many bytes as hold a multiple of 128 bits.
//! Bits come from Philox4x32-10 of seed and offset: the same everywhere, and as likely as on a card, but not the card's own.

use std::ops::Range;

use ascend_rl_sys::types::*;

use super::call::Call;
use super::copy::Move;
use super::dtypes::*;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled, filled_mut};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, reject};

/// Bits that a mask is rounded up to.
const ALIGNMENT: usize = 128;

/// Bytes of the mask of `n` elements.
fn mask_bytes(n: usize) -> usize {
    n.div_ceil(ALIGNMENT) * (ALIGNMENT / 8)
}

/// `out = input / (1 - p)` with probability `1 - p`, else 0, and the mask of it. In inference, or where `p` is 0, `out` is
/// `input` and the mask is left alone; where `p` is 1, `out` is 0 and the mask is left alone.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnDropoutGetWorkspaceSize(
    input: *const aclTensor,
    p: f64,
    train: bool,
    seed: i64,
    offset: i64,
    out: *mut aclTensor,
    mask_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnDropout";
    let mut call = Call::new(NAME);
    let input = call.input("input", input)?;
    let (output, mask) = (call.output("out", out)?, call.output("maskOut", mask_out)?);
    check_masked(NAME, ("input", &input), ("maskOut", &mask), ("p", p), &output)?;
    let p = if train { p } else { 0.0 };
    let bits = View::new(&mask);
    let apply = Apply::new(&input, &mask, p, &output);
    call.finish(ws, executor, move || {
        if p > 0.0 && p < 1.0 {
            generate(&bits, p, seed, offset);
        }
        apply.run();
    })
}

/// A mask alone, of as many elements as `shape` has: bits that are 0 with probability `prob`.
pub(crate) fn aclnnDropoutGenMaskGetWorkspaceSize(
    shape: *const aclIntArray,
    prob: f64,
    seed: i64,
    offset: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    mask("aclnnDropoutGenMask", shape, (prob, seed, offset), out, (ws, executor))
}

/// The same. In the dtype a card compares its random numbers with the probability; the bits here are as likely in all of them.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnDropoutGenMaskV2GetWorkspaceSize(
    shape: *const aclIntArray,
    prob: f64,
    seed: i64,
    offset: i64,
    prob_data_type: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnDropoutGenMaskV2";
    let given = name(prob_data_type);
    check!(is_float(prob_data_type), ACLNN_ERR_PARAM_INVALID, "{NAME}: probDataType is {given}; a float is taken");
    mask(NAME, shape, (prob, seed, offset), out, (ws, executor))
}

fn mask(
    name: &'static str,
    shape: *const aclIntArray,
    (prob, seed, offset): (f64, i64, i64),
    out: *mut aclTensor,
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
) -> Outcome {
    let mut call = Call::new(name);
    let Some(shape) = call.int_array("shape", shape)? else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: shape is null") };
    let output = call.output("out", out)?;
    let product = |n: usize, &dim: &i64| usize::try_from(dim).ok().and_then(|dim| n.checked_mul(dim));
    let Some(n) = shape.iter().try_fold(1, product) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: shape is {shape:?}, which no tensor has")
    };
    check_probability(name, "prob", prob)?;
    check_mask(name, "out", &output, n)?;
    check_writable(name, "out", &output)?;
    let bits = View::new(&output);
    call.finish(ws, executor, move || generate(&bits, prob, seed, offset))
}

/// `out = self / (1 - prob)` where the mask's bit is 1, else 0; where `prob` is 0 all stay, where it is 1 none.
pub(crate) fn aclnnDropoutDoMaskGetWorkspaceSize(
    self_: *const aclTensor,
    mask: *const aclTensor,
    prob: f64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnDropoutDoMask";
    let mut call = Call::new(NAME);
    let (input, mask) = (call.input("self", self_)?, call.input("mask", mask)?);
    let output = call.output("out", out)?;
    check_masked(NAME, ("self", &input), ("mask", &mask), ("prob", prob), &output)?;
    let apply = Apply::new(&input, &mask, prob, &output);
    call.finish(ws, executor, move || apply.run())
}

fn check_masked(
    name: &str,
    (param, input): (&str, &Tensor),
    (mask_param, mask): (&str, &Tensor),
    (p_param, p): (&str, f64),
    output: &Tensor,
) -> Outcome {
    check_dtype(name, param, input, FLOATS)?;
    check_same_dtype(name, "out", output, param, input.dtype)?;
    check_shape(name, "out", output, &input.dims)?;
    check_writable(name, "out", output)?;
    check_probability(name, p_param, p)?;
    check_mask(name, mask_param, mask, input.numel())
}

fn check_probability(name: &str, param: &str, p: f64) -> Outcome {
    check!((0.0..=1.0).contains(&p), ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {p}; a probability, 0 to 1, is needed");
    Ok(())
}

fn check_mask(name: &str, param: &str, mask: &Tensor, n: usize) -> Outcome {
    check_dtype(name, param, mask, &[ACL_UINT8])?;
    let (given, needed) = (mask.numel(), mask_bytes(n));
    check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has {given} bytes; {needed} are needed for {n} elements");
    Ok(())
}

/// A planned use of a mask.
enum Apply {
    /// All stay.
    Copy(Move),
    /// Those stay whose bit is 1, times the factor.
    Mask { from: View, mask: View, factor: f32, to: View },
}

impl Apply {
    fn new(input: &Tensor, mask: &Tensor, p: f64, output: &Tensor) -> Apply {
        if p == 0.0 {
            return Apply::Copy(Move::new(input, output));
        }
        let factor = if p == 1.0 { 0.0 } else { (1.0 / (1.0 - p)) as f32 };
        Apply::Mask { from: View::new(input), mask: View::new(mask), factor, to: View::new(output) }
    }

    fn run(&self) {
        match self {
            Apply::Copy(copy) => copy.run(),
            Apply::Mask { from, mask, factor, to } => split(to.numel(), 1, |range| masked(from, mask, *factor, to, range)),
        }
    }
}

fn masked(from: &View, mask: &View, factor: f32, to: &View, range: Range<usize>) {
    let (mut values, mut bits) = (Buffer::new(), Buffer::new());
    for start in range.clone().step_by(BLOCK) {
        let n = BLOCK.min(range.end - start);
        let room = values.room(n);
        from.load_into(start, room);
        // SAFETY: `load_into` has written all of the room.
        let values: &mut [f32] = unsafe { filled_mut(room) };
        let first = start / 8;
        let bytes = mask.load::<i64>(first, (start + n).div_ceil(8).min(mask.numel()) - first, &mut bits);
        for (i, value) in values.iter_mut().enumerate() {
            let at = start + i;
            let kept = bytes[at / 8 - first] >> (at % 8) & 1 == 1;
            // A choice, not a product: what is dropped is 0 even where it was no number.
            *value = if kept && factor != 0.0 { *value * factor } else { 0.0 };
        }
        to.store(start, values);
    }
}

/// Fills a mask with bits that are 0 with probability `p`.
fn generate(mask: &View, p: f64, seed: i64, offset: i64) {
    // A word keeps its element if it is below.
    let limit = ((1.0 - p) * 4_294_967_296.0).round() as u64;
    split(mask.numel(), 8, |range| {
        let mut bytes = Buffer::new();
        for start in range.clone().step_by(BLOCK) {
            let room = bytes.room(BLOCK.min(range.end - start));
            for (i, room) in room.iter_mut().enumerate() {
                // Two draws of four words make a byte.
                let draw = 2 * (start + i) as u64;
                let words = [philox(seed as u64, offset as u64, draw), philox(seed as u64, offset as u64, draw + 1)];
                let bits = words.iter().flatten().enumerate();
                room.write(bits.fold(0i64, |byte, (bit, &word)| byte | i64::from(u64::from(word) < limit) << bit));
            }
            // SAFETY: the loop has written all of the room.
            mask.store(start, unsafe { filled(room) });
        }
    });
}

/// Philox4x32-10 (Salmon et al., SC 2011) of a counter whose upper half is `stream`.
fn philox(seed: u64, stream: u64, draw: u64) -> [u32; 4] {
    let halves = |v: u64| [v as u32, (v >> 32) as u32];
    let ([mut key, mut key_high], [a, b], [c, d]) = (halves(seed), halves(draw), halves(stream));
    let mut x = [a, b, c, d];
    for _ in 0..10 {
        let (p, q) = (u64::from(x[0]) * 0xD251_1F53, u64::from(x[2]) * 0xCD9E_8D57);
        x = [(q >> 32) as u32 ^ x[1] ^ key, q as u32, (p >> 32) as u32 ^ x[3] ^ key_high, p as u32];
        key = key.wrapping_add(0x9E37_79B9);
        key_high = key_high.wrapping_add(0xBB67_AE85);
    }
    x
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn philox_gives_its_authors_numbers() {
        // kat_vectors of Random123: philox4x32, 10 rounds, all zeros and all ones.
        assert_eq!(philox(0, 0, 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox(u64::MAX, u64::MAX, u64::MAX), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    fn bits(mask: &Array) -> Vec<bool> {
        mask.values().iter().flat_map(|&byte| (0..8).map(move |bit| byte as u8 >> bit & 1 == 1)).collect()
    }

    #[test]
    fn drops_as_often_as_asked_and_scales_the_rest() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            // More than a block, and no multiple of 128; a view with gaps.
            let (rows, cols) = (101, 403);
            let x = Array::strided(dtype, &[rows, cols], &[500, 1], 3, 3 + rows * 500, std::iter::repeat(1.0));
            let bytes = mask_bytes((rows * cols) as usize) as i64;
            let (out, mask) = (Array::out(dtype, &[rows, cols]), Array::out(ACL_UINT8, &[bytes]));
            let drop = |seed, offset| {
                run(|w, e| aclnnDropoutGetWorkspaceSize(x.handle(), 0.25, true, seed, offset, out.handle(), mask.handle(), w, e))
            };
            drop(5, 0).unwrap();
            let (kept, first) = (bits(&mask), out.values());
            // 1 / (1 - 0.25), rounded to the dtype.
            let scaled = Array::new(dtype, &[1], [4.0 / 3.0]).values()[0];
            let want: Vec<f64> = kept[..first.len()].iter().map(|&kept| if kept { scaled } else { 0.0 }).collect();
            assert_close(&first, &want, 0.0, 0.0);
            // Of 40,703 draws, the share that stays is within six standard deviations, 0.013, of 0.75.
            let share = first.iter().filter(|&&v| v != 0.0).count() as f64 / first.len() as f64;
            assert!((share - 0.75).abs() < 0.013, "{share}");
            // The same seed and offset draw the same; others do not.
            drop(5, 0).unwrap();
            assert_eq!(out.values(), first);
            drop(6, 0).unwrap();
            assert_ne!(out.values(), first);
            drop(5, 8).unwrap();
            assert_ne!(out.values(), first);
            // Backward: the same mask on something else, and the mask alone is the mask of both.
            drop(5, 0).unwrap();
            let (dx, alone, shape) =
                (Array::out(dtype, &[rows, cols]), Array::out(ACL_UINT8, &[bytes]), Ints::new(&[rows, cols]));
            run(|w, e| aclnnDropoutDoMaskGetWorkspaceSize(x.handle(), mask.handle(), 0.25, dx.handle(), w, e)).unwrap();
            assert_eq!(dx.values(), first);
            run(|w, e| aclnnDropoutGenMaskGetWorkspaceSize(shape.0, 0.25, 5, 0, alone.handle(), w, e)).unwrap();
            let again = Array::new(ACL_UINT8, &[alone.values().len() as i64], std::iter::repeat(0.0));
            run(|w, e| aclnnDropoutGenMaskV2GetWorkspaceSize(shape.0, 0.25, 5, 0, ACL_BF16, again.handle(), w, e)).unwrap();
            assert_eq!(again.values(), alone.values());
            assert_eq!(bits(&alone), kept);
        }
    }

    #[test]
    fn the_ends_leave_the_mask_alone() {
        let x = Array::new(ACL_FLOAT, &[3], [1.0, f64::NAN, 3.0]);
        let (out, mask) = (Array::out(ACL_FLOAT, &[3]), Array::out(ACL_UINT8, &[16]));
        for (p, train, want) in [(0.5, false, [1.0, f64::NAN, 3.0]), (0.0, true, [1.0, f64::NAN, 3.0]), (1.0, true, [0.0; 3])] {
            run(|w, e| aclnnDropoutGetWorkspaceSize(x.handle(), p, train, 1, 0, out.handle(), mask.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want, 0.0, 0.0);
            assert_eq!(mask.values(), [7.0; 16]);
        }
        let drop = |p, mask: &Array| {
            run(|w, e| aclnnDropoutGetWorkspaceSize(x.handle(), p, true, 1, 0, out.handle(), mask.handle(), w, e))
        };
        assert_eq!(refusal(drop(1.5, &mask), "aclnnDropout", "p is 1.5"), ACLNN_ERR_PARAM_INVALID);
        assert_eq!(refusal(drop(0.5, &x), "aclnnDropout", "maskOut is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        let short = Array::out(ACL_UINT8, &[8]);
        assert_eq!(refusal(drop(0.5, &short), "aclnnDropout", "maskOut has 8 bytes; 16"), ACLNN_ERR_PARAM_INVALID);
    }
}

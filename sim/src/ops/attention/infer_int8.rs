//! Keys and values in int8 (`keyAntiquantScale`, `valueAntiquantScale`): they become floats, `(x + offset) * scale` rounded to the
//! query's dtype, one sequence after another, when the operation runs; then it is attention of plain keys and values.
//!
//! For one query a sequence. Not here: int4, scales that lie in blocks as the cache does, keys by column with values by token.

use ascend_rl_sys::types::*;

use super::checks;
use super::infer_args::Args;
use super::infer_plan::Plan;
use super::view::{Heads, Rows, Seq, Source};
use crate::convert::{Float, with_float};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::check_shape;
use crate::ops::rows::{Parts, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// What a factor is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    All,
    /// An element of a head.
    Column,
    /// A token of a sequence; so many of each.
    Token(usize),
    Head,
}

/// How integers become floats.
struct Side {
    mode: Mode,
    scale: View,
    offset: Option<View>,
}

/// Of both sides.
pub(super) struct Int8 {
    key: Side,
    value: Side,
}

/// What the factors must fit.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub dtype: aclDataType,
    pub batch: usize,
    pub heads: usize,
    pub dim: usize,
    /// Tokens of a sequence that there is room for.
    pub tokens: usize,
}

impl Args {
    /// The factors of a cache of int8.
    pub(super) fn int8(&self, call: &mut Call, sizes: Sizes) -> Outcome<Int8> {
        let name = self.name;
        let (key, value) = (self.key_antiquant_mode, self.value_antiquant_mode);
        check!(
            key == value && (0..=2).contains(&key),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: keyAntiquantMode is {key} and valueAntiquantMode {value}; the simulator takes 0, 1 or 2 for both"
        );
        check!(
            sizes.dim.is_multiple_of(32),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has heads of {}, with keys of int8 a multiple of 32 is needed",
            sizes.dim
        );
        let key_side = side(
            call,
            sizes,
            key,
            ("keyAntiquantScale", self.key_antiquant_scale),
            ("keyAntiquantOffset", self.key_antiquant_offset),
        )?;
        let value_side = side(
            call,
            sizes,
            value,
            ("valueAntiquantScale", self.value_antiquant_scale),
            ("valueAntiquantOffset", self.value_antiquant_offset),
        )?;
        check!(
            key_side.mode == value_side.mode && key_side.offset.is_some() == value_side.offset.is_some(),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: keyAntiquantScale and valueAntiquantScale differ in shape, or one of their offsets is null"
        );
        Ok(Int8 { key: key_side, value: value_side })
    }
}

fn side(
    call: &mut Call,
    sizes: Sizes,
    mode: i64,
    (param, scale): (&'static str, *const aclTensor),
    (offset_param, offset): (&'static str, *const aclTensor),
) -> Outcome<Side> {
    let name = call.name();
    let Some(scale) = call.optional_input(param, scale)? else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: {param} is null, keys and values of int8 need it")
    };
    let mode = check_scale(name, param, &scale, sizes, mode)?;
    let dtype = if matches!(mode, Mode::Token(_)) { ACL_FLOAT } else { sizes.dtype };
    checks::dtype_is(name, param, &scale, dtype)?;
    let offset = call.optional_input(offset_param, offset)?;
    if let Some(offset) = &offset {
        checks::dtype_is(name, offset_param, offset, dtype)?;
        check_shape(name, offset_param, offset, &scale.dims)?;
    }
    Ok(Side { mode, scale: View::new(&scale), offset: offset.map(|t| View::new(&t)) })
}

fn check_scale(name: &str, param: &str, scale: &Tensor, sizes: Sizes, mode: i64) -> Outcome<Mode> {
    let Sizes { batch, heads, dim, tokens, .. } = sizes;
    let dims = &scale.dims[..];
    let (found, needed) = match mode {
        0 if *dims == [1] => (Some(Mode::All), String::new()),
        0 => {
            let fits = *dims == [1, heads, 1, dim] || *dims == [1, heads, dim] || *dims == [1, heads * dim];
            let needed = format!("[1], [1, {heads}, 1, {dim}], [1, {heads}, {dim}] or [1, {}]", heads * dim);
            (fits.then_some(Mode::Column), needed)
        }
        1 => {
            let fits = dims.len() == 3 && dims[..2] == [1, batch] && dims[2] >= tokens;
            (fits.then(|| Mode::Token(dims[2])), format!("[1, {batch}, {tokens} or more]"))
        }
        _ => ((*dims == [heads]).then_some(Mode::Head), format!("[{heads}]")),
    };
    match found {
        Some(mode) => Ok(mode),
        None => reject!(ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {dims:?} with antiquantMode {mode}, {needed} is needed"),
    }
}

/// Floats that were made of keys or values, 16 bits each.
pub(super) struct Widened {
    /// Where they are, for sequences that lie one after another.
    pub source: Source,
    pub seqs: Vec<Seq>,
    _memory: [Vec<u16>; 2],
}

impl Int8 {
    /// The plan's keys and values as floats.
    ///
    /// # Safety
    /// The plan's cache is readable as its sequences say, and every block id is in range.
    pub(super) unsafe fn widen(&self, plan: &Plan) -> Widened {
        let width = plan.kv_heads * plan.dim;
        let mut start = 0;
        let seqs: Vec<Seq> = plan
            .seqs
            .iter()
            .map(|seq| {
                let here = Seq { kv: start, ..*seq };
                start += seq.kv_len;
                here
            })
            .collect();
        let mut memory = [vec![0u16; start * width], vec![0u16; start * width]];
        for ((side, is_key), memory) in [(&self.key, true), (&self.value, false)].into_iter().zip(&mut memory) {
            for (b, (from, to)) in plan.seqs.iter().zip(&seqs).enumerate() {
                let to = &mut memory[to.kv * width..][..from.kv_len * width];
                // SAFETY: the caller's contract.
                with_float!(plan.dtype, T => unsafe { side.widen::<T>(plan, is_key, from, b, to) })
            }
        }
        let heads = |memory: &mut Vec<u16>| Heads { data: memory.as_mut_ptr().cast(), batch: 0, token: width, head: plan.dim };
        let [k, v] = &mut memory;
        Widened { source: Source::packed(heads(k), heads(v)), seqs, _memory: memory }
    }
}

impl Side {
    /// The `b`-th sequence.
    ///
    /// # Safety
    /// As [`Int8::widen`]; `T` is 16 bits wide.
    unsafe fn widen<T: Float>(&self, plan: &Plan, is_key: bool, seq: &Seq, b: usize, to: &mut [u16]) {
        assert_eq!(size_of::<T>(), size_of::<u16>(), "caches of int8 become halves");
        let (heads, dim) = (plan.kv_heads, plan.dim);
        let (scales, offsets) = (all::<f32>(&self.scale), self.offset.as_ref().map(all::<f32>));
        let parts = Parts::new(to);
        split(seq.kv_len, heads * dim, |range| {
            for j in range {
                // SAFETY: each token is taken once, and the memory outlives the call.
                let to = unsafe { parts.slice(j * heads * dim, heads * dim) };
                // SAFETY: the caller's contract.
                let place = unsafe { plan.source.locate(seq, j) };
                let rows = rows(&plan.source, is_key);
                for (i, to) in to.iter_mut().enumerate() {
                    let head = i / dim;
                    let at = match self.mode {
                        Mode::All => 0,
                        Mode::Column => i,
                        Mode::Token(room) => b * room + j,
                        Mode::Head => head,
                    };
                    // SAFETY: the caller's contract: a head has `dim` elements, one after another.
                    let value = unsafe { rows.at::<i8>(place, head).add(i % dim).read() } as f32;
                    let sum = value + offsets.as_ref().map_or(0.0, |offsets| offsets[at]);
                    let value = T::narrow(sum * scales[at]);
                    // SAFETY: `T` is as wide as the place, as asserted.
                    unsafe { std::ptr::from_mut(to).cast::<T>().write_unaligned(value) }
                }
            }
        })
    }
}

/// Keys or values.
fn rows(source: &Source, is_key: bool) -> Rows {
    if is_key { source.k } else { source.v }
}

//! Operators that write rows to places named by indices: `aclnnScatterNdUpdate`, `aclnnScatterPaKvCache`; in `slices`,
//! `aclnnScatterNd` and `aclnnInplaceScatterUpdate`.

mod slices;

use std::ffi::c_char;

use ascend_rl_sys::types::*;

pub(crate) use slices::*;

use super::call::Call;
use super::copy::move_range;
use super::dtypes::*;
use super::element::with_bits;
use super::view::{BLOCK, Buffer, View};
use crate::nn::tensor::Tensor;
use crate::parallel;
use crate::reject::{Outcome, check, fail, reject};

/// Elements that one share of a scatter moves, about; a scatter of less runs on one thread.
const SHARE: usize = 64 * 1024;
/// Most shares: each looks at all of the slots.
const SHARES: usize = 16;

/// Writes row `i` of `from` to row `slots[i]` of `to`, rows of `width` elements; the last of equal slots stays.
///
/// Threads share the work by slot, so that equal slots are written by one thread, in order.
fn scatter_rows(from: &View, to: &View, width: usize, slots: &[Option<usize>]) {
    let shares = (slots.len() * width / SHARE).clamp(1, SHARES);
    with_bits!(to.dtype.size(), B => parallel::for_each(shares, |share| {
        for (row, slot) in slots.iter().enumerate() {
            if let &Some(slot) = slot && slot % shares == share {
                move_range::<B>(from, row * width, to, slot * width, width);
            }
        }
    }));
}

/// `varRef[indices[i]] = updates[i]`: the last dim of `indices` picks that many leading dims of `varRef`. The last of equal
/// indices stays. An index outside `varRef` fails when the operation runs, before anything is written.
pub(crate) fn aclnnScatterNdUpdateGetWorkspaceSize(
    var_ref: *mut aclTensor,
    indices: *const aclTensor,
    updates: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnScatterNdUpdate";
    let mut call = Call::new(NAME);
    let var = call.output("varRef", var_ref)?;
    let (indices, updates) = (call.input("indices", indices)?, call.input("updates", updates)?);
    check_dtype(NAME, "varRef", &var, &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8, ACL_UINT8, ACL_BOOL])?;
    let scatter = check_nd(NAME, ("varRef", &var), &indices, &updates)?;
    call.finish(ws, executor, move || scatter.run())
}

/// A planned scatter of slices.
pub(super) struct NdScatter {
    name: &'static str,
    /// The tensor that is written, in messages.
    param: &'static str,
    indices: View,
    from: View,
    to: View,
    /// The dims that an index picks from, and the elements of what it picks.
    picked: Vec<usize>,
    width: usize,
    rows: usize,
}

/// Checks a scatter of `updates` to `var`, which `param` names.
fn check_nd(name: &'static str, (param, var): (&'static str, &Tensor), indices: &Tensor, updates: &Tensor) -> Outcome<NdScatter> {
    check_dtype(name, "indices", indices, &[ACL_INT64, ACL_INT32])?;
    check_same_dtype(name, "updates", updates, param, var.dtype)?;
    let Some((&depth, batch)) = indices.dims.split_last() else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: indices is a scalar; its last dim picks dims of {param}")
    };
    check!(
        (1..=var.rank()).contains(&depth),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: the last dim of indices is {depth}; {param}, which is {}-D, takes 1 to that",
        var.rank()
    );
    let (picked, slice) = var.dims.split_at(depth);
    check_shape(name, "updates", updates, &[batch, slice].concat())?;
    check_writable(name, param, var)?;
    let (width, rows) = (slice.iter().product(), batch.iter().product());
    let (indices, from, to) = (View::new(indices), View::new(updates), View::new(var));
    Ok(NdScatter { name, param, indices, from, to, picked: picked.to_vec(), width, rows })
}

impl NdScatter {
    fn run(&self) {
        if self.width > 0 {
            scatter_rows(&self.from, &self.to, self.width, &self.slots());
        }
    }

    /// The number of the slice that each index vector names.
    fn slots(&self) -> Vec<Option<usize>> {
        let NdScatter { name, param, picked, .. } = self;
        let slot = |at: &[i64]| {
            at.iter().zip(picked).enumerate().fold(0, |slot, (d, (&i, &bound))| {
                if i < 0 || i >= bound as i64 {
                    fail!("{name}: indices holds {i}, but dim {d} of {param} has {bound} elements");
                }
                slot * bound + i as usize
            })
        };
        let (depth, mut buffer) = (picked.len(), Buffer::new());
        (0..self.rows).map(|row| Some(slot(self.indices.load(row * depth, depth, &mut buffer)))).collect()
    }
}

/// New keys and values, `[tokens, heads, d]`, to the slots of a paged cache, `[blocks, blockSize, heads, d]`: slot
/// `block * blockSize + row`. Negative slots are skipped; one beyond the cache fails when the operation runs.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnScatterPaKvCacheGetWorkspaceSize(
    key: *const aclTensor,
    key_cache_ref: *mut aclTensor,
    slot_mapping: *const aclTensor,
    value: *const aclTensor,
    value_cache_ref: *mut aclTensor,
    compress_lens: *const aclTensor,
    compress_seq_offset: *const aclTensor,
    seq_lens: *const aclTensor,
    cache_mode: *mut c_char,
    scatter_mode: *mut c_char,
    strides: *const aclIntArray,
    offsets: *const aclIntArray,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnScatterPaKvCache";
    let mut call = Call::new(NAME);
    let (key, key_cache) = (call.input("key", key)?, call.output("keyCacheRef", key_cache_ref)?);
    let slots = call.input("slotMapping", slot_mapping)?;
    let (value, value_cache) = (call.input("value", value)?, call.output("valueCacheRef", value_cache_ref)?);
    call.absent("compressLensOptional", compress_lens)?;
    call.absent("compressSeqOffsetOptional", compress_seq_offset)?;
    call.absent("seqLensOptional", seq_lens)?;
    check_mode(&call, NAME, "cacheMode", cache_mode, "Norm")?;
    check_mode(&call, NAME, "scatterMode", scatter_mode, "None")?;
    for (param, array, unused) in [("strides", strides, 1), ("offsets", offsets, 0)] {
        let given = call.int_array(param, array)?.unwrap_or_default();
        let is_unused = given.iter().all(|&v| v == unused);
        check!(is_unused, ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: {param} is {given:?}; the simulator takes {unused}s, or null");
    }
    check_dtype(NAME, "slotMapping", &slots, &[ACL_INT64, ACL_INT32])?;
    let tokens = key.dims.first().copied().unwrap_or(0);
    check_shape(NAME, "slotMapping", &slots, &[tokens])?;
    let capacity = check_pair(NAME, ("key", &key), ("keyCacheRef", &key_cache), tokens, None)?;
    check_pair(NAME, ("value", &value), ("valueCacheRef", &value_cache), tokens, Some((key.dtype, capacity)))?;
    let pairs = [(key, key_cache), (value, value_cache)].map(|(from, to)| {
        let width: usize = from.dims[1..].iter().product();
        (View::new(&from), View::new(&to), width)
    });
    let slots = View::new(&slots);
    call.finish(ws, executor, move || {
        let slots = cache_slots(NAME, &slots, tokens, capacity);
        for (from, to, width) in pairs.iter().filter(|(_, _, width)| *width > 0) {
            scatter_rows(from, to, *width, &slots);
        }
    })
}

/// A mode must be null, empty, or the one that there is.
fn check_mode(call: &Call, name: &str, param: &'static str, text: *const c_char, only: &str) -> Outcome {
    let mode = if text.is_null() { String::new() } else { call.text(param, text)? };
    let known = mode.is_empty() || mode == only;
    check!(known, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} is \"{mode}\"; the simulator takes \"{only}\", \"\" or null");
    Ok(())
}

/// Checks new rows against their cache, and the second pair against what the first has: its dtype and its number of slots,
/// which is returned.
fn check_pair(
    name: &str,
    (param, rows): (&str, &Tensor),
    (cache_param, cache): (&str, &Tensor),
    tokens: usize,
    first: Option<(aclDataType, usize)>,
) -> Outcome<usize> {
    check_dtype(name, param, rows, &[ACL_FLOAT16, ACL_BF16, ACL_INT8])?;
    check_same_dtype(name, cache_param, cache, param, rows.dtype)?;
    let (given, of) = (rows.dims, cache.dims);
    let fits = rows.rank() == 3 && cache.rank() == 4 && given[0] == tokens && given[1..] == of[2..];
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} has shape {given:?} and {cache_param} {of:?}; [{tokens}, heads, d] and [blocks, blockSize, heads, d] are needed"
    );
    check_writable(name, cache_param, cache)?;
    let capacity = of[0] * of[1];
    if let Some((dtype, slots)) = first {
        check_same_dtype(name, param, rows, "key", dtype)?;
        check!(slots == capacity, ACLNN_ERR_PARAM_INVALID, "{name}: {cache_param} has {capacity} slots, keyCacheRef has {slots}");
    }
    Ok(capacity)
}

fn cache_slots(name: &str, slots: &View, tokens: usize, capacity: usize) -> Vec<Option<usize>> {
    let (mut buffer, mut found) = (Buffer::new(), Vec::with_capacity(tokens));
    for start in (0..tokens).step_by(BLOCK) {
        for &slot in slots.load::<i64>(start, BLOCK.min(tokens - start), &mut buffer) {
            if slot >= capacity as i64 {
                fail!("{name}: slotMapping holds {slot}, but the cache has {capacity} slots");
            }
            found.push(usize::try_from(slot).ok());
        }
    }
    found
}

#[cfg(test)]
mod tests;

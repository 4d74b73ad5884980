//! Operators, before and after they ran.

use std::collections::hash_map::DefaultHasher;
use std::ffi::c_char;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ascend_rl_sys::types::*;
use serde_json::json;

use super::file::{Contents, Entry, Part};
use super::{Taker, look, now};
use crate::nn::tensor::Tensor;
use crate::ops::call::Planned;

/// The data of tensors that are read, kept from before the operator ran: it may write them too.
pub(crate) type Kept = Arc<Mutex<Vec<Entry>>>;

/// The operator without its "aclnn".
fn plain(name: &str) -> &str {
    name.strip_prefix("aclnn").unwrap_or(name)
}

/// Writes what an operator is called with, if that is dumped. A file that is there is written anew: it says the same.
pub(crate) fn tell_arguments(planned: &Planned) -> Result<(), String> {
    let Some(folder) = look(|state| state.arguments.clone()) else { return Ok(()) };
    let tensors: Vec<_> = planned
        .described
        .iter()
        .map(|(region, tensor)| {
            let region = planned.regions[*region];
            json!({
                "param": region.param,
                "kind": if region.write { "output" } else { "input" },
                "dtype": tensor.dtype.name().unwrap_or("?"),
                "format": "ACL_FORMAT_ND",
                "shape": tensor.dims.to_vec(),
                "strides": tensor.strides.to_vec(),
            })
        })
        .collect();
    let text = json!({"operator": plain(planned.name), "tensors": tensors}).to_string();
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let file = folder.join(format!("{}_{:016x}.json", plain(planned.name), hasher.finish()));
    std::fs::write(&file, text).map_err(|error| format!("the dump \"{}\" cannot be written: {error}", file.display()))
}

/// What to do on the device before an operator runs, if its data are dumped.
pub(crate) fn before(planned: &Arc<Planned>) -> Option<(Kept, impl Fn() + Send + Sync + 'static)> {
    let mode = look(|state| state.data_mode())?;
    let (kept, planned) = (Kept::default(), planned.clone());
    let filled = kept.clone();
    let work = move || {
        let entries = entries(&planned, |written| !written && mode.takes(false));
        *filled.lock().unwrap_or_else(PoisonError::into_inner) = entries;
    };
    Some((kept, work))
}

/// What to do after it: `task` and `stream` name the file. A file that cannot be written fails the task.
pub(crate) fn after(
    planned: &Arc<Planned>,
    kept: Kept,
    device: u32,
    stream: u32,
    task: u64,
) -> impl Fn() + Send + Sync + 'static {
    let planned = planned.clone();
    move || {
        // What is set by now: a callback may have come, or gone.
        let Some((mode, folder, taker)) =
            look(|state| state.data_mode().map(|mode| (mode, state.data_folder().cloned(), state.taker)))
        else {
            return;
        };
        let mut all = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
        all.extend(entries(&planned, |written| written && mode.takes(true)));
        let (name, time) = (plain(planned.name), now().as_micros() as u64);
        let bytes = Contents { name, time, note: "", entries: all }.bytes();
        let file = format!("{device}/{name}.{name}.{task}.{stream}.{time}");
        let folder = folder.map_or_else(Default::default, |folder| folder.to_string_lossy().into_owned());
        let file = Path::new(&folder).join(file);
        match taker {
            Some(taker) => hand_over(taker, &file.to_string_lossy(), &bytes),
            None => {
                let made = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, bytes));
                if let Err(error) = made {
                    crate::reject::fail!("the dump \"{}\" cannot be written: {error}", file.display())
                }
            }
        }
    }
}

/// The tensors that `want` picks by whether they are written, with their data. On the device's turn only.
fn entries(planned: &Planned, want: impl Fn(bool) -> bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (region, tensor) in &planned.described {
        let written = planned.regions[*region].write;
        if want(written) {
            let part = if written { Part::Output } else { Part::Input };
            let shape = tensor.dims.iter().map(|dim| *dim as u64).collect();
            entries.push(Entry { part, dtype: tensor.dtype, format: ACL_FORMAT_ND, shape, data: packed(tensor) });
        }
    }
    entries
}

/// The elements of a view, one behind another.
fn packed(tensor: &Tensor) -> Vec<u8> {
    let (size, count) = (tensor.dtype.size(), tensor.dims.product());
    // SAFETY: phase two has checked that the view lies in live memory of a device, which stays readable, and only one operation runs at
    // a time; each index below is one of the view's.
    let element = |at: usize| unsafe { std::slice::from_raw_parts(tensor.data.add(at * size), size) };
    if size == 0 || tensor.strides == tensor.dims.contiguous_strides() {
        // SAFETY: as above: the view is one piece. What has less than a byte an element is dumped as it lies there.
        return unsafe { std::slice::from_raw_parts(tensor.data, tensor.span_bytes()) }.to_vec();
    }
    let mut data = Vec::with_capacity(count * size);
    for i in 0..count {
        let (mut rest, mut at) = (i, 0);
        for dim in (0..tensor.rank()).rev() {
            at += rest % tensor.dims[dim] * tensor.strides[dim];
            rest /= tensor.dims[dim];
        }
        data.extend_from_slice(element(at));
    }
    data
}

/// Bytes of a piece.
const PIECE: usize = 1 << 20;

/// Calls the program's function with one piece after another. It runs in the turn of the stream: it must not wait for a stream.
fn hand_over(taker: Taker, file: &str, bytes: &[u8]) {
    const HEAD: usize = size_of::<acldumpChunk>();
    let pieces = bytes.len().div_ceil(PIECE);
    for (i, piece) in bytes.chunks(PIECE).enumerate() {
        let mut name = [0; ACL_DUMP_MAX_FILE_PATH_LENGTH as usize];
        let most = name.len() - 1;
        name.iter_mut().zip(file.bytes().take(most)).for_each(|(to, byte)| *to = byte as c_char);
        let head = acldumpChunk {
            fileName: name,
            bufLen: piece.len() as u32,
            isLastChunk: u32::from(i + 1 == pieces),
            offset: (i * PIECE) as i64,
            flag: 0,
            dataBuf: [],
        };
        // Words, so that the head is aligned. Its length counts the four bytes behind `flag`, which hold data already.
        let mut room = vec![0u64; (HEAD + piece.len()).div_ceil(8)];
        let start = room.as_mut_ptr().cast::<u8>();
        // SAFETY: `room` has bytes for the head and the data behind `dataBuf`, and is aligned for both.
        unsafe {
            start.cast::<acldumpChunk>().write(head);
            let data = start.add(std::mem::offset_of!(acldumpChunk, dataBuf));
            data.copy_from_nonoverlapping(piece.as_ptr(), piece.len());
        }
        // SAFETY: C's contract: a function of this signature; the piece lives for the call.
        let taken = unsafe { taker(start.cast(), (HEAD + piece.len()) as i32) };
        if taken != 0 {
            crate::reject::fail!("the program's function refuses a piece of the dump \"{file}\": it gives {taken}")
        }
    }
}

//! Many copies between host and device in one call.

use std::ffi::c_void;
use std::slice::from_raw_parts;

use ascend_rl_sys::types::*;

use super::context::current;
use super::copy::{PIECE, Span, check_ends, in_order};
use super::{give, graph, not_null, stream};
use crate::memory::Place;
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::world;

/// What C passes: arrays of `len` copies, and of `attrs_len` attributes.
struct Given {
    dsts: *mut *mut c_void,
    dest_maxs: *mut usize,
    srcs: *mut *mut c_void,
    sizes: *mut usize,
    len: usize,
    attrs: *mut aclrtMemcpyBatchAttr,
    indexes: *mut usize,
    attrs_len: usize,
}

/// Copies that were checked, with what each goes between.
#[derive(Default)]
struct Batch {
    spans: Vec<Span>,
    ends: Vec<(Place, Place)>,
}

impl Batch {
    /// Copies. Only inside an operation of the engine or `Engine::exclusive`.
    fn copy(&self) {
        let (mut small, mut rest): (Vec<Span>, Vec<Span>) = self.spans.iter().partition(|span| span.bytes <= PIECE);
        small.sort_by_key(|span| span.dst);
        if small.windows(2).any(|pair| pair[0].dst + pair[0].bytes > pair[1].dst) {
            // Two copies write the same bytes: one of them wins, as on a card, but not both at once.
            rest.append(&mut small);
        }
        rest.into_iter().for_each(Span::copy);
        crate::parallel::for_each(small.len(), |i| small[i].copy());
    }

    fn pageable(&self) -> bool {
        self.ends.iter().any(|(to, from)| to.is_pageable() || from.is_pageable())
    }
}

/// An array of C's, which must be there.
fn array<'a, T>(param: &str, pointer: *mut T, len: usize) -> Outcome<&'a [T]> {
    not_null(param, pointer)?;
    // SAFETY: not null, and C's contract is `len` values that live for the call.
    Ok(unsafe { from_raw_parts(pointer, len) })
}

/// The attribute of each copy.
fn attributes<'a>(given: &Given) -> Outcome<Vec<&'a aclrtMemcpyBatchAttr>> {
    let attrs: &[aclrtMemcpyBatchAttr] = array("attrs", given.attrs, given.attrs_len)?;
    let indexes = array("attrsIndexes", given.indexes, given.attrs_len)?;
    check!(
        (1..=given.len).contains(&given.attrs_len),
        ACL_ERROR_RT_PARAM_INVALID,
        "numAttrs is {}: 1 to numBatches, {}, are taken",
        given.attrs_len,
        given.len
    );
    let rising = indexes[0] == 0 && indexes.windows(2).all(|pair| pair[0] < pair[1]) && indexes[indexes.len() - 1] < given.len;
    check!(
        rising,
        ACL_ERROR_RT_PARAM_INVALID,
        "attrsIndexes is {indexes:?}: it must begin with 0, rise, and stay below numBatches, {}",
        given.len
    );
    Ok((0..given.len).map(|i| &attrs[indexes.partition_point(|at| *at <= i) - 1]).collect())
}

/// Whether a pointer is where its attribute says.
fn check_location(param: &str, i: usize, location: aclrtMemLocation, place: &Place) -> Outcome {
    let fits = match (location.r#type, place) {
        (ACL_MEM_LOCATION_TYPE_DEVICE, Place::Device(device)) => device.id == location.id,
        (ACL_MEM_LOCATION_TYPE_HOST, place) => !matches!(place, Place::Device(_)),
        _ => false,
    };
    let said = location.r#type.name().unwrap_or("no place");
    check!(
        fits,
        ACL_ERROR_RT_PARAM_INVALID,
        "{param}s[{i}] is {}, but its attribute says {said} of device {}",
        place.name(),
        location.id
    );
    Ok(())
}

/// The checks of all four functions. `fail_index` gets the copy that is wrong, or the largest number. `None`: nothing to do.
fn check_batch(given: Given, fail_index: Option<*mut usize>) -> Outcome<Option<Batch>> {
    let fail = |i: usize| fail_index.map_or((), |at| give(at, i));
    fail(usize::MAX);
    let sizes = array("sizes", given.sizes, given.len)?;
    check!(given.len > 0, ACL_ERROR_INVALID_PARAM, "numBatches is 0");
    if sizes.iter().all(|size| *size == 0) {
        return Ok(None);
    }
    let (dsts, srcs) = (array("dsts", given.dsts, given.len)?, array("srcs", given.srcs, given.len)?);
    let maxs = array("destMaxs", given.dest_maxs, given.len)?;
    let attributes = attributes(&given)?;
    current()?;
    let (mut batch, mut upward) = (Batch::default(), None);
    for (i, attribute) in attributes.into_iter().enumerate().filter(|(i, _)| sizes[*i] > 0) {
        check!(!dsts[i].is_null() && !srcs[i].is_null(), ACL_ERROR_INVALID_PARAM, "dsts[{i}] or srcs[{i}] is null");
        check!(
            sizes[i] <= maxs[i],
            ACL_ERROR_RT_PARAM_INVALID,
            "sizes[{i}] is {}, more than destMaxs[{i}], {}",
            sizes[i],
            maxs[i]
        );
        let span = Span { dst: dsts[i] as usize, src: srcs[i] as usize, bytes: sizes[i] };
        let mut ends = || -> Outcome<(Place, Place)> {
            let to = Place::of(&format!("dsts[{i}]"), span.dst, span.bytes)?;
            let from = Place::of(&format!("srcs[{i}]"), span.src, span.bytes)?;
            check_location("dst", i, attribute.dstLoc, &to)?;
            check_location("src", i, attribute.srcLoc, &from)?;
            let up = match (&to, &from) {
                (Place::Device(_), Place::Pinned(_) | Place::Pageable) => true,
                (Place::Pinned(_) | Place::Pageable, Place::Device(_)) => false,
                _ => reject!(
                    ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                    "copy {i} goes from {} to {}: a batch goes between host and device",
                    from.name(),
                    to.name()
                ),
            };
            check!(
                *upward.get_or_insert(up) == up,
                ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                "copy {i} goes against those before it: a batch has one direction"
            );
            Ok((to, from))
        };
        batch.ends.push(ends().inspect_err(|_: &Reject| fail(i))?);
        batch.spans.push(span);
    }
    Ok(Some(batch))
}

fn now(given: Given, fail_index: Option<*mut usize>, name: &str) -> Outcome {
    if let Some(batch) = check_batch(given, fail_index)? {
        graph::check_blocking(name)?;
        world()?.engine.exclusive(|| batch.copy());
    }
    Ok(())
}

fn later(given: Given, fail_index: Option<*mut usize>, stream: aclrtStream, name: &'static str) -> Outcome {
    let Some(batch) = check_batch(given, fail_index)? else { return Ok(()) };
    let stream = stream::resolve(stream)?;
    batch.ends.iter().try_for_each(|(to, from)| check_ends(&stream, to, from))?;
    in_order(&stream, name, batch.pageable(), move || batch.copy())
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtMemcpyBatch(
    dsts: *mut *mut c_void,
    dest_maxs: *mut usize,
    srcs: *mut *mut c_void,
    sizes: *mut usize,
    len: usize,
    attrs: *mut aclrtMemcpyBatchAttr,
    indexes: *mut usize,
    attrs_len: usize,
    fail_index: *mut usize,
) -> Outcome {
    not_null("failIndex", fail_index)?;
    now(Given { dsts, dest_maxs, srcs, sizes, len, attrs, indexes, attrs_len }, Some(fail_index), "aclrtMemcpyBatch")
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtMemcpyBatchV2(
    dsts: *mut *mut c_void,
    dest_maxs: *mut usize,
    srcs: *mut *mut c_void,
    sizes: *mut usize,
    len: usize,
    attrs: *mut aclrtMemcpyBatchAttr,
    indexes: *mut usize,
    attrs_len: usize,
) -> Outcome {
    now(Given { dsts, dest_maxs, srcs, sizes, len, attrs, indexes, attrs_len }, None, "aclrtMemcpyBatchV2")
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtMemcpyBatchAsync(
    dsts: *mut *mut c_void,
    dest_maxs: *mut usize,
    srcs: *mut *mut c_void,
    sizes: *mut usize,
    len: usize,
    attrs: *mut aclrtMemcpyBatchAttr,
    indexes: *mut usize,
    attrs_len: usize,
    fail_index: *mut usize,
    stream: aclrtStream,
) -> Outcome {
    not_null("failIndex", fail_index)?;
    let given = Given { dsts, dest_maxs, srcs, sizes, len, attrs, indexes, attrs_len };
    later(given, Some(fail_index), stream, "aclrtMemcpyBatchAsync")
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtMemcpyBatchAsyncV2(
    dsts: *mut *mut c_void,
    dest_maxs: *mut usize,
    srcs: *mut *mut c_void,
    sizes: *mut usize,
    len: usize,
    attrs: *mut aclrtMemcpyBatchAttr,
    indexes: *mut usize,
    attrs_len: usize,
    stream: aclrtStream,
) -> Outcome {
    let given = Given { dsts, dest_maxs, srcs, sizes, len, attrs, indexes, attrs_len };
    later(given, None, stream, "aclrtMemcpyBatchAsyncV2")
}

//! What [`kv_write`](super::kv_write) asks of its tensors.

use super::kv_write::{KvPair, PageLayout, contract};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View};

pub(super) fn bad<T>(kind: ErrorKind, detail: String) -> Result<T> {
    Err(Error::new(kind, format!("kv_write: {detail}")))
}

/// Keys or values as the kernel sees them; in bytes, but for the first two.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub slots: usize,
    pub block_size: usize,
    /// A token's row in the cache.
    pub row: usize,
    /// What stays together of it in a page.
    pub piece: usize,
    /// A token's row in the source.
    pub row_in: usize,
    /// From one to the next.
    pub pitch: usize,
}

/// The number of tokens.
pub(super) fn check_slots(slot_mapping: &View<'_>) -> Result<usize> {
    if !matches!(slot_mapping.dtype(), DType::I32 | DType::I64) {
        return bad(ErrorKind::DType, format!("slot_mapping is {}, i32 or i64 is needed", slot_mapping.dtype()));
    }
    match slot_mapping.shape() {
        &[tokens] if slot_mapping.is_contiguous() && tokens <= i32::MAX as usize => Ok(tokens),
        _ => bad(ErrorKind::Shape, format!("slot_mapping is {:?}, a contiguous [tokens] is needed", slot_mapping.layout())),
    }
}

impl Side {
    /// `name` is "k" or "v".
    pub(super) fn new(name: &str, layout: PageLayout, pair: &KvPair<'_>, tokens: usize, scale: Option<View<'_>>) -> Result<Side> {
        let (new, cache) = (&pair.new, &pair.cache);
        check_dtypes(name, layout, new.dtype(), cache.dtype(), scale)?;
        let &[given, heads, dim] = new.shape() else {
            return bad(ErrorKind::Shape, format!("{name} is {:?}, [tokens, heads, dim] is needed", new.shape()));
        };
        if given != tokens {
            return bad(ErrorKind::Shape, format!("{name} has {given} tokens, slot_mapping has {tokens}"));
        }
        let size = cache.dtype().size();
        if heads == 0 || dim == 0 || !(dim * size).is_multiple_of(contract::BLOCK_BYTES) {
            let needed = contract::BLOCK_BYTES / size;
            return bad(
                ErrorKind::Shape,
                format!("{name} is {:?}, heads of a multiple of {needed} elements are needed", new.shape()),
            );
        }
        let width = heads * dim;
        let most = match (scale, new.dtype()) {
            (None, _) => contract::MAX_ROW / size,
            (Some(_), DType::F32) => contract::MAX_ROW_INT8_F32,
            (Some(_), _) => contract::MAX_ROW_INT8,
        };
        if width > most {
            return bad(ErrorKind::Shape, format!("{name} has {width} elements for a token, at most {most} are possible"));
        }
        let (strides, size_in) = (new.strides(), new.dtype().size());
        let whole = strides[2] == 1 && (heads == 1 || strides[1] == dim);
        let pitch = if tokens > 1 { strides[0] } else { width };
        if !whole || pitch < width {
            return bad(ErrorKind::Shape, format!("{name} is {:?}, tokens without gaps are needed", new.layout()));
        }
        if pitch * size_in > u32::MAX as usize {
            return bad(
                ErrorKind::Shape,
                format!("{name} has tokens {pitch} elements apart, at most {} are possible", u32::MAX as usize / size_in),
            );
        }
        if let Some(scale) = scale
            && !(scale.is_contiguous() && scale.shape() == [heads, dim])
        {
            return bad(
                ErrorKind::Shape,
                format!("{name}_scale is {:?}, a contiguous [{heads}, {dim}] is needed", scale.layout()),
            );
        }
        let (blocks, block_size) = check_pages(name, layout, cache.as_view(), heads, dim)?;
        let slots = blocks * block_size;
        if slots > i32::MAX as usize {
            return bad(ErrorKind::Shape, format!("{name}_cache has {slots} slots, at most {} are possible", i32::MAX));
        }
        if block_size * width * size > u32::MAX as usize {
            let most = u32::MAX as usize / (width * size);
            return bad(ErrorKind::Shape, format!("{name}_cache has blocks of {block_size} tokens, at most {most} are possible"));
        }
        let piece = match layout {
            PageLayout::Bsnd => width * size,
            PageLayout::Bnsd => dim * size,
            PageLayout::Nz => contract::BLOCK_BYTES,
        };
        Ok(Side { slots, block_size, row: width * size, piece, row_in: width * size_in, pitch: pitch * size_in })
    }
}

fn check_dtypes(name: &str, layout: PageLayout, new: DType, cache: DType, scale: Option<View<'_>>) -> Result<()> {
    if let Some(scale) = scale {
        if scale.dtype() != DType::F32 {
            return bad(ErrorKind::DType, format!("{name}_scale is {}, f32 is needed", scale.dtype()));
        }
        if !new.is_float() {
            return bad(ErrorKind::DType, format!("{name} is {new}, f32, bf16 or f16 is needed where there are scales"));
        }
        if cache != DType::I8 {
            return bad(ErrorKind::DType, format!("{name}_cache is {cache}, i8 is needed where there are scales"));
        }
        return Ok(());
    }
    if !new.is_float() && new != DType::I8 {
        return bad(ErrorKind::DType, format!("{name} is {new}, f32, bf16, f16 or i8 is needed"));
    }
    if cache != new {
        return bad(ErrorKind::DType, format!("{name}_cache is {cache}, {new} as {name} is needed"));
    }
    if layout == PageLayout::Nz && cache == DType::F32 {
        return bad(ErrorKind::DType, format!("{name}_cache is f32, CANN has no NZ pages of it"));
    }
    Ok(())
}

/// Blocks and block size.
fn check_pages(name: &str, layout: PageLayout, cache: View<'_>, heads: usize, dim: usize) -> Result<(usize, usize)> {
    let c = contract::BLOCK_BYTES / cache.dtype().size();
    let pages = match (layout, cache.shape()) {
        (PageLayout::Bsnd, &[blocks, size, h, d]) if (h, d) == (heads, dim) => (blocks, size),
        (PageLayout::Bnsd, &[blocks, h, size, d]) if (h, d) == (heads, dim) => (blocks, size),
        (PageLayout::Nz, &[blocks, planes, size, e]) if (planes, e) == (heads * dim / c, c) => (blocks, size),
        (PageLayout::Nz, &[blocks, h, planes, size, e]) if (h, planes, e) == (heads, dim / c, c) => (blocks, size),
        (_, given) => {
            let needed = match layout {
                PageLayout::Bsnd => format!("[blocks, block_size, {heads}, {dim}]"),
                PageLayout::Bnsd => format!("[blocks, {heads}, block_size, {dim}]"),
                PageLayout::Nz => format!("[blocks, {}, block_size, {c}]", heads * dim / c),
            };
            return bad(ErrorKind::Shape, format!("{name}_cache is {given:?}, {needed} is needed"));
        }
    };
    if !cache.is_contiguous() {
        return bad(ErrorKind::Shape, format!("{name}_cache is {:?}, contiguous pages are needed", cache.layout()));
    }
    Ok(pages)
}

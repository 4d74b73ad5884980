//! What the launches refuse before anything is queued: the error names the argument, what was given, what is needed.

use crate::on_cores;
use ascend_rl::attention::{BlockId, KvPair, KvScales, PageLayout, block_copy, kv_write, kv_write_int8};
use ascend_rl::kernels::rms_norm;
use ascend_rl::reshard::{CastRect, RectAt, ScaleAt, cast_copy};
use ascend_rl::{DType, ErrorKind, Result, Stream, Tensor};

use DType::{BF16, F16, F32, I8, I32, I64};
use ErrorKind::{Argument, DType as BadDType, Length, Shape as BadShape, WrongStream};

#[track_caller]
fn refused(result: Result<()>, kind: ErrorKind, text: &str) {
    let error = result.err().unwrap_or_else(|| panic!("not refused: {text}"));
    assert_eq!((error.kind(), error.to_string().as_str(), error.call()), (kind, text, None));
}

/// A tensor whose values do not matter.
fn any(s: &Stream, shape: &[usize], dtype: DType) -> Tensor {
    Tensor::zeros(s, shape, dtype).unwrap()
}

/// Three tokens of two heads of 32 elements, with what is given instead.
fn write(s: &Stream, layout: PageLayout, k: (&[usize], DType), cache: (&[usize], DType), slots: (&[usize], DType)) -> Result<()> {
    let (k, mut cache, slots) = (any(s, k.0, k.1), any(s, cache.0, cache.1), any(s, slots.0, slots.1));
    kv_write(s, layout, KvPair { new: k.view(), cache: cache.view_mut() }, None, &slots)
}

#[test]
fn tokens_and_pages() {
    use PageLayout::{Bnsd, Bsnd, Nz};
    const K: (&[usize], DType) = (&[3, 2, 32], BF16);
    const PAGES: (&[usize], DType) = (&[4, 16, 2, 32], BF16);
    const SLOTS: (&[usize], DType) = (&[3], I32);
    on_cores(2, |s| {
        let bad = |k, cache, slots, kind, text| refused(write(s, Bsnd, k, cache, slots), kind, text);
        bad(K, PAGES, (&[3], F32), BadDType, "kv_write: slot_mapping is f32, i32 or i64 is needed");
        bad((&[3, 64], BF16), PAGES, SLOTS, BadShape, "kv_write: k is [3, 64], [tokens, heads, dim] is needed");
        bad((&[5, 2, 32], BF16), PAGES, SLOTS, BadShape, "kv_write: k has 5 tokens, slot_mapping has 3");
        bad(K, (&[4, 16, 2, 32], F16), SLOTS, BadDType, "kv_write: k_cache is f16, bf16 as k is needed");
        bad((&[3, 2, 32], I64), PAGES, SLOTS, BadDType, "kv_write: k is i64, f32, bf16, f16 or i8 is needed");
        let text = "kv_write: k is [3, 2, 24], heads of a multiple of 16 elements are needed";
        bad((&[3, 2, 24], BF16), PAGES, SLOTS, BadShape, text);
        let text = "kv_write: k has 65536 elements for a token, at most 32768 are possible";
        bad((&[3, 256, 256], BF16), PAGES, SLOTS, BadShape, text);
        let text = "kv_write: k_cache is [4, 2, 16, 32], [blocks, block_size, 2, 32] is needed";
        bad(K, (&[4, 2, 16, 32], BF16), SLOTS, BadShape, text);
        let text = "kv_write: k_cache is [4, 16, 2, 32], [blocks, 2, block_size, 32] is needed";
        refused(write(s, Bnsd, K, PAGES, SLOTS), BadShape, text);
        let text = "kv_write: k_cache is [4, 16, 2, 32], [blocks, 4, block_size, 16] is needed";
        refused(write(s, Nz, K, PAGES, SLOTS), BadShape, text);
        let nz = write(s, Nz, (&[3, 2, 32], F32), (&[4, 8, 16, 8], F32), SLOTS);
        refused(nz, BadDType, "kv_write: k_cache is f32, CANN has no NZ pages of it");
        // Nothing to do is no mistake.
        write(s, Bsnd, (&[0, 2, 32], BF16), PAGES, (&[0], I64)).unwrap();
        write(s, Bsnd, K, (&[0, 16, 2, 32], BF16), SLOTS).unwrap();
    });
}

#[test]
fn keys_and_values_belong_together() {
    on_cores(2, |s| {
        let slots = any(s, &[3], I32);
        let write = |v: (&[usize], DType), pages: &[usize]| {
            let (k, v) = (any(s, &[3, 2, 32], BF16), any(s, v.0, v.1));
            let (mut k_cache, mut v_cache) = (any(s, &[4, 16, 2, 32], BF16), any(s, pages, v.dtype()));
            let values = KvPair { new: v.view(), cache: v_cache.view_mut() };
            kv_write(s, PageLayout::Bsnd, KvPair { new: k.view(), cache: k_cache.view_mut() }, Some(values), &slots)
        };
        let text = "kv_write: the pages of k have 64 slots in blocks of 16, those of v 64 in 8";
        refused(write((&[3, 2, 32], BF16), &[8, 8, 2, 32]), BadShape, text);
        refused(write((&[3, 2, 32], F16), &[4, 16, 2, 32]), BadDType, "kv_write: k is bf16, v f16: one dtype is needed");
    });
}

#[test]
fn scales() {
    on_cores(2, |s| {
        let slots = any(s, &[3], I32);
        let write = |dtype, cache, scale: (&[usize], DType), v_scale: bool| {
            let (k, mut cache, scale) = (any(s, &[3, 2, 32], dtype), any(s, &[4, 16, 2, 32], cache), any(s, scale.0, scale.1));
            let scales = KvScales { k: scale.view(), v: v_scale.then(|| scale.view()) };
            kv_write_int8(s, PageLayout::Bsnd, KvPair { new: k.view(), cache: cache.view_mut() }, None, scales, &slots)
        };
        const SCALE: (&[usize], DType) = (&[2, 32], F32);
        let text = "kv_write: k is i8, f32, bf16 or f16 is needed where there are scales";
        refused(write(I8, I8, SCALE, false), BadDType, text);
        refused(write(BF16, BF16, SCALE, false), BadDType, "kv_write: k_cache is bf16, i8 is needed where there are scales");
        refused(write(BF16, I8, (&[2, 32], BF16), false), BadDType, "kv_write: k_scale is bf16, f32 is needed");
        refused(write(BF16, I8, SCALE, true), BadShape, "kv_write: there are v_scales, but no values");
        let short = write(BF16, I8, (&[64], F32), false).unwrap_err();
        assert_eq!(short.kind(), BadShape);
        assert!(short.to_string().ends_with("a contiguous [2, 32] is needed"), "{short}");
    });
}

#[test]
fn blocks() {
    on_cores(2, |s| {
        let copy = |shapes: &[&[usize]], values: &[&[usize]], pairs: &[(u32, u32)]| {
            let pools = |shapes: &[&[usize]]| shapes.iter().map(|shape| any(s, shape, BF16)).collect::<Vec<_>>();
            let (mut keys, mut values) = (pools(shapes), pools(values));
            let mut keys: Vec<_> = keys.iter_mut().map(|pool| pool.view_mut()).collect();
            let mut values: Vec<_> = values.iter_mut().map(|pool| pool.view_mut()).collect();
            let pairs: Vec<_> = pairs.iter().map(|&(from, to)| (BlockId(from), BlockId(to))).collect();
            block_copy(s, &mut keys, &mut values, &pairs)
        };
        refused(copy(&[], &[], &[]), Argument, "block_copy: 0 layers, 1 to 1024 are needed");
        let two: &[&[usize]] = &[&[4, 8], &[4, 8]];
        refused(copy(two, &[&[4, 8]], &[]), Argument, "block_copy: keys of 2 layers and values of 1");
        let text = "block_copy: keys of layer 1 are bf16 [4, 9], bf16 [4, 8] as of layer 0 is needed";
        refused(copy(&[&[4, 8], &[4, 9]], &[], &[]), BadShape, text);
        refused(copy(&[&[4, 8]], &[&[5, 8]], &[]), BadShape, "block_copy: keys have 4 blocks, values 5");
        refused(copy(two, &[], &[(0, 1), (2, 4)]), Argument, "block_copy: block 2 to block 4 of 4 blocks");
        refused(copy(two, &[], &[(0, 1), (2, 1)]), Argument, "block_copy: block 1 is written twice");
        refused(copy(two, &[], &[(0, 1), (1, 0)]), Argument, "block_copy: some pairs copy in a circle");
        copy(two, &[], &[]).unwrap();
    });
}

#[test]
fn rectangles() {
    on_cores(2, |s| {
        let scales = any(s, &[4], F32);
        let copy = |from: DType, to: DType, rect: CastRect| {
            let (src, mut dst) = (any(s, &[100], from), any(s, &[100], to));
            cast_copy(s, &[src.view()], &mut [dst.view_mut()], Some(scales.view()), &[rect])
        };
        let at = |buffer, offset, pitch| RectAt { buffer, offset, pitch };
        let rect = |src, dst, scale| CastRect { src, dst, rows: 4, cols: 10, scale };
        let fits = at(0, 0, 10);
        let one = Some(ScaleAt { offset: 0, per_row: false });
        refused(copy(F32, BF16, rect(at(1, 0, 10), fits, None)), Argument, "cast_copy: rectangle 0: source buffer 1 of 1");
        let text = "cast_copy: rectangle 0: rows of 10 elements, 9 apart in the destination, overlap";
        refused(copy(F32, BF16, rect(fits, at(0, 0, 9), None)), BadShape, text);
        let text = "cast_copy: rectangle 0: 4 rows of 10, 30 apart, from element 1 on, are not in the source buffer of 100";
        refused(copy(F32, BF16, rect(at(0, 1, 30), fits, None)), Length, text);
        refused(copy(F32, I8, rect(fits, fits, None)), Argument, "cast_copy: rectangle 0: f32 to i8 without a scale");
        let text = "cast_copy: rectangle 0: f32 to bf16 with a scale, which only int8 has";
        refused(copy(F32, BF16, rect(fits, fits, one)), Argument, text);
        let past = Some(ScaleAt { offset: 1, per_row: true });
        refused(copy(F32, I8, rect(fits, fits, past)), Length, "cast_copy: rectangle 0: scales 1..5 of a buffer of 4");
        let text = "cast_copy: rectangle 0: i64 is converted neither to nor from";
        refused(copy(I64, F32, rect(fits, fits, None)), BadDType, text);
        copy(I64, I64, rect(fits, fits, None)).unwrap();
        copy(F32, I8, CastRect { rows: 0, ..rect(fits, fits, one) }).unwrap();
        let src = any(s, &[100], F32);
        let none = cast_copy(s, &[src.view()], &mut [any(s, &[100], I8).view_mut()], None, &[rect(fits, fits, one)]);
        refused(none, Argument, "cast_copy: rectangle 0: a scale, and no buffer of scales");
        let halves = any(s, &[4], F16);
        let dtype = cast_copy(s, &[src.view()], &mut [], Some(halves.view()), &[]);
        refused(dtype, BadDType, "cast_copy: scales are f16, f32 is needed");
    });
}

#[test]
fn rows() {
    on_cores(2, |s| {
        let norm = |x: (&[usize], DType), gamma: (&[usize], DType), y: (&[usize], DType)| {
            rms_norm(s, &any(s, x.0, x.1), &any(s, gamma.0, gamma.1), 1e-6, &mut any(s, y.0, y.1))
        };
        let text = "rms_norm kernel: x is [2, 24], rows of a multiple of 16 up to 8192 are needed";
        refused(norm((&[2, 24], BF16), (&[24], BF16), (&[2, 24], BF16)), BadShape, text);
        let text = "rms_norm kernel: x is [1, 8192], rows of a multiple of 16 up to 7168 are needed";
        refused(norm((&[1, 8192], F32), (&[8192], F32), (&[1, 8192], F32)), BadShape, text);
        let text = "rms_norm kernel: gamma is [16], [32] is needed";
        refused(norm((&[2, 32], F32), (&[16], F32), (&[2, 32], F32)), BadShape, text);
        let text = "rms_norm kernel: y is [32], [2, 32] is needed";
        refused(norm((&[2, 32], F32), (&[32], F32), (&[32], F32)), BadShape, text);
        let text = "rms_norm kernel: gamma is bf16 and y f32, f32 as x is needed";
        refused(norm((&[2, 32], F32), (&[32], BF16), (&[2, 32], F32)), BadDType, text);
        let text = "rms_norm kernel: x is i32, f32, bf16 or f16 is needed";
        refused(norm((&[2, 32], I32), (&[32], I32), (&[2, 32], I32)), BadDType, text);
    });
}

/// Memory that is at home on another stream, in each place where there can be some.
#[test]
fn strangers() {
    on_cores(2, |s| {
        let other = s.device().stream().unwrap();
        let (own, strange) = (any(s, &[4, 32], F32), any(&other, &[4, 32], F32));
        let is_strange = |result: Result<()>| assert_eq!(result.unwrap_err().kind(), WrongStream);
        let gamma = any(s, &[32], F32);
        is_strange(rms_norm(s, &strange, &gamma, 1e-6, &mut any(s, &[4, 32], F32)));
        is_strange(rms_norm(s, &own, &gamma, 1e-6, &mut any(&other, &[4, 32], F32)));
        is_strange(block_copy(s, &mut [any(&other, &[4, 32], F32).view_mut()], &mut [], &[(BlockId(0), BlockId(1))]));
        is_strange(cast_copy(s, &[strange.view()], &mut [], None, &[]));
        is_strange(cast_copy(s, &[], &mut [any(&other, &[4, 32], F32).view_mut()], None, &[]));
        let slots = any(&other, &[3], I32);
        let (k, mut cache) = (any(s, &[3, 2, 32], BF16), any(s, &[4, 16, 2, 32], BF16));
        is_strange(kv_write(s, PageLayout::Bsnd, KvPair { new: k.view(), cache: cache.view_mut() }, None, &slots));
    });
}

//! The strided copies of an execution: many short ones by our own kernel in a launch; long ones, for which a launch of their own is
//! nothing, by operators, and all where the kernel cannot be launched.

use super::cast_copy::{CastRect, RectAt, cast_copy, converts};
use super::strip::{Place, Strip};
use crate::acl::Stream;
use crate::error::Result;
use crate::ops;
use crate::tensor::{View, ViewMut};

/// Most elements of a row, and from one row to the next, that go into a launch: of any dtype, the kernel can count their bytes.
const MOST: usize = 1 << 28;

/// Bytes of a copy from which on it goes by an operator. Many in a launch save launches, and a launch takes as long as copying some ten
/// to some hundred KiB. For a long copy it saves nothing, and the kernel's twin takes every tile through the unified buffer.
const LONG: usize = 64 << 10;

/// Fewest short copies for which a launch is made: with its tables it takes as long as some operators.
const MANY: usize = 8;

/// Who copies on a stream.
pub(super) struct Mover<'a> {
    s: &'a Stream,
    by_kernel: bool,
}

impl<'a> Mover<'a> {
    pub(super) fn new(s: &'a Stream) -> Mover<'a> {
        Mover { s, by_kernel: s.can_launch(&crate::kernels::CAST_COPY) }
    }

    /// Enqueues the strips, between buffers that are flat and at home here; no two of them write the same elements.
    pub(super) fn copy(&self, src: &[View<'_>], dst: &mut [ViewMut<'_>], strips: &[Strip]) -> Result<()> {
        let launched = |strip: &Strip, dst: &[ViewMut<'_>]| {
            let (from, to) = (src[strip.src.buffer].dtype(), dst[strip.dst.buffer].dtype());
            strip.len() * to.size() < LONG && is_counted(strip) && converts(from, to)
        };
        let by_kernel = self.by_kernel && strips.iter().filter(|strip| launched(strip, dst)).count() >= MANY;
        let mut rects = Vec::new();
        for strip in strips {
            if by_kernel && launched(strip, dst) {
                rects.push(rect(strip));
                continue;
            }
            let (from, to) = (src[strip.src.buffer], &mut dst[strip.dst.buffer]);
            let matrix = |place: Place| (place.offset, strip.rows, strip.cols, place.stride);
            let ((at, rows, cols, stride), (to_at, _, _, to_stride)) = (matrix(strip.src), matrix(strip.dst));
            ops::copy(self.s, from.matrix(at, rows, cols, stride)?, to.reborrow().matrix(to_at, rows, cols, to_stride)?)?;
        }
        if rects.is_empty() { Ok(()) } else { cast_copy(self.s, src, dst, None, &rects) }
    }
}

fn is_counted(strip: &Strip) -> bool {
    strip.cols.max(strip.src.stride).max(strip.dst.stride) <= MOST && u32::try_from(strip.rows).is_ok()
}

fn rect(strip: &Strip) -> CastRect {
    let at = |place: Place| RectAt { buffer: place.buffer, offset: place.offset, pitch: place.stride };
    CastRect { src: at(strip.src), dst: at(strip.dst), rows: strip.rows, cols: strip.cols, scale: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::Device;
    use crate::sys::Cann;
    use crate::tensor::{DType, Tensor};

    fn strip(src: (usize, usize, usize), dst: (usize, usize, usize), rows: usize, cols: usize) -> Strip {
        let place = |(buffer, offset, stride)| Place { buffer, offset, stride };
        Strip { src: place(src), dst: place(dst), rows, cols }
    }

    #[test]
    fn what_a_kernel_cannot_count_goes_by_operators() {
        let one = strip((0, 0, 8), (0, 0, 8), 2, 8);
        assert!(is_counted(&one));
        assert!(!is_counted(&Strip { cols: MOST + 1, rows: 1, ..one }));
        assert!(!is_counted(&Strip { src: Place { stride: MOST + 1, ..one.src }, ..one }));
        assert!(!is_counted(&Strip { rows: 1 << 32, ..one }));
    }

    /// Numbers that a rounding shows, from buffers of several dtypes, one of which the kernel does not convert.
    #[test]
    fn operators_copy_what_the_kernel_does() {
        let s = Device::open(&Cann::load().unwrap(), 0).unwrap().stream().unwrap();
        let numbers: Vec<f32> = (0..600).map(|i| (i as f32 - 300.0) * 1.001).collect();
        let wide = Tensor::from_slice(&s, &[600], &numbers).unwrap();
        let half = Tensor::from_slice(&s, &[600], &numbers.iter().map(|x| half::f16::from_f32(*x)).collect::<Vec<_>>()).unwrap();
        let whole = Tensor::from_slice(&s, &[600], &numbers.iter().map(|x| *x as i32).collect::<Vec<_>>()).unwrap();
        let strips = [
            strip((0, 3, 20), (0, 0, 7), 11, 7),
            strip((1, 0, 600), (1, 1, 600), 1, 599),
            strip((2, 9, 33), (0, 100, 33), 10, 33),
            strip((0, 590, 10), (0, 78, 10), 1, 10),
        ];
        let moved = |by_kernel| {
            let mut out = [0, 1].map(|_| Tensor::zeros(&s, &[600], DType::BF16).unwrap());
            let mut dst: Vec<_> = out.iter_mut().map(Tensor::view_mut).collect();
            Mover { s: &s, by_kernel }.copy(&[wide.view(), half.view(), whole.view()], &mut dst, &strips).unwrap();
            out.map(|out| out.to_vec::<half::bf16>(&s).unwrap())
        };
        let (kernel, operators) = (moved(true), moved(false));
        assert_eq!(kernel, operators);
        let want = |i: usize| half::bf16::from_f32(numbers[i]);
        assert_eq!(
            (kernel[0][7], kernel[0][77], kernel[0][78], kernel[0][88]),
            (want(23), half::bf16::ZERO, want(590), half::bf16::ZERO)
        );
        assert_eq!((kernel[0][100], kernel[1][0]), (half::bf16::from_f32(numbers[9] as i32 as f32), half::bf16::ZERO));
    }
}

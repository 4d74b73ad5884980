//! Against loops over the windows in f64.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

struct Case {
    dims: [i64; 4],
    kernel: [i64; 2],
    stride: [i64; 2],
    padding: [i64; 2],
    ceil: bool,
}

const CASES: [Case; 4] = [
    Case { dims: [2, 3, 8, 9], kernel: [2, 2], stride: [2, 2], padding: [0, 0], ceil: false },
    Case { dims: [1, 2, 7, 6], kernel: [3, 2], stride: [2, 1], padding: [1, 1], ceil: false },
    Case { dims: [1, 1, 5, 5], kernel: [2, 2], stride: [2, 2], padding: [0, 0], ceil: true },
    Case { dims: [1, 4, 30, 31], kernel: [3, 3], stride: [1, 2], padding: [1, 0], ceil: false },
];

impl Case {
    fn windows(&self) -> [i64; 2] {
        std::array::from_fn(|d| {
            let rest = self.dims[2 + d] + 2 * self.padding[d] - self.kernel[d];
            let n = if self.ceil { (rest + self.stride[d] - 1) / self.stride[d] } else { rest / self.stride[d] } + 1;
            if self.ceil && (n - 1) * self.stride[d] >= self.dims[2 + d] + self.padding[d] { n - 1 } else { n }
        })
    }

    fn out(&self) -> [i64; 4] {
        let [h, w] = self.windows();
        [self.dims[0], self.dims[1], h, w]
    }

    /// The places of a window, as row-major elements of its image.
    fn places(&self, v: i64, h: i64) -> Vec<usize> {
        let rows =
            (0..self.kernel[0]).map(|t| v * self.stride[0] + t - self.padding[0]).filter(|r| (0..self.dims[2]).contains(r));
        let columns =
            |_| (0..self.kernel[1]).map(|t| h * self.stride[1] + t - self.padding[1]).filter(|c| (0..self.dims[3]).contains(c));
        rows.flat_map(|r| columns(r).map(move |c| (r * self.dims[3] + c) as usize)).collect()
    }

    fn mask(&self) -> Array {
        let [h, w] = self.windows();
        let row = ((h * w + 15) / 16 + 1) * 32;
        Array::out(ACL_INT8, &[self.dims[0], self.dims[1], self.kernel[0] * self.kernel[1], row])
    }
}

#[test]
fn the_largest_and_where_its_gradient_goes() {
    for case in CASES {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            // Few values, so that there are many equals: the first counts.
            let x = Array::new(dtype, &case.dims, noise(1).map(|v| (v * 8.0).round()));
            let (y, mask, dx) = (Array::out(dtype, &case.out()), case.mask(), Array::out(dtype, &case.dims));
            let d = Array::new(dtype, &case.out(), noise(2).map(|v| (v * 16.0).round()));
            let [k, s, p, one] = [case.kernel, case.stride, case.padding, [1, 1]].map(|v| Ints::new(&v));
            let (xh, yh, mh) = (x.handle(), y.handle(), mask.handle());
            run(|w, e| aclnnMaxPool2dWithMaskGetWorkspaceSize(xh, k.0, s.0, p.0, one.0, case.ceil, yh, mh, w, e)).unwrap();
            run(|w, e| {
                let (d, dx) = (d.handle(), dx.handle());
                aclnnMaxPool2dWithMaskBackwardGetWorkspaceSize(d, xh, mh, k.0, s.0, p.0, one.0, case.ceil, dx, w, e)
            })
            .unwrap();
            let ([h, w], values, ds) = (case.windows(), x.values(), d.values());
            let plane = (case.dims[2] * case.dims[3]) as usize;
            let (mut want, mut want_dx) = (Vec::new(), vec![0.0; values.len()]);
            for image in 0..(case.dims[0] * case.dims[1]) as usize {
                for window in 0..h * w {
                    let places = case.places(window / w, window % w);
                    let at = |p: usize| values[image * plane + p];
                    let best = places.iter().copied().fold(places[0], |best, p| if at(p) > at(best) { p } else { best });
                    want_dx[image * plane + best] += ds[want.len()];
                    want.push(at(best));
                }
            }
            assert_eq!(y.values(), want);
            // Sums of a few small whole numbers are exact.
            assert_eq!(dx.values(), want_dx);
        }
    }
}

#[test]
fn means_share_their_gradient() {
    for case in CASES {
        for (include, divisor) in [(true, 0), (false, 0), (true, 5)] {
            let x = Array::new(ACL_FLOAT, &case.dims, noise(1));
            let (d, dx) = (Array::new(ACL_FLOAT, &case.out(), noise(2)), Array::out(ACL_FLOAT, &case.dims));
            let [k, s, p] = [case.kernel, case.stride, case.padding].map(|v| Ints::new(&v));
            run(|w, e| {
                let (d, x, dx) = (d.handle(), x.handle(), dx.handle());
                aclnnAvgPool2dBackwardGetWorkspaceSize(d, x, k.0, s.0, p.0, case.ceil, include, divisor, 0, dx, w, e)
            })
            .unwrap();
            let ([_, w], plane, windows) =
                (case.windows(), (case.dims[2] * case.dims[3]) as usize, case.out()[2] * case.out()[3]);
            let mut want = vec![0.0; (case.dims[0] * case.dims[1]) as usize * plane];
            for (i, d) in d.values().into_iter().enumerate() {
                let (image, window) = (i / windows as usize, i as i64 % windows);
                let (v, h) = (window / w, window % w);
                // A window ends where the padding does.
                let size = |axis: usize, at: i64| {
                    let (start, end) = (at * case.stride[axis], case.dims[2 + axis] + 2 * case.padding[axis]);
                    (start + case.kernel[axis]).min(end) - start
                };
                let places = case.places(v, h);
                let count = if include { (size(0, v) * size(1, h)) as f64 } else { places.len() as f64 };
                let by = if divisor > 0 { divisor as f64 } else { count };
                places.iter().for_each(|place| want[image * plane + place] += d / by);
            }
            assert_close(&dx.values(), &want, 1e-6, 1e-6);
        }
    }
}

#[test]
fn refusals() {
    let case = &CASES[0];
    let x = Array::new(ACL_FLOAT, &case.dims, noise(1));
    let (y, few) = (Array::out(ACL_FLOAT, &case.out()), Array::out(ACL_INT8, &[2, 3, 4, 32]));
    let [k, s, p, two] = [case.kernel, case.stride, case.padding, [2, 2]].map(|v| Ints::new(&v));
    let (xh, yh) = (x.handle(), y.handle());
    let wrong = run(|w, e| aclnnMaxPool2dWithMaskGetWorkspaceSize(xh, k.0, s.0, p.0, s.0, false, yh, few.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMaxPool2dWithMask", "dilation is [2, 2]"), ACLNN_ERR_PARAM_INVALID);
    let one = Ints::new(&[1]);
    let wrong = run(|w, e| aclnnMaxPool2dWithMaskGetWorkspaceSize(xh, k.0, s.0, p.0, one.0, false, yh, few.handle(), w, e));
    assert_eq!(
        refusal(wrong, "aclnnMaxPool2dWithMask", "indices has shape [2, 3, 4, 32]; [2, 3, 4, 64]"),
        ACLNN_ERR_PARAM_INVALID
    );
    let wrong = run(|w, e| aclnnMaxPool2dWithMaskGetWorkspaceSize(xh, k.0, s.0, two.0, one.0, false, yh, few.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMaxPool2dWithMask", "at most half of kernelSize"), ACLNN_ERR_PARAM_INVALID);
}

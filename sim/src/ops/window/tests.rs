//! Against references that visit every tap of every window, in f64.

use std::ptr::null;

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

mod gradients;

/// A tensor in a format, its values behind it.
fn image(dtype: aclDataType, format: aclFormat, dims: &[i64], values: impl Iterator<Item = f64>) -> (Array, Vec<f64>) {
    let plain = Array::new(dtype, dims, values);
    let values = plain.values();
    (Array::described(dtype, dims, None, format, &[dims.iter().product()], &plain.bytes()), values)
}

/// The values of an output that was described in a format.
fn read(dtype: aclDataType, array: &Array) -> Vec<f64> {
    let bytes = array.bytes();
    let two = |i: usize| [bytes[2 * i], bytes[2 * i + 1]];
    (0..bytes.len() / dtype.size())
        .map(|i| match dtype {
            ACL_FLOAT => f32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()) as f64,
            ACL_BF16 => half::bf16::from_le_bytes(two(i)).to_f64(),
            _ => half::f16::from_le_bytes(two(i)).to_f64(),
        })
        .collect()
}

/// An output in a format, full of zeros, with room for whole words.
fn room(dtype: aclDataType, format: aclFormat, dims: &[i64]) -> Array {
    let n: i64 = dims.iter().product();
    Array::described(dtype, dims, None, format, &[n], &vec![0; n as usize * dtype.size()])
}

const FORMATS: [aclFormat; 3] = [ACL_FORMAT_NCL, ACL_FORMAT_NCHW, ACL_FORMAT_NCDHW];

struct Case {
    /// Images, channels, and their dims.
    input: &'static [i64],
    /// As the operator takes it.
    weight: &'static [i64],
    stride: &'static [i64],
    padding: &'static [i64],
    dilation: &'static [i64],
    grown: &'static [i64],
    groups: i64,
    transposed: bool,
}

impl Case {
    fn space(&self) -> usize {
        self.input.len() - 2
    }

    /// Padding before and after a dim.
    fn ends(&self, d: usize) -> [i64; 2] {
        if self.padding.len() == self.space() { [self.padding[d]; 2] } else { [self.padding[2 * d], self.padding[2 * d + 1]] }
    }

    fn output(&self) -> Vec<i64> {
        let channels = if self.transposed { self.weight[1] * self.groups } else { self.weight[0] };
        let size = |d: usize| {
            let (length, reach) = (self.input[2 + d], self.dilation[d] * (self.weight[2 + d] - 1) + 1);
            let ends: i64 = self.ends(d).iter().sum();
            if self.transposed {
                (length - 1) * self.stride[d] - ends + reach + self.grown[d]
            } else {
                (length + ends - reach) / self.stride[d] + 1
            }
        };
        [self.input[0], channels].into_iter().chain((0..self.space()).map(size)).collect()
    }

    /// By the definition: each pair of an element of the image and a tap adds to one element of the result.
    fn reference(&self, x: &[f64], w: &[f64], bias: &[f64]) -> Vec<f64> {
        let dims = self.output();
        let mut y = by_index(&dims, |at| bias[at[1] as usize]);
        let (images, taps) = if self.transposed { (self.input.to_vec(), self.weight) } else { (dims.clone(), self.weight) };
        let of_input = self.input[1] / self.groups;
        let of_output = dims[1] / self.groups;
        // Windows are the elements of the input of a transpose, and of the output otherwise.
        by_index(&images, |window| {
            by_index(&taps[2..], |tap| {
                let place: Vec<i64> = (0..self.space())
                    .map(|d| window[2 + d] * self.stride[d] + tap[d] * self.dilation[d] - self.ends(d)[0])
                    .collect();
                let (image, own) = (window[0], window[1]);
                let others = if self.transposed { of_output } else { of_input };
                for k in 0..others {
                    let group = own / if self.transposed { of_input } else { of_output };
                    let other = group * others + k;
                    let far: Vec<i64> = [image, other].into_iter().chain(place.iter().copied()).collect();
                    let bounds = if self.transposed { &dims[..] } else { self.input };
                    if far.iter().zip(bounds).any(|(i, n)| !(0..*n).contains(i)) {
                        continue;
                    }
                    let factor: Vec<i64> = [own, k].into_iter().chain(tap.iter().copied()).collect();
                    let factor = w[element(self.weight, &factor)];
                    if self.transposed {
                        y[element(&dims, &far)] += factor * x[element(self.input, window)];
                    } else {
                        y[element(&dims, window)] += factor * x[element(self.input, &far)];
                    }
                }
                0.0
            });
            0.0
        });
        y
    }

    fn run(&self, dtypes: [aclDataType; 3], math: i8, with_bias: bool) -> (Vec<f64>, Vec<f64>) {
        let format = FORMATS[self.space() - 1];
        let (x, xs) = image(dtypes[0], format, self.input, noise(1));
        let (w, ws) = image(dtypes[1], format, self.weight, noise(2));
        let dims = self.output();
        let bias = Array::new(dtypes[2], &dims[1..2], noise(3));
        let y = room(dtypes[2], format, &dims);
        run(|ws, e| {
            let ints = [self.stride, self.padding, self.dilation, self.grown].map(Ints::new);
            let bias = if with_bias { bias.handle().cast_const() } else { null() };
            let [s, p, d, g] = &ints;
            let (x, w, y) = (x.handle(), w.handle(), y.handle());
            aclnnConvolutionGetWorkspaceSize(x, w, bias, s.0, p.0, d.0, self.transposed, g.0, self.groups, y, math, ws, e)
        })
        .unwrap();
        let bias = if with_bias { bias.values() } else { vec![0.0; dims[1] as usize] };
        let n = dims.iter().product::<i64>() as usize;
        (read(dtypes[2], &y)[..n].to_vec(), self.reference(&xs, &ws, &bias))
    }
}

const CASES: &[Case] = &[
    // ggml-cann's convolution of state space models: a channel a group, f32 with KEEP_DTYPE.
    Case {
        input: &[2, 6, 12],
        weight: &[6, 1, 4],
        stride: &[1],
        padding: &[0],
        dilation: &[1],
        grown: &[0],
        groups: 6,
        transposed: false,
    },
    Case {
        input: &[2, 4, 9],
        weight: &[6, 2, 3],
        stride: &[2],
        padding: &[1, 2],
        dilation: &[2],
        grown: &[0],
        groups: 2,
        transposed: false,
    },
    Case {
        input: &[1, 3, 8, 9],
        weight: &[5, 3, 3, 2],
        stride: &[2, 1],
        padding: &[1, 0],
        dilation: &[1, 3],
        grown: &[0, 0],
        groups: 1,
        transposed: false,
    },
    Case {
        input: &[2, 4, 7, 6],
        weight: &[4, 2, 3, 3],
        stride: &[1, 2],
        padding: &[0, 1, 2, 3],
        dilation: &[1, 1],
        grown: &[0, 0],
        groups: 2,
        transposed: false,
    },
    Case {
        input: &[2, 2, 4, 5, 6],
        weight: &[3, 2, 2, 3, 2],
        stride: &[1, 2, 2],
        padding: &[1, 1, 0],
        dilation: &[2, 1, 1],
        grown: &[0, 0, 0],
        groups: 1,
        transposed: false,
    },
    // ggml-cann's transposed convolution.
    Case {
        input: &[1, 3, 5],
        weight: &[3, 2, 4],
        stride: &[3],
        padding: &[0],
        dilation: &[1],
        grown: &[0],
        groups: 1,
        transposed: true,
    },
    Case {
        input: &[2, 4, 5],
        weight: &[4, 3, 3],
        stride: &[2],
        padding: &[1],
        dilation: &[2],
        grown: &[1],
        groups: 2,
        transposed: true,
    },
    Case {
        input: &[2, 2, 3, 4],
        weight: &[2, 3, 3, 2],
        stride: &[2, 3],
        padding: &[1, 0],
        dilation: &[1, 2],
        grown: &[1, 2],
        groups: 1,
        transposed: true,
    },
];

#[test]
fn convolutions_and_their_transposes() {
    for case in CASES {
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)] {
            for with_bias in [false, true] {
                let (got, want) = case.run([dtype; 3], 0, with_bias);
                assert_close(&got, &want, relative, 2e-6);
            }
        }
        // USE_HF32 may be finer than it asks for; USE_FP16 rounds what is read and what results.
        let (got, want) = case.run([ACL_FLOAT; 3], 3, true);
        assert_close(&got, &want, 1e-6, 2e-6);
        let (got, want) = case.run([ACL_FLOAT; 3], 2, true);
        assert_close(&got, &want, 2e-3, 4e-3);
        assert!(got.iter().all(|&v| half::f16::from_f64(v).to_f64() == v), "no result in f16");
        // ggml-cann's kernel is f16 where its image is f32.
        let (got, want) = case.run([ACL_FLOAT, ACL_FLOAT16, ACL_FLOAT], 1, false);
        assert_close(&got, &want, 1e-6, 2e-6);
    }
}

#[test]
fn a_large_plane_goes_to_several_threads() {
    let case = Case {
        input: &[2, 8, 60, 61],
        weight: &[8, 4, 3, 3],
        stride: &[1, 1],
        padding: &[1, 1],
        dilation: &[1, 1],
        grown: &[0, 0],
        groups: 2,
        transposed: false,
    };
    let (got, want) = case.run([ACL_FLOAT; 3], 0, true);
    assert_close(&got, &want, 2e-6, 4e-6);
}

#[test]
fn refused_convolutions() {
    let case = |x: &[i64], w: &[i64], y: &[i64], groups: i64, format: aclFormat, padding: &[i64]| {
        let [x, w, y] = [x, w, y].map(|dims| room(ACL_FLOAT, format, dims));
        let [one, padding] = [&[1][..], padding].map(Ints::new);
        run(|ws, e| {
            let (x, w, y) = (x.handle(), w.handle(), y.handle());
            aclnnConvolutionGetWorkspaceSize(x, w, null(), one.0, padding.0, one.0, false, one.0, groups, y, 0, ws, e)
        })
    };
    let (x, w) = ([1, 2, 5], [3, 2, 2]);
    for (outcome, what) in [
        (case(&x, &w, &[1, 3, 4], 1, ACL_FORMAT_ND, &[0]), "input has format 2; 47 is needed"),
        (case(&x, &w, &[1, 3, 5], 1, ACL_FORMAT_NCL, &[0]), "output has shape [1, 3, 5]; [1, 3, 4]"),
        (case(&x, &w, &[1, 3, 4], 2, ACL_FORMAT_NCL, &[0]), "groups is 2"),
        (case(&x, &w, &[1, 3, 4], 1, ACL_FORMAT_NCL, &[-1]), "none may be below 0"),
        (case(&x, &[3, 2, 6], &[1, 3, 1], 1, ACL_FORMAT_NCL, &[0]), "does not fit"),
        (case(&x, &[3, 2, 2, 1], &[1, 3, 4], 1, ACL_FORMAT_NCL, &[0]), "weight is 4-D and input 3-D"),
    ] {
        assert_eq!(refusal(outcome, "aclnnConvolution", what), ACLNN_ERR_PARAM_INVALID);
    }
}

/// Height and width of the result, by the documents' formulas.
fn pooled(h: i64, w: i64, k: [i64; 2], s: [i64; 2], ends: [[i64; 2]; 2], ceil: bool) -> [i64; 2] {
    let size = |length: i64, d: usize| {
        let rest = length + ends[d][0] + ends[d][1] - k[d];
        let n = if ceil { (rest + s[d] - 1).div_euclid(s[d]) } else { rest.div_euclid(s[d]) } + 1;
        if ceil && (n - 1) * s[d] >= length + ends[d][0] { n - 1 } else { n }
    };
    [size(h, 0), size(w, 1)]
}

/// The places in the image of each window.
fn window(at: &[i64], (h, w): (i64, i64), k: [i64; 2], s: [i64; 2], ends: [[i64; 2]; 2]) -> Vec<(i64, i64)> {
    let n = at.len();
    (0..k[0] * k[1])
        .map(|tap| (at[n - 2] * s[0] + tap / k[1] - ends[0][0], at[n - 1] * s[1] + tap % k[1] - ends[1][0]))
        .filter(|&(i, j)| (0..h).contains(&i) && (0..w).contains(&j))
        .collect()
}

#[test]
fn means_of_windows() {
    let (h, w) = (9, 11);
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for (k, s, p) in [([1, 1], [1, 1], [0, 0]), ([3, 2], [2, 1], [1, 0]), ([4, 4], [3, 5], [2, 2]), ([2, 3], [2, 3], [0, 1])]
        {
            for (ceil, counts, divisor) in [(false, true, 0), (true, true, 0), (true, false, 0), (false, false, 7)] {
                let ends = p.map(|p| [p, p]);
                let [oh, ow] = pooled(h, w, k, s, ends, ceil);
                let (x, xs) = image(dtype, ACL_FORMAT_NCHW, &[2, 3, h, w], noise(1));
                let y = room(dtype, ACL_FORMAT_NCHW, &[2, 3, oh, ow]);
                let [k_, s_, p_] = [k, s, p].map(|pair| Ints::new(&pair));
                run(|ws, e| {
                    let (x, y) = (x.handle(), y.handle());
                    aclnnAvgPool2dGetWorkspaceSize(x, k_.0, s_.0, p_.0, ceil, counts, divisor, 0, y, ws, e)
                })
                .unwrap();
                let want = by_index(&[2, 3, oh, ow], |at| {
                    let places = window(at, (h, w), k, s, ends);
                    let total: f64 = places.iter().map(|&(i, j)| xs[element(&[2, 3, h, w], &[at[0], at[1], i, j])]).sum();
                    // A window ends with the padding.
                    let side = |d: usize, length: i64| (at[2 + d] * s[d] + k[d]).min(length + 2 * p[d]) - at[2 + d] * s[d];
                    let by = match (divisor, counts) {
                        (0, true) => side(0, h) * side(1, w),
                        (0, false) => places.len() as i64,
                        (divisor, _) => divisor,
                    };
                    total / by as f64
                });
                let relative = [1e-6, 4e-3, 6e-4][[ACL_FLOAT, ACL_BF16, ACL_FLOAT16].iter().position(|d| *d == dtype).unwrap()];
                assert_close(&read(dtype, &y)[..want.len()], &want, relative, 1e-6);
            }
        }
    }
    // One number for both, strides of the window's size, and three dims.
    let (x, xs) = image(ACL_FLOAT, ACL_FORMAT_NCL, &[1, 4, 4], noise(2));
    let (y, two, none) = (room(ACL_FLOAT, ACL_FORMAT_NCL, &[1, 2, 2]), Ints::new(&[2]), Ints::new(&[]));
    run(|ws, e| {
        let (x, y) = (x.handle(), y.handle());
        aclnnAvgPool2dGetWorkspaceSize(x, two.0, none.0, Ints::new(&[0]).0, false, true, 0, 0, y, ws, e)
    })
    .unwrap();
    let want = by_index(&[1, 2, 2], |at| {
        let place = |i: i64| xs[(4 * (2 * at[1] + i / 2) + 2 * at[2] + i % 2) as usize];
        (0..4).map(place).sum::<f64>() / 4.0
    });
    assert_close(&read(ACL_FLOAT, &y), &want, 1e-6, 1e-7);
}

#[test]
fn largest_of_windows() {
    let (h, w) = (9, 11);
    for dtype in [ACL_FLOAT, ACL_FLOAT16] {
        for (k, s, pads) in [
            ([1, 1], [1, 1], &[][..]),
            ([3, 2], [2, 1], &[1]),
            ([4, 3], [3, 5], &[2, 1]),
            // Above, left, below, right.
            ([3, 4], [2, 3], &[0, 1, 3, 2]),
        ] {
            let ends = match *pads {
                [] => [[0, 0]; 2],
                [p] => [[p, p]; 2],
                [p, q] => [[p, p], [q, q]],
                [a, b, c, d] => [[a, c], [b, d]],
                _ => unreachable!(),
            };
            for ceil in [false, true] {
                let [oh, ow] = pooled(h, w, k, s, ends, ceil);
                let x = Array::new(dtype, &[2, 3, h, w], noise(1));
                let y = Array::out(dtype, &[2, 3, oh, ow]);
                let [k_, s_, p_] = [&k[..], &s, pads].map(Ints::new);
                run(|ws, e| {
                    let (x, y, ones) = (x.handle(), y.handle(), Ints::new(&[1, 1]));
                    aclnnMaxPoolGetWorkspaceSize(x, k_.0, s_.0, 0, p_.0, ones.0, ceil as i64, y, ws, e)
                })
                .unwrap();
                let xs = x.values();
                let want = by_index(&[2, 3, oh, ow], |at| {
                    let value = |&(i, j): &(i64, i64)| xs[element(&[2, 3, h, w], &[at[0], at[1], i, j])];
                    window(at, (h, w), k, s, ends).iter().map(value).fold(f64::NEG_INFINITY, f64::max)
                });
                assert_eq!(y.values(), want);
            }
        }
    }
}

#[test]
fn refused_pools() {
    let (x, y) = (Array::new(ACL_FLOAT, &[1, 4, 4], noise(1)), Array::out(ACL_FLOAT, &[1, 2, 2]));
    let max = |x: &Array, kernel: &[i64], pads: &[i64], dilations: &[i64], auto: i64| {
        let [k, s, p, d] = [kernel, &[2], pads, dilations].map(Ints::new);
        run(|ws, e| aclnnMaxPoolGetWorkspaceSize(x.handle(), k.0, s.0, auto, p.0, d.0, 0, y.handle(), ws, e))
    };
    let ints = Array::new(ACL_INT32, &[1, 4, 4], noise(1));
    for (outcome, what) in [
        (max(&x, &[2], &[0], &[2], 0), "dilations is [2]"),
        (max(&x, &[2], &[2], &[1], 0), "pads is"),
        (max(&x, &[2], &[0], &[1], 1), "autoPad is 1"),
        (max(&x, &[2, 2, 2], &[0], &[1], 0), "kernelShape is [2, 2, 2]"),
        (max(&x, &[5], &[0], &[1], 0), "larger than self"),
        (max(&x, &[3], &[0], &[1], 0), "out has shape"),
        (max(&ints, &[2], &[0], &[1], 0), "self is ACL_INT32"),
    ] {
        assert_eq!(refusal(outcome, "aclnnMaxPool", what), ACLNN_ERR_PARAM_INVALID);
    }
    let average = |x: &Array, y: &Array, padding: &[i64], math: i8| {
        let [k, p] = [&[2][..], padding].map(Ints::new);
        run(|ws, e| aclnnAvgPool2dGetWorkspaceSize(x.handle(), k.0, k.0, p.0, false, true, 0, math, y.handle(), ws, e))
    };
    let [x, y] = [[1, 4, 4], [1, 2, 2]].map(|dims| room(ACL_FLOAT, ACL_FORMAT_NCL, &dims));
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnAvgPool2d", what), ACLNN_ERR_PARAM_INVALID);
    invalid(average(&x, &y, &[2], 0), "at most half of kernelSize");
    invalid(average(&x, &y, &[0], 1), "cubeMathType is 1");
    invalid(average(&Array::new(ACL_FLOAT, &[1, 4, 4], noise(1)), &y, &[0], 0), "self has format 2");
    // USE_FP16: 1 + 2^-12 is 1 in f16.
    let (fine, _) = image(ACL_FLOAT, ACL_FORMAT_NCL, &[1, 4, 4], std::iter::repeat(1.0 + 1.0 / 4096.0));
    average(&fine, &y, &[0], 2).unwrap();
    assert_eq!(read(ACL_FLOAT, &y)[..4], [1.0; 4]);
    let brain = [[1, 4, 4], [1, 2, 2]].map(|dims| room(ACL_BF16, ACL_FORMAT_NCL, &dims));
    invalid(average(&brain[0], &brain[1], &[0], 2), "cubeMathType is 2");
}

#[test]
fn windows_become_columns() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for (k, d, p, s) in [([1, 1], [1, 1], [0, 0], [1, 1]), ([3, 2], [1, 2], [1, 0], [2, 1]), ([1, 3], [1, 1], [1, 1], [1, 2])]
        {
            let (h, w) = (6, 7);
            let x = Array::new(dtype, &[2, 3, h, w], noise(1));
            let size = |length: i64, i: usize| (length + 2 * p[i] - d[i] * (k[i] - 1) - 1) / s[i] + 1;
            let (oh, ow) = (size(h, 0), size(w, 1));
            let shape = [2, 3 * k[0] * k[1], oh * ow];
            let out = Array::out(dtype, &shape);
            let [k_, d_, p_, s_] = [k, d, p, s].map(|pair| Ints::new(&pair));
            run(|ws, e| aclnnIm2colGetWorkspaceSize(x.handle(), k_.0, d_.0, p_.0, s_.0, out.handle(), ws, e)).unwrap();
            let xs = x.values();
            let want = by_index(&shape, |at| {
                let (channel, tap) = (at[1] / (k[0] * k[1]), at[1] % (k[0] * k[1]));
                let i = at[2] / ow * s[0] + tap / k[1] * d[0] - p[0];
                let j = at[2] % ow * s[1] + tap % k[1] * d[1] - p[1];
                let inside = (0..h).contains(&i) && (0..w).contains(&j);
                if inside { xs[element(&[2, 3, h, w], &[at[0], channel, i, j])] } else { 0.0 }
            });
            assert_eq!(out.values(), want);
        }
    }
    let (x, out) = (Array::new(ACL_FLOAT, &[3, 4], noise(1)), Array::out(ACL_FLOAT, &[3, 4]));
    let two = Ints::new(&[1, 1]);
    let wrong = run(|ws, e| aclnnIm2colGetWorkspaceSize(x.handle(), two.0, two.0, two.0, two.0, out.handle(), ws, e));
    assert_eq!(refusal(wrong, "aclnnIm2col", "self is 2-D"), ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn pixels_from_the_nearest() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_UINT8] {
        for ((h, w), size) in [((2, 3), [4, 6]), ((5, 7), [3, 11]), ((4, 4), [4, 4]), ((1, 1), [3, 2])] {
            let x = Array::new(dtype, &[2, 3, h, w], (0..6 * h * w).map(|i| i as f64));
            let out = Array::out(dtype, &[2, 3, size[0], size[1]]);
            run(|ws, e| aclnnUpsampleNearest2dGetWorkspaceSize(x.handle(), Ints::new(&size).0, out.handle(), ws, e)).unwrap();
            let want = by_index(&[2, 3, size[0], size[1]], |at| {
                // Ratios of small whole numbers: exact.
                let place = [at[2] * h / size[0], at[3] * w / size[1]];
                element(&[2, 3, h, w], &[at[0], at[1], place[0], place[1]]) as f64
            });
            assert_eq!(out.values(), want);
        }
    }
    // Channels last.
    let (x, xs) = image(ACL_FLOAT, ACL_FORMAT_NHWC, &[1, 2, 2, 3], (0..12).map(f64::from));
    let out = room(ACL_FLOAT, ACL_FORMAT_NHWC, &[1, 4, 2, 3]);
    let size = Ints::new(&[4, 2]);
    run(|ws, e| aclnnUpsampleNearest2dGetWorkspaceSize(x.handle(), size.0, out.handle(), ws, e)).unwrap();
    let want = by_index(&[1, 4, 2, 3], |at| xs[(at[1] / 2 * 6 + at[2] * 3 + at[3]) as usize]);
    assert_eq!(read(ACL_FLOAT, &out), want);
    let plain = Array::out(ACL_FLOAT, &[1, 4, 2, 3]);
    let wrong = run(|ws, e| aclnnUpsampleNearest2dGetWorkspaceSize(x.handle(), size.0, plain.handle(), ws, e));
    assert_eq!(refusal(wrong, "aclnnUpsampleNearest2d", "NHWC and the other is not"), ACLNN_ERR_PARAM_INVALID);
}

//! `aclnnRotaryPositionEmbedding`: `out = x * cos + rotate(x) * sin` over the last dim.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::lanes;
use super::rows::{Row, Target};
use super::split::{groups, split};
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, reject};
use crate::simd::vectorized;

/// How the pairs that are rotated lie in a row.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    /// Element `i` with `i + D/2`.
    Half,
    /// Element `2i` with `2i + 1`.
    Interleave,
}

/// Longest row and largest product of dims (or dim) of batch and heads that the kernel of A2 and A3 takes, exclusive.
pub(super) const MAX_DIM: usize = 896;
pub(super) const MAX_HEADS: usize = 1000;

/// `x` is BNSD, BSND or SBND; `cos` and `sin` broadcast over batch and heads.
pub(crate) fn aclnnRotaryPositionEmbeddingGetWorkspaceSize(
    x: *const aclTensor,
    cos: *const aclTensor,
    sin: *const aclTensor,
    mode: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRotaryPositionEmbedding";
    let mut call = Call::new(NAME);
    let (x, cos, sin) = (call.input("x", x)?, call.input("cos", cos)?, call.input("sin", sin)?);
    let out = call.output("out", out)?;
    let mode = read_mode(NAME, mode)?;
    check_dtype(NAME, "x", &x, FLOATS)?;
    for (param, t) in [("x", &x), ("cos", &cos), ("sin", &sin), ("out", &out)] {
        check!(t.rank() == 4, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D; 4-D is needed", t.rank());
        check_same_dtype(NAME, param, t, "x", x.dtype)?;
    }
    let d = x.dims[3];
    check!(
        d.is_multiple_of(2) && d < MAX_DIM,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: x's last dim is {d}; an even number below {MAX_DIM} is taken"
    );
    check_shape(NAME, "sin", &sin, &cos.dims)?;
    check!(
        fits(&x, &cos, mode),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: cos has shape {:?} for x of {:?}; it must broadcast over batch and heads, which are below {MAX_HEADS}",
        cos.dims,
        x.dims
    );
    check_shape(NAME, "out", &out, &x.dims)?;
    check!(out.is_contiguous(), ACLNN_ERR_PARAM_INVALID, "{NAME}: out has strides {:?}; it must be contiguous", out.strides);
    let (cos, sin) = (View::broadcast(&cos, &x.dims), View::broadcast(&sin, &x.dims));
    let x = View::new(&x);
    let out = Target::new(View::new(&out), &[&x, &cos, &sin]);
    let ((cos, heads), (sin, _)) = (cos.once(d), sin.once(d));
    call.finish(ws, executor, move || {
        split(x.rows(d), d, |rows| {
            let [mut x_rows, mut cos_rows, mut sin_rows, mut out_rows] = [(); 4].map(|()| Row::new(d));
            for (row, count) in groups(rows, d, x.run()) {
                let (at, n) = (row * d, count * d);
                x.prefetch_apart(at + n, n);
                let (angle, skip) = (row / heads * d, row % heads);
                let angles = (skip + count).div_ceil(heads) * d;
                let (cos, sin) = (cos_rows.load(&cos, angle, angles), sin_rows.load(&sin, angle, angles));
                let result = out.room(at, n, &mut out_rows);
                rotate(mode, d, x_rows.load(&x, at, n), Angles { cos, sin, heads, skip }, result);
                out.store(at, result);
            }
        })
    })
}

/// The mode by its number.
pub(super) fn read_mode(operator: &str, mode: i64) -> Outcome<Mode> {
    match mode {
        0 => Ok(Mode::Half),
        1 => Ok(Mode::Interleave),
        2 | 3 => reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{operator}: mode is {mode}; 0 (half) and 1 (interleave) are supported"),
        _ => reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: mode is {mode}; 0 (half) and 1 (interleave) are taken"),
    }
}

/// Whether there is a layout in which `cos` goes with `x`, within the kernel's limits.
pub(super) fn fits(x: &Tensor, cos: &Tensor, mode: Mode) -> bool {
    // The places of batch, sequence and heads in BNSD, BSND, SBND.
    [(0, 2, 1), (0, 1, 2), (1, 0, 2)].into_iter().any(|(b, s, n)| {
        let (batch, heads) = (x.dims[b], x.dims[n]);
        let follows = cos.dims[3] == x.dims[3] && cos.dims[s] == x.dims[s];
        let pair = (cos.dims[b], cos.dims[n]);
        follows
            && match mode {
                Mode::Half => [(1, 1), (batch, 1), (batch, heads)].contains(&pair) && batch < MAX_HEADS && heads < MAX_HEADS,
                Mode::Interleave => pair == (1, 1) && batch * heads < MAX_HEADS,
            }
    })
}

/// What rows are rotated by: as many of them as there are heads by the same, but for the first `skip` that are not there.
#[derive(Clone, Copy)]
pub(super) struct Angles<'a> {
    pub cos: &'a [f32],
    pub sin: &'a [f32],
    pub heads: usize,
    pub skip: usize,
}

/// Rows of `d` elements.
pub(super) fn rotate(mode: Mode, d: usize, x: &[f32], angles: Angles, out: &mut [f32]) {
    vectorized(
        #[inline(always)]
        || {
            let mut rows = out.chunks_exact_mut(d).zip(x.chunks_exact(d));
            let mut heads = angles.heads - angles.skip;
            for (cos, sin) in angles.cos.chunks_exact(d).zip(angles.sin.chunks_exact(d)) {
                for (out, x) in rows.by_ref().take(heads) {
                    rotate_row(mode, x, cos, sin, out);
                }
                heads = angles.heads;
            }
        },
    )
}

#[inline(always)]
fn rotate_row(mode: Mode, x: &[f32], cos: &[f32], sin: &[f32], out: &mut [f32]) {
    match mode {
        Mode::Half => {
            let half = x.len() / 2;
            let ((x0, x1), (out0, out1)) = (x.split_at(half), out.split_at_mut(half));
            let ((cos0, cos1), (sin0, sin1)) = (cos.split_at(half), sin.split_at(half));
            lanes::update(out0, [x0, cos0, x1, sin0], |_, [x0, cos, x1, sin]| x0 * cos - x1 * sin);
            lanes::update(out1, [x1, cos1, x0, sin1], |_, [x1, cos, x0, sin]| x1 * cos + x0 * sin);
        }
        Mode::Interleave => {
            let pairs = x.chunks_exact(2).zip(cos.chunks_exact(2)).zip(sin.chunks_exact(2));
            for (out, ((x, cos), sin)) in out.chunks_exact_mut(2).zip(pairs) {
                out[0] = x[0] * cos[0] - x[1] * sin[0];
                out[1] = x[1] * cos[1] + x[0] * sin[1];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn rope(x: &Array, cos: &Array, sin: &Array, mode: i64, out: &Array) -> Outcome {
        run(|ws, e| {
            aclnnRotaryPositionEmbeddingGetWorkspaceSize(x.handle(), cos.handle(), sin.handle(), mode, out.handle(), ws, e)
        })
    }

    #[test]
    fn both_modes_rotate_heads_inside_a_fused_projection() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            for (mode, d) in [(0, 6i64), (1, 6), (0, 128), (1, 34)] {
                let (t, n) = (5i64, 3i64);
                let row = n * d + 7;
                let x = Array::strided(dtype, &[1, t, n, d], &[t * row, row, d, 1], 2, t * row + 2, noise(1));
                let [cos, sin] = [2, 3].map(|seed| Array::new(dtype, &[1, t, 1, d], noise(seed)));
                let out = Array::out(dtype, &[1, t, n, d]);
                rope(&x, &cos, &sin, mode, &out).unwrap();
                let (x, cos, sin) = (x.values(), cos.values(), sin.values());
                let d = d as usize;
                let want: Vec<f64> = (0..x.len())
                    .map(|i| {
                        let (row, j) = (i / d, i % d);
                        let angle = row / n as usize * d + j;
                        let partner = match mode {
                            0 if j < d / 2 => -x[row * d + j + d / 2],
                            0 => x[row * d + j - d / 2],
                            _ if j % 2 == 0 => -x[i + 1],
                            _ => x[i - 1],
                        };
                        x[i] * cos[angle] + partner * sin[angle]
                    })
                    .collect();
                // One rounding to the dtype; two f32 products that may cancel.
                let relative = if dtype == ACL_FLOAT { 1e-6 } else { 4e-3 };
                assert_close(&out.values(), &want, relative, 3e-7);
            }
        }
    }

    #[test]
    fn a_rotation_may_overwrite_its_input() {
        for dtype in [ACL_FLOAT, ACL_BF16] {
            for mode in [0, 1] {
                let (x, out) = (Array::new(dtype, &[1, 90, 2, 8], noise(1)), Array::out(dtype, &[1, 90, 2, 8]));
                let [cos, sin] = [2, 3].map(|seed| Array::new(dtype, &[1, 90, 1, 8], noise(seed)));
                rope(&x, &cos, &sin, mode, &out).unwrap();
                rope(&x, &cos, &sin, mode, &x).unwrap();
                assert_eq!(x.values(), out.values());
            }
        }
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        const NAME: &str = "aclnnRotaryPositionEmbedding";
        let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1));
        let (x, cos) = (of(ACL_FLOAT, &[1, 4, 2, 8]), of(ACL_FLOAT, &[1, 4, 1, 8]));
        let invalid = |outcome, what| assert_eq!(refusal(outcome, NAME, what), ACLNN_ERR_PARAM_INVALID);
        invalid(rope(&x, &cos, &of(ACL_FLOAT, &[1, 4, 2, 8]), 0, &x), "sin has shape");
        let wrong = of(ACL_FLOAT, &[1, 3, 1, 8]);
        invalid(rope(&x, &wrong, &wrong, 0, &x), "cos has shape [1, 3, 1, 8]");
        // Interleaved, cos does not follow the heads.
        invalid(rope(&x, &x, &x, 1, &x), "cos has shape");
        let half = of(ACL_BF16, &[1, 4, 1, 8]);
        invalid(rope(&x, &half, &half, 0, &x), "cos is");
        let odd = of(ACL_FLOAT, &[1, 4, 2, 7]);
        invalid(rope(&odd, &cos, &cos, 0, &odd), "last dim is 7");
        let long = of(ACL_FLOAT, &[1, 1, 1, 896]);
        invalid(rope(&long, &long, &long, 0, &long), "last dim is 896");
        invalid(rope(&of(ACL_FLOAT, &[4, 2, 8]), &cos, &cos, 0, &x), "x is 3-D");
        invalid(rope(&x, &cos, &cos, 4, &x), "mode is 4");
        assert_eq!(refusal(rope(&x, &cos, &cos, 2, &x), NAME, "mode is 2"), ACL_ERROR_FEATURE_UNSUPPORTED);
        let apart = Array::strided(ACL_FLOAT, &[1, 4, 2, 8], &[80, 20, 8, 1], 0, 80, noise(1));
        invalid(rope(&x, &cos, &cos, 0, &apart), "contiguous");
    }
}

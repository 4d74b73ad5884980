//! `aclnnEmbedding` and `aclnnEmbeddingDenseBackward`.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::rows::Row;
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, fail};

/// Indices may be of these.
const INDICES: &[aclDataType] = &[ACL_INT64, ACL_INT32];

/// `out[i] = weight[indices[i]]`, bit for bit.
pub(crate) fn aclnnEmbeddingGetWorkspaceSize(
    weight: *const aclTensor,
    indices: *const aclTensor,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnEmbedding";
    let mut call = Call::new(NAME);
    let (weight, indices) = (call.input("weight", weight)?, call.input("indices", indices)?);
    let out = call.output("out", out)?;
    check_dtype(NAME, "weight", &weight, ALL)?;
    check!(weight.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: weight is {}-D; 2-D is needed", weight.rank());
    check_dtype(NAME, "indices", &indices, INDICES)?;
    check_same_dtype(NAME, "out", &out, "weight", weight.dtype)?;
    check_rows(NAME, ("out", &out), &indices, weight.dims[1])?;
    check_writable(NAME, "out", &out)?;
    let vocabulary = weight.dims[0];
    let (weight, indices, out) = (Table::new(&weight), View::new(&indices), Table::new(&out));
    call.finish(ws, executor, move || {
        let rows = read_indices(NAME, &indices, vocabulary);
        split(rows.len(), out.row_bytes().div_ceil(4), |range| {
            for i in range {
                // SAFETY: the index is checked, so both rows are in memory that C promised; each row of `out` is written once.
                unsafe { weight.copy_row(rows[i], &out, i) }
            }
        })
    })
}

/// `out[v] = Σ grad[i]` over the `i` with `indices[i] == v`, in f32 and in the order of `i`; a row's share of its count with
/// `scale_grad_by_freq`; zero for `padding_idx`, where `u64::MAX` (-1) is none.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnEmbeddingDenseBackwardGetWorkspaceSize(
    grad: *const aclTensor,
    indices: *const aclTensor,
    num_weights: u64,
    padding_idx: u64,
    scale_grad_by_freq: bool,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnEmbeddingDenseBackward";
    let mut call = Call::new(NAME);
    let (grad, indices) = (call.input("grad", grad)?, call.input("indices", indices)?);
    let out = call.output("out", out)?;
    check_dtype(NAME, "grad", &grad, FLOATS)?;
    check_dtype(NAME, "indices", &indices, INDICES)?;
    check!(grad.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: grad is a scalar; one dim or more is needed");
    let d = grad.dims[grad.rank() - 1];
    check_rows(NAME, ("grad", &grad), &indices, d)?;
    check_same_dtype(NAME, "out", &out, "grad", grad.dtype)?;
    check_shape(NAME, "out", &out, &[num_weights as usize, d])?;
    check_writable(NAME, "out", &out)?;
    let (grad, indices, out) = (View::new(&grad), View::new(&indices), View::new(&out));
    call.finish(ws, executor, move || {
        let vocabulary = num_weights as usize;
        let buckets = Buckets::new(&read_indices(NAME, &indices, vocabulary), vocabulary);
        split(vocabulary, d, |range| {
            let (mut row, mut sum) = (Row::new(d), Row::new(d));
            for v in range {
                let sum = sum.room(d);
                sum.fill(0.0);
                let tokens = if v as u64 == padding_idx { &[] } else { buckets.of(v) };
                for &token in tokens {
                    sum.iter_mut().zip(row.load(&grad, token * d, d)).for_each(|(sum, g)| *sum += g);
                }
                if scale_grad_by_freq && tokens.len() > 1 {
                    sum.iter_mut().for_each(|sum| *sum /= tokens.len() as f32);
                }
                out.store(v * d, sum);
            }
        })
    })
}

/// `param` is as `indices`, with `d` more.
fn check_rows(operator: &str, (param, t): (&str, &Tensor), indices: &Tensor, d: usize) -> Outcome {
    let mut dims = indices.dims.to_vec();
    dims.push(d);
    check_shape(operator, param, t, &dims)
}

/// The indices on the host. One that is out of range fails the operation: a device finds out when it runs, not before.
fn read_indices(operator: &str, indices: &View, rows: usize) -> Vec<usize> {
    let n = indices.numel();
    let mut read = Vec::<i64>::with_capacity(n);
    indices.load_into(0, &mut read.spare_capacity_mut()[..n]);
    // SAFETY: `load_into` has written the first `n` elements.
    unsafe { read.set_len(n) };
    let check = |(at, index): (usize, i64)| match usize::try_from(index) {
        Ok(row) if row < rows => row,
        _ => fail!("{operator}: indices[{at}] is {index}, out of range for {rows} rows"),
    };
    read.into_iter().enumerate().map(check).collect()
}

/// Tokens by what they are, in their order: a counting sort.
struct Buckets {
    /// Where a bucket begins; one more for the end.
    starts: Vec<usize>,
    tokens: Vec<usize>,
}

impl Buckets {
    fn new(indices: &[usize], vocabulary: usize) -> Buckets {
        let mut starts = vec![0; vocabulary + 2];
        indices.iter().for_each(|&v| starts[v + 2] += 1);
        (2..vocabulary + 2).for_each(|v| starts[v] += starts[v - 1]);
        let mut tokens = vec![0; indices.len()];
        for (token, &v) in indices.iter().enumerate() {
            tokens[starts[v + 1]] = token;
            starts[v + 1] += 1;
        }
        Buckets { starts, tokens }
    }

    fn of(&self, v: usize) -> &[usize] {
        &self.tokens[self.starts[v]..self.starts[v + 1]]
    }
}

/// The rows of a tensor, by number.
struct Table {
    view: View,
    /// The leading dims and their strides, the last first.
    lead: Vec<(usize, usize)>,
    cols: usize,
    col_stride: usize,
}

impl Table {
    fn new(t: &Tensor) -> Table {
        let last = t.rank() - 1;
        let lead = t.dims[..last].iter().copied().zip(t.strides[..last].iter().copied()).rev().collect();
        Table { view: View::new(t), lead, cols: t.dims[last], col_stride: t.strides[last] }
    }

    fn row_bytes(&self) -> usize {
        self.cols * self.view.dtype.size()
    }

    /// Address of a row.
    fn row(&self, mut row: usize) -> *mut u8 {
        let mut offset = 0;
        for &(dim, stride) in &self.lead {
            offset += row % dim * stride;
            row /= dim;
        }
        self.view.data().wrapping_add(offset * self.view.dtype.size())
    }

    /// Copies row `from` to row `to` of a table of as many columns, of the same dtype.
    ///
    /// # Safety
    /// There are such rows, their memory is valid, and they do not overlap.
    unsafe fn copy_row(&self, from: usize, other: &Table, to: usize) {
        let (from, to, size) = (self.row(from), other.row(to), self.view.dtype.size());
        if self.cols <= 1 || (self.col_stride == 1 && other.col_stride == 1) {
            // SAFETY: the caller's contract.
            return unsafe { std::ptr::copy_nonoverlapping(from, to, self.row_bytes()) };
        }
        for i in 0..self.cols {
            let (from, to) = (from.wrapping_add(i * self.col_stride * size), to.wrapping_add(i * other.col_stride * size));
            // SAFETY: the caller's contract.
            unsafe { std::ptr::copy_nonoverlapping(from, to, size) }
        }
    }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn embedding(weight: &Array, indices: &Array, out: &Array) -> Outcome {
        run(|ws, e| aclnnEmbeddingGetWorkspaceSize(weight.handle(), indices.handle(), out.handle(), ws, e))
    }

    fn backward(grad: &Array, indices: &Array, padding: u64, scale: bool, out: &Array, rows: u64) -> Outcome {
        run(|ws, e| {
            let (grad, indices, out) = (grad.handle(), indices.handle(), out.handle());
            aclnnEmbeddingDenseBackwardGetWorkspaceSize(grad, indices, rows, padding, scale, out, ws, e)
        })
    }

    /// Tokens 0 .. 5 of a vocabulary of 7: some twice and more, some never.
    fn tokens(dtype: aclDataType, dims: &[i64]) -> Array {
        Array::new(dtype, dims, (0u64..).map(|i| (i * i % 5) as f64))
    }

    #[test]
    fn rows_are_copied_whatever_the_layout() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64] {
            for indices in [ACL_INT32, ACL_INT64] {
                let indices = tokens(indices, &[3, 4]);
                let values = || noise(1).map(|v| (v * 64.0).floor());
                let plain = Array::new(dtype, &[7, 5], values());
                let transposed = Array::strided(dtype, &[7, 5], &[1, 7], 0, 35, values());
                let wide = Array::strided(dtype, &[3, 4, 5], &[40, 10, 2], 1, 120, std::iter::repeat(7.0));
                for (weight, out) in [(&plain, &Array::out(dtype, &[3, 4, 5])), (&transposed, &wide)] {
                    embedding(weight, &indices, out).unwrap();
                    let weight = weight.values();
                    let want: Vec<f64> = indices.values().iter().flat_map(|&v| weight[v as usize * 5..][..5].to_vec()).collect();
                    assert_eq!(out.values(), want);
                }
            }
        }
    }

    #[test]
    fn gradients_sum_by_token() {
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3)] {
            for (padding, scale) in [(u64::MAX, false), (1, false), (u64::MAX, true)] {
                let (grad, indices) = (Array::new(dtype, &[5, 6, 3], noise(1)), tokens(ACL_INT64, &[5, 6]));
                let out = Array::out(dtype, &[7, 3]);
                backward(&grad, &indices, padding, scale, &out, 7).unwrap();
                let (grad, indices) = (grad.values(), indices.values());
                for v in 0..7usize {
                    let mine: Vec<usize> = (0..30).filter(|&i| indices[i] as usize == v && v as u64 != padding).collect();
                    let share = if scale { mine.len().max(1) as f64 } else { 1.0 };
                    let want: Vec<f64> = (0..3).map(|j| mine.iter().map(|i| grad[i * 3 + j]).sum::<f64>() / share).collect();
                    assert_close(&out.values()[v * 3..][..3], &want, relative, 1e-6);
                }
            }
        }
    }

    #[test]
    fn an_index_out_of_range_fails_the_work_and_says_which() {
        for bad in [7.0, -1.0] {
            let indices = Array::new(ACL_INT64, &[3], [0.0, bad, 2.0]);
            let (weight, out) = (Array::new(ACL_FLOAT, &[7, 2], noise(1)), Array::out(ACL_FLOAT, &[3, 2]));
            let run = std::panic::AssertUnwindSafe(|| embedding(&weight, &indices, &out));
            let text = *std::panic::catch_unwind(run).expect_err("a failure").downcast::<String>().expect("a text");
            assert_eq!(text, format!("aclnnEmbedding: indices[1] is {bad}, out of range for 7 rows"));
        }
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1).map(|_| 0.0));
        let (weight, indices, out) = (of(ACL_FLOAT, &[7, 2]), of(ACL_INT64, &[3]), of(ACL_FLOAT, &[3, 2]));
        let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnEmbedding", what), ACLNN_ERR_PARAM_INVALID);
        invalid(embedding(&weight, &weight, &out), "indices is");
        invalid(embedding(&indices, &indices, &out), "weight is 1-D");
        invalid(embedding(&weight, &indices, &of(ACL_BF16, &[3, 2])), "out is");
        invalid(embedding(&weight, &indices, &of(ACL_FLOAT, &[3, 3])), "out has shape [3, 3]; [3, 2]");
        let null = run(|ws, e| aclnnEmbeddingGetWorkspaceSize(weight.handle(), nothing(), out.handle(), ws, e));
        assert_eq!(refusal(null, "aclnnEmbedding", "indices is null"), ACLNN_ERR_PARAM_NULLPTR);
        let outcome = backward(&out, &indices, u64::MAX, false, &weight, 8);
        assert_eq!(refusal(outcome, "aclnnEmbeddingDenseBackward", "out has shape [7, 2]; [8, 2]"), ACLNN_ERR_PARAM_INVALID);
    }
}

//! FRACTAL_NZ against its definition: element (r, c) of a matrix is element (c / c0, r / 16, r % 16, c % c0) of its storage.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;
use crate::ops::{
    aclnnAddmmGetWorkspaceSize, aclnnMatmulGetWorkspaceSize, aclnnMatmulWeightNzGetWorkspaceSize, aclnnMmGetWorkspaceSize,
};
use crate::ops::{aclnnExpGetWorkspaceSize, aclnnInplaceZeroGetWorkspaceSize};

fn up(n: i64, to: i64) -> i64 {
    (n + to - 1) / to
}

/// Storage dims of [.., rows, cols] of elements of `size` bytes.
fn storage(dims: &[i64], size: i64) -> Vec<i64> {
    let last = dims.len() - 1;
    let mut storage = dims[..last - 1].to_vec();
    storage.extend([up(dims[last], 32 / size), up(dims[last - 1], 16), 16, 32 / size]);
    storage
}

/// The bytes of row-major `bytes` in FRACTAL_NZ, element by element.
fn fractal(bytes: &[u8], dims: &[i64], size: i64) -> Vec<u8> {
    let last = dims.len() - 1;
    let (rows, cols) = (dims[last - 1], dims[last]);
    let (c1, r1, c0) = (up(cols, 32 / size), up(rows, 16), 32 / size);
    let stack: i64 = dims[..last - 1].iter().product();
    let mut out = vec![0u8; (stack * c1 * r1 * 16 * c0 * size) as usize];
    for b in 0..stack {
        for r in 0..rows {
            for c in 0..cols {
                let from = ((b * rows + r) * cols + c) * size;
                let to = (element(&[stack, c1, r1, 16, c0], &[b, c / c0, r / 16, r % 16, c % c0]) as i64) * size;
                for byte in 0..size {
                    out[(to + byte) as usize] = bytes[(from + byte) as usize];
                }
            }
        }
    }
    out
}

fn nz(dtype: aclDataType, dims: &[i64], strides: Option<&[i64]>, nd: &[i64], bytes: &[u8]) -> Array {
    let size = dtype.size() as i64;
    Array::described(dtype, dims, strides, ACL_FORMAT_FRACTAL_NZ, &storage(nd, size), &fractal(bytes, nd, size))
}

fn bytes_of(array: &Array, dims: &[i64], size: usize) -> Vec<u8> {
    array.bytes()[..dims.iter().product::<i64>() as usize * size].to_vec()
}

#[test]
fn casts_to_fractals_and_back() {
    for (dtype, seed) in [(ACL_BF16, 1), (ACL_FLOAT16, 2), (ACL_INT8, 3), (ACL_FLOAT, 4), (ACL_INT32, 5)] {
        for dims in [&[16i64, 16][..], &[1, 1], &[33, 70], &[3, 17, 31], &[2, 1, 2, 40, 16]] {
            let size = dtype.size();
            let x = Array::new(dtype, dims, noise(seed).map(|v| (v * 100.0).floor()));
            let bytes = bytes_of(&x, dims, size);
            let needed = storage(dims, size as i64);
            let (mut shape, mut rank, mut format) = (std::ptr::null_mut(), 0, 0);
            aclnnNpuFormatCastCalculateSizeAndFormat(x.handle(), 29, -1, &raw mut shape, &raw mut rank, &raw mut format).unwrap();
            // SAFETY: `rank` numbers that `malloc` gave, read and then given back.
            let given = unsafe {
                let given = std::slice::from_raw_parts(shape, rank as usize).to_vec();
                libc::free(shape.cast());
                given
            };
            assert_eq!((given, format), (needed.clone(), ACL_FORMAT_FRACTAL_NZ.0));
            let room = vec![7u8; needed.iter().product::<i64>() as usize * size];
            let y = Array::described(dtype, dims, None, ACL_FORMAT_FRACTAL_NZ, &needed, &room);
            run(|ws, e| aclnnNpuFormatCastGetWorkspaceSize(x.handle(), y.handle(), ws, e)).unwrap();
            let want = fractal(&bytes, dims, size as i64);
            assert_eq!(y.bytes()[..want.len()], want[..]);
            let back = Array::out(dtype, dims);
            run(|ws, e| aclnnNpuFormatCastGetWorkspaceSize(y.handle(), back.handle(), ws, e)).unwrap();
            assert_eq!(bytes_of(&back, dims, size), bytes);
        }
    }
}

/// `[m, k] @ [k, n]`.
fn product(a: &[f64], b: &[f64], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
    (0..m * n).map(|at| (0..k).map(|t| a[at / n * k + t] * b[t * n + at % n]).sum()).collect()
}

#[test]
fn a_weight_changes_in_its_own_memory_and_multiplies_as_before() {
    let (m, k, n) = (5i64, 33i64, 50i64);
    for dtype in [ACL_BF16, ACL_FLOAT16] {
        for transposed in [false, true] {
            let a = Array::new(dtype, &[m, k], noise(1));
            // Room for [48, 64], of which the view has a part.
            let strides = if transposed { [1, k] } else { [n, 1] };
            let b = Array::strided(dtype, &[k, n], &strides, 0, 48 * 64, noise(2));
            let want = product(&a.values(), &b.values(), (m as usize, k as usize, n as usize));
            let dense = b.values();
            run(|ws, e| aclnnTransMatmulWeightGetWorkspaceSize(b.handle(), ws, e)).unwrap();
            let mut format = ACL_FORMAT_ND;
            crate::nn::aclGetFormat(b.handle(), &raw mut format).unwrap();
            assert_eq!(format, ACL_FORMAT_FRACTAL_NZ);
            let rows = Array::new(dtype, &[k, n], dense);
            assert_eq!(b.bytes()[..48 * 64 * 2], fractal(&bytes_of(&rows, &[k, n], 2), &[k, n], 2)[..]);
            let close = |out: &Array| assert_close(&out.values(), &want, 8e-3, 1e-2);
            let out = Array::out(dtype, &[m, n]);
            run(|ws, e| aclnnMmGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e)).unwrap();
            close(&out);
            let out = Array::out(dtype, &[m, n]);
            run(|ws, e| aclnnMatmulGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e)).unwrap();
            close(&out);
            let out = Array::out(dtype, &[m, n]);
            run(|ws, e| aclnnMatmulWeightNzGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e)).unwrap();
            close(&out);
            let (out, zeros, one) =
                (Array::out(dtype, &[m, n]), Array::new(dtype, &[n], vec![0.0; n as usize]), Number::float(1.0));
            run(|ws, e| aclnnAddmmGetWorkspaceSize(zeros.handle(), a.handle(), b.handle(), one.0, one.0, out.handle(), 0, ws, e))
                .unwrap();
            close(&out);
            // It is in the other format already.
            let twice = run(|ws, e| aclnnTransMatmulWeightGetWorkspaceSize(b.handle(), ws, e));
            assert_eq!(refusal(twice, "aclnnTransMatmulWeight", "mmWeightRef has format 29"), ACLNN_ERR_PARAM_INVALID);
        }
    }
}

#[test]
fn a_transposed_view_of_fractals_reads_them_swapped() {
    let (m, k, n) = (3i64, 20i64, 35i64);
    let a = Array::new(ACL_BF16, &[m, k], noise(1));
    // As torch_npu describes `weight.t()`: the fractals are those of [n, k].
    let stored = Array::new(ACL_BF16, &[n, k], noise(2));
    let b = nz(ACL_BF16, &[k, n], Some(&[1, k]), &[n, k], &bytes_of(&stored, &[n, k], 2));
    let turned: Vec<f64> = by_index(&[k, n], |i| stored.values()[element(&[n, k], &[i[1], i[0]])]);
    let want = product(&a.values(), &turned, (m as usize, k as usize, n as usize));
    let out = Array::out(ACL_BF16, &[m, n]);
    run(|ws, e| aclnnMmGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e)).unwrap();
    assert_close(&out.values(), &want, 8e-3, 1e-2);
}

#[test]
fn stacks_of_fractals_multiply() {
    let (m, k, n) = (4i64, 18i64, 33i64);
    let a = Array::new(ACL_FLOAT16, &[2, m, k], noise(1));
    let rows = Array::new(ACL_FLOAT16, &[2, k, n], noise(2));
    let b = nz(ACL_FLOAT16, &[2, k, n], None, &[2, k, n], &bytes_of(&rows, &[2, k, n], 2));
    let out = Array::out(ACL_FLOAT16, &[2, m, n]);
    run(|ws, e| aclnnMatmulGetWorkspaceSize(a.handle(), b.handle(), out.handle(), 0, ws, e)).unwrap();
    let (x, w, shape) = (a.values(), rows.values(), (m as usize, k as usize, n as usize));
    let want: Vec<f64> = (0..2)
        .flat_map(|s| {
            product(&x[s * shape.0 * shape.1..][..shape.0 * shape.1], &w[s * shape.1 * shape.2..][..shape.1 * shape.2], shape)
        })
        .collect();
    assert_close(&out.values(), &want, 1e-3, 2e-3);
}

#[test]
fn sizes_are_those_of_the_documentation() {
    let of = |dims: &[i64], dtype: Option<aclDataType>| {
        let (dims, mut size) = (Ints::new(dims), 0);
        match dtype {
            Some(dtype) => aclnnCalculateMatmulWeightSizeV2(dims.0, dtype, &raw mut size),
            None => aclnnCalculateMatmulWeightSize(dims.0, &raw mut size),
        }
        .map(|()| size)
    };
    assert_eq!(of(&[510, 510], None), Ok(262144));
    assert_eq!(of(&[510, 510], Some(ACL_BF16)), Ok(262144));
    assert_eq!(of(&[510, 270], Some(ACL_INT8)), Ok(147456));
    assert_eq!(of(&[3, 510, 270], Some(ACL_INT8)), Ok(3 * 147456));
    let invalid = |outcome: Outcome<u64>, operator, what| {
        assert_eq!(refusal(outcome.map(drop), operator, what), ACLNN_ERR_PARAM_INVALID);
    };
    invalid(of(&[4], None), "aclnnCalculateMatmulWeightSize", "tensorShape is [4]");
    invalid(of(&[4, 0], Some(ACL_INT8)), "aclnnCalculateMatmulWeightSizeV2", "tensorShape is [4, 0]");
    invalid(of(&[4, 4], Some(ACL_FLOAT)), "aclnnCalculateMatmulWeightSizeV2", "dataType is ACL_FLOAT");
    let no = aclnnCalculateMatmulWeightSize(std::ptr::null(), std::ptr::null_mut());
    assert_eq!(refusal(no, "aclnnCalculateMatmulWeightSize", "tensorShape"), ACLNN_ERR_PARAM_NULLPTR);
}

#[test]
fn fractals_are_refused_where_they_are_not_taken() {
    let bytes = [0u8; 16 * 16 * 2];
    let x = nz(ACL_BF16, &[16, 16], None, &[16, 16], &bytes);
    let plain = Array::new(ACL_BF16, &[16, 16], noise(1));
    let unsupported = |outcome, operator, what| assert_eq!(refusal(outcome, operator, what), ACL_ERROR_FEATURE_UNSUPPORTED);
    let invalid = |outcome, operator, what| assert_eq!(refusal(outcome, operator, what), ACLNN_ERR_PARAM_INVALID);
    unsupported(run(|ws, e| aclnnExpGetWorkspaceSize(x.handle(), plain.handle(), ws, e)), "aclnnExp", "self is in FRACTAL_NZ");
    unsupported(run(|ws, e| aclnnInplaceZeroGetWorkspaceSize(x.handle(), ws, e)), "aclnnInplaceZero", "FRACTAL_NZ");
    let mm = |a: &Array, b: &Array| run(|ws, e| aclnnMmGetWorkspaceSize(a.handle(), b.handle(), plain.handle(), 0, ws, e));
    unsupported(mm(&x, &plain), "aclnnMm", "self is in FRACTAL_NZ");
    let of = |dims: &[i64], strides: Option<&[i64]>, storage: &[i64]| {
        Array::described(ACL_BF16, dims, strides, ACL_FORMAT_FRACTAL_NZ, storage, &bytes)
    };
    invalid(mm(&plain, &of(&[16, 16], None, &[1, 1, 32, 8])), "aclnnMm", "mat2 has storage dims [1, 1, 32, 8]; [1, 1, 16, 16]");
    invalid(mm(&plain, &of(&[16, 8], Some(&[16, 1]), &[1, 1, 16, 16])), "aclnnMm", "mat2 in FRACTAL_NZ has strides");
    let cast = |from: &Array, to: &Array| run(|ws, e| aclnnNpuFormatCastGetWorkspaceSize(from.handle(), to.handle(), ws, e));
    unsupported(cast(&plain, &plain), "aclnnNpuFormatCast", "srcTensor has format 2 and dstTensor 2");
    invalid(cast(&x, &Array::out(ACL_FLOAT16, &[16, 16])), "aclnnNpuFormatCast", "dstTensor is ACL_FLOAT16");
    invalid(cast(&x, &Array::out(ACL_BF16, &[16, 17])), "aclnnNpuFormatCast", "dstTensor has shape [16, 17]");
    let weight = Array::new(ACL_FLOAT, &[16, 16], noise(1));
    let trans = run(|ws, e| aclnnTransMatmulWeightGetWorkspaceSize(weight.handle(), ws, e));
    invalid(trans, "aclnnTransMatmulWeight", "mmWeightRef is ACL_FLOAT");
    let (mut shape, mut rank, mut format) = (std::ptr::null_mut(), 0, 0);
    let nc1hwc0 = aclnnNpuFormatCastCalculateSizeAndFormat(plain.handle(), 3, -1, &raw mut shape, &raw mut rank, &raw mut format);
    unsupported(nc1hwc0, "aclnnNpuFormatCastCalculateSizeAndFormat", "dstFormat is 3");
}

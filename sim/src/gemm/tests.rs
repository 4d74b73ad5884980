//! Products against sums in f64.

use super::*;
use ascend_rl_sys::types::*;

/// A matrix over host memory, as wide and as high as its strides need.
struct Host {
    view: Matrix,
    bytes: Vec<u64>,
}

/// Numbers in (-1, 1) that do not repeat.
fn noise(seed: usize, i: usize) -> f32 {
    let mut x = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    x ^= x >> 31;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

impl Host {
    fn new(dtype: aclDataType, rows: usize, cols: usize, row_stride: usize, col_stride: usize, seed: usize) -> Host {
        let len = if rows * cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 };
        let mut bytes = vec![0u64; (len * dtype.size()).div_ceil(8) + 1];
        let data = bytes.as_mut_ptr().cast();
        let host = Host { view: Matrix { dtype, rows, cols, row_stride, col_stride, data }, bytes };
        for i in 0..len {
            with_float!(dtype, T => {
                // SAFETY: `len` elements were allocated.
                unsafe { data.cast::<T>().add(i).write(<T as crate::convert::Float>::narrow(noise(seed, i))) }
            });
        }
        host
    }

    fn get(&self, row: usize, col: usize) -> f64 {
        assert!(!self.bytes.is_empty());
        with_float!(self.view.dtype, T => {
            // SAFETY: inside the matrix.
            f64::from(crate::convert::Float::widen(unsafe { self.view.at(row, col).cast::<T>().read() }))
        })
    }
}

/// How far a result may be off: f32 sums of `k` products of numbers below 1 in size, then one rounding to the dtype.
fn tolerance(dtype: aclDataType, k: usize, want: f64) -> f64 {
    let rounding = match dtype {
        ACL_BF16 => 0.5f64.powi(8),
        ACL_FLOAT16 => 0.5f64.powi(11),
        _ => 0.5f64.powi(23),
    };
    rounding * want.abs() + 1e-6 * (k as f64).sqrt() + 1e-6
}

/// Which way an operand lies: rows contiguous, columns contiguous, neither.
#[derive(Clone, Copy, Debug)]
enum Lie {
    Rows,
    Cols,
    Apart,
}

fn operand(dtype: aclDataType, rows: usize, cols: usize, lie: Lie, seed: usize) -> Host {
    match lie {
        Lie::Rows => Host::new(dtype, rows, cols, cols + 3, 1, seed),
        Lie::Cols => Host::new(dtype, rows, cols, 1, rows + 5, seed),
        Lie::Apart => Host::new(dtype, rows, cols, 2 * cols + 1, 2, seed),
    }
}

fn check(isa: Isa, dtype: aclDataType, (m, k, n): (usize, usize, usize), lies: (Lie, Lie), scales: Option<(f32, f32)>) {
    let a = operand(dtype, m, k, lies.0, 1);
    let b = operand(dtype, k, n, lies.1, 2);
    let c = Host::new(dtype, m, n, 0, 1, 3);
    let out = Host::new(dtype, m, n, n + 1, 1, 4);
    let (alpha, beta) = scales.unwrap_or((1.0, 0.0));
    let product = Product { a: a.view, b: b.view, alpha, add: scales.map(|_| (beta, c.view)), out: out.view };
    // SAFETY: all are allocated to their shapes.
    unsafe { product.run_on(isa) };
    for row in 0..m {
        for col in 0..n {
            let sum: f64 = (0..k).map(|i| a.get(row, i) * b.get(i, col)).sum();
            let want = f64::from(alpha) * sum + if beta == 0.0 { 0.0 } else { f64::from(beta) * c.get(0, col) };
            let got = out.get(row, col);
            assert!(
                (got - want).abs() <= tolerance(dtype, k, want),
                "{isa:?} {dtype:?} {m}x{k}x{n} {lies:?} {scales:?} at ({row}, {col}): {got}, not {want}"
            );
        }
    }
}

const LIES: [(Lie, Lie); 6] = [
    (Lie::Rows, Lie::Rows),
    (Lie::Rows, Lie::Cols),
    (Lie::Cols, Lie::Rows),
    (Lie::Cols, Lie::Cols),
    (Lie::Apart, Lie::Cols),
    (Lie::Cols, Lie::Apart),
];

#[test]
fn products_of_awkward_shapes_in_every_layout_dtype_and_instruction_set() {
    let shapes = [(1, 1, 1), (1, 300, 33), (2, 7, 5), (5, 64, 4), (13, 17, 19), (16, 33, 130), (17, 259, 31), (97, 70, 129)];
    for isa in [Isa::best(), Isa::Portable] {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            for shape in shapes {
                for lies in LIES {
                    check(isa, dtype, shape, lies, None);
                    check(isa, dtype, shape, lies, Some((0.5, -2.0)));
                }
            }
        }
    }
}

#[test]
fn an_empty_sum_is_zero_or_what_is_added() {
    for m in [3, 30] {
        check(Isa::best(), ACL_FLOAT, (m, 0, 5), (Lie::Rows, Lie::Rows), None);
        check(Isa::best(), ACL_BF16, (m, 0, 5), (Lie::Rows, Lie::Cols), Some((1.0, 1.0)));
    }
}

#[test]
fn long_sums_of_many_columns_are_split_and_put_together() {
    check(Isa::best(), ACL_FLOAT, (20, 1030, 300), (Lie::Rows, Lie::Cols), Some((1.0, 1.0)));
    // Too many columns for rows to be read where they lie.
    check(Isa::best(), ACL_FLOAT, (20, 1030, FEW_COLS + 1), (Lie::Rows, Lie::Rows), None);
    // More columns than are packed at once.
    check(Isa::best(), ACL_BF16, (17, 17000, 130), (Lie::Rows, Lie::Rows), None);
}

#[test]
fn adding_in_place_accumulates() {
    for (m, beta) in [(3, 1.0), (40, 1.0), (40, -0.5)] {
        let (a, b) = (operand(ACL_FLOAT, m, 9, Lie::Cols, 1), operand(ACL_FLOAT, 9, 21, Lie::Cols, 2));
        let (before, out) = (Host::new(ACL_FLOAT, m, 21, 21, 1, 3), Host::new(ACL_FLOAT, m, 21, 21, 1, 3));
        let product = Product { a: a.view, b: b.view, alpha: 1.0, add: Some((beta, out.view)), out: out.view };
        // SAFETY: all are allocated to their shapes.
        unsafe { product.run() };
        for (row, col) in (0..m).flat_map(|row| (0..21).map(move |col| (row, col))) {
            let sum: f64 = (0..9).map(|i| a.get(row, i) * b.get(i, col)).sum();
            let want = sum + f64::from(beta) * before.get(row, col);
            assert!((out.get(row, col) - want).abs() < 1e-5, "beta {beta} at ({row}, {col}): {}, not {want}", out.get(row, col));
        }
    }
}

#[test]
fn an_element_does_not_depend_on_the_rows_around_it() {
    let (a, b) = (operand(ACL_FLOAT, 200, 600, Lie::Rows, 1), operand(ACL_FLOAT, 600, 150, Lie::Cols, 2));
    let (all, some) = (Host::new(ACL_FLOAT, 200, 150, 150, 1, 0), Host::new(ACL_FLOAT, 20, 150, 150, 1, 0));
    let few = Matrix { rows: 20, data: a.view.at(100, 0), ..a.view };
    // SAFETY: all are allocated to their shapes.
    unsafe {
        Product { a: a.view, b: b.view, alpha: 1.0, add: None, out: all.view }.run();
        Product { a: few, b: b.view, alpha: 1.0, add: None, out: some.view }.run();
    }
    assert!((0..20).all(|row| (0..150).all(|col| all.get(100 + row, col) == some.get(row, col))), "the bits differ");
}

#[test]
fn an_element_does_not_depend_on_how_rows_are_read() {
    // More rows than halves are multiplied without packing for.
    let (m, k, n) = (110, 600, 40);
    for dtype in [ACL_FLOAT, ACL_BF16] {
        // The same numbers as rows, which f32 reads where they lie, and apart, which become panels.
        let rows = Host::new(dtype, m, k, 2 * k, 1, 1);
        let apart = Host::new(dtype, m, k, 2 * k, 2, 2);
        for (row, col) in (0..m).flat_map(|row| (0..k).map(move |col| (row, col))) {
            with_float!(dtype, T => {
                // SAFETY: inside both matrices.
                unsafe { apart.view.at(row, col).cast::<T>().write(rows.view.at(row, col).cast::<T>().read()) }
            });
        }
        let b = operand(dtype, k, n, Lie::Cols, 3);
        let outs = [rows.view, apart.view].map(|a| {
            let out = Host::new(dtype, m, n, n, 1, 4);
            // SAFETY: all are allocated to their shapes.
            unsafe { Product { a, b: b.view, alpha: 1.0, add: None, out: out.view }.run() };
            out
        });
        assert!((0..m * n).all(|i| outs[0].get(i / n, i % n) == outs[1].get(i / n, i % n)), "{dtype:?}: the bits differ");
    }
}

#[test]
fn some_rows_of_16_bit_elements_in_every_number_and_length() {
    for isa in [Isa::best(), Isa::Portable] {
        for dtype in [ACL_BF16, ACL_FLOAT16] {
            // Sums of one pair, of less than a register, of whole steps and of a rest; the last is not of this kind.
            for (i, k) in [2, 14, 32, 34, 270, 33].into_iter().enumerate() {
                for m in [1, 2, 3, 4, 5, 6, 7, 11, 96, 97] {
                    let n = [1, 7, 8, 9, 70][(m + i) % 5];
                    check(isa, dtype, (m, k, n), (Lie::Rows, Lie::Cols), None);
                    check(isa, dtype, (m, k, n), (Lie::Rows, Lie::Cols), Some((0.5, -2.0)));
                }
            }
        }
    }
}

#[test]
fn a_row_of_16_bit_elements_is_the_same_alone_and_among_others() {
    let (a, b) = (operand(ACL_BF16, 96, 270, Lie::Rows, 1), operand(ACL_BF16, 270, 150, Lie::Cols, 2));
    let all = Host::new(ACL_BF16, 96, 150, 150, 1, 0);
    // SAFETY: all are allocated to their shapes.
    unsafe { Product { a: a.view, b: b.view, alpha: 1.0, add: None, out: all.view }.run() };
    for (first, rows) in [(0, 1), (17, 2), (50, 3), (91, 5)] {
        let some = Host::new(ACL_BF16, rows, 150, 150, 1, 0);
        let few = Matrix { rows, data: a.view.at(first, 0), ..a.view };
        // SAFETY: as above.
        unsafe { Product { a: few, b: b.view, alpha: 1.0, add: None, out: some.view }.run() };
        let equal = |row: usize, col: usize| all.get(first + row, col) == some.get(row, col);
        assert!((0..rows).all(|row| (0..150).all(|col| equal(row, col))), "{rows} rows from {first} on: the bits differ");
    }
}

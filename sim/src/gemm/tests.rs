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
        // `b`, whose seed is 2, at an even distance where it has whole pairs, `a` at an odd one.
        Lie::Cols => Host::new(dtype, rows, cols, 1, rows + 4 + seed, seed),
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

/// All instruction sets that products of a dtype may run on here.
fn sets(dtype: aclDataType) -> impl Iterator<Item = Isa> {
    let bf16 = (dtype == ACL_BF16).then(Isa::bf16).flatten();
    [Some(Isa::best()), Some(Isa::Portable), bf16].into_iter().flatten()
}

#[test]
fn products_of_awkward_shapes_in_every_layout_dtype_and_instruction_set() {
    let shapes = [(1, 1, 1), (1, 300, 33), (2, 7, 5), (5, 64, 4), (13, 17, 19), (16, 33, 130), (17, 259, 31), (97, 70, 129)];
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for isa in sets(dtype) {
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

/// The sums, not rounded to anything, of some rows of a product of `rows`: `few` from the middle on, alone and among the others.
fn alone_and_among_others(isa: Isa, dtype: aclDataType, rows: usize, few: usize) -> [Vec<f64>; 2] {
    // Distances that pairs can be read at.
    let (a, b) = (Host::new(dtype, rows, 1100, 1102, 1, 1), Host::new(dtype, 1100, 150, 1, 1104, 2));
    let part = Matrix { rows: few, data: a.view.at(rows / 2, 0), ..a.view };
    [(a.view, rows / 2), (part, 0)].map(|(a, first)| {
        let out = Host::new(ACL_FLOAT, a.rows, 150, 150, 1, 0);
        // SAFETY: all are allocated to their shapes; the dtype is one of the set's.
        unsafe { Product { a, b: b.view, alpha: 1.0, add: None, out: out.view }.run_on(isa) };
        (0..few * 150).map(|i| out.get(first + i / 150, i % 150)).collect()
    })
}

#[test]
fn an_element_does_not_depend_on_the_rows_around_it() {
    let bf16 = Isa::bf16().map(|isa| (isa, ACL_BF16));
    for (isa, dtype) in [Some((Isa::best(), ACL_FLOAT)), Some((Isa::Portable, ACL_FLOAT)), bf16].into_iter().flatten() {
        // Panels of both operands; then rows of one alone, where they lie, and the other in panels of two vectors and of one.
        for few in [MOST_TURNED + 1, 20, 9] {
            let [among, alone] = alone_and_among_others(isa, dtype, 300, few);
            assert!(among == alone, "{isa:?}, {few} rows: the bits differ");
        }
    }
}

#[test]
fn an_element_does_not_depend_on_how_operands_become_panels() {
    // More terms than are packed at once, in blocks of a length that does not divide those; tasks of several tiles with a rest; columns
    // of `b` that are packed apart and on the way.
    let (k, n) = (DEPTH + 321, 150);
    for (isa, m) in [Isa::best(), Isa::Portable].into_iter().flat_map(|isa| [(isa, 250), (isa, MANY_ROWS + 5)]) {
        // The same numbers, lying as `a` and `b` may.
        let laid = |rows: usize, cols: usize, seed: usize, lie: Lie| {
            let host = operand(ACL_FLOAT, rows, cols, lie, seed);
            for (row, col) in (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col))) {
                // SAFETY: inside the matrix.
                unsafe { host.view.at(row, col).cast::<f32>().write(noise(seed, row * cols + col)) }
            }
            host
        };
        let outs: Vec<Vec<u64>> =
            [(Lie::Rows, Lie::Rows), (Lie::Cols, Lie::Rows), (Lie::Cols, Lie::Cols), (Lie::Apart, Lie::Apart)]
                .into_iter()
                .map(|(of_a, of_b)| {
                    let (a, b) = (laid(m, k, 1, of_a), laid(k, n, 2, of_b));
                    let out = Host::new(ACL_FLOAT, m, n, n, 1, 4);
                    // SAFETY: all are allocated to their shapes.
                    unsafe { Product { a: a.view, b: b.view, alpha: 1.0, add: None, out: out.view }.run_on(isa) };
                    out.bytes
                })
                .collect();
        assert!(outs.iter().all(|out| *out == outs[0]), "{isa:?}, {m} rows: the bits differ");
    }
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
    for dtype in [ACL_BF16, ACL_FLOAT16] {
        for isa in sets(dtype) {
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
    let bf16 = Isa::bf16().map(|isa| (isa, ACL_BF16, FEW_ROWS_OF_PAIRS));
    for (isa, dtype, most) in
        [Some((Isa::best(), ACL_FLOAT16, 96)), Some((Isa::Portable, ACL_BF16, 96)), bf16].into_iter().flatten()
    {
        for few in [1, 2, 3, 4] {
            let [among, alone] = alone_and_among_others(isa, dtype, most, few);
            assert!(among == alone, "{isa:?}, {few} rows of {most}: the bits differ");
        }
    }
}

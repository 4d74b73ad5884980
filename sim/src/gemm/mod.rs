//! Matrix products: the engine behind `aclnnMm` and its kin.
//!
//! `out = alpha * a @ b + beta * c`, for f32, bf16 and f16 and any strides. Operands are packed into panels on the way in (a
//! transposed view or a half-precision operand costs no extra pass), of f32, or of bf16 in pairs where the CPU multiplies those; the
//! product runs in f32 tiles of registers, and the result is rounded once on the way out. Where it can, the tile that reads operands
//! of f32 first copies them to panels between its multiplications: a pass of its own would wait for memory. Rows of `a` that meet
//! few columns are read where they lie, and a product of some rows is turned so that its weights are. Products with few rows,
//! decode, skip the packing altogether ([`dot`], [`pairs`]).
//!
//! Every element of the result is summed in an order that depends on the length of the sum, on the CPU's instructions and on which of
//! the three ways the product goes (panels, [`dot`], [`pairs`]): not on the number of threads or the tile it falls in. Tiles may
//! therefore be cut as the machine likes.
//!
//! Files: `pack`, `block` (the register tiles) and `operand` (what they read), `dot` (few rows), `pairs` (some rows of 16-bit
//! elements), `scratch`. Nothing here knows CANN.

mod block;
mod dot;
mod operand;
mod pack;
mod pairs;
mod scratch;
#[cfg(test)]
mod tests;

use crate::convert::{narrow_row, widen_row, with_float};
use crate::isa::Isa;
use ascend_rl_sys::types::{ACL_BF16, ACL_FLOAT, aclDataType};
use block::{Block, register_tile};
use operand::{Operand, Way};
use pack::{Lanes, Panels};

/// A matrix in device memory: f32, bf16 or f16, strides in elements (0 broadcasts an operand).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix {
    pub dtype: aclDataType,
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
    pub col_stride: usize,
    pub data: *mut u8,
}

// SAFETY: an address and numbers; `Product::run`'s contract answers for the memory.
unsafe impl Send for Matrix {}
// SAFETY: as above.
unsafe impl Sync for Matrix {}

impl Matrix {
    /// Address of an element.
    fn at(&self, row: usize, col: usize) -> *mut u8 {
        self.data.wrapping_add((row * self.row_stride + col * self.col_stride) * self.dtype.size())
    }

    fn transposed(&self) -> Matrix {
        Matrix { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..*self }
    }

    /// Rows to pack, from a column on.
    fn rows(&self, first: usize, count: usize, col: usize) -> Lanes {
        let (lane_stride, term_stride) = (self.row_stride, self.col_stride);
        Lanes { dtype: self.dtype, data: self.at(first, col), count, terms: self.cols - col, lane_stride, term_stride }
    }

    /// Columns to pack.
    fn columns(&self, first: usize, count: usize) -> Lanes {
        let (lane_stride, term_stride) = (self.col_stride, self.row_stride);
        Lanes { dtype: self.dtype, data: self.at(0, first), count, terms: self.rows, lane_stride, term_stride }
    }

    /// Elements that Rust may refer to as f32 where they lie.
    fn is_f32(&self) -> bool {
        self.dtype == ACL_FLOAT && self.data.cast::<f32>().is_aligned()
    }

    /// Rows that can be read or written as f32 in place.
    fn has_f32_rows(&self) -> bool {
        self.is_f32() && (self.col_stride == 1 || self.cols == 1)
    }
}

/// `out = alpha * a @ b + beta * c`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub a: Matrix,
    pub b: Matrix,
    pub alpha: f32,
    /// What is added, of `out`'s shape (strides of 0 broadcast it), and its factor.
    pub add: Option<(f32, Matrix)>,
    /// May be the matrix that is added; shares no memory with `a` and `b`.
    pub out: Matrix,
}

/// Most terms of a sum (or pairs, which are as large) that are added up in registers before they go to memory.
const KC: usize = 384;
/// Most rows of a task: a multiple of every tile's, and with [`KC`] columns of `a` most of a small L2 cache.
const MC: usize = 96;
/// Terms that are packed at once where `out` can hold the sum so far: few enough for the packed operands to stay in the last cache.
const DEPTH: usize = 1024;
/// Fewest columns of a task.
const MIN_COLS: usize = 128;
/// Most f32 of an operand packed at once (16 MiB), unless [`MIN_COLS`] columns of `b` need more.
const PACKED: usize = 4 << 20;
/// Most rows for which the kernel without packing is the faster, where `b`'s columns are contiguous.
const FEW_ROWS: usize = 4;
/// The same of bf16 where the CPU multiplies it in pairs.
const FEW_ROWS_OF_PAIRS: usize = 8;
/// Most columns for which rows of `a` are multiplied where they lie. Panels of them are read faster, but making them, a
/// transposition, pays with more columns only.
const FEW_COLS: usize = 768;
/// Fewest rows for which panels of `b` are made in a pass of their own: so many tasks read them then that it costs less than making
/// them on the way in each.
const MANY_ROWS: usize = 1024;
/// Most rows for which a product is computed turned: more pay for panels of `b`.
const MOST_TURNED: usize = 128;

impl Product {
    /// Computes it with the CPU's best SIMD, on all threads.
    ///
    /// # Safety
    /// The matrices are readable, and `out` writable, for their shapes and strides; dtypes are f32, bf16 or f16; nothing else
    /// writes to them meanwhile.
    pub(crate) unsafe fn run(&self) {
        // SAFETY: the caller's contract.
        unsafe { self.run_on(self.best_isa()) }
    }

    /// The instructions that it takes the least time on.
    fn best_isa(&self) -> Isa {
        let halves = self.a.dtype == ACL_BF16 && self.b.dtype == ACL_BF16;
        halves.then(Isa::bf16).flatten().unwrap_or_else(Isa::best)
    }

    /// # Safety
    /// As [`Product::run`]; on [`Isa::bf16`] `a` and `b` are bf16.
    unsafe fn run_on(&self, isa: Isa) {
        let (m, k) = (self.out.rows, self.a.cols);
        if m == 0 || self.out.cols == 0 {
            return;
        }
        let course = Course::new(isa, k);
        if let Some(turned) = self.turned(isa) {
            // SAFETY: the caller's contract, of the same matrices.
            return unsafe { turned.run_packed(course) };
        }
        if pairs::takes(self) {
            // SAFETY: the caller's contract.
            return unsafe { pairs::run(self, isa) };
        }
        if m <= FEW_ROWS && (self.b.row_stride == 1 || k <= 1) {
            // SAFETY: the caller's contract.
            return unsafe { dot::run(self, isa.of_f32()) };
        }
        // Rows in place leave the whole cache to `b`.
        let fits = self.way_of_a(isa) != Way::Packed && (k * self.out.cols <= PACKED || self.way_of_b(isa) != Way::Packed);
        if k > DEPTH && self.out.has_f32_rows() && !fits {
            let piece = course.piece * isa.terms_together();
            let depth = DEPTH / piece * piece;
            for term in (0..k).step_by(depth) {
                // SAFETY: the caller's contract.
                unsafe { self.terms(term, depth.min(k - term)).run_packed(course) };
            }
        } else {
            // SAFETY: the caller's contract.
            unsafe { self.run_packed(course) };
        }
    }

    /// How rows of `a` become panels.
    fn way_of_a(&self, isa: Isa) -> Way {
        let (a, together, few) = (&self.a, isa.terms_together(), self.out.cols <= FEW_COLS);
        // Lanes of 32 bits, one after another.
        let rows = match together {
            1 => a.has_f32_rows(),
            n => {
                let whole = a.cols.is_multiple_of(n) && a.row_stride.is_multiple_of(n);
                whole && a.col_stride == 1 && a.data.cast::<f32>().is_aligned()
            }
        };
        match together {
            _ if rows && few => Way::InPlace,
            1 if rows => Way::Ends,
            1 if a.is_f32() && a.row_stride == 1 => Way::Sides,
            _ => Way::Packed,
        }
    }

    /// How columns of `b` become panels.
    fn way_of_b(&self, isa: Isa) -> Way {
        let few = self.out.rows < MANY_ROWS;
        if few && isa.terms_together() == 1 && self.b.has_f32_rows() { Way::Sides } else { Way::Packed }
    }

    /// The product of the transposed matrices, if it is the faster for this one: columns of `b` are then read where they lie, and
    /// the few rows of `a` become panels. The same sums, bit for bit, as of panels of both.
    fn turned(&self, isa: Isa) -> Option<Product> {
        let turned = Product {
            a: self.b.transposed(),
            b: self.a.transposed(),
            add: self.add.map(|(beta, c)| (beta, c.transposed())),
            out: self.out.transposed(),
            ..*self
        };
        let few = if isa.terms_together() == 1 { FEW_ROWS } else { FEW_ROWS_OF_PAIRS };
        let takes = self.out.rows > few && self.out.rows <= MOST_TURNED && turned.way_of_a(isa) == Way::InPlace;
        takes.then_some(turned)
    }

    /// A piece of the sum, added to what the pieces before have left in `out`.
    fn terms(&self, first: usize, count: usize) -> Product {
        Product {
            a: Matrix { cols: count, data: self.a.at(0, first), ..self.a },
            b: Matrix { rows: count, data: self.b.at(first, 0), ..self.b },
            add: if first == 0 { self.add } else { Some((1.0, self.out)) },
            ..*self
        }
    }

    /// # Safety
    /// As [`Product::run`].
    unsafe fn run_packed(&self, course: Course) {
        let n = self.out.cols;
        let step = match self.way_of_b(course.isa) {
            Way::Packed => (PACKED / self.a.cols.max(1)).max(MIN_COLS) / MIN_COLS * MIN_COLS,
            _ => n,
        };
        for col in (0..n).step_by(step) {
            // SAFETY: the caller's contract.
            unsafe { self.columns(course, col, step.min(n - col)) };
        }
    }

    /// Columns `first .. first + n` of the result.
    ///
    /// # Safety
    /// As [`Product::run`].
    unsafe fn columns(&self, course: Course, first: usize, n: usize) {
        let isa = course.isa;
        let together = isa.terms_together();
        let (m, k) = (self.out.rows, self.a.cols.div_ceil(together));
        let (mr, nr) = register_tile(isa, self.out.cols);
        let (a_panels, b_panels) = (m.div_ceil(mr), n.div_ceil(nr));
        let row_blocks = row_blocks(m);
        let wanted = (8 * crate::parallel::threads()).div_ceil(row_blocks);
        let group = b_panels.div_ceil(wanted).max(MIN_COLS / nr);
        let groups = b_panels.div_ceil(group);
        // Rows that several tasks need are packed once for all; else a task packs its own, which then are in its cache.
        let shared_a = groups > 1 && m * k <= PACKED && self.way_of_a(isa) == Way::Packed;
        let shared_b = self.way_of_b(isa) == Way::Packed;
        let a_len = if shared_a { a_panels * Panels::length(mr, k) } else { 0 };
        let b_len = if shared_b { b_panels * Panels::length(nr, k) } else { 0 };
        scratch::lend(&scratch::SHARED, a_len + b_len, |space| {
            let (b_space, a_space) = space.split_at_mut(b_len);
            let a = shared_a.then(|| Panels::new(a_space, mr, k, together));
            let b = shared_b.then(|| Panels::new(b_space, nr, k, together));
            let (rows, columns) = (self.a.rows(0, m, 0), self.b.columns(first, n));
            // One after the other: so each thread has a part of both, and of the rows the ones that it multiplies then. What one writes
            // and another reads is slow where their caches are far apart.
            if let Some(a) = &a {
                // SAFETY: the caller's contract; each panel is in one piece.
                crate::parallel::for_each(a.pieces(a_panels), |i| unsafe { a.pack_piece(i, a_panels, &rows) });
            }
            if let Some(b) = &b {
                // SAFETY: as above.
                crate::parallel::for_each(b.pieces(b_panels), |i| unsafe { b.pack_piece(i, b_panels, &columns) });
            }
            let tasks = row_blocks * groups;
            let tile = |task: usize| {
                let (block, panel) = (task / groups, task % groups * group);
                // As even as register tiles allow: no thread waits long for another's last block.
                let row = |block: usize| (a_panels * block / row_blocks * mr).min(m);
                Tile {
                    row: row(block),
                    rows: row(block + 1) - row(block),
                    col: panel * nr,
                    cols: (group * nr).min(n - panel * nr),
                }
            };
            crate::parallel::for_each(tasks, |task| {
                let next = crate::parallel::after(task, tasks).map(&tile);
                // SAFETY: the caller's contract; tasks write to different elements.
                unsafe { self.tile(course, first, tile(task), next, a.as_ref(), b.as_ref()) }
            });
        });
    }

    /// One task: a tile of the result, over the whole sum. Without `a` or `b` it finds rows or columns itself.
    ///
    /// # Safety
    /// As [`Product::run`].
    unsafe fn tile(
        &self,
        Course { isa, piece }: Course,
        first: usize,
        tile: Tile,
        next: Option<Tile>,
        a: Option<&Panels>,
        b: Option<&Panels>,
    ) {
        let (together, (mr, nr)) = (isa.terms_together(), register_tile(isa, self.out.cols));
        let k = self.a.cols.div_ceil(together);
        let direct = self.out.has_f32_rows();
        let way = self.way_of_a(isa);
        let own_a = if a.is_some() || way == Way::InPlace { 0 } else { MC.div_ceil(mr) * Panels::length(mr, piece) };
        let own_b = if b.is_some() { 0 } else { Panels::length(nr, piece) };
        let own_c = if direct { 0 } else { tile.rows * tile.cols };
        scratch::lend(&scratch::LOCAL, own_b + own_a + own_c, |space| {
            let (own_b, space) = space.split_at_mut(own_b);
            let (own_a, own_c) = space.split_at_mut(own_a);
            let (c, c_stride) = if direct {
                (self.out.at(tile.row, first + tile.col).cast(), self.out.row_stride)
            } else {
                (own_c.as_mut_ptr(), tile.cols)
            };
            // SAFETY: `c` is the tile in `out`, or as large a scratch.
            let mut add = unsafe { self.seed(first, &tile, c, c_stride) };
            for term in (0..k).step_by(piece) {
                let terms = piece.min(k - term);
                let next = match &next {
                    Some(next) if term + terms == k => (next, 0),
                    _ => (&tile, together * (term + terms)),
                };
                let left = Operand {
                    way: if a.is_some() { Way::Packed } else { way },
                    panels: a.map_or(own_a.as_mut_ptr(), |a| a.at(tile.row / mr, term)),
                    panel: a.map_or(Panels::length(mr, terms), Panels::len),
                    first: self.a.at(tile.row, together * term).cast(),
                    stride: if way == Way::Sides { self.a.col_stride } else { self.a.row_stride / together },
                    next: self.a.at(next.0.row, next.1).cast(),
                };
                if a.is_none() && way == Way::Packed {
                    let rows = self.a.rows(tile.row, tile.rows, together * term);
                    // SAFETY: the caller's contract.
                    unsafe { Panels::new(own_a, mr, terms, together).pack(0..tile.rows.div_ceil(mr), &rows) };
                }
                let right = Operand {
                    way: if b.is_some() { Way::Packed } else { Way::Sides },
                    panels: b.map_or(own_b.as_mut_ptr(), |b| b.at(tile.col / nr, term)),
                    panel: b.map_or(0, Panels::len),
                    first: self.b.at(term, first + tile.col).cast(),
                    stride: self.b.row_stride,
                    next: self.b.at(next.1, first + next.0.col).cast(),
                };
                let (rows, cols, alpha) = (tile.rows, tile.cols, self.alpha);
                let block = Block { rows, cols, terms, a: left, b: right, tile: (mr, nr), c, c_stride, alpha, add };
                // SAFETY: panels are packed for this tile or large enough, and `c` is as above.
                unsafe { block.run(isa) };
                add = true;
            }
            if !direct {
                // SAFETY: as above.
                unsafe { self.store(first, &tile, own_c) };
            }
        });
    }

    /// Puts `beta * c` into the tile at `c`, or zeros if the sum is empty; says whether the product adds to it.
    ///
    /// # Safety
    /// As [`Product::run`]; `c` is writable for the tile.
    unsafe fn seed(&self, first: usize, tile: &Tile, c: *mut f32, c_stride: usize) -> bool {
        let col = first + tile.col;
        if let Some((beta, from)) = self.add.filter(|(beta, _)| *beta != 0.0) {
            let in_place = from.at(tile.row, col) == c.cast() && from.row_stride == c_stride && from.has_f32_rows();
            if beta == 1.0 && in_place {
                return true;
            }
            for row in 0..tile.rows {
                // SAFETY: rows of the tile do not overlap. Where `c` is `from`, each element is read before it is written.
                unsafe {
                    let to = std::slice::from_raw_parts_mut(c.add(row * c_stride), tile.cols);
                    if !in_place {
                        widen_row(from.dtype, from.at(tile.row + row, col), from.col_stride, to);
                    }
                    to.iter_mut().for_each(|v| *v *= beta);
                }
            }
            return true;
        }
        if self.a.cols == 0 {
            for row in 0..tile.rows {
                // SAFETY: the caller's contract.
                unsafe { std::slice::from_raw_parts_mut(c.add(row * c_stride), tile.cols) }.fill(0.0);
            }
        }
        false
    }

    /// Rounds a tile of the result to its place.
    ///
    /// # Safety
    /// As [`Product::run`].
    unsafe fn store(&self, first: usize, tile: &Tile, values: &[f32]) {
        let (out, cols) = (&self.out, tile.cols);
        if out.row_stride == 1 && out.col_stride != 1 {
            // Its columns are what lies side by side.
            let mut column = [0.0; MC];
            for col in 0..cols {
                for rows in (0..tile.rows).step_by(MC) {
                    let column = &mut column[..MC.min(tile.rows - rows)];
                    for (i, to) in column.iter_mut().enumerate() {
                        *to = values[(rows + i) * cols + col];
                    }
                    // SAFETY: the caller's contract.
                    unsafe { narrow_row(out.dtype, column, out.at(tile.row + rows, first + tile.col + col)) };
                }
            }
            return;
        }
        for row in 0..tile.rows {
            // SAFETY: the caller's contract.
            unsafe { self.store_row(tile.row + row, first + tile.col, &values[row * cols..][..cols]) };
        }
    }

    /// Rounds a piece of a row of the result to its place.
    ///
    /// # Safety
    /// As [`Product::run`].
    unsafe fn store_row(&self, row: usize, col: usize, values: &[f32]) {
        let to = self.out.at(row, col);
        if self.out.col_stride == 1 {
            // SAFETY: the caller's contract.
            return unsafe { narrow_row(self.out.dtype, values, to) };
        }
        with_float!(self.out.dtype, T => for (i, v) in values.iter().enumerate() {
            // SAFETY: the caller's contract.
            unsafe { to.cast::<T>().add(i * self.out.col_stride).write_unaligned(<T as crate::convert::Float>::narrow(*v)) }
        })
    }
}

/// Blocks that the rows are cut into, of [`MC`] at most: a few are made a multiple of the threads, so that none of these ends long
/// before the others. (Fewer blocks than threads are cut by columns too, and many even out by themselves.)
fn row_blocks(m: usize) -> usize {
    let (blocks, threads) = (m.div_ceil(MC), crate::parallel::threads());
    if (threads..16 * threads).contains(&blocks) { blocks.next_multiple_of(threads) } else { blocks }
}

/// What a product of panels runs on, and how many terms (or pairs) of the sum are added up in registers before they go to memory:
/// the sum's length alone says how many, so that all elements are summed in one order.
#[derive(Clone, Copy)]
struct Course {
    isa: Isa,
    piece: usize,
}

impl Course {
    /// For a sum of `k`. Pieces are as even as can be: a short one has as much to do beside its terms as a long one.
    fn new(isa: Isa, k: usize) -> Course {
        let k = k.div_ceil(isa.terms_together()).max(1);
        Course { isa, piece: k.div_ceil(k.div_ceil(KC)) }
    }
}

/// A tile of the result, columns counted from the first of the packed ones.
struct Tile {
    row: usize,
    rows: usize,
    col: usize,
    cols: usize,
}

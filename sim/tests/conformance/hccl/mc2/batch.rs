//! `aclnnAlltoAllAllGatherBatchMatMul` and `aclnnBatchMatMulReduceScatterAlltoAll` against loops: four ranks, experts over two of
//! them, an expert's matrices over two.

use super::*;

/// Both communicators of a rank: `groupEp` of every other rank, `groupTp` of neighbours.
pub(super) struct Grid {
    pub ep: (std::ffi::CString, HcclComm, usize),
    pub tp: (std::ffi::CString, HcclComm, usize),
}

impl Grid {
    pub(super) fn new(r: &Rank) -> Grid {
        let (e, t) = (r.rank as u32 % 2, r.rank as u32 / 2 * 2);
        Grid { ep: part(r, 100 + u64::from(e), &[e, e + 2]), tp: part(r, 200 + u64::from(t), &[t, t + 1]) }
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        hccl!(HcclCommDestroy(self.ep.1));
        hccl!(HcclCommDestroy(self.tp.1));
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    /// Experts of a rank, tokens of a rank for each, and elements of a whole token, before and behind.
    experts: usize,
    tokens: usize,
    h: usize,
    m: usize,
    by_rows: bool,
    act: i64,
    bias: bool,
    more: bool,
    turned: bool,
}

const PLAIN: Case = Case { experts: 1, tokens: 3, h: 10, m: 5, by_rows: false, act: 0, bias: false, more: false, turned: false };

const EP: usize = 2;
const TP: usize = 2;

impl Case {
    /// The tokens that rank (`e`, `t`) has, `[E, C, H]` where rows are split, else its columns of them.
    fn x<T: Half>(&self, e: usize, t: usize) -> Vec<T> {
        let all = EP * self.experts;
        if self.by_rows {
            return halves(e * 10 + t + 1, all * self.tokens * self.h);
        }
        let whole: Vec<T> = halves(e * 10 + 1, all * self.tokens * self.h);
        let part = self.h / TP;
        whole.chunks(self.h).flat_map(|row| row[t * part..][..part].to_vec()).collect()
    }

    /// What an expert of (`e`, ..) sees: of each rank of `groupEp`, and there of each of `groupTp` where rows are split.
    fn seen<T: Half>(&self, e: usize, expert: usize) -> Vec<T> {
        let (id, len) = (e * self.experts + expert, self.tokens * self.h);
        let mut rows = Vec::new();
        for from in 0..EP {
            if self.by_rows {
                (0..TP).for_each(|t| rows.extend_from_slice(&self.x::<T>(from, t)[id * len..][..len]));
            } else {
                let whole: Vec<T> = halves(from * 10 + 1, EP * self.experts * len);
                rows.extend_from_slice(&whole[id * len..][..len]);
            }
        }
        rows
    }

    fn rows(&self) -> usize {
        EP * self.tokens * if self.by_rows { TP } else { 1 }
    }
}

fn activated(act: i64, x: f64) -> f64 {
    match act {
        0 => x,
        // By tanh.
        1 => 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh()),
        2 => x / (1.0 + (-x).exp()),
        3 => x.max(0.0),
        _ => x / (1.0 + (-1.702 * x).exp()),
    }
}

/// Bias of bf16 is f32.
fn bias_tensor<T: Half>(dims: &[usize], values: &[T]) -> Tensor {
    if T::DTYPE == ACL_BF16 {
        Tensor::new(dims, &values.iter().map(|x| x.wide()).collect::<Vec<f32>>())
    } else {
        Tensor::new(dims, values)
    }
}

fn there<T: Half>(r: &Rank, grid: &Grid, case: Case) {
    let (e, t) = (grid.ep.2, grid.tp.2);
    let Case { experts, tokens, h, m, .. } = case;
    let width = if case.by_rows { h } else { h / TP };
    let x = Tensor::new(&[EP * experts, tokens, width], &case.x::<T>(e, t));
    // A rank's columns of its experts' weights.
    let weight: Vec<T> = halves(1000 + e * 10 + t, experts * h * m);
    let w = if case.turned {
        let turned: Vec<T> = weight.chunks(h * m).flat_map(|of| turned(of, m)).collect();
        Tensor::stack_of_transposed([experts, h, m], &turned)
    } else {
        Tensor::new(&[experts, h, m], &weight)
    };
    let added: Vec<T> = halves(2000 + e * 10 + t, experts * m);
    let b = bias_tensor::<T>(&[experts, 1, m], &added);
    let rows = case.rows();
    let (y1, y2, y3) =
        (Tensor::out::<T>(&[experts, rows, m]), Tensor::out::<T>(&[experts, rows, h]), Tensor::out::<T>(&[experts, rows, m]));
    let bias = if case.bias { b.handle } else { NONE };
    let (out2, out3) = (if case.more { y2.handle } else { NONE }, if case.more && case.act > 0 { y3.handle } else { NONE });
    let (ep, tp, by) = (grid.ep.0.as_ptr(), grid.tp.0.as_ptr(), i64::from(case.by_rows));
    let (xh, wh, out) = (x.handle, w.handle, y1.handle);
    op!(r, aclnnAlltoAllAllGatherBatchMatMul(xh, wh, bias, ep, tp, 2, 2, by, case.act, out, out2, out3)).unwrap();
    r.sync();
    let (got1, got2, got3) = (y1.read::<T>(), y2.read::<T>(), y3.read::<T>());
    for expert in 0..experts {
        let seen = case.seen::<T>(e, expert);
        let made = product(&seen, &weight[expert * h * m..][..h * m], h, m, None);
        if case.more {
            assert!(got2[expert * rows * h..][..rows * h] == seen[..], "rank {}, {case:?}", r.rank);
        }
        for (at, raw) in made.iter().enumerate() {
            let mut x = raw.wide();
            if case.bias {
                x += added[expert * m + at % m].wide();
            }
            let at = expert * rows * m + at;
            if case.more && case.act > 0 {
                assert_eq!(got3[at], T::of(x), "rank {}, {at} of {case:?}", r.rank);
            }
            if T::DTYPE == ACL_FLOAT16 {
                x = T::of(x).wide();
            }
            let want = activated(case.act, f64::from(x));
            if matches!(case.act, 0 | 3) {
                assert_eq!(got1[at], T::of(want as f32), "rank {}, {at} of {case:?}", r.rank);
            } else {
                // One rounding of the dtype, and the simulator's exp, which is good to some ulps of f32.
                let bound = want.abs() * if T::DTYPE == ACL_BF16 { 1.0 / 256.0 } else { 1.0 / 2048.0 } * 1.01 + 1e-7;
                assert!((f64::from(got1[at].wide()) - want).abs() <= bound, "rank {}, {at} of {case:?}", r.rank);
            }
        }
    }
}

fn back<T: Half>(r: &Rank, grid: &Grid, case: Case) {
    let (e, t) = (grid.ep.2, grid.tp.2);
    let Case { experts, tokens, h, m, .. } = case;
    let rows = case.rows();
    let xs = |e: usize, t: usize| halves::<T>(3000 + e * 10 + t, experts * rows * m);
    let weights = |e: usize, t: usize| halves::<T>(4000 + e * 10 + t, experts * m * h);
    let width = if case.by_rows { h } else { h / TP };
    let biases = |e: usize, t: usize| halves::<T>(5000 + e * 10 + t, experts * width);
    let (x, w) = (Tensor::new(&[experts, rows, m], &xs(e, t)), Tensor::new(&[experts, m, h], &weights(e, t)));
    let b = bias_tensor::<T>(&[experts, width], &biases(e, t));
    let out = Tensor::out::<T>(&[EP * experts, tokens, width]);
    let bias = if case.bias { b.handle } else { NONE };
    let (ep, tp, by) = (grid.ep.0.as_ptr(), grid.tp.0.as_ptr(), i64::from(case.by_rows));
    op!(r, aclnnBatchMatMulReduceScatterAlltoAll(x.handle, w.handle, bias, ep, tp, 2, 2, by, out.handle)).unwrap();
    r.sync();
    let got = out.read::<T>();
    for id in 0..EP * experts {
        let (home, expert) = (id / experts, id % experts);
        let of = |t: usize| {
            let (x, w) = (xs(home, t), weights(home, t));
            product(&x[expert * rows * m..][..rows * m], &w[expert * m * h..][..m * h], m, h, None)
        };
        let (first, second) = (of(0), of(1));
        for token in 0..tokens {
            for i in 0..width {
                let (row, col) =
                    if case.by_rows { ((e * TP + t) * tokens + token, i) } else { (e * tokens + token, t * width + i) };
                let mut sum = T::of(first[row * h + col].wide() + second[row * h + col].wide());
                if case.bias {
                    sum = T::of(sum.wide() + biases(home, t)[expert * width + i].wide());
                }
                assert_eq!(got[(id * tokens + token) * width + i], sum, "rank {}, {id}, {token}, {i} of {case:?}", r.rank);
            }
        }
    }
}

fn cases_of(r: &Rank) {
    let grid = Grid::new(r);
    for by_rows in [false, true] {
        let case = Case { by_rows, ..PLAIN };
        there::<bf16>(r, &grid, Case { tokens: 1, ..case });
        there::<bf16>(r, &grid, Case { experts: 2, bias: true, more: true, ..case });
        there::<f16>(r, &grid, Case { experts: 2, act: 1, bias: true, more: true, h: 34, ..case });
        there::<bf16>(r, &grid, Case { act: 2, more: true, turned: true, ..case });
        there::<f16>(r, &grid, Case { act: 3, experts: 3, turned: true, m: 1, ..case });
        there::<bf16>(r, &grid, Case { act: 4, bias: true, tokens: 33, m: 1031, ..case });
        back::<bf16>(r, &grid, Case { tokens: 1, ..case });
        back::<f16>(r, &grid, Case { experts: 3, bias: true, ..case });
        back::<bf16>(r, &grid, Case { bias: true, tokens: 33, h: 2 * 1031, ..case });
    }
}

// aclnnAlltoAllAllGatherBatchMatMul.md, aclnnBatchMatMulReduceScatterAlltoAll.md: A3, of 2, 4, 8, 16, 32 ranks each.
#[test]
fn experts_products_there_and_back() {
    if in_child("hccl::mc2::batch::experts_products_there_and_back", &[A3]) {
        ranks(4, 60, cases_of);
    }
}

#[test]
fn ranks_in_several_processes() {
    let layouts: [&[usize]; 2] = [&[2, 2], &[1, 1, 1, 1]];
    processes::everywhere_of(&layouts, "hccl::mc2::batch::ranks_in_several_processes", &[A3], cases_of);
}

#[test]
fn what_the_documentation_does_not_take_is_refused() {
    if !in_child("hccl::mc2::batch::what_the_documentation_does_not_take_is_refused", &[A3]) {
        return;
    }
    ranks(4, 60, |r| {
        let grid = Grid::new(r);
        let (ep, tp) = (grid.ep.0.as_ptr(), grid.tp.0.as_ptr());
        let half = |dims: &[usize]| Tensor::out::<bf16>(dims);
        let (x, weight, y1) = (half(&[2, 3, 5]), half(&[1, 10, 4]), half(&[1, 6, 4]));
        let call = |x: &Tensor,
                    weight: &Tensor,
                    bias: *mut aclTensor,
                    groups: [*const std::ffi::c_char; 2],
                    sizes: [i64; 2],
                    by,
                    act,
                    y1: &Tensor,
                    y2: *mut aclTensor,
                    y3: *mut aclTensor| {
            let [ep, tp] = groups;
            let [n, m] = sizes;
            op!(r, aclnnAlltoAllAllGatherBatchMatMul(x.handle, weight.handle, bias, ep, tp, n, m, by, act, y1.handle, y2, y3))
        };
        let both = [ep, tp];
        let null = std::ptr::null();
        assert_refused(call(&x, &weight, NONE, [null, tp], [2, 2], 0, 0, &y1, NONE, NONE), 161001, &["groupEp"]);
        assert_refused(call(&x, &weight, NONE, [ep, c"".as_ptr()], [2, 2], 0, 0, &y1, NONE, NONE), 161001, &["groupTp"]);
        assert_refused(call(&x, &weight, NONE, [ep, ep], [2, 2], 0, 0, &y1, NONE, NONE), 561002, &["same communicator"]);
        assert_refused(call(&x, &weight, NONE, both, [3, 2], 0, 0, &y1, NONE, NONE), 161002, &["epWorldSize is 3", "2, 4, 8"]);
        assert_refused(call(&x, &weight, NONE, both, [2, 4], 0, 0, &y1, NONE, NONE), 561002, &["tpWorldSize is 4", "2 ranks"]);
        assert_refused(call(&x, &weight, NONE, both, [2, 2], 2, 0, &y1, NONE, NONE), 161002, &["xShardType is 2"]);
        assert_refused(call(&x, &weight, NONE, both, [2, 2], 0, 5, &y1, NONE, NONE), 161002, &["actType is 5"]);
        assert_refused(
            call(&x, &weight, NONE, both, [2, 2], 0, 0, &y1, NONE, y1.handle),
            161002,
            &["y3OutOptional", "actType 0"],
        );
        assert_refused(call(&x, &weight, NONE, both, [2, 2], 1, 0, &y1, NONE, NONE), 161002, &["x has shape"]);
        assert_refused(call(&x, &weight, NONE, both, [2, 2], 0, 0, &x, NONE, NONE), 161002, &["y1Out has shape"]);
        assert_refused(call(&x, &weight, NONE, both, [2, 2], 0, 0, &y1, x.handle, NONE), 161002, &["y2OutOptional has shape"]);
        let bias = half(&[1, 4]);
        assert_refused(
            call(&x, &weight, bias.handle, both, [2, 2], 0, 0, &y1, NONE, NONE),
            161002,
            &["biasOptional is ACL_BF16"],
        );
        let bias = Tensor::out::<f32>(&[1, 5]);
        assert_refused(call(&x, &weight, bias.handle, both, [2, 2], 0, 0, &y1, NONE, NONE), 161002, &["biasOptional has shape"]);
        let (tokens, whole, out) = (half(&[1, 6, 4]), half(&[1, 4, 10]), half(&[2, 3, 5]));
        let back = |x: &Tensor, out: &Tensor, by| {
            op!(r, aclnnBatchMatMulReduceScatterAlltoAll(x.handle, whole.handle, NONE, ep, tp, 2, 2, by, out.handle))
        };
        assert_refused(back(&tokens, &out, 1), 161002, &["out has shape"]);
        assert_refused(back(&weight, &out, 0), 161002, &["x has shape"]);
        assert_refused(back(&tokens, &half(&[3, 3, 5]), 0), 161002, &["out has shape"]);
        assert_refused(back(&tokens, &out, -1), 161002, &["yShardType is -1"]);
        r.sync();
    });
}

/// Not on A2.
#[test]
fn a2_has_neither() {
    ranks(2, 60, |r| {
        let (name, t) = (c_string(&r.name()), Tensor::out::<bf16>(&[2, 3, 5]));
        let (g, x) = (name.as_ptr(), t.handle);
        let done = op!(r, aclnnAlltoAllAllGatherBatchMatMul(x, x, NONE, g, g, 2, 2, 0, 0, x, NONE, NONE));
        assert_refused(done, 200006, &["A3", "A2"]);
        assert_refused(op!(r, aclnnBatchMatMulReduceScatterAlltoAll(x, x, NONE, g, g, 2, 2, 0, x)), 200006, &["A3", "A2"]);
    });
}

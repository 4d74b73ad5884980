//! Inference over keys and values of int8: as over the floats that they stand for.

use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::*;
use super::{Text, softmax};
use crate::ops::testing::{Array, Ints, assert_close, element, list, noise, refusal, run};
use crate::reject::Outcome;

const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const DIM: usize = 32;
const WIDTH: usize = KV_HEADS * DIM;
const KEYS: [usize; 3] = [5, 33, 64];
const LONGEST: usize = 64;

#[derive(Clone, Copy)]
struct Case {
    dtype: aclDataType,
    layout: &'static str,
    /// Slots of a block of a paged cache.
    block: Option<usize>,
    mode: i64,
    /// Dims of the factors.
    dims: &'static [i64],
    offset: bool,
}

/// Integers, `[batch][LONGEST][WIDTH]`.
fn integers(seed: u64) -> Vec<f64> {
    noise(seed).take(KEYS.len() * LONGEST * WIDTH).map(|v| (v * 128.0).floor()).collect()
}

impl Case {
    fn round(&self, value: f64) -> f64 {
        if self.dtype == ACL_BF16 { half::bf16::from_f64(value).to_f64() } else { half::f16::from_f64(value).to_f64() }
    }

    /// The factor of an element of a token.
    fn place(&self, b: usize, j: usize, i: usize) -> usize {
        match (self.mode, self.dims.len()) {
            (0, 1) => 0,
            (0, _) => i,
            (1, _) => element(self.dims, &[0, b as i64, j as i64]),
            _ => i / DIM,
        }
    }

    /// The cache, and the table that finds its blocks.
    fn cache(&self, values: &[f64]) -> (Array, Option<Array>) {
        let Some(size) = self.block else {
            let (b, s, n, d) = (KEYS.len() as i64, LONGEST as i64, KV_HEADS as i64, DIM as i64);
            let token = |b: usize, j: usize, i: usize| values[(b * LONGEST + j) * WIDTH + i];
            return match self.layout {
                "BSH" => (Array::new(ACL_INT8, &[b, s, n * d], values.iter().copied()), None),
                "BSND" => (Array::new(ACL_INT8, &[b, s, n, d], values.iter().copied()), None),
                _ => {
                    let at = (0..values.len()).map(|at| {
                        let (b, h, j, e) = (at / LONGEST / WIDTH, at / (LONGEST * DIM) % KV_HEADS, at / DIM % LONGEST, at % DIM);
                        token(b, j, h * DIM + e)
                    });
                    (Array::new(ACL_INT8, &[b, n, s, d], at), None)
                }
            };
        };
        let width = LONGEST / size;
        let blocks = KEYS.len() * width;
        // Backwards.
        let table: Vec<f64> = (0..blocks).rev().map(|id| id as f64).collect();
        let mut memory = vec![0.0; values.len()];
        for (i, chunk) in values.chunks(size * WIDTH).enumerate() {
            memory[(blocks - 1 - i) * size * WIDTH..][..chunk.len()].copy_from_slice(chunk);
        }
        let dims = [blocks as i64, size as i64, WIDTH as i64];
        (Array::new(ACL_INT8, &dims, memory), Some(Array::new(ACL_INT32, &[KEYS.len() as i64, width as i64], table)))
    }

    fn factors(&self, seed: u64) -> (Array, Array) {
        let dtype = if self.mode == 1 { ACL_FLOAT } else { self.dtype };
        let scale = Array::new(dtype, self.dims, noise(seed).map(|v| 0.02 + 0.01 * v));
        (scale, Array::new(dtype, self.dims, noise(seed + 1).map(|v| (v * 9.0).floor())))
    }

    /// `(got, want)`.
    fn run(&self, key_scale: Option<&Array>) -> (Outcome, Vec<f64>, Vec<f64>) {
        let (b, n, d) = (KEYS.len() as i64, HEADS as i64, DIM as i64);
        let dims = match self.layout {
            "BSH" => vec![b, 1, n * d],
            "BSND" => vec![b, 1, n, d],
            _ => vec![b, n, 1, d],
        };
        let (q, out) = (Array::new(self.dtype, &dims, noise(1).map(|x| 2.0 * x)), Array::out(self.dtype, &dims));
        let (k, v) = (integers(2), integers(3));
        let ((key, table), (value, _)) = (self.cache(&k), self.cache(&v));
        let ((ks, ko), (vs, vo)) = (self.factors(4), self.factors(6));
        let lens = Ints::new(&KEYS.map(|len| len as i64));
        let layout = Text::new(self.layout);
        let outcome = run(|ws, e| {
            let (ks, vs) = (key_scale.unwrap_or(&ks).handle(), vs.handle());
            let [ko, vo] = [&ko, &vo].map(|t| if self.offset { t.handle().cast_const() } else { null() });
            let table = table.as_ref().map_or(null(), |t| t.handle().cast_const());
            let (key, value, no, ints) = (list(&[&key]), list(&[&value]), null(), null());
            let (scale, kn, size) = (1.0 / (DIM as f64).sqrt(), KV_HEADS as i64, self.block.unwrap_or(0) as i64);
            let (most, layout) = (i32::MAX as i64, layout.pointer());
            aclnnFusedInferAttentionScoreV2GetWorkspaceSize(
                q.handle(),
                key,
                value,
                no,
                no,
                ints,
                lens.0,
                no,
                no,
                no,
                no,
                no,
                no,
                no,
                table,
                no,
                no,
                ks,
                ko,
                vs,
                vo,
                no,
                no,
                ints,
                n,
                scale,
                most,
                most,
                layout,
                kn,
                0,
                0,
                size,
                0,
                false,
                self.mode,
                self.mode,
                out.handle(),
                no,
                ws,
                e,
            )
        });
        if outcome.is_err() {
            return (outcome, Vec::new(), Vec::new());
        }
        let (q, kf, vf) = (q.values(), (ks.values(), ko.values()), (vs.values(), vo.values()));
        let float = |ints: &[f64], (scale, offset): &(Vec<f64>, Vec<f64>), b: usize, j: usize, i: usize| {
            let at = self.place(b, j, i);
            let offset = if self.offset { offset[at] } else { 0.0 };
            self.round((ints[(b * LONGEST + j) * WIDTH + i] + offset) * scale[at])
        };
        let mut want = vec![0.0; q.len()];
        for (b, h) in (0..KEYS.len()).flat_map(|b| (0..HEADS).map(move |h| (b, h))) {
            let (at, head) = ((b * HEADS + h) * DIM, h / (HEADS / KV_HEADS) * DIM);
            let score = |j: usize| {
                let sum: f64 = (0..DIM).map(|e| q[at + e] * float(&k, &kf, b, j, head + e)).sum();
                Some(sum / (DIM as f64).sqrt())
            };
            let (p, ..) = softmax(&(0..KEYS[b]).map(score).collect::<Vec<_>>());
            for e in 0..DIM {
                want[at + e] = (0..KEYS[b]).map(|j| p[j] * float(&v, &vf, b, j, head + e)).sum();
            }
        }
        (outcome, out.values(), want)
    }
}

const COLUMNS: Case = Case { dtype: ACL_BF16, layout: "BSH", block: None, mode: 0, dims: &[1, 64], offset: false };

#[test]
fn factors_of_every_mode() {
    for (mode, dims) in
        [(0, &[1i64][..]), (0, &[1, 64]), (0, &[1, 2, 32]), (0, &[1, 2, 1, 32]), (1, &[1, 3, 64]), (1, &[1, 3, 70]), (2, &[2])]
    {
        for (layout, block) in [("BSH", None), ("BSND", None), ("BNSD", None), ("BSH", Some(32)), ("BNSD", Some(64))] {
            for dtype in [ACL_BF16, ACL_FLOAT16] {
                for offset in [false, true] {
                    let (outcome, got, want) = Case { dtype, layout, block, mode, dims, offset }.run(None);
                    outcome.unwrap();
                    let relative = if dtype == ACL_BF16 { 1.0 / 256.0 } else { 1.0 / 1024.0 };
                    // A factor is f32 there and f64 here: where a key lies between two halves, they may take one each.
                    assert_close(&got, &want, relative, relative / 4.0);
                }
            }
        }
    }
}

#[test]
fn factors_that_do_not_fit_are_refused() {
    let name = "aclnnFusedInferAttentionScoreV2";
    let refused = |case: Case, scale: Option<&Array>, what: &str| refusal(case.run(scale).0, name, what);
    let wrong = Array::out(ACL_BF16, &[1, 63]);
    assert_eq!(refused(COLUMNS, Some(&wrong), "keyAntiquantScale is [1, 63]"), ACLNN_ERR_PARAM_INVALID);
    let f32 = Array::out(ACL_FLOAT, &[1, 64]);
    assert_eq!(refused(COLUMNS, Some(&f32), "keyAntiquantScale has dataType"), ACLNN_ERR_PARAM_INVALID);
    let one = Array::out(ACL_BF16, &[1]);
    assert_eq!(refused(COLUMNS, Some(&one), "differ in shape"), ACLNN_ERR_PARAM_INVALID);
    let short = Case { mode: 1, dims: &[1, 3, 63], ..COLUMNS };
    assert_eq!(refused(short, None, "keyAntiquantScale is [1, 3, 63]"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refused(Case { mode: 3, ..COLUMNS }, None, "keyAntiquantMode is 3"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let small = Case { block: Some(16), ..COLUMNS };
    assert_eq!(refused(small, None, "blockSize is 16"), ACLNN_ERR_PARAM_INVALID);
}

//! Rotations against f64, element by element.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

/// One row rotated.
fn rotated(x: &[f64], cos: &[f64], sin: &[f64], half: bool) -> Vec<f64> {
    let d = x.len();
    (0..d)
        .map(|j| {
            let partner = match half {
                true if j < d / 2 => -x[j + d / 2],
                true => x[j - d / 2],
                false if j % 2 == 0 => -x[j + 1],
                false => x[j - 1],
            };
            x[j] * cos[j] + partner * sin[j]
        })
        .collect()
}

fn relative(dtype: aclDataType) -> f64 {
    if dtype == ACL_FLOAT { 1e-6 } else { 4e-3 }
}

#[test]
fn queries_and_keys_are_rotated_where_they_lie() {
    let (b, s, n, m, d) = (2usize, 3usize, 4usize, 1usize, 128usize);
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for layout in 1..=3i64 {
            let of = |heads: usize| {
                let [b, s, n, d] = [b, s, heads, d].map(|v| v as i64);
                match layout {
                    1 => [b, s, n, d],
                    2 => [s, b, n, d],
                    _ => [b, n, s, d],
                }
            };
            let (q, k) = (Array::new(dtype, &of(n), noise(1)), Array::new(dtype, &of(m), noise(2)));
            let [cos, sin] = [3, 4].map(|seed| Array::new(dtype, &of(1), noise(seed)));
            for (mode, half) in [(c"half", true), (c"interleave", false)] {
                let before = [q.values(), k.values()];
                let [qh, kh, c, sn] = [&q, &k, &cos, &sin].map(|t| t.handle());
                run(|ws, e| aclnnApplyRotaryPosEmbV2GetWorkspaceSize(qh, kh, c, sn, layout, mode.as_ptr().cast_mut(), ws, e))
                    .unwrap();
                for ((x, before), heads) in [&q, &k].into_iter().zip(before).zip([n, m]) {
                    let mut want = Vec::new();
                    for (row, x) in before.chunks(d).enumerate() {
                        let dims = of(heads).map(|v| v as usize);
                        let at = [row / (dims[1] * dims[2]), row / dims[2] % dims[1], row % dims[2]];
                        let table = if layout == 3 { at[0] * s + at[2] } else { at[0] * dims[1] + at[1] } * d;
                        want.extend(rotated(x, &cos.values()[table..table + d], &sin.values()[table..table + d], half));
                    }
                    assert_close(&x.values(), &want, relative(dtype), 1e-6);
                }
            }
        }
    }
    let [q, k, cos, sin] = [2, 1, 1, 1].map(|heads| Array::new(ACL_FLOAT, &[1, 2, heads, 128], noise(heads as u64)));
    let (qs, cs, ss) = (q.values(), cos.values(), sin.values());
    let [qh, kh, c, sn] = [&q, &k, &cos, &sin].map(|t| t.handle());
    run(|ws, e| aclnnApplyRotaryPosEmbGetWorkspaceSize(qh, kh, c, sn, 1, ws, e)).unwrap();
    assert_close(&q.values()[..128], &rotated(&qs[..128], &cs[..128], &ss[..128], true), 1e-6, 1e-6);
    let wrong = run(|ws, e| aclnnApplyRotaryPosEmbGetWorkspaceSize(qh, kh, c, sn, 2, ws, e));
    assert_eq!(refusal(wrong, "aclnnApplyRotaryPosEmb", "layout is 2"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|ws, e| aclnnApplyRotaryPosEmbV2GetWorkspaceSize(qh, kh, c, sn, 1, c"quarter".as_ptr().cast_mut(), ws, e));
    assert_eq!(refusal(wrong, "aclnnApplyRotaryPosEmbV2", "quarter"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let wrong = run(|ws, e| aclnnApplyRotaryPosEmbGetWorkspaceSize(qh, kh, qh, sn, 1, ws, e));
    assert_eq!(refusal(wrong, "aclnnApplyRotaryPosEmb", "cos has shape [1, 2, 2, 128]"), ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn a_table_rotates_the_first_elements_of_each_head() {
    let (t, heads, head, rotary) = (5usize, 3usize, 10usize, 6usize);
    for dtype in [ACL_FLOAT, ACL_BF16] {
        for neox in [true, false] {
            let positions = Array::new(ACL_INT64, &[t as i64], [3.0, 0.0, 7.0, 7.0, 1.0]);
            let q = Array::new(dtype, &[t as i64, (heads * head) as i64], noise(1));
            let k = Array::strided(dtype, &[t as i64, head as i64], &[33, 1], 4, 33 * 5, noise(2));
            let table = Array::new(dtype, &[8, rotary as i64], noise(3));
            let [qo, ko] = [heads, 1].map(|n| Array::out(dtype, &[t as i64, (n * head) as i64]));
            run(|ws, e| {
                let [p, q, k, table, qo, ko] = [&positions, &q, &k, &table, &qo, &ko].map(|t| t.handle());
                aclnnRopeWithSinCosCacheGetWorkspaceSize(p, q, k, table, std::ptr::null(), head as i64, neox, qo, ko, ws, e)
            })
            .unwrap();
            let (p, table) = (positions.values(), table.values());
            for (x, out, n) in [(&q, &qo, heads), (&k, &ko, 1)] {
                let mut want = Vec::new();
                for (i, x) in x.values().chunks(head).enumerate() {
                    let row = &table[p[i / n] as usize * rotary..][..rotary];
                    let angle = |j: usize| if neox { j % (rotary / 2) } else { j / 2 };
                    let cos: Vec<f64> = (0..rotary).map(|j| row[angle(j)]).collect();
                    let sin: Vec<f64> = (0..rotary).map(|j| row[rotary / 2 + angle(j)]).collect();
                    want.extend(rotated(&x[..rotary], &cos, &sin, neox));
                    want.extend(&x[rotary..]);
                }
                assert_close(&out.values(), &want, relative(dtype), 1e-6);
            }
        }
    }
}

#[test]
fn gradients_go_back_through_the_rotation() {
    for dtype in [ACL_FLOAT, ACL_BF16] {
        for (mode, b, cos_dims) in
            [(0, 2usize, [1i64, 3, 1, 6]), (0, 2, [2, 3, 1, 6]), (0, 2, [2, 3, 4, 6]), (1, 2, [1, 3, 1, 6])]
        {
            let dims = [b as i64, 3, 4, 6];
            let [dy, x] = [1, 2].map(|seed| Array::new(dtype, &dims, noise(seed)));
            let [cos, sin] = [3, 4].map(|seed| Array::new(dtype, &cos_dims, noise(seed)));
            let dx = Array::out(dtype, &dims);
            let [dcos, dsin] = [(); 2].map(|()| Array::out(dtype, &cos_dims));
            let [g, c, s, xh, o, oc, os] = [&dy, &cos, &sin, &x, &dx, &dcos, &dsin].map(|t| t.handle());
            run(|ws, e| aclnnRotaryPositionEmbeddingGradGetWorkspaceSize(g, c, s, xh, mode, o, oc, os, ws, e)).unwrap();
            // Without x the tables' gradients are not asked for, and empty ones are what callers pass.
            // Strides of nothing say nothing, as in `test_aclnn_rotary_position_embedding_grad.cpp` of hicann/ops-transformer.
            for strides in [[0; 4], [0, 0, 0, 1], [9, 2, 5, 3]] {
                let (same, empty) = (Array::out(dtype, &dims), Array::strided(dtype, &[1, 1, 1, 0], &strides, 0, 0, []));
                let (o, none) = (same.handle(), empty.handle());
                run(|ws, e| aclnnRotaryPositionEmbeddingGradGetWorkspaceSize(g, c, s, nothing(), mode, o, none, none, ws, e))
                    .unwrap();
                assert_eq!(same.values(), dx.values());
            }
            let (dy, x, cos, sin) = (dy.values(), x.values(), cos.values(), sin.values());
            let table = |row: usize| {
                let at = [row / 12, row / 4 % 3, row % 4];
                let own = cos_dims.map(|v| v as usize);
                let pick = |i: usize| if own[i] == 1 { 0 } else { at[i] };
                ((pick(0) * own[1] + pick(1)) * own[2] + pick(2)) * 6
            };
            // The loss is linear in each of x, cos and sin: a gradient is the loss at a unit vector.
            let loss = |x: &[f64], cos: &[f64], sin: &[f64]| -> f64 {
                let rows = x.chunks(6).enumerate();
                rows.map(|(r, x)| {
                    let at = table(r);
                    let y = rotated(x, &cos[at..at + 6], &sin[at..at + 6], mode == 0);
                    y.iter().zip(&dy[r * 6..]).map(|(y, d)| y * d).sum::<f64>()
                })
                .sum()
            };
            let unit = |n: usize, i: usize| (0..n).map(|j| (i == j) as u8 as f64).collect::<Vec<_>>();
            let (n, m) = (x.len(), cos.len());
            let none = vec![0.0; m];
            let want: Vec<f64> = (0..n).map(|i| loss(&unit(n, i), &cos, &sin)).collect();
            assert_close(&dx.values(), &want, relative(dtype), 1e-6);
            let want: Vec<f64> = (0..m).map(|i| loss(&x, &unit(m, i), &none)).collect();
            assert_close(&dcos.values(), &want, relative(dtype), 1e-6);
            let want: Vec<f64> = (0..m).map(|i| loss(&x, &none, &unit(m, i))).collect();
            assert_close(&dsin.values(), &want, relative(dtype), 1e-6);
        }
    }
}

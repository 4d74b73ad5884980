//! Rotations beside `aclnnRotaryPositionEmbedding`: `aclnnApplyRotaryPosEmb` V1 and V2 in place, `aclnnRopeWithSinCosCache` by a
//! table, and the gradients, `aclnnRotaryPositionEmbeddingGrad`.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::activation::check_contiguous;
use super::call::Call;
use super::dtypes::*;
use super::rope::{Angles, MAX_DIM, Mode, fits, read_mode, rotate};
use super::rows::{Row, all};
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, fail, reject};

/// Elements of a head that the kernel takes.
const HEAD: usize = 128;

/// Queries and keys, BSND (layout 1), halves rotated.
pub(crate) fn aclnnApplyRotaryPosEmbGetWorkspaceSize(
    query_ref: *mut aclTensor,
    key_ref: *mut aclTensor,
    cos: *const aclTensor,
    sin: *const aclTensor,
    layout: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnApplyRotaryPosEmb";
    check!(layout == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: layout is {layout}; 1 (BSND) is taken");
    in_place(Call::new(NAME), [query_ref, key_ref, cos.cast_mut(), sin.cast_mut()], layout, Mode::Half, ws, executor)
}

/// As V1, also SBND (2) and BNSD (3), and with the pairs that the mode names.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnApplyRotaryPosEmbV2GetWorkspaceSize(
    query_ref: *mut aclTensor,
    key_ref: *mut aclTensor,
    cos: *const aclTensor,
    sin: *const aclTensor,
    layout: i64,
    rotary_mode: *mut c_char,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnApplyRotaryPosEmbV2";
    let call = Call::new(NAME);
    let mode = match call.text("rotaryMode", rotary_mode)?.as_str() {
        "half" => Mode::Half,
        "interleave" => Mode::Interleave,
        "quarter" => reject!(
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{NAME}: rotaryMode is \"quarter\"; the simulator takes \"half\" and \"interleave\""
        ),
        other => reject!(
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: rotaryMode is {other:?}; \"half\", \"interleave\" and \"quarter\" are taken"
        ),
    };
    check!(
        (1..=3).contains(&layout),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: layout is {layout}; 1 (BSND), 2 (SBND) and 3 (BNSD) are taken"
    );
    in_place(call, [query_ref, key_ref, cos.cast_mut(), sin.cast_mut()], layout, mode, ws, executor)
}

fn in_place(
    mut call: Call,
    [query, key, cos, sin]: [*mut aclTensor; 4],
    layout: i64,
    mode: Mode,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = call.name();
    let (q, k) = (call.output("queryRef", query)?, call.output("keyRef", key)?);
    let (cos, sin) = (call.input("cos", cos)?, call.input("sin", sin)?);
    check_dtype(name, "queryRef", &q, FLOATS)?;
    let heads = if layout == 3 { 1 } else { 2 };
    for (param, t) in [("queryRef", &q), ("keyRef", &k), ("cos", &cos), ("sin", &sin)] {
        check!(t.rank() == 4, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {}-D; 4-D is needed", t.rank());
        check_same_dtype(name, param, t, "queryRef", q.dtype)?;
    }
    check!(q.dims[3] == HEAD, ACLNN_ERR_PARAM_INVALID, "{name}: queryRef's last dim is {}; {HEAD} is taken", q.dims[3]);
    let with_heads = |n: usize| {
        let mut dims = q.dims.to_vec();
        dims[heads] = n;
        dims
    };
    check_shape(name, "keyRef", &k, &with_heads(k.dims[heads]))?;
    check_shape(name, "cos", &cos, &with_heads(1))?;
    check_shape(name, "sin", &sin, &with_heads(1))?;
    check_writable(name, "queryRef", &q)?;
    check_writable(name, "keyRef", &k)?;
    let plans = [q, k].map(|t| (View::new(&t), View::broadcast(&cos, &t.dims), View::broadcast(&sin, &t.dims)));
    call.finish(ws, executor, move || {
        for (x, cos, sin) in &plans {
            split(x.rows(HEAD), HEAD, |rows| {
                let [mut a, mut b, mut c, mut result] = [(); 4].map(|()| Row::new(HEAD));
                for at in rows.map(|r| r * HEAD) {
                    let (values, out) = (a.load(x, at, HEAD), result.room(HEAD));
                    let angles = Angles { cos: b.load(cos, at, HEAD), sin: c.load(sin, at, HEAD), heads: 1, skip: 0 };
                    rotate(mode, HEAD, values, angles, out);
                    x.store(at, out);
                }
            })
        }
    })
}

/// Packed heads `[tokens, heads * headSize]`; a row of the table is cosines, then sines. What a head has beyond the rotated
/// elements stays.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnRopeWithSinCosCacheGetWorkspaceSize(
    positions: *const aclTensor,
    query_in: *const aclTensor,
    key_in: *const aclTensor,
    cos_sin_cache: *const aclTensor,
    mrope_section: *const aclIntArray,
    head_size: i64,
    is_neox_style: bool,
    query_out: *mut aclTensor,
    key_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRopeWithSinCosCache";
    let mut call = Call::new(NAME);
    let positions = call.input("positions", positions)?;
    let (q, k) = (call.input("queryIn", query_in)?, call.input("keyIn", key_in)?);
    let table = call.input("cosSinCache", cos_sin_cache)?;
    if call.int_array("mropeSection", mrope_section)?.is_some_and(|section| section.iter().any(|&s| s != 0)) {
        reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: mropeSection is not supported by the simulator; pass null or zeros")
    }
    let (q_out, k_out) = (call.output("queryOut", query_out)?, call.output("keyOut", key_out)?);
    check_dtype(NAME, "queryIn", &q, FLOATS)?;
    check_dtype(NAME, "positions", &positions, &[ACL_INT64])?;
    for (param, t) in [("queryIn", &q), ("keyIn", &k), ("cosSinCache", &table)] {
        check!(t.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D; 2-D is needed", t.rank());
        check_same_dtype(NAME, param, t, "queryIn", q.dtype)?;
    }
    let (tokens, rotary, rows) = (q.dims[0], table.dims[1], table.dims[0]);
    check_shape(NAME, "positions", &positions, &[tokens])?;
    let head = usize::try_from(head_size).unwrap_or(0);
    check!(
        head > 0 && rotary <= head && rotary.is_multiple_of(2),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: headSize is {head_size} for {rotary} columns of cosSinCache; an even number of these, up to headSize, is taken"
    );
    let mut pairs = Vec::new();
    for (param, out_param, x, out) in [("queryIn", "queryOut", q, q_out), ("keyIn", "keyOut", k, k_out)] {
        check!(
            x.dims[0] == tokens && x.dims[1].is_multiple_of(head),
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: {param} has shape {:?}; {tokens} rows of whole heads of {head} are needed",
            x.dims
        );
        check_same_dtype(NAME, out_param, &out, param, x.dtype)?;
        check_shape(NAME, out_param, &out, &x.dims)?;
        check_writable(NAME, out_param, &out)?;
        pairs.push((View::new(&x), View::new(&out), x.dims[1]));
    }
    let (positions, table) = (View::new(&positions), View::new(&table));
    let (mode, half) = (if is_neox_style { Mode::Half } else { Mode::Interleave }, rotary / 2);
    call.finish(ws, executor, move || {
        let positions = all::<i64>(&positions);
        if let Some(bad) = positions.iter().position(|p| !(0..rows as i64).contains(p)) {
            fail!("{NAME}: positions[{bad}] is {}, out of range for {rows} rows of cosSinCache", positions[bad])
        }
        for (x, out, width) in &pairs {
            split(tokens, *width, |range| {
                let [mut row, mut angles, mut result] = [(); 3].map(|()| Row::new(*width));
                let [mut cos, mut sin] = [(); 2].map(|()| vec![0f32; rotary]);
                for token in range {
                    let angles = angles.load(&table, positions[token] as usize * rotary, rotary);
                    for i in 0..rotary {
                        let pair = if mode == Mode::Half { i % half.max(1) } else { i / 2 };
                        (cos[i], sin[i]) = (angles[pair], angles[half + pair]);
                    }
                    let angles = Angles { cos: &cos, sin: &sin, heads: 1, skip: 0 };
                    let (x, to) = (row.load(x, token * width, *width), result.room(*width));
                    for (x, to) in x.chunks_exact(head).zip(to.chunks_exact_mut(head)) {
                        to.copy_from_slice(x);
                        if rotary > 0 {
                            rotate(mode, rotary, &x[..rotary], angles, &mut to[..rotary]);
                        }
                    }
                    out.store(token * width, to);
                }
            })
        }
    })
}

/// `dx` is `dy` rotated back. Where `x` is given, `dcos = Σ dy*x` and `dsin = Σ dy*rotate(x)` over what the tables repeat for.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnRotaryPositionEmbeddingGradGetWorkspaceSize(
    dy: *const aclTensor,
    cos: *const aclTensor,
    sin: *const aclTensor,
    x: *const aclTensor,
    mode: i64,
    dx_out: *const aclTensor,
    dcos_out: *const aclTensor,
    dsin_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRotaryPositionEmbeddingGrad";
    let mut call = Call::new(NAME);
    let (dy, cos, sin) = (call.input("dy", dy)?, call.input("cos", cos)?, call.input("sin", sin)?);
    let x = call.optional_input("xOptional", x)?;
    let dx = call.output("dxOut", dx_out)?;
    let (dcos, dsin) = (call.output("dcosOut", dcos_out)?, call.output("dsinOut", dsin_out)?);
    let mode = read_mode(NAME, mode)?;
    check_dtype(NAME, "dy", &dy, FLOATS)?;
    for (param, t) in [("dy", &dy), ("cos", &cos), ("sin", &sin), ("dxOut", &dx), ("dcosOut", &dcos), ("dsinOut", &dsin)] {
        check!(t.rank() == 4, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D; 4-D is needed", t.rank());
        check_same_dtype(NAME, param, t, "dy", dy.dtype)?;
    }
    let d = dy.dims[3];
    check!(
        d.is_multiple_of(2) && d < MAX_DIM,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: dy's last dim is {d}; an even number below {MAX_DIM} is taken"
    );
    check_shape(NAME, "sin", &sin, &cos.dims)?;
    check_shape(NAME, "dxOut", &dx, &dy.dims)?;
    // Without x these two are not written, and callers pass empty ones.
    for (param, t) in [("dcosOut", &dcos), ("dsinOut", &dsin)].into_iter().filter(|_| x.is_some()) {
        check_shape(NAME, param, t, &cos.dims)?;
    }
    for (param, t) in [("dxOut", &dx), ("dcosOut", &dcos), ("dsinOut", &dsin)] {
        check_contiguous(NAME, param, t)?;
    }
    check!(fits(&dy, &cos, mode), ACLNN_ERR_PARAM_INVALID, "{NAME}: cos has shape {:?} for dy of {:?}", cos.dims, dy.dims);
    if let Some(x) = &x {
        check_same_dtype(NAME, "xOptional", x, "dy", dy.dtype)?;
        check_shape(NAME, "xOptional", x, &dy.dims)?;
    }
    let tables = x.map(|x| (View::new(&x), row_of_table(&dy, &cos), View::new(&dcos), View::new(&dsin)));
    let (cos, sin) = (View::broadcast(&cos, &dy.dims), View::broadcast(&sin, &dy.dims));
    let (dy, dx) = (View::new(&dy), View::new(&dx));
    call.finish(ws, executor, move || {
        split(dy.rows(d), d, |rows| {
            let [mut a, mut b, mut c, mut result] = [(); 4].map(|()| Row::new(d));
            for at in rows.map(|r| r * d) {
                let (dy, cos, sin, out) = (a.load(&dy, at, d), b.load(&cos, at, d), c.load(&sin, at, d), result.room(d));
                for i in 0..d {
                    let (other, sign) = partner(mode, i, d);
                    // `out[other] = .. + sign * x[i] * sin[other]`, with the sign that `other` has for `i`.
                    out[i] = dy[i] * cos[i] - sign * dy[other] * sin[other];
                }
                dx.store(at, out);
            }
        });
        let Some((x, table_row, dcos, dsin)) = &tables else { return };
        // One after the other, so that the order of the sums is one.
        let mut sums = [(); 2].map(|()| vec![0f64; dcos.numel()]);
        let [mut a, mut b] = [(); 2].map(|()| Row::new(d));
        for r in 0..dy.rows(d) {
            let (dy, x, to) = (a.load(&dy, r * d, d), b.load(x, r * d, d), table_row(r) * d);
            for i in 0..d {
                let (other, sign) = partner(mode, i, d);
                sums[0][to + i] += (dy[i] * x[i]) as f64;
                sums[1][to + i] += (sign * dy[i] * x[other]) as f64;
            }
        }
        for (out, sums) in [dcos, dsin].into_iter().zip(&sums) {
            out.store(0, &sums.iter().map(|&v| v as f32).collect::<Vec<_>>());
        }
    })
}

/// What element `i` is rotated with, and the sign of that in its sum.
fn partner(mode: Mode, i: usize, d: usize) -> (usize, f32) {
    match mode {
        Mode::Half if i < d / 2 => (i + d / 2, -1.0),
        Mode::Half => (i - d / 2, 1.0),
        Mode::Interleave if i.is_multiple_of(2) => (i + 1, -1.0),
        Mode::Interleave => (i - 1, 1.0),
    }
}

/// Which row of the table a row of `x` uses.
fn row_of_table(x: &Tensor, table: &Tensor) -> impl Fn(usize) -> usize + Send + Sync + use<> {
    let (dims, own) = (x.dims, table.dims);
    move |mut row| {
        let (mut at, mut step) = (0, 1);
        for i in (0..3).rev() {
            if own[i] > 1 {
                at += row % dims[i] * step;
            }
            step *= own[i];
            row /= dims[i];
        }
        at
    }
}

#[cfg(test)]
mod tests;

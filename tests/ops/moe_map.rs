//! Permutations by a map against their definition: the list of rows, each a token and an expert.

use crate::common::{assert_close, noise, stream, values};
use crate::wrong_stream::{Argument, each_is_checked};
use crate::{FLOATS, filled, random, rounding};
use ascend_rl::ops::{self, MapRows, RoutingMap};
use ascend_rl::{DType, ErrorKind, Stream, Tensor};

use DType::{BF16, Bool, F32, I8, I32};

const WIDTH: usize = 6;

/// A map and what it makes.
struct Case {
    tokens: usize,
    experts: usize,
    kind: MapRows,
    /// Token by token.
    map: Vec<u8>,
    /// The token and the expert of each row.
    rows: Vec<(usize, usize)>,
}

/// `share` experts of each token.
fn by_token(tokens: usize, experts: usize, share: usize) -> Case {
    let order = noise(tokens as u64, tokens * experts);
    let set = |t: usize, e: usize| {
        let row = &order[t * experts..][..experts];
        row.iter().filter(|&&other| other > row[e]).count() < share
    };
    let map = (0..tokens * experts).map(|at| set(at / experts, at % experts) as u8).collect();
    let rows =
        (0..experts).flat_map(|e| (0..tokens).filter(move |&t| set(t, e)).map(move |t| (t, e)).collect::<Vec<_>>()).collect();
    Case { tokens, experts, kind: MapRows::Token, map, rows }
}

/// `share` rows of each expert, to which the map gives about a third of the tokens.
fn by_expert(tokens: usize, experts: usize, share: usize) -> Case {
    let map: Vec<u8> = noise(tokens as u64, tokens * experts).iter().map(|&v| (v > 0.3) as u8).collect();
    let mut rows = Vec::new();
    for e in 0..experts {
        let (mut own, others): (Vec<usize>, Vec<usize>) = (0..tokens).partition(|t| map[t * experts + e] == 1);
        own.extend(others);
        rows.extend(own[..share].iter().map(|&t| (t, e)));
    }
    Case { tokens, experts, kind: MapRows::Expert, map, rows }
}

impl Case {
    fn check(&self, s: &Stream, dtype: DType, with: bool) {
        let Case { tokens, experts, kind, map, rows } = self;
        let (t, e, n, kind) = (*tokens, *experts, rows.len(), *kind);
        let map = match kind {
            MapRows::Token => upload_bool(s, &[t, e], map),
            MapRows::Expert => Tensor::from_slice(s, &[t, e], &map.iter().map(|&set| set as i8).collect::<Vec<_>>()).unwrap(),
        };
        let (tokens, probs) = (random(s, &[t, WIDTH], dtype, 1), random(s, &[t, e], dtype, 2));
        let routing = RoutingMap { map: map.view(), probs: with.then(|| probs.view()), rows: kind };
        let (x, ps) = (values(s, &tokens), values(s, &probs));
        let weight = |row: usize| if with { ps[rows[row].0 * e + rows[row].1] } else { 1.0 };

        // There, exactly.
        let (mut out, mut out_probs) = (filled(s, &[n, WIDTH], dtype, 7.0), filled(s, &[n], dtype, 7.0));
        let mut indices = Tensor::zeros(s, &[n], I32).unwrap();
        let room = with.then(|| out_probs.view_mut());
        ops::moe_permute_by_map(s, &tokens, routing, &mut out, room, &mut indices).unwrap();
        let want: Vec<f64> = rows.iter().flat_map(|&(token, _)| x[token * WIDTH..][..WIDTH].to_vec()).collect();
        assert_eq!(values(s, &out), want);
        if with {
            assert_eq!(values(s, &out_probs), (0..n).map(weight).collect::<Vec<_>>());
        }
        let want: Vec<i32> = match kind {
            MapRows::Expert => rows.iter().map(|&(token, _)| token as i32).collect(),
            MapRows::Token => {
                let mut order: Vec<usize> = (0..n).collect();
                order.sort_by_key(|&row| rows[row]);
                order.into_iter().map(|row| row as i32).collect()
            }
        };
        assert_eq!(indices.to_vec::<i32>(s).unwrap(), want);

        // Its gradients: sums of a few rows, added in f32 or in the dtype.
        let (dout, dout_probs) = (random(s, &[n, WIDTH], dtype, 3), random(s, &[n], dtype, 4));
        let (mut dtokens, mut dprobs) = (filled(s, &[t, WIDTH], dtype, 7.0), filled(s, &[t, e], dtype, 7.0));
        let (given, room) = (with.then(|| dout_probs.view()), with.then(|| dprobs.view_mut()));
        ops::moe_permute_by_map_backward(s, &dout, given, &indices, routing, &mut dtokens, room).unwrap();
        let (g, gp) = (values(s, &dout), values(s, &dout_probs));
        let (mut want, mut want_probs) = (vec![0.0; t * WIDTH], vec![0.0; t * e]);
        for (row, &(token, expert)) in rows.iter().enumerate() {
            (0..WIDTH).for_each(|c| want[token * WIDTH + c] += g[row * WIDTH + c]);
            want_probs[token * e + expert] = gp[row];
        }
        let (relative, absolute) = (rounding(dtype), 4.0 * rounding(dtype));
        assert_close(&values(s, &dtokens), &want, relative, absolute);
        if with {
            assert_eq!(values(s, &dprobs), want_probs);
        }

        // Back.
        let ys = random(s, &[n, WIDTH], dtype, 5);
        let mut back = filled(s, &[t, WIDTH], dtype, 7.0);
        let mut order = Tensor::zeros(s, &[2, n], I32).unwrap();
        let room = (kind == MapRows::Expert).then(|| order.view_mut());
        ops::moe_unpermute_by_map(s, &ys, &indices, routing, &mut back, room).unwrap();
        let y = values(s, &ys);
        let mut want = vec![0.0; t * WIDTH];
        for (row, &(token, _)) in rows.iter().enumerate() {
            (0..WIDTH).for_each(|c| want[token * WIDTH + c] += weight(row) * y[row * WIDTH + c]);
        }
        assert_close(&values(s, &back), &want, relative, absolute);

        // And its gradients.
        let dback = random(s, &[t, WIDTH], dtype, 6);
        let (mut dys, mut dprobs) = (filled(s, &[n, WIDTH], dtype, 7.0), filled(s, &[t, e], dtype, 7.0));
        let order = if kind == MapRows::Expert { &order } else { &indices };
        let room = with.then(|| dprobs.view_mut());
        ops::moe_unpermute_by_map_backward(s, &ys, &dback, order, routing, &mut dys, room).unwrap();
        let g = values(s, &dback);
        let at = |row: usize, c: usize| g[rows[row].0 * WIDTH + c];
        let want: Vec<f64> = (0..n * WIDTH).map(|i| weight(i / WIDTH) * at(i / WIDTH, i % WIDTH)).collect();
        assert_close(&values(s, &dys), &want, relative, 0.0);
        if with {
            let mut want = vec![0.0; t * e];
            for (row, &(token, expert)) in rows.iter().enumerate() {
                want[token * e + expert] = (0..WIDTH).map(|c| y[row * WIDTH + c] * at(row, c)).sum();
            }
            assert_close(&values(s, &dprobs), &want, relative, absolute);
        }
    }
}

fn upload_bool(s: &Stream, shape: &[usize], values: &[u8]) -> Tensor {
    let mut tensor = Tensor::empty(s, shape, Bool).unwrap();
    tensor.write(s, values).unwrap();
    tensor
}

#[test]
fn as_many_rows_of_each_token() {
    let s = stream();
    for dtype in FLOATS {
        for (tokens, experts, share) in [(1, 1, 1), (1, 3, 3), (6, 4, 2), (13, 16, 5)] {
            for with in [false, true] {
                by_token(tokens, experts, share).check(&s, dtype, with);
            }
        }
    }
}

#[test]
fn as_many_rows_of_each_expert() {
    let s = stream();
    for dtype in FLOATS {
        for (tokens, experts, share) in [(1, 1, 1), (6, 4, 2), (7, 3, 7), (12, 2, 1)] {
            for with in [false, true] {
                by_expert(tokens, experts, share).check(&s, dtype, with);
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let s = stream();
    let zeros = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    #[track_caller]
    fn refused(result: ascend_rl::Result<()>, kind: ErrorKind, text: &str) {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str(), error.call()), (kind, text, None));
    }
    use ErrorKind::{DType as BadDType, Shape};
    let (x, probs) = (zeros(&[4, 6], F32), zeros(&[4, 3], F32));
    let map = zeros(&[4, 3], Bool);
    let of = |map: &'static [usize], dtype, rows, n: usize| {
        let (map, mut out, mut indices) = (zeros(map, dtype), zeros(&[n, 6], F32), zeros(&[n], I32));
        let routing = RoutingMap { map: map.view(), probs: None, rows };
        ops::moe_permute_by_map(&s, &x, routing, &mut out, None, &mut indices)
    };
    let (token, expert) = (MapRows::Token, MapRows::Expert);
    refused(of(&[3, 4], Bool, token, 4), Shape, "moe_permute_by_map: map is [3, 4], [4, 4] is needed");
    refused(of(&[4, 3], I32, token, 4), BadDType, "moe_permute_by_map: map is i32, bool or i8 is needed");
    let text = "moe_permute_by_map: out has 5 rows, 1 to 3 of each token are needed, of which there are 4";
    refused(of(&[4, 3], Bool, token, 5), Shape, text);
    let text = "moe_permute_by_map: out has 16 rows, 1 to 3 of each token are needed, of which there are 4";
    refused(of(&[4, 3], Bool, token, 16), Shape, text);
    let text = "moe_permute_by_map: out has 4 rows, 1 to 4 of each expert are needed, of which there are 3";
    refused(of(&[4, 3], I8, expert, 4), Shape, text);
    let text = "moe_permute_by_map: out has 0 rows, 1 to 4 of each expert are needed, of which there are 3";
    refused(of(&[4, 3], I8, expert, 0), Shape, text);

    let plain = RoutingMap { map: map.view(), probs: None, rows: token };
    let full = RoutingMap { probs: Some(probs.view()), ..plain };
    let (mut out, mut row_probs, mut indices) = (zeros(&[4, 6], F32), zeros(&[4], F32), zeros(&[4], I32));
    let missing = ops::moe_permute_by_map(&s, &x, full, &mut out, None, &mut indices);
    refused(missing, Shape, "moe_permute_by_map: probs is given, out_probs is needed");
    let extra = ops::moe_permute_by_map(&s, &x, plain, &mut out, Some(row_probs.view_mut()), &mut indices);
    refused(extra, Shape, "moe_permute_by_map: out_probs is given, probs is needed");
    let wide = zeros(&[4, 3], BF16);
    let mixed = RoutingMap { probs: Some(wide.view()), ..plain };
    let mixed = ops::moe_permute_by_map(&s, &x, mixed, &mut out, Some(row_probs.view_mut()), &mut indices);
    refused(mixed, BadDType, "moe_permute_by_map: probs is bf16, f32 is needed");

    let mut back = zeros(&[4, 6], F32);
    let mut order = zeros(&[2, 4], I32);
    let extra = ops::moe_unpermute_by_map(&s, &x, &indices, plain, &mut back, Some(order.view_mut()));
    refused(extra, Shape, "moe_unpermute_by_map: order is given, with as many rows of each expert and not otherwise");
    let (y, padded, mut three) = (zeros(&[3, 6], F32), RoutingMap { rows: expert, ..plain }, zeros(&[3], I32));
    let missing = ops::moe_unpermute_by_map(&s, &y, &three, padded, &mut back, None);
    refused(missing, Shape, "moe_unpermute_by_map: order is needed, with as many rows of each expert and not otherwise");
    let mut dy = zeros(&[3, 6], F32);
    let short = ops::moe_unpermute_by_map_backward(&s, &y, &back, &three, padded, &mut dy, None);
    refused(short, Shape, "moe_unpermute_by_map_backward: order is [3], [2, 3] is needed");
    let missing = ops::moe_permute_by_map_backward(&s, &x, None, &indices, full, &mut back, None);
    refused(missing, Shape, "moe_permute_by_map_backward: probs is given, dout_probs is needed");
    let kind = ops::moe_permute_by_map(&s, &x, plain, &mut out, None, three.view_mut());
    refused(kind, Shape, "moe_permute_by_map: indices is [3], [4] is needed");
}

/// The simulator says so; a card gives wrong numbers.
#[test]
fn a_map_of_uneven_tokens_fails_the_stream() {
    let s = crate::doomed_stream(5);
    let map = upload_bool(&s, &[2, 2], &[1, 1, 0, 0]);
    let x = filled(&s, &[2, 6], F32, 1.0);
    let (mut out, mut indices) = (filled(&s, &[2, 6], F32, 7.0), Tensor::zeros(&s, &[2], I32).unwrap());
    let routing = RoutingMap { map: map.view(), probs: None, rows: MapRows::Token };
    ops::moe_permute_by_map(&s, &x, routing, &mut out, None, &mut indices).unwrap();
    let error = s.synchronize().unwrap_err();
    assert!(error.to_string().contains("token 0 has 2 experts"), "{error}");
}

#[test]
#[cfg(feature = "sim")]
fn older_releases_say_which_has_it() {
    let device = crate::older("CANN 8.3, without maps", 1, |api| api.ops.aclnnMoeTokenPermuteWithRoutingMap = None);
    let s = device.stream().unwrap();
    let map = upload_bool(&s, &[2, 2], &[1, 0, 0, 1]);
    let x = filled(&s, &[2, 6], F32, 1.0);
    let (mut out, mut indices) = (filled(&s, &[2, 6], F32, 7.0), Tensor::zeros(&s, &[2], I32).unwrap());
    let routing = RoutingMap { map: map.view(), probs: None, rows: MapRows::Token };
    let error = ops::moe_permute_by_map(&s, &x, routing, &mut out, None, &mut indices).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingSymbol);
    let text = error.to_string();
    assert!(text.starts_with("aclnnMoeTokenPermuteWithRoutingMap is missing") && text.contains("CANN 8.5 and later"), "{text}");
}

#[test]
fn tensors_are_at_home() {
    let (map, probs): (Argument, Argument) = (("map", &[2, 2], I8), ("probs", &[2, 2], F32));
    let (tokens, out, indices): (Argument, Argument, Argument) =
        (("tokens", &[2, 6], F32), ("out", &[4, 6], F32), ("indices", &[4], I32));
    let all = [tokens, map, probs, out, ("out_probs", &[4], F32), indices];
    each_is_checked("moe_permute_by_map", &all, |s, tensors| {
        let [tokens, map, probs, out, out_probs, indices] = tensors else { unreachable!() };
        let routing = RoutingMap { map: map.view(), probs: Some(probs.view()), rows: MapRows::Expert };
        ops::moe_permute_by_map(s, &*tokens, routing, out, Some(out_probs.view_mut()), indices)
    });
    let all = [
        ("dout", &[4, 6][..], F32),
        ("dout_probs", &[4], F32),
        indices,
        map,
        probs,
        ("dtokens", &[2, 6], F32),
        ("dprobs", &[2, 2], F32),
    ];
    each_is_checked("moe_permute_by_map_backward", &all, |s, tensors| {
        let [dout, dout_probs, indices, map, probs, dtokens, dprobs] = tensors else { unreachable!() };
        let routing = RoutingMap { map: map.view(), probs: Some(probs.view()), rows: MapRows::Expert };
        let (given, room) = (Some(dout_probs.view()), Some(dprobs.view_mut()));
        ops::moe_permute_by_map_backward(s, &*dout, given, &*indices, routing, dtokens, room)
    });
    let all = [("rows", &[4, 6][..], F32), indices, map, probs, ("out", &[2, 6], F32), ("order", &[2, 4], I32)];
    each_is_checked("moe_unpermute_by_map", &all, |s, tensors| {
        let [rows, indices, map, probs, out, order] = tensors else { unreachable!() };
        let routing = RoutingMap { map: map.view(), probs: Some(probs.view()), rows: MapRows::Expert };
        ops::moe_unpermute_by_map(s, &*rows, &*indices, routing, out, Some(order.view_mut()))
    });
    let all = [
        ("rows", &[4, 6][..], F32),
        ("dout", &[2, 6], F32),
        ("order", &[2, 4], I32),
        map,
        probs,
        ("drows", &[4, 6], F32),
        ("dprobs", &[2, 2], F32),
    ];
    each_is_checked("moe_unpermute_by_map_backward", &all, |s, tensors| {
        let [rows, dout, order, map, probs, drows, dprobs] = tensors else { unreachable!() };
        let routing = RoutingMap { map: map.view(), probs: Some(probs.view()), rows: MapRows::Expert };
        ops::moe_unpermute_by_map_backward(s, &*rows, &*dout, &*order, routing, drows, Some(dprobs.view_mut()))
    });
}

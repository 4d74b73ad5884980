//! `aclnnAlltoAllvGroupedMatMul` and `aclnnGroupedMatMulAlltoAllv` against loops. Eight ranks are the fewest, and 2 MiB between
//! any two of them the least, that CANN takes: rows are wide, so that they can be few.

use super::*;

const RANKS: usize = 8;
/// 17 rows of these are the first number that makes 2 MiB.
const H: usize = 65535;
const EXPERTS: usize = 2;

/// Rows of a rank for an expert: none, one, odd numbers, of one expert or the other.
fn count(from: usize, to: usize, expert: usize) -> usize {
    let first = [0, 1, 9, 17, 18][(from * 3 + to) % 5];
    if expert == 0 { first } else { 18 - first }
}

/// Counts of `rank`, to others or from others.
fn counts(rank: usize, sends: bool) -> Vec<i64> {
    let pairs = (0..RANKS).flat_map(|other| (0..EXPERTS).map(move |e| (other, e)));
    pairs.map(|(other, e)| if sends { count(rank, other, e) } else { count(other, rank, e) } as i64).collect()
}

/// An element of a token's row: of few digits, and another one for each token.
fn element(rank: usize, token: usize, i: usize) -> bf16 {
    bf16::from_f32(((rank * 5 + token * 3 + i * 7) % 17) as f32 / 8.0 - 1.0)
}

fn tokens(rank: usize) -> usize {
    counts(rank, true).iter().sum::<i64>() as usize
}

/// The rows of a rank's experts: which token of which rank each is.
fn rows(rank: usize) -> Vec<(usize, usize)> {
    let mut rows = Vec::new();
    for e in 0..EXPERTS {
        for from in 0..RANKS {
            // A rank's tokens are in the order of ranks and experts.
            let before: usize = counts(from, true)[..rank * EXPERTS + e].iter().sum::<i64>() as usize;
            rows.extend((0..count(from, rank, e)).map(|at| (from, before + at)));
        }
    }
    rows
}

fn int_array(values: &[i64]) -> *mut aclIntArray {
    let made = call!(nn.aclCreateIntArray(values.as_ptr(), values.len() as u64));
    assert!(!made.is_null());
    made
}

/// Weights have one element of each column that is not 0, so that loops are short: at `position`, `factor`.
fn position(rank: usize, expert: usize, col: usize) -> usize {
    (rank * 1009 + expert * 313 + col * 7919) % H
}

fn factor(col: usize) -> f32 {
    [1.0, -0.5, 2.0][col % 3]
}

const N: usize = 3;

fn weights(rank: usize, turned: bool) -> Tensor {
    let mut values = vec![bf16::ZERO; EXPERTS * H * N];
    for e in 0..EXPERTS {
        for col in 0..N {
            let at = position(rank, e, col);
            let place = if turned { col * H + at } else { at * N + col };
            values[e * H * N + place] = bf16::from_f32(factor(col));
        }
    }
    Tensor::new(&if turned { [EXPERTS, N, H] } else { [EXPERTS, H, N] }, &values)
}

/// The shared expert's matrices, and what they make.
struct Own {
    x: Tensor,
    weight: Tensor,
    y: Tensor,
    want: Vec<bf16>,
}

fn own(rank: usize, tokens: usize, turn: bool) -> Own {
    let (bs, h, n) = (tokens / 2, 33, 5);
    let (x, weight): (Vec<bf16>, Vec<bf16>) = (halves(rank + 1, bs * h), halves(rank + 50, h * n));
    let want = product(&x, &weight, h, n, None);
    let weight = if turn { Tensor::new(&[n, h], &turned(&weight, n)) } else { Tensor::new(&[h, n], &weight) };
    Own { x: Tensor::new(&[bs, h], &x), weight, y: Tensor::out::<bf16>(&[bs, n]), want }
}

fn there(r: &Rank, turn: bool, wanted: bool) {
    let (name, bsk) = (c_string(&r.name()), tokens(r.rank));
    let x: Vec<bf16> = (0..bsk).flat_map(|token| (0..H).map(move |i| element(r.rank, token, i))).collect();
    let (x, w) = (Tensor::new(&[bsk, H], &x), weights(r.rank, turn));
    let rows = rows(r.rank);
    let y = Tensor::out::<bf16>(&[rows.len(), N]);
    let permuted = Tensor::out::<bf16>(&[rows.len(), H]);
    let (send, recv) = (int_array(&counts(r.rank, true)), int_array(&counts(r.rank, false)));
    let shared = own(r.rank, bsk, turn);
    let o = if wanted { [shared.x.handle, shared.weight.handle, shared.y.handle] } else { [NONE; 3] };
    let out = if wanted { permuted.handle } else { NONE };
    let (a, b, group, turn_own) = (x.handle, w.handle, name.as_ptr(), turn && wanted);
    op!(
        r,
        aclnnAlltoAllvGroupedMatMul(
            a,
            b,
            NONE,
            NONE,
            o[0],
            o[1],
            group,
            RANKS as i64,
            send,
            recv,
            turn,
            turn_own,
            wanted,
            y.handle,
            o[2],
            out
        )
    )
    .unwrap();
    r.sync();
    ok!(nn.aclDestroyIntArray(send));
    ok!(nn.aclDestroyIntArray(recv));
    let got = y.read::<bf16>();
    let first = (0..RANKS).map(|from| count(from, r.rank, 0)).sum::<usize>();
    for (row, (from, token)) in rows.iter().enumerate() {
        for col in 0..N {
            let x = element(*from, *token, position(r.rank, usize::from(row >= first), col)).to_f32();
            assert_eq!(got[row * N + col], bf16::from_f32(x * factor(col)), "rank {}, row {row}", r.rank);
        }
    }
    if wanted {
        assert!(shared.y.read::<bf16>() == shared.want);
        let got = permuted.read::<bf16>();
        for (row, (from, token)) in rows.iter().enumerate() {
            assert!((0..H).all(|i| got[row * H + i] == element(*from, *token, i)), "rank {}, row {row}", r.rank);
        }
    }
}

/// The way back: counts are the other way round, the experts' rows are the input.
fn back(r: &Rank, turn: bool) {
    let (name, rows, bsk) = (c_string(&r.name()), rows(r.rank), tokens(r.rank));
    let x: Vec<bf16> = rows.iter().flat_map(|(from, token)| (0..H).map(move |i| element(*from, *token, i))).collect();
    let (x, w) = (Tensor::new(&[rows.len(), H], &x), weights(r.rank, turn));
    let y = Tensor::out::<bf16>(&[bsk, N]);
    let (send, recv) = (int_array(&counts(r.rank, false)), int_array(&counts(r.rank, true)));
    let shared = own(r.rank, bsk, turn);
    let (a, b, group) = (x.handle, w.handle, name.as_ptr());
    let (sx, sw, sy) = (shared.x.handle, shared.weight.handle, shared.y.handle);
    op!(r, aclnnGroupedMatMulAlltoAllv(a, b, NONE, NONE, sx, sw, group, RANKS as i64, send, recv, turn, turn, y.handle, sy))
        .unwrap();
    r.sync();
    ok!(nn.aclDestroyIntArray(send));
    ok!(nn.aclDestroyIntArray(recv));
    assert!(shared.y.read::<bf16>() == shared.want);
    let got = y.read::<bf16>();
    let mut token = 0;
    for (at, n) in counts(r.rank, true).iter().enumerate() {
        for _ in 0..*n {
            for col in 0..N {
                let x = element(r.rank, token, position(at / EXPERTS, at % EXPERTS, col)).to_f32();
                assert_eq!(got[token * N + col], bf16::from_f32(x * factor(col)), "rank {}, token {token}", r.rank);
            }
            token += 1;
        }
    }
}

// aclnnAlltoAllvGroupedMatMul.md, aclnnGroupedMatMulAlltoAllv.md: A3, of 8, 16, 32 and 64 ranks.
#[test]
fn tokens_to_experts_and_back() {
    if in_child("hccl::mc2::grouped::tokens_to_experts_and_back", &[A3]) {
        ranks(RANKS, 120, |r| {
            there(r, false, true);
            there(r, true, false);
            back(r, false);
            back(r, true);
        });
    }
}

#[test]
fn ranks_in_several_processes() {
    let layouts: [&[usize]; 1] = [&[3, 5]];
    processes::everywhere_of(&layouts, "hccl::mc2::grouped::ranks_in_several_processes", &[A3], |r| {
        there(r, true, true);
        back(r, false);
    });
}

#[test]
fn what_the_documentation_does_not_take_is_refused() {
    if !in_child("hccl::mc2::grouped::what_the_documentation_does_not_take_is_refused", &[A3]) {
        return;
    }
    let pair = |bytes: i64| vec![bytes / 2 / 4096; 8];
    ranks(8, 60, |r| {
        let name = c_string(&r.name());
        let group = name.as_ptr();
        let plain = pair(2 << 20);
        let rows = plain.iter().sum::<i64>() as usize;
        let (x, w, y) = (Tensor::out::<bf16>(&[rows, 4096]), Tensor::out::<bf16>(&[1, 4096, 2]), Tensor::out::<bf16>(&[rows, 2]));
        let call = |ranks: i64, send: &[i64], recv: &[i64], tensors: [*mut aclTensor; 4], flag: bool, out: *mut aclTensor| {
            let (send, recv) = (int_array(send), int_array(recv));
            let [x, w, counts, y] = tensors;
            let done = op!(
                r,
                aclnnAlltoAllvGroupedMatMul(
                    x, w, counts, NONE, NONE, NONE, group, ranks, send, recv, false, false, flag, y, NONE, out
                )
            );
            ok!(nn.aclDestroyIntArray(send));
            ok!(nn.aclDestroyIntArray(recv));
            done
        };
        let all = [x.handle, w.handle, NONE, y.handle];
        assert_refused(call(4, &plain, &plain, all, false, NONE), 561002, &["epWorldSize is 4", "8, 16, 32 and 64"]);
        assert_refused(call(16, &plain, &plain, all, false, NONE), 561002, &["epWorldSize is 16", "8 ranks"]);
        assert_refused(call(8, &plain[..7], &plain, all, false, NONE), 561002, &["sendCounts has 7 numbers"]);
        let few = pair((2 << 20) - 8192);
        assert_refused(call(8, &few, &plain, all, false, NONE), 561002, &["sendCounts makes", "2097152"]);
        let more = [&plain[..7], &[plain[7] + 1]].concat();
        assert_refused(call(8, &plain, &more, all, false, NONE), 561002, &["recvCounts makes", "gmmY has"]);
        assert_refused(call(8, &plain, &plain, all, true, NONE), 161001, &["permuteOutFlag is true"]);
        assert_refused(call(8, &plain, &plain, all, false, x.handle), 161001, &["permuteOutFlag is false"]);
        let with_counts = [x.handle, w.handle, y.handle, y.handle];
        assert_refused(call(8, &plain, &plain, with_counts, false, NONE), 200006, &["sendCountsTensorOptional"]);
        r.sync();
    });
    // What one sends the other does not expect.
    ranks(8, 60, |r| {
        let name = c_string(&r.name());
        let mut send = pair(2 << 20);
        if r.rank == 0 {
            send[1] += 1;
        }
        let recv = pair(2 << 20);
        let of = |counts: &[i64]| counts.iter().sum::<i64>() as usize;
        let (x, w, y) =
            (Tensor::out::<bf16>(&[of(&send), 4096]), Tensor::out::<bf16>(&[1, 4096, 2]), Tensor::out::<bf16>(&[of(&recv), 2]));
        let (s, v) = (int_array(&send), int_array(&recv));
        let (a, b, out) = (x.handle, w.handle, y.handle);
        let done = op!(
            r,
            aclnnAlltoAllvGroupedMatMul(
                a,
                b,
                NONE,
                NONE,
                NONE,
                NONE,
                name.as_ptr(),
                8,
                s,
                v,
                false,
                false,
                false,
                out,
                NONE,
                NONE
            )
        );
        let text = match done {
            Err((_, text)) => text,
            Ok(()) => r.failure().1,
        };
        let words = ["rank 0 sends 257 rows to rank 1 for its expert 0", "receives 256"];
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    });
}

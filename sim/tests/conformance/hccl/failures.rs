//! Ranks that do not come, do not agree, or are gone. On a card all of them end in the watchdog's time-out; the simulator says
//! so at once where it can know, and names the rank.

use super::*;

fn all_reduce(r: &Rank, x: *mut c_void, count: u64) -> i32 {
    hccl!(HcclAllReduce(x, x, count, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, r.stream))
}

fn holds(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{text:?} lacks one of {words:?}");
}

/// torch_npu, `docs/zh/troubleshooting/HCCL_timeout.md`: synchronising gives 507048, and the text has EI0002 and the remote rank.
fn check_missing_rank() {
    ranks(3, 3, |r| {
        let (x, y, start) = (upload(&[1f32; 5]), upload(&[0f32; 15]), Instant::now());
        hccl_ok!(HcclAllGather(x, y, 5, HCCL_DATA_TYPE_FP32, r.comm, r.stream));
        r.sync();
        if r.rank != 2 {
            assert_eq!(all_reduce(r, x, 5), 0, "the call itself does not wait");
            ok!(acl.aclrtMemsetAsync(y, 60, 0, 60, r.stream));
            let (code, text) = r.failure();
            assert_eq!(code, 507048, "{text}");
            let name = r.name();
            holds(
                &text,
                &[
                    "EI0002",
                    &format!("rank {}: ", r.rank),
                    "remote rank [2] timed out after 3 s",
                    "HcclAllReduce(count 5, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM) #2",
                    &name,
                    "rank 2 has not called it; its last call was HcclAllGather #1",
                ],
            );
            let waited = start.elapsed();
            assert!(waited > Duration::from_millis(2990) && waited < Duration::from_secs(30), "{waited:?}");
            assert_eq!((r.async_error(), download::<f32>(y, 15)), (9, vec![0.0; 15]), "what is behind has run");
            r.all.wait();
        } else {
            r.all.wait();
            assert_eq!(all_reduce(r, x, 5), 0);
            let (code, text) = r.failure();
            assert_eq!(code, 507048, "{text}");
            holds(&text, &["rank 2: ", "remote rank [2]"]);
        }
    });
}

#[test]
fn a_missing_rank_is_named_within_the_time() {
    check_missing_rank();
}

#[test]
fn a_missing_rank_is_named_lazily_too() {
    if in_child("hccl::failures::a_missing_rank_is_named_lazily_too", &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "4")]) {
        check_missing_rank();
    }
}

#[test]
fn a_rank_whose_stream_is_held_up_is_named() {
    ranks(2, 3, |r| {
        let x = upload(&[1f32; 5]);
        let gate = (r.rank == 1).then(|| Gate::close(r.stream));
        assert_eq!(all_reduce(r, x, 5), 0);
        r.all.wait();
        if r.rank == 0 {
            holds(&r.failure().1, &["remote rank [1]", "rank 1's call waits behind other work of its stream"]);
        }
        r.all.wait();
        if let Some(gate) = gate {
            gate.open();
            assert_eq!(r.failure().0, 507048);
        }
    });
}

#[test]
fn a_send_without_its_receive_names_the_pair() {
    ranks(3, 1, |r| {
        if r.rank == 1 {
            let x = upload(&[1f32; 5]);
            hccl_ok!(HcclSend(x, 5, HCCL_DATA_TYPE_FP32, 2, r.comm, r.stream));
            let (code, text) = r.failure();
            assert_eq!(code, 507048);
            holds(&text, &["rank 1: ", "remote rank [2]", "HcclSend", "to rank 2", "nor anything before"]);
        }
        r.all.wait();
    });
}

#[test]
fn a_rank_that_destroys_its_communicator_ends_the_others() {
    ranks(3, 60, |r| {
        let x = upload(&[1f32; 5]);
        assert_eq!(all_reduce(r, x, 5), 0);
        r.sync();
        if r.rank == 1 {
            r.all.wait();
            hccl_ok!(HcclCommDestroy(r.comm));
            r.all.wait();
            return;
        }
        assert_eq!(all_reduce(r, x, 5), 0);
        r.all.wait();
        r.all.wait();
        let (code, text) = r.failure();
        assert_eq!(code, 507057, "{text}");
        holds(&text, &[&format!("rank {}: ", r.rank), "remote rank [1]", "has destroyed its communicator"]);
        hccl_refused!(21, "remote rank [1]", HcclBarrier(r.comm, r.stream));
        hccl_refused!(21, "remote rank [1]", HcclRecv(x, 5, HCCL_DATA_TYPE_FP32, 1, r.comm, r.stream));
        assert_eq!(r.async_error(), 21);
    });
}

#[test]
fn what_a_rank_called_before_it_left_still_runs() {
    ranks(2, 60, |r| {
        let x = upload(&[1f32; 5]);
        if r.rank == 1 {
            assert_eq!(all_reduce(r, x, 5), 0);
            hccl_ok!(HcclSend(x, 5, HCCL_DATA_TYPE_FP32, 0, r.comm, r.stream));
            hccl_ok!(HcclCommDestroy(r.comm));
        }
        r.all.wait();
        if r.rank == 0 {
            let y = upload(&[0f32; 5]);
            assert_eq!(all_reduce(r, x, 5), 0);
            hccl_ok!(HcclRecv(y, 5, HCCL_DATA_TYPE_FP32, 1, r.comm, r.stream));
            r.sync();
            assert_eq!(download::<f32>(y, 5), [2.0; 5]);
            assert_eq!(r.async_error(), 0);
        }
    });
}

#[test]
fn a_rank_whose_context_ends_or_whose_stream_is_dropped_is_named() {
    ranks(3, 60, |r| {
        let x = upload(&[1f32; 5]);
        if r.rank == 2 {
            let gate = Gate::close(r.stream);
            hccl_ok!(HcclSend(x, 5, HCCL_DATA_TYPE_FP32, 0, r.comm, r.stream));
            r.all.wait();
            ok!(acl.aclrtDestroyStreamForce(r.stream));
            gate.open();
            r.all.wait();
            while call!(acl.aclrtResetDevice(r.device)) == 0 {}
        } else {
            if r.rank == 0 {
                hccl_ok!(HcclRecv(x, 5, HCCL_DATA_TYPE_FP32, 2, r.comm, r.stream));
            } else {
                hccl_ok!(HcclBarrier(r.comm, r.stream));
            }
            r.all.wait();
            if r.rank == 0 {
                let (code, text) = r.failure();
                assert_eq!(code, 507057, "{text}");
                holds(&text, &["remote rank [2] gave up", "HcclSend", "stream was destroyed"]);
            }
            r.all.wait();
            if r.rank == 1 {
                let (code, text) = r.failure();
                assert_eq!(code, 507057, "{text}");
                holds(&text, &["remote rank [2]", "its context was ended"]);
            }
        }
    });
}

/// The second rank to call is refused, with both calls in the text; who waits fails, and no further call is taken.
#[test]
fn ranks_that_do_not_agree_are_told_at_once() {
    type Case = (fn(&Rank, *mut c_void, usize) -> i32, &'static [&'static str]);
    let cases: [Case; 8] = [
        (|r, x, i| all_reduce(r, x, 4 + i as u64), &["count 4", "count 5", "HcclAllReduce", "#1"]),
        (
            |r, x, i| if i == 0 { all_reduce(r, x, 4) } else { hccl!(HcclBarrier(r.comm, r.stream)) },
            &["HcclAllReduce", "HcclBarrier"],
        ),
        (
            |r, x, i| {
                let op = [HCCL_REDUCE_SUM, HCCL_REDUCE_MAX][i];
                hccl!(HcclAllReduce(x, x, 4, HCCL_DATA_TYPE_FP32, op, r.comm, r.stream))
            },
            &["HCCL_REDUCE_SUM", "HCCL_REDUCE_MAX"],
        ),
        (
            |r, x, i| {
                let dtype = [HCCL_DATA_TYPE_FP32, HCCL_DATA_TYPE_INT32][i];
                hccl!(HcclAllReduce(x, x, 4, dtype, HCCL_REDUCE_SUM, r.comm, r.stream))
            },
            &["FP32", "INT32"],
        ),
        (|r, x, i| hccl!(HcclBroadcast(x, 4, HCCL_DATA_TYPE_FP32, i as u32, r.comm, r.stream)), &["root 0", "root 1"]),
        (
            |r, x, i| match i {
                0 => hccl!(HcclSend(x, 4, HCCL_DATA_TYPE_FP32, 1, r.comm, r.stream)),
                _ => hccl!(HcclRecv(x, 5, HCCL_DATA_TYPE_FP32, 0, r.comm, r.stream)),
            },
            &["HcclSend(count 4", "HcclRecv(count 5"],
        ),
        (
            |r, x, i| {
                // Rank 0 sends 2 to rank 1, which expects 1.
                let (send, recv, at) = ([[0u64, 2], [0, 0]][i], [[0u64, 0], [1, 0]][i], [0u64, 0]);
                let array = |array: &[u64; 2]| array.as_ptr().cast::<c_void>();
                let y = x.wrapping_byte_add(32);
                hccl!(HcclAlltoAllV(
                    x,
                    array(&send),
                    array(&at),
                    HCCL_DATA_TYPE_FP32,
                    y,
                    array(&recv),
                    array(&at),
                    HCCL_DATA_TYPE_FP32,
                    r.comm,
                    r.stream
                ))
            },
            &["rank 0 sends 2 elements to rank 1, which expects 1"],
        ),
        (|r, x, i| all_reduce(r, x, 4 * (1 - i as u64)), &["count 4", "count 0"]),
    ];
    for (case, words) in cases {
        ranks(2, 60, |r| {
            let x = upload(&[1f32; 16]);
            if r.rank == 0 {
                assert_eq!(case(r, x, 0), 0);
                r.all.wait();
                r.all.wait();
                let (code, text) = r.failure();
                assert_eq!(code, 507057, "{text}");
                holds(&text, words);
            } else {
                r.all.wait();
                recent();
                let code = case(r, x, 1);
                let text = recent();
                assert_eq!(code, 1, "{text}");
                holds(&text, words);
                r.all.wait();
            }
            hccl_refused!(21, "out of step", HcclBarrier(r.comm, r.stream));
            assert_eq!(r.async_error(), 21);
        });
    }
}

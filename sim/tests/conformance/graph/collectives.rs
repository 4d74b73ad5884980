use super::*;

/// The ranks' streams and communicators, of `n` devices; each rank captures `work` and runs it three times.
fn on_ranks(n: usize, body: impl Fn(usize, HcclComm, aclrtStream) + Sync) {
    let leases = Lease::several(n);
    let devices: Vec<i32> = leases.iter().map(|lease| lease.0).collect();
    let mut comms = vec![null_mut(); n];
    let init = api().hccl.HcclCommInitAll.expect("the simulator has all of them");
    // SAFETY: arrays of `n`.
    assert_eq!(unsafe { init(n as u32, devices.as_ptr().cast_mut(), comms.as_mut_ptr()) }, 0, "{}", recent());
    let comms: Vec<usize> = comms.into_iter().map(|comm| comm as usize).collect();
    std::thread::scope(|scope| {
        for (rank, (device, comm)) in devices.iter().zip(&comms).enumerate() {
            let body = &body;
            scope.spawn(move || {
                ok!(acl.aclrtSetDevice(*device));
                body(rank, *comm as HcclComm, new_stream());
                let destroy = api().hccl.HcclCommDestroy.expect("the simulator has all of them");
                // SAFETY: a live communicator.
                assert_eq!(unsafe { destroy(*comm as HcclComm) }, 0);
            });
        }
    });
}

fn all_reduce(x: *mut c_void, n: u64, comm: HcclComm, stream: aclrtStream) -> i32 {
    let call = api().hccl.HcclAllReduce.expect("the simulator has all of them");
    recent();
    // SAFETY: addresses and handles are checked.
    unsafe { call(x, x, n, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, comm, stream) }
}

// hccl, graph capture: collectives may be captured, the same on every rank; each replay is a new meeting of the ranks.
#[test]
pub(super) fn collectives_meet_anew_in_each_replay() {
    for n in [2, 3] {
        on_ranks(n, |rank, comm, stream| {
            let x = upload(&[1f32; 8]);
            let graph = capture(stream, || {
                muls(x, 8, (rank + 1) as f32, stream);
                assert_eq!(all_reduce(x, 8, comm, stream), 0, "{}", recent());
            });
            ok!(acl.aclrtSynchronizeStream(stream));
            let factor = (1..=n).sum::<usize>() as f32;
            for i in 1..=3 {
                run(graph, stream);
                assert_eq!(download::<f32>(x, 8), [factor.powi(i); 8]);
            }
            // A call outside of graphs takes its turn between the replays.
            graph_ok!(aclmdlRIExecuteAsync(graph, stream));
            assert_eq!(all_reduce(x, 8, comm, stream), 0, "{}", recent());
            ok!(acl.aclrtSynchronizeStream(stream));
            assert_eq!(download::<f32>(x, 8), [factor.powi(4) * n as f32; 8]);
            graph_ok!(aclmdlRIDestroy(graph));
            ok!(acl.aclrtFree(x));
        });
    }
}

// What one rank alone gets wrong is found while capturing; what the ranks do not agree on, when the graphs run.
#[test]
fn collectives_are_checked_when_they_are_captured_and_when_they_run() {
    on_ranks(2, |rank, comm, stream| {
        let x = upload(&[1f32; 8]);
        begin(stream, THREAD_LOCAL);
        assert_eq!(all_reduce(x, 17, comm, stream), 1, "{}", recent());
        assert_eq!(all_reduce(x, 4 + rank as u64, comm, stream), 0, "{}", recent());
        let graph = end(stream);
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
        let code = call!(acl.aclrtSynchronizeStream(stream));
        let text = recent();
        assert!([507011, 507057].contains(&code) && text.contains("do not agree"), "{code}: {text}");
        graph_ok!(aclmdlRIDestroy(graph));
        ok!(acl.aclrtFree(x));
    });
}

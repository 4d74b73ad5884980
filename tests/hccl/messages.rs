//! Sends and receives.

use super::values::{noise, untouched, upload};
use super::{group, on_ranks};
use ascend_rl::ErrorKind;

#[test]
fn a_message_arrives_whoever_is_first() {
    for receiver_first in [false, true] {
        let ranks = group(2);
        let sent = noise::<f32>(0, 1, 777);
        let (src, mut dst) = (upload(ranks[0].stream(), &sent), untouched::<f32>(ranks[1].stream(), 777));
        if receiver_first {
            ranks[1].recv(&mut dst, 0).unwrap();
            ranks[0].send(&src, 1).unwrap();
        } else {
            ranks[0].send(&src, 1).unwrap();
            ranks[1].recv(&mut dst, 0).unwrap();
        }
        assert_eq!(dst.to_vec::<f32>(ranks[1].stream()).unwrap(), sent);
        assert_eq!((ranks[0].traffic().sent_bytes, ranks[1].traffic().received_bytes), (777 * 4, 777 * 4));
        assert_eq!((ranks[0].traffic().received_bytes, ranks[1].traffic().sent_bytes), (0, 0));
    }
}

#[test]
fn a_ring_of_batches_does_not_hold_itself_up() {
    for size in [2, 3, 5] {
        on_ranks(group(size), |comm| {
            let (s, rank) = (comm.stream(), comm.rank());
            let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);
            let mut x = upload(s, &noise::<i64>(rank, 3, 65));
            for step in 1..=size {
                let mut y = untouched::<i64>(s, 65);
                comm.batch().send(&x, next).unwrap().recv(&mut y, before).unwrap().run().unwrap();
                x = y;
                let origin = (rank + size - step % size) % size;
                assert_eq!(x.to_vec::<i64>(s).unwrap(), noise::<i64>(origin, 3, 65), "rank {rank}, step {step}");
            }
        });
    }
}

#[test]
fn a_batch_can_be_an_all_to_all_of_unequal_parts() {
    on_ranks(group(3), |comm| {
        let (s, rank) = (comm.stream(), comm.rank());
        let count = |from: usize, to: usize| (from * 3 + to) % 4; // Nothing among them.
        let others = || (0..3).filter(move |&other| other != rank);
        let sources: Vec<_> = others().map(|to| (to, upload(s, &noise::<f32>(rank, to, count(rank, to))))).collect();
        let mut targets: Vec<_> = others().map(|from| (from, untouched::<f32>(s, count(from, rank)))).collect();
        let mut batch = comm.batch();
        for (to, source) in &sources {
            batch = batch.send(source, *to).unwrap();
        }
        for (from, target) in &mut targets {
            batch = batch.recv(target, *from).unwrap();
        }
        batch.run().unwrap();
        for (from, target) in &targets {
            assert_eq!(target.to_vec::<f32>(s).unwrap(), noise::<f32>(*from, rank, count(*from, rank)));
        }
        comm.batch().run().unwrap();
    });
}

#[test]
fn ends_that_differ_are_told_at_once() {
    let ranks = group(2);
    let (x, mut y) = (untouched::<f32>(ranks[0].stream(), 5), untouched::<f32>(ranks[1].stream(), 6));
    let mut right = untouched::<f32>(ranks[1].stream(), 5);
    ranks[0].send(&x, 1).unwrap();
    let error = ranks[1].recv(&mut y, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Collective);
    assert!(error.to_string().ends_with("sends 5 x f32 to rank 1, which receives 6 x f32; both are needed alike"), "{error}");
    // A batch is refused as a whole: its receive, which is right, has not taken the send.
    let wrong = untouched::<i64>(ranks[1].stream(), 1);
    let mut back = untouched::<f32>(ranks[0].stream(), 1);
    ranks[0].recv(&mut back, 1).unwrap();
    let error = ranks[1].batch().recv(&mut right, 0).unwrap().send(&wrong, 0).unwrap().run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Collective);
    let one = untouched::<f32>(ranks[1].stream(), 1);
    ranks[1].batch().recv(&mut right, 0).unwrap().send(&one, 0).unwrap().run().unwrap();
    ranks[1].stream().synchronize().unwrap();
    ranks[0].stream().synchronize().unwrap();
}

#[test]
fn two_the_same_way_are_an_argument_that_hccl_refuses() {
    let ranks = group(2);
    let x = untouched::<f32>(ranks[0].stream(), 5);
    let error = ranks[0].batch().send(&x, 1).unwrap().send(&x, 1).unwrap().run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    assert_eq!(error.call(), Some("HcclBatchSendRecv"));
    // None of them was issued.
    ranks[0].stream().synchronize().unwrap();
}

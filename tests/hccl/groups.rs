//! Making groups, and groups of groups.

use super::values::{noise, untouched, upload};
use super::{devices, group, on_ranks};
use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Communicator, ErrorKind};
use std::thread;

fn named(name: &str) -> CommOptions {
    CommOptions { name: Some(name.into()), ..Default::default() }
}

fn sum(comm: &Communicator, value: i32) -> i32 {
    let mut x = upload(comm.stream(), &[value]);
    comm.all_reduce(&mut x, ReduceOp::Sum).unwrap();
    x.to_vec::<i32>(comm.stream()).unwrap()[0]
}

#[test]
fn ranks_are_in_the_order_of_the_devices() {
    let devices = devices([2, 0, 3]);
    let ranks = Communicator::all(&devices, &named("out of order")).unwrap();
    for (rank, (comm, device)) in ranks.iter().zip(&devices).enumerate() {
        assert_eq!((comm.rank(), comm.size(), comm.name()), (rank, 3, "out of order"));
        assert_eq!(comm.device().ordinal(), device.ordinal());
        assert_eq!(format!("{comm:?}"), format!("rank {rank} of `out of order`"));
    }
    let gathered = on_ranks(ranks, |comm| {
        let (mine, mut all) = (upload(comm.stream(), &[comm.device().ordinal() as i32]), untouched::<i32>(comm.stream(), 3));
        comm.all_gather(&mine, &mut all).unwrap();
        all.to_vec::<i32>(comm.stream()).unwrap()
    });
    assert_eq!(gathered, [[2, 0, 3]; 3]);
}

#[test]
fn parts_of_a_group_work_beside_it() {
    on_ranks(group(5), |comm| {
        let rank = comm.rank();
        let (even, odd) =
            (comm.sub(&[0, 2, 4], 1, &named("even")).unwrap(), comm.sub(&[1, 3], 2, &CommOptions::default()).unwrap());
        assert_eq!((even.is_some(), odd.is_some()), (rank % 2 == 0, rank % 2 == 1));
        let part = even.or(odd).unwrap();
        assert_eq!((part.rank(), part.size()), (rank / 2, if rank % 2 == 0 { 3 } else { 2 }));
        if rank % 2 == 0 {
            assert_eq!(part.name(), "even");
        } else {
            assert_eq!(part.name(), format!("{}_sub_2", comm.name()));
        }
        assert_ne!(part.stream().id(), comm.stream().id());
        for round in 0..5 {
            let wanted = if rank % 2 == 0 { 2 + 4 } else { 1 + 3 };
            assert_eq!(sum(&part, rank as i32), wanted, "round {round}");
            assert_eq!(sum(&comm, rank as i32), 10);
        }
        let error = part.sub(&[0], 1, &CommOptions::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
}

#[test]
fn a_part_outlives_its_parent_and_the_other_way_round() {
    on_ranks(group(2), |comm| {
        let first = comm.sub(&[0, 1], 5, &CommOptions::default()).unwrap().unwrap();
        assert_eq!(sum(&first, 4), 8);
        drop(first);
        let second = comm.sub(&[0, 1], 6, &CommOptions::default()).unwrap().unwrap();
        drop(comm);
        assert_eq!(sum(&second, 3), 6);
    });
}

#[test]
fn ranks_that_ask_for_different_parts_are_told_both() {
    let ranks = group(3);
    let part = ranks[0].sub(&[0, 1], 9, &named("p")).unwrap();
    let error = ranks[1].sub(&[0, 1, 2], 9, &named("p")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Collective);
    assert!(error.to_string().contains("ranks [0, 1, 2] on rank 1"), "{error}");
    assert!(error.to_string().contains("ranks [0, 1] on rank 0"), "{error}");
    let part = [part, ranks[1].sub(&[0, 1], 9, &named("p")).unwrap()].map(Option::unwrap);
    assert!(ranks[2].sub(&[0, 1], 9, &named("p")).unwrap().is_none());
    let sums: Vec<_> = thread::scope(|scope| {
        part.map(|comm| scope.spawn(move || sum(&comm, 2))).into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(sums, [4, 4]);
}

#[test]
fn two_groups_share_their_devices_from_threads_of_their_own() {
    let groups = [group(2), group(2)];
    thread::scope(|scope| {
        for (id, ranks) in groups.into_iter().enumerate() {
            for comm in ranks {
                scope.spawn(move || {
                    let (s, rank) = (comm.stream(), comm.rank());
                    for round in 0..50 {
                        let mut x = upload(s, &noise::<i64>(rank, round + id, 33));
                        comm.all_reduce(&mut x, ReduceOp::Sum).unwrap();
                        let [a, b] = [0, 1].map(|rank| noise::<i64>(rank, round + id, 33));
                        let wanted: Vec<_> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
                        assert_eq!(x.to_vec::<i64>(s).unwrap(), wanted);
                    }
                });
            }
        }
    });
}

#[test]
fn groups_of_the_same_devices_can_be_made_at_once() {
    thread::scope(|scope| {
        for ordinals in [[0, 1], [1, 0], [0, 1]] {
            scope.spawn(move || {
                let ranks = Communicator::all(&devices(ordinals), &CommOptions::default()).unwrap();
                on_ranks(ranks, |comm| assert_eq!(sum(&comm, 1), 2));
            });
        }
    });
}

#[test]
fn a_group_that_cannot_be_is_refused() {
    let kind = |devices: &[_], options| Communicator::all(devices, &options).err().unwrap().kind();
    assert_eq!(kind(&[], CommOptions::default()), ErrorKind::Argument);
    let twice = devices([0, 1, 0]);
    let error = Communicator::all(&twice, &CommOptions::default()).err().unwrap();
    assert!(error.to_string().ends_with("is given for ranks 0 and 2; a group has each device once"), "{error}");
    assert_eq!(kind(&twice[..1], named(&"x".repeat(128))), ErrorKind::Argument);

    let ranks = group(3);
    for (bad, id) in [(&[][..], 1), (&[1, 0], 1), (&[1, 1], 1), (&[0, 3], 1), (&[0, 1], 0xffff_ffff)] {
        let error = ranks[0].sub(bad, id, &CommOptions::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    }
}

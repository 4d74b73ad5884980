//! Groups that ranks join one by one, by root info: here as threads; `tests/launch.rs` has them as processes.

use super::values::{untouched, upload};
use super::{devices, on_ranks};
use ascend_rl::hccl::{CommOptions, ReduceOp::Sum, RootInfo};
use ascend_rl::{Communicator, ErrorKind, Result};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Each rank joins on a thread of its own, with the bytes that rank 0 has made. One group at a time: ranks that join one by one
/// do so in the same order on every device that two groups have in common.
fn join(size: usize, options: &CommOptions) -> Vec<Communicator> {
    static ORDER: Mutex<()> = Mutex::new(());
    let _order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let devices = devices(0..size as u32);
    let bytes = RootInfo::new(&devices[0]).unwrap().as_bytes().to_vec();
    let one = |rank| {
        let info = RootInfo::from_bytes(&bytes).unwrap();
        Communicator::from_root_info(&devices[rank], &info, rank, size, options).unwrap()
    };
    thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..size).map(|rank| scope.spawn(move || one(rank))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn ranks_that_join_one_by_one_make_a_group() {
    for size in [1, 2, 3, 5] {
        let ranks = join(size, &CommOptions::default());
        let name = ranks[0].name().to_owned();
        assert!(name.starts_with("group_") && ranks.iter().all(|comm| comm.name() == name));
        let sums = on_ranks(ranks, |comm| {
            assert_eq!(comm.size(), size);
            let mut x = upload(comm.stream(), &[comm.rank() as i32, 1]);
            comm.all_reduce(&mut x, Sum).unwrap();
            x.to_vec::<i32>(comm.stream()).unwrap()
        });
        let n = size as i32;
        assert!(sums.iter().all(|sum| *sum == [n * (n - 1) / 2, n]));
    }
}

/// A whole group and ranks that come one by one want the same devices: neither holds up the other.
#[test]
fn a_group_of_the_process_can_be_made_meanwhile() {
    thread::scope(|scope| {
        for reversed in [false, true] {
            scope.spawn(move || {
                for _ in 0..20 {
                    let ordinals: Vec<u32> = if reversed { (0..3).rev().collect() } else { (0..3).collect() };
                    assert_eq!(Communicator::all(&devices(ordinals), &CommOptions::default()).unwrap().len(), 3);
                }
            });
        }
        for _ in 0..20 {
            assert_eq!(join(3, &CommOptions::default()).len(), 3);
        }
    });
}

#[test]
fn calls_of_one_process_are_compared_and_its_parts_meet() {
    let named = CommOptions { name: Some("joined".into()), buffer_mib: Some(64), ..Default::default() };
    let ranks = join(3, &named);
    assert_eq!(ranks[2].name(), "joined");
    let mut x = untouched::<f32>(ranks[0].stream(), 4);
    let mut y = untouched::<f32>(ranks[1].stream(), 5);
    ranks[0].all_reduce(&mut x, Sum).unwrap();
    let error = ranks[1].all_reduce(&mut y, Sum).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::Collective, None));
    assert!(error.to_string().contains("call 1 of `joined`"), "{error}");
    for comm in &ranks[1..] {
        comm.all_reduce(&mut untouched::<f32>(comm.stream(), 4), Sum).unwrap();
    }
    let parts: Vec<_> = ranks.iter().map(|comm| comm.sub(&[0, 2], 1, &CommOptions::default()).unwrap()).collect();
    assert!(parts[1].is_none());
    on_ranks(parts.into_iter().flatten().collect(), |part| {
        let mut x = upload(part.stream(), &[1i32]);
        part.all_reduce(&mut x, Sum).unwrap();
        assert_eq!((part.size(), x.to_vec::<i32>(part.stream()).unwrap()), (2, vec![2]));
    });
}

#[test]
fn ranks_that_are_none_and_bytes_that_are_no_root_info() {
    let device = &devices([0])[0];
    let info = RootInfo::new(device).unwrap();
    let join =
        |info: &RootInfo, rank, size| Communicator::from_root_info(device, info, rank, size, &CommOptions::default()).map(drop);
    let refused = |result: Result<()>, kind, text: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{text:?} is not in: {error}");
    };
    refused(join(&info, 2, 2), ErrorKind::Argument, "rank 2 of 2: ranks go from 0");
    refused(join(&info, 0, 0), ErrorKind::Argument, "rank 0 of 0");
    let zeros = RootInfo::from_bytes(&[0; RootInfo::BYTES]).unwrap();
    refused(join(&zeros, 0, 1), ErrorKind::Argument, "rank 0 of 1 could not join `group_");
    let long = CommOptions { name: Some("x".repeat(200)), ..Default::default() };
    refused(Communicator::from_root_info(device, &info, 0, 1, &long).map(drop), ErrorKind::Argument, "200 bytes");
    let none = CommOptions { buffer_mib: Some(0), ..Default::default() };
    refused(Communicator::from_root_info(device, &info, 0, 1, &none).map(drop), ErrorKind::Argument, "buffer_mib is 0");
    // After all of these it is still good.
    join(&info, 0, 1).unwrap();
    refused(join(&info, 0, 1), ErrorKind::Argument, "used already");
}

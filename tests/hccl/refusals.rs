//! What is refused on the rank that asks for it, before anything is called.

use super::values::{untouched, upload};
use super::{devices, group};
use ascend_rl::hccl::ReduceOp::{Prod, Sum};
use ascend_rl::{ErrorKind, Result, Tensor};
use half::bf16;

#[track_caller]
fn refused(result: Result<()>, kind: ErrorKind, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{text:?} is not in: {error}");
    assert_eq!(error.call(), None, "nothing was called");
}

#[test]
fn every_argument_is_checked_and_nothing_is_posted() {
    let ranks = group(2);
    let (comm, s) = (&ranks[0], ranks[0].stream());
    let (src, half) = (untouched::<f32>(s, 8), untouched::<bf16>(s, 8));
    let mut dst = untouched::<f32>(s, 16);
    let (mut bytes, mut halves) = (untouched::<bf16>(s, 16), untouched::<bf16>(s, 8));

    refused(comm.all_gather(&src, &mut halves), ErrorKind::DType, "all_gather: src is f32 and dst is bf16");
    refused(
        comm.all_gather(&half, &mut halves),
        ErrorKind::Length,
        "dst has 8 elements, 16 are needed (2 ranks, 8 elements of src)",
    );
    refused(comm.reduce_scatter(&src, &mut dst, Sum), ErrorKind::Length, "src has 8 elements, 32 are needed");
    refused(comm.all_reduce(&mut bytes, Prod), ErrorKind::DType, "the product of bf16");
    let mut masks = Tensor::from_slice(s, &[2], &[0u8, 1]).unwrap();
    refused(comm.all_reduce(&mut masks, Sum), ErrorKind::DType, "sum of u8");
    refused(comm.broadcast(&mut dst, 2), ErrorKind::Argument, "broadcast: root is 2; `group_");
    refused(comm.reduce(&src, &mut dst, Sum, 0), ErrorKind::Length, "reduce: dst has 16 elements, 8 are needed (as src)");
    refused(comm.scatter(None, &mut dst, 0), ErrorKind::Argument, "rank 0, the root, gives src and no other does");
    refused(comm.scatter(Some(src.view()), &mut dst, 1), ErrorKind::Argument, "this is rank 0");
    refused(comm.scatter(Some(src.view()), &mut dst, 0), ErrorKind::Length, "src has 8 elements, 32 are needed");
    let odd = untouched::<f32>(s, 7);
    let mut seven = untouched::<f32>(s, 7);
    refused(comm.all_to_all(&odd, &mut seven), ErrorKind::Length, "src has 7 elements, 6 are needed (2 equal parts)");
    refused(comm.all_to_all(&src, &mut dst), ErrorKind::Length, "dst has 16 elements, 8 are needed");
    refused(comm.all_to_all_v(&src, &[8], &mut dst, &[8, 8]), ErrorKind::Length, "send_counts has 1 elements, 2 are needed");
    refused(comm.all_to_all_v(&src, &[4, 5], &mut dst, &[8, 8]), ErrorKind::Length, "src has 8 elements, 9 are needed");
    refused(comm.all_to_all_v(&src, &[4, 4], &mut dst, &[usize::MAX, 17]), ErrorKind::Length, "the sum of recv_counts");
    refused(
        comm.all_to_all_v(&src, &[3, 5], &mut dst, &[8, 8]),
        ErrorKind::Length,
        "for this rank itself, has 8 elements, 3 are",
    );
    refused(comm.send(&src, 0), ErrorKind::Argument, "send: to is 0, this rank");
    refused(comm.recv(&mut dst, 5), ErrorKind::Argument, "recv: from is 5");
    refused(comm.batch().send(&src, 2).map(drop), ErrorKind::Argument, "send: to is 2");

    // Had any of these been posted, this would differ.
    for comm in &ranks {
        comm.barrier().unwrap();
    }
    ranks[0].stream().synchronize().unwrap();
    ranks[1].stream().synchronize().unwrap();
    assert_eq!(ranks[0].traffic(), Default::default());
}

#[test]
fn views_with_gaps_are_refused_and_those_without_are_not() {
    let ranks = group(1);
    let (comm, s) = (&ranks[0], ranks[0].stream());
    let mut x = Tensor::from_slice(s, &[2, 3], &[1.0f32; 6]).unwrap();
    refused(comm.all_reduce(x.view_mut().t(), Sum), ErrorKind::Shape, "all_reduce: x is [3, 2] strides [1, 3]");
    refused(comm.broadcast(x.view_mut().narrow(1, 0, 2).unwrap(), 0), ErrorKind::Shape, "a view without gaps is needed");
    comm.all_reduce(x.view_mut().narrow(0, 1, 1).unwrap(), Sum).unwrap();
}

#[test]
fn tensors_live_on_the_communicators_stream() {
    let ranks = group(2);
    let elsewhere = ranks[0].device().stream().unwrap();
    let (theirs, mut mine) = (untouched::<f32>(&elsewhere, 4), untouched::<f32>(ranks[0].stream(), 8));
    refused(ranks[0].all_gather(&theirs, &mut mine), ErrorKind::WrongStream, "all_gather: src lives on stream");
    // Also if it is another rank's.
    let mut other = untouched::<f32>(ranks[1].stream(), 4);
    refused(ranks[0].all_reduce(&mut other, Sum), ErrorKind::WrongStream, "all_reduce: x lives on stream");
    refused(ranks[0].send(&other, 1), ErrorKind::WrongStream, "send: src");
    refused(ranks[0].batch().recv(&mut other, 1).map(drop), ErrorKind::WrongStream, "recv: dst");
}

#[test]
fn tensors_move_between_streams_of_one_device_only() {
    let ranks = group(2);
    let mut x = upload(ranks[0].stream(), &[1.0f32]);
    let event = ranks[0].stream().record().unwrap();
    let error = x.rehome(ranks[1].stream(), &event).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongDevice);
    assert_eq!(x.to_vec::<f32>(ranks[0].stream()).unwrap(), [1.0], "it stays where it was");
}

#[test]
fn devices_and_their_peers() {
    let devices = devices([0, 1]);
    assert!(devices[0].can_access_peer(&devices[1]).unwrap());
    devices[0].enable_peer_access(&devices[1]).unwrap();
    for result in [devices[0].can_access_peer(&devices[0]).map(drop), devices[0].enable_peer_access(&devices[0])] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Argument);
    }
}

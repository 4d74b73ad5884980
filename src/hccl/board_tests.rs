//! The board, without a device.

use super::*;
use crate::hccl::ReduceOp;
use crate::tensor::DType;

fn sum(count: usize) -> Signature {
    Signature::new("all_reduce", count, DType::F32).op(ReduceOp::Sum)
}

fn gather(count: usize) -> Signature {
    Signature::new("all_gather", count, DType::F32)
}

fn counts(send: &[usize], receive: &[usize]) -> Option<Counts> {
    Some(Counts { send: send.into(), receive: receive.into() })
}

#[test]
fn the_second_to_differ_is_told_both() {
    let board = Board::new("world".into(), 3);
    board.post(1, sum(8), None).unwrap();
    let error = board.post(0, gather(8), None).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Collective);
    assert_eq!(
        error.to_string(),
        "call 1 of `world` is all_gather(8 x f32) on rank 0 and all_reduce(8 x f32, sum) on rank 1: every rank makes the same \
         calls in the same order"
    );
    for other in
        [sum(9), Signature::new("all_reduce", 8, DType::BF16).op(ReduceOp::Sum), sum(8).op(ReduceOp::Max), sum(8).root(1)]
    {
        assert!(board.post(2, other, None).is_err(), "{other}");
    }
    // Whoever was refused has not called: it may still do what the others did.
    board.post(0, sum(8), None).unwrap();
    board.post(2, sum(8), None).unwrap();
    assert!(board.state().open.is_empty());
}

#[test]
fn uneven_counts_are_compared_pair_by_pair() {
    let board = Board::new("ep".into(), 2);
    let call = Signature::uneven("all_to_all_v", DType::BF16);
    board.post(0, call, counts(&[1, 2], &[1, 5])).unwrap();
    let error = board.post(1, call, counts(&[4, 0], &[2, 0])).err().unwrap();
    assert_eq!(error.to_string(), "all_to_all_v(bf16), call 1 of `ep`: rank 1 sends 4 elements to rank 0, which receives 5");
    assert!(board.post(1, call, counts(&[5, 0], &[3, 0])).is_err());
    board.post(1, call, counts(&[5, 7], &[2, 7])).unwrap();
}

#[test]
fn it_knows_who_is_behind() {
    let board = Board::new("world".into(), 3);
    for rank in 0..3 {
        board.post(rank, gather(1), None).unwrap();
    }
    assert_eq!(board.waits_for(0), None);
    board.post(0, sum(4), None).unwrap();
    board.post(1, sum(4), None).unwrap();
    let said = "rank 2 of `world` is behind: it has made 1 call, the last all_gather; this rank made 2, the last all_reduce";
    assert_eq!(board.waits_for(0).unwrap(), said);
    assert_eq!(board.waits_for(2), None);
    board.leave(2);
    assert!(board.waits_for(1).unwrap().starts_with("rank 2 of `world` has left: it has made 1 call"));
    // What it had called the others still can, and nothing more.
    let error = board.post(0, sum(4), None).err().unwrap();
    assert!(error.to_string().starts_with("all_reduce(4 x f32, sum): rank 2 of `world` has left"), "{error}");
}

#[test]
fn a_rank_that_left_does_not_stop_what_it_had_called() {
    let board = Board::new("world".into(), 2);
    board.post(1, sum(4), None).unwrap();
    board.leave(1);
    board.post(0, sum(4), None).unwrap();
    assert!(board.post(0, sum(4), None).is_err());
}

#[test]
fn many_ranks_behind_are_counted() {
    let board = Board::new("world".into(), 9);
    board.post(0, Signature::bare("barrier"), None).unwrap();
    let said = board.waits_for(0).unwrap();
    assert_eq!(said.matches("is behind").count(), NAMED);
    assert!(said.ends_with("4 more ranks are behind"), "{said}");
}

#[test]
fn a_refused_call_leaves_no_trace() {
    let board = Board::new("g".into(), 2);
    let posted = board.post(0, sum(1), None).unwrap();
    board.retract(0, posted);
    assert_eq!(board.waits_for(0), None);
    // Something else may come in its place, also of the same rank.
    board.post(0, gather(1), None).unwrap();
    let posted = board.post(1, gather(1), None).unwrap();
    board.retract(1, posted);
    assert!(board.waits_for(0).unwrap().contains("rank 1 of `g` is behind: it has made 0 calls; this rank made 1"));
    board.post(1, gather(1), None).unwrap();
    // While the other has posted it, it stays.
    let posted = board.post(0, sum(2), None).unwrap();
    board.post(1, sum(2), None).unwrap();
    board.retract(0, posted);
    board.post(0, sum(2), None).unwrap();
    assert_eq!(board.waits_for(1), None);
}

#[test]
fn memory_is_bounded_however_far_one_is_ahead() {
    let board = Board::new("g".into(), 2);
    let mine = |i: usize| sum(i % 7 + 1);
    for i in 0..2 * WINDOW {
        board.post(0, mine(i), None).unwrap();
        assert!(board.state().open.len() <= WINDOW);
    }
    for i in 0..WINDOW {
        assert!(board.post(1, gather(1), None).is_err(), "call {i} is known");
        board.post(1, mine(i), None).unwrap();
    }
    // What lies beyond was not compared; when both are level, all is known again.
    for _ in WINDOW..2 * WINDOW {
        board.post(1, gather(1), None).unwrap();
    }
    assert!(board.state().open.is_empty());
    board.post(0, sum(3), None).unwrap();
    assert!(board.post(1, gather(1), None).is_err());
    board.post(1, sum(3), None).unwrap();
}

#[test]
fn a_call_that_all_take_back_is_gone_whoever_was_first() {
    for order in [[0, 1], [1, 0]] {
        let board = Board::new("g".into(), 3);
        // Rank 1 posts first.
        let mut posted = [1, 0].map(|rank| (rank, Some(board.post(rank, sum(8), None).unwrap())));
        for rank in order {
            let (_, posted) = posted.iter_mut().find(|(by, _)| *by == rank).unwrap();
            board.retract(rank, posted.take().unwrap());
        }
        for rank in 0..3 {
            board.post(rank, gather(8), None).unwrap();
        }
        assert!(board.state().open.is_empty());
    }
}

#[test]
fn one_that_stays_is_said_of_a_rank_that_made_it() {
    let board = Board::new("g".into(), 3);
    let first = board.post(2, sum(8), None).unwrap();
    board.post(1, sum(8), None).unwrap();
    board.retract(2, first);
    let text = board.post(0, gather(8), None).err().unwrap().to_string();
    assert!(text.contains("all_gather(8 x f32) on rank 0 and all_reduce(8 x f32, sum) on rank 1"), "{text}");
}

#[test]
fn a_call_that_all_had_made_is_compared_again_with_who_took_it_back() {
    for size in [2, 3] {
        let board = Board::new("g".into(), size);
        let mut posted: Vec<_> = (0..size).map(|rank| Some(board.post(rank, sum(8), None).unwrap())).collect();
        assert!(board.state().open.is_empty(), "all have made it");
        // Not the last to post, and the others go on.
        board.retract(0, posted[0].take().unwrap());
        board.post(1, gather(2), None).unwrap();
        let text = board.post(0, sum(9), None).err().unwrap().to_string();
        assert!(
            text.starts_with("call 1 of `g` is all_reduce(9 x f32, sum) on rank 0 and all_reduce(8 x f32, sum) on rank 1"),
            "{text}"
        );
        board.post(0, sum(8), None).unwrap();
        for rank in (0..size).filter(|&rank| rank != 1) {
            board.post(rank, gather(2), None).unwrap();
        }
        assert!(board.state().open.is_empty());
        // All of them: then it may be anything.
        let posted: Vec<_> = (0..size).map(|rank| board.post(rank, sum(1), None).unwrap()).collect();
        posted.into_iter().enumerate().for_each(|(rank, posted)| board.retract(rank, posted));
        for rank in 0..size {
            board.post(rank, gather(3), None).unwrap();
        }
        assert!(board.post(0, sum(1), None).is_ok() && board.post(1, gather(1), None).is_err());
    }
}

#[test]
fn a_call_beyond_the_window_can_be_put_right() {
    let board = Board::new("g".into(), 2);
    for _ in 0..WINDOW + 2 {
        board.post(0, sum(1), None).unwrap();
    }
    for _ in 0..WINDOW {
        board.post(1, sum(1), None).unwrap();
    }
    // Unseen of rank 0: what rank 1 takes back must not be held against it.
    let posted = board.post(1, gather(1), None).unwrap();
    board.retract(1, posted);
    board.post(1, sum(1), None).unwrap();
    board.post(1, sum(1), None).unwrap();
    assert_eq!(board.waits_for(0), None);
    board.post(0, sum(2), None).unwrap();
    assert!(board.post(1, sum(3), None).is_err());
}

#[test]
fn of_ranks_elsewhere_nothing_is_said() {
    let board = Board::among("wide".into(), &[false, true, false, true]);
    assert_eq!(board.here(), [false, true, false, true]);
    board.post(1, sum(8), None).unwrap();
    assert!(board.waits_for(1).unwrap().starts_with("rank 3 of `wide` is behind"));
    assert!(board.post(3, sum(9), None).is_err());
    board.post(3, sum(8), None).unwrap();
    assert_eq!((board.waits_for(1), board.state().open.len()), (None, 0));
    // Messages to them are matched elsewhere, those within are matched here.
    let message = Message { count: 1, dtype: DType::F32 };
    assert!(board.post_message(1, 0, Side::Send, message).unwrap().is_none());
    assert_eq!(board.waits_for(1), None);
    assert!(board.post_message(1, 3, Side::Send, message).unwrap().is_some());
    assert!(board.waits_for(1).unwrap().contains("rank 3 of `wide` has not received"));
    // One that comes late has not missed what the others called before.
    assert!(board.arrive(0) && !board.arrive(0));
    board.post(0, sum(3), None).unwrap();
    board.post(1, gather(1), None).unwrap();
    assert!(board.post(0, gather(2), None).is_err(), "from here on it is compared");
}

#[test]
fn a_group_that_is_resumed_counts_anew() {
    let board = Board::new("g".into(), 2);
    board.post(0, sum(8), None).unwrap();
    board.post_message(0, 1, Side::Send, Message { count: 1, dtype: DType::F32 }).unwrap();
    board.resume(1);
    assert_eq!((board.waits_for(0), board.waits_for(1)), (None, None));
    board.post(1, gather(2), None).unwrap();
    // The other comes to the same epoch, and voids nothing of it.
    board.resume(0);
    assert!(board.post(0, sum(8), None).is_err());
    let posted = board.post(0, gather(2), None).unwrap();
    board.resume(0);
    board.retract(0, posted);
    assert_eq!(board.waits_for(0), None);
}

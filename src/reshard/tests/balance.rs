//! Senders that hold the same share the work.

use crate::reshard::balance::GRAIN;
use crate::reshard::{Layout, Piece, Plan, Region, TensorSpec};

/// `replicas` ranks hold everything, `receivers` others need everything.
fn replicated(tensors: &[TensorSpec], replicas: usize, receivers: usize) -> Plan {
    let all = |t: usize| Piece::dense(t, tensors[t].region(crate::reshard::Split::Whole).unwrap(), t, 0);
    let pieces: Vec<Piece> = (0..tensors.len()).map(all).collect();
    let side = |have: usize, none: usize| [vec![pieces.clone(); have], vec![Vec::new(); none]].concat();
    let from = Layout { ranks: side(replicas, receivers) };
    let mut to = Layout { ranks: side(receivers, replicas) };
    to.ranks.rotate_left(receivers);
    Plan::new(tensors, &from, &to).unwrap()
}

fn spread(plan: &Plan, ranks: std::ops::Range<usize>) -> (u64, u64) {
    let sent = || ranks.clone().map(|rank| plan.traffic(rank).sent);
    (sent().min().unwrap(), sent().max().unwrap())
}

#[test]
fn replicas_send_alike_up_to_the_stated_bound() {
    for (replicas, receivers) in [(2, 1), (3, 2), (4, 3), (5, 1)] {
        let widest = 30_011;
        let tensors: Vec<TensorSpec> = [(7, 13), (1009, 257), (3, widest), (1, 100_003), (1, 1), (50_000, 1), (640, 64)]
            .iter()
            .map(|&(rows, cols)| TensorSpec::matrix("t", rows, cols))
            .collect();
        let plan = replicated(&tensors, replicas, receivers);
        let (least, most) = spread(&plan, 0..replicas);
        let total: usize = tensors.iter().map(TensorSpec::numel).sum::<usize>() * receivers;
        assert_eq!(plan.sent_elements(), total as u64);
        assert!(most - least <= GRAIN.max(widest) as u64, "{replicas} replicas send {least} to {most}");
    }
    // Of large and small ones, the small ones level what rounding to rows left.
    let tensors: Vec<TensorSpec> = (0..40).map(|i| TensorSpec::matrix("t", 100 + i * 7, 300)).collect();
    let (least, most) = spread(&replicated(&tensors, 4, 2), 0..4);
    assert!(most - least <= 600, "{least} to {most}");
}

#[test]
fn who_must_send_much_is_spared_what_others_can_send() {
    // Rank 0 alone has `only`; 0 and 1 have `both`, the larger; 2 needs all.
    let tensors = [TensorSpec::matrix("only", 100, 300), TensorSpec::matrix("both", 200, 300)];
    let whole = |t: usize, rows: usize| Piece::dense(t, Region::Flat(0..rows * 300), t, 0);
    let from = Layout { ranks: vec![vec![whole(0, 100), whole(1, 200)], vec![whole(1, 200)], vec![]] };
    let to = Layout { ranks: vec![vec![], vec![], vec![whole(0, 100), whole(1, 200)]] };
    let plan = Plan::new(&tensors, &from, &to).unwrap();
    assert_eq!((plan.traffic(0).sent, plan.traffic(1).sent), (45_000, 45_000));
}

#[test]
fn small_tensors_are_not_divided() {
    let tensors: Vec<TensorSpec> = (0..9).map(|_| TensorSpec::vector("norm", 100)).collect();
    let plan = replicated(&tensors, 3, 1);
    assert_eq!(spread(&plan, 0..3), (300, 300));
    assert!(plan.copies(3) <= 9, "each norm comes whole");
}

//! The tracer: what ran when, on which stream.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use ascend_rl::acl::{Span, Tracer};
use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Cann, Communicator, DType, Device, ErrorKind, Stream, Tensor, ops};

const PATIENCE: Duration = Duration::from_secs(60);
/// What the clocks of host and device may differ by on a loaded machine.
const SLACK: Duration = Duration::from_millis(5);

fn stream() -> Stream {
    Device::open(&Cann::load().unwrap(), 0).unwrap().stream().unwrap()
}

/// Names and spans of a stream.
fn named<'a>(spans: &'a [Span], stream: &Stream) -> (Vec<&'static str>, Vec<&'a Span>) {
    let of: Vec<&Span> = spans.iter().filter(|span| span.stream == stream.id()).collect();
    (of.iter().map(|span| span.name).collect(), of)
}

/// `[n, n]` of a constant, and room for products of it.
fn square(s: &Stream, n: usize) -> (Tensor, Tensor) {
    (Tensor::from_slice(s, &[n, n], &vec![0.5_f32; n * n]).unwrap(), Tensor::empty(s, &[n, n], DType::F32).unwrap())
}

#[test]
fn spans_have_canns_names_in_order_and_do_not_overlap() {
    let s = stream();
    let ((a, mut product), (small, mut sum)) = (square(&s, 384), square(&s, 4));
    let tracer = Tracer::new(1000);
    s.trace(&tracer).unwrap();
    let begin = tracer.epoch().elapsed();
    for _ in 0..3 {
        ops::mm(&s, &a, &a, &mut product).unwrap();
        ops::add(&s, &small, &small, &mut sum).unwrap();
        s.set_zero(&mut s.alloc::<u8>(64).unwrap()).unwrap();
    }
    s.synchronize().unwrap();
    let end = tracer.epoch().elapsed();
    let spans = tracer.take(PATIENCE);
    let (names, _) = named(&spans, &s);
    assert_eq!(names, ["aclnnMm", "aclnnAdd", "aclrtMemsetAsync"].repeat(3));
    assert_eq!((spans.len(), tracer.dropped()), (9, 0));
    assert!(spans.iter().all(|span| span.device == 0 && span.duration > Duration::ZERO));
    assert!(spans.windows(2).all(|pair| pair[0].start + pair[0].duration <= pair[1].start), "{spans:?}");
    // The clocks agree to within half of the quickest wait for an event.
    assert!(spans[0].start + SLACK >= begin, "{:?} began before it was queued, {begin:?}", spans[0]);
    assert!(spans[8].start + spans[8].duration <= end + SLACK, "{:?} ended after the wait for it, {end:?}", spans[8]);
    // 113 MFLOP beside 16 additions.
    let time = |name: &str| spans.iter().filter(|span| span.name == name).map(|span| span.duration).min().unwrap();
    assert!(time("aclnnMm") > 5 * time("aclnnAdd"), "{spans:?}");
    assert!(tracer.take(PATIENCE).is_empty());
}

#[test]
fn waits_for_another_stream_are_no_work() {
    let (home, other) = (stream(), stream());
    // Longer than what the clocks may differ by.
    let (a, mut product) = square(&home, 1024);
    let tracer = Tracer::new(1000);
    home.trace(&tracer).unwrap();
    other.trace(&tracer).unwrap();
    ops::mm(&home, &a, &a, &mut product).unwrap();
    let mut copy = other.alloc::<f32>(4).unwrap();
    home.fork(&other, |_| other.set_zero(&mut copy)).unwrap();
    // Neither stream is synchronised: `take` waits.
    let spans = tracer.take(PATIENCE);
    let ((home_names, at_home), (other_names, at_other)) = (named(&spans, &home), named(&spans, &other));
    assert_eq!((home_names, other_names), (vec!["aclnnMm"], vec!["aclrtMemsetAsync"]));
    let product_ends = at_home[0].start + at_home[0].duration;
    assert!(at_other[0].start + SLACK >= product_ends, "{spans:?}");
    assert!(at_other[0].duration < at_home[0].duration, "the wait is in the span: {spans:?}");
}

#[test]
fn memory_is_bounded_and_what_is_missing_is_counted() {
    let s = stream();
    let (small, mut sum) = square(&s, 2);
    let tracer = Tracer::new(5);
    s.trace(&tracer).unwrap();
    let mut add = |times: usize| (0..times).for_each(|_| ops::add(&s, &small, &small, &mut sum).unwrap());
    add(8);
    assert_eq!((tracer.take(PATIENCE).len(), tracer.dropped()), (5, 3));
    // What was taken has made room.
    add(2);
    tracer.pause();
    add(50);
    tracer.resume();
    add(1);
    assert_eq!((tracer.take(PATIENCE).len(), tracer.dropped()), (3, 3));
    assert_eq!(sum.to_vec::<f32>(&s).unwrap(), [1.0; 4]);
}

#[test]
fn more_work_than_events_is_still_done() {
    let s = stream();
    let (a, mut product) = square(&s, 64);
    let tracer = Tracer::new(100_000);
    s.trace(&tracer).unwrap();
    let total = 10_000;
    for _ in 0..total {
        ops::mm(&s, &a, &a, &mut product).unwrap();
    }
    s.synchronize().unwrap();
    let spans = tracer.take(PATIENCE);
    assert!(spans.len() >= 4096, "{}", spans.len());
    assert_eq!(spans.len() as u64 + tracer.dropped(), total);
    assert_eq!(product.to_vec::<f32>(&s).unwrap(), vec![16.0; 64 * 64]);
}

#[test]
fn a_stream_may_end_before_its_spans_are_taken() {
    let tracer = Tracer::new(10);
    {
        let s = stream();
        s.trace(&tracer).unwrap();
        s.set_zero(&mut s.alloc::<u8>(100).unwrap()).unwrap();
    }
    let begin = Instant::now();
    let spans = tracer.take(PATIENCE);
    assert_eq!(spans.iter().map(|span| span.name).collect::<Vec<_>>(), ["aclrtMemsetAsync"]);
    assert!(begin.elapsed() < PATIENCE);
}

#[test]
fn a_stream_has_one_tracer() {
    let s = stream();
    s.trace(&Tracer::new(10)).unwrap();
    let error = s.trace(&Tracer::new(10)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert_eq!(error.to_string(), format!("{} is attached to a tracer already; one stream has one tracer", s.id()));
}

#[test]
fn collectives_are_traced_on_every_rank_with_the_wait_for_the_peers() {
    const LATE: Duration = Duration::from_secs(1);
    let cann = Cann::load().unwrap();
    let devices: Vec<Device> = (0..2).map(|ordinal| Device::open(&cann, ordinal).unwrap()).collect();
    let ranks = Communicator::all(&devices, &CommOptions::default()).unwrap();
    let tracer = Tracer::new(100);
    let rank_0_has_called = Barrier::new(2);
    std::thread::scope(|scope| {
        for (rank, comm) in ranks.into_iter().enumerate() {
            let (tracer, rank_0_has_called) = (tracer.clone(), &rank_0_has_called);
            scope.spawn(move || {
                let s = comm.stream();
                let mut x = Tensor::from_slice(s, &[3], &[1.0_f32; 3]).unwrap();
                s.trace(&tracer).unwrap();
                // Both are attached: only now may one be late.
                comm.all_reduce(&mut x, ReduceOp::Sum).unwrap();
                s.synchronize().unwrap();
                if rank == 1 {
                    rank_0_has_called.wait();
                    std::thread::sleep(LATE);
                }
                comm.all_reduce(&mut x, ReduceOp::Sum).unwrap();
                if rank == 0 {
                    rank_0_has_called.wait();
                }
                assert_eq!(x.to_vec::<f32>(s).unwrap(), [4.0; 3]);
            });
        }
    });
    let spans = tracer.take(PATIENCE);
    let calls: Vec<_> = spans.iter().map(|span| (span.device, span.name)).collect();
    assert_eq!(calls, [(0, "HcclAllReduce"), (0, "HcclAllReduce"), (1, "HcclAllReduce"), (1, "HcclAllReduce")]);
    assert!(spans[1].duration >= LATE / 2, "rank 0 waited, and its span does not show it: {spans:?}");
    assert!(spans[3].duration < spans[1].duration, "{spans:?}");
}

#[test]
fn the_longest_patience_is_no_overflow() {
    let s = stream();
    let tracer = Tracer::new(10);
    s.trace(&tracer).unwrap();
    s.set_zero(&mut s.alloc::<u8>(100).unwrap()).unwrap();
    assert_eq!(tracer.take(Duration::MAX).len(), 1);
}

#[test]
fn streams_that_are_gone_are_forgotten_when_their_spans_are_taken() {
    let tracer = Tracer::new(10);
    let stays = stream();
    stays.trace(&tracer).unwrap();
    for _ in 0..3 {
        let s = stream();
        s.trace(&tracer).unwrap();
        s.set_zero(&mut s.alloc::<u8>(100).unwrap()).unwrap();
    }
    assert!(format!("{tracer:?}").starts_with("Tracer(4 streams"), "{tracer:?}");
    assert_eq!(tracer.take(PATIENCE).len(), 3);
    assert!(format!("{tracer:?}").starts_with("Tracer(1 streams"), "{tracer:?}");
}

#[test]
fn taking_does_not_hold_up_who_enqueues() {
    let cann = Cann::load().unwrap();
    let devices: Vec<Device> = (3..5).map(|ordinal| Device::open(&cann, ordinal).unwrap()).collect();
    let ranks = Communicator::all(&devices, &CommOptions::default()).unwrap();
    let tracer = Tracer::new(100);
    let s = ranks[0].stream();
    let (mut x, mut y) = (s.zeros::<f32>(4).unwrap(), Tensor::from_slice(s, &[1], &[1.0_f32]).unwrap());
    let mut theirs = Tensor::from_slice(ranks[1].stream(), &[1], &[1.0_f32]).unwrap();
    s.trace(&tracer).unwrap();
    ranks[0].all_reduce(&mut y, ReduceOp::Sum).unwrap();
    std::thread::scope(|scope| {
        let taking = scope.spawn(|| tracer.take(PATIENCE));
        // Until it waits.
        std::thread::sleep(Duration::from_secs(1));
        let begin = Instant::now();
        s.set_zero(&mut x).unwrap();
        assert!(begin.elapsed() < Duration::from_secs(30), "held up for {:?}", begin.elapsed());
        assert!(!taking.is_finished());
        // What it waits for comes now.
        ranks[1].all_reduce(&mut theirs, ReduceOp::Sum).unwrap();
        let names = |spans: Vec<Span>| spans.iter().map(|span| span.name).collect::<Vec<_>>();
        assert_eq!(names(taking.join().unwrap()), ["HcclAllReduce"]);
        // The later one is the next time's.
        assert_eq!(names(tracer.take(PATIENCE)), ["aclrtMemsetAsync"]);
    });
    assert_eq!((tracer.dropped(), y.to_vec::<f32>(s).unwrap()), (0, vec![2.0]));
}

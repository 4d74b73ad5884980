//! The engine by itself, under both schedules. Through C, see `tests/conformance`.

use std::sync::atomic::AtomicBool;

use ascend_rl_sys::codes::ACL_ERROR_RT_AICORE_TIMEOUT;

use super::*;

type Log = Arc<Mutex<Vec<&'static str>>>;

fn streams<const N: usize>(schedule: Schedule) -> (&'static Engine, [Arc<Stream>; N]) {
    let engine = Engine::start(schedule).unwrap();
    (engine, std::array::from_fn(|i| Stream::new(engine, i as u32, 0)))
}

fn note(stream: &Arc<Stream>, log: &Log, text: &'static str) {
    let log = log.clone();
    stream.push(Task::Work(text, Arc::new(move || log.lock().unwrap().push(text))));
}

fn take(log: &Log) -> Vec<&'static str> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn eager_runs_by_itself_in_the_order_of_the_enqueues() {
    let (_, [a, b, third]) = streams(Schedule::Eager);
    let (log, gate) = (Log::default(), Arc::new(Record::default()));
    // Nothing is runnable until the gate's record, on a third stream, is there.
    a.push(Task::Wait(gate.clone()));
    b.push(Task::Wait(gate.clone()));
    for (stream, text) in [(&a, "1"), (&b, "2"), (&a, "3"), (&b, "4")] {
        note(stream, &log, text);
    }
    assert!(take(&log).is_empty());
    third.push(Task::Record(gate));
    b.wait_all();
    assert_eq!(take(&log), ["1", "2", "3", "4"]);
}

#[test]
fn lazy_runs_only_what_a_wait_requires() {
    let (_, [a, b, c]) = streams(Schedule::Lazy { seed: 3 });
    let (log, record) = (Log::default(), Arc::new(Record::default()));
    note(&a, &log, "a1");
    a.push(Task::Record(record.clone()));
    note(&a, &log, "a2");
    b.push(Task::Wait(record));
    note(&b, &log, "b");
    note(&c, &log, "c");
    std::thread::sleep(Duration::from_millis(5));
    assert!(take(&log).is_empty(), "nobody waits");
    b.wait_all();
    assert_eq!(take(&log), ["a1", "b"], "b needs a's record, not what comes after it, and nothing of c");
    assert!(!c.poll(1), "a poll says what is, and asks for more");
    c.wait_all();
    a.wait_all();
    assert_eq!(take(&log), ["c", "a2"]);
}

#[test]
fn lazy_seeds_give_different_orders_and_one_seed_the_same() {
    let order = |seed| {
        let (_, [a, b, end]) = streams(Schedule::Lazy { seed });
        let (log, ra, rb) = (Log::default(), Arc::new(Record::default()), Arc::new(Record::default()));
        for (stream, record, names) in [(&a, &ra, ["a1", "a2", "a3"]), (&b, &rb, ["b1", "b2", "b3"])] {
            names.into_iter().for_each(|name| note(stream, &log, name));
            stream.push(Task::Record(record.clone()));
        }
        end.push(Task::Wait(ra));
        end.push(Task::Wait(rb));
        end.wait_all();
        take(&log)
    };
    let orders: std::collections::HashSet<_> = (0..20).map(order).collect();
    assert_eq!(order(7), order(7));
    assert!(orders.len() > 1, "{orders:?}");
    for order in &orders {
        for names in [["a1", "a2", "a3"], ["b1", "b2", "b3"]] {
            let own: Vec<_> = order.iter().filter(|name| names.contains(name)).copied().collect();
            assert_eq!(own, names, "a stream keeps its order");
        }
    }
}

#[test]
fn a_failing_operation_is_the_streams_and_stays() {
    let (_, [a, b]) = streams(Schedule::Eager);
    let log = Log::default();
    a.push(Task::Work("aclnnBad", Arc::new(|| panic!("index 9 is out of range"))));
    note(&a, &log, "after");
    a.wait_all();
    b.wait_all();
    assert_eq!(a.failure().unwrap().text, "aclnnBad failed on the device: index 9 is out of range");
    assert_eq!((take(&log), b.failure()), (vec!["after"], None), "what is behind still runs");
}

#[test]
fn a_failure_reaches_the_streams_that_wait_for_what_is_behind_it() {
    for schedule in [Schedule::Eager, Schedule::Lazy { seed: 5 }] {
        let (_, [a, b, c, early]) = streams(schedule);
        let [before, behind, further] = [(); 3].map(|()| Arc::new(Record::default()));
        a.push(Task::Record(before.clone()));
        a.push(Task::Work("aclnnBad", Arc::new(|| panic!("index 9"))));
        a.push(Task::Record(behind.clone()));
        b.push(Task::Wait(behind));
        b.push(Task::Record(further.clone()));
        c.push(Task::Wait(further));
        early.push(Task::Wait(before));
        [&a, &b, &c, &early].into_iter().for_each(Stream::wait_all);
        let failure = a.failure();
        assert!(failure.is_some());
        assert_eq!((b.failure(), c.failure()), (failure, failure), "through any number of streams");
        assert_eq!(early.failure(), None, "what is before it is sound");
    }
}

#[test]
fn a_wait_can_time_out_and_dropped_work_does_not_run() {
    let (_, [a, b]) = streams(Schedule::Eager);
    let (log, never, inside) = (Log::default(), Arc::new(Record::default()), Arc::new(Record::default()));
    a.push(Task::Wait(never));
    note(&a, &log, "dropped");
    a.push(Task::Record(inside.clone()));
    b.push(Task::Wait(inside));
    note(&b, &log, "b");
    assert!(!a.wait(1, Some(Instant::now() + Duration::from_millis(3))));
    a.discard();
    b.wait_all();
    assert_eq!(take(&log), ["b"], "a dropped record lets its waiters go on");
}

#[test]
fn a_blocking_copy_and_an_operation_never_overlap() {
    let (engine, [a]) = streams(Schedule::Eager);
    let busy = Arc::new(AtomicBool::new(false));
    let enter = |busy: &AtomicBool| assert!(!busy.swap(true, SeqCst), "two at once");
    for _ in 0..200 {
        let inside = busy.clone();
        a.push(Task::Work(
            "op",
            Arc::new(move || {
                enter(&inside);
                std::thread::yield_now();
                inside.store(false, SeqCst);
            }),
        ));
        engine.exclusive(|| {
            enter(&busy);
            busy.store(false, SeqCst);
        });
    }
    a.wait_all();
    assert_eq!(a.failure(), None);
}

#[test]
fn sleeping_threads_and_a_sleeping_engine_wake_up() {
    let (_, [a, b]) = streams(Schedule::Eager);
    std::thread::scope(|scope| {
        for stream in [&a, &b] {
            scope.spawn(move || {
                for _ in 0..100 {
                    // Longer than anyone polls, now and then.
                    stream.push(Task::Work("op", Arc::new(|| std::thread::sleep(Duration::from_micros(120)))));
                    stream.wait_all();
                    std::thread::sleep(Duration::from_micros(90));
                }
            });
        }
    });
    assert_eq!((a.completed(), b.completed()), (100, 100));
}

struct Flag(Arc<AtomicBool>);

impl Condition for Flag {
    fn met(&self) -> bool {
        self.0.load(SeqCst)
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn pass(&self) -> Outcome {
        Ok(())
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(Flag(self.0.clone()))
    }
}

#[test]
fn a_hold_ends_when_it_is_so_or_its_time_is_over() {
    for schedule in [Schedule::Eager, Schedule::Lazy { seed: 2 }] {
        let (engine, [a, b]) = streams(schedule);
        let (log, flag) = (Log::default(), Arc::new(AtomicBool::new(false)));
        a.push(Task::Hold(Box::new(Hold::new("wait", Flag(flag.clone()), None))));
        note(&a, &log, "a");
        note(&b, &log, "b");
        b.wait_all();
        assert!(!a.wait(1, Some(Instant::now() + Duration::from_millis(3))));
        assert_eq!(take(&log), ["b"]);
        flag.store(true, SeqCst);
        engine.look_again();
        a.wait_all();
        assert_eq!((take(&log), a.failure()), (vec!["a"], None));

        let late = Reject { code: 107020, text: "late".into() };
        let never = Flag(Arc::new(AtomicBool::new(false)));
        a.push(Task::Hold(Box::new(Hold::new("wait", never, Some((Duration::from_millis(2), late.clone()))))));
        a.wait_all();
        assert_eq!(a.failure(), Some(&late));
        a.forgive();
        assert_eq!(a.failure(), None);
    }
}

#[test]
fn a_stream_that_stops_dismisses_what_is_behind_its_failure() {
    let (_, [a, b]) = streams(Schedule::Eager);
    let (log, never, mark) = (Log::default(), Arc::new(Record::default()), Arc::new(Record::default()));
    a.stop_on_failure();
    a.push(Task::Work("aclnnBad", Arc::new(|| panic!("index 9"))));
    a.push(Task::Wait(never));
    note(&a, &log, "dropped");
    a.push(Task::Record(mark.clone()));
    b.push(Task::Wait(mark));
    [&a, &b].into_iter().for_each(Stream::wait_all);
    assert!(take(&log).is_empty());
    assert_eq!(b.failure(), a.failure(), "the mark carries it on");
    a.forgive();
    note(&a, &log, "again");
    a.wait_all();
    assert_eq!(take(&log), ["again"]);
}

#[test]
fn an_operator_that_takes_too_long_has_failed() {
    let (engine, [a, b]) = streams(Schedule::Eager);
    let slow = || {
        let work = || std::thread::sleep(Duration::from_millis(3));
        Task::Operator(Arc::new(Planned::alone("aclnnSlow", Vec::new(), work)))
    };
    a.push(slow());
    a.wait_all();
    assert_eq!((engine.operator_limit(), a.failure()), (OPERATOR_LIMIT, None));
    engine.limit_operators(1_000_000);
    // What is not an operator takes what it takes.
    b.push(Task::Work("copy", Arc::new(|| std::thread::sleep(Duration::from_millis(3)))));
    a.push(slow());
    [&a, &b].into_iter().for_each(Stream::wait_all);
    let failure = a.failure().unwrap();
    assert_eq!(failure.code, ACL_ERROR_RT_AICORE_TIMEOUT);
    assert!(failure.text.contains("aclnnSlow ran for") && failure.text.contains("1.0ms are allowed"), "{}", failure.text);
    assert_eq!(b.failure(), None);
}

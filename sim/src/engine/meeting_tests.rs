//! Meetings by themselves, under both schedules. What ranks do with them is tested in `hccl` and through C.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::*;

/// So long that a loaded machine does not put off what takes no time.
const WHILE: Duration = Duration::from_secs(1);

/// Counts how often it was held, and what is not to be waited for.
#[derive(Default)]
struct Count(AtomicUsize, AtomicBool);

impl Purpose for Count {
    fn run(&self) -> bool {
        self.0.fetch_add(1, SeqCst);
        true
    }
    fn came(&self, _: usize) {
        self.1.store(false, SeqCst);
    }
    fn in_vain(&self, _: &[bool]) -> bool {
        self.1.load(SeqCst)
    }
    fn late(&self, arrived: &[bool]) -> Reject {
        Reject { code: 1, text: format!("late: {arrived:?}") }
    }
    fn withdrawn(&self, party: usize) -> Reject {
        Reject { code: 2, text: format!("withdrawn: {party}") }
    }
    fn told(&self, party: usize, why: &Reject) -> Reject {
        Reject { code: why.code, text: format!("party {party}: {}", why.text) }
    }
}

fn streams(schedule: Schedule, n: usize) -> (&'static Engine, Vec<Arc<Stream>>) {
    let engine = Engine::start(schedule).unwrap();
    (engine, (0..n).map(|i| Stream::new(engine, i as u32, 0)).collect())
}

fn meeting(parties: usize, timeout: Option<Duration>) -> (Arc<Meeting>, Arc<Count>) {
    let count = Arc::new(Count::default());
    (Meeting::new(parties, timeout, count.clone()), count)
}

fn attend(stream: &Arc<Stream>, seats: &[(&Arc<Meeting>, usize)]) {
    let seats = seats.iter().map(|(meeting, party)| (Arc::clone(meeting), *party)).collect();
    stream.push(Task::Meet(Box::new(Attendance { name: "meet", seats })));
}

fn schedules() -> Vec<Schedule> {
    [Schedule::Eager].into_iter().chain((0..8).map(|seed| Schedule::Lazy { seed })).collect()
}

fn text(stream: &Stream) -> Option<&str> {
    stream.failure().map(|failure| failure.text.as_str())
}

/// Nobody passes before all are there; the work runs once. Whoever is waited for first, and in whatever order they come.
#[test]
fn all_parties_meet_and_the_work_runs_once() {
    for (schedule, parties) in schedules().into_iter().flat_map(|schedule| [1, 2, 3, 5].map(|n| (schedule, n))) {
        let (_, streams) = streams(schedule, parties);
        let passed = Arc::new(AtomicUsize::new(0));
        let meetings: Vec<_> = (0..3).map(|_| meeting(parties, None)).collect();
        for (i, (meeting, _)) in meetings.iter().enumerate() {
            for k in 0..parties {
                // Another order each time.
                let party = (k + i) % parties;
                assert_eq!(passed.load(SeqCst), i * parties, "nobody is through before the last has come");
                attend(&streams[party], &[(meeting, party)]);
                let passed = passed.clone();
                streams[party].push(Task::Work("after", Arc::new(move || _ = passed.fetch_add(1, SeqCst))));
            }
            streams.iter().rev().for_each(Stream::wait_all);
        }
        assert!(meetings.iter().all(|(_, count)| count.0.load(SeqCst) == 1));
        assert!(streams.iter().all(|stream| stream.failure().is_none()));
    }
}

/// Waiting for one stream runs what the others have queued before their part, and nothing behind it.
#[test]
fn lazy_asks_all_parties_up_to_their_part() {
    for seed in 0..8 {
        let (_, streams) = streams(Schedule::Lazy { seed }, 3);
        let (meeting, count) = meeting(3, None);
        let ran = Arc::new(Mutex::new(Vec::new()));
        let note = |stream: usize, what: &'static str| {
            let ran = ran.clone();
            streams[stream].push(Task::Work(what, Arc::new(move || ran.lock().unwrap().push(what))));
        };
        note(1, "before");
        attend(&streams[0], &[(&meeting, 0)]);
        attend(&streams[1], &[(&meeting, 1)]);
        note(1, "behind");
        let waiting = {
            let first = streams[0].clone();
            std::thread::spawn(move || first.wait_all())
        };
        std::thread::sleep(Duration::from_millis(2));
        // The last party comes while somebody waits.
        note(2, "before too");
        attend(&streams[2], &[(&meeting, 2)]);
        waiting.join().unwrap();
        let mut seen = std::mem::take(&mut *ran.lock().unwrap());
        seen.sort();
        assert_eq!((seen, count.0.load(SeqCst)), (vec!["before", "before too"], 1));
        streams[1].wait_all();
        assert_eq!(*ran.lock().unwrap(), ["behind"]);
    }
}

/// A ring of entries that each attend two meetings: none can run alone, all can together. One of them meets itself too.
#[test]
fn entries_in_several_meetings_form_a_ring() {
    for (schedule, n) in schedules().into_iter().flat_map(|schedule| [2, 3, 5].map(|n| (schedule, n))) {
        let (_, streams) = streams(schedule, n);
        let (own, own_count) = meeting(2, None);
        let ring: Vec<_> = (0..n).map(|_| meeting(2, None)).collect();
        for i in 0..n {
            let mut seats = vec![(&ring[i].0, 0), (&ring[(i + n - 1) % n].0, 1)];
            if i == 0 {
                seats.extend([(&own, 0), (&own, 1)]);
            }
            attend(&streams[i], &seats);
        }
        streams.iter().for_each(Stream::wait_all);
        assert!(ring.iter().all(|(_, count)| count.0.load(SeqCst) == 1) && own_count.0.load(SeqCst) == 1);
    }
}

/// Entries that take their two meetings in one go and peers that take them one after the other.
#[test]
fn a_batch_meets_peers_that_go_step_by_step() {
    for schedule in schedules() {
        let (_, streams) = streams(schedule, 3);
        let [(to, a), (back, b), (between, c)] = [(); 3].map(|()| meeting(2, None));
        attend(&streams[0], &[(&to, 0), (&back, 1)]);
        attend(&streams[1], &[(&to, 1)]);
        attend(&streams[1], &[(&between, 0)]);
        attend(&streams[2], &[(&between, 1)]);
        attend(&streams[2], &[(&back, 0)]);
        streams.iter().for_each(Stream::wait_all);
        assert_eq!([a, b, c].map(|count| count.0.load(SeqCst)), [1, 1, 1]);
    }
}

/// An idle engine wakes up by itself; a busy one notices too. What is queued behind runs.
#[test]
fn who_waits_too_long_fails_and_the_queue_goes_on() {
    for schedule in schedules().into_iter().take(3) {
        let (_, streams) = streams(schedule, 3);
        let (meeting, count) = meeting(3, Some(WHILE));
        let start = Instant::now();
        attend(&streams[0], &[(&meeting, 0)]);
        attend(&streams[2], &[(&meeting, 2)]);
        let after = Arc::new(AtomicUsize::new(0));
        let behind = after.clone();
        streams[2].push(Task::Work("after", Arc::new(move || _ = behind.fetch_add(1, SeqCst))));
        let threads = [0, 2].map(|i| {
            let stream = streams[i].clone();
            std::thread::spawn(move || stream.wait_all())
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(start.elapsed() >= WHILE);
        assert_eq!(text(&streams[0]), Some("party 0: late: [true, false, true]"));
        assert_eq!(text(&streams[2]), Some("party 2: late: [true, false, true]"));
        attend(&streams[1], &[(&meeting, 1)]);
        streams[1].wait_all();
        assert_eq!(text(&streams[1]), Some("party 1: late: [true, false, true]"), "too late is too late");
        assert_eq!((count.0.load(SeqCst), after.load(SeqCst)), (0, 1));
    }
}

/// Time counts from an arrival, not from an enqueue, and under the lazy schedule only while somebody waits.
#[test]
fn time_counts_from_the_first_arrival() {
    let (_, eager) = streams(Schedule::Eager, 2);
    let (slow, _) = meeting(2, Some(7 * WHILE / 4));
    for stream in &eager {
        stream.push(Task::Work("slow", Arc::new(|| std::thread::sleep(WHILE))));
    }
    attend(&eager[0], &[(&slow, 0)]);
    attend(&eager[1], &[(&slow, 1)]);
    eager.iter().for_each(Stream::wait_all);
    assert!(
        eager.iter().all(|stream| stream.failure().is_none()),
        "work of twice that time, none of it waiting longer than once"
    );

    let (_, lazy) = streams(Schedule::Lazy { seed: 1 }, 2);
    let (asked, _) = meeting(2, Some(WHILE));
    attend(&lazy[0], &[(&asked, 0)]);
    std::thread::sleep(5 * WHILE / 4);
    attend(&lazy[1], &[(&asked, 1)]);
    lazy.iter().for_each(Stream::wait_all);
    assert!(lazy.iter().all(|stream| stream.failure().is_none()), "nobody waited before");
}

/// Not at all where somebody is known not to come, unless he comes after all.
#[test]
fn nobody_is_waited_for_in_vain() {
    for schedule in schedules().into_iter().take(3) {
        let (_, streams) = streams(schedule, 3);
        let (meeting, count) = meeting(3, Some(Duration::from_secs(60)));
        let start = Instant::now();
        attend(&streams[0], &[(&meeting, 0)]);
        attend(&streams[1], &[(&meeting, 1)]);
        assert!(!streams[0].wait(1, Some(Instant::now() + Duration::from_millis(5))));
        // Behind this the engine has seen both.
        streams[2].push(Task::Work("between", Arc::new(|| ())));
        streams[2].wait_all();
        count.1.store(true, SeqCst);
        // The engine sleeps until something is enqueued: in use, the failure that gives the news.
        streams[2].push(Task::Work("news", Arc::new(|| ())));
        streams.iter().for_each(Stream::wait_all);
        assert!(start.elapsed() < Duration::from_secs(30));
        assert_eq!(text(&streams[0]), Some("party 0: late: [true, true, false]"));
    }
}

#[test]
fn what_is_dropped_or_called_off_fails_the_others() {
    for schedule in schedules().into_iter().take(3) {
        let (engine, streams) = streams(schedule, 3);
        let (dropped, _) = meeting(2, None);
        attend(&streams[0], &[(&dropped, 0)]);
        attend(&streams[1], &[(&dropped, 1)]);
        // Behind something that never comes, so that it cannot run before it is dropped.
        let (never, _) = meeting(2, None);
        attend(&streams[2], &[(&never, 0)]);
        let (last, _) = meeting(2, None);
        attend(&streams[2], &[(&last, 1)]);
        streams[2].discard();
        attend(&streams[0], &[(&last, 0)]);
        streams[0].wait_all();
        assert_eq!(text(&streams[0]), Some("party 0: withdrawn: 1"));
        let (off, _) = meeting(2, None);
        attend(&streams[1], &[(&off, 0)]);
        engine.call_off(off, Reject { code: 3, text: "off".into() });
        streams[1].wait_all();
        assert_eq!(text(&streams[1]), Some("party 0: off"));
        assert_eq!(streams[1].failure().unwrap().code, 3);
    }
}

/// A context that ends fails what somebody has yet to enqueue, and leaves what only has yet to run.
#[test]
fn an_abandoned_entry_waits_for_nobody_who_has_not_called() {
    for schedule in schedules().into_iter().take(3) {
        let engine = Engine::start(schedule).unwrap();
        let [mine, peer] = [1, 2].map(|context| Stream::new(engine, 0, context));
        let ((full, count), (open, _)) = (meeting(2, None), meeting(2, None));
        let gate = Arc::new(Record::default());
        peer.push(Task::Wait(gate.clone()));
        attend(&mine, &[(&full, 0)]);
        attend(&peer, &[(&full, 1)]);
        attend(&mine, &[(&open, 0)]);
        engine.abandon(1);
        let opener = Stream::new(engine, 0, 3);
        // What is enqueued later has run: the engine has seen it. Until then the peer may still come.
        opener.push(Task::Work("later", Arc::new(|| ())));
        opener.wait_all();
        attend(&peer, &[(&open, 1)]);
        opener.push(Task::Record(gate));
        [&mine, &peer, &opener].into_iter().for_each(Stream::wait_all);
        assert_eq!(count.0.load(SeqCst), 1);
        assert_eq!(text(&mine), Some("party 0: withdrawn: 0"));
        assert_eq!(text(&peer), Some("party 1: withdrawn: 0"));
    }
}

/// One of two meetings fails: the entry does not wait for the other one, and who waits there is told.
#[test]
fn a_failed_part_fails_the_rest_of_its_entry() {
    let (engine, streams) = streams(Schedule::Eager, 3);
    let [(bad, _), (good, _), (open, _)] = [(); 3].map(|()| meeting(2, None));
    attend(&streams[0], &[(&bad, 0), (&good, 0), (&open, 0)]);
    attend(&streams[1], &[(&good, 1)]);
    engine.call_off(bad, Reject { code: 3, text: "off".into() });
    streams[0].wait_all();
    streams[1].wait_all();
    attend(&streams[2], &[(&open, 1)]);
    streams[2].wait_all();
    assert_eq!(text(&streams[0]), Some("party 0: off"), "the first failure of the three");
    assert_eq!(text(&streams[1]), None, "its meeting was full");
    assert_eq!(text(&streams[2]), Some("party 1: withdrawn: 0"));
}

#[test]
fn a_panic_in_the_work_fails_everybody() {
    struct Bad;
    impl Purpose for Bad {
        fn run(&self) -> bool {
            panic!("index 9");
        }
        fn late(&self, _: &[bool]) -> Reject {
            unreachable!("no time-out")
        }
        fn withdrawn(&self, _: usize) -> Reject {
            unreachable!("nobody withdraws")
        }
        fn told(&self, _: usize, why: &Reject) -> Reject {
            why.clone()
        }
    }
    let (_, streams) = streams(Schedule::Eager, 2);
    let meeting = Meeting::new(2, None, Arc::new(Bad));
    attend(&streams[0], &[(&meeting, 0)]);
    attend(&streams[1], &[(&meeting, 1)]);
    streams.iter().for_each(Stream::wait_all);
    assert!(streams.iter().all(|stream| text(stream) == Some("meet failed on the device: index 9")));
}

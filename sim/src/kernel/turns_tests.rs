//! Turns of cores: each runs once, those that wait let others run, and those that wait in vain are told so.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;

const PATIENCE: Duration = Duration::from_millis(200);

type Body = dyn Fn(&Arc<Turns>, &Arc<Core>, usize) + Send + Sync;

fn core_of(turns: Arc<Turns>, body: Arc<Body>) -> Arc<Core> {
    Arc::new(move |core| body(&turns, &core_of(turns.clone(), body.clone()), core))
}

fn run(
    cores: usize,
    turns: usize,
    deadline: Option<Duration>,
    body: impl Fn(&Arc<Turns>, &Arc<Core>, usize) + Send + Sync + 'static,
) -> Option<Ended> {
    let turns = Arc::new(Turns::new(cores, turns, deadline.map(|late| Instant::now() + late), PATIENCE));
    turns.run(core_of(turns.clone(), Arc::new(body)))
}

#[test]
fn each_core_runs_once_and_no_more_run_at_once_than_there_are_turns() {
    for (cores, turns) in [(1, 1), (7, 1), (100, 3), (5, 16)] {
        let (ran, now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = (ran.clone(), most.clone());
        let ended = run(cores, turns, None, move |_, _, core| {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, SeqCst);
            ran.fetch_add(core + 1, SeqCst);
        });
        assert_eq!((ended, seen.0.load(SeqCst)), (None, cores * (cores + 1) / 2));
        assert!(seen.1.load(SeqCst) <= turns);
    }
}

#[test]
fn cores_that_wait_for_all_others_let_them_run() {
    for turns in [1, 2, 5] {
        let come = Arc::new(AtomicUsize::new(0));
        let seen = come.clone();
        let ended = run(20, turns, None, move |turns, this, core| {
            turns.news(|| come.fetch_add(1, SeqCst));
            assert!(turns.wait(this, core, "all", || come.load(SeqCst) >= 20));
            turns.news(|| come.fetch_add(1, SeqCst));
            assert!(turns.wait(this, core, "all", || come.load(SeqCst) == 40));
        });
        assert_eq!((ended, seen.load(SeqCst)), (None, 40), "{turns} turns");
    }
}

#[test]
fn one_turn_gives_the_same_order_each_time() {
    let order = || {
        let order = Arc::new(Mutex::new(Vec::new()));
        let seen = order.clone();
        run(6, 1, None, move |turns, this, core| {
            order.lock().unwrap().push(core);
            for _ in 0..core % 3 {
                assert!(turns.poll(this, core));
                order.lock().unwrap().push(core);
            }
        });
        seen.lock().unwrap().clone()
    };
    let first = order();
    assert_eq!(first.len(), 6 + 6);
    assert!((0..5).all(|_| order() == first));
}

#[test]
fn who_waits_in_vain_is_told() {
    for turns in [1, 3] {
        let ended = run(4, turns, None, |turns, this, core| {
            if core != 2 {
                assert!(!turns.wait(this, core, "nothing", || false));
            }
        });
        let Some(Ended::Vain(waits)) = ended else { panic!("{ended:?}") };
        assert_eq!(waits, [0, 1, 3].map(|core| (core, "nothing".to_string())), "{turns} turns");
        // The same for what is polled, once patience is over.
        let ended = run(3, turns, None, |turns, this, core| while core == 1 && turns.poll(this, core) {});
        assert!(matches!(&ended, Some(Ended::Vain(waits)) if waits[0].0 == 1), "{ended:?}");
    }
}

#[test]
fn a_deadline_and_a_failure_end_what_waits() {
    for turns in [1, 3] {
        let late = Some(Duration::from_millis(30));
        // One waits, one asks whether it is late: there is always somebody who runs.
        let ended = run(2, turns, late, |turns, this, core| match core {
            0 => assert!(!turns.wait(this, core, "nothing", || false)),
            _ => while !turns.late() {},
        });
        assert_eq!(ended, Some(Ended::Late));
        let begun = Arc::new(AtomicUsize::new(0));
        let seen = begun.clone();
        let ended = run(50, turns, None, move |turns, this, core| {
            begun.fetch_add(1, SeqCst);
            if core == 0 {
                turns.fail();
            }
            assert!(!turns.wait(this, core, "nothing", || false));
        });
        assert_eq!(ended, Some(Ended::Failed));
        assert!(seen.load(SeqCst) < 50, "those that had not begun do not begin");
    }
}

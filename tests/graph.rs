//! Graphs and repeats: that they compute what eager calls do, each time anew, and that no memory slips away from under them.

use ascend_rl::acl::{CaptureMode, CopyPart, Graph, Rows, TaskGroup};
use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Cann, Communicator, DType, Device, ErrorKind, Result, Stream, Tensor, ops};
use std::thread;

/// A stream of its own for each test.
fn stream() -> Stream {
    on(0)
}

/// On a device of its own, for tests that count its memory or keep other threads from it.
fn on(ordinal: u32) -> Stream {
    Device::open(&Cann::load().unwrap(), ordinal).unwrap().stream().unwrap()
}

fn vector(s: &Stream, values: &[f32]) -> Tensor {
    Tensor::from_slice(s, &[values.len()], values).unwrap()
}

fn values(s: &Stream, tensor: &Tensor) -> Vec<f32> {
    tensor.to_vec(s).unwrap()
}

fn capture(s: &Stream, f: impl FnOnce(&Stream) -> Result<()>) -> Graph {
    s.capture(CaptureMode::default(), f).unwrap()
}

/// `y = x^T * 2 + 1`, with a temporary and an operator of two inputs.
fn chain(s: &Stream, x: &Tensor, y: &mut Tensor) -> Result<()> {
    let mut doubled = Tensor::empty(s, x.shape(), DType::F32)?;
    ops::mul_scalar(s, x, 2.0, &mut doubled)?;
    let mut one = Tensor::zeros(s, x.shape(), DType::F32)?;
    ops::fill(s, &mut one, 1.0)?;
    ops::add(s, &doubled, &one, y)
}

#[test]
fn a_graph_reads_memory_anew_each_time() {
    let s = stream();
    let (mut x, mut y) = (vector(&s, &[1.0, -2.0, 0.5]), vector(&s, &[9.0; 3]));
    let graph = capture(&s, |s| chain(s, &x, &mut y));
    assert_eq!(values(&s, &y), [9.0; 3], "nothing ran");
    for i in 0..4 {
        x.write(&s, &[i as f32, -2.0, 0.5]).unwrap();
        graph.launch(&s).unwrap();
        assert_eq!(values(&s, &y), [2.0 * i as f32 + 1.0, -3.0, 2.0]);
    }
    // In the order of the stream, like one operator.
    graph.launch(&s).unwrap();
    ops::add_(&s, &mut x, &y).unwrap();
    graph.run(&s).unwrap();
    assert_eq!(values(&s, &y), [21.0, -9.0, 6.0]);
}

#[test]
fn memory_stays_with_a_graph() {
    let s = on(7);
    let mut y = vector(&s, &[0.0; 300]);
    let x = vector(&s, &[3.0; 300]);
    let graph = capture(&s, |s| chain(s, &x, &mut y));
    drop(x);
    // Whoever comes now must get neither x nor the temporaries: the graph writes and reads them.
    let others: Vec<Tensor> = (0..40).map(|i| vector(&s, &[100.0 + i as f32; 300])).collect();
    for _ in 0..3 {
        graph.launch(&s).unwrap();
    }
    assert_eq!(values(&s, &y), [7.0; 300]);
    for (i, other) in others.iter().enumerate() {
        assert_eq!(values(&s, other), [100.0 + i as f32; 300]);
    }
    // And goes back with it.
    drop(others);
    drop(graph);
    s.synchronize().unwrap();
    let before = s.memory_stats();
    let again: Vec<Tensor> = (0..43).map(|_| vector(&s, &[0.0; 300])).collect();
    assert_eq!(s.memory_stats().device_mallocs, before.device_mallocs);
    drop(again);
}

#[test]
fn a_graph_outlives_its_tensors_and_its_stream() {
    let s = stream();
    let (x, mut y) = (vector(&s, &[1.0]), vector(&s, &[1.0]));
    let graph = capture(&s, |s| chain(s, &x, &mut y));
    graph.launch(&s).unwrap();
    drop((x, y, s));
    drop(graph);
}

#[test]
fn what_a_graph_cannot_hold_is_refused_and_names_the_call() {
    let (s, other) = (stream(), stream());
    let (mut x, y) = (vector(&s, &[1.0, 2.0]), vector(&s, &[5.0, 5.0]));
    let event = other.record().unwrap();
    let pinned = s.device().pinned_from(&[1.0_f32, 2.0]).unwrap();
    type Case<'a> = (&'a str, Box<dyn FnOnce(&Stream) -> Result<()> + 'a>);
    let (buffer, mut target, mut wide) = (s.alloc::<f32>(2).unwrap(), s.alloc::<f32>(2).unwrap(), s.alloc::<u64>(2).unwrap());
    let parts = [CopyPart { src: 0, dst: 0, len: 2 }];
    let (swapped, rows) =
        (s.device().pinned_from(&[1.0_f32, 2.0]).unwrap(), Rows { height: 1, width: 2, src_pitch: 2, dst_pitch: 2 });
    let cases: Vec<Case> = vec![
        ("write", Box::new(|s| x.write(s, &[7.0_f32, 7.0]))),
        ("aclrtSynchronizeStream", Box::new(|s| y.to_vec::<f32>(s).map(drop))),
        ("aclrtSynchronizeStream", Box::new(|s| s.synchronize())),
        ("aclrtStreamQuery", Box::new(|s| s.is_idle().map(drop))),
        ("aclrtRecordEvent", Box::new(|s| s.record().map(drop))),
        ("aclrtStreamWaitEvent", Box::new(|s| s.wait(&event))),
        ("aclrtRecordEvent", Box::new(|s| s.timer().map(drop))),
        ("aclrtRecordEvent", Box::new(|s| s.fork(&other, |_| Ok(())))),
        ("a copy of pinned memory", Box::new(|s| s.receive(&buffer, pinned).map(drop))),
        ("a copy of pinned memory", Box::new(|s| s.receive_parts(&buffer, swapped, &parts).map(drop))),
        ("aclrtSynchronizeStream", Box::new(|s| s.write_2d(&[1.0, 2.0], &mut target, rows))),
        ("a fill from the host", Box::new(|s| s.fill(&mut wide, 7))),
        ("aclrtLaunchHostFunc", Box::new(|s| s.host_callback(|| panic!("it was not queued")))),
        ("aclrtHostRegister", Box::new(|s| s.with_registered(&mut [0_f32; 0], |_| Ok(())))),
        ("aclmdlRICaptureBegin", Box::new(|s| s.capture(CaptureMode::Relaxed, |_| Ok(())).map(drop))),
        ("a repeat", Box::new(|s| ops::repeat(s, |_| Ok(())).map(drop))),
    ];
    for (call, case) in cases {
        let error = s.capture(CaptureMode::ThreadLocal, case).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().starts_with(call), "{error} does not begin with {call}");
        // The stream is an ordinary one again.
        s.synchronize().unwrap();
    }
    assert_eq!(values(&s, &x), [1.0, 2.0]);
}

#[test]
fn rows_and_fills_within_the_device_are_captured() {
    let s = stream();
    let mut wide = s.upload(&[1_u32, 2, 3, 4, 5, 6]).unwrap();
    let (mut packed, mut filled) = (s.zeros::<u32>(2).unwrap(), s.zeros::<f32>(3).unwrap());
    let rows = Rows { height: 2, width: 1, src_pitch: 3, dst_pitch: 1 };
    let graph = capture(&s, |s| {
        s.copy_2d(&wide, &mut packed, rows)?;
        s.fill(&mut filled, 1.25)
    });
    assert_eq!((s.download(&packed).unwrap(), s.download(&filled).unwrap()), (vec![0; 2], vec![0.0; 3]));
    graph.launch(&s).unwrap();
    assert_eq!((s.download(&packed).unwrap(), s.download(&filled).unwrap()), (vec![1, 4], vec![1.25; 3]));
    s.write(&[7, 2, 3, 8], &mut wide, 0).unwrap();
    graph.launch(&s).unwrap();
    assert_eq!(s.download(&packed).unwrap(), [7, 8]);
}

#[test]
fn virtual_memory_stays_mapped_for_a_graph() {
    let s = on(6);
    let memory = s.device().physical(1).unwrap();
    let mut range = s.reserve(1).unwrap();
    range.map(0, &memory).unwrap();
    let graph = {
        let part = range.slice_mut::<f32>(0..16).unwrap();
        capture(&s, |s| s.fill(part, 2.5))
    };
    let error = range.unmap(0).unwrap_err();
    assert!(error.kind() == ErrorKind::WrongStream && error.to_string().contains("a graph"), "{error}");
    graph.launch(&s).unwrap();
    assert_eq!(s.download(range.slice::<f32>(0..16).unwrap()).unwrap(), [2.5; 4]);
    // What outlives it keeps its memory, and the next wait says so.
    drop(range);
    graph.launch(&s).unwrap();
    let error = s.synchronize().unwrap_err();
    assert!(error.kind() == ErrorKind::Async && error.to_string().contains("drop it first"), "{error}");
    drop(graph);
    let mut other = s.reserve(1).unwrap();
    assert_eq!(other.map(0, &memory).unwrap_err().kind(), ErrorKind::Argument, "it is mapped there for good");
    let fresh = s.device().physical(1).unwrap();
    other.map(0, &fresh).unwrap();
    other.unmap(0).unwrap();
    s.synchronize().unwrap();
}

#[test]
fn a_capture_that_panics_is_given_up() {
    let s = stream();
    let mut x = vector(&s, &[1.0]);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        s.capture(CaptureMode::ThreadLocal, |s| {
            ops::fill(s, &mut x, 3.0)?;
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(values(&s, &x), [1.0]);
    assert_eq!(values(&s, &vector(&s, &[4.0])), [4.0]);
}

#[test]
fn a_graph_runs_where_it_was_captured() {
    let (s, other) = (stream(), stream());
    let (x, mut y) = (vector(&s, &[1.0]), vector(&s, &[1.0]));
    let graph = capture(&s, |s| chain(s, &x, &mut y));
    let error = graph.launch(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongStream, "{error}");
    // Within a fork what it uses may be lent.
    let error = s.fork(&other, |_| graph.launch(&s)).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("inside a fork"), "{error}");
    let error = s.fork(&other, |_| other.capture(CaptureMode::Relaxed, |_| Ok(())).map(drop)).unwrap_err();
    assert!(error.to_string().contains("inside a fork"), "{error}");
    graph.launch(&s).unwrap();
    // Nor may it go to another stream while the graph lives; one that came later may.
    let mut late = vector(&s, &[1.0]);
    let event = s.record().unwrap();
    let error = y.rehome(&other, &event).unwrap_err();
    assert!(error.kind() == ErrorKind::WrongStream && error.to_string().contains("a graph"), "{error}");
    late.rehome(&other, &event).unwrap();
    drop(graph);
    y.rehome(&other, &event).unwrap();
    assert_eq!(values(&other, &y), [3.0]);
}

#[test]
fn copies_of_other_threads_depend_on_the_mode() {
    // Its own device: one mode forbids blocking copies of every thread.
    let s = on(5);
    let blocked = |mode| {
        let mut outcome = Ok(());
        let device = s.device().clone();
        s.capture(mode, |_| {
            outcome = thread::scope(|scope| {
                let copy = scope.spawn(|| {
                    let other = device.stream()?;
                    // Long enough for a blocking copy.
                    Tensor::from_slice(&other, &[100_000], &[1.0_f32; 100_000]).map(drop)
                });
                copy.join().unwrap()
            });
            Ok(())
        })
        .unwrap();
        outcome
    };
    let error = blocked(CaptureMode::Global).unwrap_err();
    assert_eq!(error.code(), Some(107030), "{error}");
    blocked(CaptureMode::ThreadLocal).unwrap();
    blocked(CaptureMode::Relaxed).unwrap();
}

#[test]
fn names_and_prints() {
    let s = stream();
    let mut x = vector(&s, &[1.0]);
    let graph = capture(&s, |s| ops::fill(s, &mut x, 2.0));
    assert_eq!(graph.name().unwrap(), "");
    graph.set_name("decode").unwrap();
    assert_eq!(graph.name().unwrap(), "decode");
    assert_eq!(graph.set_name("a\0b").unwrap_err().kind(), ErrorKind::Argument);
    assert!(format!("{graph:?}").contains("decode"));
    graph.print().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.json");
    graph.save_json(&path).unwrap();
    let events: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(events[0]["name"].as_str().unwrap().starts_with("aclnn"), "{events}");
    assert_eq!(graph.save_json(&folder.path().join("no/such/x.json")).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn an_update_replaces_a_task_group() {
    let s = stream();
    let (x, mut y, mut z) = (vector(&s, &[1.0, 2.0]), vector(&s, &[0.0; 2]), vector(&s, &[0.0; 2]));
    let mut group: Option<TaskGroup> = None;
    let graph = capture(&s, |s| {
        group = Some(s.task_group(|s| ops::mul_scalar(s, &x, 2.0, &mut y))?);
        ops::add(s, &y, &x, &mut z)
    });
    let group = group.unwrap();
    graph.launch(&s).unwrap();
    assert_eq!(values(&s, &z), [3.0, 6.0]);
    // Other numbers, and memory that was not there before and goes at once: the graph keeps it.
    let late = vector(&s, &[10.0, 20.0]);
    graph.update(&s, &group, |s| ops::mul_scalar(s, &late, -1.0, &mut y)).unwrap();
    drop(late);
    let other = vector(&s, &[7.0, 7.0]);
    graph.launch(&s).unwrap();
    assert_eq!((values(&s, &z), values(&s, &other)), (vec![-9.0, -18.0], vec![7.0, 7.0]));
    // Not outside of a capture, not for another graph, operators only, and all of them.
    assert_eq!(s.task_group(|_| Ok(())).unwrap_err().kind(), ErrorKind::Unsupported);
    let another = capture(&s, |_| Ok(()));
    assert_eq!(another.update(&s, &group, |_| Ok(())).unwrap_err().kind(), ErrorKind::Argument);
    let error = graph.update(&s, &group, |s| y.to_vec::<f32>(s).map(drop)).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("updating"), "{error}");
    assert_eq!(graph.update(&s, &group, |_| Ok(())).unwrap_err().code(), Some(507000));
    graph.run(&s).unwrap();
}

#[test]
fn collectives_in_graphs() {
    let cann = Cann::load().unwrap();
    for ranks in [2, 3] {
        let devices: Vec<Device> = (0..ranks).map(|i| Device::open(&cann, i).unwrap()).collect();
        let comms = Communicator::all(&devices, &CommOptions::default()).unwrap();
        thread::scope(|scope| {
            for comm in comms {
                scope.spawn(move || {
                    let s = comm.stream();
                    let mut x = vector(s, &[1.0; 5]);
                    let graph = capture(s, |s| {
                        ops::mul_scalar_(s, &mut x, (comm.rank() + 1) as f64)?;
                        comm.all_reduce(&mut x, ReduceOp::Sum)
                    });
                    let factor = (1..=ranks).sum::<u32>() as f32;
                    for i in 1..=3 {
                        graph.launch(s).unwrap();
                        assert_eq!(values(s, &x), [factor.powi(i); 5]);
                    }
                    // The graph keeps the communicator that it calls.
                    drop(comm);
                    drop(graph);
                });
            }
        });
    }
}

#[test]
fn a_repeat_computes_what_its_operators_do() {
    let s = stream();
    let (mut x, mut y) = (vector(&s, &[1.0, 2.0]), vector(&s, &[0.0; 2]));
    let step = ops::repeat(&s, |s| {
        let mut doubled = Tensor::empty(s, &[2], DType::F32)?;
        ops::mul_scalar(s, &x, 2.0, &mut doubled)?;
        ops::add(s, &doubled, &x, &mut y)
    })
    .unwrap();
    assert_eq!((step.len(), step.is_empty()), (2, false));
    assert_eq!(values(&s, &y), [0.0; 2], "nothing ran");
    let others: Vec<Tensor> = (0..20).map(|_| vector(&s, &[5.0, 5.0])).collect();
    for i in 1..4 {
        x.write(&s, &[i as f32, -1.0]).unwrap();
        step.enqueue(&s).unwrap();
        assert_eq!(values(&s, &y), [3.0 * i as f32, -3.0]);
    }
    others.iter().for_each(|other| assert_eq!(values(&s, other), [5.0, 5.0]));
    assert_eq!(step.enqueue(&stream()).unwrap_err().kind(), ErrorKind::WrongStream);
    // In a graph, which may outlive it.
    let graph = capture(&s, |s| step.enqueue(s));
    drop(step);
    let more: Vec<Tensor> = (0..20).map(|_| vector(&s, &[6.0, 6.0])).collect();
    x.write(&s, &[10.0_f32, 0.0]).unwrap();
    graph.launch(&s).unwrap();
    assert_eq!(values(&s, &y), [30.0, 0.0]);
    more.iter().for_each(|other| assert_eq!(values(&s, other), [6.0, 6.0]));
}

#[test]
fn a_repeat_can_be_given_other_tensors() {
    let s = stream();
    let (a, b, c) = (vector(&s, &[1.0, 2.0]), vector(&s, &[10.0, 10.0]), vector(&s, &[100.0, 200.0]));
    let (mut out, mut other) = (vector(&s, &[0.0; 2]), vector(&s, &[0.0; 2]));
    let mut step = ops::repeat(&s, |s| ops::add(s, &a, &b, &mut out)).unwrap();
    step.rebind_input(&s, &a, &c).unwrap();
    step.enqueue(&s).unwrap();
    assert_eq!(values(&s, &out), [110.0, 210.0]);
    step.rebind_output(&s, &out, &mut other).unwrap();
    step.enqueue(&s).unwrap();
    assert_eq!((values(&s, &out), values(&s, &other)), (vec![110.0, 210.0], vec![110.0, 210.0]));
    drop(c);
    let fresh = vector(&s, &[0.0, 0.0]);
    step.enqueue(&s).unwrap();
    assert_eq!((values(&s, &other), values(&s, &fresh)), (vec![110.0, 210.0], vec![0.0, 0.0]), "c stays with the repeat");
    // a is not read any more, nor out written; another shape or dtype or part is no replacement.
    assert_eq!(step.rebind_input(&s, &a, &b).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(step.rebind_output(&s, &b, &mut out).unwrap_err().kind(), ErrorKind::Argument);
    let (longer, whole) = (vector(&s, &[0.0; 3]), Tensor::zeros(&s, &[2], DType::I32).unwrap());
    assert_eq!(step.rebind_input(&s, &b, &longer).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(step.rebind_input(&s, &b, &whole).unwrap_err().kind(), ErrorKind::DType);
    let part = longer.view().narrow(0, 0, 2).unwrap();
    assert_eq!(step.rebind_input(&s, &b, part).unwrap_err().kind(), ErrorKind::Shape);
    let elsewhere = stream();
    assert_eq!(step.rebind_input(&s, &b, &vector(&elsewhere, &[0.0; 2])).unwrap_err().kind(), ErrorKind::WrongStream);
}

#[test]
fn a_repeat_holds_operators_only() {
    let s = stream();
    let mut x = vector(&s, &[1.0]);
    let error = ops::repeat(&s, |s| Tensor::zeros(s, &[4], DType::F32).map(drop)).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().starts_with("aclrtMemsetAsync"), "{error}");
    let error = ops::repeat(&s, |s| x.write(s, &[1.0_f32])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    // A check before the call is what it is.
    let y = vector(&s, &[1.0, 2.0, 3.0]);
    assert_eq!(ops::repeat(&s, |s| ops::add_(s, &mut x, &y)).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(values(&s, &x), [1.0]);
}

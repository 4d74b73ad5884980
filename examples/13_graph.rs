//! A chain of small operators: queued one by one, and captured once and launched as a graph.
//!
//! `cargo run --release --example 13_graph`

use ascend_rl::acl::CaptureMode;
use ascend_rl::{Cann, DType, Device, Result, Stream, Tensor, ops};
use std::time::Instant;

const OPERATORS: usize = 45;
const STEPS: u32 = 100;

/// One step: `x` towards `target`, a little at a time.
fn step(s: &Stream, x: &mut Tensor, target: &Tensor) -> Result<()> {
    // What is allocated here belongs to the graph when the step is captured.
    let mut gap = Tensor::empty(s, x.shape(), DType::F32)?;
    for _ in 0..OPERATORS / 3 {
        ops::sub(s, target, &*x, &mut gap)?;
        ops::mul_scalar_(s, &mut gap, 0.01)?;
        ops::add_(s, &mut *x, &gap)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let device = Device::open(&Cann::load()?, 0)?;
    let s = device.stream()?;
    let target = Tensor::from_slice(&s, &[4], &[1.0_f32, 2.0, 3.0, 4.0])?;

    let time = |name: &str, run: &mut dyn FnMut() -> Result<()>| -> Result<()> {
        let start = Instant::now();
        for _ in 0..STEPS {
            run()?;
        }
        let queued = start.elapsed() / STEPS;
        s.synchronize()?;
        println!("{name:>6}: {:?} a step, of which the program spends {queued:?}", start.elapsed() / STEPS);
        Ok(())
    };
    let mut x = Tensor::zeros(&s, &[4], DType::F32)?;
    step(&s, &mut x, &target)?;
    time("eager", &mut || step(&s, &mut x, &target))?;

    let mut y = Tensor::zeros(&s, &[4], DType::F32)?;
    let graph = s.capture(CaptureMode::default(), |s| step(s, &mut y, &target))?;
    graph.set_name("step")?;
    graph.launch(&s)?;
    // The graph reads and writes `y` and `target` as they are when it runs.
    time("graph", &mut || graph.launch(&s))?;
    println!("eager came to {:?}, the graph to {:?}", x.to_vec::<f32>(&s)?, y.to_vec::<f32>(&s)?);
    Ok(())
}

//! An operator that is checked and planned once, enqueued many times, and then given another input.
//!
//! `cargo run --release --example 14_repeat`

use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};
use std::time::Instant;

const CALLS: u32 = 1000;

fn main() -> Result<()> {
    let device = Device::open(&Cann::load()?, 0)?;
    let s = device.stream()?;
    let one = Tensor::from_slice(&s, &[2], &[1.0_f32, 1.0])?;
    let ten = Tensor::from_slice(&s, &[2], &[10.0_f32, 20.0])?;
    let mut sum = Tensor::zeros(&s, &[2], DType::F32)?;

    let start = Instant::now();
    for _ in 0..CALLS {
        ops::add_(&s, &mut sum, &one)?;
    }
    let fresh = start.elapsed() / CALLS;
    s.synchronize()?;

    // The closure runs once; its operators are kept, not queued.
    let mut add = ops::repeat(&s, |s| ops::add_(s, &mut sum, &one))?;
    let start = Instant::now();
    for _ in 0..CALLS {
        add.enqueue(&s)?;
    }
    let repeated = start.elapsed() / CALLS;
    println!("a call: {fresh:?} fresh, {repeated:?} repeated; the sum is {:?}", sum.to_vec::<f32>(&s)?);

    // The same plan for another tensor of that shape.
    add.rebind_input(&s, &one, &ten)?;
    add.enqueue(&s)?;
    println!("with {:?} instead of {:?}: {:?}", ten.to_vec::<f32>(&s)?, one.to_vec::<f32>(&s)?, sum.to_vec::<f32>(&s)?);
    Ok(())
}

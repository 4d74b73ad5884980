//! Streams run side by side; events order them and take the time.
//!
//! `cargo run --release --example 02_stream_event`

use ascend_rl::acl::StreamOptions;
use ascend_rl::{Cann, Device, Result, Tensor, ops};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    const N: usize = 1024;
    let device = Device::open(&Cann::load()?, 0)?;
    let compute = device.stream()?;
    // The lower priority is for what may wait; 0 is the highest.
    let background = device.stream_with(&StreamOptions { priority: 7, ..Default::default() })?;

    let a = Tensor::from_slice(&compute, &[N, N], &vec![0.5_f32; N * N])?;
    let mut product = Tensor::from_slice(&compute, &[N, N], &vec![0.0_f32; N * N])?;

    // A timer is two events: the time is the device's, not the host's.
    let (start, timer) = (Instant::now(), compute.timer()?);
    for _ in 0..10 {
        ops::mm(&compute, &a, &a, &mut product)?; // queued; returns at once
    }
    let queued = start.elapsed();
    let ran = timer.stop(&compute)?; // waits
    let flops = 10.0 * 2.0 * (N as f64).powi(3);
    println!("queued in {queued:.1?}, ran in {ran:.1?}: {:.1} GFLOP/s", flops / ran.as_secs_f64() / 1e9);

    // What `background` queues from here on runs behind what `compute` had queued when the event was recorded.
    let ready = compute.record()?;
    background.wait(&ready)?;
    let copy = background.zeros::<f32>(4)?;
    println!("idle? {} and {}", compute.is_idle()?, background.is_idle()?);

    // Waits can have a limit, and say what the stream was at when it is over.
    match background.synchronize_for(Duration::from_secs(60)) {
        Ok(()) => println!("done: {:?}", background.download(&copy)?),
        Err(late) => println!("{late}"),
    }
    Ok(())
}

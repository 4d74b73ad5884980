//! The host does its part in a stream's order: here it is told how far the device is, without waiting for it.
//!
//! `cargo run --release --example 09_callback`

use ascend_rl::{Cann, Device, Result, Tensor, ops};
use std::sync::mpsc::channel;
use std::time::Instant;

fn main() -> Result<()> {
    const N: usize = 512;
    let stream = Device::open(&Cann::load()?, 0)?.stream()?;
    let a = Tensor::from_slice(&stream, &[N, N], &vec![1.0_f32 / N as f32; N * N])?;
    let mut product = Tensor::from_slice(&stream, &[N, N], &vec![0.0_f32; N * N])?;

    let (done, steps) = channel();
    let start = Instant::now();
    for step in 1..=5 {
        ops::mm(&stream, &a, &a, &mut product)?;
        let done = done.clone();
        // Runs on a thread of the runtime once the product is there; what is queued behind it waits until it has returned.
        // It must not use the device: it sends a message to somebody who may.
        stream.host_callback(move || done.send((step, start.elapsed())).unwrap_or_default())?;
    }
    drop(done);
    println!("all queued after {:.1?}", start.elapsed());
    for (step, at) in steps {
        println!("step {step} had run after {at:.1?}");
    }
    Ok(())
}

//! Many small copies in one call, as a KV cache swaps its blocks out and in; and rows that do not lie one behind another.
//!
//! `cargo run --example 12_batched_copy`

use ascend_rl::acl::{CopyPart, Rows};
use ascend_rl::{Cann, Device, Result};

/// Elements of a block of the cache.
const BLOCK: usize = 4;

fn main() -> Result<()> {
    let device = Device::open(&Cann::load()?, 0)?;
    let stream = device.stream()?;
    let values: Vec<f32> = (0..8 * BLOCK).map(|i| (i / BLOCK) as f32).collect();
    let mut cache = stream.upload(&values)?;

    // Blocks 5, 1 and 6 of a sequence go to the host, in its order; the call returns at once and keeps the pinned memory.
    let block_table = [5, 1, 6];
    let part = |(i, &block): (usize, &usize)| CopyPart { src: block * BLOCK, dst: i * BLOCK, len: BLOCK };
    let out: Vec<CopyPart> = block_table.iter().enumerate().map(part).collect();
    let swapped = stream.receive_parts(&cache, device.pinned(3 * BLOCK)?, &out)?.wait()?;
    println!("swapped out: {:?}", &swapped[..]);

    // Later they come back to other blocks that are free then.
    let new_table = [0, 2, 3];
    let part = |(i, &block): (usize, &usize)| CopyPart { src: i * BLOCK, dst: block * BLOCK, len: BLOCK };
    let back: Vec<CopyPart> = new_table.iter().enumerate().map(part).collect();
    stream.send_parts(swapped, &mut cache, &back)?.wait()?;
    println!("swapped in:  {:?}", stream.download(&cache)?);

    // A column block of a matrix: two columns of each of 8 rows, packed.
    let mut columns = stream.zeros(8 * 2)?;
    stream.copy_2d(&cache, &mut columns, Rows { height: 8, width: 2, src_pitch: BLOCK, dst_pitch: 2 })?;
    println!("two columns: {:?}", stream.download(&columns)?);

    // A pattern, and what the device's memory is.
    stream.fill(&mut columns, 0.25)?;
    println!("a pattern:   {:?}", &stream.download(&columns)?[..4]);
    println!("memory:      {:?}", device.memory_usage()?);
    Ok(())
}

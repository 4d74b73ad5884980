//! Memory that grows without moving, and that another process sees: the pages of a heap with the same layout in all processes.
//!
//! `cargo run --example 11_virtual_memory`. It starts itself again as the other process.

use std::process::Command;

use ascend_rl::acl::{Importers, PhysicalMemory, ShareableHandle, VirtualRange};
use ascend_rl::{Cann, Device, Error, ErrorKind, Result, Stream};

/// Addresses for 1 GiB, with `memory` at the start.
fn heap(stream: &Stream, memory: &PhysicalMemory) -> Result<VirtualRange> {
    let mut heap = stream.reserve(1 << 30)?;
    heap.map(0, memory)?;
    Ok(heap)
}

/// The other process: what it is told on its command line are the numbers of the shared memory.
fn other(number: u64, bytes: u64) -> Result<()> {
    let device = Device::open(&Cann::load()?, 1)?;
    let stream = device.stream()?;
    let mut heap = heap(&stream, &device.import(ShareableHandle { number, bytes })?)?;
    println!("other process: found {:?} on {device:?}", stream.download(heap.slice::<f32>(0..12)?)?);
    stream.fill(heap.slice_mut::<f32>(4..8)?, 99.0)?;
    stream.synchronize()
}

fn main() -> Result<()> {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [number, bytes] = numbers[..] {
        return other(number, bytes);
    }
    let device = Device::open(&Cann::load()?, 0)?;
    let (stream, page) = (device.stream()?, device.physical_granularity()?);
    let first = device.physical(page)?;
    let mut heap = heap(&stream, &first)?;
    println!("{heap:?}: a page has {} MiB", page >> 20);

    // More memory behind the first, and one view over both.
    heap.map(page, &device.physical(2 * page)?)?;
    stream.fill(heap.slice_mut::<f32>(0..3 * page)?, 1.5)?;
    println!("grown to {:?}, at the same address", heap.mapped().last());

    // The other process imports the first page by its number.
    let handle = first.export(Importers::All)?;
    stream.synchronize()?;
    let arguments = [handle.number.to_string(), handle.bytes.to_string()];
    let ended = Command::new(std::env::current_exe()?).args(arguments).status()?;
    if !ended.success() {
        return Err(Error::new(ErrorKind::Io, format!("the other process ended with {ended}")));
    }
    println!("this process: it left {:?}", stream.download(heap.slice::<f32>(0..12)?)?);
    Ok(())
}

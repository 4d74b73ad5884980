//! A stream and memory that somebody else made (C++, torch_npu) are used here, and left alone.
//!
//! `cargo run --example 10_foreign`

use ascend_rl::{Cann, Device, Result};
use std::ptr::null_mut;

fn main() -> Result<()> {
    let cann = Cann::load()?;
    // In the primary context of the device, as torch_npu. One of aclrtCreateContext would be taken in by `Device::adopt`.
    let device = Device::open(&cann, 0)?;

    // What the other side has done, by CANN's own calls: a stream, and four floats of device memory set to zero.
    let acl = &cann.api().acl;
    let (mut raw_stream, mut raw_memory) = (null_mut(), null_mut());
    // SAFETY: live variables; the context is current, since `open` has made it so on this thread.
    let codes = unsafe {
        [
            (acl.aclrtCreateStream)(&mut raw_stream),
            (acl.aclrtMalloc)(&mut raw_memory, 16, ascend_rl_sys::types::ACL_MEM_MALLOC_HUGE_FIRST),
            (acl.aclrtMemsetAsync)(raw_memory, 16, 0, 16, raw_stream),
        ]
    };
    println!("CANN returned {codes:?}");

    {
        // SAFETY: both stay until after this block, which waits at its end, and nobody else uses them meanwhile.
        let stream = unsafe { device.adopt_stream(raw_stream) }?;
        // SAFETY: as above, and it holds four floats.
        let mut memory = unsafe { stream.adopt_buffer::<f32>(raw_memory, 4) }?;
        // Runs behind the fill that is queued already.
        stream.write(&[1.0, 2.0], &mut memory, 1)?;
        println!("{memory:?} holds {:?}", stream.download(&memory)?);
        // The other way round: these go to calls of others, for as long as the owner lives.
        println!("stream {:?}, memory {:?}, context {:?}", stream.as_raw(), memory.as_raw(), device.as_raw());
    }

    // Ours are gone; theirs are still there, and theirs to end.
    // SAFETY: live, ended once, and no work of ours is queued any more.
    let codes = unsafe { [(acl.aclrtDestroyStream)(raw_stream), (acl.aclrtFree)(raw_memory)] };
    println!("CANN returned {codes:?}");
    Ok(())
}

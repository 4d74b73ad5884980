//! The devices that this process sees: what they are, what they have, how they are connected.
//!
//! `cargo run --example 01_device`; on a machine without a card `CANN_SIM_DEVICES=4 CANN_SIM_SOC=Ascend910_9391` imitates
//! another one.

use ascend_rl::{Cann, Device, Result};

fn main() -> Result<()> {
    // CANN where a toolkit and a card are, the simulated NPU where there is none. ASCEND_RL_DEVICE=npu or =sim forces it.
    let cann = Cann::load()?;
    println!("CANN {} from {} ({})", cann.version(), cann.origin(), cann.flavor());

    let devices: Vec<Device> = (0..cann.device_count()?).map(|ordinal| Device::open(&cann, ordinal)).collect::<Result<_>>()?;
    for device in &devices {
        let (info, memory) = (device.info()?, device.memory()?);
        println!(
            "{device:?}: {} cube and {} vector cores, {} MiB of L2, {:.1} of {:.1} GiB free",
            info.cube_cores,
            info.vector_cores,
            info.l2_bytes >> 20,
            memory.free_bytes as f64 / (1 << 30) as f64,
            memory.total_bytes as f64 / (1 << 30) as f64,
        );
        // What an older toolkit cannot say is `None`.
        if let (Some(uuid), Some(ordinal)) = (info.uuid, info.machine_ordinal) {
            let uuid: String = uuid.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("  device {ordinal} of the machine, uuid {uuid}");
        }
    }
    if let [first, others @ ..] = &devices[..] {
        for other in others {
            println!("0 and {}: {}, peer access: {}", other.ordinal(), first.link(other)?, first.can_access_peer(other)?);
        }
    }
    Ok(())
}

//! The one state of the process: devices and the engine. C's functions take no handle for it, so it is a static.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};

use crate::acl::context::Context;
use crate::engine::Engine;
use crate::memory::{Bound, DeviceMemory, space};
use crate::reject::{Outcome, Reject, reject};
use crate::settings::{Settings, settings};

pub(crate) struct World {
    pub settings: &'static Settings,
    pub engine: &'static Engine,
    devices: Vec<Device>,
}

/// One simulated NPU.
pub(crate) struct Device {
    /// As the program counts: from 0 on.
    pub id: u32,
    /// As the machine counts, and every process of it: different where `ASCEND_RT_VISIBLE_DEVICES` hides some.
    pub logic: u32,
    pub memory: DeviceMemory,
    pub primary: Mutex<Primary>,
    /// Live streams made by the program.
    pub streams: AtomicUsize,
    /// Live events.
    pub events: AtomicUsize,
    /// The devices whose memory this one may reach, a bit each: `CANN_SIM_DEVICES` is at most 64.
    pub peers: AtomicU64,
    /// Limits of cube and vector cores, with one added; 0 where there is none.
    pub cores: [AtomicU32; 2],
}

impl Device {
    /// Its number on the machine, which ranks of other processes and rank tables know it by.
    pub(crate) fn machine_number(&self) -> u32 {
        self.logic
    }

    /// Whether peer access was enabled from this device to `other`.
    pub(crate) fn reaches(&self, other: &Device) -> bool {
        self.peers.load(SeqCst) >> other.id & 1 == 1
    }
}

/// The primary context, and how often `aclrtSetDevice` asked for it.
#[derive(Default)]
pub(crate) struct Primary {
    pub count: usize,
    pub context: Option<Arc<Context>>,
}

/// The world, made at the first call. Refused where the environment is unusable or the engine's thread cannot start.
pub(crate) fn world() -> Outcome<&'static World> {
    static WORLD: OnceLock<World> = OnceLock::new();
    static MAKING: Mutex<()> = Mutex::new(());
    if let Some(world) = WORLD.get() {
        return Ok(world);
    }
    let settings = settings()?;
    let _making = MAKING.lock();
    if let Some(world) = WORLD.get() {
        return Ok(world);
    }
    let engine = Engine::start(settings.schedule).map_err(|error| Reject {
        code: ascend_rl_sys::codes::ACL_ERROR_RT_RESOURCE_ALLOC_FAIL,
        text: format!("the simulator's thread cannot start: {error}"),
    })?;
    let bound = if settings.check { Bound::Asked } else { Bound::Room };
    let device = |(id, logic): (usize, &u32)| Device {
        id: id as u32,
        logic: *logic,
        memory: DeviceMemory::new(id as u32, settings.memory, bound),
        primary: Mutex::default(),
        streams: AtomicUsize::new(0),
        events: AtomicUsize::new(0),
        peers: AtomicU64::new(0),
        cores: [const { AtomicU32::new(0) }; 2],
    };
    Ok(WORLD.get_or_init(|| World { settings, engine, devices: settings.visible.iter().enumerate().map(device).collect() }))
}

impl World {
    /// All that the program sees.
    pub(crate) fn devices(&'static self) -> &'static [Device] {
        &self.devices
    }

    pub(crate) fn device(&'static self, id: i32) -> Outcome<&'static Device> {
        match usize::try_from(id).ok().and_then(|id| self.devices.get(id)) {
            Some(device) => Ok(device),
            None => reject!(
                ACL_ERROR_RT_INVALID_DEVICEID,
                "deviceId is {id}, there are devices 0 to {} ({} sets their number)",
                self.devices.len() - 1,
                if self.devices.len() as u32 == self.settings.devices { "CANN_SIM_DEVICES" } else { "ASCEND_RT_VISIBLE_DEVICES" }
            ),
        }
    }

    /// The device whose memory an address belongs to: its own, or mapped there.
    pub(crate) fn device_at(&'static self, address: usize) -> Option<&'static Device> {
        self.devices.iter().find(|device| device.memory.holds(address)).or_else(|| space::owner(address))
    }
}

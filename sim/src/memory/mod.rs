//! Memory of devices and pinned memory of the host: where it comes from, and what an address points to.
//!
//! Device memory is one shareable mapping a device ([`arena`]), cut by a heap that knows offsets only ([`heap`]). Neither is
//! touched before a program touches it. Physical memory ([`physical`]) is a part of that file, or of another process's
//! ([`exports`], [`foreign`]), that programs map into addresses which they have reserved ([`space`]).
//!
//! An address of a device stays readable after it is freed or unmapped: a program that uses it reads arbitrary bytes, as on a
//! card, and the simulator does not fall over.

mod arena;
mod device;
pub(crate) mod exports;
pub(crate) mod foreign;
mod heap;
pub(crate) mod host;
pub(crate) mod physical;
pub(crate) mod space;

use std::sync::Arc;

pub(crate) use device::DeviceMemory;
pub(crate) use heap::{Bound, Padding};
pub(crate) use host::{HostBlock, alloc_host, free_host, pinned};

use crate::reject::{Outcome, check};
use crate::world::{Device, world};

/// What an address points to.
#[derive(Clone)]
pub(crate) enum Place {
    Device(&'static Device),
    /// Held, so that a queued copy finds the block alive.
    Pinned(#[expect(dead_code, reason = "held, not read")] Arc<HostBlock>),
    /// Any other memory of the host.
    Pageable,
}

impl Place {
    /// Finds what `bytes` bytes at `address` are, and refuses a range that leaves its allocation.
    pub(crate) fn of(what: &str, address: usize, bytes: usize) -> Outcome<Place> {
        if let Some(device) = world()?.device_at(address) {
            check!(
                device.memory.lies_in_one(address, bytes),
                ACL_ERROR_RT_PARAM_INVALID,
                "{what} {address:#x}: {bytes} bytes there are not inside one live allocation of device {}",
                device.id
            );
            return Ok(Place::Device(device));
        }
        let Some(block) = pinned(address) else { return Ok(Place::Pageable) };
        check!(
            block.holds(address, bytes),
            ACL_ERROR_RT_PARAM_INVALID,
            "{what} {address:#x}: {bytes} bytes there leave the pinned allocation of {} bytes at {:#x}",
            block.bytes(),
            block.address()
        );
        Ok(Place::Pinned(block))
    }

    pub(crate) fn is_pageable(&self) -> bool {
        matches!(self, Place::Pageable)
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Place::Device(device) => format!("memory of device {}", device.id),
            Place::Pinned(_) => "pinned memory of the host".into(),
            Place::Pageable => "memory of the host".into(),
        }
    }
}

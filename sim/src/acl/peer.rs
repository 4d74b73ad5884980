//! Peer access: which device may reach the memory of which. One way, and device-wide, not of a context.

use std::sync::atomic::Ordering::*;

use ascend_rl_sys::codes::{ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_PARAM_INVALID};

use super::context::current;
use super::{give, not_null};
use crate::reject::{Outcome, Reject, check};
use crate::world::{Device, world};

/// Another device than `device`.
fn peer_of(device: &Device, param: &str, peer: i32) -> Outcome<&'static Device> {
    let peer = world()?.device(peer)?;
    let own = || Reject { code: ACL_ERROR_INVALID_PARAM, text: format!("{param} is {}: another device is needed", peer.id) };
    if peer.id == device.id { Err(own()) } else { Ok(peer) }
}

/// All simulated devices can: they are in one machine.
pub(crate) fn aclrtDeviceCanAccessPeer(can_access_peer: *mut i32, device_id: i32, peer_device_id: i32) -> Outcome {
    not_null("canAccessPeer", can_access_peer)?;
    peer_of(world()?.device(device_id)?, "peerDeviceId", peer_device_id)?;
    give(can_access_peer, 1);
    Ok(())
}

pub(crate) fn aclrtDevicePeerAccessStatus(device_id: i32, peer_device_id: i32, status: *mut i32) -> Outcome {
    not_null("status", status)?;
    // What is no pair of devices is a bad value here, as CANN's page says.
    let bad = |refusal: Reject| Reject { code: ACL_ERROR_RT_PARAM_INVALID, ..refusal };
    let device = world()?.device(device_id).map_err(bad)?;
    let peer = peer_of(device, "peerDeviceId", peer_device_id).map_err(bad)?;
    give(status, device.reaches(peer) as i32);
    Ok(())
}

/// Again is as well as once.
pub(crate) fn aclrtDeviceEnablePeerAccess(peer_device_id: i32, flags: u32) -> Outcome {
    check!(flags == 0, ACL_ERROR_FEATURE_UNSUPPORTED, "flags is {flags}: it is reserved and must be 0");
    let device = current()?.device;
    let peer = peer_of(device, "peerDeviceId", peer_device_id)?;
    device.peers.fetch_or(1 << peer.id, SeqCst);
    Ok(())
}

pub(crate) fn aclrtDeviceDisablePeerAccess(peer_device_id: i32) -> Outcome {
    let device = current()?.device;
    let peer = peer_of(device, "peerDeviceId", peer_device_id)?;
    device.peers.fetch_and(!(1 << peer.id), SeqCst);
    Ok(())
}

//! Peer access between devices, and copies over it.

use super::*;

/// runtime, `aclrtDeviceCanAccessPeer`: 1 between two devices of a machine; the ids must differ.
#[test]
fn devices_of_the_machine_can_reach_one_another() {
    let _lease = Lease::new();
    let mut can = -1;
    ok!(acl.aclrtDeviceCanAccessPeer(&mut can, 0, 1));
    assert_eq!(can, 1);
    refused!(100000, "canAccessPeer", acl.aclrtDeviceCanAccessPeer(null_mut(), 0, 1));
    refused!(100000, "peerDeviceId is 1", acl.aclrtDeviceCanAccessPeer(&mut can, 1, 1));
    refused!(107001, "64", acl.aclrtDeviceCanAccessPeer(&mut can, 0, 64));
    refused!(107001, "-1", acl.aclrtDeviceCanAccessPeer(&mut can, -1, 0));
}

/// runtime, unit test `ACLEnablePeerAccess`: flags other than 0 are 200006, the device itself is 100000.
#[test]
fn what_cannot_be_enabled() {
    let lease = Lease::new();
    let other = (lease.0 + 1) % 8;
    refused!(200006, "flags is 1", acl.aclrtDeviceEnablePeerAccess(other, 1));
    refused!(100000, "peerDeviceId", acl.aclrtDeviceEnablePeerAccess(lease.0, 0));
    refused!(100000, "peerDeviceId", acl.aclrtDeviceDisablePeerAccess(lease.0));
    refused!(107001, "99", acl.aclrtDeviceEnablePeerAccess(99, 0));
}

/// runtime, "Inter-Device Data Transfer": the copy is between two devices, once access is enabled.
#[test]
fn copies_between_devices_need_access() {
    let leases = Lease::several(3);
    let [a, b, third] = [leases[0].0, leases[1].0, leases[2].0];
    ok!(acl.aclrtSetDevice(a));
    let src = upload(&[1u32, 2, 3, 4]);
    let stream = new_stream();
    ok!(acl.aclrtSetDevice(b));
    let dst = upload(&[0u32; 4]);
    let copy = |kind| call!(acl.aclrtMemcpy(dst, 16, src, 16, kind));
    refused!(207000, "peer access is not enabled", acl.aclrtMemcpy(dst, 16, src, 16, ACL_MEMCPY_DEVICE_TO_DEVICE));
    ok!(acl.aclrtDeviceEnablePeerAccess(a, 0));
    ok!(acl.aclrtDeviceEnablePeerAccess(a, 0));
    assert_eq!((copy(ACL_MEMCPY_DEVICE_TO_DEVICE), download::<u32>(dst, 4)), (0, vec![1, 2, 3, 4]));
    // In the order of a stream, of either device.
    ok!(acl.aclrtSetDevice(a));
    ok!(acl.aclrtMemsetAsync(src, 16, 0xff, 16, stream));
    ok!(acl.aclrtMemcpyAsync(dst, 16, src, 16, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u32>(dst, 4), [u32::MAX; 4]);
    ok!(acl.aclrtSetDevice(third));
    let strange = new_stream();
    refused!(107000, "the stream is of device", acl.aclrtMemcpyAsync(dst, 16, src, 16, ACL_MEMCPY_DEVICE_TO_DEVICE, strange));
    ok!(acl.aclrtSetDevice(b));
    ok!(acl.aclrtDeviceDisablePeerAccess(a));
    refused!(207000, "peer access is not enabled", acl.aclrtMemcpy(dst, 16, src, 16, ACL_MEMCPY_DEFAULT));
    ok!(acl.aclrtFree(src));
    ok!(acl.aclrtFree(dst));
}

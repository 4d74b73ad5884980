use super::*;

fn flags(stream: aclrtStream) -> u32 {
    let mut flags = 99;
    ok!(acl?.aclrtStreamGetFlags(stream, &mut flags));
    flags
}

fn priority(stream: aclrtStream) -> u32 {
    let mut priority = 99;
    ok!(acl?.aclrtStreamGetPriority(stream, &mut priority));
    priority
}

fn attribute(stream: aclrtStream, attr: aclrtStreamAttr) -> aclrtStreamAttrValue {
    let mut value = aclrtStreamAttrValue { reserve: [99; 4] };
    ok!(acl?.aclrtGetStreamAttribute(stream, attr, &mut value));
    value
}

fn number(stream: aclrtStream, attr: aclrtStreamAttr) -> u32 {
    // SAFETY: numbers, which any bytes are.
    unsafe { attribute(stream, attr).overflowSwitch }
}

fn mode(stream: aclrtStream) -> u64 {
    // SAFETY: as above.
    unsafe { attribute(stream, ACL_STREAM_ATTR_FAILURE_MODE).failureMode }
}

// runtime, stream.cpp (GetFlags) and api_impl.cc (StreamGetPriority): what it was made with; priorities are clamped to the
// device's range, 0 to 7; null is the default stream.
#[test]
fn priorities_flags_and_ids() {
    let _lease = Lease::new();
    let (mut least, mut greatest) = (-1, -1);
    ok!(acl?.aclrtDeviceGetStreamPriorityRange(&mut least, &mut greatest));
    assert_eq!((least, greatest), (7, 0));
    ok!(acl?.aclrtDeviceGetStreamPriorityRange(null_mut(), null_mut()));
    let (mut plain, mut fast) = (new_stream(), null_mut());
    ok!(acl.aclrtCreateStreamWithConfig(&mut fast, 200, ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC | 0x100));
    assert_eq!((flags(plain), priority(plain)), (0, 0));
    assert_eq!((flags(fast), priority(fast)), (3, 7), "a bit without a name is ignored");
    assert_eq!((flags(null_mut()), priority(null_mut())), (0, 0));
    let (mut a, mut b) = (-1, -1);
    ok!(acl?.aclrtStreamGetId(plain, &mut a));
    ok!(acl?.aclrtStreamGetId(fast, &mut b));
    assert!(a >= 0 && b >= 0 && a != b);
    for flag in [ACL_STREAM_CPU_SCHEDULE, ACL_STREAM_DEVICE_USE_ONLY] {
        refused!(207000, "not supported by the simulator", acl.aclrtCreateStreamWithConfig(&mut plain, 0, flag));
    }
    refused!(100000, "priority is null", acl?.aclrtStreamGetPriority(fast, null_mut()));
    refused!(100000, "flags is null", acl?.aclrtStreamGetFlags(fast, null_mut()));
    refused!(100000, "streamId is null", acl?.aclrtStreamGetId(fast, null_mut()));
    let stray = new_event(ACL_EVENT_SYNC);
    refused!(107017, "not a live stream", acl?.aclrtStreamGetId(stray, &mut a));
}

// runtime, 06_stream_management: 1984 of a device, less those that there are.
#[test]
fn the_streams_and_events_that_are_left() {
    let _lease = Lease::new();
    let (mut before, mut after) = (0, 0);
    ok!(acl?.aclrtGetStreamAvailableNum(&mut before));
    let stream = new_stream();
    ok!(acl?.aclrtGetStreamAvailableNum(&mut after));
    assert_eq!((before, after), (1984, 1983));
    ok!(acl.aclrtDestroyStream(stream));
    ok!(acl?.aclrtGetEventAvailNum(&mut before));
    let event = new_event(ACL_EVENT_SYNC);
    ok!(acl?.aclrtGetEventAvailNum(&mut after));
    assert_eq!(after, before - 1);
    ok!(acl.aclrtDestroyEvent(event));
    refused!(100000, "null", acl?.aclrtGetStreamAvailableNum(null_mut()));
    refused!(100000, "null", acl?.aclrtGetEventAvailNum(null_mut()));
}

// runtime, api_c_stream.cc (rtsStreamSetAttribute): each kind and its range; others are 107000.
#[test]
fn attributes_are_kept() {
    let _lease = Lease::new();
    let stream = new_stream();
    let mut value = aclrtStreamAttrValue { reserve: [0; 4] };
    for (attr, set) in [
        (ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK, 1),
        (ACL_STREAM_ATTR_USER_CUSTOM_TAG, 77),
        (ACL_STREAM_ATTR_CACHE_OP_INFO, 1),
        (ACL_STREAM_ATTR_PRIORITY, 5),
    ] {
        assert_eq!(number(stream, attr), 0);
        value.overflowSwitch = set;
        ok!(acl?.aclrtSetStreamAttribute(stream, attr, &mut value));
        assert_eq!(number(stream, attr), set);
    }
    assert_eq!(priority(stream), 5);
    value.overflowSwitch = 2;
    refused!(107000, "is 2", acl?.aclrtSetStreamAttribute(stream, ACL_STREAM_ATTR_CACHE_OP_INFO, &mut value));
    refused!(107000, "stmAttrType is 6", acl?.aclrtSetStreamAttribute(stream, aclrtStreamAttr(6), &mut value));
    refused!(107000, "stmAttrType is 0", acl?.aclrtGetStreamAttribute(stream, aclrtStreamAttr(0), &mut value));
    refused!(100000, "value is null", acl?.aclrtGetStreamAttribute(stream, ACL_STREAM_ATTR_PRIORITY, null_mut()));
    refused!(100000, "value is null", acl?.aclrtSetStreamAttribute(stream, ACL_STREAM_ATTR_PRIORITY, null_mut()));

    let mut flag = 9;
    ok!(acl?.aclrtSetStreamOverflowSwitch(stream, 0));
    ok!(acl?.aclrtGetStreamOverflowSwitch(stream, &mut flag));
    assert_eq!(flag, 0);
    refused!(100000, "flag is 2", acl?.aclrtSetStreamOverflowSwitch(stream, 2));
    refused!(100000, "flag is null", acl?.aclrtGetStreamOverflowSwitch(stream, null_mut()));
}

// runtime, api_impl.cc (StreamSetMode): from stop there is no way back; 25-02_Enumerations: not for the default stream.
#[test]
fn failure_modes() {
    let _lease = Lease::new();
    let stream = new_stream();
    assert_eq!(mode(stream), ACL_CONTINUE_ON_FAILURE);
    ok!(acl?.aclrtSetStreamFailureMode(stream, ACL_CONTINUE_ON_FAILURE));
    ok!(acl?.aclrtSetStreamFailureMode(stream, ACL_STOP_ON_FAILURE));
    ok!(acl?.aclrtSetStreamFailureMode(stream, ACL_STOP_ON_FAILURE));
    assert_eq!(mode(stream), ACL_STOP_ON_FAILURE);
    refused!(207000, "no way back", acl?.aclrtSetStreamFailureMode(stream, ACL_CONTINUE_ON_FAILURE));
    refused!(107000, "mode is 2", acl?.aclrtSetStreamFailureMode(stream, 2));
    refused!(207000, "default stream", acl?.aclrtSetStreamFailureMode(null_mut(), ACL_STOP_ON_FAILURE));
}

// acl_rt.h: the default stream by name is the one that null means; it ends with its context only.
#[test]
fn the_default_stream_has_a_handle() {
    let _lease = Lease::new();
    let mut named = null_mut();
    ok!(acl?.aclrtCtxGetCurrentDefaultStream(&mut named));
    let (mut a, mut b) = (-1, -2);
    ok!(acl?.aclrtStreamGetId(named, &mut a));
    ok!(acl?.aclrtStreamGetId(null_mut(), &mut b));
    assert_eq!(a, b);
    refused!(107000, "default stream", acl.aclrtDestroyStream(named));
    refused!(107000, "default stream", acl.aclrtDestroyStreamForce(named));
    ok!(acl.aclrtSynchronizeStream(named));
    refused!(100000, "stream is null", acl?.aclrtCtxGetCurrentDefaultStream(null_mut()));
}

// runtime, 24_other_APIs and 06_stream_management: what Atlas A2 and A3 do not have, and what the simulator cannot.
#[test]
fn streams_of_other_chips() {
    let _lease = Lease::new();
    assert!(call!(acl?.aclrtCreateStreamConfigHandle()).is_null());
    assert!(recent().contains("not supported on Atlas A2 and A3"));
    let (mut stream, none) = (null_mut(), null_mut());
    refused!(207000, "Atlas A2", acl?.aclrtCreateStreamV2(&mut stream, none));
    refused!(207000, "Atlas A2", acl?.aclrtSetStreamConfigOpt(none, ACL_RT_STREAM_FLAG, std::ptr::null(), 0));
    refused!(207000, "Atlas A2", acl?.aclrtDestroyStreamConfigHandle(none));
    refused!(207000, "half-way", acl?.aclrtStreamStop(null_mut()));
}

use super::*;

const CUBE: aclrtDevResLimitType = ACL_RT_DEV_RES_CUBE_CORE;
const VECTOR: aclrtDevResLimitType = ACL_RT_DEV_RES_VECTOR_CORE;

fn here(limit: aclrtDevResLimitType) -> u32 {
    let mut value = 0;
    ok!(acl?.aclrtGetResInCurrentThread(limit, &mut value));
    value
}

fn of(stream: aclrtStream, limit: aclrtDevResLimitType) -> u32 {
    let mut value = 0;
    ok!(acl?.aclrtGetStreamResLimit(stream, limit, &mut value));
    value
}

// runtime, api_impl.cc (SetDeviceResLimit, GetStreamResLimitByType, GetResInCurrentThread): a device has all of its cores unless
// limited; a stream has the device's limit unless it has its own; a thread uses a stream's if it says so.
#[test]
fn cores() {
    let lease = Lease::new();
    let stream = new_stream();
    let mut value = 0;
    ok!(acl?.aclrtGetDeviceResLimit(lease.0, VECTOR, &mut value));
    assert_eq!((value, of(stream, CUBE), here(CUBE)), (40, 20, 20));
    ok!(acl?.aclrtSetDeviceResLimit(lease.0, CUBE, 8));
    assert_eq!((of(stream, CUBE), of(stream, VECTOR), here(CUBE)), (8, 40, 8));
    ok!(acl?.aclrtSetStreamResLimit(stream, CUBE, 4));
    assert_eq!((of(stream, CUBE), here(CUBE)), (4, 8));
    ok!(acl?.aclrtUseStreamResInCurrentThread(stream));
    assert_eq!((here(CUBE), here(VECTOR)), (4, 40));
    ok!(acl?.aclrtResetStreamResLimit(stream));
    assert_eq!(here(CUBE), 8);
    ok!(acl?.aclrtUnuseStreamResInCurrentThread(stream));
    ok!(acl?.aclrtResetDeviceResLimit(lease.0));
    assert_eq!((here(CUBE), of(null_mut(), CUBE)), (20, 20));
    refused!(107000, "value is 21", acl?.aclrtSetDeviceResLimit(lease.0, CUBE, 21));
    refused!(107000, "value is 41", acl?.aclrtSetStreamResLimit(stream, VECTOR, 41));
    refused!(107000, "type is 2", acl?.aclrtSetDeviceResLimit(lease.0, aclrtDevResLimitType(2), 1));
    refused!(107000, "type is 2", acl?.aclrtGetResInCurrentThread(aclrtDevResLimitType(2), &mut value));
    refused!(107001, "deviceId is 64", acl?.aclrtResetDeviceResLimit(64));
    refused!(107001, "deviceId is 64", acl?.aclrtGetDeviceResLimit(64, CUBE, &mut value));
}

// acl_rt.h: A2 and A3 keep Inf and NaN unless told otherwise.
#[test]
fn saturation() {
    let _lease = Lease::new();
    let mut mode = aclrtFloatOverflowMode(-1);
    ok!(acl?.aclrtGetDeviceSatMode(&mut mode));
    assert_eq!(mode, ACL_RT_OVERFLOW_MODE_INFNAN);
    ok!(acl?.aclrtSetDeviceSatMode(ACL_RT_OVERFLOW_MODE_INFNAN));
    refused!(207000, "SATURATION", acl?.aclrtSetDeviceSatMode(ACL_RT_OVERFLOW_MODE_SATURATION));
    refused!(107000, "mode is 2", acl?.aclrtSetDeviceSatMode(ACL_RT_OVERFLOW_MODE_UNDEF));
}

// cann-abi: 1,091 seconds by default; runtime, 12_execution_control: rounded up to steps, 1 to 254 of them, 0 being all; in
// milliseconds not on A2 and A3.
#[test]
fn operators_time_out() {
    if !in_child("runtime::limits::operators_time_out", &[]) {
        return;
    }
    let _lease = Lease::new();
    let (mut ms, mut us, mut step) = (0, 0, 0);
    ok!(acl?.aclrtGetOpExecuteTimeout(&mut ms));
    assert_eq!(ms.div_ceil(1000), 1091);
    ok!(acl?.aclrtGetOpTimeOutInterval(&mut step));
    for (asked, steps) in [(1, 1), (step, 1), (step + 2, 2), (u64::MAX, 254), (0, 254)] {
        ok!(acl?.aclrtSetOpExecuteTimeOutV2(asked, &mut us));
        assert_eq!(us.div_ceil(step + 1), steps, "{asked} us");
    }
    ok!(acl?.aclrtSetOpExecuteTimeOut(10));
    ok!(acl?.aclrtGetOpExecuteTimeout(&mut ms));
    assert_eq!(u64::from(ms), (3 * step).div_ceil(1000));
    refused!(207000, "Atlas A2", acl?.aclrtSetOpExecuteTimeOutWithMs(5));
    refused!(100000, "actualTimeout is null", acl?.aclrtSetOpExecuteTimeOutV2(1, null_mut()));
}

// acl_rt.h: a context's own options.
#[test]
fn options_of_a_context() {
    let _lease = Lease::new();
    let mut value = 9;
    refused!(107021, "never set", acl?.aclrtCtxGetSysParamOpt(ACL_OPT_DETERMINISTIC, &mut value));
    ok!(acl?.aclrtCtxSetSysParamOpt(ACL_OPT_DETERMINISTIC, 1));
    ok!(acl?.aclrtCtxGetSysParamOpt(ACL_OPT_DETERMINISTIC, &mut value));
    assert_eq!(value, 1);
    refused!(107000, "value is 2", acl?.aclrtCtxSetSysParamOpt(ACL_OPT_DETERMINISTIC, 2));
    refused!(100000, "opt is 9", acl?.aclrtCtxSetSysParamOpt(aclSysParamOpt(9), 1));
}

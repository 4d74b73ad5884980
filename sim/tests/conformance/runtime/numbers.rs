use super::*;

// runtime, data_buffer.cpp (aclDataTypeSizeImpl).
#[test]
fn sizes_of_elements() {
    for (dtype, bytes) in [
        (ACL_DT_UNDEFINED, 0),
        (ACL_STRING, 0),
        (ACL_INT4, 1),
        (ACL_UINT1, 1),
        (ACL_BOOL, 1),
        (ACL_UINT8, 1),
        (ACL_BF16, 2),
        (ACL_FLOAT16, 2),
        (ACL_FLOAT, 4),
        (ACL_COMPLEX32, 4),
        (ACL_DOUBLE, 8),
        (ACL_INT64, 8),
        (ACL_COMPLEX64, 8),
        (ACL_COMPLEX128, 16),
        (aclDataType(36), 1),
        (aclDataType(1234), 8),
    ] {
        assert_eq!(call!(acl?.aclDataTypeSize(dtype)), bytes, "{dtype:?}");
    }
}

// acl_base_rt.h: infinities and NaN are not kept: 65536, -65536 and 98304 one way, the largest the other way; else the nearest, ties to
// even.
#[test]
fn half_precision() {
    let (narrow, widen) = (|value| call!(acl?.aclFloatToFloat16(value)), |bits| call!(acl?.aclFloat16ToFloat(bits)));
    for (bits, value) in [
        (0x0000, 0.0),
        (0x3c00, 1.0),
        (0xc100, -2.5),
        (0x0001, 2f32.powi(-24)),
        (0x03ff, 1023.0 * 2f32.powi(-24)),
        (0x7bff, 65504.0),
        (0x3555, 0.333_251_95),
    ] {
        assert_eq!((widen(bits), narrow(value)), (value, bits));
    }
    assert_eq!(widen(0x8000).to_bits(), 0x8000_0000);
    assert_eq!([0x7c00, 0xfc00, 0x7e00].map(widen), [65536.0, -65536.0, 98304.0]);
    assert_eq!([f32::INFINITY, f32::NAN, 65520.0, 1e9].map(narrow), [0x7bff; 4]);
    assert_eq!([f32::NEG_INFINITY, -65520.0].map(narrow), [0xfbff; 2]);
    // Half-way between two: to the even one.
    assert_eq!([1.0 + 2f32.powi(-11), 1.0 + 3.0 * 2f32.powi(-11)].map(narrow), [0x3c00, 0x3c02]);
    assert_eq!([2f32.powi(-25), 1.5 * 2f32.powi(-25), 2f32.powi(-26)].map(narrow), [0, 1, 0]);
}

// runtime, api_impl.cc (CheckArchCompatibility): 1 where the chips have the same instructions; a name that is none is 107000.
#[test]
fn architectures() {
    let mut fits = -1;
    for (soc, wanted) in
        [(c"Ascend910B1", 1), (c"Ascend910B4", 1), (c"Ascend910_9391", 1), (c"Ascend310P3", 0), (c"Ascend910A", 0)]
    {
        ok!(acl?.aclrtCheckArchCompatibility(soc.as_ptr(), &mut fits));
        assert_eq!(fits, wanted, "{soc:?}");
    }
    refused!(107000, "\"Ascent\", which is no chip", acl?.aclrtCheckArchCompatibility(c"Ascent".as_ptr(), &mut fits));
    refused!(107000, "which is no chip", acl?.aclrtCheckArchCompatibility(c"".as_ptr(), &mut fits));
    refused!(107000, "socVersion is null", acl?.aclrtCheckArchCompatibility(std::ptr::null(), &mut fits));
    refused!(107000, "canCompatible is null", acl?.aclrtCheckArchCompatibility(c"Ascend910B1".as_ptr(), null_mut()));
}

// runtime, api_impl.cc (GetErrorVerbose): only memory and links have errors of their own; a task that failed is none.
#[test]
fn what_is_wrong_with_a_device() {
    let lease = Lease::new();
    let stream = new_stream();
    enqueue_failure(stream);
    assert_eq!(call!(acl.aclrtSynchronizeStream(stream)), 507015);
    // SAFETY: all zeros is a value of it.
    let mut info: aclrtErrorInfo = unsafe { std::mem::zeroed() };
    (info.tryRepair, info.hasDetail, info.errorType) = (1, 1, ACL_RT_ERROR_L2);
    ok!(acl?.aclrtGetErrorVerbose(lease.0, &mut info));
    assert_eq!((info.tryRepair, info.hasDetail, info.errorType), (0, 0, ACL_RT_NO_ERROR));
    refused!(100000, "errorInfo is null", acl?.aclrtGetErrorVerbose(lease.0, null_mut()));
    refused!(107001, "deviceId is 99", acl?.aclrtGetErrorVerbose(99, &mut info));
}

// runtime, 04_device_management: 64 bytes, 0 for no overflow, in the order of the stream; api_error.cc: no other size, and not while
// the stream is captured.
#[test]
fn overflow_status() {
    let lease = Lease::new();
    let (stream, status) = (new_stream(), upload(&[1u8; 64]));
    let gate = Gate::close(stream);
    ok!(acl?.aclrtResetOverflowStatus(stream));
    ok!(acl?.aclrtGetOverflowStatus(status, 64, stream));
    assert_eq!(download::<u8>(status, 64), [1; 64], "asynchronous");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u8>(status, 64), [0; 64]);
    refused!(107000, "outputSize is 32", acl?.aclrtGetOverflowStatus(status, 32, stream));
    refused!(100000, "outputAddr is null", acl?.aclrtGetOverflowStatus(null_mut(), 64, stream));
    let mut here = [0u8; 64];
    refused!(107000, "memory of device", acl?.aclrtGetOverflowStatus(here.as_mut_ptr().cast(), 64, stream));
    refused!(107017, "stream is not", acl?.aclrtResetOverflowStatus(status));
    let mut graph = null_mut();
    ok!(graphs?.aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_RELAXED));
    assert_eq!(call!(acl?.aclrtGetOverflowStatus(status, 64, stream)), 107027, "{}", recent());
    assert_eq!(call!(acl?.aclrtResetOverflowStatus(stream)), 107027);
    ok!(graphs?.aclmdlRICaptureEnd(stream, &mut graph));
    drop(lease);
}

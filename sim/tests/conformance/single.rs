//! Single operators by name: what describes them is kept, and to run one is refused with what it was.
//!
//! "ge" is the open source graph engine, whose folder `api/acl` has these functions; "runtime" is the runtime's `data_buffer.cpp`.

use super::*;
use std::ptr::null;

fn desc(dtype: aclDataType, dims: &[i64]) -> *mut aclTensorDesc {
    let desc = call!(single?.aclCreateTensorDesc(dtype, dims.len() as i32, dims.as_ptr(), ACL_FORMAT_ND));
    assert!(!desc.is_null(), "{}", recent());
    desc
}

/// A stale handle: of a description that is destroyed.
fn stale() -> *mut aclTensorDesc {
    let desc = desc(ACL_FLOAT, &[1]);
    call!(single?.aclDestroyTensorDesc(desc));
    desc
}

// ge, tensor_desc_internal_om2.cpp: getters give what was given; for null an undefined value or 0, and no crash.
#[test]
fn a_tensor_description_answers_for_itself() {
    let x = desc(ACL_FLOAT16, &[2, 3, 5]);
    assert_eq!(call!(single?.aclGetTensorDescType(x)), ACL_FLOAT16);
    assert_eq!(call!(single?.aclGetTensorDescFormat(x)), ACL_FORMAT_ND);
    assert_eq!(call!(single?.aclGetTensorDescNumDims(x)), 3);
    assert_eq!(call!(single?.aclGetTensorDescElementCount(x)), 30);
    assert_eq!(call!(single?.aclGetTensorDescSize(x)), 60);
    let mut dim = 0;
    ok!(single?.aclGetTensorDescDimV2(x, 2, &mut dim));
    assert_eq!(dim, 5);
    refused!(100000, "index is 3", single?.aclGetTensorDescDimV2(x, 3, &mut dim));
    refused!(100000, "dimSize is null", single?.aclGetTensorDescDimV2(x, 0, null_mut()));
    refused!(100000, "desc is null", single?.aclGetTensorDescDimV2(null(), 0, &mut dim));
    ok!(single?.aclSetTensorFormat(x, ACL_FORMAT_NCHW));
    ok!(single?.aclSetTensorFormat(null_mut(), ACL_FORMAT_NCHW));
    assert_eq!(call!(single?.aclGetTensorDescFormat(x)), ACL_FORMAT_ND, "the format in memory is another");
    ok!(single?.aclSetTensorShape(x, 1, [30].as_ptr()));
    assert_eq!(call!(single?.aclGetTensorDescNumDims(x)), 3, "the shape in memory is another");
    refused!(100000, "dims is null", single?.aclSetTensorShape(x, 0, null()));
    refused!(100000, "length is 0", single?.aclSetTensorConst(x, (&raw mut dim).cast(), 0));
    ok!(single?.aclSetTensorConst(x, (&raw mut dim).cast(), 8));
    ok!(single?.aclSetTensorPlaceMent(x, ACL_MEMTYPE_HOST));
    call!(single?.aclDestroyTensorDesc(x));

    let scalar = desc(ACL_INT64, &[]);
    assert_eq!(call!(single?.aclGetTensorDescElementCount(scalar)), 1);
    let (unknown, of_no_rank) = (desc(ACL_INT64, &[-1, 2]), desc(ACL_INT64, &[-2]));
    assert_eq!(call!(single?.aclGetTensorDescElementCount(unknown)), 0);
    assert_eq!(call!(single?.aclGetTensorDescNumDims(of_no_rank)), 0xFFFF_FFFF_FFFF_FFFE);
    for desc in [scalar, unknown, of_no_rank] {
        call!(single?.aclDestroyTensorDesc(desc));
    }

    for none in [null_mut(), stale(), 0x1000 as *mut aclTensorDesc] {
        assert_eq!(call!(single?.aclGetTensorDescType(none)), ACL_DT_UNDEFINED);
        assert_eq!(call!(single?.aclGetTensorDescFormat(none)), ACL_FORMAT_UNDEFINED);
        assert_eq!(call!(single?.aclGetTensorDescNumDims(none)), 0);
        assert_eq!(call!(single?.aclGetTensorDescSize(none)), 0);
        call!(single?.aclDestroyTensorDesc(none));
    }
    assert!(call!(single?.aclCreateTensorDesc(ACL_FLOAT, -1, null(), ACL_FORMAT_ND)).is_null());
    assert!(recent().contains("numDims is -1"));
    assert!(call!(single?.aclCreateTensorDesc(ACL_FLOAT, 1, null(), ACL_FORMAT_ND)).is_null());
}

// runtime, data_buffer.cpp: an address and a length, neither looked at; null where there is no buffer.
#[test]
fn a_data_buffer_answers_for_itself() {
    let (first, second) = (0x10 as *mut c_void, 0x20 as *mut c_void);
    let buffer = call!(single?.aclCreateDataBuffer(first, 3));
    assert_eq!(call!(single?.aclGetDataBufferAddr(buffer)), first);
    ok!(single?.aclUpdateDataBuffer(buffer, second, 5));
    assert_eq!((call!(single?.aclGetDataBufferAddr(buffer)), call!(single?.aclGetDataBufferSizeV2(buffer))), (second, 5));
    ok!(single?.aclDestroyDataBuffer(buffer));
    refused!(100000, "destroyed already", single?.aclDestroyDataBuffer(buffer));
    refused!(100000, "dataBuffer is null", single?.aclDestroyDataBuffer(null()));
    assert!(call!(single?.aclGetDataBufferAddr(null())).is_null());
    assert_eq!(call!(single?.aclGetDataBufferSizeV2(buffer)), 0);
}

// ge, op_compiler.cpp: 200006 here, where CANN compiles. The order of the checks is its own; all outputs empty is success without a
// look at the name. The text says which operator it was.
#[test]
fn an_operator_by_name_is_refused_with_what_it_was() {
    let (x, y, empty) = (desc(ACL_FLOAT, &[2, 3]), desc(ACL_INT32, &[2]), desc(ACL_FLOAT, &[0, 4]));
    let name = c"first";
    call!(single?.aclSetTensorDescName(x, name.as_ptr()));
    let buffer = call!(single?.aclCreateDataBuffer(0x1000 as *mut c_void, 24));
    let attr = call!(single?.aclopCreateAttr());
    ok!(single?.aclopSetAttrBool(attr, c"keep".as_ptr(), 1));
    ok!(single?.aclopSetAttrInt(attr, c"axis".as_ptr(), -1));
    ok!(single?.aclopSetAttrFloat(attr, c"eps".as_ptr(), 0.5));
    ok!(single?.aclopSetAttrString(attr, c"mode".as_ptr(), c"none".as_ptr()));
    ok!(single?.aclopSetAttrDataType(attr, c"to".as_ptr(), ACL_BF16));
    ok!(single?.aclopSetAttrListBool(attr, c"bools".as_ptr(), 2, [0u8, 1].as_ptr()));
    ok!(single?.aclopSetAttrListInt(attr, c"pads".as_ptr(), 0, null()));
    ok!(single?.aclopSetAttrListFloat(attr, c"scales".as_ptr(), 1, [1.5].as_ptr()));
    let (long, short) = ([1i64, 2], [3i64]);
    let rows = [long.as_ptr(), short.as_ptr()];
    ok!(single?.aclopSetAttrListListInt(attr, c"rows".as_ptr(), 2, [2, 1].as_ptr(), rows.as_ptr()));
    refused!(100000, "attrName is null", single?.aclopSetAttrInt(attr, null(), 1));
    refused!(100000, "attr is null", single?.aclopSetAttrInt(null_mut(), c"axis".as_ptr(), 1));
    refused!(100000, "values is null", single?.aclopSetAttrListInt(attr, c"pads".as_ptr(), 1, null()));

    let run = |inputs: i32, x: *mut aclTensorDesc, y: *mut aclTensorDesc, flag: aclopCompileType| {
        let (mut from, mut to, mut data) = ([x], [y], [buffer]);
        recent();
        let data = data.as_mut_ptr();
        let op = c"ArgMaxV2".as_ptr();
        let (from, to, kind) = (from.as_mut_ptr(), to.as_mut_ptr(), ACL_ENGINE_SYS);
        let code =
            call!(single?.aclopCompileAndExecuteV2(op, inputs, from, data, 1, to, data, attr, kind, flag, null(), null_mut()));
        (code, recent())
    };
    let (code, text) = run(1, x, y, ACL_COMPILE_SYS);
    assert_eq!(code, 200006, "{text}");
    let what = "ArgMaxV2(first ACL_FLOAT [2, 3]) -> ACL_INT32 [2], axis -1, bools [false, true], eps 0.5, keep true, mode \"none\", pads [], \
                rows [[1, 2], [3]], scales [1.5], to ACL_BF16:";
    assert!(text.contains(what), "{text}");
    assert_eq!(run(1, x, empty, ACL_COMPILE_SYS).0, 0);
    assert_eq!(run(0, null_mut(), y, ACL_COMPILE_SYS).0, 200006);
    for ((code, text), (wanted, words)) in [
        (run(-1, x, y, ACL_COMPILE_SYS), (100000, "numInputs is -1")),
        (run(1, x, y, aclopCompileType(2)), (200001, "compileFlag is 2")),
        (run(1, null_mut(), y, ACL_COMPILE_SYS), (100000, "inputDesc[0] is null")),
        (run(1, stale(), y, ACL_COMPILE_SYS), (100000, "inputDesc[0] is no live")),
        (run(1, x, y, ACL_COMPILE_UNREGISTERED), (100000, "opPath is null")),
    ] {
        assert!(code == wanted && text.contains(words), "{code}: {text}");
    }
    let (none, path, engine) = (null(), c"x.txt".as_ptr(), ACL_ENGINE_SYS);
    refused!(
        100000,
        "opType is null",
        single?.aclGenGraphAndDumpForOp(null(), 0, none, null(), 0, none, null(), attr, engine, path, null())
    );
    call!(single?.aclopDestroyAttr(attr));
    ok!(single?.aclDestroyDataBuffer(buffer));
    for desc in [x, y, empty] {
        call!(single?.aclDestroyTensorDesc(desc));
    }
}

// ge, op_compiler.cpp: an option is kept; whether operators are compiled when called is the chip's, "disable" here, and its size always 256.
#[test]
fn options_of_the_compiler_are_kept() {
    let value = |opt, length| {
        let mut text = [1u8; 256];
        let code = call!(single?.aclGetCompileopt(opt, text.as_mut_ptr().cast(), length));
        (code, CStr::from_bytes_until_nul(&text).map(|text| text.to_owned()).unwrap_or_default())
    };
    assert_eq!(call!(single?.aclGetCompileoptSize(ACL_OP_JIT_COMPILE)), 256);
    ok!(single?.aclSetCompileopt(ACL_OP_JIT_COMPILE, c"enable".as_ptr()));
    assert_eq!(value(ACL_OP_JIT_COMPILE, 256), (0, c"disable".to_owned()));
    assert_eq!(value(ACL_OP_JIT_COMPILE, 7).0, 500001);
    assert_eq!(value(ACL_PRECISION_MODE, 256).0, 200001);
    ok!(single?.aclSetCompileopt(ACL_PRECISION_MODE, c"must_keep_origin_dtype".as_ptr()));
    assert_eq!(call!(single?.aclGetCompileoptSize(ACL_PRECISION_MODE)), 23);
    ok!(single?.aclSetCompileopt(ACL_OP_DEBUG_OPTION, c"oom".as_ptr()));
    assert_eq!(value(ACL_OP_DEBUG_OPTION, 4), (0, c"oom".to_owned()));
    refused!(200006, "discarded", single?.aclSetCompileopt(ACL_AUTO_TUNE_MODE, c"x".as_ptr()));
    refused!(500000, "opt is 99", single?.aclSetCompileopt(aclCompileOpt(99), c"x".as_ptr()));
    refused!(100000, "value is null", single?.aclSetCompileopt(ACL_ALLOW_HF32, null()));
}

// runtime, prof_impl_inner_api.cpp: reports of libraries come to nothing while nobody collects them; null fails with -1.
#[test]
fn reports_of_libraries() {
    let report = [0u8; 64];
    ok!(prof?.MsprofReportApi(1, report.as_ptr().cast()));
    ok!(prof?.MsprofReportCompactInfo(0, report.as_ptr().cast(), 64));
    refused!(-1, "api is null", prof?.MsprofReportApi(1, null()));
    let id = |text: &str| call!(prof?.MsprofGetHashId(text.as_ptr().cast(), text.len()));
    assert!(id("aclnnAdd") == id("aclnnAdd") && id("aclnnAdd") != id("aclnnSub"));
    assert_eq!(id(""), u64::MAX);
    let earlier = call!(prof?.MsprofSysCycleTime());
    assert!(call!(prof?.MsprofSysCycleTime()) >= earlier);
}

// runtime, kernel.h: launches by the address of a host function, which twins have not.
#[test]
fn launches_by_address_are_refused() {
    refused!(207000, "by the address", kernels?.rtKernelLaunch(null(), 1, null_mut(), 0, null_mut(), null_mut()));
}

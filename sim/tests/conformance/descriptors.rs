//! What descriptors hold, and those that no operator takes yet. `acl_meta.h`; opbase, `src/nnopbase/common/api/acl_op_api.cpp`.

use super::*;

macro_rules! meta {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::nn().$name.expect("the simulator has all of them");
        // SAFETY: handles are checked; pointers are null or to live variables and arrays.
        unsafe { function($($arg),*) }
    }};
}

/// Arrays come from `new[]`; here they go back.
fn dims(get: impl Fn(*mut *mut i64, *mut u64) -> i32) -> Vec<i64> {
    let (mut values, mut count) = (null_mut(), 0);
    assert_eq!(get(&mut values, &mut count), 0, "{}", recent());
    // SAFETY: an array of `count` numbers from `malloc`, freed once.
    unsafe {
        let found = std::slice::from_raw_parts(values, count as usize).to_vec();
        libc::free(values.cast());
        found
    }
}

// acl_meta.h: each getter gives back what the tensor was made with; strides that were left out are those of a contiguous view.
#[test]
fn a_tensor_tells_what_it_was_made_with() {
    let (view, strides, storage) = ([2i64, 3], [4i64, 1], [20i64]);
    let address = 0x4000 as *mut c_void;
    let tensor =
        call!(nn.aclCreateTensor(view.as_ptr(), 2, ACL_BF16, strides.as_ptr(), 5, ACL_FORMAT_ND, storage.as_ptr(), 1, address));
    let (mut offset, mut format, mut dtype, mut found) = (0, aclFormat(-1), ACL_FLOAT, null_mut());
    assert_eq!(dims(|v, n| meta!(aclGetViewShape(tensor, v, n))), view);
    assert_eq!(dims(|v, n| meta!(aclGetViewStrides(tensor, v, n))), strides);
    assert_eq!(dims(|v, n| meta!(aclGetStorageShape(tensor, v, n))), storage);
    assert_eq!(meta!(aclGetViewOffset(tensor, &mut offset)), 0);
    assert_eq!(meta!(aclGetFormat(tensor, &mut format)), 0);
    assert_eq!(meta!(aclGetDataType(tensor, &mut dtype)), 0);
    assert_eq!(meta!(aclGetRawTensorAddr(tensor, &mut found)), 0);
    assert_eq!((offset, format, dtype, found), (5, ACL_FORMAT_ND, ACL_BF16, address), "the address is the storage's");
    assert_eq!(meta!(aclSetRawTensorAddr(tensor, 0x8000 as *mut c_void)), 0);
    assert_eq!(meta!(aclGetRawTensorAddr(tensor, &mut found)), 0);
    assert_eq!(found, 0x8000 as *mut c_void);
    // aclInitTensor: the same handle for another tensor.
    let null = std::ptr::null();
    let init =
        |tensor, n| meta!(aclInitTensor(tensor, view.as_ptr(), 2, ACL_FLOAT, null, 0, ACL_FORMAT_ND, view.as_ptr(), n, address));
    assert_eq!(init(tensor, 2), 0, "{}", recent());
    assert_eq!(dims(|v, n| meta!(aclGetViewStrides(tensor, v, n))), [3, 1]);
    assert_eq!(meta!(aclGetViewOffset(tensor, &mut offset)), 0);
    assert_eq!(offset, 0);
    assert_eq!(init(null_mut(), 2), 161001);
    // opbase (acl_op_api.cpp, the constructor of aclTensor) does not hold a view against its storage, and ggml-cann describes views at
    // an offset that its storage leaves out.
    assert_eq!(init(tensor, 1), 0, "a view that leaves its storage");
    // Nor an empty one's, which ggml-cann counts below 0.
    let (none, below) = ([0i64, 3], [-2i64]);
    let empty = call!(nn.aclCreateTensor(none.as_ptr(), 2, ACL_FLOAT, null, 0, ACL_FORMAT_ND, below.as_ptr(), 1, address));
    assert!(!empty.is_null(), "{}", recent());
    ok!(nn.aclDestroyTensor(empty));
    let refused = call!(nn.aclCreateTensor(view.as_ptr(), 2, ACL_FLOAT, null, 0, ACL_FORMAT_ND, below.as_ptr(), 1, address));
    assert!(refused.is_null() && recent().contains("storageDims[0] is -2"));
    // 161001 for null; 161002 for what is gone.
    assert_eq!(meta!(aclGetViewShape(tensor, null_mut(), null_mut())), 161001);
    assert_eq!(meta!(aclGetDataType(std::ptr::null(), &mut dtype)), 161001);
    assert_eq!(meta!(aclGetViewOffset(tensor, null_mut())), 161001);
    assert_eq!(meta!(aclSetRawTensorAddr(null_mut(), address)), 161001);
    assert_eq!(meta!(aclGetRawTensorAddr(tensor, null_mut())), 161001);
    ok!(nn.aclDestroyTensor(tensor));
    assert_eq!(meta!(aclGetFormat(tensor, &mut format)), 161002);
    assert_eq!(init(tensor, 2), 161002);
}

// acl_meta.h: arrays are copied, lists own their members, destroying null is fine.
#[test]
fn arrays_and_lists() {
    let (floats, bools, ints) = ([1f32, 2.0, 3.0], [true, false], [4i64; 5]);
    let mut size = 0;
    let array = meta!(aclCreateFloatArray(floats.as_ptr(), 3));
    assert_eq!((meta!(aclGetFloatArraySize(array, &mut size)), size), (0, 3));
    assert_eq!((meta!(aclDestroyFloatArray(array)), meta!(aclDestroyFloatArray(array))), (0, 161002));
    assert_eq!(meta!(aclGetFloatArraySize(array, &mut size)), 161002);
    let array = meta!(aclCreateBoolArray(bools.as_ptr(), 2));
    assert_eq!((meta!(aclGetBoolArraySize(array, &mut size)), size), (0, 2));
    assert_eq!((meta!(aclDestroyBoolArray(array)), meta!(aclDestroyBoolArray(std::ptr::null()))), (0, 0));
    let array = call!(nn.aclCreateIntArray(ints.as_ptr(), 5));
    assert_eq!((meta!(aclGetIntArraySize(array, &mut size)), size), (0, 5));
    assert_eq!(meta!(aclGetIntArraySize(array, null_mut())), 161001);
    ok!(nn.aclDestroyIntArray(array));
    assert!(
        meta!(aclCreateFloatArray(std::ptr::null(), 3)).is_null() && meta!(aclCreateBoolArray(std::ptr::null(), 1)).is_null()
    );
    let mut one = 1f32;
    let scalars = [(); 2].map(|()| call!(nn.aclCreateScalar((&raw mut one).cast(), ACL_FLOAT)).cast_const());
    let list = meta!(aclCreateScalarList(scalars.as_ptr(), 2));
    assert_eq!((meta!(aclGetScalarListSize(list, &mut size)), size), (0, 2));
    assert_eq!(meta!(aclGetScalarListSize(std::ptr::null(), &mut size)), 161001);
    assert_eq!(meta!(aclDestroyScalarList(list)), 0);
    assert_eq!(call!(nn.aclDestroyScalar(scalars[0])), 161002, "it went with the list");
    assert!(meta!(aclCreateScalarList(scalars.as_ptr(), 2)).is_null(), "its members must live");
    let dims = [1i64];
    let null = std::ptr::null();
    let tensor = call!(nn.aclCreateTensor(dims.as_ptr(), 1, ACL_FLOAT, null, 0, ACL_FORMAT_ND, dims.as_ptr(), 1, null_mut()));
    let list = call!(nn.aclCreateTensorList([tensor.cast_const()].as_ptr(), 1));
    assert_eq!((meta!(aclGetTensorListSize(list, &mut size)), size), (0, 1));
    ok!(nn.aclDestroyTensorList(list));
}

// aclnn_base.h: the operator library by itself; the simulator takes no settings.
#[test]
fn the_operator_library_by_itself() {
    for _ in 0..2 {
        assert_eq!(meta!(aclnnInit(std::ptr::null())), 0);
    }
    recent();
    assert_eq!(meta!(aclnnInit(c"/x.json".as_ptr())), 200006);
    assert!(recent().contains("configPath"));
    assert_eq!(meta!(aclnnFinalize()), 0);
}

// The text tells what CANN takes and the simulator does not (200006, `EE9999`) from what is no dtype at all (161002, `EZ1001`).
#[test]
fn dtypes_without_numbers() {
    let (mut value, dims) = (0u128, [2i64]);
    let data: *mut c_void = (&raw mut value).cast();
    let tensor = |dtype| {
        call!(nn.aclCreateTensor(dims.as_ptr(), 1, dtype, std::ptr::null(), 0, ACL_FORMAT_ND, dims.as_ptr(), 1, data)).is_null()
    };
    let scalar = |dtype| call!(nn.aclCreateScalar(data, dtype)).is_null();
    for dtype in [ACL_STRING, aclDataType(35)] {
        assert!(tensor(dtype) && recent().starts_with("EE9999: aclCreateTensor: dataType"));
        assert!(scalar(dtype));
        assert!(recent().contains("is not supported by the simulator"));
    }
    assert!(scalar(ACL_COMPLEX64) && recent().contains("ACL_COMPLEX64 is not supported by the simulator"));
    for dtype in [ACL_DT_UNDEFINED, aclDataType(99)] {
        assert!(tensor(dtype));
        let text = recent();
        assert!(text.starts_with("EZ1001") && text.contains("which is no type of elements"), "{text}");
        assert!(scalar(dtype));
        let text = recent();
        assert!(text.starts_with("EZ1001") && !text.contains("not supported"), "{text}");
    }
}

//! Other addresses for a repeatable executor, on `aclnnAdd` (two inputs, one output) and a list. opbase,
//! `docs/zh/api/nnopbase/aclnn/aclSet*TensorAddr`, `src/nnopbase/common/api/acl_op_api.cpp`.

use super::*;

macro_rules! meta {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::nn().$name.expect("the simulator has all of them");
        // SAFETY: handles are checked, addresses are not followed, and variables live.
        unsafe { function($($arg),*) }
    }};
}

struct Add {
    tensors: [*mut aclTensor; 3],
    executor: *mut aclOpExecutor,
}

impl Add {
    fn new(memory: [*mut c_void; 3]) -> Add {
        let (dims, null) = ([8i64], std::ptr::null());
        let tensors = memory
            .map(|data| call!(nn.aclCreateTensor(dims.as_ptr(), 1, ACL_FLOAT, null, 0, ACL_FORMAT_ND, dims.as_ptr(), 1, data)));
        let mut one = 1f32;
        let alpha = call!(nn.aclCreateScalar((&raw mut one).cast(), ACL_FLOAT));
        let (mut bytes, mut executor) = (0, null_mut());
        let op = api().ops.aclnnAdd.expect("the simulator has every row");
        // SAFETY: handles are checked, and the variables live.
        assert_eq!(unsafe { (op.plan)(tensors[0], tensors[1], alpha, tensors[2], &mut bytes, &mut executor) }, 0, "{}", recent());
        ok!(nn.aclSetAclOpExecutorRepeatable(executor));
        Add { tensors, executor }
    }

    fn run(&self) -> i32 {
        let op = api().ops.aclnnAdd.expect("the simulator has every row");
        recent();
        // SAFETY: handles are checked.
        let code = unsafe { (op.run)(null_mut(), 0, self.executor, null_mut()) };
        ok!(acl.aclrtSynchronizeStream(null_mut()));
        code
    }
}

// An executor runs with what its tensors are: each of the functions, and the older names of the same.
#[test]
fn an_executor_runs_with_the_addresses_of_its_tensors() {
    let _lease = Lease::new();
    let [a, b, c] = [1f32, 10.0, 100.0].map(|value| upload(&[value; 8]));
    let [out, other] = [(); 2].map(|()| upload(&[0f32; 8]));
    let add = Add::new([a, b, out]);
    let [x, y, z] = add.tensors;
    assert_eq!(add.run(), 0);
    assert_eq!(download::<f32>(out, 8), [11.0; 8]);
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 0, x, c)), 0, "{}", recent());
    assert_eq!(add.run(), 0);
    assert_eq!(download::<f32>(out, 8), [110.0; 8]);
    assert_eq!(meta!(aclSetOutputTensorAddr(add.executor, 0, z, other)), 0);
    assert_eq!(meta!(aclSetTensorAddr(add.executor, 1, y, a)), 0);
    assert_eq!(add.run(), 0);
    assert_eq!((download::<f32>(out, 8), download::<f32>(other, 8)), (vec![110.0; 8], vec![101.0; 8]));
    assert_eq!(meta!(AclSetInputTensorAddr(add.executor, 1, y, b)), 0);
    assert_eq!(meta!(AclSetOutputTensorAddr(add.executor, 0, z, out)), 0);
    assert_eq!(meta!(AclSetTensorAddr(add.executor, 0, x, b)), 0);
    assert_eq!(add.run(), 0);
    assert_eq!(download::<f32>(out, 8), [20.0; 8]);
    let mut address = null_mut();
    assert_eq!(meta!(aclGetRawTensorAddr(x, &mut address)), 0);
    assert_eq!(address, b, "the address is the tensor's");
    // It is checked when it is used, as ever.
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 0, x, null_mut())), 0);
    assert_eq!(add.run(), 161002, "{}", recent());
    ok!(nn.aclDestroyAclOpExecutor(add.executor));
    [a, b, c, out, other].into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
}

// 561103 for null, 161002 for an index that there is no tensor for, and for what is no live tensor.
#[test]
fn addresses_are_set_on_what_is_there() {
    let _lease = Lease::new();
    let memory = [(); 3].map(|()| malloc(32));
    let add = Add::new(memory);
    let ([x, _, z], p) = (add.tensors, memory[0]);
    assert_eq!(meta!(aclSetInputTensorAddr(null_mut(), 0, x, p)), 561103);
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 0, null_mut(), p)), 561103);
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 2, x, p)), 161002);
    assert_eq!(meta!(aclSetOutputTensorAddr(add.executor, 1, z, p)), 161002);
    assert_eq!(meta!(aclSetTensorAddr(add.executor, 3, x, p)), 161002);
    assert_eq!(meta!(aclSetTensorAddr(add.executor, 2, z, p)), 0, "{}", recent());
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 0, add.executor.cast(), p)), 161002);
    ok!(nn.aclDestroyTensor(add.tensors[1]));
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 0, x, p)), 161002, "its tensors must live");
    ok!(nn.aclDestroyAclOpExecutor(add.executor));
    assert_eq!(meta!(aclSetInputTensorAddr(add.executor, 0, x, p)), 561103);
    memory.into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
}

// Members of a list have an index of their own. No operator of two short lines takes a list: here one stands beside.
#[test]
fn members_of_a_list() {
    let _lease = Lease::new();
    let memory = [(); 3].map(|()| malloc(32));
    let (add, [a, b, c]) = (Add::new(memory), memory);
    let dims = [8i64];
    let make = |data| {
        let null = std::ptr::null();
        call!(nn.aclCreateTensor(dims.as_ptr(), 1, ACL_FLOAT, null, 0, ACL_FORMAT_ND, dims.as_ptr(), 1, data)).cast_const()
    };
    let members = [make(a), make(b)];
    let list = call!(nn.aclCreateTensorList(members.as_ptr(), 2));
    let address = |i: usize| {
        let mut found = null_mut();
        assert_eq!(meta!(aclGetRawTensorAddr(members[i], &mut found)), 0);
        found
    };
    assert_eq!(meta!(aclSetDynamicInputTensorAddr(add.executor, 0, 1, list, c)), 0, "{}", recent());
    assert_eq!(meta!(AclSetDynamicInputTensorAddr(add.executor, 1, 0, list, b)), 0);
    assert_eq!((address(0), address(1)), (b, c));
    assert_eq!(meta!(aclSetDynamicOutputTensorAddr(add.executor, 0, 0, list, c)), 0);
    assert_eq!(meta!(AclSetDynamicOutputTensorAddr(add.executor, 0, 1, list, a)), 0);
    assert_eq!((address(0), address(1)), (c, a));
    assert_eq!(meta!(aclSetDynamicTensorAddr(add.executor, 2, 0, list, a)), 0);
    assert_eq!(meta!(AclSetDynamicTensorAddr(add.executor, 0, 1, list, b)), 0);
    assert_eq!((address(0), address(1)), (a, b));
    assert_eq!(meta!(aclSetDynamicTensorAddr(add.executor, 0, 2, list, a)), 161002, "two members");
    assert_eq!(meta!(aclSetDynamicInputTensorAddr(add.executor, 2, 0, list, a)), 161002, "two inputs");
    assert_eq!(meta!(aclSetDynamicInputTensorAddr(add.executor, 0, 0, null_mut(), a)), 561103);
    assert_eq!(meta!(aclSetDynamicOutputTensorAddr(null_mut(), 0, 0, list, a)), 561103);
    ok!(nn.aclDestroyAclOpExecutor(add.executor));
    ok!(nn.aclDestroyTensorList(list));
    memory.into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
}

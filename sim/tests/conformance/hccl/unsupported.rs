//! What hcomm's pages (`docs/zh/api_ref/comm_mgr_c`) say A2 lacks: refused with `HCCL_E_NOT_SUPPORT`.

use super::*;

#[test]
fn what_only_other_chips_have_is_refused() {
    let (nothing, mut status, mut flag) = (null_mut(), HCCL_COMM_STATUS_READY, false);
    let (mut window, mut handle, mut at, mut rank) = (null_mut(), null_mut(), 0, 0);
    hccl_refused!(5, "Ascend950 only", HcclCommGetStatus(c"x".as_ptr(), &mut status));
    hccl_refused!(5, "Ascend950 only", HcclCommRegCommStateCallback(c"x".as_ptr(), None, nothing));
    hccl_refused!(5, "Ascend950 only", HcclConfigGetInfo(nothing, HCCL_CONFIG_TYPE_OP_EXPANSION_MODE, 4, nothing));
    hccl_refused!(5, "A3 only", HcclCommWorkingDevNicSet(nothing, &mut rank, &mut flag, 1));
    hccl_refused!(5, "A3 only", HcclCommSetMemoryRange(nothing, nothing, 1, 0, 0));
    hccl_refused!(5, "A3 only", HcclCommUnsetMemoryRange(nothing, nothing));
    hccl_refused!(5, "A3 only", HcclCommActivateCommMemory(nothing, nothing, 1, 0, nothing, 0));
    hccl_refused!(5, "A3 only", HcclCommDeactivateCommMemory(nothing, nothing));
    hccl_refused!(5, "A3 only", HcclCommSymWinRegister(nothing, nothing, 1, &mut window, 1));
    hccl_refused!(5, "A3 only", HcclCommSymWinDeregister(window));
    hccl_refused!(5, "A3 only", HcclCommSymWinGet(nothing, nothing, 1, &mut window, &mut at));
    hccl_refused!(5, "A3 only", HcclCommRegister(nothing, nothing, 1, &mut handle, 0));
    hccl_refused!(5, "A3 only", HcclCommDeregister(nothing, handle));
    hccl_refused!(5, "A3 only", HcclCommExchangeMem(nothing, handle, &mut rank, 1));
}

/// hccl, `HcclReduceScatterV`: no products on A2 and A3, and 64-bit integers on A3 only. All the pages: counts and displacements
/// are as the call's own.
#[test]
fn parts_that_do_not_fit() {
    ranks(2, 60, |r| {
        let (x, y, c, s) = (upload(&[1f32; 8]), upload(&[1f32; 8]), r.comm, r.stream);
        let array = |array: &[u64]| array.as_ptr().cast::<c_void>();
        let (one, zero, far, null) = (array(&[1, 1]), array(&[0, 0]), array(&[0, 16]), std::ptr::null());
        let (f32, sum) = (HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM);
        hccl_refused!(5, "HCCL_REDUCE_PROD", HcclReduceScatterV(x, one, far, y, 1, f32, HCCL_REDUCE_PROD, c, s));
        hccl_refused!(5, "A3 only", HcclReduceScatterV(x, one, far, y, 1, HCCL_DATA_TYPE_INT64, sum, c, s));
        hccl_refused!(1, "recvCount is 2", HcclReduceScatterV(x, one, zero, y, 2, f32, sum, c, s));
        hccl_refused!(2, "sendCounts is null", HcclReduceScatterV(x, null, zero, y, 1, f32, sum, c, s));
        hccl_refused!(1, "sendBuf (68 bytes", HcclReduceScatterV(x, one, far, y, 1, f32, sum, c, s));
        hccl_refused!(1, "overlap", HcclReduceScatterV(x, one, zero, x, 1, f32, sum, c, s));
        hccl_refused!(1, "sendCount is 3", HcclAllGatherV(x, 3, y, one, array(&[0, 1]), f32, c, s));
        hccl_refused!(1, "recvDispls and recvCounts", HcclAllGatherV(x, 1, y, one, zero, f32, c, s));
        hccl_refused!(2, "recvDispls is null", HcclAllGatherV(x, 1, y, one, null, f32, c, s));
        hccl_refused!(2, "sendCountMatrix is null", HcclAlltoAllVC(x, null, f32, y, f32, c, s));
        let matrix = array(&[8, 9, 8, 9]);
        hccl_refused!(1, "Buf (", HcclAlltoAllVC(x, matrix, f32, y, f32, c, s));
        hccl_refused!(1, "recvType", HcclAlltoAllVC(x, matrix, f32, y, HCCL_DATA_TYPE_FP16, c, s));
        // The ranks disagree on what rank 0 sends to rank 1.
        let (a, b) = ([0u64, 1, 0, 0], [0u64, 2, 0, 0]);
        if r.rank == 0 {
            hccl_ok!(HcclAlltoAllVC(x, array(&a), f32, y, f32, c, s));
            r.all.wait();
        } else {
            r.all.wait();
            hccl_refused!(1, "sends 1 elements to rank 1, which expects 2", HcclAlltoAllVC(x, array(&b), f32, y, f32, c, s));
        }
    });
}

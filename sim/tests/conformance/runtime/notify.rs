use super::*;

fn new_notify() -> aclrtNotify {
    let mut notify = null_mut();
    ok!(acl?.aclrtCreateNotify(&mut notify, ACL_NOTIFY_DEFAULT));
    notify
}

// runtime, 08_notify_management: the wait holds its stream until the notify is recorded, and clears it.
#[test]
fn a_notify_lets_one_wait_pass() {
    let _lease = Lease::new();
    let (waiter, other, notify) = (new_stream(), new_stream(), new_notify());
    let ptr = upload(&[1u8; 64]);
    ok!(acl?.aclrtWaitAndResetNotify(notify, waiter, 0));
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, waiter));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 5));
    ok!(acl?.aclrtRecordNotify(notify, other));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    assert_eq!(download::<u8>(ptr, 64), [2; 64]);
    ok!(acl?.aclrtWaitAndResetNotify(notify, waiter, 0));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 5));
    ok!(acl?.aclrtRecordNotify(notify, other));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    // A record before the wait counts, and two are as one.
    ok!(acl?.aclrtRecordNotify(notify, other));
    ok!(acl?.aclrtRecordNotify(notify, other));
    ok!(acl.aclrtSynchronizeStream(other));
    ok!(acl?.aclrtWaitAndResetNotify(notify, waiter, 0));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    ok!(acl?.aclrtWaitAndResetNotify(notify, waiter, 1));
    refused!(107020, "within 1 s", acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    ok!(acl?.aclrtDestroyNotify(notify));
}

// Across devices, which is what notifies are for.
#[test]
fn a_notify_is_recorded_by_another_device() {
    let leases = Lease::several(2);
    let (notify, waiter) = (new_notify(), new_stream());
    ok!(acl?.aclrtWaitAndResetNotify(notify, waiter, 0));
    leases[0].enter();
    ok!(acl?.aclrtRecordNotify(notify, null_mut()));
    leases[1].enter();
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
}

// Under the schedule that runs nothing unasked, a wait asks for whatever may record.
#[test]
fn notifies_and_words_under_the_lazy_schedule() {
    let name = "runtime::notify::notifies_and_words_under_the_lazy_schedule";
    if !in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "3")]) {
        return;
    }
    let _lease = Lease::new();
    let (waiter, other, notify) = (new_stream(), new_stream(), new_notify());
    let word = upload(&[0u64]);
    ok!(acl?.aclrtValueWrite(word, 7, 0, other));
    ok!(acl?.aclrtRecordNotify(notify, other));
    ok!(acl?.aclrtWaitAndResetNotify(notify, waiter, 0));
    ok!(acl?.aclrtValueWait(word, 7, ACL_STREAM_WAIT_VALUE_EQ, waiter));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
}

// runtime, 08_notify_management and notify.cpp: ids, batches, and bad arguments.
#[test]
fn ids_and_batches() {
    let _lease = Lease::new();
    let (stream, first, second) = (new_stream(), new_notify(), new_notify());
    let (mut a, mut b) = (0, 0);
    ok!(acl?.aclrtGetNotifyId(first, &mut a));
    ok!(acl?.aclrtGetNotifyId(second, &mut b));
    assert_ne!(a, b);
    ok!(acl?.aclrtRecordNotify(first, stream));
    ok!(acl?.aclrtRecordNotify(second, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl?.aclrtNotifyBatchReset([first, second].as_mut_ptr(), 2));
    ok!(acl?.aclrtWaitAndResetNotify(second, stream, 0));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    ok!(acl.aclrtDestroyStreamForce(stream));
    refused!(
        107017,
        "not a live notify",
        acl?.aclrtNotifyBatchReset([first, null_mut::<c_void>().wrapping_add(8)].as_mut_ptr(), 2)
    );
    refused!(107000, "num is 0", acl?.aclrtNotifyBatchReset([first].as_mut_ptr(), 0));
    refused!(100000, "notifies is null", acl?.aclrtNotifyBatchReset(null_mut(), 1));
    ok!(acl?.aclrtDestroyNotify(first));
    refused!(107017, "not a live notify", acl?.aclrtDestroyNotify(first));
    refused!(107017, "not a live notify", acl?.aclrtRecordNotify(first, null_mut()));
    refused!(100000, "notify is null", acl?.aclrtWaitAndResetNotify(null_mut(), null_mut(), 0));
    let mut made = null_mut();
    refused!(107000, "flag is 0x2", acl?.aclrtCreateNotify(&mut made, 2));
    refused!(207000, "DEVICE_USE_ONLY", acl?.aclrtCreateNotify(&mut made, ACL_NOTIFY_DEVICE_USE_ONLY));
    refused!(100000, "notify is null", acl?.aclrtCreateNotify(null_mut(), 0));
}

// runtime, 11-09_stream_memory_operation: eight bytes are written in the stream's order, and waited for by four comparisons.
#[test]
fn words_of_memory() {
    let _lease = Lease::new();
    let (waiter, writer) = (new_stream(), new_stream());
    let word = upload(&[0u64, 5]);
    for (flag, not_yet, then, value) in [
        (ACL_STREAM_WAIT_VALUE_GEQ, 9, 12, 10),
        (ACL_STREAM_WAIT_VALUE_EQ, 9, 10, 10),
        (ACL_STREAM_WAIT_VALUE_AND, 0b100, 0b110, 0b010),
        (ACL_STREAM_WAIT_VALUE_NOR, u64::MAX << 3, u64::MAX << 4, 0b0111),
        // As signed: what has wrapped around counts as later.
        (ACL_STREAM_WAIT_VALUE_GEQ, u64::MAX - 5, 3, u64::MAX - 1),
    ] {
        ok!(acl?.aclrtValueWrite(word, not_yet, 0, writer));
        ok!(acl.aclrtSynchronizeStream(writer));
        ok!(acl?.aclrtValueWait(word, value, flag, waiter));
        refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 3));
        ok!(acl?.aclrtValueWrite(word, then, 0, writer));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    }
    // The host may write it, too.
    ok!(acl?.aclrtValueWait(word, 77, ACL_STREAM_WAIT_VALUE_EQ, waiter));
    let value = 77u64;
    ok!(acl.aclrtMemcpy(word, 8, (&raw const value).cast(), 8, ACL_MEMCPY_HOST_TO_DEVICE));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    assert_eq!(download::<u64>(word, 2), [77, 5]);

    refused!(100000, "devAddr is null", acl?.aclrtValueWrite(null_mut(), 1, 0, writer));
    refused!(107000, "flag is 1", acl?.aclrtValueWrite(word, 1, 1, writer));
    refused!(107000, "flag is 4", acl?.aclrtValueWait(word, 1, 4, writer));
    refused!(107000, "not a multiple of 8", acl?.aclrtValueWrite(word.wrapping_byte_add(4), 1, 0, writer));
    let mut host = 0u64;
    refused!(107000, "memory of a device is needed", acl?.aclrtValueWait((&raw mut host).cast(), 1, 0, writer));
    ok!(acl.aclrtFree(word));
    refused!(107000, "live allocation", acl?.aclrtValueWrite(word, 1, 0, writer));
}

// runtime, 09_cntNotify_management: not on Atlas A2 and A3.
#[test]
fn notifies_with_a_count() {
    let _lease = Lease::new();
    let mut notify = null_mut();
    let mut id = 0;
    let mut record = aclrtCntNotifyRecordInfo { mode: ACL_RT_CNT_NOTIFY_RECORD_ADD_MODE, value: 1 };
    let mut wait =
        aclrtCntNotifyWaitInfo { mode: ACL_RT_CNT_NOTIFY_WAIT_EQUAL_MODE, value: 1, timeout: 0, isClear: 0, rsv: [0; 3] };
    refused!(207000, "Ascend 950", acl?.aclrtCntNotifyCreate(&mut notify, 0));
    refused!(207000, "Ascend 950", acl?.aclrtCntNotifyDestroy(notify));
    refused!(207000, "Ascend 950", acl?.aclrtCntNotifyRecord(notify, null_mut(), &mut record));
    refused!(207000, "Ascend 950", acl?.aclrtCntNotifyWaitWithTimeout(notify, null_mut(), &mut wait));
    refused!(207000, "Ascend 950", acl?.aclrtCntNotifyReset(notify, null_mut()));
    refused!(207000, "Ascend 950", acl?.aclrtCntNotifyGetId(notify, &mut id));
}

use std::ptr::null;

use super::*;

fn set_depth(attr: *mut acltdtQueueAttr, depth: u32) -> i32 {
    call!(queue?.acltdtSetQueueAttr(attr, ACL_TDT_QUEUE_DEPTH_UINT32, 4, (&raw const depth).cast()))
}

fn new_queue(depth: u32) -> u32 {
    let (attr, mut qid) = (given!(queue.acltdtCreateQueueAttr()), 0);
    assert_eq!(set_depth(attr, depth), 0);
    ok!(queue?.acltdtCreateQueue(attr, &mut qid));
    ok!(queue?.acltdtDestroyQueueAttr(attr));
    qid
}

fn enqueue(qid: u32, text: &[u8], timeout: i32) -> i32 {
    call!(queue?.acltdtEnqueueData(qid, text.as_ptr().cast(), text.len(), null(), 0, timeout, 0))
}

/// What comes first, or the code.
fn dequeue(qid: u32, timeout: i32) -> Result<Vec<u8>, i32> {
    let (mut data, mut bytes) = ([0u8; 64], 0);
    let at = data.as_mut_ptr().cast();
    match call!(queue?.acltdtDequeueData(qid, at, 64, &mut bytes, null_mut(), 0, timeout)) {
        0 => Ok(data[..bytes].to_vec()),
        code => Err(code),
    }
}

fn list(routes: &[(u32, u32)]) -> *mut acltdtQueueRouteList {
    let list = given!(queue.acltdtCreateQueueRouteList());
    for (src, dst) in routes {
        let route = given!(queue.acltdtCreateQueueRoute(*src, *dst));
        ok!(queue?.acltdtAddQueueRoute(list, route));
        ok!(queue?.acltdtDestroyQueueRoute(route));
    }
    list
}

/// Source, destination and status of each.
fn routes(list: *mut acltdtQueueRouteList) -> Vec<[i32; 3]> {
    let view = given!(queue.acltdtCreateQueueRoute(0, 0));
    let all = (0..given!(queue.acltdtGetQueueRouteNum(list))).map(|i| {
        ok!(queue?.acltdtGetQueueRoute(list, i, view));
        let kinds = [ACL_TDT_QUEUE_ROUTE_SRC_UINT32, ACL_TDT_QUEUE_ROUTE_DST_UINT32, ACL_TDT_QUEUE_ROUTE_STATUS_INT32];
        kinds.map(|kind| {
            let (mut value, mut bytes) = (-1i32, 0);
            ok!(queue?.acltdtGetQueueRouteParam(view, kind, 4, &mut bytes, (&raw mut value).cast()));
            assert_eq!(bytes, 4);
            value
        })
    });
    all.collect()
}

// tdt_queue/0_simple_queue, queue.cpp: attributes are kept and given back.
#[test]
fn attributes_of_a_queue() {
    let _lease = Lease::new();
    let attr = given!(queue.acltdtCreateQueueAttr());
    let (mut depth, mut bytes) = (0u32, 0);
    let mut name: *const std::ffi::c_char = null();
    let name_kind = ACL_TDT_QUEUE_NAME_PTR;
    ok!(queue?.acltdtGetQueueAttr(attr, ACL_TDT_QUEUE_DEPTH_UINT32, 4, &mut bytes, (&raw mut depth).cast()));
    assert_eq!((depth, bytes), (8, 4));
    assert_eq!(set_depth(attr, 4), 0);
    let text = c"simple_queue".as_ptr();
    ok!(queue?.acltdtSetQueueAttr(attr, name_kind, 8, (&raw const text).cast()));
    ok!(queue?.acltdtGetQueueAttr(attr, ACL_TDT_QUEUE_DEPTH_UINT32, 8, &mut bytes, (&raw mut depth).cast()));
    assert_eq!((depth, bytes), (4, 4));
    ok!(queue?.acltdtGetQueueAttr(attr, name_kind, 8, &mut bytes, (&raw mut name).cast()));
    // SAFETY: the name of live attributes.
    assert_eq!((unsafe { CStr::from_ptr(name) }, bytes), (c"simple_queue", 8));
    refused!(100000, "len is 4", queue?.acltdtGetQueueAttr(attr, name_kind, 4, &mut bytes, (&raw mut name).cast()));
    let long = std::ffi::CString::new("x".repeat(128)).unwrap();
    let text = long.as_ptr();
    refused!(100000, "name has 128 bytes", queue?.acltdtSetQueueAttr(attr, name_kind, 8, (&raw const text).cast()));
    let none: *const std::ffi::c_char = null();
    refused!(100000, "name is null", queue?.acltdtSetQueueAttr(attr, name_kind, 8, (&raw const none).cast()));
    refused!(100000, "type is 2", queue?.acltdtSetQueueAttr(attr, acltdtQueueAttrType(2), 4, (&raw const depth).cast()));
    refused!(100000, "param is null", queue?.acltdtSetQueueAttr(attr, name_kind, 8, null()));
    refused!(100000, "attr is null", queue?.acltdtSetQueueAttr(null_mut(), name_kind, 8, (&raw const text).cast()));
    let mut qid = 0;
    assert_eq!(set_depth(attr, 1), 0);
    refused!(107000, "the depth is 1", queue?.acltdtCreateQueue(attr, &mut qid));
    refused!(100000, "qid is null", queue?.acltdtCreateQueue(null(), null_mut()));
    ok!(queue?.acltdtCreateQueue(null(), &mut qid));
    ok!(queue?.acltdtDestroyQueue(qid));
    refused!(107000, "no live queue", queue?.acltdtDestroyQueue(qid));
    ok!(queue?.acltdtDestroyQueueAttr(attr));
    refused!(100000, "no live attributes", queue?.acltdtDestroyQueueAttr(attr));
}

// 17-02 (acltdtEnqueueData, acltdtDequeueData), queue_process.cpp: bytes in their order, with the program's own; full and empty.
#[test]
fn data_of_a_queue() {
    let _lease = Lease::new();
    let qid = new_queue(2);
    assert_eq!(dequeue(qid, 0), Err(207013));
    let user = [9u8; 5];
    ok!(queue?.acltdtEnqueueData(qid, b"first".as_ptr().cast(), 5, user.as_ptr().cast(), 5, 0, 0));
    assert_eq!((enqueue(qid, b"second", 0), enqueue(qid, b"third", 0)), (0, 207014));
    let waited = took(|| assert_eq!(enqueue(qid, b"third", 30), 207014));
    assert!(waited >= Duration::from_millis(30), "{waited:?}");
    let (mut data, mut bytes, mut own) = ([0u8; 8], 0, [0u8; 8]);
    let (at, own_at) = (data.as_mut_ptr().cast(), own.as_mut_ptr().cast());
    refused!(107000, "5 bytes come first", queue?.acltdtDequeueData(qid, at, 4, &mut bytes, null_mut(), 0, 0));
    assert_eq!(bytes, 5);
    ok!(queue?.acltdtDequeueData(qid, at, 8, &mut bytes, own_at, 8, 0));
    assert_eq!((&data[..bytes], own), (&b"first"[..], [9, 9, 9, 9, 9, 0, 0, 0]));
    // Memory of a device at either end.
    let ptr = upload(&[1u8, 2, 3, 4]);
    ok!(queue?.acltdtEnqueueData(qid, ptr, 4, null(), 0, 0, 0));
    assert_eq!(dequeue(qid, 0).unwrap(), b"second");
    let to = upload(&[0u8; 4]);
    ok!(queue?.acltdtDequeueData(qid, to, 4, &mut bytes, null_mut(), 0, -1));
    assert_eq!(download::<u8>(to, 4), [1, 2, 3, 4]);
    refused!(107000, "userDataSize is 97", queue?.acltdtEnqueueData(qid, ptr, 4, ptr, 97, 0, 0));
    refused!(100000, "data is null", queue?.acltdtEnqueueData(qid, null(), 4, null(), 0, 0, 0));
    refused!(100000, "dataSize is 0", queue?.acltdtEnqueueData(qid, ptr, 0, null(), 0, 0, 0));
    refused!(100000, "rsv is 1", queue?.acltdtEnqueueData(qid, ptr, 4, null(), 0, 0, 1));
    refused!(100000, "retDataSize is null", queue?.acltdtDequeueData(qid, at, 4, null_mut(), null_mut(), 0, 0));
    ok!(queue?.acltdtDestroyQueue(qid));
    refused!(107000, "no live queue", queue?.acltdtDequeueData(qid, at, 4, &mut bytes, null_mut(), 0, 0));
}

// tdt_queue/1_queue_route, 17-02 (acltdtBindQueueRoutes): what is put into one queue comes out of those that routes lead to, in order,
// as far as they have room; a search gives what is bound.
#[test]
fn routes_carry_data() {
    let _lease = Lease::new();
    let (a, b, c) = (new_queue(4), new_queue(4), new_queue(2));
    assert_eq!(enqueue(a, b"0", 0), 0);
    let both = list(&[(a, b), (a, c)]);
    assert_eq!(
        routes(both),
        [[a as i32, b as i32, ACL_TDT_QUEUE_ROUTE_UNBIND], [a as i32, c as i32, ACL_TDT_QUEUE_ROUTE_UNBIND]]
    );
    ok!(queue?.acltdtBindQueueRoutes(both));
    assert_eq!(routes(both)[1], [a as i32, c as i32, ACL_TDT_QUEUE_ROUTE_BIND]);
    // Two stand in c, which is as many as it holds; what comes next waits in a, and goes on when there is room.
    for text in [b"1", b"2", b"3"] {
        assert_eq!(enqueue(a, text, 0), 0);
    }
    assert_eq!((dequeue(b, 0).unwrap(), dequeue(b, 0).unwrap(), dequeue(b, 0)), (b"0".to_vec(), b"1".to_vec(), Err(207013)));
    assert_eq!((dequeue(c, 0).unwrap(), dequeue(b, 0).unwrap()), (b"0".to_vec(), b"2".to_vec()));
    for (from, text) in [(c, b"1"), (c, b"2"), (c, b"3"), (b, b"3")] {
        assert_eq!(dequeue(from, 0).unwrap(), text);
    }
    refused!(500001, "has a route", queue?.acltdtDestroyQueue(c));

    let (search, found) = (given!(queue.acltdtCreateQueueRouteQueryInfo()), list(&[(7, 7)]));
    let set = |kind, value: u32| ok!(queue?.acltdtSetQueueRouteQueryInfo(search, kind, 4, (&raw const value).cast()));
    refused!(100000, "has no mode", queue?.acltdtQueryQueueRoutes(search, found));
    set(ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM, ACL_TDT_QUEUE_ROUTE_QUERY_SRC_AND_DST.0 as u32);
    refused!(100000, "no source queue", queue?.acltdtQueryQueueRoutes(search, found));
    set(ACL_TDT_QUEUE_ROUTE_QUERY_SRC_ID_UINT32, a);
    refused!(100000, "no destination queue", queue?.acltdtQueryQueueRoutes(search, found));
    set(ACL_TDT_QUEUE_ROUTE_QUERY_DST_ID_UINT32, c);
    ok!(queue?.acltdtQueryQueueRoutes(search, found));
    assert_eq!(routes(found), [[a as i32, c as i32, ACL_TDT_QUEUE_ROUTE_BIND]]);
    for (mode, number) in
        [(ACL_TDT_QUEUE_ROUTE_QUERY_SRC, 2), (ACL_TDT_QUEUE_ROUTE_QUERY_DST, 1), (ACL_TDT_QUEUE_ROUTE_QUERY_ABNORMAL, 0)]
    {
        set(ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM, mode.0 as u32);
        ok!(queue?.acltdtQueryQueueRoutes(search, found));
        assert_eq!(routes(found).len(), number, "{mode:?}");
    }
    set(ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM, 3);
    refused!(100000, "is 3", queue?.acltdtQueryQueueRoutes(search, found));
    ok!(queue?.acltdtDestroyQueueRouteQueryInfo(search));

    ok!(queue?.acltdtUnbindQueueRoutes(both));
    assert_eq!(routes(both)[0][2], ACL_TDT_QUEUE_ROUTE_UNBIND);
    refused!(500001, "no route", queue?.acltdtUnbindQueueRoutes(both));
    assert_eq!((enqueue(a, b"x", 0), dequeue(b, 0)), (0, Err(207013)));
    [a, b, c].into_iter().for_each(|qid| ok!(queue?.acltdtDestroyQueue(qid)));
    ok!(queue?.acltdtDestroyQueueRouteList(both));
    refused!(100000, "not live", queue?.acltdtDestroyQueueRouteList(both));
}

// 17-02 (acltdtBindQueueRoutes): no circles; of several routes those that can be are bound, and the list says which were not.
#[test]
fn routes_that_cannot_be() {
    let _lease = Lease::new();
    let (a, b, c) = (new_queue(2), new_queue(2), new_queue(2));
    let chain = list(&[(a, b), (b, c)]);
    ok!(queue?.acltdtBindQueueRoutes(chain));
    assert_eq!((enqueue(a, b"through", 0), dequeue(c, 0).unwrap()), (0, b"through".to_vec()));
    refused!(500001, "a circle", queue?.acltdtBindQueueRoutes(list(&[(c, a)])));
    refused!(500001, "a circle", queue?.acltdtBindQueueRoutes(list(&[(a, a)])));
    refused!(500001, "already", queue?.acltdtBindQueueRoutes(list(&[(a, b)])));
    let mixed = list(&[(a, 0xFFFF), (a, c)]);
    refused!(500001, "65535 is no live queue", queue?.acltdtBindQueueRoutes(mixed));
    let status: Vec<i32> = routes(mixed).iter().map(|route| route[2]).collect();
    assert_eq!(status, [ACL_TDT_QUEUE_ROUTE_BIND_ABNORMAL, ACL_TDT_QUEUE_ROUTE_BIND]);
    let view = given!(queue.acltdtCreateQueueRoute(0, 0));
    refused!(100000, "index is 2", queue?.acltdtGetQueueRoute(mixed, 2, view));
    refused!(100000, "route is null", queue?.acltdtAddQueueRoute(mixed, null()));
    ok!(queue?.acltdtUnbindQueueRoutes(list(&[(a, c)])));
    ok!(queue?.acltdtUnbindQueueRoutes(chain));
    [a, b, c].into_iter().for_each(|qid| ok!(queue?.acltdtDestroyQueue(qid)));
}

// queue_process_host.cpp, queue_process.cpp: buffers and queues of other processes are for programs that run on the device.
#[test]
fn what_only_the_device_has() {
    let _lease = Lease::new();
    let (mut buf, mut n, mut bytes, mut number) = (null_mut(), 0u32, 0usize, 0u32);
    refused!(200006, "on the host", queue?.acltdtGrantQueue(0, 1, 1, 0));
    refused!(200006, "on the host", queue?.acltdtAttachQueue(0, 0, &mut n));
    refused!(200006, "on the host", queue?.acltdtEnqueue(0, buf, 0));
    refused!(200006, "on the host", queue?.acltdtDequeue(0, &mut buf, 0));
    refused!(200006, "on the host", queue?.acltdtAllocBuf(8, 0, &mut buf));
    refused!(200006, "on the host", queue?.acltdtFreeBuf(buf));
    refused!(200006, "on the host", queue?.acltdtGetBufData(buf, null_mut(), &mut bytes));
    refused!(200006, "on the host", queue?.acltdtSetBufDataLen(buf, 1));
    refused!(200006, "on the host", queue?.acltdtGetBufDataLen(buf, &mut bytes));
    refused!(200006, "on the host", queue?.acltdtAppendBufChain(buf, buf));
    refused!(200006, "on the host", queue?.acltdtGetBufChainNum(buf, &mut number));
    refused!(200006, "on the host", queue?.acltdtGetBufFromChain(buf, 0, null_mut()));
    refused!(200006, "on the host", queue?.acltdtGetBufUserData(buf, null_mut(), 1, 0));
    refused!(200006, "on the host", queue?.acltdtSetBufUserData(buf, null(), 1, 0));
    refused!(200006, "on the host", queue?.acltdtCopyBufRef(buf, null_mut()));
}

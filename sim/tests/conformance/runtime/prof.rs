use super::*;

fn stamp(text: &str) -> *mut c_void {
    let stamp = call!(prof?.aclprofCreateStamp());
    assert!(!stamp.is_null(), "{}", recent());
    ok!(prof?.aclprofSetStampTraceMessage(stamp, text.as_ptr().cast(), text.len() as u32));
    stamp
}

// runtime, 19-01 and 19-02: init, start, ranges and marks, stop, finalize; ranges nest on a thread, or end on any. The results
// are a file that browsers show, one a process.
#[test]
fn ranges_and_marks() {
    if !in_child("runtime::prof::ranges_and_marks", &[]) {
        return;
    }
    let folder = std::env::temp_dir().join(format!("cann-sim-prof-{}", std::process::id()));
    let path = std::ffi::CString::new(folder.to_str().unwrap()).unwrap();
    let none = std::ptr::null();
    let config = |types, metrics| call!(prof?.aclprofCreateConfig(null_mut(), 0, metrics, std::ptr::null(), types));
    refused!(100043, "not on", prof?.aclprofFinalize());
    assert!(call!(prof?.aclprofCreateStamp()).is_null());
    refused!(100000, "length is 3", prof?.aclprofInit(path.as_ptr(), 3));
    refused!(100000, "null", prof?.aclprofInit(none, 3));
    ok!(prof?.aclprofInit(path.as_ptr(), path.count_bytes()));
    refused!(100042, "on already", prof?.aclprofInit(path.as_ptr(), path.count_bytes()));

    assert!(config(ACL_PROF_MSPROFTX | ACL_PROF_TASK_TIME, ACL_AICORE_NONE).is_null());
    assert!(recent().contains("dataTypeConfig is 0x82"));
    assert!(config(ACL_PROF_MSPROFTX, ACL_AICORE_L2_CACHE).is_null());
    let (mine, other) = (config(ACL_PROF_MSPROFTX, ACL_AICORE_NONE), config(ACL_PROF_MSPROFTX, ACL_AICORE_NONE));
    assert!(call!(prof?.aclprofCreateStamp()).is_null(), "before the start there is nothing to mark");
    refused!(100043, "aclprofStart first", prof?.aclprofStop(mine));
    ok!(prof?.aclprofStart(mine));
    refused!(100042, "already", prof?.aclprofStart(mine));

    let (outer, inner, moment, far) = (stamp("outer"), stamp("inner \"quoted\""), stamp("moment"), stamp("far"));
    ok!(prof?.aclprofPush(outer));
    ok!(prof?.aclprofPush(inner));
    ok!(prof?.aclprofMark(moment));
    ok!(prof?.aclprofPop());
    ok!(prof?.aclprofPop());
    refused!(500005, "no range", prof?.aclprofPop());
    let mut range = 0;
    ok!(prof?.aclprofRangeStart(far, &mut range));
    std::thread::scope(|scope| {
        scope.spawn(|| ok!(prof?.aclprofRangeStop(range)));
    });
    refused!(500005, "no open range", prof?.aclprofRangeStop(range));
    refused!(500005, "rangeId is null", prof?.aclprofRangeStart(far, null_mut()));
    refused!(500005, "not a live stamp", prof?.aclprofMark(null_mut()));
    refused!(500005, "msgLen is 128", prof?.aclprofSetStampTraceMessage(far, path.as_ptr(), 128));
    for stamp in [outer, inner, moment, far] {
        call!(prof?.aclprofDestroyStamp(stamp));
    }
    refused!(500005, "not a live stamp", prof?.aclprofPush(outer));

    refused!(100000, "not the one", prof?.aclprofStop(other));
    ok!(prof?.aclprofStop(mine));
    let file = folder.join(format!("msproftx_{}.json", std::process::id()));
    let text = std::fs::read_to_string(&file).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let names: Vec<_> = events.iter().map(|event| (event["name"].as_str().unwrap(), event["ph"].as_str().unwrap())).collect();
    assert_eq!(names, [("moment", "i"), ("inner \"quoted\"", "X"), ("outer", "X"), ("far", "X")]);
    let time = |i: usize, key: &str| events[i][key].as_u64().unwrap();
    assert!(time(2, "ts") <= time(1, "ts") && time(2, "ts") + time(2, "dur") >= time(1, "ts") + time(1, "dur"), "{text}");
    ok!(prof?.aclprofDestroyConfig(mine));
    refused!(100000, "not a live configuration", prof?.aclprofDestroyConfig(mine));
    ok!(prof?.aclprofFinalize());
    std::fs::remove_dir_all(folder).unwrap();
}

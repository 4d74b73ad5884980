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

    // What is not collected is taken all the same; what is nothing is not.
    assert!(!config(ACL_PROF_MSPROFTX | ACL_PROF_TASK_TIME | ACL_PROF_L2CACHE, ACL_AICORE_L2_CACHE).is_null());
    assert!(config(ACL_PROF_MSPROFTX | 0x400, ACL_AICORE_NONE).is_null());
    assert!(recent().contains("dataTypeConfig is 0x480"));
    assert!(config(ACL_PROF_MSPROFTX, aclprofAicoreMetrics(77)).is_null());
    let without = config(ACL_PROF_TASK_TIME, ACL_AICORE_NONE);
    ok!(prof?.aclprofStart(without));
    assert!(call!(prof?.aclprofCreateStamp()).is_null());
    assert!(recent().contains("no ACL_PROF_MSPROFTX"));
    ok!(prof?.aclprofStop(without));
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

// runtime, 19-01 (aclprofSetConfig): options by number, with texts of up to 256 bytes.
#[test]
fn options_as_texts() {
    let set = |option, text: &str| call!(prof?.aclprofSetConfig(option, text.as_ptr().cast(), text.len()));
    assert_eq!(set(ACL_PROF_SYS_HARDWARE_MEM_FREQ, "15"), 0);
    assert_eq!(set(ACL_PROF_STORAGE_LIMIT, &"1".repeat(256)), 0);
    for (code, words, (option, text)) in [
        (100000, "configLength is 257", (ACL_PROF_STORAGE_LIMIT, "1".repeat(257))),
        (100000, "configLength is 0", (ACL_PROF_STORAGE_LIMIT, String::new())),
        (100000, "configType is 2", (aclprofConfigType(2), "1".into())),
        (100000, "configType is 0", (ACL_PROF_ARGS_MIN, "1".into())),
        (200007, "ACL_PROF_PATH", (ACL_PROF_PATH, "/tmp".into())),
    ] {
        recent();
        assert_eq!(set(option, &text), code);
        let text = recent();
        assert!(text.contains(words), "{text}");
    }
    refused!(100000, "config is null", prof?.aclprofSetConfig(ACL_PROF_STORAGE_LIMIT, std::ptr::null(), 1));
}

// runtime, prof_acl_core.cpp: an iteration has one beginning and one end, which are marked where the stream comes to them.
#[test]
fn iterations() {
    if !in_child("runtime::prof::iterations", &[]) {
        return;
    }
    let folder = std::env::temp_dir().join(format!("cann-sim-steps-{}", std::process::id()));
    let path = std::ffi::CString::new(folder.to_str().unwrap()).unwrap();
    ok!(acl.aclrtSetDevice(0));
    let stream = new_stream();
    let mark = |step, tag| call!(prof?.aclprofGetStepTimestamp(step, tag, stream));
    ok!(prof?.aclprofInit(path.as_ptr(), path.count_bytes()));
    let config = call!(prof?.aclprofCreateConfig(null_mut(), 0, ACL_AICORE_NONE, std::ptr::null(), ACL_PROF_TRAINING_TRACE));
    ok!(prof?.aclprofStart(config));
    let (first, second) = (call!(prof?.aclprofCreateStepInfo()), call!(prof?.aclprofCreateStepInfo()));
    for (step, tag) in [(first, ACL_STEP_START), (first, ACL_STEP_END), (second, ACL_STEP_START)] {
        assert_eq!(mark(step, tag), 0, "{}", recent());
    }
    refused!(100000, "start of the iteration is marked", prof?.aclprofGetStepTimestamp(first, ACL_STEP_START, stream));
    refused!(100000, "end of the iteration is marked", prof?.aclprofGetStepTimestamp(first, ACL_STEP_END, stream));
    refused!(100000, "tag is 2", prof?.aclprofGetStepTimestamp(second, aclprofStepTag(2), stream));
    refused!(100000, "no live iteration", prof?.aclprofGetStepTimestamp(null_mut(), ACL_STEP_END, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(prof?.aclprofStop(config));
    // Behind the end nothing is collected.
    assert_eq!(mark(second, ACL_STEP_END), 0);
    ok!(acl.aclrtSynchronizeStream(stream));
    call!(prof?.aclprofDestroyStepInfo(first));
    assert_eq!(mark(first, ACL_STEP_END), 100000);
    ok!(prof?.aclprofFinalize());
    let text = std::fs::read_to_string(folder.join(format!("msproftx_{}.json", std::process::id()))).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names: Vec<_> = trace["traceEvents"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["step 1 start", "step 1 end", "step 2 start"]);
    std::fs::remove_dir_all(folder).unwrap();
}

// runtime, 19-03 and prof_acl_mgr.cpp: a subscription to a loaded model ends with the pipe that it writes to; there are no operators of a
// loaded model here, so that the pipe is empty, and whoever reads an entry is told so.
#[test]
fn subscriptions() {
    let mut ends = [-1; 2];
    // SAFETY: room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    let create = |switch, metrics, fd: *mut i32| call!(prof?.aclprofCreateSubscribeConfig(switch, metrics, fd.cast()));
    let config = create(1, ACL_AICORE_NONE, &mut ends[1]);
    assert!(!config.is_null());
    for wrong in [
        create(2, ACL_AICORE_NONE, &mut ends[1]),
        create(1, aclprofAicoreMetrics(77), &mut ends[1]),
        create(1, ACL_AICORE_NONE, null_mut()),
    ] {
        assert!(wrong.is_null());
    }
    const MODEL: u32 = 4711;
    refused!(100011, "modelId is 4711", prof?.aclprofModelSubscribe(MODEL, config));
    refused!(-1, "deviceId is 99", prof?.MsprofSetDeviceIdByGeModelIdx(MODEL, 99));
    ok!(prof?.MsprofSetDeviceIdByGeModelIdx(MODEL, 0));
    refused!(100011, "not subscribed to", prof?.aclprofModelUnSubscribe(MODEL));
    ok!(prof?.aclprofModelSubscribe(MODEL, config));
    refused!(148046, "subscribed to already", prof?.aclprofModelSubscribe(MODEL, config));
    ok!(prof?.aclprofModelUnSubscribe(MODEL));
    let mut byte = 0u8;
    // SAFETY: room for a byte; the pipe's reading end is still the test's.
    assert_eq!(unsafe { libc::read(ends[0], (&raw mut byte).cast(), 1) }, 0, "the end of the pipe");
    // SAFETY: as above.
    unsafe { libc::close(ends[0]) };
    ok!(prof?.aclprofDestroySubscribeConfig(config));
    refused!(100000, "no live configuration", prof?.aclprofDestroySubscribeConfig(config));
    refused!(100000, "no live configuration", prof?.aclprofModelSubscribe(MODEL, config));

    let (mut size, mut number, entry) = (0, 0, (&raw const byte).cast::<c_void>());
    ok!(prof?.aclprofGetOpDescSize(&mut size));
    assert!(size > 0);
    refused!(100000, "opDescSize is null", prof?.aclprofGetOpDescSize(null_mut()));
    refused!(100000, "opInfo is null", prof?.aclprofGetOpNum(std::ptr::null(), 0, &mut number));
    refused!(200006, "loads no models", prof?.aclprofGetOpNum(entry, 1, &mut number));
    refused!(200006, "loads no models", prof?.aclprofGetOpTypeLen(entry, 1, 0, &mut size));
    refused!(200006, "loads no models", prof?.aclprofGetOpType(entry, 1, 0, null_mut(), 0));
    refused!(200006, "loads no models", prof?.aclprofGetOpNameLen(entry, 1, 0, &mut size));
    refused!(200006, "loads no models", prof?.aclprofGetOpName(entry, 1, 0, null_mut(), 0));
    assert_eq!(call!(prof?.aclprofGetOpStart(entry, 1, 0)), u64::MAX);
    assert_eq!(call!(prof?.aclprofGetOpEnd(entry, 1, 0)), u64::MAX);
    assert_eq!(call!(prof?.aclprofGetOpDuration(entry, 1, 0)), u64::MAX);
    assert_eq!(call!(prof?.aclprofGetModelId(entry, 1, 0)), 0);
    assert_eq!(call!(prof?.aclprofGetOpFlag(entry, 1, 0)), ACL_SUBSCRIBE_NONE);
    assert!(call!(prof?.aclprofGetOpAttriValue(entry, 1, 0, ACL_SUBSCRIBE_ATTRI_THREADID)).is_null());
    assert!(recent().contains("aclprofGetOpAttriValue"));
}

use super::*;

/// A file with this text, gone at the end of the test.
struct File(std::path::PathBuf);

impl File {
    fn new(text: &str) -> File {
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cann-sim-{}-{number}.json", std::process::id()));
        std::fs::write(&path, text).unwrap();
        File(path)
    }

    fn init(&self) -> i32 {
        let path = std::ffi::CString::new(self.0.to_str().unwrap()).unwrap();
        call!(acl.aclInit(path.as_ptr()))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

// runtime, 02_initialization: defaultDevice is the device of threads that have not chosen one; err_msg_mode "1" makes texts the
// process'; after the end other settings are 100000.
#[test]
fn a_default_device_and_messages_of_the_process() {
    if !in_child("runtime::config::a_default_device_and_messages_of_the_process", &[]) {
        return;
    }
    let file = File::new(r#"{"defaultDevice": {"default_device": "2"}, "err_msg_mode": "1"}"#);
    assert_eq!(file.init(), 0, "{}", recent());
    let mut device = -1;
    ok!(acl.aclrtGetDevice(&mut device));
    assert_eq!(device, 2);
    ok!(acl.aclrtSetDevice(1));
    ok!(acl.aclrtGetDevice(&mut device));
    assert_eq!(device, 1, "what the thread chose counts");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut device = -1;
            ok!(acl.aclrtGetDevice(&mut device));
            assert_eq!(device, 2);
            assert_eq!(call!(acl.aclrtGetDeviceCount(null_mut())), 100000);
        });
    });
    assert!(recent().contains("aclrtGetDeviceCount: count is null"), "another thread's text");
    ok!(acl.aclFinalize());
    assert_eq!(File::new("{}").init(), 100000);
    assert!(recent().contains("other settings than the first"));
    assert_eq!(file.init(), 0);
}

// runtime, 02_initialization: the keys of the page, and what JSON is.
#[test]
fn mistakes_in_the_file_are_named() {
    if !in_child("runtime::config::mistakes_in_the_file_are_named", &[]) {
        return;
    }
    for (text, code, words) in [
        ("{", 100006, "no JSON"),
        ("[]", 100006, "no JSON object"),
        (r#"{"profiler": {"switch": "on"}}"#, 200006, "profiler"),
        (r#"{"max_opqueue_num": "10000"}"#, 200006, "max_opqueue_num"),
        (r#"{"err_msg_mode": "2"}"#, 100000, "err_msg_mode is \"2\""),
        (r#"{"defaultDevice": {"default_device": "99"}}"#, 107001, "deviceId is 99"),
    ] {
        let code_of = File::new(text).init();
        let message = recent();
        assert!(code_of == code && message.contains(words), "{text}: {code_of} {message}");
    }
    assert_eq!(File::new("{}").init(), 0);
}

// env_vars, ASCEND_RT_VISIBLE_DEVICES: the listed devices are there, numbered from 0; 04_device_management: their other numbers.
#[test]
fn visible_devices_are_renumbered() {
    let variables = [("CANN_SIM_DEVICES", "6"), ("ASCEND_RT_VISIBLE_DEVICES", "1,4,5")];
    if !in_child("runtime::config::visible_devices_are_renumbered", &variables) {
        return;
    }
    let mut count = 0;
    ok!(acl.aclrtGetDeviceCount(&mut count));
    assert_eq!(count, 3);
    refused!(107001, "ASCEND_RT_VISIBLE_DEVICES", acl.aclrtSetDevice(3));
    for (user, logic) in [(0, 1), (1, 4), (2, 5)] {
        let (mut found, mut back) = (-1, -1);
        ok!(acl?.aclrtGetLogicDevIdByUserDevId(user, &mut found));
        ok!(acl?.aclrtGetUserDevIdByLogicDevId(logic, &mut back));
        assert_eq!((found, back), (logic, user));
        ok!(acl?.aclrtGetPhyDevIdByLogicDevId(user, &mut found));
        ok!(acl?.aclrtGetLogicDevIdByPhyDevId(logic, &mut back));
        assert_eq!((found, back), (logic, user));
    }
    let mut id = 0;
    refused!(107001, "no visible device", acl?.aclrtGetUserDevIdByLogicDevId(0, &mut id));
    refused!(107001, "deviceId is 3", acl?.aclrtGetLogicDevIdByUserDevId(3, &mut id));
}

// Each mistake is one clear error that names the variable, as with those of the simulator.
#[test]
fn a_mistake_in_the_visible_devices_is_named() {
    const NAME: &str = "runtime::config::a_mistake_in_the_visible_devices_is_named";
    if std::env::var_os("CONFORMANCE_CHILD").is_none() {
        for value in ["0,8", "3,1", "1,1", "1, 2", ""] {
            in_child(NAME, &[("ASCEND_RT_VISIBLE_DEVICES", value)]);
        }
        return;
    }
    refused!(100000, "ASCEND_RT_VISIBLE_DEVICES is ", acl.aclrtSetDevice(0));
}

// acl_rt.h: a package's version as text and as a number (8.5.0 is 80500000); 100003 for one that is not installed.
#[test]
fn versions_by_name() {
    let package = |name: &CStr| name.as_ptr().cast_mut();
    let mut text = [0; 128];
    ok!(acl?.aclsysGetVersionStr(package(c"CANN"), text.as_mut_ptr()));
    // SAFETY: the function has written a C string.
    assert_eq!(unsafe { CStr::from_ptr(text.as_ptr()) }, c"8.5.0");
    let mut number = 0;
    ok!(acl?.aclsysGetVersionNum(package(c"ops_transformer"), &mut number));
    assert_eq!(number, 80_500_000);
    refused!(100003, "\"driver\"", acl?.aclsysGetVersionNum(package(c"driver"), &mut number));
    refused!(100000, "pkgName is null", acl?.aclsysGetVersionStr(null_mut(), text.as_mut_ptr()));
    refused!(100000, "versionStr is null", acl?.aclsysGetVersionStr(package(c"CANN"), null_mut()));
}

// runtime, 13_exception_handling: the thread's last code of the runtime; only the first of the two forgets it.
#[test]
fn last_errors() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let peek = || call!(acl?.aclrtPeekAtLastError(ACL_RT_THREAD_LEVEL));
            let get = || call!(acl?.aclrtGetLastError(ACL_RT_THREAD_LEVEL));
            assert_eq!((peek(), get()), (0, 0));
            assert_eq!(call!(acl.aclrtSetDevice(64)), 107001);
            assert_eq!(call!(acl.aclrtGetDeviceCount(null_mut())), 100000, "a code of the ACL layer does not count");
            let text = recent();
            assert_eq!((peek(), peek(), get(), get()), (107001, 107001, 107001, 0));
            assert!(text.contains("count is null") && recent().is_empty(), "asking leaves the texts alone");
            refused!(100000, "level is 1", acl?.aclrtGetLastError(aclrtLastErrLevel(1)));
        });
    });
}

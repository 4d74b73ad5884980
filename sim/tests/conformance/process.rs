use super::*;

fn package_version() -> (i32, String) {
    // SAFETY: the struct is bytes only.
    let mut version: aclCANNPackageVersion = unsafe { std::mem::zeroed() };
    let code = call!(acl.aclsysGetCANNVersion(ACL_PKG_NAME_CANN, &mut version));
    (code, CStr::from_bytes_until_nul(&version.version).unwrap().to_string_lossy().into_owned())
}

// runtime, 02_initialization: a second aclInit gives 100002 and counts; aclFinalize ends all at once, 100037 when ended;
// aclFinalizeReference gives one back and may be passed null.
#[test]
fn init_counts_and_finalize_ends() {
    if !in_child("process::init_counts_and_finalize_ends", &[]) {
        return;
    }
    let one = api().acl.aclFinalizeReference.expect("the simulator has every row");
    // SAFETY: a live variable, or null, which is allowed.
    let finalize_one = |count: *mut u64| unsafe { one(count) };
    refused!(100037, "not started", acl.aclFinalize());
    // runtime: version queries need aclInit.
    assert_eq!(package_version().0, 100001);
    ok!(acl.aclInit(std::ptr::null()));
    assert_eq!(package_version(), (0, "8.5.0".into()));
    refused!(100002, "already", acl.aclInit(std::ptr::null()));
    refused!(100002, "already", acl.aclInit(std::ptr::null()));
    let mut left = 99;
    assert_eq!((finalize_one(&mut left), left), (0, 2));
    assert_eq!(finalize_one(null_mut()), 0);
    ok!(acl.aclFinalize());
    assert_eq!((finalize_one(&mut left), left), (100037, 0));
    ok!(acl.aclInit(std::ptr::null()));
    ok!(acl.aclFinalize());
}

// acl_rt.h: configPath may be null; a file that is not there is 100003. What the simulator does not do is refused by name.
#[test]
fn a_configuration_is_read() {
    if !in_child("process::a_configuration_is_read", &[]) {
        return;
    }
    refused!(100003, "/nowhere/acl.json", acl.aclInit(c"/nowhere/acl.json".as_ptr()));
    let file = std::env::temp_dir().join(format!("cann-sim-{}.json", std::process::id()));
    let path = std::ffi::CString::new(file.to_str().unwrap()).unwrap();
    std::fs::write(&file, r#"{"dump": {"dump_path": ".", "dump_debug": "on"}}"#).unwrap();
    refused!(200006, "dump_debug \"on\" is not supported", acl.aclInit(path.as_ptr()));
    std::fs::write(&file, " {\n} ").unwrap();
    ok!(acl.aclInit(path.as_ptr()));
    std::fs::remove_file(&file).unwrap();
}

// Each unusable variable is one clear error that names it, from aclInit and from aclrtSetDevice.
#[test]
fn unusable_variables_are_named() {
    let variables = ["CANN_SIM_DEVICES", "CANN_SIM_MEMORY", "CANN_SIM_THREADS", "CANN_SIM_SCHEDULE"];
    if std::env::var_os("CONFORMANCE_CHILD").is_none() {
        for variable in variables {
            in_child("process::unusable_variables_are_named", &[(variable, "plenty")]);
        }
        return;
    }
    let bad = variables.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| value == "plenty")).unwrap();
    let check = |code: i32| {
        let text = recent();
        assert!(code == 100000 && text.contains(bad) && text.contains("\"plenty\""), "{code}: {text}");
    };
    check(call!(acl.aclInit(std::ptr::null())));
    check(call!(acl.aclrtSetDevice(0)));
}

// acl_rt.h: aclrtGetVersion is the interface's version; acl.h: an unknown package and null are 100000.
#[test]
fn versions() {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    ok!(acl.aclrtGetVersion(&mut major, &mut minor, &mut patch));
    assert_eq!((major, minor, patch), (1, 16, 0));
    refused!(100000, "minorVersion is null", acl.aclrtGetVersion(&mut major, null_mut(), &mut patch));
    refused!(100000, "version is null", acl.aclsysGetCANNVersion(ACL_PKG_NAME_CANN, null_mut()));
}

// runtime, 22_error_reporting: the text begins with a code, is the thread's own, and reading clears it; null when empty.
#[test]
fn error_texts() {
    recent();
    assert!(call!(acl.aclGetRecentErrMsg()).is_null());
    assert_eq!(call!(acl.aclrtGetDeviceCount(null_mut())), 100000);
    let elsewhere = std::thread::spawn(recent).join().unwrap();
    assert_eq!((elsewhere.as_str(), recent().as_str()), ("", "EE1001: aclrtGetDeviceCount: count is null"));
    assert!(call!(acl.aclGetRecentErrMsg()).is_null());
}

// acl_base.h: aclSysParamOpt; 107021 for one that was never set (rt_error_codes.h).
#[test]
fn options() {
    let mut value = 9;
    refused!(107021, "never set", acl.aclrtGetSysParamOpt(ACL_OPT_STRONG_CONSISTENCY, &mut value));
    ok!(acl.aclrtSetSysParamOpt(ACL_OPT_DETERMINISTIC, 1));
    ok!(acl.aclrtGetSysParamOpt(ACL_OPT_DETERMINISTIC, &mut value));
    assert_eq!(value, 1);
    refused!(107000, "value is 2", acl.aclrtSetSysParamOpt(ACL_OPT_DETERMINISTIC, 2));
    refused!(100000, "opt is 77", acl.aclrtSetSysParamOpt(aclSysParamOpt(77), 1));
    refused!(100000, "value is null", acl.aclrtGetSysParamOpt(ACL_OPT_DETERMINISTIC, null_mut()));
    refused!(207000, "DEBUG_KERNEL", acl.aclrtSetSysParamOpt(ACL_OPT_ENABLE_DEBUG_KERNEL, 1));
}

// A process may end while the engine works: nothing is torn down under it.
#[test]
fn the_process_may_end_while_work_runs() {
    if !in_child("process::the_process_may_end_while_work_runs", &[]) {
        return;
    }
    ok!(acl.aclrtSetDevice(0));
    let ptr = malloc(64 << 20);
    for value in 0..200 {
        ok!(acl.aclrtMemsetAsync(ptr, 64 << 20, value, 64 << 20, null_mut()));
    }
}

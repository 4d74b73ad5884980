//! Toolkits that lack functions: the simulator's table with holes.
#![cfg(feature = "sim")]

use ascend_rl::{Cann, Device, ErrorKind, Flavor, Result};
use ascend_rl_sys::Api;
use std::sync::mpsc::channel;
use std::time::Duration;

fn device(origin: &str, ordinal: u32, dig: impl FnOnce(&mut Api)) -> Device {
    let mut api = cann_sim::api();
    dig(&mut api);
    // SAFETY: the simulator's functions, or none.
    let cann = unsafe { Cann::from_api(Flavor::Sim, origin, api) }.unwrap();
    Device::open(&cann, ordinal).unwrap()
}

#[test]
fn before_8_5_a_thread_of_ours_calls_back() {
    let device = device("CANN 8.3", 0, |api| api.acl.aclrtLaunchHostFunc = None);
    let (first, second) = (device.stream().unwrap(), device.stream().unwrap());
    let (sender, receiver) = channel();
    for i in 0..20 {
        for (stream, name) in [(&first, "first"), (&second, "second")] {
            let sender = sender.clone();
            stream.host_callback(move || sender.send((name, i)).unwrap()).unwrap();
        }
    }
    first.synchronize_for(Duration::from_secs(60)).unwrap();
    second.synchronize_for(Duration::from_secs(60)).unwrap();
    let called: Vec<_> = receiver.try_iter().collect();
    for name in ["first", "second"] {
        let own: Vec<i32> = called.iter().filter(|(stream, _)| *stream == name).map(|(_, i)| *i).collect();
        assert_eq!(own, (0..20).collect::<Vec<_>>());
    }
    // The threads go with their streams, which wait for what is queued.
    let held = sender.clone();
    first.host_callback(move || held.send(("last", 0)).unwrap()).unwrap();
    drop(first);
    assert_eq!(receiver.try_recv(), Ok(("last", 0)));
    let text = second.synchronize();
    assert!(text.is_ok(), "{text:?}");
}

#[test]
fn what_is_missing_is_named() {
    let device = device("CANN 8.1", 1, |api| {
        let acl = &mut api.acl;
        acl.aclrtLaunchHostFunc = None;
        acl.aclrtSubscribeReport = None;
        acl.aclrtGetDevicesTopo = None;
        acl.aclrtGetDeviceInfo = None;
        acl.aclrtDeviceGetUuid = None;
        acl.aclrtSetOpExecuteTimeOutV2 = None;
        acl.aclrtSynchronizeDeviceWithTimeout = None;
        acl.aclrtSetStreamFailureMode = None;
        api.prof.aclprofInit = None;
        api.prof.aclprofCreateStamp = None;
    });
    let stream = device.stream().unwrap();
    fn missing<T>(result: Result<T>, symbol: &str, release: &str) {
        let error = result.err().expect("an error");
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::MissingSymbol, "{text}");
        assert!(
            text.starts_with(&format!("{symbol} is missing")) && text.contains(&format!("CANN {release} and later")),
            "{text}"
        );
    }
    missing(stream.host_callback(|| ()), "aclrtSubscribeReport", "8.1");
    missing(device.link(&Device::open(device.cann(), 2).unwrap()), "aclrtGetDevicesTopo", "8.5");
    missing(device.synchronize_for(Duration::from_secs(1)), "aclrtSynchronizeDeviceWithTimeout", "8.1");
    missing(stream.stop_on_failure(), "aclrtSetStreamFailureMode", "8.1");
    let folder = std::env::temp_dir();
    missing(ascend_rl::acl::Profile::start(device.cann(), &folder, &[], &Default::default()), "aclprofInit", "8.1");
    drop(ascend_rl::acl::Range::enter(device.cann(), "nothing"));
    // What can be had without it is had.
    let info = device.info().unwrap();
    assert_eq!((info.npu_arch, info.uuid, info.chip), (None, None, None));
    assert!(info.cube_cores > 0 && info.machine_ordinal.is_some());
    // Whole seconds, before there were microseconds.
    let bound = device.set_operator_timeout(Some(Duration::from_millis(1500))).unwrap();
    assert_eq!(bound, Duration::from_secs(2));
    device.set_operator_timeout(None).unwrap();
}

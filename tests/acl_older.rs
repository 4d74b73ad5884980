//! Toolkits that lack functions: the simulator's table with holes.
#![cfg(feature = "sim")]

use ascend_rl::{Cann, DType, Device, ErrorKind, Flavor, Result, Tensor, kernels};
use ascend_rl_sys::Api;
use ascend_rl_sys::types::*;
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
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

/// Rows of equal values become rows of ones.
fn normalises(device: &Device) {
    let s = device.stream().unwrap();
    let x = Tensor::from_slice(&s, &[2, 16], &[3.0_f32; 32]).unwrap();
    let gamma = Tensor::from_slice(&s, &[16], &[1.0_f32; 16]).unwrap();
    let mut y = Tensor::zeros(&s, &[2, 16], DType::F32).unwrap();
    kernels::rms_norm(&s, &x, &gamma, 0.0, &mut y).unwrap();
    assert!(y.to_vec::<f32>(&s).unwrap().iter().all(|y| (y - 1.0).abs() < 1e-6));
}

#[test]
fn kernels_go_through_files_where_bytes_cannot_be_loaded() {
    static JSON: OnceLock<String> = OnceLock::new();
    unsafe extern "C" fn load(path: *const c_char, options: *mut aclrtBinaryLoadOptions, binary: *mut aclrtBinHandle) -> i32 {
        // SAFETY: the library passes a C string.
        let text = Path::new(unsafe { CStr::from_ptr(path) }.to_str().unwrap());
        JSON.get_or_init(|| std::fs::read_to_string(text.with_extension("json")).unwrap());
        let real = cann_sim::api().kernel.aclrtBinaryLoadFromFile.unwrap();
        // SAFETY: what the library passes.
        unsafe { real(path, options, binary) }
    }
    let device = device("cann before 8.5", 5, |api| {
        api.kernel.aclrtBinaryLoadFromData = None;
        api.kernel.aclrtBinaryLoadFromFile = Some(load);
    });
    normalises(&device);
    assert_eq!(JSON.get().unwrap(), "{\"magic\": \"RT_DEV_BINARY_MAGIC_ELF_AIVEC\"}");
}

#[test]
fn a_loader_is_told_the_cores() {
    static MAGIC: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C" fn load(
        data: *const c_void,
        length: usize,
        options: *const aclrtBinaryLoadOptions,
        binary: *mut aclrtBinHandle,
    ) -> i32 {
        // SAFETY: the library passes one option.
        let option = unsafe { &*(*options).options };
        assert_eq!(option.r#type, ACL_RT_BINARY_LOAD_OPT_MAGIC);
        // SAFETY: it is the option's.
        MAGIC.store(unsafe { option.value.magic }, Relaxed);
        let real = cann_sim::api().kernel.aclrtBinaryLoadFromData.unwrap();
        // SAFETY: what the library passes.
        unsafe { real(data, length, options, binary) }
    }
    let device = device("cann that listens", 6, |api| api.kernel.aclrtBinaryLoadFromData = Some(load));
    normalises(&device);
    assert_eq!(MAGIC.load(Relaxed), ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE);
}

//! Collectives between simulated devices: bytes per second, beside what the machine copies.
//!
//! Traffic is what the collective's definition makes unavoidable: each input read once and each output written once. A copy on
//! all cores, measured in the same run, has the same measure: its bytes read once and written once. Best of several rounds.
//!
//! `cargo bench -p cann-sim --bench collectives`

use std::ffi::c_void;
use std::ptr::null_mut;
use std::time::Instant;

use ascend_rl_sys::Api;
use ascend_rl_sys::types::*;

const RANKS: usize = 4;
/// Bytes of the buffer of a whole group; far more than any cache.
const WHOLE: usize = 256 << 20;
const ROUNDS: usize = 7;

/// One rank's buffers and handles; used by one thread at a time.
#[derive(Clone, Copy)]
struct Rank {
    device: i32,
    comm: HcclComm,
    stream: aclrtStream,
    /// Of `WHOLE` bytes each.
    a: *mut c_void,
    b: *mut c_void,
}
// SAFETY: device addresses and checked handles: numbers to this program.
unsafe impl Send for Rank {}
// SAFETY: as above.
unsafe impl Sync for Rank {}

fn ok(code: i32) {
    assert_eq!(code, 0);
}

fn main() {
    let api = cann_sim::api();
    if let Ok(info) = std::env::var(OTHER) {
        return between_processes(&api, &info, 1, &mut |_, _, _| ());
    }
    let ranks = open(&api);
    let copy = copy_rate(&ranks);
    println!("copy, all cores: {:.1} GB/s of traffic", copy / 1e9);
    let (part, count) = (WHOLE / RANKS, |bytes: usize, dtype: HcclDataType| (bytes / dtype.size()) as u64);
    let f32s = HCCL_DATA_TYPE_FP32;
    let bf16s = HCCL_DATA_TYPE_BFP16;
    let hccl = &api.hccl;
    type Case<'a> = (&'a str, usize, &'a (dyn Fn(&Rank) -> i32 + Sync));
    // SAFETY: buffers of `WHOLE` bytes on each rank's own device, and handles that live to the end.
    let cases: [Case; 6] = [
        ("all-gather, 64 MiB a rank", WHOLE + RANKS * WHOLE, &|r| unsafe {
            hccl.HcclAllGather.unwrap()(r.a, r.b, count(part, f32s), f32s, r.comm, r.stream)
        }),
        ("reduce-scatter f32, 256 MiB", RANKS * WHOLE + WHOLE, &|r| unsafe {
            hccl.HcclReduceScatter.unwrap()(r.a, r.b, count(part, f32s), f32s, HCCL_REDUCE_SUM, r.comm, r.stream)
        }),
        ("reduce-scatter bf16, 256 MiB", RANKS * WHOLE + WHOLE, &|r| unsafe {
            hccl.HcclReduceScatter.unwrap()(r.a, r.b, count(part, bf16s), bf16s, HCCL_REDUCE_SUM, r.comm, r.stream)
        }),
        ("all-reduce f32 in place, 256 MiB", 2 * RANKS * WHOLE, &|r| unsafe {
            hccl.HcclAllReduce.unwrap()(r.a, r.a, count(WHOLE, f32s), f32s, HCCL_REDUCE_MAX, r.comm, r.stream)
        }),
        ("broadcast, 256 MiB", RANKS * WHOLE, &|r| unsafe {
            hccl.HcclBroadcast.unwrap()(r.a, count(WHOLE, f32s), f32s, 0, r.comm, r.stream)
        }),
        ("all-to-all, 64 MiB a pair", 2 * RANKS * WHOLE, &|r| unsafe {
            hccl.HcclAlltoAll.unwrap()(r.a, count(part, f32s), f32s, r.b, count(part, f32s), f32s, r.comm, r.stream)
        }),
    ];
    for (name, traffic, call) in cases {
        let seconds = best(|| together(&api, &ranks, call));
        let rate = traffic as f64 / seconds;
        println!("{name}: {:.1} GB/s of traffic, {:.0} % of the copy's", rate / 1e9, 100.0 * rate / copy);
    }
    let barrier = best(|| {
        for _ in 0..1000 {
            // SAFETY: handles that live to the end.
            together(&api, &ranks, &|r| unsafe { hccl.HcclBarrier.unwrap()(r.comm, r.stream) });
        }
    });
    println!("barrier of {RANKS} ranks, called and waited for: {:.1} us", barrier * 1e3);
    let mut info = HcclRootInfo { internal: [0; 4108] };
    // SAFETY: a live variable.
    ok(unsafe { api.hccl.HcclGetRootInfo.unwrap()(&mut info) });
    let info: String = info.internal.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut other = std::process::Command::new(std::env::current_exe().unwrap()).env(OTHER, &info).spawn().unwrap();
    between_processes(&api, &info, 0, &mut |name, seconds, traffic| {
        let rate = traffic as f64 / seconds;
        match traffic {
            0 => println!("two processes, {name}: {:.1} us", seconds * 1e6),
            _ => println!("two processes, {name}: {:.1} GB/s of traffic, {:.0} % of the copy's", rate / 1e9, 100.0 * rate / copy),
        }
    });
    assert!(other.wait().unwrap().success());
}

/// The root info, for the other process.
const OTHER: &str = "COLLECTIVES_OTHER";

/// The same between two processes of one rank each; both make the same calls, and `report` gets the time and the traffic of one.
fn between_processes(api: &Api, info: &str, rank: u32, report: &mut dyn FnMut(&str, f64, usize)) {
    const EACH: usize = 64 << 20;
    let (hccl, f32s) = (&api.hccl, HCCL_DATA_TYPE_FP32);
    let mut root = HcclRootInfo { internal: [0; 4108] };
    for (byte, digits) in root.internal.iter_mut().zip(info.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    let (mut comm, mut stream, mut a, mut b) = (null_mut(), null_mut(), null_mut(), null_mut());
    // SAFETY: live variables, and buffers of `2 * EACH` bytes on the rank's own device.
    unsafe {
        ok((api.acl.aclrtSetDevice)(rank as i32));
        ok(hccl.HcclCommInitRootInfo.unwrap()(2, &root, rank, &mut comm));
        ok((api.acl.aclrtCreateStream)(&mut stream));
        for buffer in [&mut a, &mut b] {
            ok((api.acl.aclrtMalloc)(buffer, 2 * EACH, ACL_MEM_MALLOC_HUGE_FIRST));
            ok((api.acl.aclrtMemset)(*buffer, 2 * EACH, 0, 2 * EACH));
        }
        let sync = || ok((api.acl.aclrtSynchronizeStream)(stream));
        let count = (EACH / f32s.size()) as u64;
        let gather = best(|| {
            ok(hccl.HcclAllGather.unwrap()(a, b, count, f32s, comm, stream));
            sync();
        });
        report("all-gather, 64 MiB a rank", gather, 2 * EACH + 4 * EACH);
        let reduce = best(|| {
            ok(hccl.HcclAllReduce.unwrap()(a, a, 2 * count, f32s, HCCL_REDUCE_MAX, comm, stream));
            sync();
        });
        report("all-reduce f32 in place, 128 MiB", reduce, 4 * 2 * EACH);
        let barrier = best(|| {
            for _ in 0..1000 {
                ok(hccl.HcclBarrier.unwrap()(comm, stream));
                sync();
            }
        });
        report("barrier, called and waited for", barrier / 1e3, 0);
        ok(hccl.HcclCommDestroy.unwrap()(comm));
    }
}

fn open(api: &Api) -> Vec<Rank> {
    let mut devices: [i32; RANKS] = std::array::from_fn(|i| i as i32);
    let mut comms = [null_mut(); RANKS];
    // SAFETY: live variables.
    unsafe {
        ok(api.hccl.HcclCommInitAll.unwrap()(RANKS as u32, devices.as_mut_ptr(), comms.as_mut_ptr()));
        let rank = |device: i32| {
            ok((api.acl.aclrtSetDevice)(device));
            let mut r = Rank { device, comm: comms[device as usize], stream: null_mut(), a: null_mut(), b: null_mut() };
            ok((api.acl.aclrtCreateStream)(&mut r.stream));
            for buffer in [&mut r.a, &mut r.b] {
                ok((api.acl.aclrtMalloc)(buffer, WHOLE, ACL_MEM_MALLOC_HUGE_FIRST));
                ok((api.acl.aclrtMemset)(*buffer, WHOLE, 0, WHOLE));
            }
            r
        };
        devices.map(rank).to_vec()
    }
}

/// Each rank's call, then each rank's wait: the work runs on the simulator's own threads.
fn together(api: &Api, ranks: &[Rank], call: &(dyn Fn(&Rank) -> i32 + Sync)) {
    for step in 0..2 {
        for r in ranks {
            // SAFETY: a device of the simulator, and a stream of its primary context.
            unsafe {
                ok((api.acl.aclrtSetDevice)(r.device));
                ok(if step == 0 { call(r) } else { (api.acl.aclrtSynchronizeStream)(r.stream) });
            }
        }
    }
}

/// Bytes read and written per second by a copy from one device's memory to another's on all cores.
fn copy_rate(ranks: &[Rank]) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let (src, dst, each) = (ranks[0].a as usize, ranks[1].a as usize, WHOLE / threads);
    let seconds = best(|| {
        std::thread::scope(|scope| {
            for i in 0..threads {
                // SAFETY: parts of two buffers of `WHOLE` bytes that nothing else touches now.
                scope.spawn(move || unsafe {
                    std::ptr::copy_nonoverlapping((src + i * each) as *const u8, (dst + i * each) as *mut u8, each)
                });
            }
        });
    });
    2.0 * (each * threads) as f64 / seconds
}

fn best(mut round: impl FnMut()) -> f64 {
    let timed = |_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(timed).fold(f64::INFINITY, f64::min)
}

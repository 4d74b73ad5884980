//! How many instructions the safe layer adds to CANN's own calls, counted by callgrind: the same on a busy machine.
//!
//! Each operator is enqueued through [`ascend_rl::ops`], and by hand through the same C functions with the same arguments. Only
//! the thread that enqueues is counted, so the operators' own work is not.

use std::process::{Command, ExitCode};
use std::ptr::null_mut;

use ascend_rl::{Cann, DType, Device, Result, Stream, Tensor, ops};
use ascend_rl_sys::Api;
use ascend_rl_sys::types::*;

/// Enqueues of one count.
const ENQUEUES: u64 = 200;
/// What is wanted: of the raw calls' instructions, and of our own.
const MOST_RATIO: f64 = 1.1;
const MOST_OWN: f64 = 2000.0;
const OPERATORS: [&str; 3] = ["add_", "mm", "rms_norm"];

/// The tensors of all three, small: planning costs the same whatever the size.
struct Bench {
    s: Stream,
    x: Tensor,
    weight: Tensor,
    gamma: Tensor,
    y: Tensor,
    rstd: Tensor,
}

impl Bench {
    fn new() -> Result<Bench> {
        let s = Device::open(&Cann::load()?, 0)?.stream()?;
        let zeros = |shape: &[usize]| Tensor::zeros(&s, shape, DType::F32);
        let (x, weight, gamma) = (zeros(&[4, 16])?, zeros(&[16, 16])?, zeros(&[16])?);
        let (y, rstd) = (zeros(&[4, 16])?, zeros(&[4, 1])?);
        Ok(Bench { s, x, weight, gamma, y, rstd })
    }

    fn safe(&mut self, operator: &str) -> Result<()> {
        match operator {
            "add_" => ops::add_(&self.s, &mut self.y, &self.x),
            "mm" => ops::mm(&self.s, &self.x, &self.weight, &mut self.y),
            _ => ops::rms_norm(&self.s, &self.x, &self.gamma, 1e-6, &mut self.y, &mut self.rstd),
        }
    }
}

/// The same operators by hand: descriptors, both phases, descriptors destroyed.
struct Raw<'a> {
    api: &'a Api,
    stream: aclrtStream,
    x: *mut std::ffi::c_void,
    weight: *mut std::ffi::c_void,
    gamma: *mut std::ffi::c_void,
    y: *mut std::ffi::c_void,
    rstd: *mut std::ffi::c_void,
}

impl Raw<'_> {
    /// A stream of its own and memory of its own, never given back: the process ends with it.
    fn new(api: &Api) -> Raw<'_> {
        let mut stream = null_mut();
        // SAFETY: `stream` outlives the call; the device's context is current on this thread, as `Bench` has just used it.
        assert_eq!(unsafe { (api.acl.aclrtCreateStream)(&mut stream) }, 0);
        let memory = || {
            let mut at = null_mut();
            // SAFETY: `at` outlives the call.
            assert_eq!(unsafe { (api.acl.aclrtMalloc)(&mut at, 4096, ACL_MEM_MALLOC_HUGE_FIRST) }, 0);
            at
        };
        Raw { api, stream, x: memory(), weight: memory(), gamma: memory(), y: memory(), rstd: memory() }
    }

    fn tensor(&self, dims: &[i64], data: *mut std::ffi::c_void) -> *mut aclTensor {
        let (storage, strides) = ([dims.iter().product::<i64>()], [*dims.last().unwrap_or(&1), 1]);
        let strides = &strides[2 - dims.len()..];
        // SAFETY: the arrays have that many numbers and live for the call.
        unsafe {
            let (rank, dims, strides) = (dims.len() as u64, dims.as_ptr(), strides.as_ptr());
            (self.api.nn.aclCreateTensor)(dims, rank, ACL_FLOAT, strides, 0, ACL_FORMAT_ND, storage.as_ptr(), 1, data)
        }
    }

    fn enqueue(&self, operator: &str) {
        let (mut bytes, mut executor, mut context) = (0, null_mut(), null_mut());
        // CANN's context is the thread's: whoever is called from anywhere asks.
        // SAFETY: `context` outlives the call.
        assert_eq!(unsafe { (self.api.acl.aclrtGetCurrentContext)(&mut context) }, 0);
        let (x, y) = (self.tensor(&[4, 16], self.x), self.tensor(&[4, 16], self.y));
        let ops = &self.api.ops;
        // SAFETY: descriptors of live memory of the right size; the out-parameters outlive the calls; every executor goes
        // through phase two once, every descriptor is destroyed once.
        unsafe {
            match operator {
                "add_" => {
                    let mut one = 1f32;
                    let alpha = (self.api.nn.aclCreateScalar)((&raw mut one).cast(), ACL_FLOAT);
                    let op = ops.aclnnInplaceAdd.expect("it is there");
                    assert_eq!((op.plan)(y, x, alpha, &mut bytes, &mut executor), 0);
                    assert_eq!((op.run)(null_mut(), bytes, executor, self.stream), 0);
                    (self.api.nn.aclDestroyScalar)(alpha);
                }
                "mm" => {
                    let weight = self.tensor(&[16, 16], self.weight);
                    let op = ops.aclnnMm.expect("it is there");
                    assert_eq!((op.plan)(x, weight, y, 0, &mut bytes, &mut executor), 0);
                    assert_eq!((op.run)(null_mut(), bytes, executor, self.stream), 0);
                    (self.api.nn.aclDestroyTensor)(weight);
                }
                _ => {
                    let (gamma, rstd) = (self.tensor(&[16], self.gamma), self.tensor(&[4, 1], self.rstd));
                    let op = ops.aclnnRmsNorm.expect("it is there");
                    assert_eq!((op.plan)(x, gamma, 1e-6, y, rstd, &mut bytes, &mut executor), 0);
                    assert_eq!((op.run)(null_mut(), bytes, executor, self.stream), 0);
                    (self.api.nn.aclDestroyTensor)(gamma);
                    (self.api.nn.aclDestroyTensor)(rstd);
                }
            }
            (self.api.nn.aclDestroyTensor)(x);
            (self.api.nn.aclDestroyTensor)(y);
        }
    }
}

/// What callgrind counts: it knows the function by its name, so that must stay as it is, and stay a function.
// SAFETY: nothing else in this program has the name.
#[unsafe(no_mangle)]
#[inline(never)]
fn instructions_counted(enqueue: &mut dyn FnMut()) {
    (0..ENQUEUES).for_each(|_| enqueue());
}

/// The counted program: enqueues through one of the two layers. Once before, so that caches and pools are filled.
fn counted(layer: &str, operator: &str) -> Result<()> {
    let mut bench = Bench::new()?;
    bench.safe(operator)?;
    bench.s.synchronize()?;
    if layer == "safe" {
        let mut failed = None;
        instructions_counted(&mut || failed = bench.safe(operator).err());
        bench.s.synchronize()?;
        return failed.map_or(Ok(()), Err);
    }
    let cann = Cann::load()?;
    let raw = Raw::new(cann.api());
    raw.enqueue(operator);
    instructions_counted(&mut || raw.enqueue(operator));
    // SAFETY: a live stream.
    assert_eq!(unsafe { (cann.api().acl.aclrtSynchronizeStream)(raw.stream) }, 0);
    Ok(())
}

/// Runs this program under callgrind and reads what it has counted.
fn count(layer: &str, operator: &str) -> std::result::Result<f64, String> {
    let exe = std::env::current_exe().map_err(|error| error.to_string())?;
    let out = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=instructions_counted",
            "--callgrind-out-file=/dev/null",
        ])
        .arg(exe)
        .args(["--counted", layer, operator])
        // A spinning thread would only take turns from the counted one.
        .env("CANN_SIM_THREADS", "1")
        // Valgrind has no room for mappings of many gigabytes.
        .env("CANN_SIM_MEMORY", "64M")
        .output()
        .map_err(|error| format!("valgrind: {error}; install it to count instructions"))?;
    let text = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() {
        return Err(text.into_owned());
    }
    let total = text.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse::<f64>().ok());
    total.map(|total| total / ENQUEUES as f64).ok_or_else(|| format!("callgrind has counted nothing:\n{text}"))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, layer, operator] = &arguments[..]
        && flag == "--counted"
    {
        return match counted(layer, operator) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    println!(
        "instructions of an enqueue, on the thread that makes it (wanted: at most {MOST_RATIO} of the raw calls', {MOST_OWN} more)"
    );
    let mut within = true;
    for operator in OPERATORS {
        match (count("raw", operator), count("safe", operator)) {
            (Ok(raw), Ok(safe)) => {
                let own = safe - raw;
                within &= safe <= MOST_RATIO * raw && own <= MOST_OWN;
                println!(
                    "{operator:>9}: raw calls {raw:6.0}, safe layer {safe:6.0}: {own:5.0} of its own, {:.3} of the raw calls'",
                    safe / raw
                );
            }
            (Err(error), _) | (_, Err(error)) => {
                println!("{operator:>9}: not counted: {error}");
                return ExitCode::SUCCESS;
            }
        }
    }
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! Misuse, and what the library says to it. The kernel is `kernels/rms_norm`; what it computes is tested there.

use super::image::pick;
use super::{ArgList, BlockKind, ByAddress, Function, Kernel, KernelImage, LaunchOptions, SourceKernel, SourceParam};
use crate::acl::{CaptureMode, Slice, SliceMut, Tracer};
use crate::{Cann, Device, DeviceBuffer, Error, ErrorKind, Result, Stream, ops};
use bytemuck::{Pod, Zeroable};
use std::time::Duration;

use crate::kernels::RMS_NORM as IMAGE;
static UNBUILT: KernelImage = KernelImage { name: "unbuilt", device: None, twin: None, kernels: &[RMS_NORM_F32] };
const RMS_NORM_F32: SourceKernel = SourceKernel { name: "rms_norm_f32", kernel_type: 0, schedule_mode: 0, params: PARAMS };
const PARAMS: &[SourceParam] = &[address("x"), address("gamma"), address("y"), SourceParam { name: "tiling", size: None }];

const fn address(name: &'static str) -> SourceParam {
    SourceParam { name, size: Some(8) }
}

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Tiling {
    rows: u32,
    d: u32,
    tile_rows: u32,
    eps: f32,
}

const ROWS: usize = 6;
const D: usize = 64;
const TILING: Tiling = Tiling { rows: ROWS as u32, d: D as u32, tile_rows: 4, eps: 1e-6 };

/// Declares a contract for the same kernel that differs in one thing.
macro_rules! contract {
    ($Name:ident { $($field:ident: $Type:ty),* } $image:expr, $name:expr, $block:expr, $resident:expr) => {
        crate::kernel_args! { struct $Name<'a> { $($field: $Type),* } }
        // SAFETY: the arguments of these tests fit the kernel, or the launch is refused.
        unsafe impl Kernel for $Name<'_> {
            const IMAGE: &'static KernelImage = $image;
            const BLOCK: BlockKind = $block;
            const RESIDENT: bool = $resident;
            fn name(&self) -> &'static str { $name }
            fn check(&self, _blocks: u32) -> Result<()> {
                if self.x.len() == ROWS * D { return Ok(()) }
                Err(Error::new(ErrorKind::Length, format!("x has {} values, {} are needed", self.x.len(), ROWS * D)))
            }
        }
    };
}
contract!(Right { x: Slice<'a, f32>, gamma: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f32", BlockKind::Vector, false);
contract!(Resident { x: Slice<'a, f32>, gamma: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f32", BlockKind::Vector, true);
contract!(Cube { x: Slice<'a, f32>, gamma: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f32", BlockKind::Cube, false);
contract!(Unknown { x: Slice<'a, f32>, gamma: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f8", BlockKind::Vector, false);
contract!(Unbuilt { x: Slice<'a, f32>, gamma: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &UNBUILT, "rms_norm_f32", BlockKind::Vector, false);
contract!(Short { x: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f32", BlockKind::Vector, false);
contract!(Swapped { gamma: Slice<'a, f32>, x: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f32", BlockKind::Vector, false);
contract!(Number { x: Slice<'a, f32>, gamma: [u64; 2], y: SliceMut<'a, f32>, tiling: Tiling } &IMAGE, "rms_norm_f32", BlockKind::Vector, false);
contract!(Wide { x: Slice<'a, f32>, gamma: Slice<'a, f32>, y: SliceMut<'a, f32>, tiling: [u64; 3] } &IMAGE, "rms_norm_f32", BlockKind::Vector, false);

/// A stream and the kernel's memory there.
struct Bench {
    s: Stream,
    memory: Memory,
}

struct Memory {
    x: DeviceBuffer<f32>,
    gamma: DeviceBuffer<f32>,
    y: DeviceBuffer<f32>,
}

impl Memory {
    /// Pushes what the kernel takes.
    fn push(&mut self, list: &mut ArgList<'_>) -> Result<()> {
        list.read("x", &self.x)?;
        list.read("gamma", &self.gamma)?;
        list.write("y", &mut self.y)?;
        list.value("tiling", TILING)
    }
}

impl Bench {
    fn on(ordinal: u32) -> Bench {
        let s = Device::open(&Cann::sim().unwrap(), ordinal).unwrap().stream().unwrap();
        let x: Vec<f32> = (0..ROWS * D).map(|i| (i % 13) as f32 - 6.0).collect();
        let (x, gamma, y) = (s.upload(&x).unwrap(), s.upload(&[1.0; D]).unwrap(), s.zeros(ROWS * D).unwrap());
        Bench { s, memory: Memory { x, gamma, y } }
    }

    fn foreign(&mut self, function: &Function, blocks: u32) -> Result<()> {
        let Bench { s, memory } = self;
        // SAFETY: the arguments are the kernel's, for any number of blocks.
        unsafe { s.launch_foreign(function, blocks, &LaunchOptions::default(), |list| memory.push(list)) }
    }

    /// That the kernel has run, and how well.
    fn check(&self) {
        let x: Vec<f32> = self.s.download(&self.memory.x).unwrap();
        let y = self.s.download(&self.memory.y).unwrap();
        for (row, (x, y)) in x.chunks(D).zip(y.chunks(D)).enumerate() {
            let rstd = 1.0 / (x.iter().map(|x| x * x).sum::<f32>() / D as f32 + 1e-6).sqrt();
            for (x, y) in x.iter().zip(y) {
                assert!((x * rstd - y).abs() <= 1e-5, "row {row}: {y}, not {}", x * rstd);
            }
        }
    }
}

/// The error of a launch: its kind and text.
fn refused(outcome: Result<()>, kind: ErrorKind, text: &str) {
    let error = outcome.unwrap_err();
    assert!(error.kind() == kind && error.to_string().contains(text), "{error:?}");
}

macro_rules! launch {
    ($bench:ident, $Contract:ident, $blocks:expr) => {{
        let Bench { s, memory: Memory { x, gamma, y } } = &mut $bench;
        s.launch($Contract { x: (&*x).into(), gamma: (&*gamma).into(), y: y.into(), tiling: TILING }, $blocks)
    }};
}

#[test]
fn it_runs_on_any_number_of_blocks() {
    for blocks in [1, 2, 6, 40, 48, 100] {
        let mut bench = Bench::on(0);
        launch!(bench, Right, blocks).unwrap();
        bench.check();
    }
}

#[test]
fn blocks() {
    let mut bench = Bench::on(0);
    refused(launch!(bench, Right, 0), ErrorKind::Argument, "rms_norm_f32: 0 blocks, 1 to 65535 are needed");
    refused(launch!(bench, Right, 65_536), ErrorKind::Argument, "rms_norm_f32: 65536 blocks");
    let most = bench.s.device().resident_blocks(BlockKind::Vector).unwrap();
    let text = format!("{} blocks that wait for each other, each on a vector core", most + 1);
    refused(launch!(bench, Resident, most + 1), ErrorKind::Argument, &text);
    launch!(bench, Resident, most).unwrap();
    bench.check();
    let device = bench.s.device();
    assert_eq!(device.blocks_for(BlockKind::Vector, 0).unwrap(), 1);
    assert_eq!(device.blocks_for(BlockKind::Vector, 3).unwrap(), 3);
    assert_eq!(device.blocks_for(BlockKind::Vector, usize::MAX).unwrap(), most);
    assert_eq!(device.resident_blocks(BlockKind::Mixed2).unwrap(), device.resident_blocks(BlockKind::Cube).unwrap());
}

#[test]
fn a_contract_that_the_image_denies() {
    let mut bench = Bench::on(0);
    let text = "rms_norm_f32: a block is a cube core by its contract, and a vector core by its source";
    refused(launch!(bench, Cube, 1), ErrorKind::Argument, text);
    refused(
        launch!(bench, Unknown, 1),
        ErrorKind::Argument,
        "rms_norm_f8: there is no such kernel in rms_norm, which has rms_norm_f32, rms_norm_bf16",
    );
    let Bench { s, memory: Memory { x, gamma, y } } = &mut bench;
    let short = Short { x: (&*x).into(), y: (&mut *y).into(), tiling: TILING };
    refused(s.launch(short, 1), ErrorKind::Length, "rms_norm_f32: 3 arguments are given, its source has 4 parameters");
    let swapped = Swapped { gamma: (&*gamma).into(), x: (&*x).into(), y: (&mut *y).into(), tiling: TILING };
    let text = "rms_norm_f32: parameter 1 is gamma by its contract, and x by its source";
    refused(s.launch(swapped, 1), ErrorKind::Argument, text);
    let number = Number { x: (&*x).into(), gamma: [0; 2], y: (&mut *y).into(), tiling: TILING };
    refused(s.launch(number, 1), ErrorKind::Length, "rms_norm_f32: gamma has 16 bytes, 8 in its source");
    let wide = Wide { x: (&*x).into(), gamma: (&*gamma).into(), y: y.into(), tiling: [0; 3] };
    refused(s.launch(wide, 1), ErrorKind::Length, "rms_norm_f32: tiling has 24 bytes, 16 in its image");
}

#[test]
fn an_image_that_was_not_built() {
    let mut bench = Bench::on(0);
    let text = "the kernels of unbuilt have no twin for the simulated NPU in this build; there was no C++ compiler when it was built; \
                install g++";
    refused(launch!(bench, Unbuilt, 1), ErrorKind::Unsupported, text);
    let error = pick(&UNBUILT, crate::Flavor::Npu).unwrap_err().to_string();
    assert!(error.contains("no image for a card in this build; there was no CANN toolkit when it was built; source"), "{error}");
    let error = bench.s.device().load_kernel_image(&UNBUILT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn arguments_that_the_contract_refuses() {
    let mut bench = Bench::on(0);
    let Bench { s, memory: Memory { x, gamma, y } } = &mut bench;
    let x = x.slice(1..).unwrap();
    let kernel = Right { x, gamma: (&*gamma).into(), y: y.into(), tiling: TILING };
    refused(s.launch(kernel, 1), ErrorKind::Length, "x has 383 values, 384 are needed");
}

#[test]
fn memory_of_another_stream_or_device() {
    let mut bench = Bench::on(0);
    for other in [Bench::on(0), Bench::on(1)] {
        let Bench { s, memory: Memory { x, y, .. } } = &mut bench;
        let kernel = Right { x: (&*x).into(), gamma: (&other.memory.gamma).into(), y: y.into(), tiling: TILING };
        refused(s.launch(kernel, 1), ErrorKind::WrongStream, "rms_norm_f32: gamma lives on stream");
    }
}

#[test]
fn what_is_lent_to_another_stream_is_used_there() {
    let mut bench = Bench::on(0);
    let other = bench.s.device().stream().unwrap();
    let Bench { s, memory: Memory { x, gamma, y } } = &mut bench;
    let forked = s.fork(&other, |fork| {
        other.launch(Right { x: fork.lend(x)?, gamma: fork.lend(gamma)?, y: fork.lend_mut(y)?, tiling: TILING }, 2)
    });
    forked.unwrap();
    bench.check();
}

#[test]
fn a_binary_may_go_while_its_launch_is_queued() {
    let mut bench = Bench::on(2);
    let s = bench.s.device().stream().unwrap();
    let binary = s.device().load_kernel_image(&IMAGE).unwrap();
    let function = binary.function("rms_norm_f32").unwrap();
    assert_eq!((function.block(), function.is_resident()), (Some(BlockKind::Vector), false));
    assert_eq!(function.param_sizes(), Some(&[8, 8, 8, 16][..]));
    drop((binary, s));
    bench.foreign(&function, 3).unwrap();
    drop(function);
    bench.check();
    bench.s.device().synchronize().unwrap();
}

#[test]
fn a_binary_of_another_device() {
    let mut bench = Bench::on(0);
    let binary = Bench::on(1).s.device().load_kernel_image(&IMAGE).unwrap();
    let function = binary.function("rms_norm_f32").unwrap();
    let outcome = bench.foreign(&function, 1);
    refused(outcome, ErrorKind::WrongDevice, "rms_norm_f32 is of device 1");
    assert!(binary.function("nothing").unwrap_err().to_string().contains("no kernel nothing in rms_norm"));
    assert!(binary.function("a\0b").unwrap_err().to_string().contains("has a NUL in it"));
}

#[test]
fn binaries_that_are_none() {
    let s = Bench::on(0).s;
    let error = s.device().load_kernels("/nowhere/kernel.o".as_ref()).unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("/nowhere/kernel.o"), "{error:?}");
    let error = s.device().load_kernel_bytes(b"no binary", BlockKind::Vector).unwrap_err();
    assert_eq!(error.call(), Some("aclrtBinaryLoadFromData"), "{error:?}");
}

#[test]
fn a_file_is_as_good_as_memory() {
    let mut bench = Bench::on(0);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pick(&IMAGE, crate::Flavor::Sim).unwrap()).unwrap();
    let function = bench.s.device().load_kernels(file.path()).unwrap().function("rms_norm_f32").unwrap();
    bench.foreign(&function, 1).unwrap();
    bench.check();
}

#[test]
fn too_many_arguments() {
    let s = Bench::on(0).s;
    let mut list = ArgList::new("k", &s);
    let table = vec![0_u8; 61 << 10];
    refused(
        list.by_address("table", ByAddress::slice(&table)),
        ErrorKind::Length,
        "k: table would be argument 1 and bring them to 62464",
    );
    for _ in 0..120 {
        list.value("n", 1_u64).unwrap();
    }
    refused(list.value("n", 1_u64), ErrorKind::Length, "k: n would be argument 121");
}

#[test]
fn a_graph_runs_it_again_after_its_binary_went() {
    let mut bench = Bench::on(0);
    let function = bench.s.device().load_kernel_image(&IMAGE).unwrap().function("rms_norm_f32").unwrap();
    let Bench { s, memory } = &mut bench;
    let graph = s.capture(CaptureMode::default(), |s| {
        // SAFETY: the arguments are the kernel's.
        unsafe { s.launch_foreign(&function, 2, &LaunchOptions::default(), |list| memory.push(list)) }
    });
    let graph = graph.unwrap();
    drop(function);
    s.device().synchronize().unwrap();
    assert!(s.download(&memory.y).unwrap().iter().all(|y| *y == 0.0), "captured work does not run");
    graph.launch(s).unwrap();
    bench.check();
    let values: Vec<f32> = (0..ROWS * D).map(|i| (i % 5) as f32 + 1.0).collect();
    bench.s.write(&values, &mut bench.memory.x, 0).unwrap();
    graph.launch(&bench.s).unwrap();
    bench.check();
}

#[test]
fn a_contract_goes_into_a_graph_and_not_into_a_repeat() {
    let mut bench = Bench::on(0);
    let Bench { s, memory: Memory { x, gamma, y } } = &mut bench;
    macro_rules! launch {
        ($s:expr) => {
            $s.launch(Right { x: (&*x).into(), gamma: (&*gamma).into(), y: (&mut *y).into(), tiling: TILING }, 1)
        };
    }
    let refusal = ops::repeat(s, |s| launch!(s)).map(drop);
    refused(refusal, ErrorKind::Unsupported, "rms_norm_f32 on stream");
    let graph = s.capture(CaptureMode::default(), |s| launch!(s)).unwrap();
    graph.run(s).unwrap();
    bench.check();
}

#[test]
fn a_trace_has_its_name() {
    let mut bench = Bench::on(3);
    let tracer = Tracer::new(100);
    bench.s.trace(&tracer).unwrap();
    launch!(bench, Right, 2).unwrap();
    bench.s.synchronize().unwrap();
    let spans = tracer.take(Duration::from_secs(10));
    assert!(spans.iter().any(|span| span.name == "rms_norm_f32"), "{spans:?}");
}

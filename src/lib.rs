//! Kernels and collectives for reinforcement learning of language models on Huawei Ascend NPUs, with a simulated NPU for
//! everyone else.
//!
//! Everything here calls CANN, Huawei's C interface to these devices, through one table of function pointers: [`Cann`]. The
//! table comes from an installed CANN toolkit, opened at run time, or from the simulated NPU that the crate links (feature
//! `sim`). What is above the table is the same code on both, so a program that was written and tested on a laptop is the
//! program that runs on the card. `ASCEND_RL_DEVICE=npu` or `=sim` forces the choice.
//!
//! ```
//! use ascend_rl::{Cann, Device, Result};
//!
//! fn main() -> Result<()> {
//!     let cann = Cann::load()?;
//!     let device = Device::open(&cann, 0)?;
//!     let stream = device.stream()?;
//!     let x = stream.upload(&[1.0_f32, 2.0, 3.0])?;
//!     let mut y = stream.zeros(3)?;
//!     stream.copy(&x, &mut y)?; // queued; returns at once
//!     assert_eq!(stream.download(&y)?, [1.0, 2.0, 3.0]); // waits
//!     Ok(())
//! }
//! ```
//!
//! # Concepts
//!
//! | here | PyTorch on NPU | CUDA | what it is |
//! |---|---|---|---|
//! | [`Cann`] | `import torch_npu` | the driver | the table of functions, and who answers: a card or the simulator |
//! | [`Device`] | `torch.device("npu:0")` | device and primary context | one NPU, its memory, its allocator |
//! | [`Stream`] | `torch.npu.Stream` | `cudaStream_t` | a queue of work; always explicit, there is no current one |
//! | [`acl::Event`] | `torch.npu.Event` | `cudaEvent_t` | a mark in a queue |
//! | [`Stream::host_callback`] | | `cudaLaunchHostFunc` | a function of the host in a stream's order |
//! | [`acl::Timer`] | `Event(enable_timing=True)` | `cudaEventElapsedTime` | the time between two marks |
//! | [`acl::Tracer`] | `torch_npu.profiler` | CUPTI | when each queued call ran |
//! | [`acl::Profile`], [`acl::Range`] | `torch_npu.profiler`, `mstx` | NVTX | CANN's own profiler, with ranges of the program |
//! | [`Device::adopt_stream`] | `torch.npu.ExternalStream` | a `cudaStream_t` of others | what C++ or torch_npu made, used here |
//! | [`DeviceBuffer`] | `UntypedStorage` | `cudaMallocAsync` memory | typed memory with a home stream |
//! | [`acl::Slice`], [`acl::SliceMut`] | a 1-D view | pointer and length | a borrowed part of a buffer |
//! | [`Stream::fork`] | `wait_stream` twice, `record_stream` | two events | work on two streams at once, joined on the way out |
//! | [`acl::PinnedBuffer`] | `tensor.pin_memory()` | `cudaMallocHost` | host memory for copies that run in the background |
//! | [`acl::Transfer`] | `copy_(non_blocking=True)` | `cudaMemcpyAsync` | such a copy, with the memory it uses |
//! | [`acl::CopyPart`] | `swap_blocks` of vllm-ascend | `cudaMemcpyBatchAsync` | one of many copies that are one call |
//! | [`acl::RegisteredHost`] | none | `cudaHostRegister` | a program's own memory for copies that run in the background |
//! | [`acl::VirtualRange`], [`acl::PhysicalMemory`] | expandable segments | `cuMemAddressReserve`, `cuMemMap` | addresses first, memory later; also another process's |
//! | [`Communicator`] | `torch.distributed`, backend "hccl" | `ncclComm_t` | one rank of a group of devices, with the stream of its calls |
//! | [`Communicator::sub`] | `new_group` | `ncclCommSplit` | a group of some ranks of a group |
//! | [`hccl::launch::Launch`] | `init_process_group("hccl")` | `ncclGetUniqueId`, `mpirun` | which rank a process is, and where ranks meet |
//! | [`hccl::Batch`] | `batch_isend_irecv` | `ncclGroupStart` | sends and receives that do not hold one another up |
//! | [`acl::Graph`] | `torch.npu.NPUGraph` | `cudaGraphExec_t` | work of a stream, captured once and run many times |
//! | [`ops::Repeat`] | hidden | a plan of cuBLASLt | operators that are planned once and enqueued many times |
//! | [`acl::kernel`] | a C++ extension with `torch.ops` | `cuModuleLoadData`, `cuLaunchKernel` | kernels of one's own, launched by contract |
//! | [`atb::Context`] | `torch_npu._npu_paged_attention` and its kin | cuDNN graphs | transformer operations of ATB, alone or as one graph |
//! | workspace, executor | hidden | cuBLAS workspace | scratch memory of an operator's two-phase call; handled inside |
//!
//! # Order
//!
//! - Work of one stream runs in the order in which it was queued. What a call enqueues sees everything queued before it.
//! - Work of two streams runs in any order, unless [`Stream::wait`] or [`Stream::fork`] says otherwise. A buffer is used on its
//!   home stream; another stream is an error, not a race.
//! - A call that enqueues returns at once. What it was given may be dropped, or overwritten by work queued behind it, at once:
//!   freeing is ordered by the stream too. Host slices are copied before a call returns.
//! - Plain verbs block where their page says so (`synchronize`, `download`). Work that goes on comes back as a value to keep
//!   ([`acl::Transfer`], [`acl::Event`]).
//! - What fails after its call has returned surfaces at the next call that waits, as [`ErrorKind::Async`], with the names of the
//!   calls that it could have been. What goes wrong between ranks is [`ErrorKind::Collective`], with the ranks that are behind.
//!
//! # Which floor checks what
//!
//! | floor | checks | and not |
//! |---|---|---|
//! | [`acl`] | lengths and ranges, home streams, devices, memory | what the bytes mean |
//! | [`hccl`] | lengths, dtypes and ranks; that the ranks of one process make the same calls | ranks of other processes |
//! | [`sys`] | that a toolkit is there, new enough and complete; every status code | arguments |
//! | CANN | everything again, with its own codes | lifetimes of memory: what frees too early or crosses streams, it does not see |
//!
//! What the compiler enforces is in [`rules`], as pairs of programs. A check stands on one floor only; one that CANN makes cheaply and names well is left to CANN. All errors are one type,
//! [`Error`], whose text is one line. Nothing panics on bad input.
#![deny(clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod acl;
pub mod atb;
pub mod attention;
pub mod error;
pub mod hccl;
pub mod kernels;
pub mod ops;
pub mod reshard;
pub mod rules;
pub mod sys;
pub mod tensor;

pub use acl::{Device, DeviceBuffer, Element, Event, Stream};
pub use error::{Error, ErrorKind, Result};
pub use hccl::Communicator;
pub use sys::{Cann, Flavor};
pub use tensor::{DType, Tensor, View, ViewMut};

//! What the compiler enforces: each rule of safe use beside the program that breaks it, which does not compile.
//!
//! The first program of each pair compiles and runs; the second differs by the line that is wrong.
//!
//! # Memory outlives what uses it
//! A view borrows its tensor.
//! ```
//! # use ascend_rl::{Cann, Device, Tensor};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! let x = Tensor::from_slice(&s, &[2], &[1.0_f32, 2.0])?;
//! let view = x.view();
//! println!("{:?}", view.shape());
//! drop(x);
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! ```compile_fail,E0505
//! # use ascend_rl::{Cann, Device, Tensor};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! let x = Tensor::from_slice(&s, &[2], &[1.0_f32, 2.0])?;
//! let view = x.view();
//! drop(x);
//! println!("{:?}", view.shape());
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! # What is written is written by one
//! An operator's output is borrowed for writing; its inputs are not the same memory.
//! ```
//! # use ascend_rl::{Cann, Device, Tensor, ops};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! # let x = Tensor::from_slice(&s, &[2], &[1.0_f32, 2.0])?;
//! let mut y = Tensor::from_slice(&s, &[2], &[3.0_f32, 4.0])?;
//! ops::add_(&s, &mut y, &x)?;
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! ```compile_fail,E0502
//! # use ascend_rl::{Cann, Device, Tensor, ops};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! # let x = Tensor::from_slice(&s, &[2], &[1.0_f32, 2.0])?;
//! let mut y = Tensor::from_slice(&s, &[2], &[3.0_f32, 4.0])?;
//! ops::add_(&s, &mut y, &y)?;
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! So are a kernel's arguments, until it is queued; from then on its memory is the stream's, and may be dropped.
//! ```
//! # use ascend_rl::{Cann, Device, Tensor, kernels};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! # let x = Tensor::from_slice(&s, &[2, 16], &[1.0_f32; 32])?;
//! # let gamma = Tensor::from_slice(&s, &[16], &[1.0_f32; 16])?;
//! let mut y = Tensor::from_slice(&s, &[2, 16], &[0.0_f32; 32])?;
//! # if kernels::RMS_NORM.twin.is_some() {
//! kernels::rms_norm(&s, &x, &gamma, 1e-6, &mut y)?;
//! # }
//! drop(x);
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! ```compile_fail,E0502
//! # use ascend_rl::{Cann, Device, Tensor, kernels};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! # let gamma = Tensor::from_slice(&s, &[16], &[1.0_f32; 16])?;
//! let mut y = Tensor::from_slice(&s, &[2, 16], &[0.0_f32; 32])?;
//! kernels::rms_norm(&s, &y, &gamma, 1e-6, &mut y)?;
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! A view among them cannot outlive its buffer, whoever holds it in the meantime.
//! ```compile_fail,E0505
//! # use ascend_rl::{Cann, Device, acl::{Slice, SliceMut}};
//! ascend_rl::kernel_args! {
//!     struct Copy<'a> {
//!         from: Slice<'a, f32>,
//!         to: SliceMut<'a, f32>,
//!     }
//! }
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! let (x, mut y) = (s.upload(&[1.0_f32])?, s.upload(&[0.0_f32])?);
//! let arguments = Copy { from: (&x).into(), to: (&mut y).into() };
//! drop(x);
//! println!("{}", arguments.from.len() + arguments.to.len());
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! # A stream has one thread at a time
//! It may move to another thread, and is not shared between two.
//! ```
//! # use ascend_rl::{Cann, Device};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! std::thread::spawn(move || s.synchronize()).join().unwrap()?;
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! ```compile_fail,E0277
//! # use ascend_rl::{Cann, Device};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! std::thread::scope(|scope| scope.spawn(|| s.synchronize()).join().unwrap())?;
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! # Host memory stays out of reach while a copy is in flight
//! A background copy takes pinned memory by value and gives it back.
//! ```
//! # use ascend_rl::{Cann, Device};
//! # let device = Device::open(&Cann::sim()?, 0)?;
//! # let s = device.stream()?;
//! # let x = s.upload(&[1.0_f32, 2.0])?;
//! let pinned = device.pinned::<f32>(2)?;
//! let transfer = s.receive(&x, pinned)?;
//! let pinned = transfer.wait()?;
//! println!("{:?}", &pinned[..]);
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! ```compile_fail,E0382
//! # use ascend_rl::{Cann, Device};
//! # let device = Device::open(&Cann::sim()?, 0)?;
//! # let s = device.stream()?;
//! # let x = s.upload(&[1.0_f32, 2.0])?;
//! let pinned = device.pinned::<f32>(2)?;
//! let transfer = s.receive(&x, pinned)?;
//! println!("{:?}", &pinned[..]);
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! # What is lent to another stream is not used here meanwhile
//! [`crate::Stream::fork`] joins before it returns; until then what it was lent for writing is its own.
//! See [`crate::acl::Fork`], which has the programs.
//!
//! # An operation of ATB does not outlive its context
//! ```
//! # use ascend_rl::{Cann, Device, atb};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! let context = atb::Context::new(&s)?;
//! let norm = context.rms_norm(1e-6)?;
//! drop(norm);
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//! ```compile_fail,E0505
//! # use ascend_rl::{Cann, Device, atb};
//! # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
//! let context = atb::Context::new(&s)?;
//! let norm = context.rms_norm(1e-6)?;
//! drop(context);
//! drop(norm);
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! # Foreign handles need a promise
//! ```compile_fail,E0133
//! # use ascend_rl::{Cann, Device};
//! # let device = Device::open(&Cann::sim()?, 0)?;
//! # let raw = std::ptr::null_mut();
//! let stream = device.adopt_stream(raw)?;
//! # Ok::<(), ascend_rl::Error>(())
//! ```
//!
//! # What only the running program can know
//! Devices and streams are values, not types: memory of another device, or at home on another stream, is an error that names both.
//! ```
//! # use ascend_rl::{Cann, Device, ErrorKind, Tensor, ops};
//! # let cann = Cann::sim()?;
//! # let s = Device::open(&cann, 0)?.stream()?;
//! let elsewhere = Device::open(&cann, 1)?.stream()?;
//! let x = Tensor::from_slice(&elsewhere, &[2], &[1.0_f32, 2.0])?;
//! let mut y = Tensor::from_slice(&s, &[2], &[3.0_f32, 4.0])?;
//! let error = ops::add_(&s, &mut y, &x).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::WrongStream);
//! # Ok::<(), ascend_rl::Error>(())
//! ```

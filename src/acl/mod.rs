//! Floor 1: who owns what on a device, and in which order work on it runs.
//!
//! [`Device`], [`Stream`], [`Event`] and [`Timer`]; [`DeviceBuffer`] with its [`Slice`]s, from a stream-ordered caching
//! allocator; pinned host memory ([`PinnedBuffer`]) and copies; [`Graph`], work that is captured once and runs many times;
//! [`Tracer`], which sees when each call ran. Safe code cannot
//! cause a use after free, a data race or an access out of bounds on the device; `buffer.rs` has the argument.
//!
//! May use: [`crate::sys`]. Must not: know of tensors or operators.
//!
//! # Threads
//! CANN calls act on the context that is current on the calling thread. That is handled inside: each method makes its
//! device's context current first, unless it is. [`Device`], [`Event`] and buffers are `Send` and `Sync`; a [`Stream`] is
//! `Send` only, since two threads that share one would leave its order to chance.
//!
//! # Not covered
//! Virtual memory, memory shared between processes, copies between devices, callbacks, stream priorities, graphs of
//! several streams.

mod alloc;
mod buffer;
mod copy;
mod device;
mod drain;
mod element;
mod event;
mod fork;
mod graph;
mod peer;
mod pinned;
mod pool;
mod recent;
mod record;
mod staging;
mod stream;
mod trace;
mod transfer;
mod view;
mod witness;

pub use buffer::DeviceBuffer;
pub use device::{Device, MemoryInfo};
pub use element::Element;
pub use event::{Event, Timer};
pub use fork::Fork;
pub use graph::{CaptureMode, Graph, TaskGroup};
pub use pinned::PinnedBuffer;
pub use pool::MemoryStats;
pub use stream::{Stream, StreamId};
pub use trace::{Span, Tracer};
pub use transfer::Transfer;
pub use view::{Slice, SliceMut};

pub(crate) use drain::{End, PATIENCE};
pub(crate) use record::{Hold, Mode};
pub(crate) use stream::StreamInner;
pub(crate) use witness::Witness;

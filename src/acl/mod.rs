//! Floor 1: who owns what on a device, and in which order work on it runs.
//!
//! [`Device`], [`Stream`], [`Event`] and [`Timer`]; [`DeviceBuffer`] with its [`Slice`]s, from a stream-ordered caching
//! allocator; pinned host memory ([`PinnedBuffer`]) and copies, also of rows ([`Rows`]) and in batches ([`CopyPart`]); a
//! program's own memory for background copies ([`RegisteredHost`]); virtual memory that grows in place and is shared between
//! processes ([`VirtualRange`], [`PhysicalMemory`]); [`Tracer`], which sees when each call ran. Safe code cannot cause a use after free, a data race or an access out of bounds on the device; `buffer.rs` has the argument.
//!
//! May use: [`crate::sys`]. Must not: know of tensors or operators.
//!
//! # Threads
//! CANN calls act on the context that is current on the calling thread. That is handled inside: each method makes its
//! device's context current first, unless it is. [`Device`], [`Event`] and buffers are `Send` and `Sync`; a [`Stream`] is
//! `Send` only, since two threads that share one would leave its order to chance.
//!
//! # Not covered
//! Copies between devices, callbacks, stream priorities, graph capture.

mod alloc;
mod batch;
mod buffer;
mod copy;
mod copy_2d;
mod device;
mod drain;
mod element;
mod event;
mod facts;
mod fill;
mod fork;
mod optional;
mod peer;
mod physical;
mod pinned;
mod pool;
mod recent;
mod registered;
mod staging;
mod stream;
mod trace;
mod transfer;
mod view;
mod virtual_range;
mod witness;

pub use batch::CopyPart;
pub use buffer::DeviceBuffer;
pub use copy_2d::Rows;
pub use device::{Device, MemoryInfo};
pub use element::Element;
pub use event::{Event, Timer};
pub use facts::{MemoryPlace, MemoryUse, PointerInfo};
pub use fork::Fork;
pub use physical::{Importers, PhysicalMemory, ShareableHandle};
pub use pinned::PinnedBuffer;
pub use pool::MemoryStats;
pub use registered::RegisteredHost;
pub use stream::{Stream, StreamId};
pub use trace::{Span, Tracer};
pub use transfer::Transfer;
pub use view::{Slice, SliceMut};
pub use virtual_range::VirtualRange;

pub(crate) use drain::{End, PATIENCE};
pub(crate) use stream::StreamInner;
pub(crate) use witness::Witness;

//! Floor 1: who owns what on a device, and in which order work on it runs.
//!
//! [`Device`], [`Stream`], [`Event`] and [`Timer`]; [`DeviceBuffer`] with its [`Slice`]s, from a stream-ordered caching
//! allocator; pinned host memory ([`PinnedBuffer`]) and copies, also of rows ([`Rows`]) and in batches ([`CopyPart`]); a
//! program's own memory for background copies ([`RegisteredHost`]); virtual memory that grows in place and is shared between
//! processes ([`VirtualRange`], [`PhysicalMemory`]); buffers that processes share by a key ([`SharedBuffer`]), and flags between
//! their streams ([`Notify`]); CANN's own pools ([`MemoryPool`]); functions of the host in a stream's order
//! ([`Stream::host_callback`]); [`Graph`], work that is captured once and runs many times; [`kernel`]s of one's own; [`Tracer`],
//! which sees when each call ran, and CANN's profiler ([`Profile`], [`Range`]). What C++ or torch_npu made is adopted
//! ([`Device::adopt`], [`Device::adopt_stream`], [`Stream::adopt_buffer`]). Safe code cannot cause a use after free, a data race or
//! an access out of bounds on the device; `buffer.rs` has the argument.
//!
//! May use: [`crate::sys`]. Must not: know of tensors or operators.
//!
//! # Threads
//! CANN calls act on the context that is current on the calling thread. That is handled inside: each method makes its
//! device's context current first, unless it is. [`Device`], [`Event`] and buffers are `Send` and `Sync`; a [`Stream`] is
//! `Send` only, since two threads that share one would leave its order to chance.
//!
//! # Not covered
//! Copies between devices, graphs of several streams; words of memory that streams wait for, which only programs of others need so
//! far.

mod alloc;
mod batch;
mod buffer;
mod callback;
mod copy;
mod copy_2d;
mod deferred;
mod device;
mod drain;
mod element;
mod event;
mod facts;
mod fill;
mod foreign;
mod fork;
mod graph;
pub mod kernel;
mod memory_facts;
mod memory_pool;
mod modes;
mod notify;
mod optional;
mod options;
mod peer;
mod physical;
mod pinned;
mod pool;
mod profile;
mod recent;
mod record;
mod registered;
mod shared;
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
pub use facts::{DeviceInfo, Link};
pub use fork::Fork;
pub use graph::{CaptureMode, Graph, TaskGroup};
pub use memory_facts::{MemoryPlace, MemoryUse, PointerInfo};
pub use memory_pool::{MemoryPool, PoolUsage, PooledBuffer};
pub use modes::Cores;
pub use notify::{Notify, NotifyKey};
pub use options::StreamOptions;
pub use physical::{Importers, PhysicalMemory, ShareableHandle};
pub use pinned::PinnedBuffer;
pub use pool::MemoryStats;
pub use profile::{Profile, ProfileOptions, Range};
pub use registered::RegisteredHost;
pub use shared::{MemoryKey, SharedBuffer};
pub use stream::{Stream, StreamId};
pub use trace::{Span, Tracer};
pub use transfer::Transfer;
pub use view::{Slice, SliceMut};
pub use virtual_range::VirtualRange;

pub(crate) use drain::{End, PATIENCE};
pub(crate) use record::{Hold, Mode};
pub(crate) use stream::StreamInner;
pub(crate) use witness::Witness;

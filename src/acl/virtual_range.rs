//! [`VirtualRange`]: addresses first, memory later. What a heap needs that grows without moving, and one that has the same layout in
//! several processes.

use super::optional::optional;
use super::{Element, PhysicalMemory, Slice, SliceMut, Stream, StreamInner};
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::{fmt, ptr};

/// Addresses of a device, with a home stream as a buffer has one. Views of it must lie where memory is mapped. Where a graph or a
/// repeat of that stream outlives it, its memory stays taken, and the device's next wait says so.
///
/// ```
/// # use ascend_rl::{Result, acl::*, sys::Cann};
/// # fn main() -> Result<()> {
/// let device = Device::open(&Cann::sim()?, 0)?;
/// let stream = device.stream()?;
/// let mut heap = stream.reserve(1 << 30)?; // costs nothing
/// heap.map(0, &device.physical(1 << 20)?)?;
/// stream.fill(heap.slice_mut::<f32>(0..4096)?, 1.5)?;
/// assert_eq!(stream.download(heap.slice::<f32>(4088..4096)?)?, [1.5, 1.5]);
/// # Ok(())
/// # }
/// ```
/// A view keeps its memory where it is:
/// ```compile_fail,E0502
/// # use ascend_rl::acl::*;
/// fn f(mut range: VirtualRange) {
///     let view = range.slice::<f32>(0..4).unwrap();
///     range.unmap(0).unwrap();
///     view.len();
/// }
/// ```
pub struct VirtualRange {
    address: usize,
    bytes: usize,
    /// The memory at each offset.
    maps: BTreeMap<usize, PhysicalMemory>,
    home: Arc<StreamInner>,
    /// The allocator's count when it was reserved, by which it knows what a recording may use.
    serial: u64,
}

impl Stream {
    /// Reserves `bytes` bytes of addresses (rounded up to the granularity), which are used on this stream.
    ///
    /// Errors: `Argument` for 0; `OutOfMemory`. CANN: aclrtReserveMemAddress.
    pub fn reserve(&self, bytes: usize) -> Result<VirtualRange> {
        let device = self.device();
        let (reserve, granularity) = (optional!(device, aclrtReserveMemAddress)?, device.physical_granularity()?);
        let Some(bytes) = bytes.checked_next_multiple_of(granularity) else {
            return Err(Error::new(ErrorKind::OutOfMemory, format!("{bytes} bytes are more than an address space")));
        };
        let mut address = ptr::null_mut();
        // SAFETY: `address` outlives the call.
        let call = || unsafe { reserve(&mut address, bytes, 0, ptr::null_mut(), 0) };
        device.call("aclrtReserveMemAddress", call)?;
        let (serial, home) = (device.0.pool().stats().allocations, self.inner().clone());
        Ok(VirtualRange { address: address.addr(), bytes, maps: BTreeMap::new(), home, serial })
    }
}

impl VirtualRange {
    /// Bytes of addresses.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The address on the device, for kernels of other libraries.
    pub fn address(&self) -> usize {
        self.address
    }

    /// Where memory is mapped, in bytes, in order.
    pub fn mapped(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.maps.iter().map(|(offset, memory)| *offset..offset + memory.bytes())
    }

    /// Maps all of `memory` at `offset` bytes. Until it is unmapped no other range can have it.
    ///
    /// Errors: `Argument` if `offset` is no multiple of the granularity, if it or another memory is mapped there already, or
    /// `memory` elsewhere; `Length` if it leaves the range; `WrongDevice`. CANN: aclrtMapMem.
    pub fn map(&mut self, offset: usize, memory: &PhysicalMemory) -> Result<()> {
        let device = self.home.device().clone();
        let map = optional!(&device, aclrtMapMem)?;
        device.check_same("the physical memory", memory.device())?;
        let wrong = |kind, text: String| Err(Error::new(kind, text));
        let bytes = memory.bytes();
        let Some(end) = offset.checked_add(bytes).filter(|end| *end <= self.bytes) else {
            return wrong(ErrorKind::Length, format!("{bytes} bytes at {offset} leave the range of {}", self.bytes));
        };
        if let Some(other) = self.mapped().find(|other| other.start < end && offset < other.end) {
            return wrong(
                ErrorKind::Argument,
                format!("memory is mapped at {other:?} of the range already, {offset}..{end} was asked"),
            );
        }
        if !memory.claim() {
            return wrong(ErrorKind::Argument, format!("{memory:?} is mapped already: it has one address at a time"));
        }
        let at = ptr::without_provenance_mut(self.address + offset);
        // SAFETY: addresses of this value's reservation, where nothing is mapped; the handle is alive, and kept while mapped.
        let mapped = device.call("aclrtMapMem", || unsafe { map(at, bytes, 0, memory.raw(), 0) });
        match mapped {
            Ok(()) => _ = self.maps.insert(offset, memory.clone()),
            Err(_) => memory.unclaim(),
        }
        mapped
    }

    /// Takes the memory at `offset` back; its bytes stay.
    ///
    /// Order: blocks until the home stream is idle. Errors: `Argument` if no mapping begins there; `WrongStream` while a graph or a
    /// repeat of the home stream may use the range; `Async`. The memory then stays mapped.
    /// CANN: aclrtSynchronizeStream, aclrtUnmapMem.
    pub fn unmap(&mut self, offset: usize) -> Result<PhysicalMemory> {
        if !self.maps.contains_key(&offset) {
            return Err(Error::new(ErrorKind::Argument, format!("no memory is mapped at {offset} of the range")));
        }
        self.wait()?;
        self.unmap_idle(offset)?;
        match self.maps.remove(&offset) {
            Some(memory) => {
                memory.unclaim();
                Ok(memory)
            }
            None => Err(Error::new(ErrorKind::Argument, format!("no memory is mapped at {offset} of the range"))),
        }
    }

    /// A view of a part, in bytes.
    ///
    /// Errors: `Length` if memory is not mapped all through it; `Argument` if it is not whole elements, or not aligned to them.
    pub fn slice<T: Element>(&self, bytes: Range<usize>) -> Result<Slice<'_, T>> {
        let (address, len) = self.part::<T>(bytes)?;
        Ok(Slice::at(address, len, self.home.id()))
    }

    /// A view of a part that may be written. Errors: as [`VirtualRange::slice`].
    pub fn slice_mut<T: Element>(&mut self, bytes: Range<usize>) -> Result<SliceMut<'_, T>> {
        let (address, len) = self.part::<T>(bytes)?;
        Ok(SliceMut::at(address, len, self.home.id()))
    }

    fn part<T>(&self, bytes: Range<usize>) -> Result<(usize, usize)> {
        let size = size_of::<T>();
        if !bytes.start.is_multiple_of(size) || !bytes.len().is_multiple_of(size) {
            let text = format!("bytes {bytes:?} are not whole elements of {size} bytes");
            return Err(Error::new(ErrorKind::Argument, text));
        }
        // As far as memory is mapped without a gap from the start on.
        let reach = self.mapped().fold(bytes.start, |reach, map| if map.contains(&reach) { map.end } else { reach });
        if bytes.end > reach || bytes.start > bytes.end {
            let text = format!("bytes {bytes:?} are mapped up to {reach} only, of a range of {}", self.bytes);
            return Err(Error::new(ErrorKind::Length, text));
        }
        Ok((self.address + bytes.start, bytes.len() / size))
    }

    /// Waits for what may use it. Work of a graph or a repeat comes again.
    fn wait(&self) -> Result<()> {
        if self.home.device().0.pool().covers(self.home.id().owner(), self.serial) {
            let text = format!("a graph or a repeat of {} may use the range: drop it first", self.home.id());
            return Err(Error::new(ErrorKind::WrongStream, text));
        }
        let (device, stream) = (self.home.device(), self.home.raw());
        // SAFETY: the stream is alive: `home` holds it.
        device.call("aclrtSynchronizeStream", || unsafe { (device.api().acl.aclrtSynchronizeStream)(stream) })
    }

    /// No queued work uses the mapping.
    fn unmap_idle(&self, offset: usize) -> Result<()> {
        let device = self.home.device();
        let unmap = optional!(device, aclrtUnmapMem)?;
        let at = ptr::without_provenance_mut(self.address + offset);
        // SAFETY: a mapping of this value, which nothing uses.
        device.call("aclrtUnmapMem", || unsafe { unmap(at) })
    }

    fn end(&mut self) -> Result<()> {
        // Where this fails, the addresses stay for good: nobody knows what still uses them.
        self.wait()?;
        let device = self.home.device();
        let release = optional!(device, aclrtReleaseMemAddress)?;
        for (offset, memory) in &self.maps {
            self.unmap_idle(*offset)?;
            memory.unclaim();
        }
        let at = ptr::without_provenance_mut(self.address);
        // SAFETY: reserved by `Stream::reserve`, given back once, with nothing mapped.
        device.call("aclrtReleaseMemAddress", || unsafe { release(at) })
    }
}

impl fmt::Debug for VirtualRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mapped: usize = self.mapped().map(|map| map.len()).sum();
        write!(f, "VirtualRange({mapped} of {} bytes mapped, on {})", self.bytes, self.home.id())
    }
}

impl Drop for VirtualRange {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            self.home.device().defer(error.context(format!("{self:?} was dropped")));
        }
    }
}

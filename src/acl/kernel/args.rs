//! What a kernel is given: [`Argument`] by argument into an [`ArgList`].
//!
//! Each parameter begins at a multiple of 8 bytes and has a multiple of 8 bytes. Then the runtime, which aligns each argument to 8, and
//! a C++ compiler, which aligns each to what its type needs, agree on where it is.

use super::Stream;
use crate::acl::{Element, Slice, SliceMut, StreamId};
use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// Bytes of all arguments together, with the data that goes by address. CANN takes 64 KiB; the rest is for what it adds.
const MOST_BYTES: usize = 60 << 10;
/// CANN takes 128, with what it adds.
const MOST_PARAMS: usize = 120;

/// One argument of a kernel. What is one:
///
/// | argument | the kernel's parameter | |
/// |---|---|---|
/// | [`Slice`], [`View`](crate::View) | `GM_ADDR` | the kernel reads it |
/// | [`SliceMut`], [`ViewMut`](crate::ViewMut) | `GM_ADDR` | the kernel writes it, and may read it |
/// | [`OrNull`] of them | `GM_ADDR`, null for `None` | |
/// | [`ByAddress`] | `GM_ADDR` | plain data of the host, copied with the arguments |
/// | any [`bytemuck::Pod`] of a multiple of 8 bytes | the same struct in C++, `uint64_t`, ... | by value |
///
/// Numbers of 4 bytes and less are refused by the compiler: between two of them it is a matter of the toolkit's version where the
/// second one is. Put them into one `#[repr(C)]` struct, or widen them.
/// ```compile_fail,E0080
/// # use ascend_rl::acl::kernel::{ArgList, Argument};
/// # fn f(list: &mut ArgList<'_>) -> ascend_rl::Result<()> {
/// 7_u32.push("n", list)
/// # }
/// # let _compiled: fn(&mut ArgList<'_>) -> ascend_rl::Result<()> = f;
/// ```
pub trait Argument {
    /// Appends it as the parameter called `name`. Errors: `WrongStream` if it is memory of another stream or device.
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()>;
}

/// All arguments of a kernel, in the order of its parameters. [`kernel_args!`](crate::kernel_args) implements it.
pub trait Arguments {
    /// Appends them all. Errors: as [`Argument::push`].
    fn push_all(self, list: &mut ArgList<'_>) -> Result<()>;
}

/// Plain data of the host that a kernel reads through an address: a table, or a tiling as `GM_ADDR`. Copied when the kernel is
/// queued; a few KiB at most, since it goes with the arguments.
#[derive(Clone, Copy, Debug)]
pub struct ByAddress<'a>(&'a [u8]);

impl<'a> ByAddress<'a> {
    /// One value.
    pub fn of<T: bytemuck::NoUninit>(value: &'a T) -> ByAddress<'a> {
        ByAddress(bytemuck::bytes_of(value))
    }

    /// Values one after another.
    pub fn slice<T: bytemuck::NoUninit>(values: &'a [T]) -> ByAddress<'a> {
        ByAddress(bytemuck::cast_slice(values))
    }
}

/// Memory that may be left out: the kernel then gets a null pointer.
#[derive(Clone, Copy, Debug)]
pub struct OrNull<A>(pub Option<A>);

/// The arguments of one launch in the making.
pub struct ArgList<'s> {
    kernel: &'static str,
    stream: &'s Stream,
    /// Values, and data that goes by address, each from a word on.
    words: Vec<u64>,
    params: Vec<Param>,
}

/// An argument in the list.
pub(super) struct Param {
    pub name: &'static str,
    /// Its first word.
    first: usize,
    /// Of the value, or of the data behind the address.
    pub bytes: usize,
    pub by_address: bool,
}

impl Param {
    /// What the kernel's own parameter has.
    pub fn size(&self) -> usize {
        if self.by_address { size_of::<u64>() } else { self.bytes }
    }
}

impl<'s> ArgList<'s> {
    pub(super) fn new(kernel: &'static str, stream: &'s Stream) -> ArgList<'s> {
        ArgList { kernel, stream, words: Vec::with_capacity(32), params: Vec::with_capacity(16) }
    }

    /// Memory that the kernel reads. Errors: `WrongStream`.
    pub fn read<'a, T: Element>(&mut self, name: &'static str, memory: impl Into<Slice<'a, T>>) -> Result<()> {
        let memory = memory.into();
        self.pointer(name, memory.address().addr(), memory.stream())
    }

    /// Memory that the kernel writes, and may read. Errors: `WrongStream`.
    pub fn write<'a, T: Element>(&mut self, name: &'static str, memory: impl Into<SliceMut<'a, T>>) -> Result<()> {
        let memory = memory.into();
        self.pointer(name, memory.address().addr(), memory.stream())
    }

    /// No memory: a null pointer.
    pub fn null(&mut self, name: &'static str) -> Result<()> {
        self.value(name, 0_u64)
    }

    /// Plain data by value.
    pub fn value<T: bytemuck::NoUninit>(&mut self, name: &'static str, value: T) -> Result<()> {
        const {
            assert!(
                size_of::<T>() > 0 && size_of::<T>().is_multiple_of(8) && align_of::<T>() <= 8,
                "an argument by value has a multiple of 8 bytes: put small numbers into one #[repr(C)] struct, or widen them"
            );
        }
        self.bytes(name, bytemuck::bytes_of(&value), false)
    }

    /// Plain data by its address.
    pub fn by_address(&mut self, name: &'static str, data: ByAddress<'_>) -> Result<()> {
        self.bytes(name, data.0, true)
    }

    /// An address of memory that is at home on `home`; the caller borrows it while the list lives.
    pub(crate) fn pointer(&mut self, name: &'static str, address: usize, home: StreamId) -> Result<()> {
        if home != self.stream.id() {
            return Err(self.stream.wrong_stream(&format!("{}: {name}", self.kernel), home));
        }
        self.value(name, address as u64)
    }

    fn bytes(&mut self, name: &'static str, bytes: &[u8], by_address: bool) -> Result<()> {
        let (first, words) = (self.words.len(), bytes.len().div_ceil(8));
        if self.params.len() == MOST_PARAMS || 8 * (first + words + self.params.len()) > MOST_BYTES {
            let text = format!(
                "{}: {name} would be argument {} and bring them to {} bytes; {MOST_PARAMS} arguments of {MOST_BYTES} bytes are possible",
                self.kernel,
                self.params.len() + 1,
                8 * first + bytes.len()
            );
            return Err(Error::new(ErrorKind::Length, text));
        }
        self.words.resize(first + words, 0);
        bytemuck::cast_slice_mut(&mut self.words[first..])[..bytes.len()].copy_from_slice(bytes);
        self.params.push(Param { name, first, bytes: bytes.len(), by_address });
        Ok(())
    }

    pub(super) fn stream(&self) -> &'s Stream {
        self.stream
    }

    pub(super) fn params(&self) -> &[Param] {
        &self.params
    }

    /// The bytes of one of its arguments.
    pub(super) fn bytes_of(&self, param: &Param) -> &[u8] {
        &bytemuck::cast_slice(&self.words[param.first..])[..param.bytes]
    }
}

impl fmt::Debug for ArgList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.kernel)?;
        for (i, param) in self.params.iter().enumerate() {
            let what = if param.by_address { " behind an address" } else { "" };
            write!(f, "{}{}: {} bytes{what}", if i == 0 { "" } else { ", " }, param.name, param.bytes)?;
        }
        f.write_str(")")
    }
}

impl<T: bytemuck::Pod> Argument for T {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        list.value(name, self)
    }
}

impl<T: Element> Argument for Slice<'_, T> {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        list.read(name, self)
    }
}

impl<T: Element> Argument for SliceMut<'_, T> {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        list.write(name, self)
    }
}

impl<A: Argument> Argument for OrNull<A> {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        match self.0 {
            Some(memory) => memory.push(name, list),
            None => list.null(name),
        }
    }
}

impl Argument for ByAddress<'_> {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        list.by_address(name, self)
    }
}

/// Declares the arguments of a kernel: a struct with a field for each parameter, in the order of the source.
///
/// ```
/// use ascend_rl::acl::{Slice, SliceMut};
///
/// ascend_rl::kernel_args! {
///     /// `y = alpha x + y`
///     pub struct Axpy<'a> {
///         /// Read.
///         pub x: Slice<'a, f32>,
///         /// Read and written.
///         pub y: SliceMut<'a, f32>,
///         /// By value, 8 bytes.
///         pub tiling: AxpyTiling,
///     }
/// }
///
/// /// The same struct as in C++.
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// pub struct AxpyTiling {
///     /// Elements.
///     pub n: u32,
///     /// The factor.
///     pub alpha: f32,
/// }
/// ```
#[macro_export]
macro_rules! kernel_args {
    ($(#[$meta:meta])* $vis:vis struct $Name:ident $(<$($life:lifetime),* $(,)?>)? {
        $( $(#[$field_meta:meta])* $field_vis:vis $field:ident : $Type:ty ),* $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $Name $(<$($life),*>)? { $( $(#[$field_meta])* $field_vis $field: $Type, )* }

        impl $(<$($life),*>)? $crate::acl::kernel::Arguments for $Name $(<$($life),*>)? {
            fn push_all(self, list: &mut $crate::acl::kernel::ArgList<'_>) -> $crate::Result<()> {
                $( $crate::acl::kernel::Argument::push(self.$field, stringify!($field), list)?; )*
                _ = list;
                Ok(())
            }
        }
    };
}

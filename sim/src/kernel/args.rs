//! Arguments of a kernel in the making.
//!
//! Layout and limits are those of the open runtime (`src/runtime/api/impl/api_impl.cc`, `KernelArgs...`): each argument begins at a
//! multiple of 8, and so does the data of a placeholder, which stands behind all arguments. What a kernel of a twin image takes is known:
//! an argument of another place or size is refused by name.

use std::mem::MaybeUninit;

use crate::reject::{Outcome, check, reject};

/// Bytes of arguments in memory of the runtime.
pub(crate) const OWN_BYTES: usize = 64 * 1024;
const ALIGN: usize = 8;
/// Arguments that the runtime adds by itself, at most.
const SYSTEM_PARAMS: usize = 8;

/// The bytes that `user` bytes of `params` arguments need at most.
pub(crate) fn needed(user: usize, params: usize) -> Option<usize> {
    user.checked_add((SYSTEM_PARAMS + params) * ALIGN)
}

#[derive(Clone, Copy, Debug)]
enum What {
    Value,
    /// Its data's place, once that was asked for.
    PlaceHolder(Option<usize>),
}

#[derive(Clone, Copy, Debug)]
struct Param {
    offset: usize,
    size: usize,
    what: What,
}

/// The bytes that arguments are put into.
enum Buffer {
    /// What is behind [`Args::size`] was never written: to clear all of it for each launch would take longer than the launch.
    Own(Box<[MaybeUninit<u64>]>),
    User(*mut u8, usize),
}

// SAFETY: the program's memory is used under the lock that these arguments are behind, and C's contract is that nobody else does.
unsafe impl Send for Buffer {}

/// Arguments in the making.
pub(crate) struct Args {
    /// What tells its parameters from those of others.
    pub id: u32,
    /// The function's handle.
    pub function: usize,
    buffer: Buffer,
    size: usize,
    params: Vec<Param>,
    has_data: bool,
    finalised: bool,
    updating: bool,
}

impl Args {
    /// In memory of the runtime.
    pub(crate) fn own(id: u32, function: usize) -> Args {
        Args::new(id, function, Buffer::Own(Box::new_uninit_slice(OWN_BYTES / 8)))
    }

    /// # Safety
    /// The `bytes` bytes at `memory` are the program's, and stay so while these are used.
    pub(crate) unsafe fn of_user(id: u32, function: usize, memory: *mut u8, bytes: usize) -> Args {
        Args::new(id, function, Buffer::User(memory, bytes))
    }

    fn new(id: u32, function: usize, buffer: Buffer) -> Args {
        Args { id, function, buffer, size: 0, params: Vec::new(), has_data: false, finalised: false, updating: false }
    }

    fn capacity(&self) -> usize {
        match &self.buffer {
            Buffer::Own(words) => words.len() * 8,
            Buffer::User(_, bytes) => *bytes,
        }
    }

    fn start(&mut self) -> *mut u8 {
        match &mut self.buffer {
            Buffer::Own(words) => words.as_mut_ptr().cast(),
            Buffer::User(memory, _) => *memory,
        }
    }

    fn check_open(&self) -> Outcome {
        check!(!self.finalised, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "argsHandle is finalised: it takes no further argument");
        Ok(())
    }

    /// The place of the next `bytes` bytes.
    fn next(&self, bytes: usize) -> Outcome<usize> {
        let offset = self.size.next_multiple_of(ALIGN);
        let fits = offset.checked_add(bytes).is_some_and(|end| end <= self.capacity());
        check!(
            fits,
            ACL_ERROR_RT_PARAM_INVALID,
            "{bytes} bytes at {offset} do not fit into the arguments' {} bytes",
            self.capacity()
        );
        Ok(offset)
    }

    fn add(&mut self, size: usize, what: What, wanted: &[(usize, usize)]) -> Outcome<usize> {
        self.check_open()?;
        check!(
            !self.has_data,
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "a placeholder's buffer was asked for already: its data stands behind the last argument"
        );
        let index = self.params.len();
        let Some((offset, bytes)) = wanted.get(index).copied() else {
            reject!(
                ACL_ERROR_RT_PARAM_INVALID,
                "this is parameter {index} (from 0), and the kernel has {} parameters",
                wanted.len()
            )
        };
        let at = self.next(size)?;
        check!(
            size == bytes,
            ACL_ERROR_RT_PARAM_INVALID,
            "parameter {index} (from 0) has {size} bytes, and the kernel's has {bytes}"
        );
        check!(
            at == offset,
            ACL_ERROR_RT_PARAM_INVALID,
            "parameter {index} (from 0) of {size} bytes comes to stand at {at}, a multiple of {ALIGN} as all do, and the kernel reads \
             it at {offset}: make it and its neighbours parameters of 8 bytes, or one struct"
        );
        self.params.push(Param { offset: at, size, what });
        self.take(at + size);
        Ok(index)
    }

    /// The bytes up to `end` are in use. Those of the runtime are zero until they are written.
    fn take(&mut self, end: usize) {
        if let Buffer::Own(words) = &mut self.buffer {
            let new = words.as_mut_ptr().cast::<u8>().wrapping_add(self.size);
            // SAFETY: `next` found the place inside the buffer.
            unsafe { new.write_bytes(0, end - self.size) };
        }
        self.size = end;
    }

    /// The next argument: its index. `wanted` is what the kernel takes.
    ///
    /// # Safety
    /// `size` bytes can be read at `value`.
    pub(crate) unsafe fn append(&mut self, value: *const u8, size: usize, wanted: &[(usize, usize)]) -> Outcome<usize> {
        let index = self.add(size, What::Value, wanted)?;
        let to = self.start().wrapping_add(self.params[index].offset);
        // SAFETY: `next` found the place inside the buffer; the caller's promise for the value.
        unsafe { std::ptr::copy(value, to, size) };
        Ok(index)
    }

    /// The next argument is an address of data behind the arguments: its index.
    pub(crate) fn append_placeholder(&mut self, wanted: &[(usize, usize)]) -> Outcome<usize> {
        self.add(8, What::PlaceHolder(None), wanted)
    }

    /// Where the program writes the data of a placeholder.
    pub(crate) fn buffer_of(&mut self, index: usize, bytes: usize) -> Outcome<*mut u8> {
        let place_holder = matches!(self.params[index].what, What::PlaceHolder(_));
        check!(place_holder, ACL_ERROR_RT_PARAM_INVALID, "paramHandle is parameter {index}, a value and no placeholder");
        self.check_open()?;
        let at = self.next(bytes)?;
        self.params[index].what = What::PlaceHolder(Some(at));
        self.has_data = true;
        self.take(at + bytes);
        Ok(self.start().wrapping_add(at))
    }

    /// Puts another value in a parameter's place. Then they have to be finalised again.
    ///
    /// # Safety
    /// `size` bytes can be read at `value`.
    pub(crate) unsafe fn update(&mut self, index: usize, value: *const u8, size: usize) -> Outcome {
        let Param { offset, size: own, what } = self.params[index];
        check!(
            matches!(what, What::Value),
            ACL_ERROR_RT_PARAM_INVALID,
            "paramHandle is parameter {index}, a placeholder and no value"
        );
        check!(own == size, ACL_ERROR_RT_PARAM_INVALID, "paramSize is {size}, and parameter {index} has {own} bytes");
        // SAFETY: inside the buffer since it was appended; the caller's promise for the value.
        unsafe { std::ptr::copy(value, self.start().wrapping_add(offset), size) };
        self.updating = true;
        Ok(())
    }

    /// No more comes.
    pub(crate) fn finalise(&mut self, wanted: &[(usize, usize)]) -> Outcome {
        check!(
            self.params.len() == wanted.len(),
            ACL_ERROR_RT_PARAM_INVALID,
            "{} parameters were appended, and the kernel has {}",
            self.params.len(),
            wanted.len()
        );
        if let Some(index) = self.params.iter().position(|param| matches!(param.what, What::PlaceHolder(None))) {
            reject!(
                ACL_ERROR_RT_PARAM_INVALID,
                "parameter {index} is a placeholder without data (aclrtKernelArgsGetPlaceHolderBuffer)"
            )
        }
        (self.finalised, self.updating) = (true, false);
        Ok(())
    }

    /// A copy for a launch, with the placeholders' addresses in it.
    pub(crate) fn packed(&mut self) -> Outcome<super::launch::Packed> {
        check!(
            self.finalised && !self.updating,
            ACL_ERROR_RT_PARAM_INVALID,
            "argsHandle is {}: aclrtKernelArgsFinalize",
            if self.finalised { "updated, and not finalised since" } else { "not finalised" }
        );
        let size = self.size;
        // SAFETY: so many bytes of the buffer were written, or are the program's.
        let mut packed = unsafe { super::launch::Packed::copy(self.start(), size) };
        let address = packed.address();
        for param in &self.params {
            if let What::PlaceHolder(Some(data)) = param.what {
                packed.bytes_mut()[param.offset..][..8].copy_from_slice(&(address + data).to_ne_bytes());
            }
        }
        Ok(packed)
    }

    /// How many parameters there are.
    pub(crate) fn count(&self) -> usize {
        self.params.len()
    }
}

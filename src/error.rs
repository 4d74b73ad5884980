//! One error type for the whole library, one word wide, whose text is one line.
//!
//! Two families. What a caller could have foreseen (`Shape` to `WrongDevice`) is checked before any call into CANN, and the
//! text has both values: what was given and what is needed. What nobody could (`OutOfMemory`, `Device`, `Async`, `Collective`, `Timeout`)
//! carries CANN's function, its code with the name that the headers give it, and CANN's own recent message. `Collective` is
//! both: calls that differ between ranks of this process are found before CANN is called.

use crate::sys::of_atb;
use ascend_rl_sys::codes;
use std::fmt;

/// What went wrong, in one line: see the [module's page](self).
pub struct Error(Box<Repr>);

/// `std::result::Result` with this library's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// The kinds of [`Error`]: what a program can act on. The text says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// CANN's libraries could not be found, opened or used.
    Load,
    /// There is no such device, or none that answers.
    NoDevice,
    /// This CANN lacks a function; the text names it, its library and the release that has it.
    MissingSymbol,
    /// CANN, the chip or this build does not support what was asked.
    Unsupported,
    /// A tensor has another shape than the call needs.
    Shape,
    /// A tensor has another element type than the call needs.
    DType,
    /// Two lengths that must agree differ, or a range ends outside its buffer.
    Length,
    /// An argument has a value that the call does not take.
    Argument,
    /// Device or pinned memory ran out.
    OutOfMemory,
    /// A paged cache has too few free blocks.
    OutOfBlocks,
    /// A buffer was used on a stream that is not its home.
    WrongStream,
    /// A handle was used with another device than its own.
    WrongDevice,
    /// CANN refused a call.
    Device,
    /// Queued work failed after its call had returned; the text names the calls that it could have been.
    Async,
    /// A collective went wrong between ranks: calls that differ, a rank that is late, has left or has failed. The text names the
    /// rank and the call.
    Collective,
    /// Something did not end in the time given.
    Timeout,
    /// A file could not be read or written.
    Io,
}

struct Repr {
    kind: ErrorKind,
    detail: String,
    call: Option<(&'static str, i32)>,
    message: String,
    hint: String,
}

impl Error {
    /// An error found before any call into CANN. `detail` names the thing, what was given and what is needed.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error(Box::new(Repr { kind, detail: detail.into(), call: None, message: String::new(), hint: String::new() }))
    }

    /// An error that CANN reported: `call` returned `code` and left `message`, which may span lines or be empty.
    pub(crate) fn from_cann(kind: ErrorKind, call: &'static str, code: i32, message: &str) -> Error {
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        Error(Box::new(Repr { kind, detail: String::new(), call: Some((call, code)), message, hint: String::new() }))
    }

    /// Says what was being done, before what is already there.
    pub(crate) fn context(mut self, what: impl fmt::Display) -> Error {
        self.0.detail = if self.0.detail.is_empty() { what.to_string() } else { format!("{what}: {}", self.0.detail) };
        self
    }

    /// Says what to do about it, after all else.
    pub(crate) fn hint(mut self, what: impl Into<String>) -> Error {
        self.0.hint = what.into();
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    /// What to do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The function of CANN that failed, if one was called.
    pub fn call(&self) -> Option<&'static str> {
        self.0.call.map(|(call, _)| call)
    }

    /// The code it returned; [`ascend_rl_sys::codes`] names them.
    pub fn code(&self) -> Option<i32> {
        self.0.call.map(|(_, code)| code)
    }

    /// What failed, in words, without CANN's part of the text. Empty where CANN's part is all there is.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { detail, call, message, hint, .. } = &*self.0;
        f.write_str(detail)?;
        if let Some((call, code)) = call {
            let colon = if detail.is_empty() { "" } else { ": " };
            let name = if of_atb(call) { codes::atb::name(*code) } else { codes::name(*code) };
            write!(f, "{colon}{call} returned {code} ({})", name.unwrap_or("no name in CANN's headers"))?;
        }
        if !message.is_empty() {
            write!(f, ": {message}")?;
        }
        if hint.is_empty() { Ok(()) } else { write!(f, "; {hint}") }
    }
}

impl fmt::Debug for Error {
    /// The kind and the line: `unwrap` and `fn main() -> Result<()>` print this, and must hide nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::new(ErrorKind::Io, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_one_line_with_call_code_name_and_message() {
        let e = Error::from_cann(ErrorKind::Device, "aclrtMalloc", 207001, "EL0004: no memory.\n  TraceBack (most recent):\n  x")
            .context("64 bytes on device 0");
        assert_eq!(
            e.to_string(),
            "64 bytes on device 0: aclrtMalloc returned 207001 (ACL_ERROR_RT_MEMORY_ALLOCATION): \
             EL0004: no memory. TraceBack (most recent): x"
        );
        assert_eq!((e.kind(), e.call(), e.code()), (ErrorKind::Device, Some("aclrtMalloc"), Some(207001)));
        assert_eq!(e.detail(), "64 bytes on device 0");
        assert!(format!("{e:?}").starts_with("Device: 64 bytes"));
    }

    #[test]
    fn bare_forms() {
        assert_eq!(Error::from_cann(ErrorKind::Device, "f", 7777, "").to_string(), "f returned 7777 (no name in CANN's headers)");
        let own = Error::new(ErrorKind::Shape, "k is 3, 4 is needed").context("mm");
        assert_eq!((own.to_string().as_str(), own.call(), own.code()), ("mm: k is 3, 4 is needed", None, None));
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}

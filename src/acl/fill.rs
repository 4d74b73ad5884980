//! Setting memory to one value.

use super::{Element, SliceMut, Stream};
use crate::error::Result;
use std::ffi::c_void;

impl Stream {
    /// Sets all of `dst` to `value`.
    ///
    /// Order: enqueues. Where CANN has no function for the pattern (values of 8 bytes; before 9.1 all whose bytes differ) the values are
    /// copied from the host, as [`Stream::write`] does.
    /// Errors: `WrongStream`. CANN: aclrtMemsetAsync, aclrtMemsetD32Async.
    pub fn fill<'a, T: Element>(&self, dst: impl Into<SliceMut<'a, T>>, value: T) -> Result<()> {
        let dst = dst.into();
        self.check_home("the destination", dst.stream())?;
        let (address, bytes) = (dst.address(), dst.bytes());
        if bytes == 0 {
            return Ok(());
        }
        let pattern = bytemuck::bytes_of(&value);
        if pattern.iter().all(|byte| *byte == pattern[0]) {
            let (set, byte) = (self.api().acl.aclrtMemsetAsync, pattern[0] as i32);
            // SAFETY: the view has `bytes` bytes, and the stream's queue orders them.
            return self.enqueue("aclrtMemsetAsync", |stream| unsafe { set(address, bytes, byte, bytes, stream) });
        }
        match (words(pattern, bytes), self.api().acl.aclrtMemsetD32Async) {
            (Some(word), Some(set)) => {
                // SAFETY: the view has `bytes` bytes, a multiple of 4, and the stream's queue orders them.
                self.enqueue("aclrtMemsetD32Async", |stream| unsafe { set(address, bytes, word, bytes / 4, stream) })
            }
            _ => self.fill_from_host(pattern, address, bytes),
        }
    }

    fn fill_from_host(&self, pattern: &[u8], address: *mut c_void, bytes: usize) -> Result<()> {
        self.check_queue("a fill from the host")?;
        self.put(&pattern.repeat(bytes / pattern.len()), address)
    }
}

/// The 32-bit word of a pattern that fills `bytes` bytes with it, if there is one.
fn words(pattern: &[u8], bytes: usize) -> Option<u32> {
    let word: [u8; 4] = match *pattern {
        [a, b] => [a, b, a, b],
        [a, b, c, d] => [a, b, c, d],
        _ => return None,
    };
    bytes.is_multiple_of(4).then(|| u32::from_ne_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_words_repeat() {
        assert_eq!(words(&[1, 2], 8), Some(u32::from_ne_bytes([1, 2, 1, 2])));
        assert_eq!(words(&[1, 2], 6), None, "an odd number of halves");
        assert_eq!(words(&7u32.to_ne_bytes(), 4), Some(7));
        assert_eq!(words(&7u64.to_ne_bytes(), 8), None);
    }
}

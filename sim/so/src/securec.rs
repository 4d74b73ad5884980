//! `libc_sec.so`, which no list has, since the library above calls nothing of it: copies and texts with bounds. Programs link it beside
//! the runtime. Source: the open library of bounds checks (libboundscheck, `memset_s.c`, `memcpy_s.c`, `strcpy_s.c`, `strcat_s.c` and
//! their kin).
//!
//! Not covered: what prints and scans (`sprintf_s`): such functions take as many arguments as their texts name.

use std::ffi::{c_char, c_int, c_void};

const EINVAL: c_int = 22;
const ERANGE: c_int = 34;
/// Of both: what is written to is made empty, or zero.
const EINVAL_AND_RESET: c_int = 150;
const ERANGE_AND_RESET: c_int = 162;
const EOVERLAP_AND_RESET: c_int = 182;
/// More room than any program has: it was computed wrongly.
const MOST: usize = 0x7fff_ffff;

fn out_of_range(room: usize) -> bool {
    room == 0 || room > MOST
}

/// Whether `len` bytes at one and at the other share some.
fn overlap(a: *const u8, b: *const u8, len: usize) -> bool {
    (a as usize).abs_diff(b as usize) < len
}

/// # Safety
/// C's: `dest` is null or has room for `dest_max` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memset_s(dest: *mut c_void, dest_max: usize, c: c_int, count: usize) -> c_int {
    if out_of_range(dest_max) {
        return ERANGE;
    }
    if dest.is_null() {
        return EINVAL;
    }
    // SAFETY: the caller's promise.
    unsafe { dest.cast::<u8>().write_bytes(c as u8, count.min(dest_max)) };
    if count > dest_max { ERANGE_AND_RESET } else { 0 }
}

/// # Safety
/// As [`memcpy_s`].
unsafe fn copy(dest: *mut c_void, dest_max: usize, src: *const c_void, count: usize, apart: bool) -> c_int {
    if out_of_range(dest_max) {
        return ERANGE;
    }
    if dest.is_null() {
        return EINVAL;
    }
    let (to, from) = (dest.cast::<u8>(), src.cast::<u8>());
    let wrong = match () {
        _ if src.is_null() => EINVAL_AND_RESET,
        _ if count > dest_max => ERANGE_AND_RESET,
        _ if apart && to.cast_const() != from && overlap(to, from, count) => EOVERLAP_AND_RESET,
        _ => 0,
    };
    // SAFETY: the caller's promise, and `count` fits as checked.
    unsafe {
        match wrong {
            0 => to.copy_from(from, count),
            _ => to.write_bytes(0, dest_max),
        }
    }
    wrong
}

/// # Safety
/// C's: `dest` is null or has room for `dest_max` bytes, `src` is null or has `count`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy_s(dest: *mut c_void, dest_max: usize, src: *const c_void, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { copy(dest, dest_max, src, count, true) }
}

/// # Safety
/// As [`memcpy_s`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memmove_s(dest: *mut c_void, dest_max: usize, src: *const c_void, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { copy(dest, dest_max, src, count, false) }
}

/// The bytes of a text before its NUL, at most `most`.
///
/// # Safety
/// `text` has a NUL or `most` bytes.
unsafe fn length(text: *const u8, most: usize) -> usize {
    // SAFETY: the caller's promise: no byte is read behind a NUL.
    (0..most).find(|i| unsafe { text.add(*i).read() } == 0).unwrap_or(most)
}

/// Writes at most `most` bytes of `src` behind the first `at` bytes of `dest`, with a NUL.
///
/// # Safety
/// As [`strncat_s`].
unsafe fn write(dest: *mut u8, dest_max: usize, at: usize, src: *const u8, most: usize) -> c_int {
    // SAFETY: the caller's promise; what does not fit is not looked at beyond the room.
    let len = unsafe { length(src, most.min(dest_max)) };
    let start = dest.wrapping_add(at);
    let wrong = match () {
        _ if len >= dest_max - at => ERANGE_AND_RESET,
        _ if dest.cast_const() == src && at == 0 => 0,
        _ if overlap(start, src, len + 1) => EOVERLAP_AND_RESET,
        _ => 0,
    };
    // SAFETY: the caller's promise, and the text fits as checked.
    unsafe {
        match wrong {
            0 => {
                start.copy_from(src, len);
                start.add(len).write(0);
            }
            _ => dest.write(0),
        }
    }
    wrong
}

/// # Safety
/// As [`strncat_s`].
unsafe fn put(dest: *mut c_char, dest_max: usize, src: *const c_char, most: usize, append: bool) -> c_int {
    if out_of_range(dest_max) {
        return ERANGE;
    }
    if dest.is_null() {
        return EINVAL;
    }
    let (to, from) = (dest.cast::<u8>(), src.cast::<u8>());
    // SAFETY: the caller's promise.
    unsafe {
        let at = if append { length(to, dest_max) } else { 0 };
        if src.is_null() || at == dest_max {
            to.write(0);
            return EINVAL_AND_RESET;
        }
        write(to, dest_max, at, from, most)
    }
}

/// # Safety
/// C's: `dest` is null or has room for `dest_max` bytes, `src` is null or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strcpy_s(dest: *mut c_char, dest_max: usize, src: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { put(dest, dest_max, src, usize::MAX, false) }
}

/// # Safety
/// As [`strcpy_s`]; `count` bytes of `src` do as well as a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strncpy_s(dest: *mut c_char, dest_max: usize, src: *const c_char, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { put(dest, dest_max, src, count, false) }
}

/// # Safety
/// As [`strcpy_s`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strcat_s(dest: *mut c_char, dest_max: usize, src: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { put(dest, dest_max, src, usize::MAX, true) }
}

/// # Safety
/// As [`strncpy_s`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strncat_s(dest: *mut c_char, dest_max: usize, src: *const c_char, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { put(dest, dest_max, src, count, true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 8;

    fn text(room: &[u8; ROOM]) -> &[u8] {
        &room[..room.iter().position(|byte| *byte == 0).unwrap_or(ROOM)]
    }

    #[test]
    fn bytes() {
        let mut room = *b"abcdefgh";
        let dest: *mut c_void = room.as_mut_ptr().cast();
        let src: *const c_void = b"123456789".as_ptr().cast();
        let null = std::ptr::null_mut::<c_void>();
        // SAFETY: `room` has `ROOM` bytes, the source 9; nulls are refused.
        unsafe {
            assert_eq!((memset_s(dest, ROOM, 7, 3), memcpy_s(dest.add(4), 4, src, 2)), (0, 0));
            assert_eq!(room, [7, 7, 7, b'd', b'1', b'2', b'g', b'h']);
            assert_eq!(memmove_s(dest.add(1), 7, dest, 7), 0);
            assert_eq!(room, [7, 7, 7, 7, b'd', b'1', b'2', b'g']);
            assert_eq!((memset_s(null, ROOM, 0, 1), memset_s(dest, 0, 0, 1), memset_s(dest, MOST + 1, 0, 1)), (22, 34, 34));
            assert_eq!((memcpy_s(null, ROOM, src, 1), memcpy_s(dest, 0, src, 1)), (22, 34));
            assert_eq!((memset_s(dest, ROOM, 1, ROOM + 1), room), (162, [1; ROOM]), "as many as there is room for");
            assert_eq!((memcpy_s(dest, ROOM, src, ROOM + 1), room), (162, [0; ROOM]));
            room = [1; ROOM];
            assert_eq!((memcpy_s(dest, ROOM, null, 1), room), (150, [0; ROOM]));
            room = [1; ROOM];
            assert_eq!((memcpy_s(dest.add(1), 7, dest, 2), room), (182, [1, 0, 0, 0, 0, 0, 0, 0]));
            assert_eq!(memcpy_s(dest, ROOM, dest, ROOM), 0, "the same place is no overlap");
        }
    }

    #[test]
    fn texts() {
        let mut room = [b'x'; ROOM];
        let dest: *mut c_char = room.as_mut_ptr().cast();
        // SAFETY: `room` has `ROOM` bytes, sources end with a NUL; nulls are refused.
        unsafe {
            assert_eq!((strcpy_s(dest, ROOM, c"abc".as_ptr()), text(&room)), (0, &b"abc"[..]));
            assert_eq!((strcat_s(dest, ROOM, c"defg".as_ptr()), text(&room)), (0, &b"abcdefg"[..]));
            assert_eq!((strcat_s(dest, ROOM, c"h".as_ptr()), text(&room)), (162, &b""[..]), "the NUL has no room");
            assert_eq!((strncpy_s(dest, ROOM, c"abcdefghijk".as_ptr(), 3), text(&room)), (0, &b"abc"[..]));
            assert_eq!((strncat_s(dest, ROOM, c"xyz".as_ptr(), 2), text(&room)), (0, &b"abcxy"[..]));
            assert_eq!((strcpy_s(dest, 3, c"abc".as_ptr()), text(&room)), (162, &b""[..]));
            assert_eq!((strcpy_s(dest, 0, c"".as_ptr()), strcpy_s(std::ptr::null_mut(), 1, c"".as_ptr())), (34, 22));
            room = *b"abc\0\0\0\0\0";
            assert_eq!((strcpy_s(dest.add(1), 7, dest), text(&room)), (182, &b"a"[..]));
            assert_eq!((strcpy_s(dest, ROOM, std::ptr::null()), text(&room)), (150, &b""[..]));
            room = [b'x'; ROOM];
            assert_eq!((strcat_s(dest, ROOM, c"a".as_ptr()), text(&room)), (150, &b""[..]), "no text was there");
        }
    }
}

//! Elements as they lie in memory, and the two types that operators compute in.

use ascend_rl_sys::types::*;
use half::{bf16, f16};

use crate::convert::Float;

/// One element in device memory. The conversions are branch-free or selects, so that loops over them vectorise.
pub(crate) trait Element: Copy + Send + Sync + 'static {
    fn to_f32(self) -> f32;
    /// Floats truncate towards zero, saturate, and take NaN as 0.
    fn to_i64(self) -> i64;
    /// Rounds to nearest even; integers truncate towards zero and saturate.
    fn from_f32(value: f32) -> Self;
    /// Narrower integers wrap.
    fn from_i64(value: i64) -> Self;
}

/// A byte that is true unless it is zero: device memory may hold any byte, a Rust `bool` may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Bool(pub u8);

macro_rules! elements {
    ($($E:ty: |$x:ident| $to_f32:expr, $to_i64:expr; |$f:ident| $from_f32:expr; |$i:ident| $from_i64:expr;)*) => { $(
        impl Element for $E {
            #[inline(always)]
            fn to_f32(self) -> f32 { let $x = self; $to_f32 }
            #[inline(always)]
            fn to_i64(self) -> i64 { let $x = self; $to_i64 }
            #[inline(always)]
            fn from_f32($f: f32) -> Self { $from_f32 }
            #[inline(always)]
            fn from_i64($i: i64) -> Self { $from_i64 }
        }
    )* };
}
elements! {
    f32: |x| x, x as i64; |f| f; |i| i as f32;
    bf16: |x| x.widen(), x.widen() as i64; |f| bf16::narrow(f); |i| bf16::narrow(i as f32);
    f16: |x| x.widen(), x.widen() as i64; |f| f16::narrow(f); |i| f16::narrow(i as f32);
    i64: |x| x as f32, x; |f| f as i64; |i| i;
    i32: |x| x as f32, x as i64; |f| f as i32; |i| i as i32;
    i16: |x| x as f32, x as i64; |f| f as i16; |i| i as i16;
    i8: |x| x as f32, x as i64; |f| f as i8; |i| i as i8;
    u8: |x| x as f32, x as i64; |f| f as u8; |i| i as u8;
    Bool: |x| (x.0 != 0) as u8 as f32, (x.0 != 0) as i64; |f| Bool((f != 0.0) as u8); |i| Bool((i != 0) as u8);
}

/// What operators compute in: f32 for floats, i64 for integers and booleans.
pub(crate) trait Lane: Copy + Default + PartialEq + Send + Sync + 'static {
    /// The dtype whose elements are lanes as they lie.
    const DTYPE: aclDataType;
    fn load<E: Element>(element: E) -> Self;
    fn store<E: Element>(self) -> E;
}

impl Lane for f32 {
    const DTYPE: aclDataType = ACL_FLOAT;
    #[inline(always)]
    fn load<E: Element>(element: E) -> f32 {
        element.to_f32()
    }
    #[inline(always)]
    fn store<E: Element>(self) -> E {
        E::from_f32(self)
    }
}

impl Lane for i64 {
    const DTYPE: aclDataType = ACL_INT64;
    #[inline(always)]
    fn load<E: Element>(element: E) -> i64 {
        element.to_i64()
    }
    #[inline(always)]
    fn store<E: Element>(self) -> E {
        E::from_i64(self)
    }
}

/// `with_element!(dtype, E => body)`: `body` with `E` the element type of a dtype that phase one has let through.
macro_rules! with_element {
    ($dtype:expr, $E:ident => $body:expr) => {
        match $dtype {
            ACL_FLOAT => {
                type $E = f32;
                $body
            }
            ACL_BF16 => {
                type $E = half::bf16;
                $body
            }
            ACL_FLOAT16 => {
                type $E = half::f16;
                $body
            }
            ACL_INT64 => {
                type $E = i64;
                $body
            }
            ACL_INT32 => {
                type $E = i32;
                $body
            }
            ACL_INT16 => {
                type $E = i16;
                $body
            }
            ACL_INT8 => {
                type $E = i8;
                $body
            }
            ACL_UINT8 => {
                type $E = u8;
                $body
            }
            ACL_BOOL => {
                type $E = $crate::ops::element::Bool;
                $body
            }
            other => unreachable!("phase one let dtype {} through", other.0),
        }
    };
}
/// `with_bits!(size, B => body)`: `body` with `B` the unsigned integer of `size` bytes, for what only moves elements.
macro_rules! with_bits {
    ($size:expr, $B:ident => $body:expr) => {
        match $size {
            1 => {
                type $B = u8;
                $body
            }
            2 => {
                type $B = u16;
                $body
            }
            4 => {
                type $B = u32;
                $body
            }
            8 => {
                type $B = u64;
                $body
            }
            other => unreachable!("phase one let elements of {other} bytes through"),
        }
    };
}

/// False for NaN alone.
#[inline(always)]
#[allow(clippy::eq_op)] // That is what tells a NaN in any lane type.
pub(crate) fn is_ordered<T: PartialEq>(v: T) -> bool {
    v == v
}

pub(crate) use {with_bits, with_element};

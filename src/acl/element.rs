//! The element types that device memory can hold.

use ascend_rl_sys::types::*;
use half::{bf16, f16};

/// A type whose values live in device memory: any bytes are a value of it, so that whatever a device wrote is sound to read.
///
/// `bool` and `char` are not among them: a kernel that writes 7 into a `bool` would be undefined behaviour on the host.
/// Masks are `u8` here, and a tensor of them says "bool" in its dtype.
/// ```compile_fail
/// fn takes<T: ascend_rl::acl::Element>() {}
/// takes::<bool>();
/// ```
///
/// # Safety
/// [`Element::DTYPE`] must be CANN's name for this very layout, with the same size.
pub unsafe trait Element: bytemuck::Pod + Send + Sync {
    /// CANN's name for the type.
    const DTYPE: aclDataType;
}

macro_rules! elements {
    ($($type:ty = $dtype:ident),* $(,)?) => { $(
        const _: () = assert!(matches!($dtype.size(), n if n == size_of::<$type>()));
        // SAFETY: CANN's type of the same name and, as asserted, size.
        unsafe impl Element for $type {
            const DTYPE: aclDataType = $dtype;
        }
    )* };
}
elements! {
    f32 = ACL_FLOAT, f16 = ACL_FLOAT16, bf16 = ACL_BF16, i8 = ACL_INT8, i16 = ACL_INT16, i32 = ACL_INT32, i64 = ACL_INT64,
    u8 = ACL_UINT8, u16 = ACL_UINT16, u32 = ACL_UINT32, u64 = ACL_UINT64,
}

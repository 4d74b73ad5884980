//! Element types.

use ascend_rl_sys::types::*;

use crate::error::{Error, ErrorKind, Result};

macro_rules! dtypes {
    ($($(#[$doc:meta])* $name:ident = $acl:ident, $text:literal;)*) => {
        /// The element type of a tensor: CANN's `aclDataType`, as far as the operators here use it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum DType { $($(#[$doc])* $name),* }

        impl DType {
            /// CANN's number for it.
            pub fn to_acl(self) -> aclDataType {
                match self { $(DType::$name => $acl),* }
            }

            /// The dtype of one of CANN's numbers, where it is one of ours.
            pub fn from_acl(dtype: aclDataType) -> Option<DType> {
                match dtype { $($acl => Some(DType::$name),)* _ => None }
            }

            /// "f32", "bf16", ...
            pub fn name(self) -> &'static str {
                match self { $(DType::$name => $text),* }
            }
        }
    };
}

dtypes! {
    /// IEEE single.
    F32 = ACL_FLOAT, "f32";
    /// IEEE half.
    F16 = ACL_FLOAT16, "f16";
    /// Brain float: the upper half of an f32.
    BF16 = ACL_BF16, "bf16";
    /// Signed 8-bit.
    I8 = ACL_INT8, "i8";
    /// Unsigned 8-bit.
    U8 = ACL_UINT8, "u8";
    /// Signed 16-bit.
    I16 = ACL_INT16, "i16";
    /// Signed 32-bit.
    I32 = ACL_INT32, "i32";
    /// Signed 64-bit.
    I64 = ACL_INT64, "i64";
    /// One byte, 0 or 1. Written and read on the host as `u8`: device memory may hold any byte.
    Bool = ACL_BOOL, "bool";
}

impl DType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        self.to_acl().size()
    }

    /// f32, f16 or bf16.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F16 | DType::BF16)
    }

    /// Whether host values of `T` are elements of this dtype. `Bool` is `u8` on the host.
    pub(crate) fn check_element<T: crate::acl::Element>(self, what: &str) -> Result<()> {
        let given = T::DTYPE;
        if given == self.to_acl() || (self == DType::Bool && given == ACL_UINT8) {
            return Ok(());
        }
        let given = DType::from_acl(given).map_or("another type", DType::name);
        Err(Error::new(ErrorKind::DType, format!("{what}: the tensor is {}, the host values are {given}", self.name())))
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

//! [`Function`]: a kernel of a loaded binary; and what the binary itself says of it.

use super::loaded::Entry;
use super::{BlockKind, KernelBinary};
use std::fmt;
use std::sync::Arc;

/// A kernel of a [`KernelBinary`], found by its name. It keeps the binary loaded. `Clone` is cheap.
#[derive(Clone)]
pub struct Function {
    pub(super) binary: KernelBinary,
    pub(super) entry: Arc<Entry>,
}

impl Function {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The cores of one block, if the binary says it.
    ///
    /// CANN: aclrtGetFunctionAttribute (8.5).
    pub fn block(&self) -> Option<BlockKind> {
        self.entry.block
    }

    /// Whether the binary says that blocks wait for each other.
    ///
    /// CANN: aclrtGetFunctionAttribute (8.5).
    pub fn is_resident(&self) -> bool {
        self.entry.resident
    }

    /// The sizes of its parameters in bytes, if the binary says it.
    ///
    /// CANN: aclrtFunctionGetParamCount, aclrtFunctionGetParamInfo (9.1).
    pub fn param_sizes(&self) -> Option<&[usize]> {
        self.entry.params.as_deref()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}", self.name(), self.binary)
    }
}

//! What may differ from a toolkit's headers, and why. Everything else that differs is a mistake.
//!
//! `const` of what a pointer points to is not listed by name: it has no effect on a call, CANN's own headers change it from one
//! release to the next, and [`crate::compare()`] reports each such place apart.

/// A name that may differ, how, and why.
#[derive(Clone, Copy, Debug)]
pub enum Apart {
    /// A struct that grew: each release has a prefix of the next. Members that both have must agree in place and type.
    Versioned(&'static str),
    /// A function that libraries export and no public header declares.
    Undeclared(&'static str),
}

/// The names that may differ.
pub const APART: &[(&str, Apart)] = &[(
    "HcclCommConfig",
    Apart::Versioned(
        "grew from 300 bytes (8.1) to 2240 (9.x); ours spells out the members that the header calls `reserved`, and a caller states \
         the size that it fills",
    ),
)];

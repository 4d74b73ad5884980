//! What a program has set for a stream and asks for again. The engine runs all streams alike.

use std::sync::atomic::{AtomicBool, AtomicU32};

/// Plain numbers: what they may be, whoever sets them checks.
#[derive(Default)]
pub(crate) struct Attributes {
    /// 0 highest.
    pub priority: AtomicU32,
    pub flags: AtomicU32,
    /// Whether the program has created it: its tasks count as the thread's.
    pub counted: AtomicBool,
    /// Whether overflow is noted.
    pub overflow: AtomicU32,
    /// Streams of one tag note overflow together.
    pub tag: AtomicU32,
    /// Whether profiles of captured work say what the operators are.
    pub cache_op_info: AtomicU32,
    /// Limits of cube and vector cores, with one added; 0 where there is none.
    pub cores: [AtomicU32; 2],
}

//! Tensor channels and queues. Sources: runtime, 17-01_tensor_data_transfer, 17-02_shared_queue_management, `src/acl/acl_tdt_channel`,
//! `src/acl/acl_tdt_queue`, and the samples of `example/2_advanced_features/tdt_channel` and `tdt_queue`.

mod channel;
mod queue;

use std::time::{Duration, Instant};

use super::*;

/// Calls what gives no code, and looks at the error text: empty where all was well.
macro_rules! asked {
    ($table:ident.$name:ident($($arg:expr),* $(,)?)) => {{
        $crate::recent();
        let function = $crate::$table().$name.expect("the simulator has every row");
        // SAFETY: each pointer that a test passes is null, a handle (checked), or points to a live variable.
        let given = unsafe { function($($arg),*) };
        (given, $crate::recent())
    }};
}
use asked;

/// The same, for what must be given.
macro_rules! given {
    ($table:ident.$name:ident($($arg:expr),* $(,)?)) => {{
        let (given, text) = $crate::tdt::asked!($table.$name($($arg),*));
        assert_eq!(text, "", "{}", stringify!($name));
        given
    }};
}
use given;

/// How long `work` took.
fn took(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

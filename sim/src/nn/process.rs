//! Start and end of the operator library by itself.

use std::ffi::c_char;

use crate::reject::{Outcome, reject};
use crate::world::world;

/// There is nothing to load and no setting to read: only null is taken, and may be given any number of times.
pub(crate) fn aclnnInit(config_path: *const c_char) -> Outcome {
    world()?;
    if !config_path.is_null() {
        reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "configPath: the simulator takes no settings there; pass null")
    }
    Ok(())
}

pub(crate) fn aclnnFinalize() -> Outcome {
    Ok(())
}

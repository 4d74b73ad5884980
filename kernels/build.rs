//! Compiles the kernels of this folder, each `NAME/kernel.cpp`, into images that the library embeds (`src/kernels/mod.rs`).

use std::{env, thread};

use ascendc_twin::build::Kernel;

const KERNELS: [&str; 5] = ["rms_norm", "kv_write", "kv_write_nz", "block_copy", "cast_copy"];

/// Compilers that one kernel keeps busy.
const SIDE_BY_SIDE: usize = 4;

pub fn build() {
    println!("cargo:rerun-if-changed=kernels/build.rs");
    let jobs = env::var("NUM_JOBS").ok().and_then(|jobs| jobs.parse::<usize>().ok()).unwrap_or(1);
    for some in KERNELS.chunks((jobs / SIDE_BY_SIDE).max(1)) {
        thread::scope(|scope| {
            for name in some {
                scope.spawn(move || Kernel::new(format!("kernels/{name}/kernel.cpp")).build());
            }
        });
    }
}

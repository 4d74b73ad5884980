//! Compiles the kernel: for the CPU with the C++ compiler, and for a card where a CANN toolkit is.

fn main() {
    ascendc_twin::build::Kernel::new("kernels/scaled_add/kernel.cpp").build();
}

//! What a build of a kernel's source yields.

/// A kernel's source, compiled. The helper writes one as a constant; a program includes it:
/// `include!(concat!(env!("OUT_DIR"), "/kv_write.rs"));`
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// Of the source.
    pub name: &'static str,
    /// For the device, where a toolkit was found.
    pub device: Option<&'static [u8]>,
    /// For the simulated device ([`crate::container`]), where a C++ compiler was found.
    pub twin: Option<&'static [u8]>,
    /// In the order of the source.
    pub kernels: &'static [Kernel],
}

impl Image {
    /// The kernel of this name.
    pub fn kernel(&self, name: &str) -> Option<&'static Kernel> {
        self.kernels.iter().find(|kernel| kernel.name == name)
    }
}

/// What a source says of one of its kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// As it is launched.
    pub name: &'static str,
    /// One of [`crate::abi::kernel_type`].
    pub kernel_type: u32,
    /// 1: its blocks wait for each other, so that all must be resident.
    pub schedule_mode: u32,
    /// As declared.
    pub params: &'static [Param],
}

/// A parameter of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// As declared.
    pub name: &'static str,
    /// In bytes, where the declared type is a pointer or a number; the alignment is the same then.
    pub size: Option<u32>,
}

impl Kernel {
    /// Bytes of the packed parameters, where all of them are pointers and numbers.
    pub fn args_size(&self) -> Option<u32> {
        self.params.iter().try_fold(0_u32, |at, param| param.size.map(|size| at.next_multiple_of(size.max(1)) + size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_packed_as_c_packs_them() {
        const fn param(size: u32) -> Param {
            Param { name: "p", size: Some(size) }
        }
        const PARAMS: &[Param] = &[param(8), param(4), param(1), param(2), param(8)];
        let kernel = Kernel { name: "k", kernel_type: 0, schedule_mode: 0, params: PARAMS };
        assert_eq!(kernel.args_size(), Some(24));
        const UNKNOWN: &[Param] = &[Param { name: "p", size: None }];
        assert_eq!(Kernel { params: UNKNOWN, ..kernel }.args_size(), None);
    }
}

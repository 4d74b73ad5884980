//! The variants of a twin image as one run of bytes, what `aclrtBinaryLoadFromData` is given on the simulator.
//!
//! Little endian: [`MAGIC`], the number of variants (u32), a zero (u32), then for each variant its instruction set (u32, [`Isa`]),
//! whether it checks (u32), its offset from the start and its length (u64 each); then the shared objects, each at a multiple of 64.

use std::fmt;

/// The first bytes. A device binary starts with ELF's.
pub const MAGIC: [u8; 8] = *b"ASCTWIN1";

/// Instruction sets that a twin is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Isa {
    /// What the target has at least.
    Base = 0,
    /// x86-64-v3: AVX2, FMA, F16C.
    X86V3 = 1,
    /// x86-64-v4: AVX-512.
    X86V4 = 2,
}

impl Isa {
    /// All of this target's, from the plainest on.
    pub const ALL: &[Isa] = if cfg!(target_arch = "x86_64") { &[Isa::Base, Isa::X86V3, Isa::X86V4] } else { &[Isa::Base] };

    /// Whether this CPU runs it.
    pub fn runs_here(self) -> bool {
        match self {
            Isa::Base => true,
            #[cfg(target_arch = "x86_64")]
            Isa::X86V3 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c"),
            #[cfg(target_arch = "x86_64")]
            Isa::X86V4 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    fn from_code(code: u32) -> Option<Isa> {
        [Isa::Base, Isa::X86V3, Isa::X86V4].into_iter().find(|isa| *isa as u32 == code)
    }
}

/// A shared object for one instruction set, with checks or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant<'a> {
    /// What it is compiled for.
    pub isa: Isa,
    /// Whether it tells every call ([`crate::abi::Services::call`]).
    pub checked: bool,
    /// The shared object.
    pub object: &'a [u8],
}

/// Why bytes are no container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "malformed twin image: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

const HEADER: usize = 16;
const ENTRY: usize = 24;

/// The bytes of a container.
pub fn write(variants: &[Variant]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((variants.len() as u32).to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    let mut at = (HEADER + ENTRY * variants.len()).next_multiple_of(64);
    for variant in variants {
        bytes.extend((variant.isa as u32).to_le_bytes());
        bytes.extend(u32::from(variant.checked).to_le_bytes());
        bytes.extend((at as u64).to_le_bytes());
        bytes.extend((variant.object.len() as u64).to_le_bytes());
        at = (at + variant.object.len()).next_multiple_of(64);
    }
    for variant in variants {
        bytes.resize(bytes.len().next_multiple_of(64), 0);
        bytes.extend(variant.object);
    }
    bytes
}

/// Whether the bytes claim to be a container.
pub fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The variants of a container.
pub fn read(bytes: &[u8]) -> Result<Vec<Variant<'_>>, Malformed> {
    if !is_one(bytes) {
        return Err(Malformed("it does not start with ASCTWIN1"));
    }
    let cut = Malformed("it is cut off");
    let u32_at = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes).ok_or(cut);
    let u64_at = |at: usize| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes).ok_or(cut);
    (0..u32_at(MAGIC.len())? as usize)
        .map(|i| {
            let at = HEADER + ENTRY * i;
            let isa = Isa::from_code(u32_at(at)?).ok_or(Malformed("it names an unknown instruction set"))?;
            let (offset, len) = (u64_at(at + 8)? as usize, u64_at(at + 16)? as usize);
            let object = offset.checked_add(len).and_then(|end| bytes.get(offset..end)).ok_or(cut)?;
            Ok(Variant { isa, checked: u32_at(at + 4)? != 0, object })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: [Variant; 2] = [
        Variant { isa: Isa::Base, checked: true, object: b"one" },
        Variant { isa: Isa::X86V3, checked: false, object: b"another one" },
    ];

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&write(&TWO)).as_deref(), Ok(&TWO[..]));
        assert_eq!(read(&write(&[])).as_deref(), Ok(&[][..]));
    }

    #[test]
    fn what_is_cut_or_foreign_is_refused() {
        let bytes = write(&TWO);
        assert!((0..bytes.len()).all(|len| read(&bytes[..len]).is_err()));
        assert!(read(b"\x7fELF").is_err());
        let mut unknown = bytes;
        unknown[HEADER] = 9;
        assert!(read(&unknown).is_err());
    }
}

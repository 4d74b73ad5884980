//! What the chip is that `CANN_SIM_SOC` names. Source: the toolkit's own tables, `data/platform_config/*.ini` of 8.1.RC1.

use crate::reject::Outcome;
use crate::world::world;

pub(super) struct Chip {
    /// Each has two vector cores beside it.
    pub cube_cores: u32,
    pub l2_bytes: i64,
    /// Whether two devices are the dies of one chip, and machines are joined to super pods: Atlas A3.
    pub two_dies: bool,
}

impl Chip {
    pub(super) const AI_CPUS: i64 = 4;
    /// The instruction set of all of them.
    pub(super) const NPU_ARCH: i64 = 2201;

    pub(super) fn vector_cores(&self) -> u32 {
        2 * self.cube_cores
    }
}

pub(super) fn chip() -> Outcome<Chip> {
    Ok(named(&world()?.settings.soc.to_string_lossy()))
}

/// A name that is not known is taken for an Ascend910B3.
fn named(soc: &str) -> Chip {
    let two_dies = soc.starts_with("Ascend910_93");
    let cube_cores = match soc {
        "Ascend910B1" | "Ascend910B2" | "Ascend910B2C" => 24,
        "Ascend910_9362" | "Ascend910_9372" => 20,
        _ if two_dies => 24,
        _ => 20,
    };
    let l2_bytes = match soc {
        "Ascend910B4" | "Ascend910B4-1" => 96 << 20,
        "Ascend910_9362" => 168 << 20,
        _ => 192 << 20,
    };
    Chip { cube_cores, l2_bytes, two_dies }
}

/// The instruction set of a chip by its name in CANN (`NpuArch` of the tables of 9.x); none for a name that is none.
pub(super) fn architecture(soc: &str) -> Option<i64> {
    let beginnings = [
        ("Ascend910_93", Chip::NPU_ARCH),
        ("Ascend910_95", 3510),
        ("Ascend910B", Chip::NPU_ARCH),
        ("Ascend910", 1001),
        ("Ascend950", 3510),
        ("Ascend310P", 2002),
        ("Ascend310B", 3002),
    ];
    beginnings.iter().find(|(beginning, _)| soc.starts_with(beginning)).map(|(_, arch)| *arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips() {
        for (soc, cores, mib, two_dies) in [
            ("Ascend910B1", 24, 192, false),
            ("Ascend910B3", 20, 192, false),
            ("Ascend910B4", 20, 96, false),
            ("Ascend910_9391", 24, 192, true),
            ("Ascend910_9362", 20, 168, true),
            ("Ascend1234", 20, 192, false),
        ] {
            let chip = named(soc);
            assert_eq!((chip.cube_cores, chip.l2_bytes >> 20, chip.two_dies), (cores, mib, two_dies), "{soc}");
        }
    }
}

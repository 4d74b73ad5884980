//! The memory that HCCL keeps for a communicator, through which these operators send on a card. The simulator reads and writes
//! in place and needs none of it; what would not fit there is refused here too.

use crate::reject::{Outcome, check, reject};

const MIB: u64 = 1 << 20;

/// `HCCL_BUFFSIZE`, in MiB. CANN's checks read the variable, whatever the communicator's configuration says.
pub(super) fn buffer_mib(operator: &str) -> Outcome<u64> {
    let Some(text) = std::env::var_os("HCCL_BUFFSIZE") else { return Ok(200) };
    let text = text.to_string_lossy();
    match text.trim().parse() {
        Ok(mib) if mib > 0 => Ok(mib),
        _ => reject!(ACLNN_ERR_INNER_TILING_ERROR, "{operator}: HCCL_BUFFSIZE is \"{text}\"; MiB from 1 on are taken"),
    }
}

/// Refuses what needs more bytes; `why` has the numbers that they come from.
pub(super) fn check_fits(operator: &str, needed: u64, why: &str) -> Outcome {
    let given = buffer_mib(operator)?;
    check!(
        needed <= given * MIB,
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: HCCL_BUFFSIZE is too SMALL, {why}: NEEDED_HCCL_BUFFSIZE={}MB, HCCL_BUFFSIZE={given}MB",
        needed.div_ceil(MIB)
    );
    Ok(())
}

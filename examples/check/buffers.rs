//! HCCL's buffers: large enough for the planned calls, and not too many for the device.

use ascend_rl::hccl::HcclEnv;

use crate::cli::Cli;
use crate::machine::Runtime;
use crate::plan::Plan;
use crate::report::Report;

const MIB: u64 = 1 << 20;

pub fn check(cli: &Cli, env: &HcclEnv, plan: &Plan, runtime: Option<&Runtime>, report: &mut Report) {
    let (have, before) = (u64::from(env.buffer_mib), report.findings.len());
    if let Some(bytes) = cli.all_to_all_bytes {
        let needed = bytes.div_ceil(MIB);
        if needed > have {
            report.error("buffers", format!("HCCL_BUFFSIZE is {have} MiB, but an all-to-all of {bytes} bytes is planned: set HCCL_BUFFSIZE={needed} or more"));
        }
    }
    if let Some(needed) = dispatch_mib(cli)
        && needed > have
    {
        report.error(
            "buffers",
            format!("HCCL_BUFFSIZE is {have} MiB, but dispatching tokens to experts with fixed buffers takes {needed}: set HCCL_BUFFSIZE={needed} or more"),
        );
    }
    let groups = plan.groups * plan.processes_per_device;
    let of = if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") };
    let held = 2 * have * groups as u64;
    if let Some(memory) = runtime.map(|runtime| runtime.memory_bytes as u64 / MIB) {
        if held >= memory {
            report.error("buffers", format!("{of} on a device hold {held} MiB of its {memory} (2 x HCCL_BUFFSIZE each): lower HCCL_BUFFSIZE, or have fewer groups"));
        } else if held * 4 >= memory {
            report.warning(
                "buffers",
                format!("{of} on a device hold {held} MiB of its {memory} (2 x HCCL_BUFFSIZE each), which the KV cache lacks"),
            );
        }
    }
    if report.findings.len() == before {
        report.ok("buffers", format!("{of} on a device hold {held} MiB (2 x HCCL_BUFFSIZE={have} each)"));
    }
}

/// What the operators for dispatching in low latency ask of `HCCL_BUFFSIZE`, in MiB: twice (tokens x ranks x the most experts of
/// a rank that a token can go to x hidden x 2 bytes, and 2 MiB).
fn dispatch_mib(cli: &Cli) -> Option<u64> {
    let (ep_size, tokens) = (cli.ep_size?.max(1), cli.tokens_per_rank?);
    let experts = cli.num_experts?.div_ceil(ep_size).min(cli.top_k?);
    let bytes = [ep_size, experts, cli.hidden_size?, 2].into_iter().try_fold(tokens, u64::checked_mul)?;
    bytes.checked_add(2 * MIB)?.checked_mul(2).map(|bytes| bytes.div_ceil(MIB))
}

//! The command line: what `--help` teaches.

use clap::Parser;

/// Checks this machine and its environment before a job on Ascend NPUs starts, and explains each mistake.
///
/// It looks at the CANN toolkit and ATB (installed, sourced, new enough), the driver, the devices and which of them are visible,
/// HCCL's variables (ports, timeouts, interfaces, buffers), and at what a launcher has set (torchrun, mpirun, srun, a rank table).
/// Run it as the job will run: in the same shell or container, and under the same launcher, as in
///
///   mpirun -n 8 check --groups 4 --json
///
/// Without a launcher --ranks and --ranks-per-host say what is planned. The exit code is 1 if anything would keep a job from
/// running, else 0; warnings do not count. On a machine without a card everything runs on simulated devices, and it says so.
#[derive(Parser, Debug, Default)]
#[command(name = "check", version)]
pub struct Cli {
    /// One JSON object on standard output instead of lines.
    #[arg(long)]
    pub json: bool,

    /// Ranks of the job [as the launcher says, else as many as there are devices].
    #[arg(long, value_name = "N", help_heading = "The job")]
    pub ranks: Option<usize>,
    /// Ranks on this host [as the launcher says, else all].
    #[arg(long, value_name = "N", help_heading = "The job")]
    pub ranks_per_host: Option<usize>,
    /// Processes that share one device, as training and a separate inference server do.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "The job")]
    pub processes_per_device: usize,
    /// Groups (communicators) that a rank is in at the same time; each has two buffers of HCCL_BUFFSIZE on the device.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "The job")]
    pub groups: usize,
    /// Seconds that one rank may keep the others waiting in a collective, as in the longest rollout of a step.
    #[arg(long, value_name = "SECONDS", help_heading = "The job")]
    pub longest_wait: Option<u64>,

    /// Bytes that a rank gives to its largest all-to-all (all parts together).
    #[arg(long, value_name = "BYTES", help_heading = "Buffers")]
    pub all_to_all_bytes: Option<u64>,
    /// Ranks of an expert-parallel group that dispatches with fixed buffers (low latency); needs the four below.
    #[arg(long, value_name = "N", help_heading = "Buffers", requires_all = ["tokens_per_rank", "hidden_size", "num_experts", "top_k"])]
    pub ep_size: Option<u64>,
    /// Tokens that a rank dispatches at once, at most.
    #[arg(long, value_name = "N", help_heading = "Buffers", requires = "ep_size")]
    pub tokens_per_rank: Option<u64>,
    /// Elements of a token.
    #[arg(long, value_name = "N", help_heading = "Buffers", requires = "ep_size")]
    pub hidden_size: Option<u64>,
    /// Experts of a layer, over all ranks.
    #[arg(long, value_name = "N", help_heading = "Buffers", requires = "ep_size")]
    pub num_experts: Option<u64>,
    /// Experts of a token.
    #[arg(long, value_name = "N", help_heading = "Buffers", requires = "ep_size")]
    pub top_k: Option<u64>,
}

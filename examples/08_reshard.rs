//! Weights from training's layout to generation's: four devices hold a model as flat f32 shards; two by two they get it as
//! tensor-parallel bf16, straight into buffers of their own. The whole model is nowhere.
//!
//! `cargo run --release --example 08_reshard`

use ascend_rl::hccl::CommOptions;
use ascend_rl::reshard::{FlatUnit, Layout, Options, Packer, Plan, Split, TensorSpec};
use ascend_rl::{Cann, Communicator, DType, Device, Result, Tensor};
use half::bf16;

const RANKS: usize = 4;
const TP: usize = 2;

fn main() -> Result<()> {
    let tensors =
        [TensorSpec::matrix("up", 3072, 1024), TensorSpec::matrix("down", 1024, 3072), TensorSpec::vector("norm", 1024)];
    // FSDP: the three end to end in one vector, cut into four equal ranges, wherever the cuts fall.
    let unit = FlatUnit::packed(&tensors, 0..3, RANKS)?;
    let shard = unit.len / RANKS;
    let from = Layout::flat_shards(&tensors, &[unit], RANKS)?;
    // TP 2 x DP 2: half of the rows of `up`, half of the columns of `down`; ranks 0 and 2 get the same, as do 1 and 3.
    let (mut to, mut len) = (Layout::default(), 0);
    for rank in 0..RANKS {
        let (parts, part) = (TP, rank % TP);
        let mut packer = Packer::new(&tensors);
        packer.push(0, 0, Split::Rows { parts, part })?;
        packer.push(0, 1, Split::Cols { parts, part })?;
        packer.push(0, 2, Split::Whole)?;
        len = packer.lens()[0];
        to.ranks.push(packer.pieces());
    }
    let plan = Plan::new(&tensors, &from, &to)?;
    println!("{plan:?}, {} exchanges of at most 1 MiB", plan.rounds(1 << 20, DType::BF16)?);

    let cann = Cann::load()?;
    let devices = (0..RANKS as u32).map(|ordinal| Device::open(&cann, ordinal)).collect::<Result<Vec<_>>>()?;
    let ranks = Communicator::all(&devices, &CommOptions::default())?;
    let mut rollout = Vec::new();
    // Each call only enqueues, so one thread can speak for all ranks; a program of its own would have one for each.
    for comm in &ranks {
        let s = comm.stream();
        let weights: Vec<f32> = (0..shard).map(|i| (comm.rank() * shard + i) as f32).collect();
        let src = Tensor::from_slice(s, &[shard], &weights)?;
        let mut dst = Tensor::zeros(s, &[len], DType::BF16)?;
        let options = Options { staging_bytes: 1 << 20, ..Options::default() };
        let moved = plan.execute(comm, &[src.view()], &mut [dst.view_mut()], &options)?;
        rollout.push((moved, dst));
    }
    for (comm, (moved, dst)) in ranks.iter().zip(&rollout) {
        let first = dst.to_vec::<bf16>(comm.stream())?[0];
        println!("rank {}: its first weight is {first}; {moved:?}", comm.rank());
    }
    Ok(())
}

//! The host's own data between ranks: what each has found of a batch, brought to all of them in rank order, so that every rank
//! has the same bits. It takes the way that tensors take, so ranks may be processes.

use anyhow::Result;
use ascend_rl::acl::Element;
use ascend_rl::hccl::Communicator;
use ascend_rl::tensor::Tensor;

/// The sum over the ranks of each of some numbers, in f64.
pub fn sum<const N: usize>(world: Option<&Communicator>, values: [f64; N]) -> Result<[f64; N]> {
    let Some(world) = world else { return Ok(values) };
    // No operator computes with these numbers, so their bits can travel as integers.
    let all = gather(world, &values.map(|value| value.to_bits() as i64))?;
    let mut sums = [0.0; N];
    for of_rank in all.chunks_exact(N) {
        sums.iter_mut().zip(of_rank).for_each(|(sum, &bits)| *sum += f64::from_bits(bits as u64));
    }
    Ok(sums)
}

/// The values of all sequences on every rank. `values[i]` is there on rank `owners[i]` only, with `lengths[i]` numbers.
pub fn values(world: &Communicator, owners: &[usize], lengths: &[usize], mut values: Vec<Vec<f32>>) -> Result<Vec<Vec<f32>>> {
    let mut counts = vec![0; world.size()];
    for (&owner, len) in owners.iter().zip(lengths) {
        counts[owner] += len;
    }
    // A gather takes as much from each rank as from the one with the most.
    let most = counts.iter().copied().max().unwrap_or(0);
    let own = owners.iter().zip(&values).filter(|&(&owner, _)| owner == world.rank());
    let mut packed: Vec<f32> = own.flat_map(|(_, values)| values.iter().copied()).collect();
    packed.resize(most, 0.0);
    let all = gather(world, &packed)?;
    let mut next: Vec<usize> = (0..world.size()).map(|rank| rank * most).collect();
    for ((&owner, &len), values) in owners.iter().zip(lengths).zip(&mut values) {
        *values = all[next[owner]..next[owner] + len].to_vec();
        next[owner] += len;
    }
    Ok(values)
}

/// Every rank's words, in the order of ranks, on every rank. Each may have any number of them. Blocks.
pub fn words(world: &Communicator, words: &[u32]) -> Result<Vec<Vec<u32>>> {
    let lengths = gather(world, &[words.len() as i32])?;
    let most = lengths.iter().copied().max().unwrap_or(0) as usize;
    let mut padded: Vec<i32> = words.iter().map(|&word| word as i32).collect();
    padded.resize(most, 0);
    let all = gather(world, &padded)?;
    let of_rank = |(rank, len): (usize, &i32)| all[rank * most..][..*len as usize].iter().map(|&word| word as u32).collect();
    Ok(lengths.iter().enumerate().map(of_rank).collect())
}

/// The values of all ranks, in rank order; each gives as many. Blocks.
fn gather<T: Element>(world: &Communicator, values: &[T]) -> Result<Vec<T>> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let comm = world.stream();
    let own = Tensor::from_slice(comm, &[values.len()], values)?;
    let mut all = Tensor::empty(comm, &[world.size() * values.len()], own.dtype())?;
    world.all_gather(&own, &mut all)?;
    Ok(all.to_vec(comm)?)
}
